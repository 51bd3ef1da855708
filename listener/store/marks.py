"""What a person says of mentions, and what was learnt from it, as the store keeps it."""

from typing import Literal, get_args

import msgspec

from rules.classify import full_text
from rules.facts import Label, Tone
from rules.instant import Instant
from rules.labelling.model import Said
from rules.mention import Mention

LABELS: tuple[Said, ...] = get_args(Said)
MOST_MARKS = 5_000
"""Kept of a brand, the newest."""
LONGEST_MARKED = 5_000
"""Characters of a text that a mark keeps: the beginning."""
PERSON = "person"
"""The scorer of a tone that a person gave."""

Chosen = Literal["random", "asked", "picked", "imported"]
"""How a text came to be marked: drawn at random, asked for as it teaches much, picked by its reader, or brought."""


class Marking(msgspec.Struct, frozen=True, kw_only=True):
    """One mark, made `at` and `taken` by this store, which is later where it was brought from another. `text` is ""
    once its author deleted it; `before` the label in force when it was marked, None where nobody had judged it.
    """

    brand: str
    identity: str
    at: Instant
    taken: Instant
    label: Said
    by: str
    chosen: Chosen = "picked"
    language: str | None = None
    text: str = ""
    before: Label | None = None

    @property
    def is_fair(self) -> bool:
        """Whether chance chose it and what it corrects is known: one that tells how good the labels are of all."""
        return self.chosen == "random" and self.before is not None


class Marked(msgspec.Struct, frozen=True, kw_only=True):
    """How many marks of a brand its last training did not know, and how many that it learnt from are still there."""

    new: int = 0
    left: int = 0


class Wish(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a `label` command asks for: None takes a mark back. A mark that is brought along may have a `text` with its
    `language`, for which a mention need not be kept ("": its author deleted it), and who made it, when, over what.
    """

    brand: str
    label: Said | None
    chosen: Chosen = "picked"
    language: str | None = None
    text: str | None = None
    at: Instant | None = None
    by: str | None = None
    before: Label | None = None


class ModelRow(msgspec.Struct, frozen=True, kw_only=True):
    """What the last training of a brand came to, put in force `at`: `hash` and `body` are None when the pack is better.
    Marks taken until `until` were learnt from; `study` is JSON, as `listener.labelling.studied` writes it.
    """

    brand: str
    at: Instant
    until: Instant
    hash: str | None
    body: bytes | None
    study: bytes


def marked_text(mention: Mention) -> str:
    """What a mark of a mention keeps of it."""
    return full_text(mention)[:LONGEST_MARKED]


def by_person(tone: Tone, label: Said) -> Tone:
    """The tone of a text as a person judges it."""
    return msgspec.structs.replace(tone, label=label, scorer=PERSON, confidence=1.0, words=())
