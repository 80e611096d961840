"""Forget one document of many: seconds until the receipt, and whether anything of it is left.

    python -m benchmarks.forget [--documents 10000] [--chunks 10]

Prints the seconds by step, what the scans decoded and found, and how many of the pieces a search of raw bytes would have seen.
"""
import argparse
import os
import random
import shutil
import tempfile
import time
from collections.abc import Iterator

from benchmarks.figure import Figure
from saem.engine.project import Project
from saem.sources import folder
from saem.transform import chunk, embed, parse

WORDS = ("도서관 대출 연체료 방학 시험 기숙사 급식 학생 교무실 신청 the library opens at nine and returns are due within fourteen days "
         "students apply for rooms scholarship exam schedule").split()


def text_of(number: int, chunks: int) -> str:
    """About `chunks` chunks of 400 characters, unlike those of every other document."""
    dice = random.Random(number)
    parts = [" ".join(dice.choices(WORDS, k=50)) + f" {dice.getrandbits(64):x}." for _ in range(chunks)]
    return f"# 문서 {number}\n\n" + "\n\n".join(parts)


def _holds(path: str, piece: bytes) -> bool:
    with open(path, "rb") as file:
        return piece in file.read()


def measure(documents: int = 10_000, chunks: int = 10) -> Iterator[Figure]:
    """Build, forget one, tell."""
    home = tempfile.mkdtemp(prefix="saem-forget-")
    try:
        os.makedirs(f"{home}/docs")
        for number in range(documents):
            with open(f"{home}/docs/document-{number:05}.md", "w", encoding="utf-8") as file:
                file.write(text_of(number, chunks))
        steps: list[tuple[str, float]] = []
        db = Project(f"{home}/state", lambda step: steps.append((step, time.perf_counter())))
        docs = db.source("files", folder(f"{home}/docs")).derive("docs", parse)
        docs.derive("chunks", chunk(max_chars=400), embed(model="hash"), carry=["path"]).index(text="text")
        clock = time.perf_counter()
        db.run()
        work = f"{documents:,} documents, {db.table('chunks').count():,} chunks"
        yield Figure(f"{work}: build", time.perf_counter() - clock, "s")
        pieces = [text.encode()[:32] for text in text_of(documents // 2, chunks).split("\n\n")[1:]]
        files = [os.path.join(at, name) for at, _, names in os.walk(f"{home}/state") for name in names]
        seen = sum(any(_holds(file, piece) for file in files) for piece in pieces)
        yield Figure(f"  paragraphs of one document, of {len(pieces)}, that a search of raw bytes sees", seen, "")
        steps.clear()
        start, cpu = time.perf_counter(), time.process_time()
        receipt = db.forget("files", f"document-{documents // 2:05}.md", reason="benchmark")
        ended, cpu = time.perf_counter(), time.process_time() - cpu
        yield Figure("  forget it, with the receipt", ended - start, "s", 5.0, f"{cpu:.1f} CPU-s; {receipt.verdict}")
        last = start
        for name, at in [*steps, ("the end", ended)]:
            if at - last > .05:
                yield Figure(f"    until {name}", at - last, "s")
            last = at
        found = receipt.after.found if receipt.after else len(receipt.marks)
        yield Figure(f"  of {len(receipt.marks):,} pieces of its text, found afterwards", found, "", 0, receipt.summary())
        start, cpu = time.perf_counter(), time.process_time()
        verdict = db.verify(receipt.id).verdict
        yield Figure("  verify it later, from what the receipt keeps", time.perf_counter() - start, "s", None,
                     f"{time.process_time() - cpu:.1f} CPU-s; {verdict}")
        db.close()
    finally:
        shutil.rmtree(home)


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--documents", type=int, default=10_000)
    asked.add_argument("--chunks", type=int, default=10)
    wanted = asked.parse_args()
    for figure in measure(wanted.documents, wanted.chunks):
        print(" ".join(figure.cells()), flush=True)


if __name__ == "__main__":
    main()
