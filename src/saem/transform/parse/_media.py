"""Pictures within documents, read as those that lie in a folder are: by tesseract, each of them once."""
from collections import Counter

from saem.core.errors import SaemError
from saem.transform.parse import _ocr, image
from saem.transform.parse._blocks import Block, Blocks
from saem.transform.parse._container import Container

VERSION = f"1.{image.VERSION}"
LIBRARIES: tuple[str, ...] = image.LIBRARIES
PROGRAMS: tuple[str, ...] = image.PROGRAMS
MAX_PICTURES = 40                     # of one document, about 2 s each


class Pictures:
    """Of one archive. What they show goes where they stand; `missing` is what was not read of them."""

    def __init__(self, container: Container) -> None:
        self.container = container
        self.known: dict[str, Blocks] = {}
        self.lost: Counter[str] = Counter()

    def blocks(self, part: str, box: list[float] | None = None) -> Blocks:
        """The text of a picture, none where it has none. A heading in a picture is no heading of the document."""
        if part not in self.container:
            self.lost["not in the file"] += 1
            return Blocks()
        if part not in self.known:
            self.known[part] = self._read(part)
        made = Blocks()
        made.blocks = [Block(each.kind, each.text, cells=each.cells, box=box or [], confidence=each.confidence)
                       for each in self.known[part].blocks]
        return made

    def missing(self) -> list[str]:
        return [f"{count} {'picture' if count == 1 else 'pictures'}: {why}" for why, count in sorted(self.lost.items())]

    def _read(self, part: str) -> Blocks:
        made = Blocks()
        if not _ocr.is_installed():
            self.lost[f"tesseract, which would read it, is not installed: {_ocr.INSTALL}"] += 1
        elif len(self.known) >= MAX_PICTURES:
            self.lost[f"after the first {MAX_PICTURES}"] += 1
        else:
            try:
                parsed = image.parse(self.container.read(part), part)
            except SaemError as error:
                self.lost[error.what] += 1
                return made
            sure = {each.start: each.confidence for each in parsed.recognised}
            for e in parsed.elements:
                made.blocks.append(Block("paragraph" if e.kind == "title" else e.kind, parsed.text[e.start:e.end], cells=e.cells,
                                         confidence=sure.get(e.start, 0.0)))
        return made
