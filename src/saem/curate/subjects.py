"""Which table's rows signals, edges and decisions are about: tables that are about different rows would meet nowhere, in silence."""
from saem.core.errors import SaemError, caller
from saem.core.shapes import Declared


def of_signals(signals: Declared) -> str:
    """The table that was measured; '' where it is not declared here."""
    return signals.above[0].name if signals.operators and signals.above else ""


def of_edges(edges: Declared) -> str:
    """The table that was searched; '' of edges that were made otherwise, or are not declared here."""
    if not edges.operators or not edges.operators[0].compares_pairs or not edges.above:
        return ""
    searched = edges.above[0]
    return of_signals(searched) if edges.operators[0].through else searched.name


def of_decisions(decisions: Declared) -> str:
    """The table whose rows are decided on; '' of decisions that were made otherwise."""
    is_known = decisions.operators and decisions.operators[0].name == "decide" and decisions.above
    return of_signals(decisions.above[0]) if is_known else ""


def check_subject(one: Declared, about: str, other: Declared, about_other: str) -> None:
    """Raises: E104 where both are known and differ."""
    if about and about_other and about != about_other:
        raise SaemError("E104", f"'{other.name}' is about the rows of '{about_other}', and '{one.name}' about those of '{about}'",
                        where=caller(), fix="make both from one of the two; derive what it needs (vectors ...) before")
