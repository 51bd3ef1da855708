"""What is counted of each brand: plain numbers, of which series are made when Prometheus asks. Kept for each of
thousands of brands, those would be the largest part of what is held of them.
"""

from collections import Counter, deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Literal, NamedTuple, get_args

from prometheus_client import Metric
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily

from rules.facts import Label
from rules.labelling.model import Said
from rules.transition import SEVERITIES, Severity

TONES: tuple[Label, ...] = get_args(Label)
Outcome = Literal["model", "pack", "failed"]
"""Of a training: its model is better, the language packs are, or it came to no end."""
RECENT = 200
"""Mentions of a brand that its tone shares are taken from."""


class RuleReading(NamedTuple):
    """What a rule says of a brand now: what it compares with its normal, and what it expects, where it does."""

    rule: str
    value: float
    expected: float | None
    learning: bool


class BrandReading(NamedTuple):
    """How a brand stands now. `coverage` is how much of what it usually hears is heard, 0 to 1; `learnt` is whether a
    label model judges its tones; `incidents` are the severities of those that are open.
    """

    brand: str
    coverage: float
    learnt: bool
    rules: tuple[RuleReading, ...] = ()
    incidents: tuple[Severity, ...] = ()


class Brands:
    """What happened to brands. A collector: one registry may have it."""

    def __init__(self) -> None:
        self._watched: Collection[str] = ()
        self._ingested: Counter[tuple[str, str]] = Counter()
        self._recent: dict[str, deque[Label]] = {}
        self._marks: Counter[tuple[str, str]] = Counter()
        self._trainings: Counter[tuple[str, str]] = Counter()

    def watch(self, brands: Collection[str]) -> None:
        """These are watched: counters of what people do with a brand start at 0, and tones of others are forgotten."""
        self._watched = brands
        for brand in self._recent.keys() - brands:
            del self._recent[brand]

    def heard(self, source: str, brand: str, tones: Sequence[Label]) -> None:
        """Mentions of a brand were committed."""
        self._ingested[source, brand] += len(tones)
        if brand not in self._recent:
            self._recent[brand] = deque(maxlen=RECENT)
        self._recent[brand].extend(tones)

    def marked(self, brand: str, label: Label) -> None:
        """A person said what the tone of a text is."""
        self._marks[brand, label] += 1

    def trained(self, brand: str, outcome: Outcome) -> None:
        """A training ended."""
        self._trainings[brand, outcome] += 1

    def collect(self) -> Iterator[Metric]:
        """May be called in any thread."""
        ingested = "badbuzz_mentions_ingested_total", "Mentions counted for a brand.", ["source", "brand"]
        yield _counter(*ingested, dict(self._ingested))
        yield self._shares()
        marks = "badbuzz_marks_total", "What people said of the tone of texts.", ["brand", "label"]
        yield _counter(*marks, self._zeros(get_args(Said)) | dict(self._marks))
        trainings = "badbuzz_label_trainings_total", "Trainings, by what is better afterwards.", ["brand", "outcome"]
        yield _counter(*trainings, self._zeros(get_args(Outcome)) | dict(self._trainings))

    def _zeros(self, values: Iterable[str]) -> dict[tuple[str, str], int]:
        return {(brand, value): 0 for brand in tuple(self._watched) for value in values}

    def _shares(self) -> Metric:
        help_ = f"Share of a tone in the last {RECENT} mentions of a brand."
        shares = GaugeMetricFamily("badbuzz_sentiment_ratio", help_, labels=["brand", "polarity"])
        for brand, recent in self._recent.copy().items():
            tones = recent.copy()
            for tone in TONES:
                shares.add_metric([brand, tone], tones.count(tone) / len(tones))
        return shares


def standing(readings: Sequence[BrandReading]) -> Iterator[Metric]:
    """How brands stand now, as series."""
    coverage = "badbuzz_coverage_ratio", "How much of what a brand usually hears is heard, 0 to 1."
    yield _gauge(*coverage, ["brand"], (((each.brand,), each.coverage) for each in readings))
    model = "badbuzz_label_model", "1 while a model learnt from marks judges a brand's tones."
    yield _gauge(*model, ["brand"], (((each.brand,), each.learnt) for each in readings))
    pair, of = ["brand", "rule"], [((each.brand, rule.rule), rule) for each in readings for rule in each.rules]
    value = "badbuzz_rule_value", "What a rule compares with its normal."
    yield _gauge(*value, pair, ((names, rule.value) for names, rule in of))
    expected = "badbuzz_baseline_expected", "Mentions expected in a rule's window; a guess while the rule is learning."
    yield _gauge(*expected, pair, ((names, rule.expected) for names, rule in of if rule.expected is not None))
    learning = "badbuzz_rule_learning", "1 while a rule has little history."
    yield _gauge(*learning, pair, ((names, rule.learning) for names, rule in of))
    open_ = Counter(severity for each in readings for severity in each.incidents)
    incidents = "badbuzz_incidents_open", "Incidents not yet resolved."
    yield _gauge(*incidents, ["severity"], (((severity,), open_[severity]) for severity in SEVERITIES))


def _counter(name: str, help_: str, labels: Sequence[str], counts: Mapping[tuple[str, str], int]) -> Metric:
    family = CounterMetricFamily(name, help_, labels=labels)
    for values, count in counts.items():
        family.add_metric(values, count)
    return family


def _gauge(name: str, help_: str, labels: Sequence[str], samples: Iterable[tuple[Sequence[str], float]]) -> Metric:
    family = GaugeMetricFamily(name, help_, labels=labels)
    for values, value in samples:
        family.add_metric(values, value)
    return family
