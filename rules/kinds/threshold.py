"""More than a fixed number of mentions in a window, whatever is usual."""

from datetime import timedelta

from rules.fixed import FixedOptions, FixedRule
from rules.rule import Floor, Of, RuleSpec, Window


class ThresholdOptions(FixedOptions):
    """Fires at a count that you know to be too many."""

    of: Of = "negative"
    """What is counted: negative mentions, or all posts."""
    window: Window = timedelta(minutes=15)
    """The stretch of time that is counted."""
    at_least: Floor
    """The count, and the number of different authors, from which it fires."""


class Threshold(FixedRule):
    """Fires at `at_least`, is calm below half of it."""

    def __init__(self, _name: str, options: ThresholdOptions) -> None:
        super().__init__(options.of, options.window // timedelta(minutes=1), options, options.at_least.posts / 2)


SPEC = RuleSpec(
    kind="threshold",
    summary="Fires at a fixed number of mentions in a window.",
    options=ThresholdOptions,
    example={"of": "negative", "window": "15m", "at_least": {"posts": 20, "authors": 5}, "severity": "warning"},
    build=Threshold,
)
