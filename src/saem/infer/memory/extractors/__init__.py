"""Extractors: one file each, found by name. `extract(text, said_at) -> Iterable[Found]`, `VERSION`, and IS_QUICK: whether a recall may
run it on messages that no run has taken yet. A subject '' is whoever speaks; offsets are characters of the text."""
