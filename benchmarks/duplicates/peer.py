"""One other system over a Parquet file of texts, in an environment of its own: python peer.py NAME DOCUMENTS PAIRS.json"""
import glob
import gzip
import json
import os
import re
import shutil
import sys
import tempfile
import time

import pyarrow.parquet as pq

WORDS = re.compile(r"\w+")


def rensa(keys, texts):
    """README's way: RMinHash of word 5-grams, its own LSH, candidates verified by their signatures."""
    from rensa import RMinHash, RMinHashLSH
    index, signatures, pairs = RMinHashLSH(threshold=.7, num_perm=128, num_bands=16), [], []
    for number, text in enumerate(texts):
        words = WORDS.findall(text.lower())
        signature = RMinHash(num_perm=128, seed=42)
        signature.update([" ".join(words[i:i + 5]) for i in range(max(1, len(words) - 4))])
        pairs += [(keys[other], keys[number]) for other in index.query(signature) if signature.jaccard(signatures[other]) >= .65]
        index.insert(number, signature)
        signatures.append(signature)
    return pairs


def gaoya(keys, texts):
    """42 bands of 3 hashes, word 5-grams."""
    from gaoya.minhash import MinHashStringIndex
    index = MinHashStringIndex(hash_size=32, jaccard_threshold=.65, num_bands=42, band_size=3, num_hashes=126, analyzer="word",
                               lowercase=True, ngram_range=(5, 5))
    index.par_bulk_insert_docs(list(range(len(texts))), texts)
    return [(keys[other], keys[number]) for number, text in enumerate(texts) for other in index.query(text) if other < number]


def datatrove(keys, texts):
    """Its four stages with 14 buckets of 8 hashes, as FineWeb: what it drops, and in which cluster."""
    from datatrove.data import Document
    from datatrove.executor import LocalPipelineExecutor
    from datatrove.pipeline.dedup import MinhashDedupBuckets, MinhashDedupCluster, MinhashDedupFilter, MinhashDedupSignature
    from datatrove.pipeline.dedup.minhash import MinhashConfig
    from datatrove.pipeline.writers import JsonlWriter
    from datatrove.utils.hashing import HashConfig
    place = tempfile.mkdtemp()
    config = MinhashConfig(hash_config=HashConfig(precision=64), num_buckets=14, hashes_per_bucket=8, n_grams=5)

    def documents(*_, **__):
        return iter([Document(text=text, id=key) for key, text in zip(keys, texts, strict=True)])

    def run(pipeline, tasks=1):
        LocalPipelineExecutor(pipeline=pipeline, tasks=tasks, workers=1, logging_dir=f"{place}/log{len(os.listdir(place))}").run()

    run([documents, MinhashDedupSignature(output_folder=f"{place}/signatures", config=config)])
    run([MinhashDedupBuckets(input_folder=f"{place}/signatures", output_folder=f"{place}/buckets", config=config)], 14)
    run([MinhashDedupCluster(input_folder=f"{place}/buckets", output_folder=f"{place}/remove", config=config, save_cluster_id=True)])
    run([documents, MinhashDedupFilter(input_folder=f"{place}/remove", exclusion_writer=JsonlWriter(f"{place}/dropped")),
         JsonlWriter(f"{place}/kept")])
    dropped = []
    for name in glob.glob(f"{place}/dropped/*"):
        with gzip.open(name) as lines:
            dropped += [json.loads(line)["id"] for line in lines]
    shutil.rmtree(place)
    return [("dropped", key) for key in dropped]


if __name__ == "__main__":
    name, documents, result = sys.argv[1:]
    rows = pq.read_table(documents)
    keys, texts = rows["key"].to_pylist(), rows["text"].to_pylist()
    globals()[name](keys[:50], texts[:50])       # imports and warm-up do not count
    before = sum(os.times()[:4])
    clock = time.perf_counter()
    found = globals()[name](keys, texts)
    with open(result, "w") as file:
        json.dump({"cpu_s": sum(os.times()[:4]) - before, "seconds": time.perf_counter() - clock, "pairs": found}, file)
