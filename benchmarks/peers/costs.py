"""What a step costs: the process that runs it, and the server that it may leave running (Pixeltable's Postgres).

CPU seconds of the process and its children are those of wait4. A server is no child: its accounts are read from /proc, before and
after; those of its own children that have ended are in its books. Memory is sampled, as the sum of proportional set sizes (PSS),
so that pages shared by several processes count once.
"""
import os
import signal
import subprocess
import threading
import time
from dataclasses import dataclass, field
from typing import Any

SAMPLE_S = 0.2
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Cost:
    """code: of the process, negative for the signal that ended it; output: all that it printed; results: of its steps."""
    wall_s: float
    cpu_s: float
    peak_mb: float
    code: int
    output: str
    results: list[dict[str, Any]] = field(default_factory=list)

    @property
    def result(self) -> dict[str, Any]:
        return self.results[-1]


def run(argv: list[str], environment: dict[str, str], server: str, log: str, timeout_s: float) -> Cost:
    """Run a command to its end. server: the file that names the server's process, if there is one."""
    before, started = server_cpu_s(server), time.perf_counter()
    with open(log, "w+b") as output:
        process = subprocess.Popen(argv, env=environment, stdout=output, stderr=subprocess.STDOUT, start_new_session=True)
        peak, is_over = [0.0], threading.Event()
        watching = threading.Thread(target=_watch, args=(process.pid, server, peak, is_over, started + timeout_s))
        watching.start()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        wall_s = time.perf_counter() - started
        is_over.set()
        watching.join()
        output.seek(0)
        printed = output.read().decode(errors="replace")
    cpu_s = used.ru_utime + used.ru_stime + server_cpu_s(server) - before
    return Cost(wall_s, cpu_s, max(peak[0], used.ru_maxrss / 1024), process.returncode, printed)


def _watch(pid: int, server: str, peak: list[float], is_over: threading.Event, until: float) -> None:
    while not is_over.wait(SAMPLE_S):
        peak[0] = max(peak[0], sum(_pss_mb(each) for each in [pid, *_family(server_pid(server))]))
        if time.perf_counter() > until:
            os.killpg(pid, signal.SIGKILL)
            return


def server_pid(server: str) -> int:
    """0 when none runs."""
    try:
        with open(server, encoding="utf-8") as file:
            pid = int(file.readline())
        os.kill(pid, 0)
        return pid
    except (OSError, ValueError):
        return 0


def server_cpu_s(server: str) -> float:
    """Of the server, its living children, and those that have ended."""
    pid = server_pid(server)
    if not pid:
        return 0.0
    mine, *others = (_accounts(each) for each in _family(pid))
    return (sum(mine) + sum(user + system for user, system, *_ in others)) / TICKS


def stop_server(server: str) -> None:
    """As Postgres' manual says: SIGINT is the fast and orderly end."""
    pid = server_pid(server)
    if pid:
        os.kill(pid, signal.SIGINT)
        until = time.monotonic() + 20
        while server_pid(server) and time.monotonic() < until:
            time.sleep(0.1)


def _family(pid: int) -> list[int]:
    if not pid:
        return []
    try:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
            return [pid, *map(int, file.read().split())]
    except OSError:
        return [pid]


def _accounts(pid: int) -> list[int]:
    """utime, stime, cutime, cstime in ticks."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            return [int(each) for each in file.read().rpartition(")")[2].split()[11:15]]
    except OSError:
        return [0, 0, 0, 0]


def _pss_mb(pid: int) -> float:
    try:
        with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
            return next((int(line.split()[1]) / 1024 for line in file if line.startswith("Pss:")), 0.0)
    except OSError:
        return 0.0
