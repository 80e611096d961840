"""What search makes of questions as people type them: `python -m benchmarks.robust`.

Letters and spaces: questions about the example handbook, each as it should be and with one slip; the right page first.
Codes and numbers: 60 rows that differ in their codes alone; the row that bears the code first.
Synonyms: other words for the same thing, found by the vectors. Filters: a row that only 1 in 500 others would let through.
Copies: the pages again, one version of each with a sentence more; the share of the first ten hits that say something new.
"""
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import saem
from benchmarks.answers import handbook
from benchmarks.corpus import cache
from saem.engine.table import Table
from saem.sources import folder, records
from saem.transform import chunk, embed, parse

SPACES = [("도서관연체료", "library"), ("연체 료", "library"), ("기숙사통금시간", "dormitory"), ("기숙 사 통금", "dormitory"),
          ("등록 금 납부", "tuition"), ("학생증재발급비용", "lost_property"), ("동아리지원금", "clubs"), ("3D프린터재료비", "printing"),
          ("독감예방접종비용", "health_room"), ("정기주차권요금", "parking"), ("졸업 학 점", "graduation"), ("방문객주차 요금", "parking"),
          ("latefee for books", "library"), ("studyroom booking", "study_rooms"), ("grandpiano", "music_rooms")]
LETTERS = [("도서광 대출 기간", "library"), ("연채료", "library"), ("장학굼 신청", "scholarships"), ("자판긔 고장", "vending"),
           ("졸업 학젘", "graduation"), ("기숙샤 통금", "dormitory"), ("동아릐 축제", "clubs"), ("독감 예방접죵", "health_room"),
           ("인쇠 요금", "printing"), ("증명셔 수수료", "certificates"), ("재시헙 응시료", "exams"), ("분실뭀 보관 기간", "lost_property"),
           ("tuitoin instalments", "tuition"), ("librery late fee", "library"), ("dormitry curfew", "dormitory"),
           ("resgistration credits", "course_registration"), ("grand paino room", "music_rooms"), ("tablet depposit", "tablets"),
           ("recyling batteries", "recycling"), ("intership weeks", "internship"), ("bicyle sticker", "bicycles"),
           ("photografy permit", "photography")]
SYNONYMS = [("책 반납 늦으면 벌금", "library"), ("돈 돌려받기 자퇴", "refunds"), ("밥 먹는 곳", "canteen"), ("불 났을 때", "fire_safety"),
            ("심리 고민 이야기할 곳", "counselling"), ("잃어버린 물건", "lost_property"), ("차 세우는 곳", "parking"),
            ("아플 때 가는 곳", "health_room"),
            ("cheating in essays", "academic_integrity"), ("trash and glass", "recycling"), ("snow day", "weather_closure"),
            ("foreign students visa", "international"), ("iPad loan", "tablets"),
            ("gym workout hours", "sports"), ("guests on campus", "visitors")]


@dataclass
class Part:
    key: str
    text: str
    added: str


def first(table: Table, asked: Sequence[tuple[str, str]]) -> float:
    """The share of questions whose first hit is of the page that is named."""
    missed = [(query, page) for query, page in asked if page not in str(table.search(query, 1)[0].row["path"])]
    for query, page in missed:
        print(f"  missed: {query} ({page})")
    return 1 - len(missed) / len(asked)


def parts() -> Table:
    """Rows whose texts are alike but for a code, in 3 forms."""
    place = os.path.join(cache(), "robust-parts")
    shutil.rmtree(place, ignore_errors=True)
    db = saem.Project(place)
    source = db.source("parts", records(Part, key="key"))
    made = []
    for n in range(20):
        day = f"{1 + n % 12:02}-15"
        made += [Part(f"e{n}", f"오류 E-{1000 + n * 3}: 센서가 응답하지 않으면 전원을 껐다 켭니다.", f"2026-{day}"),
                 Part(f"k{n}", f"Standard KS-2024-{10 + n} applies to the valve and its housing.", f"2025-{day}"),
                 Part(f"t{n}", f"담당자 전화는 010-{2000 + n * 7}-{5500 + n} 입니다.", f"2024-{day}")]
    source.put(made)
    table = db.tables["parts"].derive("found", embed()).index(text="text", vector="embedding")
    db.run()
    return table


