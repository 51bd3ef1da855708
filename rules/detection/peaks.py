"""How often a series has gone so far before: the highest of its past excursions, and the tail beyond them."""

from math import exp, inf, log

import msgspec

_KEPT = 10
_MEMORY = 90 * 24 * 60.0
_MONTH = 30 * 24 * 60.0
_PRIOR_BEST, _PRIOR_SLOPE = 7.5, 1.5
_FLOOR = 2.0
_LEAST_SLOPE = 0.5
_SAFETY = 1.5  # an estimate from ten peaks is too sure of itself
_RAREST = 0.1  # a month: what counts as more is learnt as no more, since one old crisis must not deafen


def _prior() -> list[list[float]]:
    """The peaks of a month of some other series, spread over the month before the first bin."""
    values = (_PRIOR_BEST - _PRIOR_SLOPE * log(rank + 0.5) for rank in range(_KEPT))
    return [[value, -_MONTH * (rank * 7 % _KEPT + 0.5) / _KEPT] for rank, value in enumerate(values)]


class Peaks(msgspec.Struct, kw_only=True, array_like=True):
    """Peaks over a threshold: the ten highest excursions of the last 90 days, (score, minute heard) each, which make
    the threshold and, with an exponential tail, the rate beyond it (Pickands, Annals of Statistics 1975). Begins with
    the peaks of a made-up month, which its own replace as they come. `peak` and `calm` are of the excursion that runs.
    """

    highest: list[list[float]] = msgspec.field(default_factory=_prior)
    least: float = _PRIOR_BEST - _PRIOR_SLOPE * log(_KEPT - 0.5)
    slope: float = _PRIOR_SLOPE
    peak: float = 0.0
    calm: float = 0.0

    def rate(self, score: float, heard: float) -> float:
        """How many excursions in 30 days reach `score`; infinite below what is known."""
        if score <= self.least:
            return inf
        return _SAFETY * self._density(heard) * exp(-(score - self.least) / self.slope)

    def learn(self, score: float, heard: float, width: float, settled: float) -> None:
        """The next closed bin, `heard` minutes after the first; an excursion is over once it is below the floor for
        `settled` minutes.
        """
        self.peak = max(self.peak, score)
        self.calm = 0.0 if score > _FLOOR else self.calm + width
        if self.calm > settled and self.peak > 0:
            self.keep(heard)

    def keep(self, heard: float) -> None:
        """End the excursion that runs."""
        if self.peak > self.least:
            most = self.least + self.slope * max(0.0, log(self._density(heard) / _RAREST))
            self.highest = [[_FLOOR, at] if heard - at > _MEMORY else [score, at] for score, at in self.highest]
            lowest = min(range(_KEPT), key=lambda index: self.highest[index][0])
            if self.highest[lowest][0] < self.peak:
                self.highest[lowest] = [min(self.peak, most), heard]
            self._fit()
        self.peak = 0.0

    def _fit(self) -> None:
        scores = [score for score, _ in self.highest]
        self.least = min(scores)
        self.slope = max(_LEAST_SLOPE, (sum(scores) - _KEPT * self.least) / (_KEPT - 1))

    def _density(self, heard: float) -> float:
        return _KEPT / (min(heard + _MONTH, _MEMORY) / _MONTH)
