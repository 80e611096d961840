"""Statements in Korean."""

import datetime
import re
from collections.abc import Iterator

from saem.infer.memory.extractors._typed import EVENTS_KO as _EVENTS
from saem.infer.memory.rows import Found
from saem.infer.memory.values import day, fits
from saem.infer.memory.vocabulary import BY_NAME, is_known, named
from saem.transform.words import tokenize

_PEOPLE = (
    "친구|형|누나|언니|오빠|동생|여동생|남동생|엄마|어머니|아빠|아버지|남편|아내|와이프|아들|딸|동료|상사|선생님|교수님|룸메이트|할머니|할아버지|삼촌|이모|고모|사촌|"
    "여자친구|남자친구|여친|남친|팀장님|이웃"
)
_DEGREE = r"(?:(?:정말|진짜|아주|너무|제일|가장|엄청|되게|매우|참|많이|좀|조금|아직|더|특히|원래)\s*)*"
_IS = (r"(?:이야|야|이에요|예요|이예요|에요|입니다|이다|이었어|였어|이거든|거든|이거든요|거든요|임|이고|이며|인데|이죠|죠|이라고 (?:해"
       r"|합니다|해요)|라고 (?:해|합니다|해요))")

_DWELLING = r"(?:(?:내|제|우리|저희)\s+)?(?:집|자취방|아파트|원룸|오피스텔|빌라|기숙사|하숙집|숙소|보금자리|방)"
_JOBS = ("간호사|의사|약사|교사|강사|변호사|판사|검사"
         "|회계사|세무사|요리사|셰프|건축가|작가|화가|기자|개발자|엔지니어|디자이너"
         "|기획자|연구원|공무원|경찰관?|소방관|군인|배우"
         "|가수|프로그래머|승무원|은행원|회사원|영업사원|자영업자|농부|어부|운전사|기사|미용사|바리스타|치료사|상담사|통역사|번역가|대학생|대학원생|교수|마케터|트레이너|사서")

