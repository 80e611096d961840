"""Statements in English."""

import datetime
import re
from collections.abc import Iterator

from saem.infer.memory.extractors._typed import EVENTS as _EVENTS
from saem.infer.memory.rows import Found
from saem.infer.memory.values import day, fits
from saem.infer.memory.vocabulary import BY_NAME, is_known, named

_PEOPLE = (
    "friend|best friend|brother|sister|mother|mom|mum|father|dad|wife|husband|son|daughter|colleague|coworker|boss|teacher|roommate|"
    "cousin|partner|neighbou?r|girlfriend|boyfriend|uncle|aunt|grandmother|grandfather|team|child|kid|baby"
)
_WHO = rf"(?P<who>i|we|(?:my|our) (?:{_PEOPLE})|[A-Z][a-z]+)"
_ADVERB = (
    r"(?: (?:now|currently|just|recently|actually|really|still|also|finally|already|absolutely|totally|mostly|usually|always|so|very|quite|"
    r"a bit|have|has|had|do|did|truly|officially|rather))*"
)
_BE = r"(?: (?:am|is|are|was)|['’](?:m|s|re))"
_HAVE = r"(?: (?:have|has)|['’](?:ve|s))"
_IN = r"(?:in|at|near|out of|around)"
_NOT = r"(?:no longer|don['’]?t|do not|doesn['’]?t|does not|not)"

_GOT = r"(?:have|has|got|gets?|found|find|accepted|took|take|landed|started|signed|began)"
_POST = r"(?:an? |the |my )?(?:\w+ ){0,2}?(?:job|position|role|offer|contract|post)"
_ROOMS = r"(?:an? |my |our )?(?:\w+ ){0,2}?(?:place|flat|apartment|house|room|studio|home)"
_PETS = r"dog|puppy|cat|kitten|hamster|rabbit|bird|parrot|horse|turtle"

