"""An alert or a notice put into words for one recipient: what every channel is handed."""

from typing import Literal

import msgspec

from alerts.acts import Choice
from alerts.alert import Alert, Language, Notice


class Quotation(msgspec.Struct, frozen=True, kw_only=True):
    """A quoted mention: `text` is a stranger's, cleaned of control characters but not escaped; `caption` is ours
    ("The first · Bluesky · 22:50"); `url` is http(s) or None.
    """

    text: str
    caption: str
    url: str | None = None
    language: str | None = None


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """A labelled fact, such as "Where" / "Bluesky 14, Mastodon 5". Not escaped. `repeats`: the lead says as much."""

    label: str
    value: str
    repeats: bool = False


class Bar(msgspec.Struct, frozen=True):
    """What was counted up to `until`, a moment in words."""

    until: str
    count: int


class Chart(msgspec.Struct, frozen=True, kw_only=True):
    """Counts over time, for whoever can show a picture. `caption` tells all of it in words. `usual` is how high the
    count usually goes, None when nobody knows; `first` is where the first mention stands, from 0 at the left to 1.
    """

    caption: str
    label: str
    bars: tuple[Bar, ...]
    usual: float | None = None
    first: float | None = None

    @property
    def top(self) -> int:
        """The highest count."""
        return max(bar.count for bar in self.bars)


CHART = "chart@badbuzz"
"""What the HTML of a message calls the picture of its chart."""


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """The words. Nothing is escaped for a channel except `html`. Strangers' words stand in `quotations` alone, but for
    one or two that stand out, which a field and the line name.

    `id` is the alert's or notice's id. `thread` is the same for all messages of one incident (the incident's id), the
    notice's id for a notice. `step` 0 opens the thread. `title` is short, for a header or notification ("Acme Air ·
    serious · incident 37"); `subject` is the mail subject, the same for the whole incident; `line` stands alone within
    240 characters, and begins with `head`, which a title says too; `lead` is the headline sentence; `text` the whole in
    plain text, `html` the same words as a page. `listed` are rows that all have to be shown, each on its own line,
    3,400 bytes of UTF-8 altogether; `pages` are where some of their incidents can be opened, the most urgent first.
    `choices` are what can be done where it arrived, and `asks` the question that they
    answer, "" where there is none. `first` are the things to do first, `answers` what may be said in public meanwhile,
    for long forms alone and never where passers-by read, each under who approved it and when; `context` a last small
    line. `level` is the severity word in `language`. With a `chart` the HTML asks for its picture as `cid:` CHART.
    """

    id: str
    thread: str
    step: int
    language: Language
    title: str
    subject: str
    line: str
    lead: str
    text: str
    html: str
    level: str
    head: str = ""
    listed: tuple[str, ...] = ()
    pages: tuple[Field, ...] = ()
    fields: tuple[Field, ...] = ()
    quotations: tuple[Quotation, ...] = ()
    first: tuple[str, ...] = ()
    first_label: str = ""
    answers: tuple[Field, ...] = ()
    choices: tuple[Choice, ...] = ()
    asks: str = ""
    context: str = ""
    link: str | None = None
    link_label: str = ""
    priority: Literal[1, 2, 3, 4, 5] = 3
    chart: Chart | None = None
    about: Alert | Notice

    @property
    def below(self) -> str:
        """The line as it is said below the title."""
        said = self.line.removeprefix(self.head)
        return said[:1].upper() + said[1:]

    @property
    def steps(self) -> tuple[str, ...]:
        """What to do first, numbered."""
        return tuple(f"{number}. {step}" for number, step in enumerate(self.first, 1))

    def foremost(self, most: int) -> tuple[Field, ...]:
        """At most so many fields that say more than the lead: the first ones, and the last, which says what is not
        heard.
        """
        more = tuple(field for field in self.fields if not field.repeats)
        return more if len(more) <= most else (*more[: most - 1], more[-1])
