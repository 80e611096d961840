"""Commands that ask: ask, search."""
import os
import shlex
from typing import TYPE_CHECKING, Annotated

import typer

from saem.cli.options import (
    AsOption,
    AtOption,
    JsonOption,
    ProjectOption,
    QuietOption,
    StateOption,
    TableOption,
    WhereOption,
    hint,
    project,
)
from saem.cli.output import Output, printable

if TYPE_CHECKING:
    from saem.engine.project import Project
    from saem.engine.table import Table
    from saem.infer import Answer, Citation, Sentence

SURE_OF_NUMBERS = 0.95     # a word of a line that is less sure may be another: of a number nothing else tells

Words = Annotated[list[str], typer.Argument(metavar="[FOLDER] QUESTION", help="A folder of documents (none in a project); the question.")]


def ask(words: Words, project_: ProjectOption = None, state: StateOption = None, as_json: JsonOption = False,
        quiet: QuietOption = False, table: TableOption = None, where: WhereOption = None, reader: AsOption = None,
        k: Annotated[int, typer.Option("--k", "-k", min=1, help="Passages to look at.")] = 8,
        generate: Annotated[bool, typer.Option("--generate", "-g",
                                               help="Let a model word the answer; what no passage supports is dropped.")] = False,
        model: Annotated[str | None, typer.Option("--model", help="The model of saem.toml that writes; by default the first.")] = None,
        explain: Annotated[bool, typer.Option("--explain", help="Show what was decided on the way, and why.")] = False) -> None:
    """Answer from the documents, each sentence with its citation; say so when they do not answer.

    A folder is brought up to date first; it needs no set-up.

    Example: saem ask ~/handbook "연체료는 얼마인가요?"
    """
    from saem.core.errors import SaemError
    out = Output(as_json, quiet)
    is_folder = os.path.isdir(os.path.expanduser(words[0]))
    if is_folder and len(words) == 1:
        raise SaemError("E104", "there is a folder but no question", fix=f'saem ask {words[0]} "your question"')
    if len(words) == 2 and not is_folder:
        is_file = os.path.isfile(os.path.expanduser(words[0]))
        raise SaemError("E206", f"'{words[0]}' is a file, not a folder" if is_file else f"there is no folder '{words[0]}'",
                        fix='saem ask FOLDER "your question"; put the question in quotes')
    folder, question = (words[0], " ".join(words[1:])) if is_folder else (project_, " ".join(words))
    db = project(folder, state, builds=True, reads=True)
    if generate or model:
        from saem.infer.llm import model as configured
        configured(db, model)                      # a name that is none is told before the documents are read
    keep_current(db, folder, state, out, tells_of_problems=reader is None)
    is_known = reader is None or db.knows(reader)        # before the answer is recorded, whose reader the name is
    searched = indexed(db if reader is None else db.as_user(reader), table)
    from saem.infer import ask as ask_table
    if generate or model:
        answering = ask_table(searched, question, k, where, mode="generate", model=model, stream=True)
        for sentence in answering:                 # as they are checked, while the model still writes
            if not as_json:
                _say(out, sentence)
        answer = answering.answer
    else:
        answer = ask_table(searched, question, k, where)
        for sentence in () if as_json else answer.sentences:
            _say(out, sentence)
    if as_json:
        out.data(answer.to_dict())
        return
    if answer.found:
        out.line()
        for c in answer.citations:
            page = f", page {c.page}" if c.page else ""
            read = "" if c.ocr is None else f", read by OCR ({c.ocr:.0%} sure{'; look at its numbers' if _has_doubtful_number(c) else ''})"
            out.line(f"  [{c.n}] {printable(c.key)}{page}, characters {c.start}-{c.end}{read}")
        doubtful = next((c.n for c in answer.citations if _has_doubtful_number(c)), None)
        if doubtful:
            look = hint(f"saem show-citation {answer.answer[:12]} {doubtful}", folder, state)
            out.note(f"a number that OCR has read may be wrong: {look}")
    else:
        from saem.infer.locality import BARRED
        out.line("찾지 못했습니다. 문서에 답이 없습니다." if _is_korean(question) else "Not found: the documents do not answer this.")
        for step in answer.steps:
            if step.decision == "absent" or step.decision == "left out" and step.why.endswith(BARRED):
                out.note(printable(step.why))
        tell_reader(out, reader, is_known)
    _tell_more(out, answer, explain)
    out.next(hint(f"saem trace {answer.answer[:12]}" if answer.found else f"saem search {shlex.quote(question)}", folder, state))


