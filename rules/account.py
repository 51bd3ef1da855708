"""How a rule comes to its verdict, part by part: what it compared, and which of its conditions were met."""

from typing import Protocol, runtime_checkable

import msgspec

from rules.instant import Instant
from rules.rule import Floor, Opening
from rules.series import Counts


class Condition(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that must be so for an incident to open. `observed` and `needed` are in the unit of the condition:
    `chance`, `habit`, `peaks` are false alarms in 30 days, at most; `harmless` is evidence, as in Rarity, at least; the
    others are counts, at least. None: there is no number to name.
    """

    name: str
    met: bool
    observed: float | None = None
    needed: float | None = None


class Scale(msgspec.Struct, frozen=True, kw_only=True):
    """The last `minutes`, the open one included: `observed` mentions where `expected` were. Of a series that was not
    heard for long `most` may well be usual after all: then that is what it is compared with. `tail` is the probability
    of so many or more at the usual rate, by the model; `further` the share of this series' own windows that go further
    beyond the usual, 1 where it is among the ordinary ones. All but one window of 200 have at most `usual_high`.
    """

    minutes: int
    observed: int
    expected: float | None = None
    tail: float | None = None
    usual_high: float | None = None
    further: float | None = None
    most: float | None = None


class Rarity(msgspec.Struct, frozen=True, kw_only=True):
    """`evidence`: what was heard is e^`evidence` times as likely if the rate has risen as if it has not. `rate` is how
    many false alarms in 30 days a threshold here would mean, None where it is beyond counting, beside the `budget`.
    """

    evidence: float
    rate: float | None
    budget: float


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """An incident opens when all `conditions` are met, and only then."""

    conditions: tuple[Condition, ...]
    scales: tuple[Scale, ...] = ()
    rarity: Rarity | None = None


@runtime_checkable
class Explains(Protocol):
    """A rule that tells more than its verdict. Of any other, the verdict itself is told."""

    def explain(self, counts: Counts, at: Instant, opening: Opening | None = None, /) -> Account:
        """How `judge` comes to what it says with the same arguments."""


def floor_conditions(floor: Floor, count: int, authors: int) -> tuple[Condition, Condition]:
    """Whether there were enough mentions, and enough different authors."""
    return (
        Condition(name="posts", met=count >= floor.posts, observed=count, needed=floor.posts),
        Condition(name="authors", met=authors >= floor.authors, observed=authors, needed=floor.authors),
    )
