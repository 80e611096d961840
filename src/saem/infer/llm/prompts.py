"""Prompts are files: infer/prompts/NAME.LANGUAGE.md, or the project's own prompts/NAME.LANGUAGE.md before it.

A file holds sections '# system' and '# user' with {{places}} to fill. Its fingerprint is lineage: it stands in the row of every call.
"""
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from saem.core.errors import SaemError, suggest
from saem.core.identity import digest
from saem.infer.llm.wire import Message

ROOM = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "prompts")
_SECTION = re.compile(r"^# (system|user|assistant)\s*$", re.MULTILINE)
_PLACE = re.compile(r"\{\{(\w+)\}\}")


@dataclass(frozen=True)
class Prompt:
    """name: 'answer.ko'; fingerprint: of the whole file, 12 digits."""
    name: str
    fingerprint: str
    sections: tuple[tuple[str, str], ...]

    def filled(self, values: Mapping[str, str]) -> tuple[Message, ...]:
        """The messages. What is filled in is never looked at for places again: a passage cannot bring one.

        Raises: E104 for a place without a value.
        """
        def value(found: re.Match[str]) -> str:
            if found[1] not in values:
                raise SaemError("E104", f"the prompt '{self.name}' has a place {found[0]} that nothing fills",
                                fix=suggest(found[1], values, "place"))
            return values[found[1]]
        return tuple(Message(role, _PLACE.sub(value, text)) for role, text in self.sections)


def prompt(name: str, language: str = "en", root: str = "") -> Prompt:
    """A prompt in a language, else in English. root: the project's folder, whose own prompts/ come first.

    Raises: E101 where there is none.
    """
    for folder in filter(None, (os.path.join(root, "prompts") if root else "", ROOM)):
        for spoken in dict.fromkeys((language, "en")):
            path = os.path.join(folder, f"{name}.{spoken}.md")
            if os.path.isfile(path):
                return _read(path, os.stat(path).st_mtime_ns)
    known = sorted({file.split(".")[0] for file in os.listdir(ROOM) if file.endswith(".md")})
    raise SaemError("E101", f"no prompt is named '{name}'", where=ROOM, fix=suggest(name, known, "prompt"))


@lru_cache(64)
def _read(path: str, _: int) -> Prompt:
    with open(path, encoding="utf-8") as file:
        text = file.read()
    parts = _SECTION.split(text)
    sections = tuple((role, body.strip()) for role, body in zip(parts[1::2], parts[2::2], strict=True))
    if not sections:
        raise SaemError("E104", f"the prompt '{os.path.basename(path)}' has no section", where=path, fix="a line '# user', then the text")
    return Prompt(os.path.basename(path).removesuffix(".md"), digest("prompt", text).hex()[:12], sections)
