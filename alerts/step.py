"""A step in an incident as those look at it who decide whom to tell."""

from collections.abc import Collection
from dataclasses import dataclass

from rules.instant import Instant
from rules.transition import Severity, State

ACTING = frozenset({"open", "worse", "reopened"})
"""States that ask somebody to act: they reach new channels, and a critical one falls through."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """What happened, and when somebody would be told. `rises`: the incident had no such level since it opened or came
    back. `languages` and `sources` are those that its mentions are in and from, where that is known: None fits every
    route.
    """

    brand: str
    severity: Severity
    state: State = "open"
    at: Instant = 0
    rule: str = ""
    incident: str = ""
    rises: bool = False
    languages: Collection[str] | None = None
    sources: Collection[str] | None = None
