"""Bring one derived table up to date: touched units -> operators -> diff against what it holds -> unpublished commits."""
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import lance
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from saem.core.identity import ID, id_list, ids, occurrences, row_hashes, row_ids, with_parents
from saem.core.operator import Operator
from saem.core.run import Counts, OnProgress, Progress
from saem.core.shapes import Tables
from saem.engine.apply import Failure, Output, apply, apply_groups, failure
from saem.engine.chain import Chain
from saem.engine.executor import in_order
from saem.engine.granting import Granting
from saem.engine.loading import Loading, Units
from saem.engine.memo import Memo
from saem.engine.pairs import PairsFailed, apply_pairs
from saem.engine.units import Parents, Touched, Work
from saem.engine.writing import Writer
from saem.store.catalog import Catalog, Publication
from saem.store.quarantine import Problem
from saem.store.table import Store

SLICE_ROWS = 128           # costly rows handed to a thread at once
PROGRESS_ROWS = 512        # costly rows between two unpublished commits: what a crash can cost
CHEAP_ROWS = 65_536        # the same when nothing costly is in the chain


@dataclass
class Task:
    """One derived table in one run. `marks`: the parents' versions that its published rows were made from; None = build anew."""
    name: str
    chain: Chain
    store: Store
    parents: Sequence[Store]
    marks: Sequence[int] | None
    catalog: Catalog
    publication: Publication
    on_progress: OnProgress
    retry: bool = False
    older: lance.LanceDataset | None = None     # the table's former columns, where they have changed: for the memo
    workers: int = 2
    lenders: Sequence[lance.LanceDataset] = ()  # further tables that the memo may take results from
    granted: Sequence[str] = ()                 # who may read the rows beside those who may read their parents
    is_granted_anew: bool = False               # that differs from the last publish


def refresh(task: Task) -> Counts:
    """Make the table equal to a rebuild from its parents, touching only what changed. Writes, does not publish."""
    return Refresh(task).run()


