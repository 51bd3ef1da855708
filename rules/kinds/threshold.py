"""More than a fixed number of mentions in a window, whatever is usual."""

from datetime import timedelta

from rules.by_source import PerSource
from rules.fixed import FixedOptions, FixedRule
from rules.rule import Floor, RuleSpec, Window
from rules.series import Counted


class ThresholdOptions(FixedOptions, PerSource):
    """Fires at a count that you know to be too many."""

    of: Counted = "negative"
    """What is counted: mentions, their authors, or their stories (near copies of a text are one story), of all posts or
    of the negative ones; or, as `reach`, negative mentions by authors with 10,000 followers or more.
    """
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
    looks_at="numbers",
    build=Threshold,
    steady=True,
)
