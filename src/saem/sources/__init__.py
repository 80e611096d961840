"""1 sources: where rows enter. `folder` brings files; `records` takes rows that a program puts."""
from saem.sources.folder import folder
from saem.sources.records import records

__all__ = ["folder", "records"]
