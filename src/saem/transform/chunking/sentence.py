"""So many sentences a chunk, found by rules for English and Korean, and by Kiwi where a Korean text has no full stops."""
from collections.abc import Sequence

from saem.transform.chunking._units import depends_on, is_begun, units
from saem.transform.splitting import Span, Text


def depends(sentences: int = 5) -> list[str]:
    return ["sentence=1", *depends_on()]


def cut(texts: Sequence[Text], max_chars: int, sentences: int = 5) -> list[list[Span]]:
    """At most `sentences` sentences, fewer where max_chars or a heading of level 1 or 2 ends them."""
    made: list[list[Span]] = []
    for found in units(texts, max_chars):
        spans: list[Span] = []
        count = 0
        for unit in found:
            if spans and count < sentences and not is_begun(unit) and unit.end - spans[-1].start <= max_chars:
                spans[-1] = Span(spans[-1].start, unit.end)
                count += 1
            else:
                spans.append(Span(unit.start, unit.end))
                count = 1
        made.append(spans)
    return made
