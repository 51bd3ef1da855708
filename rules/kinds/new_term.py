"""A word or hashtag that suddenly comes with complaints, and did not before."""

from collections.abc import Iterator
from datetime import timedelta
from math import ceil
from typing import Annotated, NamedTuple

import msgspec
from pydantic import Field

from rules.account import Account, Condition, Scale, Term, days_condition, floor_conditions
from rules.instant import Instant
from rules.remembering import Remembering
from rules.rule import Floor, Opening, RuleOptions, RuleSpec, Verdict, Window, plural
from rules.series import TERM, Counts, minute_of
from rules.transition import Severity

LEARNING_MINUTES = 3 * 24 * 60
"""Minutes heard before a word can be called new."""
_MONTH, _HALF_LIFE = 30 * 24 * 60, 10 * 24 * 60
_MOST = 3_000
_MOST_TOLD = 5


class NewTermOptions(RuleOptions):
    """Fires when several people use a word or hashtag in negative mentions of the brand that was hardly used in those
    of the last 30 days. The brand's own query and the most frequent words of each language are none; one word is told
    at a time, and none in the first three days.
    """

    window: Window = timedelta(hours=1)
    """The stretch of time that is counted."""
    at_least: Floor = Floor(posts=8, authors=6)
    """The number of negative mentions with the word, and of their different authors, from which it fires."""
    times_before: Annotated[float, Field(gt=1)] = 5.0
    """How many times as often as in all of the 30 days before."""
    severity: Severity = "info"
    """How serious an incident of this rule is when it opens."""


class Memory(msgspec.Struct, kw_only=True, array_like=True):
    """`said` maps the terms heard last, oldest first, to the minute of the last mention and how many there were: these
    are halved every 10 days. `heard` are the minutes learnt; `recent` those of the last window that had any.
    """

    said: dict[str, tuple[int, float]] = {}
    heard: int = 0
    recent: list[int] = []

    def learn(self, term: str, minute: int, count: int) -> None:
        """Mentions of one minute."""
        before = self.before(term, minute)
        self.said.pop(term, None)
        self.said[term] = (minute, round(before + count, 3))

    def before(self, term: str, minute: int) -> float:
        """How often a term was used in the month before a minute, what is older counting less."""
        last, count = self.said.get(term, (minute, 0.0))
        return float(count * 0.5 ** (max(0, minute - last) / _HALF_LIFE))

    def forget(self, minute: int) -> None:
        """Drop what is too old or too much."""
        while self.said:
            oldest = next(iter(self.said))
            if len(self.said) <= _MOST and self.said[oldest][0] > minute - _MONTH:
                break
            del self.said[oldest]


class _Found(NamedTuple):
    times: int
    is_tag: bool
    term: str


class NewTerm(Remembering[Memory]):
    """Fires on the term of most mentions among those that are new, and goes on with that one as long as its incident is
    open: it is calm when less than half the floor use it.
    """

    series = "negative"

    def __init__(self, _name: str, options: NewTermOptions) -> None:
        super().__init__(Memory)
        self.horizon = options.window // timedelta(minutes=1)
        self._options = options

    def learn(self, counts: Counts, minute: int) -> None:
        told = {term: said for term in _terms(counts) if (said := counts.at(f"{TERM}{term}", minute))}
        for term, said in told.items():
            self.memory.learn(term, minute, said)
        kept = [each for each in self.memory.recent if each > minute - self.horizon]
        self.memory.recent = [*kept, minute] if told else kept
        self.memory.forget(minute)
        self.memory.heard += 1

    def judge(self, counts: Counts, at: Instant, opening: Opening | None = None, /) -> Verdict:
        floor, told = self._options.at_least, opening.series if opening else ""
        ready = self.memory.heard >= LEARNING_MINUTES
        if told:
            count = counts.total(told, at, self.horizon)
        else:
            new = max(self._new(counts, at), default=None) if ready else None
            told, count = (f"{TERM}{new.term}", new.times) if new else ("", 0)
        return Verdict(
            of=told or self.series,
            series=told,
            firing=bool(told) and count >= floor.posts,
            calm=count < floor.posts / 2,
            severity=self._options.severity,
            count=count,
            window=self.horizon,
            learning=not ready,
        )

    def explain(self, counts: Counts, at: Instant, opening: Opening | None = None, /) -> Account:
        told = self.judge(counts, at, opening).series.removeprefix(TERM)
        found = sorted(self._said(counts, at, told), key=lambda each: (each.term != told, -each.count, each.term))
        first = found[0] if found else Term(term="", count=0, authors=0, before=0.0)
        least = max(1, ceil(self._options.times_before * first.before))
        return Account(
            conditions=(
                days_condition(self.memory.heard, LEARNING_MINUTES),
                *floor_conditions(self._options.at_least, first.count, first.authors),
                Condition(name="new", met=first.count >= least, observed=first.count, needed=least),
            ),
            scales=(Scale(minutes=self.horizon, observed=first.count),),
            terms=tuple(found[:_MOST_TOLD]),
        )

    def _said(self, counts: Counts, at: Instant, told: str) -> Iterator[Term]:
        """All that is said in the window, new or not, and what is `told` anyway."""
        for term in dict.fromkeys((*([told] if told else []), *_terms(counts))):
            count = counts.total(f"{TERM}{term}", at, self.horizon)
            if count or term == told:
                authors = counts.authors(f"{TERM}{term}", at, self.horizon)
                yield Term(term=term, count=count, authors=authors, before=self._before(counts, term, minute_of(at)))

    def _new(self, counts: Counts, at: Instant) -> Iterator[_Found]:
        floor, minute = self._options.at_least, minute_of(at)
        if counts.total(self.series, at, self.horizon) < floor.posts:
            return
        for term in _terms(counts):
            series = f"{TERM}{term}"
            count = counts.total(series, at, self.horizon)
            if count < floor.posts or self._before(counts, term, minute) * self._options.times_before > count:
                continue
            if counts.has_authors(series, at, self.horizon, floor.authors):
                yield _Found(count, term.startswith("#"), term)

    def _before(self, counts: Counts, term: str, minute: int) -> float:
        """Mentions that were learnt and are not in the window."""
        inside = sum(counts.at(f"{TERM}{term}", each) for each in self.memory.recent if each > minute - self.horizon)
        return max(0.0, self.memory.before(term, minute) - inside)

    def reasons(self, verdict: Verdict) -> tuple[str, ...]:
        floor, term = self._options.at_least, verdict.series.removeprefix(TERM)
        counted = f"{plural(verdict.count, 'negative mention')} with {term!r} in {verdict.window} min"
        rare = f"{self._options.times_before:g} times as many as in the 30 days before, at least {floor.posts}"
        return counted if term else "no new word", f"{rare} by {plural(floor.authors, 'author')}"


def _terms(counts: Counts) -> list[str]:
    return [series.removeprefix(TERM) for series in counts.bins if series.startswith(TERM)]


SPEC = RuleSpec(
    kind="new_term",
    summary="Fires when complaints suddenly share a word or hashtag that was hardly used before.",
    options=NewTermOptions,
    example={"window": "1h", "at_least": {"posts": 8, "authors": 6}, "severity": "warning"},
    looks_at="words",
    build=NewTerm,
    watches=None,
    terms=True,
    steady=True,
)