# (predicate, whether it holds, pattern from the start of a clause): the first that fits counts
_RULES: list[tuple[str, bool, str]] = [
    ("allergy", False, r"(?P<o>.+?)(?:에|에는)?\s*(?:알레르기|알러지)(?:가|는)?\s*(?:없|나았|사라졌)"),
    ("allergy", True, rf"(?P<o>.+?)(?:에|에는|에 대한)?\s*(?:알레르기|알러지)(?:가|도)?\s*{_DEGREE}(?:있|심하|심해)"),
    ("allergy", True, r"(?:의사가\s|병원에서\s|검사\S*\s)*(?P<o>\S+(?:\s\S+)?)(?:에|이|가)?\s*(?:알레르기|알러지)(?:래|라고|라는|라네"
                      r"|란다|가 생겼|를 앓|를 가지"
                      r"|로 고생|\s?(?:진단|판정|반응))"),
    ("allergy", True, r"(?P<o>\S+?)(?:을|를|에|만|이|가|은|는)?\s*(?:잘못\s*)?(?:먹거나|먹으면|먹고|마시면|만지면|닿으면|들어가면"
                      r"|조금만)(?:\s\S+)*?"
                      r"\s*(?:알레르기|알러지|두드러기)"),
    ("home", False, r"(?P<o>.+?)에(?:서|는)?\s*(?:더 이상\s*|이제\s*)?(?:안 살|살지 않)"),
    ("home", True, r"(?P<o>.+?)(?:으로|로)\s*(?:막\s*|완전히\s*|아예\s*)*(?:이사|이주|내려왔|올라왔|건너왔|거처를|보금자리를|집을|터전을)"),
    ("home", True, r"(?P<o>.+?)에(?:다가?)?\s*(?:막\s*|완전히\s*|아예\s*|드디어\s*)*(?:정착|자리\s?잡|자리를 잡|터를 잡|터 잡|뿌리|눌러앉"
                   r"|(?:자취방|원룸|아파트|집|방|전세|월세)(?:을|를)? (?:구|얻|샀|계약|마련))"),
    ("home", True, rf"{_DWELLING}(?:이|은|는|가)\s+(?P<o>.+?)에\s*(?:있|위치)"),
    ("home", True, r"(?P<o>.+?)에서?\s*(?:계속\s*|쭉\s*|혼자\s*)?(?:살아|살고|살았|살게|삽니다|산다|살죠|살지|거주|자취|하숙|지내고"
                   r"|지내요|지냅니다|머물)"),
    ("home", True, r"(?P<o>\S+?)\s+(?:살아|살고 있|삽니다|거주 중|거주하|주민)"),
    ("employer", False, r"(?P<o>.*?)(?:을|를|에서|은|는)?\s*(?:그만뒀|그만두었|그만뒀|퇴사|관뒀)"),
    ("job", True, r"(?P<o>\S+(?:\s\S+)?)(?:으로|로)(?:서)?\s*(?:일하|일해|일합|근무|활동|먹고\s?살|밥벌이|돈을 벌|전직)"),
    ("job", True, rf"(?P<o>(?:\S+\s)?\S*(?:{_JOBS}))(?:으로|로) (?:취직|취업)"),
    ("job", True, r"(?P<o>\S+(?:\s\S+)?)\s일(?:을|로)\s*(?:하고 있|해요|해$|합니다|하는 중|하며|먹고)"),
    ("job", True, rf"(?P<o>(?:\S+\s)?\S*(?:{_JOBS}))(?:이|가)\s*(?:됐|되었|돼)"),
    ("job", True, rf"(?P<o>(?:\S+\s)?\S*(?:{_JOBS})){_IS}$"),
    ("employer", True, r"(?P<o>.+?)(?:으로|로)\s*(?:막\s*|새로\s*)*(?:이직|출근|스카우트|스카웃|직장을 옮|회사를 옮)"),
    ("employer", True, r"(?P<o>.+?)에서\s*(?:일하|일해|일합|근무)"),
    ("employer", True, r"(?P<o>.+?)에\s*(?:새로\s*|막\s*|정식으로\s*)*(?:다녀|다니|다닙|입사|재직|취직|취업|채용|합격해서|출근|합류)"),
    ("employer", True, r"(?P<o>\S+?)\s+(?:다녀|다니고 있|다닙니다|다니는 중|재직 중|소속)"),
    ("employer", True, r"(?P<o>\S+?)(?:이|가)?\s*(?:저를|나를|날|절)\s*(?:뽑|채용|고용|스카우트|데려)"),
    (
        "likes",
        False,
        rf"(?P<o>.+?)(?:을|를|은|는|이|가)?\s*(?:이제\s*|더 이상\s*|별로\s*)*{_DEGREE}(?:싫어해|싫어하(?!는|던)|싫어합|싫어졌|안 좋아"
        rf"|좋아하지 않|질렸)",
    ),
    ("likes", True, rf"(?P<o>.+?)(?:을|를|도)?\s*{_DEGREE}(?:좋아해|좋아하(?!는|지|던)|좋아합|좋아한다|사랑해|즐겨 (?:마|먹))"),
    ("likes", True, r"(?P<o>\S+(?:\s\S+)?)\s*(?:없으면|없이는?|없인)\s*(?:\S+\s)*?(?:못\s?살|못\s?버티|살 수 없|안 돼|시작이 안|힘들)"),
    ("likes", True, r"(?P<o>\S+(?:\s\S+)?)(?:에|한테)\s*(?:\S+\s)?(?:푹\s*|완전\s*)*(?:빠졌|빠져|꽂혔|꽂혀|중독|미쳐)"),
    ("likes", True, r"(?P<o>\S+?)\s*(?:덕후|매니아|마니아|중독자?|광팬|러버|팬)(?:야|이야|예요|이에요|입니다|임)"),
    ("likes", True, r"(?P<o>\S+(?:\s\S+)?)(?:을|를|만)\s*(?:매일\s|자주\s|늘\s|항상\s|즐겨\s|주로\s|맨날\s|달고\s)+(?:마셔|마시|마십"
                    r"|먹어|먹고|먹습|찾|살아)"),
    (
        "weak in",
        True,
        rf"(?P<o>\S+(?:\s\S+)?)(?:이|가|을|를|은|는|에)\s*{_DEGREE}(?:약해|약하|약합|약한 편|못해|못하(?!는)|못합|어려워|어렵"
        rf"|자신(?:이|감이)? 없|젬병|꽝|서툴|서투|부족|힘들|점수가|성적이 (?:안|낮|나)|헷갈)",
    ),
    ("good at", True, rf"(?P<o>\S+(?:\s\S+)?)(?:을|를|은|는)?\s*{_DEGREE}(?:잘해|잘하(?!는)|잘합)"),
    ("studies", True, r"(?P<o>.+?)(?:을|를)?\s*(?:공부하고|공부해|공부 중|배우고|배워|배우는 중)"),
    ("age", True, r"(?:올해\s*)?(?:만\s*)?(?P<o>\d{1,3})\s*살"),
    ("hobby", True, r"(?:시간\s?(?:나|날|이 나)\S*|주말\S*|여가\S*|쉬는 날\S*|틈\S*)\s+(?:주로\s|늘\s|항상\s|보통\s"
                    r"|마다\s)*(?P<o>\S+?)(?:을|를)?\s*"
                    r"(?:해$|해요|하러|합니다|하는 편|즐겨|즐깁|다녀|다닙)"),
    ("hobby", True, r"취미로\s*(?:는\s)?(?P<o>.+?)(?:을|를)?\s*(?:해$|해요|하고|합니다|시작|즐|배우|하는|삼|다니)"),
    ("hobby", True, r"(?P<o>\S+?)(?:을|를)\s*취미로\s*(?:해|하|시작|즐|배우|삼)"),
    ("goal", True, r"(?P<o>.+?)(?:을|를)\s*목표로\s*(?:하고|해$|해요|합니다|삼|잡|정|달리|준비|노력|세)"),
    ("goal", True, r"(?P<o>.+?고) 싶(?!은 (?:게|거|것|말) )"),
]
_MATCHERS = [(predicate, holds, re.compile(pattern)) for predicate, holds, pattern in _RULES]
_OWN = r"(?:(?:내|제|우리|나의|저의|저희)\s+)"
_MOVED = (r"(?:바뀌|바뀐|바꿨|바꾸|바꿔|변경|연기|미뤄|미루|밀렸|밀려|늦춰|당겨|앞당겨|앞당기|옮겨|옮겼|옮기|정했|정해|수정|갈아탔|전환"
          r"|교체|확정)")
