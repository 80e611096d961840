"""Commands that serve others: mcp, gateway."""
from typing import Annotated, Any

import typer

from saem.cli.asking import indexed, keep_current
from saem.cli.options import AsOption, JsonOption, ProjectOption, QuietOption, StateOption, TableOption, hint, project
from saem.cli.output import Output

HttpOption = Annotated[bool, typer.Option("--http", help="Serve on HTTP instead of stdin and stdout.")]
HostOption = Annotated[str, typer.Option(help="The address to listen on; by default only this machine is heard.")]
PortOption = Annotated[int, typer.Option(min=0, max=65535, help="0 takes any that is free; the line on stderr names it.")]
DryOption = Annotated[bool, typer.Option("--dry-run", help="Only say who could call what.")]


def mcp(project_: ProjectOption = None, state: StateOption = None, as_json: JsonOption = False, quiet: QuietOption = False,
        table: TableOption = None, reader: AsOption = None,
        memory: Annotated[str | None, typer.Option("--memory", help="Which memory, where the project has several.")] = None,
        http: HttpOption = False, host: HostOption = "127.0.0.1", port: PortOption = 8421, dry_run: DryOption = False) -> None:
    """Serve agents over the Model Context Protocol: search, ask, recall, remember, revise, sql.

    Over stdin and stdout every call is under the rights of --as, without it under the owner's. With --http a caller is known by a
    token, and [saem.mcp.callers] in saem.toml says under whose rights. What a caller may not read is not there.

    Example: saem mcp -p school --as kim

    Example: saem mcp -p school --http --port 8421
    """
    from saem.core.errors import SaemError
    from saem.mcp.callers import Caller
    from saem.mcp.server import Desk, app, over_http, over_stdio
    out = Output(as_json, quiet)
    db = project(project_, state, builds=True, reads=True)
    keep_current(db, project_, state, Output(as_json, True))
    try:
        searched: str | None = indexed(db, table).name
    except SaemError:
        if table is not None:
            raise
        searched = None
    desk = Desk(db, searched, memory)
    if dry_run:
        known = list(desk.callers.known().values()) if http else [Caller("stdio", reader)]
        if http:
            app(desk, reader, host)         # its refusals are told
            known = known or [Caller("http", reader)]
        callers: list[dict[str, Any]] = [{"caller": each.name, "as": each.person, "tools": [tool.name for tool in desk.tools(each)]}
                                         for each in known]
        if as_json:
            out.data({"transport": "http" if http else "stdio", "table": searched, "memory": desk.notes.name if desk.notes else None,
                      "callers": callers})
            return
        out.table(("caller", "as", "tools"), [(each["caller"], each["as"] or "the owner", ", ".join(each["tools"])) for each in callers])
        out.next(hint("saem mcp --http" if http else "saem mcp", project_, state))
    elif http:
        over_http(desk, reader, host, port)
    else:
        over_stdio(desk, reader)


def gateway(project_: ProjectOption = None, state: StateOption = None, as_json: JsonOption = False, quiet: QuietOption = False,
            host: HostOption = "127.0.0.1", port: PortOption = 8422, dry_run: DryOption = False) -> None:
    """Serve the models of saem.toml on one OpenAI-compatible address: keys, limits per key, a row for each call.

    [saem.gateway.keys.NAME] says which environment variable holds a key, which models it may call, and how much of them.

    Example: saem gateway -p school

    Example: saem sql -p school "select caller, model, sum(tokens_in + tokens_out) as tokens, sum(cost) as cost from calls group by all"
    """
    from saem.gateway.app import Gateway, serve
    out = Output(as_json, quiet)
    db = project(project_, state, builds=True, reads=True)
    if not dry_run:
        serve(db, host, port)
        return
    made = Gateway(db)
    keys = [{"key": key.name, "models": made.names(key), "calls_per_minute": key.calls_per_minute, "tokens_per_day": key.tokens_per_day,
             "cost_per_day": key.cost_per_day, "tokens_today": made.ledger.keys[key.name].tokens,
             "cost_today": made.ledger.keys[key.name].cost} for key in made.keys.known().values()]
    if as_json:
        out.data({"keys": keys, "embeddings": made.embeddings})
        return
    out.table(("key", "models", "calls a minute", "tokens a day", "cost a day", "tokens today", "cost today"), [
        (each["key"], ", ".join(made.names(made.keys.known()[str(each["key"])])), each["calls_per_minute"] or "any",
         each["tokens_per_day"] or "any", each["cost_per_day"] or "any", each["tokens_today"], each["cost_today"]) for each in keys],
        right=("calls a minute", "tokens a day", "cost a day", "tokens today", "cost today"))
    out.next(hint("saem gateway", project_, state))
