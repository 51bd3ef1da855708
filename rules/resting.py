"""Which rules need not be asked again in a minute: they did not fire, and time alone makes none of them do so."""

from rules.instant import MINUTE, Instant
from rules.rule import RuleSpec
from rules.series import measure_of


class Resting:
    """Rules by name that rest in a minute, until something is taken in that concerns them. Only spares work: rules that
    are asked all the same say the same, so it need not survive a restart.
    """

    def __init__(self) -> None:
        self._minutes: dict[str, int] = {}
        self._series: dict[str, tuple[str, RuleSpec]] = {}

    def rest(self, name: str, series: str, spec: RuleSpec, at: Instant) -> None:
        """A rule on `series` was asked at `at`, has no incident, and does not fire."""
        if spec.steady:
            self._minutes[name] = at // MINUTE
            self._series[name] = measure_of(series)[0], spec

    def holds(self, name: str, at: Instant) -> bool:
        """Whether a rule need not be asked at `at`."""
        return self._minutes.get(name) == at // MINUTE

    def wake(self, touched: set[str] | None = None) -> None:
        """Those rest no more that news of the series `touched` may concern; None is any other news."""
        if touched is None:
            self._minutes.clear()
        for name in list(self._minutes):
            series, spec = self._series[name]
            if spec.watches is None or spec.is_hasty(series, touched or set()):
                del self._minutes[name]
