"""`badbuzz mock`: the mock platforms alone, on loopback, with endless small talk or a scenario played on them."""

import asyncio
import os
import signal
from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import Annotated, Any

import typer

from config.model import format_duration
from config.problems import ConfigError
from listener.cli.store_access import put
from listener.cli.terminal import say
from listener.clock import Clock
from listener.mock import chatter
from listener.mock.bluesky import Jetstream
from listener.mock.bluesky_firehose import FASTEST, Firehose, strangers
from listener.mock.bluesky_log import WINDOW
from listener.mock.chatter import Chatter
from listener.mock.draw import Drawn, draw
from listener.mock.faults import Faults, Switch, read_faults
from listener.mock.registry import PLATFORMS, known_faults
from listener.mock.scenario import load_scenario
from listener.mock.script import Player
from listener.mock.server import Platform, serving
from listener.mock.truth import truth_line
from listener.mock.world import World
from rules.instant import duration, moment

_FASTEST = 1_000
_BLUESKY = "bluesky"
_Rate = Annotated[
    int,
    typer.Option(
        min=0,
        max=FASTEST,
        metavar="RATE",
        help="On Bluesky strangers post so many times a second too, and have for 36 hours; one post in a hundred names "
        "the airline.",
    ),
]


@dataclass(frozen=True, kw_only=True)
class _Show:
    """What is served and played, on a clock of its own. Without `drawn` it is small talk."""

    port: int
    seed: int
    switches: Sequence[Switch]
    clock: Clock
    drawn: Drawn | None
    firehose: int

    def faults(self, names: Collection[str]) -> Faults:
        mine = [switch for switch in self.switches if switch.name in names]
        return Faults(seed=self.seed, switches=mine, passed=lambda: self.clock.now() - self.clock.origin)


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
    scenario: Annotated[
        str | None, typer.Option(metavar="NAME|FILE", help="Play this scenario in place of the small talk.")
    ] = None,
    speed: Annotated[float, typer.Option(min=1, max=_FASTEST, help="How fast the platforms' clock runs.")] = 1,
    firehose: _Rate = 0,
    *,
    truth: Annotated[
        bool, typer.Option("--truth", help="Print what is true of the scenario, and serve nothing.")
    ] = False,
) -> None:
    """Serve the mock platforms on this machine until Ctrl-C, with small talk about a made-up airline, or with a
    scenario: days of talk about made-up brands, with crises and other events of which the truth is known. Their
    addresses, and commands that listen to them, are printed on standard error.
    """
    if truth and scenario is None:
        raise typer.BadParameter("--truth tells of a scenario: give one with --scenario")
    drawn = _drawn(scenario, seed) if scenario is not None else None
    if truth and drawn:
        put(truth_line(drawn.truth))
        return
    now = Clock().now()
    clock = Clock(origin=now, started=now, speed=speed)
    show = _Show(port=port, seed=seed, switches=_switches(faults, seed), clock=clock, drawn=drawn, firehose=firehose)
    try:
        asyncio.run(_serve(show))
    except OSError as error:
        say(f"badbuzz: port {port} of this machine cannot be used: {_reason(error)}")
        raise typer.Exit(1) from error


def _reason(error: OSError) -> str:
    """Without the address, which the event loop puts in front."""
    return os.strerror(error.errno) if error.errno else str(error)


def _switches(faults: str, seed: int) -> Sequence[Switch]:
    try:
        return read_faults(faults, known_faults(), Random(seed))
    except ValueError as error:
        say(f"badbuzz: {error}")
        raise typer.Exit(2) from error


def _drawn(scenario: str, seed: int) -> Drawn:
    try:
        return draw(scenario, load_scenario(scenario), seed)
    except ConfigError as error:
        for problem in error.problems:
            say(str(problem))
        raise typer.Exit(2) from error


async def _serve(show: _Show) -> None:
    clock, stop = show.clock, asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    worlds = {name: World(clock.now) for name in PLATFORMS}
    platforms = {name: entry.build(worlds[name], show.faults(entry.faults)) for name, entry in PLATFORMS.items()}
    if show.firehose:
        platforms[_BLUESKY] = _firehose(show, worlds[_BLUESKY])
    talk = _talk(show, worlds)
    async with serving(platforms, port=show.port) as server, asyncio.TaskGroup() as group:
        talking = group.create_task(talk(), name="talk")
        for name, entry in PLATFORMS.items():
            url = server.of(name)
            say("\n".join([f"{name}: {url}", *(f"  {line.format(url=url)}" for line in entry.commands)]))
        if show.switches:
            say(f"what goes wrong: {', '.join(map(str, show.switches))}")
        if show.drawn:
            say(_announced(show.drawn, clock))
        await stop.wait()
        talking.cancel()


def _firehose(show: _Show, world: World) -> Platform:
    said = Firehose(strangers(show.seed), show.firehose, show.clock.origin - WINDOW)
    return Jetstream(world, faults=show.faults(PLATFORMS[_BLUESKY].faults), firehose=said)


def _talk(show: _Show, worlds: Mapping[str, World]) -> Callable[[], Coroutine[Any, Any, None]]:
    """What is to be said; what was said before is there at once."""
    if show.drawn:
        return partial(_played, Player(show.drawn.cues, worlds), show.clock)
    talk = Chatter(worlds.values(), show.seed, faults=show.faults(chatter.FAULTS))
    talk.begin(show.clock.origin)
    return partial(talk.run, show.clock)


async def _played(player: Player, clock: Clock) -> None:
    await player.play(clock, clock.origin)
    say("the scenario is over; the platforms are served until Ctrl-C")


def _announced(drawn: Drawn, clock: Clock) -> str:
    truth = drawn.truth
    length, begun = duration(truth.ends - truth.begins), moment(clock.origin)
    return (
        f"playing {truth.scenario}, seed {truth.seed}: {len(drawn.cues)} posts in {format_duration(length)},"
        f" {clock.speed:g} times as fast, over in {format_duration(length / clock.speed)};"
        f" its beginning is {begun:%Y-%m-%dT%H:%M:%SZ} on the platforms' clock"
    )
