"""The Python door: open a project, or a plain folder as one."""
import builtins
import importlib.util
import os
import sys
import tomllib
from collections.abc import Mapping
from typing import Any

from saem.core.errors import SaemError, suggest
from saem.core.run import OnStep, ignore
from saem.engine.membership import GroupsTable
from saem.engine.project import Project
from saem.engine.retention import Retention
from saem.transform.isolation import limits

PIPELINE, SETTINGS, STATE = "pipeline.py", "saem.toml", ".saem"
CHAT = "chat"            # the memory that `saem chat` makes where a project has none
KEEP = {"keep_snapshots": "snapshots", "keep_days": "days"}
KNOWN = ("state", "groups", "groups_from", "models", "mcp", "gateway", "personas", *KEEP, *limits.NAMES)


def open(path: str = ".", state: str | None = None, on_step: OnStep = ignore) -> Project:
    """Open the project in a folder, with the tables that its `pipeline.py` declares.

    A plain folder of documents is a project too: files -> docs -> chunks, kept in `.saem` inside it.

    state  where the state lies instead (SAEM_STATE); for folders that cannot be written
    Raises: E206 where there is neither.
    """
    root = os.path.abspath(os.path.expanduser(path))
    if not os.path.isdir(root):
        raise SaemError("E206", f"there is no folder '{path}'", fix="saem init NAME --docs FOLDER, or saem ask FOLDER \"question\"")
    limits.configure(settings_of(root))
    db = Project(state_of(root, state), on_step, root)
    db.groups, db.keep, db.models = _groups(root), _retention(root), _models(root)
    try:
        if is_project(root):
            _pipeline(root, db)
        else:
            from saem.infer.documents import documents
            documents(db, root)
        if named := settings_of(root).get("groups_from"):
            db.groups_from(named)
    except BaseException:
        db.close()
        raise
    if f"{CHAT}_messages" not in db.tables and (f"{CHAT}_messages" in db.catalog.heads() or db.catalog.inbox(f"{CHAT}_messages")[0]):
        from saem.infer.memory.tables import declare as declare_memory
        declare_memory(db, CHAT)
    if "approved" not in db.tables and ("approved" in db.catalog.heads() or db.catalog.inbox("approved")[0]):
        from saem.infer import approved
        approved.declare(db)
    if any(table.is_indexed for table in db.tables.values()):
        from saem.infer.answers import declare
        declare(db)
    if db.models or "calls" in db.catalog.heads():
        from saem.infer.llm import calls
        calls.declare(db)
    for name in {"evaluations", "answer_scores"} & set(db.catalog.heads()):
        from saem.services.evaluation import rows
        rows.declare(db, name)
    return db


def reopened(path: str, state: str | None = None) -> Project | None:
    """The project as it is published, without its pipeline: tables can be read, none is declared. None = nothing is published."""
    root = os.path.abspath(os.path.expanduser(path))
    if not os.path.exists(os.path.join(state_of(root, state), "catalog.db")):
        return None
    db = Project(state_of(root, state), root=root)
    db.groups, db.models = _groups(root), _models(root)
    if named := settings_of(root).get("groups_from"):
        db.groups_table = GroupsTable(named)
    if db.snapshot:
        return db
    db.close()
    return None


def state_of(root: str, state: str | None = None) -> str:
    """Where the state of the project in a folder lies: as a flag or SAEM_STATE says, as `saem.toml` says, else `.saem` inside."""
    named = state or os.environ.get("SAEM_STATE")
    if named:
        return os.path.abspath(os.path.expanduser(named))
    return os.path.join(root, os.path.expanduser(settings_of(root).get("state", STATE)))


def is_project(root: str) -> bool:
    """Whether a folder holds a pipeline, and is not just a folder of documents."""
    path = os.path.join(root, PIPELINE)
    if not os.path.exists(path):
        return False
    with builtins.open(path, encoding="utf-8", errors="replace") as file:
        return os.path.exists(os.path.join(root, SETTINGS)) or "saem" in file.read()