# (predicate, whether it holds, pattern over a whole clause): the first that fits counts, but for those of one predicate and its opposite
_RULES: list[tuple[str, bool, str]] = [
    ("home", False, rf"{_WHO}{_ADVERB} {_NOT} live {_IN} (?P<o>.+)"),
    ("home", False, rf"{_WHO}{_ADVERB} moved (?:out of|away from) (?P<o>.+)"),
    ("home", True, rf"{_WHO}{_ADVERB} (?:lives?|resides?) {_IN} (?P<o>.+)"),
    ("home", True, rf"{_WHO}{_BE}{_ADVERB} (?:living|residing|based) {_IN} (?P<o>.+)"),
    ("home", True, rf"{_WHO}{_HAVE} been (?:living|based|residing) {_IN} (?P<o>.+)"),
    ("home", True, rf"{_WHO}(?:{_HAVE})?{_ADVERB} (?:moved|relocated) (?:back )?(?:from .+? )?to (?P<o>.+)"),
    ("home", True, rf"{_WHO}(?:{_HAVE})?{_ADVERB} (?:settled(?: down)?|ended up(?: living)?|put down roots) {_IN} (?P<o>.+)"),
    ("home", True, rf"{_WHO}(?:{_HAVE})?{_ADVERB} (?:rents?|rented|bought|found|got|have|has|moved into|own) {_ROOMS} {_IN} (?P<o>.+)"),
    ("home", True, rf"{_WHO}{_ADVERB} calls? (?P<o>.+?) (?:my |our )?home"),
    ("home", True, r"(?:(?:my|our) )?(?:home|place|address|flat)(?: for (?:me|us))?(?: is|['’]s)(?: now"
                   r"| currently)?(?: in)? (?P<o>(?-i:[A-Z]).+)"),
    ("home", True, r"(?:the (?:city|town|place) )?(?:where|that) (?:i|we) (?:now |currently )?live (?:in )?is (?P<o>.+)"),
    ("home", True, r"(?:now )?(?P<o>(?-i:[A-Z])\S*(?: (?-i:[A-Z])\S+)?) is (?:now )?(?:(?:my|our) (?:new )?)?(?:home|where (?:i"
                   r"|we) live)(?: for (?:me|us))?(?: now)?"),
    ("employer", True, rf"{_WHO}(?:{_HAVE})?{_ADVERB} (?:left|quit|leaving)(?: .+?)? for {_POST} (?:at|with) (?P<o>.+)"),
    ("employer", True, rf"{_WHO}(?:{_HAVE})?{_ADVERB} (?:left|quit) (?:my (?:old )?job|(?-i:[A-Z])\S+) (?:for"
                       rf"|to join) (?P<o>(?-i:[A-Z]).*)"),
    ("employer", False,
     rf"{_WHO}{_ADVERB} (?:quit|left|resigned from|got fired from|{_NOT} work (?:at|for)|stopped working (?:at|for)) (?P<o>.+)"),
    ("employer", True, rf"{_WHO}{_ADVERB} works? (?:at|for) (?P<o>.+)"),
    ("employer", True, rf"{_WHO}{_BE}{_ADVERB} (?:working|employed) (?:at|for|with|by) (?P<o>.+)"),
    ("employer", True,
     rf"{_WHO}(?:{_HAVE})?{_ADVERB} (?:joined|(?:started|began) (?:working |to work |a new job |a job )?(?:at|for)) (?P<o>.+)"),
    ("employer", True, rf"{_WHO}(?:{_HAVE})?{_ADVERB} {_GOT} {_POST} (?:at|with|from) (?P<o>.+)"),
    ("employer", True, rf"{_WHO}(?:{_BE}|{_HAVE})?{_ADVERB} (?:got |been |was )?(?:hired|recruited|poached|headhunted) (?:by"
                       rf"|at) (?P<o>.+)"),
    ("employer", True, rf"{_WHO}(?:{_HAVE})?{_ADVERB} (?:switched|changed|moved|transferred) (?:jobs|companies"
                       rf"|over) (?:from .+ )?to (?P<o>.+)"),
    ("employer", True, r"(?P<o>[^,]+?)(?: has| have| just| recently| finally)* (?:hired|employs|recruited|offered a job to) (?P<who>me"
                       r"|us)"),
    ("employer", True, r"(?:the company|the place|where) (?:that )?(?:i|we) work(?: for| at)? is (?P<o>.+)"),
    ("job", True, rf"{_WHO}{_ADVERB} works? as (?:an? |the )?(?P<o>.+)"),
    ("job", True, rf"{_WHO}{_BE}{_ADVERB} working as (?:an? |the )?(?P<o>.+)"),
    ("job", True, rf"{_WHO}(?:{_HAVE})?{_ADVERB} (?:became|become|got promoted to) (?:an? |the )?(?P<o>.+)"),
    ("job", True, rf"{_WHO}{_BE}{_ADVERB} an? (?P<o>.+?) by (?:profession|trade)"),
    ("job", True, rf"by (?:profession|trade|training),? {_WHO}{_BE}{_ADVERB} an? (?P<o>.+)"),
    ("job", True, rf"{_WHO}{_ADVERB} (?:earns?|makes?) (?:my|our|a|his|her) living as (?:an? )?(?P<o>.+)"),
    ("job", True, rf"{_WHO}(?:{_BE}|{_HAVE})?{_ADVERB} (?:employed|hired|trained|retrained|qualified) as (?:an? )?(?P<o>.+)"),
    ("job", True, rf"{_WHO}(?:{_HAVE})?{_ADVERB} {_GOT} a(?: new)? (?:job|position|role) as (?:an? )?(?P<o>.+)"),
    ("diet", True, rf"{_WHO}{_BE}{_ADVERB} (?:an? )?(?P<o>vegetarian|vegan|pescatarian)"),
    ("allergy", False, rf"{_WHO}{_BE} (?:not|no longer) allergic to (?P<o>.+)"),
    ("allergy", True, rf"{_WHO}{_BE}{_ADVERB} allergic to (?P<o>.+)"),
    ("allergy", True, rf"{_WHO}{_ADVERB} (?:have|has|got) (?:an? )?(?:\w+ )?allergy to (?P<o>.+)"),
    ("allergy", True, rf"{_WHO}{_ADVERB} (?:have|has|got) an? (?P<o>.+?) allergy"),
    ("allergy", True, rf"{_WHO}{_ADVERB} (?:get|gets|have|has|had) (?:an? )?(?:\w+ )?allergic reactions? (?:to|from) (?P<o>.+)"),
    ("allergy", True, r"(?P<o>[^,]+?) (?:gives?|gave|causes?|triggers?|sets? off) (?P<who>me|my|us)(?: an?)?(?: \w+)?"
                      r" ?(?:allergic reactions?|allerg(?:y|ies)|hives|anaphyla\w+)"),
    ("weak in", True, r"(?P<o>[^,]+?) (?:gives?|gave|is giving|causes?) (?P<who>me|us)(?: an?)?(?: \w+)? ?(?:hard time|trouble"
                      r"|headaches?|grief)"),
    ("weak in", True, rf"{_WHO}{_ADVERB} (?:finds?|found) (?P<o>.+?)(?: (?:really|very|so|quite|too|pretty))*"
                      r" (?:hard|difficult|tough|confusing|challenging|impossible)"),
    ("weak in", True, r"(?P<o>[^,]+?) (?:is|are)(?: (?:really|very|so|quite|too|pretty))* (?:hard|difficult|tough|challenging"
                      r"|confusing) for (?P<who>me|us)"),
    ("weak in", True, r"(?P<o>[^,]+?) (?:is|are)(?: really| just)? not (?P<who>my) (?:strong suit|strength|strong point|forte"
                      r"|best subject)"),
    ("weak in", True, rf"{_WHO}{_BE}{_ADVERB} (?:failing|falling behind in|behind in|lousy at|hopeless at|no good at|awful at"
                      rf"|rubbish at) (?P<o>.+)"),
    ("weak in", True, rf"{_WHO}{_BE}{_ADVERB} (?:weak|bad|poor|terrible|not (?:very )?good) (?:in|at|with) (?P<o>.+)"),
    ("weak in", True, rf"{_WHO}(?:{_BE})?{_ADVERB} (?:struggles?|struggling|(?:have|has)(?: an?)? (?:trouble|hard time|difficulty"
                      rf"|difficulties)) with (?P<o>.+)"),
    ("good at", True, rf"{_WHO}{_BE}{_ADVERB} (?:good|great|strong|excellent) (?:in|at|with) (?P<o>.+)"),
    ("likes", False, rf"{_WHO}{_ADVERB} {_NOT}(?: really)? (?:like|love|enjoy) (?P<o>.+)"),
    ("likes", False, rf"{_WHO}{_ADVERB} (?:hates?|dislikes?|can['’]?t stand|cannot stand|detests?|stopped liking) (?P<o>.+)"),
    ("likes", True, rf"{_WHO}{_ADVERB} (?:likes?|loves?|enjoys?|adores?|prefers?) (?P<o>.+)"),
    ("likes", True, rf"{_WHO}{_ADVERB} (?:can['’]?t|cannot|could(?:n['’]t| never)|can never) (?:live|do|go|function|get through .+?"
                    rf"|start .+?) without (?P<o>.+)"),
    ("likes", True, rf"{_WHO}{_BE}{_ADVERB} (?:an? )?(?:(?:big|huge|real|great|massive|total) )?(?:fan of|fond of|crazy about"
                    rf"|obsessed with|addicted to|keen on"
                    r"|partial to|hooked on|mad about) (?P<o>.+)"),
    ("likes", True, r"nothing (?:beats|is better than|tops) (?P<o>[^,]+)"),
    ("hobby", True, rf"in my (?:free|spare) time,? {_WHO}{_ADVERB} (?:go for|go|do|enjoy|love|like|play|practi[cs]e) (?P<o>.+)"),
    ("hobby", True, rf"{_WHO}{_ADVERB} (?:spends?) (?:most of )?(?:my|our) (?:free|spare) time (?:on |doing |with )?(?P<o>.+)"),
    ("goal", True, rf"{_WHO}{_BE}{_ADVERB} (?:aiming|determined|hoping|resolved) to (?P<o>.+)"),
    ("goal", True, rf"{_WHO}(?:{_HAVE})?{_ADVERB} set (?:myself|ourselves) (?:the|a)(?: new)? goal (?:of|to) (?P<o>.+)"),
    ("goal", True, r"what (?:i|we)(?:['’]m|['’]re| am| are)?(?: really)? (?:aiming for|working towards?"
                   r"|want most) is (?:to )?(?P<o>[^,]+)"),
    ("goal", True, rf"{_WHO}{_ADVERB} (?:wants?|aims?|hopes?|plans?|intends?) to (?P<o>.+)"),
    ("studies", True, rf"{_WHO}{_BE}{_ADVERB} (?:studying|learning) (?P<o>.+)"),
    ("studies", True, rf"{_WHO}{_ADVERB} (?:study|studies|learns?) (?P<o>.+)"),
    ("speaks", True, rf"{_WHO}{_ADVERB} speaks? (?P<o>.+)"),
    ("birthday", True, rf"{_WHO} was born (?:on|in) (?P<o>.+)"),
    ("age", True, rf"{_WHO}{_BE}{_ADVERB} (?P<o>\d{{1,3}})(?: years old| years of age)?(?: now| today| this year)?"),
    ("nickname", True, r"(?:please |just |you can )*call me (?P<o>\D+)"),
]
_MATCHERS = [(predicate, holds, re.compile(pattern, re.IGNORECASE)) for predicate, holds, pattern in _RULES]
_MOVED = r"(?:moved|changed|switched|updated|postponed|rescheduled|pushed(?: back)?|brought forward)"
_NOW = r"(?: (?:now|still|actually|always|currently|just))*"
_OWN = re.compile(
    rf"(?:my|our) (?:(?P<whose>{_PEOPLE})['’]?s )?(?P<p>[^,]{{2,40}}?)(?: has always been|{_BE}{_NOW}(?: {_MOVED} to| called| named| on"
    rf"| at| located in| in)?"
    rf"|(?: was| got| has been)? {_MOVED} to)(?: to)? (?P<o>.+)",
    re.IGNORECASE,
)
_EVENT = re.compile(
    rf"(?:the|our) (?P<p>(?:{_EVENTS})(?: date)?)(?:{_BE}|['’]s)(?: now)?(?: {_MOVED} to| on| at| now on) (?P<o>.+)", re.IGNORECASE
)
_HAS_EVENT = re.compile(
    rf"(?:i|we){_ADVERB} (?:have|got) (?:an?|my|the|our) (?P<p>(?:\w+ )?(?:{_EVENTS})) (?:on|at) (?P<o>.+)", re.IGNORECASE
)
_THEY_MOVED = re.compile(rf"they (?:have )?{_MOVED} (?:my|the|our) (?P<p>(?:\w+ )?(?:{_EVENTS})) to (?P<o>.+)", re.IGNORECASE)
_NAME_OF = re.compile(r"the (?P<p>name of (?:my|our) [^,]{2,30}?) is (?P<o>.+)", re.IGNORECASE)
_IS_MY = re.compile(rf"(?P<o>.+?){_BE}{_NOW} (?:my|our) (?P<p>[^,]{{2,40}})", re.IGNORECASE)
_THING_ON = re.compile(
    rf"the (?P<p>[a-z][a-z ]{{2,30}}?)(?:{_BE}|['’]s|(?: was| got| has been)? {_MOVED} to)(?: now)?(?: on| at| {_MOVED} to)? (?P<o>.+)",
    re.IGNORECASE,
)
_HAS_PET = re.compile(rf"(?:i|we){_ADVERB} (?:have|has|own|got|adopted|keep|raise) (?:an?|my|our|this) (?:\w+ ){{0,2}}?(?P<p>{_PETS})"
                      r"(?:,| who is| that is| whose name is| by the name of| and (?:his|her|its|the) name is)? (?:named "
                      r"|called )?(?P<o>(?-i:[A-Z])\w+)",
                      re.IGNORECASE)
