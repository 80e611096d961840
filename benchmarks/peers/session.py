"""One session: every system through every trial, builds in turns, with the machine's load beside them."""
import os
import shutil
from collections.abc import Callable, Mapping, Sequence

from benchmarks.figure import middle
from benchmarks.peers import trials
from benchmarks.peers.place import Failed, Place
from benchmarks.peers.trials import Facts

SMALL = 200               # documents of the trials that need not be large
OnFacts = Callable[[Mapping[str, Facts]], None]
MEASURED = ("build_cpu_s", "build_s", "peak_mb", "idle_cpu_s", "idle_s", "disk_mb")


def measure(places: Sequence[Place], count: int, rounds: int, is_kept: bool = False,
            on_facts: OnFacts = lambda _: None) -> dict[str, Facts]:
    """Facts by system: "failed" what broke, by trial; "rounds" the measured values of each. on_facts hears of them as they come."""
    facts: dict[str, Facts] = {place.name: {"failed": {}, "rounds": [], "load": []} for place in places}
    for number in range(rounds):                      # in turns, so that a busy machine slows all
        first = number % len(places)
        for place in [*places[first:], *places[:first]]:
            mine = facts[place.name]
            found = _try(place, mine, "build", trials.build, count)
            mine["rounds"] += [found] if found else []
            mine["load"].append(os.getloadavg()[0])
            mine.update(found | {name: middle(each[name] for each in mine["rounds"]) for name in MEASURED if mine["rounds"]})
            on_facts(facts)
    small = min(SMALL, count)
    for name, trial, settings in (("changes", trials.changes, ()), ("forgotten", trials.forgotten, ()), ("poison", trials.poison, (small,)),
                                  ("edited", trials.edited, (small,)), ("crash", trials.crash, (count,))):
        for place in places:
            mine = facts[place.name]
            if mine["rounds"]:
                after = (mine["embedded"],) if name == "crash" else ()
                mine.update(_try(place, mine, name, trial, *settings, *after))
                on_facts(facts)
    for place in places:
        place.close()
        if not is_kept:
            shutil.rmtree(place.root, ignore_errors=True)
    return facts


def _try(place: Place, mine: Facts, name: str, trial: Callable[..., Facts], *settings: int) -> Facts:
    """A trial's facts; {} and a word in 'failed' when the system broke in it."""
    try:
        found = trial(place, *settings)
    except Failed as problem:
        mine["failed"][name] = str(problem)
        return {}
    if "error" in found:
        mine["failed"][name] = found["error"]
        return {}
    return found
