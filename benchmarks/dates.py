"""python -m benchmarks.dates [--names N] [--seed S] [--wrong]: dates found in file names, against what their authors meant.

Names are made from a seed the way people and machines name files: Korean, American and European authors, each in their own
order of day, month and year, cameras and scripts; and names whose numbers are no dates: telephone, order, version and student
numbers, addresses, law numbers, hashes, sizes, school years. A name that may be read in two ways counts by what its author meant,
so that nothing can reach 1.0. Nothing here is shared with saem.transform.dates.

precision, recall and F1 count (name, date) pairs; 'clean' is the share of the names without a date in which none was found.
"""
import argparse
import datetime
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

Date = datetime.date
MONTHS = "January February March April May June July August September October November December".split()
KOREAN_STEMS = ("회의록", "운영위원회_결과", "가정통신문", "연체료", "안내", "급식", "식단표", "출석부", "최종", "보고서", "예산안",
                "견적서", "학사일정", "[공지]", "수강신청", "계약서(서명)", "사진", "도서관", "이용현황")
ENGLISH_STEMS = ("minutes", "board meeting", "Invoice", "quarterly report", "lesson plan", "Field Trip", "budget_final", "syllabus",
                 "contract signed", "photos", "library stats", "newsletter", "Agenda", "exam results", "maybe later", "Marching band")
KOREAN_TAILS = ("", "", "", "_최종", "(1)", " 수정본", "_v2", "-김샘", " 3학년")
ENGLISH_TAILS = ("", "", "", "_final", " (2)", " v3", "-draft", " KL", "_rev1")


@dataclass(frozen=True)
class Named:
    """A file's name, and the dates that its author meant."""
    name: str
    dates: tuple[Date, ...]
    author: str
    folder: str = ""


def names(count: int, seed: int) -> Iterator[Named]:
    rng = random.Random(seed)
    makers = [(_korean, 30), (_american, 18), (_european, 10), (_machine, 12), (_nothing, 30)]
    for _ in range(count):
        maker: Callable[[random.Random], Named] = rng.choices([m for m, _ in makers], [w for _, w in makers])[0]
        yield maker(rng)


def _day(rng: random.Random) -> Date:
    return Date(2003, 1, 1) + datetime.timedelta(days=int(rng.triangular(0, 9000, 7900)))


def _joined(rng: random.Random, stem: str, written: str, tail: str, suffix: str, sticks: bool = False) -> str:
    between = rng.choice(["_", " ", "-", "_", " "] + ([""] if sticks else []))
    if rng.random() < 0.5:
        return f"{written}{between}{stem}{tail}{suffix}"
    if rng.random() < 0.3:
        return f"{stem}({written}){tail}{suffix}"
    return f"{stem}{between}{written}{tail}{suffix}"


