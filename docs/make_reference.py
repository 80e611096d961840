"""Write the pages of docs/reference/ that the code itself tells, in both languages: python docs/make_reference.py

Names, settings and explanations are those of the code. docs/korean.json holds the Korean of what is explained; what it lacks
stays English, so that nobody has to write Korean to add an operator.
"""
import dataclasses
import importlib
import inspect
import json
import pathlib
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import typer

import saem
from saem.cli.main import app
from saem.core import registry
from saem.core.columns import row_schema
from saem.core.operator import Operator
from saem.core.source import FunctionSource
from saem.transform.isolation.limits import Limits

DOCS = pathlib.Path(__file__).parent
KOREAN: dict[str, str] = json.loads((DOCS / "korean.json").read_text("utf-8"))
INTERNAL = {"published", "uri", "order", "declared", "chain", "schema", "fingerprint", "about", "is_indexed", "encoders", "key_indexes",
            "is_idle", "to_dict"}      # for the rooms of the package, not for users
LONGEST = 72        # characters of a signature in one line
Translate = Callable[[str], str]


def english(text: str) -> str:
    return text


def korean(text: str) -> str:
    """The Korean of a text of the code; the text itself where there is none yet."""
    return KOREAN.get(" ".join(text.split()), text)


# docstrings


def told(documented: object, tr: Translate = english) -> str:
    """A docstring as Markdown: its columns of names become lists, its examples code."""
    return prose(inspect.getdoc(documented) or "", tr)


def prose(text: str, tr: Translate = english) -> str:
    made = []
    for paragraph in filter(None, re.split(r"\n\s*\n", text.strip())):
        lines = paragraph.splitlines()
        if lines[0].lstrip().startswith(">>>"):
            made.append("```pycon\n" + "\n".join(lines) + "\n```")
        elif all(line.startswith("    ") for line in lines):
            made.append("```text\n" + "\n".join(line[4:] for line in lines) + "\n```")
        else:
            made.append(_names(lines, tr))
    return "\n\n".join(made)


def _names(lines: list[str], tr: Translate) -> str:
    """'name   what it means', with further lines indented, as a list; other lines as they are."""
    items: list[tuple[str, str]] = []
    before: list[str] = []
    after: list[str] = []
    for line in lines:
        named = re.match(r"^(\w+)\s{2,}(\S.*)$", line) or (re.match(r"^([a-z_]+) (\S.*)$", line) if items else None)
        if named:
            items.append((named[1], named[2]))
        elif items and line.startswith(" "):
            items[-1] = (items[-1][0], f"{items[-1][1]} {line.strip()}")
        else:
            (after if items else before).append(line)
    listed = "\n".join(f"- `{name}`: {tr(meaning)}" for name, meaning in items)
    return "\n\n".join(filter(None, [tr(" ".join(before)) if before else "", listed, tr(" ".join(after)) if after else ""]))


def first_line(documented: object, tr: Translate = english) -> str:
    return tr(" ".join((inspect.getdoc(documented) or "").split("\n\n")[0].split()))


def signature(function: Any, without: int = 0) -> str:
    """Parameters with their defaults, hints shortened; the first `without` left out."""
    shown = []
    parameters = list(inspect.signature(function).parameters.values())[without:]
    for index, p in enumerate(parameters):
        hint = "" if p.annotation is inspect.Parameter.empty else f": {_hint(p.annotation)}"
        default = "" if p.default is inspect.Parameter.empty else f" = {_default(p.default)}"
        if p.kind is p.KEYWORD_ONLY and (index == 0 or parameters[index - 1].kind not in (p.KEYWORD_ONLY, p.VAR_POSITIONAL)):
            shown.append("*")
        star = "*" if p.kind is inspect.Parameter.VAR_POSITIONAL else "**" if p.kind is inspect.Parameter.VAR_KEYWORD else ""
        shown.append(star + p.name + hint + default)
    result = inspect.signature(function).return_annotation
    returns = f" -> {_hint(result)}" if result not in (inspect.Parameter.empty, None) else ""
    line = f"({', '.join(shown)}){returns}"
    return line if len(line) <= LONGEST else "(\n    " + ",\n    ".join(shown) + f",\n){returns}"


