"""A memory of many messages: is the current fact found, is a superseded one ever shown as current, does anything leak, how long does
it take.

    python -m benchmarks.memory [--messages 10000] [--users 20] [--sessions 50] [--probes 100000] [--misses]

Beside it, over the same messages and questions: plain BM25 over a user's messages, and the whole conversation as context.
The conversation is generated (`benchmarks.talk`); its author wrote the rules too, so facts in sentences that were kept apart are told
apart.
"""

import argparse
import datetime
import random
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.talk import START, Fact, Talk, talk
from saem.engine.project import Project
from saem.infer.memory import Memory, Recall, memory
from saem.infer.memory.postings import Postings, coverage, rarities
from saem.infer.memory.weights import tokens
from saem.transform.words import tokenize

END = START + datetime.timedelta(days=200)
FORGOTTEN = 10


@dataclass
class Score:
    """Of some facts: found among the five best, not found, shown as current though superseded, and old values shown without a mark."""

    facts: int = 0
    found: int = 0
    as_current: int = 0
    unmarked: int = 0

    def line(self, name: str) -> str:
        return (
            f"| {name} | {self.facts} | {self.found / max(1, self.facts):.3f} | {self.as_current} of {self.facts} | "
            f"{self.unmarked} of {self.facts} |"
        )


def main() -> None:
    """Fill, ask, probe, forget."""
    asked = argparse.ArgumentParser(description=__doc__)
    for name, usual in (("messages", 10_000), ("users", 20), ("sessions", 50), ("probes", 100_000), ("seed", 1)):
        asked.add_argument(f"--{name}", type=int, default=usual)
    asked.add_argument("--misses", action="store_true", help="print the questions of the tuned sentences that found nothing")
    wanted = asked.parse_args()
    spoken = talk(wanted.messages, wanted.sessions, wanted.users, wanted.seed)
    home = tempfile.mkdtemp(prefix="saem-memory-")
    try:
        tokenize(["준비"])  # Kiwi loads once a process, in 1 to 3 s
        with Project(home) as db:
            notes = memory(db, "tutor")
            fill(notes, spoken)
            keys = {(m.user, m.text, m.at): key for m, key in zip(spoken.messages, fill.keys, strict=True)}  # type: ignore[attr-defined]
            answers(notes, spoken, wanted.misses)
            beside(spoken)
            times(notes, spoken)
            contradictions(notes, spoken)
            leaks(notes, spoken, wanted.probes)
            forgetting(notes, spoken, keys)
    finally:
        shutil.rmtree(home)


def fill(notes: Memory, spoken: Talk) -> None:
    """Remember all, and tell how long that took."""
    seconds, keys = [], []
    for m in spoken.messages:
        clock = time.perf_counter()
        keys.append(notes.remember(m.text, session=m.session, user=m.user, role=m.role, at=m.at))
        seconds.append(time.perf_counter() - clock)
    fill.keys = keys  # type: ignore[attr-defined]
    clock = time.perf_counter()
    notes.keep_current()
    print(f"{len(keys):,} messages of {len({m.user for m in spoken.messages})} users, {len(spoken.facts)} facts")
    told("remember, with the runs that it makes every 256 messages", seconds)
    print(
        f"last run {time.perf_counter() - clock:.2f} s; "
        + ", ".join(f"{kind} {notes.db.table(f'tutor_{kind}').count():,}" for kind in ("claims", "beliefs", "reflections", "episodes"))
    )


def told(what: str, seconds: Sequence[float]) -> None:
    ms = sorted(1e3 * each for each in seconds)
    middle, most = statistics.median(ms), ms[-1]
    print(f"{what}: p50 {middle:.1f} ms, p95 {ms[int(0.95 * len(ms))]:.1f}, p99 {ms[int(0.99 * len(ms))]:.1f}, most {most:.0f}")


def answers(notes: Memory, spoken: Talk, shows_misses: bool) -> None:
    """recall@5 of the current fact; what was superseded must not be shown as current."""
    print("\n| facts | n | recall@5 | superseded shown as current | old value shown without a mark |\n|---|---|---|---|---|")
    scores = {name: Score() for name in ("sentences that rules were tuned on", "sentences kept apart")}
    used = []
    for fact in spoken.facts:
        score = scores["sentences kept apart" if fact.is_kept_apart else "sentences that rules were tuned on"]
        found = notes.recall(fact.question, user=fact.user, k=5, at=END)
        used.append(found.tokens)
        is_found = judge(score, fact, found)
        if shows_misses and not is_found and not fact.is_kept_apart:
            print(f"  missed: {fact.question} -> {fact.values}\n    " + found.text.replace("\n", "\n    "))
    for name, score in scores.items():
        print(score.line(name))
    print(f"tokens of a recall: {statistics.mean(used):.0f} in the mean")


def judge(score: Score, fact: Fact, found: Recall) -> bool:
    """Of a fact with rivals both must be found: neither is more current than the other."""
    texts = [item.text + " " + " ".join(source.quote for source in item.sources) for item in found.items]
    is_found = all(any(value in text for text in texts) for value in [fact.values[-1], *fact.rivals])
    old = [value for value in fact.values[:-1] if value not in (fact.values[-1], *fact.rivals)]
    own = [item for item in found.items if item.kind == "belief" and " 's " not in item.text and f"{fact.user} · " in item.text]
    score.facts += 1
    score.found += is_found
    score.as_current += any(item.is_current and f": {value}" in item.text for item in own for value in old)
    score.unmarked += any(value in item.text and item.is_current is None for item in found.items for value in old)
    return is_found