_CALL_PET = re.compile(rf"(?:i|we)(?:{_HAVE})?{_ADVERB} (?:call|named|call) (?:my|our"
                       rf"|the) (?:\w+ )?(?P<p>{_PETS}) (?P<o>(?-i:[A-Z])\w+)", re.IGNORECASE)
_PET_IS = re.compile(rf"(?:my|our) (?P<p>{_PETS})(?:['’]s name)?(?:{_BE}| was)(?: named| called)? (?P<o>(?-i:[A-Z])\w+)", re.IGNORECASE)
_MY_PET = re.compile(rf"(?:my|our) (?P<p>{_PETS}),? (?P<o>(?-i:[A-Z])\w+)(?:,.*| (?:is|loves?|likes?|has|was|always|just|keeps?"
                     rf"|sleeps?)\b.*)?", re.IGNORECASE)
# a whole sentence, before it is cut at its commas: (form, what its noun is named by)
_APPOSED = re.compile(r"(?:.*\b(?:beats|for|love|like|enjoy|is to|is|do|doing|eat|drink|play|on|say|choose) )?(?P<o>[^,]+?),? "
                      r"(?:(?:that['’]s|which is|it['’]s|is|as)\s)?(?:definitely |probably )?(?:my|our) (?P<p>[^,]{2,40})", re.IGNORECASE)
