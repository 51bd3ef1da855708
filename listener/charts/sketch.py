"""What a chart needs of the answers to one series of counts."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from alerts.alert import Language
from alerts.typography import estimate, number
from listener.charts.picture import Alarm, Bucket, Panel, Series, Stretch
from listener.charts.words import TEXTS

MOST_ALARMS = 1_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MINUTE = timedelta(minutes=1)


class Sketch:
    """Takes one answer after the other."""

    def __init__(self, title: str, known: Sequence[Stretch], language: Language) -> None:
        self._title, self._known, self._language = title, known, language
        self._series: Series | None = None
        self._alarms: list[Alarm] = []
        self._incidents: list[Stretch] = []

    def add(self, bucket: Bucket, width: timedelta, *, opens: bool, over: bool) -> None:
        """The next bin, which is `width` long; whether an incident opens with it, or it is one that such a one goes on
        by.
        """
        if self._series is None:
            self._series = Series(width // _MINUTE)
        self._series.add(bucket)
        begin = _EPOCH + bucket.begin * _MINUTE
        if opens and len(self._alarms) < MOST_ALARMS:
            self._alarms.append(Alarm(at=begin, severity="warning", said=self._said(bucket)))
            self._incidents.append(Stretch(since=begin, until=begin + width))
        elif over and self._incidents:
            self._incidents[-1] = replace(self._incidents[-1], until=begin + width)

    def _said(self, bucket: Bucket) -> str:
        texts, language = TEXTS[self._language], self._language
        count = f"{number(bucket.count, language)} {texts['mentions']}"
        return texts["counted"].format(count=count, usual=estimate(bucket.expected or 0, language))

    @property
    def panel(self) -> Panel:
        """All of it."""
        series = self._series or Series(1)
        return Panel(
            title=self._title,
            series=series,
            alarms=self._alarms,
            incidents=self._incidents,
            known=list(self._known),
        )
