"""`badbuzz mock`: the mock platforms alone, on loopback, with endless small talk about a made-up airline."""

import asyncio
import signal
from collections.abc import Collection, Sequence
from random import Random
from typing import Annotated

import typer

from listener.cli.terminal import say
from listener.clock import Clock
from listener.mock import chatter
from listener.mock.chatter import Chatter
from listener.mock.faults import Faults, Switch, read_faults
from listener.mock.registry import PLATFORMS, known_faults
from listener.mock.server import serving
from listener.mock.world import World


def command(
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port; any free one when 0.")] = 0,
    seed: Annotated[int, typer.Option(help="Another seed, another talk and other faults.")] = 0,
    faults: Annotated[
        str,
        typer.Option(
            metavar="NAME,...",
            help="What goes wrong, with one answer in ten; NAME@10m..12m: all the time from then till then; "
            "`all` for everything, `random` for a drawing.",
        ),
    ] = "",
) -> None:
    """Serve the mock platforms on this machine until Ctrl-C, with small talk about a made-up airline. Their addresses,
    and commands that listen to them, are printed on standard error.
    """
    try:
        switches = read_faults(faults, known_faults(), Random(seed))
    except ValueError as error:
        say(f"badbuzz: {error}")
        raise typer.Exit(2) from error
    try:
        asyncio.run(_serve(port, seed, switches))
    except OSError as error:
        say(f"badbuzz: port {port} of this machine cannot be used: {error.strerror}")
        raise typer.Exit(1) from error


async def _serve(port: int, seed: int, switches: Sequence[Switch]) -> None:
    clock, stop = Clock(), asyncio.Event()
    begin = clock.now()

    def drawn(names: Collection[str]) -> Faults:
        mine = [switch for switch in switches if switch.name in names]
        return Faults(seed=seed, switches=mine, passed=lambda: clock.now() - begin)

    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    worlds = {name: World(clock.now) for name in PLATFORMS}
    platforms = {name: entry.build(worlds[name], drawn(entry.faults)) for name, entry in PLATFORMS.items()}
    talk = Chatter(worlds.values(), seed, faults=drawn(chatter.FAULTS))
    talk.begin(begin)
    async with serving(platforms, port=port) as server, asyncio.TaskGroup() as group:
        talking = group.create_task(talk.run(clock), name="chatter")
        for name, entry in PLATFORMS.items():
            url = server.of(name)
            say("\n".join([f"{name}: {url}", *(f"  {line.format(url=url)}" for line in entry.commands)]))
        await stop.wait()
        talking.cancel()
