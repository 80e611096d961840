"""One SELECT over published tables, by DuckDB. saem's own columns stay out of `select *`."""
import json
from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa

from saem.core.columns import visible
from saem.core.errors import SaemError, caller, suggest


def query_tables(query: str, datasets: Mapping[str, Any], limit_mb: int = 1024) -> pa.Table:
    """(n,) rows. Only tables by name are seen: no files, no network, no writing, no settings.

    Raises: E211 when the text is not one SELECT, or names what is not there.
    """
    con = connect(limit_mb)
    try:
        check(query, con)
        for name in table_names(query, con):
            if name not in datasets:
                raise SaemError("E211", f"the query reads '{name}', and no table has that name", fix=suggest(name, datasets, "table"))
            show(con, name, datasets[name])
        return con.sql(query).to_arrow_table()
    except Exception as error:
        if isinstance(error, SaemError) or not type(error).__module__.startswith(("duckdb", "_duckdb")):
            raise
        raise SaemError("E211", f"the query cannot be run: {str(error).strip():.400}",
                        fix="saem status shows the tables, saem show TABLE its columns") from error
    finally:
        con.close()


def connect(limit_mb: int = 1024, **more: str) -> Any:
    """A DuckDB of its own that reads nothing but what it is given; `more` settings lock it further."""
    import duckdb
    return duckdb.connect(":memory:", config={
        "enable_external_access": "false", "autoinstall_known_extensions": "false", "autoload_known_extensions": "false",
        "memory_limit": f"{limit_mb}MB", "preserve_insertion_order": "false", "python_enable_replacements": "false", **more})


def check(query: str, con: Any) -> None:
    """Exactly one statement, and it only reads."""
    import duckdb
    try:
        statements = con.extract_statements(query)
    except duckdb.Error as error:
        raise SaemError("E211", f"the query cannot be read: {str(error).strip():.400}", where=caller(),
                        fix="one SELECT over tables") from error
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise SaemError("E211", "only one SELECT is taken", fix="saem sql \"select * from docs limit 5\"")


def table_names(query: str, con: Any) -> list[str]:
    """The tables that a query reads (CTEs are not among them), each once."""
    import duckdb
    try:
        return sorted(con.get_table_names(query))
    except duckdb.BinderException:      # `join ... using` looks for its columns before the tables are known
        tree = json.loads(con.execute("select json_serialize_sql(?)", [query]).fetchall()[0][0])
        return sorted(set(_values(tree, "table_name")) - {entry["key"] for found in _values(tree, "cte_map") for entry in found["map"]})


def _values(tree: Any, key: str) -> Iterator[Any]:
    """Every value of a key, however deep."""
    for name, value in tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ():
        if name == key:
            yield value
        yield from _values(value, key)


def show(con: Any, name: str, dataset: Any) -> None:
    """Let a query see a dataset under its name, without saem's own columns; filters and projections are pushed into Lance."""
    rows, table = '"' + f"{name}__rows" + '"', '"' + name.replace('"', '""') + '"'
    con.register(f"{name}__rows", dataset)
    columns = ", ".join('"' + n.replace('"', '""') + '"' for n in visible(dataset.schema).names)
    con.execute(f"create view {table} as select {columns} from {rows}")


def columns(query: str, schemas: Mapping[str, pa.Schema]) -> pa.Schema:
    """The columns that a query gives, told from those of its tables."""
    return query_tables(f"select * from ({query.strip().rstrip(';')}) limit 0", {n: s.empty_table() for n, s in schemas.items()}).schema