_CHOSEN = re.compile(r".*\b(?:my|an?|one|the) (?P<p>(?:favou?rite|go-to|number one) \w+)(?: (?:at all|of all|of mine|in the world))?,? "
                     r"(?:it['’]s|it is|it would be|it['’]d be|that['’]s|would be|has to be|must be|is|i['’]d say"
                     r"|i['’]d choose) (?P<o>[^,]+)", re.IGNORECASE)
_LIKED_MOST = re.compile(r"(?:of all .+, )?the (?P<p>\w+) (?:that )?i (?:like|love|enjoy|prefer)(?: the)? (?:most"
                         r"|best) is (?P<o>[^,]+)", re.IGNORECASE)
_TAKEN_UP = re.compile(r"(?:i|we)\b.*?\b(?:taken up|took up|picked up|started|switched to|chose|chosen|have|do|got into|adopted|play"
                       r"|going for"
                       r"|go for) (?P<o>[^,]+?) as (?:an?|my|our)(?: (?:new|main))? (?P<p>[a-z ]{2,30}?)(?: instead| now)?", re.IGNORECASE)
_LABEL = re.compile(r"(?:.*\b(?:my|our|an?|the|new|current) )?(?P<p>[a-z' -]{2,40}?)(?: is)?: (?:to )?(?P<o>.+)", re.IGNORECASE)
_AVOIDED = re.compile(r"(?:.*\b)?(?:avoid|stay away from|keep away from|skip|(?:can['’]?t|cannot|must(?:n['’]t| not)|not)(?: even)? "
                      r"(?:eat|have|drink|touch|be around|be near)) (?P<o>[^,]+?),? "
                      r"(?:(?:because|since|due|as|on account|thanks|for)\b.*|i['’]m |i am )\ballerg(?:y|ies|ic)\b.*", re.IGNORECASE)
