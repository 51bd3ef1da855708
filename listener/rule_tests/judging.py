"""One test through the real classification and engine on a virtual clock, compared with what it expects."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from heapq import merge

from listener.backtest import Backtest
from listener.pipeline.setup import Setup
from listener.rule_tests.file import Case, Expectation, Voice
from listener.rule_tests.talk import Timed, talk
from listener.store.marks import Marking, marked_text
from rules.instant import MINUTE, Instant, instant
from rules.mention import Mention
from rules.rule import Verdict
from rules.transition import Transition

LOUD = frozenset({"open", "reopened", "worse"})
"""The steps that somebody is rung for."""
QUIET = frozenset({"resolved", "better"})
"""The steps that come when little is said."""
_MOST_LOOKS = 500
"""Moments of one expectation at which its rule is asked."""


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What a rule said at a moment, of mentions that so many people wrote."""

    at: Instant
    verdict: Verdict
    authors: int


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One expectation that was not met. `got` is the step that came in its place, or that was to stay away; `closest`
    what the rule said where it was nearest to the expected step.
    """

    expected: Expectation
    got: Transition | None = None
    closest: Reading | None = None


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of a test: every step of its brand, what differed, and how many mentions there were, of which so many
    did not concern the brand.
    """

    case: Case
    steps: Sequence[Transition]
    differences: Sequence[Difference]
    mentions: int
    unmatched: int


def judge(case: Case, setup: Setup) -> Outcome:
    """Play a test of a suite. The same test has the same outcome, and the steps of a backtest of its mentions."""
    play = _Play(case, setup)
    steps = play.run()
    dropped = play.backtest.summary.dropped["unmatched"]
    return Outcome(
        case=case,
        steps=steps,
        differences=list(_differences(case, steps, play.closest)),
        mentions=play.backtest.summary.mentions,
        unmatched=dropped,
    )


class _Play:
    """Says what a test says, and asks the rules at the moments at which a step of theirs is expected."""

    def __init__(self, case: Case, setup: Setup) -> None:
        self.backtest = Backtest(setup)
        self.closest: dict[int, Reading] = {}
        self._case, self._brand = case, case.brand or ""

    def run(self) -> list[Transition]:
        steps = self.backtest.begin(instant(self._case.start))
        looks = (_looks(*each.span(self._case.start), number) for number, each in enumerate(self._case.expect))
        said = ((timed[0], -1, timed) for timed in talk(self._case))
        for at, look, timed in merge(said, *looks, key=lambda each: each[0]):
            steps += self._hear(timed) if timed else self.backtest.advance(at)
            if timed is None and self._case.expect[look].silence is None:
                self._ask(look, at)
        steps += self.backtest.settle()
        return [step for step in steps if step.brand == self._brand]

    def _hear(self, timed: Timed) -> list[Transition]:
        at, mention, told = timed
        if told.tone and mention.op == "create":
            self.backtest.mark(_marking(mention, told, self._brand, at))
        return self.backtest.hear(mention, at)

    def _ask(self, number: int, at: Instant) -> None:
        rule = self._case.expect[number].rule or ""
        verdicts, authors = self.backtest.judge(self._brand, at)
        if rule not in verdicts:
            return
        found, before = Reading(at=at, verdict=verdicts[rule], authors=authors[rule]), self.closest.get(number)
        least = (self._case.expect[number].state in QUIET) != found.verdict.fewer
        if before is None or (
            found.verdict.count < before.verdict.count if least else found.verdict.count > before.verdict.count
        ):
            self.closest[number] = found


def _looks(since: Instant, until: Instant, number: int) -> Iterator[tuple[Instant, int, None]]:
    """Each minute from `since` to `until`, both of them, or fewer where there would be too many."""
    every = max(MINUTE, (until - since) // _MOST_LOOKS)
    yield from ((at, number, None) for at in range(since, until, every))
    yield until, number, None


def _marking(mention: Mention, told: Voice, brand: str, at: Instant) -> Marking:
    assert told.tone
    text = marked_text(mention)
    return Marking(brand=brand, identity=mention.identity, at=at, taken=at, label=told.tone, by="test", text=text)


def _differences(case: Case, steps: Sequence[Transition], closest: dict[int, Reading]) -> Iterator[Difference]:
    left = list(steps)
    for number, each in enumerate(case.expect):
        since, until = each.span(case.start)
        if each.silence is not None:
            loud = (step for step in steps if step.state in LOUD and each.rule in (None, step.rule))
            yield from (Difference(expected=each, got=step) for step in loud if since <= step.at < until)
            continue
        like = [step for step in left if (step.rule, step.state) == (each.rule, each.state)]
        inside = [step for step in like if since <= step.at <= until]
        met = next((step for step in inside if each.severity in {None, step.severity}), None)
        if met:
            left.remove(met)
        else:
            nearest = sorted(inside or like, key=lambda step: min(abs(step.at - since), abs(step.at - until)))
            yield Difference(expected=each, got=next(iter(nearest), None), closest=closest.get(number))
