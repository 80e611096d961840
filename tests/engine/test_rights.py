"""What a person may not read does not exist: not in rows, hits, counts, scores, answers, SQL, traces or errors."""
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

import saem
from saem.core.errors import SaemError
from saem.engine.view import View
from saem.infer import ask
from saem.infer.documents import documents
from saem.infer.memory import memory
from saem.sources import records
from saem.store.readable import Readable, check_plain

PAGES = {
    "public/library.md": "# 도서관\n\n대출 기간은 14일이다. 연체료는 하루 100원이다.",
    "staff/pay.md": "# 급여\n\n급여일은 매달 25일이다. 금고 번호는 SECRETSTAFF 이다.",
    "hr/salary.md": "# 인사\n\n김철수의 연봉은 5천만원이다. SECRETHR",
}
WHO = {"public": ["*"], "staff": ["staff", "hr"], "hr": ["hr"]}
GROUPS = {"staff": ("lee",), "hr": ("park",), "students": ("kim",)}


@dataclass(frozen=True)
class Text:
    text: str


@dataclass(frozen=True)
class Size:
    letters: int


@saem.operator(version="1")
def letters(docs: list[Text]) -> Size:
    return Size(sum(len(doc.text) for doc in docs))


@pytest.fixture
def db(tmp_path: Path) -> saem.Project:
    for name, text in PAGES.items():
        (tmp_path / "docs" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "docs" / name).write_text(text, encoding="utf-8")
    made = saem.Project(str(tmp_path / "state"))
    made.groups = dict(GROUPS)
    _pipeline(made, tmp_path)
    made.run()
    return made


def _pipeline(db: saem.Project, place: Path) -> None:
    from saem.sources import folder
    from saem.transform import chunk, embed, parse
    files = db.source("files", folder(str(place / "docs")), readers=lambda path: WHO[path.split("/")[0]])
    docs = files.derive("docs", parse)
    docs.derive("chunks", chunk(), embed(model="hash"), carry=["path", "title", "language"]).index(text="text", vector="embedding")
    docs.derive("size", letters)


def _paths(view: saem.Project) -> list[str]:
    return sorted(view.table("docs").to_arrow(["path"])["path"].to_pylist())


def test_each_sees_what_his_groups_may_read_and_a_stranger_nothing(db: saem.Project) -> None:
    seen = {person: _paths(db.as_user(person)) for person in ("kim", "lee", "park", "stranger")}
    assert seen == {"kim": ["public/library.md"], "lee": ["public/library.md", "staff/pay.md"], "park": sorted(PAGES), "stranger": []}
    assert [len(db.as_user(person).table("chunks")) for person in seen] == [1, 2, 3, 0]


def test_a_stranger_who_asks_is_a_stranger_still(db: saem.Project) -> None:
    from saem.infer import answers, ask
    answers.declare(db)
    db.run()
    for _ in range(2):
        assert not ask(db.as_user("stranger").table("chunks"), "대출은 며칠인가요?").found
    assert _paths(db.as_user("stranger")) == []


def test_search_finds_and_counts_only_what_may_be_read(db: saem.Project) -> None:
    for person, most in (("kim", 1), ("lee", 2), ("park", 3), ("stranger", 0)):
        hits = db.as_user(person).table("chunks").search("연봉 급여 SECRETHR SECRETSTAFF 대출", k=10)
        assert len(hits) == most
    with_secret = db.as_user("kim").table("chunks").search("대출 기간 연봉")[0]
    (Path(db.tables["files"].source.root) / "hr" / "salary.md").unlink()
    db.run()
    without = db.as_user("kim").table("chunks").search("대출 기간 연봉")[0]
    assert with_secret.why == without.why, "a score tells of rows that may not be read"


def test_an_answer_never_cites_what_its_asker_may_not_read_and_is_his_own(db: saem.Project) -> None:
    lee, park = db.as_user("lee"), db.as_user("park")
    assert "25일" in ask(lee.table("chunks"), "급여일은 언제인가?").text
    assert "5천만원" not in ask(lee.table("chunks"), "김철수의 연봉은 얼마인가?").text
    assert len(lee.table("answers")) == 2
    assert len(park.table("answers")) == 0, "a question is its asker's own"
    assert len(db.table("answers")) == 2


