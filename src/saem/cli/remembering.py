"""Commands about what agents remember: memory list, why, forget, export."""
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from saem.cli.options import AtOption, JsonOption, LimitOption, ProjectOption, QuietOption, StateOption, hint, project
from saem.cli.output import Output, printable
from saem.cli.receipts import rows_of, show_receipt
from saem.core.errors import SaemError

if TYPE_CHECKING:
    from saem.infer.memory import Memory

NameOption = Annotated[str | None, typer.Option("--name", help="Which memory, where the project has several.")]
UserOption = Annotated[str | None, typer.Option("--user", help="As this user reads it; without: as the owner.")]
AgentOption = Annotated[str | None, typer.Option("--agent", help="As this agent reads it.")]

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="What agents remember: list, why, forget, export.")


@app.command("list")
def list_(project_: ProjectOption = None, state: StateOption = None, as_json: JsonOption = False, quiet: QuietOption = False,
          name: NameOption = None, user: UserOption = None, agent: AgentOption = None, at: AtOption = None, limit: LimitOption = 20,
          kind: Annotated[str, typer.Option(help="belief, message, or all.")] = "belief",
          tier: Annotated[str | None, typer.Option(help="Only hot, warm or cold ones.")] = None) -> None:
    """What is remembered, the hottest first; and what contradicts itself.

    Example: saem memory list --user kim
    """
    out = Output(as_json, quiet)
    for what, value, known in (("kind", kind, ("belief", "message", "all")), ("tier", tier, ("hot", "warm", "cold", None))):
        if value not in known:
            raise SaemError("E104", f"{what} is {value!r:.40}", fix=f"one of {', '.join(filter(None, known))}")
    notes = opened(project_, state, name)
    found = [each for each in notes.memories(user=user, agent=agent, at=at) if kind in (each.kind, "all") and tier in (each.tier, None)]
    rivals = notes.conflicts(user=user, agent=agent, at=at)
    if as_json:
        out.data({"memory": notes.name, "memories": [each.to_dict() for each in found[:limit]], "more": max(0, len(found) - limit),
                  "conflicts": [each.to_dict() for each in rivals]})
        return
    out.table(("kind", "id", "memory", "said", "tier", "recalled"), [
        (each.kind, each.id[:12] if each.kind == "belief" else each.id, each.text, f"{each.said_at:%Y-%m-%d}", each.tier,
         f"{each.why['frequency']:.2f}") for each in found[:limit]])
    for each in rivals:
        out.line(f"contradiction: {each.subject} · {each.predicate}: {', '.join(b.object for b in each.beliefs.values())}")
    if not found:
        out.line("nothing of that kind is remembered" + (f" of '{user}'" if user else ""))
    else:
        first = found[0].id[:12] if found[0].kind == "belief" else found[0].id
        out.next(hint(f"saem memory why {first}", project_, state))


@app.command()
def why(memory: Annotated[str, typer.Argument(help="A belief's id, 8 or more digits, or a message's key.")],
        project_: ProjectOption = None, state: StateOption = None, as_json: JsonOption = False, quiet: QuietOption = False,
        name: NameOption = None, user: UserOption = None, agent: AgentOption = None) -> None:
    """Where a memory comes from: who said it, where; what it superseded; who may read it.

    Example: saem memory why 3f2a9c41
    """
    out = Output(as_json, quiet)
    notes = opened(project_, state, name)
    told = notes.why(memory, user=user, agent=agent)
    if as_json:
        out.data(told)
        return
    out.line(told["text"] or "no longer so")
    out.line(f"{told['tier']}, recalled {told['uses']} times, read by {' and '.join(told['readers']) or 'the owner alone'}")
    for claim in told["claims"]:
        out.line(f"  {claim['said_at'][:16]}  {claim['message']} characters {claim['start']}-{claim['end']}: {printable(claim['quote'])}")
    for other in told["others"]:
        until = other["until"][:10] if other["until"] else "now"
        out.line(f"  {other['since'][:10]} to {until}: {other['object']}")
    if told["claims"]:
        out.next(hint(f"saem memory forget {told['claims'][0]['message']}", project_, state))


@app.command()
def forget(keys: Annotated[list[str] | None, typer.Argument(metavar="[KEY]...", help="Keys of messages, or USER/SESSION.")] = None,
           project_: ProjectOption = None, state: StateOption = None, as_json: JsonOption = False, quiet: QuietOption = False,
           name: NameOption = None, user: Annotated[str | None, typer.Option("--user", help="Every message of this user.")] = None,
           session: Annotated[str | None, typer.Option("--session", help="Every message of this session.")] = None,
           reason: Annotated[str, typer.Option(help="Why: it stands in the receipt.")] = "",
           dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
           yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False) -> None:
    """Erase messages and all that was made from them, everywhere. Older beliefs hold again. Prints the receipt.

    Example: saem memory forget --user kim --reason "asked by kim"
    """
    out = Output(as_json, quiet)
    notes = opened(project_, state, name)
    if not (yes or dry_run or as_json) and sys.stdin.isatty():
        out.line(rows_of(notes.forget(*keys or (), user=user, session=session, dry_run=True)))
        typer.confirm("Erase them for good?", abort=True)
    receipt = notes.forget(*keys or (), user=user, session=session, reason=reason, dry_run=dry_run)
    if as_json:
        out.data(receipt.to_dict())
    elif dry_run:
        out.line(rows_of(receipt))
        return
    else:
        show_receipt(out, receipt, notes.db.state)
    out.next(hint(f"saem verify {receipt.id}", project_, state))
    if receipt.verdict == "found":
        raise typer.Exit(3)


@app.command()
def export(project_: ProjectOption = None, state: StateOption = None, quiet: QuietOption = False, as_json: JsonOption = False,
           name: NameOption = None, user: UserOption = None, agent: AgentOption = None) -> None:
    """Everything that is remembered, as JSON: messages, claims, beliefs with the superseded ones, reflections.

    Example: saem memory export --user kim > kim.json
    """
    Output(as_json, quiet).data(opened(project_, state, name).export(user=user, agent=agent))


def opened(path: str | None, state: str | None, name: str | None) -> "Memory":
    """The memory that a command is about: the one named, else the only one."""
    from saem.infer.memory import memory, names
    db = project(path, state, reads=True)
    known = names(db)
    if name is None and len(known) != 1:
        raise SaemError("E202", f"several memories: {', '.join(known)}" if known else "the project has no memory",
                        fix=f"--name {known[0]}" if known else 'memory(db, "tutor") in pipeline.py')
    chosen = name or known[0]
    if chosen not in known:
        raise SaemError("E202", f"no memory is named '{chosen}'", fix=f"one of {', '.join(known)}" if known else 'memory(db, "tutor")')
    return memory(db, chosen)
