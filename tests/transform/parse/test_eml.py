"""Mail as it really comes: Korean encodings, HTML bodies, attachments that can be read and that cannot."""
import base64
import datetime
import io
import pathlib
import zipfile
from email.message import EmailMessage

import pytest

from saem.core.errors import SaemError
from saem.transform.parse import _joined, eml
from saem.transform.parse import zip as zip_parser
from tests.transform.parse.test_tables_and_code import places

DATA = pathlib.Path(__file__).parents[2] / "data"


def letter(subject: str = "대출 규정 안내", body: str = "연체료는 하루 100원입니다.\n", charset: str = "utf-8") -> EmailMessage:
    mail = EmailMessage()
    mail["Subject"] = subject
    mail["From"] = "김샘 <kim@school.kr>"
    mail["To"] = "Lee <lee@school.kr>, 박솔 <park@school.kr>"
    mail["Date"] = "Fri, 26 Jul 2024 10:30:00 +0900"
    mail.set_content(body, charset=charset)
    return mail


def test_subject_author_date_and_body() -> None:
    parsed = eml.parse(letter().as_bytes(), "a.eml")
    assert (parsed.title, parsed.author) == ("대출 규정 안내", "김샘")
    assert parsed.created == datetime.datetime(2024, 7, 26, 1, 30, tzinfo=datetime.UTC)
    early = letter()
    early.replace_header("Date", "Fri, 26 Jul 2024 08:30:00 +0900")
    assert eml.parse(early.as_bytes(), "a.eml").date == datetime.date(2024, 7, 26), "by the clock of the sender"
    assert parsed.text == ("대출 규정 안내\n\n보낸 사람: 김샘 <kim@school.kr>\n받는 사람: Lee <lee@school.kr>, 박솔 <park@school.kr>\n"
                           "날짜: Fri, 26 Jul 2024 10:30:00 +0900\n\n연체료는 하루 100원입니다.")
    places(parsed)


@pytest.mark.parametrize("declared", ["euc-kr", "ks_c_5601-1987", "cp949", "", "us-ascii", "utf-8", "iso-8859-1x"])
@pytest.mark.parametrize("encoding", ["cp949", "utf-8"])
def test_bodies_and_headers_are_read_whatever_the_mail_says_of_their_encoding(declared: str, encoding: str) -> None:
    text = "똠방각하 펲시콜라: 도서관 연체료 안내입니다. 대출 기간은 14일입니다."          # with syllables that EUC-KR does not have
    subject = base64.b64encode("연체료 안내".encode(encoding)).decode()
    charset = f"; charset={declared}" if declared else ""
    mail = (f"From: =?{declared or 'euc-kr'}?B?{base64.b64encode('김샘'.encode(encoding)).decode()}?= <kim@school.kr>\r\n"
            f"Subject: =?{declared or 'euc-kr'}?B?{subject}?=\r\nContent-Type: text/plain{charset}\r\n"
            "Content-Transfer-Encoding: 8bit\r\n\r\n")
    parsed = eml.parse(mail.encode() + text.encode(encoding), "a.eml")
    assert text in parsed.text
    assert (parsed.title, parsed.author) == ("연체료 안내", "김샘")


def test_headers_of_bare_bytes_and_words_split_within_a_character() -> None:
    parsed = eml.parse("From: 김샘 <kim@school.kr>\nSubject: 연체료 안내문입니다\n\nbody".encode("cp949"), "a.eml")
    assert (parsed.title, parsed.author) == ("연체료 안내문입니다", "김샘")
    whole = "연체료".encode("cp949")
    words = " ".join(f"=?euc-kr?B?{base64.b64encode(part).decode()}?=" for part in (whole[:3], whole[3:]))
    assert eml.parse(f"Subject: {words}\n\nbody".encode(), "a.eml").title == "연체료"


def test_of_plain_and_html_one_is_read_and_a_stub_gives_way() -> None:
    page = ("<html><body><h1>연체료</h1><p>하루 100원입니다. 최대 10,000원입니다.</p>"
            "<table><tr><td>책</td><td>100</td></tr></table></body></html>")
    mail = letter(body="연체료는 하루 100원입니다. 최대 10,000원입니다.\n")
    mail.add_alternative(page, subtype="html")
    assert eml.parse(mail.as_bytes(), "a.eml").text.count("100원") == 1
    mail = letter(body="HTML only.\n")
    mail.add_alternative(page, subtype="html")
    parsed = eml.parse(mail.as_bytes(), "a.eml")
    assert "HTML only" not in parsed.text
    assert "책 | 100" in parsed.text
    assert [(h.level, h.text) for h in parsed.headings] == [(1, "대출 규정 안내"), (2, "연체료")]
    places(parsed)


def test_attachments_follow_under_their_names_and_what_cannot_be_read_is_told() -> None:
    mail = letter()
    mail.add_attachment("이름;학년\n김샘;3\n".encode("cp949"), maintype="text", subtype="csv", filename="학생 명단.csv")
    mail.add_attachment((DATA / "library_ko.pdf").read_bytes(), maintype="application", subtype="pdf", filename="library.pdf")
    mail.add_attachment((DATA / "encrypted.pdf").read_bytes(), maintype="application", subtype="pdf", filename="secret.pdf")
    mail.add_attachment(b"%PDF-1.7 rubbish", maintype="application", subtype="pdf", filename="broken.pdf")
    mail.add_attachment(b"\x00\x01", maintype="application", subtype="x-thing", filename="thing.bin")
    mail.add_attachment("# Notes\n\nBring books.", subtype="markdown", filename="../../notes.md")
    parsed = eml.parse(mail.as_bytes(), "a.eml")
    assert "학생 명단.csv\n\n이름: 김샘 | 학년: 3" in parsed.text
    assert [h.text for h in parsed.headings if h.level == 2] == ["학생 명단.csv", "library.pdf", ".._.._notes.md"]
    assert (3, "Notes") in [(h.level, h.text) for h in parsed.headings]
    assert "연체료" in parsed.text[parsed.text.index("library.pdf"):]
    assert [what.split(":")[0] for what in parsed.missing] == [f"attachment '{name}'" for name in ("secret.pdf", "broken.pdf", "thing.bin")]
    assert "password" in parsed.missing[0]
    places(parsed)


