"""Claims read by a language model: what rules cannot read. The model names facts and quotes; code decides where they stand.

A run asks the model once a text and day (readings.py); its claims wait for that run. Where a source bars models elsewhere, a memory of it
cannot be declared with one (E805). Tested against a scripted server alone: how well a model reads, `benchmarks.memory` has not told.
"""

import datetime
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from saem.core.errors import SaemError
from saem.core.identity import digest
from saem.infer.llm.prompts import prompt
from saem.infer.memory.rows import Found
from saem.infer.memory.vocabulary import named

if TYPE_CHECKING:
    from saem.infer.llm import Model

MAX_CLAIMS = 20  # of one message
MAX_TOKENS = 2_000  # of a reply: twenty claims
_TEXT = {"type": "string", "maxLength": 300}
SCHEMA: dict[str, Any] = {
    "type": "object", "required": ["claims"], "additionalProperties": False,
    "properties": {"claims": {"type": "array", "maxItems": MAX_CLAIMS, "items": {
        "type": "object", "required": ["subject", "predicate", "object", "quote", "holds", "many"], "additionalProperties": False,
        "properties": {"subject": _TEXT, "predicate": {**_TEXT, "minLength": 1}, "object": _TEXT, "quote": {**_TEXT, "minLength": 1},
                       "holds": {"type": "boolean"}, "many": {"type": "boolean"}}}}},
}


@dataclass(frozen=True)
class ByModel:
    """An extractor: (text, said_at) -> claims. Another model or prompt is another version: its claims are read anew."""

    model: "Model"
    is_costly = True

    @property
    def is_remote(self) -> bool:
        return self.model.spec.is_remote

    @property
    def version(self) -> str:
        spec = self.model.spec
        return f"model {spec.kind} {spec.model} {prompt('claims').fingerprint}"

    @property
    def fingerprint(self) -> str:
        return digest("by_model", self.version).hex()

    def __call__(self, text: str, said_at: datetime.datetime) -> Iterator[Found]:
        """Raises: E406 for a quote that is not in the message; E801 to E804 as the model's calls do. Then the message is quarantined."""
        asked = prompt("claims")
        messages = asked.filled({"text": text, "said_at": f"{said_at:%Y-%m-%d}"})
        reply = self.model.write(messages, schema=SCHEMA, max_tokens=MAX_TOKENS, purpose="claims", prompt=asked)
        for each in reply.data["claims"]:
            start, end = _place(each["quote"], text, self.version)
            predicate, topic, is_many = named(each["predicate"])
            yield Found(each["subject"], predicate, each["object"], start, end, each["holds"], is_many or each["many"], topic)


def by_model(model: "Model") -> ByModel:
    """Read claims with a model: `memory(db, "tutor", extractor=by_model(llm.model(db, "local")))`. It is shown every message that is read
    for claims; a model elsewhere is refused (E805) with `memory(..., remote=False)`, or where a source above bars it."""
    return ByModel(model)


def _place(quote: str, text: str, version: str) -> tuple[int, int]:
    """Where a quote stands; spaces and case may differ."""
    found = re.search(r"\s+".join(map(re.escape, quote.split())), text, re.IGNORECASE) if quote.strip() else None
    if found is None:
        raise SaemError("E406", f"the {version} quotes what the message does not say: {quote!r:.60}",
                        fix="a larger model, or: saem run --retry")
    return found.span()
