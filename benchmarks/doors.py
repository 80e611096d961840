"""What the doors cost: the gateway beside the bare server, MCP calls, a turn of `saem chat`, approved answers, grading.

    python -m benchmarks.doors          # all; --parts gateway,mcp,chat,approved,grading; --calls 100

The model server is a scripted one on loopback that replies at once, so what is measured is saem and the way there. Clock times.
"""

import argparse
import asyncio
import os
import pathlib
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import httpx

import saem
from saem.infer.approved import approve, similar
from saem.infer.chatting import Chat
from saem.infer.grading import grade
from saem.infer.memory import memory
from saem.sources.records import records
from saem.transform.words import tokenize
from tests.infer.llm.servers import Step, serving

WEB, DESK = "web-key-of-sixteen-letters", "desk-token-of-sixteen"
ENVIRONMENT = {**os.environ, "WEB_KEY": WEB, "DESK_TOKEN": DESK}
PIPELINE = """import saem
from saem.infer import approved
from saem.infer.memory import memory
from saem.sources import folder
from saem.transform import chunk, embed, parse

def pipeline(db: saem.Project) -> None:
    docs = db.source("files", folder("docs")).derive("docs", parse)
    docs.derive("chunks", chunk(), embed(), carry=["path", "title"]).index(text="text", vector="embedding")
    memory(db, "tutor")
    approved.declare(db)
"""
SETTINGS = """[saem.groups]
students = ["kim"]

[saem.models.scripted]
url = "{url}"
model = "scripted"
max_tokens = 200

[saem.gateway.keys.web]
token_env = "WEB_KEY"
calls_per_minute = 1000000
tokens_per_day = 1000000000

[saem.mcp.callers.desk]
token_env = "DESK_TOKEN"
as = "kim"
"""
ASKED = {"model": "scripted", "messages": [{"role": "user", "content": "Say something of about twenty words, please."}], "max_tokens": 60}
SAID = " ".join(["word"] * 20)
TOPICS = "library canteen dormitory printer locker parking gym laundry projector bicycle".split()
HANDBOOK = pathlib.Path(__file__).parent.parent / "examples" / "handbook"


def main() -> None:
    wanted = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    wanted.add_argument("--parts", default="gateway,mcp,chat,approved,grading")
    wanted.add_argument("--calls", type=int, default=100)
    told = wanted.parse_args()
    tokenize(["준비"])
    parts: dict[str, Callable[[pathlib.Path, str, int], None]] = {
        "gateway": gateway, "mcp": mcp_calls, "chat": chat, "approved": lambda root, _, calls: approved_answers(root, calls),
        "grading": lambda root, _, calls: grading(root, calls)}
    with serving([Step(SAID)]) as server:
        for name in told.parts.split(","):
            with tempfile.TemporaryDirectory() as root:
                parts[name](_project(pathlib.Path(root), server.url), server.url, told.calls)


def _project(root: pathlib.Path, url: str) -> pathlib.Path:
    (root / "docs").mkdir()
    for file in sorted(HANDBOOK.rglob("*.md"))[:20]:
        (root / "docs" / file.name).write_bytes(file.read_bytes())
    (root / "pipeline.py").write_text(PIPELINE, "utf-8")
    (root / "saem.toml").write_text(SETTINGS.format(url=url), "utf-8")
    return root


def told(what: str, ms: Sequence[float]) -> float:
    middle = statistics.median(ms)
    print(f"{what}: p50 {middle:.1f} ms, p95 {sorted(ms)[int(.95 * len(ms))]:.1f}, n {len(ms)}", flush=True)
    return middle


def taken(work: Callable[[], Any], times: int) -> list[float]:
    made = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        made.append(1e3 * (time.perf_counter() - began))
    return made


