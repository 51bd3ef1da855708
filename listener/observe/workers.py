"""What is counted of the processes that work beside the daemon."""

from collections.abc import Callable, Sized
from functools import partial

from prometheus_client import CollectorRegistry, Counter, Gauge


class Workers:
    """One per process, on the registry of the others."""

    def __init__(self, registry: CollectorRegistry) -> None:
        gauge = partial(Gauge, registry=registry)
        self._ready = gauge("badbuzz_workers", "Processes that classify mentions beside the daemon.")
        self._given_up = gauge(
            "badbuzz_workers_given_up", "1 while none is tried any more: they ended at each start, or over too much."
        )
        self._held = gauge("badbuzz_quarantined_mentions", "Mentions kept apart, since reading them ends a worker.")
        self._lost = Counter("badbuzz_workers_lost_total", "Workers that ended before they should.", registry=registry)

    def follow(self, ready: Callable[[], int], given_up: Callable[[], bool], quarantine: Sized) -> None:
        """What to ask for how it is now."""
        self._ready.set_function(ready)
        self._given_up.set_function(given_up)
        self._held.set_function(lambda: len(quarantine))

    def lost(self) -> None:
        """One ended before it should."""
        self._lost.inc()
