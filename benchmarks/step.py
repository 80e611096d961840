"""One step in a fresh process, and what the operating system says that it cost.

The accounts are those of wait4: CPU seconds of the process and of the children that it waited for, and the largest
resident set of any of them. Nothing is sampled. This module imports nothing large on purpose: Linux counts the parent's
memory as the child's until the child has begun.
"""
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import Any

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
POLL_S = 0.01


@dataclass(frozen=True)
class Cost:
    """result: what the job returned; None if it was killed."""
    wall_s: float
    cpu_s: float
    peak_mb: float
    result: Any


def run(job: str, *, kill_when: tuple[str, int] | None = None, **settings: Any) -> Cost:
    """Run `jobs/MODULE.py:FUNCTION` with settings in a fresh process.

    kill_when  (file, bytes): kill -9 once the file has grown to so many bytes
    """
    return command([sys.executable, "-m", "benchmarks.step", job, json.dumps(settings)], kill_when)


def command(argv: list[str], kill_when: tuple[str, int] | None = None) -> Cost:
    """Run any command; its last line is read as JSON, if it is."""
    own = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}      # users' Pythons keep bytecode
    paths = [ROOT, os.path.join(ROOT, "src"), os.environ.get("PYTHONPATH", "")]
    started = time.perf_counter()
    process = subprocess.Popen(argv, cwd=ROOT, env={**own, "PYTHONPATH": os.pathsep.join(filter(None, paths))},
                               stdout=subprocess.PIPE, start_new_session=True)
    is_killed = kill_when is not None and _kill(process, *kill_when)
    assert process.stdout is not None
    printed = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    wall_s = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode and not is_killed:
        raise SystemExit(f"{' '.join(argv)} ended with {process.returncode}")
    return Cost(wall_s, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, _result(printed))


def _kill(process: "subprocess.Popen[bytes]", file: str, size: int) -> bool:
    """Wait until the file is so large; False if the process ended before."""
    while not (os.path.exists(file) and os.path.getsize(file) >= size):
        if os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None:
            return False
        time.sleep(POLL_S)
    os.killpg(process.pid, signal.SIGKILL)
    return True


def _result(printed: bytes) -> Any:
    lines = printed.splitlines()
    try:
        return json.loads(lines[-1]) if lines else None
    except ValueError:
        return None


def main() -> None:
    """In the fresh process: call the job and print what it returns."""
    import importlib
    job, settings = sys.argv[1], json.loads(sys.argv[2])
    module, _, function = job.partition(":")
    result = getattr(importlib.import_module(f"benchmarks.jobs.{module}"), function)(**settings)
    print(json.dumps(result), flush=True)


if __name__ == "__main__":
    main()
