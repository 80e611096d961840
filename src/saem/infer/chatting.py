"""A conversation: what is told is remembered, what is asked is answered from the documents and from memory, and it is shown why."""
import re
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from saem.infer.answers import Answer
from saem.infer.parts import needs_documents

if TYPE_CHECKING:
    from saem.engine.table import Table
    from saem.infer.memory import Item, Memory

RELEVANT = 0.35           # of a memory, from which it answers; below it is only shown as recalled
SHOWN = 5
NOBODY_NAMED = "owner"    # who speaks where no person is named
_ASKS = re.compile(r"[?？]\s*$|(?:얼마|몇|언제|어디|누구|누가|무엇|뭐|뭔|어떻|어떤|왜|무슨)|"
                   r"(?:나요|까요|인가요|는지|알려\s?줘\S*|알려\s?주세요|설명해\S*)[.]?\s*$|"
                   r"^(?:what|when|where|which|who|whose|how|why|is|are|was|were|do|does|did|can|could|may|should|will|would|"
                   r"tell me|explain)\b", re.IGNORECASE)
_OWN = re.compile(r"(?:^|\s)(?:나|내|난|나는|내가|나의|저|제|저는|제가|우리)(?=\s|는|의|가|도)|\b(?:my|i|me|mine|our|we)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Turn:
    """What was said, and what is said to it.

    text        to show
    kind        documents, memory, both, remembered, unknown or greeting: what it was answered from
    answer      of the documents, with its citations; None where they were not asked
    because     the memory that decided which passage answers; None = none did
    memories    those that answer
    recalled    those that were looked at, best first, with the figures why
    remembered  the key of the message that keeps what was said; '' = nothing was kept
    """
    said: str
    text: str
    kind: str
    answer: Answer | None = None
    because: "Item | None" = None
    memories: "list[Item]" = field(default_factory=list)
    recalled: "list[Item]" = field(default_factory=list)
    remembered: str = ""

    def to_dict(self) -> dict[str, Any]:
        return {"said": self.said, "text": self.text, "kind": self.kind, "answer": self.answer.to_dict() if self.answer else None,
                "because": self.because.to_dict() if self.because else None, "memories": [each.to_dict() for each in self.memories],
                "recalled": [each.to_dict() for each in self.recalled], "remembered": self.remembered}


class Chat:
    """One session of one person (with one agent). Documents are read under the person's rights.

    table  the owner's; None = the project has nothing to search
    agent  who remembers; None = the memory's own
    model  of saem.toml, which words what the documents answer; None = their own sentences
    """

    def __init__(self, table: "Table | None", notes: "Memory", user: str | None = None, agent: str | None = None, model: str | None = None,
                 where: str | None = None, session: str = "") -> None:
        self.table, self.notes, self.reader, self.agent = table, notes, user, agent
        self.model, self.where = model, where
        self.user = user or NOBODY_NAMED
        self.session = session or f"chat-{uuid.uuid4().hex[:12]}"

    def say(self, text: str) -> Turn:
        """One line in, one turn out. What was said is kept before anything is answered; a question is kept too, as what was asked.

        Answers are not kept as messages: they are rows of their own, and go when what they cite goes.
        """
        said = text.strip()
        if not needs_documents(said):
            hello = "안녕하세요. 무엇이든 물어보거나 알려 주세요." if _is_korean(said) else "Hello. Ask, or tell me something to remember."
            return Turn(said, hello, "greeting")
        recalled = self.notes.recall(said, user=self.user, agent=self.agent, k=SHOWN).items if is_question(said) else []
        key = self.notes.remember(said, session=self.session, user=self.user, agent=self.agent)
        return self._answered(said, recalled, key) if is_question(said) else self._kept(said, key)

    def _kept(self, said: str, key: str) -> Turn:
        """What was told, and what of it is now believed."""
        claims = self.notes.why(key, user=self.user, agent=self.agent)["claims"]
        facts = ", ".join(f"{each['predicate']}: {each['object']}" if each["holds"] else f"{each['predicate']}: not {each['object']}"
                          for each in claims)
        told = "기억했습니다" if _is_korean(said) else "Remembered"
        return Turn(said, f"{told}: {facts}" if facts else f"{told}.", "remembered", remembered=key)

    def _answered(self, said: str, recalled: "list[Item]", key: str) -> Turn:
        known = [each for each in recalled if each.why["relevance"] >= RELEVANT and each.is_current is not False and _may_answer(each)]
        answer = self._asked(said) if self.table is not None else None
        because = None
        if answer is not None and answer.found and answer.because:
            because = next((each for each in self._believed() if each.id == answer.because), None)
        is_own = bool(_OWN.search(said))
        from_documents = answer is not None and answer.found and not (is_own and known and because is None)
        from_memory = known[:2] if known and (is_own or not from_documents) else []
        lines = [each.text for each in from_memory]
        if from_documents and answer is not None:
            lines.append(answer.text)
        if not lines:
            lines = ["모르겠습니다. 문서에도 기억에도 없습니다." if _is_korean(said) else
                     "I do not know: neither the documents nor what I remember says."]
        kind = "both" if from_documents and from_memory else "documents" if from_documents else "memory" if from_memory else "unknown"
        return Turn(said, "\n".join(lines), kind, answer if from_documents else None, because, from_memory, recalled, key)

    def _asked(self, question: str) -> Answer:
        from saem.infer.asking import ask
        from saem.infer.personal import Speaker
        assert self.table is not None
        return ask(self.table, question, where=self.where, mode="generate" if self.model else "extract", model=self.model,
                   as_user=self.reader, notes=Speaker(self.notes, self.user, self.agent))

    def _believed(self) -> "list[Item]":
        return self.notes.beliefs(user=self.user, agent=self.agent)


def is_question(text: str) -> bool:
    """Whether something is asked, rather than told.

    >>> is_question("기숙사 통금은 몇 시야?"), is_question("나는 부산에 살아"), is_question("what is the late fee")
    (True, False, True)
    """
    return bool(_ASKS.search(text.strip()))


def _may_answer(item: "Item") -> bool:
    """A belief may; a message may unless it is a question itself."""
    return item.kind == "belief" or not is_question(item.sources[0].quote)


def _is_korean(text: str) -> bool:
    return bool(re.search("[가-힣]", text))
