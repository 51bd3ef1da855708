"""What records of a part mean, and when."""

from structlog.testing import capture_logs

from listener.kafka.dating import AHEAD, SILENCE, Dating
from listener.kafka.record import Record
from listener.pipeline.work import SourceChange
from rules.instant import DAY, SECOND

NOW = 20_000 * DAY


def test_a_clock_that_is_ahead_holds_up_none_of_the_others_for_longer_than_is_allowed():
    dating = Dating()
    with capture_logs() as logs:
        stamps = [NOW, NOW + 3 * SECOND, NOW + AHEAD, NOW + 5 * DAY, NOW + 6 * DAY, NOW + 1]
        heard = [dating.dated(Record(at=at, source="press"), ["press"], NOW).at for at in stamps]
    assert heard == [NOW, NOW + 3 * SECOND, NOW + AHEAD, NOW + AHEAD, NOW + AHEAD, NOW + 1]
    assert [(each["event"], each["source"], each["seconds"]) for each in logs] == [
        ("stamp_ahead", "press", 5 * DAY // SECOND)
    ]


def test_a_source_of_which_nobody_told_for_long_has_no_listener_until_somebody_does():
    dating, sources = Dating(), ["press", "push"]

    def lost(at, source):
        works = dating.dated(Record(at=at, source=source, state="healthy"), sources, at).works
        return [work.source for work in works if isinstance(work, SourceChange) and work.code == "unheard"]

    assert [] == lost(NOW, "press")
    assert [] == lost(NOW + SILENCE, "press")
    assert ["push"] == lost(NOW + SILENCE + 1, "press")
    assert ["press"] == lost(NOW + 3 * SILENCE, "push")
    assert [] == lost(NOW + 4 * SILENCE, "press")
