"""What each asker reaches, kept ready: what is published is read once a publish, what waits once a message."""
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from saem.infer.memory import nearness
from saem.infer.memory.present import Known, Published, Waiting, laid_over, load, waiting
from saem.infer.memory.reach import Reach
from saem.infer.memory.recalling import Searched, index
from saem.infer.memory.tables import table
from saem.infer.memory.texts import Texts
from saem.infer.memory.uses import Uses

if TYPE_CHECKING:
    from saem.engine.project import Project
    from saem.store.heads import Head

MOST_REACHES = 64  # that are kept
MOST_HELD = 200_000  # messages of all of them; the reach that is asked is held in any case


@dataclass
class _Read:
    """One reach as it was read: mark = the published versions, tail_mark = what waited."""

    mark: object
    published: Published
    texts: Texts
    believed: Known = field(default_factory=dict)
    tail_mark: object = None
    searched: Searched | None = None


class Ready:
    """The reaches of one memory, those that were asked for last."""

    def __init__(self, db: "Project", name: str, extractor: Any, uses: Uses, most: int) -> None:
        self.db, self.name, self.extractor, self.uses, self.most = db, name, extractor, uses, most
        self._inbox: dict[int, Waiting] = {}
        self._claims: dict[str, Any] = {}
        self._read: dict[Reach, _Read] = {}

    def clear(self) -> None:
        """Nothing of what was forgotten stays in memory."""
        self._inbox.clear()
        self._claims.clear()
        self._read.clear()

    def waiting(self) -> list[Waiting]:
        """What waits for a run; a snapshot waits for nothing."""
        return [] if getattr(self.db, "pinned", None) is not None else waiting(self.db, self.name, self._inbox)

    def of(self, reach: Reach, whole: bool = False) -> Searched:
        """A reach as it is now. whole: with all its messages, however many; what is more than is usually held is not kept."""
        heads = self.db.heads()
        own = [heads.get(table(self.name, kind)) for kind in ("messages", "claims", "beliefs", "vectors")]
        pinned = getattr(self.db, "pinned", None)       # of a snapshot, too, what may be read is said by the newest publish
        newest = 0 if pinned is None else self.db.catalog.snapshot()
        mark, tail = (newest, *((head.place, head.version) if head else None for head in own)), self.waiting()
        tail_mark = (len(tail), tail[-1].number if tail else 0, tail[0].number if tail else 0)
        read = self._read.get(reach)
        if read is None or read.mark != mark:
            read = self._loaded(reach, heads, mark, self.most)
            self._keep(reach, read)
        if whole and read.published.older is not None:
            read = self._loaded(reach, heads, mark, None)
        if read.searched is None or read.tail_mark != tail_mark:
            present = laid_over(read.published, tail, reach, self.name, self.extractor, self._claims, read.believed)
            read.searched, read.tail_mark = Searched.of(present, read.texts, self.uses.kept()), tail_mark
        return read.searched

    def _loaded(self, reach: Reach, heads: "Mapping[str, Head]", mark: object, most: int | None) -> _Read:
        published = load(self.db, self.name, heads, reach, most)
        return _Read(mark, published, index(published, nearness.load(self.db, self.name, heads, reach, published.messages)))

    def _keep(self, reach: Reach, read: _Read) -> None:
        """Those that were read first make room."""
        self._read.pop(reach, None)
        held = len(read.published.messages) + sum(len(each.published.messages) for each in self._read.values())
        while self._read and (len(self._read) >= MOST_REACHES or held > MOST_HELD):
            held -= len(self._read.pop(next(iter(self._read))).published.messages)
        self._read[reach] = read
