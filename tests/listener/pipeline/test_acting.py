"""What a channel asks for becomes a command, and is answered in words."""

import asyncio

from alerts.channel import Act
from listener.pipeline.acting import Acting
from listener.pipeline.writer import Writer


async def test_taking_it_in_a_channel_takes_it_and_a_second_one_hears_who_has_it(world):
    await world.hear(*(world.said(str(number), f"acme is slow {number}") for number in range(3)))
    (row,) = await world.views.incidents()
    acting = Acting(world.views, world.clock.now, patience=20)
    async with asyncio.TaskGroup() as group:
        writing = group.create_task(Writer(world.ledger, world.metrics).run())
        first = await acting(Act(verb="ack", incident=row.id, by="Zo\u202eé"))
        second = await acting(Act(verb="ack", incident=str(row.number), by="Max"))
        writing.cancel()

    assert ("", "Zoé already has incident 1") == (first, second)


async def test_who_asks_while_the_daemon_does_not_answer_is_not_kept_waiting(world):
    assert "" == await Acting(world.views, world.clock.now, patience=0)(Act(verb="ack", incident="1", by="Zoé"))
