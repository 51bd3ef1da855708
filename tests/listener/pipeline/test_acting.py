"""What a channel asks for becomes a command, and is answered in words."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from alerts.acts import Act, Acted, Press
from alerts.sentences import ours
from config.people import Person
from listener.pipeline.acting import Acting, Place, place_of
from listener.pipeline.writer import Writer
from tests.listener.pipeline.test_ceiling import deliver
from tests.listener.pipeline.world import World, configured

Pressing = Callable[..., Awaitable[Acted]]


@asynccontextmanager
async def pressing(world: World, language: Any = "en", **changes: Any) -> AsyncIterator[Pressing]:
    """Somebody presses buttons in a channel, and a daemon is at work."""
    settings = world.ledger.setup.settings.model_copy(update=changes)
    place = Place(channel="team", name="Veille", language=language, zone=ZoneInfo("UTC"))
    acting = Acting(world.views, lambda: settings, world.clock.now, place, patience=20)

    async def press(press: Press, incident: str = "1", by: str = "Zoé", once: str = "", **how: Any) -> Acted:
        return await acting(msgspec.structs.replace(Act.pressed(press, incident, by, **how), once=once))

    async with asyncio.TaskGroup() as group:
        writing = group.create_task(Writer(world.ledger, world.metrics).run())
        yield press
        writing.cancel()


async def test_what_a_channel_tells_again_after_a_start_is_not_carried_out_again(world):
    await world.say("1", "2", "3")
    async with pressing(world) as press:
        await press("ack", once="m1")
        await press("unack", by="Max", once="m2")
        again = [await press("ack", once="m1"), await press("unack", by="Max", once="m2")]
        await press("silence", once="m3")
        await press("silence", once="m3")

    assert [Acted()] * 2 == again
    assert ["open", "acknowledged", "released"] == await world.states()
    assert 1 == len(await world.views.silences())


async def test_what_was_refused_and_is_told_again_is_refused_again_in_the_same_words(world):
    await world.say("1", "2", "3")
    async with pressing(world) as press:
        await press("ack", by="Max", once="m1")
        refused = await press("ack", once="m2")
        await press("unack", by="Max", once="m3")
        again = await press("ack", once="m2")

    assert ("Max already has incident 1", False) == (refused.why, refused.done)
    assert refused == again
    assert ["open", "acknowledged", "released"] == await world.states()


async def test_taking_it_in_a_channel_takes_it_and_a_second_one_hears_who_has_it(world):
    await world.say("1", "2", "3")
    async with pressing(world) as press:
        first = await press("ack", by="Zo\u202eé")
        second = await press("ack", by="Max")
        undone = await press("unack", by="Max")
        again = await press("unack", language="fr")

    assert (Acted(), "Zoé already has incident 1", Acted()) == (first, second.why, undone)
    assert ("personne n’a l’incident n°\u00a01", False) == (again.why, again.done)


def test_the_own_channel_of_somebody_answers_in_their_language(tmp_path):
    mine = Person(language="fr", time_zone="Europe/Paris", call_by=("phone",))
    settings = configured(tmp_path).settings.model_copy(update={"people": {"zoe": mine}})
    places = [place_of(settings.channels[name], settings) for name in ("phone", "team")]

    assert [("fr", "Europe/Paris"), ("en", "UTC")] == [(place.language, place.zone.key) for place in places]


async def test_a_silence_has_an_owner_a_reason_and_an_end_and_says_what_comes_all_the_same(world):
    await world.say("1", "2", "3")
    async with pressing(world, "fr") as press:
        told = await press("silence")
    ((silence, _),) = await world.views.silences()

    (row,) = await world.views.incidents()
    assert (row.id, "Zoé", False) == (silence.what.incident, silence.by, silence.what.critical)
    assert "demandé dans Veille" == ours(silence.because, "fr")
    assert told.words.startswith("Incident n°\u00a01\u00a0: en sourdine jusqu’à 9\u00a0h (UTC). S’il devient critique")


@pytest.mark.parametrize(
    ("reason", "kept"), [("namesake", "homonyme"), ("bots", "robots, copier-coller"), ("known", "déjà connu")]
)
async def test_a_false_alarm_ends_once_it_is_known_why(world, reason, kept):
    await world.say("1", "2", "3")
    async with pressing(world, "fr") as press:
        asked = await press("false-alarm")
        assert "open" == (await world.states())[-1]
        told = await press(reason)
    (row,) = await world.views.incidents()

    assert ("namesake", 7, False) == (asked.choices[0].act, len(asked.choices), asked.done)
    assert ("resolved", "false-alarm", kept) == (row.state, row.ending, ours(row.judged_because, "fr"))
    assert (
        f"Merci. Incident n°\u00a01 clos comme fausse alerte ({kept}). Fausses alertes en 30\u00a0jours\u00a0: 1."
        == told.words
    )


async def test_what_is_pressed_late_reopens_nothing_but_still_says_what_it_was(world):
    await world.say("1", "2", "3")
    async with pressing(world) as press:
        early = await press("real")
        await press("irony")
        late = [await press(act) for act in ("ack", "unack", "silence")]
        told = [(await press(act)).words for act in ("real", "other")]
    (row,) = await world.views.incidents()

    assert "incident 1 is not over" == early.why
    assert ["incident 1 is already resolved"] * 3 == [each.why for each in late]
    assert ["Thank you. Incident 1 is noted as a real one."] == told[:1]
    assert told[1].startswith("Thank you. Incident 1 is noted as a false alarm (other).")
    assert (["open", "resolved"], "false-alarm", []) == (await world.states(), row.ending, await world.views.silences())


async def test_the_ceiling_of_who_was_told_is_named_and_nobody_elses(world):
    people = {
        name: Person.model_validate({"call_by": channel, "false_alarms": f"{most} per month"})
        for name, channel, most in (("zoe", "team", 2), ("max", "phone", 9))
    }
    await world.say("1", "2", "3")
    async with pressing(world, people=people) as press:
        told = await press("campaign")

    assert told.words.endswith("False alarms in 30 days: 1, ceiling: 2.")


@pytest.mark.parametrize(("days", "had"), [(29, 2), (31, 1)])
async def test_what_counts_is_what_counts_for_the_ceiling_whatever_the_month(world, days, had):
    zoe = Person.model_validate({"call_by": "team", "false_alarms": "2 per month"})
    for number, names in enumerate(("123", "456"), 1):
        await world.say(*names)
        await deliver(world)
        async with pressing(world, "fr", people={"zoe": zoe} if number == 2 else {}) as press:
            told = await press("other", str(number))
        await deliver(world)
        await calm(world)
        world.clock.move(days=days)

    assert told.words.endswith(f"Fausses alertes en 30\u00a0jours\u00a0: {had}, plafond\u00a0: 2.")


async def calm(world):
    for _ in range(10):  # none of it too long for a daemon that listens
        world.clock.move(minutes=4)
        await world.ledger.write([])


async def test_a_word_of_a_namesake_is_suggested_with_what_it_would_have_cost_and_not_applied(world):
    for day in range(3):
        await world.hear(*(world.said(f"old {day} {n}", f"acme was late today {n}") for n in range(40)))
        await calm(world)
    await world.hear(world.said("odd", "acme airsoft"))
    await world.pass_time(hours=4)  # what comes now is another incident
    await world.hear(*(world.said(f"new {n}", f"an acme airsoft match near you {n}") for n in range(6)))
    latest = str(max(row.number for row in await world.views.incidents()))
    async with pressing(world) as press:
        told = await press("namesake", latest)
        other = await press("irony", latest)

    assert "exclude “airsoft” from the query; over 1 day that would have removed 7 mentions of 127" in told.words
    assert "none of them marked" in told.words
    assert "exclude" not in other.words


async def test_who_asks_while_the_daemon_does_not_answer_is_not_kept_waiting(world):
    await world.say("1", "2", "3")
    settings = world.ledger.setup.settings
    place = Place(channel="team", name="team", language="en", zone=ZoneInfo("UTC"))
    acting = Acting(world.views, lambda: settings, world.clock.now, place, patience=0)
    assert Acted() == await acting(Act(verb="ack", incident="1", by="Zoé"))
    assert "there is no incident 9" == (await acting(Act(verb="question", incident="9", by="Zoé"))).why
