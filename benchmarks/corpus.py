"""2,000 real documents: the `.rst` sources in Debian's package linux-doc, the same for everyone who measures.

Prepared once, outside the repository (SAEM_BENCHMARKS, default ~/.cache/saem-benchmarks).
"""
import glob
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence

PACKAGE = "linux-doc-6.1"
DOCUMENTS = 2_000
SIZE_BYTES = (500, 60_000)       # shorter ones are stubs; a few longer ones are tables


def cache() -> str:
    """Where prepared corpora and the state of runs lie."""
    place = os.environ.get("SAEM_BENCHMARKS") or os.path.expanduser("~/.cache/saem-benchmarks")
    os.makedirs(place, exist_ok=True)
    return place


def documents() -> str:
    """The folder of the 2,000 documents; made on first use."""
    place = os.path.join(cache(), PACKAGE)
    if not os.path.exists(place):
        with tempfile.TemporaryDirectory(dir=cache()) as work:
            made = os.path.join(work, "made")
            _select(_unpacked(work), made)
            os.rename(made, place)
    return place


def _unpacked(work: str) -> str:
    """The package's sources: those that are installed, else downloaded by apt and unpacked without installing."""
    inside = f"usr/share/doc/{PACKAGE}/html/_sources"
    if os.path.isdir(f"/{inside}"):
        return f"/{inside}"
    if not shutil.which("apt-get"):
        raise SystemExit(f"the corpus is Debian's package {PACKAGE}: unpack it and copy /{inside} to that place")
    subprocess.run(["apt-get", "download", "-qq", PACKAGE], cwd=work, check=True)
    subprocess.run(["dpkg-deb", "-x", glob.glob(os.path.join(work, "*.deb"))[0], work], check=True)
    return os.path.join(work, inside)


def _select(source: str, target: str) -> None:
    """All Korean documents, and a pseudo-random choice of the others that depends on their names alone."""
    paths = [os.path.relpath(os.path.join(folder, name), source) for folder, _, names in os.walk(source)
             for name in names if name.endswith(".rst.txt")]
    paths = [path for path in paths if SIZE_BYTES[0] <= os.path.getsize(os.path.join(source, path)) <= SIZE_BYTES[1]]
    paths.sort(key=lambda path: ("ko_KR" not in path, hashlib.sha1(path.encode()).hexdigest()))
    os.makedirs(target)
    for path in paths[:DOCUMENTS]:
        with open(os.path.join(source, path), encoding="utf-8", errors="replace") as document:
            text = document.read()
        with open(os.path.join(target, path.replace("/", "__").removesuffix(".rst.txt") + ".txt"), "w", encoding="utf-8") as copy:
            copy.write(text)


def pages(packages: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    """(package, path, text) of the pages of Debian's documentation packages: reStructuredText as it is, HTML without markup."""
    from selectolax.lexbor import LexborHTMLParser
    for package in packages:
        place = os.path.join(cache(), "packages", package)
        if not os.path.exists(place):
            with tempfile.TemporaryDirectory(dir=cache()) as work:
                subprocess.run(["apt-get", "download", "-qq", package], cwd=work, check=True)
                subprocess.run(["dpkg-deb", "-x", glob.glob(os.path.join(work, "*.deb"))[0], os.path.join(work, "all")], check=True)
                os.makedirs(os.path.dirname(place), exist_ok=True)
                os.rename(os.path.join(work, "all"), place)
        for folder, _, names in sorted(os.walk(place)):
            for name in sorted(names):
                path = os.path.join(folder, name)
                if os.path.islink(path) or not name.endswith((".rst.txt", ".html")) or (name.endswith(".html") and "linux-doc" in folder):
                    continue
                with open(path, encoding="utf-8", errors="replace") as file:
                    text = file.read()
                if name.endswith(".html"):
                    body = LexborHTMLParser(text).body
                    for mark in body.css("script, style") if body else ():
                        mark.decompose()
                    text = re.sub(r"[ \t]+", " ", re.sub(r"\s*\n\s*", "\n", body.text(separator="\n") if body else "")).strip()
                yield package, os.path.relpath(path, place), text
