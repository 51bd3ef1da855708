"""The entries of a brand's log. The engine is a fold over them, in the order applied."""

from hashlib import blake2s
from typing import Any

import msgspec

from rules.campaigns import Campaign
from rules.facts import Facts
from rules.instant import Instant, Span
from rules.transition import Ending


class RulePlan(msgspec.Struct, frozen=True, kw_only=True):
    """One rule of a brand: `options` validate as the kind's options."""

    name: str
    kind: str
    options: dict[str, Any]


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """All that the engine of a brand must know of the configuration. `query` is a digest of what the brand listens
    for and of what words mean to it: another one turns the baseline into a prior. `lateness` is how late a mention may
    come and still count, `sources` those that the brand is heard through. Other `campaigns` change nothing of what was
    learnt.
    """

    brand: str
    query: str
    lateness: Span
    sources: tuple[str, ...] = ()
    rules: tuple[RulePlan, ...]
    campaigns: tuple[Campaign, ...] = ()


def plan_hash(plan: Plan) -> str:
    """The name of a plan's content, 16 hexadecimal digits."""
    return blake2s(msgspec.json.encode(plan), digest_size=8).hexdigest()


class _Entry(msgspec.Struct, frozen=True, kw_only=True, tag_field="type"):
    at: Instant


class Heard(_Entry, frozen=True, kw_only=True, tag="mention", gc=False):
    """A mention seen for the first time."""

    facts: Facts


class Edited(_Entry, frozen=True, kw_only=True, tag="edit"):
    """A mention whose content changed: `before` is what was counted."""

    before: Facts
    after: Facts


class Engaged(_Entry, frozen=True, kw_only=True, tag="reactions"):
    """How many people reacted to a mention so far: replies, reposts, likes, quotes and points together."""

    mention: str
    reactions: int


class Deleted(_Entry, frozen=True, kw_only=True, tag="delete"):
    """A mention its author took back: counts stay, it is no longer quoted."""

    mention: str


class Acknowledged(_Entry, frozen=True, kw_only=True, tag="ack"):
    """Somebody has it."""

    incident: str
    by: str


class Released(_Entry, frozen=True, kw_only=True, tag="release"):
    """Nobody has it after all: who said so did not mean to take it, or cannot go on."""

    incident: str
    by: str


class Resolved(_Entry, frozen=True, kw_only=True, tag="resolve"):
    """Somebody says it is over, or what one was that is over already: `ending`."""

    incident: str
    by: str
    because: str | None = None
    ending: Ending | None = None


class Configured(_Entry, frozen=True, kw_only=True, tag="configuration"):
    """The plan in force from here on; `hash` names its content."""

    hash: str
    plan: Plan


class Coverage(_Entry, frozen=True, kw_only=True, tag="coverage"):
    """From here on `share` of what a source of the brand says is heard: 1 all, 0 nothing, between the two a part."""

    source: str
    share: float


class Missed(_Entry, frozen=True, kw_only=True, tag="missed"):
    """What a source said between `since` and `at` cannot be read any more: nothing is learnt from that time, and it is
    no calm for an incident that the source contributed to.
    """

    source: str
    since: Instant


class Gap(_Entry, frozen=True, kw_only=True, tag="gap"):
    """Nothing was heard between `since` and `at`: nothing is learnt, calm or resolved in between."""

    since: Instant


class Learnt(_Entry, frozen=True, kw_only=True, tag="model"):
    """From here on tones are judged with the label model of this hash, with the language packs alone when None."""

    hash: str | None


class Imported(_Entry, frozen=True, kw_only=True, tag="import"):
    """What was counted before the brand was listened to: for each series, bins of `width` minutes from the minute
    `begin` on, None where nothing was measured. Of a long history there are many, in order, of a day or less each.
    """

    begin: int
    width: int
    counts: dict[str, tuple[int | None, ...]]


Input = (
    Heard
    | Edited
    | Engaged
    | Deleted
    | Acknowledged
    | Released
    | Resolved
    | Configured
    | Coverage
    | Missed
    | Gap
    | Learnt
    | Imported
)

_ENCODER = msgspec.json.Encoder()
_DECODER: msgspec.json.Decoder[Input] = msgspec.json.Decoder(Input)


def encode(entry: Input) -> bytes:
    """One line of the log."""
    return _ENCODER.encode(entry)


def decode(line: bytes) -> Input:
    """The entry of a line. Raises msgspec.ValidationError when it is none."""
    return _DECODER.decode(line)
