"""A memory of many messages: is the current fact found, is a superseded one ever shown as current, does anything leak, how long does
it take.

    python -m benchmarks.memory [--messages 10000] [--users 20] [--sessions 50] [--probes 100000] [--embedder none]
        [--sets one,two] [--parts answers,leaks] [--misses]

Beside it, over the same messages and questions: plain BM25 over a user's messages, and the whole conversation as context.
The conversation is generated (`benchmarks.talk`) from sets of sentences, which are told apart: some were seen by who wrote the rules.
"""

import argparse
import dataclasses
import datetime
import random
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable

import numpy as np

from benchmarks.talk import HELD_OUT, SETS, START, Fact, Talk, talk
from saem.engine.project import Project
from saem.infer.memory import Memory, Recall, memory
from saem.infer.memory.postings import Postings, coverage, rarities
from saem.infer.memory.weights import tokens
from saem.transform.words import tokenize

END = START + datetime.timedelta(days=200)
FORGOTTEN = 10


@dataclasses.dataclass
class Score:
    """Of some facts: found among the five best, shown as current though superseded, old values shown without a mark, and current ones
    that are shown as unsure, or are marked as if they might no longer hold."""
    facts: int = 0
    found: int = 0
    as_current: int = 0
    unmarked: int = 0
    unsure: int = 0

    def line(self, name: str) -> str:
        return (f"| {name} | {self.facts} | {self.found / max(1, self.facts):.3f} | {self.as_current} of {self.facts} | "
                f"{self.unmarked} of {self.facts} | {self.unsure} of {self.facts} |")


def main() -> None:
    """Fill, ask, probe, forget."""
    asked = argparse.ArgumentParser(description=__doc__)
    for name, usual in (("messages", 10_000), ("users", 20), ("sessions", 50), ("probes", 100_000), ("seed", 1)):
        asked.add_argument(f"--{name}", type=int, default=usual)
    asked.add_argument("--embedder", default="usual", help="usual, none, or any that embed() takes")
    asked.add_argument("--parts", default="answers,beside,times,contradictions,leaks,forgetting")
    asked.add_argument("--sets", default=",".join(SETS), help="of sentences: each fact is said in those of one of them")
    asked.add_argument("--misses", action="store_true", help="print the questions that missed, but for those of the set that is held out")
    wanted = asked.parse_args()
    spoken = talk(wanted.messages, wanted.sessions, wanted.users, wanted.seed, wanted.sets.split(","))
    home = tempfile.mkdtemp(prefix="saem-memory-")
    try:
        tokenize(["준비"])  # Kiwi loads once a process, in 1 to 3 s
        with Project(home) as db:
            notes = memory(db, "tutor", embedder=None if wanted.embedder == "none" else wanted.embedder)
            keys = fill(notes, spoken)
            parts: dict[str, Callable[[], None]] = {
                "answers": lambda: answers(notes, spoken, wanted.misses), "beside": lambda: beside(spoken),
                "times": lambda: times(notes, spoken), "contradictions": lambda: contradictions(notes, spoken),
                "leaks": lambda: leaks(notes, spoken, wanted.probes), "forgetting": lambda: forgetting(notes, spoken, keys)}
            for name in wanted.parts.split(","):
                parts[name]()
    finally:
        shutil.rmtree(home)


def fill(notes: Memory, spoken: Talk) -> dict[tuple[str, str, datetime.datetime], str]:
    """Remember all, and tell how long that took. {(user, text, at): key}"""
    taken, keys = Times(), {}
    for m in spoken.messages:
        with taken:
            keys[m.user, m.text, m.at] = notes.remember(m.text, session=m.session, user=m.user, role=m.role, at=m.at)
    print(f"{len(spoken.messages):,} messages of {len({m.user for m in spoken.messages})} users, {len(spoken.facts)} facts")
    taken.told("remember, with runs in a thread every 256 messages")
    last = Times()
    with last:
        notes.keep_current()
    last.told("the last run, which waits for the thread")
    print(", ".join(f"{kind} {notes.db.table(f'tutor_{kind}').count():,}" for kind in ("claims", "beliefs", "reflections", "episodes")))
    return keys


class Times:
    """What several times of one work took: on the clock, and of the processor in this thread."""

    def __init__(self) -> None:
        self.wall_ms: list[float] = []
        self.cpu_ms: list[float] = []

    def __enter__(self) -> None:
        self._began = time.perf_counter(), time.thread_time()

    def __exit__(self, *_: object) -> None:
        self.wall_ms.append(1e3 * (time.perf_counter() - self._began[0]))
        self.cpu_ms.append(1e3 * (time.thread_time() - self._began[1]))

    def told(self, what: str) -> None:
        print(f"{what}: " + "; ".join(
            f"{name} p50 {statistics.median(ms):.1f} ms, p95 {sorted(ms)[int(.95 * len(ms))]:.1f}, most {max(ms):.0f}"
            for name, ms in (("clock", self.wall_ms), ("CPU", self.cpu_ms))), flush=True)


