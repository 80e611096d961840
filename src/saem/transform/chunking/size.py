"""As much as fits: cut at headings, paragraphs, lines, sentences, in this order of preference. The fastest."""
from collections.abc import Sequence

from saem.transform.splitting import Span, Text, split


def depends() -> list[str]:
    return []


def cut(texts: Sequence[Text], max_chars: int) -> list[list[Span]]:
    """Headings of level 1 and 2 begin a chunk; small sections below them share one."""
    return [split(text, max_chars, headings) for text, headings in texts]
