"""A model and rows become predictions; a row's parents are the row that was scored and the model."""
import numpy as np
import pyarrow as pa

from saem.core import registry
from saem.core.errors import SaemError
from saem.core.operator import operator


@operator(version="1", adds=pa.schema([("prediction", pa.float64())]), reads=lambda model, **_: [model])
def predict(rows: pa.Table, models: pa.Table, model: str) -> pa.Table:
    """`prediction` float64 for each row, by the newest model in the table named `model`."""
    if not len(models):
        raise SaemError("E208", f"the table '{model}' holds no model yet", fix="saem quarantine shows why")
    learner, artifact = models["learner"][0].as_py(), models["artifact"][0].as_py()
    values = registry.load("learner", learner).predict(artifact, rows)
    return rows.append_column("prediction", pa.array(np.asarray(values, np.float64)))