_OTHERS = re.compile(rf"\b(?:(?:my|our|his|her|their|your) (?:\w+ )?(?:{_PEOPLE})|your|his|her|their|you|he|she|they|people"
                     rf"|everyone)\b", re.IGNORECASE)
_PET_NAMES = [_HAS_PET, _CALL_PET, _MY_PET, _PET_IS]
_NAMED = [_THEY_MOVED, _HAS_EVENT, _NAME_OF, _EVENT, _HAS_PET, _CALL_PET, _PET_IS, _OWN, _MY_PET]
_WHOLE = [_CHOSEN, _LIKED_MOST, _LABEL, _TAKEN_UP, _APPOSED]

_CUT = re.compile(r",\s+(?=(?:i|my|we|our|the|they|you|it|that)\b)|:\s+(?=(?:i|my|we)\b)|\s+(?:but|because|although|while)\s+"
                  r"|\s+and\s+(?=(?:i|my|we|our)\b)|\s+and\s+(?=(?:joined|moved|relocated|started|became|work|live|now)\b)|!\s+",
                  re.IGNORECASE)
_LEAD = re.compile(
    r"^(?:by the way|btw|turns out|guess what|heads up|quick update|good to know|as it happens|actually|oh|well|so|also|ok|okay|and|but"
    r"|fyi|just so you know|(?:big |good |bad )?news|update|note|please"
    r"|remember(?: that)?|"
    r"for fun|for the record|these days|now|lately|currently|recently|in fact|hi|hello|hey|yes|yeah|no|as of today|today"
    r"|this week)\b[,:!]?\s+",
    re.IGNORECASE,
)
_TRAIL = re.compile(
    r"[\s,]+(?:now|these days|any ?more|currently|at the moment|right now|lately|recently|already|again|too|as well|by the way|btw"
    r"|instead|though|"
    r"as of .+|since .+|for (?:\w+ ){0,2}(?:years?|months?|weeks?|days?)|last \w+|this (?:year|week|month|morning|summer)|today|yesterday|"
    r"on (?:mon|tues|wednes|thurs|fri|satur|sun)day|(?:starting|beginning|effective|from|until|till) .+|with my .+|very much|a lot"
    r"|so much)$",
    re.IGNORECASE,
)
_VAGUE = re.compile(
    r"^(?:it|that|this|them|you|him|her|your .+|how .+|what .+|when .+|why .+|the way .+|here|there|so|one|know .+|ask .+|see .+|"
    r"understand.*|hear .+|talk .+|thank .+|say .+|tell .+|be able .+|not .+|sure.*|glad.*|sorry.*|fine.*|a question.*)$",
    re.IGNORECASE,
)
_NO_NAMES = frozenset(
    "the it they this that he she you what there here everyone someone nobody people my our i we and but so if when who how why".split()
)
_ITS_JOB = re.compile(r"^(?:my|the|that)\b.*\b(?:job|company|work|position)$", re.IGNORECASE)
_SAYS = re.compile(r"(?:i|we|my|our|if|when|what|nothing|because)\b|.*\b(?:gives?|is|are|was|has|have|i|me|makes?)\b", re.IGNORECASE)
_LIST = re.compile(r"\s*,\s*(?:and\s+)?|\s+and\s+")


