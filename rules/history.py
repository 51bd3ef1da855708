"""What is learnt from counts of before a brand was listened to."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain

from rules.bin import Bin
from rules.by_source import BySource
from rules.campaigns import Campaign
from rules.engine_state import EngineState
from rules.inputs import Imported
from rules.instant import Instant
from rules.making import Made, Rules, made
from rules.series import Counts

DAY = 24 * 60
LONGEST = 90 * DAY
"""Minutes of a history that still matter: what is older has been forgotten by its end."""
_LOOSE = 1_000
"""Mentions of a bin that are spread as chance would; beyond, chance hardly shows."""


def pupils(entry: Imported, state: EngineState, rules: Rules) -> list[str]:
    """The rules that learn of a series in it, by name."""
    plans = state.plan.rules if state.plan else ()
    wanted = {plan.name: taught_by(rules[plan.name]) for plan in plans}
    return [name for name, series in wanted.items() if series and entry.counts.keys() >= series]


def taught_by(pupil: Made) -> set[str]:
    """The series whose counts together teach a rule; none when counts do not, as those of a history do not say of which
    source they are.
    """
    others = pupil.spec.learns_from
    return set() if others is None or isinstance(pupil.rule, BySource) else {pupil.rule.series, *others}


def end_of(entry: Imported) -> int:
    """The first minute after it."""
    return entry.begin + entry.width * max(map(len, entry.counts.values()), default=0)


def take_in(entry: Imported, state: EngineState, rules: Rules) -> None:
    """Let rules learn minute by minute, as if they had been listening. Whoever knows no history yet begins anew, since
    what it has learnt came after; whoever knows one of as late learns nothing.
    """
    for plan in state.plan.rules if state.plan else ():
        if plan.name in pupils(entry, state, rules) and state.imported.get(plan.name, entry.begin) <= entry.begin:
            if plan.name not in state.imported:
                rules[plan.name] = made(plan)
                state.whole.pop(plan.name, None)
            _learn(entry, rules[plan.name], state.counts.campaigns)
            state.imported[plan.name] = end_of(entry)


def _learn(entry: Imported, pupil: Made, campaigns: tuple[Campaign, ...]) -> None:
    rule, needed = pupil.rule, taught_by(pupil)
    told = {series: dict(minutes(entry, series)) for series in entry.counts}
    bins = {
        series: {minute: Bin(count=count) for minute, count in each.items() if count} for series, each in told.items()
    }
    counts = Counts(bins=bins, since=entry.begin, open=end_of(entry), campaigns=campaigns)
    for minute in told[rule.series]:
        if all(minute in told[series] for series in needed):
            rule.learn(counts, minute)


def minutes(entry: Imported, series: str) -> Iterator[tuple[int, int]]:
    """Each minute that was heard, with its count."""
    for place, count in enumerate(entry.counts[series]):
        if count is not None:
            begin = entry.begin + place * entry.width
            yield from enumerate(_spread(count, entry.width, begin), begin)


def _spread(count: int, width: int, begin: int) -> list[int]:
    """The minutes of a bin. Evenly, they would look calmer than any series is; so each mention falls into some minute
    that nothing tells beforehand, and that is the same each time.
    """
    even = max(0, count - _LOOSE) // width
    minutes, drawn = [even] * width, begin
    for _ in range(count - even * width):
        drawn = (drawn * 6364136223846793005 + 1442695040888963407) % 2**64
        minutes[(drawn >> 33) % width] += 1
    return minutes


def portions(at: Instant, begin: int, width: int, counts: Mapping[str, Sequence[int | None]]) -> Iterator[Imported]:
    """A history as entries of a log. Only its newest LONGEST minutes are in them."""
    length, step = max(map(len, counts.values()), default=0), max(1, DAY // width)
    for start in range(max(0, length - LONGEST // width), length, step):
        part = {series: tuple(each[start : start + step]) for series, each in counts.items()}
        if any(count is not None for count in chain.from_iterable(part.values())):
            yield Imported(at=at, begin=begin + start * width, width=width, counts=part)


def minutes_in(entries: Iterable[Imported]) -> int:
    """The minutes heard that they tell of, of the series of which they tell most."""
    told = Counter[str]()
    for entry in entries:
        for name, counts in entry.counts.items():
            told[name] += entry.width * sum(count is not None for count in counts)
    return max(told.values(), default=0)
