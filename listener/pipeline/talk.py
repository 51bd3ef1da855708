"""What an incident talks about: words and languages of the mentions that are still kept."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from alerts.figures import Talk
from config.settings import Settings
from listener.queries import query_of
from listener.store.port import StoredMention, Views
from rules.classify import full_text
from rules.distinct import Said, distinct, typical
from rules.facts import Facts
from rules.instant import Instant
from rules.series import series_of
from rules.terms import Terms
from rules.transition import Evidence, Transition

_READ, _BEFORE = 300, 600
"""Mentions of the window, and of the time before the incident, that are looked through: the newest."""
_ENOUGH = 100
"""Earlier mentions of the same sort that tell what is usual; with fewer all earlier ones do."""
_LONGEST = 2_000
"""Characters of a mention that are read."""


@dataclass(frozen=True, kw_only=True)
class Spoken:
    """As `Figures` has it, and the mention that says most of what the others say, None where few are read."""

    talk: tuple[Talk, ...] = ()
    read: int = 0
    languages: Mapping[str, int] = field(default_factory=dict)
    typical: StoredMention | None = None


async def heard_in(step: Transition, views: Views) -> list[StoredMention]:
    """The mentions that are still kept of those in the window of a step, few enough to be looked through."""
    evidence, begin = step.evidence, step.at - step.evidence.window
    now = [each for each in await _counted(views, step.brand, step.at, _READ) if _is_of(evidence, _facts(each, step))]
    return [each for each in now if _facts(each, step).moment > begin]


async def present(step: Transition, at: Instant, views: Views) -> int | None:
    """How many mentions the window of a step counts at a later moment; None where it counts something else, or more
    than are looked through.
    """
    evidence = step.evidence
    if evidence.unit != "mentions" or evidence.share or evidence.fewer:
        return None
    stored = await _counted(views, step.brand, at, _READ)
    moments = [(_facts(each, step).moment, _is_of(evidence, _facts(each, step))) for each in stored]
    begin = at - evidence.window
    if len(stored) == _READ and min(moments)[0] > begin:
        return None
    return sum(counts for moment, counts in moments if moment > begin)


async def talk_of(step: Transition, now: Sequence[StoredMention], views: Views, settings: Settings) -> Spoken:
    """What is said in the mentions of a step; nothing for the end of an incident, and when too little is said."""
    evidence, brand = step.evidence, settings.brands.get(step.brand)
    if brand is None or step.state == "resolved" or evidence.fewer:
        return Spoken()
    begin = step.at - evidence.window
    before = await _counted(views, step.brand, min(begin, evidence.first_at or begin) - 1, _BEFORE)
    alike = [each for each in before if _is_of(evidence, _facts(each, step))]
    terms = Terms(query_of(brand, settings))
    said = _said(now, step, terms)
    found = distinct(said, _said(alike if len(alike) >= _ENOUGH else before, step, terms))
    languages = Counter(each.tones[step.brand].language or "" for each in now if step.brand in each.tones)
    quoted = {evidence.mentions.get(role) for role in ("first", "largest")}
    fresh = [number for number, each in enumerate(now) if each.mention.identity not in quoted]
    chosen = typical(said, fresh)
    return Spoken(
        talk=tuple(Talk(word=each.word, count=each.texts, new=each.new) for each in found),
        read=len(now),
        languages={language: count for language, count in languages.items() if language},
        typical=None if chosen is None else now[chosen],
    )


async def _counted(views: Views, brand: str, until: Instant, limit: int) -> list[StoredMention]:
    """What was taken last by then, without what was deleted since."""
    stored = await views.mentions(brand=brand, until=until, limit=limit)
    return [each for each in stored if not each.deleted and brand in each.facts and any(series_of(each.facts[brand]))]


def _facts(stored: StoredMention, step: Transition) -> Facts:
    return stored.facts[step.brand]


def _is_of(evidence: Evidence, facts: Facts) -> bool:
    return evidence.of in series_of(facts) and evidence.source in ("", facts.source)


def _said(stored: Sequence[StoredMention], step: Transition, terms: Terms) -> list[Said]:
    return [Said(_facts(each, step).author, terms.written(full_text(each.mention)[:_LONGEST])) for each in stored]
