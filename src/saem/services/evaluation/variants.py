"""What is compared: the project's own chunks and vectors, and the same made in other ways, in a project beside it."""
import hashlib
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from saem.core import registry
from saem.core.errors import SaemError, caller
from saem.core.operator import Operator
from saem.core.protocols import Embedder, TokenEmbedder
from saem.engine.borrowing import borrow
from saem.engine.project import Project
from saem.engine.table import Table
from saem.transform.chunk import MAX_CHARS, STRATEGY
from saem.transform.embed import MODEL

FOLDER = "evaluate"               # of the state
NAMES = ("path", "key", "title")  # the columns by which a document is called


@dataclass(frozen=True)
class Variant:
    """One way: the settings of chunk() (None = the project's own chunker is not saem's and stays) and the model ('' = words alone)."""
    chunking: tuple[tuple[str, Any], ...] | None
    model: str
    is_current: bool = False

    @property
    def settings(self) -> dict[str, Any]:
        return dict(self.chunking or ())

    @property
    def cut(self) -> str:
        """'heading:800', as `--chunk` takes it."""
        if self.chunking is None:
            return "as it is"
        own = dict(self.settings)
        head = f"{own.pop('strategy', STRATEGY)}:{own.pop('max_chars', MAX_CHARS)}"
        return ",".join([head, *(f"{name}={value}" for name, value in own.items())])

    @property
    def call(self) -> str:
        """The operators of a pipeline that do it this way."""
        own = {name: value for name, value in self.settings.items() if value not in (0, None)}
        chunk = f"chunk({', '.join(f'{name}={value!r}' for name, value in own.items())})" if self.chunking is not None else ""
        return ", ".join(filter(None, [chunk, f"embed(model={self.model!r})" if self.model else ""])).replace("'", '"')


@dataclass(frozen=True)
class Layout:
    """How a project's searched table is made: the table that is cut, the operators to the cut and after it, what is carried."""
    table: Table
    base: Table
    before: tuple[Operator, ...]
    after: tuple[Operator, ...]
    carry: tuple[str, ...]
    label: str
    current: Variant

    @property
    def place(self) -> int | None:
        """Where in `before` the chunk operator stands."""
        return next((at for at, op in enumerate(self.before) if op.name == "chunk"), None)


def only(db: "Project") -> "Table":
    """The table that can be searched. Raises: E210 where there are none, or several."""
    found = [table for table in db.tables.values() if table.is_indexed]
    if len(found) != 1:
        raise SaemError("E210", f"{len(found)} tables of this project can be searched", where=caller(), fix="name one: table=db.table(...)")
    return found[0]


def layout(table: Table) -> Layout:
    """Raises: E502 where the searched table is made in a way that cannot be varied."""
    if table.source is not None or len(table.parent_names) != 1:
        raise SaemError("E502", f"'{table.name}' is not derived from one table of documents", where=table.declared_at,
                        fix="evaluate a table that is: --table NAME")
    made, own = table, [op for op in table.operators if op.name != "tokens"]
    base = table.project.declared(table.parent_names[0])
    while not any(op.name == "chunk" for op in own) and len(base.parent_names) == 1 and base.source is None and _is_chunked(base):
        made, own = base, [*(op for op in base.operators if op.name != "tokens"), *own]
        base = base.project.declared(base.parent_names[0])
    at = next((number for number, op in enumerate(own) if op.name == "chunk"), None)
    last = max((number for number, op in enumerate(own) if op.kind == "flat_map"), default=-1)
    end = (last if at is None else at) + 1
    label = next((name for name in NAMES if name in base.schema.names), None)
    if label is None:
        raise SaemError("E502", f"the rows of '{base.name}' have no name that a question could give", where=base.declared_at,
                        fix=f"a column {', '.join(NAMES[:-1])} or {NAMES[-1]}")
    model = next((op.encoder(**op.settings) for op in own if op.encoder is not None), "")
    chunking = _settings(own[at].settings) if at is not None else None
    return Layout(table, base, tuple(own[:end]), tuple(own[end:]), tuple(dict.fromkeys([*made.carry, label])), label,
                  Variant(chunking, model, is_current=True))


def _is_chunked(table: Table) -> bool:
    return any(op.name == "chunk" for op in table.operators)


def _settings(given: Any) -> tuple[tuple[str, Any], ...]:
    kept = {"strategy": given.get("strategy", STRATEGY), "max_chars": given.get("max_chars", MAX_CHARS)}
    return tuple((kept | {name: value for name, value in sorted(given.items()) if value not in (None, 0)}).items())


