"""Draw docs/images/terminal.svg from what the commands really print: python docs/make_picture.py"""
import pathlib
import shutil
import subprocess
import sys
import tempfile

from rich.console import Console
from rich.text import Text

ROOT = pathlib.Path(__file__).parents[1]
ASKED = ("연체료는 얼마인가요?", "How much of the tuition is refunded in the second week?", "수영장은 몇 시에 여나요?")


def main() -> None:
    console = Console(record=True, width=100, file=open("/dev/null", "w"))  # noqa: SIM115
    with tempfile.TemporaryDirectory() as place:
        shutil.copytree(ROOT / "examples" / "handbook", pathlib.Path(place) / "handbook")

        def show(*arguments: str) -> str:
            console.print(Text("$ saem " + " ".join(f'"{a}"' if " " in a else a for a in arguments), style="bold green"))
            command = [sys.executable, "-m", "saem.cli.main", *arguments]
            done = subprocess.run(command, cwd=place, capture_output=True, text=True, check=True)
            console.print(done.stdout.rstrip(), markup=False, highlight=False)
            last = done.stderr.strip().splitlines()[-1]
            console.print(Text(last + "\n", style="dim"))
            return last

        for question in ASKED:
            last = show("ask", "handbook", question)
            if question == ASKED[0]:
                traced = last.split("saem ")[1].split(" ")
        show(*traced)
    target = ROOT / "docs" / "images" / "terminal.svg"
    target.parent.mkdir(exist_ok=True)
    console.save_svg(str(target), title="saem")


if __name__ == "__main__":
    main()
