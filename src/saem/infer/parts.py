"""What a question asks for, part by part, so that each is searched, answered, or named as unanswered by itself. Rules, no model."""
import re

from saem.core import registry

MAX_PARTS = 4
_WH = (r"(?:what|when|where|which|who|whose|how|why|is|are|was|were|do|does|did|can|could|may|must|should|will|would)\b")
_ENGLISH = re.compile(rf"\?\s+(?=\S)|[,;]?\s+(?:and|or|also)\s+(?=(?:also\s+)?{_WH})|;\s+|,\s+(?={_WH})", re.IGNORECASE)
_ASKS = r"(?:얼마|몇|언제|어디|누구|누가|무엇|뭐|뭔|어떻|어떤|왜|무슨|가능|되나|인가|나요|까)"
_KOREAN = re.compile(rf"[?？]\s+(?=\S)|(?:이며|이고|고|며)[,]?\s+(?=\S.*{_ASKS})|,?\s*(?:그리고|또한|또)\s+(?=\S)|;\s+")
_TELL = re.compile(r"^(?P<things>.+?)(?:을|를|에 대해(?:서)?|은|는)?\s*"
                   r"(?P<verb>(?:모두\s*)?(?:알려|설명|말해|가르쳐|정리|요약)\S*(?:\s*\S{1,6})?[.?]?)$")
_JOINED = re.compile(r"(?<=[가-힣])(?:와|과|하고|이랑|랑)\s+|\s+및\s+|,\s+")
_CHAT = re.compile(r"^\W*(?:hi|hello|hey|thanks?(?: you)?(?: very much)?|thank you|bye|good (?:morning|evening|night)|ok(?:ay)?|"
                   r"안녕(?:하세요)?|고마워요?|감사합니다|수고하세요|잘 있어요?|네|응|예)\W*$", re.IGNORECASE)


def parts(question: str) -> list[str]:
    """The parts of a question; a simple one is its own only part.

    >>> parts("What is the late fee and where is the library?")
    ['What is the late fee', 'where is the library?']
    >>> parts("연체료와 분실 시 처리를 알려 주세요"), parts("책은 몇 권까지 빌리나요?")
    (['연체료 알려 주세요', '분실 시 처리 알려 주세요'], ['책은 몇 권까지 빌리나요?'])
    """
    text = question.strip()
    told = _TELL.match(text)
    if told and len(things := _JOINED.split(told["things"])) > 1:
        found = [f"{thing.strip()} {told['verb']}" for thing in things if thing.strip()]
    else:
        found = [part.strip() for part in (_KOREAN if re.search("[가-힣]", text) else _ENGLISH).split(text) if part and part.strip()]
    words = [bool(each) for each in registry.tokenize(found)]
    return found if 1 < len(found) <= MAX_PARTS and all(words) else [text]


def needs_documents(question: str) -> bool:
    """Whether there is anything to look up: a greeting asks for nothing.

    >>> needs_documents("안녕하세요!"), needs_documents("How much is the fine?")
    (False, True)
    """
    return not _CHAT.match(question) and bool(registry.tokenize([question])[0] or re.search(r"\w", question))
