"""A table as its user holds it: declared by `source` or `derive`, read at what is published."""
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

import pyarrow as pa

from saem.core import html, registry
from saem.core.columns import row_schema, visible
from saem.core.errors import SaemError, caller, suggest
from saem.core.fingerprint import fingerprint
from saem.core.identity import digest
from saem.core.operator import Operator
from saem.engine.barring import check_barred
from saem.engine.chain import Chain
from saem.engine.ingest import STAMP, Readers
from saem.engine.steady import steady
from saem.store.candidates import SMALL_ROWS
from saem.store.condition import wrong
from saem.store.readable import Readable
from saem.store.table import condition

if TYPE_CHECKING:
    import lance

    from saem.engine.project import Project
    from saem.store.search import Hit

TEXT_INDEX = {"index_type": "INVERTED", "base_tokenizer": "whitespace", "stem": False, "remove_stop_words": False,
              "ascii_folding": False, "lower_case": False, "with_position": False}
VECTOR_INDEX = {"index_type": "IVF_HNSW_SQ", "metric": "dot"}
INDEX_ROWS = 5_000         # below this a scan costs less than a key index's upkeep
VECTOR_ROWS = SMALL_ROWS   # below this a search is exact, in memory


class Table:
    """Rows of one kind. `derive` makes a table from it, `index` makes it searchable, everything else reads.

    Reading shows the newest publish and needs no pipeline: a table hands itself to pandas, polars, DuckDB and PyArrow.
    """

    def __init__(self, project: "Project", name: str, *, source: Any = None, readers: Readers | None = ("*",),
                 operators: Sequence[Operator] = (), parents: Sequence[str] = (), by: Sequence[str] = (),
                 carry: Sequence[str] = (), remote: bool = True) -> None:
        self.project, self.name, self.source, self.readers = project, name, source, readers
        self.remote = remote                # of a source: whether models elsewhere may be shown its rows
        self.operators, self.parent_names, self.by, self.carry = list(operators), list(parents), tuple(by), tuple(carry)
        self.text_columns: list[str] = []
        self.vector_columns: list[str] = []
        self.is_own = False        # searched by saem itself: no table that a question means
        self.declared_at = caller()

    # declaring

    def derive(self, name: str, *operators: Operator, by: str | Sequence[str] = (), carry: str | Sequence[str] = (),
               using: Iterable["Table | str"] = ()) -> "Table":
        """Make a table from this one.

        operators  applied in turn; rows between them are not stored
        by         key columns of a relation or fit; without it the whole table is one group
        carry      columns of this table that the rows of a flat_map keep
        using      further tables that the operators read, in their order
        """
        return self.project.derive(name, *operators, by=by, carry=carry, using=[self, *using])

    def index(self, text: str | None = None, vector: str | None = None) -> "Table":
        """Make the table searchable: by the words of a text column, by a vector column, or by both."""
        for column in filter(None, (text, vector)):
            if column not in self.schema.names:
                raise SaemError("E101", f"index names the column '{column}', which '{self.name}' does not have", where=caller(),
                                fix=suggest(column, visible(self.schema).names, "column"))
        if self.source is not None:
            raise SaemError("E210", f"'{self.name}' is a source; index a table that is derived from it", where=caller(),
                            fix="derive a table, then index that")
        if vector and not pa.types.is_fixed_size_list(self.schema.field(vector).type):
            raise SaemError("E210", f"'{vector}' holds no vectors", where=caller(), fix="derive it with embed()")
        if text and text not in self.text_columns:
            self.text_columns.append(text)
            self.operators.append(registry.operator("tokens").configured(column=text))
            self.__dict__.pop("chain", None)
        if vector and vector not in self.vector_columns:
            self.vector_columns.append(vector)
        return self

    def put(self, rows: Iterable[Any], parents: Sequence[Sequence[bytes]] | None = None,
            readers: Sequence[str | int | Iterable[str]] | None = None) -> None:
        """Put rows into a `records` source: durable at once, in the table after the next run.

        readers  who may read these rows, ["kim", "staff"]; or of each row, [["kim"], ["kim", "staff"]]. Without it, whom the source names
        """
        import json
        source = self._inbox()
        rows = list(rows)
        codes = self._reader_codes(readers, len(rows)) if readers is not None else None
        made = []
        for number, (key, values) in enumerate(source.encode(rows)):
            body = {"row": values, "parents": [p.hex() for p in parents[number]] if parents else [],
                    "readers": codes[number] if codes else None}     # None = whom the source names
            made.append((key, json.dumps(body, ensure_ascii=False)))
        self.project.catalog.put(self.name, made)

    def _reader_codes(self, readers: Sequence[str | int | Iterable[str]], rows: int) -> list[int]:
        """The code of each row's readers, whom a person gives by their names and saem's own tables by the code itself."""
        if isinstance(readers, str) or (readers and all(isinstance(each, str) for each in readers)):
            return [self.project.catalog.reader_code([readers] if isinstance(readers, str) else cast(Sequence[str], readers))] * rows
        made = [each if isinstance(each, int) else self._reader_code(each) for each in readers]
        if len(made) != rows:
            raise SaemError("E104", f"{rows} rows are put, with readers for {len(made)}", where=caller(),
                            fix='readers=["kim", "staff"] for all of them, or one list of names for each row')
        return made

    def _reader_code(self, names: object) -> int:
        given = list(names) if isinstance(names, Iterable) and not isinstance(names, str) else [None]
        if not all(isinstance(name, str) for name in given):
            raise SaemError("E104", f"readers= names {names!r:.60}", where=caller(),
                            fix='a list of names for each row: readers=[["kim"], ["*"]]')
        return self.project.catalog.reader_code(cast(list[str], given))

    def drop(self, keys: Iterable[Any]) -> None:
        """Delete rows of a `records` source by their keys (tuples, where several columns make the key), at the next run."""
        self._inbox()
        self.project.catalog.put(self.name, [(key if isinstance(key, str) else repr(key), None) for key in keys])

    def _inbox(self) -> Any:
        self.project.check_writable()
        if not hasattr(self.source, "encode"):
            raise SaemError("E104", f"rows cannot be put into '{self.name}': it is not a records source", where=caller(),
                            fix='db.source(name, records(RowClass))')
        return self.source

    @cached_property
    def chain(self) -> Chain:
        """The fused operators; needs the tables that they read to be declared."""
        tables = [self.project.declared(name) for name in self.parent_names]
        check_barred(self)
        chain = Chain(tuple(self.operators), self.by, self.carry, tuple(self.parent_names), tuple(t.schema for t in tables))
        chain.operators[0].check_tables(tables)
        return chain

    @property
    def above(self) -> list["Table"]:
        """The declared tables that it is derived from."""
        return [self.project.tables[name] for name in self.parent_names if name in self.project.tables]

    @property
    def schema(self) -> pa.Schema:
        """The declared columns, with saem's hidden ones that are stored beside them."""
        if self.source is not None:
            own = row_schema(self.source.row_class)
            return own.append(STAMP) if hasattr(self.source, "entries") or hasattr(self.source, "encode") else own
        return self.chain.schema

    @property
    def fingerprint(self) -> bytes:
        """What made the rows: the operators with their settings and models; of put rows, whom the source names as readers."""
        if self.source is None:
            return self.chain.fingerprint
        if not hasattr(self.source, "encode"):     # its readers are asked for at every run; its code decides what a stamp stands for
            return digest("source", fingerprint(type(self.source), {}) if hasattr(self.source, "entries") else "")
        return fingerprint(self.readers, {}) if callable(self.readers) else digest("readers", repr(self.readers))

    @property
    def about(self) -> list[dict[str, str]]:
        """The operators, as people tell them apart."""
        return [op.about() for op in self.chain.operators] if self.source is None else []

    @property
    def granted(self) -> tuple[str, ...]:
        """Who may read the rows beside those who may read all of their parents: see `Project.grant`."""
        return tuple(each["reader"] for each in self.project.catalog.grants(self.name)) if self.source is None else ()

    @property
    def is_indexed(self) -> bool:
        return bool(self.text_columns or self.vector_columns) and not self.is_own

    @property
    def encoders(self) -> dict[str, str]:
        """{vector column: the model that made it and must encode what is asked of it}."""
        made: dict[str, str] = {}
        for op in self.operators:
            if op.encoder is not None:
                model = op.encoder(**op.settings)
                made |= {f.name: model for f in op.writes(self.schema) if pa.types.is_fixed_size_list(f.type)}
        return made

    def key_indexes(self, rows: int) -> dict[str, Mapping[str, Any]]:
        """Indexes that the table should have at this size: of keys that deltas look up, and those that the user asked for."""
        wanted: dict[str, Mapping[str, Any]] = {f"_tokens_{column}": TEXT_INDEX for column in self.text_columns}
        if rows >= VECTOR_ROWS:
            wanted |= {column: VECTOR_INDEX | {"num_partitions": max(1, rows // 100_000)} for column in self.vector_columns}
        if rows >= INDEX_ROWS:
            memo = [op.memo_column for op in self.operators if op.memo]
            groups = [t.by[0] for t in self.project.tables.values()
                      if t.by and self.name in t.parent_names and not t.operators[0].compares_pairs]
            wanted |= {column: {"index_type": "BTREE"} for column in ("_id", "_unit", *memo, *groups, *self._links())}
            wanted |= {"_readers": {"index_type": "BITMAP"}}
        return wanted

    def _links(self) -> list[str]:
        """The columns by which rows of other tables are linked to these."""
        pairs = [pair for t in self.project.tables.values() if t.operators
                 for pair in zip(t.parent_names, t.operators[0].reading(len(t.parent_names)).links, strict=False)]
        return [column for name, columns in pairs if name == self.name for column in columns]

    # reading what is published

    def dataset(self) -> "lance.LanceDataset":
        """The published rows as a Lance dataset, with saem's own columns."""
        return self.project.published(self.name)

    @property
    def columns(self) -> list[str]:
        """The names of its columns, without saem's own."""
        return visible(self.dataset().schema).names  # type: ignore[no-any-return]

    @steady
    def to_arrow(self, columns: Sequence[str] | None = None, where: str | None = None, limit: int | None = None) -> pa.Table:
        """Rows as Arrow; `where` is an SQL condition."""
        return read(self.dataset(), columns, where, limit, self.name)

    @steady
    def count(self, where: str | None = None) -> int:
        """How many rows it has, or how many meet an SQL condition."""
        dataset = self.dataset()
        try:
            return int(dataset.count_rows(condition(where, dataset)))
        except (OSError, ValueError) as error:
            if where is None:
                raise
            raise wrong(where, dataset.schema, error) from error

    def __len__(self) -> int:
        return self.count()

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self.to_arrow().__arrow_c_stream__(requested_schema)

    @steady
    def search(self, query: str, k: int = 10, where: str | None = None, fold: bool = True) -> "list[Hit]":
        """The k rows that fit the query best, best first, each with its scores explained.

        where  an SQL condition on rows and their dates: "modified >= timestamp '2026-01-01'"; what it leaves out is not looked at
        fold   of rows that say nearly the same show the best, which names the `others`
        """
        from saem.engine.searching import search
        return search(self.project, self.name, query, k, where, fold)

    def __repr__(self) -> str:
        return f"Table('{self.name}')"

    def _repr_html_(self) -> str:
        if self.name not in self.project.catalog.heads():
            return html.paragraph(f"{self.name}: not built yet; db.run()")
        held = self.dataset()
        shown = [f.name for f in visible(held.schema) if not pa.types.is_fixed_size_list(f.type)]
        rows = held.to_table(columns=shown, limit=10)
        return html.paragraph(f"{self.name}: {self.count():,} rows") + html.table(shown, [list(row.values()) for row in rows.to_pylist()])


def read(dataset: "lance.LanceDataset", columns: Sequence[str] | None, where: str | None, limit: int | None, name: str) -> pa.Table:
    """Rows of a dataset; a mistake in `columns` or `where` says which columns there are."""
    known = visible(dataset.schema).names
    there = [*known, "_id"] if isinstance(dataset, Readable) else dataset.schema.names
    for column in columns or ():
        if column not in there:
            raise SaemError("E101", f"'{name}' has no column '{column}'", where=caller(), fix=suggest(column, known, "column"))
    try:
        return dataset.to_table(columns=list(columns) if columns else known, filter=condition(where, dataset), limit=limit)
    except (OSError, ValueError) as error:
        if where is None:
            raise
        raise wrong(where, dataset.schema, error) from error
