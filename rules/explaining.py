"""Why a rule says what it says at a moment: its account, what the engine adds to it, and what drives the count."""

from collections import Counter
from collections.abc import Mapping

import msgspec

from rules.account import Account, Condition, Explains, Scale
from rules.by_source import BySource
from rules.engine_state import EngineState
from rules.evidence import MOST_WORDS
from rules.instant import Instant
from rules.rule import Rule, Verdict
from rules.series import Counts

MOST_SOURCES = 5
QUARTER = 15


class Drivers(msgspec.Struct, frozen=True, kw_only=True):
    """What the mentions of the window are made of, the largest share first, few of each. `loudest` is how many the
    most talkative author wrote; `largest` is the mention of the largest audience, `reach` followers (-1: none).
    """

    sources: Mapping[str, int]
    words: Mapping[str, int]
    authors: int
    loudest: int
    largest: str
    reach: int


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """What `rule` says of a moment, and why. `incident` is the one that is open already: nothing else can open then.
    `hushed`: a person ended an incident at that count, and it was not calm since. `quarter` are the mentions of its
    series in the last QUARTER minutes, whatever window it judges.
    """

    rule: str
    verdict: Verdict
    account: Account
    drivers: Drivers
    incident: str | None = None
    hushed: int | None = None
    quarter: int = 0

    @property
    def missing(self) -> tuple[Condition, ...]:
        """The conditions that were not met."""
        return tuple(each for each in self.account.conditions if not each.met)

    @property
    def opens(self) -> bool:
        """Whether an incident opens with this."""
        return not self.missing and self.incident is None


def explain(name: str, rule: Rule, state: EngineState, at: Instant) -> Explanation:
    """What `rule` says at `at`. An incident that opened at that very instant is explained as the news it was."""
    incident = state.incidents.get(name)
    if incident and incident.opened_at >= at:
        incident = None
    opening, hushed = incident.as_opened if incident else None, state.hushed.get(name)
    verdict = rule.judge(state.counts, at, opening)
    counts = state.counts.of(verdict.source)
    if isinstance(rule, BySource):
        rule = rule.alone(verdict.source)
    account = rule.explain(counts, at, opening) if isinstance(rule, Explains) else _bare(verdict)
    if hushed is not None:
        twice = 2 * max(hushed, 1)
        again = not verdict.fewer and verdict.count >= twice
        quiet = Condition(name="hushed", met=again, observed=verdict.count, needed=twice)
        account = msgspec.structs.replace(account, conditions=(*account.conditions, quiet))
    return Explanation(
        rule=name,
        verdict=verdict,
        account=account,
        drivers=_drivers(verdict.series or rule.series, counts, at, verdict.window),
        incident=incident.id if incident else None,
        hushed=hushed,
        quarter=counts.total(rule.series, at, QUARTER),
    )


def _bare(verdict: Verdict) -> Account:
    scale = Scale(
        minutes=verdict.window, observed=verdict.count, expected=verdict.expected, usual_high=verdict.usual_high
    )
    return Account(conditions=(Condition(name="rule", met=verdict.firing),), scales=(scale,))


def _drivers(series: str, counts: Counts, at: Instant, minutes: int) -> Drivers:
    cells = [cell for _, cell in counts.window(series, at, minutes)]
    sources, words, authors = Counter[str](), Counter[str](), Counter[str]()
    for cell in cells:
        sources.update(cell.sources)
        words.update(cell.words)
        authors.update(cell.authors)
    loud = max(cells, key=lambda cell: cell.reach, default=None)
    return Drivers(
        sources=_most(sources, MOST_SOURCES),
        words=_most(words, MOST_WORDS),
        authors=counts.authors(series, at, minutes),
        loudest=max(authors.values(), default=0),
        largest=loud.largest if loud else "",
        reach=loud.reach if loud else -1,
    )


def _most(counted: Counter[str], few: int) -> dict[str, int]:
    return dict(sorted(counted.items(), key=lambda item: (-item[1], item[0]))[:few])
