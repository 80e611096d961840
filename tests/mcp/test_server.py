"""The MCP server as an agent meets it: a process of its own, spoken to by the protocol's own client, over both transports."""
import asyncio
import json
import os
import pathlib
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

import saem
from saem.core.errors import SaemError
from saem.infer.memory import memory

mcp = pytest.importorskip("mcp")
httpx2 = pytest.importorskip("httpx2")

PIPELINE = """import saem
from saem.infer.memory import memory
from saem.sources import folder
from saem.transform import chunk, embed, parse

def pipeline(db: saem.Project) -> None:
    files = db.source("files", folder("docs"), readers=lambda path: ["*"] if path.startswith("public") else ["staff"])
    docs = files.derive("docs", parse)
    docs.derive("chunks", chunk(), embed(model="hash"), carry=["path"]).index(text="text", vector="embedding")
    memory(db, "tutor")
"""
SETTINGS = """[saem.groups]
staff = ["lee"]
students = ["kim"]

[saem.mcp.callers.desk]
token_env = "DESK_TOKEN"
as = "kim"

[saem.mcp.callers.office]
token_env = "OFFICE_TOKEN"
as = "lee"
tools = ["search", "ask"]
"""
DESK, OFFICE = "desk-token-of-sixteen", "office-token-of-sixteen"
ENVIRONMENT = {**os.environ, "DESK_TOKEN": DESK, "OFFICE_TOKEN": OFFICE}
VAULT = "What is the vault code?"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    root = tmp_path_factory.mktemp("office")
    (root / "docs").mkdir()
    (root / "docs" / "public.md").write_text("# Library\n\nThe library opens at nine. The late fee is 100 won a day.", "utf-8")
    (root / "docs" / "closed.md").write_text("# Vault\n\nThe vault code is 4711.", "utf-8")
    (root / "saem.toml").write_text(SETTINGS, "utf-8")
    (root / "pipeline.py").write_text(PIPELINE, "utf-8")
    with saem.open(str(root)) as db:
        db.run()
    return root


def command(place: pathlib.Path, *more: str) -> list[str]:
    return [sys.executable, "-m", "saem.cli.main", "mcp", "-p", str(place), *more]


def over_stdio(place: pathlib.Path, work: Callable[[Any], Awaitable[Any]], *more: str) -> Any:
    """What `work` gives, done with a client that started the server as a process."""
    async def run() -> Any:
        started = command(place, *more)
        parameters = mcp.StdioServerParameters(command=started[0], args=started[1:], env=dict(ENVIRONMENT))
        async with mcp.Client(mcp.stdio_client(parameters)) as client:
            return await work(client)
    return asyncio.run(asyncio.wait_for(run(), 120))


