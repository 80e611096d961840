"""Hostile files, made by code: bombs, loops, lies, entities, names that lead outside. `make` writes them all into a folder."""
import base64
import io
import json
import os
import random
import zipfile
import zlib
from collections.abc import Callable

READ = "read"                          # nothing in it does harm: its text lands
MARK = "대출 기간은 14일이다."             # what of a harmless part should be found again
SECRET = "TOP-SECRET-OF-ANOTHER-FILE"
LAUGHS = '<!DOCTYPE x [<!ENTITY a0 "lol">' + "".join(f'<!ENTITY a{i} "{f"&a{i - 1};" * 10}">' for i in range(1, 10)) + "]>"
_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8
_JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(range(256)) * 8
_ELF = b"\x7fELF\x02\x01\x01" + bytes(2000)

Builder = Callable[[str, int], bytes]  # of a file with a secret, and a port that must not be called


def zipped(members: dict[str, bytes], comment: bytes = b"") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
        archive.comment = comment
    return out.getvalue()


def docx(body: str = "", head: str = "", extra: dict[str, bytes] | None = None, raw: bytes = b"") -> bytes:
    document = f'<?xml version="1.0"?>{head}<w:document {_W}><w:body><w:p><w:r><w:t>{MARK}{body}</w:t></w:r></w:p>'.encode() + raw
    return zipped({
        "[Content_Types].xml": b'<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" '
        b'ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/word/document.xml" ContentType='
        b'"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>',
        "_rels/.rels": b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type='
        b'"http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/>'
        b'</Relationships>',
        "word/document.xml": document + b"</w:body></w:document>", **(extra or {})})


def epub(page: str, extra: dict[str, bytes] | None = None) -> bytes:
    return zipped({
        "mimetype": b"application/epub+zip",
        "META-INF/container.xml": b'<?xml version="1.0"?><container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">'
        b'<rootfiles><rootfile full-path="a.opf" media-type="application/oebps-package+xml"/></rootfiles></container>',
        "a.opf": b'<?xml version="1.0"?><package xmlns="http://www.idpf.org/2007/opf" version="3.0"><metadata/><manifest><item id="p" '
        b'href="p.xhtml" media-type="application/xhtml+xml"/></manifest><spine><itemref idref="p"/></spine></package>',
        "p.xhtml": page.encode(), **(extra or {})})


