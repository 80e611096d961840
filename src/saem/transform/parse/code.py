"""Source code and settings: the text as it stands, with functions, classes and sections as headings.

One table of regular expressions over tree-sitter: that is a wheel for each language (15 MB for the dozen here), and finds little more
than the names that begin a line, which is all that chunks and citations need.
"""
import re
from pathlib import PurePath

from saem.core.errors import SaemError
from saem.transform.parse._decode import VERSION as DECODE_VERSION
from saem.transform.parse._decode import decode
from saem.transform.parse._parsed import Element, Heading, Parsed

VERSION = f"1+{DECODE_VERSION}"
LIBRARIES: tuple[str, ...] = ()
ISOLATED = False                      # bytes to text and regular expressions whose repeats are bounded: time grows with the size alone

_BEGIN = r"^(?P<indent>[ \t]{0,16})(?P<name>"
_MODIFIERS = (r"(?:(?:public|private|protected|internal|static|final|abstract|async|override|open|sealed|data|inline|suspend|"
              r"export|default|declare|virtual|readonly|partial|unsafe|extern|pub(?:\([a-z]+\))?|const|mutating|"
              r"fileprivate|case|synchronized)[ \t]+){0,5}")
_TYPES = r"(?:class|interface|@interface|enum|struct|trait|record|object|protocol|extension|namespace|module|union|impl|mod)"
# a return type, a name and its parameters, up to the brace: C and its heirs write no word for 'function'
_C_FUNCTION = (r"(?:[A-Za-z_][\w:<>,.?\[\]]{0,60}[ \t*&]{1,3}){1,4}~?[A-Za-z_][\w:]{0,80}[ \t]*"
               r"(?=\([^;{}()]{0,400}(?:\([^;{}()]{0,100}\)[^;{}()]{0,100})?\)[^;{}()=]{0,120}\{)")
_NO_FUNCTION = re.compile(r"(?:return|else|new|throw|delete|case|typedef|await|yield|goto|if|for|while|switch|catch|using)\b")


def _pattern(body: str) -> re.Pattern[str]:
    return re.compile(f"{_BEGIN}{body})", re.MULTILINE)


_PYTHON = _pattern(r"(?:async[ \t]+)?(?:def|class)[ \t]+\w+")
_JAVASCRIPT = _pattern(_MODIFIERS + r"(?:(?:function\*?|class|interface|enum|namespace|type)[ \t]+[\w$]+|"
                       r"(?:const|let|var)[ \t]+[\w$]+"
                      r"(?=[ \t]*(?::[^=\n]{1,80})?=[ \t]*(?:async[ \t]*)?(?:function\b|\([^()\n]{0,200}\)[^=\n]{0,60}=>|\w+[ \t]*=>)))")
_JAVA = _pattern(_MODIFIERS + rf"(?:{_TYPES}[ \t]+\w+|{_C_FUNCTION})")
_KOTLIN = _pattern(_MODIFIERS + rf"(?:(?:enum |annotation )?{_TYPES}[ \t]+\w+|fun[ \t]+(?:<[^>\n]{{1,60}}>[ \t]*)?[\w.<>?]+)")
_C = _pattern(rf"(?:{_TYPES}[ \t]+(?:class[ \t]+)?\w+(?=[^;(\n]{{0,200}}(?:\{{|\n|$))|{_C_FUNCTION})")
_GO = _pattern(r"(?:func[ \t]+(?:\([^)\n]{1,80}\)[ \t]*)?\w+|type[ \t]+\w+(?=[ \t]+(?:struct|interface)))")
_RUST = _pattern(_MODIFIERS + r"(?:fn[ \t]+\w+|(?:struct|enum|trait|mod|union|macro_rules!)[ \t]+\w+|impl\b[^{\n]{1,100}(?=\{|\n))")
_SWIFT = _pattern(_MODIFIERS + rf"(?:{_TYPES}[ \t]+[\w.]+|func[ \t]+\w+)")
_RUBY = _pattern(r"(?:def[ \t]+[\w.?!]+|(?:class|module)[ \t]+[\w:]+)")
_PHP = _pattern(_MODIFIERS + rf"(?:function[ \t]+&?\w+|{_TYPES}[ \t]+\w+)")
_SHELL = _pattern(r"function[ \t]+[\w-]+|[\w-]+(?=[ \t]*\(\)[ \t]*\{?))(?:")
_SQL = re.compile(_BEGIN + r"create[ \t]+(?:or[ \t]+replace[ \t]+)?(?:temp(?:orary)?[ \t]+|unique[ \t]+|materialized[ \t]+)?"
                  r"(?:table|view|index|function|procedure|trigger|schema|type|sequence)[ \t]+"
                  r"(?:if[ \t]+not[ \t]+exists[ \t]+)?[\w.\"`\[\]]+)",
                  re.MULTILINE | re.IGNORECASE)
