"""One post to which far more people react than they usually do."""

from collections.abc import Iterator
from datetime import timedelta
from math import exp, log
from typing import Annotated, NamedTuple

import msgspec
from pydantic import Field

from config.model import Model
from rules.account import Account, Condition, Scale
from rules.budget import Budget
from rules.instant import Instant
from rules.reactions import LIFE, Post
from rules.remembering import Remembering
from rules.rule import Of, Opening, RuleOptions, RuleSpec, Verdict, Window, plural
from rules.series import Counts, minute_of
from rules.transition import SEVERITIES, Severity

_MONTH = 30 * 24 * 60
_PRIOR = 5.0  # posts that the first guess is worth
_MOST_AT_ONCE = 10.0  # times what is expected, so that what ignites does not become usual
_C = 1.0  # where next to nothing is expected, a few reactions are no wonder
_HIGH = 2.0  # times what is expected: from here on the tail is learnt
_TAIL, _TAIL_WORTH, _LONGEST_TAIL = 0.6, 10.0, 3.0
_FIRST_WEEK = 7 * 24 * 60
_MOST_SORTS = 200
_ENOUGH = 20.0
_PATIENCE = 60  # minutes: nobody asked since, which is no calm
Reactions = Annotated[int, Field(ge=1)]


class When(Model):
    """From here on the incident is that serious."""

    reactions: Reactions


class IgnitionOptions(RuleOptions):
    """Fires when the replies, reposts, likes and quotes of a single post grow much faster than those of this brand's
    posts do at that age and with that audience. Sources that count reactions are asked again for the youngest and the
    hottest posts, for a day.
    """

    of: Of = "negative"
    """Negative posts only, or all `posts`."""
    window: Window = timedelta(minutes=30)
    """The time in which reactions are counted."""
    reactions: Reactions = 30
    """Never below this number of reactions in that time."""
    times_usual: Annotated[float, Field(gt=1)] = 8.0
    """How many times as many reactions as are usual of such a post, at least."""
    budget: Budget = 1.0
    """How often a post may go as far without being news: the more often posts of this brand do, the more is needed."""
    severity: Severity = "warning"
    """How serious an incident of this rule is when it opens."""
    critical_when: When | None = When(reactions=1_000)
    """The number of reactions in `window` from which it is critical."""


_KERNEL = (5.0, 0.242)
"""Minutes in which people react at once, and the power with which it abates from then on: Zhao et al., KDD 2015."""


def share_until(age: float) -> float:
    """Which part of all reactions to a post has come, on average, when it is so many minutes old: 0 to 1."""
    at_once, power = _KERNEL
    whole = 1 + 1 / power
    later = (1 - exp(-power * log(max(age, at_once) / at_once))) / power
    return (min(age, at_once) / at_once + later) / whole


_UNKNOWN = 300
"""Followers of whom nothing is known."""


def audience(followers: int) -> float:
    """How many reactions a post has in the end where nothing was learnt: large accounts have fewer for a follower."""
    return 0.3 * exp(0.55 * log((followers or _UNKNOWN) + 10))


class Usual(msgspec.Struct, array_like=True):
    """What came in fact beside what should have come by `share_until`, both in parts of `audience` and summed over
    posts, what is older counting less.
    """

    minute: int
    gained: float = 0.0
    expected: float = 0.0

    def learn(self, minute: int, gained: float, expected: float) -> None:
        kept = 0.5 ** ((minute - self.minute) / _MONTH)
        self.minute = minute
        self.gained, self.expected = self.gained * kept + gained, self.expected * kept + expected

    @property
    def factor(self) -> float:
        """By how much more comes than should."""
        return (_PRIOR + self.gained) / (_PRIOR + self.expected)


