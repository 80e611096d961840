"""Trains the small model of clean text in saem.curate on Debian's documentation, and says what it gives for text, code and noise.

    python -m benchmarks.language_model            # writes src/saem/curate/clean_text.npz
"""
import os
import random
import re
import sys
from collections.abc import Iterator

import numpy as np

from benchmarks import corpus
from benchmarks.step import ROOT
from saem.curate.language_model import FILE, LanguageModel, trained

PACKAGES = (
    "libreoffice-help-ko",
    "debian-faq-ko",
    "installation-guide-amd64",
    "libreoffice-help-en-us",
    "debian-handbook",
    "debian-reference-en",
    "linux-doc-6.1",
)
KOREAN = re.compile("[가-힣]")
MOST_BYTES = 6_000_000         # of each language
LEAST = 12                     # a run must stand there so often
HELD_OUT = 10                  # every tenth page is only measured


def main() -> None:
    pages = sorted({page for _, _, page in corpus.pages(PACKAGES) if len(page) > 400})
    random.Random(6).shuffle(pages)
    shares = {"en": [p for p in pages if p.isascii() and " the " in p], "ko": [p for p in pages if len(KOREAN.findall(p)) > .1 * len(p)]}
    seen = {language: "\n".join(_some([p for i, p in enumerate(share) if i % HELD_OUT])) for language, share in shares.items()}
    print({language: len(text.encode()) for language, text in seen.items()}, file=sys.stderr)
    made = trained("\n".join(seen.values()).encode(), LEAST)
    steps = np.diff(made.keys, prepend=np.uint64(0))
    place = os.path.join(ROOT, "src", "saem", "curate", FILE)
    np.savez_compressed(place, steps=steps, bits=made.bits, backoff=made.backoff)
    print(f"{len(made.keys):,} runs, {os.path.getsize(place) / 1e3:.0f} kB")
    for language, share in shares.items():
        print(f"bits per byte, {language} not seen before: {_bits(made, [p for i, p in enumerate(share) if not i % HELD_OUT][:300]):.2f}")
    noise = random.Random(1)
    print(f"random letters: {_bits(made, [''.join(noise.choices('abcdefghijklmnopqrstuvwxyz ', k=4000))]):.2f}",
          f"shuffled words: {_bits(made, [' '.join(noise.sample(shares['en'][0].split(), len(shares['en'][0].split())))]):.2f}",
          f"base64: {_bits(made, [noise.randbytes(3000).hex()]):.2f}", sep="; ")


def _bits(model: LanguageModel, texts: list[str]) -> float:
    from saem.curate.kernels.prediction import bits_per_byte
    raw = [text.encode() for text in texts]
    out = np.empty(len(raw), np.float32)
    bits_per_byte(np.frombuffer(b"".join(raw), np.uint8), np.cumsum([0, *map(len, raw)]), *model.tables, out)
    return float(out.mean())


def _some(pages: list[str]) -> Iterator[str]:
    left = MOST_BYTES
    for page in pages:
        left -= len(page.encode())
        if left < 0:
            return
        yield page


if __name__ == "__main__":
    main()
