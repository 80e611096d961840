"""4 training: examples become a model, which is a row; a model and rows become predictions."""
from saem.train.fit import fit
from saem.train.predict import predict

__all__ = ["fit", "predict"]
