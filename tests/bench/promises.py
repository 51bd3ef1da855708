"""What is promised of the lives of incidents, looked for in what came out of them."""

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.parser import BytesHeaderParser
from typing import Any

from alerts.delivery import Delivery
from rules.instant import Instant, instant
from rules.transition import Transition
from tests.living import FIRST_ONLY, Shown
from tests.pressing import Services
from tests.rules.worlds import follows_a_life

SILENT = ("pagerduty", "boss")
"""PagerDuty is not told what rings nobody, and the console is no service."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of lives until `at`: deliveries, steps, what services took, what people deleted in a channel of an
    incident, and how often each incident was taken by somebody, `together` in a message that told of several.
    """

    rows: Sequence[Delivery]
    steps: Sequence[Transition]
    shown: Sequence[Shown]
    taken_away: Mapping[tuple[str, str], int]
    taken: Mapping[str, int]
    together: Collection[str]
    services: Services
    at: Instant


def broken(outcome: Outcome) -> Iterator[str]:
    """What was promised, and did not come out so."""
    rows = outcome.rows
    yield from (
        f"{each.channel}: {each.id} is {each.state}: {each.detail}" for each in rows if each.state in ("due", "parked")
    )
    seen = {each.id for shown in outcome.shown for each in shown.deliveries}
    sent = [row for row in rows if row.state == "sent"]
    yield from (
        f"{row.channel}: {row.transition} was lost" for row in sent if row.id not in seen and row.channel not in SILENT
    )
    yield from _twice(outcome)
    yield from _disturbed(outcome)
    ends = {step.id for step in outcome.steps if step.state == "resolved"}
    in_order = sorted((row for row in sent if row.transition), key=lambda each: each.step)
    last = {(row.channel, row.thread): row.transition for row in in_order}
    yield from (
        f"{name}: the end of {incident} was not told" for (name, incident), step in last.items() if step not in ends
    )
    yield from _out_of_order(outcome)
    yield from _not_taken(outcome)
    yield from _left_open(outcome)
    yield from _torn_threads(outcome.services)
    yield from _said_otherwise(outcome)


def _out_of_order(outcome: Outcome) -> Iterator[str]:
    try:
        follows_a_life(outcome.steps)
    except AssertionError as error:
        yield f"steps do not follow each other: {error}"
    easing = {step.id for step in outcome.steps if step.state == "better"}
    yield from (
        f"apprise: rang for {row.transition}"
        for row in outcome.rows
        if row.transition in easing and row.channel == "apprise"
    )


def _twice(outcome: Outcome) -> Iterator[str]:
    roots, told = defaultdict[Any, set[str]](set), defaultdict[Any, set[str]](set)
    doubt = Counter[Any]()
    for each in outcome.shown:
        alone, ids = len(each.deliveries) == 1, tuple(one.id for one in each.deliveries)
        about = each.deliveries[0].thread if alone else ids
        if each.verb == "open":
            roots[each.channel, about].add(each.key)
            doubt[each.channel, about] += each.lost
        elif each.verb == "tell":
            told[each.channel, ids].add(each.key)
            doubt[each.channel, ids] += each.lost
    for (channel, about), keys in (*roots.items(), *told.items()):
        gone = outcome.taken_away.get((channel, about), 0)
        may = 1 + gone + (doubt[channel, about] if channel in FIRST_ONLY else 0)
        if len(keys) > may:
            yield f"{channel}: {about} was told {len(keys)} times, and {may} at most was promised"


def _disturbed(outcome: Outcome) -> Iterator[str]:
    lives = defaultdict[str, list[Transition]](list)
    for step in outcome.steps:
        lives[step.incident].append(step)
    for shown in outcome.shown:
        # of several steps of one incident in one message, the last is told
        row = max(shown.deliveries, key=lambda each: each.step)
        if row.call and row.call.why != "told":
            life = [s.state for s in lives[row.thread] if s.at <= row.created]
            taken = next((s for s in reversed(life) if s in ("acknowledged", "released", "reopened")), "")
            if taken == "acknowledged" or life[-1:] == ["resolved"]:
                yield f"{row.channel}: called for {row.thread}, which somebody had"


def _not_taken(outcome: Outcome) -> Iterator[str]:
    """Who took an incident has it, once each time."""
    counted = Counter(step.incident for step in outcome.steps if step.state == "acknowledged")
    for incident in {*counted, *outcome.taken}:
        # of what a message told together, somebody may have had some already
        if counted[incident] != outcome.taken.get(incident, 0) and incident not in outcome.together:
            asked = outcome.taken.get(incident, 0)
            yield f"{incident} was taken {asked} times, and the log knows of {counted[incident]}"


def _left_open(outcome: Outcome) -> Iterator[str]:
    """What is over stands nowhere as if it were not."""
    services = outcome.services
    yield from (f"mqtt: {name} is retained after its end" for name in services.fakes["mqtt"].kept)
    for key, alert in services.fakes["pagerduty"].alerts.items():
        if alert["status"] != "resolved":
            yield f"pagerduty: {key} is {alert['status']} after its end"
    ends = {}
    for posted in services.fakes["alertmanager"].received:
        for alert in json.loads(posted.body):
            ends[alert["labels"]["incident"], alert["labels"].get("severity")] = alert
    for name, alert in ends.items():
        if instant(datetime.fromisoformat(alert["endsAt"])) > outcome.at:
            yield f"alertmanager: {name} fires after its end"


def _said_otherwise(outcome: Outcome) -> Iterator[str]:
    """Who listens to the broker hears what we sent, as often as we sent it."""
    sent = Counter(each.key for each in outcome.shown if each.channel == "mqtt")
    heard = outcome.services.fakes["mqtt"].events
    yield from (f"mqtt: {name} was said {heard[name]} times" for name in sent if heard[name] != sent[name])


def _torn_threads(services: Services) -> Iterator[str]:
    """Of one incident all mails have one root, and each is there once."""
    roots = defaultdict[str, set[str]](set)
    for envelope in services.fakes["email"].taken:
        mail = BytesHeaderParser().parsebytes(envelope.content)
        if mail["Auto-Submitted"] == "auto-generated" and mail["Message-ID"]:
            name = str(mail["Message-ID"]).strip()
            root = str(mail["In-Reply-To"] or name).strip()
            roots[name.removeprefix("<").partition(".")[0]].add(root)
    yield from (f"email: {incident} has {len(found)} threads" for incident, found in roots.items() if len(found) > 1)
