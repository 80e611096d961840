"""Commands about forgetting: forget, allow, receipts, verify."""
import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from saem.cli.options import JsonOption, ProjectOption, QuietOption, StateOption, WhereOption, hint, project
from saem.cli.output import Output

if TYPE_CHECKING:
    from saem.engine.receipts import Receipt

TableArgument = Annotated[str, typer.Argument(help="The source: files, or what `db.source` names.")]
Keys = Annotated[list[str] | None, typer.Argument(metavar="[KEY]...", help="Natural keys, such as paths; an archive or folder: all in it.")]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


def forget(table: TableArgument, keys: Keys = None, project_: ProjectOption = None, state: StateOption = None, as_json: JsonOption = False,
           quiet: QuietOption = False, where: WhereOption = None,
           reason: Annotated[str, typer.Option(help="Why: it stands in the receipt.")] = "",
           dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False, yes: YesOption = False,
           wait: Annotated[float, typer.Option(help="Seconds to wait for a run to end.")] = 0.0) -> None:
    """Erase rows of a source and all that was made from them, everywhere, and keep them out. Prints the receipt.

    They stay out although the source still has them, until `saem allow`. Exit code 3: something of them was found afterwards.

    Example: saem forget files a.pdf --reason "asked by its author"
    """
    out = Output(as_json, quiet)
    db = project(project_, state)
    if not (yes or dry_run or as_json) and sys.stdin.isatty():
        would = db.forget(table, *keys or (), where=where, dry_run=True, wait_s=wait)
        out.line(_rows(would))
        typer.confirm("Erase them for good?", abort=True)
    with out.progress() as listener:
        receipt = db.forget(table, *keys or (), where=where, reason=reason, dry_run=dry_run, wait_s=wait, on_progress=listener)
    if as_json:
        out.data(receipt.to_dict())
    elif dry_run:
        out.line(_rows(receipt))
        return
    else:
        _told(out, receipt, db.state)
    out.next(hint(f"saem verify {receipt.id}", project_, state))
    if receipt.verdict == "found":
        raise typer.Exit(3)


def allow(table: TableArgument, keys: Annotated[list[str], typer.Argument(metavar="KEY...", help="Natural keys that were forgotten.")],
          project_: ProjectOption = None, state: StateOption = None, as_json: JsonOption = False, quiet: QuietOption = False) -> None:
    """Let a source bring forgotten rows again, from the next run on.

    Example: saem allow files a.pdf
    """
    out = Output(as_json, quiet)
    lifted = project(project_, state).allow(table, *keys)
    if as_json:
        out.data({"table": table, "allowed": lifted})
        return
    out.line(f"{lifted} of {len(keys)} keys had been kept out of {table}; the next run takes them again")
    out.next(hint("saem run", project_, state))


def receipts(project_: ProjectOption = None, state: StateOption = None, as_json: JsonOption = False, quiet: QuietOption = False) -> None:
    """What was forgotten, when and by whom; oldest first.

    Example: saem receipts
    """
    out = Output(as_json, quiet)
    found = project(project_, state, reads=True).receipts()
    if as_json:
        out.data({"receipts": [each.to_dict() for each in found]})
        return
    out.table(("receipt", "when", "who", "table", "keys", "rows", "scan", "reason"), [
        (each.id, each.when[:16].replace("T", " "), each.who, each.table, len(each.what), sum(each.rows.values()), each.verdict,
         each.reason) for each in found], right=("keys", "rows"))
    if found:
        out.next(hint(f"saem verify {found[-1].id}", project_, state))


def verify(receipt: Annotated[str, typer.Argument(help="A receipt's id, or its last part.")], project_: ProjectOption = None,
           state: StateOption = None, as_json: JsonOption = False, quiet: QuietOption = False) -> None:
    """Scan every file again for what a receipt says is gone. Exit code 3: something of it is there.

    Example: saem verify 3f2a9c41
    """
    out = Output(as_json, quiet)
    db = project(project_, state, reads=True)
    found = db.verify(receipt)
    if as_json:
        out.data(found.to_dict())
    else:
        _told(out, found, db.state)
    if found.verdict == "found":
        raise typer.Exit(3)


def _told(out: Output, receipt: "Receipt", state: str) -> None:
    out.line(f"receipt {receipt.id}")
    out.line(_rows(receipt))
    out.line(receipt.summary())
    if receipt.held_by:
        count = len(receipt.held_by) + receipt.more_held
        tables = sorted({each["table"] for each in receipt.held_by})
        out.line(f"{count:,} living rows of {', '.join(tables)} hold equal text of their own; the receipt names them and their readers")
    out.note(f"read it in {os.path.join(state, 'receipts', receipt.id + '.md')}")


def _rows(receipt: "Receipt") -> str:
    rows = ", ".join(f"{count:,} of {name}" for name, count in receipt.rows.items()) or "no rows"
    done = "would go" if receipt.is_dry else "erased"
    waiting = f"; {receipt.waiting:,} waiting in the inbox" if receipt.waiting else ""
    return f"{done}: {rows}{waiting}"
