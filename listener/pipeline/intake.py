"""From mentions as collected to entries of the brands' logs: seen before, whose, in what tone, for what moment."""

from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from hashlib import blake2s

import msgspec

from listener.pipeline.setup import NOBODY, Setup
from listener.pipeline.work import Classification
from listener.store.marks import Marking, by_person, marked_text
from listener.store.port import DELETED, Commit, LogEntry, Seen, StoredMention
from rules.classify import NO_MODELS, Classified
from rules.facts import Facts, Tone
from rules.inputs import Deleted, Edited, Engaged, Heard, Input
from rules.instant import Instant, Span, instant
from rules.labelling.model import LabelModel
from rules.mention import Mention
from rules.moment import moment_of
from rules.reactions import reactions_of


class Intake:
    """Fills a commit with what one batch means. Lives for one transaction: `known` is what the store said of the
    identities at hand, and grows with what this transaction adds; `dropped` counts mentions not kept, by reason.
    Mentions come as `clean.fit` leaves them. `ahead` is how far our stamps are before the clocks of the world, after
    our own was set back: what they date is as old as it would be on theirs. `models` judge tones after the packs, and
    what a person said of a text goes before both, as long as it is that text.

    A mention belongs to the source that brought it first, as long as there is such a source: only that one edits and
    deletes it. Another that brings it too only lets further brands hear it.
    """

    def __init__(
        self,
        setup: Setup,
        salt: bytes,
        known: Mapping[str, Seen],
        commit: Commit,
        at: Instant,
        *,
        ahead: Span = 0,
        models: Mapping[str, LabelModel] = NO_MODELS,
    ) -> None:
        self.setup, self.commit, self.models = setup, commit, models
        self._salt, self._at, self._ahead = salt, at, ahead
        self._known = dict(known)
        self._found: list[Classified] | None = None
        self.dropped: Counter[str] = Counter()

    def take(
        self, mentions: Sequence[Mention], reading_since: Instant | None, judged: Classification | None = None
    ) -> list[LogEntry]:
        """Put `mentions` of one source into the commit; returns their entries for the log, in order. They are
        classified where they are not `judged` by the classifier in force.
        """
        entries: list[LogEntry] = []
        found: Sequence[list[Classified] | None] = [None] * len(mentions)
        if judged is not None and judged.by is self.setup.classifier:
            found = judged.found
        for mention, self._found in zip(mentions, found, strict=True):  # none may be left out without a word
            entries += self._take(mention, reading_since)
        self._found = None
        return entries

    def date(self, at: Instant) -> None:
        """What is taken from now on happened then."""
        self._at = at

    def known(self, identity: str) -> Seen | None:
        """What is known of an identity, this transaction included."""
        return self._known.get(identity)

    def judged(self, mention: Mention, brand: str) -> Tone | None:
        """The tone of a mention without what people said of it; None when it does not concern the brand."""
        return next((each.tone for each in self._classify(mention, {brand}, None)), None)

    def _take(self, mention: Mention, reading_since: Instant | None) -> list[LogEntry]:
        seen = self._known.get(mention.identity)
        if mention.op == "delete":
            return self._delete(mention, seen)
        if seen and (seen.deleted or _is_deleted_by(mention.source, seen)):
            return self._drop("deleted")
        if mention.op == "counts":
            return self._count(mention, seen)
        if seen and not self._owns(mention.source, seen):
            return self._join(mention, seen, reading_since)
        return self._take_own(mention, seen, reading_since)

    def _take_own(self, mention: Mention, seen: Seen | None, reading_since: Instant | None) -> list[LogEntry]:
        if seen and mention.revision in seen.revisions:
            return self._drop("duplicate")
        listeners = self.setup.listeners.get(mention.source, NOBODY)
        classified = self._classify(mention, listeners | seen.facts.keys() if seen else listeners, seen)
        if not classified and not (seen and seen.facts):
            return self._drop("unmatched")
        return self._keep(mention, seen, classified, reading_since)

    def _keep(
        self, mention: Mention, seen: Seen | None, classified: list[Classified], reading_since: Instant | None
    ) -> list[LogEntry]:
        if seen is None:
            return self._keep_new(mention, classified, reading_since)
        before = seen.facts
        # a brand that has heard it before does not hear it late: it was edited
        since = {each.brand: None if each.brand in before else reading_since for each in classified}
        fresh = {each.brand: self._facts(mention, each, since[each.brand]) for each in classified}
        if _is_purged(seen):
            fresh = {brand: msgspec.structs.replace(facts, history=True) for brand, facts in fresh.items()}
        facts = {brand: _in_place(before.get(brand), after) for brand, after in fresh.items()}
        mine = self.setup.listeners.get(mention.source, NOBODY)
        changed = {**{brand: _uncounted(old) for brand, old in before.items() if brand in mine}, **facts}
        kept, tones = {**before, **changed}, _tones(classified)
        self._remember(mention, seen, kept)
        self.commit.mentions.append(StoredMention(at=self._at, mention=mention, facts=kept, tones=tones))
        return [LogEntry(brand=brand, entry=self._entry(before.get(brand), after)) for brand, after in changed.items()]

    def _keep_new(
        self, mention: Mention, classified: list[Classified], reading_since: Instant | None
    ) -> list[LogEntry]:
        facts = {each.brand: self._facts(mention, each, reading_since) for each in classified}
        self._remember(mention, None, facts)
        self.commit.mentions.append(StoredMention(at=self._at, mention=mention, facts=facts, tones=_tones(classified)))
        return [LogEntry(brand=brand, entry=Heard(at=self._at, facts=each)) for brand, each in facts.items()]

    def _join(self, mention: Mention, seen: Seen, reading_since: Instant | None) -> list[LogEntry]:
        """Let the brands of another source hear it that do not yet."""
        brands = self.setup.listeners.get(mention.source, NOBODY) - seen.facts.keys()
        classified = self._classify(mention, brands, seen) if brands and not _is_purged(seen) else []
        if not classified:
            known = mention.revision in seen.revisions or mention.op != "update"
            return self._drop("duplicate" if known else "foreign")
        facts = {each.brand: self._facts(mention, each, reading_since) for each in classified}
        self._known[mention.identity] = msgspec.structs.replace(seen, facts={**seen.facts, **facts})
        more = StoredMention(at=self._at, mention=mention, facts=facts, tones=_tones(classified))
        self.commit.joined.append(more)
        return [LogEntry(brand=brand, entry=Heard(at=self._at, facts=after)) for brand, after in facts.items()]

    def _entry(self, before: Facts | None, after: Facts) -> Input:
        if before is None:
            return Heard(at=self._at, facts=after)
        return Edited(at=self._at, before=before, after=after)

    def _count(self, mention: Mention, seen: Seen | None) -> list[LogEntry]:
        """What is counted of a mention changes, and nothing else of it: it is neither judged nor stored again."""
        brands = [brand for brand in seen.facts if brand in self.setup.engaged] if seen else []
        if not brands or not mention.counts:
            return self._drop("counts")
        engaged = Engaged(at=self._at, mention=mention.identity, reactions=reactions_of(mention.counts))
        return [LogEntry(brand=brand, entry=engaged) for brand in brands]

    def _delete(self, mention: Mention, seen: Seen | None) -> list[LogEntry]:
        if seen and (seen.deleted or _is_deleted_by(mention.source, seen)):
            return self._drop("duplicate")
        if mention.source not in self.setup.honouring:
            return self._drop("deleted")
        if seen is None and mention.source in self.setup.in_order:
            return self._drop("unmatched")
        if seen and not self._owns(mention.source, seen):
            return self._drop("foreign")
        # what nobody brought yet is deleted for this source alone; a mark may have outlived all else of it
        deleted = seen is not None and bool(_owners(seen) or seen.marks)
        self._remember(mention, seen, seen.facts if seen else {}, deleted=deleted)
        if deleted:
            self.commit.tombstones.append(mention.identity)
        brands = seen.facts if seen else ()
        return [LogEntry(brand=brand, entry=Deleted(at=self._at, mention=mention.identity)) for brand in brands]

    def _owns(self, source: str, seen: Seen) -> bool:
        owners = _owners(seen)
        return source in owners or owners.isdisjoint(self.setup.listeners)

    def _remember(
        self, mention: Mention, seen: Seen | None, facts: Mapping[str, Facts], *, deleted: bool = False
    ) -> None:
        revision = f"{DELETED}{mention.source}" if mention.op == "delete" else mention.revision
        identity, revisions = mention.identity, {revision: mention.source}
        if seen:
            revisions, marks = {**seen.revisions, **revisions}, seen.marks
            self._known[identity] = Seen(revisions=revisions, deleted=deleted, facts=facts, marks=marks)
        else:
            self._known[identity] = Seen(revisions=revisions, deleted=deleted, facts=facts)
        self.commit.seen.append((identity, revision, mention.source))

    def _classify(self, mention: Mention, brands: Container[str], seen: Seen | None) -> list[Classified]:
        classifier = self.setup.classifier
        words = classifier.by_words(mention) if self._found is None else self._found
        found = classifier.heard(words, mention, self.models)
        mine = [each for each in found if each.brand in brands]
        if seen is None or not seen.marks:
            return mine
        return [_as_marked(each, seen.marks.get(each.brand), mention) for each in mine]

    def _facts(self, mention: Mention, found: Classified, reading_since: Instant | None) -> Facts:
        created = instant(mention.created_at) + self._ahead if mention.created_at else None
        lateness, listed = self.setup.lateness[mention.source], mention.source in self.setup.polled
        moment, history = moment_of(created, self._at, lateness, reading_since, listed=listed)
        return Facts(
            mention=mention.identity,
            moment=moment,
            source=mention.source,
            author=pseudonym(mention, self._salt),
            reach=mention.author.followers or 0,
            label=found.tone.label,
            compound=found.tone.compound,
            hits=tuple(found.hits),
            said=dict(found.said),
            own=found.own,
            history=history,
            story=found.story or _original(mention),
            terms=found.terms if found.tone.label == "negative" else (),
            reactions=self._reactions(mention, found.brand),
        )

    def _reactions(self, mention: Mention, brand: str) -> int | None:
        """What a repost is counted to have is what the post has that it repeats."""
        counted = brand in self.setup.engaged and mention.kind != "repost"
        return reactions_of(mention.counts) if counted else None

    def _drop(self, reason: str) -> list[LogEntry]:
        self.dropped[reason] += 1
        return []


