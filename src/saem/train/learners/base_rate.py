"""The share of examples in which the target is true, or its mean: what every other learner must beat."""
import json

import numpy as np
import pyarrow as pa

VERSION = "1"


def fit(rows: pa.Table, target: str, column: str) -> bytes:
    values = np.asarray(rows[target].drop_null().to_numpy(zero_copy_only=False), np.float64)
    return json.dumps({"rate": float(np.sort(values).mean()) if len(values) else 0.0, "rows": len(values)}).encode()


def predict(artifact: bytes, rows: pa.Table) -> np.ndarray:
    return np.full(len(rows), json.loads(artifact)["rate"])
