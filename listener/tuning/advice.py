"""Which setting to choose for so many false alarms, and whether a past is long enough to promise it."""

from collections.abc import Sequence
from dataclasses import dataclass

from listener.tuning.trial import BUDGETS, Outcome, Setting

FLOORS = ((3, 3), (5, 4), (8, 5), (12, 8))
"""Mentions, and people who wrote them."""
_SLACK = 2.0


@dataclass(frozen=True, kw_only=True)
class Advice:
    """`kept`: in this past the best setting rang for nothing no more often than `budget` times in 30 days; `sure`: the
    past is so long that the truth is at most twice that. Not `told`: none kept to it, by no more than what chance does
    in so short a time, so that nothing can be said and `best` is the present setting.
    """

    budget: float
    best: Outcome
    kept: bool
    sure: bool
    told: bool = True


def grid(present: Setting, budget: float, *, people: bool) -> list[Setting]:
    """The settings to try: the present one, and what is commonly chosen. Where nobody knows who wrote, `people` is
    False, and the floor of authors stays as it is.
    """
    budgets = sorted({*BUDGETS, present.budget, budget})
    floors = sorted({(present.posts, present.authors), *FLOORS})
    if not people:
        floors = [(posts, present.authors) for posts, _ in floors if posts >= present.authors]
    return [Setting(budget=each, posts=posts, authors=authors) for each in budgets for posts, authors in floors]


def advise(outcomes: Sequence[Outcome], budget: float, present: Setting) -> Advice:
    """The setting that tells soonest of those that keep to the budget; one that accepts more than the budget must have
    kept to it for long. Where none does although the past is long enough to tell, of those that accept no more than the
    budget the one that rang least; of equals, the present one.
    """
    kept = [each for each in outcomes if each.rate <= budget]
    keeping = [each for each in kept if each.setting.budget <= budget or _sure(each, budget)]
    if keeping:
        best = max(keeping, key=lambda each: _worth(each, present))
    else:
        strict = [each for each in outcomes if each.setting.budget <= budget] or outcomes
        best = max(strict, key=lambda each: (-each.rate, each.setting == present, *_worth(each, present)))
        if best.bounds[0] <= budget:
            now = next((each for each in outcomes if each.setting == present), best)
            return Advice(budget=budget, best=now, kept=False, sure=False, told=False)
    return Advice(budget=budget, best=best, kept=bool(keeping), sure=bool(keeping) and _sure(best, budget))


def _sure(outcome: Outcome, budget: float) -> bool:
    return outcome.bounds[1] <= _SLACK * budget


def _worth(outcome: Outcome, present: Setting) -> tuple[float, ...]:
    """The greater the better."""
    told = [outcome.within_hour(factor) for factor in (5, 3, 10, 2)]
    other = abs(outcome.setting.posts - present.posts)
    return (outcome.found, *told, -outcome.delay(5), -outcome.rate, -other, -outcome.setting.budget)
