"""What can be counted of a text, about forty numbers a row: the values that rules compare, stored once per content."""
import re
from unicodedata import normalize

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from saem.core.operator import operator
from saem.core.versions import versions
from saem.curate.characters import classes
from saem.curate.language_model import model
from saem.curate.requiring import compiled
from saem.curate.words import word_hints, word_table
from saem.transform.language import LIBRARIES, UNKNOWN, identify

RATIOS: dict[str, tuple[str, str]] = {  # signal: what is counted, of how many
    "mean_word_chars": ("word_chars", "words"),
    "hash_ratio": ("hashes", "tokens"),
    "ellipsis_ratio": ("ellipses", "tokens"),
    "bullet_lines": ("bullet_lines", "breaks"),
    "ellipsis_lines": ("ellipsis_lines", "breaks"),
    "alpha_words": ("alpha_tokens", "tokens"),
    "repeated_paragraphs": ("repeated_paragraphs", "paragraphs"),
    "repeated_paragraph_chars": ("repeated_paragraph_chars", "chars"),
    "repeated_lines": ("repeated_lines", "repeated_line_parts"),
    "repeated_line_chars": ("repeated_line_chars", "chars"),
    **{f"top_{n}_words": (f"run{n}", "chars") for n in (2, 3, 4)},
    **{f"repeated_{n}_words": (f"run{n}", "chars") for n in range(5, 11)},
    "stopped_lines": ("stopped_lines", "lines"),
    "short_lines": ("short_lines", "lines"),
    "copied_line_chars": ("line_copy_chars", "shown_chars"),
    "newline_ratio": ("newlines", "tokens"),
    "hangul_ratio": ("hangul", "letters"),
    "jamo_ratio": ("jamo", "letters"),
    "particle_ratio": ("particles", "hangul_pieces"),
    "mean_hangul_chars": ("hangul", "hangul_pieces"),
    "single_hangul_ratio": ("single_hangul", "hangul_pieces"),
    "korean_stop_words": ("korean_stops", "pieces"),
    "digit_ratio": ("digits", "chars"),
    "toxic_ratio": ("toxic", "pieces"),
    "boilerplate_lines": ("boilerplate_lines", "breaks"),
}
COUNTS = {"chars": "chars", "words": "words", "c4_sentences": "c4_sentences", "curly_lines": "c4_curly", "lorem_lines": "c4_lorem"}
PATTERNS = ("urls", "blocked_urls", "emails", "phones", "resident_numbers", "cards", "addresses")
SIGNALS = (*COUNTS, "stop_words", *RATIOS, *PATTERNS, "bits_per_byte")
ADDS = pa.schema(
    [("language", pa.string()), *((name, pa.int32() if name in COUNTS or name in PATTERNS else pa.float32()) for name in SIGNALS)]
)
MIN_SCRIPT, MIN_ENGLISH = .3, .1     # shares of letters and of words that tell a language
SCRIPTS, SCRIPT = ("ko", "ja", "zh"), re.compile(r"[\uac00-\ud7a3\u1100-\u11ff\u3041-\u30ff\u3131-\u318e\u3400-\u9fff]+")
SAMPLE = 300                         # characters that the language model is shown, where script and words do not tell


def _shown(rows: pa.Schema, column: str = "text", **_: object) -> list[str]:
    """What signals do not carry on: the text itself, and every list and vector."""
    return [field.name for field in rows if field.name == column or pa.types.is_nested(field.type) or pa.types.is_large_binary(field.type)]


def _memo(rows: pa.Schema, column: str = "text", **_: object) -> list[str]:
    return [column]


@operator(version="1", adds=ADDS, memo=_memo, consumes=_shown, depends=lambda **_: [f"model={model().version}", *versions(LIBRARIES)])
def measure(
    rows: pa.Table, column: str = "text", toxic_words: list[str] | None = None, blocked_domains: list[str] | None = None
) -> pa.Table:
    """The signals of a text, in place of the text; equal texts are measured once.

    column           the text
    toxic_words      words that count as toxic, beside the short lists of the package; Korean ones match the beginning of a word
    blocked_domains  hosts whose addresses are counted as `blocked_urls`, with all that ends in them

    Ratios lie in 0 to 1 (but `top_N_words` above 1 where runs overlap), lengths are characters, `bits_per_byte` is how badly a small
    model of clean text predicts it (TRC-31). Hangul in single letters (NFD, as a Mac writes) is measured as the syllables it stands for.
    """
    texts = rows[column]
    counted, found, bits = counts(texts, tuple(toxic_words or ()), tuple(blocked_domains or ()))
    made = {"language": pa.array(languages(texts, counted), pa.string())}
    for name, source in COUNTS.items():
        made[name] = pa.array(np.minimum(counted[source], 2**31 - 1), pa.int32())
    stops = counted["gopher_stops"]
    made["stop_words"] = pa.array(sum((stops >> bit & 1 for bit in range(8)), np.zeros(len(rows), np.int64)), pa.float32())
    for name, (part, whole) in RATIOS.items():
        made[name] = pa.array(counted[part] / np.maximum(1, counted[whole]), pa.float32())
    for name in PATTERNS:
        made[name] = pa.array(found[name], pa.int32())
    made["bits_per_byte"] = pa.array(bits, pa.float32())
    kept = [name for name in rows.column_names if name not in made]
    return pa.table([rows[name] for name in kept] + [made[name] for name in ADDS.names], names=[*kept, *ADDS.names])


