"""The main job, start to end: a folder becomes answers with citations, changes, and is brought up to date.

    python examples/main_job.py [FOLDER] [QUESTION ...]

It works on a copy in `.run/`: the documents themselves are not touched.
"""
import os
import pathlib
import shutil
import sys
import time

import saem
from saem.infer import ask

QUESTIONS = ["연체료는 얼마인가요?", "기숙사 통금 시간은 몇 시인가요?",
             "How much of the tuition is refunded if I withdraw in the second week?",
             "수영장은 몇 시에 여나요?"]
HANDBOOK = pathlib.Path(__file__).parent / "handbook"


def main(folder: str, questions: list[str]) -> None:
    docs = pathlib.Path(folder).expanduser().resolve()
    if not docs.is_dir():
        sys.exit(f"there is no folder '{folder}'")
    place = pathlib.Path(".run").resolve()
    if docs == place or place in docs.parents or docs in place.parents:
        sys.exit(f"'{folder}' holds the work folder .run or lies in it; name another folder")
    work = place / (docs.name or "docs")
    shutil.rmtree(work, ignore_errors=True)
    shutil.copytree(docs, work, symlinks=True, ignore=shutil.ignore_patterns(".saem", ".git"))

    say(f"1. Build: a copy of {folder} becomes tables")
    db = saem.open(str(work))
    show(db.run())

    say("2. Ask: every sentence with its place, and a plain no where the documents do not answer")
    answers = [answer(db, question) for question in questions or QUESTIONS]

    cited = [c.key for a in answers for c in a.citations]
    picked = pick(work, cited)
    if picked:
        change(db, work, *picked, answers)
    else:
        say("3. (a folder with two text files or more would now be changed and brought up to date)")

    traced = next((a.answer[:12] for a in answers if a.found), None)
    activate = ". .venv/bin/activate" if pathlib.Path(".venv/bin/activate").exists() else ""
    shown = work.relative_to(pathlib.Path.cwd())
    say("Next, type")
    for command in filter(None, [activate, f'saem ask {shown} "도서관은 몇 시에 닫나요?"',
                                 f"saem trace {traced} -p {shown}" if traced else "",
                                 f"saem status -p {shown}", 'saem ask ~/your/documents "your question"']):
        print(f"  {command}")


def change(db: "saem.Project", work: pathlib.Path, changed: pathlib.Path, deleted: pathlib.Path,
           answers: "list[saem.infer.Answer]") -> None:
    """Change one document, delete another, bring the tables up to date, and say how little that took."""
    say("3. One document changes, another is deleted")
    with changed.open("a", encoding="utf-8") as file:
        file.write("\n\n오늘부터 안내 데스크는 오전 8시에 엽니다. From today the front desk opens at 8 a.m.\n")
    deleted.unlink()
    print(f"changed {changed.relative_to(work)}\ndeleted {deleted.relative_to(work)}\n")

    say("4. Run again: only what changed is done again")
    report = db.run()
    show(report)
    chunks = report.tables["chunks"]
    print(f"embedded again: {chunks.computed} of {db.table('chunks').count()} chunks")
    from saem.infer.answers import stale
    print(f"answers that cite a changed row and are now marked stale: {len(stale(db))} of {len(answers)}")


def say(title: str) -> None:
    print(f"\n\033[1m{title}\033[0m" if sys.stdout.isatty() else f"\n{title}")


def show(report: "saem.core.run.Report") -> None:
    for name, c in report.tables.items():
        if name not in ("answers", "citations"):
            print(f"  {name:8} +{c.added:<4} ~{c.changed:<4} -{c.deleted:<4} unchanged {c.unchanged:<5} computed {c.computed:<5} "
                  f"reused {c.reused:<5} quarantined {c.quarantined}")
    print(f"  {report.seconds:.2f} s, snapshot {report.snapshot}")


def answer(db: "saem.Project", question: str) -> "saem.infer.Answer":
    began = time.perf_counter()
    given = ask(db.table("chunks"), question)
    print(f"\n  {question}   ({1000 * (time.perf_counter() - began):.0f} ms)")
    for sentence in given.sentences:
        print(f"    {sentence.text} {' '.join(f'[{c.n}]' for c in sentence.citations)}")
    for c in given.citations:
        print(f"      [{c.n}] {c.key}{f', page {c.page}' if c.page else ''}, characters {c.start}-{c.end}")
    if not given.found:
        print("    not found: the documents do not answer this")
    return given


def pick(work: pathlib.Path, cited: list[str]) -> tuple[pathlib.Path, pathlib.Path] | None:
    """A text file that an answer cites, to change; another text file, to delete; None where there are no two."""
    texts = sorted(p for p in work.rglob("*") if p.suffix in (".md", ".txt") and p.is_file() and not p.name.startswith("."))
    if len(texts) < 2:
        return None
    changed = next((work / key for key in cited if work / key in texts), texts[0])
    return changed, next(p for p in reversed(texts) if p != changed)


if __name__ == "__main__":
    asked = sys.argv[2:] or list(filter(None, [os.environ.get("ASK")]))      # `make run` hands these over as they are typed
    main(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("DOCS") or str(HANDBOOK), asked)
