"""The PagerDuty channel against a strict PagerDuty: one object an incident, and an ack there counts here."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from yarl import URL

from alerts.acts import Act, Acted
from alerts.answers import refused
from alerts.channel import SendError
from alerts.channels.pagerduty import SPEC, TRIES, PagerdutyChannel, beside
from alerts.message import Quotation
from tests.acting import lent
from tests.builders import AT, alert, message, notice, step
from tests.pagerduty import KEY, PERSON, PROGRAM, TOKEN, PagerDuty, pagerduty

INCIDENT = alert().incident


class Asked:
    def __init__(self, *refusals: str) -> None:
        self.acts: list[Act] = []
        self.refusals, self.heard = list(refusals), asyncio.Event()

    async def __call__(self, act: Act) -> Acted:
        self.acts.append(act)
        refusal = self.refusals.pop(0) if self.refusals else ""
        if not self.refusals:
            self.heard.set()
        return refused(refusal, "en") if refusal else Acted()


@asynccontextmanager
async def told(fake: PagerDuty, asked: Asked | None = None, **options: Any) -> AsyncIterator[PagerdutyChannel]:
    async with aiohttp.ClientSession() as http, asyncio.TaskGroup() as tasks:
        tools = lent(http, "on-call", asked)
        known = {"routing_key": KEY, "token": TOKEN, "server": fake.url, **options}
        channel = PagerdutyChannel(SPEC.options.model_validate(known), tools, pause=0.01)
        serving = tasks.create_task(channel.serve())
        try:
            yield channel
        finally:
            serving.cancel()


async def test_an_incident_is_one_alert_that_is_taken_and_closed_with_it() -> None:
    async with pagerduty() as fake, told(fake, token=None) as channel:
        await channel.serve()
        await channel.send(message())
        await channel.send(step(1, "worse", severity="critical", link=None))
        await channel.send(message(alert(step=2, state="better"), step=2, priority=2))
        await channel.send(step(3, "acknowledged"))
        taken = fake.alerts[INCIDENT]["status"]
        await channel.send(step(4, "resolved"))

    (known,) = fake.alerts.values()
    opened, worse = known["said"]
    assert ("acknowledged", "resolved", 1) == (taken, known["status"], fake.rung)
    assert ["warning", "critical"] == [each["payload"]["severity"] for each in (opened, worse)]
    assert [{"href": "https://bb.example/i/37", "text": "Open the incident"}] == opened["links"]
    assert not {"links", "client_url"} & set(worse)


@pytest.mark.parametrize(("begins", "ends"), [("source_down", "source_up"), ("canary_lost", "canary_back")])
async def test_what_is_well_again_closes_the_alert_that_it_was_not(begins: str, ends: str) -> None:
    async with pagerduty() as fake, told(fake) as channel:
        await channel.send(message(notice(topic=begins)))
        (key,) = fake.alerts
        await channel.send(message(notice(id="n-2", topic=ends), priority=2))

    assert ([key], "resolved", {}) == (list(fake.alerts), fake.alerts[key]["status"], fake.asked)


@pytest.mark.parametrize("topic", ["held", "live", "digest", "watch_confirmed", "canary"])
async def test_what_can_be_read_at_leisure_calls_nobody(topic: str) -> None:
    async with pagerduty() as fake, told(fake) as channel:
        await channel.send(message(notice(topic=topic), priority=2))

    assert ({}, 0) == (fake.alerts, fake.rung)


async def test_who_acknowledges_there_takes_the_incident_here_once() -> None:
    asked = Asked()
    async with pagerduty() as fake, told(fake, asked) as channel:
        await channel.send(message())
        await fake.asked_again(INCIDENT)
        fake.acknowledge(INCIDENT, PERSON)
        await asyncio.wait_for(asked.heard.wait(), 20)
        await channel.send(message(alert(incident="other")))
        await fake.asked_again("other")

    (act,) = asked.acts
    assert ("ack", INCIDENT, "Camille", "P1") == (act.verb, act.incident, act.by, act.identity)


async def test_an_acknowledgement_of_what_was_given_back_meanwhile_is_known_again() -> None:
    asked = Asked()
    async with pagerduty() as fake, told(fake, asked) as channel:
        for again in (False, True):
            await channel.send(message())
            if not again:
                fake.acknowledge(INCIDENT, PERSON)
            await asyncio.wait_for(asked.heard.wait(), 20)
            asked.heard.clear()
        await channel.send(message())
        fake.acknowledge(INCIDENT, PERSON)
        await asyncio.wait_for(asked.heard.wait(), 20)

    first, second, third = (act.once for act in asked.acts)
    assert first
    assert first == second != third


async def test_nothing_is_taken_for_what_a_program_acknowledged_or_somebody_has_already() -> None:
    asked = Asked()
    async with pagerduty() as fake, told(fake, asked) as channel:
        await channel.send(message(alert(incident="ours")))
        await channel.send(message(alert(incident="taken", taken_at=AT)))
        await channel.send(message(alert(incident="closed")))
        await channel.send(message(alert(incident="closed", state="resolved")))
        fake.acknowledge("ours", PROGRAM)
        fake.acknowledge("taken", PERSON)
        await fake.asked_again("ours")
        known = dict(fake.asked)
        await fake.asked_again("ours")

    assert [] == asked.acts
    assert known.get("closed", 0) == fake.asked.get("closed", 0)
    assert "taken" not in fake.asked


async def test_a_refusal_is_tried_again_but_not_for_ever() -> None:
    asked = Asked(*["the store does not answer"] * TRIES)
    async with pagerduty() as fake, told(fake, asked) as channel:
        await channel.send(message())
        fake.acknowledge(INCIDENT, PERSON)
        await asyncio.wait_for(asked.heard.wait(), 20)
        await channel.send(message(alert(incident="other")))
        await fake.asked_again("other")

    assert TRIES == len(asked.acts)


async def test_a_question_that_fails_is_asked_again() -> None:
    asked = Asked()
    async with pagerduty() as fake, told(fake, asked) as channel:
        await channel.send(message())
        fake.refuse = [(500, {}, {}), (200, {"incidents": None}, {})]
        fake.acknowledge(INCIDENT, PERSON)
        await asyncio.wait_for(asked.heard.wait(), 20)

    assert 1 == len(asked.acts)


async def test_a_wrong_token_is_said_before_it_is_needed() -> None:
    async with pagerduty() as fake, told(fake, token="another") as channel:
        with pytest.raises(SendError, match="401"):
            await channel.probe()
    assert {} == fake.alerts


async def test_strangers_words_begin_no_mention_and_no_link_wherever_they_are_passed_on() -> None:
    trick = Quotation(text="<!channel> @all [free](https://evil.example)", caption="First", url="https://x.example")
    async with pagerduty() as fake, told(fake) as channel:
        await channel.send(message(line=trick.text, quotations=(trick, trick)))

    told_there = fake.alerts[INCIDENT]["said"][0]["payload"]
    words = told_there["summary"] + "".join(f"{name}{value}" for name, value in told_there["custom_details"].items())
    assert not [sign for sign in ("<", "@", "[", "://") if sign in words]
    assert 2 == sum("free" in value for value in told_there["custom_details"].values())


@pytest.mark.parametrize("region", ["", "eu."])
def test_the_question_goes_to_the_region_that_is_told(region: str) -> None:
    assert URL(f"https://api.{region}pagerduty.com") == beside(f"https://events.{region}pagerduty.com")
