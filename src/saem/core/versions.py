"""Versions of installed packages, for the fingerprints of operators that depend on them."""
from collections.abc import Iterable
from functools import cache
from importlib import metadata


def versions(packages: Iterable[str]) -> list[str]:
    """'name=version' of each, 'name=none' where it is not installed; in order of names.

    >>> versions(["no-such-package"])
    ['no-such-package=none']
    """
    return [f"{name}={_version(name)}" for name in sorted(set(packages))]


@cache
def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "none"
