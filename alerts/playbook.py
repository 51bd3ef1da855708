"""Which playbook an incident calls for, and what it says on a day. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time

import msgspec

from config.people import Person
from config.playbooks import CallClient, HoldingAnswer, Playbook, Said, shipped_for
from rules.transition import SEVERITIES, Severity

ENOUGH = 10
"""The words of a playbook are those of an incident when one mention in so many holds one of them."""
SILENCE = "flatline"
"""The kind of rule whose playbook is for too little being said, whichever rule says so."""


class InWords(msgspec.Struct, frozen=True, kw_only=True):
    """A playbook's words in both languages; the other one's where it has only one."""

    fr: str
    en: str


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """Something to do first, `by` somebody; `contact` is whom it needs, who has a `phone`. `hold`: it stops what is
    scheduled.
    """

    words: InWords
    by: str | None = None
    contact: str | None = None
    phone: str | None = None
    hold: bool = False

    @property
    def needs(self) -> str | None:
        """Whom it needs, with the number to be dialled."""
        return f"{self.contact}, {self.phone}" if self.contact and self.phone else self.contact


class Holding(msgspec.Struct, frozen=True, kw_only=True):
    """An answer that may be given in public meanwhile, word for word: approved and not expired."""

    number: int
    words: InWords
    by: str
    approved: date


class Client(msgspec.Struct, frozen=True, kw_only=True):
    """The client is called, not before a moment of that day unless something is so."""

    not_before: datetime | None = None
    unless: InWords | None = None


class Advice(msgspec.Struct, frozen=True, kw_only=True):
    """What a playbook says of an incident. `playbook` is its name, "" for one that is shipped."""

    steps: tuple[Step, ...]
    playbook: str = ""
    answers: tuple[Holding, ...] = ()
    client: Client | None = None


@dataclass(frozen=True, kw_only=True)
class Situation:
    """What playbooks look at. Of the `read` mentions, `holding` says how many hold a word of each playbook by name."""

    brand: str
    rule: str
    severity: Severity
    read: int = 0
    holding: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Choice:
    """`name` is the playbook that is used, "" when that is a shipped one. `reasons` says of each that was looked at, in
    order, why it fits or not.
    """

    name: str
    reasons: tuple[str, ...]


def choose(playbooks: Mapping[str, Playbook], situation: Situation) -> Choice:
    """The first playbook that fits."""
    reasons = []
    for name, playbook in playbooks.items():
        doubt = objection(name, playbook, situation)
        reasons.append(f"playbook {name}: {f'does not fit: {doubt}' if doubt else f'fits{_why(name, situation)}'}")
        if not doubt:
            return Choice(name=name, reasons=tuple(reasons))
    return Choice(name="", reasons=(*reasons, "the playbook that comes with the kind of rule is used"))


def objection(name: str, playbook: Playbook, situation: Situation) -> str:
    """Why a playbook does not fit; "" when it does."""
    when = playbook.when
    for wanted, given in ((when.brand, situation.brand), (when.rule, situation.rule)):
        if wanted and given not in wanted:
            return f"it is for {' or '.join(wanted)}"
    if when.severity and situation.severity not in when.severity:
        return f"it is for {' or '.join(when.severity)}"
    if when.words and not _is_said(situation.holding.get(name, 0), situation.read):
        return f"fewer than one mention in {ENOUGH} holds {' or '.join(when.words)}"
    return ""


def advice(
    name: str, playbook: Playbook, severity: Severity, now: datetime, people: Mapping[str, Person] | None = None
) -> Advice:
    """What the playbook of that name says of an incident of that severity; `now` is where its hours are meant, and
    `people` are those who may be named.
    """
    known = people or {}
    called = {key: person.name or key for key, person in known.items()}
    phones = {key: person.phone for key, person in known.items()}
    return Advice(
        playbook=name,
        steps=tuple(
            Step(
                words=_both(each),
                by=called.get(each.who or "", each.who),
                contact=called.get(each.contact or "", each.contact),
                phone=phones.get(each.contact or ""),
                hold=each.hold,
            )
            for each in playbook.first
        ),
        answers=tuple(map(_holding, (each for each in playbook.answers if each.in_force(now.date())))),
        client=_client(playbook.call_client, severity, now),
    )


def shipped_advice(kind: str, *, fewer: bool = False) -> Advice:
    """What is said where nobody wrote a playbook: of a kind of rule, or of too little being said."""
    steps = shipped_for(SILENCE if fewer else kind).first
    return Advice(steps=tuple(Step(words=_both(each), hold=each.hold) for each in steps))


def _is_said(holding: int, read: int) -> bool:
    return holding > 0 and holding * ENOUGH >= read


def _why(name: str, situation: Situation) -> str:
    holding = situation.holding.get(name)
    return f": {holding} of {situation.read} mentions hold one of its words" if holding else ""


def _both(said: Said) -> InWords:
    french, english = said.fr or said.en or "", said.en or said.fr or ""
    return InWords(fr=french, en=english)


def _holding(answer: HoldingAnswer) -> Holding:
    assert answer.by is not None
    assert answer.approved is not None
    return Holding(number=answer.id, words=_both(answer), by=answer.by, approved=answer.approved)


def _client(call: CallClient | None, severity: Severity, now: datetime) -> Client | None:
    if call is None or SEVERITIES.index(severity) < SEVERITIES.index(call.level):
        return None
    hour = time.fromisoformat(call.not_before) if call.not_before else None
    moment = datetime.combine(now.date(), hour, tzinfo=now.tzinfo) if hour else None
    return Client(not_before=moment, unless=_both(call.unless) if call.unless else None)