class Memory(msgspec.Struct, kw_only=True, array_like=True):
    """`usual` by source and size of audience; `peaks`: how far posts that are followed went beyond the usual so far, as
    a logarithm. Of those followed to their end, `posts` went beyond `_HIGH`, by `excess` in sum, in `heard` minutes;
    `known` is how many there were; what is older counts less.
    """

    usual: dict[str, Usual] = {}
    peaks: dict[str, float] = {}
    minute: int = 0
    heard: float = 0.0
    posts: float = 0.0
    excess: float = 0.0
    known: float = 0.0

    def expected(self, post: Post, minute: int, window: int) -> float:
        """The reactions that are usual in the `window` minutes up to a minute."""
        age = max(0, minute - post.first_minute)
        share = share_until(age + 1) - share_until(max(0, age + 1 - window))
        usual = self.usual.get(_sort(post))
        return share * audience(post.reach) * (usual.factor if usual else 1.0)

    def learn(self, post: Post, minute: int, since: int, gained: int) -> None:
        """What came of a post between two minutes."""
        sort = _sort(post)
        most = _MOST_AT_ONCE * (1 + self.expected(post, minute, minute - since))
        should = share_until(max(0, minute - post.first_minute)) - share_until(max(0, since - post.first_minute))
        usual = self.usual.pop(sort, None) or Usual(minute)
        self.usual[sort] = usual
        usual.learn(minute, min(gained, most) / audience(post.reach), should)
        if len(self.usual) > _MOST_SORTS:
            del self.usual[next(iter(self.usual))]

    def finish(self, peak: float) -> None:
        """A post was followed to its end."""
        self.known += 1
        if peak > log(_HIGH):
            self.posts += 1
            self.excess += min(peak - log(_HIGH), _LONGEST_TAIL)

    def age(self, minute: int) -> None:
        """One more minute was heard."""
        kept = 0.5 ** (max(0, minute - self.minute) / _MONTH) if self.minute else 1.0
        self.minute, self.heard = minute, self.heard * kept + 1
        self.posts, self.excess, self.known = self.posts * kept, self.excess * kept, self.known * kept

    def limit(self, budget: float) -> float:
        """How far beyond the usual posts go so many times in 30 days."""
        monthly = (1 + self.posts) / (_FIRST_WEEK + self.heard) * _MONTH
        mean = (_TAIL * _TAIL_WORTH + self.excess) / (_TAIL_WORTH + self.posts)
        return log(_HIGH) + mean * max(0.0, log(monthly / budget))


def _sort(post: Post) -> str:
    return f"{len(str(post.reach)) if post.reach else 0} {post.source}"


def _far(gained: int, expected: float) -> float:
    return log((gained + _C) / (expected + _C))


class _Seen(NamedTuple):
    """A post at a moment; `needed` are the reactions that would be news."""

    gained: int
    mention: str
    source: str
    expected: float
    needed: float

    @property
    def fires(self) -> bool:
        return self.gained >= self.needed


