"""Rules as a plan has them: made, with what their kind says of them."""

from typing import NamedTuple

from rules.inputs import RulePlan
from rules.rule import RULES, Rule, RuleOptions, RuleSpec


class Made(NamedTuple):
    """A rule, its options, and its kind."""

    rule: Rule
    options: RuleOptions
    spec: RuleSpec

    def is_like(self, other: "Made") -> bool:
        """Whether each knows what to do with what the other has learnt."""
        return type(self.rule) is type(other.rule) and self.rule.series == other.rule.series


Rules = dict[str, Made]


def made(plan: RulePlan) -> Made:
    """A rule that has learnt nothing yet."""
    spec = RULES.spec(plan.kind)
    options = spec.options.model_validate(plan.options)
    return Made(spec.build(plan.name, options), options, spec)
