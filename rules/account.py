"""How a rule comes to its verdict, part by part: what it compared, and which of its conditions were met."""

from typing import Protocol, runtime_checkable

import msgspec

from rules.instant import Instant
from rules.rule import Floor, Opening
from rules.series import Counts

_DAY = 24 * 60


class Condition(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that must be so for an incident to open. `observed` and `needed` are in the unit of the condition:
    `chance`, `habit`, `peaks`, `length` are false alarms in 30 days, at most; `sure` and `day` shares of mentions,
    which must be exceeded; `silence` a probability, at most; `quiet` and `too_few` counts, at most; `audience_usual`
    followers, which must be exceeded; `days` days, at least; `evidence` a logarithm, at least; `harmless` is evidence,
    as in Rarity, at least; the others are counts, at least. None: there is no number to name. `below`: so few, or
    fewer, meet it as well.
    """

    name: str
    met: bool
    observed: float | None = None
    needed: float | None = None
    below: float | None = None


class Scale(msgspec.Struct, frozen=True, kw_only=True):
    """The last `minutes`, the open one included: `observed` mentions where `expected` were. Of a series that was not
    heard for long `most` may well be usual after all: then that is what it is compared with. `tail` is the probability
    of so many or more at the usual rate, by the model; of so few or fewer where too few are what is wrong. `further` is
    the share of this series' own windows that go further beyond the usual, 1 where it is among the ordinary ones. All
    but one window of 200 have at most `usual_high`. `observed` is the largest audience where followers are counted.
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


class Proportion(msgspec.Struct, frozen=True, kw_only=True):
    """`part` of `whole` mentions whose tone could be judged, counted `since` then where that is not the window. The
    true share is at least `low` and at most `high`, each with the `confidence`. `usual` is the brand's own, None while
    that is unknown; beyond `limit` is too much.
    """

    part: int
    whole: int
    low: float
    high: float
    confidence: float
    usual: float | None = None
    limit: float | None = None
    since: Instant | None = None


class Term(msgspec.Struct, frozen=True, kw_only=True):
    """A word that `authors` people said in `count` negative mentions of the window, and that was in `before` of those
    of the 30 days before, what is older counting less.
    """

    term: str
    count: int
    authors: int
    before: float


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """An incident opens when all `conditions` are met, and only then."""

    conditions: tuple[Condition, ...]
    scales: tuple[Scale, ...] = ()
    rarity: Rarity | None = None
    proportion: Proportion | None = None
    terms: tuple[Term, ...] = ()


@runtime_checkable
class Explains(Protocol):
    """A rule that tells more than its verdict. Of any other, the verdict itself is told."""

    def explain(self, counts: Counts, at: Instant, opening: Opening | None = None, /) -> Account:
        """How `judge` comes to what it says with the same arguments."""


def days_condition(heard: float, needed: int) -> Condition:
    """Whether so many minutes were heard as it takes to know what is usual; told in days."""
    return Condition(name="days", met=heard >= needed, observed=heard / _DAY, needed=needed / _DAY)


def floor_conditions(floor: Floor, count: int, authors: int) -> tuple[Condition, Condition]:
    """Whether there were enough mentions, and enough different authors."""
    return (
        Condition(name="posts", met=count >= floor.posts, observed=count, needed=floor.posts),
        Condition(name="authors", met=authors >= floor.authors, observed=authors, needed=floor.authors),
    )
