"""1 sources: where rows enter. `folder` brings files, `posix_groups` who is who; `records` takes rows that a program puts."""
from saem.sources.folder import folder
from saem.sources.permissions import posix_groups
from saem.sources.records import records

__all__ = ["folder", "posix_groups", "records"]
