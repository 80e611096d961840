"""Seeded bugs: each is one small change of a copy of saem, and the contract suite must fail it.

    python -m tests.contract.mutants [words of a name]     tries those that match, all by default
    python -m tests.contract.mutants --fuzz 60 [words]     by random stories alone, for so many seconds each

A proof that cannot fail proves nothing. The text to replace must stand exactly once in saem's core, store, engine,
sources and memory, so a mutant that no longer fits the code is noticed.
"""
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROOMS = ("core", "store", "engine", "sources", "infer/memory")
LAWS = ("tests/contract/test_laws.py",)
FORGET = ("tests/engine/test_forgetting.py",)
TROUBLE = ("tests/engine/test_forgetting_in_trouble.py",)
SCAN = ("tests/store/test_scanning.py",)
MEMORY = ("tests/contract/test_memory.py",)
DUPLICATES = ("tests/contract/test_laws.py", "-k", "twice_said")
LINKS = ("tests/contract/test_laws.py", "-k", "curated")
UNITS = ("tests/store/test_catalog.py", "tests/store/test_lease.py", "tests/sources", "tests/engine")


@dataclass(frozen=True)
class Mutant:
    """`old` becomes `new`. Where the laws as sentences cannot see it, `proofs` names the tests that must."""
    law: int
    name: str
    old: str
    new: str
    proofs: tuple[str, ...] = LAWS

    @property
    def label(self) -> str:
        return f"law {self.law}: {self.name}"


