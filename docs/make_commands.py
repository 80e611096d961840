"""Write docs/reference/commands.md from the command line's own help: python docs/make_commands.py"""
import pathlib

import typer

from saem.cli.main import app

HEAD = """# Commands

`saem COMMAND --help` prints the same. Settings: `saem.toml` < `SAEM_*` in the environment < flags.

| setting | in `saem.toml` `[saem]` | environment | flag |
| --- | --- | --- | --- |
| the project's folder | | `SAEM_PROJECT` | `--project`, `-p` |
| where the state lies | `state` | `SAEM_STATE` | `--state` |
| address and key of an OpenAI-compatible embedding endpoint | | `SAEM_EMBED_URL`, `SAEM_EMBED_KEY` | |
"""
PAGE = pathlib.Path(__file__).parent / "reference" / "commands.md"


def page() -> str:
    """The page's text."""
    parts = [HEAD]
    for name, command in typer.main.get_command(app).commands.items():  # type: ignore[attr-defined]
        rows = [(", ".join(f"`{o}`" for o in p.opts) if p.param_type_name == "option" else f"`{(p.metavar or p.name).upper()}`",
                 p.help or "") for p in command.params if p.name != "help"]
        options = "\n".join(f"| {names} | {meaning} |" for names, meaning in rows)
        parts.append(f"## saem {name}\n\n{(command.help or '').strip()}\n\n| argument or option | meaning |\n| --- | --- |\n{options}\n")
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
