"""E-mail: subject, who and when, the body, then the text of each attachment under its name.

Python's own parser of MIME; the bytes of bodies and headers go through `decode`, because Korean mail often says EUC-KR and
holds CP949, or says nothing at all.
"""
import datetime
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import errors, header, message_from_bytes, policy, utils
from email.message import Message
from typing import Any

from saem.core.errors import SaemError
from saem.transform.parse import _ocr, html
from saem.transform.parse._decode import clean, decode
from saem.transform.parse._joined import MAX_DEPTH, Joined
from saem.transform.parse._joined import VERSION as JOINED_VERSION
from saem.transform.parse._ocr import depends as depends
from saem.transform.parse._parsed import Parsed

SUFFIXES: tuple[str, ...] = (".eml",)
VERSION = f"3+{html.VERSION}.{JOINED_VERSION}"
LIBRARIES: tuple[str, ...] = html.LIBRARIES
PROGRAMS: tuple[str, ...] = (_ocr.PROGRAM,)                    # of attached pictures

MAX_PARTS = 1000                      # of one mail
MAX_BOUNDARIES = 100                  # of multiparts within multiparts: the parser's time grows with their number times the size
MAX_HEADER_CHARS = 20_000             # the library's time grows with the square of it
MIN_PLAIN_SHARE = 0.3                 # of the HTML body's text; a shorter plain one only says "your program shows no HTML"
TRIED = ("utf-8", "utf8", "us-ascii", "ascii", "unknown-8bit")      # by `decode` in any case; where they are declared wrongly it guesses
SHOWN = {"from": ("From", "보낸 사람"), "to": ("To", "받는 사람"), "cc": ("Cc", "참조"), "date": ("Date", "날짜")}

_BOUNDARY = re.compile(rb"boundary\s*=", re.IGNORECASE)
_ADDRESS = re.compile(r"([^<\n]*)<([^<>]*)>")
_SPACES = re.compile(r"\s+")


def parse(content: bytes, path: str) -> Parsed:
    """Title, author and date are those of the outermost mail. Attachments are read by the parser of their kind; one that cannot
    be read stands in `missing`, and the mail is read all the same.

    Raises: E401 (no text), E404 (no mail).

    >>> mail = "Subject: =?utf-8?b?67CY64Kp?=\\nFrom: Kim <kim@school.kr>\\n\\nBring the books.\\n"
    >>> parsed = parse(mail.encode(), "a.eml")
    >>> parsed.title, parsed.author, parsed.text
    ('반납', 'Kim', '반납\\n\\nFrom: Kim <kim@school.kr>\\n\\nBring the books.')
    """
    mail = _message(content, path)
    letter = Letter(path=path)
    letter.show(mail, 1)
    sent = _sent(mail)
    return Parsed(letter.text, _header(mail, "subject"), headings=letter.headings, elements=letter.elements,
                  author=_author(mail), created=sent.astimezone(datetime.UTC) if sent else None, date=sent.date() if sent else None,
                  missing=letter.missing, recognised=letter.recognised)


def _message(content: bytes, path: str) -> Message:
    if len(_BOUNDARY.findall(content)) > MAX_BOUNDARIES:
        raise SaemError("E404", f"the mail holds more than {MAX_BOUNDARIES} parts within parts", where=path, fix="save it anew")
    try:
        mail = message_from_bytes(content.lstrip(b"\xef\xbb\xbf\r\n "), policy=policy.compat32)
    except (RecursionError, ValueError, errors.MessageError) as error:
        raise SaemError("E404", f"the mail is corrupt: {type(error).__name__}", where=path,
                        fix="save it anew from the mail program") from error
    if not any(name in mail for name in ("from", "to", "subject", "date", "received", "message-id", "mime-version")):
        raise SaemError("E404", "this is no mail: it has no From, To, Subject or Date", where=path, fix="is it another kind of file?")
    return mail


@dataclass
class Letter(Joined):
    """The text as it grows: a mail, and the mails and files attached to it."""
    path: str = ""
    beside: list[str] = field(default_factory=list)           # what the HTML that was not chosen says, and the plain text does not

    def show(self, mail: Message, level: int) -> None:
        subject = _header(mail, "subject")
        if subject:
            self.head(subject, level)
        is_korean = any("가" <= character <= "힣" for character in subject)
        lines = [f"{names[is_korean]}: {_header(mail, name)}" for name, names in SHOWN.items() if _header(mail, name)]
        if lines:
            self.add(Parsed("\n".join(lines)), level)
        attached: list[tuple[str, bytes]] = []
        for part in self.bodies(mail):
            name = _file_name(part)
            if part.get_content_type() == "message/rfc822":
                self.attach_mail(part, level)
            elif part.get_content_maintype() == "text" and part.get_content_disposition() != "attachment" and not name:
                self.try_add(_body(part, self.path), level)
                self.add_beside(level)
            else:
                attached.append((name or f"attachment.{part.get_content_subtype()}", _payload(part)))
        for name, content in attached:
            self.attach(name, content, level + 1)

    def bodies(self, mail: Message) -> Iterator[Message]:
        """The parts in order: of alternatives the one to read, of everything else all."""
        todo, seen = [mail], 0
        while todo:
            part = todo.pop()
            seen += 1
            if seen > MAX_PARTS:
                self.missing.append(f"all parts after the first {MAX_PARTS:,}")
                return
            children = part.get_payload() if part.is_multipart() else None
            if part.get_content_type() == "message/rfc822" or not isinstance(children, list):
                yield part
            elif part.get_content_type() == "multipart/alternative":
                chosen, beside = _chosen(children, self.path)
                self.beside += beside
                todo += reversed(chosen)
            else:
                todo += reversed([child for child in children if isinstance(child, Message)])

    def attach_mail(self, part: Message, level: int) -> None:
        inner = part.get_payload()
        mail = inner[0] if isinstance(inner, list) and inner else None
        if not isinstance(mail, Message) or level > MAX_DEPTH:
            self.missing.append(f"attached mail: {'empty' if not mail else f'mails are attached to mails {MAX_DEPTH} deep'}")
        else:
            self.show(mail, level + 1)

    def add_beside(self, level: int) -> None:
        for text in self.beside:
            self.add(Parsed(text), level)
        self.beside.clear()

    def try_add(self, part: tuple[str, bool], level: int) -> None:
        text, is_html = part
        try:
            self.add(html.parse(text.encode("utf-8", "replace"), self.path) if is_html else Parsed(text), level)
        except SaemError as error:
            if error.code != "E401":
                raise


