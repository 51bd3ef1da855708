"""What a person says an incident was, told to the rules that learn by it."""

from collections.abc import Iterable
from typing import Protocol, runtime_checkable

from rules.incident import Incident
from rules.rule import Rule
from rules.transition import Ending


@runtime_checkable
class LearnsByEndings(Protocol):
    """A rule that keeps its incidents apart until it is known what they were."""

    def begin(self, incident: Incident) -> None:
        """An incident of it opened."""

    def look_back(self, incident: str, ending: Ending) -> None:
        """A person says what an incident was that is over; it need not be one of this rule."""


def begin(rule: Rule, incident: Incident) -> None:
    """Tell a rule that an incident of it opened."""
    if isinstance(rule, LearnsByEndings):
        rule.begin(incident)


def look_back(rules: Iterable[Rule], incident: str, ending: Ending | None) -> None:
    """Tell rules what an incident was that is over."""
    for rule in rules:
        if ending and isinstance(rule, LearnsByEndings):
            rule.look_back(incident, ending)