def answers(notes: Memory, spoken: Talk, shows_misses: bool) -> None:
    """recall@5 of the current fact; what was superseded must not be shown as current."""
    print("\n| facts | n | recall@5 | superseded shown as current | old value shown without a mark | "
          "current value doubted |\n|---|---|---|---|---|---|")
    scores = {written: Score() for written in sorted({fact.written for fact in spoken.facts}, key=list(SETS).index)}
    used = []
    for fact in spoken.facts:
        score, before = scores[fact.written], dataclasses.replace(scores[fact.written])
        found = notes.recall(fact.question, user=fact.user, k=5, at=END)
        used.append(found.tokens)
        is_found = judge(score, fact, found)
        what = [] if is_found else ["missed"]
        what += [each.name for each in dataclasses.fields(Score)[2:] if getattr(score, each.name) > getattr(before, each.name)]
        if shows_misses and fact.written != HELD_OUT and what:
            print(f"  {', '.join(what)}: {fact.question} -> {fact.said}\n    " + found.text.replace("\n", "\n    "))
    for written, score in scores.items():
        print(score.line(f"{written}: {SETS[written]}"))
    print(f"tokens of a recall: {statistics.mean(used):.0f} in the mean")


def judge(score: Score, fact: Fact, found: Recall) -> bool:
    """Of a fact with rivals both must be found: neither is more current than the other. An old value counts where a belief has it, or
    where it stands in a message that said it."""
    texts = [item.text + " " + " ".join(source.quote for source in item.sources) for item in found.items]
    is_found = all(any(value in text for text in texts) for value in [fact.values[-1], *fact.rivals])
    old = [value for value in fact.values[:-1] if value not in (fact.values[-1], *fact.rivals)]
    of_old = {" ".join(said.split()) for said, value in zip(fact.said, fact.values, strict=True) if value in old}
    own = [item for item in found.items if item.kind == "belief" and " 's " not in item.text and f"{fact.user} · " in item.text]
    older = [item for item in found.items if item.kind == "message" and any(item.text.endswith(f": {said}") for said in of_old)]
    score.facts += 1
    score.found += is_found
    score.as_current += any(item.is_current and f": {value}" in item.text for item in own for value in old) or any(
        item.is_current for item in older)
    score.unmarked += any(item.is_current is None and not item.newer for item in older)
    stating = [item for item in own if f": {fact.values[-1]}" in item.text.partition(" (unsure")[0]]
    stating += [item for item in found.items if item.kind == "message" and item.text.endswith(f": {' '.join(fact.said[-1].split())}")]
    score.unsure += bool(stating) and all(item.newer or (item.kind == "belief" and not item.is_current) for item in stating)
    return is_found


def beside(spoken: Talk) -> None:
    """The same questions by plain means."""
    scores, first_is_old = {fact.written: Score() for fact in spoken.facts}, 0
    of_user: dict[str, list[str]] = {}
    for m in spoken.messages:
        of_user.setdefault(m.user, []).append(m.text)
    indexes = {user: Postings([words.split() for words in tokenize(texts)]) for user, texts in of_user.items()}
    for fact in spoken.facts:
        part, score = indexes[fact.user], scores[fact.written]
        fit = coverage(rarities(tokenize([fact.question])[0].split(), [part]), part, float(part.lengths.mean()))
        best = [of_user[fact.user][i] for i in np.argsort(-fit, kind="stable")[:5] if fit[i] > 0]
        score.facts += 1
        score.found += all(any(value in text for text in best) for value in [fact.values[-1], *fact.rivals])
        first_is_old += any(any(value in text for value in fact.values[:-1]) and fact.values[-1] not in text for text in best[:1])
    for name, score in scores.items():
        print(f"plain BM25 over the user's messages, {name}: recall@5 {score.found / max(1, score.facts):.3f}")
    print(f"  its first hit says a superseded value in {first_is_old} of {len(spoken.facts)}, and nothing tells so")
    whole = statistics.mean(sum(map(tokens, texts)) for texts in of_user.values())
    print(f"full context: every fact is in it, and every superseded one; {whole:,.0f} tokens a question in the mean")


def times(notes: Memory, spoken: Talk, rounds: int = 3) -> None:
    """Recall: warm, after a message, and as a process begins."""
    for user in {fact.user for fact in spoken.facts}:      # a reach is read once a publish
        notes.recall("warm", user=user)
    warm, first, fresh, kept = Times(), Times(), Times(), 0
    for fact in spoken.facts * rounds:
        with warm:
            notes.recall(fact.question, user=fact.user, k=5, at=END)
    warm.told("\nrecall")
    embedding = Times()
    if near := notes._searched(spoken.facts[0].user, None).texts.near:
        for fact in spoken.facts:
            with embedding:
                if (asked := near.asked(fact.question)) is not None:
                    near.to(asked)
        embedding.told("  of which embedding the question, and comparing")
    for number, fact in enumerate(spoken.facts[:120]):
        with first:
            notes.remember(f"By the way, my locker code is {1000 + number}.", session="late", user=fact.user, at=END)
        with fresh:
            found = notes.recall("What is my locker code?", user=fact.user, k=5)
        kept += any(str(1000 + number) in item.text and item.kind == "belief" for item in found.items)
    first.told("remember, one at a time")
    fresh.told(f"recall right after a remember, which it found and believed {kept} times of {len(fresh.wall_ms)}")
    cold, context = Times(), Times()
    with Project(notes.db.state) as again:
        other = memory(again, "tutor")
        with cold:
            other.recall("Where do I live?", user=spoken.facts[0].user)
    cold.told("first recall of a newly opened project (Kiwi is loaded)")
    for _ in range(5):
        with context:
            notes.context(user=spoken.facts[0].user, agent="tutor", budget_tokens=2000)
    context.told("context of 2,000 tokens")
    notes.keep_current()