_CHANGED = re.compile(rf"(?P<own>{_OWN})?(?P<p>\S+(?:\s\S+){{0,3}}?)(?:이|가|을|를|은|는)\s+(?P<o>.+?)(?:으로|로)\s*{_MOVED}")
_CALLED = re.compile(rf"(?P<own>{_OWN})(?P<p>\S+)(?:은|는|이|를|을)\s+(?P<o>.+?)(?:이라고|라고)\s*(?:불러|부르|부릅)")
_EQUALS = re.compile(rf"(?P<own>{_OWN})?(?P<p>\S+(?:\s\S+){{0,3}}?)(?:은|는|이|가)\s+(?P<o>.+?){_IS}$")
_PETS = "강아지|고양이|햄스터|토끼|앵무새|거북이"
_PET = [re.compile(rf"(?P<o>\S+?)(?:이?라는|이?란)\s+(?:이름의\s+)?(?P<p>{_PETS})(?:을|를|랑|와|과|하고)?\s+\S"),
        re.compile(rf"(?:{_OWN})?(?:집\s)?(?P<p>{_PETS})(?:을|를|이|가|는|은)?\s+(?:한 마리\s*)?(?:키우|기르|입양|있)\S*\s+(?:(?:그|걔"
                   rf"|얘)?\s?이름(?:이|은|을)?\s+)?"
                   rf"(?P<o>\S+?)(?:{_IS}$|(?:이라고|라고|으로|로)\s*(?:해|지|불|붙|부))")]
