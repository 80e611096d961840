"""The client: tries again, keeps within limits, checks schemas, and writes a row for every call."""
import datetime
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from saem.core import registry
from saem.core.errors import SaemError, caller, suggest
from saem.infer.llm.calls import CallRow, new_key, record, spent_today
from saem.infer.llm.limits import Pace
from saem.infer.llm.prompts import Prompt
from saem.infer.llm.spec import EXAMPLE, Spec, specs
from saem.infer.llm.structured import parsed
from saem.infer.llm.wire import Busy, Done, Message, Provider, Request, tokens_about

if TYPE_CHECKING:
    from saem.engine.project import Project

Recorder = Callable[[CallRow, Sequence[str], int | None], str]        # row, inputs, readers -> the row's id
LONGEST_WAIT_S = 30.0       # between two attempts; a server that asks for more is given up


@dataclass(frozen=True)
class Reply:
    """What a model wrote. data: the value, where a schema was given; call: the id of its row, '' where none is kept."""
    text: str
    model: str
    version: str
    tokens_in: int
    tokens_out: int
    is_counted: bool         # by the server; False = estimated
    seconds: float
    cost: float
    attempts: int
    stop: str
    call: str = ""
    data: Any = None


@dataclass
class Stream:
    """A reply as it is written: iterate over the pieces, then look at `reply`."""
    pieces: Iterator[str]
    reply: Reply | None = None

    def __iter__(self) -> Iterator[str]:
        return self.pieces


@dataclass(frozen=True)
class _About:
    """What the row of a call says beside its figures."""
    purpose: str
    prompt: Prompt | None
    inputs: Sequence[str]
    readers: int | None
    caller: str


