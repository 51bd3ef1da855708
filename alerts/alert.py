"""What one channel is told of one transition, before it is put into words."""

from datetime import date, datetime, timedelta
from typing import Literal

import msgspec

from alerts.figures import Figures
from alerts.handover import WatchOf
from alerts.playbook import Advice
from rules.confidence import Confidence
from rules.transition import Ending, Severity, State, Unit

Language = Literal["fr", "en"]
Role = Literal["first", "largest", "typical", "latest", "question", "negative"]


class Quote(msgspec.Struct, frozen=True, kw_only=True):
    """One mention to quote. `role` says why it was chosen; text, handle and url are strangers' words: hostile."""

    role: Role
    platform: str
    source: str
    text: str
    handle: str | None = None
    followers: int | None = None
    url: str | None = None
    created_at: datetime | None = None
    language: str | None = None


class Slot(msgspec.Struct, frozen=True, kw_only=True):
    """A post of the brand that is scheduled for `at`. `stop_with` says where it is stopped."""

    at: datetime
    name: str
    stop_with: str | None = None


class Running(msgspec.Struct, frozen=True, kw_only=True):
    """A campaign, or with `live` a live event, that goes on until then."""

    name: str
    until: datetime
    live: bool = False


class Curve(msgspec.Struct, frozen=True, kw_only=True):
    """What was counted in each stretch of `width` up to the moment of the alert, oldest first: mentions that are still
    known. `count` of the figures is the last of them.
    """

    width: timedelta
    counts: tuple[int, ...]


class Late(msgspec.Struct, frozen=True, kw_only=True):
    """How the incident stands when an earlier step of it is told."""

    state: State
    at: datetime


class Back(msgspec.Struct, frozen=True, kw_only=True):
    """The incident had ended at `ended_at` and came back `at` that moment, for the `times`-th time. It must be calm for
    `calm_for` before its end is told.
    """

    at: datetime
    ended_at: datetime
    times: int
    calm_for: timedelta


class Spared(msgspec.Struct, frozen=True, kw_only=True):
    """Incidents that the reader was not told of in 30 days, for the sake of the ceiling of their false alarms: some of
    the same client, the newest first, and of how many there were; `had` of `accept` when the last was held back.
    """

    numbers: tuple[int, ...]
    count: int
    had: int
    accept: int


class Withheld(msgspec.Struct, frozen=True, kw_only=True):
    """That a step was not to be told before: for a silence of `by`, None when beside a critical incident. `count` is
    what its window counts when it is told, None where that is not known.
    """

    by: str | None = None
    count: int | None = None


class Reached(msgspec.Struct, frozen=True, kw_only=True):
    """How a drill came to a channel: `after` so long, or not at all, and `why` not, where that is known."""

    channel: str
    after: timedelta | None = None
    why: str = ""


class Pending(msgspec.Struct, frozen=True, kw_only=True):
    """What comes while nobody takes an incident for which somebody of the watch is called. Its reader is `told`,
    reminded, or it is passed on to them, with the figures of the `present` where these are known; `to` is who is called
    next, `at` then; `word` is when this channel hears of it again at the latest. None where nobody and nothing follows.
    """

    why: Literal["told", "remind", "pass"] = "told"
    present: bool = False
    to: str | None = None
    at: datetime | None = None
    word: datetime | None = None


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """One transition, told to one channel. Times are aware UTC.

    `id` is the same for every attempt to deliver it; `incident` the engine's id, `number` the short one people use;
    `step` counts the transitions of the incident from 0. `unheard` maps a source that is down to the moment it was
    last heard, `partly` names those of which a part is not heard, `coverage` is how much of what is usually heard was
    at this step, 0 to 1; `by` is who acknowledged or resolved it, `because` why, and `ending` what it was by
    them. `answered_at` is when the brand itself first wrote since the opening; `answers` says that this would be heard,
    as its accounts are known. `link` opens the incident's page, None without `external_url`. `calm_for` is set when
    resolved by calm, `back` once it came back. `advice` is what a playbook says, while somebody is asked to act.
    `confidence` is how far it can be believed, None of a drill.

    As things are when it is sent: `told` names the channels that have this alert (the one it is for included), `untold`
    those that do not have it yet; `heard` is the level that its own channel heard of before, None when this is the
    first it hears; `taken_at` is when somebody took the incident, who is `taken_by`; `late` is set when the incident
    went on since this step, `withheld` when this was not to be told before, `pending` where somebody of the watch is
    called, `spared` what its one reader was spared. `posts` are the next that the brand has scheduled, in their order,
    and `running` its campaigns and live events under way.

    `answerable`: it can be taken where it is read, by a press or a reply.
    `drill`: all of it is made up, and `number` is that of the drill; `reached` is what came of it, once it is over, and
    `takes` are its channels where it can be taken.

    `brand`, `rule`, sources and channels are the names of the configuration; `brand_name`, `source_names` and
    `channel_names` say what people call them, where that is something else: whom it reaches, of somebody's own channel.
    """

    id: str
    incident: str
    number: int
    step: int
    brand: str
    rule: str
    state: State
    severity: Severity
    at: datetime
    opened_at: datetime
    figures: Figures
    first_at: datetime | None = None
    quotes: tuple[Quote, ...] = ()
    unheard: dict[str, datetime | None] = {}
    partly: tuple[str, ...] = ()
    coverage: float = 1.0
    told: tuple[str, ...] = ()
    untold: tuple[str, ...] = ()
    heard: Severity | None = None
    taken_at: datetime | None = None
    taken_by: str | None = None
    brand_name: str | None = None
    source_names: dict[str, str] = {}
    channel_names: dict[str, str] = {}
    late: Late | None = None
    withheld: Withheld | None = None
    spared: Spared | None = None
    pending: Pending | None = None
    posts: tuple[Slot, ...] = ()
    running: tuple[Running, ...] = ()
    by: str | None = None
    because: str | None = None
    ending: Ending | None = None
    answered_at: datetime | None = None
    answers: bool = False
    calm_for: timedelta | None = None
    back: Back | None = None
    link: str | None = None
    drill: bool = False
    answerable: bool = True
    curve: Curve | None = None
    advice: Advice | None = None
    confidence: Confidence | None = None
    reached: tuple[Reached, ...] = ()
    takes: tuple[str, ...] = ()


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """An incident that nobody was told of: what would have rung, and of what its beginning tells. `unit` says what
    `count` is a number of.
    """

    number: int
    rule: str
    severity: Severity
    at: datetime
    count: int
    window: timedelta
    usual: float | None = None
    unit: Unit = "mentions"


