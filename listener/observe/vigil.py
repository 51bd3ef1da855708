"""What is counted of badbuzz watching itself: whether canaries come through, and whether signs of life leave."""

from functools import partial
from typing import Literal, get_args

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from rules.instant import Instant, Span

Sign = Literal["sent", "failed", "withheld"]
"""What became of a sign of life; it is withheld while something is wrong."""
_WAY = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)


class Vigil:
    """One per process, on the registry of the others."""

    def __init__(self, registry: CollectorRegistry) -> None:
        gauge, counter = partial(Gauge, registry=registry), partial(Counter, registry=registry)
        self._came = gauge(
            "badbuzz_canary_last_through_timestamp_seconds", "When the last canary that came through was sent; 0: none."
        )
        self._way = Histogram(
            "badbuzz_canary_seconds",
            "From a canary's mention to the last of its deliveries.",
            buckets=_WAY,
            registry=registry,
        )
        self._lost = counter("badbuzz_canaries_lost_total", "Canaries that did not come through in time.")
        self._signs = counter("badbuzz_heartbeats_total", "Signs of life to the watchdog elsewhere.", ["outcome"])
        for sign in get_args(Sign):
            self._signs.labels(sign)

    def canary_came(self, sent: Instant, took: Span) -> None:
        """The canary sent at that moment came through."""
        self._came.set(sent / 1e6)
        self._way.observe(max(0, took) / 1e6)

    def no_canary(self) -> None:
        """None is asked for any more."""
        self._came.set(0)

    def canary_lost(self) -> None:
        self._lost.inc()

    def sign(self, outcome: Sign) -> None:
        """A sign of life was due."""
        self._signs.labels(outcome).inc()
