"""A section a chunk: every heading begins one, of whatever level. A section that is too long is cut as by size."""
import sys
from collections.abc import Sequence

from saem.transform.splitting import Span, Text, split


def depends() -> list[str]:
    return ["heading=1"]


def cut(texts: Sequence[Text], max_chars: int) -> list[list[Span]]:
    """Headings in a row stay with the text below them. A text without headings is cut as by size."""
    return [split(text, max_chars, headings, cut_level=sys.maxsize) for text, headings in texts]
