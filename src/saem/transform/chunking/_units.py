"""Sentences as chunks are made of them: headings with the sentence below them, none longer than a chunk may be."""
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from saem.core.versions import versions
from saem.transform.splitting import MAX_CUT_LEVEL, Span, Text, chunks, sections, sentences, stripped
from saem.transform.words import korean_sentences

NO_HEADING = 99
# A Korean sentence may end without a full stop (연체료는 100원이다 반납은 ...); only then is Kiwi asked, at 40,000 characters a second
_KOREAN_END = re.compile(r"[가-힣](?:다|요|죠|까|니|오|음|함|됨)\s+[^\s.!?]")


class Unit(NamedTuple):
    """text[start:end], and the level of the heading that it begins with (NO_HEADING = none)."""
    start: int
    end: int
    level: int


def is_begun(unit: Unit) -> bool:
    """Whether a heading stands before it that no chunk reaches across."""
    return unit.level <= MAX_CUT_LEVEL


def depends_on() -> list[str]:
    return versions(["kiwipiepy", "kiwipiepy-model"])


def units(texts: Sequence[Text], max_chars: int) -> list[list[Unit]]:
    """The units of each text, in order, at most max_chars long."""
    found = _finer([text for text, _ in texts], [sentences(text) for text, _ in texts])
    return [_with_headings(text, spans, max_chars) for text, spans in zip(texts, found, strict=True)]


def _finer(texts: Sequence[str], found: list[list[Span]]) -> list[list[Span]]:
    """Kiwi looks at those that may be several, all of them at once."""
    asked = [(number, span) for number, spans in enumerate(found) for span in spans
             if _KOREAN_END.search(texts[number], span.start, span.end)]
    told = korean_sentences([texts[number][span.start:span.end] for number, span in asked])
    cuts = {each: [Span(each[1].start + start, each[1].start + end) for start, end in parts if start < end]
            for each, parts in zip(asked, told, strict=True)}
    return [[part for span in spans for part in _covering(span, cuts.get((number, span)))] for number, spans in enumerate(found)]


def _covering(span: Span, parts: list[Span] | None) -> list[Span]:
    """The parts, if they leave out nothing of the span but white space that Kiwi has seen between them."""
    if not parts or parts[0].start != span.start or parts[-1].end != span.end:
        return [span]
    return parts if all(a.end <= b.start for a, b in zip(parts, parts[1:], strict=False)) else [span]


def _with_headings(text: Text, found: Sequence[Span], max_chars: int) -> list[Unit]:
    heads = {start: (level, end) for start, _, level, end in sections(*text) if end > start}
    made: list[Unit] = []
    waiting: Unit | None = None                               # headings; the sentence below them is to come
    for span in _cut_at(sorted(heads), found):
        if span.start in heads:
            made += [waiting] if waiting else []
            waiting = Unit(span.start, heads[span.start][1], heads[span.start][0])
        if waiting is None:
            made.append(Unit(span.start, span.end, NO_HEADING))
        elif span.end > waiting.end:
            made.append(Unit(waiting.start, span.end, waiting.level))
            waiting = None
    made += [waiting] if waiting else []
    return [part for unit in made for part in _bounded(text.text, unit, max_chars)]


def _cut_at(starts: Sequence[int], found: Sequence[Span]) -> Iterator[Span]:
    """A sentence that runs on into a heading ends before it."""
    at = 0
    for start, end in found:
        while at < len(starts) and starts[at] < end:
            if start < starts[at]:
                yield Span(start, starts[at])
                start = starts[at]
            at += 1
        yield Span(start, end)


def _bounded(text: str, unit: Unit, max_chars: int) -> list[Unit]:
    spans = chunks(text, Span(unit.start, unit.end), max_chars) if unit.end - unit.start > max_chars else \
        [s for s in [stripped(text, unit.start, unit.end)] if s]
    return [Unit(*span, NO_HEADING if number else unit.level) for number, span in enumerate(spans)]
