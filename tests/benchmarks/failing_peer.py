"""A system of the peers' benchmark that breaks as soon as it is asked for anything."""


def open_system(home: str, corpus: str) -> None:
    raise RuntimeError("this peer does not start")