@dataclass
class Refresh:
    """One derived table at work."""
    task: Task
    counts: Counts = field(default_factory=Counts)

    def __post_init__(self) -> None:
        task = self.task
        self.chain, self.store = task.chain, task.store
        self.parents = Parents(task.chain, task.parents, task.catalog)
        self.loading = Loading(self.parents)
        self.memo = Memo(task.store, task.older, task.lenders)
        self.writer = Writer(task.store, self.counts, PROGRESS_ROWS if self.chain.costly else CHEAP_ROWS)
        self.failed: list[bytes] = []      # units of which some rows may have been written before another row failed
        self.total = 0
        self.begun = self.made = 0           # units, and costly rows that came of them
        self.ahead: deque[int] = deque()     # for each slice at work: what is done once it is written, in rows if costly, else in units

    def run(self) -> Counts:
        task, work = self.task, self._work()
        self.total = self.counts.recomputed = len(work.touched)
        self._report(0)
        if not self._replaces_pairs(work):
            for block in self.parents.blocks(work.touched):
                self._replace(self.loading.load(block), self.writer.held(block.units))
        self.writer.drop(work.dead)
        self.writer.drop_failed(self.failed)
        if work.is_rebuild:
            self.writer.drop_absent(work.touched.units)
        self.writer.flush()
        regranted = self.parents.everything().touched if task.is_granted_anew and not work.is_rebuild else work.regranted
        self.counts.regranted = Granting(self.store, self.parents, task.granted).regrant(regranted)
        self.counts.unchanged = self.store.base.count_rows() - self.counts.changed - self.counts.deleted - self.counts.regranted
        self.counts.reused, self.counts.computed = self.memo.reused, self.memo.computed
        return self.counts

    def _work(self) -> Work:
        task = self.task
        work = self.parents.changes(task.marks) if task.marks is not None else None
        if work is None:
            task.publication.cleared.append((task.name, None))
            return self.parents.everything()
        if task.retry:
            work.touched = self._with_quarantined(work.touched)
        units = [*id_list(work.touched.units), *id_list(work.dead)]
        if units:
            task.publication.cleared.append((task.name, units))
        return work

    def _with_quarantined(self, touched: Touched) -> Touched:
        """The units in quarantine too; they are found among all units, for they have no rows here."""
        wanted = ids([unit for unit, kind in self.task.catalog.problem_units(self.task.name).items() if kind == "failed"])
        wanted = wanted.filter(pc.invert(pc.is_in(wanted, value_set=touched.units)))
        if not len(wanted):
            return touched
        every = self.parents.everything().touched
        mask = pc.is_in(every.units, value_set=wanted)
        both = Touched(pa.concat_arrays([touched.units, every.units.filter(mask)]))
        if every.rowids is not None:
            both.rowids = pa.concat_arrays([_filled(touched.rowids), every.rowids.filter(mask)])
        if every.keys is not None:
            both.keys = pa.concat_arrays([_filled(touched.keys).cast(every.keys.type), every.keys.filter(mask)])
        return both

    # computing

    def _replaces_pairs(self, work: Work) -> bool:
        """Recompute the pairs of the rows that are asked for and of no others, where that is enough and does not fail."""
        task, asked = self.task, work.asked
        if asked is None or task.retry or task.catalog.problem_units(task.name):
            return False
        old = self.writer.held_of(pa.concat_arrays([asked, work.dead]))
        try:
            self._replace(iter([self.loading.load_pairs(asked, is_all_of_them=False)]), old)
        except PairsFailed:
            return False
        self.counts.recomputed = len(asked)
        return True

    def _replace(self, loaded: Iterator[Units], old: pa.Table | None) -> None:
        """Recompute units; write what differs from the old rows, delete what no longer comes out."""
        seen: list[pa.Array] = []
        workers = self.task.workers if self.chain.costly else 0
        for rows in in_order(self._finish, self._slices(loaded), workers):
            seen.append(rows["_id"].combine_chunks())
            self.writer.put(rows, old)
            self._report(self.ahead.popleft())
        self.writer.drop_vanished(old, seen)

    def _slices(self, loaded: Iterator[Units]) -> Iterator["Slice"]:
        """Units through the cheap operators, cut for the costly ones."""
        for units in loaded:
            if not len(units):
                continue
            made = self._begin(units)
            size = SLICE_ROWS if self.chain.costly else max(1, len(made.rows))
            before = self.made
            self.begun, self.made = self.begun + len(units), self.made + len(made.rows)
            for start in range(0, max(1, len(made.rows)), size):
                self.ahead.append(min(before + start + size, self.made) if self.chain.costly else self.begun)
                yield made.part(start, size)

    def _report(self, done: int) -> None:
        total = self.total
        if self.chain.costly and self.begun:
            total = self.made if self.begun >= self.total else round(self.made * self.total / self.begun)
        self.task.on_progress(Progress(self.task.name, min(done, total), total))

    def _begin(self, units: Units) -> "Slice":
        """Run the operators before the first costly map and name the rows that come out."""
        rest = list(self.chain.operators[:self.chain.split])
        further = self.loading.broadcast_rows() if self.parents.broadcast and len(units) else []
        named: Named | None = None
        if self.chain.is_relation:
            rows, origin, named = self._relation(rest.pop(0), units)
        else:
            rows, origin = units.rows, np.arange(len(units))
        local = self._local(rows) if self.chain.is_relation and not self.chain.has_flat_map else [b""] * len(rows)
        for position, op in enumerate(rest):
            others, further = further[:len(op.inputs) - 1], further[len(op.inputs) - 1:]
            before = rows
            rows, step = self._run(op, before, others, units, origin)
            origin = origin[step]
            if named is not None:
                named = named.take(step)
            local = [local[i] for i in step]
            if op.kind == "flat_map":
                kept = [n for n in self.chain.carry if n not in rows.column_names]
                if kept:
                    carried = before.select(kept).take(pa.array(step))
                    rows = pa.table(carried.columns + rows.columns, names=kept + rows.column_names)
                if not any(later.kind == "flat_map" for later in rest[position + 1:]):
                    local = self._local(rows)      # before a later map may replace what names the row
        return Slice(units, rows, origin, local, occurrences(origin, local), named)

    def _local(self, rows: pa.Table) -> list[bytes]:
        key = self.chain.local_key
        return row_hashes(rows.select(list(key))) if key else [b""] * len(rows)

    def _relation(self, op: Operator, units: Units) -> tuple[pa.Table, np.ndarray, "Named | None"]:
        """(rows, the group of each, the parents that the operator named)."""
        assert units.groups is not None
        groups = units.groups
        if op.inputs[0].shape == "tables":
            tables = Tables({n: s.dataset for n, s in zip(self.chain.names, self.task.parents, strict=True)})
            try:
                rows = op.function(tables, **op.settings)
            except Exception as error:
                self._fail([failure(0, op, error)], units, np.zeros(1, np.int64))
                rows = op.writes(*self.chain.schemas).empty_table()
            return rows, np.zeros(len(rows), np.int64), None
        out = apply_pairs(op, groups, self.chain.by[0]) if op.compares_pairs else apply_groups(op, groups)
        if self.chain.links:
            return self._linked(out, units)
        self._fail(out.failures, units, np.arange(groups.count))
        if out.both is not None:
            return out.rows, out.origin, self._pair_named(out.both, units)
        if out.parents is None:
            return out.rows, out.origin, None
        return out.rows, out.origin, self._rows_named(out.parents, units)

    def _pair_named(self, both: np.ndarray, units: Units) -> "Named":
        parents = pa.ListArray.from_arrays(pa.array(np.arange(0, 2 * len(both) + 1, 2, dtype=np.int32)),
                                           ids(units.group_ids[0]).take(pa.array(both.reshape(-1))))
        readers = np.array(units.group_readers[0], np.int64)[both]
        span = int(readers.max(initial=0)) + 1
        pairs, place = np.unique(readers[:, 0] * span + readers[:, 1], return_inverse=True)
        codes = np.array([self.task.catalog.intersect(divmod(pair, span)) for pair in pairs.tolist()], np.int64)
        return Named(parents, codes[place] if len(codes) else np.zeros(0, np.int64))

    def _rows_named(self, rows: Sequence[Sequence[tuple[int, int]] | None], units: Units, is_each_once: bool = False) -> "Named":
        named = [[units.group_ids[t][i] for t, i in row] if row is not None else None for row in rows]
        parents = [list(dict.fromkeys(row)) if row is not None else None for row in named] if is_each_once else named
        codes = [self.task.catalog.intersect([units.group_readers[t][i] for t, i in row]) if row is not None else -1 for row in rows]
        return Named(pa.array(parents, pa.list_(ID)), np.array(codes, np.int64))

    def _linked(self, out: Output, units: Units) -> tuple[pa.Table, np.ndarray, "Named | None"]:
        """The rows that were made of the units themselves: their groups came with them, and are made with their own units."""
        assert units.groups is not None
        assert out.parents is not None
        place = {name: number for number, name in enumerate(id_list(units.names))}
        at = [place.get(own, -1) for own in units.group_ids[0]]
        group = dict(zip(at, units.groups.member[0].tolist(), strict=True))
        for failed in out.failures:
            mine = [unit for unit, number in group.items() if number == failed.index and unit >= 0]
            self._fail([replace(failed, index=number) for number in range(len(mine))], units, np.array(mine, np.int64))
        origin = np.array([at[row[0][1]] for row in out.parents if row is not None], np.int64)
        kept = np.flatnonzero(origin >= 0)
        named = self._rows_named([out.parents[number] or [] for number in kept.tolist()], units, is_each_once=True)
        return out.rows.take(pa.array(kept)), origin[kept], named

    def _run(self, op: Operator, rows: pa.Table, others: Sequence[pa.Table], units: Units,
             origin: np.ndarray) -> tuple[pa.Table, np.ndarray]:
        out = self.memo.apply(op, rows) if op.memo else apply(op, rows, others)
        self._fail(out.failures, units, origin)
        return out.rows, out.origin

    def _fail(self, failures: Sequence[Failure], units: Units, origin: np.ndarray) -> None:
        for one in failures:
            position = int(origin[one.index])
            unit = units.names[position].as_py()
            self.failed.append(unit)
            problem = Problem(unit, "failed", self._called(units, position), one.operator, one.reason, one.details)
            self.task.publication.problems.append((self.task.name, problem))

    def _called(self, units: Units, position: int) -> str:
        """What a person calls a unit."""
        if units.rows is not None or self.parents.is_pairs or self.chain.links:
            parent = self.task.parents[0]
            named = [name for name in ("path", "key", "title", "name") if name in parent.schema.names]
            unit = units.names.slice(position, 1)
            rows = parent.lookup("_id", unit, named[:1]).to_pylist() if named else []
            return str(rows[0][named[0]]) if rows else id_list(unit)[0].hex()
        if units.groups is not None and self.chain.by:
            for table, member in zip(units.groups.tables, units.groups.member, strict=True):
                at = int(np.searchsorted(member, position))
                if at < len(member) and member[at] == position:
                    return ", ".join(str(table[name][at].as_py()) for name in self.chain.by)
        return str(units.names[position].as_py().hex()) if self.chain.by else f"all of {self.chain.names[0]}"

    def _finish(self, part: "Slice") -> pa.Table:
        """Run the costly maps and give every row its name, hash, readers and parents."""
        rows, keep = part.rows, np.arange(len(part.rows))
        for op in self.chain.operators[self.chain.split:]:
            rows, step = self._run(op, rows, (), part.units, part.origin[keep])
            keep = keep[step]
        failed = set(self.failed)
        names = id_list(part.units.names.take(pa.array(part.origin[keep])))
        if failed:
            alive = np.array([i for i, name in enumerate(names) if name not in failed], np.int64)
            rows, keep, names = rows.take(pa.array(alive)), keep[alive], [names[i] for i in alive]
        rows = rows.select(self.chain.schema.names)
        computed = {name for op in self.chain.costly for name in op.writes(rows.schema).names if name != op.memo_column}
        content = rows.drop_columns(sorted(computed))    # their memo key stands for them
        is_key = self.chain.operators[-1].kind != "map" and set(content.column_names) == set(self.chain.local_key)
        hashes = [part.local[i] for i in keep] if is_key else row_hashes(content)
        parents, readers, is_own = self._lineage(part, keep, names)
        if not is_own:     # a member may be replaced by its equal: same content, other parents
            hashes = with_parents(hashes, parents)
        made = row_ids(self.task.name, names, [part.local[i] for i in keep], [part.occurrence[i] for i in keep])
        if self.task.granted:
            readers = pa.array([self.task.catalog.widen(code, self.task.granted) for code in readers.to_pylist()], pa.int32())
        return pa.table([ids(made), ids(names), ids(hashes), readers, parents, *rows.columns], schema=self.store.schema)

    def _lineage(self, part: "Slice", keep: np.ndarray, names: list[bytes]) -> tuple[pa.Array, pa.Array, bool]:
        """(parents, readers, whether every row's parent is its unit alone)."""
        units, origin = part.units, part.origin[keep]
        readers = units.readers.take(pa.array(origin))
        if units.groups is None and not units.whole:
            return pa.ListArray.from_arrays(pa.array(np.arange(len(names) + 1, dtype=np.int32)), ids(names)), readers, True
        if units.groups is None:
            return pa.array([[name, *units.whole] for name in names], pa.list_(ID)), readers, False
        if part.named is None:
            members = self._members(units, np.unique(origin))
            return pa.array([members[group] for group in origin.tolist()], pa.list_(ID)), readers, False
        named = part.named.take(keep)
        if not units.whole and not named.parents.null_count:
            return named.parents, pa.array(named.codes, pa.int32()), False
        own, codes = named.parents.to_pylist(), readers.to_pylist()
        members = self._members(units, np.unique([g for g, each in zip(origin.tolist(), own, strict=True) if each is None]))
        parents = [[*each, *units.whole] if each is not None else members[g] for g, each in zip(origin.tolist(), own, strict=True)]
        codes = [mine if each is not None else code for mine, each, code in zip(named.codes.tolist(), own, codes, strict=True)]
        return pa.array(parents, pa.list_(ID)), pa.array(codes, pa.int32()), False

    def _members(self, units: Units, wanted: np.ndarray) -> dict[int, list[bytes]]:
        """{group: the ids of all its rows}."""
        assert units.groups is not None
        wanted = wanted.astype(np.int64)
        members = {group: list(units.whole) for group in wanted.tolist()}
        for member, each in zip(units.groups.member, () if self.parents.is_whole else units.group_ids, strict=False):
            bounds = np.searchsorted(member, np.stack([wanted, wanted + 1], axis=1)).tolist()
            for group, (start, stop) in zip(members, bounds, strict=True):
                members[group] += each[start:stop]
        return members


def _filled(array: pa.Array | None) -> pa.Array:
    assert array is not None
    return array


@dataclass
class Named:
    """What an operator named as the parents of its rows: (n,) lists of ids, null = the whole group; (n,) codes of who may read them."""
    parents: pa.Array
    codes: np.ndarray

    def take(self, rows: np.ndarray) -> "Named":
        return Named(self.parents.take(pa.array(rows, pa.int64())), self.codes[rows])


@dataclass
class Slice:
    """Rows on their way: of which unit (origin), their local keys within it, and the parents that an operator named."""
    units: Units
    rows: pa.Table
    origin: np.ndarray
    local: list[bytes]
    occurrence: list[int]
    named: "Named | None"

    def part(self, start: int, length: int) -> "Slice":
        cut = slice(start, start + length)
        return Slice(self.units, self.rows.slice(start, length), self.origin[cut], self.local[cut], self.occurrence[cut],
                     self.named.take(np.arange(start, min(start + length, len(self.origin)))) if self.named is not None else None)