def test_who_is_remembered_reads_his_own_words_and_is_a_stranger_still(db: saem.Project) -> None:
    notes = memory(db, "tutor")
    notes.remember("I live in Jeju.", session="a", user="stranger")
    db.run()
    assert "Jeju" in notes.recall("Where do I live?", user="stranger").text
    assert not ask(db.as_user("stranger").table("chunks"), "대출은 며칠인가요?").found
    assert _paths(db.as_user("stranger")) == []
    with pytest.raises(SaemError, match="nobody is named 'stranger'"):
        db.why_not("stranger", "docs:public/library.md")


def test_what_the_owner_asks_is_for_nobody_else(db: saem.Project) -> None:
    assert ask(db.table("chunks"), "도서 대출 기간은 며칠인가?").found
    assert [len(each.table("answers")) for each in (db, db.as_user("kim"), db.as_user("lee"))] == [1, 0, 0]
    assert len(db.as_user("kim").table("citations")) == 0


def test_a_row_that_may_not_be_read_looks_like_one_that_is_not_there(db: saem.Project) -> None:
    lee = db.as_user("lee")
    hidden = db.table("docs").to_arrow(["_id"], where="path = 'hr/salary.md'")["_id"][0].as_py().hex()
    told = []
    for name in ("files:hr/salary.md", "files:hr/nothing.md", hidden, "0" * 32):
        with pytest.raises(SaemError) as error:
            lee.trace(name)
        told.append((error.value.code, str(error.value).replace(name, "NAME")))
    assert len(set(told)) == 1
    assert lee.table("docs").count("path = 'hr/salary.md'") == 0
    assert "hr" not in str(lee.trace("docs:staff/pay.md").to_dict())


def test_the_rows_of_everyone_together_are_those_of_who_may_read_all(db: saem.Project) -> None:
    assert [len(db.as_user(person).table("size")) for person in ("kim", "lee", "park")] == [0, 0, 1]


def test_a_grant_opens_a_table_and_what_is_made_of_it_and_nothing_else(db: saem.Project) -> None:
    report = db.grant("size", "staff", reason="a number, no names")
    assert sum(counts.computed for counts in report.tables.values()) == 0
    assert len(db.as_user("lee").table("size")) == 1
    assert _paths(db.as_user("lee")) == ["public/library.md", "staff/pay.md"]
    row = db.table("size").to_arrow(["_id"])["_id"][0].as_py().hex()
    assert db.trace(row).to_dict()["granted"] == ["staff"]
    assert db.who_can_read(row).people == ["lee", "park"]
    db.revoke("size", "staff")
    assert len(db.as_user("lee").table("size")) == 0
    with pytest.raises(SaemError, match="readers are set where it is declared"):
        db.grant("files", "staff")


def test_a_grant_outlives_changes_of_the_rows_and_of_the_code(db: saem.Project, tmp_path: Path) -> None:
    db.grant("size", "staff")
    (tmp_path / "docs" / "hr" / "more.md").write_text("# 더\n\n연봉은 비밀이다.", encoding="utf-8")
    db.run()
    assert len(db.as_user("lee").table("size")) == 1
    before = db.snapshot
    db.run()
    assert db.snapshot == before


def test_who_is_in_a_group_may_change_without_a_row_being_written(db: saem.Project) -> None:
    before = db.snapshot
    db.groups = GROUPS | {"hr": ("park", "kim")}
    assert _paths(db.as_user("kim")) == sorted(PAGES)
    db.groups = GROUPS | {"hr": ()}
    assert _paths(db.as_user("park")) == []
    assert db.snapshot == before


def test_a_change_of_readers_at_the_source_reaches_every_descendant_without_a_model_call(db: saem.Project) -> None:
    WHO["hr"] = ["students"]
    try:
        report = db.run()
    finally:
        WHO["hr"] = ["hr"]
    assert {name: (c.regranted, c.computed) for name, c in report.tables.items() if c.regranted} == {
        "files": (1, 0), "docs": (1, 0), "chunks": (1, 0), "size": (1, 0)}
    assert "hr/salary.md" in _paths(db.as_user("kim"))
    assert "hr/salary.md" not in _paths(db.as_user("park"))