def _korean(rng: random.Random) -> Named:
    day, later = _day(rng), _day(rng)
    y, m, d = day.year, day.month, day.day
    ways = [f"{y}_{m:02}{d:02}",
            f"{y}.{m:02}.{d:02}", f"{y}.{m:02}.{d:02}.", f"{y}. {m}. {d}.", f"{y}.{m}.{d}", f"{y}-{m:02}-{d:02}", f"{y}_{m:02}_{d:02}",
            f"{y}{m:02}{d:02}", f"{y}{m:02}{d:02}", f"{y % 100:02}{m:02}{d:02}", f"{y % 100:02}{m:02}{d:02}", f"{y % 100:02}.{m:02}.{d:02}",
            f"{y % 100:02}.{m}.{d}", f"'{y % 100:02}.{m}.{d}", f"{y % 100:02}-{m:02}-{d:02}", f"{y}년 {m}월 {d}일", f"{y}년{m}월{d}일",
            f"{y % 100:02}년 {m}월 {d}일", f"{y}년 {m:02}월 {d:02}일", f"{y}년_{m}월_{d}일"]
    stem, tail = rng.choice(KOREAN_STEMS), rng.choice(KOREAN_TAILS)
    suffix = rng.choice([".hwp", ".hwpx", ".pdf", ".docx", ".xlsx", ".txt"])
    kind = rng.random()
    if kind < 0.12:
        first = Date(y, m, 1)
        return Named(_joined(rng, stem, rng.choice([f"{y}년 {m}월", f"{y}년{m:02}월", f"{y % 100:02}년 {m}월", f"{y}.{m:02}",
        f"{y}-{m:02}"]), tail, suffix),
                     (first,), "korean")
    if kind < 0.18:
        quarter = (m - 1) // 3 + 1
        written = rng.choice([f"{y}년 {quarter}분기", f"{y % 100:02}년 {quarter}분기", f"{y} {quarter}분기", f"{y}년도 {quarter}/4분기"])
        return Named(_joined(rng, stem, written, tail, suffix), (Date(y, quarter * 3 - 2, 1),), "korean")
    if kind < 0.24:
        day, later = sorted((day, later))
        written = rng.choice([f"{day:%Y.%m.%d}~{later:%Y.%m.%d}", f"{day:%Y%m%d}-{later:%Y%m%d}", f"{day:%Y-%m-%d}~{later:%Y-%m-%d}"])
        return Named(_joined(rng, stem, written, tail, suffix), tuple(dict.fromkeys((day, later))), "korean")
    if kind < 0.3:      # a range that names its year once
        later = min(day + datetime.timedelta(days=rng.randrange(1, 60)), Date(y, 12, 31))
        ways = [f"{day:%Y.%m.%d}-{later:%m.%d}", f"{day:%Y.%m.%d}~{later:%m.%d}", f"{y}.{m}.{d}~{later.month}.{later.day}",
                f"{y}년 {m}월 {d}일~{later.month}월 {later.day}일", f"{day:%Y%m%d}~{later:%m%d}", f"{day:%Y-%m-%d}~{later:%m-%d}"]
        return Named(_joined(rng, stem, rng.choice(ways), tail, suffix), tuple(dict.fromkeys((day, later))), "korean")
    if kind < 0.34:     # a day whose year stands elsewhere, or nowhere
        folder, has_year = rng.choice([(f"{y}", True), (f"{y}년 회의", True), ("", False)])
        return Named(_joined(rng, stem, f"{m}월 {d}일", tail, suffix), (day,) if has_year else (), "korean", folder)
    return Named(_joined(rng, stem, rng.choice(ways), tail, suffix, sticks=True), (day,), "korean")


def _american(rng: random.Random) -> Named:
    day = _day(rng)
    y, m, d = day.year, day.month, day.day
    long, short = MONTHS[m - 1], MONTHS[m - 1][:3]
    ordinal = f"{d}{'th' if 10 < d < 20 else {1: 'st', 2: 'nd', 3: 'rd'}.get(d % 10, 'th')}"
    ways = [f"{long} {d}, {y}", f"{long} {d} {y}", f"{short} {d} {y}", f"{short}. {d}, {y}", f"{long} {ordinal} {y}", f"{short}-{d:02}-{y}",
            f"{m:02}-{d:02}-{y}", f"{m}-{d}-{y}", f"{m:02}.{d:02}.{y % 100:02}", f"{m:02}{d:02}{y % 100:02}", f"{m:02}{d:02}{y}",
            f"{m:02}-{d:02}-{y % 100:02}", f"{y}-{m:02}-{d:02}", f"{y}-{m:02}-{d:02}", f"{m:02}_{d:02}_{y}", f"{short}{d:02}{y}"]
    stem, tail, suffix = rng.choice(ENGLISH_STEMS), rng.choice(ENGLISH_TAILS), rng.choice([".docx", ".pdf", ".xlsx", ".txt", ".eml"])
    if rng.random() < 0.12:
        written = rng.choice([f"{long} {y}", f"{short} {y}", f"{y}-{m:02}", f"{long}_{y}"])
        return Named(_joined(rng, stem, written, tail, suffix), (Date(y, m, 1),), "american")
    if rng.random() < 0.08:
        quarter = (m - 1) // 3 + 1
        written = rng.choice([f"Q{quarter} {y}", f"{y}Q{quarter}", f"{y}-Q{quarter}", f"{quarter}Q{y % 100:02}"])
        return Named(_joined(rng, stem, written, tail, suffix), (Date(y, quarter * 3 - 2, 1),), "american")
    return Named(_joined(rng, stem, rng.choice(ways), tail, suffix), (day,), "american")


def _european(rng: random.Random) -> Named:
    day = _day(rng)
    y, m, d = day.year, day.month, day.day
    long, short = MONTHS[m - 1], MONTHS[m - 1][:3]
    ways = [f"{d} {long} {y}", f"{d:02} {short} {y}", f"{d:02}{short.upper()}{y}", f"{d}-{short}-{y}", f"{d:02}.{m:02}.{y}", f"{d}.{m}.{y}",
            f"{d:02}-{m:02}-{y}", f"{d:02}{m:02}{y}", f"{y}-{m:02}-{d:02}", f"{d:02}.{m:02}.{y % 100:02}", f"{d:02}{m:02}{y % 100:02}",
            f"{d}th of {long} {y}" if 3 < d < 21 else f"{d} of {long} {y}", f"{d:02}-{short}-{y % 100:02}"]
    return Named(_joined(rng, rng.choice(ENGLISH_STEMS), rng.choice(ways), rng.choice(ENGLISH_TAILS), rng.choice([".odt", ".pdf",
    ".txt"])), (day,),
                 "european")


