"""Draws a chart into a file, PNG or SVG: the same values give the same picture."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from textwrap import shorten, wrap
from typing import Any
from warnings import catch_warnings, simplefilter
from zoneinfo import ZoneInfo

from babel.dates import format_date

from alerts.alert import Language
from alerts.times import Times
from alerts.typography import number, span
from listener.charts.picture import Alarm, Bucket, Panel, Series
from listener.charts.words import LEVELS, TEXTS
from rules.text import defuse
from rules.transition import SEVERITIES, Severity

SUFFIXES = (".png", ".svg")
MOST_LISTED = 10
_COLOURS: dict[Severity, str] = {"info": "#2a6f97", "warning": "#d97706", "critical": "#b91c1c"}
_BAR, _LINE, _BAND, _INCIDENT, _KNOWN = "#64748b", "#0f766e", "#99d5cb", "#fca5a5", "#a78bfa"
_WIDTH, _HEIGHT, _ROW = 12.0, 4.0, 0.24  # inches
_DAYS_ALONE, _YEARS = 4 * 24 * 60, 300 * 24 * 60  # minutes: of a longer stretch hours are not told apart, or days
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LONGEST_TITLE, _LONGEST_LINE = 100, 150
_KEYS = 4  # of the legend, side by side: more than that many go on the next line


class ChartsMissingError(Exception):
    """What draws charts is not installed."""

    def __init__(self) -> None:
        super().__init__("charts need one more package: install `badbuzz[chart]`")


def require() -> Any:
    """What draws. Raises ChartsMissingError."""
    try:
        import matplotlib as mpl  # noqa: PLC0415 - an extra, and it takes a second
    except ImportError:
        raise ChartsMissingError from None
    mpl.use("Agg")
    return mpl


def draw(panels: Sequence[Panel], path: Path, language: Language, zone: str) -> None:
    """Write the panels one below the other. Raises ChartsMissingError and OSError."""
    library = require()
    from matplotlib.figure import Figure  # noqa: PLC0415

    panels = panels or [Panel(title="", series=Series(1))]
    heights = [_HEIGHT + _ROW * _rows(panel) for panel in panels]
    with library.rc_context(), catch_warnings():
        simplefilter("ignore")  # a name in a script that the font lacks is drawn as boxes, and no reason to talk
        library.rcdefaults()
        library.rcParams.update({"svg.hashsalt": "badbuzz", "svg.fonttype": "none"})
        figure = Figure(figsize=(_WIDTH, sum(heights)), layout="constrained")
        parts = figure.subfigures(len(panels), 1, height_ratios=heights, squeeze=False)
        for part, panel, height in zip(parts[:, 0], panels, heights, strict=True):
            _Drawing(part, panel, language, ZoneInfo(zone)).draw(height)
        nothing = {"Date": None} if path.suffix == ".svg" else {"Software": None}
        figure.savefig(path, dpi=120, metadata=nothing)


def _rows(panel: Panel) -> int:
    """Lines of text below a panel, and room for a legend of two."""
    return 2 + max(1, min(len(panel.alarms), MOST_LISTED)) + (len(panel.alarms) > MOST_LISTED)


def _plain(text: str) -> str:
    """Strangers' words as they are: a dollar begins no formula."""
    return defuse(text).replace("$", r"\$")