def _has_doubtful_number(citation: "Citation") -> bool:
    return citation.ocr is not None and citation.ocr < SURE_OF_NUMBERS and any(map(str.isdecimal, citation.quote))


def _say(out: Output, sentence: "Sentence") -> None:
    out.line(f"{printable(sentence.text)} {' '.join(f'[{c.n}]' for c in sentence.citations)}")


def _tell_more(out: Output, answer: "Answer", explain: bool) -> None:
    """What the documents leave open; what of a model's writing fell; with --explain every step."""
    if answer.found and answer.unanswered:
        out.line()
        for part in answer.unanswered:
            out.line(f"문서에 답이 없는 부분: {part}" if _is_korean(part) else f"Not answered by the documents: {part}")
    if explain:
        out.line()
        for step in answer.steps:
            out.line(f"  {step.step:10} {step.decision:16} {printable(step.why)}")
        for name, value in answer.why.items() if not answer.steps else ():
            out.line(f"  {name:14} {value:.3f}")
        return
    dropped = sum(step.step == "supported" and step.decision == "no" for step in answer.steps)
    if dropped:
        out.note(f"{dropped} sentences of the model were dropped: no passage supports them (--explain)")
    if any(step.step == "fall back" for step in answer.steps):
        out.note("the model's writing did not answer all of it: some sentences are the documents' own (--explain)")


def keep_current(db: "Project", folder: str | None, state: str | None, out: Output, tells_of_problems: bool = True) -> None:
    """A plain folder is run before it is asked; a project is asked as it is published, if it is."""
    from saem.core.errors import SaemError
    from saem.door import find, is_project
    if is_project(find(folder)) and db.snapshot:
        return
    try:
        with out.progress() as listener:
            report = db.run(on_progress=listener)
    except SaemError as error:
        if error.code != "E301" or not db.snapshot:
            raise
        out.note("another run is at work: the answer is from what is published")
        return
    if report.quarantined and tells_of_problems:      # a reader may not know how many there are
        out.note(f"{report.quarantined} documents could not be read: {hint('saem quarantine', folder, state)}")


def show_citation(answer: Annotated[str, typer.Argument(help="The answer's id, 8 or more digits.")],
                  n: Annotated[int, typer.Argument(metavar="[N]", min=1, help="Which of its citations.")] = 1,
                  project_: ProjectOption = None, state: StateOption = None, as_json: JsonOption = False, quiet: QuietOption = False,
                  reader: AsOption = None,
                  out_: Annotated[str | None, typer.Option("--out", "-o", help="The PNG to write.")] = None) -> None:
    """Draw a citation: its page, or the text around it, with the quote marked, as a PNG.

    Example: saem show-citation 3f2a9c41 1 --out quote.png
    """
    from saem.core.errors import SaemError
    from saem.infer import picture
    out = Output(as_json, quiet)
    drawn = picture(project(project_, state, reads=True, reader=reader), answer, n)
    place = out_ or f"citation-{answer[:8]}-{n}.png"
    try:
        with open(place, "wb") as file:
            file.write(drawn.png)
    except OSError as error:
        raise SaemError("E104", f"the picture cannot be written to '{place}': {error.strerror}", fix="--out FILE.png") from error
    if as_json:
        out.data({"file": place, "answer": answer, "n": n, "key": drawn.key, "page": drawn.page, "quote": drawn.quote,
                  "stale": drawn.is_stale, "boxes": drawn.boxes})
        return
    page = f", page {drawn.page}" if drawn.page else ""
    out.line(f"{place}: {printable(drawn.key)}{page}")
    if drawn.is_stale:
        out.note("stale: the cited document has changed since the answer was given; the quote still stands in it")
    out.next(hint(f"saem trace {answer}", project_, state))


