"""4 training: examples become a model, which is a row; a model and rows become predictions."""
from saem.train.explaining import explain
from saem.train.fit import fit, tell_apart
from saem.train.labels import cross_fit, label_errors
from saem.train.mixing import draw, mixture, proxy_runs
from saem.train.predict import predict
from saem.train.proving import prove
from saem.train.synthetic import synthetic_quota, within_quota

__all__ = [
    "cross_fit",
    "draw",
    "explain",
    "fit",
    "label_errors",
    "mixture",
    "predict",
    "prove",
    "proxy_runs",
    "synthetic_quota",
    "tell_apart",
    "within_quota",
]
