"""A process that remembers and brings its memory up to date until it is killed: each key is printed once its message is durable.

    python -m tests.contract.remembering STATE SEED
"""
import random
import sys

from saem.engine.project import Project
from saem.infer.memory import memory
from tests.contract.stories import TEXTS, WHEN


def main(state: str, seed: int) -> None:
    dice, notes = random.Random(seed), memory(Project(state), "tutor", embedder="hash")
    print("begun", flush=True)
    for number in range(100_000):
        key = notes.remember(dice.choice(TEXTS), session=f"s{number % 3}", user=dice.choice(["kim", "lee"]), at=dice.choice(WHEN))
        print(key, flush=True)
        if number % 7 == 6:
            notes.recall("Where do I live?", user="kim")
            notes.keep_current()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