_KIND = "(?P<p>음식|색깔?|영화|노래|책|음료수?|가수|과목|운동|과일|계절|동물|디저트|간식|술|라면|드라마|게임|나라|도시)"
_SURELY = r"(?:역시\s|무조건\s|단연코?\s|뭐니\S*\s(?:해도\s)?|그냥\s|당연히\s)"
_BEST = [re.compile(rf"{_KIND}(?:\s?(?:중|가운데)에?서?[는선]?|로는|으로는|은|는|하면|라면)\s+{_SURELY}*(?P<o>\S+(?:\s\S+)?)(?:이|가|를"
                    rf"|을)\s*"
                    r"(?:제일|가장|젤|더|최고|짱|으뜸|최애|정답|진리)"),
         re.compile(rf"{_KIND}(?:\s?중에서?는?|\s?중에선|로는|으로는|은|는|하면)\s+{_SURELY}+(?P<o>\S+?(?:\s\S+?)?)(?:이지|지|이죠|죠|{_IS})요?$"),
         re.compile(rf"(?!(?:내|제|우리|누)가?\s)(?P<o>\S+(?:\s\S+)?)(?:을|를|이|가)\s*(?:제일|가장|젤)\s+(?:좋아하는|즐기는|잘 먹는"
                    rf"|좋은)\s+{_KIND}(?:으로|로)?")]
# the noun after its object: 등산이 취미예요; before it, with a stop between: 목표 바꿨어, 마라톤 완주
_AFTER = re.compile(rf"(?P<o>\S+(?:\s\S+){{0,4}}?)(?:이|가|은|는)\s+(?:내\s|제\s|저의\s|나의\s"
                    rf"|우리\s)?{_DEGREE}(?P<p>\S+?(?:\s\S+?)?){_IS}$")
_STOPPED = re.compile(rf"(?:{_OWN}|내가\s|제가\s|새로운\s|새\s)?(?:세운\s|정한\s|바뀐\s|바꾼\s)?(?P<p>[가-힣]+(?:\s?(?:번호"
                      rf"|주소))?)(?:을|를|이|가|은|는)?"
                      r"(?:\s(?:새로\s)?(?:바꿨|바뀌었|정했|변경했|변경됐|저장해|적어|알려|세웠|생겼|옮겼|정해졌)\S*(?:\s(?:둬|줄게|줘|드릴게요|주세요|놔|놓아))?)?"
                      r"\s*[,:]\s*(?:이제\s|바로\s)?(?P<o>.+)$")
_AIM = re.compile(rf"(?P<p>목표|꿈)(?:로|으로)\s*(?:하는|삼은|잡은|세운|정한|둔)\s*(?:건|것은|게|거는|바는)\s+(?P<o>.+?){_IS}$")
_HAS_EVENT = re.compile(
    rf"(?P<o>.*?(?:\d|오늘|내일|모레|요일)\S*?)에\s+(?:\S+\s)?(?P<p>{_EVENTS})(?:이|가|도)?\s*(?:있|예정|잡혔|잡혀|봐|봅)"
)

_CUT = re.compile(
    r"(?:[가-힣]*(?:하|살|먹|다니|이|있|없|었|았|했|였|되|됐|배우|쓰|가|오)고|지만|는데|은데|인데|면서|이며|해서|라서|니까)(?:,\s*|\s+)(?!있|싶|나서|계)"
    r"|,\s+(?=(?:나|저|내|제|우리|난|전)\S?\s|(?:시험|목표|직업|취미)\S?\s)"
)
_LEAD = re.compile(
    r"^(?:(?:참고로|참|아|그리고|근데|그런데|그래서|사실|이번에|지난\s?(?:주|달|해|번)에?|작년에|어제|오늘|얼마 전에|최근에|최근|요즘엔?"
    r"|요즘은|이제는?|지금은?|현재|드디어|벌써|일단|저번에|"
    r"앞으로|올해는?|네|응|예|안녕하세요|나는|난|나도|나|저는|전|저도|저|내가(?!\s(?:제일|가장|젤|최애))|제가(?!\s(?:제일|가장|젤|최애))|우리는|우린|우리가)[,!]?\s+)+"
)
_PERSON = re.compile(rf"^{_OWN}?(?:회사\s|학교\s|대학\s)?(?P<who>{_PEOPLE})(?P<name>\s?[가-힣]{{1,4}})?(?:은|는|이|가)\s+")
_TOPIC = re.compile(r"^(?P<who>[가-힣A-Za-z]{1,8})(?:은|는)\s+(?=\S)")
_ASKS = re.compile(r"(?:까요?|나요|ㄹ래|줘|주세요|줄래|주라|할래|는지|인가요?|던가|더라|뭐지|언제지|뭐였지|알아)\s*[.!~]*$")
_UNSURE = re.compile(r"려고|예정|면 좋겠|할까|살까|는다면|다면")
_FIRST = frozenset("나 저 내 제 우리 난 전 이제 지금 요즘 이번 여기 거기 그 이 저희".split())
_VAGUE = re.compile(
    r"^(?:이거|그거|저거|이것|그것|여기|거기|무엇|뭐|어디|누구|언제|문제|이 문제|그 문제|질문|숙제|그|너무|정말|잘|다|더|수|말|것|거"
    r"|.*(?:줄|수)|예전에?|전에|아까)$"
)
_SCHOOL = re.compile(r"(?:학교|대학|대학원|대)$")
_EDGE = re.compile(r"^(?:이제는?|이젠|지금은?|현재는?|요즘은?|요즘엔|요새는?|예전에는?|옛날에는?|원래는?"
                   r"|지난\s?\S+에|이번에|혼자|계속|작년부터|올해부터)\s+")