def _hint(annotation: Any) -> str:
    text = annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)
    homes = r"\b(typing|collections\.abc|saem(\.[a-z_]+)+|pyarrow\.lib|numpy|lance(\.dataset)?)\."
    return re.sub(homes, "", text).replace("'", "").replace('"', "")


def _default(value: Any) -> str:
    return value.__name__ if callable(value) else re.sub(r"^\d{6,}$", lambda found: f"{int(found[0]):_}", repr(value))


def columns(row_class: type) -> str:
    return "\n".join(f"| `{field.name}` | {field.type} |" for field in row_schema(row_class))


def table(head: tuple[str, ...], rows: Iterable[Iterable[object]]) -> str:
    lines = [f"| {' | '.join(head)} |", f"|{' --- |' * len(head)}"]
    return "\n".join([*lines, *(f"| {' | '.join(str(cell).replace('|', chr(92) + '|') for cell in row)} |" for row in rows)])


# pages


def commands(group: Any, above: str = "") -> Iterable[tuple[str, Any]]:
    """(what one types, the command), those of groups too."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, f"{above}{name} ")
        else:
            yield above + name, command


def commands_page(tr: Translate) -> str:
    """Every command, from its own help."""
    parts = []
    for name, command in commands(typer.main.get_command(app)):
        rows = [(", ".join(f"`{o}`" for o in p.opts) if p.param_type_name == "option" else f"`{(p.metavar or p.name).upper()}`",
                 tr(p.help or "")) for p in command.params if p.name != "help"]
        said = (command.help or "").strip().split("\n\n")
        about = "\n\n".join(tr(" ".join(part.split())) for part in said if not part.startswith("Example:"))
        examples = [part.removeprefix("Example:").strip() for part in said if part.startswith("Example:")]
        shown = "".join(f"```sh\n{example}\n```\n\n" for example in examples)
        parts.append(f"## saem {name}\n\n{about}\n\n{shown}{table((tr('argument or option'), tr('meaning')), rows)}\n")
    return "\n".join(parts)


def operators() -> dict[str, Operator]:
    """{import path: operator} of all that the package offers."""
    found = {}
    for room in ("saem.transform", "saem.curate", "saem.train"):
        module = importlib.import_module(room)
        found |= {f"{room}.{name}": getattr(module, name) for name in module.__all__ if isinstance(getattr(module, name), Operator)}
    return found


def operators_page(tr: Translate) -> str:
    parts = []
    for place, op in operators().items():
        room, _, name = place.rpartition(".")
        parts.append(f"## {name}\n\n```text\nfrom {room} import {name}\n\n{name}{_settings(op)}\n```\n")
        facts = [(tr("kind"), f"`{op.kind}`" + (f" ({tr('takes by=')})" if op.takes_by else "")),
                 (tr("reads"), ", ".join(f"`{c}`" for c in op.inputs[0].columns or []) or tr("what its settings name")),
                 (tr("writes"), _writes(op, tr))]
        if op.consumes and not callable(op.consumes):
            facts.append((tr("takes away"), ", ".join(f"`{c}`" for c in op.consumes)))
        if op.memo:
            facts.append((tr("costly"), tr("yes: equal input is not computed twice")))
        parts.append(table(("", ""), facts) + "\n")
        parts.append(told(op.function, tr) + "\n")
    return "\n".join(parts)


def _settings(op: Operator) -> str:
    """What a user gives: not the rows, not `by`, which derive(by=...) gives."""
    return re.sub(r"by: list\[str\](, |,\n    )?", "", signature(op.function, len(op.inputs)).rpartition(" -> ")[0])


def _writes(op: Operator, tr: Translate) -> str:
    try:
        schema = op.writes()
    except Exception:       # depends on the rows or the settings
        return tr("as its rows and settings say")
    return ", ".join(f"`{field.name}` {_type(field.type)}" for field in schema if not field.name.startswith("_"))


def _type(kind: Any) -> str:
    text = str(kind)
    return re.sub(r"struct<.*?>", "struct", text) if len(text) > 60 else text


def sources_page(tr: Translate) -> str:
    module = importlib.import_module("saem.sources")
    parts = []
    for name in module.__all__:
        given = getattr(module, name)
        made = given.function if isinstance(given, FunctionSource) else given
        home = importlib.import_module(made.__module__)
        parts.append(f"## {name}\n\n```text\nfrom saem.sources import {name}\n\n{name}{signature(made)}\n```\n\n{told(made, tr)}\n")
        row_class = given.row_class if isinstance(given, FunctionSource) else getattr(home, "File", None)
        if row_class is not None:
            parts.append(table((tr("column"), tr("type")), [(f"`{f.name}`", f.type) for f in row_schema(row_class)]) + "\n")
    return "\n".join(parts)


def formats_page(tr: Translate) -> str:
    by_module: dict[str, list[str]] = {}
    for suffix, module in registry.parsers().items():
        by_module.setdefault(module.__name__, []).append(f"`{suffix}`" if suffix else tr("no suffix"))
    rows = []
    for name in sorted(by_module):
        module = importlib.import_module(name)
        rows.append((name.rpartition(".")[2], " ".join(by_module[name]), first_line(module, tr), ", ".join(module.LIBRARIES) or "Python"))
    parse = importlib.import_module("saem.transform.parse")
    fields = [(f"`{f.name}`", _type(f.type)) for f in row_schema(parse.Document)]
    element = importlib.import_module("saem.transform.parse._parsed").Element
    return (table((tr("parser"), tr("files"), tr("what it reads"), tr("library")), rows) + f"\n\n## {tr('What a document holds')}\n\n"
            + prose(inspect.getdoc(parse.Document) or "", tr) + "\n\n" + table((tr("column"), tr("type")), fields)
            + f"\n\n## {tr('Elements')}\n\n" + prose(inspect.getdoc(element) or "", tr) + "\n")


def models_page(tr: Translate) -> str:
    parts = [f"## {tr('Embedding models')}\n", tr("`embed(model=NAME)`; a name may have an argument after a colon.") + "\n"]
    for name in registry.names("embedder"):
        parts.append(f"### {name}\n\n{prose(inspect.getdoc(registry.load('embedder', name)) or '', tr)}\n")
        parts.append(_argument(registry.load("embedder", name).load, tr))
    parts.append(f"## {tr('Chunking strategies')}\n\n" + tr("`chunk(strategy=NAME)`.") + "\n")
    strategies = {name: registry.load("strategy", name) for name in registry.names("strategy")}
    rows = [(f"`{name}`", first_line(module, tr), _own(module)) for name, module in strategies.items()]
    parts.append(table((tr("strategy"), tr("what it does"), tr("settings of its own")), rows) + "\n")
    parts.append(f"## {tr('Language models')}\n\n" + tr("`[saem.models.NAME]` in `saem.toml`; `kind` names the provider.") + "\n")
    parts.append(table((tr("kind"), tr("what it speaks to")), [(f"`{name}`", first_line(registry.load("provider", name), tr))
                                                              for name in registry.names("provider")]) + "\n")
    parts.append(table((tr("setting"), tr("default"), tr("meaning")), _of_models(tr)) + "\n")
    parts.append(f"## {tr('Learners')}\n\n" + tr("`fit(target=COLUMN, learner=NAME)`.") + "\n")
    parts.append(table((tr("learner"), tr("what it does")),
                       [(f"`{name}`", first_line(registry.load("learner", name), tr)) for name in registry.names("learner")]) + "\n")
    return "\n".join(parts)


def _of_models(tr: Translate) -> Iterable[tuple[str, str, str]]:
    """(setting, default, meaning) of a language model."""
    from saem.infer.llm.spec import MEANING, Spec
    for field in dataclasses.fields(Spec):
        if field.name in MEANING:
            yield f"`{field.name}`", f"`{field.default}`" if field.default not in ("", None) else "", tr(MEANING[field.name])


def _argument(load: Any, tr: Translate) -> str:
    said = inspect.getdoc(load) or ""
    return prose(said, tr) + "\n" if said else ""


def _own(module: Any) -> str:
    names = list(inspect.signature(module.cut).parameters)[2:]
    return ", ".join(f"`{name}`" for name in names) or "-"


def python_page(tr: Translate) -> str:
    from saem.core import run as running
    from saem.engine import planning, tracing
    from saem.infer import answers, asking
    from saem.infer.llm import client
    from saem.store import search
    parts = []
    for name in saem.__all__:
        made = getattr(saem, name)
        if name in ("Group", "Groups"):
            whose = "one key" if name == "Group" else "many keys"
            parts.append(f"## saem.{name}\n\n{tr(f'A hint: an Arrow table with the rows of {whose}.')}\n")
            continue
        parts.append(_described(f"saem.{name}", made, tr))
    parts.append(_described("saem.infer.ask", asking.ask, tr))
    parts.append(_described("saem.infer.answers.stale", answers.stale, tr))
    parts.append(_described("saem.infer.llm.model", client.model, tr))
    for made in (answers.Answer, answers.Sentence, answers.Citation, answers.Step, client.Model, client.Reply, search.Hit,
                 running.Report, running.Counts, running.Progress,
                 planning.Step, tracing.Trace, tracing.Node):
        parts.append(_described(made.__name__, made, tr))
    return "\n".join(parts)


def _described(name: str, made: Any, tr: Translate) -> str:
    parts = [f"## {name}\n"]
    if not inspect.isclass(made):
        return "\n".join([*parts, f"```text\n{name.rpartition('.')[2]}{signature(made)}\n```\n", told(made, tr), ""])
    if dataclasses.is_dataclass(made):
        hints = {f.name: _hint(f.type) for f in dataclasses.fields(made)}
        parts.append(table((tr("field"), tr("type")), [(f"`{n}`", f"`{t}`") for n, t in hints.items()]) + "\n")
    elif made.__init__ is not object.__init__ and "self" in inspect.signature(made.__init__).parameters and name != "saem.Table":
        parts.append(f"```text\n{name.rpartition('.')[2]}{signature(made.__init__, 1)}\n```\n")
    parts.append(told(made, tr) + "\n")
    for member, value in vars(made).items():
        if member.startswith("_") or isinstance(value, type) or member in INTERNAL:
            continue
        function = value.fget if isinstance(value, property) else getattr(value, "func", value)
        if not inspect.isfunction(function):
            continue
        call = "" if function is not value else signature(function, 1)
        parts.append(f"### {name.rpartition('.')[2]}.{member}\n\n```text\n{member}{call}\n```\n\n{told(function, tr)}\n")
    return "\n".join(parts)


def settings_page(tr: Translate) -> str:
    rows = [(tr("the project's folder"), "", "`SAEM_PROJECT`", "`--project`, `-p`"),
            (tr("where the state lies"), "`state`", "`SAEM_STATE`", "`--state`"),
            (tr("base address of an OpenAI-compatible embedding endpoint"), "", "`SAEM_EMBED_URL`", ""),
            (tr("its key"), "", "`SAEM_EMBED_KEY`", "")]
    rows.append((tr("a font's file, for the letters of show-citation"), "", "`SAEM_FONT`", ""))
    rows.append((tr("read as this person or group"), "", "`SAEM_AS`", "`--as`"))
    rows.append((tr("who is in which group: `staff = [\"kim\", \"lee\"]`"), "`[saem.groups]`", "", ""))
    rows.append((tr("a table that says it too: one row for each member of each group, columns `group` and `member`"),
                 "`groups_from`", "", ""))
    rows.append((tr("how many of the newest snapshots are kept (100)"), "`keep_snapshots`", "", ""))
    rows.append((tr("for how many days the last snapshot of each is kept (30)"), "`keep_days`", "", ""))
    rows.append((tr("language models: see [models](models.md#language-models)"), "`[saem.models.NAME]`", "", "`--model`"))
    rows.append((tr("callers of `saem mcp --http`: `token_env`, `as`, `tools`"), "`[saem.mcp.callers.NAME]`", "", ""))
    rows.append((tr("which memory and model `saem mcp` serves: `memory`, `model`"), "`[saem.mcp]`", "", "`--memory`"))
    rows.append((tr("keys of `saem gateway`: `token_env`, `models`, `calls_per_minute`, `tokens_per_day`, `cost_per_day`"),
                 "`[saem.gateway.keys.NAME]`", "", ""))
    rows.append((tr("embedding models that `saem gateway` serves: `embeddings`"), "`[saem.gateway]`", "", ""))
    from saem.infer.personas import MEANING
    rows += [(f"{tr('a persona of `saem chat`')}: {tr(meaning)}", f"`[saem.personas.NAME]` `{name}`", "",
              "`--persona`" if name == "about" else "") for name, meaning in MEANING.items()]
    told_of = dict(re.findall(r"^(\w+)\s{2,}(.+)$", inspect.getdoc(Limits) or "", re.MULTILINE))
    rows += [(f"{tr(told_of[limit.name])} ({limit.default:,})", f"`{limit.name}`", f"`SAEM_{limit.name.upper()}`", "")
             for limit in dataclasses.fields(Limits)]
    return table((tr("setting"), tr("in `saem.toml`, under `[saem]`"), tr("environment"), tr("flag")), rows) + "\n"


def json_page(tr: Translate) -> str:
    schemas = json.loads((DOCS / "reference" / "schemas.json").read_text("utf-8"))["$defs"]
    parts = []
    for name, schema in schemas.items():
        title = {"error": tr("An error"), "counts": "counts", "node": "node", "receipt": "receipt"}.get(name, f"saem {name} --json")
        parts.append(f"## {title}\n\n{tr(schema.get('description', ''))}\n")
        parts.append(table((tr("field"), tr("type"), tr("meaning")), [(f"`{p}`", t, tr(d)) for p, t, d in _fields(schema, "")]) + "\n")
    return "\n".join(parts)


def _fields(schema: Mapping[str, Any], path: str) -> Iterable[tuple[str, str, str]]:
    for name, inner in schema.get("properties", {}).items():
        here = f"{path}.{name}" if path else name
        yield here, _kind(inner), inner.get("description", "")
        yield from _fields(inner, here)
        yield from _fields(inner.get("items", {}), f"{here}[]")
        if isinstance(inner.get("additionalProperties"), dict):
            yield from _fields(inner["additionalProperties"], f"{here}.NAME")


def _kind(schema: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        return schema["$ref"].rpartition("/")[2]
    kind = schema.get("type", "any")
    return " or ".join(kind) if isinstance(kind, list) else str(kind)


PAGES: dict[str, Callable[[Translate], str]] = {
    "commands": commands_page, "operators": operators_page, "sources": sources_page, "formats": formats_page, "models": models_page,
    "python": python_page, "settings": settings_page, "json": json_page,
}
BEGIN = "<!-- from here on written by docs/make_reference.py -->\n"


def page(name: str, language: str) -> tuple[pathlib.Path, str]:
    """The file of a page and what it should hold: what people wrote above the line stays."""
    path = DOCS / ("ko" if language == "ko" else "") / "reference" / f"{name}.md"
    head = path.read_text("utf-8").partition(BEGIN)[0]
    text = f"{head}{BEGIN}\n{PAGES[name](korean if language == 'ko' else english)}"
    return path, re.sub(r"\n{3,}", "\n\n", text).rstrip() + "\n"


def main() -> None:
    for language in ("en", "ko"):
        for name in PAGES:
            path, text = page(name, language)
            path.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
