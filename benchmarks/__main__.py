"""python -m benchmarks [NAME ...] [--json]: measure, and say what was met and what was missed.

    documents   2,000 real documents to chunks to vectors, and kept current     4 min
    scale       one changed row at 10,000 to 1,000,000 rows; 100,000 changed    8 min
    steady      600 one-row runs in a row                                       4 min
    rights      search among 100,000 vectors of which few may be read, leaks    12 min
    forget      one document of 10,000: seconds until the receipt, what is found   2 min
    beside      a reader beside a writer that publishes every second            1 min
    startup     import saem, saem --help                                        10 s
    ask         the first answer, the next, answers in an open process          1 min
    parsing     PDF pages, 1,000 mixed files, hostile files, in processes       2 min
    curation    signals and decisions beside datatrove's; what_if               6 min; only when named
    install     size of the core install, from the package index                1 min; only when named
"""
import argparse
import dataclasses
import json
import os
import platform
import sys
import time
from collections.abc import Iterator
from hashlib import blake2b
from importlib import import_module, metadata

from benchmarks.figure import Figure, table

NAMES = ("documents", "scale", "steady", "rights", "forget", "beside", "startup", "ask", "parsing", "curation", "install")
UNASKED = NAMES[:-2]
LIBRARIES = ("pylance", "pyarrow", "duckdb", "numpy")


def measure(name: str) -> Iterator[Figure]:
    if name == "install":
        yield from import_module("benchmarks.startup").measure_install()
    else:
        yield from import_module(f"benchmarks.{name}").measure()


def machine() -> dict[str, str]:
    """What the figures hold for; `reference`: CPU-s of a fixed piece of work, higher on a slow or busy machine."""
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        model = next((line.split(":")[1].strip() for line in file if line.startswith("model name")), platform.machine())
    return {"date": time.strftime("%Y-%m-%d"), "processor": f"{model}, {os.cpu_count()} cores", "python": platform.python_version(),
            "versions": ", ".join(f"{name} {metadata.version(name)}" for name in LIBRARIES),
            "load": f"{os.getloadavg()[0]:.1f}", "reference": f"{_reference():.3f} CPU-s"}


def _reference() -> float:
    started = time.process_time()
    for number in range(200_000):
        blake2b(b"%d" % number, digest_size=16).digest()
    return time.process_time() - started


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(NAMES)}; all but install when none is named")
    parser.add_argument("--json", action="store_true", help="figures as JSON on stdout")
    options = parser.parse_args()
    unknown = [name for name in options.names if name not in NAMES]
    if unknown:
        parser.error(f"no benchmark is named '{unknown[0]}': {', '.join(NAMES)}")
    about, found = machine(), {}
    print("  ".join(f"{key}: {value}" for key, value in about.items()), file=sys.stderr)
    for name in options.names or UNASKED:
        figures = []
        for figure in measure(name):
            figures.append(figure)
            print(f"{name}: {' '.join(figure.cells())}", file=sys.stderr, flush=True)
        found[name] = figures
        if not options.json:
            print(f"\n**{name}**\n\n{table(figures)}", flush=True)
    missed = [figure.work.strip() for figures in found.values() for figure in figures if figure.verdict == "MISSED"]
    if options.json:
        rows = {name: [dataclasses.asdict(figure) | {"verdict": figure.verdict} for figure in figures] for name, figures in found.items()}
        print(json.dumps({"machine": about, "figures": rows, "missed": missed}, indent=1))
    print(f"{'all goals met' if not missed else 'missed: ' + '; '.join(missed)}", file=sys.stderr)


if __name__ == "__main__":
    main()