def contradictions(notes: Memory, spoken: Talk) -> None:
    planted = [fact for fact in spoken.facts if fact.rivals]
    found = notes.conflicts(at=END)
    hit = sum(
        any({fact.values[-1], *fact.rivals} <= {b.object for b in each.beliefs.values()}
            and any(b.user == fact.user for b in each.beliefs.values()) for each in found)
        for fact in planted
    )
    print(f"contradictions of equal standing: {hit} of {len(planted)} found, {len(found) - hit} others named")


def leaks(notes: Memory, spoken: Talk, probes: int) -> None:
    """Everything that each asker reaches is theirs; then others' messages and facts, word for word, as questions of theirs.

    A recall gives nothing but what its reach holds, so the reach is looked at whole, and its index is asked directly: a tenth of the time.
    Each pair of an asker and a foreign fact also goes through a whole recall.
    """
    dice, leaked, clock = random.Random(0), 0, time.perf_counter()
    users = sorted({fact.user for fact in spoken.facts})
    reaches = {(user, agent): notes._searched(user, agent) for user in users for agent in (None, "tutor")}
    for (user, _), reach in reaches.items():
        near = reach.texts.near.keys if reach.texts.near else []
        owners = {each.user for each in (*reach.present.messages.values(), *reach.present.beliefs.values(), *reach.present.claims)}
        leaked += len(owners - {user}) + sum(not key.startswith(f"{user}/") for key in near)
    print(f"rows of others in the {len(reaches)} reaches: {leaked}")
    texts = [(m.user, m.text) for m in spoken.messages] + [(f.user, f"{f.user} {f.question} {f.values[-1]}") for f in spoken.facts]
    words = [each.split() for each in tokenize([text for _, text in texts])]
    for _ in range(probes):
        number = dice.randrange(len(texts))
        asker = dice.choice([user for user in users if user != texts[number][0]])
        part = reaches[asker, dice.choice([None, "tutor"])].texts
        fit = coverage(rarities(words[number], [part.postings]), part.postings, 12.0)
        held = [part.messages.get(part.keys[i]) or part.beliefs[part.keys[i]] for i in np.flatnonzero(fit).tolist()]
        leaked += any(each.user != asker for each in held)
    print(f"cross-user leaks by words: {leaked} in {probes:,} probes ({time.perf_counter() - clock:.0f} s)", flush=True)
    asked = 0
    for fact in spoken.facts:
        for user in dice.sample([user for user in users if user != fact.user], 4):
            found = notes.recall(f"{fact.user} {fact.question} {fact.values[-1]}", user=user, agent="tutor", k=50, budget_tokens=99_999)
            leaked, asked = leaked + any(item.user != user for item in found.items), asked + 1
    print(f"cross-user leaks in all, with {asked:,} whole recalls: {leaked} ({time.perf_counter() - clock:.0f} s)", flush=True)


def forgetting(notes: Memory, spoken: Talk, keys: dict[tuple[str, str, datetime.datetime], str]) -> None:
    """Current facts whose message is forgotten: by the decoding scan, and by asking. The older value holds again."""
    found = elsewhere = revived = could = asked_found = 0
    clock = time.perf_counter()
    changed = [
        fact for fact in spoken.facts if len(fact.values) > 1 and not fact.rivals and fact.written == "tuned" and fact.kind != "phone"
    ][:FORGOTTEN]
    for fact in changed:
        said = [m for m in spoken.messages if m.user == fact.user and m.role == "user" and fact.values[-1] in m.text]
        if len(said) != 1:
            continue
        receipt = notes.forget(keys[said[0].user, said[0].text, said[0].at], reason="benchmark")
        found += not (receipt.is_proof and receipt.is_clean)
        elsewhere += bool(receipt.held_by)
        could += 1
        items = notes.recall(fact.question, user=fact.user, k=5, at=END).items
        asked_found += any(fact.values[-1] in item.text for item in items)
        revived += any(item.kind == "belief" and fact.values[-2] in item.text for item in items)
    print(
        f"forgotten: {could} current facts, {found} of them found by the decoding scan but in rows of others that say the same "
        f"({elsewhere} have such rows), {asked_found} by asking; the older value is "
        f"current again in {revived}; {(time.perf_counter() - clock) / max(1, could):.1f} s each"
    )


if __name__ == "__main__":
    main()
