"""Talk with agents, generated: what people say of themselves, change, contradict, and much else. For `benchmarks.memory`.

A fact is a kind (home, exam ...) with the values that it had in turn. Every statement and question comes from a list of sentences a person
might type, in benchmarks/questions/talk/: a file a set, {kind: {language: {says, changed, asks}}}, where {} is the value. Who wrote the
rules wrote `tuned`; by the misses of `apart` and then of `unseen`, of the same author, they were mended. `one` and `two` are others':
`one` was looked at while the memory was mended, `two` never was: `HELD_OUT`.
"""

import datetime
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

START = datetime.datetime(2026, 1, 5, 9, 0, tzinfo=datetime.UTC)
FILES = Path(__file__).with_name("questions") / "talk"
SETS = {"tuned": "sentences that rules were tuned on", "apart": "kept apart at first, then rules were mended by its misses",
        "unseen": "unseen until 2026-11-22, then mended by", "one": "another author's, looked at while mending",
        "two": "a third author's, held out: looked at by nobody"}
HELD_OUT = "two"


@cache
def read(name: str) -> dict[str, Any]:
    """A set of sentences; `said`: the values of each kind, which kinds never change, and what else is said."""
    found: dict[str, Any] = json.loads((FILES / f"{name}.json").read_text("utf-8"))
    return found


def phone(dice: random.Random) -> str:
    return f"010-{dice.randrange(1000, 9999)}-{dice.randrange(1000, 9999)}"


@dataclass(frozen=True)
class Said:
    """One message."""

    session: str
    user: str
    role: str
    text: str
    at: datetime.datetime


@dataclass
class Fact:
    """What one user said of one kind: values in turn, the last is current; `rivals` were said at the same moment as it."""

    user: str
    kind: str
    language: str
    written: str  # which set of sentences says it
    values: list[str] = field(default_factory=list)
    rivals: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)  # the texts that say its values, in turn
    question: str = ""


@dataclass
class Talk:
    """Messages in the order of time, and what is true at their end."""

    messages: list[Said]
    facts: list[Fact]


def talk(messages: int = 10_000, sessions: int = 50, users: int = 20, seed: int = 1, sets: Sequence[str] = tuple(SETS)) -> Talk:
    """A conversation of each user with an agent: about one message in twenty states a fact, every other one is the agent's."""
    dice = random.Random(seed)
    names = [f"user{n:02}" for n in range(users)]
    facts = [_fact(dice, name, kind, dice.choice(sets)) for name in names for kind in read("said")["values"]]
    owners = [names[n % users] for n in range(sessions)]
    slots: dict[str, list[int]] = {name: [] for name in names}  # positions of each user's own messages
    per_session = messages // sessions
    for number in range(sessions):
        slots[owners[number]] += [number * per_session + at for at in range(0, per_session, 2)]
    spoken: dict[int, str] = {}
    for name in names:
        mine = [(fact, n) for fact in facts if fact.user == name for n in range(len(fact.values))]
        places = sorted(dice.sample(slots[name], len(mine)))
        order = _in_turn(dice, mine)
        for place, (fact, n) in zip(places, order, strict=True):
            spoken[place] = _statement(dice, fact, n)
            fact.said.append(spoken[place])
    made = []
    for at in range(per_session * sessions):
        name = owners[at // per_session]
        language = "ko" if int(name[4:]) % 2 else "en"
        role = "user" if at % 2 == 0 else "assistant"
        text = spoken.get(at) or (_chatter(dice, language) if role == "user" else dice.choice(read("said")["replies"][language]))
        made.append(Said(f"s{at // per_session:02}", name, role, text, START + datetime.timedelta(minutes=20 * at)))
    for fact in facts:
        if fact.rivals:
            last = next(m for m in reversed(made) if m.user == fact.user and fact.values[-1] in m.text and m.role == "user")
            made.append(Said(last.session, fact.user, "user", _statement(dice, fact, -1, fact.rivals[0]), last.at))
    return Talk(sorted(made, key=lambda m: m.at), facts)


def _fact(dice: random.Random, user: str, kind: str, written: str) -> Fact:
    main = "ko" if int(user[4:]) % 2 else "en"
    language = main if dice.random() < 0.9 else ("en" if main == "ko" else "ko")
    changes, possible = kind not in read("said")["lasting"], read("said")["values"][kind][language]
    count = dice.choice([1, 2, 3]) if changes else 1
    fact = Fact(user, kind, language, written, [phone(dice) for _ in range(count)] if kind == "phone" else dice.sample(possible, count))
    if changes and written == "tuned" and dice.random() < 0.06:
        fact.rivals = [dice.choice([v for v in (possible or [phone(dice)]) if v not in fact.values])]
    fact.question = dice.choice(read(written)[kind][language]["asks"])
    return fact


def _in_turn(dice: random.Random, mine: list[tuple[Fact, int]]) -> list[tuple[Fact, int]]:
    """Shuffled, but each fact's values in their order."""
    order = mine[:]
    dice.shuffle(order)
    left = {id(fact): iter(range(len(fact.values))) for fact, _ in mine}
    return [(fact, next(left[id(fact)])) for fact, _ in order]


def _statement(dice: random.Random, fact: Fact, number: int, value: str | None = None) -> str:
    sentences = read(fact.written)[fact.kind][fact.language]
    said = value or fact.values[number]
    return with_particle(dice.choice(sentences["says" if number == 0 or value is not None else "changed"]).format(said), said)


def _chatter(dice: random.Random, language: str) -> str:
    said = read("said")
    some = {name: dice.choice(said["values"][kind][language])
            for name, kind in (("city", "home"), ("firm", "employer"), ("food", "food"), ("allergen", "allergy"))}
    return str(dice.choice(said["chatter"][language]).format(**some))


_PAIRS = (("으로", "로"), ("이에요", "예요"), ("이야", "야"), ("이라고", "라고"), ("이라는", "라는"), ("이라서", "라서"), ("은", "는"),
          ("을", "를"), ("이", "가"))


def with_particle(text: str, value: str) -> str:
    """The particle after a Korean value, as its last syllable asks for it."""
    at = text.find(value) + len(value)
    last = value[-1]
    if not ("가" <= last <= "힣"):
        return text
    closed = (ord(last) - 0xAC00) % 28
    for with_final, without in _PAIRS:
        for form in (with_final, without):
            if text.startswith(form, at) and not text.startswith(("이더라", "이 취미", "일"), at):
                wanted = with_final if closed and not (form in ("으로", "로") and closed == 8) else without
                return text[:at] + wanted + text[at + len(form) :]
    return text