def _machine(rng: random.Random) -> Named:
    day = _day(rng)
    h, mi, s = rng.randrange(24), rng.randrange(60), rng.randrange(60)
    clock = f"{h:02}{mi:02}{s:02}"
    ways = [f"IMG_{day:%Y%m%d}_{clock}.jpg", f"Screenshot {day:%Y-%m-%d} at {h:02}.{mi:02}.{s:02}.png", f"{day:%Y%m%d}{clock}.log",
            f"KakaoTalk_{day:%Y%m%d}_{h:02}{mi:02}_{s:02}_{rng.randrange(1000):03}.txt",
            f"backup-{day:%Y-%m-%d}T{h:02}-{mi:02}-{s:02}Z.sql",
            f"app.log.{day:%Y-%m-%d}", f"access_{day:%Y%m%d}{h:02}.log", f"스크린샷 {day:%Y-%m-%d} {clock}.png",
            f"VID{day:%Y%m%d}{clock}.mp4",
            f"dump_{day:%y%m%d}_{clock}.json", f"scan{rng.randrange(10000):04}_{day:%Y%m%d}.pdf",
            f"{day:%Y%m%d}_{rng.randrange(16 ** 8):08x}.csv",
            f"Recording {day:%Y_%m_%d_%H_%M}.m4a", f"녹음 {day:%y%m%d}_{clock}.m4a", f"signal-{day:%Y-%m-%d}-{clock}.txt",
            f"WhatsApp Image {day:%Y-%m-%d} at {h}.{mi:02}.{s:02} PM.jpeg", f"cam{rng.randrange(9)}-{day:%Y%m%d}T{clock}.txt"]
    return Named(rng.choice(ways), (day,), "machine")


def _nothing(rng: random.Random) -> Named:
    """Numbers as they stand in names, and none of them a date. Many hold the digits of one."""
    n = rng.randrange
    day = _day(rng)
    ymd, full = f"{day:%y%m%d}", f"{day:%Y%m%d}"
    ways = [f"010-{n(2000, 2030)}-{day:%m%d} 연락처.txt", f"tel 02-{n(2000, 2600)}-{n(1000, 9999)}.vcf",
            f"+82-10-{n(1000, 9999)}-{n(1000, 9999)}.txt",
            f"fax_{n(200, 999)}-{n(200, 999)}-{n(1000, 9999)}.pdf", f"release-{n(1, 9)}.{n(1, 12)}.{n(1, 28)}.md",
            f"python-3.{n(8, 14)}.{n(0, 12)}.txt",
            f"v{n(20, 26)}.{n(1, 12)}.{n(1, 28)} notes.md", f"ubuntu-{n(18, 25)}.04.{n(1, 6)}.iso.txt", f"app_v{n(1, 4)}.{n(0, 20)}.pdf",
            f"server 10.{n(1, 30)}.{n(1, 12)}.{n(1, 28)}.log", f"192.168.{n(0, 255)}.{n(0, 255)} config.txt",
            f"ORD-{n(130000, 999999)}.pdf",
            f"주문번호 {full}{n(100, 999)}.pdf",
            f"주문번호_{full}-{n(1000000, 9999999)}.pdf" if n(2) else f"송장 {n(10 ** 11, 10 ** 12)}.pdf",
            f"ISBN 97889{n(10 ** 7, 10 ** 8)}.epub", f"KR10{full}{n(100, 999)}B1.pdf", f"US{full}{n(10, 99)}A1 patent.pdf",
            f"학번 {n(2015, 2026)}{n(100000, 999999)}.hwp",
            f"student {n(20150000, 20260000)}{n(10, 99)} transcript.pdf", f"사진 {n(1000, 5000)}x{n(1000, 4000)}.jpg",
            f"banner_1920x1080_{n(1, 9)}.png",
            f"{day.year}-{day.year + 1} school year.docx", f"{day.year}-{(day.year + 1) % 100:02} timetable.xlsx",
            f"{day.year}학년도 {n(1, 3)}학기 시간표.hwp",
            f"annual report {day.year}.pdf", f"{day.year} 예산.xlsx", f"제{day.year}-{n(1, 400):02}호 공문.hwp",
            f"문서번호 {day.year}-{n(1300, 9999)}.hwp",
            f"chapter {n(1, 12)}.{n(1, 28)}.md", f"section {n(1, 9)}.{n(1, 9)}.{n(1, 9)}.md", f"A-{n(101, 999)}호 안내.txt",
            f"at {n(10, 24)}.{n(10, 60)}.{n(10, 60)}.txt",
            f"계좌 110-{n(100, 999)}-{n(100000, 999999)}.txt", f"{ymd}-{n(1, 5)}{n(100000, 999999)} 주민등록.txt",
            f"commit a{ymd}f{n(16 ** 6):06x}.diff",
            f"{n(16 ** 12):012x}{full}{n(16 ** 4):04x}.bin", f"RTX{n(2060, 5090)} 견적.pdf", f"우편번호 {n(1000, 63999):05}.txt",
            f"합계 {n(1, 9)},{n(100, 999)},{n(100, 999)}원.xlsx",
            f"참가자 {n(1900, 2100)}명 명단.csv", f"{n(1, 3)}학년 {n(1, 12)}반 {n(1, 31)}번.hwp",
            f"map 37.{n(1000, 9999)}_126.{n(1000, 9999)}.geojson",
            f"ISO-{n(9001, 27001)}-{n(2000, 2023)}.pdf", f"법률 제{n(10000, 20999)}호.hwp", f"RFC{n(1000, 9500)}.txt",
            f"{n(10 ** 8, 10 ** 9)}_bytes.bin",
            f"invoice no {n(130000, 999999)}.pdf", "May Kim CV.docx", f"March of the Penguins {n(1, 3)}.txt",
            f"summer jam vol {n(1, 30)}.txt", f"dec {n(1, 99)} hex.txt",
            f"room {n(1, 12)}-{n(1, 28)}.txt", f"{n(1, 12)}월 {n(1, 28)}일 식단.hwp", f"{n(1, 12):02}{n(1, 28):02} 메모.txt",
            f"score {n(0, 9)}-{n(0, 9)}-{n(0, 9)}.txt",
            f"MAC 00-1{n(9)}-2{n(9)}-3{n(9)}-4{n(9)}-5{n(9)}.txt", f"ticket #{n(130000, 999999)}.eml", f"mar{n(1, 99)} 부품.xlsx",
            f"SKU {full}{n(10)}.csv"]
    return Named(rng.choice(ways), (), "no date")


