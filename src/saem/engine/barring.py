"""Sources whose text may not leave the machine, and operators that would send it away."""
import inspect
from typing import TYPE_CHECKING

from saem.core import registry
from saem.core.errors import SaemError
from saem.core.operator import Operator

if TYPE_CHECKING:
    from saem.engine.table import Table


def check_barred(table: "Table") -> None:
    """Raises E805 where a table would have the text of a source with remote=False sent elsewhere."""
    barring = sorted(source.name for source in _sources(table) if not source.remote)
    if not barring:
        return
    for op in table.operators:
        if any(getattr(value, "is_remote", False) for value in op.settings.values()):
            what = f"'{table.name}' would show the text of '{barring[0]}' to a model elsewhere, and that source bars those"
            raise SaemError("E805", what, where=table.declared_at, fix="a model on this machine")
        model = _embedder(op)
        if model and getattr(registry.embedder(model), "is_remote", False):
            what = f"'{table.name}' would send the text of '{barring[0]}' to '{model}', and that source bars models elsewhere"
            raise SaemError("E805", what, where=table.declared_at,
                            fix="embed() with a model on this machine, or an endpoint on it: SAEM_EMBED_URL=http://127.0.0.1:11434/v1")


def _sources(table: "Table") -> "list[Table]":
    """The sources above a table."""
    found, waiting = dict[str, "Table"](), [table]
    while waiting:
        for name in waiting.pop().parent_names:
            if name not in found:
                found[name] = table.project.declared(name)
                waiting.append(found[name])
    return [each for each in found.values() if each.source is not None]


def _embedder(op: Operator) -> str:
    """The embedder that an operator's settings name as `model`, '' = none."""
    parameter = inspect.signature(op.function).parameters.get("model")
    model = op.settings.get("model", parameter.default if parameter else "")
    return model if isinstance(model, str) and model.partition(":")[0] in registry.names("embedder") else ""
