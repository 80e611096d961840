"""Forms of statements in English, as data: how people say where they live, what they like, what changed. Read by _english.py."""

import re

from saem.infer.memory.extractors._typed import EVENTS

PEOPLE = (
    "friend|best friend|brother|sister|mother|mom|mum|father|dad|wife|husband|son|daughter|colleague|coworker|boss|teacher|roommate|"
    "cousin|partner|neighbou?r|girlfriend|boyfriend|uncle|aunt|grandmother|grandfather|team|child|kid|baby"
)
WHO = rf"(?P<who>i|we|(?:my|our) (?:{PEOPLE})|[A-Z][a-z]+)"
ADVERB = (
    r"(?: (?:now|currently|just|recently|actually|really|still|also|finally|already|absolutely|totally|mostly|usually|always|so|very|quite|"
    r"a bit|have|has|had|do|did|truly|officially|rather))*"
)
BE = r"(?: (?:am|is|are|was)|['’](?:m|s|re))"
HAVE = r"(?: (?:have|has)|['’](?:ve|s))"
IN = r"(?:in|at|near|out of|around)"
NOT = r"(?:no longer|don['’]?t|do not|doesn['’]?t|does not|not)"

GOT = r"(?:have|has|got|gets?|found|find|accepted|took|take|landed|started|signed|began)"
POST = r"(?:an? |the |my )?(?:\w+ ){0,2}?(?:job|position|role|offer|contract|post)"
ROOMS = r"(?:an? |my |our )?(?:\w+ ){0,2}?(?:place|flat|apartment|house|room|studio|home)"
PETS = r"dog|puppy|cat|kitten|hamster|rabbit|bird|parrot|horse|turtle"