_SPAN = re.compile(r"\s*(?:\S*\d\S*\s*)*(?:부터|까지(?:만|는)?)\s*")


def read(sentence: str, start: int, said_at: datetime.datetime) -> Iterator[Found]:
    """The claims of one sentence that stands at `start`."""
    if whole := _whole(sentence, start):
        yield whole
        return
    at = 0
    for cut in [*_CUT.finditer(sentence), None]:
        end = cut.end() if cut else len(sentence)
        piece = sentence[at:end]
        kept = piece.strip(" ,.!~…")
        place = at + piece.find(kept) if kept else at
        if kept and not _ASKS.search(kept):
            yield from _clause(kept, start + place, start + place + len(kept), said_at)
        at = end


def _whole(sentence: str, start: int) -> Found | None:
    """What a sentence says that cannot be read clause by clause, of whoever speaks."""
    kept = sentence.strip(" ,.!~…")
    plain = _LEAD.sub("", kept + " ").strip()
    if not plain or _ASKS.search(kept) or _PERSON.match(plain) or _UNSURE.search(plain):
        return None
    for form in (*_PET, *_BEST, _AIM, _STOPPED):
        found = form.match(plain)
        if found is None:
            continue
        noun = f"{found['p']} 이름" if form in _PET else f"최애 {found['p']}" if form in _BEST else found["p"]
        predicate, topic, is_many = named(noun)
        value = _trimmed(re.sub(rf"{_IS}$", "", found["o"]))
        if (form in _PET or is_known(noun)) and value and fits(predicate, value) and not _VAGUE.match(value):
            begins = start + sentence.find(kept)
            return Found("", predicate, value, begins, begins + len(kept), True, is_many, topic)
    return None


def _clause(text: str, start: int, end: int, said_at: datetime.datetime) -> Iterator[Found]:
    plain, subject = _LEAD.sub("", text + " ").strip(), ""
    person = _PERSON.match(plain)
    if person:
        subject, plain = f"my {(person['who'] + (person['name'] or '')).strip()}", plain[person.end() :]
    times = _times(plain, said_at)
    plain = _LEAD.sub("", plain + " ").strip()
    if not subject and (after := _after(plain, start, end, times)):
        yield after
        return
    for pattern in (_CHANGED, _CALLED, _HAS_EVENT, _EQUALS):
        found = pattern.match(plain)
        if found and (made := _named(found, subject, start, end, times, said_at)):
            yield made
            return
    if not subject and (topic := _TOPIC.match(plain)) and topic["who"] not in _FIRST and not person:
        rest = plain[topic.end() :]
        if any(matcher.match(rest) for predicate, _, matcher in _MATCHERS if predicate not in ("weak in", "good at", "likes")):
            subject, plain = topic["who"], rest
    for predicate, holds, matcher in _MATCHERS:
        found = matcher.match(plain)
        if found:
            if predicate != "goal" and _UNSURE.search(plain):
                return
            yield from _told(subject, predicate, holds, found["o"], start, end, times)
            return