def pseudonym(mention: Mention, salt: bytes) -> str:
    """A name that tells authors apart and reveals none without the store's salt; "" when the author is unknown."""
    author = mention.author.id or mention.author.handle or mention.author.name
    if not author:
        return ""
    return blake2s(f"{mention.platform}\n{author}".encode(), key=salt, digest_size=6).hexdigest()


def _original(mention: Mention) -> int:
    """The story of a repost whose words are too few to tell it by: that of what it repeats."""
    if mention.kind != "repost" or not mention.repost_of:
        return 0
    return int.from_bytes(blake2s(f"{mention.platform}\n{mention.repost_of}".encode(), digest_size=8).digest())


def _owners(seen: Seen) -> set[str]:
    """The sources that brought it."""
    return {source for revision, source in seen.revisions.items() if revision != f"{DELETED}{source}"}


def _is_deleted_by(source: str, seen: Seen) -> bool:
    return seen.revisions.get(f"{DELETED}{source}") == source


def _as_marked(found: Classified, mark: Marking | None, mention: Mention) -> Classified:
    """With the tone that a person gave this very text."""
    if mark is None or not mark.text or mark.text != marked_text(mention):
        return found
    return msgspec.structs.replace(found, tone=by_person(found.tone, mark.label))


def _is_purged(seen: Seen) -> bool:
    """Whether what was kept of it outlived its retention: whom it concerned and where it counted is not known."""
    return not seen.facts and bool(_owners(seen))


def _tones(classified: Iterable[Classified]) -> dict[str, Tone]:
    return {each.brand: each.tone for each in classified}


def _in_place(before: Facts | None, after: Facts) -> Facts:
    """An edit counts where the mention was counted, however late it comes, and for the source that was heard."""
    if before is None:
        return after
    after = msgspec.structs.replace(after, source=before.source)
    return after if before.history else msgspec.structs.replace(after, moment=before.moment, history=False)


def _uncounted(facts: Facts) -> Facts:
    """The facts of a mention that no longer concerns the brand: kept, counted in no window."""
    return Facts(mention=facts.mention, moment=facts.moment, source=facts.source, history=True)
