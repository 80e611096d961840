"""What saem costs before it does anything: import, help, size of the install."""
import os
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator

from benchmarks import step
from benchmarks.figure import Figure, middle

ROUNDS = 5
HEAVY = ("torch", "daft", "ray", "onnxruntime", "pandas")
NEVER_LOADED = f"import json, sys; print(json.dumps([m for m in {HEAVY!r} if m in sys.modules]))"
HELP = "import sys; sys.argv = ['saem', '--help']; from saem.cli.main import main\ntry: main()\nexcept SystemExit: pass\n"


def measure() -> Iterator[Figure]:
    bare = middle(step.command([sys.executable, "-c", ""]).wall_s for _ in range(ROUNDS))
    loads = [step.command([sys.executable, "-c", f"import saem; {NEVER_LOADED}"]) for _ in range(ROUNDS)]
    helps = [step.command([sys.executable, "-m", "saem.cli.main", "--help"]) for _ in range(ROUNDS)]
    all_loaded = [step.command([sys.executable, "-c", f"import saem; saem.Project, saem.operator, saem.open; {NEVER_LOADED}"])
                  for _ in range(ROUNDS)]
    helped = step.command([sys.executable, "-c", HELP + NEVER_LOADED])
    yield Figure("import saem", middle(c.wall_s for c in loads) - bare, "s", 0.3, f"above Python's own {bare:.3f} s")
    yield Figure("import saem and use a name of it", middle(c.wall_s for c in all_loaded) - bare, "s", note="loads pyarrow and lance")
    yield Figure("saem --help", middle(c.wall_s for c in helps), "s", 0.5,
                 f"{middle(c.cpu_s for c in helps):.2f} CPU-s, Python's start included")
    loaded = sorted({*loads[0].result, *all_loaded[0].result, *helped.result})
    yield Figure("heavy modules loaded by either", len(loaded), "", 0, ", ".join(loaded) or "none of " + ", ".join(HEAVY))


def measure_install() -> Iterator[Figure]:
    """The core and what it requires, installed from the package index into an empty environment."""
    with open(os.path.join(step.ROOT, "pyproject.toml"), "rb") as file:
        wanted = tomllib.load(file)["project"]["dependencies"]
    with tempfile.TemporaryDirectory() as place:
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", place], check=True)
        target = os.path.join(place, "lib", f"python{sys.version_info.major}.{sys.version_info.minor}", "site-packages")
        pip = [sys.executable, "-m", "pip", "install", "-q", "--no-compile", "--target", target]
        cost = step.command([*pip, "-c", os.path.join(step.ROOT, "constraints.txt"), *wanted])
        size = sum(os.stat(os.path.join(folder, name)).st_blocks * 512 for folder, _, names in os.walk(target) for name in names) / 1e6
        own = sum(os.path.getsize(os.path.join(folder, name)) for folder, _, names in os.walk(os.path.join(step.ROOT, "src"))
                  for name in names if not name.endswith(".pyc")) / 1e6
    yield Figure("core install", size + own, "MB", 600, f"installed in {cost.wall_s:.0f} s; saem itself {own:.1f} MB")