def pdf(content: bytes = b"BT /F1 12 Tf 72 700 Td (Loans last fourteen days) Tj ET", page: str = "", catalog: str = "",
        kids: str = "[3 0 R]", count: int = 1, filters: str = "", more: str = "") -> bytes:
    """One page. Offsets are right, so that readers need not mend it."""
    objects = [f"<< /Type /Catalog /Pages 2 0 R {catalog} >>", f"<< /Type /Pages /Kids {kids} /Count {count} >>",
               f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> {page} >>",
               "", "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>", *filter(None, more.split("\n"))]
    out, offsets = bytearray(b"%PDF-1.7\n"), []
    for number, text in enumerate(objects, 1):
        offsets.append(len(out))
        body = f"<< /Length {len(content)} {filters} >>\nstream\n".encode() + content + b"\nendstream" if number == 4 else text.encode()
        out += f"{number} 0 obj\n".encode() + body + b"\nendobj\n"
    start = len(out)
    out += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode() + b"".join(b"%010d 00000 n \n" % at for at in offsets)
    return bytes(out + f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n".encode())


def mail(body: bytes, head: bytes = b"") -> bytes:
    return b"From: a@school.kr\r\nTo: b@school.kr\r\nSubject: notice\r\nMIME-Version: 1.0\r\n" + head + b"\r\n" + body


def _nested_zip(depth: int) -> bytes:
    inner = zipped({"a.txt": b"0" * (5 << 20)})
    for _ in range(depth):
        inner = zipped({f"{i}.zip": inner for i in range(10)})
    return inner


def _nested_mail(depth: int) -> bytes:
    parts = [f'Content-Type: multipart/mixed; boundary="b{i}"\r\n\r\n--b{i}\r\n' for i in range(depth)]
    return mail("".join(parts).encode() + b"Content-Type: text/plain\r\n\r\ndeep\r\n")


def _half(content: bytes) -> bytes:
    return content[:len(content) // 2]


def _noise(size: int) -> bytes:
    return random.Random(7).randbytes(size)


def _xxe(secret: str) -> str:
    return f'<!DOCTYPE x [<!ENTITY e SYSTEM "file://{secret}">]>'


# name -> (how it is made, what is to come of it: READ, or codes one of which is the reason why not)
FILES: dict[str, tuple[Builder, tuple[str, ...]]] = {
    "cut_off.pdf": (lambda s, p: _half(pdf(b"x" * 5000)), ("E404",)),
    "rubbish.pdf": (lambda s, p: b"%PDF-1.7\n" + _noise(20_000) + b"\n%%EOF", ("E404",)),
    "program.pdf": (lambda s, p: b"MZ\x90\x00" + bytes(500), ("E402",)),
    "empty.pdf": (lambda s, p: b"", ("E401", "E402")),
    "page_tree_loop.pdf": (lambda s, p: pdf(kids="[2 0 R 3 0 R]", count=2), (READ, "E401", "E404")),
    "two_billion_pages.pdf": (lambda s, p: pdf(count=2_147_483_647), (READ, "E401", "E404", "E407", "E408")),
    "stream_bomb.pdf": (lambda s, p: pdf(zlib.compress(b"BT (a) Tj ET\n" * (4 << 20), 9), filters="/Filter /FlateDecode"),
                        (READ, "E401", "E404", "E407", "E408", "E409")),
    "double_bomb.pdf": (lambda s, p: pdf(zlib.compress(zlib.compress(bytes(150 << 20), 9), 9),
                                             filters="/Filter [/FlateDecode /FlateDecode]"), (READ, "E401", "E404", "E409")),
    "nested_arrays.pdf": (lambda s, p: pdf(page="/A " + "[" * 100_000 + "]" * 100_000), (READ, "E401", "E404")),
    "bookmark_loop.pdf": (lambda s, p: pdf(catalog="/Outlines 6 0 R", more="<< /First 7 0 R /Last 7 0 R /Count 1 >>\n<< /Title (a) "
                          "/Parent 6 0 R /Next 7 0 R /First 7 0 R /Last 7 0 R >>"), (READ,)),
    "launch.pdf": (lambda s, p: pdf(catalog="/OpenAction << /S /Launch /F (/bin/sh) >> /AA << /O << /S /URI /URI "
                                            f"(http://127.0.0.1:{p}/) >> >>"), (READ,)),
    "pdf_and_zip.pdf": (lambda s, p: pdf() + zipped({"../out.txt": b"x"}), (READ, "E404")),
    "deep.html": (lambda s, p: b"<div>" * 200_000 + MARK.encode() + b"</div>" * 200_000, (READ,)),
    "never_closed.html": (lambda s, p: b"<b><i><table>" * 60_000 + MARK.encode(), (READ, "E408")),
    "attributes.html": (lambda s, p: b"<p " + b" ".join(b"a%d=1" % i for i in range(100_000)) + b">" + MARK.encode(), (READ, "E408")),
    "comments.html": (lambda s, p: MARK.encode() + b"<!--" * 1_000_000, (READ,)),
    "laughs.xhtml": (lambda s, p: (f"<?xml version='1.0'?>{LAUGHS}<html><body><p>{MARK} &a9;</p></body></html>").encode(), (READ, "E404")),
    "entity_of_a_file.xhtml": (lambda s, p: f"{_xxe(s)}<html><body><p>{MARK} &e;</p></body></html>".encode(), (READ, "E404")),
    "calls_home.html": (lambda s, p: f'<img src="http://127.0.0.1:{p}/a.png"><script src="http://127.0.0.1:{p}/a.js"></script>{MARK}'.encode(),
                        (READ,)),
    "quotes.md": (lambda s, p: b">" * 100_000 + MARK.encode(), (READ, "E408")),
    "brackets.md": (lambda s, p: b"[" * 100_000 + MARK.encode() + b"](" * 50_000, (READ, "E408")),
    "stars.md": (lambda s, p: b"**a *b " * 100_000, (READ, "E408")),
    "lists.md": (lambda s, p: "\n".join("  " * i + "- " + MARK for i in range(2_000)).encode(), (READ, "E408")),
    "picture.txt": (lambda s, p: _PNG, ("E401", "E402", "E404")),
    "program.txt": (lambda s, p: _ELF, ("E402",)),
    "zeros.txt": (lambda s, p: bytes(1 << 20), ("E402",)),
    "noise.txt": (lambda s, p: _noise(1 << 20), ("E402",)),
    "one_line.txt": (lambda s, p: ("제1조(" * 2_000_000).encode(), (READ, "E408")),
    "underlines.txt": (lambda s, p: ("= " * 200_000 + "\n====\n" + "=" * 2_000_000 + "\n" + "section 1 " * 200_000).encode(),
                       (READ, "E408")),
    "open_quote.csv": (lambda s, p: ('a,b\n"' + f"{MARK},1\n" * 200_000).encode(), (READ,)),
    "wide.csv": (lambda s, p: b"a," * 2_000_000 + b"\n" + b"1," * 2_000_000, (READ, "E401", "E407", "E409")),
    "deep.json": (lambda s, p: b'{"a":' * 500_000 + b"1" + b"}" * 500_000, (READ,)),
    "digits.json": (lambda s, p: b'{"title": "a", "n": ' + b"9" * 5_000_000 + b"}", (READ,)),
    "cells.ipynb": (lambda s, p: json.dumps({"cells": [[[[]]], {"cell_type": 3}, None] * 1000, "nbformat": 4}).encode(),
                    (READ, "E401", "E404")),
    "bomb.docx": (lambda s, p: docx(raw=b"<w:p><w:r><w:t>" + b"A" * (100 << 20) + b"</w:t></w:r></w:p>"), ("E404", "E407")),
    "paragraphs.docx": (lambda s, p: docx(raw=b"<w:p/>" * (8 << 20)), ("E404", "E407", "E408", "E409")),
    "laughs.docx": (lambda s, p: docx("&a9;", LAUGHS), ("E404",)),
    "entity_of_a_file.docx": (lambda s, p: docx("&e;", _xxe(s)), ("E404",)),
    "entity_of_a_server.docx": (lambda s, p: docx("&e;", f'<!DOCTYPE x [<!ENTITY e SYSTEM "http://127.0.0.1:{p}/">]>'), ("E404",)),
    "leads_outside.docx": (lambda s, p: docx(extra={"../../../evil.txt": b"evil", "/tmp/evil.txt": b"evil"}), ("E404",)),
    "cut_off.docx": (lambda s, p: _half(docx()), ("E404",)),
    "deep_tags.docx": (lambda s, p: docx(raw=b"<w:p>" * 300_000 + b"</w:p>" * 300_000), (READ, "E404", "E407", "E408")),
    "password.docx": (lambda s, p: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(1000) + "EncryptedPackage".encode("utf-16-le") + bytes(1000),
                      ("E402", "E403")),
    "photo.docx": (lambda s, p: _JPEG, ("E401", "E402", "E404")),
    "members.xlsx": (lambda s, p: zipped({"xl/workbook.xml": b"<workbook/>", **{f"m{i}": b"" for i in range(70_000)}}), ("E404", "E407")),
    "bomb.epub": (lambda s, p: epub("<p>" + "A" * (100 << 20)), ("E404", "E407")),
    "leads_outside.epub": (lambda s, p: epub(f"<p>{MARK}", {"../../evil.txt": b"evil"}), (READ, "E404")),
    "entity_of_a_file.epub": (lambda s, p: epub(f"<?xml version='1.0'?>{_xxe(s)}<html><body><p>{MARK} &e;</p></body></html>"),
                              (READ, "E404")),
    "nested.zip": (lambda s, p: _nested_zip(3), (READ, "E401", "E404", "E407", "E408", "E409")),
    "leads_outside.zip": (lambda s, p: zipped({"../../evil.txt": b"evil", "ok.txt": MARK.encode()}), (READ, "E404", "E407")),
    "nested.eml": (lambda s, p: _nested_mail(3_000), (READ, "E401", "E404", "E407")),
    "headers.eml": (lambda s, p: mail(MARK.encode(), b"X-A: b\r\n" * 300_000), (READ, "E404", "E407", "E408")),
    "attached_bomb.eml": (lambda s, p: mail(b'--b\r\nContent-Type: application/zip; name="../../evil.zip"\r\n'
                          b"Content-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(_nested_zip(1)) + b"\r\n--b--",
                                             b'Content-Type: multipart/mixed; boundary="b"\r\n'),
                          (READ, "E401", "E404", "E407")),
}


def make(folder: str, secret: str, port: int) -> None:
    """Write every file. `secret`: a file that some of them ask for; `port`: on this machine, that some of them call."""
    os.makedirs(folder, exist_ok=True)
    for name, (build, _) in FILES.items():
        with open(os.path.join(folder, name), "wb") as file:
            file.write(build(secret, port))
