"""A receipt of what was forgotten, as the command line shows it."""
import os
from typing import TYPE_CHECKING

from saem.cli.output import Output

if TYPE_CHECKING:
    from saem.engine.receipts import Receipt


def show_receipt(out: Output, receipt: "Receipt", state: str) -> None:
    """What went, what was looked for and found, and where the whole of it stands."""
    out.line(f"receipt {receipt.id}")
    out.line(rows_of(receipt))
    out.line(receipt.summary())
    for each in receipt.blocked:
        told = next((f"accepted: {known['reason']}" for known in receipt.accepted if known["row"] == each["row"]), "")
        out.line(f"{each['table']} {each['row'][:12]} saw it and could not be fitted again: " + (told or "it is blocked"))
    if receipt.held_by:
        count = len(receipt.held_by) + receipt.more_held
        tables = sorted({each["table"] for each in receipt.held_by})
        out.line(f"{count:,} living rows of {', '.join(tables)} hold equal text of their own; the receipt names them and their readers")
    out.note(f"read it in {os.path.join(state, 'receipts', receipt.id + '.md')}")


def rows_of(receipt: "Receipt") -> str:
    """How many rows went of each table, or would."""
    rows = ", ".join(f"{count:,} of {name}" for name, count in receipt.rows.items()) or "no rows"
    done = "would go" if receipt.is_dry else "erased"
    waiting = f"; {receipt.waiting:,} waiting in the inbox" if receipt.waiting else ""
    return f"{done}: {rows}{waiting}"
