"""2 ingestion and transformation: documents, chunks, words, vectors, joins, groups, SQL. Heavy libraries wait for first use."""
from saem.transform.chunk import chunk
from saem.transform.deduplicate import deduplicate
from saem.transform.embed import embed
from saem.transform.group_by import group_by
from saem.transform.join import join
from saem.transform.parse import parse
from saem.transform.sql import sql
from saem.transform.tokens import tokens

__all__ = ["chunk", "deduplicate", "embed", "group_by", "join", "parse", "sql", "tokens"]