def find(path: str | None) -> str:
    """The project's folder: the one named, else the nearest above this one that holds a project or a folder's state."""
    if path:
        return os.path.abspath(os.path.expanduser(path))
    here = os.getcwd()
    while True:
        if is_project(here) or os.path.exists(os.path.join(here, STATE, "catalog.db")):
            return here
        above = os.path.dirname(here)
        if above == here:
            raise SaemError("E206", "there is no project here", where=os.getcwd(),
                            fix="saem init NAME --docs FOLDER, or name one: --project FOLDER (SAEM_PROJECT)")
        here = above


def settings_of(root: str) -> dict[str, Any]:
    """What `saem.toml` says; {} without one."""
    path = os.path.join(root, SETTINGS)
    if not os.path.exists(path):
        return {}
    try:
        with builtins.open(path, "rb") as file:     # `open` is this module's own
            settings = tomllib.load(file).get("saem", {})
    except tomllib.TOMLDecodeError as error:
        raise SaemError("E207", f"{SETTINGS} is not valid TOML: {error}", where=path, fix="mend that line") from error
    if not isinstance(settings, dict) or not all(isinstance(settings.get(name, ""), str) for name in ("state", "groups_from")):
        raise SaemError("E207", f"{SETTINGS} holds {settings!r}", where=path, fix='[saem]\nstate = "FOLDER"\ngroups_from = "TABLE"')
    for name in settings:
        if name not in KNOWN:
            raise SaemError("E207", f"{SETTINGS} has no setting '{name}'", where=path, fix=suggest(name, KNOWN, "setting"))
    groups = settings.get("groups", {})
    if not isinstance(groups, dict) or not all(isinstance(m, list) and all(isinstance(n, str) for n in m) for m in groups.values()):
        raise SaemError("E207", f"{SETTINGS}: [saem.groups] holds {groups!r:.200}", where=path, fix='[saem.groups]\nstaff = ["kim", "lee"]')
    return settings


def _groups(root: str) -> dict[str, tuple[str, ...]]:
    """Who is in which group, as `saem.toml` says."""
    return {name: tuple(members) for name, members in settings_of(root).get("groups", {}).items()}


def _models(root: str) -> Mapping[str, Any]:
    """The language models that `saem.toml` configures; none is needed."""
    told = settings_of(root).get("models", {})
    if told:
        from saem.infer.llm.spec import specs
        if not isinstance(told, dict):
            raise SaemError("E207", f"{SETTINGS}: models is {told!r:.80}", where=os.path.join(root, SETTINGS), fix="[saem.models.local]")
        specs(told, os.path.join(root, SETTINGS))      # its mistakes show here
    return told  # type: ignore[no-any-return]


def _retention(root: str) -> Retention:
    """How long snapshots are kept, as `saem.toml` says."""
    told = {field: settings_of(root)[name] for name, field in KEEP.items() if name in settings_of(root)}
    for name, value in told.items():
        if type(value) is not int or value < 0:
            raise SaemError("E207", f"{SETTINGS}: keep_{name} is {value!r}", where=os.path.join(root, SETTINGS), fix=f"keep_{name} = 100")
    return Retention(**told)


def _pipeline(root: str, db: Project) -> None:
    """Run the function `pipeline(db)` of the project's file; the file's folder can be imported from."""
    path = os.path.join(root, PIPELINE)
    spec = importlib.util.spec_from_file_location("pipeline", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    if root not in sys.path:
        sys.path.insert(0, root)
    sys.modules["pipeline"] = module
    try:
        spec.loader.exec_module(module)
        if not callable(getattr(module, "pipeline", None)):
            raise SaemError("E207", f"{PIPELINE} has no function pipeline(db)", where=path,
                            fix="def pipeline(db: saem.Project) -> None: ...")
        module.pipeline(db)
    except SaemError:
        raise
    except Exception as error:
        line = error.lineno if isinstance(error, SyntaxError) else _line(error, path)
        raise SaemError("E207", f"{type(error).__name__}: {error}", where=f"{PIPELINE}:{line}", fix="mend that line") from error


def _line(error: Exception, path: str) -> int:
    line, trace = 0, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == path:
            line = trace.tb_lineno
        trace = trace.tb_next
    return line