def search(query: Annotated[str, typer.Argument(help="Words, or a question.")], project_: ProjectOption = None, state: StateOption = None,
           as_json: JsonOption = False, quiet: QuietOption = False, table: TableOption = None, where: WhereOption = None,
           reader: AsOption = None, at: AtOption = None,
           k: Annotated[int, typer.Option("--k", "-k", min=1, help="How many hits.")] = 10,
           fold: Annotated[bool, typer.Option("--fold/--no-fold", help="Of rows that say nearly the same show one.")] = True) -> None:
    """Find rows by words and meaning, best first, with the figures behind each score.

    Example: saem search "대출 기간" -k 5 --where "language = 'ko'"
    """
    out = Output(as_json, quiet)
    db = project(project_, state, reads=True, reader=reader, at=at)
    from saem.core import registry
    from saem.engine.searching import explore
    from saem.engine.steady import steady
    found = steady(explore)(db, indexed(db, table).name, query, k, where, fold=fold)
    hits, absent = found.hits, [word for word in query.split() if set(registry.codes(word)) & set(found.absent)]
    if as_json:
        out.data({"query": query, "absent": absent, "hits": [hit.to_dict() for hit in hits]})
        return
    if absent:
        out.note(f"no row holds {', '.join(map(repr, absent))}" + ("; these are the nearest in words and meaning" if hits else ""))
    for number, hit in enumerate(hits, 1):
        figures = "  ".join(f"{name} {value:.2f}" for name, value in hit.why.items())
        out.line(f"{number:2}. {hit.score:.3f}  {hit.row.get('path') or hit.id}  ({figures})")
        out.line(f"    {' '.join(str(hit.row.get('text', '')).split())[:200]}")
        if hit.others:
            out.line(f"    and {len(hit.others)} more that say nearly the same: {', '.join(other[:12] for other in hit.others)}")
    if not hits:
        tell_reader(out, reader, reader is None or db.origin.knows(reader))
    out.next(hint(f"saem trace {hits[0].id[:12]}", project_, state) if hits else hint("saem status", project_, state))


def tell_reader(out: Output, reader: str | None, is_known: bool) -> None:
    """Why there may be nothing. It does not tell whether something is hidden; who is known, whoever may name a reader may see anyway."""
    if reader is not None:
        unknown = "" if is_known else ", and a name that nobody has may read nothing; is it spelled right?"
        out.note(f"read as '{printable(reader)}': what that name may not read does not exist{unknown}")


def indexed(db: "Project", name: str | None) -> "Table":
    """The table to search: the one named, else the only one with an index."""
    from saem.core.errors import SaemError
    if name:
        return db.table(name)
    found = [table for table in db.tables.values() if table.is_indexed] if db.tables else _searchable(db)
    if len(found) == 1:
        return found[0]
    if not found:
        raise SaemError("E210", "no table of this project has an index to search",
                        fix='derive texts, then TABLE.index(text="text", vector="embedding") in pipeline.py')
    raise SaemError("E210", f"several tables are indexed: {', '.join(t.name for t in found)}", fix=f"--table {found[-1].name}")


def _searchable(db: "Project") -> "list[Table]":
    """The published tables with an index, where no pipeline declares any; but for those of memories and approved answers."""
    heads = db.heads()
    own = {"approved_questions", *(f"{name.removesuffix('_messages')}_vectors" for name in heads if name.endswith("_messages"))}
    return [db.table(name) for name, head in heads.items()
            if name not in own and (head.encoders or any(column.startswith("_tokens_") for column in db.published(name).schema.names))]


def _is_korean(text: str) -> bool:
    return any("가" <= c <= "힣" for c in text)
