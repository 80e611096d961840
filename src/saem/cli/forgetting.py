"""Commands about forgetting: forget, allow, receipts, verify."""
import sys
from typing import Annotated

import typer

from saem.cli.options import JsonOption, ProjectOption, QuietOption, StateOption, WhereOption, hint, project
from saem.cli.output import Output
from saem.cli.receipts import rows_of, show_receipt

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
        if not would.is_earlier:
            out.line(rows_of(would))
            typer.confirm("Erase them for good?", abort=True)
    with out.progress() as listener:
        receipt = db.forget(table, *keys or (), where=where, reason=reason, dry_run=dry_run, wait_s=wait, on_progress=listener)
    if as_json:
        out.data(receipt.to_dict())
    elif receipt.is_earlier:
        out.line(f"already forgotten: see receipt {receipt.id}")
    elif dry_run:
        out.line(rows_of(receipt))
        return
    else:
        show_receipt(out, receipt, db.state)
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


def accept(table: Annotated[str, typer.Argument(help="The table of models.")],
           reason: Annotated[str, typer.Option(help="Why this is right: it stands in the receipt and in traces.")],
           row: Annotated[str, typer.Argument(help="The model's row, or the beginning of its id; needed where several are blocked.")] = "",
           project_: ProjectOption = None, state: StateOption = None, as_json: JsonOption = False, quiet: QuietOption = False) -> None:
    """Let a model serve again that saw a forgotten row and could not be fitted without it.

    Example: saem accept churn --reason "counts only; agreed with the data protection officer"
    """
    out = Output(as_json, quiet)
    db = project(project_, state)
    with out.progress() as listener:
        receipt = db.accept(table, row, reason=reason, on_progress=listener)
    if as_json:
        out.data(receipt.to_dict())
        return
    done = receipt.accepted[-1]
    out.line(f"{done['table']} {done['row'][:12]} serves again, as it is, until a run fits it: {done['reason']}")
    out.next(hint(f"saem trace {done['row'][:12]}", project_, state))


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
        show_receipt(out, found, db.state)
    if found.verdict == "found":
        raise typer.Exit(3)

