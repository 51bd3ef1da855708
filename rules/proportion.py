"""Shares of mentions: how sure one may be of one, and which one is usual for a brand."""

from math import sqrt

import msgspec

from rules.account import Condition, days_condition
from rules.instant import Instant
from rules.rule import plural
from rules.series import Counts
from rules.transition import Share

_BLOCK = 20  # mentions that make a share to learn from: of fewer, it is mostly chance
_CAP, _CAP_FROM = 3.0, 200
_FIRST, _FIRST_MINUTES = 0.2, 60.0
_LEAST, _MOST = 0.01, 0.95
_DAY = 24 * 60
_ENOUGH = 100


def lower_bound(part: int, whole: int, deviations: float) -> float:
    """What the true share is at least, by Wilson's interval (JASA 22, 1927); 0 where nothing was said."""
    return interval(part, whole, deviations)[0]


def interval(part: int, whole: int, deviations: float) -> tuple[float, float]:
    """What the true share is at least and at most, by Wilson's interval; 0 and 1 where nothing was said."""
    if whole <= 0:
        return 0.0, 1.0
    share, spread = part / whole, deviations * deviations / whole
    middle, reach = share + spread / 2, sqrt(spread * (share * (1 - share) + spread / 4))
    return max(0.0, (middle - reach) / (1 + spread)), min(1.0, (middle + reach) / (1 + spread))


def judged(counts: Counts, at: Instant, minutes: int) -> int:
    """Mentions in the last `minutes` whose tone could be judged."""
    return counts.total("posts", at, minutes) - counts.total("unsupported", at, minutes)


def judged_at(counts: Counts, minute: int) -> int:
    """Mentions of one minute whose tone could be judged."""
    return counts.at("posts", minute) - counts.at("unsupported", minute)


def told(share: Share, series: str, when: str) -> str:
    """`22 of 61 mentions in 60 min are negative (36%), usually 18%`."""
    percent = f" ({share.part / share.whole:.0%})" if share.whole else ""
    usual = "" if share.usual is None else f", usually {share.usual:.0%}"
    return f"{share.part} of {plural(share.whole, 'mention')} {when} are {series}{percent}{usual}"


class UsualShare(msgspec.Struct, kw_only=True, array_like=True):
    """A share that is learnt slowly: every stretch of time counts for its length, however much was said in it, so that
    a loud day does not outweigh quiet weeks. Mentions are gathered into blocks of 20; a block that lies beyond three
    deviations counts as if it lay there. `said` are the mentions of the `time` that is remembered.
    """

    value: float = _FIRST
    time: float = _FIRST_MINUTES
    said: float = 0.0
    heard: int = 0
    posts: int = 0
    part: int = 0
    whole: int = 0
    minutes: int = 0

    @property
    def share(self) -> float:
        """The usual share, from 0.01 to 0.95."""
        return min(_MOST, max(_LEAST, self.value))

    @property
    def is_known(self) -> bool:
        """Whether a day was heard and a hundred mentions: before, nobody can say what is usual."""
        return self.heard >= _DAY and self.posts >= _ENOUGH

    @property
    def known_conditions(self) -> tuple[Condition, Condition]:
        """Both parts of `is_known`."""
        said = Condition(name="past", met=self.posts >= _ENOUGH, observed=self.posts, needed=_ENOUGH)
        return days_condition(self.heard, _DAY), said

    def rate(self, minutes: float) -> float:
        """How many mentions are said in so many minutes."""
        return self.said / self.time * minutes

    def worse(self, by: float) -> float:
        """A share that is worse by so much; near 1, by half of what is left."""
        return self.share + min(by, (1 - self.share) / 2)

    def learn(self, part: int, whole: int, half_life: float) -> None:
        """The next minute, of whose `whole` mentions `part` count; half is forgotten in `half_life` minutes."""
        self.part, self.whole, self.minutes = self.part + part, self.whole + whole, self.minutes + 1
        self.heard, self.posts = self.heard + 1, self.posts + whole
        if self.whole >= _BLOCK:
            self._take(half_life)

    def soften(self) -> None:
        """Keep the share as a prior only."""
        weight = min(1.0, _FIRST_MINUTES / self.time)
        self.time, self.said = self.time * weight, self.said * weight
        self.heard = self.posts = self.part = self.whole = self.minutes = 0

    def raise_to(self, other: "UsualShare") -> None:
        """Nothing is less usual than it was for `other`."""
        if other.is_known:
            self.value = max(self.value, other.value)

    def _take(self, half_life: float) -> None:
        share = self.part / self.whole
        if self.posts > _CAP_FROM:
            reach = _CAP * sqrt(self.share * (1 - self.share) / self.whole)
            share = min(self.share + reach, max(self.share - reach, share))
        kept = 2 ** (-self.minutes / half_life)
        self.time = self.time * kept + self.minutes
        self.said = self.said * kept + self.whole
        self.value += self.minutes / self.time * (share - self.value)
        self.part = self.whole = self.minutes = 0
