"""What rules with a fixed floor share: they fire at a count that somebody knows to be too many, and learn nothing."""

from typing import Annotated, Any

from pydantic import Field

from config.model import Model
from rules.account import Account, Scale, floor_conditions
from rules.instant import Instant
from rules.rule import Floor, Opening, RuleOptions, Verdict, plural
from rules.series import Counts, measure_of, named
from rules.transition import Ending, Severity


class CriticalWhen(Model):
    """From here on the incident is critical."""

    posts: Annotated[int, Field(ge=1)]


class FixedOptions(RuleOptions):
    """Options of a rule with a floor."""

    at_least: Floor
    critical_when: CriticalWhen | None = None
    """The count from which it is critical, when `severity` is lower."""


class FixedRule:
    """Fires at `at_least` mentions in `horizon` minutes and is calm below `calm_below` of them."""

    def __init__(self, series: str, horizon: int, options: FixedOptions, calm_below: float) -> None:
        self.series = series
        self.horizon = horizon
        self._options = options
        self._calm_below = calm_below

    def learn(self, counts: Counts, minute: int) -> None:
        """A fixed number learns nothing."""

    def end(self, _ending: Ending | None = None, /) -> None:
        """Nor does it remember."""

    def soften(self) -> None:
        """Nothing was learnt."""

    def judge(self, counts: Counts, at: Instant, _opening: Opening | None = None, /) -> Verdict:
        floor, (of, unit) = self._options.at_least, measure_of(self.series)
        count = counts.total(self.series, at, self.horizon)
        enough = count >= floor.posts
        return Verdict(
            of=of,
            unit=unit,
            firing=enough and counts.has_authors(self.series, at, self.horizon, floor.authors),
            calm=count < self._calm_below,
            severity=self._severity(count),
            count=count,
            window=self.horizon,
        )

    def explain(self, counts: Counts, at: Instant, _opening: Opening | None = None, /) -> Account:
        count = counts.total(self.series, at, self.horizon)
        authors = counts.authors(self.series, at, self.horizon)
        return Account(
            conditions=floor_conditions(self._options.at_least, count, authors),
            scales=(Scale(minutes=self.horizon, observed=count),),
        )

    def reasons(self, verdict: Verdict) -> tuple[str, ...]:
        floor = self._options.at_least
        counted = f"{self.counted(verdict.count)} in {verdict.window} min"
        return counted, f"at least {floor.posts}, by {plural(floor.authors, 'author')}"

    def counted(self, count: int) -> str:
        """What is counted, in words."""
        return named(self.series, count)

    def dump(self) -> Any:
        return None

    def restore(self, state: Any) -> None:
        """Nothing was learnt."""

    def recall(self, state: Any) -> None:
        """Nothing was learnt."""

    def _severity(self, count: int) -> Severity:
        critical = self._options.critical_when
        return "critical" if critical and count >= critical.posts else self._options.severity