class _Drawing:
    """One panel on its part of the page."""

    def __init__(self, part: Any, panel: Panel, language: Language, zone: ZoneInfo) -> None:
        self._part, self._panel, self._language, self._zone = part, panel, language, zone
        self._texts = TEXTS[language]
        begin = panel.series.buckets[-1].begin if panel.series.buckets else 0
        self._times = Times(now=_moment(begin), zone=self._zone, language=language)

    def draw(self, height: float) -> None:
        below = _ROW * _rows(self._panel)
        axes, listed = self._part.subplots(2, 1, height_ratios=[height - below, below])
        listed.axis("off")
        title = shorten(_plain(self._panel.title), 2 * _LONGEST_TITLE, placeholder="…")
        pad = 28 if self._panel.alarms else 8  # points: the numbers of alarms stand below it
        axes.set_title("\n".join(wrap(title, _LONGEST_TITLE)), loc="left", pad=pad)
        if self._panel.series.buckets:
            self._stretches(axes)
            self._counts(axes, self._panel.series)
            self._axes(axes)
            self._marks(axes)
            self._legend()
        else:
            axes.axis("off")
            axes.text(0.5, 0.5, self._texts["empty"], ha="center", transform=axes.transAxes)
        self._list(listed)

    def _counts(self, axes: Any, series: Series) -> None:
        begins = [_moment(bucket.begin) for bucket in series.buckets]
        width = timedelta(minutes=series.width)
        counts = [bucket.count for bucket in series.buckets]
        axes.bar(
            begins, counts, width=width, align="edge", color=_BAR, label=self._texts["count"], zorder=3, linewidth=0
        )
        for run in _runs(series):
            edges = [_moment(bucket.begin) for bucket in run] + [_moment(run[-1].begin) + width]
            expected = [bucket.expected for bucket in run]
            high = [bucket.high or bucket.expected or 0.0 for bucket in run]
            low = [max(0.0, 2 * (mean or 0.0) - most) for mean, most in zip(expected, high, strict=True)]
            axes.fill_between(
                edges, [*low, low[-1]], [*high, high[-1]], step="post", color=_BAND, alpha=0.6, zorder=2, linewidth=0
            )
            axes.step(edges, [*expected, expected[-1]], where="post", color=_LINE, linewidth=1.6, zorder=4)

    def _stretches(self, axes: Any) -> None:
        least = timedelta(minutes=self._panel.series.width) / 2  # a thin one must be seen
        for stretches, colour, depth in ((self._panel.known, _KNOWN, 0), (self._panel.incidents, _INCIDENT, 1)):
            for each in stretches:
                axes.axvspan(
                    each.since, max(each.until, each.since + least), color=colour, alpha=0.45, zorder=depth, linewidth=0
                )

    def _marks(self, axes: Any) -> None:
        """The alarms, numbered above the bars; the numbers of neighbours stand above each other."""
        transform = axes.get_xaxis_transform()
        first, last = axes.get_xlim()
        free = [-1e9] * 4
        for count, alarm in enumerate(self._panel.alarms, 1):
            x = axes.convert_xunits(alarm.at)
            colour = _COLOURS[alarm.severity]
            axes.axvline(alarm.at, color=colour, linewidth=1.2, zorder=2.5)  # behind thin bars
            if count > MOST_LISTED:
                continue
            row = next((row for row, until in enumerate(free) if x >= until), len(free) - 1)
            free[row] = x + (last - first) * 0.022
            axes.text(
                alarm.at,
                1.03 + 0.065 * row,
                str(count),
                transform=transform,
                ha="center",
                va="center",
                color="white",
                fontsize=8,
                fontweight="bold",
                bbox={"boxstyle": "circle,pad=0.25", "fc": colour, "ec": "none"},
            )

    def _axes(self, axes: Any) -> None:
        from matplotlib.dates import AutoDateLocator  # noqa: PLC0415
        from matplotlib.ticker import FuncFormatter, MaxNLocator  # noqa: PLC0415

        series = self._panel.series
        width = span(timedelta(minutes=series.width), self._language)
        axes.set_ylabel(
            self._texts["axis"].format(what=self._texts.get(self._panel.what, self._panel.what), width=width)
        )
        axes.yaxis.set_major_locator(MaxNLocator(6, integer=True))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: number(round(value), self._language)))
        axes.set_ylim(bottom=0)
        begin, end = series.buckets[0].begin, series.buckets[-1].begin + series.width
        axes.set_xlim(_moment(begin), _moment(end))
        axes.xaxis.set_major_locator(AutoDateLocator(tz=self._zone, minticks=4, maxticks=9))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: self._tick(value, end - begin)))
        axes.set_xlabel(self._times.place)
        axes.grid(axis="y", color="#e2e8f0", zorder=0)
        axes.spines[["top", "right"]].set_visible(False)

    def _tick(self, value: float, minutes: int) -> str:
        """What tells moments of so long a stretch apart: months, days, or hours above their day."""
        from matplotlib.dates import num2date  # noqa: PLC0415

        at = num2date(value, tz=UTC)
        day = format_date(at.astimezone(self._zone), "MMM y" if minutes > _YEARS else "d MMM", locale=self._language)
        return day if minutes > _DAYS_ALONE else f"{self._times.hour(at)}\n{day}"

    def _legend(self) -> None:
        from matplotlib.lines import Line2D  # noqa: PLC0415
        from matplotlib.patches import Patch  # noqa: PLC0415

        panel, texts = self._panel, self._texts
        shown: list[Patch | Line2D] = [Patch(color=_BAR, label=texts["count"])]
        if any(bucket.expected is not None for bucket in panel.series.buckets):
            shown += [Line2D([], [], color=_LINE, label=texts["expected"]), Patch(color=_BAND, label=texts["band"])]
        levels = [level for level in SEVERITIES if any(alarm.severity == level for alarm in panel.alarms)]
        shown += [Line2D([], [], color=_COLOURS[each], label=self._alarm(each)) for each in levels]
        if panel.incidents:
            shown.append(Patch(color=_INCIDENT, alpha=0.45, label=texts["incident"]))
        if panel.known:
            shown.append(Patch(color=_KNOWN, alpha=0.45, label=texts["known"]))
        columns = len(shown) if len(shown) <= _KEYS + 1 else _KEYS
        self._part.legend(handles=shown, loc="outside lower center", ncols=columns, frameon=False, fontsize=9)

    def _alarm(self, level: Severity) -> str:
        return self._texts["alarm"].format(level=LEVELS[self._language][level])

    def _list(self, axes: Any) -> None:
        """The alarms in words, by their numbers. They take no part in the layout: a long line must not narrow the
        picture above it.
        """
        alarms = self._panel.alarms
        lines = [self._line(count, alarm) for count, alarm in enumerate(alarms[:MOST_LISTED], 1)]
        if len(alarms) > MOST_LISTED:
            lines.append(self._texts["more"].format(count=number(len(alarms) - MOST_LISTED, self._language)))
        said = "\n".join(lines) or self._texts["no_alarm"]
        text = axes.text(0.0, 1.0, said, va="top", fontsize=9, linespacing=1.5, transform=axes.transAxes)
        text.set_in_layout(False)

    def _line(self, count: int, alarm: Alarm) -> str:
        said = f", {alarm.said}" if alarm.said else ""
        when = f"{self._times.day(alarm.at)}, {self._times.hour(alarm.at)}"
        level = LEVELS[self._language][alarm.severity]
        line = self._texts["line"].format(count=count, when=when, said=f"{level}{said}")
        return _plain(shorten(line, _LONGEST_LINE, placeholder="…"))


def _moment(minute: int) -> datetime:
    return _EPOCH + timedelta(minutes=minute)


def _runs(series: Series) -> Iterator[list[Bucket]]:
    """Neighbours of which the expected is known: a line leads over no gap."""
    run: list[Bucket] = []
    for bucket in series.buckets:
        if run and (bucket.expected is None or bucket.begin != run[-1].begin + series.width):
            yield run
            run = []
        if bucket.expected is not None:
            run.append(bucket)
    if run:
        yield run
