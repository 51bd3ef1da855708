"""What a chart needs of a backtest: each brand's main rule, looked at every quarter of an hour of its virtual clock."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from alerts.alert import Language
from alerts.typography import estimate, number
from listener.charts.picture import Alarm, Bucket, Panel, Series, Stretch
from listener.charts.words import TEXTS
from listener.pipeline.engines import Engines
from rules.explaining import QUARTER, Explanation
from rules.instant import MINUTE, Instant, moment
from rules.transition import SEVERITIES, Transition, Unit

MOST_BRANDS = 6
MOST_INCIDENTS = 1_000
_EVERY = QUARTER * MINUTE


class Sampling:
    """Fills a panel for each of the first MOST_BRANDS brands, of which the names are what people call them. Looking
    changes nothing: the engines' grid is only run earlier than it would be anyway.
    """

    def __init__(self, names: Mapping[str, str], language: Language) -> None:
        self._language = language
        self._panels = {
            brand: Panel(title=name, series=Series(QUARTER)) for brand, name in list(names.items())[:MOST_BRANDS]
        }
        self._number: dict[str, int] = {}
        self._next: Instant | None = None

    def due(self, to: Instant) -> Iterator[Instant]:
        """The moments up to `to` at which to look, counted from the first `to` on."""
        if self._next is None:
            self._next = to - to % _EVERY + _EVERY
        while self._next <= to:
            yield self._next
            self._next += _EVERY

    def look(self, engines: Engines, at: Instant) -> None:
        """Take in the quarter of an hour that ended at `at`, up to which the engines have run."""
        for brand, panel in self._panels.items():
            engine = engines.get(brand)
            found = _main(engine.explain(at - 1)) if engine else None
            if found is not None:
                panel.what = _what(found.verdict.of, found.verdict.unit)
                panel.series.add(_bucket(found, (at - _EVERY) // MINUTE))

    def note(self, step: Transition) -> None:
        """Take in a step of an incident."""
        panel = self._panels.get(step.brand)
        if panel is None:
            return
        if step.state in {"open", "reopened"} and len(panel.alarms) < MOST_INCIDENTS:
            self._number[step.incident] = len(panel.alarms)
            panel.alarms.append(Alarm(at=moment(step.at), severity=step.severity, said=self._said(step)))
            panel.incidents.append(Stretch(since=moment(step.at), until=moment(step.at)))
        elif step.incident in self._number:
            place = self._number[step.incident]
            worst = max(panel.alarms[place].severity, step.severity, key=SEVERITIES.index)
            panel.alarms[place] = replace(panel.alarms[place], severity=worst)
            if step.state == "resolved":
                self._end(panel, self._number.pop(step.incident), step.at)

    def panels(self, engines: Engines, until: Instant) -> Sequence[Panel]:
        """What was taken in, with the quarter of an hour that is not over; incidents that are open reach to `until`."""
        if self._next is not None:
            self.look(engines, self._next)
            self._next = None
        for engine in engines:
            for incident in engine.open_incidents():
                if incident.id in self._number:
                    self._end(self._panels[engine.brand], self._number.pop(incident.id), until)
        return list(self._panels.values())

    @staticmethod
    def _end(panel: Panel, place: int, at: Instant) -> None:
        panel.incidents[place] = replace(panel.incidents[place], until=moment(at))

    def _said(self, step: Transition) -> str:
        """What was counted, with its normal; which rule it was."""
        language, evidence = self._language, step.evidence
        count = f"{number(evidence.count, language)} {TEXTS[language][_what(evidence.of, evidence.unit)]}"
        if evidence.usual is not None:
            count = TEXTS[language]["counted"].format(count=count, usual=estimate(evidence.usual, language))
        return f"{count} ({step.rule})"


def _what(series: str, unit: Unit) -> str:
    """Which of the words says what was counted."""
    return series.partition(":")[0] if unit == "mentions" else unit


def _main(explanations: Sequence[Explanation]) -> Explanation | None:
    """Of the first rule that knows what is usual of all sources together, else of the first."""
    known = (each for each in explanations if each.account.rarity and not each.verdict.source)
    return next(known, next(iter(explanations), None))


def _bucket(why: Explanation, begin: int) -> Bucket:
    scale = next((each for each in why.account.scales if each.minutes == QUARTER and each.expected is not None), None)
    if scale is None:
        return Bucket(begin=begin, count=why.quarter)
    return Bucket(begin=begin, count=why.quarter, expected=scale.expected, high=scale.usual_high)