def test_why_not_names_the_rows_that_are_in_the_way(db: saem.Project) -> None:
    row = db.table("size").to_arrow(["_id"])["_id"][0].as_py().hex()
    assert {obstacle.label for obstacle in db.why_not("lee", row)} == {"hr/salary.md"}
    assert {obstacle.label for obstacle in db.why_not("kim", row)} == {"hr/salary.md", "staff/pay.md"}
    assert db.why_not("park", row) == []
    with pytest.raises(SaemError, match="nobody is named 'lea'"):
        db.why_not("lea", row)


@pytest.mark.parametrize("what", ["run", "plan", "quarantine"])
def test_a_view_only_reads(db: saem.Project, what: str) -> None:
    with pytest.raises(SaemError) as error:
        getattr(db.as_user("park"), what)()
    assert error.value.exit_code == 4


def test_a_view_changes_no_rights_and_no_rows(db: saem.Project) -> None:
    db.source("notes", records(Text, key="text")).put([Text("kept")])
    db.run()
    for view in (db.as_user("kim"), db.at(db.snapshot)):
        for attempt in (lambda view=view: view.grant("size", "kim"), lambda view=view: view.revoke("size", "kim"),
                        lambda view=view: view.table("notes").put([Text("mine")]), lambda view=view: view.table("notes").drop(["kept"])):
            with pytest.raises(SaemError) as error:
                attempt()
            assert error.value.code == "E601"
    db.run()
    assert db.catalog.grants() == []
    assert db.table("notes").to_arrow(["text"])["text"].to_pylist() == ["kept"]


def test_nobody_becomes_somebody_else(db: saem.Project) -> None:
    with pytest.raises(SaemError):
        db.as_user("lee").as_user("park")
    assert _paths(db.as_user("lee").at(db.snapshot)) == _paths(db.as_user("lee"))


def test_an_older_snapshot_is_seen_whole(db: saem.Project, tmp_path: Path) -> None:
    first = db.snapshot
    (tmp_path / "docs" / "public" / "library.md").write_text("# 도서관\n\n대출 기간은 21일이다.", encoding="utf-8")
    db.run()
    old, new = db.at(first), db.at(db.snapshot)
    assert "14일" in old.table("chunks").search("대출 기간")[0].row["text"]
    assert "21일" in new.table("chunks").search("대출 기간")[0].row["text"]
    assert "14일" in ask(old.table("chunks"), "대출 기간은?", keep=False).text
    with pytest.raises(SaemError, match="no snapshot"):
        db.at(99)


# conditions

@pytest.mark.parametrize("where", [
    "path = 'x') OR (1 = 1", "path = 'x' OR 1/(length(path)-12) = 1", "_readers IN (0,1,2,3)", "cast(path as int) = 1", "path = 'x' --",
    "path = 'x' /* */", "path IN (select path from docs)", "regexp_match(path, '(') IS NULL", "\"_readers\" = 1", "`_hash` IS NULL",
    "arrow_cast(path, 'Int64') = 1", "path = 'x'; drop", "path(1) = 2", "length(path) / 0 = 1", "(path = 'x'", "true) or (true"])
def test_a_condition_cannot_reach_round_the_rights(db: saem.Project, where: str) -> None:
    lee = db.as_user("lee")
    for read in (lambda: lee.table("docs").to_arrow(where=where), lambda: lee.table("docs").count(where),
                 lambda: lee.table("chunks").search("연봉", where=where)):
        with pytest.raises(SaemError) as error:
            read()
        assert error.value.code == "E211"


def test_ordinary_conditions_are_taken(db: saem.Project) -> None:
    for where in ("path like 'staff/%' and language = 'ko'", "not (path in ('a', 'b')) and contains(text, '25일')", "title = '급여'",
                  "length(path) > 3 and path between 's' and 't'"):
        assert _paths_where(db.as_user("lee"), where) == ["staff/pay.md"], where
    assert check_plain("title = 'a''b (x'", ["title"])


