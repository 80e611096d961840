"""A project beside another: its tables are derived from a table of the other one, which is read where it lies and never copied."""
import lance
import pyarrow as pa

from saem.engine.project import Project
from saem.engine.table import Table
from saem.store.catalog import Publication
from saem.store.heads import Head
from saem.store.lease import lease


class Borrowed(Table):
    """A table of another project as it is published there: others are derived from it, no run brings it."""

    def __init__(self, project: Project, name: str, dataset: lance.LanceDataset) -> None:
        super().__init__(project, name)
        kept = [f for f in dataset.schema if not f.name.startswith("_") or f.name.startswith(("_memo_", "_tokens_", "_stamp"))]
        self._columns = pa.schema(kept)

    @property
    def schema(self) -> pa.Schema:
        return self._columns


def borrow(project: Project, table: Table) -> Table:
    """Declare a published table of another project in this one; what is derived from it follows its changes by Lance's delta.

    Only for runs that name what they bring: `run(only=[...])`.
    """
    head = table.project.catalog.heads()[table.name]
    there = Head(table.project.uri(head.place), head.version, head.fingerprint, head.encoders, head.about)
    if project.catalog.heads().get(table.name) != there:
        with lease(project.catalog, wait_s=5.0) as owner:
            project.catalog.publish(owner, Publication(heads={table.name: there}))
    made = Borrowed(project, table.name, table.project.published(table.name))
    project.tables[table.name] = made
    return made