def codes(table: Table) -> float:
    asked = [(f"E-{1000 + n * 3}", f"e{n}") for n in range(20)] + [(f"KS-2024-{10 + n}", f"k{n}") for n in range(20)]
    asked += [(f"010-{2000 + n * 7}-{5500 + n}", f"t{n}") for n in range(20)]
    asked += [(f"오류 E{1000 + n * 3} 해결 방법", f"e{n}") for n in range(20)]
    asked += [(f"which parts does ks-2024-{10 + n} apply to?", f"k{n}") for n in range(20)]
    return sum(table.search(query, 1)[0].row["key"] == key for query, key in asked) / len(asked)


def filters(table: Table) -> float:
    """The share of conditions, each met by one row or few, under which all hits meet it and the best of them is found."""
    asked: list[tuple[str, Callable[[dict], bool]]] = [
        ("key = 't7'", lambda row: row["key"] == "t7"), ("added < '2025-01-01'", lambda row: row["added"] < "2025"),
        ("added BETWEEN '2026-03-01' AND '2026-03-31'", lambda row: row["added"].startswith("2026-03")),
        ("key LIKE 'k%' AND added >= '2025-06-01'", lambda row: row["key"][0] == "k" and row["added"] >= "2025-06")]
    good = 0
    for where, test in asked:
        hits = table.search("센서 오류 E-1000", 5, where=where, fold=False)
        good += bool(hits) and all(test(hit.row) for hit in hits)
    return good / len(asked)


def copies(fold: bool) -> float:
    """Of the first ten hits, how many say something new: each page stands there three times, once with a sentence more."""
    place = os.path.join(cache(), "robust-copies")
    if not os.path.exists(place):
        os.makedirs(place)
        source = os.path.join(os.path.dirname(os.path.dirname(__file__)), "examples/handbook/ko")
        for name in (name for name in sorted(os.listdir(source)) if name.endswith(".md")):
            with open(os.path.join(source, name), encoding="utf-8") as file:
                text = file.read()
            for number, end in enumerate(("", "", "\n\n이 안내는 개정판입니다.\n")):
                with open(os.path.join(place, f"{number}-{name}"), "w", encoding="utf-8") as file:
                    file.write(text + end)
    db = saem.Project(os.path.join(place, ".saem"))
    docs = db.source("files", folder(place, types=[".md"])).derive("docs", parse)
    table = docs.derive("chunks", chunk(), embed(), carry=["path", "title"]).index(text="text", vector="embedding")
    db.run()
    asked = [query for query, _ in LETTERS[:12]]
    return sum(len({hit.row["text"][:40] for hit in table.search(query, 10, fold=fold)}) / 10 for query in asked) / len(asked)


def main() -> None:
    chunks, table = handbook().table("chunks"), parts()
    rows = [("one slip in the letters, right page first", len(LETTERS), first(chunks, LETTERS)),
            ("spaces missing or too many, right page first", len(SPACES), first(chunks, SPACES)),
            ("other words for it, right page first", len(SYNONYMS), first(chunks, SYNONYMS)),
            ("codes and numbers, right row first", 100, codes(table)),
            ("conditions that few rows meet", 4, filters(table)),
            ("copies: new texts among ten hits, folded", 12, copies(True)),
            ("copies: the same, not folded", 12, copies(False))]
    print("\n| what | n | share |\n|---|---|---|")
    for what, count, share in rows:
        print(f"| {what} | {count} | {share:.0%} |")


if __name__ == "__main__":
    main()
