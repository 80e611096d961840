"""Every call of a model is a row: which model, how much, how long, from which rows. Never the secret, never the text."""
import datetime
import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from saem.core.identity import digest, row_ids
from saem.sources.records import records
from saem.store.reader_sets import EVERYONE, NOBODY

if TYPE_CHECKING:
    from saem.engine.project import Project

TABLE = "calls"


@dataclass(frozen=True)
class CallRow:
    """version: what the server says it is; prompt: NAME.LANGUAGE of its file; problem: '' = it went well; cost: in the prices' currency;
    caller: the name of the gateway's key, '' = saem itself."""
    key: str
    model: str
    kind: str
    version: str
    remote: bool
    purpose: str
    prompt: str
    prompt_fingerprint: str
    tokens_in: int
    tokens_out: int
    tokens_counted: bool       # by the server; False = estimated here
    seconds: float
    cost: float
    attempts: int
    stop: str
    problem: str
    called_at: datetime.datetime      # UTC
    caller: str = ""


def declare(db: "Project") -> None:
    """The table, once a project."""
    if TABLE not in db.tables:
        db.source(TABLE, records(CallRow, key="key"))


def record(db: "Project", row: CallRow, inputs: Sequence[str], readers: int | None) -> str:
    """Put a call into the project's inbox: durable at once, in the table after the next run. Returns its row's id.

    inputs   ids of the rows that the prompt held: the call's parents, so that forget reaches it
    readers  code of those who may read the row; None = the owner alone where there are inputs, else everyone
    """
    declare(db)
    allowed = readers if readers is not None else NOBODY if inputs else EVERYONE
    db.tables[TABLE].put([row], [[bytes.fromhex(each) for each in sorted(set(inputs))]], [allowed])
    return row_ids(TABLE, [digest(TABLE, row.key)], [b""], [0])[0].hex()


def new_key() -> str:
    return uuid.uuid4().hex


def spent_today(db: "Project", model: str) -> float:
    """What a model's calls have cost since midnight UTC, those included that no run has taken in yet."""
    return sum(float(row["cost"]) for row in calls_today(db) if row["model"] == model)


def calls_today(db: "Project") -> list[dict[str, Any]]:
    """model, caller, tokens_in, tokens_out and cost of each call since midnight UTC, those included that no run has taken in yet."""
    midnight = datetime.datetime.now(datetime.UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    rows: list[dict[str, Any]] = []
    if TABLE in db.catalog.heads():
        known = db.published(TABLE).schema.names
        wanted = [name for name in ("model", "caller", "tokens_in", "tokens_out", "cost", "called_at") if name in known]
        rows += db.table(TABLE).to_arrow(wanted).to_pylist()
    rows += [json.loads(waiting)["row"] for waiting in db.catalog.inbox(TABLE)[1].values() if waiting]
    return [{"caller": "", **row} for row in rows if _aware(row["called_at"]) >= midnight]


def _aware(moment: datetime.datetime | str) -> datetime.datetime:
    moment = datetime.datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)
