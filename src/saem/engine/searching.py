"""A question in words becomes what the indexes understand: with the tokenizer of the text, the model of the vectors."""
from collections.abc import Mapping
from typing import TYPE_CHECKING

from saem.core import registry
from saem.core.errors import SaemError, caller
from saem.core.protocols import TokenEmbedder
from saem.engine.background import background
from saem.engine.spelling import mended
from saem.store.heads import Head
from saem.store.sample import sample
from saem.store.search import Found, Hit, Question, find, holds, told

if TYPE_CHECKING:
    from saem.engine.project import Project

MAX_CHARS = 10_000         # of a question: about a second; ten times as many take a quarter of a minute



def search(project: "Project", name: str, query: str, k: int = 10, where: str | None = None, fold: bool = True) -> list[Hit]:
    """The k rows of a published table that fit best."""
    return explore(project, name, query, k, where, fold=fold).hits


def explore(project: "Project", name: str, query: str, k: int = 10, where: str | None = None,
            heads: Mapping[str, Head] | None = None, fold: bool = True) -> Found:
    """The same with what the hits' figures are relative to. A vector column is asked with the model that wrote it.

    heads  one reading of the catalog: a publish that comes in between changes neither the rows nor the model
    """
    if k < 1:
        raise SaemError("E104", f"k is {k}", where=caller(), fix="ask for at least one row")
    if len(query) > MAX_CHARS:
        raise SaemError("E104", f"the question has {len(query):,} characters", where=caller(),
                        fix=f"at most {MAX_CHARS:,}: ask for what is to be found, not with the whole text")
    heads = project.heads() if heads is None else heads
    dataset = project.published(name, heads)
    encoders = heads[name].encoders
    text = next((n for n in dataset.schema.names if n.startswith("_tokens_")), None)
    vector = next((n for n in encoders if n in dataset.schema.names), None)
    if text is None and vector is None:
        raise SaemError("E210", f"'{name}' has no index to search", where=caller(),
                        fix=f'{name}.index(text="text", vector="embedding") in the pipeline, then: saem run')
    embedder = registry.embedder(encoders[vector]) if vector else None
    if text:
        with told(dataset, where):
            seen = sample(dataset, where, vector, text)
            is_word = embedder.is_word if isinstance(embedder, TokenEmbedder) else lambda _: True
            query = mended(query, seen, lambda word: holds(dataset, text, word, where), is_word)
    words = registry.tokenize([query])[0].split() if text else []
    codes = tuple(code for code in registry.codes(query) if code in words)
    names = {name: registry.tokenize([name])[0].split() for name in registry.proper_names(query)}
    encode = (lambda: embedder.queries([query])[0]) if embedder and query.strip() else None
    return find(dataset, Question(words, text, None, vector if encode else None, codes, names), k, where,
                lambda: background(encoders[vector] if vector else None), fold, encode)