@contextmanager
def listening(place: pathlib.Path, *more: str) -> Iterator[str]:
    """The server's address; it ends with the block."""
    process = subprocess.Popen(command(place, "--http", "--port", "0", *more), env=ENVIRONMENT, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    try:
        line = process.stderr.readline()
        assert line.startswith("listening on "), line + process.stderr.read()
        yield line.removeprefix("listening on ").strip()
    finally:
        process.terminate()
        process.wait(20)
        process.stderr.close()


def over_http(url: str, token: str, work: Callable[[Any], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        async with (httpx2.AsyncClient(headers={"Authorization": f"Bearer {token}"}, timeout=60) as web,
                    mcp.Client(mcp.client.streamable_http.streamable_http_client(url, http_client=web)) as client):
            return await work(client)
    return asyncio.run(asyncio.wait_for(run(), 120))


async def call(client: Any, tool: str, **arguments: Any) -> Any:
    """The value, or the text of the error."""
    result = await client.call_tool(tool, arguments)
    text = result.content[0].text
    return text if result.is_error else json.loads(text)


def test_an_agent_asks_searches_queries_and_remembers_over_stdio_as_one_person(place: pathlib.Path) -> None:
    async def work(client: Any) -> dict[str, Any]:
        names = {tool.name for tool in (await client.list_tools()).tools}
        made: dict[str, Any] = {"names": names, "fee": await call(client, "ask", question="What is the late fee?")}
        made["vault"] = await call(client, "ask", question=VAULT)
        made["search"] = await call(client, "search", query="vault code", k=5)
        made["sql"] = await call(client, "sql", query="select path from docs order by path")
        made["kept"] = await call(client, "remember", text="My exam is in June.")
        made["recalled"] = await call(client, "recall", query="When is my exam?")
        made["wrong"] = await call(client, "sql", query="delete from docs")
        made["unknown"] = await call(client, "ask", question="a", wrong=1)
        return made

    told = over_stdio(place, work, "--as", "kim")
    assert told["names"] == {"search", "ask", "sql", "recall", "remember", "revise"}
    assert told["fee"]["found"]
    assert told["fee"]["citations"][0]["quote"] == "The late fee is 100 won a day."
    assert not told["vault"]["found"]
    assert [hit["path"] for hit in told["search"]["hits"]] == ["public.md"]
    assert told["sql"] == {"columns": ["path"], "rows": [["public.md"]], "more": 0}
    assert "June" in told["recalled"][0]["text"]
    assert told["wrong"].startswith("[E211]")
    assert "has no argument 'wrong'" in told["unknown"]
    with saem.open(str(place)) as db:      # it is kim's, and of nobody else
        notes = memory(db, "tutor")
        assert any("June" in item.text for item in notes.recall("exam", user="kim").items)
        assert not notes.recall("exam", user="lee").items


def test_without_a_person_stdio_is_the_owners(place: pathlib.Path) -> None:
    async def work(client: Any) -> Any:
        return await call(client, "ask", question=VAULT)
    assert over_stdio(place, work)["text"] == "The vault code is 4711."


def test_over_http_the_token_says_whose_rights_apply_and_which_tools(place: pathlib.Path) -> None:
    async def look(client: Any) -> tuple[set[str], Any, Any]:
        return {tool.name for tool in (await client.list_tools()).tools}, await call(client, "ask", question=VAULT), \
            await call(client, "sql", query="select path from docs")

    with listening(place) as url:
        names, vault, rows = over_http(url, OFFICE, look)
        assert names == {"search", "ask"}
        assert vault["text"] == "The vault code is 4711."
        assert rows.startswith("[E209]")                       # not among its tools
        names, vault, rows = over_http(url, DESK, look)
        assert "recall" in names
        assert not vault["found"]
        assert rows["rows"] == [["public.md"]]
        import httpx
        body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Bearer"}, {"Authorization": f"Basic {DESK}"}):
            assert httpx.post(url, json=body, headers=headers).status_code == 401
        strange = {"Authorization": f"Bearer {DESK}", "Host": "evil.example", "Accept": "application/json, text/event-stream"}
        assert httpx.post(url, json=body, headers=strange).status_code in (400, 403, 421)     # a page that rebinds its name to this machine


def test_a_caller_who_is_taken_out_of_saem_toml_is_out_at_once(place: pathlib.Path) -> None:
    import httpx
    settings = place / "saem.toml"
    body = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
    headers = {"Authorization": f"Bearer {OFFICE}", "Accept": "application/json, text/event-stream"}
    try:
        with listening(place) as url:
            before = httpx.post(url, json=body, headers=headers).status_code
            settings.write_text(SETTINGS.partition("[saem.mcp.callers.office]")[0], "utf-8")
            after = httpx.post(url, json=body, headers=headers).status_code
    finally:
        settings.write_text(SETTINGS, "utf-8")
    assert before != 401
    assert after == 401


def test_http_is_not_served_where_callers_could_not_be_told_apart(place: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from saem.mcp.server import Desk, app
    monkeypatch.setenv("DESK_TOKEN", DESK)
    monkeypatch.setenv("OFFICE_TOKEN", "short")
    with saem.open(str(place)) as db:
        with pytest.raises(SaemError, match="OFFICE_TOKEN is too short"):
            app(Desk(db, "chunks", None), None)
        monkeypatch.setenv("OFFICE_TOKEN", OFFICE)
        with pytest.raises(SaemError, match="without a token"):
            app(Desk(db, "chunks", None), "kim")