def variants(found: Layout, chunk: Sequence[str], embed: Sequence[str]) -> list[Variant]:
    """The current one first, then every chunking with every model; by default each strategy with the project's model."""
    current = found.current
    if embed and not current.model:
        raise SaemError("E502", f"'{found.table.name}' has no vectors", where=found.table.declared_at,
                        fix="derive it with embed(), or leave --embed out")
    if chunk and current.chunking is None:
        raise SaemError("E502", f"'{found.table.name}' is not cut by chunk()", where=found.table.declared_at,
                        fix="derive it with chunk(), or compare models alone: --embed MODEL")
    wanted: list[tuple[tuple[str, Any], ...] | None] = [parsed(each, current.model) for each in chunk]
    if not chunk and not embed and current.chunking is not None:
        size = current.settings["max_chars"]
        wanted = [parsed(f"{name}:{size}", current.model) for name in registry.names("strategy")]
    for model in embed:
        registry.load("embedder", model.partition(":")[0])
    made = [current, *(Variant(cut, model) for cut in wanted or [current.chunking] for model in (embed or [current.model]))]
    return [each for at, each in enumerate(made) if all((each.cut, each.model) != (other.cut, other.model) for other in made[:at])]


def parsed(text: str, model: str = "") -> tuple[tuple[str, Any], ...]:
    """'STRATEGY', 'STRATEGY:MAX_CHARS' or with ',setting=value' after it, as settings of chunk().

    >>> parsed("sentence:300,overlap=50")
    (('strategy', 'sentence'), ('max_chars', 300), ('overlap', 50))
    """
    from saem.transform import chunk
    head, *rest = text.split(",")
    strategy, _, size = head.partition(":")
    registry.load("strategy", strategy)
    try:
        settings: dict[str, Any] = {"strategy": strategy, "max_chars": int(size) if size else MAX_CHARS}
        for each in rest:
            name, _, value = each.partition("=")
            settings[name.strip()] = value if name.strip() == "model" else int(value)
    except ValueError as error:
        raise SaemError("E104", f"'{text}' names no chunking", where=caller(),
                        fix="--chunk heading:800, or --chunk size:400,overlap=80") from error
    if strategy == "semantic" and model and model != MODEL:
        settings.setdefault("model", model)
    op = chunk(**settings)
    op.writes()               # a value that cannot be is told here
    return tuple(settings.items())


class Remembering:
    """An embedder of stored texts that embeds none of them twice: the variants' answers are made of the same sentences."""

    def __init__(self, embedder: Embedder) -> None:
        self.name, self.dimension, self.fingerprint = embedder.name, embedder.dimension, embedder.fingerprint
        self.queries = embedder.queries
        self._passages, self._known = embedder.passages, dict[str, np.ndarray]()
        if isinstance(embedder, TokenEmbedder):     # what refuses an answer looks at tokens: without them it would decide otherwise
            self.tokens, self.is_word = embedder.tokens, embedder.is_word

    def passages(self, texts: Sequence[str]) -> np.ndarray:
        """(n, dimension) float32."""
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        self._known |= dict(zip(new, self._passages(new) if new else (), strict=True))
        return np.stack([self._known[text] for text in texts]) if texts else np.empty((0, self.dimension), np.float32)


class Workshop:
    """The project beside the user's, in the folder `evaluate` of its state. Tables of former evaluations stay and are built upon."""

    def __init__(self, found: Layout) -> None:
        db = found.table.project
        self.layout = found
        self.db = Project(os.path.join(db.state, FOLDER))
        self.base = borrow(self.db, db.table(found.base.name))
        self.lent = [db.published(found.table.name)]
        self.embedders: dict[str, Remembering] = {}

    def embedder(self, model: str) -> "Remembering | None":
        """The model of a variant, which embeds no sentence of an answer twice; None = words alone."""
        return self.embedders.setdefault(model, Remembering(registry.embedder(model))) if model else None

    def close(self) -> None:
        self.db.close()

    def declare(self, variant: Variant) -> tuple[list[str], str]:
        """(the tables to bring, in order; the one to search)."""
        layout, base, tables = self.layout, self.base, list[str]()
        if layout.before:
            operators = list(layout.before)
            if layout.place is not None:
                from saem.transform import chunk
                operators[layout.place] = chunk(**variant.settings)
            base = self._derived("pieces", variant.cut, base, operators, layout.carry)
            tables.append(base.name)
        after = [op.configured(model=variant.model) if op.name == "embed" else op for op in layout.after]
        vectors = next(iter(layout.table.vector_columns), None)
        words = next(iter(layout.table.text_columns), None)
        if not after:                                         # words alone
            base.index(text=words)
            return tables, base.name
        carry = (layout.label,) if any(op.kind == "flat_map" for op in after) else ()
        made = self._derived("searched", f"{variant.cut} {variant.model}", base, after, carry)
        made.index(text=words, vector=vectors)
        return [*tables, made.name], made.name

    def _derived(self, kind: str, what: str, base: Table, operators: Sequence[Operator], carry: Sequence[str]) -> Table:
        """A table whose name tells people what it is, and no other's."""
        told = re.sub("[^a-z0-9]+", "_", what.lower()).strip("_")[:40]
        name = f"{kind}_{told}_{hashlib.sha256(what.encode()).hexdigest()[:6]}"
        return self.db.tables.get(name) or base.derive(name, *operators, carry=carry)

    def bring(self, tables: Sequence[str], on_progress: Any) -> Any:
        """Build what has changed, and lend what was computed to the variants to come."""
        self.db.lenders = self.lent
        report = self.db.run(only=tables, on_progress=on_progress, wait_s=5.0)
        self.lent = [*self.lent, self.db.published(tables[-1])]
        return report
