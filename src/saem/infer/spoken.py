"""What a model writes, without what it does not say to the reader: its thoughts, numbers of passages, Markdown, lead-ins."""
import re
from collections.abc import Iterable, Iterator

_THINKS = ("<think>", "<thinking>", "<thought>", "<reasoning>", "[THINK]", "◁think▷", "<|channel|>analysis")
_SAYS = ("</think>", "</thinking>", "</thought>", "</reasoning>", "[/THINK]", "◁/think▷", "<|channel|>final<|message|>")
_SAYS_NOW = re.compile("|".join(map(re.escape, _SAYS)))
_MARK_BEGINS = re.compile(r"[<\[◁][^\s]{0,30}$")           # the rest of a mark may be in the next piece
_SIGNAL = re.compile(r"<\|\w+\|>")                         # of a chat's form: a server that knows the model takes them out itself

_TIDY = re.compile(r"\s*[\[(](?:passages?\s*)?\d+(?:\s*[,;]\s*\d+)*[\])]|\*\*|__|`|^\s*#+\s+", re.IGNORECASE)
_LEAD_IN = re.compile(
    r"^(?:according to|based on|as (?:stated|mentioned) in)\s+(?:the\s+)?(?:passages?|documents?|context|text|handbook|information)"
    r"(?:\s*\d+)?(?:\s+provided)?\s*,?\s*|^(?:passage|document|지문|문서|자료)\s*\d*\s*(?:says|states)?(?:에 따르면|에 의하면)\s*,?\s*|"
    r"^(?:in (?:general|short|summary|other words)|to (?:sum up|summari[sz]e)|overall|generally|note that|please note that)\s*,?\s+|"
    r"^(?:안내하자면|참고로|정리하면|요약하면|말하자면|일반적으로|결론적으로)\s*,?\s+|"
    r"^(?:sure|certainly|yes|no|네|예|아니요)[,!.]\s*|^(?:answer|답변?)\s*:\s*", re.IGNORECASE)
_ITEM = re.compile(r"^\s*(?:[-*•·]|\d+[.)])\s+")


def aloud(pieces: Iterable[str]) -> Iterator[str | None]:
    """What a model says, without what it thinks before. None: all that came before was a thought, whose beginning was not marked.

    >>> list(aloud(["<thi", "nk>Hm. 100?</th", "ink>100 won."])), list(aloud(["100 ", "won."]))
    (['100 won.'], ['100 ', 'won.'])
    >>> list(aloud(["Hm. 100? ", "</think>", "100 won."]))
    ['Hm. 100? ', None, '100 won.']
    """
    held, is_thinking, has_begun = "", False, False
    for piece in pieces:
        held += piece
        if not has_begun and (start := held.lstrip()):
            is_thinking = start.startswith(_THINKS)
            has_begun = is_thinking or not any(mark.startswith(start) for mark in _THINKS)
        *thoughts, said = _SAYS_NOW.split(held)
        if thoughts:
            if not is_thinking:
                yield None
            held, is_thinking, has_begun = said.lstrip(), False, True
        if has_begun and not is_thinking:
            begun = _MARK_BEGINS.search(held)
            said, held = (held[:begun.start()], held[begun.start():]) if begun else (held, "")
            if said := _SIGNAL.sub("", said):
                yield said
    if held and not is_thinking and (said := _SIGNAL.sub("", held)):
        yield said


def tidy(sentence: str) -> str:
    """Without marks of passages and of Markdown, and without what leads in: 'According to passage 2, ...'.

    >>> tidy("- **According to the passages,** the fee is 100 won [2].")
    'the fee is 100 won.'
    """
    text = _TIDY.sub("", _ITEM.sub("", sentence.strip()))
    while (shorter := _LEAD_IN.sub("", text.strip(), count=1)) != text.strip() and shorter:
        text = shorter
    return text.strip()
