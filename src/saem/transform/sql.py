"""A SELECT over other tables as a table. Its rows are made from every row of those: it is computed whole when one changes."""
import pyarrow as pa

from saem.core.operator import operator
from saem.core.shapes import Tables
from saem.engine.querying import check, columns, connect, query_tables, table_names


def _reads(query: str, **_: object) -> list[str]:
    con = connect()
    try:
        check(query, con)
        return table_names(query, con)
    finally:
        con.close()


def _adds(*schemas: pa.Schema, query: str, **_: object) -> pa.Schema:
    return columns(query, dict(zip(_reads(query), schemas, strict=True)))


@operator(version="1", adds=_adds, reads=_reads, depends=lambda **_: ["duckdb=2"])
def sql(tables: Tables, query: str) -> pa.Table:
    """`db.derive("spend", sql("select student_id, sum(amount) as spent from taps group by 1"))`."""
    return query_tables(query, tables)
