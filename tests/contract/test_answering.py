"""What channels with buttons promise to those who press one, whatever the service."""

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from alerts.acts import BECAUSE, Act, Press, Reason
from alerts.answers import choices, offered, question
from alerts.render import render_notice
from tests.acting import Asked
from tests.alerts.samples import NOTICES
from tests.answering import Seat, seated
from tests.builders import alert, message, step

BOTS = ["matrix", "ntfy", "slackbot", "telegram"]
OPEN = message(language="fr", choices=choices("fr", "ack", "silence", "false-alarm"))
TAKEN = message(
    alert(step=1, state="acknowledged"), "fr", id="2", choices=choices("fr", "unack", "silence", "false-alarm")
)
_, REAL = offered("fr", is_over=True, is_taken=False, is_judged=False)
OVER = message(alert(step=2, state="resolved"), "fr", id="3", asks="Réel ?", choices=REAL)


async def pressed(seat: Seat, asked: Asked, *presses: Press) -> None:
    """Press one after the other, each when what came of the one before is told."""
    for press in presses:
        told, wish = seat.told(), Act.pressed(press, OPEN.thread, seat.by, "fr")
        await seat.press(press)
        await seat.until(lambda: asked.acts[-1:] == [wish])  # noqa: B023
        if asked.said or asked.refusal or wish.verb == "question":
            await seat.until(lambda: seat.told()[-1:] != told[-1:])  # noqa: B023


@pytest.mark.parametrize("kind", BOTS)
@pytest.mark.parametrize(("shown", "act"), [(OPEN, "ack"), (OPEN, "silence"), (TAKEN, "unack"), (OVER, "real")])
async def test_a_button_asks_for_what_it_says(kind: str, shown: Any, act: Any) -> None:
    asked = Asked()
    async with seated(kind, asked) as seat:
        receipt = await seat.show(OPEN)
        if shown is not OPEN:
            await seat.show(shown, receipt)
        await pressed(seat, asked, act)

    assert [Act.pressed(act, OPEN.thread, seat.by, "fr")] == asked.acts
    assert {seat.identity} == asked.identities


@pytest.mark.parametrize("kind", BOTS)
async def test_all_that_one_message_tells_of_can_be_taken_and_each_by_itself(kind: str) -> None:
    asked, several = Asked(), render_notice(NOTICES["several, to be taken"], "fr", ZoneInfo("Europe/Paris"))
    async with seated(kind, asked) as seat:
        await seat.show(several)
        for taken, incident in enumerate(("", "i31"), 1):
            await seat.press("ack", incident)
            await seat.until(lambda: len(asked.acts) == taken)  # noqa: B023

    assert [("ack", several.thread), ("ack", "i31")] == [(each.verb, each.incident) for each in asked.acts]


@pytest.mark.parametrize("kind", BOTS)
@pytest.mark.parametrize("because", ["namesake", "irony", "other"])
async def test_a_false_alarm_asks_why_and_tells_what_follows(kind: str, because: Reason) -> None:
    asked = Asked(said="Thank you @room <b>. False alarms in 30 days: 1.")
    async with seated(kind, asked) as seat:
        await seat.show(OPEN)
        await pressed(seat, asked, "false-alarm")
        questions = seat.told()
        await pressed(seat, asked, because)
        told = seat.told()

    assert questions[-1].startswith(question("fr").words)
    assert ("resolve", "false-alarm", BECAUSE[because]) == (
        asked.acts[-1].verb,
        asked.acts[-1].ending,
        asked.acts[-1].because,
    )
    assert "in 30 days" in told[-1]


@pytest.mark.parametrize("kind", BOTS)
async def test_what_was_silenced_is_told_below_the_incident(kind: str) -> None:
    asked = Asked(said="Quiet until 0:08.")
    async with seated(kind, asked) as seat:
        await seat.show(OPEN)
        await pressed(seat, asked, "silence")

        assert "Quiet until" in seat.told()[-1]


@pytest.mark.parametrize("kind", BOTS)
async def test_a_refusal_is_told_to_who_pressed(kind: str) -> None:
    asked = Asked("é" * 300 + " already has incident 37")
    async with seated(kind, asked) as seat:
        await seat.show(OPEN)
        await pressed(seat, asked, "ack")

        assert seat.told()[-1].replace("\u00a0", " ").startswith("Ce n’est pas fait : l’incident n° 37 est déjà pris")


@pytest.mark.parametrize("kind", ["matrix", "slackbot", "telegram"])
async def test_a_message_that_somebody_took_away_is_posted_again(kind: str) -> None:
    async with seated(kind, Asked()) as seat:
        receipt = await seat.show(OPEN)
        seat.take_away()
        again = await seat.show(step(1, "worse"), receipt)

    assert again not in ("", receipt)
