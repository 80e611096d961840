"""Errors for the person who reads them: what happened, where, the fix.

Every error that saem raises on purpose is a `SaemError` with a stable code. `CODES` is the whole list; the page
docs/reference/errors.md is checked against it.
"""
import os
import sys
import sysconfig
from collections.abc import Iterable
from difflib import get_close_matches

_INSTALLED = tuple(path + os.sep for path in {sysconfig.get_paths()[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")})

# code -> (what it is about, exit code of the command line: 1 run failed, 2 usage, 3 check or quarantine, 4 denied)
CODES: dict[str, tuple[str, int]] = {
    "E101": ("no operator, source, parser or column has that name", 2),
    "E102": ("no model has that name", 2),
    "E103": ("a package that this needs is not installed", 2),
    "E104": ("a setting has a wrong name or value", 2),
    "E105": ("an operator or source lacks type hints, or its hints fit no kind", 2),
    "E106": ("an operator gave something else than its hints say", 1),
    "E107": ("the process that reads documents cannot be started", 2),
    "E201": ("two tables have one name, or a name cannot be used", 2),
    "E202": ("a table with that name does not exist", 2),
    "E203": ("the tables depend on each other in a circle", 2),
    "E204": ("the project's state cannot be written", 1),
    "E205": ("the project was written by a newer saem", 2),
    "E206": ("there is no project or folder there", 2),
    "E207": ("the pipeline file is broken", 2),
    "E208": ("nothing is published yet", 1),
    "E209": ("no row has that name", 2),
    "E210": ("the table cannot be searched that way", 2),
    "E211": ("the SQL is refused or wrong", 2),
    "E212": ("there is no such snapshot", 2),
    "E301": ("another run is at work", 1),
    "E302": ("the lease was lost, nothing was published", 1),
    "E303": ("every row of a changed operator failed, nothing was published", 1),
    "E304": ("the disk is full, nothing was published", 1),
    "E305": ("a source could not be listed", 1),
    "E306": ("a source gave one key twice", 1),
    "E307": ("a table's files are gone or damaged", 1),
    "E308": ("a service that this needs is out of reach, nothing was published", 1),
    "E309": ("a policy would drop more of a source than it allows, nothing was published", 3),
    "E401": ("no text could be extracted", 3),
    "E402": ("the file is not what its name says", 3),
    "E403": ("the document is encrypted", 3),
    "E404": ("the document is corrupt", 3),
    "E405": ("the file is larger than the source takes", 3),
    "E406": ("the file could not be read", 3),
    "E407": ("the file unpacks to more than the limits allow", 3),
    "E408": ("reading the file takes longer than the limit", 3),
    "E409": ("reading the file takes more memory than the limit", 3),
    "E410": ("the parser crashed", 3),
    "E501": ("the file of questions is wrong", 2),
    "E502": ("the table cannot be evaluated", 2),
    "E601": ("that is not for this reader", 4),
    "E602": ("nobody has that name", 2),
    "E701": ("an erasure is not at its end", 1),
    "E702": ("rows of that table cannot be forgotten", 2),
    "E703": ("no receipt has that name", 2),
    "E704": ("what was forgotten is not taken again", 2),
    "E705": ("what was forgotten is back", 3),
    "E801": ("a model's server refuses, or the model cannot be used", 1),
    "E802": ("a model's server is out of reach or busy", 1),
    "E803": ("what a model wrote does not fit the schema", 1),
    "E804": ("a limit of a model's calls or cost is reached", 1),
    "E805": ("a source bars models elsewhere, and a table would send its text to one", 2),
}


class SaemError(Exception):
    """Base of all. `code`, `what`, `where` and `fix` are attributes; `exit_code` is what the command line returns.

    >>> print(SaemError("E101", "no operator is named 'chunck'", fix="did you mean 'chunk'?"))
    [E101] no operator is named 'chunck'
      fix:   did you mean 'chunk'?
    """

    def __init__(self, code: str, what: str, *, where: str = "", fix: str = "") -> None:
        self.code, self.what, self.where, self.fix = code, what, where, fix
        self.exit_code = CODES[code][1]
        lines = [f"[{code}] {what}"]
        lines += [f"  where: {where}"] if where else []
        lines += [f"  fix:   {fix}"] if fix else []
        super().__init__("\n".join(lines))

    def __reduce__(self) -> tuple[object, ...]:
        """Exceptions cross process borders by their arguments; keep the named ones."""
        return (_rebuild, (self.code, self.what, self.where, self.fix))


def _rebuild(code: str, what: str, where: str, fix: str) -> SaemError:
    return SaemError(code, what, where=where, fix=fix)


def suggest(name: str, known: Iterable[str], kind: str = "name") -> str:
    """The fix for a mistyped name: the near one, or all of them.

    >>> suggest("chunck", ["chunk", "parse"], "operator")
    "did you mean 'chunk'?"
    """
    names = sorted(known)
    near = get_close_matches(name, names, 1)
    several = f"{kind[:-1]}ies" if kind.endswith("y") else f"{kind}s"
    return f"did you mean '{near[0]}'?" if near else f"known {several}: {', '.join(names) or 'none'}"


def check_share(name: str, value: float) -> None:
    """Raises E104 for a setting that is no share: above 0, up to 1."""
    if not 0 < value <= 1:
        raise SaemError("E104", f"{name}= is {value!r}", where=caller(), fix="a share above 0, up to 1")


def missing(package: str, what: str, extra: str) -> SaemError:
    """A package that is not installed, with the command that brings it."""
    return SaemError("E103", f"{what} needs the package '{package}'", fix=f'pip install "saem[{extra}]"')


def caller() -> str:
    """file:line of the user's code that called into saem ('' when there is none: the command line's launcher is nobody's code)."""
    here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    launcher = os.path.join(here, "cli", "main.py")
    frame = sys._getframe(1)
    while frame is not None:
        name = frame.f_code.co_filename
        if not os.path.abspath(name).startswith((here + os.sep, *_INSTALLED)) and not name.startswith("<"):
            return f"{os.path.basename(name)}:{frame.f_lineno}"
        if name == launcher:
            return ""
        if frame.f_back is None:
            return ""
        frame = frame.f_back
    return ""
