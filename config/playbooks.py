"""What to do first, by brand, rule, severity and words: as whoever knows the client writes it, or as shipped."""

import re
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Annotated, Self

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator
from ruamel.yaml import YAML

from config.model import Label, Model
from config.values import Language, OneOrMore, Severity, Text

STEPS, STEP = 6, 200
"""Most steps of a playbook, and most characters of one: it is read on a phone."""
ANSWERS, ANSWER = 12, 1_000
"""Most holding answers of a playbook, and most characters of one."""
ANYTHING = "anything"
"""The shipped playbook of a kind of rule that has none of its own."""

Step = Annotated[Text, Field(max_length=STEP)]
Answer = Annotated[Text, Field(max_length=ANSWER)]


class Said(Model):
    """Words in one language or both; who reads the other one is shown what there is."""

    fr: Step | None = None
    """In French."""
    en: Step | None = None
    """In English."""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.fr is None and self.en is None:
            raise ValueError("says nothing: write fr, en or both")
        return self

    @property
    def languages(self) -> set[Language]:
        """Those it is written in."""
        return {language for language in ("fr", "en") if getattr(self, language) is not None}


class First(Said):
    """Something to do first, from its verb on: `Appeler l’exploitation.`, `Call operations.`, or the like."""

    who: Label | None = None
    """Who does it: a person of `people`, or `on-call`."""
    contact: Label | None = None
    """Whom it needs: a person of `people`."""
    hold: bool = False
    """It holds what is scheduled: where the calendar knows the next post, that one is named in its place."""


class HoldingAnswer(Said):
    """What may be said in public meanwhile. It is shown from the day somebody approved it until it expires."""

    id: Annotated[int, Field(ge=1, le=999)]
    """Its number, which people use."""
    fr: Answer | None = None
    """In French, word for word."""
    en: Answer | None = None
    """In English, word for word."""
    approved: date | None = None
    """The day it was approved; one that is not approved is never shown."""
    by: Label | None = None
    """Who approved it, such as `client`."""
    expires: date | None = None
    """The first day on which it is not shown any more."""

    @model_validator(mode="after")
    def _is_signed(self) -> Self:
        if (self.approved is None) != (self.by is None):
            raise ValueError("approved and by go together: the day, and who said so")
        if self.approved and self.expires and self.expires <= self.approved:
            raise ValueError("expires must be after approved")
        return self

    def in_force(self, today: date) -> bool:
        """Whether it may be shown on a day."""
        return self.approved is not None and self.approved <= today and not (self.expires and self.expires <= today)


def _both(value: object) -> object:
    return {"fr": value, "en": value} if isinstance(value, str) else value


def _clock(text: str) -> str:
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", text):
        raise ValueError('no time of a day: write it like "07:00"')
    return text


Clock = Annotated[str, AfterValidator(_clock), WithJsonSchema({"type": "string", "examples": ["07:00"]})]
"""A time of day, `07:00`."""


class CallClient(Model):
    """When the client is called, and when not."""

    level: Severity = "critical"
    """From this severity on."""
    not_before: Clock | None = None
    """The hour before which the client is left asleep, such as `"07:00"`."""
    unless: Annotated[Said | None, BeforeValidator(_both)] = None
    """What makes it right to call all the same, in words, such as `"plus de 500 mentions négatives"`."""


class When(Model):
    """Which incidents a playbook is for: all that is given must fit."""

    brand: OneOrMore[str] | None = None
    """Only these brands; all when not given."""
    rule: OneOrMore[str] | None = None
    """Only incidents of these rules; all when not given."""
    severity: OneOrMore[Severity] | None = None
    """Only these severities; all when not given."""
    words: OneOrMore[Text] | None = None
    """Only when one mention in ten or more holds one of these words, phrases or hashtags; `word*` has every ending."""

    @property
    def fits_everything(self) -> bool:
        """No incident is left for a later playbook."""
        return not (self.brand or self.rule or self.severity or self.words)


class Playbook(Model):
    """What to do first. The first playbook that fits is used, in the order of the file; if none does, the shipped one
    of the kind of rule.
    """

    when: When = When()
    """Which incidents it is for: `{brand: acme, words: [annulé, cancelled]}`; all when not given."""
    first: Annotated[tuple[First, ...], Field(min_length=1, max_length=STEPS)]
    """What to do, in order, each in five minutes and from a phone: `{fr: ..., en: ..., who: ..., contact: ...}`."""
    answers: Annotated[tuple[HoldingAnswer, ...], Field(max_length=ANSWERS)] = ()
    """Holding answers: `{id: 2, fr: ..., en: ..., approved: 2026-11-03, by: client, expires: 2027-02-01}`."""
    call_client: CallClient | None = None
    """When the client is called: `{level: critical, not_before: "07:00", unless: ...}`; nothing said if not given."""

    @model_validator(mode="after")
    def _numbers_differ(self) -> Self:
        numbers = [answer.id for answer in self.answers]
        if len(set(numbers)) < len(numbers):
            raise ValueError("two answers have the same id")
        return self


@cache
def shipped() -> dict[str, Playbook]:
    """The playbooks that come with badbuzz, by kind of rule; ANYTHING is for every other kind."""
    text = (files("config") / "defaults" / "playbooks.yaml").read_text(encoding="utf-8")
    return {kind: Playbook.model_validate(held) for kind, held in YAML(typ="safe").load(text).items()}


def shipped_for(kind: str) -> Playbook:
    """The shipped playbook of a kind of rule."""
    return shipped().get(kind) or shipped()[ANYTHING]
