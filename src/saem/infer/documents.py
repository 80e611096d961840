"""The pipeline of a plain folder: files -> docs -> chunks, searchable by words and meaning."""
from collections.abc import Sequence
from typing import TYPE_CHECKING

from saem.sources import folder
from saem.transform import chunk, embed, parse

if TYPE_CHECKING:
    from saem.engine.project import Project
    from saem.engine.table import Table


def documents(db: "Project", root: str, readers: Sequence[str] = ("*",)) -> "Table":
    """Declare the tables `files`, `docs` and `chunks` over a folder; returns `chunks`."""
    files = db.source("files", folder(root), readers=readers)
    docs = files.derive("docs", parse)
    chunks = docs.derive("chunks", chunk(), embed(), carry=["path", "title", "language", "date", "dates"])
    return chunks.index(text="text", vector="embedding")
