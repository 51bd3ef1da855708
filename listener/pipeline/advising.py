"""Which playbook is for an incident, as its rule, level and mentions are."""

from collections.abc import Sequence
from datetime import datetime

from alerts.playbook import Advice, Choice, Situation, advice, choose, shipped_advice
from config.playbooks import Playbook
from config.settings import Settings
from listener.pipeline.talk import heard_in
from listener.store.port import Views
from rules.mention import Mention
from rules.query.compiled import compile_words
from rules.query.content import Content
from rules.transition import Severity, Transition


def choice_for(brand: str, rule: str, severity: Severity, heard: Sequence[Mention], settings: Settings) -> Choice:
    """The playbook of an incident of whose mentions these were `heard`."""
    holding = {name: _holding(each, heard) for name, each in settings.playbooks.items()}
    situation = Situation(brand=brand, rule=rule, severity=severity, read=len(heard), holding=holding)
    return choose(settings.playbooks, situation)


async def choice_of(step: Transition, views: Views, settings: Settings) -> Choice:
    """The playbook of a step, by the mentions that are still kept."""
    heard = [each.mention for each in await heard_in(step, views)]
    return choice_for(step.brand, step.rule, step.severity, heard, settings)


def advice_for(step: Transition, heard: Sequence[Mention], settings: Settings, now: datetime) -> Advice:
    """What the playbook of a step says; `now` is in the daemon's time zone."""
    name = choice_for(step.brand, step.rule, step.severity, heard, settings).name
    if name:
        return advice(name, settings.playbooks[name], step.severity, now, settings.people)
    rule = settings.rules.get(step.rule)
    return shipped_advice(rule.kind if rule else "", fewer=step.evidence.fewer)


def imagined(words: Sequence[str], at: datetime) -> list[Mention]:
    """Mentions that all hold these words and no others; none without words."""
    said = Mention(id="?", source="?", platform="?", text=", ".join(words), observed_at=at)
    return [said] if words else []


def _holding(playbook: Playbook, heard: Sequence[Mention]) -> int:
    if not playbook.when.words:
        return 0
    words = compile_words(playbook.when.words)
    return sum(1 for mention in heard if words.find(Content(mention)))
