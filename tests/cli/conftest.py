"""The command line as a user meets it: arguments in, exit code and two streams out."""
import json
import os
import pathlib
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from saem.cli.main import main


@dataclass
class Result:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Saem = Callable[..., Result]


@pytest.fixture
def saem(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Saem:
    """Run `saem ARGUMENTS` in this process."""
    def run(*arguments: object) -> Result:
        monkeypatch.setattr(sys, "argv", ["saem", *map(str, arguments)])
        capsys.readouterr()
        try:
            main()
            code = 0
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else 1
        text = capsys.readouterr()
        return Result(code, text.out, text.err)
    return run


@pytest.fixture
def handbook(tmp_path: pathlib.Path) -> pathlib.Path:
    """A small folder of documents in two languages."""
    root = tmp_path / "handbook"
    (root / "ko").mkdir(parents=True)
    library = "# 도서관\n\n## 대출\n\n대출 기간은 14일입니다.\n\n## 연체료\n\n" \
              "도서 연체료는 한 권당 하루 100원이며, 최대 5,000원까지 부과됩니다.\n"
    (root / "ko" / "library.md").write_text(library, "utf-8")
    (root / "ko" / "dormitory.md").write_text("# 기숙사\n\n기숙사 통금 시간은 밤 11시입니다. 외박은 사감에게 알려야 합니다.\n", "utf-8")
    (root / "canteen.md").write_text("# Canteen\n\nLunch is served from 11:30 to 13:30. A lunch costs 5,500 won.\n", "utf-8")
    (root / "parking.txt").write_text("Parking\n\nVisitors park on the north side. Parking is free for the first two hours.\n", "utf-8")
    for path in root.rglob("*.*"):      # a file written this very moment is read again by the next run, to be sure
        os.utime(path, (1_750_000_000, 1_750_000_000))
    return root
