"""Whether what is cited is what stands there: `python -m benchmarks.spans`. 500 questions whose evidence is known, refusal off.

Asked are the answerable questions about the handbook and those about LibreOffice's help whose sentence is written beside them, by people;
the rest up to COUNT are made of the help's headings in both languages: what stands first under one is the evidence.

equal   document[start:end] == quote, of every citation, and so is its document the one that is named
found   a citation of the right document holds the evidence
exact   of those, the citation is that sentence, row or line and no more
"""
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from unittest import mock

import saem
from benchmarks.answers import handbook, kind_of, plain, questions
from benchmarks.retrieval import folders
from saem.infer import ask, evidence
from saem.transform.splitting import sentences

COUNT = 500
EVIDENCE_CHARS = (25, 300)
HEADING_CHARS = (3, 60)
ASKED = {"en": '{title}: what does "{heading}" do?', "ko": '{title}: "{heading}"은(는) 무엇을 하나요?'}
_FINISHED = re.compile(r"(?:다|요|[.!])[.\"']?$")
_INNER = re.compile(r"(?:[.!?]|다\.|요\.)\s")


@dataclass(frozen=True)
class Known:
    """A question, the paths that answer it, and what a citation must hold."""
    question: str
    paths: Sequence[str]
    evidence: str
    group: str


@dataclass
class Score:
    asked: int = 0
    cited: int = 0
    equal: int = 0
    found: int = 0
    exact: int = 0


def by_people(language: str) -> Iterator[Known]:
    """Of the handbook for '', of LibreOffice's help for a language."""
    if not language:
        for row in questions():
            if row["answerable"]:
                yield Known(row["question"], [row["path"], *row["also"]], row["answer"], f"handbook, {kind_of(row)}")
    else:
        for row in questions("benchmarks/questions/libreoffice.jsonl"):
            if row["path"] and row["answer"] and language == "en":
                yield Known(row["en"], [row["path"]], row["answer"], "help, en to en")
                yield Known(row["ko"], [row["path"]], row["answer"], "help, ko to en")


def of_headings(db: "saem.Project", language: str) -> list[Known]:
    """One for each heading whose first paragraph begins with a sentence that stands once in its document."""
    made = {}
    for row in db.table("docs").to_arrow(["path", "title", "text", "headings"]).to_pylist():
        for heading in row["headings"]:
            body = row["text"][heading["start"]:].partition("\n")[2].lstrip("\n").partition("\n\n")[0]
            span = next(iter(sentences(body)), None)
            first = body[span.start:span.end].strip() if span else ""
            is_sentence = EVIDENCE_CHARS[0] <= len(first) <= EVIDENCE_CHARS[1] and "\n" not in first and _FINISHED.search(first)
            if is_sentence and HEADING_CHARS[0] <= len(heading["text"]) <= HEADING_CHARS[1] and row["text"].count(first) == 1:
                asked = ASKED[language].format(title=row["title"], heading=heading["text"])
                made.setdefault(asked, Known(asked, [row["path"]], first, f"headings of the help, {language}"))
    return list(made.values())


def evenly(made: Sequence[Known], count: int) -> list[Known]:
    return [made[int(place * len(made) / count)] for place in range(min(count, len(made)))]


def measure(db: "saem.Project", asked: Sequence[Known], scores: dict[str, Score]) -> None:
    texts = {row["path"]: row["text"] for row in db.table("docs").to_arrow(["path", "text"]).to_pylist()}
    for known in asked:
        score = scores.setdefault(known.group, Score())
        answer = ask(db.table("chunks"), known.question, keep=False)
        holding = [c.quote for c in answer.citations if c.key in known.paths and plain(known.evidence) in plain(c.quote)]
        score.asked += 1
        score.cited += len(answer.citations)
        score.equal += sum(c.quote == texts[c.key][c.start:c.end] for c in answer.citations)
        score.found += bool(holding)
        score.exact += any("\n" not in quote.strip() and not _INNER.search(quote.strip()) for quote in holding)


def main() -> None:
    scores: dict[str, Score] = {}
    book = handbook()
    projects = {language: saem.open(folder) for language, folder in folders().items()}
    for db in projects.values():
        db.run()
    people = {language: list(by_people(language)) for language in ("", *projects)}
    lacking = COUNT - sum(map(len, people.values()))
    with mock.patch.object(evidence, "ENOUGH", 0.0):
        measure(book, people[""], scores)
        for number, (language, db) in enumerate(projects.items()):
            share = lacking // len(projects) + (number < lacking % len(projects))
            measure(db, people[language] + evenly(of_headings(db, language), share), scores)
    scores["all"] = Score(*(sum(getattr(score, name) for score in scores.values()) for name in Score.__annotations__))
    print("| questions | n | citations | equal | evidence found | of these exact |\n|---|---|---|---|---|---|")
    for group, score in scores.items():
        print(f"| {group} | {score.asked} | {score.cited} | {score.equal} | {score.found} ({score.found / score.asked:.0%}) | "
              f"{score.exact} ({score.exact / max(1, score.found):.0%}) |")


if __name__ == "__main__":
    main()
