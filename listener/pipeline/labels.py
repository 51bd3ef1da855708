"""What people say of the tone of mentions: a mark to learn from, and from then on what is counted."""

from collections.abc import Container, Iterable, Mapping

import msgspec

from listener.pipeline.turn import Turn
from listener.store.asking import Answered, Command
from listener.store.marks import PERSON, Marking, Wish, by_person, marked_text
from listener.store.port import LogEntry, Seen, Store, StoredMention, Views
from rules.facts import Facts, Label, Tone
from rules.inputs import Edited
from rules.labelling.model import Said
from rules.series import series_of


class Labels:
    """Carries the `label` commands of one transaction out. `known` and `kept` are what the store says of the identities
    they name.
    """

    def __init__(self, turn: Turn, known: Mapping[str, Seen], kept: Iterable[StoredMention]) -> None:
        self._turn, self._commit, self._known = turn, turn.commit, known
        own = (_own(stored, {*turn.setup.plans, *_brands(known, stored)}) for stored in kept)
        self._kept = {stored.mention.identity: stored for stored in [*own, *turn.commit.mentions]}

    @classmethod
    async def prepare(cls, turn: Turn, commands: Iterable[Command], store: Store, views: Views) -> "Labels":
        """Read at once what all the commands need."""
        names = list(dict.fromkeys(command.target for command in commands if command.verb == "label"))
        if not names:
            return cls(turn, {}, ())
        return cls(turn, await store.lookup(names), await views.mentions(identities=names, limit=len(names)))

    def carry_out(self, command: Command) -> Answered:
        """Put it into the transaction, or refuse it."""
        refusal = self._refusal(command.target, command.wish)
        if not refusal and command.wish:
            self._obey(command, command.wish)
        return Answered(id=command.id, at=self._turn.at, refusal=refusal)

    def _refusal(self, identity: str, wish: Wish | None) -> str:
        if wish is None or wish.brand not in self._turn.setup.plans:
            return f"there is no brand {wish.brand}" if wish else "the command does not say what"
        if wish.text != "" and self._is_deleted(identity):
            return f"its author deleted {identity}"
        if wish.label is None:
            return "" if self._mark(wish.brand, identity) else f"{identity} is not marked"
        if wish.text is None and not self._heard(identity, wish.brand):
            return f"no mention {identity} of {wish.brand} is kept"
        return ""

    def _is_deleted(self, identity: str) -> bool:
        stored, seen = self._kept.get(identity), self._known.get(identity)
        return bool((seen and seen.deleted) or (stored and stored.deleted)) or identity in self._commit.tombstones

    def _heard(self, identity: str, brand: str) -> StoredMention | None:
        """The mention of a brand that is kept and not deleted."""
        stored = self._kept.get(identity)
        return stored if stored and brand in stored.facts and not self._is_deleted(identity) else None

    def _obey(self, command: Command, wish: Wish) -> None:
        heard = self._heard(command.target, wish.brand)
        if wish.label is None:
            self._take_back(command.target, wish.brand, heard)
            return
        # what is brought may be said of an earlier text of the mention
        same = heard if heard and wish.text in {None, marked_text(heard.mention)} else None
        tone = _tone(same, wish) if same else None
        self._commit.marks.append(self._marking(command, wish, wish.label, same, tone))
        if same and tone:
            self._judge(same, wish.brand, by_person(tone, wish.label))
        else:
            self._judge_anew(heard, wish.brand)

    def _marking(
        self, command: Command, wish: Wish, label: Said, same: StoredMention | None, tone: Tone | None
    ) -> Marking:
        now = self._turn.at
        return Marking(
            brand=wish.brand,
            identity=command.target,
            at=now if wish.at is None else min(wish.at, now),
            taken=now,
            label=label,
            by=wish.by or command.by,
            chosen=wish.chosen,
            language=tone.language if tone and wish.text is None else wish.language,
            text=marked_text(same.mention) if same else wish.text or "",
            before=wish.before or self._before(command.target, wish.brand, tone),
        )

    def _before(self, identity: str, brand: str, tone: Tone | None) -> Label | None:
        """What was in force without any person."""
        if tone and tone.scorer != PERSON:
            return tone.label
        mark = self._mark(brand, identity)
        return mark.before if mark else None

    def _take_back(self, identity: str, brand: str, heard: StoredMention | None) -> None:
        self._commit.marks = [mark for mark in self._commit.marks if (mark.brand, mark.identity) != (brand, identity)]
        self._commit.unmarked.append((brand, identity))
        self._judge_anew(heard, brand)

    def _judge_anew(self, heard: StoredMention | None, brand: str) -> None:
        """Of a mention that a person judged: as if nobody had."""
        again = self._turn.intake.judged(heard.mention, brand) if heard else None
        if heard and again and heard.tones.get(brand, again).scorer == PERSON:
            self._judge(heard, brand, again)

    def _judge(self, stored: StoredMention, brand: str, tone: Tone) -> None:
        """Keep another tone, and count it where that makes a difference."""
        before = stored.facts[brand]
        after = msgspec.structs.replace(before, label=tone.label)
        changed = StoredMention(
            at=stored.at,
            mention=stored.mention,
            facts={**stored.facts, brand: after},
            tones={**stored.tones, brand: tone},
        )
        self._kept[stored.mention.identity] = changed
        self._commit.mentions.append(changed)
        if _counts(before) != _counts(after):
            self._turn.apply([LogEntry(brand=brand, entry=Edited(at=self._turn.at, before=before, after=after))])

    def _mark(self, brand: str, identity: str) -> Marking | None:
        for mark in reversed(self._commit.marks):
            if (mark.brand, mark.identity) == (brand, identity):
                return mark
        if (brand, identity) in self._commit.unmarked:
            return None
        return self._known[identity].marks.get(brand) if identity in self._known else None


def _brands(known: Mapping[str, Seen], stored: StoredMention) -> Iterable[str]:
    seen = known.get(stored.mention.identity)
    return seen.facts if seen else ()


def _own(stored: StoredMention, brands: Container[str]) -> StoredMention:
    """Without what other parts know of the mention, which they keep themselves."""
    facts = {brand: facts for brand, facts in stored.facts.items() if brand in brands}
    tones = {brand: tone for brand, tone in stored.tones.items() if brand in brands}
    return msgspec.structs.replace(stored, facts=facts, tones=tones)


def _tone(stored: StoredMention, wish: Wish) -> Tone:
    """The tone of a mention of the brand; one that is none where the mention no longer concerns it."""
    unknown = Tone(language=wish.language, label="unsupported", compound=None, confidence=0.0, scorer="none")
    return stored.tones.get(wish.brand, unknown)


def _counts(facts: Facts) -> set[str]:
    return set(series_of(facts))
