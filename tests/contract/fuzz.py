"""Stories of edits, runs and crashes, each checked against the laws; a story that fails is told again as short as it can be.

    python -m tests.contract.fuzz --seconds 60 --seed 7 [--tiny]
"""
import argparse
import random
import sys
import time
import traceback
from collections import Counter

from saem.engine.project import Project
from tests.contract.laws import check_all, check_forgotten, check_sufficiency, problems_of, tables_of
from tests.contract.pipelines import calls
from tests.contract.world import Action, World, tiny_thresholds

EDITS = {"insert": 4, "change": 2, "append": 2, "delete": 2, "rename": 2, "copy": 1, "swap": 1, "touch": 1, "grant": 3,
         "put": 3, "drop": 1, "price": 1, "unprice": 1, "code": 5, "storm": .3, "allow": .5}
FOLDER_EDITS = ("insert", "change", "append", "delete", "rename", "copy", "swap", "touch", "grant", "allow")
ENDS = {"run": 3, "crash": 4, "interrupt": 2, "forget": 1, "forget_crash": 3}
Story = list[Action]


class Crash(BaseException):
    """Power off. Not an Exception: nothing may catch it."""


class Fuse:
    """Lets so many commit points pass and no more."""

    def __init__(self, left: int) -> None:
        self.left = left

    def __call__(self, point: str) -> None:
        self.left -= 1
        if self.left < 0:
            raise Crash(point)


def story_of(seed: int, pipeline: str = "every_kind") -> Story:
    """The first seeds begin with much to read; every story ends with a run."""
    dice = random.Random(seed)
    kinds = list(EDITS) if pipeline == "every_kind" else list(FOLDER_EDITS)
    story: Story = [_action(dice, "insert") for _ in range(dice.randint(2, 6))]
    for _ in range(dice.randint(3, 6)):
        story += [_action(dice, dice.choices(kinds, [EDITS[kind] for kind in kinds])[0]) for _ in range(dice.choice([1, 1, 2, 5]))]
        story += [_action(dice, dice.choices(list(ENDS), list(ENDS.values()))[0])]
    return [*story, _action(dice, "run")]


def _action(dice: random.Random, kind: str) -> Action:
    return Action(kind, tuple(dice.random() for _ in range(9)))


def tell(story: Story, pipeline: str = "every_kind", told: Counter[str] | None = None) -> None:
    """Play a story; AssertionError where a law is broken."""
    world = World(pipeline)
    told = Counter() if told is None else told
    try:
        for action in story:
            told[action.kind] += 1
            if action.kind == "run":
                run_and_check(world, action)
            elif action.kind in ("crash", "interrupt"):
                crash(world, action, told)
            elif action.kind in ("forget", "forget_crash"):
                forget(world, action, told)
            else:
                world.play(action)
        with world.opened() as db:
            check_sufficiency(db, 2, random.Random(len(story)))
    finally:
        world.close()


def run_and_check(world: World, action: Action) -> None:
    calls.is_stormy = False
    with world.opened() as db:
        db.run(retry=world.must_retry)
        world.must_retry = False
        with world.rebuilt() as again:
            check_all(db, again)
        check_gone(world, db)


def check_gone(world: World, db: Project) -> None:
    """What was forgotten is not back, and no file of the state holds a word that only forgotten files had."""
    assert not world.forgotten & set(world.known_paths(db)), "what was forgotten is back"
    assert not db.catalog.erasures(), "an erasure was not finished"
    if words := world.lost_words(db):
        check_forgotten(db, words)


