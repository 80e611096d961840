"""python -m benchmarks.peers [--only NAME ...] [--json] [--keep]: saem beside its peers, on one job, on this machine.

Makes an environment for each (once, under the cache folder), brings the documents, runs everything, prints the tables.
About 15 CPU-minutes; wall time is as long as the machine's other work makes it.
"""
import argparse
import json
import os
import sys
from typing import Any

from benchmarks import corpus
from benchmarks.__main__ import machine
from benchmarks.peers import environments, printing, session
from benchmarks.peers.place import Place


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=list(environments.KNOWN), default=list(environments.KNOWN), metavar="NAME",
                        help=f"of {', '.join(environments.KNOWN)}; saem and by_hand are always measured beside them")
    parser.add_argument("--documents", type=int, default=corpus.DOCUMENTS, help="fewer for a quick look")
    parser.add_argument("--rounds", type=int, default=3, help="builds and no-op reruns of each, in turns; the median counts")
    parser.add_argument("--json", action="store_true", help="all facts as JSON on stdout")
    parser.add_argument("--keep", action="store_true", help="leave each system's state and last log where they are")
    options = parser.parse_args()
    names = [name for name, known in environments.KNOWN.items() if name in options.only or not known.is_peer]
    made = {name: environments.made(name, say) for name in names}
    root, documents = os.path.join(corpus.cache(), "peers", "work"), corpus.documents()
    places = [Place(name, made[name].python, os.path.join(root, name), documents, environments.KNOWN[name].server, say) for name in names]
    about: dict[str, Any] = machine() | {"documents": options.documents, "rounds": options.rounds,
                                         "settings": {name: made[name].versions for name in names}}
    facts = session.measure(places, options.documents, options.rounds, options.keep)
    loads = [load for found in facts.values() for load in found["load"]]
    about["load"] = f"{min(loads):.1f} to {max(loads):.1f}"
    if options.json:
        sizes = {name: {"install_mb": each.size_mb, "import_cpu_s": each.import_cpu_s} for name, each in made.items()}
        print(json.dumps({"machine": about, "environments": sizes, "facts": facts}, indent=1))
    else:
        print("  ".join(f"{key}: {value}" for key, value in about.items() if key != "settings"))
        print("\n".join(f"- {environments.KNOWN[name].title}: {versions}" for name, versions in about["settings"].items()))
        print("\n" + printing.report(facts, made))
    if options.keep:
        say(f"kept: {root}")


if __name__ == "__main__":
    main()