def read(sentence: str, start: int, said_at: datetime.datetime) -> Iterator[Found]:
    """The claims of one sentence that stands at `start`."""
    if whole := _whole(sentence, start, said_at):
        yield whole
        return
    subject = "I"
    for at, clause, is_bare in _clauses(sentence):
        place = start + at, start + at + len(clause)
        found = list(_clause(clause, *place, said_at))
        if not found and is_bare:
            found = list(_clause(f"{subject} {clause}", *place, said_at))
        elif who := re.match(_WHO, clause, re.IGNORECASE):
            subject = who["who"]
        yield from found


def _whole(sentence: str, start: int, said_at: datetime.datetime) -> Found | None:
    """What a sentence says that cannot be read clause by clause, of whoever speaks."""
    plain = sentence.strip(" .,!;)\"'”…")
    while (shorter := _LEAD.sub("", plain)) != plain:
        plain = shorter
    begins = start + sentence.find(plain)
    if not plain or _OTHERS.search(plain.replace("My doctor", "")):
        return None
    if found := _AVOIDED.fullmatch(plain):
        return _found("", "allergy", _trimmed(found["o"], "allergy"), begins, begins + len(plain), True, True, "health", "", said_at)
    for form in _WHOLE:
        found = form.fullmatch(plain)
        if found is None:
            continue
        noun = _trimmed(found["p"], "")
        noun = f"favorite {noun}" if form is _LIKED_MOST else re.sub("^(?:go-to|number one) ", "favorite ", noun, flags=re.IGNORECASE)
        predicate, topic, is_many = named(noun)
        value = _trimmed(found["o"], predicate)
        if is_known(noun) and value and fits(predicate, value) and not _VAGUE.match(value) and not _SAYS.match(value):
            return _found("", predicate, value, begins, begins + len(plain), True, is_many, topic, "", said_at)
    return None


def _clauses(sentence: str) -> Iterator[tuple[int, str, bool]]:
    """(place, text, whether its subject is that of the clause before)."""
    at, is_bare = 0, False
    for cut in [*_CUT.finditer(sentence), None]:
        end = cut.start() if cut else len(sentence)
        piece = sentence[at:end]
        kept = piece.lstrip(" ,:!-*•\"'“")
        while (shorter := _LEAD.sub("", kept)) != kept:
            kept = shorter
        place = at + len(piece) - len(kept)
        kept = kept.rstrip(" .!,:;)\"'”…")
        if kept:
            yield place, kept, is_bare and not re.match(r"(?:i|my|we|our)\b", kept, re.IGNORECASE)
        if cut:
            at, is_bare = cut.end(), " and " in f" {cut[0].strip().lower()} "