def beside(spoken: Talk) -> None:
    """The same questions by plain means."""
    scores, first_is_old = {False: Score(), True: Score()}, 0
    of_user: dict[str, list[str]] = {}
    for m in spoken.messages:
        of_user.setdefault(m.user, []).append(m.text)
    indexes = {user: Postings([words.split() for words in tokenize(texts)]) for user, texts in of_user.items()}
    for fact in spoken.facts:
        part, score = indexes[fact.user], scores[fact.is_kept_apart]
        fit = coverage(rarities(tokenize([fact.question])[0].split(), [part]), part, float(part.lengths.mean()))
        best = [of_user[fact.user][i] for i in np.argsort(-fit, kind="stable")[:5] if fit[i] > 0]
        score.facts += 1
        score.found += all(any(value in text for text in best) for value in [fact.values[-1], *fact.rivals])
        first_is_old += any(any(value in text for value in fact.values[:-1]) and fact.values[-1] not in text for text in best[:1])
    for is_apart, name in ((False, "tuned"), (True, "kept apart")):
        print(f"plain BM25 over the user's messages, {name}: recall@5 {scores[is_apart].found / max(1, scores[is_apart].facts):.3f}")
    print(f"  its first hit says a superseded value in {first_is_old} of {len(spoken.facts)}, and nothing tells so")
    whole = statistics.mean(sum(map(tokens, texts)) for texts in of_user.values())
    print(f"full context: every fact is in it, and every superseded one; {whole:,.0f} tokens a question in the mean")


def times(notes: Memory, spoken: Talk, rounds: int = 3) -> None:
    """Recall: warm, after a message, and as a process begins."""

    def ask(fact: Fact) -> float:
        clock = time.perf_counter()
        notes.recall(fact.question, user=fact.user, k=5, at=END)
        return time.perf_counter() - clock

    told("\nrecall", [ask(fact) for _ in range(rounds) for fact in spoken.facts])
    fresh, first, kept = [], [], 0
    for number, fact in enumerate(spoken.facts[:120]):
        clock = time.perf_counter()
        notes.remember(f"By the way, my locker code is {1000 + number}.", session="late", user=fact.user, at=END)
        first.append(time.perf_counter() - clock)
        clock = time.perf_counter()
        found = notes.recall("What is my locker code?", user=fact.user, k=5)
        fresh.append(time.perf_counter() - clock)
        kept += any(str(1000 + number) in item.text and item.kind == "belief" for item in found.items)
    told("remember, one at a time", first)
    told(f"recall right after a remember, which it found and believed {kept} times of {len(fresh)}", fresh)
    clock = time.perf_counter()
    with Project(notes.db.state) as again:
        memory(again, "tutor").recall("Where do I live?", user=spoken.facts[0].user)
    print(f"first recall of a newly opened project (Kiwi is loaded): {1e3 * (time.perf_counter() - clock):.0f} ms")
    clock = time.perf_counter()
    notes.context(user=spoken.facts[0].user, agent="tutor", budget_tokens=2000)
    print(f"context of 2,000 tokens: {1e3 * (time.perf_counter() - clock):.0f} ms")
    notes.keep_current()


def contradictions(notes: Memory, spoken: Talk) -> None:
    planted = [fact for fact in spoken.facts if fact.rivals]
    found = notes.conflicts(at=END)
    hit = sum(
        any(
            {fact.values[-1], *fact.rivals} <= {b.object for b in each.beliefs.values()}
            and any(b.user == fact.user for b in each.beliefs.values())
            for each in found
        )
        for fact in planted
    )
    print(f"contradictions of equal standing: {hit} of {len(planted)} found, {len(found) - hit} others named")


def leaks(notes: Memory, spoken: Talk, probes: int) -> None:
    """Everyone asks for everyone else's facts, in words that name them."""
    dice, leaked, clock = random.Random(0), 0, time.perf_counter()
    users = sorted({fact.user for fact in spoken.facts})
    kinds: list[Callable[[str, str], list[str]]] = [
        lambda q, u: [i.user for i in notes.recall(q, user=u, k=10, budget_tokens=10_000).items],
        lambda q, u: [i.user for i in notes.recall(q, user=u, agent="tutor", k=10, budget_tokens=10_000).items],
    ]
    for number in range(probes):
        fact = dice.choice(spoken.facts)
        asker = dice.choice([user for user in users if user != fact.user])
        question = f"{fact.user} {fact.question} {fact.values[-1]}"
        leaked += any(owner != asker for owner in kinds[number % 2](question, asker))
    print(f"cross-user leaks: {leaked} in {probes:,} probes ({time.perf_counter() - clock:.0f} s)")


def forgetting(notes: Memory, spoken: Talk, keys: dict[tuple[str, str, datetime.datetime], str]) -> None:
    """Current facts whose message is forgotten: by the decoding scan, and by asking. The older value holds again."""
    found = revived = could = asked_found = 0
    clock = time.perf_counter()
    changed = [
        fact for fact in spoken.facts if len(fact.values) > 1 and not fact.rivals and not fact.is_kept_apart and fact.kind != "phone"
    ][:FORGOTTEN]
    for fact in changed:
        said = [m for m in spoken.messages if m.user == fact.user and m.role == "user" and fact.values[-1] in m.text]
        if len(said) != 1:
            continue
        receipt = notes.forget(keys[said[0].user, said[0].text, said[0].at], reason="benchmark")
        after = receipt.after
        found += after.found if after else 1
        could += 1
        items = notes.recall(fact.question, user=fact.user, k=5, at=END).items
        asked_found += any(fact.values[-1] in item.text for item in items)
        revived += any(item.kind == "belief" and fact.values[-2] in item.text for item in items)
    print(
        f"forgotten: {could} current facts, {found} of their marks found by the decoding scan, {asked_found} by asking; the older value is "
        f"current again in {revived}; {(time.perf_counter() - clock) / max(1, could):.1f} s each"
    )


if __name__ == "__main__":
    main()
