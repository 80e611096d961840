"""Who waits while a machine compiles is told so, once, and nobody else."""
import subprocess
import sys

PROGRAM = """
from saem.core.compiling import compiled
from saem.core.run import heard
compiled("saem.curate.kernels", "leaf", "a test")
from numba import njit
with heard(print):
    added = njit(lambda a, b: a + b)
    print("defined")
    added(1, 2), added(2, 2)
    print("called")
    added(.5, 2)
"""


def test_the_note_comes_once_and_only_when_something_is_compiled() -> None:
    said = subprocess.run([sys.executable, "-c", PROGRAM], check=True, capture_output=True, text=True).stdout.splitlines()
    assert [line for line in said if not line.startswith("compiling")] == ["defined", "called"]
    assert [said.index(line) for line in said if line.startswith("compiling for this machine")] == [1]