def forget(world: World, action: Action, told: Counter[str]) -> None:
    """Forget a file, perhaps with a power cut at some step; what was forgotten whole is nowhere at once."""
    with world.opened() as db:
        if not (paths := world.known_paths(db)):
            return
        path = str(action.pick(0, paths))
        content = db.table("files").to_arrow(["path", "content"]).to_pylist()
        before = next(row["content"] for row in content if row["path"] == path).decode()
    point = "none"
    try:
        with world.opened(Fuse(int(action.dice[1] ** 2 * 120)) if action.kind == "forget_crash" else lambda step: None) as db:
            receipt = db.forget("files", path)
            assert receipt.verdict != "found", receipt.summary()
    except Crash as stopped:
        point = str(stopped)
    told[f"{action.kind} at {point.split(':')[-1]}"] += 1
    with world.opened() as db:
        world.note_forgotten(db, path, before)
        if point == "none":
            assert path not in world.known_paths(db), "what was forgotten is there"
            check_gone(world, db)


def crash(world: World, action: Action, told: Counter[str]) -> None:
    """Power off at some commit point of a run, or in an operator; readers still see what they saw before."""
    with world.opened() as db:
        before = (db.snapshot, tables_of(db), problems_of(db))
        is_erasing = bool(db.catalog.erasures())      # the run finishes and publishes what a crash has cut off
    fuse = Fuse(int(action.dice[0] ** 3 * 90))
    calls.on_call = fuse if action.kind == "interrupt" else lambda name: None
    point = "none"
    try:
        with world.opened(fuse if action.kind == "crash" else lambda step: None) as db:
            db.run(retry=world.must_retry)
            world.must_retry = calls.is_stormy
    except Crash as stopped:
        point = str(stopped)
    finally:
        calls.on_call = lambda name: None
    told[f"{action.kind} at {point.split(':')[-1]}"] += 1
    if point == "none" or is_erasing:
        return
    with world.opened() as db:
        is_published = point == "after publish"
        assert (db.snapshot == before[0]) is not is_published or db.snapshot == before[0], "a crash published something"
        if not is_published:
            assert tables_of(db) == before[1], "a crash changed what readers see"
            assert problems_of(db) == before[2], "a crash changed the quarantine"


def shortest(story: Story, pipeline: str, seconds: float) -> Story:
    """Leave out what the failure does not need, as far as the time goes."""
    until, size = time.monotonic() + seconds, max(1, len(story) // 2)
    while size:
        start = 0
        while start < len(story) and time.monotonic() < until:
            shorter = story[:start] + story[start + size:]
            if shorter[-1:] == story[-1:] and fails(shorter, pipeline):
                story = shorter
            else:
                start += size
        size //= 2
    return story


def fails(story: Story, pipeline: str) -> str:
    """Why the story fails; '' if it does not."""
    try:
        tell(story, pipeline)
    except Exception:
        return traceback.format_exc()
    return ""


def fuzz(seconds: float, seed: int, pipeline: str = "every_kind", shrink_s: float = 60.0) -> Counter[str]:
    """Tell stories for so long, at least one; raises AssertionError with the shortest one that fails."""
    until, told = time.monotonic() + seconds, Counter[str]()
    while not told["stories"] or time.monotonic() < until:
        story = story_of(seed + told["stories"], pipeline)
        told["stories"] += 1
        try:
            tell(story, pipeline, told)
        except Exception as error:
            short = shortest(story, pipeline, shrink_s) if shrink_s else story
            lines = "\n".join(f"  {action!r}," for action in short)
            why = (shrink_s and fails(short, pipeline)) or traceback.format_exc()
            raise AssertionError(f"seed {seed + told['stories'] - 1}: the story\n[\n{lines}\n]\nfails: {why}") from error
    return told


def main() -> int:
    options = argparse.ArgumentParser()
    options.add_argument("--seconds", type=float, default=30.0)
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--tiny", action="store_true")
    options.add_argument("--shrink", type=float, default=60.0)
    given = options.parse_args()
    try:
        if given.tiny:
            with tiny_thresholds():
                told = fuzz(given.seconds, given.seed, shrink_s=given.shrink)
        else:
            told = fuzz(given.seconds, given.seed, shrink_s=given.shrink)
    except AssertionError as error:
        print(error)
        return 1
    print(dict(told))
    return 0


if __name__ == "__main__":
    sys.exit(main())