# (predicate, whether it holds, pattern over a whole clause): the first that fits counts, but for those of one predicate and its opposite
_RULES: list[tuple[str, bool, str]] = [
    ("home", False, rf"{WHO}{ADVERB} {NOT} live {IN} (?P<o>.+)"),
    ("home", False, rf"{WHO}{ADVERB} moved (?:out of|away from) (?P<o>.+)"),
    ("home", True, rf"{WHO}{ADVERB} (?:lives?|resides?) {IN} (?P<o>.+)"),
    ("home", True, rf"{WHO}{BE}{ADVERB} (?:living|residing|based) {IN} (?P<o>.+)"),
    ("home", True, rf"{WHO}{HAVE} been (?:living|based|residing) {IN} (?P<o>.+)"),
    ("home", True, rf"{WHO}(?:{HAVE})?{ADVERB} (?:moved|relocated) (?:back )?(?:from .+? )?to (?P<o>.+)"),
    ("home", True, rf"{WHO}(?:{HAVE})?{ADVERB} (?:settled(?: down)?|ended up(?: living)?|put down roots) {IN} (?P<o>.+)"),
    ("home", True, rf"{WHO}(?:{HAVE})?{ADVERB} (?:rents?|rented|bought|found|got|have|has|moved into|own) {ROOMS} {IN} (?P<o>.+)"),
    ("home", True, rf"{WHO}{ADVERB} calls? (?P<o>.+?) (?:my |our )?home"),
    ("home", True, r"(?:(?:my|our) )?(?:home|place|address|flat)(?: for (?:me|us))?(?: is|['’]s)(?: now"
                   r"| currently)?(?: in)? (?P<o>(?-i:[A-Z]).+)"),
    ("home", True, r"(?:the (?:city|town|place) )?(?:where|that) (?:i|we) (?:now |currently )?live (?:in )?is (?P<o>.+)"),
    ("home", True, r"(?:now )?(?P<o>(?-i:[A-Z])\S*(?: (?-i:[A-Z])\S+)?) is (?:now )?(?:(?:my|our) (?:new )?)?(?:home|where (?:i"
                   r"|we) live)(?: for (?:me|us))?(?: now)?"),
    ("employer", True, rf"{WHO}(?:{HAVE})?{ADVERB} (?:left|quit|leaving)(?: .+?)? for {POST} (?:at|with) (?P<o>.+)"),
    ("employer", True, rf"{WHO}(?:{HAVE})?{ADVERB} (?:left|quit) (?:my (?:old )?job|(?-i:[A-Z])\S+) (?:for"
                       rf"|to join) (?P<o>(?-i:[A-Z]).*)"),
    ("employer", False,
     rf"{WHO}{ADVERB} (?:quit|left|resigned from|got fired from|{NOT} work (?:at|for)|stopped working (?:at|for)) (?P<o>.+)"),
    ("employer", True, rf"{WHO}{ADVERB} works? (?:at|for) (?P<o>.+)"),
    ("employer", True, rf"{WHO}{BE}{ADVERB} (?:working|employed) (?:at|for|with|by) (?P<o>.+)"),
    ("employer", True,
     rf"{WHO}(?:{HAVE})?{ADVERB} (?:joined|(?:started|began) (?:working |to work |a new job |a job )?(?:at|for)) (?P<o>.+)"),
    ("employer", True, rf"{WHO}(?:{HAVE})?{ADVERB} {GOT} {POST} (?:at|with|from) (?P<o>.+)"),
    ("employer", True, rf"{WHO}(?:{BE}|{HAVE})?{ADVERB} (?:got |been |was )?(?:hired|recruited|poached|headhunted) (?:by"
                       rf"|at) (?P<o>.+)"),
    ("employer", True, rf"{WHO}(?:{HAVE})?{ADVERB} (?:switched|changed|moved|transferred) (?:jobs|companies"
                       rf"|over) (?:from .+ )?to (?P<o>.+)"),
    ("employer", True, r"(?P<o>[^,]+?)(?: has| have| just| recently| finally)* (?:hired|employs|recruited|offered a job to) (?P<who>me"
                       r"|us)"),
    ("employer", True, r"(?:the company|the place|where) (?:that )?(?:i|we) work(?: for| at)? is (?P<o>.+)"),
    ("job", True, rf"{WHO}{ADVERB} works? as (?:an? |the )?(?P<o>.+)"),
    ("job", True, rf"{WHO}{BE}{ADVERB} working as (?:an? |the )?(?P<o>.+)"),
    ("job", True, rf"{WHO}(?:{HAVE})?{ADVERB} (?:became|become|got promoted to) (?:an? |the )?(?P<o>.+)"),
    ("job", True, rf"{WHO}{BE}{ADVERB} an? (?P<o>.+?) by (?:profession|trade)"),
    ("job", True, rf"by (?:profession|trade|training),? {WHO}{BE}{ADVERB} an? (?P<o>.+)"),
    ("job", True, rf"{WHO}{ADVERB} (?:earns?|makes?) (?:my|our|a|his|her) living as (?:an? )?(?P<o>.+)"),
    ("job", True, rf"{WHO}(?:{BE}|{HAVE})?{ADVERB} (?:employed|hired|trained|retrained|qualified) as (?:an? )?(?P<o>.+)"),
    ("job", True, rf"{WHO}(?:{HAVE})?{ADVERB} {GOT} a(?: new)? (?:job|position|role) as (?:an? )?(?P<o>.+)"),
    ("diet", True, rf"{WHO}{BE}{ADVERB} (?:an? )?(?P<o>vegetarian|vegan|pescatarian)"),
    ("allergy", False, rf"{WHO}{BE} (?:not|no longer) allergic to (?P<o>.+)"),
    ("allergy", True, rf"{WHO}{BE}{ADVERB} allergic to (?P<o>.+)"),
    ("allergy", True, rf"{WHO}{ADVERB} (?:have|has|got) (?:an? )?(?:\w+ )?allergy to (?P<o>.+)"),
    ("allergy", True, rf"{WHO}{ADVERB} (?:have|has|got) an? (?P<o>.+?) allergy"),
    ("allergy", True, rf"{WHO}{ADVERB} (?:get|gets|have|has|had) (?:an? )?(?:\w+ )?allergic reactions? (?:to|from) (?P<o>.+)"),
    ("allergy", True, r"(?P<o>[^,]+?) (?:gives?|gave|causes?|triggers?|sets? off) (?P<who>me|my|us)(?: an?)?(?: \w+)?"
                      r" ?(?:allergic reactions?|allerg(?:y|ies)|hives|anaphyla\w+)"),
    ("weak in", True, r"(?P<o>[^,]+?) (?:gives?|gave|is giving|causes?) (?P<who>me|us)(?: an?)?(?: \w+)? ?(?:hard time|trouble"
                      r"|headaches?|grief)"),
    ("weak in", True, rf"{WHO}{ADVERB} (?:finds?|found) (?P<o>.+?)(?: (?:really|very|so|quite|too|pretty))*"
                      r" (?:hard|difficult|tough|confusing|challenging|impossible)"),
    ("weak in", True, r"(?P<o>[^,]+?) (?:is|are)(?: (?:really|very|so|quite|too|pretty))* (?:hard|difficult|tough|challenging"
                      r"|confusing) for (?P<who>me|us)"),
    ("weak in", True, r"(?P<o>[^,]+?) (?:is|are)(?: really| just)? not (?P<who>my) (?:strong suit|strength|strong point|forte"
                      r"|best subject)"),
    ("weak in", True, rf"{WHO}{BE}{ADVERB} (?:failing|falling behind in|behind in|lousy at|hopeless at|no good at|awful at"
                      rf"|rubbish at) (?P<o>.+)"),
    ("weak in", True, rf"{WHO}{BE}{ADVERB} (?:weak|bad|poor|terrible|not (?:very )?good) (?:in|at|with) (?P<o>.+)"),
    ("weak in", True, rf"{WHO}(?:{BE})?{ADVERB} (?:struggles?|struggling|(?:have|has)(?: an?)? (?:trouble|hard time|difficulty"
                      rf"|difficulties)) with (?P<o>.+)"),
    ("good at", True, rf"{WHO}{BE}{ADVERB} (?:good|great|strong|excellent) (?:in|at|with) (?P<o>.+)"),
    ("likes", False, rf"{WHO}{ADVERB} {NOT}(?: really)? (?:like|love|enjoy) (?P<o>.+)"),
    ("likes", False, rf"{WHO}{ADVERB} (?:hates?|dislikes?|can['’]?t stand|cannot stand|detests?|stopped liking) (?P<o>.+)"),
    ("likes", True, rf"{WHO}{ADVERB} (?:likes?|loves?|enjoys?|adores?|prefers?) (?P<o>.+)"),
    ("likes", True, rf"{WHO}{ADVERB} (?:can['’]?t|cannot|could(?:n['’]t| never)|can never) (?:live|do|go|function|get through .+?"
                    rf"|start .+?) without (?P<o>.+)"),
    ("likes", True, rf"{WHO}{BE}{ADVERB} (?:an? )?(?:(?:big|huge|real|great|massive|total) )?(?:fan of|fond of|crazy about"
                    rf"|obsessed with|addicted to|keen on"
                    r"|partial to|hooked on|mad about) (?P<o>.+)"),
    ("likes", True, r"nothing (?:beats|is better than|tops) (?P<o>[^,]+)"),
    ("hobby", True, rf"in my (?:free|spare) time,? {WHO}{ADVERB} (?:go for|go|do|enjoy|love|like|play|practi[cs]e) (?P<o>.+)"),
    ("hobby", True, rf"{WHO}{ADVERB} (?:spends?) (?:most of )?(?:my|our) (?:free|spare) time (?:on |doing |with )?(?P<o>.+)"),
    ("goal", True, rf"{WHO}{BE}{ADVERB} (?:aiming|determined|hoping|resolved) to (?P<o>.+)"),
    ("goal", True, rf"{WHO}(?:{HAVE})?{ADVERB} set (?:myself|ourselves) (?:the|a)(?: new)? goal (?:of|to) (?P<o>.+)"),
    ("goal", True, r"what (?:i|we)(?:['’]m|['’]re| am| are)?(?: really)? (?:aiming for|working towards?"
                   r"|want most) is (?:to )?(?P<o>[^,]+)"),
    ("goal", True, rf"{WHO}{ADVERB} (?:wants?|aims?|hopes?|plans?|intends?) to (?P<o>.+)"),
    ("studies", True, rf"{WHO}{BE}{ADVERB} (?:studying|learning) (?P<o>.+)"),
    ("studies", True, rf"{WHO}{ADVERB} (?:study|studies|learns?) (?P<o>.+)"),
    ("speaks", True, rf"{WHO}{ADVERB} speaks? (?P<o>.+)"),
    ("birthday", True, rf"{WHO} was born (?:on|in) (?P<o>.+)"),
    ("age", True, rf"{WHO}{BE}{ADVERB} (?P<o>\d{{1,3}})(?: years old| years of age)?(?: now| today| this year)?"),
    ("nickname", True, r"(?:please |just |you can )*call me (?P<o>\D+)"),
]
MATCHERS = [(predicate, holds, re.compile(pattern, re.IGNORECASE)) for predicate, holds, pattern in _RULES]
MOVED = r"(?:moved|changed|switched|updated|postponed|rescheduled|pushed(?: back)?|brought forward)"
NOW = r"(?: (?:now|still|actually|always|currently|just))*"
OWN = re.compile(
    rf"(?:my|our) (?:(?P<whose>{PEOPLE})['’]?s )?(?P<p>[^,]{{2,40}}?)(?: has always been|{BE}{NOW}(?: {MOVED} to| called| named| on"
    rf"| at| located in| in)?"
    rf"|(?: was| got| has been)? {MOVED} to)(?: to)? (?P<o>.+)",
    re.IGNORECASE,
)
EVENT = re.compile(
    rf"(?:the|our) (?P<p>(?:{EVENTS})(?: date)?)(?:{BE}|['’]s)(?: now)?(?: {MOVED} to| on| at| now on) (?P<o>.+)", re.IGNORECASE
)
HAS_EVENT = re.compile(
    rf"(?:i|we){ADVERB} (?:have|got) (?:an?|my|the|our) (?P<p>(?:\w+ )?(?:{EVENTS})) (?:on|at) (?P<o>.+)", re.IGNORECASE
)
THEY_MOVED = re.compile(rf"they (?:have )?{MOVED} (?:my|the|our) (?P<p>(?:\w+ )?(?:{EVENTS})) to (?P<o>.+)", re.IGNORECASE)
NAME_OF = re.compile(r"the (?P<p>name of (?:my|our) [^,]{2,30}?) is (?P<o>.+)", re.IGNORECASE)
IS_MY = re.compile(rf"(?P<o>.+?){BE}{NOW} (?:my|our) (?P<p>[^,]{{2,40}})", re.IGNORECASE)
THING_ON = re.compile(
    rf"the (?P<p>[a-z][a-z ]{{2,30}}?)(?:{BE}|['’]s|(?: was| got| has been)? {MOVED} to)(?: now)?(?: on| at| {MOVED} to)? (?P<o>.+)",
    re.IGNORECASE,
)
HAS_PET = re.compile(rf"(?:i|we){ADVERB} (?:have|has|own|got|adopted|keep|raise) (?:an?|my|our|this) (?:\w+ ){{0,2}}?(?P<p>{PETS})"
                      r"(?:,| who is| that is| whose name is| by the name of| and (?:his|her|its|the) name is)? (?:named "
                      r"|called )?(?P<o>(?-i:[A-Z])\w+)",
                      re.IGNORECASE)