def test_a_forwarded_mail_is_read_and_a_thousandfold_one_ends() -> None:
    inner = letter("Inner", "The inner text.\n")
    inner.add_attachment(b"a,b\n1,2\n", maintype="text", subtype="csv", filename="t.csv")
    mail = letter("Outer", "See below.\n")
    mail.add_attachment(inner)
    parsed = eml.parse(mail.as_bytes(), "a.eml")
    assert [(h.level, h.text) for h in parsed.headings] == [(1, "Outer"), (2, "Inner"), (3, "t.csv")]
    assert parsed.title == "Outer"
    for _ in range(10):
        outer = letter("Again", "text\n")
        outer.add_attachment(mail)
        mail = outer
    parsed = eml.parse(mail.as_bytes(), "a.eml")
    assert parsed.text.count("Again") == 5
    assert "4 deep" in parsed.missing[0]


def test_a_mail_of_attachments_alone_is_a_mail() -> None:
    mail = EmailMessage()
    mail["From"] = "kim@school.kr"
    mail.add_attachment(b"a,b\n1,2\n", maintype="text", subtype="csv", filename="t.csv")
    parsed = eml.parse(mail.as_bytes(), "a.eml")
    assert parsed.text == "From: kim@school.kr\n\nt.csv\n\na: 1 | b: 2"
    assert parsed.author == "kim@school.kr"


@pytest.mark.parametrize("content", [b"", b"hello", b"\x00\x01\x02" * 100, b"From nobody\n\n", "그냥 글입니다.".encode(),
                                     b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(5000))])
def test_what_is_no_mail_is_refused(content: bytes) -> None:
    with pytest.raises(SaemError) as error:
        eml.parse(content, "a.eml")
    assert error.value.code in ("E404", "E401")


@pytest.mark.parametrize("damage", [
    b"Content-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: text/plain\n\nopen end",
    b"Content-Type: multipart/mixed\n\nno boundary at all",
    b"Content-Type: text/plain; charset=martian\n\nplain",
    b"Content-Type: text/plain\nContent-Transfer-Encoding: base64\n\nnot!base64!!",
    b"Content-Type: text/plain\nContent-Transfer-Encoding: martian\n\nplain",
    b"Date: yesterday\nContent-Type: \xff\xfe\n\nplain",
    b"Subject: =?utf-8?B?!!!?= =?x?y?z?=\n\nplain",
    b"Content-Disposition: attachment; filename*=utf-8''%ff%fe\n\nplain",
    b"Content-Type: message/rfc822\n\n", b"Content-Type: text/html\n\n<script>",
    b"Content-Type: multipart/alternative; boundary=x\n\n--x--\n"])
def test_a_damaged_mail_gives_what_it_has(damage: bytes) -> None:
    parsed = eml.parse(b"From: Kim <kim@school.kr>\n" + damage, "a.eml")
    assert parsed.author == "Kim"
    assert parsed.text.startswith(("From: Kim", "="))
    places(parsed)


def test_what_only_the_html_says_and_archives_in_archives_are_read_and_the_depth_ends() -> None:
    import io
    import zipfile
    from email.message import EmailMessage

    def packed(name: str, content: bytes) -> bytes:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as file:
            file.writestr(name, content)
        return out.getvalue()

    mail = EmailMessage()
    mail["Subject"], mail["From"] = "Rooms", "kim@school.kr"
    mail.set_content("The code of room 3 is MR-3107 from April\non, for everyone in the school.")
    mail.add_alternative("<p>The code of room <b>3</b> is MR-3107 from April on, for everyone in the school.</p><p>Keys lie in box 9.</p>",
                         subtype="html")
    inner = packed("deep.txt", "깊은 곳의 금고 번호는 404".encode())
    mail.add_attachment(packed("inner.zip", inner), maintype="application", subtype="zip", filename="a.zip")
    for _ in range(6):
        inner = packed("more.zip", inner)
    mail.add_attachment(inner, maintype="application", subtype="zip", filename="bottomless.zip")
    parsed = eml.parse(bytes(mail), "a.eml")
    assert parsed.text.count("MR-3107") == 1
    assert "Keys lie in box 9." in parsed.text
    assert "a.zip\n\ninner.zip\n\ndeep.txt\n\n깊은 곳의 금고 번호는 404" in parsed.text
    assert len(parsed.missing) == 1
    assert parsed.missing[0].startswith("attachment 'bottomless.zip': none of its 1 files")


def test_archives_in_archives_share_one_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    def packed(files: dict[str, bytes]) -> bytes:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
            for name, content in files.items():
                file.writestr(name, content)
        return out.getvalue()

    monkeypatch.setattr(_joined, "MAX_FILES", 25)
    inner = packed({f"{k}.txt": f"The code of room {k} is {k * k}.".encode() for k in range(10)})
    middle = packed({f"{k}.zip": inner for k in range(10)})
    made = zip_parser.parse(packed({f"{k}.zip": middle for k in range(10)}), "a.zip")
    assert made.text.count("The code of room") < 25
    assert any("more than 25 files" in each for each in made.missing)
    assert made.missing[-1].startswith("the last 9 files")
    assert len(made.missing) < 12
