"""Rules as a plan has them: made, with what their kind says of them."""

from typing import NamedTuple

from rules.by_source import BySource, PerSource
from rules.inputs import RulePlan
from rules.rule import RULES, Rule, RuleOptions, RuleSpec


class Made(NamedTuple):
    """A rule, its options, and its kind."""

    rule: Rule
    options: RuleOptions
    spec: RuleSpec

    @property
    def is_of_silence(self) -> bool:
        """Whether it judges that something is missing."""
        return self.spec.silence(self.options)

    def is_same(self, other: "Made") -> bool:
        """Whether both say the same of everything, once they have learnt the same."""
        return self.spec.kind == other.spec.kind and self.options == other.options

    def is_like(self, other: "Made") -> bool:
        """Whether each knows what to do with what the other has learnt."""
        alike = type(self.rule) is type(other.rule) and self.spec.kind == other.spec.kind
        return alike and self.rule.series == other.rule.series


Rules = dict[str, Made]


def made(plan: RulePlan) -> Made:
    """A rule that has learnt nothing yet."""
    spec = RULES.spec(plan.kind)
    options = spec.options.model_validate(plan.options)
    if isinstance(options, PerSource) and options.by:
        return Made(BySource(plan.name, options, spec), options, spec)
    return Made(spec.build(plan.name, options), options, spec)