def _chosen(parts: list[Any], path: str) -> tuple[list[Message], list[str]]:
    """(plain text, but for one that only says that there is HTML; parts that are neither (pictures, invitations) beside it;
    what only the HTML that is left out says)."""
    plain = [part for part in parts if part.get_content_type() == "text/plain"]
    rest = [part for part in parts if part.get_content_maintype() == "multipart" or part.get_content_type() == "text/html"]
    others = [part for part in parts if part not in plain and part not in rest]
    if plain and rest:
        pages = [part for each in rest for part in each.walk() if part.get_content_type() == "text/html"]
        shown = _html_text(_body(pages[0], path)[0]) if pages else ""
        said = _body(plain[0], path)[0]
        if len(said.strip()) >= MIN_PLAIN_SHARE * len(shown):
            inside = [part for each in rest for part in each.walk() if part is not each and part not in pages and not part.is_multipart()]
            held = _bare(said)
            more = "\n".join(line for line in shown.split("\n") if _bare(line) and _bare(line) not in held)
            return plain + others + inside, [more] if more else []
    return (rest or plain) + others, []


def _bare(text: str) -> str:
    """Letters and digits alone: the two texts differ in marks and line breaks."""
    return "".join(filter(str.isalnum, text)).casefold()


def _html_text(source: str) -> str:
    root = html.tree_of(source).body
    return html.render(root, is_page=False).assembled()[0] if root is not None else ""


def _payload(part: Message) -> bytes:
    try:
        found = part.get_payload(decode=True)
    except (ValueError, LookupError):
        found = None
    return found if isinstance(found, bytes) else b""


def _body(part: Message, path: str) -> tuple[str, bool]:
    """(clean text or HTML source, whether it is HTML)."""
    is_html = part.get_content_type() == "text/html"
    return _decoded(_payload(part), str(part.get_content_charset() or ""), path).strip(), is_html


def _decoded(content: bytes, charset: str, path: str) -> str:
    """What no encoding fits is kept with replacement characters: a mail of many parts is not lost for one."""
    if charset.startswith(("iso-2022", "utf-7", "hz")):        # 7-bit encodings, which are all valid UTF-8
        try:
            return clean(content.decode(charset, "replace"))
        except LookupError:
            pass
    try:
        return decode(content, path, "" if charset in TRIED else charset)
    except SaemError:
        return clean(content.decode("utf-8", "replace"))


def _header(mail: Message, name: str) -> str:
    return _words(mail[name])


def _words(value: Any) -> str:
    """A header as people read it: RFC 2047 words, split within a character or not, and bare bytes of any encoding."""
    if value is None:
        return ""
    pieces = []
    try:
        words = header.decode_header(value if isinstance(value, header.Header) else str(value)[:MAX_HEADER_CHARS])
    except (errors.HeaderParseError, ValueError):
        words = [(str(value), None)]
    for word, charset in words:
        content = word if isinstance(word, bytes) else word.encode("utf-8", "surrogateescape")
        pieces.append(_decoded(content, str(charset or "").lower(), "a header"))
    return _SPACES.sub(" ", "".join(pieces)).strip()


def _author(mail: Message) -> str:
    """The name, else the address."""
    sender = mail["from"] or mail["sender"] or ""
    found = _ADDRESS.match(_words(sender) if isinstance(sender, header.Header) else str(sender)[:MAX_HEADER_CHARS])
    return _words(found[1].strip().strip('"')) or found[2] if found else _words(sender)


def _sent(mail: Message) -> datetime.datetime | None:
    """By the clock of where it was sent from."""
    try:
        found = utils.parsedate_to_datetime(_header(mail, "date"))
        found = found if found.tzinfo else found.replace(tzinfo=datetime.UTC)
        return found if found.astimezone(datetime.UTC) else None
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _file_name(part: Message) -> str:
    try:
        name = part.get_filename() or ""
    except (ValueError, LookupError, TypeError):
        name = "attachment"
    return _words(name).replace("/", "_").replace("\\", "_")
