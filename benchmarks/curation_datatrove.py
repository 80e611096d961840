"""Runs datatrove's own filters over a table of texts, in an environment of its own: `python curation_datatrove.py TEXTS.parquet OUT.json`.

Writes for each filter the reason of each row ('' = kept) and the CPU seconds.
"""
import json
import sys
import time

import pyarrow.parquet as pq
from datatrove.data import Document
from datatrove.pipeline.filters import C4QualityFilter, FineWebQualityFilter, GopherQualityFilter, GopherRepetitionFilter


def main() -> None:
    texts = pq.read_table(sys.argv[1])["text"].to_pylist()
    found = {}
    for filter_class in (GopherQualityFilter, GopherRepetitionFilter, C4QualityFilter, FineWebQualityFilter):
        chosen = filter_class()
        chosen.filter(Document("A first sentence loads the tokenizer.", "0"))
        started, reasons = time.process_time(), []
        for number, text in enumerate(texts):
            try:
                kept = chosen.filter(Document(text, str(number)))
            except ZeroDivisionError:
                kept = False, "no words"
            reasons.append("" if kept is True else kept[1])
        found[filter_class.__name__] = {"reasons": reasons, "cpu_s": time.process_time() - started}
    with open(sys.argv[2], "w", encoding="utf-8") as file:
        json.dump(found, file)


if __name__ == "__main__":
    main()