def _paths_where(view: saem.Project, where: str) -> list[str]:
    return view.table("docs").to_arrow(["path"], where=where)["path"].to_pylist()


def test_every_way_round_the_scan_is_closed(db: saem.Project) -> None:
    dataset = db.as_user("kim").published("docs")
    assert isinstance(dataset, Readable)
    hidden = db.published("docs").to_table(columns=[], filter="path = 'hr/salary.md'", with_row_id=True)["_rowid"].to_pylist()
    for attempt in (lambda: dataset.take([0, 1, 2]), lambda: dataset._take_rows(hidden, columns=["path"]), lambda: dataset.head(3),
                    lambda: dataset.get_fragments(), lambda: dataset.sql("select * from dataset"), lambda: dataset.sample(2),
                    lambda: dataset.checkout_version(1), lambda: dataset.delta(compared_against=1), lambda: dataset.to_pandas()):
        with pytest.raises(RuntimeError):
            attempt()


# SQL

ATTACKS = """select * from docs__rows
select _readers from docs
select * exclude(path) from docs where _readers = 0
select * from duckdb_views()
select * from duckdb_settings()
select * from query('select 1')
select * from query_table('docs')
select getenv('HOME')
select current_setting('memory_limit')
pragma database_list
set threads=1
attach ':memory:' as x
create or replace temp view docs as select 1
copy docs to 'o.csv'
select * from '/etc/passwd'
select * from read_text('/etc/passwd')
with x as (select * from read_csv('/etc/passwd')) select * from x
select (select content from read_text('/etc/passwd'))
install httpfs
load 'x.duckdb_extension'
select 1; select 2
/* */ explain analyze select * from docs
select * from information_schema.tables
select * from main.docs__rows
select * from python_arrow_scan(1,2,3)
call pragma_version()
prepare p as select 1
from json_execute_serialized_sql(json_serialize_sql('select * from docs'))
select count(*) from docs where if(title <> '급여', error('LEAK ' || title)::bool, true)
select error(text) from docs
export database 'x'
select count(*) from sniff_csv('/etc/passwd')
checkpoint
select * from glob('/*')
select write_log('x')
select nextval('s')
select * from pg_catalog.pg_tables
select * from raw
attach './empty.db' as y
create temp table big as select * from range(1000000000)
copy docs to 'scratch/o.csv'
select 1; drop view docs
select * from main.docs
select json_serialize_sql('select 1')
select version()
select * from docs where _readers_code = 0
select * from docs where if(length(text) > 0, error('LEAK ' || path)::bool, true)
select count(*) from docs where error('LEAK ' || path)::bool
select * from read_parquet('/etc/passwd')
select * from docs union all select * from query_table(['docs'])
select * from lance_scan('docs')
select * from "docs.lance"
with docs as (select * from read_text('/etc/passwd')) select * from docs
select (select max(path) from temp.docs)
select * from docs at (version => 1)
select * from docs_nothing""".splitlines()
HARMLESS = ["select count(*), min(path), max(text) from docs", "from docs", "summarize docs", "describe docs",
            "select * from docs tablesample 100%", "select columns('.*') from docs", "select string_agg(text, '') from docs",
            "select * from docs a, docs b", "with recursive t as (select 1 x union all select x + 1 from t where x < 9) select * from t",
            "select d.* from docs d semi join (values ('hr/salary.md')) t(p) on d.path = t.p",
            "select count(*) from docs where case when path = 'hr/salary.md' then 1/(length(path)-12) else 1 end = 1",
            "select * from docs where text like '%SECRETHR%' or 1 = 1", "values (1)", "pivot docs on language",
            "select * from docs tablesample 1%", "select list(path) from docs, generate_series(1, 1000)",
            "select string_agg(repeat(path, 1000), '') from docs", "select repeat('x', 2000000000)",
            "select count(*) from docs where cast(case when path = 'hr/salary.md' then 'LEAK' || text else '1' end as int) = 1",
            "select count(*) from docs a, docs b, docs c", "select path from docs order by text desc limit 5 offset 1",
            "select * from docs qualify row_number() over (order by path) > 0", "select max(path) over () from docs",
            "with docs as (select * from docs) select count(*), max(path) from docs", "select sum(length(text)) from docs group by all",
            "select * from docs asof join docs d2 on docs.path >= d2.path", "select histogram(path) from docs",
            "from docs select unnest(string_split(text, ' '))", "select approx_count_distinct(path), mode(path) from docs"]


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> View:
    place = tmp_path_factory.mktemp("office")
    for name, text in PAGES.items():
        (place / "docs" / name).parent.mkdir(parents=True, exist_ok=True)
        (place / "docs" / name).write_text(text, encoding="utf-8")
    db = saem.Project(str(place / "state"))
    db.groups = dict(GROUPS)
    _pipeline(db, place)
    db.run()
    return db.as_user("lee")


