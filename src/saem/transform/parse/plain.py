"""Plain text, reStructuredText and logs: the text as it stands."""
from saem.transform.parse._decode import VERSION as DECODE_VERSION
from saem.transform.parse._decode import decode
from saem.transform.parse._outline import VERSION as OUTLINE_VERSION
from saem.transform.parse._outline import outline
from saem.transform.parse._parsed import Parsed

SUFFIXES: tuple[str, ...] = (".txt", ".text", ".rst", ".log", "")
VERSION = f"1+{DECODE_VERSION}.{OUTLINE_VERSION}"
LIBRARIES: tuple[str, ...] = ()
ISOLATED = False                      # bytes to text and regular expressions without nested repeats: time grows with the size alone
MAX_TITLE_CHARS = 80


def parse(content: bytes, path: str) -> Parsed:
    """The title is the first heading, else a short first line that stands alone above an empty one.

    Raises: E401 (no text), E402 (not text).

    >>> parse("이용 안내\\n\\n대출 기간은 14일이다.".encode("cp949"), "a.txt").title
    '이용 안내'
    """
    text = decode(content, path).strip()
    headings = outline(text)
    return Parsed(text, _title(text) or (headings[0].text if headings else ""), [], headings)


def _title(text: str) -> str:
    first, _, rest = text.partition("\n")
    alone = not rest.partition("\n")[0].strip(" =-~#*")
    return first.strip() if rest and alone and len(first) <= MAX_TITLE_CHARS and not first.endswith((".", "다", ",")) else ""
