"""`saem`: the commands, and what every one of them does about errors."""
import json
import sys
from typing import Annotated

import typer

from saem.cli import (
    approving,
    asking,
    building,
    chatting,
    curating,
    evaluating,
    forgetting,
    grading,
    looking,
    remembering,
    rights,
    serving,
    snapshots,
)

app = typer.Typer(
    name="saem", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="saem (샘): tables derived from tables. Every row knows where it came from.\n\n"
         "saem ask FOLDER \"question\"   answers from a folder of documents, each sentence with its citation\n\n"
         "saem init school --docs FOLDER   a project with a pipeline of your own")


def _version(wanted: bool) -> None:
    if wanted:
        from saem import __version__
        print(__version__)
        raise typer.Exit


@app.callback()
def _options(version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="The version.")] = False) -> None:
    """Options of `saem` itself."""


for command in (asking.ask, chatting.chat, approving.approve, approving.similar,
                asking.search, asking.show_citation, building.init, building.run, building.plan, building.retry,
                evaluating.evaluate, grading.grade, curating.curate,
                looking.status, looking.show, looking.sql, looking.trace, looking.quarantine, looking.doctor,
                rights.grant, rights.revoke, rights.who_can_read, rights.why_not, snapshots.log, snapshots.diff, snapshots.restore,
                forgetting.forget, forgetting.allow, forgetting.accept, forgetting.receipts, forgetting.verify, serving.mcp,
                serving.gateway):
    app.command()(command)
app.add_typer(remembering.app, name="memory")


def main() -> None:
    """Run a command. Exit codes: 0 ok, 1 run failed, 2 usage, 3 check or quarantine, 4 denied."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")     # Korean, whatever the locale says
    from saem.core.errors import SaemError
    try:
        app()
    except SaemError as error:
        print(error, file=sys.stderr)
        if "--json" in sys.argv:
            told = {"code": error.code, "what": error.what, "where": error.where, "fix": error.fix}
            print(json.dumps({"error": told}, ensure_ascii=False))
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        print("\nstopped; what was published stays, what was computed is reused by the next run", file=sys.stderr)
        sys.exit(130)
    except BrokenPipeError:      # `saem show docs | head`
        sys.stderr.close()
        sys.exit(0)


if __name__ == "__main__":
    main()