MUTANTS = [
    # 1 lineage is complete
    Mutant(1, "a relation's row forgets all but one parent", "members[group] += each[start:stop]",
           "members[group] += each[start:start + 1]"),
    Mutant(1, "a table that is read whole is no parent", "[[name, *units.whole] for name in names]", "[[name] for name in names]"),
    Mutant(1, "a join forgets its other side", "indices = [made.origin, *made.others]", "indices = [made.origin]"),
    Mutant(1, "halved groups name the wrong parents", "[(t, i + shift[t]) for t, i in row]", "[(t, i) for t, i in row]"),
    Mutant(1, "a row that named its parents is given none", "return named.parents, pa.array(named.codes, pa.int32()), False",
           "return pa.array([[]] * len(named.codes), pa.list_(ID)), pa.array(named.codes, pa.int32()), False"),
    Mutant(1, "a large whole table is no parent", "return [table_id(store.name)]", "return []"),
    Mutant(1, "an equal member is replaced and the lineage stays", "if not is_own:     #", "if False:     #"),
    Mutant(1, "a belief forgets what ended it", "bounds = [*after.holding, *after.denying] if after else []", "bounds = []",
           ("tests/contract/test_laws.py", "-k", "remembered")),
    Mutant(1, "a pair forgets its right row", "both=np.stack([left[kept], right[kept]], axis=1)",
           "both=np.stack([left[kept], left[kept]], axis=1)", DUPLICATES),
    # 2 incremental equals rebuild
    Mutant(2, "the memo forgets which model it was", "keys = [digest(mark, raw) for raw", "keys = [digest(raw) for raw"),
    Mutant(2, "a relation forgets the old key", "for now, was, _ in deltas for part in (now, was)]",
           "for now, was, _ in deltas for part in (now,)]"),
    Mutant(2, "pairs forget what a row was near before", "beside, asked = self.lists.beside(now, was), None",
           "beside, asked = self.lists.beside(now), None"),
    Mutant(2, "what becomes the first of equal rows is not compared", "asked = pa.concat_arrays([own, others[\"_id\"].combine_chunks()])",
           "asked = own"),
    Mutant(2, "pairs of a row that changed stay where it stood on the right",
           "pa.concat_arrays([asked, work.dead]))", "asked)"),
    Mutant(2, "pairs are made of a changed row only where it stands left", "asked[left] | asked[right] if", "asked[left] if", DUPLICATES),
    Mutant(2, "links are followed one step",
           "        while len(frontier):\n            reached", "        if len(frontier):\n            reached", LINKS),
    Mutant(2, "an edge is looked for by its left row alone",
           "row = np.repeat(np.arange(len(rows)), pc.list_value_length(named).to_numpy())",
           "row, is_one = np.arange(len(rows)), is_one[::2]", DUPLICATES),
    Mutant(2, "a change touches no neighbour", "values = pa.concat_arrays([_flattened(part[self.by])[0] for part in changed])",
           "values = _flattened(changed[0].slice(0, 0)[self.by])[0]"),
    Mutant(2, "a change of code is ignored", "head.fingerprint == table.fingerprint and head.place", "head.place"),
    Mutant(2, "closure values are no code", "for cell in function.__closure__ or () if", "for cell in () if"),
    Mutant(2, "settings are no code", "{**defaults, **self.settings}))", "{}))"),
    Mutant(2, "twins in one unit are one row", "return Slice(units, rows, origin, local, occurrences(origin, local), named)",
           "return Slice(units, rows, origin, local, [0] * len(local), named)"),
    Mutant(2, "a rebuild keeps dead units", "self.writer.drop_absent(work.touched.units)", "pass"),
    Mutant(2, "a change of a table read whole is ignored", "if any(len(now) or len(was) for now, was, _ in whole):", "if False:"),
    Mutant(2, "a run that changed nothing writes", "        if new != head:\n", "        if True:\n"),
    Mutant(2, "new content of a known file is not read", "if not stamp or stamps.get(each) != stamp or self.is_changed]",
           "if each not in stamps]"),
    Mutant(2, "nulls beside a row change its hash", "    if column.null_count:\n        known", "    if False:\n        known"),
    Mutant(2, "changed rows are not written", "        self.store.update(stale)\n        gone =", "        gone ="),
    Mutant(2, "a superseded belief is shown as current", "belief.valid_from <= at and (belief.valid_to is None or at < belief.valid_to)",
           "belief.valid_from <= at", MEMORY),
    Mutant(2, "what waits is not laid over what is published", "beliefs = {key: each for key, each in published.beliefs.items() if "
           "group_of(each) not in touched}", "beliefs = dict(published.beliefs)", MEMORY),
    # 3 rights travel
    Mutant(3, "an intersection takes one parent",
           "all_of([self.readers(code) for code in wanted])", "all_of([self.readers(code) for code in list(wanted)[:1]])"),
    Mutant(3, "one clause is enough",
           "return all(clause & names for clause in readers)", "return any(clause & names for clause in readers)"),
    Mutant(3, "a view scans every row", "rights: Any = self.rights", "rights: Any = None"),
    Mutant(3, "a stranger sees what is for all", "may_read(each, names) and (is_known or each)", "may_read(each, names)"),
    Mutant(3, "readers are not compared",
           'is_same = pc.and_(pc.equal(was["_hash"], rows["_hash"]), pc.equal(was["_readers"], rows["_readers"]))',
           'is_same = pc.equal(was["_hash"], rows["_hash"])'),
    Mutant(3, "a grant stays where it was made", "Granting(self.store, self.parents, task.granted).regrant(regranted)", "0"),
    Mutant(3, "a grant on a file is not seen",
           "self._regrant(held, key, set(stamps) - set(gone) - (set(changed) - set(reading.kept)))", "pass"),
    Mutant(3, "a pair's other row is read by others and the pair is not asked", "granted = self.lists.beside(granted)", "pass"),
    Mutant(3, "readers of a table read whole do not count", "self.catalog.intersect([code, *whole_code])", "code"),
    Mutant(3, "readers of named parents do not count", "return named.parents, pa.array(named.codes, pa.int32()), False",
           "return named.parents, readers, False"),
    Mutant(3, "a grant is taken for a change of content",
           "if self.is_pairs and self.sees_readers:", "if True:"),
    Mutant(3, "the first of equal rows with the same readers is not asked again",
           "(code, code * readers.size + readers[row]) if by_readers",
           "(code,) if by_readers", ("tests/curate/test_near_duplicates.py", "-k", "as_if_there_were_no_others")),
    Mutant(3, "a restore brings the readers of then back", "            self._as_declared(name, store)\n", "",
           ("tests/engine/test_restoring.py",)),
    Mutant(3, "a copy whose readers change goes on hiding its twin",
           "deltas = [(pa.concat_tables([now, granted]), was, granted.slice(0, 0)) for now, was, granted in deltas]", "pass",
           ("tests/transform/test_deduplicate.py",)),
    Mutant(3, "an older snapshot is read with the readers of then", "return NONE if pinned is None or not codes else Hind",
           "return NONE if True else Hind", ("tests/engine/test_hindsight.py",)),
    Mutant(3, "a row that is gone from its source is shown as it was", "        if self.then[name].parents:\n            is_gone",
           "        if today:\n            is_seen = pc.or_(is_seen, pc.invert(pc.is_in(rows['_id'], today['_id'])))\n            is_gone",
           ("tests/engine/test_hindsight.py",)),
    Mutant(3, "a link opens a closed folder", "{os.path.dirname(os.path.abspath(path)), os.path.dirname(place)}",
           "{os.path.dirname(os.path.abspath(path))}", ("tests/sources/test_permissions.py",)),
    Mutant(3, "who is in a group is what was read first", "for group, members in named.items()), table, head)",
           "for group, members in named.items()), table)", ("tests/engine/test_membership.py",)),

    Mutant(3, "a private message's belief is pooled", "return Reach(None if user is None else self.codes(user))", "return Reach(None)",
           MEMORY),
    Mutant(3, "an agent that speaks with one user reads another's",
           "return Reach(codes) if user is None else Reach(codes, self.codes(user), user)",
           "return Reach(codes)", MEMORY),
    Mutant(3, "what waits is read by everybody", "if self.codes is not None and code not in self.codes:", "if False:", MEMORY),
    Mutant(3, "a count is read by those whose share was taken back", "if key in self.new or self._readers[key] != codes[key]",
           "if key in self.new", ("tests/contract/test_memory.py", "-k", "count")),
    # 4 deletion reaches everything
    Mutant(4, "deleted parents are ignored", "self.writer.drop(work.dead)", "pass"),
    Mutant(4, "a file that is gone stays", "self._delete(ids(source_units(self.name, gone)))", "pass"),
    Mutant(4, "a dropped record stays", "self._delete(ids([digest(self.name, key) for key, row in waiting.items() if row is None]))",
           "pass"),
    Mutant(4, "a row that a source no longer gives stays",
           "self._delete(held.filter(pc.invert(pc.is_in(held, value_set=every))).combine_chunks())",
           "pass"),
    Mutant(4, "rows that no longer come out stay", 'self.gone.append(old.filter(pc.invert(pc.is_in(old["_id"], value_set=made)))["_id"])',
           "pass"),
    Mutant(4, "a delta hides what was deleted", 'updated["_rowid"].to_pylist() + deleted', 'updated["_rowid"].to_pylist()'),
    Mutant(4, "what was forgotten comes back",
           "            if self.is_forgotten(entry.key):\n", "            if False:\n", FORGET),
    Mutant(4, "a put row that was forgotten comes back", "            refused = [key for", "            refused = [] and [key for", FORGET),
    Mutant(4, "deleted rows stay in their files", "materialize_deletions=True, materialize_deletions_threshold=0.0",
           "materialize_deletions=False", FORGET),
    Mutant(4, "old versions and their files stay",
           "receipt.versions += forget_versions(project.uri(place), moved[place][1], project.on_step)", "pass", FORGET),
    Mutant(4, "an index keeps what was deleted", "for index in dataset.list_indices()]", "for index in ()]", FORGET),
    Mutant(4, "the catalog keeps what was deleted", "    scrub(catalog.db)\n    project.on_step(", "    project.on_step(", FORGET),
    Mutant(4, "the watermark stays behind an erasure", "update consumed set version=? where place=? and version=?",
           "update consumed set version=? where place=? and version=-1-?", FORGET),
    Mutant(4, "answers that cite it stay", "trail.recorded = [name for name in _recorded(project, parents) if name != table]",
           "trail.recorded = []", FORGET),
    Mutant(4, "rows that wait stay", "catalog.take_from_inbox(draft[\"inbox\"])", "pass", FORGET),
    Mutant(4, "the scan opens no file of Lance",
           "        reader = LanceFileReader(path)\n", "        return\n", FORGET),
    Mutant(4, "the scan looks for pieces that lie in one way only", "for way in range(self.width)]", "for way in range(1)]", SCAN),
    Mutant(4, "the scan reads no escapes", "return ESCAPES.sub(", "return content or ESCAPES.sub(", SCAN),
    Mutant(4, "a table of broken code keeps what came from it", "made = pc.is_in(named.flatten(), value_set=parents)",
           "made = pc.is_in(named.flatten(), value_set=parents[:0])", TROUBLE),
    Mutant(4, "readers of a version that has gone see an error", "if project.origin.catalog.snapshot() == before:", "if True:", TROUBLE),
    Mutant(4, "an erasure that a crash cut off is never finished", "                finish(self, owner, on_progress)\n                run",
           "                run", FORGET),
    Mutant(4, "a model that holds what was forgotten may be accepted", " and not _holds(row, canaries):", ":",
           ("tests/engine/test_accepting.py",)),
    Mutant(4, "a deletion does not revive the older belief", "kept = [claim for claim in published.claims if claim.message not in changed]",
           "kept = list(published.claims)", MEMORY),
    Mutant(4, "counts of a message stay when it is forgotten", "rows, [[message_id(self.name, row.message)] for row in rows], "
           "[codes[row.message] for row in rows]", "rows, None, [codes[row.message] for row in rows]", MEMORY),
    # 5 a crash loses nothing, a reader sees one snapshot
    Mutant(5, "each table is published as soon as it is written", "                    run.bring(table)\n",
           "                    run.bring(table)\n                    run.publish(owner)\n"),
    Mutant(5, "the watermark moves before the publish", "self.publication.edges.append((table.name, name, *edge))",
           'self.catalog.db.execute("insert or replace into consumed values (?,?,?,?)", (table.name, name, *edge))'),
    Mutant(5, "what a crash left is not taken back", "        if self.leftover is not None:\n            lance",
           "        if False:\n            lance"),
    Mutant(5, "what a crash left is taken as published",
           "self.base = latest if head == latest.version else lance.dataset(uri, version=head or 1)",
           "self.base = latest"),
    Mutant(5, "the inbox is emptied before the publish", "self.publication.inbox.append((self.name, last))",
           'self.catalog.db.execute("delete from inbox where name=?", (self.name,))'),
    Mutant(5, "a clock that went ahead takes a living owner's lease",
           "return time.monotonic() - self.since >= (WATCH_S if has_ended else EXPIRES_S)", "return has_ended",
           ("tests/store/test_lease.py",)),
    Mutant(5, "half a publish is kept", 'db.execute("rollback")', 'db.execute("commit")', UNITS),
    Mutant(5, "a run that lost its lease publishes",
           """if not self.db.execute("select 1 from lease where name='run' and owner=?", (owner,)).fetchone():""",
           "if False:", UNITS),
    Mutant(5, "two runs at once", "if held and _is_alive(watch, *held):", "if False:", UNITS),
    # 6 nothing is dropped silently
    Mutant(6, "half a failed unit is kept", "        self.writer.drop_failed(self.failed)\n", ""),
    Mutant(6, "quarantine is never cleared", "            task.publication.cleared.append((task.name, units))", "            pass"),
    Mutant(6, "a failure is not recorded", "self.task.publication.problems.append((self.task.name, problem))", "pass"),
    Mutant(6, "a retry tries nothing", "work.touched = self._with_quarantined(work.touched)", "pass"),
    Mutant(6, "a type that nobody takes is not listed", "yield Entry(key, _stamp(stat), skipped=self._rule(suffix, stat.st_size, types))",
           "yield from () if self._rule(suffix, stat.st_size, types) else [Entry(key, _stamp(stat))]", UNITS),
    Mutant(6, "a member that an archive hides is not listed",
           'yield Entry(inner, found.stamp, failed="" if skipped else found.failed, skipped=skipped)',
           "yield from () if skipped or found.failed else [Entry(inner, found.stamp)]", UNITS),
    Mutant(6, "a file that cannot be read is dropped",
           'self._note(key, Problem(digest(self.name, key), "failed", key, "read", reason, str(error)))', "self.kept.append(key)", UNITS),
    Mutant(6, "what lies in a folder that cannot be listed is deleted",
           'if problem.kind == "failed":', 'if problem.operator == "read":', UNITS),
]


