"""The main context of a conversation: what is believed, what was said last, and summaries of what had to be paged out."""

from collections.abc import Sequence

from saem.infer.memory.recalled import Context, Item, fitting
from saem.infer.memory.weights import Policy, tokens

KNOWN, EARLIER, SAID = "What is known:", "Earlier, in short:", "Conversation:"
HEADS = sum(tokens(head) + 2 for head in (KNOWN, EARLIER, SAID))


def built(known: Sequence[Item], messages: Sequence[Item], summaries: Sequence[Item], budget: int, policy: Policy) -> Context:
    """What fits: beliefs by heat or by the question, the newest messages in their order, and summaries of sessions that are not whole
    in it.

    known, summaries  the best first; a summary's `sources` name its session
    messages          the newest first
    """
    room = max(0, budget - HEADS)
    kept, used = fitting(known, int(room * policy.profile))
    if not kept:  # a small budget is for what is known, before all else
        kept, used = fitting(known, max(0, budget - tokens(KNOWN) - 1))
        room = max(room, used)
    is_overflow = sum(each.tokens for each in messages) > room - used
    for_summaries = int(room * policy.summaries) if is_overflow else 0
    said: list[Item] = []
    left = room - used - for_summaries
    for each in messages:
        if each.tokens > left:
            break
        said.append(each)
        left -= each.tokens
    out = messages[len(said) :]
    paged = {session_of(each.id) for each in out}
    short, used_by_summaries = fitting([each for each in summaries if session_of(each.sources[0].message) in paged], for_summaries + left)
    said.reverse()
    parts = [
        f"{head}\n" + "\n".join(each.text for each in items) for head, items in ((KNOWN, kept), (EARLIER, short), (SAID, said)) if items
    ]
    text = "\n\n".join(parts)
    return Context(text, tokens(text), kept, short, said, len(out))


def session_of(key: str) -> str:
    """The part of a message's key that names its user and session."""
    return key.rpartition("/")[0]