CALL_PET = re.compile(rf"(?:i|we)(?:{HAVE})?{ADVERB} (?:call|named|call) (?:my|our"
                       rf"|the) (?:\w+ )?(?P<p>{PETS}) (?P<o>(?-i:[A-Z])\w+)", re.IGNORECASE)
PET_IS = re.compile(rf"(?:my|our) (?P<p>{PETS})(?:['’]s name)?(?:{BE}| was)(?: named| called)? (?P<o>(?-i:[A-Z])\w+)", re.IGNORECASE)
MY_PET = re.compile(rf"(?:my|our) (?P<p>{PETS}),? (?P<o>(?-i:[A-Z])\w+)(?:,.*| (?:is|loves?|likes?|has|was|always|just|keeps?"
                     rf"|sleeps?)\b.*)?", re.IGNORECASE)
# a whole sentence, before it is cut at its commas: (form, what its noun is named by)
APPOSED = re.compile(r"(?:.*\b(?:beats|for|love|like|enjoy|is to|is|do|doing|eat|drink|play|on|say|choose) )?(?P<o>[^,]+?),? "
                      r"(?:(?:that['’]s|which is|it['’]s|is|as)\s)?(?:definitely |probably )?(?:my|our) (?P<p>[^,]{2,40})", re.IGNORECASE)
