"""How well a project finds what is asked of it, for every strategy of chunking and every embedding model: `saem evaluate`."""
from saem.services.evaluation.evaluating import Evaluation, Outcome, Score, evaluate
from saem.services.evaluation.rows import last

__all__ = ["Evaluation", "Outcome", "Score", "evaluate", "last"]