@contextmanager
def listening(root: pathlib.Path, *command: str) -> Iterator[str]:
    """A door in a process of its own: its address."""
    process = subprocess.Popen([sys.executable, "-m", "saem.cli.main", *command, "-p", str(root), "--port", "0"], env=ENVIRONMENT,
                               stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    try:
        yield process.stderr.readline().removeprefix("listening on ").strip()
    finally:
        process.terminate()
        process.wait(20)
        process.stderr.close()


# the gateway

def gateway(root: pathlib.Path, url: str, calls: int) -> None:
    """The same call, to the server itself and through the gateway; then four callers at once."""
    bare_body = {**ASKED, "stream": True, "stream_options": {"include_usage": True}}     # as the gateway asks the server
    with listening(root, "gateway") as address, httpx.Client(timeout=60, headers={"authorization": f"Bearer {WEB}"}) as client:
        def bare() -> None:
            assert client.post(f"{url}/chat/completions", json=bare_body).text.rstrip().endswith("[DONE]")

        def through(stream: bool = False) -> None:
            answer = client.post(f"{address}/chat/completions", json={**ASKED, "stream": stream})
            assert answer.status_code == 200, answer.text

        taken(bare, 5), taken(through, 5)
        alone, whole, streamed = taken(bare, calls), taken(through, calls), taken(lambda: through(True), calls)
        base = told("gateway: the bare server, streamed and read whole", alone)
        print(f"  a call through the gateway costs {told('gateway: a call', whole) - base:.1f} ms more, "
              f"streamed {told('gateway: a streamed call', streamed) - base:.1f} ms more")
        for name, one in (("bare server", bare), ("gateway, with a key, its limits and a row a call", through)):
            began = time.perf_counter()
            with ThreadPoolExecutor(4) as pool:
                list(pool.map(lambda _, one=one: one(), range(2 * calls)))
            print(f"  four callers at once, {name}: {2 * calls / (time.perf_counter() - began):.0f} calls/s")


# MCP

def mcp_calls(root: pathlib.Path, _: str, calls: int) -> None:
    import httpx2
    import mcp

    with saem.open(str(root)) as db:
        memory(db, "tutor").remember("The late fee annoys me.", session="s", user="kim")
        db.run()
        direct = taken(lambda: db.table("chunks").search("late fee", k=5), calls)

    async def measured(client: Any, what: str) -> None:
        await client.call_tool("search", {"query": "late fee"})
        for name, arguments in (("search", {"query": "late fee"}), ("recall", {"query": "late fee"})):
            ms = []
            for _ in range(calls):
                began = time.perf_counter()
                answer = await client.call_tool(name, arguments)
                assert not answer.is_error, answer
                ms.append(1e3 * (time.perf_counter() - began))
            told(f"MCP over {what}: {name}", ms)

    async def stdio() -> None:
        command = [sys.executable, "-m", "saem.cli.main", "mcp", "-p", str(root), "--as", "kim"]
        parameters = mcp.StdioServerParameters(command=command[0], args=command[1:], env=dict(ENVIRONMENT))
        async with mcp.Client(mcp.stdio_client(parameters)) as client:
            await measured(client, "stdio")

    async def http(url: str) -> None:
        async with (httpx2.AsyncClient(headers={"Authorization": f"Bearer {DESK}"}, timeout=60) as web,
                    mcp.Client(mcp.client.streamable_http.streamable_http_client(url, http_client=web)) as client):
            await measured(client, "HTTP")

    told("the same search in Python", direct)
    asyncio.run(stdio())
    with listening(root, "mcp", "--http") as address:
        asyncio.run(http(address))


# chat

def chat(root: pathlib.Path, _: str, calls: int) -> None:
    """A turn beside what it stands on: the answer of the documents alone."""
    from saem.infer import ask
    with saem.open(str(root)) as db:
        db.run()
        chunks, notes = db.table("chunks"), memory(db, "tutor")
        talk = Chat(chunks, notes, user="kim")
        questions = [f"What does the handbook say about the {topic}?" for topic in TOPICS]
        for text in ("I live in Seoul.", "나는 수학이 약해."):
            talk.say(text)
        turns = iter(questions * calls)
        asked = iter(questions * calls)
        ask(chunks, questions[0])
        alone = told("the documents' answer alone", taken(lambda: ask(chunks, next(asked)), calls))
        print(f"  chat: a turn that asks takes {told('chat: a turn that asks', taken(lambda: talk.say(next(turns)), calls)) - alone:.1f} "
              f"ms more")
        facts = iter(range(calls))
        told("chat: a turn that tells", taken(lambda: talk.say(f"My locker code is {next(facts)}."), calls))


# approved answers

def approved_answers(root: pathlib.Path, calls: int) -> None:
    dice = random.Random(1)
    for size in (100, 10_000):
        (root / str(size)).mkdir()
        with saem.Project(str(root / str(size))) as db:
            from saem.infer import approved
            db.source("approved", records(approved.ApprovedRow, key="question"))
            approved.derive(db.tables["approved"], "hash")
            db.source("approved_margins", records(approved.Margin, key="model"))
            pairs = [(f"How do I book {dice.choice(TOPICS)} number {n} in building "
                      f"{dice.randrange(99)}?", f"At desk {n}.") for n in range(size)]
            began = time.perf_counter()
            approve(db, pairs)
            print(f"approved: {size:,} answers approved in {time.perf_counter() - began:.1f} s (hash embedder)")
            similar(db, pairs[0][0])
            told(f"approved: nearest of {size:,}", taken(lambda pairs=pairs, db=db: similar(db, dice.choice(pairs)[0]), calls))


# grading

def grading(root: pathlib.Path, calls: int) -> None:
    import pyarrow as pa
    essays = [" ".join(random.Random(n).choices("the library opens at nine because students need books and a quiet room".split(), k=200))
              for n in range(10 * calls)]
    criteria = pa.Table.from_pylist([{"name": name, "description": "", "least": 0, "most": 4, "looks_for": words} for name, words in
                                     (("claim", ["library", "opens"]), ("reason", ["because"]), ("example", ["for example", "such as"]))])
    began = time.perf_counter()
    made = grade.function(pa.table({"text": essays}), criteria)
    seconds = time.perf_counter() - began
    print(f"grading by rules: {len(made.rows) / seconds:,.0f} scores/s, texts of 200 words")


if __name__ == "__main__":
    main()