def _clause(text: str, start: int, end: int, said_at: datetime.datetime) -> Iterator[Found]:
    for predicate, holds, matcher in _MATCHERS:
        found = matcher.fullmatch(text)
        if found and (subject := _subject(found.groupdict().get("who", "i"))) is not None:
            yield from _told(subject, predicate, holds, found["o"], start, end, said_at)
            return
    for pattern in _NAMED:
        if found := pattern.fullmatch(text):
            noun = f"{found['p']} name" if pattern in _PET_NAMES else found["p"].removesuffix(" date")
            predicate, topic, is_many = named(noun)
            whose = f"my {found['whose'].lower()}" if found.groupdict().get("whose") else ""
            value = _trimmed(found["o"], predicate)
            if value and not _VAGUE.match(value) and not _is_talk(found["p"]):
                yield _found(whose, predicate, value, start, end, True, is_many, topic, found["o"], said_at)
            return
    if (found := _THING_ON.fullmatch(text)) and day(found["o"], said_at):
        if event := re.findall(rf"\b(?:{_EVENTS})\b", found["p"], re.IGNORECASE):
            predicate, topic, is_many = named(event[-1])
            yield _found("", predicate, _trimmed(found["o"], predicate), start, end, True, is_many, topic, "", said_at)
            return
        yield _found(found["p"].lower(), "date", _trimmed(found["o"], "date"), start, end, True, False, "plans", "", said_at)
    elif (found := _IS_MY.fullmatch(text)) and is_known(found["p"]) and not _VAGUE.match(found["o"]):
        predicate, topic, is_many = named(_trimmed(found["p"], ""))
        yield _found("", predicate, _trimmed(found["o"], predicate), start, end, True, is_many, topic, "", said_at)


def _subject(who: str) -> str | None:
    """'' = the speaker; None = no one that a claim could be about."""
    plain = who.lower()
    if plain in ("i", "we", "me", "us", "my"):
        return ""
    if plain.startswith(("my ", "our ")):
        return f"my {plain.split(' ', 1)[1]}"
    return None if plain in _NO_NAMES or not who[0].isupper() else who


def _told(subject: str, predicate: str, holds: bool, raw: str, start: int, end: int, said_at: datetime.datetime) -> Iterator[Found]:
    known, value = BY_NAME[predicate], _trimmed(raw, predicate)
    if not value or _VAGUE.match(value):
        return
    if predicate == "employer" and not holds and _ITS_JOB.match(value):
        value = ""
    for each in _LIST.split(value) if known.is_many else [value]:
        yield _found(subject, predicate, each, start, end, holds, known.is_many, known.topic, raw, said_at)
        if predicate == "likes":
            yield _found(subject, "dislikes", each, start, end, not holds, True, known.topic, raw, said_at)


def _found(subject: str, predicate: str, value: str, start: int, end: int, holds: bool, is_many: bool, topic: str, raw: str,
           said_at: datetime.datetime) -> Found:
    until = re.search(r"\b(?:until|till) (.+)$", raw, re.IGNORECASE)
    since = re.search(r"\b(?:starting|beginning|effective|from) (.+)$", raw, re.IGNORECASE)
    ends = day(until[1], said_at) if until else None
    begins = day(since[1], said_at) if since else None
    return Found(subject, predicate, value, start, end, holds, is_many, topic, begins if begins and begins > said_at else None,
                 ends + datetime.timedelta(days=1) if ends and ends >= said_at else None)


def _trimmed(raw: str, predicate: str) -> str:
    """Without what is said of its time; a day is the object of an event."""
    value = raw.strip(" .,!\"'“”")
    if predicate in ("home", "employer", "job", "likes", "allergy", "weak in", "good at", "hobby", "studies", "goal",
                     "") or predicate.startswith("favorite"):
        value = re.sub(r"\s+(?:and|but) i\b.*$", "", value, flags=re.IGNORECASE)
    while (shorter := _TRAIL.sub("", value)) != value and shorter:
        value = shorter
    return value if len(value) <= 80 else ""


def _is_talk(noun: str) -> bool:
    """'My question is ...', 'my point was ...' say nothing that lasts."""
    return bool(
        re.search(r"\b(?:question|point|guess|answer|problem|issue|understanding|apologies|bad|idea|thought)s?$", noun, re.IGNORECASE)
    )