class Ignition(Remembering[Memory]):
    """Fires on the post with most reactions among those that go further than posts of the brand do, and is calm when
    none does and the one it began with has less than half of what is needed. `count` are its reactions in the window.
    """

    def __init__(self, _name: str, options: IgnitionOptions) -> None:
        super().__init__(Memory)
        self.series: str = options.of
        self._window = options.window // timedelta(minutes=1)
        # a post is judged as it was last asked
        self.horizon = max(self._window, _PATIENCE + 1)
        self._options = options

    def learn(self, counts: Counts, minute: int) -> None:
        memory, posts = self.memory, counts.followed.posts
        memory.age(minute)
        for mention, post in posts.items():
            followed = post.samples[-1][0] >= minute and minute <= post.first_minute + LIFE
            if followed and (step := post.step(minute)):
                if post.negative or self.series == "posts":
                    self._note(mention, post, minute)
                memory.learn(post, minute, *step)
        for mention in list(memory.peaks):
            post_of = posts.get(mention)
            if post_of is None or minute > post_of.first_minute + LIFE:
                memory.finish(memory.peaks.pop(mention))

    def _note(self, mention: str, post: Post, minute: int) -> None:
        far = _far(post.gained(minute, self._window), self.memory.expected(post, minute, self._window))
        self.memory.peaks[mention] = round(max(far, self.memory.peaks.get(mention, 0.0)), 4)

    def judge(self, counts: Counts, at: Instant, opening: Opening | None = None, /) -> Verdict:
        found = self._found(counts, at, opening)
        expected = round(found.expected, 2) if found else None
        return Verdict(
            of=self.series,
            firing=found is not None and found.fires,
            calm=found is None or found.gained < found.needed / 2,
            severity=self._severity(found.gained if found else 0),
            count=found.gained if found else 0,
            window=self._window,
            expected=expected,
            usual=expected,
            learning=self.memory.known < _ENOUGH,
            unit="reactions",
            mention=found.mention if found else "",
            told_by=found.source if found else "",
        )

    def _found(self, counts: Counts, at: Instant, opening: Opening | None, *, whole: bool = False) -> _Seen | None:
        """The one to tell of: it fires with most reactions, or an incident began with it, or it comes nearest."""
        # with less than half of what is needed in all, nothing fires and nothing goes on
        least = 0 if whole else self._options.reactions / 2
        seen = list(self._seen(counts, minute_of(at), least))
        firing = [each for each in seen if each.fires]
        if firing or opening is None:
            return max(firing or seen, default=None)
        return next((each for each in seen if each.mention == opening.mention), None)

    def _seen(self, counts: Counts, now: int, loud: float) -> Iterator[_Seen]:
        least, limit = self._options.reactions, max(log(self._options.times_usual), self._limit())
        for mention, post in counts.followed.posts.items():
            asked, total = post.samples[-1]
            if total < loud or now > post.first_minute + LIFE or not (post.negative or self.series == "posts"):
                continue
            minute = asked if now - asked <= _PATIENCE else now
            expected = self.memory.expected(post, minute, self._window)
            needed = max(float(least), exp(limit) * (expected + _C) - _C)
            yield _Seen(post.gained(minute, self._window), mention, post.source, expected, needed)

    def _limit(self) -> float:
        return self.memory.limit(self._options.budget)

    def explain(self, counts: Counts, at: Instant, opening: Opening | None = None, /) -> Account:
        found = self._found(counts, at, opening, whole=True) or _Seen(0, "", "", 0.0, float(self._options.reactions))
        least, expected = self._options.reactions, found.expected
        usual = self._options.times_usual * (expected + _C) - _C
        rare = exp(self._limit()) * (expected + _C) - _C
        needs = (("posts", float(least)), ("usual", usual), ("other_posts", rare))
        conditions = tuple(
            Condition(name=name, met=found.gained >= needed, observed=found.gained, needed=round(needed, 2))
            for name, needed in needs
        )
        scale = Scale(minutes=self._window, observed=found.gained, expected=round(expected, 2))
        return Account(conditions=conditions, scales=(scale,))

    def reasons(self, verdict: Verdict) -> tuple[str, ...]:
        counted = f"{plural(verdict.count, 'reaction')} to one post in {verdict.window} min"
        usual = f"{verdict.expected or 0:.1f} are usual of such a post" if verdict.mention else "no post is followed"
        least = f"at least {self._options.reactions} and {self._options.times_usual:g} times as many as usual"
        return counted, usual, least

    def _severity(self, gained: int) -> Severity:
        critical = self._options.critical_when
        found: Severity = "critical" if critical and gained >= critical.reactions else self._options.severity
        return max(found, self._options.severity, key=SEVERITIES.index)


SPEC = RuleSpec(
    kind="ignition",
    summary="Fires when far more people react to a single post than usually do.",
    options=IgnitionOptions,
    example={"of": "negative", "window": "30m", "reactions": 30, "severity": "warning"},
    build=Ignition,
    watches=None,
    reactions=True,
)