_SECTIONS = _pattern(r"\[{1,2}[^\]\n]{1,100}\]{1,2}(?=[ \t]*(?:[#;]|$)))(?:")
_KEYS = re.compile(r"^(?P<indent>)(?P<name>[\w.-]{1,80})(?=:[ \t]*(?:[|>&][^\n]{0,20})?$)", re.MULTILINE)
_R = _pattern(r"[\w.]+(?=[ \t]*(?:<-|=)[ \t]*function\b))(?:")
_NOTHING = re.compile(r"(?!)(?P<indent>)(?P<name>)")

LANGUAGES: dict[re.Pattern[str], str] = {
    _PYTHON: ".py .pyi .pyw", _JAVASCRIPT: ".js .mjs .cjs .jsx .ts .tsx .mts", _JAVA: ".java .cs .dart .groovy", _KOTLIN: ".kt .kts .scala",
    _C: ".c .h .cc .cpp .cxx .hpp .hh .cu .m .mm", _GO: ".go", _RUST: ".rs", _SWIFT: ".swift", _RUBY: ".rb", _PHP: ".php",
    _SHELL: ".sh .bash .zsh", _SQL: ".sql", _SECTIONS: ".toml .ini .cfg .conf .desktop .editorconfig", _KEYS: ".yaml .yml", _R: ".r",
    _NOTHING: ".properties .lua .pl .jl .ps1 .bat .css .scss .proto .graphql .gradle .tf .cmake .diff .patch",
}
PATTERNS = {suffix: pattern for pattern, suffixes in LANGUAGES.items() for suffix in suffixes.split()}
SUFFIXES: tuple[str, ...] = tuple(PATTERNS)
_DOCSTRING = re.compile(r"\s*(?:#[^\n]*\n\s*)*[rR]?(?:\"\"\"|''')\s*([^\n]{1,200}?)\s*(?:\"\"\"|'''|\n)")


def parse(content: bytes, path: str) -> Parsed:
    """One element of kind code. The title is a Python module's first line of documentation, else ''.

    Raises: E401 (no text), E402 (not text).

    >>> [(h.level, h.text) for h in parse(b"class Loan:\\n    def fee(self): ...\\n", "loan.py").headings]
    [(2, 'class Loan'), (3, 'def fee')]
    """
    text = decode(content, path).strip("\n").rstrip()
    if not text.strip():
        raise SaemError("E401", "the file is empty", where=path, fix="open the file: is there text in it?")
    suffix = PurePath(path).suffix.lower()
    pattern = PATTERNS.get(suffix, _NOTHING)
    documented = _DOCSTRING.match(text) if pattern is _PYTHON else None
    return Parsed(text, documented[1] if documented else "", headings=outline(text, pattern), elements=[Element("code", 0, len(text))])


def outline(text: str, pattern: re.Pattern[str]) -> list[Heading]:
    """What stands at the margin is of level 2, what is indented of level 3: a chunk begins at the former only."""
    return [Heading(found.start("name"), 3 if found["indent"] else 2, found["name"].rstrip())
            for found in pattern.finditer(text) if not _NO_FUNCTION.match(found["name"])]