Topic = Literal[
    "undelivered",
    "source_down",
    "source_up",
    "held",
    "digest",
    "several",
    "test",
    "canary",
    "canary_lost",
    "canary_back",
    "no_drill",
    "quarantined",
    "live",
    "watch",
    "watch_unanswered",
    "watch_again",
    "watch_confirmed",
    "nudge",
]


TO_PEOPLE = frozenset({"watch", "watch_unanswered", "watch_again", "watch_confirmed", "nudge"})
"""What is told to the person who is its subject."""


class DigestOf(msgspec.Struct, frozen=True, kw_only=True):
    """Which time a digest tells of, `2026-W46` or `2026-11-14`, and the brands that it compares with."""

    period: str
    against: tuple[str, ...] = ()


class Brief(msgspec.Struct, frozen=True, kw_only=True):
    """An incident among others in one message. `state` and `taken_by` are those of the moment at which it is sent;
    `brand` is what people call it, and `at` when the step was taken that is told. `incident` is the engine's id, and
    `link` opens its page.
    """

    incident: str
    number: int
    brand: str
    severity: Severity
    state: State
    at: datetime
    count: int
    window: timedelta
    usual: float | None = None
    unit: Unit = "mentions"
    taken_by: str | None = None
    link: str | None = None


class LiveReport(msgspec.Struct, frozen=True, kw_only=True):
    """What came of the live event `tag`: `count` mentions with its hashtag, written from `since` until `until` by
    `authors`, or that many at least where there are `more` than were read. `questions` of them ask something.
    """

    tag: str
    since: datetime
    until: datetime
    count: int = 0
    authors: int = 0
    negative: int = 0
    positive: int = 0
    questions: int = 0
    more: bool = False
    quotes: tuple[Quote, ...] = ()


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """A word to the operator about badbuzz itself. `subject` names what (a channel, a source), `detail` is our own
    text or a masked error, never a secret.

    `undelivered`: an alert, of `severity` and of the moment `since`, could not be delivered through channel `subject`;
    `passed_to` is the channel that is told in its place. The names are what people call these, where that is something
    else. With `missed`, (brand, number), the same of alerts of these incidents and `others`, as many.
    `source_down` / `source_up`: the source `subject` stopped or resumed being heard. It is in `state`, as its platform
    says with `code`, and was last heard at `silent_since`; `heard` is how much of what is usually heard still is, 0 to
    1, of each brand that listens there.
    `canary`: a test that the program makes by itself; `canary_lost` / `canary_back`: that of the moment `since` did not
    come through, the tests come through again. `no_drill`: the drill about the brand `subject` was not held.
    `quarantined`: a mention of the source `subject` ended what reads texts, and is kept apart, and `others` as well.
    `several`: these incidents, told together, the worst first; `spared` is what its one reader was spared, and
    `answerable` whether they can be taken where it is read.
    `held`: of the brand `subject`, which is only watched until the day `until`, these would have rung since
    `watched_since`, oldest first.
    `watch`: the person `subject` takes over the watch; `watch_unanswered`: whoever does did not confirm, which
    `subject` is told as the second, and `watch_again` by which they are asked once more; `watch_confirmed`: they did.
    `nudge`: `subject` has an incident that grows, and nobody wrote a note since `watched_since`.
    `digest`: how a week or a day of the brand `subject` went; what it says is read when it is sent.
    `live`: what came of a live event of the brand `subject`.
    """

    id: str
    topic: Topic
    at: datetime
    subject: str
    detail: str = ""
    brand: str | None = None
    number: int | None = None
    link: str | None = None
    severity: Severity | None = None
    since: datetime | None = None
    passed_to: str | None = None
    missed: tuple[tuple[str, int], ...] = ()
    others: int = 0
    subject_name: str | None = None
    brand_name: str | None = None
    passed_to_name: str | None = None
    state: Literal["starved", "reconnecting", "parked", "auth_failed", "gone"] | None = None
    code: str = ""
    silent_since: datetime | None = None
    heard: dict[str, float] = {}
    held: tuple[Held, ...] = ()
    several: tuple[Brief, ...] = ()
    spared: Spared | None = None
    answerable: bool = False
    watched_since: datetime | None = None
    until: date | None = None
    digest: DigestOf | None = None
    live: LiveReport | None = None
    watch: WatchOf | None = None