@dataclass
class Score:
    names: int = 0
    right: int = 0
    wrong: int = 0
    missed: int = 0
    clean: int = 0

    @property
    def precision(self) -> float:
        return self.right / max(1, self.right + self.wrong)

    @property
    def recall(self) -> float:
        return self.right / max(1, self.right + self.missed)

    @property
    def f1(self) -> float:
        return 2 * self.right / max(1, 2 * self.right + self.wrong + self.missed)


def measure(count: int, seed: int, find: Callable[[str, str], list[Date]]) -> tuple[dict[str, Score], list[tuple[Named, list[Date]]]]:
    """A score for each kind of author and for all, and the names that were read wrongly."""
    scores: dict[str, Score] = {}
    failures = []
    for named in names(count, seed):
        found, meant = set(find(named.name, named.folder)), set(named.dates)
        for author in ("all", named.author):
            score = scores.setdefault(author, Score())
            score.names += 1
            score.right += len(found & meant)
            score.wrong += len(found - meant)
            score.missed += len(meant - found)
            score.clean += not found
        if found != meant:
            failures.append((named, sorted(found)))
    return scores, failures


def main() -> None:
    from saem.transform.dates import dates
    parser = argparse.ArgumentParser(prog="python -m benchmarks.dates",
    description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--names", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=2)
    parser.add_argument("--wrong", action="store_true", help="print 60 names that are read wrongly")
    options = parser.parse_args()
    scores, failures = measure(options.names, options.seed, dates)
    print(f"{options.names:,} names, seed {options.seed}\n\n| author | names | precision | recall | F1 |\n| --- | --- | --- | --- | --- |")
    for author, score in scores.items():
        if author != "no date":
            print(f"| {author} | {score.names:,} | {score.precision:.3f} | {score.recall:.3f} | {score.f1:.3f} |")
    bare = scores["no date"]
    print(f"\nnames without a date: {bare.names:,}, clean {bare.clean / bare.names:.3f}")
    for named, found in random.Random(0).sample(failures, min(60, len(failures))) if options.wrong else []:
        print(f"{named.author:9} {named.name} meant {', '.join(map(str, named.dates)) or '-'}, found {', '.join(map(str, found)) or '-'}")


if __name__ == "__main__":
    main()
