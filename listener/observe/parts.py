"""How the parts of the brands are judged, for Prometheus: by whom, how far, and with how much to spare."""

from datetime import timedelta
from functools import partial

from prometheus_client import CollectorRegistry, Counter, Gauge

from rules.instant import Span


class PartMetrics:
    """One per registry. Only parts that are judged here are told of."""

    def __init__(self, registry: CollectorRegistry) -> None:
        gauge = partial(Gauge, labelnames=["part"], registry=registry)
        self._epoch = gauge("badbuzz_part_epoch", "How many processes have judged a part; the highest one judges it.")
        self._lag = gauge("badbuzz_part_lag", "Records of a part that are still to be judged.")
        self._behind = gauge("badbuzz_part_behind_seconds", "How long ago that was said which a part judges now.")
        self._idle = gauge("badbuzz_part_takeover_seconds", "For how long nobody judged a part before.")
        self._busy = Counter(
            "badbuzz_part_busy_seconds_total",
            "Time spent judging a part: one second each second is the most, as a brand is never split.",
            ["part"],
            registry=registry,
        )

    def begun(self, part: int, epoch: int, idle: timedelta | None) -> None:
        """It is judged here from now on; nobody judged it for `idle`, as far as that is known."""
        self._epoch.labels(part).set(epoch)
        if idle is not None:
            self._idle.labels(part).set(idle.total_seconds())

    def judged(self, part: int, took: float, lag: int, behind: Span) -> None:
        """More of it is judged, which took so many seconds: so many records are left, of which the next is so old."""
        self._busy.labels(part).inc(took)
        self._lag.labels(part).set(lag)
        self._behind.labels(part).set(behind / 1e6)

    def left(self, part: int) -> None:
        """It is judged elsewhere from now on."""
        for each in (self._epoch, self._lag, self._behind, self._idle):
            each.remove_by_labels({"part": str(part)})