CHOSEN = re.compile(r".*\b(?:my|an?|one|the) (?P<p>(?:favou?rite|go-to|number one) \w+)(?: (?:at all|of all|of mine|in the world))?,? "
                     r"(?:it['’]s|it is|it would be|it['’]d be|that['’]s|would be|has to be|must be|is|i['’]d say"
                     r"|i['’]d choose) (?P<o>[^,]+)", re.IGNORECASE)
LIKED_MOST = re.compile(r"(?:of all .+, )?the (?P<p>\w+) (?:that )?i (?:like|love|enjoy|prefer)(?: the)? (?:most"
                         r"|best) is (?P<o>[^,]+)", re.IGNORECASE)
TAKEN_UP = re.compile(r"(?:i|we)\b.*?\b(?:taken up|took up|picked up|started|switched to|chose|chosen|have|do|got into|adopted|play"
                       r"|going for"
                       r"|go for) (?P<o>[^,]+?) as (?:an?|my|our)(?: (?:new|main))? (?P<p>[a-z ]{2,30}?)(?: instead| now)?", re.IGNORECASE)
LABEL = re.compile(r"(?:.*\b(?:my|our|an?|the|new|current) )?(?P<p>[a-z' -]{2,40}?)(?: is)?: (?:to )?(?P<o>.+)", re.IGNORECASE)
AVOIDED = re.compile(r"(?:.*\b)?(?:avoid|stay away from|keep away from|skip|(?:can['’]?t|cannot|must(?:n['’]t| not)|not)(?: even)? "
                      r"(?:eat|have|drink|touch|be around|be near)) (?P<o>[^,]+?),? "
                      r"(?:(?:because|since|due|as|on account|thanks|for)\b.*|i['’]m |i am )\ballerg(?:y|ies|ic)\b.*", re.IGNORECASE)
