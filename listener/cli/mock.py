"""`badbuzz mock`: the mock platforms alone, on loopback, with endless small talk about a made-up airline."""

import asyncio
import signal
from collections.abc import Sequence
from typing import Annotated

import typer

from listener.cli.terminal import say
from listener.clock import Clock
from listener.mock.chatter import Chatter
from listener.mock.faults import Faults
from listener.mock.registry import PLATFORMS, Entry, known_faults
from listener.mock.server import serving
from listener.mock.world import World

_CHANCE = 0.1


def command(
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port; any free one when 0.")] = 0,
    seed: Annotated[int, typer.Option(help="Another seed, another talk and other faults.")] = 0,
    faults: Annotated[
        str, typer.Option(metavar="NAME,...", help="What goes wrong with one answer in ten; `all` for everything.")
    ] = "",
) -> None:
    """Serve the mock platforms on this machine until Ctrl-C, with small talk about a made-up airline. Their addresses,
    and commands that listen to them, are printed on standard error.
    """
    known = known_faults()
    named = [name.strip() for name in faults.split(",") if name.strip()]
    drawn = known if named == ["all"] else named
    if unknown := [name for name in drawn if name not in known]:
        say(f"badbuzz: unknown faults: {', '.join(unknown)}; there are all, {', '.join(known)}")
        raise typer.Exit(2)
    try:
        asyncio.run(_serve(port, seed, drawn))
    except OSError as error:
        say(f"badbuzz: port {port} of this machine cannot be used: {error.strerror}")
        raise typer.Exit(1) from error


async def _serve(port: int, seed: int, faults: list[str]) -> None:
    clock, stop = Clock(), asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    worlds = {name: World(clock.now) for name in PLATFORMS}
    platforms = {name: entry.build(worlds[name], _drawn(entry, faults, seed)) for name, entry in PLATFORMS.items()}
    chatter = Chatter(worlds.values(), seed)
    chatter.begin(clock.now())
    async with serving(platforms, port=port) as server, asyncio.TaskGroup() as group:
        talking = group.create_task(chatter.run(clock), name="chatter")
        for name, entry in PLATFORMS.items():
            url = server.of(name)
            say("\n".join([f"{name}: {url}", *(f"  {line.format(url=url)}" for line in entry.commands)]))
        await stop.wait()
        talking.cancel()


def _drawn(entry: Entry, names: Sequence[str], seed: int) -> Faults:
    mine = set(names) & set(entry.faults)
    return Faults(mine, seed=seed, chance=_CHANCE / max(1, len(mine)))
