"""Who has the store, for Prometheus: of several machines with one PostgreSQL database one writes, the others wait."""

from datetime import timedelta
from functools import partial

from prometheus_client import CollectorRegistry, Gauge


class Ownership:
    """One per registry. A process that waits counts as not active until it says otherwise."""

    def __init__(self, registry: CollectorRegistry) -> None:
        gauge = partial(Gauge, registry=registry)
        self._active = gauge("badbuzz_active", "1 while this process writes, 0 while it stands by for another.")
        self._epoch = gauge("badbuzz_epoch", "How many processes have had the store; the highest one has it.")
        self._idle = gauge("badbuzz_takeover_seconds", "For how long nobody wrote before this process did.")

    def has_begun(self, epoch: int, idle: timedelta | None) -> None:
        """The process writes from now on; nobody did for `idle`, as far as that is known."""
        self._active.set(1)
        self._epoch.set(epoch)
        if idle is not None:
            self._idle.set(idle.total_seconds())
