"""What shutting parsers in costs, and what it holds: PDF pages, 1,000 mixed files, hostile files."""
import os
import resource
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from benchmarks import hostile
from benchmarks.figure import Figure

HANDBOOK = Path(__file__).parents[1] / "examples" / "handbook"
PAGES, COPIES, MIXED = 200, 5, 1_000
TEXT_LAYER_MS = 1000 / 300            # the goal: 300 pages a second and core


def measure() -> Iterator[Figure]:
    yield from _pages()
    yield from _mixed()
    yield from _hostile()


def _pages() -> Iterator[Figure]:
    """The same document by PDFium alone, by our parser, and by our parser in its own process."""
    from pypdfium2 import PdfDocument

    from saem.transform.isolation.limits import Limits
    from saem.transform.isolation.process import Process
    from saem.transform.parse import pdf
    content = _document(PAGES)
    process = Process(Limits(), pdf.PROGRAMS)

    def text_layer() -> None:
        document = PdfDocument(content)
        for page in document:
            page.get_textpage().get_text_range()
        document.close()

    ways: dict[str, Callable[[], Any]] = {
        "text layer with pypdfium2": text_layer, "the parser, in-process": lambda: pdf.parse(content, "a.pdf"),
        "the parser, in a process of its own": lambda: process.parse(pdf.__name__, content, "a.pdf")}
    for name, work in ways.items():
        work()
        before, started = _cpu(process.pid), time.perf_counter()
        for _ in range(COPIES):
            work()
        wall, spent = time.perf_counter() - started, _cpu(process.pid) - before
        ms = spent * 1000 / (COPIES * PAGES)
        yield Figure(f"PDF page: {name}", ms, "CPU-ms", TEXT_LAYER_MS if "text layer" in name else None,
                     f"{1000 / ms:,.0f} pages/s and core; wall {wall / COPIES / PAGES * 1000:.2f} ms")
    process.end()


def _document(pages: int) -> bytes:
    """Pages of 40 lines of the handbook's English words."""
    from io import BytesIO

    from reportlab.pdfgen.canvas import Canvas
    words = " ".join(path.read_text("utf-8") for path in sorted(HANDBOOK.rglob("en/*.md"))).encode("ascii", "ignore").decode().split()
    out = BytesIO()
    canvas = Canvas(out)
    for page in range(pages):
        for line in range(40):
            start = (page * 40 + line) * 12 % max(1, len(words) - 12)
            canvas.drawString(50, 800 - 18 * line, " ".join(words[start:start + 12]))
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def _mixed() -> Iterator[Figure]:
    """The handbook's texts in every format that can be written in a few lines, 1,000 files."""
    from saem.core.errors import SaemError
    from saem.transform.isolation.pool import cores, shared
    from saem.transform.parse import parse
    files = [parse.inputs[0].row_class(name, content) for name, content in _mix(MIXED)]

    def attempt(file: Any) -> str:
        try:
            parse(file)
        except SaemError as error:
            return error.code
        return ""

    before, started = _cpu(), time.perf_counter()
    with ThreadPoolExecutor(cores()) as threads:
        outcomes = Counter(threads.map(attempt, files))
    wall, peak = time.perf_counter() - started, max((_peak_mb(pid) for pid in shared().pids()), default=0.0)
    shared().close()
    spent = _cpu() - before
    size = sum(len(file.content) for file in files) / 1e6
    failed = ", ".join(f"{code} {count}" for code, count in sorted(outcomes.items()) if code)
    yield Figure(f"{MIXED:,} mixed files", spent, "CPU-s", None, f"{MIXED / wall:,.0f} files/s, {size / wall:.1f} MB/s on the clock; "
                 f"{cores()} processes; not read: {failed or 'none'}")
    yield Figure("  peak memory, a process that parses", peak, "MB")
    yield Figure("  peak memory, saem itself", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, "MB")


def _mix(count: int) -> Iterator[tuple[str, bytes]]:
    texts = [path.read_text("utf-8") for path in sorted(HANDBOOK.rglob("*.md"))]
    data = Path(__file__).parents[1] / "tests" / "data"
    kinds = (".docx", ".pptx", ".xlsx", ".hwpx", ".pdf")
    samples = [(path.suffix, path.read_bytes()) for path in sorted(data.iterdir()) if path.suffix in kinds]
    makers: list[Callable[[str, int], tuple[str, bytes]]] = [
        lambda text, i: (".md", text.encode()), lambda text, i: (".txt", text.encode()),
        lambda text, i: (".txt", text.encode("cp949", "ignore")),
        lambda text, i: (".html", f"<title>{i}</title><main><p>{text.replace(chr(10), '<p>')}</main>".encode()),
        lambda text, i: (".csv", "\n".join(f'{n},"{line.replace(chr(34), chr(39))}"' for n, line in enumerate(text.split("\n"))).encode()),
        lambda text, i: (".eml", hostile.mail(text.encode(), b"Content-Type: text/plain; charset=utf-8\r\n")),
        lambda text, i: (".docx", hostile.docx(" ".join(text.replace("<", " ").replace("&", " ").split()))),
        lambda text, i: (".epub", hostile.epub(f"<html><body><p>{text.replace('<', ' ').replace('&', ' ')}</p></body></html>")),
        lambda text, i: samples[i % len(samples)]]
    for number in range(count):
        suffix, content = makers[number % len(makers)](texts[number % len(texts)] + f"\n\n{number}\n", number // len(makers))
        yield f"{number}{suffix}", content


def _hostile() -> Iterator[Figure]:
    from saem.core import registry
    from saem.core.errors import SaemError
    from saem.transform.isolation.limits import Limits, configure
    from saem.transform.parse import parse
    configure({"parse_seconds": 10})
    limit = Limits(parse_seconds=10).wall_seconds
    outcomes, slowest, wrong = Counter[str](), (0.0, ""), []
    with tempfile.TemporaryDirectory() as root:
        folder, secret = os.path.join(root, "a", "b"), os.path.join(root, "secret")
        Path(secret).write_text(hostile.SECRET, "utf-8")
        hostile.make(folder, secret, 9)
        names = [name for name in hostile.FILES if os.path.splitext(name)[1] in registry.parsers()]
        before = sorted(map(str, Path(root).rglob("*")))
        for name in names:
            started = time.perf_counter()
            try:
                document = parse(parse.inputs[0].row_class(name, Path(folder, name).read_bytes()))
                came = "secret told" if hostile.SECRET in document.text else hostile.READ
            except SaemError as error:
                came = error.code
            outcomes[came] += 1
            slowest = max(slowest, (time.perf_counter() - started, name))
            wrong += [name] if came not in hostile.FILES[name][1] else []
        outside = set(map(str, Path(root).rglob("*"))) ^ set(before)
        shutil.rmtree(folder)
    configure({})
    yield Figure(f"{len(names)} hostile files: crashes", outcomes["E410"], "", 0,
                 ", ".join(f"{k} {n}" for k, n in sorted(outcomes.items())))
    yield Figure("  hangs past the limit", float(slowest[0] > limit + 5), "", 0, f"slowest {slowest[0]:.1f} s: {slowest[1]}")
    yield Figure("  files written outside", len(outside), "", 0)
    yield Figure("  otherwise than expected", len(wrong), "", 0, ", ".join(wrong))


def _cpu(other: int = 0) -> float:
    """CPU-s of this process, of those that it has waited for, and of one that still runs."""
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime
    if other:
        fields = Path(f"/proc/{other}/stat").read_text("utf-8", errors="replace").rpartition(")")[2].split()
        spent += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return spent


def _peak_mb(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text("utf-8").splitlines()
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), 0.0)
