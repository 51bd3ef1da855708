"""The last incident of a series, told apart: what is usual with its minutes and without them, until a person has said
what it was.
"""

import msgspec

from rules.detection import cusum
from rules.detection.detector import Detector
from rules.transition import Ending

KEPT = 8
"""Incidents whose size is remembered: of older ones nothing follows any more, whatever is said of them."""
_DAY = 24 * 60
_LONGEST = 7 * _DAY
_MONTH = 30 * _DAY
_ALIKE = 1.5  # chance and the hour of the day make the same burst half as surprising again


class Size(msgspec.Struct, kw_only=True, array_like=True):
    """The most `evidence` there was of an incident, the minute it `ended`, and whether it was called a false alarm."""

    evidence: float = 0.0
    ended: int | None = None
    harmless: bool = False


class Hindsight(msgspec.Struct, kw_only=True, array_like=True):
    """Two detectors of one series differ by the minutes of its last incident, from its opening until the count is back
    to usual after its end, a day later at most: the one in force, which is its owner's, and the `other`. Without these
    minutes is the one in force as long as the incident is called `real`. The other is dropped a week after the end, or
    when the next incident opens.
    """

    incident: str = ""
    other: Detector | None = None
    real: bool = False
    over: bool = True
    sizes: dict[str, Size] = {}

    def begin(self, incident: str, closed: Detector) -> None:
        """An incident opened, or came back; `closed` is in force."""
        if incident == self.incident and self.other is not None:
            self.over, self.sizes[incident].ended = False, None
            return
        self.incident, self.other = incident, Detector.load(closed.dump())
        self.real = self.over = False
        self.sizes[incident] = Size()
        while len(self.sizes) > KEPT:
            del self.sizes[next(iter(self.sizes))]

    def learn(self, closed: Detector, count: int, minute: int, times: float = 1.0) -> bool:
        """Take in the next closed minute; whether `closed`, which is in force, is to learn from it."""
        if self.other is None:
            return True
        size, told = self.sizes[self.incident], self.other if self.real else closed
        inside = not self._is_over(size, told, minute)
        if inside:
            size.evidence = max(size.evidence, cusum.evidence(told.sums))
        if self.real or not inside:
            self.other.step(count, minute, times)
        if size.ended is not None and minute > size.ended + _LONGEST:
            self.other = None
        return not (self.real and inside)

    def end(self, minute: int, evidence: float) -> str | None:
        """The incident ended in `minute`, with so much evidence of it left; which one, None if none is known of."""
        size = self.sizes.get(self.incident)
        if size is None or size.ended is not None:
            return None
        size.ended, size.evidence = minute, max(size.evidence, evidence)
        return self.incident

    def call(self, incident: str, ending: Ending, closed: Detector) -> Detector:
        """A person says what an incident was that has ended; the detector that is in force from now on."""
        if incident in self.sizes:
            self.sizes[incident].harmless = ending == "false-alarm"
        real = ending == "real"
        if incident == self.incident and self.other is not None and real != self.real:
            self.real, self.other, closed = real, closed, self.other
        return closed

    def spared(self, minute: int) -> float:
        """Up to how much evidence is no news, since a person called as much a false alarm in the last 30 days."""
        found = [size.evidence for size in self.sizes.values() if size.harmless and minute - (size.ended or 0) < _MONTH]
        return _ALIKE * max(found, default=0.0)

    def leaves_out(self, minute: int) -> bool:
        """Whether an open minute is of a real incident."""
        size = self.sizes.get(self.incident)
        return self.real and size is not None and size.ended is not None and minute <= size.ended

    def _is_over(self, size: Size, told: Detector, minute: int) -> bool:
        if not self.over and size.ended is not None and minute > size.ended:
            self.over = told.calm > 0 or minute > size.ended + _DAY
        return self.over