@pytest.mark.parametrize("query", ATTACKS)
def test_a_query_that_looks_elsewhere_is_refused(office: View, query: str) -> None:
    with pytest.raises(SaemError) as error:
        office.sql(query)
    assert error.value.code == "E211"
    assert "SECRET" not in str(error.value).replace(query, "")
    assert "root:" not in str(error.value)


@pytest.mark.slow
@pytest.mark.parametrize("query", HARMLESS)
def test_a_query_gives_nothing_of_rows_that_may_not_be_read(office: View, query: str) -> None:
    try:
        told = str(office.sql(query).to_pylist())
    except SaemError as error:
        told = str(error).replace(query, "")
    assert "SECRETHR" not in told
    assert "salary" not in told


def test_a_query_sees_what_its_asker_may_read(office: View) -> None:
    assert office.sql("select count(*) n, max(path) p from docs").to_pylist() == [{"n": 2, "p": "staff/pay.md"}]


# the command line

def _run(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([sys.executable, "-m", "saem.cli.main", *arguments], cwd=folder, capture_output=True, text=True, check=False,
                          env={**os.environ, "SAEM_STATE": ""})


def test_the_command_line_reads_as_whom_it_is_told(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "open.md").write_text("# Open\n\nThe library opens at nine.", encoding="utf-8")
    (tmp_path / "docs" / "closed.md").write_text("# Closed\n\nThe vault code is 4711.", encoding="utf-8")
    (tmp_path / "saem.toml").write_text('[saem.groups]\nstaff = ["lee"]\nstudents = ["kim"]\n', encoding="utf-8")
    (tmp_path / "pipeline.py").write_text("""import saem
from saem.sources import folder
from saem.transform import chunk, embed, parse

def pipeline(db: saem.Project) -> None:
    files = db.source("files", folder("docs"), readers=lambda path: ["*"] if path == "open.md" else ["staff"])
    docs = files.derive("docs", parse)
    docs.derive("chunks", chunk(), embed(model="hash"), carry=["path"]).index(text="text", vector="embedding")
""", encoding="utf-8")
    assert _run(tmp_path, "run", "-q").returncode == 0
    for command in (["show", "docs"], ["search", "vault code"], ["status"], ["sql", "select path, text from docs"]):
        kim, lee = (_run(tmp_path, *command, "--as", person) for person in ("kim", "lee"))
        assert "4711" not in kim.stdout + kim.stderr
        assert "closed" not in kim.stdout + kim.stderr
        assert kim.stdout != lee.stdout
    missing, denied = (_run(tmp_path, "trace", f"files:{name}.md", "--as", "kim") for name in ("absent", "closed"))
    assert (missing.returncode, missing.stderr.replace("absent", "closed")) == (denied.returncode, denied.stderr)
    assert _run(tmp_path, "ask", "what is the vault code?", "--as", "kim", "--json").stdout.count("4711") == 0
    assert "staff" in _run(tmp_path, "who-can-read", "files:closed.md").stdout
    assert "closed.md" in _run(tmp_path, "why-not", "kim", "docs:closed.md").stdout


def test_the_pipeline_of_a_plain_folder_takes_readers(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("# 안내\n\n대출은 14일이다.", encoding="utf-8")
    db = saem.Project(str(tmp_path / "state"))
    documents(db, str(tmp_path), readers=["staff"])
    assert db.tables["files"].readers == ["staff"]
