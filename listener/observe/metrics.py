"""What the daemon counts about itself, for Prometheus. Callers say what happened; names and labels live here alone.

Labels are names from the configuration or words from a fixed list: never an author, an address or a text.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import get_args

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Metric,
)
from prometheus_client.exposition import choose_encoder

from alerts.channel import Reason
from listener.observe.brands import BrandReading, Brands, standing
from listener.observe.ownership import Ownership
from listener.observe.sources import SourceMetrics, Words
from listener.observe.vigil import Vigil
from listener.observe.workers import Workers
from rules.facts import Label
from rules.instant import Instant, Span
from rules.transition import SEVERITIES, State, Transition

_LAG = (1, 5, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21600)
_LATENCY = (1, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600)
_COMMIT = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)


class _Scrape:
    """What is counted and how brands stand, as one."""

    def __init__(self, registry: CollectorRegistry, readings: Sequence[BrandReading]) -> None:
        self._registry, self._readings = registry, readings

    def collect(self) -> Iterator[Metric]:
        yield from self._registry.collect()
        yield from standing(self._readings)


class Metrics(SourceMetrics):
    """What a daemon counts beside that."""

    def __init__(self, *, version: str, now: Callable[[], Instant]) -> None:
        super().__init__(version=version, now=now)
        self._oldest: Instant | None = None
        self._drops, self._failures = Words(), Words()
        self._mention_metrics()
        self._detection_metrics()
        self._delivery_metrics()
        self.vigil, self.ownership, self.brands = Vigil(self.registry), Ownership(self.registry), Brands()
        self.registry.register(self.brands)
        self.workers = Workers(self.registry)

    def exposition(self, accept: str, readings: Sequence[BrandReading] = ()) -> tuple[bytes, str]:
        """(body, content type) for an Accept header: OpenMetrics where asked for, else the text format. `readings` are
        how brands stand now. Takes seconds where there are many: it may be called in any thread.
        """
        encode, content_type = choose_encoder(accept)
        return encode(_Scrape(self.registry, readings)), content_type

    def mentions_taken(self, source: str, brand: str, heard: Sequence[tuple[Label, Span]]) -> None:
        """Mentions of a brand were committed: the tone of each, and how long after it was written."""
        self.brands.heard(source, brand, [label for label, _ in heard])
        for _, lag in heard:
            self._lag.observe(max(0, lag) / 1e6)

    def mentions_dropped(self, reason: str, count: int = 1) -> None:
        """Mentions that were read and not counted (`duplicate`, `unmatched`, `unreadable` ...)."""
        self._dropped.labels(self._drops(reason)).inc(count)

    def judged(self, times: int) -> None:
        """Rules were asked what they say of brands."""
        self._evaluations.inc(times)

    def incident_moved(self, transition: Transition) -> None:
        """A transition was committed."""
        self._transitions.labels(transition.state, transition.severity).inc()
        first = transition.evidence.first_at
        if transition.state == "open" and first is not None:
            self._latency.observe(max(0, transition.at - first) / 1e6)

    def channel_added(self, channel: str) -> None:
        """Its counters start at 0, so that a first failure is an increase."""
        self._sent.labels(channel)
        for reason in get_args(Reason):
            self._failed.labels(channel, self._failures(reason))

    def delivered(self, channel: str) -> None:
        self._sent.labels(channel).inc()

    def delivery_failed(self, channel: str, reason: str) -> None:
        """One attempt did not succeed; it may be tried again."""
        self._failed.labels(channel, self._failures(reason)).inc()

    def outbox_waits_since(self, oldest: Instant | None) -> None:
        """When the oldest delivery, not yet made, was first due; None when nothing waits."""
        self._oldest = oldest

    def queue_depth(self, queue: str, depth: int) -> None:
        self._depth.labels(queue).set(depth)

    def committed(self, seconds: float) -> None:
        """A transaction took `seconds`."""
        self._commits.observe(seconds)

    def _mention_metrics(self) -> None:
        counter = partial(Counter, registry=self.registry)
        self._dropped = counter("badbuzz_mentions_dropped_total", "Mentions read and not counted.", ["reason"])
        self._lag = Histogram(
            "badbuzz_ingest_lag_seconds",
            "From a mention's creation to its commit.",
            buckets=_LAG,
            registry=self.registry,
        )

    def _detection_metrics(self) -> None:
        self._evaluations = Counter(
            "badbuzz_rule_evaluations_total", "Times a rule judged a brand.", registry=self.registry
        )
        self._transitions = Counter(
            "badbuzz_incident_transitions_total", "Steps of incidents.", ["state", "severity"], registry=self.registry
        )
        for state in get_args(State):
            for severity in SEVERITIES:
                self._transitions.labels(state, severity)
        self._latency = Histogram(
            "badbuzz_detection_latency_seconds",
            "From the first mention of an incident to its opening.",
            buckets=_LATENCY,
            registry=self.registry,
        )

    def _delivery_metrics(self) -> None:
        gauge, counter = partial(Gauge, registry=self.registry), partial(Counter, registry=self.registry)
        self._sent = counter("badbuzz_notifications_total", "Deliveries made.", ["channel"])
        self._failed = counter(
            "badbuzz_notifications_failed_total", "Attempts to deliver that failed.", ["channel", "reason"]
        )
        age = gauge("badbuzz_outbox_oldest_age_seconds", "How long the oldest undelivered alert has been due.")
        age.set_function(lambda: 0.0 if self._oldest is None else max(0, self._now() - self._oldest) / 1e6)
        self._depth = gauge("badbuzz_queue_depth", "Entries waiting in a queue.", ["queue"])
        self._commits = Histogram(
            "badbuzz_commit_duration_seconds",
            "How long a transaction takes.",
            buckets=_COMMIT,
            registry=self.registry,
        )
