"""Headings of text without markup: underlined lines, and the numbered parts of English and Korean rules."""
import re
from itertools import pairwise

from saem.transform.parse.parsed import Heading

MAX_CHARS = 80                        # a longer line is a sentence
_UNDERLINE = re.compile(r"([=\-~^\"'`#*+])\1{2,}\s*$")
# 제3장 대출 / 제3조의2(대출 기간) ...: of an article whose text follows on the line, the heading is its number and name
_KOREAN = re.compile(r"제\s?\d+\s?(?P<part>편|장|절|관|조)(?:의\s?\d+)?(?:\s?[(\[【][^)\]】\n]{1,40}[)\]】]|(?=\s|$)[^\n]{0,60})")
_ENGLISH = re.compile(r"(?P<part>part|chapter|section|article|appendix)\s+(?:\d+|[IVXLC]+|[A-Z])\b[^\n]{0,60}$", re.IGNORECASE)
LEVELS = {"편": 1, "장": 2, "절": 3, "관": 3, "조": 4, "part": 1, "chapter": 1, "appendix": 1, "section": 2, "article": 3}
_SENTENCE_END = re.compile(r"[.!?。…,;:]\s*$|\.{3,}|(?:\. ){3,}|\b\d+\s*$")      # also table-of-contents lines


def outline(text: str) -> list[Heading]:
    """Headings in order of appearance; underlined ones get their level from the first use of each underline.

    >>> [(h.level, h.text) for h in outline("Loans\\n=====\\n\\n제3조(대출 기간) 14일로 한다.")]
    [(1, 'Loans'), (4, '제3조(대출 기간)')]
    """
    found: list[Heading] = []
    levels: dict[str, int] = {}
    start = 0
    for line, below in pairwise([*text.split("\n"), ""]):
        stripped = line.strip()
        if stripped and len(stripped) <= MAX_CHARS or stripped.startswith("제"):
            at = start + len(line) - len(line.lstrip())
            mark = _UNDERLINE.match(below)
            if mark and len(below.strip()) >= min(len(stripped), 4) and not _UNDERLINE.match(stripped):
                level = levels.setdefault(mark[1], min(len(levels) + 1, 6))
                found.append(Heading(at, level, stripped))
            elif heading := _numbered(stripped):
                found.append(Heading(at, LEVELS[heading["part"].lower()], heading[0].rstrip()))
        start += len(line) + 1
    return found


def _numbered(line: str) -> re.Match[str] | None:
    heading = _KOREAN.match(line) or _ENGLISH.match(line)
    if heading is None or heading[0].endswith((")", "]", "】")):
        return heading
    name = heading[0].partition(" ")[2]
    return None if _SENTENCE_END.search(name) and not name.isalnum() else heading
