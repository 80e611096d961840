"""An embedder's library, imported when the embedder is loaded and not before."""
import importlib
import importlib.util
from typing import Any

from saem.core.errors import SaemError, missing


def require_installed(module: str, embedder: str) -> None:
    """The same check without importing it.

    Raises: `SaemError` E103 when it is not installed.
    """
    if importlib.util.find_spec(module) is None:
        raise missing(module, f"embedding with '{embedder}'", "models")


def require(module: str, embedder: str, package: str = "") -> Any:
    """The imported module. `package` is what pip calls it, where that is another name.

    Raises: `SaemError` E103 when it is not installed. A fault inside an installed one is raised as it is.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module:
            raise
        if module == "sentence_transformers":      # brings torch along: not in an extra of ours
            raise SaemError("E103", f"embedding with '{embedder}' needs the package 'sentence-transformers'",
                            fix="pip install sentence-transformers") from error
        raise missing(package or module, f"embedding with '{embedder}'", "models") from error
