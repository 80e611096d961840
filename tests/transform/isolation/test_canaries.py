"""What a parser must not do, done by a parser: nothing comes of it, and the next file is read. Without the walls it would have worked."""
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from saem.core.errors import SaemError
from saem.transform.isolation.limits import Limits
from saem.transform.isolation.pool import Pool
from saem.transform.isolation.process import Process
from tests.transform.isolation.conftest import ROOM

MODULE = "saem.transform.parse.canary"
ENDS = {    # act -> the code of the reason
    "memory 10": "E409", "many_small 4": "E409", "loop": "E408", "deaf_loop": "E408", "sleep": "E408", "segfault": "E410", "abort": "E410",
    "leave 0": "E410", "leave 3": "E410", "leave_politely": "E410", "fail": "E410", "recurse": "E410", "overflow": "E408 E410",
    "flood": "E407",
    "nonsense": "E410", "blame": "E410", "lie": "E410", "half": "E410", "other": "E410",
}
MARKS = ("write", "write_from_c", "link", "make_folder", "start", "start_from_c", "become", "fork", "touch_parent")     # they make a file
SPOILS = ("remove", "rename", "truncate", "change_mode", "write")                                                 # they change one


def outside(act: str, argument: str = "") -> bool:
    """The same act in a process without walls: whether it ends well."""
    code = f"import sys; sys.path.insert(0, {ROOM!r}); import canary; getattr(canary, {act!r})({argument!r})"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=60, check=False).returncode == 0


def asked(pool: Pool, act: str, argument: object = "") -> str:
    """The code of the reason why it failed, or the text of the document."""
    try:
        return pool.parse(MODULE, f"{act} {argument}".encode(), "a.canary").text
    except SaemError as error:
        return error.code


def assert_next_file_is_read(pool: Pool) -> None:
    assert pool.parse("saem.transform.parse.html", b"<p>the next file", "a.html").text == "the next file"


@pytest.mark.parametrize("act", ENDS)
def test_what_ends_a_parser_ends_its_own_file_only(pool: Pool, act: str) -> None:
    assert_next_file_is_read(pool)
    assert asked(pool, *act.split()) in ENDS[act].split()
    assert_next_file_is_read(pool)


@pytest.mark.parametrize("act", MARKS)
def test_a_parser_leaves_nothing_behind(pool: Pool, act: str, tmp_path: Path) -> None:
    assert asked(pool, act, tmp_path / "inside") == "E410"
    assert os.listdir(tmp_path) == []
    assert_next_file_is_read(pool)
    assert outside(act, str(tmp_path / "outside"))
    assert os.path.lexists(tmp_path / "outside")


@pytest.mark.parametrize("act", SPOILS)
def test_a_parser_changes_no_file(pool: Pool, act: str, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("precious")
    before = (os.listdir(tmp_path), file.read_text(), file.stat().st_mode)
    assert asked(pool, act, file) == "E410"
    assert (os.listdir(tmp_path), file.read_text(), file.stat().st_mode) == before
    assert outside(act, str(file))
    assert not file.exists() or (os.listdir(tmp_path), file.read_text(), file.stat().st_mode) != before


@pytest.mark.parametrize("act", ["connect", "connect_from_c", "send"])
def test_a_parser_reaches_nobody(pool: Pool, act: str) -> None:
    kind = socket.SOCK_DGRAM if act == "send" else socket.SOCK_STREAM
    with socket.socket(socket.AF_INET, kind) as server:
        server.bind(("127.0.0.1", 0))
        if act != "send":
            server.listen()
        server.settimeout(0.3)
        port = server.getsockname()[1]
        assert asked(pool, act, port) == "E410"
        with pytest.raises(TimeoutError):
            server.recv(1) if act == "send" else server.accept()
        assert outside(act, str(port))
        assert server.recv(6) if act == "send" else server.accept()


def test_a_parser_reads_no_other_file(pool: Pool, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("the secret")
    if "reading other files" not in kept_from(tmp_path / "secret"):
        pytest.skip("this kernel has no Landlock: docs/explanation/safety.md says so")
    for path in (tmp_path / "secret", "/etc/passwd", f"/proc/{os.getpid()}/environ", f"/proc/{os.getpid()}/mem"):
        assert asked(pool, "read", path) == "E410"
    assert outside("read", str(tmp_path / "secret"))


def test_a_parser_knows_no_secret_of_the_environment(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "the secret")
    assert asked(pool, "environment", "OPENAI_API_KEY") == "E410"
    assert outside("environment", "OPENAI_API_KEY")


def test_a_parser_cannot_raise_its_limits(pool: Pool) -> None:
    assert asked(pool, "raise_limits") == "E410"


def test_what_a_library_prints_disturbs_nothing(pool: Pool) -> None:
    assert asked(pool, "print_much") == "done: printed"


def kept_from(file: Path) -> list[str]:
    process = Process(Limits())
    try:
        return process.probe(str(file))
    finally:
        process.end()


def test_doctor_tries_what_is_forbidden_and_tells_what_holds(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert {"network", "writing files", "other programs"} <= set(kept_from(tmp_path / "file"))


def test_no_process_outlives_a_killed_saem(tmp_path: Path) -> None:
    code = ("from saem.transform.isolation.pool import shared; import threading, time\n"
            "pool = shared(); pool.parse('saem.transform.parse.html', b'<p>text', 'a.html'); print(*pool.pids(), flush=True)\n"
            "time.sleep(100)")
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as saem:
        assert saem.stdout is not None
        pid = int(saem.stdout.readline())
        os.kill(pid, 0)
        saem.kill()
    for _ in range(100):
        if not _is_alive(pid):
            return
        time.sleep(0.05)
    pytest.fail("the process is still there")


def test_a_killed_process_loses_its_own_file_and_no_other(pool: Pool) -> None:
    reasons: list[str] = []
    asking = threading.Thread(target=lambda: reasons.append(asked(pool, "sleep")))
    asking.start()
    assert_next_file_is_read(pool)
    asking.join(30)
    assert reasons == ["E408"]
    assert_next_file_is_read(pool)


def test_processes_are_kept_from_file_to_file(pool: Pool) -> None:
    assert_next_file_is_read(pool)
    kept = pool.pids()
    for _ in range(20):
        assert_next_file_is_read(pool)
    assert pool.pids() == kept
    pool.close()
    assert not any(map(_is_alive, kept))


def _is_alive(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            return file.read().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False