OTHERS = re.compile(rf"\b(?:(?:my|our|his|her|their|your) (?:\w+ )?(?:{PEOPLE})|your|his|her|their|you|he|she|they|people"
                     rf"|everyone)\b", re.IGNORECASE)
PET_NAMES = [HAS_PET, CALL_PET, MY_PET, PET_IS]
NAMED = [THEY_MOVED, HAS_EVENT, NAME_OF, EVENT, HAS_PET, CALL_PET, PET_IS, OWN, MY_PET]
WHOLE = [CHOSEN, LIKED_MOST, LABEL, TAKEN_UP, APPOSED]

CUT = re.compile(r",\s+(?=(?:i|my|we|our|the|they|you|it|that)\b)|:\s+(?=(?:i|my|we)\b)|\s+(?:but|because|although|while)\s+"
                  r"|\s+and\s+(?=(?:i|my|we|our)\b)|\s+and\s+(?=(?:joined|moved|relocated|started|became|work|live|now)\b)|!\s+",
                  re.IGNORECASE)
LEAD = re.compile(
    r"^(?:by the way|btw|turns out|guess what|heads up|quick update|good to know|as it happens|actually|oh|well|so|also|ok|okay|and|but"
    r"|fyi|just so you know|(?:big |good |bad )?news|update|note|please"
    r"|remember(?: that)?|"
    r"for fun|for the record|these days|now|lately|currently|recently|in fact|hi|hello|hey|yes|yeah|no|as of today|today"
    r"|this week)\b[,:!]?\s+",
    re.IGNORECASE,
)
TRAIL = re.compile(
    r"[\s,]+(?:now|these days|any ?more|currently|at the moment|right now|lately|recently|already|again|too|as well|by the way|btw"
    r"|instead|though|"
    r"as of .+|since .+|for (?:\w+ ){0,2}(?:years?|months?|weeks?|days?)|last \w+|this (?:year|week|month|morning|summer)|today|yesterday|"
    r"on (?:mon|tues|wednes|thurs|fri|satur|sun)day|(?:starting|beginning|effective|from|until|till) .+|with my .+|very much|a lot"
    r"|so much)$",
    re.IGNORECASE,
)
VAGUE = re.compile(
    r"^(?:it|that|this|them|you|him|her|your .+|how .+|what .+|when .+|why .+|the way .+|here|there|so|one|know .+|ask .+|see .+|"
    r"understand.*|hear .+|talk .+|thank .+|say .+|tell .+|be able .+|not .+|sure.*|glad.*|sorry.*|fine.*|a question.*)$",
    re.IGNORECASE,
)
NO_NAMES = frozenset(
    "the it they this that he she you what there here everyone someone nobody people my our i we and but so if when who how why".split()
)
ITS_JOB = re.compile(r"^(?:my|the|that)\b.*\b(?:job|company|work|position)$", re.IGNORECASE)
SAYS = re.compile(r"(?:i|we|my|our|if|when|what|nothing|because)\b|.*\b(?:gives?|is|are|was|has|have|i|me|makes?)\b", re.IGNORECASE)
LIST = re.compile(r"\s*,\s*(?:and\s+)?|\s+and\s+")
