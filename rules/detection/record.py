"""The most evidence that a series' own past excursions had: what it is then compared with."""

_FLOOR = 4.0
_HALF_LIFE = 20 * 24 * 60  # minutes
_GROWTH = 3.0  # one excursion does not make blind to all that follow


def faded(record: float, width: float) -> float:
    """A record `width` minutes later, in which nothing happened: it fades by half in 20 days, to 4."""
    return _FLOOR + (record - _FLOOR) * 2 ** (-width / _HALF_LIFE)


def with_excursion(record: float, highest: float) -> float:
    """A record after an excursion that had `highest` at most."""
    return max(record, min(highest, _GROWTH * record))