def _after(plain: str, start: int, end: int, times: tuple[datetime.datetime | None, datetime.datetime | None]) -> Found | None:
    """A claim that names its predicate last, where that is one that everybody has."""
    found = _AFTER.match(plain)
    if found is None or not is_known(found["p"]):
        return None
    predicate, topic, is_many = named(found["p"])
    value = re.sub(r"\s*과목$", "", _trimmed(re.sub(r"(?:하는\s)?(?:것|게|거)$", "", found["o"]).strip()))
    if not value or _VAGUE.match(value) or is_known(re.sub(_OWN, "", value)) or not fits(predicate, value):
        return None
    return Found("", predicate, value, start, end, True, is_many, topic, *times)


def _named(found: re.Match[str], subject: str, start: int, end: int, times: tuple[datetime.datetime | None, datetime.datetime | None],
           said_at: datetime.datetime) -> Found | None:
    """A claim whose predicate is a noun: one that is somebody's, or that everybody has."""
    noun, value = found["p"].strip(), _with_its_i(_trimmed(found["o"]), found.string[found.end("o") :])
    own = found.groupdict().get("own")
    noun = re.sub(r"^(?:내가|제가|나의|저의)\s+|\s+보는$", "", re.sub(r"\s+보는 날$", "", noun))
    is_event = re.fullmatch(_EVENTS, noun.split()[0]) is not None
    if not (own or subject or is_event or is_known(noun)) and day(value, said_at) and len(noun) <= 20:
        return Found(re.sub(r"\s*(?:날짜|일정|날)$", "", noun), "date", value, start, end, True, False, "plans", *times)
    if not (own or subject or is_event or is_known(noun)) or not value or _VAGUE.match(value) or len(noun) > 30:
        return None
    if re.match(r"(?:질문|말|생각|문제|답|요점|의견)$", noun):
        return None
    noun = f"{noun} 이름" if found.re is _CALLED else noun
    predicate, topic, is_many = named(re.sub(r"\s*(?:날짜|일정|날)$", "", noun) if is_event else noun)
    return Found(subject, predicate, value, start, end, True, is_many, "plans" if is_event else topic, *times)


def _told(subject: str, predicate: str, holds: bool, raw: str, start: int, end: int,
          times: tuple[datetime.datetime | None, datetime.datetime | None]) -> Iterator[Found]:
    value = _trimmed(raw)
    if predicate == "goal":
        value = value[:-1] + "기" if value.endswith("고") else value
    if predicate == "employer":
        if _SCHOOL.search(value) and holds:
            predicate = "school"
        if not holds and re.match(r"^(?:다니던\s*)?(?:회사|직장|일|알바)?$", value):
            value = ""
        elif not value:
            return
    elif not value:
        return
    if _VAGUE.match(value) or len(value) > 60:
        return
    if predicate in ("weak in", "good at"):
        value = re.sub(r"\s*과목$", "", value)
    known = BY_NAME[predicate]
    for each in re.split(r"\s*,\s*|(?<=[가-힣])(?:이랑|랑|와|과|하고)\s+", value) if known.is_many else [value]:
        yield Found(subject, predicate, each, start, end, holds, known.is_many, known.topic, *times)
        if predicate == "likes":
            yield Found(subject, "dislikes", each, start, end, not holds, True, known.topic, *times)


def _times(text: str, said_at: datetime.datetime) -> tuple[datetime.datetime | None, datetime.datetime | None]:
    """(from, until) where a clause names days with 부터 and 까지."""
    since, until = re.search(r"(\S*\d.*?)부터", text), re.search(r"(\S*\d.*?)까지", text)
    begins, ends = (day(found[1], said_at) if found else None for found in (since, until))
    return (begins if begins and begins > said_at else None), (ends + datetime.timedelta(days=1) if ends and ends >= said_at else None)


def _with_its_i(value: str, after: str) -> str:
    """떡볶이야 is 떡볶이 and 야, 수학이야 is 수학 and 이야: the dictionary knows which."""
    if not after.startswith("이") or not value:
        return value
    whole = value.split()[-1] + "이"
    return value + "이" if whole in tokenize([whole + "야"])[0].split() else value


def _trimmed(raw: str) -> str:
    value = _SPAN.sub("", raw) if re.search("부터|까지", raw) else raw
    value = value.strip(" ,.!~\"'‘’“”")
    while (shorter := _EDGE.sub("", value)) != value:
        value = shorter
    return value
