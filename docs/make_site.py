"""Build the site, English and Korean, and fail for a link to nothing: python docs/make_site.py [FOLDER]"""
import pathlib
import sys

from sphinx.cmd.build import build_main

DOCS = pathlib.Path(__file__).parent


def build(target: pathlib.Path) -> int:
    """0, or the exit code of the language that failed. The two have a search of their own and each links to the other."""
    for language, source, place in (("en", DOCS, target), ("ko", DOCS / "ko", target / "ko")):
        options = ["-q", "-W", "--keep-going", "-c", str(DOCS), "-D", f"language={language}", "-d", str(target / ".doctrees" / language)]
        if code := build_main([*options, str(source), str(place)]):
            return code
    return 0


if __name__ == "__main__":
    sys.exit(build(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "site").resolve()))
