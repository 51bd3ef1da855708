"""Live events: the hashtag is heard for its time, and what came of it is told once, to those who hear of the brand."""

from datetime import timedelta

import pytest

from listener.pipeline.lives import counted
from rules.instant import moment
from rules.mention import Author
from tests.listener.pipeline.world import START, opened

LIVE = (
    '[{to: [team]}]\ncalendar: [{brand: acme, live: "#AcmeRepond", from: 2027-01-15T08:10, to: 2027-01-15T09:00, '
    "report: true}]"
)


@pytest.fixture
async def world(tmp_path):
    async with opened(tmp_path, routes=LIVE) as world:
        yield world


def heard(world, name, text, at=None, **how):
    return world.said(name, text, created_at=at or moment(world.clock.now()), **how)


async def known(world):
    return {each.mention.id for each in await world.views.mentions(brand="acme")}


async def reports(world):
    notices = [(row.channel, row.notice) for row in await world.views.deliveries() if row.notice]
    return [(channel, await counted(each, world.views, world.ledger.setup.settings)) for channel, each in notices]


async def test_a_hashtag_is_heard_for_the_time_of_its_event_and_nothing_is_learnt_anew(world):
    await world.hear(heard(world, "before", "bien vu #acmerepond"))
    world.clock.move(minutes=30)
    early, late = moment(START) + timedelta(minutes=5), moment(START) + timedelta(minutes=29)
    await world.hear(*(heard(world, name, "bien vu #acmerepond", at) for name, at in (("early", early), ("in", late))))
    world.clock.move(minutes=31)
    await world.hear(heard(world, "after", "bien vu #acmerepond"), heard(world, "by its name", "acme is slow"))

    assert {"in", "by its name"} == await known(world)
    assert 1 == len([entry for entry in await world.log() if type(entry).__name__ == "Configured"])


async def test_what_came_of_it_is_told_once(world):
    world.clock.move(minutes=30)
    await world.hear(
        heard(world, "1", "what a shame, this is awful #AcmeRepond", author=Author(handle="a", followers=3)),
        heard(
            world,
            "2",
            "thanks, I love it! #AcmeRepond",
            author=Author(handle="b", followers=900),
        ),
        heard(world, "3", "When do the doors open? https://acme.example/?a=1 #AcmeRepond", author=Author(handle="b")),
        heard(world, "own", "here we are #AcmeRepond", author=Author(handle="acme")),
        heard(world, "aside", "acme, and nothing of the event"),
    )
    world.clock.move(minutes=34)
    await world.ledger.write([])
    assert [] == await reports(world)
    await world.pass_time(minutes=2)
    again = await world.again()
    await again.pass_time(minutes=1)
    ((channel, notice),) = await reports(world)
    told = notice.live

    assert ("team", "live", "acme") == (channel, notice.topic, notice.brand)
    assert (3, 2, 1, 1, 1, False) == (
        told.count,
        told.authors,
        told.negative,
        told.positive,
        told.questions,
        told.more,
    )
    assert {"largest": "b", "question": "b", "negative": "a"} == {each.role: each.handle for each in told.quotes}


async def test_an_event_that_nobody_spoke_of_is_told_too_and_one_from_before_the_first_start_is_not(world, tmp_path):
    await world.pass_time(minutes=1)
    world.clock.move(minutes=70)
    await world.pass_time(minutes=1)
    ((_, notice),) = await reports(world)
    assert (0, ()) == (notice.live.count, notice.live.quotes)
    (tmp_path / "other").mkdir()
    async with opened(tmp_path / "other", routes=LIVE.replace("2027-01-15", "2027-01-14")) as late:
        await late.pass_time(minutes=1)
        assert [] == await reports(late)


async def test_the_log_is_the_same_with_and_without_a_report(world, tmp_path):
    (tmp_path / "other").mkdir()
    async with opened(tmp_path / "other", routes=LIVE.replace("report: true", "report: false")) as silent:
        for each in (world, silent):
            each.clock.move(minutes=30)
            await each.hear(heard(each, "1", "awful #AcmeRepond"))
            each.clock.move(minutes=45)
            await each.pass_time(minutes=1)
        assert ([], 1) == (await reports(silent), len(await reports(world)))

        def plain(log):
            return [(type(entry).__name__, entry.at) for entry in log]

        assert plain(await world.log()) == plain(await silent.log())
