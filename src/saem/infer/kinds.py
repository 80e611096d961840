"""What a question asks for - a price, a time, a place - and whether a sentence holds one. Korean and English; a table, no model."""
import re
from dataclasses import dataclass

from saem.core.counting import CARDINALS, KOREAN

UNFIT, UNTOLD, FIT = 0.0, 0.5, 1.0

_SPAN = r"분|시간|일|주일?|개월|달|년|해|학기|minutes?|hours?|days?|weeks?|months?|years?|semesters?"
_NUMBER = rf"(?:\d|\b(?:{'|'.join(CARDINALS)})\b|(?:{'|'.join(KOREAN)})\s?(?=[가-힣]))"
_MONTH = r"\b(?:january|february|march|april|may|june|july|august|september|october|november|december)\b"
_WEEKDAY = r"(?:mon|tues|wednes|thurs|fri|satur|sun)days?|weekdays?|weekends?|요일|평일|주말|휴일"
_CLOCK = r"\d{1,2}\s?:\s?\d\d|\d\s*시(?!간)|\b(?:midnight|noon)\b|자정|정오|\d\s*[ap]\.?m\b|o.clock"
_PERIOD = rf"{_NUMBER}[\w\s]{{0,9}}?(?:{_SPAN})|하루|이틀|사흘|일주일|한 달|매일|매주|매달|\b(?:daily|weekly|monthly|every)\b"
_MONEY = (r"\d\s*(?:천|만|억)?\s?원|\d\s?won\b|[$€£¥₩]\s?\d|\d\s?(?:dollars?|euros?|달러|유로)|"
          r"\d\s?(?:%|percent|퍼센트)|무료|전액|\bfree\b|nothing|no (?:fee|charge)")
_WHEN = r"\bwhen(?:ever)?['’]?s?(?= (?:is|are|was|were|do|does|did|can|could|may|should|must|will|would|the|my)\b|\W*$)"

# kind, how a question asks for it, what a sentence that answers holds; the first that is asked for counts
_TABLE = (
    ("share", r"몇\s?(?:%|퍼센트|프로)|금리|이자율|비율|percent|interest rate", r"\d\s?(?:%|퍼센트|프로|percent)"),
    ("age", r"\bhow old\b|나이|몇 살|몇 년 됐|연령",
     r"\d\s?(?:살|세(?![대트기])|years?\b)|\b(?:under|over|aged?|least|than)\s\d|만\s?\d|\b(?:19|20)\d\d\b|(?:19|20)\d\d년"),
    ("size", r"how (?:high|tall|wide|deep|big|large|heavy|far(?! (?:ahead|in advance)))|높이|길이|거리|무게|넓이|면적",
     r"\d\s?(?:[ck]?m\b|kg\b|g\b|미터|킬로|센티|그램|평\b|제곱|met(?:re|er)|kilo|centi|inch|feet|foot|miles?\b)"),
    ("contact", r"전화\s?번호|휴대\s?전화|연락처|이메일 주소|phone number|e-?mail address|extension", r"\d{3,}|\S@\S"),
    ("money", r"얼마나 (?:돌려|내[나야는]|들|받)|얼마(?!\s?(?:나|동안|만에|마다|간))|"
              r"비용|요금|수수료|가격|값|시급|[식주회]비(?=[가는은 ]|$)|"
              r"how much (?:is|are|do|does|of|will|would)|\bcosts?\b|\bprices?\b|\bfees?\b|\bfine\b|\bdeposit\b|\bpay\b|\bearn\b", _MONEY),
    ("period", rf"며칠|얼마\s?(?:나|동안|만에|마다|간)|몇\s?(?:{_SPAN})(?!에|까지 ?들)|기간|"
               rf"how (?:long|often|soon|quickly|far (?:ahead|in advance)|many (?:{_SPAN}))", _PERIOD),
    ("time", rf"몇\s?시(?!간)|시간\s?(?:은|이|을|좀|알려)|막차|첫차|what time|opening hours|{_WHEN}.*\b(?:open|close|leave)s?\b", _CLOCK),
    ("date", rf"언제|며칟날|무슨 요일|기한|마감|{_WHEN}|(?:which|what) da(?:y|te)s?\b",
     rf"\d\s*[월일]|{_WEEKDAY}|\d{{4}}|{_CLOCK}|{_MONTH}|{_PERIOD}|\b(?:within|before|after|until|from)\b|이내|안에|전까지"),
    ("place", r"어디|어느\s?(?:방|곳|건물|층|교실)|\bwhere\b|(?:which|what) (?:room|building|floor|office|container)",
     r"\b[A-Z]-?\d{2,}|\d\s?[호층동]|[앞옆뒤](?:에|의|입|쪽|\b)|[실관장소문]에|에 있|[통함]에|"
     r"\b(?:room|building|floor|desk|office|box|hall|street|behind|next to|in front)\b"),
    ("person", r"누구|누가|이름이|\bwho\b|\bwhose\b|name of",
     r"[가-힣]{2,4}\s?(?:선생님|교수|교사|팀장|부장|과장|대표|씨|님)|\b(?:Mr|Ms|Mrs|Dr|Prof)\b|[a-z,] [A-Z][a-z]+ [A-Z][a-z]+|\bby [A-Z]"),
    ("number", r"몇|how (?:many|much)|최대|최소|maximum|minimum|at most|what (?:mark|gpa|score)|number of", _NUMBER),
)
_KINDS = tuple((name, re.compile(asked, re.IGNORECASE), re.compile(held, 0 if name in ("person", "place") else re.IGNORECASE))
               for name, asked, held in _TABLE)
_COUNTED = re.compile(r"몇\s?([가-힣])")
_ALIKE = {"번": "[번회]", "회": "[번회]", "명": "[명인]", "분": "[분명]"}      # counters for the same things


@dataclass(frozen=True)
class Wanted:
    """The kind that a question asks for, '' for none of them, and what a sentence must hold."""
    kind: str = ""
    held: re.Pattern[str] | None = None
    counted: re.Pattern[str] | None = None     # the number with the question's own counter: 몇 권 -> 5권; for Korean sentences

    def fit(self, sentence: str) -> float:
        """FIT, UNFIT, or UNTOLD where nothing certain is asked for.

        >>> wanted("책은 몇 권까지 빌리나요?").fit("책은 5권까지 빌립니다."), wanted("How much is it?").fit("It is red.")
        (1.0, 0.0)
        """
        if self.held is None:
            return UNTOLD
        pattern = self.counted if self.counted and re.search("[가-힣]", sentence) else self.held
        return FIT if pattern.search(sentence) else UNFIT


def wanted(question: str) -> Wanted:
    """What a question asks for."""
    for kind, asked, held in _KINDS:
        if asked.search(question):
            counter = _COUNTED.search(question) if kind == "number" else None
            return Wanted(kind, held, re.compile(rf"{_NUMBER}[\d,.]*\s?{_ALIKE.get(counter[1], counter[1])}") if counter else None)
    return Wanted()
