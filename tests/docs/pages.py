"""Runs what the pages print: python -m tests.docs.pages [--write] [PAGE ...]; --write puts the real output into the pages.

A page starts in an empty home folder, or in one that `<!-- setup: NAME -->` has filled; its blocks run one after another.

    console   `$ command`, then what it prints; '...' stands for anything, nothing below it = anything too
    python    `# pipeline.py` in its first line: that file. Otherwise it runs; a `text` block right below it is what it prints
    pycon     as doctest runs it
    any other after a paragraph that names one `file.suffix` and ends in ':' it is that file; otherwise toml, yaml and json are parsed
    sh        not run: installations, other machines. Its saem commands and their options must exist

Ids, decimals and times are compared by their form alone.
"""
import contextlib
import doctest
import io
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

ROOT = pathlib.Path(__file__).parents[2]
HOME = "/home/me"       # what the pages call the scratch folder
FENCE = re.compile(r"^```([^\n`]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"`([\w./-]+\.\w+)`")
HANDBOOK = ("ko/library.md", "ko/dormitory.md", "ko/shuttle.html", "en/library.md", "en/tuition.md", "en/wifi.txt")
PROJECT = '''import saem
from saem.sources import folder
from saem.transform import chunk, embed, parse


def pipeline(db: saem.Project) -> None:
    files = db.source("files", folder("../handbook"))
    docs = files.derive("docs", parse)
    chunks = docs.derive("chunks", chunk(max_chars=400), embed(model="hash"), carry=["path", "title", "language"])
    chunks.index(text="text", vector="embedding")
'''


class Wrong(AssertionError):
    """A block that does not do what the page says."""


@dataclass
class Block:
    language: str
    text: str
    line: int
    file: str = ""            # what it is saved as
    is_output: bool = False   # of the Python block above it


@dataclass
class Page:
    """A page's blocks, and where they run."""
    path: pathlib.Path
    home: pathlib.Path
    blocks: list[Block] = field(default_factory=list)
    names: dict[str, Any] = field(default_factory=lambda: {"__name__": "__page__"})
    printed: str = ""

    def run(self) -> str:
        """Run it all; returns the page with its real output."""
        text = self.path.read_text("utf-8")
        made, end = [], 0
        for found in FENCE.finditer(text):
            block = self._block(text[:found.start()], found[1], found[2])
            try:
                body = self._run(block)
            except Wrong as error:
                raise Wrong(f"{os.path.relpath(self.path, ROOT)}:{block.line} {error}") from None
            made += [text[end:found.start()], f"```{found[1]}\n{body}```"]
            end = found.end()
            self.blocks.append(block)
        return "".join([*made, text[end:]])

    def _block(self, above: str, language: str, text: str) -> Block:
        paragraph = above.rstrip().rpartition("\n\n")[2] if above.endswith("\n\n") or not above.endswith("```\n") else ""
        names = FILE.findall(paragraph) if paragraph.endswith(":") else []
        first = re.match(r"^# ([\w/-]+\.py)\b.*\n", text) if language == "python" else None
        is_output = language == "text" and bool(self.blocks) and self.blocks[-1].language == "python" and above.rstrip().endswith("```")
        file = first[1] if first else names[-1] if names and language not in ("console", "sh", "python", "pycon") else ""
        return Block(language, text, above.count("\n") + 1, file, is_output)

    def _run(self, block: Block) -> str:
        if block.file:
            place = pathlib.Path(os.path.expanduser(block.file))
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(block.text, "utf-8")
            os.utime(place, (1_750_000_000 + block.line, 1_750_000_000 + block.line))     # what was written this moment is read twice
        elif block.language == "console":
            return self._console(block)
        elif block.language == "python":
            self._python(block)
        elif block.is_output:
            try:
                compare(block.text, self.printed)
            except Wrong:
                if not WRITES:
                    raise
                return self.printed
        elif block.language == "pycon":
            self._doctest(block)
        elif block.language in ("sh", ""):
            check_commands(block.text)
        elif block.language == "toml":
            tomllib.loads(block.text)
        elif block.language == "json":
            for line in [block.text] if block.text.startswith(("{\n", "[")) else block.text.splitlines():
                json.loads(line)
        elif not block.language.startswith("{") and block.language not in ("text", "yaml", "ini", "markdown", "csv", "cron"):
            raise Wrong(f"nothing says how to run '{block.language}'")
        return block.text

    def _python(self, block: Block) -> None:
        said = io.StringIO()
        try:
            with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
                exec(compile(block.text, str(self.path), "exec"), self.names)
        except Exception as error:
            raise Wrong(f"{type(error).__name__}: {error}") from error
        self.printed = said.getvalue().replace(str(self.home), HOME)

    def _doctest(self, block: Block) -> None:
        import dataclasses

        import saem
        import saem.sources
        names = {name: getattr(saem, name) for name in saem.__all__} | {"dataclasses": dataclasses, "records": saem.sources.records}
        example = doctest.DocTestParser().get_doctest(block.text, names, block.file or "page", str(self.path), block.line)
        said = io.StringIO()
        runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
        runner.run(example, out=said.write)
        if runner.failures:
            raise Wrong(said.getvalue())

    def _console(self, block: Block) -> str:
        made = []
        for command, expected in commands(block.text):
            said = self._command(command, expected)
            made.append(f"$ {command}\n")
            if expected:
                try:
                    compare(expected, said)
                    made.append(expected)
                except Wrong:
                    if not WRITES:
                        raise
                    made.append("\n".join(line.rstrip() for line in said.strip("\n").splitlines()) + "\n")
        return "".join(made)

    def _command(self, command: str, expected: str) -> str:
        said = []
        for part in command.split(" && "):
            words = [os.path.expanduser(word) for word in shlex.split(part, comments=True)]
            if words[0] == "cd":
                os.chdir(words[1])
            elif words[0] == "saem" and not re.search(r"[|><$]", re.sub(r"\"[^\"]*\"|'[^']*'", "", part)):
                code, text = saem_in_process(words)
                said.append(text)
                if code in (1, 2) and "[E" not in expected:
                    raise Wrong(f"$ {part}\nends with {code}:\n{text}")
            else:
                env = os.environ | {"PYTHONPATH": str(ROOT / "src"), "HOME": str(self.home)}
                shim = f'saem() {{ {shlex.quote(sys.executable)} -m saem.cli.main "$@"; }}; '
                done = subprocess.run(["bash", "-c", shim + part], env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
                said.append(done.stdout)
                if done.returncode and not expected:
                    raise Wrong(f"$ {part}\nends with {done.returncode}:\n{done.stdout}")
        return "".join(said).replace(str(self.home), HOME)


WRITES = False


def commands(text: str) -> Iterator[tuple[str, str]]:
    """(command, what it should print) of a console block."""
    found = re.split(r"^\$ ", text, flags=re.MULTILINE)
    for each in found[1:]:
        command, _, expected = each.partition("\n")
        yield command, expected


def saem_in_process(words: list[str]) -> tuple[int, str]:
    """Exit code and output of a saem command; what it imported of the project is forgotten."""
    from saem.cli.main import main
    said, before = io.StringIO(), (sys.argv, list(sys.path), set(sys.modules))
    sys.argv = words
    try:
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            main()
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 1
    finally:
        sys.argv, sys.path[:] = before[0], before[1]
        for name in set(sys.modules) - before[2]:
            if (getattr(sys.modules[name], "__file__", None) or "").startswith(os.path.expanduser("~")):
                del sys.modules[name]
    return code, said.getvalue()


def compare(expected: str, said: str) -> None:
    pattern = ".*".join(re.escape(part) for part in _form(expected).split("..."))
    if not re.fullmatch(pattern, _form(said), re.DOTALL):
        raise Wrong(f"the page says\n{expected}\nbut it printed\n{said}")


def _form(text: str) -> str:
    text = re.sub(r"^\w+: [\d,]+ of .* rows/s.*\n", "", text, flags=re.MULTILINE)      # progress of a slow machine
    text = re.sub(r"\b[0-9a-f]{12,32}\b", "ID", text)
    text = re.sub(r"\d+ (seconds|minutes) ago", "N ago", text)
    text = re.sub(r"snapshot \d+", "snapshot N", text)      # a file that was written this moment is read once more
    text = re.sub(r"\d[\d,]*\.\d+(e-?\d+)?", "N", text)
    text = re.sub(r"[─━]+", "-", text)
    return "\n".join(filter(None, (re.sub(r"\s+", " ", line).strip() for line in text.splitlines())))


def check_commands(text: str) -> None:
    """The saem commands in a block that is not run are commands, with options that they have."""
    import typer

    from saem.cli.main import app
    known: dict[str, Any] = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    for line in text.splitlines():
        for found in re.finditer(r"(?:^|[\s/\"'|&])saem ([a-z][\w-]*)([^|&;#]*)", line.partition(" #")[0]):
            if found[1] not in known:
                raise Wrong(f"there is no command 'saem {found[1]}'")
            command = known[found[1]]
            for word in found[2].split()[:1]:                    # `saem memory list` has options of its own
                command = getattr(command, "commands", {}).get(word, command)
            options = {o for p in command.params for o in p.opts} | {"--help", "-h"}
            wrong = set(re.findall(r"(?<=\s)--?[a-z][a-z-]*", found[2])) - options
            if wrong:
                raise Wrong(f"'saem {found[1]}' has no option {wrong}")


_built: dict[str, pathlib.Path] = {}


def prepare(name: str, home: pathlib.Path) -> None:
    """Fill the home folder: `handbook` is a folder of documents, `school` a built project over it, and where the page begins."""
    if name not in _built:
        place = pathlib.Path(tempfile.mkdtemp(prefix="saem-docs-"))
        for file in HANDBOOK:
            (place / "handbook" / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / "examples" / "handbook" / file, place / "handbook" / file)
            os.utime(place / "handbook" / file, (1_750_000_000, 1_750_000_000))
        if name == "school":
            (place / "school").mkdir()
            (place / "school" / "pipeline.py").write_text(PROJECT, "utf-8")
            (place / "school" / "saem.toml").write_text("[saem]\n", "utf-8")
            env = os.environ | {"PYTHONPATH": str(ROOT / "src")}       # a process of its own: nothing holds the catalog open afterwards
            subprocess.run([sys.executable, "-m", "saem.cli.main", "run", "-q", "-p", str(place / "school")], env=env, check=True,
                           stdout=subprocess.DEVNULL)
        _built[name] = place
    shutil.copytree(_built[name], home, dirs_exist_ok=True)
    if name == "school":
        os.chdir(home / "school")


def run_page(path: pathlib.Path, home: pathlib.Path) -> str:
    """Run a page in a scratch folder; returns its text with the real output."""
    before, variables = os.getcwd(), dict(os.environ)
    os.environ["HOME"] = str(home)
    for name in ("SAEM_STATE", "SAEM_PROJECT"):
        os.environ.pop(name, None)
    os.chdir(home)
    try:
        asked = re.search(r"^<!-- setup: (\w+) -->$", path.read_text("utf-8"), re.MULTILINE)
        if asked:
            prepare(asked[1], home)
        return Page(path, home).run()
    finally:
        os.chdir(before)
        os.environ.clear()
        os.environ.update(variables)


def all_pages() -> list[pathlib.Path]:
    return sorted(path for path in (ROOT / "docs").rglob("*.md"))


def main(arguments: list[str]) -> int:
    global WRITES
    WRITES = "--write" in arguments
    named = [pathlib.Path(a).resolve() for a in arguments if not a.startswith("--")]
    failed = 0
    for path in named or all_pages():
        with tempfile.TemporaryDirectory() as home:
            try:
                text = run_page(path, pathlib.Path(os.path.realpath(home)))
            except Wrong as error:
                print(error, file=sys.stderr)
                failed += 1
                continue
        if WRITES:
            path.write_text(text, "utf-8")
    return min(failed, 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