Counts = tuple[dict[str, np.ndarray], dict[str, np.ndarray], np.ndarray]


def counts(texts: pa.ChunkedArray, toxic: tuple[str, ...] = (), blocked: tuple[str, ...] = ()) -> Counts:
    """What the kernels count: ({name: (n,) int64}, {pattern: (n,) int64}, (n,) bits a byte). Null is the empty text."""
    made = _counts(texts, toxic, blocked)
    with_jamo = np.flatnonzero(made[0]["jamo"])
    held = texts.take(pa.array(with_jamo)).to_pylist() if len(with_jamo) else []
    composed = [normalize("NFC", text) for text in held]
    differs = [number for number, (was, now) in enumerate(zip(held, composed, strict=True)) if was != now]
    if differs:
        again = _counts(pa.chunked_array([pa.array([composed[number] for number in differs], pa.large_string())]), toxic, blocked)
        for part, new in zip(made[:2], again[:2], strict=True):
            for name, values in part.items():
                values[with_jamo[differs]] = new[name]
        made[2][with_jamo[differs]] = again[2]
    return made


def _counts(texts: pa.ChunkedArray, toxic: tuple[str, ...], blocked: tuple[str, ...]) -> Counts:
    statistics, patterns, prediction = compiled("statistics"), compiled("patterns"), compiled("prediction")
    buffer, offsets = buffers(texts)
    rows, longest = len(offsets) - 1, int(np.diff(offsets).max(initial=0))
    out = np.empty((rows, len(statistics.COUNTED)), np.int64)
    parting, lists = statistics.bytes_that_part(classes()), (word_table(toxic), word_hints(toxic))
    statistics.count_all(buffer, offsets, longest, parting, classes(), *lists, out)
    found = np.empty((rows, len(patterns.COUNTED)), np.int64)
    hosts = np.array(sorted(map(patterns.domain_hash, blocked)), np.uint64)
    patterns.count_patterns(buffer, offsets, hosts, found)
    bits = np.empty(rows, np.float32)
    prediction.bits_per_byte(buffer, offsets, *model().tables, bits)
    counted = dict(zip(statistics.COUNTED, out.T, strict=True))
    counted["shown_chars"] = counted["chars"] - counted["newlines"]
    return counted, dict(zip(patterns.COUNTED, found.T, strict=True)), bits


def buffers(texts: pa.ChunkedArray) -> tuple[np.ndarray, np.ndarray]:
    """(bytes, (n + 1,) int64 offsets) of a text column, without a copy where it is one chunk of large strings."""
    whole = texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts
    if isinstance(whole, pa.ChunkedArray):
        whole = pa.concat_arrays(whole.chunks) if whole.num_chunks else pa.array([], pa.large_string())
    whole = whole.fill_null("").cast(pa.large_string())
    _, offsets, data = whole.buffers()
    if not len(whole):
        return np.zeros(0, np.uint8), np.zeros(1, np.int64)
    places = np.frombuffer(offsets, np.int64, len(whole) + 1, 8 * whole.offset)
    return np.frombuffer(data, np.uint8) if data is not None and data.size else np.zeros(0, np.uint8), places


def languages(texts: pa.ChunkedArray, counted: dict[str, np.ndarray]) -> list[str]:
    """ISO 639-1 codes: by script and by the commonest English words where those tell, else `transform.language` sees a sample."""
    letters = np.maximum(1, counted["letters"])
    hangul, asian = counted["hangul"] / letters, (counted["kana"] + counted["han"]) / letters
    is_english = (counted["the"] > 0) & (counted["english"] >= MIN_ENGLISH * counted["pieces"])
    told = np.select(
        [
            counted["letters"] == 0,
            hangul >= MIN_SCRIPT,
            (asian >= MIN_SCRIPT) & (counted["kana"] > 0.05 * (counted["kana"] + counted["han"])),
            asian >= MIN_SCRIPT,
            is_english,
        ],
        [UNKNOWN, "ko", "ja", "zh", "en"],
        "",
    )
    rest = np.flatnonzero(told == "")
    found: list[str] = told.tolist()
    samples = pc.utf8_slice_codeunits(texts.take(pa.array(rest)), 0, SAMPLE).to_pylist() if len(rest) else []
    codes = identify([text or "" for text in samples])
    other = [number for number, code in enumerate(codes) if code in SCRIPTS]      # a Korean title over a text that is not: see below it
    below = texts.take(pa.array(rest[other])).to_pylist() if other else []
    for number, code in zip(other, identify([SCRIPT.sub(" ", text)[:SAMPLE] for text in below]), strict=True):
        codes[number] = code
    for place, code in zip(rest.tolist(), codes, strict=True):
        found[place] = code
    return found
