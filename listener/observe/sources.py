"""What whoever reads sources counts, for Prometheus, whether or not it judges what it reads."""

import platform
import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import get_args

from prometheus_client import CollectorRegistry, Counter, Gauge, PlatformCollector, ProcessCollector
from prometheus_client import disable_created_metrics as without_created
from prometheus_client.exposition import choose_encoder

from listener.errors import SourceState
from rules.instant import Instant, Span

SOURCE_STATES: tuple[SourceState, ...] = get_args(SourceState)
DIFFERENT_WORDS = 50
"""Distinct values of a label that others fill in (a platform's code, a reason); the rest are `other`."""

_WORD = re.compile(r"[A-Za-z0-9_.-]{1,40}")


class Words:
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


class SourceMetrics:
    """One per process, on a registry of its own. `now` is the daemon's clock."""

    def __init__(self, *, version: str, now: Callable[[], Instant]) -> None:
        without_created()  # type: ignore[no-untyped-call]  # promtool takes `_created` for gauges with a wrong name
        self.registry = CollectorRegistry()
        self._now = now
        self._codes, self._types = Words(), Words()
        self._source_metrics()
        self._process_metrics(version)

    def scrape(self, accept: str) -> tuple[bytes, str]:
        """(body, content type) for an Accept header: OpenMetrics where asked for, else the text format."""
        encode, content_type = choose_encoder(accept)
        return encode(self.registry), content_type

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

    def configuration_loaded(self, *, successful: bool) -> None:
        self._reloaded.set(successful)
        if successful:
            self._reloaded_at.set(self._now() / 1e6)

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