def home_of(mutant: Mutant) -> Path:
    """The one file that holds the text."""
    found = [path for room in ROOMS for path in sorted((ROOT / "src/saem" / room).rglob("*.py")) if mutant.old in path.read_text("utf-8")]
    assert len(found) == 1, f"{mutant.label}: {mutant.old!r} stands in {[path.name for path in found]}; the mutant no longer fits the code"
    assert found[0].read_text("utf-8").count(mutant.old) == 1, f"{mutant.label}: {mutant.old!r} stands more than once in {found[0].name}"
    return found[0]


def is_caught(mutant: Mutant, fuzz_s: float = 60.0, is_fuzz_alone: bool = False) -> str:
    """The proof that failed on the mutated copy; '' if all passed: then the suite has no teeth there."""
    home = Path(tempfile.mkdtemp(prefix="saem-mutant-"))
    try:
        shutil.copytree(ROOT / "src", home / "src", ignore=shutil.ignore_patterns("__pycache__"))
        target = home / "src" / home_of(mutant).relative_to(ROOT / "src")
        target.write_text(target.read_text("utf-8").replace(mutant.old, mutant.new), "utf-8")
        environment = {**os.environ, "PYTHONPATH": f"{home / 'src'}{os.pathsep}{ROOT}", "PYTHONDONTWRITEBYTECODE": "1"}
        tests = [*("pytest -x -q -p no:cacheprovider -m".split()), "not slow", "-o", "pythonpath=", *mutant.proofs]
        proofs = [] if is_fuzz_alone else [tests]
        proofs += [["tests.contract.fuzz", "--seconds", str(fuzz_s), "--shrink", "0", *tiny] for tiny in ([], ["--tiny"])] if fuzz_s else []
        for proof in proofs:
            done = subprocess.run([sys.executable, "-m", *proof], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=900)
            assert done.returncode in (0, 1), f"the proof itself is broken: {done.stdout[-2000:]}{done.stderr[-2000:]}"
            if done.returncode:
                failed = [line for line in done.stdout.splitlines() if line.startswith(("FAILED", "AssertionError", "saem.core.errors."))]
                return failed[0] if failed else f"{proof[0]}: {done.stdout.strip()[-200:] or done.stderr.strip()[-200:]}"
        return ""
    finally:
        shutil.rmtree(home, ignore_errors=True)


def main(words: list[str]) -> int:
    is_fuzz_alone = words[:1] == ["--fuzz"]
    fuzz_s = float(words[1]) if is_fuzz_alone else 60.0
    words = words[2:] if is_fuzz_alone else words
    survivors = 0
    for mutant in [each for each in MUTANTS if all(word in each.label for word in words)]:
        started = time.monotonic()
        proof = is_caught(mutant, fuzz_s, is_fuzz_alone)
        survivors += not proof
        print(f"{'caught  ' if proof else 'SURVIVED'} {time.monotonic() - started:5.0f} s  {mutant.label} | {proof[:160]}", flush=True)
    return survivors


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
