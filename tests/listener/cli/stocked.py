"""A store as a daemon left it: one open incident, one delivery given up, a source in trouble with hostile words."""

import asyncio

from alerts.delivery import Outcome
from listener.pipeline.work import Settled
from tests.listener.pipeline.world import START, World, opened

HOSTILE = "says [/red] \x1b[31mred\x07 [bold]"


async def _fill(world: World) -> None:
    await world.say("1", "2", "3")
    for delivery in await world.views.deliveries():
        refused = Outcome(
            delivery=delivery.id, at=START, attempt=3, state="parked", reason="authError", detail=f"refused, {HOSTILE}"
        )
        await world.ledger.write([Settled(outcome=refused)])
    await world.source_is("auth_failed", code="401", detail=HOSTILE)


async def _stock(folder, parts) -> None:
    async with opened(folder, **parts) as world:
        await _fill(world)


async def _carry_out(folder, parts) -> None:
    async with opened(folder, **parts) as world:
        await world.ledger.write([])


def stocked(folder, **parts):
    """The configuration whose store holds this."""
    asyncio.run(_stock(folder, parts))
    return folder / "badbuzz.yaml"


def carry_out(folder, **parts):
    """Let a daemon run for a moment, so that it takes the commands that were left."""
    asyncio.run(_carry_out(folder, parts))
