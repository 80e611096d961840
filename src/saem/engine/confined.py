"""A reader's SQL: in a process of its own with limits, on a locked DuckDB that knows only what the reader may read.

Settings alone do not protect rows: what is registered is a `Readable`, whose scans hold the rights, and the query is one
SELECT over its tables by name, without table functions or functions that look beyond the rows.
"""
import json
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import pyarrow as pa

from saem.core.errors import SaemError, suggest

MEMORY_MB, CPU_S, WALL_S = 512, 30, 60
MAX_BYTES = 256 << 20          # of the result
LOCKED = {"allow_community_extensions": "false", "max_temp_directory_size": "0B", "temp_directory": "", "threads": "2"}
# what looks at, or writes to, something else than the rows of the query
REFUSED = frozenset("""
    getenv current_setting current_query query query_table read_text read_blob nextval currval write_log error getvariable
    current_database current_schema current_schemas version txid_current pg_typeof in_search_path json_serialize_sql
    json_execute_serialized_sql json_serialize_plan json_deserialize_sql""".split())


def query_confined(query: str, tables: Mapping[str, tuple[str, int]], codes: Iterable[int],
                   hidden: Callable[[str], list[bytes]] = lambda name: []) -> pa.Table:
    """(n,) rows of one SELECT. tables: {name: (dataset, version)}; codes: the reader sets whose rows exist; hidden: rows that do not.

    Raises: E211 when the query is refused, wrong, or needs more than the limits allow.
    """
    from saem.engine.querying import check, connect, table_names
    con = connect()
    try:
        check(query, con)
        guard(query, con)
        names = table_names(query, con)
    finally:
        con.close()
    for name in names:
        if name not in tables:
            raise SaemError("E211", f"the query reads '{name}', and no table has that name", fix=suggest(name, tables, "table"))
    order = json.dumps({"query": query, "tables": {name: [*tables[name], [key.hex() for key in hidden(name)]] for name in names},
                        "codes": sorted(codes)})
    command = [sys.executable, "-m", "saem.engine.confined"]
    try:
        done = subprocess.run(command, input=order.encode(), capture_output=True, timeout=WALL_S, check=False)
    except subprocess.TimeoutExpired as error:
        raise SaemError("E211", f"the query takes longer than {WALL_S} s", fix="ask for less") from error
    if done.returncode == 0:
        return pa.ipc.open_stream(done.stdout).read_all()
    if done.returncode == 3:
        raise SaemError("E211", f"the query cannot be run: {done.stderr.decode(errors='replace').strip():.400}",
                        fix="saem status shows the tables, saem show TABLE its columns")
    raise SaemError("E211", f"the query needs more than {MEMORY_MB} MB or {CPU_S} s of work", fix="ask for less")


def guard(query: str, con: Any) -> None:
    """Refuse table functions, other schemas and REFUSED functions, as DuckDB itself reads the query."""
    tree = json.loads(con.execute("select json_serialize_sql(?)", [query]).fetchall()[0][0])
    if tree.get("error"):
        raise SaemError("E211", "the query cannot be read", fix="one SELECT over tables")
    for node in _nodes(tree):
        if node.get("type") == "TABLE_FUNCTION":
            name = node.get("function", {}).get("function_name", "")
            if name not in ("unnest", "range", "generate_series"):
                raise SaemError("E211", f"the query calls '{name}', which is no table", fix="name tables only")
        if node.get("type") == "BASE_TABLE" and (node.get("schema_name") or node.get("catalog_name")):
            schema = node.get("schema_name") or node["catalog_name"]
            raise SaemError("E211", f"the query names a schema: '{schema}'", fix="name tables only")
        if str(node.get("function_name", "")).lower() in REFUSED:
            raise SaemError("E211", f"the query calls '{node['function_name']}', which is not for readers", fix="leave it out")


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:
    todo = [tree]
    while todo:
        each = todo.pop()
        if isinstance(each, dict):
            yield each
            todo += each.values()
        elif isinstance(each, list):
            todo += each


def main() -> int:
    """The process of one query: an order as JSON on stdin, rows as an Arrow stream on stdout, 3 when DuckDB refuses."""
    import resource
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    import duckdb
    import lance

    from saem.engine.querying import connect, show
    from saem.store.readable import Readable
    order = json.loads(sys.stdin.buffer.read())
    con = connect(MEMORY_MB, **LOCKED)
    for name, (uri, version, hidden) in order["tables"].items():
        show(con, name, Readable(lance.dataset(uri, version=version), order["codes"], [bytes.fromhex(key) for key in hidden]))
    con.execute("set lock_configuration=true")
    try:
        rows = con.sql(order["query"]).to_arrow_table()
    except duckdb.Error as error:
        print(error, file=sys.stderr)
        return 3
    if rows.nbytes > MAX_BYTES:
        print(f"the result is larger than {MAX_BYTES >> 20} MB", file=sys.stderr)
        return 3
    with pa.ipc.new_stream(sys.stdout.buffer, rows.schema) as stream:
        stream.write_table(rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
