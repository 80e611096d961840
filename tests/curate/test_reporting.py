"""A report counts what was kept, dropped and flagged, and draws it: the bars are as long as the counts, in English and in Korean."""
import dataclasses
import re
import warnings
from pathlib import Path
from xml.etree import ElementTree

import pytest

from saem.core.errors import SaemError
from saem.curate import Policy, Rule, restore
from saem.curate.drawing import COLOURS, HANGUL_FONTS, drawn, write
from saem.curate.reporting import Report, RuleCount, report, summary
from tests.curate.test_decisions import LONG, Curation, Page

SHORT, WORDY = Rule("짧은 글", "chars", "<", 12, "a test", drops=True), Rule("wordy", "chars", ">", 40, "a test")
KOREAN = "도서관은 아홉 시에 문을 열고 여섯 시에 닫습니다"


@pytest.fixture
def made(tmp_path: Path) -> Report:
    c = Curation(tmp_path / "project", Policy({"*": (SHORT, WORDY)}, near_duplicate=.7, max_drop_per_source=1))
    c.put(*(Page(f"manual/{i}", f"{LONG} {i}", f"20{i:02}") for i in range(6)), Page("manual/tiny", "tiny"), Page("loose", LONG),
          Page("manual/long", LONG * 3), *(Page(f"공지/{i}", f"{KOREAN} {i}") for i in range(3)), Page("공지/짧음", "닫음"))
    c.run()
    c.tie("manual/1", "manual/2", .8)
    c.run()
    restore(c.overrides, "공지/짧음", by="kim")
    c.run()
    return report(c.decisions)


def test_rows_are_counted_by_rule_source_and_language(made: Report) -> None:
    assert (made.rows, made.kept, made.by, made.restored) == (13, 11, {"rule": 1, "duplicate": 1}, 1)
    assert {rule.rule: (rule.flagged, rule.dropped) for rule in made.rules} == {
        "짧은 글": (2, 1), "wordy": (1, 0), "duplicate.near": (1, 1)}
    assert [(group.name, group.before, group.after) for group in made.sources] == [("manual", 8, 6), ("공지", 4, 4), ("", 1, 1)]
    assert {group.name: (group.before, group.after) for group in made.languages}["ko"] == (4, 4)
    assert summary(made) == "11 of 13 rows are kept (85%); dropped by rule 1, by duplicate 1; 1 kept because a person said so"
    assert summary(made, "ko") == "13행 중 11행이 남음(85%); 빠진 까닭: 규칙 1, 중복 1; 사람이 남기라고 한 행 1"


@pytest.mark.parametrize(("language", "titles", "legend"), [
    ("en", ["rows per rule", "rows per source", "rows per language"], ["dropped", "kept"]),
    ("ko", ["규칙별 행 수", "출처별 행 수", "언어별 행 수"], ["빠짐", "남음"])])
def test_bars_are_as_long_as_the_counts(made: Report, language: str, titles: list[str], legend: list[str]) -> None:
    pytest.importorskip("matplotlib")
    panels = drawn(made, language).axes
    assert [panel.get_title(loc="left") for panel in panels] == titles
    sources = panels[1]
    kept, dropped = sources.containers
    assert [label.get_text() for label in sources.get_yticklabels()] == ["manual", "공지", "(none)" if language == "en" else "(없음)"]
    assert [bar.get_width() for bar in kept] == [6, 4, 1]
    assert [bar.get_width() for bar in dropped] == [2, 0, 0]
    assert [bar.get_x() for bar in dropped] == [6, 4, 1], "what is dropped goes on where what is kept ends"
    assert sorted(text.get_text() for text in sources.get_legend().get_texts()) == sorted(legend)
    assert [bar.get_width() for bar in panels[0].containers[0]] == [1, 1, 0], "dropped by duplicate, by the short rule, by the wordy one"


def test_pictures_and_pages_are_written_in_both_languages(made: Report, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    from matplotlib.font_manager import fontManager
    for language, title in (("en", "rows per source"), ("ko", "출처별 행 수")):
        picture, vector, page = (tmp_path / f"report-{language}.{kind}" for kind in ("png", "svg", "html"))
        with warnings.catch_warnings():
            if {font.name for font in fontManager.ttflist} & set(HANGUL_FONTS):
                warnings.simplefilter("error")      # matplotlib warns of letters that no font has: boxes would stand there
            for path in (picture, vector, page):
                write(made, str(path), language)
        assert picture.read_bytes().startswith(b"\x89PNG")
        drawing = ElementTree.parse(vector)
        words = [element.text for element in drawing.iter("{http://www.w3.org/2000/svg}text")]
        assert {"공지", "manual", "짧은 글", "wordy", title} <= set(words)
        assert vector.read_text("utf-8").count(f"fill: {COLOURS['kept']}") >= 3 + 1
        text = page.read_text("utf-8")
        assert f'<html lang="{language}">' in text
        assert summary(made, language) in text
        assert not re.search(r"<script|<link|<img|@import|src=", text), "it loads nothing else"


def test_a_suffix_or_language_that_no_report_has_is_told(made: Report, tmp_path: Path) -> None:
    with pytest.raises(SaemError, match="neither a page nor a picture"):
        write(made, str(tmp_path / "report.pdf"))
    with pytest.raises(SaemError, match="no report is in the language 'fr'"):
        write(made, str(tmp_path / "report.svg"), "fr")


def test_bars_that_have_no_room_are_counted(made: Report) -> None:
    many = dataclasses.replace(made, rules=tuple(RuleCount(f"rule {i}", 1, 0) for i in range(25)))
    assert [axis.get_title(loc="left") for axis in drawn(many).axes] == [
        "rows per rule (and 5 more)", "rows per source", "rows per language"]
    assert drawn(many, "ko").axes[0].get_title(loc="left") == "규칙별 행 수 (그 밖에 5개)"


def test_a_folder_that_is_not_there_is_told(made: Report, tmp_path: Path) -> None:
    with pytest.raises(SaemError, match="E104.*no folder"):
        write(made, str(tmp_path / "nowhere" / "report.png"))


def test_a_name_with_dollar_signs_is_no_formula(made: Report, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    write(dataclasses.replace(made, rules=(RuleCount(r"$\bad{$", 1, 0),)), str(tmp_path / "report.svg"))
    assert r"$\bad{$" in (tmp_path / "report.svg").read_text("utf-8")
