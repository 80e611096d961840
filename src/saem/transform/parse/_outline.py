"""Headings of text without markup: underlined lines, and the numbered parts of English and Korean rules."""
import re

from saem.transform.parse._parsed import Heading

VERSION = "1"
MAX_CHARS = 80                        # a longer line is a sentence
LEVELS = {"편": 1, "장": 2, "절": 3, "관": 3, "조": 4, "part": 1, "chapter": 1, "appendix": 1, "section": 2, "article": 3}

# Each pattern begins with the newline before the line: a literal first character makes the search ten times faster than ^
_UNDERLINE = re.compile(r"\n([=\-~^\"'`#*+])\1{2,}[ \t]*(?=\n|$)")
# 제3장 대출 / 제3조의2(대출 기간) ...: where an article's text follows on the line, the heading is its number and name
_KOREAN = re.compile(r"\n[ \t]*(제\s?\d+\s?(편|장|절|관|조)(?:의\s?\d+)?"
                     r"(?:\s?[(\[【][^)\]】\n]{1,40}[)\]】]|(?=\s|$)[^\n]{0,60}))")
_ENGLISH = re.compile(r"\n[ \t]*((part|chapter|section|article|appendix) (?:\d+|[IVXLC]+|[A-Z])\b[^\n]{0,60})(?=\n|$)",
                      re.IGNORECASE)
_SENTENCE = re.compile(r"[.!?。…,;]\s*$|\.{3,}|(?:\. ){3,}|\D\s\d+\s*$")      # or a line of a table of contents


def outline(text: str) -> list[Heading]:
    """Headings in order of appearance; underlined ones get their level from the first use of each underline.

    >>> [(h.level, h.text) for h in outline("Loans\\n=====\\n\\n제3조(대출 기간) 14일로 한다.")]
    [(1, 'Loans'), (4, '제3조(대출 기간)')]
    """
    lines = "\n" + text                                       # so that offsets in `lines` are one larger than in `text`
    found: dict[int, Heading] = {}
    for numbered in [*(_KOREAN.finditer(lines) if "제" in text else ()), *_ENGLISH.finditer(lines)]:
        name = numbered[1].rstrip()
        if name.endswith((")", "]", "】")) or not _SENTENCE.search(name):
            found[numbered.start(1) - 1] = Heading(numbered.start(1) - 1, LEVELS[numbered[2].lower()], name)
    underlines: dict[str, int] = {}
    for underline in _UNDERLINE.finditer(lines):
        line = lines[lines.rfind("\n", 0, underline.start()) + 1:underline.start()]
        name = line.strip()
        if 1 < len(name) <= MAX_CHARS and len(underline[0]) > min(len(name), 4) and name[-1] not in "=-~^*+|":
            start = underline.start() - len(line.lstrip()) - 1
            found[start] = Heading(start, underlines.setdefault(underline[1], min(len(underlines) + 1, 6)), name)
    return [found[start] for start in sorted(found)]
