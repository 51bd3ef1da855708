"""The demonstration in a terminal: every step and every message as its reader would see it."""

from collections import Counter
from collections.abc import Sequence
from typing import Self
from zoneinfo import ZoneInfo

from babel.numbers import format_decimal
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.padding import Padding
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from alerts.times import Times
from alerts.typography import estimate
from listener.mock.inboxes import Arrival
from listener.mock.messages import Inboxes
from listener.mock.show import Words
from listener.mock.stage import KINDS, ZONE, Stage
from listener.mock.story import LENGTH
from listener.mock.watch import Attempt
from listener.store.port import StoredMention
from rules.instant import MINUTE, SECOND, Instant, Span, moment
from rules.transition import Transition

WIDEST = 100
"""Columns that are used at most: longer lines read badly."""
BEATS = (
    (0, "beat_calm"),
    (27 * MINUTE + 30 * SECOND, "beat_spark"),
    (37 * MINUTE, "beat_fire"),
    (57 * MINUTE, "beat_official"),
    (70 * MINUTE, "beat_after"),
)
"""What is said of the story, and when."""
PATIENCE: Span = 10 * MINUTE
"""How long the story waits for the messages of a step before it goes on."""
COLOURS = {"info": "blue", "warning": "yellow", "critical": "red"}
_BARS = "▁▂▃▄▅▆▇█"


