"""What every system is put through. Each trial gives facts: {name: value}; a system that breaks in one goes on with the next."""
import os
from typing import Any

from benchmarks.figure import middle
from benchmarks.peers import work
from benchmarks.peers.place import Place

REFRESHES = 7
SECRET = "qqforgetmexyz"
CANARY = f"Please forget {SECRET} of Seoul, telephone 010-2345-6789."
GOOD = "A page about the marmalade of Kilmarnock. " * 20
POISON = (("unreadable.txt", "A note in an old encoding: caf\xe9, \xff\xfe and so on. " * 20, "latin-1"),
          ("exploding.txt", f"A page that the model cannot take: {work.BOMB}. " * 20, "utf-8"), ("zz_good.txt", GOOD, "utf-8"))

Facts = dict[str, Any]


def build(place: Place, count: int) -> Facts:
    """From nothing, then nothing to do: each a fresh process."""
    place.fresh(count)
    built, idle = place.step("sync"), place.step("sync")
    if built.result["error"]:
        return {"error": built.result["error"]}
    return {"build_cpu_s": built.cpu_s, "build_s": built.wall_s, "peak_mb": built.peak_mb, "embedded": built.result["embedded"],
            "idle_cpu_s": idle.cpu_s, "idle_s": idle.wall_s, "idle_embedded": idle.result["embedded"], "disk_mb": place.size_mb()}


def changes(place: Place) -> Facts:
    """Edits, a rename, a deletion and a copy on what `build` left; in the end every row must be right."""
    known = work.names(place.corpus)[5]
    found = place.step("change", times=REFRESHES, question=work.cut(work.read(os.path.join(place.corpus, known)))[0]).result
    errors = [each["error"] for each in [*found["refresh"], found["rename"], found["delete"], found["copy"]] if each["error"]]
    if errors:
        return {"error": errors[0]}
    before, runs = found["before"], found["refresh"]
    return {"chunks": before["chunks"], "wrong_after_build": before["wrong"], "finds": known in before["found"],
            "refresh_s": middle(run["seconds"] for run in runs), "refresh_cpu_s": middle(run["cpu_s"] for run in runs),
            "refresh_embedded": middle(run["embedded"] for run in runs),
            "rename_embedded": found["rename"]["embedded"], "delete_embedded": found["delete"]["embedded"],
            "copy_embedded": found["copy"]["embedded"], "wrong_after_changes": found["after"]["wrong"]}


def forgotten(place: Place) -> Facts:
    """Is a deleted sentence still on disk? Proven only where it could be found before; then once more after the documented clean-up."""
    look = {"question": CANARY}
    came = place.steps([("write", {"name": work.DELETED, "text": CANARY}), ("sync", {"look": look})]).result["rows"]["found"]
    before = place.files_with(SECRET)
    os.remove(os.path.join(place.corpus, work.DELETED))
    stays = place.step("sync", look=look).result["rows"]["found"]
    after = place.files_with(SECRET)
    error = place.step("clean").result["error"]
    return {"canary_found": work.DELETED in came, "canary_gone": work.DELETED not in stays, "clean_error": error,
            "canary_before": before, "canary_after": after, "canary_cleaned": place.files_with(SECRET)}


def crash(place: Place, count: int, embedded: int) -> Facts:
    """kill -9 when half is embedded, then run again. embedded: what an undisturbed build embeds."""
    place.fresh(count)
    killed = place.step("sync", at=f"kill:{embedded // 2}")
    at = place.embedded()
    resumed = place.step("sync", look={}).result
    return {"killed_at": at, "was_killed": killed.code == -9, "resume_error": resumed["error"],
            "repeated": at + resumed["embedded"] - embedded,
            "crash_lost": resumed["rows"]["lost"], "crash_doubled": resumed["rows"]["doubled"], "crash_stale": resumed["rows"]["stale"]}


def poison(place: Place, count: int) -> Facts:
    """Three documents are added to a built project: one unreadable, one that makes the embedder raise, one good."""
    place.fresh(count)
    added = [("write", {"name": name, "text": text, "encoding": encoding}) for name, text, encoding in POISON]
    names = [name for name, _, _ in POISON[:2]]
    look = {"without": ["unreadable.txt"], "question": POISON[1][1]}
    cost = place.steps([("sync", {}), *added, ("sync", {"has_fuse": True, "look": {"without": names}}), ("sync", {"has_fuse": True})])
    first, again = cost.results[-2:]
    told = cost.output.strip().rpartition("\n")[0] + " ".join(first["failures"])
    facts = {"poison_raised": first["error"], "poison_failures": first["failures"],
             "rest_lands": first["rows"]["lost"] == 0, "rest_lost": first["rows"]["lost_documents"],
             "unexpected": first["rows"]["unexpected"], "named": [name for name in names if name in told],
             "again_embedded": again["embedded"], "again_raised": again["error"], "again_failures": again["failures"]}
    mend = ("write", {"name": "unreadable.txt", "text": GOOD + "Mended."})
    after = place.steps([("sync", {"look": look}), ("retry", {"look": look}), mend, ("sync", {"look": {"without": ["exploding.txt"]}})])
    healed, asked, _, mended = after.results                     # the model works again
    return facts | {"retried": _is_there(healed), "retried_when_asked": _is_there(asked), "retry_error": asked["error"],
                    "mended": mended["rows"]["lost"] == 0}


def _is_there(result: dict[str, Any]) -> bool:
    """The document that exploded is in the table, and a search finds it."""
    return result["rows"]["lost"] == 0 and "exploding.txt" in result["rows"]["found"]


def edited(place: Place, count: int) -> Facts:
    """Ten documents are changed while the first build embeds; then one more run."""
    place.fresh(count)
    chunks = sum(len(work.cut(work.read(os.path.join(place.corpus, name)))) for name in work.names(place.corpus))
    first, second = place.steps([("sync", {"look": {}}), ("sync", {"look": {}})], at=f"edit:{chunks // 2}").results
    return {"edited_error": first["error"] or second["error"], "edited_behind": first["rows"]["lost_documents"],
            "edited_wrong": second["rows"]["wrong"], "edited_embedded": second["embedded"]}
