"""Memory of agents: messages -> claims -> beliefs -> reflections, tables derived from tables like all others."""

from saem.infer.memory.extractors._model import by_model
from saem.infer.memory.notes import Memory, memory
from saem.infer.memory.recalled import Context, Item, Recall
from saem.infer.memory.rows import Found
from saem.infer.memory.standing import Conflict
from saem.infer.memory.tables import names
from saem.infer.memory.tools import Tool
from saem.infer.memory.weights import Policy

__all__ = ["Conflict", "Context", "Found", "Item", "Memory", "Policy", "Recall", "Tool", "by_model", "memory", "names"]