class Screen:
    """Prints what happens, above a footer that moves while the terminal can redraw it."""

    def __init__(self, console: Console, words: Words, speed: float, *, once: bool) -> None:
        self._console, self._words, self._speed, self._once = console, words, speed, once
        self._width = min(console.width, WIDEST)
        self._live = Live(
            console=console, auto_refresh=False, transient=True, redirect_stdout=False, redirect_stderr=False
        )
        self._inboxes = Inboxes(words, self._width)
        self._page = ""
        self._began: Instant | None = None
        self._beats = list(BEATS)
        self._sent = 0
        self._awaited, self._stepped = 0, 0

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def prepare(self, stage: Stage) -> None:
        words, self._page = self._words, stage.page
        facts = Table.grid(padding=(0, 2))
        for label, value in (
            (words("page"), Text(stage.page, style=f"link {stage.page}", overflow="fold")),
            (words("try"), Text(words("try_how"))),
            (words("configuration"), Text(str(stage.config), overflow="fold")),
            (words("log"), Text(str(stage.log), overflow="fold")),
            (words("broker"), Text(stage.broker.name)),
            (words("stop"), Text(words("stop_how"))),
        ):
            facts.add_row(Text(label, style="bold"), value)
        speed, minute = (format_decimal(each, locale=words.language) for each in (self._speed, 60 / self._speed))
        intro = words("intro", speed=speed, minute=minute)
        self._print(Panel(Group(Text(intro), Text(), facts), title=words("title"), padding=(1, 2)))
        self._live.update(Text(words("preparing"), style="dim"), refresh=True)

    def begin(self, at: Instant) -> None:
        self._began = at

    def pulse(self, at: Instant, mentions: Sequence[StoredMention]) -> None:
        passed = at - (self._began or at)
        # a beat does not come between a step and its messages
        held = self._awaited > 0 and at - self._stepped < PATIENCE
        while self._beats and passed >= self._beats[0][0] and not held:
            since, key = self._beats.pop(0)
            beat = Text(f"{self._hour(at - passed + since)}  ", style="bold")
            self._print(Padding(beat.append(self._words(key), style="italic not bold"), (1, 0, 0, 0)))
        self._live.update(self._footer(at, passed, mentions), refresh=True)

    def transition(self, step: Transition) -> None:
        self._awaited, self._stepped = len(KINDS), step.at
        words, evidence = self._words, step.evidence
        hits = evidence.of.startswith("hits:")
        key = "measured_hits" if hits else "measured_author" if evidence.authors == 1 else "measured"
        measured = words(
            key,
            count=evidence.count,
            window=evidence.window // MINUTE,
            usual=estimate(evidence.usual or 0.0, words.language),
            authors=evidence.authors,
        )
        level = "" if step.state == "resolved" else f" · {words(step.severity)}"
        colour = "green" if step.state == "resolved" else COLOURS[step.severity]
        head = Text(f"● {words(step.state)}{level}", style=f"bold {colour}")
        when = words("clock", moment=self._hour(step.at), real=self._real(step.at))
        head.append(f"   {when}", style="not bold default")
        self._print(Padding(Group(head, Text(f"  {measured}")), (1, 0, 0, 0)))

    def arrival(self, arrival: Arrival) -> None:
        shown = self._inboxes.shown(arrival)
        if shown is not None:
            self._awaited -= 1
            self._print(Padding(shown, (0, 0, 0, 2)))

    def attempt(self, attempt: Attempt) -> None:
        if attempt.outcome == "sent":
            self._sent += 1
        elif attempt.outcome in {"retry", "parked"}:
            channel = self._words(f"channel_{attempt.kind}")
            self._print(Text(self._words(f"attempt_{attempt.outcome}", channel=channel, number=attempt.number)))

    def over(self, at: Instant) -> None:
        words = self._words
        text = Text(words("over", sent=self._sent, real=self._real(at)), style="bold green")
        if not self._once:
            text.append("\n" + words("over_page", page=self._page), style="not bold default")
        self._print(Padding(text, (1, 0)))

    def _footer(self, at: Instant, passed: Span, mentions: Sequence[StoredMention]) -> RenderableType:
        words = self._words
        counted = [each for each in mentions if _counts(each)]
        negative = sum(map(_is_negative, counted))
        stamp = f"{Times(moment(at), ZoneInfo(ZONE), words.language).day(moment(at))}, {self._hour(at)}"
        lines: list[RenderableType] = [
            Text(words("clock", moment=stamp, real=self._real(at)), style="bold"),
            _row(ProgressBar(total=LENGTH, completed=min(passed, LENGTH), width=self._width)),
            self._spark(at, counted),
            Text(words("heard", posts=len(counted), negative=negative, sent=self._sent)),
        ]
        if mentions:
            lines.append(self._latest(mentions[0]))
        return Padding(Group(*lines), (1, 0, 0, 0))

    def _spark(self, at: Instant, counted: Sequence[StoredMention]) -> Text:
        """Mentions of each of the last minutes; a minute where most are negative is red."""
        posts, bad = Counter[int](), Counter[int]()
        for each in counted:
            minute = _written(each) // MINUTE
            posts[minute] += 1
            bad[minute] += _is_negative(each)
        legend = Text(f"  {self._words('per_minute')} (", style="dim")
        legend.append("█", style="red not dim").append(f" {self._words('per_minute_bad')})")
        bars, most = Text(), max(4, *posts.values(), 0)
        for minute in range(at // MINUTE - max(10, self._width - len(legend.plain)) + 1, at // MINUTE + 1):
            count = posts[minute]
            bar = _BARS[round((len(_BARS) - 1) * count / most)]
            bars.append(bar, style="red" if 2 * bad[minute] > count else "cyan" if count else "dim")
        return bars.append_text(legend)

    def _latest(self, stored: StoredMention) -> Text:
        mention = stored.mention
        said = " ".join((mention.title or mention.text).split())
        author = mention.author.name or mention.author.handle or "?"
        line = Text(f"{mention.source} · {author}  ", style="dim")
        line.append(said, style="italic").truncate(self._width, overflow="ellipsis")
        return line

    def _hour(self, at: Instant) -> str:
        return Times(moment(at), ZoneInfo(ZONE), self._words.language).hour(moment(at))

    def _real(self, at: Instant) -> str:
        seconds = max(0, round((at - (self._began or at)) / SECOND / self._speed))
        return f"{seconds // 60} min {seconds % 60} s" if seconds >= 60 else f"{seconds} s"

    def _print(self, what: RenderableType) -> None:
        self._console.print(what, width=self._width, markup=False, emoji=False)


def _counts(stored: StoredMention) -> bool:
    return any(not (facts.own or facts.history) for facts in stored.facts.values())


def _is_negative(stored: StoredMention) -> bool:
    return any(facts.label == "negative" and not facts.own for facts in stored.facts.values())


def _written(stored: StoredMention) -> Instant:
    return max(facts.moment for facts in stored.facts.values())


def _row(what: RenderableType) -> Table:
    """On a line of its own."""
    table = Table.grid()
    table.add_row(what)
    return table
