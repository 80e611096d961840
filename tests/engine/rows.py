"""Row classes and a project for the tests of the engine."""
import dataclasses


@dataclasses.dataclass
class Item:
    key: str
    who: str = "w"
    text: str = "text"


@dataclasses.dataclass
class Loud:
    loud: str


@dataclasses.dataclass
class Many:
    who: str
    n: int


class Counter:
    """How often an operator ran; no part of its code."""
    fingerprint = "counter"

    def __init__(self) -> None:
        self.n = 0
        self.is_broken = False