@dataclass
class Model:
    """One configured model. With a project each call becomes a row of its table `calls`; without one none is kept.

    recorder  takes the rows of calls instead, from the threads that call
    """
    spec: Spec
    project: "Project | None" = None
    sleep: Callable[[float], None] = field(default=time.sleep, repr=False)
    recorder: Recorder | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        self.pace = Pace(self.spec.name, self.spec.calls_per_minute, self.spec.tokens_per_minute)

    @cached_property
    def provider(self) -> Provider:
        """Connected at the first call."""
        made: Provider = registry.load("provider", self.spec.kind).connect(self.spec)
        return made

    def write(self, messages: str | Sequence[Message], *, schema: Mapping[str, Any] | None = None, max_tokens: int | None = None,
              temperature: float = 0.0, purpose: str = "", prompt: Prompt | None = None, inputs: Sequence[str] = (),
              readers: int | None = None, for_key: str = "") -> Reply:
        """Let the model write; returns when it is done.

        messages  a text is one message of a user
        schema    a JSON schema: `reply.data` fits it; a reply that does not is sent back once to be mended
        purpose   what for, such as 'answer'; with `prompt` it stands in the call's row
        inputs    ids of the rows that the messages hold: parents of the call's row
        readers   code of those who may read that row
        for_key   the name of the gateway's key on whose behalf: stands in that row
        Raises: E801 refused, E802 out of reach or busy in spite of trying again, E803 does not fit the schema, E804 a limit is reached.
        """
        about = _About(purpose, prompt, inputs, readers, for_key)
        ends_at = time.monotonic() + self.spec.deadline_s
        request = Request(_messages(messages), max_tokens or self.spec.max_tokens, temperature, schema, ends_at)
        reply = self._written(request, about)
        if schema is None:
            return reply
        data, problem = parsed(reply.text, schema)
        if problem:
            mending = Message("user", f"That does not fit the JSON schema: {problem}\nReply with the corrected JSON alone.")
            reply = self._written(replace(request, messages=(*request.messages, Message("assistant", reply.text), mending)), about)
            data, problem = parsed(reply.text, schema)
        if problem:
            raise SaemError("E803", f"what '{self.spec.name}' wrote does not fit the schema, twice: {problem}", where=caller(),
                            fix="a simpler schema, or a larger model")
        return replace(reply, data=data)

    def stream(self, messages: str | Sequence[Message], *, max_tokens: int | None = None, temperature: float = 0.0, purpose: str = "",
               prompt: Prompt | None = None, inputs: Sequence[str] = (), readers: int | None = None, for_key: str = "") -> Stream:
        """The same, piece by piece. A stream that is cut off before its first piece is tried again; later it raises E802."""
        request = Request(_messages(messages), max_tokens or self.spec.max_tokens, temperature)
        made = Stream(iter(()))

        def keep(reply: Reply) -> None:
            made.reply = reply

        made.pieces = self._pieces(request, _About(purpose, prompt, inputs, readers, for_key), keep)
        return made

    def tokens(self, text: str) -> int:
        """About how many tokens a text has: no tokenizer is asked."""
        return tokens_about(text)

    def _written(self, request: Request, about: _About) -> Reply:
        kept: list[Reply] = []
        for _ in self._pieces(request, about, kept.append, is_shown=False):
            pass
        return kept[0]

    def _pieces(self, request: Request, about: _About, keep: Callable[[Reply], None], is_shown: bool = True) -> Iterator[str]:
        """The pieces of one call, over all its attempts. is_shown: what has been yielded cannot be taken back."""
        request = replace(request, ends_at=min(request.ends_at, time.monotonic() + self.spec.deadline_s))
        estimate = sum(tokens_about(each.content) + 4 for each in request.messages)
        self._check_limits(estimate + request.max_tokens)
        began, attempt, text, done = time.perf_counter(), 0, "", Done()
        try:
            while True:
                attempt, text = attempt + 1, ""
                try:
                    for piece in self.provider.send(request):
                        if isinstance(piece, Done):
                            done = piece
                        else:
                            text += piece
                            yield piece
                    break
                except Busy as error:
                    self._wait(error, attempt, request.ends_at, is_lost=is_shown and bool(text))
        except GeneratorExit:           # whoever listened has heard enough
            keep(self._kept(about, text, estimate, done, began, attempt, "closed"))
            raise
        except SaemError as error:
            self._kept(about, text, estimate, done, began, attempt, "", error.code)
            raise
        keep(self._kept(about, text, estimate, done, began, attempt, done.stop))

    def _check_limits(self, tokens: int) -> None:
        if self.spec.cost_per_day and self.project is not None:
            spent = spent_today(self.project.origin, self.spec.name)
            if spent >= self.spec.cost_per_day:
                raise SaemError("E804", f"'{self.spec.name}' has cost {spent:.4g} today, and may cost {self.spec.cost_per_day:.4g}",
                                where=caller(), fix="a higher cost_per_day in saem.toml, or a local model")
        self.pace.wait(tokens)

    def _wait(self, error: Busy, attempt: int, ends_at: float, is_lost: bool) -> None:
        """Before the next attempt; the last one's failure is the caller's."""
        wait_s = max(error.wait_s, min(LONGEST_WAIT_S, self.spec.retry_wait_s * 2 ** (attempt - 1) * random.uniform(0.8, 1.2)))
        is_over = time.monotonic() + wait_s >= ends_at
        most = min(self.spec.attempts, 2) if error.is_wrong else self.spec.attempts
        if attempt >= most or is_lost or is_over or wait_s > LONGEST_WAIT_S:
            asked = f", asks to wait {error.wait_s:.0f} s" if error.wait_s else ""
            over = f"; no time is left of its {self.spec.deadline_s:g} s (deadline_s)" if is_over else ""
            fix = "look at url, kind and model in saem.toml" if error.is_wrong else "is its server up, and url right? then ask again"
            raise SaemError("E802", f"'{self.spec.name}' failed at attempt {attempt}: {error}{asked}{over}", where=self.spec.address,
                            fix=fix) from error
        self.sleep(wait_s)

    def _kept(self, about: _About, text: str, estimate: int, done: Done, began: float, attempts: int, stop: str,
              problem: str = "") -> Reply:
        estimate = 0 if problem and not text else estimate            # what a server refuses it has not read
        tokens_in = estimate if done.tokens_in is None else done.tokens_in
        tokens_out = tokens_about(text) if done.tokens_out is None else done.tokens_out
        is_counted = done.tokens_in is not None and done.tokens_out is not None
        seconds, cost = time.perf_counter() - began, self.spec.cost(tokens_in, tokens_out)
        reply = Reply(text, self.spec.name, done.version, tokens_in, tokens_out, is_counted, seconds, cost, attempts, stop)
        recorder = self.recorder
        if recorder is None and self.project is not None:
            recorder = partial(record, self.project.origin)
        if recorder is None:
            return reply
        row = CallRow(new_key(), self.spec.name, self.spec.kind, done.version or self.spec.model, self.spec.is_remote, about.purpose,
                      about.prompt.name if about.prompt else "", about.prompt.fingerprint if about.prompt else "", tokens_in, tokens_out,
                      is_counted, round(seconds, 4), cost, attempts, stop, problem, datetime.datetime.now(datetime.UTC), about.caller)
        return replace(reply, call=recorder(row, about.inputs, about.readers))


_models: "WeakKeyDictionary[Project, dict[str, Model]]" = WeakKeyDictionary()


def model(db: "Project", name: str | None = None) -> Model:
    """A model of the project's saem.toml by name; without a name the first. One object a project and name: its limits are shared.

    Raises: E102 where there is none, E207 for wrong settings.
    """
    known = specs(db.origin.models)
    wanted = next(iter(known), None) if name is None else name
    if wanted is None or wanted not in known:
        raise SaemError("E102", f"no model is named '{wanted}'" if wanted else "no model is configured", where=caller(),
                        fix=suggest(wanted or "", known, "model") if known else "in saem.toml:\n" + EXAMPLE)
    held = _models.setdefault(db.origin, {})
    if wanted not in held or held[wanted].spec != known[wanted]:
        held[wanted] = Model(known[wanted], db.origin)
    return held[wanted]


def _messages(given: str | Sequence[Message]) -> tuple[Message, ...]:
    return (Message("user", given),) if isinstance(given, str) else tuple(given)
