"""What the daemon counts about itself, for Prometheus. Callers say what happened; names and labels live here alone.

Labels are names from the configuration or words from a fixed list: never an author, an address or a text.
"""

import platform
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import get_args

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Metric,
    PlatformCollector,
    ProcessCollector,
)
from prometheus_client import disable_created_metrics as without_created
from prometheus_client.exposition import choose_encoder

from alerts.channel import Reason
from listener.errors import SourceState
from listener.observe.brands import BrandReading, Brands, standing
from listener.observe.ownership import Ownership
from listener.observe.vigil import Vigil
from listener.observe.workers import Workers
from rules.facts import Label
from rules.instant import Instant, Span
from rules.transition import SEVERITIES, State, Transition

SOURCE_STATES: tuple[SourceState, ...] = get_args(SourceState)
DIFFERENT_WORDS = 50
"""Distinct values of a label that others fill in (a platform's code, a reason); the rest are `other`."""

_LAG = (1, 5, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21600)
_LATENCY = (1, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600)
_COMMIT = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)
_WORD = re.compile(r"[A-Za-z0-9_.-]{1,40}")


class _Words:
    """Keeps a label's set of values small, whatever strangers answer."""

    def __init__(self) -> None:
        self._known: set[str] = set()

    def __call__(self, word: str) -> str:
        if word in self._known:
            return word
        if len(self._known) >= DIFFERENT_WORDS or not _WORD.fullmatch(word):
            return "other"
        self._known.add(word)
        return word


class _Scrape:
    """What is counted and how brands stand, as one."""

    def __init__(self, registry: CollectorRegistry, readings: Sequence[BrandReading]) -> None:
        self._registry, self._readings = registry, readings

    def collect(self) -> Iterator[Metric]:
        yield from self._registry.collect()
        yield from standing(self._readings)


class Metrics:
    """One per process, on a registry of its own. `now` is the daemon's clock."""

    def __init__(self, *, version: str, now: Callable[[], Instant]) -> None:
        without_created()  # type: ignore[no-untyped-call]  # promtool takes `_created` for gauges with a wrong name
        self.registry = CollectorRegistry()
        self._now = now
        self._oldest: Instant | None = None
        self._codes, self._drops, self._failures, self._types = _Words(), _Words(), _Words(), _Words()
        self._mention_metrics()
        self._source_metrics()
        self._detection_metrics()
        self._delivery_metrics()
        self._process_metrics(version)
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

    def source_state(self, source: str, state: SourceState, *, up: bool) -> None:
        self._up.labels(source).set(up)
        for each in SOURCE_STATES:
            self._state.labels(source, each).set(each == state)
        self._gaps.labels(source)
        self._lost.labels(source)

    def source_changed(self, source: str, state: SourceState, code: str) -> None:
        """A source came into a state, with the platform's own code ("" for none)."""
        self._changes.labels(source, state, self._codes(code) if code else "").inc()

    def source_event(self, source: str, at: Instant) -> None:
        """A source handed something over, or said that there is nothing new."""
        self._last_event.labels(source).set(at / 1e6)

    def source_request(self, source: str, code: str) -> None:
        """A request was answered with `code` (an HTTP status, or a word such as `timeout`)."""
        self._requests.labels(source, self._codes(code)).inc()

    def source_events(self, source: str, events: Mapping[str, int]) -> None:
        """A source brought so many events, by type; those of a stream are mostly no mention of anybody."""
        for kind, count in events.items():
            self._events.labels(source, self._types(kind)).inc(count)

    def source_missed(self, source: str, lost: Span) -> None:
        """What a source said for that long can no longer be read."""
        self._gaps.labels(source).inc()
        self._lost.labels(source).inc(lost / 1e6)

    def source_lag(self, source: str, offsets: int) -> None:
        """So much of a source's topic is still to be read."""
        self._behind.labels(source).set(offsets)

    def source_removed(self, source: str) -> None:
        """The configuration no longer has it: it must not look silent."""
        for gauge in (self._up, self._state, self._last_event, self._behind):
            gauge.remove_by_labels({"source": source})

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

    def configuration_loaded(self, *, successful: bool) -> None:
        self._reloaded.set(successful)
        if successful:
            self._reloaded_at.set(self._now() / 1e6)

    def _mention_metrics(self) -> None:
        counter = partial(Counter, registry=self.registry)
        self._dropped = counter("badbuzz_mentions_dropped_total", "Mentions read and not counted.", ["reason"])
        self._lag = Histogram(
            "badbuzz_ingest_lag_seconds",
            "From a mention's creation to its commit.",
            buckets=_LAG,
            registry=self.registry,
        )

    def _source_metrics(self) -> None:
        gauge = partial(Gauge, registry=self.registry)
        self._up = gauge("badbuzz_source_up", "1 while a source is being read.", ["source"])
        self._state = gauge("badbuzz_source_state", "1 for the state that a source is in.", ["source", "state"])
        self._last_event = gauge(
            "badbuzz_source_last_event_timestamp_seconds", "When a source last answered.", ["source"]
        )
        self._behind = gauge(
            "badbuzz_source_lag_offsets", "How much of a source's topic is still to be judged.", ["source"]
        )
        self._requests = Counter(
            "badbuzz_source_requests_total",
            "Requests to a source, by answer.",
            ["source", "code"],
            registry=self.registry,
        )

        counter = partial(Counter, registry=self.registry)
        self._events = counter("badbuzz_source_events_total", "What came from a source, by type.", ["source", "type"])
        self._changes = counter(
            "badbuzz_source_changes_total",
            "Times a source came into a state, by the platform's own code.",
            ["source", "state", "code"],
        )
        self._gaps = counter("badbuzz_source_gaps_total", "Times a source could not be caught up.", ["source"])
        self._lost = counter("badbuzz_source_gap_seconds_total", "What these times come to.", ["source"])

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

    def _process_metrics(self, version: str) -> None:
        gauge = partial(Gauge, registry=self.registry)
        self._reloaded = gauge(
            "badbuzz_config_last_reload_successful", "1 when the last attempt to load the configuration worked."
        )
        self._reloaded_at = gauge(
            "badbuzz_config_last_reload_success_timestamp_seconds", "When the configuration in force was loaded."
        )
        build = gauge("badbuzz_build_info", "What is running.", ["version", "python"])
        build.labels(version, platform.python_version()).set(1)
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
