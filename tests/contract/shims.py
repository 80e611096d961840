"""Small C libraries that are loaded before all others, so that a process has another clock or another disk."""
import shutil
import subprocess
import sys
from pathlib import Path

import pytest


def made(name: str, folder: Path) -> Path:
    """`name`.c beside this file, as a library in the folder; without a C compiler on Linux the tests that need it are skipped."""
    library = folder / f"{name}.so"
    compiler = shutil.which("cc") or shutil.which("gcc")
    if sys.platform != "linux" or compiler is None:
        pytest.skip(f"a C compiler on Linux makes {name}")
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", str(library), str(Path(__file__).parent / f"{name}.c"), "-ldl"], check=True)
    return library
