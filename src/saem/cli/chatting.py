"""The command that remembers: chat."""
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from saem.cli.asking import indexed, keep_current, tell_reader
from saem.cli.options import AsOption, JsonOption, ProjectOption, QuietOption, StateOption, TableOption, WhereOption, hint, project
from saem.cli.output import Output, printable

if TYPE_CHECKING:
    from saem.engine.project import Project
    from saem.engine.table import Table
    from saem.infer.chatting import Turn
    from saem.infer.memory import Memory


def chat(folder: Annotated[str | None, typer.Argument(metavar="[FOLDER]", help="A folder of documents; none in a project.")] = None,
         project_: ProjectOption = None, state: StateOption = None, as_json: JsonOption = False, quiet: QuietOption = False,
         table: TableOption = None, where: WhereOption = None, reader: AsOption = None,
         persona: Annotated[str | None, typer.Option("--persona",
                                                     help="A persona of saem.toml: its own memory, its part of the documents.")] = None,
         memory: Annotated[str | None, typer.Option("--memory", help="Which memory, where the project has several.")] = None,
         model: Annotated[str | None, typer.Option("--model", help="A model of saem.toml that words what the documents answer.")] = None,
         session: Annotated[str, typer.Option("--session", help="Its name, to forget it by; by default a new one.")] = "") -> None:
    """Talk with the documents: what you tell is remembered, what you ask is answered from the documents and from memory, with the reasons.

    A line in, an answer out; also from a file or another program. An empty line, or the end of the input, ends it.

    Example: saem chat ~/handbook

    Example: echo "연체료는 얼마인가요?" | saem chat ~/handbook --json
    """
    from saem.core.errors import SaemError
    from saem.door import settings_of
    from saem.infer.chatting import Chat
    from saem.infer.personas import Persona
    from saem.infer.personas import persona as persona_of
    out = Output(as_json, quiet)
    path = folder or project_
    db = project(path, state, builds=True, reads=True)
    keep_current(db, path, state, out, tells_of_problems=reader is None)
    speaks = persona_of(settings_of(db.root).get("personas", {}), persona) if persona else Persona("")
    notes = _memory(db, memory or speaks.memory or None)
    searched: Table | None
    try:
        searched = indexed(db, table or speaks.table or None)
    except SaemError as error:
        if error.code != "E210" or table or speaks.table:
            raise
        searched = None
    condition = " and ".join(f"({each})" for each in (where, speaks.where) if each) or None
    talk = Chat(searched, notes, reader, speaks.agent or None, model or speaks.model or None, condition, session)
    if reader is not None and not db.origin.knows(reader):
        tell_reader(out, reader, is_known=False)
    is_typed = sys.stdin.isatty()
    if is_typed and not quiet:
        out.note(speaks.about or "tell something, or ask; an empty line ends it")
    failed = False
    while (line := _line(is_typed)) is not None:
        try:
            _show(out, talk.say(line))
        except SaemError as error:
            if error.code not in ("E801", "E802", "E804"):
                raise
            failed = True               # the model's, not the talk's: the next line may be answered
            out.note(str(error))
    notes.close()
    if failed and not is_typed:
        raise typer.Exit(1)
    out.next(hint("saem memory list", path, state))


def _line(is_typed: bool) -> str | None:
    """The next line; None at the end."""
    if is_typed:
        try:
            line = input("> ")
        except EOFError:
            return None
        return line if line.strip() else None
    for line in sys.stdin:
        if line.strip():
            return line.rstrip("\n")
    return None


def _memory(db: "Project", name: str | None) -> "Memory":
    """The memory that is named, else the only one, else one that is made for chats."""
    from saem.core.errors import SaemError
    from saem.door import CHAT
    from saem.infer.memory import memory, names
    known = names(db)
    if name is None and len(known) > 1:
        raise SaemError("E202", f"several memories: {', '.join(known)}", fix=f"--memory {known[0]}")
    chosen = name or (known[0] if known else CHAT)
    if chosen not in (*known, CHAT):
        raise SaemError("E202", f"no memory is named '{chosen}'", fix=f'memory(db, "{chosen}") in pipeline.py')
    return memory(db, chosen)


def _show(out: Output, turn: "Turn") -> None:
    import json
    if out.is_json:
        print(json.dumps(turn.to_dict(), ensure_ascii=False, default=str), flush=True)       # a line each, for whoever waits for it
        return
    for line in turn.text.splitlines():
        out.line(printable(line))
    for c in turn.answer.citations if turn.answer else ():
        page = f", page {c.page}" if c.page else ""
        out.line(f"  [{c.n}] {printable(c.key)}{page}, characters {c.start}-{c.end}")
    if turn.because is not None:
        source = turn.because.sources[-1]
        out.line(f"  because you said: {printable(source.quote)} ({turn.because.said_at:%Y-%m-%d})")
    for each in turn.recalled:
        used = " *" if each in turn.memories or (turn.because is not None and each.id == turn.because.id) else ""
        figures = ", ".join(f"{name} {each.why[name]:.2f}" for name in ("relevance", "recency", "importance"))
        out.line(f"  recalled{used}: {printable(each.text)} ({figures})")
    sys.stdout.flush()
