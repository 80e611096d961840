"""A table as one principal may read it: the rights are part of every scan and index search; every way round them is closed."""
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import lance
import pyarrow as pa
import pyarrow.compute as pc

from saem.core.errors import SaemError, caller
from saem.core.identity import ID

NO_CODE = -1               # a condition that no row meets
OPEN = frozenset({"schema", "uri", "version", "scanner", "to_table", "to_batches", "count_rows", "stats"})     # go through the scan
WORDS = frozenset("and or not in like ilike between is null true false date timestamp escape".split())
FUNCTIONS = frozenset("lower upper starts_with ends_with contains array_has array_contains list_contains length".split())

_TOKEN = re.compile(r"\s+|'(?:[^']|'')*'|`[^`]+`|\"[^\"]+\"|-?\d+(?:\.\d+)?|[^\W\d]\w*|<>|!=|<=|>=|[=<>(),]")


class Readable(lance.LanceDataset):  # type: ignore[misc]
    """A Lance dataset of which only the rows with certain readers exist. What is not in OPEN raises.

    codes   the reader sets whose rows exist
    hidden  (n,) ID: rows that do not, all the same; see `engine.hindsight`
    rights  the SQL condition that a row meets which may be read
    """

    def __init__(self, dataset: lance.LanceDataset, codes: Iterable[int], hidden: Sequence[bytes] = (), session: Any = None) -> None:
        super().__init__(dataset.uri, version=dataset.version, session=session)
        self.codes = tuple(sorted(codes)) or (NO_CODE,)
        self.hidden = pa.array(sorted(hidden), ID)
        self.rights = f"_readers IN ({', '.join(map(str, self.codes))})"
        if len(self.hidden):
            names = ", ".join(f"X'{each.hex()}'" for each in self.hidden.to_pylist())
            self.rights += f" AND _id NOT IN ({names})"

    def scanner(self, columns: Any = None, filter: Any = None, *arguments: Any, **options: Any) -> Any:
        """Every read ends here. The rights come first, and before an index search, not after."""
        if filter is None:
            rights: Any = self.rights
        elif isinstance(filter, str):
            rights = f"{self.rights} AND ({filter})"
        else:
            rights = pc.field("_readers").isin(pa.array(self.codes, pa.int32())) & filter
            if len(self.hidden):
                rights = ~pc.field("_id").isin(self.hidden) & rights
        return super().scanner(columns, rights, *arguments, **{**options, "prefilter": True})

    def count_rows(self, filter: Any = None, **_: Any) -> int:
        return int(self.scanner(columns=[], filter=filter, with_row_id=True).count_rows())

    def _take_rows(self, row_ids: Any, columns: Any = None, **_: Any) -> pa.Table:
        """Rows by Lance's row ids, in their order. One that may not be read ends it all: no search can have found it."""
        named = list(columns) if columns is not None else self.schema.names
        rows = super()._take_rows(row_ids, columns=[*named, *({"_readers", "_id"} - set(named))])
        is_theirs = pc.is_in(rows["_readers"], value_set=pa.array(self.codes, pa.int32()))
        if len(rows) and not pc.all(pc.and_not(is_theirs, pc.is_in(rows["_id"], value_set=self.hidden))).as_py():
            raise RuntimeError("a row was asked for that may not be read")
        return rows.select(named)


def _closed(name: str) -> Callable[..., Any]:
    def closed(self: Readable, *_: Any, **__: Any) -> Any:
        raise RuntimeError(f"'{name}' would go round the rights of '{self.uri}'")
    return closed


for _name in dir(lance.LanceDataset):
    if not _name.startswith("_") and _name not in OPEN and callable(getattr(lance.LanceDataset, _name)):
        setattr(Readable, _name, _closed(_name))


def check_plain(where: str, columns: Sequence[str]) -> str:
    """A condition that a reader may put: comparisons of columns with values, and FUNCTIONS; nothing that can fail on one row.

    An error on a row that may not be read (a division by zero) would tell of it; so would a parenthesis too many.

    >>> check_plain("language = 'ko' AND (page > 3 OR contains(text, 'a(b'))", ["language", "page", "text"])
    "language = 'ko' AND (page > 3 OR contains(text, 'a(b'))"
    """
    depth, place, previous = 0, 0, ""
    known = set(columns)
    for token in _TOKEN.finditer(where):
        if token.start() != place:
            break
        place = token.end()
        word = token[0].strip("`\"")
        depth += (token[0] == "(") - (token[0] == ")")
        if depth < 0:
            break
        is_name = token[0][0] in "`\"" or token[0][0].isalpha() or token[0][0] == "_"
        if is_name and word not in known and (token[0][0] in "`\"" or word.lower() not in WORDS | FUNCTIONS):
            raise SaemError("E211", f"the condition names '{word}', which is no column that may be asked for", where=caller(),
                            fix=f"columns: {', '.join(columns)}; functions: {', '.join(sorted(FUNCTIONS))}")
        if token[0] == "(" and previous and (previous in known or previous[0] in "'`\"" or previous[0].isdigit()):
            break
        previous = token[0] if token[0].strip() else previous
    if place != len(where) or depth:
        raise SaemError("E211", f"the condition {where!r} cannot be taken", where=caller(),
                        fix="compare columns with values: = <> < > IN LIKE BETWEEN IS NULL, with AND, OR, NOT and parentheses")
    return where
