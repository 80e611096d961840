"""A project: tables that are declared, what is published of them, and the run that brings them up to date."""
import datetime
import os
import sqlite3
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import lance
import pyarrow as pa

from saem.core.errors import SaemError, caller, suggest
from saem.core.operator import Operator
from saem.core.principals import Groups
from saem.core.run import OnProgress, OnStep, Report, ignore
from saem.engine.accepting import release_fitted
from saem.engine.declaring import RECORDED, check_name, declared_source, declared_table
from saem.engine.erasure import finish
from saem.engine.ingest import Readers
from saem.engine.membership import GroupsTable, Membership, check
from saem.engine.narrowing import narrow
from saem.engine.retention import Retention, prune
from saem.engine.returning import check_whole
from saem.engine.running import Run, damaged, explained
from saem.engine.steady import steady
from saem.engine.table import Table
from saem.store.catalog import Catalog
from saem.store.heads import Head
from saem.store.lease import lease

if TYPE_CHECKING:
    from saem.engine.receipts import Receipt
    from saem.engine.view import View


class Project:
    """All state lies in one folder: `catalog.db` and one Lance dataset a table.

    >>> import tempfile
    >>> db = Project(tempfile.mkdtemp())
    >>> db.snapshot
    0
    """

    def __init__(self, state: str, on_step: OnStep = ignore, root: str = "") -> None:
        self.state, self.on_step, self.root = os.path.abspath(state), on_step, os.path.abspath(root)
        try:
            os.makedirs(os.path.join(self.state, "tables"), exist_ok=True)
        except OSError as error:
            raise SaemError("E204", f"the state of the project cannot be written: {error.strerror}", where=self.state,
                            fix="make the folder writable, or keep the state elsewhere: --state FOLDER (SAEM_STATE)") from error
        self.catalog = Catalog(os.path.join(self.state, "catalog.db"))
        self._opened: dict[str, tuple[tuple[str, int], lance.LanceDataset]] = {}
        self.tables: dict[str, Table] = {}
        self.lenders: list[lance.LanceDataset] = []      # tables of other projects; see `borrowing`
        self.keep = Retention()
        self.groups: dict[str, tuple[str, ...]] = {}       # who is in which group, as `saem.toml` says
        self.groups_table: GroupsTable | None = None       # and as a table says
        self._membership = Membership(self)
        self.models: Mapping[str, Any] = {}                # settings of language models, as `saem.infer.llm` reads them
        self.is_finishing = False                          # whether an erasure that was cut off, or undone, is being carried out
        self.receipts_seen = 0                             # the state of their folder when the catalog knew all of them
        self.origin = self                                 # of a view: the project that it shows
        self.person: str | None = None                     # of a view: whose rights apply; None = the owner's

    def close(self) -> None:
        """Close the catalog; `with saem.open("school") as db:` does it at the end. What is published stays."""
        self.catalog.close()

    def __enter__(self) -> "Project":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Project({self.state!r})"

    # declaring

    def source(self, name: str, source: Any, readers: Readers | None = None, remote: bool = True) -> Table:
        """A table that rows come into. `readers`: who may read them - names, a column, or a function of the natural key.

        Without it: those whom the source itself names (`folder(..., readers="posix")`), else everyone whom the project knows.
        remote: whether models elsewhere, of language or of embeddings, may be shown what is made of them; False: it stays on this machine.
        """
        return self._add(declared_source(self, name, source, readers, remote))

    def groups_from(self, table: Table | str, group: str = "group", member: str = "member") -> None:
        """Take groups from a table too: one row for each member of each group. A member may be a group.

        Who is in a group is then as the table is published: a row that comes or goes changes who may read from that publish on,
        and no other row is written. `saem.toml` says the same with `groups_from = "members"`.
        """
        self.groups_table = check(self, GroupsTable(table.name if isinstance(table, Table) else table, group, member))

    def membership(self) -> Groups:
        """Who is in which group at this moment."""
        return self._membership.now()

    def derive(self, name: str, *operators: Operator, by: str | Sequence[str] = (), carry: str | Sequence[str] = (),
               using: Iterable[Table | str] = ()) -> Table:
        """A table made from others; those that an operator names itself (`sql`, `predict`) need not be given."""
        return self._add(declared_table(self, name, operators, by, carry, using))

    def _add(self, table: Table) -> Table:
        if table.name in self.tables:
            raise SaemError("E201", f"two tables are named '{table.name}'", where=caller(),
                            fix=f"rename one; the other is at {self.tables[table.name].declared_at}")
        check_name(table)
        self.tables[table.name] = table
        return table

    def check_writable(self) -> None:
        """Raises E601 where rows cannot be put or dropped: in a view."""

    def declared(self, name: str) -> Table:
        if name not in self.tables:
            raise SaemError("E202", f"no table is named '{name}'", where=caller(), fix=suggest(name, self.tables, "table"))
        return self.tables[name]

    # reading

    def heads(self) -> Mapping[str, Head]:
        """Where the published rows of each table are. Raises: E705 where what was forgotten is back."""
        check_whole(self)
        return self.catalog.heads()

    def as_user(self, name: str) -> "View":
        """The project as one principal may read it: rows of which another is the reader do not exist.

        Nobody knows a principal who is neither in a group nor a reader of anything: nothing is shown, not even what is for all.
        """
        from saem.engine.view import View
        return View(self, name, getattr(self, "pinned", None))

    def at(self, when: "int | str | datetime.datetime") -> "View":
        """The project as a snapshot has it: by number, or the newest at a time ("2026-11-20", "2026-11-20 14:00", local time)."""
        from saem.engine.view import View
        number, kept = self.catalog.snapshot_at(when)
        return View(self, self.person, (number, {name: each.head for name, each in kept.items()}))

    @property
    def snapshot(self) -> int:
        """The number of the newest publish; 0 = nothing yet."""
        return self.catalog.snapshot()

    def table(self, name: str) -> Table:
        """A table by name, declared or only published."""
        if name in self.tables:
            return self.tables[name]
        heads = self.heads()
        if name not in heads:
            raise SaemError("E202", f"no table is named '{name}'", where=caller(), fix=suggest(name, {*heads, *self.tables}, "table"))
        return Table(self, name)

    def names(self) -> list[str]:
        """Published and declared tables, parents before children."""
        heads = self.heads()
        return [*self.tables, *sorted(name for name in heads if name not in self.tables)]

    def published(self, name: str, heads: Mapping[str, Head] | None = None) -> lance.LanceDataset:
        """A table as the newest publish has it, or as it was when these heads were read."""
        head = (self.heads() if heads is None else heads).get(name)
        if head is None:
            if name in self.tables:
                raise SaemError("E208", f"nothing of '{name}' is published yet", where=caller(), fix="saem run")
            raise SaemError("E202", f"no table is named '{name}'", where=caller(), fix=suggest(name, self.names(), "table"))
        key, known = (head.place, head.version), self._opened.get(name)
        if known is None or known[0] != key:       # a handle keeps its indexes in memory; a new one would read them again
            try:
                known = key, lance.dataset(self.uri(head.place), version=head.version)
            except (ValueError, OSError) as error:
                raise damaged(name, self.uri(head.place)) from error
            self._opened[name] = known
        return known[1]

    @steady
    def sql(self, query: str) -> pa.Table:
        """One SELECT over the published tables, by DuckDB."""
        from saem.engine.querying import query_tables
        heads = self.heads()      # read once: all tables at one snapshot
        return query_tables(query, {name: lance.dataset(self.uri(head.place), version=head.version) for name, head in heads.items()})

    def quarantine(self, table: str | None = None) -> list[dict[str, Any]]:
        """The units that gave no rows, and why: table, key, operator, reason, details (the traceback), since."""
        if table is not None:
            self.table(table)
        return self.catalog.problems(table, "failed")

    @steady
    def trace(self, row: str) -> Any:
        """Where a row came from, up to the source, and what was made from it."""
        from saem.engine.tracing import trace
        return trace(self, row)

    def diff(self, older: "int | str", newer: "int | str | None" = None) -> Any:
        """What differs between two snapshots (the newest, if one is named): per table, rows that came, changed and went."""
        from saem.engine.comparing import diff
        return diff(self.at(older), self if newer is None else self.at(newer))

    def restore(self, when: "int | str | datetime.datetime", wait_s: float = 0.0, on_progress: OnProgress = ignore) -> Report:
        """Every table as a snapshot has it (see `at`), as a new snapshot; `restore` of the one before takes it back.

        The next run brings what the sources say then: rows that were put come back for good, files as they lie there. What was
        forgotten stays away, and rows have the readers of today, where those then were others.
        Raises: E212 for a snapshot that is not kept, or not whole; E301 if a run is at work after `wait_s` seconds.
        """
        from saem.engine.restoring import restore
        return restore(self, when, wait_s, on_progress)

    # forgetting

    def forget(self, table: str, *keys: Any, where: str | None = None, reason: str = "", dry_run: bool = False, wait_s: float = 0.0,
               on_progress: OnProgress = ignore) -> "Receipt":
        """Erase rows of a source and all that was made from them, from every table, index, old version and answer, and keep them out.

        keys     natural keys (tuples, where several columns make the key); that of an archive or a folder stands for all that lies in it
        where    an SQL condition instead: every row that meets it
        dry_run  only say what would go
        Raises: E209 for a key that nothing knows, E702 for a table that is derived, E301 if a run is at work after `wait_s` seconds.
        """
        from saem.engine.forgetting import forget
        return forget(self, table, keys, where, reason, dry_run, wait_s, on_progress)

    def allow(self, table: str, *keys: Any) -> int:
        """Let a source bring forgotten keys again, from the next run on. How many had been kept out."""
        from saem.engine.forgetting import allow
        return allow(self, table, keys)

    def accept(self, table: str, row: str = "", *, reason: str, wait_s: float = 0.0, on_progress: OnProgress = ignore) -> "Receipt":
        """Let a model serve again that saw a forgotten row and could not be fitted without it; until a run fits it, or forgets more of it.

        row     the id of the model's row, or its beginning; "" where one model of the table is blocked
        reason  why this is right: it stands in the receipt, which is given back, and in traces
        Raises: E209 where no such model is blocked, E301 if a run is at work after `wait_s` seconds.
        """
        from saem.engine.forgetting import accept
        return accept(self, table, row, reason, wait_s, on_progress)

    def receipts(self) -> "list[Receipt]":
        """What `forget` has written, oldest first; at the end what a crash cut off, which the next run finishes."""
        from saem.engine.forgetting import unfinished
        from saem.engine.receipts import receipts
        return [*receipts(self.state), *unfinished(self)]

    def verify(self, receipt: str) -> "Receipt":
        """Scan everything again for what a receipt says is gone; its `after` is that of now."""
        from saem.engine.forgetting import verify
        return verify(self, receipt)

    # rights

    def grant(self, table: str, *names: str, reason: str = "", on_progress: OnProgress = ignore) -> Report:
        """Let people or groups read a derived table whatever they may read of its parents; and what is made from it alone.

        It is recorded, shows in `trace`, and lasts until `revoke`. The readers of a source are set where it is declared.
        """
        return self._regranted(table, names, lambda: self.catalog.grant(table, names, reason), on_progress)

    def revoke(self, table: str, *names: str, on_progress: OnProgress = ignore) -> Report:
        """Take a grant back. Rows keep the readers that their parents give them."""
        return self._regranted(table, names, lambda: self.catalog.revoke(table, names), on_progress)

    def _regranted(self, table: str, names: Sequence[str], change: Callable[[], None], on_progress: OnProgress) -> Report:
        if not names:
            raise SaemError("E104", "nobody is named", where=caller(), fix=f'db.grant("{table}", "staff", reason="...")')
        if self.declared(table).source is not None:
            raise SaemError("E104", f"'{table}' is a source: its readers are set where it is declared", where=caller(),
                            fix=f'db.source("{table}", ..., readers=[...]), then: saem run')
        change()
        wanted = {table}
        for each in self.order():
            if wanted & set(each.parent_names):
                wanted.add(each.name)
        return self.run(only=wanted, on_progress=on_progress)

    def knows(self, person: str) -> bool:
        """Whether a group, or the readers of some row, name the person."""
        return person in self.membership() or self.catalog.names_reader(person)

    def who_can_read(self, row: str) -> Any:
        """Who may read a row, named as for `trace`."""
        from saem.engine.rights import who_can_read
        return who_can_read(self, row)

    def why_not(self, person: str, row: str) -> Any:
        """What keeps someone from reading a row: the rows above it that the person may not read."""
        from saem.engine.rights import check_known, why_not
        check_known(self, person)
        return why_not(self, person, row)

    def plan(self) -> Any:
        """What a run would do, and why; changes nothing."""
        from saem.engine.planning import plan
        return plan(self)

    def uri(self, place: str) -> str:
        """Where a dataset of this project lies."""
        return os.path.join(self.state, "tables", place)

    # running

    def order(self) -> list[Table]:
        """Parents before children; a circle is an error."""
        done: dict[str, Table] = {}

        def visit(table: Table, path: tuple[str, ...]) -> None:
            if table.name in path:
                circle = " -> ".join([*path[path.index(table.name):], table.name])
                raise SaemError("E203", f"the tables depend on each other in a circle: {circle}", where=table.declared_at,
                                fix="derive one of them from something else")
            if table.name not in done:
                for parent in table.parent_names:
                    visit(self.declared(parent), (*path, table.name))
                done[table.name] = table

        for table in self.tables.values():
            visit(table, ())
        return list(done.values())

    def run(self, *, only: Iterable[str] | None = None, retry: bool = False, wait_s: float = 0.0,
            on_progress: OnProgress = ignore) -> Report:
        """Bring every table up to date and publish them together; nothing changes for readers until then.

        only   these tables and no others (their parents must be up to date by themselves)
        retry  compute what is in quarantine again
        Raises: E301 if another run is at work after `wait_s` seconds.
        """
        started, clock = time.time(), time.perf_counter()
        wanted = {self.declared(name).name for name in only} if only is not None else set(self.tables)
        tables = [table for table in self.order() if table.name in wanted]
        try:
            with lease(self.catalog, wait_s) as owner:
                finish(self, owner, on_progress)
                run = Run(self, retry, on_progress)
                for table in tables:
                    run.bring(table)
                narrow(run, RECORDED)
                if only is None:
                    run.drop_undeclared()
                self.on_step("before publish")
                snapshot = run.publish(owner)
                self.on_step("after publish")
                release_fitted(self)
                prune(self)
                report = Report(run.counts, snapshot, time.perf_counter() - clock)
                if not run.publication.is_empty:
                    self.catalog.record_run(started, report.seconds, snapshot, {n: asdict(c) for n, c in run.counts.items()})
                return report
        except (OSError, sqlite3.DatabaseError) as error:
            raise explained(error, self.state) from error
