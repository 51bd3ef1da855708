"""Too many different authors or sources, or too few."""

from datetime import timedelta
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from rules.account import Account, Condition, Scale
from rules.instant import Instant
from rules.listened import Listened
from rules.remembering import Remembering
from rules.rule import Of, Opening, RuleOptions, RuleSpec, Verdict, Window, plural
from rules.series import Counts, minute_of

Limit = Annotated[int, Field(ge=1)]


class CardinalityOptions(RuleOptions):
    """Fires when more than `max` different authors or sources speak in a window, or fewer than `min`: one of these must
    be given. Too few are judged only where all sources were heard.
    """

    different: Literal["authors", "sources"] = "authors"
    """What is counted, each once."""
    of: Of = "negative"
    """Of which mentions: negative ones, or all posts."""
    window: Window = timedelta(hours=1)
    """The stretch of time that is counted."""
    max: Limit | None = None
    """So many may be."""
    min: Limit | None = None
    """So many must be."""

    @model_validator(mode="after")
    def _has_limits(self) -> Self:
        if self.max is None and self.min is None:
            raise ValueError("max or min is needed: a number of different authors or sources")
        if self.max is not None and self.min is not None and self.min > self.max:
            raise ValueError("min is more than max")
        return self


class Cardinality(Remembering[Listened]):
    """Fires above `max` and below `min`, is calm between them. Of one minute, 1,000 authors are told apart."""

    def __init__(self, _name: str, options: CardinalityOptions) -> None:
        super().__init__(Listened)
        self.series: str = options.of
        self.horizon = options.window // timedelta(minutes=1)
        self._options = options

    def learn(self, counts: Counts, minute: int) -> None:
        if self._options.min is not None:
            self.memory.learn(counts, minute, self.horizon)

    def judge(self, counts: Counts, at: Instant, opening: Opening | None = None, /) -> Verdict:
        count, options = self._count(counts, at), self._options
        few = options.min is not None and count < options.min
        heard = not few or self._is_heard(counts, at)
        many = options.max is not None and count > options.max
        return Verdict(
            of=self.series,
            firing=many or (few and heard),
            calm=not many and not few,
            severity=options.severity,
            count=count,
            window=self.horizon,
            unit=options.different,
            fewer=few or options.max is None or (opening is not None and not many),
        )

    def explain(self, counts: Counts, at: Instant, opening: Opening | None = None, /) -> Account:
        verdict, options = self.judge(counts, at, opening), self._options
        count, least, most = verdict.count, options.min, options.max
        few = least is not None and count < least
        limit = Condition(
            name="too_few_different" if most is None else "different" if least is None else "different_or_few",
            met=few or (most is not None and count > most),
            observed=count,
            needed=None if most is None else most + 1,
            below=None if least is None else least - 1,
        )
        heard = (Condition(name="heard", met=self._is_heard(counts, at)),) if few else ()
        return Account(conditions=(limit, *heard), scales=(Scale(minutes=self.horizon, observed=count),))

    def _count(self, counts: Counts, at: Instant) -> int:
        if self._options.different == "authors":
            return counts.authors(self.series, at, self.horizon)
        return len({name for _, cell in counts.window(self.series, at, self.horizon) for name in cell.sources})

    def _is_heard(self, counts: Counts, at: Instant) -> bool:
        """Whether the window was heard without a break: `count` is of the clock's window."""
        heard = self.memory.last(counts, at, self.horizon, self.horizon)
        return bool(heard) and heard[-1][0] == minute_of(at) - self.horizon

    def reasons(self, verdict: Verdict) -> tuple[str, ...]:
        options, what = self._options, verdict.unit.removesuffix("s")
        counted = f"{plural(verdict.count, f'different {what}')} of {self.series} mentions in {verdict.window} min"
        limits = [
            f"{word} {limit}" for word, limit in (("more than", options.max), ("fewer than", options.min)) if limit
        ]
        return counted, f"{' or '.join(limits)} is an incident"


SPEC = RuleSpec(
    kind="cardinality",
    summary="Fires when too many, or too few, different authors or sources speak.",
    options=CardinalityOptions,
    example={"different": "authors", "of": "negative", "window": "1h", "max": 50},
    looks_at="numbers",
    build=Cardinality,
    silence=lambda options: options.min is not None,
    steady=True,
)
