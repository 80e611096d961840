"""Bytes to clean characters, alike for every text format."""
import re
import unicodedata
from pathlib import PurePath

from saem.core.errors import SaemError

VERSION = "1"
BOMS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
MAX_CONTROL_SHARE = 0.01              # of the characters; a stray backspace in a log is no binary
MAX_BROKEN_SHARE = 0.05               # of the characters beyond ASCII; UTF-8 with a few bytes lost on the way is still UTF-8
MIN_KOREAN_SHARE = 0.9                # of a cp949 text's characters beyond ASCII that plain EUC-KR also has
MAX_LATIN_SHARE = 0.3                 # of the characters that are not ASCII: Western text is mostly ASCII

_CONTROL = bytes([*range(9), *range(14, 27), *range(28, 32), 127])      # all but \t \n \v \f \r and escape
_ALL_CONTROL = bytes({*range(32), 127} - set(b"\t\n"))
_ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)")     # colours in logs
_FOREIGN = re.compile(r"[^\x00-\x7f]")
_NEWLINES = ("\r\n", "\r", "\x0b", "\x0c", "\x85", "\u2028", "\u2029")
# character -> what stands for it: soft hyphens and zero widths vanish, so that a search for the word finds it
_REPLACED = {"\u00ad": "", "\u200b": "", "\u2060": "", "\ufeff": "", "\u00a0": " ", "\u202f": " ",
             "ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"}
_LIGATURES = re.compile("[ﬀ-ﬆ]")
_LATIN_SIGNS = set("“”‘’‚„–—…•·°©®™«»‹›€£¥§¿¡ºª×÷±²³¼½¾\u00a0\u00ad")


def clean(text: str) -> str:
    """The same text as people and searches expect it: NFC (macOS writes decomposed Hangul), newlines as `\\n`, without
    soft hyphens, zero-width and control characters, ligatures spelled out. Tabs stay.

    >>> clean("ᄒ\u1161\u11ab글\\r\\nof\ufb01ce")
    '한글\\noffice'
    """
    if text.isprintable() and (text.isascii() or unicodedata.is_normalized("NFC", text) and not _LIGATURES.search(text)):
        return text                                           # as nearly every line and cell is: a tenth of the time
    for newline in _NEWLINES:                                 # str.replace and bytes.translate: 20 times a regex's speed
        text = text.replace(newline, "\n")
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
        for character, better in _REPLACED.items():
            text = text.replace(character, better)
    return text.encode("utf-8", "replace").translate(None, _ALL_CONTROL).decode("utf-8")


def decode(content: bytes, path: str, declared: str = "") -> str:
    """Clean characters of a text file. `declared` is the encoding that the file itself names, if it does.

    Tried in order: byte order mark, UTF-8, what is declared, UTF-8 with a few broken bytes, Korean (cp949, EUC-KR),
    Western (cp1252). The guesses are taken only when the result looks like that kind of text.

    Raises: E402 when the bytes are no text or their encoding cannot be told.
    """
    for mark, codec in BOMS.items():
        if content.startswith(mark):
            return clean(_refuse_binary(content.decode(codec, "replace"), path))
    try:
        return clean(_refuse_binary(content.decode("utf-8"), path))
    except UnicodeDecodeError:
        pass
    text = _declared(content, declared) or _broken_utf8(content) or _korean(content) or _western(content)
    if text is None:
        raise SaemError("E402", f"the file is named {_suffix(path)} but is not text: its bytes fit no encoding",
                        where=path, fix="save it as UTF-8, or remove it from the source")
    return clean(_refuse_binary(text, path))


def _suffix(path: str) -> str:
    return PurePath(path).suffix.lower() or "without suffix"


def _refuse_binary(text: str, path: str) -> str:
    if "\x1b" in text:
        text = _ANSI.sub("", text)
    content = text.encode("utf-8", "replace")
    nuls, controls = text.count("\0"), len(content) - len(content.translate(None, _CONTROL))
    if nuls or controls > MAX_CONTROL_SHARE * len(text):
        found = f"{nuls} NUL characters" if nuls else f"{controls} control characters"
        raise SaemError("E402", f"the file is named {_suffix(path)} but is not text: it holds {found}",
                        where=path, fix="save it as UTF-8 text, or remove it from the source")
    return text


def _declared(content: bytes, declared: str) -> str | None:
    korean_or_western = {"euc-kr": "cp949", "ks_c_5601-1987": "cp949", "iso-8859-1": "cp1252", "latin1": "cp1252"}
    codec = korean_or_western.get(declared.lower(), declared)
    if not codec or codec.lower().startswith("utf-16"):        # a meta tag that could be read as ASCII is not in UTF-16
        return None
    try:
        return content.decode(codec, "replace")
    except LookupError:
        return None


def _broken_utf8(content: bytes) -> str | None:
    text = content.decode("utf-8", "replace")
    return text if text.count("\ufffd") <= MAX_BROKEN_SHARE * len(_FOREIGN.findall(text)) else None


def _korean(content: bytes) -> str | None:
    """cp949 accepts much Western text ('résumé' becomes Hangul); real Korean stays almost wholly within EUC-KR's bytes."""
    try:
        text = content.decode("cp949")
    except UnicodeDecodeError:
        return None
    foreign = len(_FOREIGN.findall(text))
    plain = len(re.findall(rb"[\xa1-\xfe][\xa1-\xfe]", content))
    return text if foreign and plain >= MIN_KOREAN_SHARE * foreign else None


def _western(content: bytes) -> str | None:
    try:
        text = content.decode("cp1252")
    except UnicodeDecodeError:
        return None
    foreign = _FOREIGN.findall(text)
    fits = len(foreign) <= MAX_LATIN_SHARE * len(text) and all(c.isalpha() or c in _LATIN_SIGNS for c in set(foreign))
    return text if fits else None
