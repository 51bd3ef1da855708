"""`badbuzz demo`: a scripted evening of an airline on three platforms, through the real daemon, into local inboxes."""

import asyncio
import signal
import sys
from contextlib import redirect_stderr
from importlib.metadata import version
from importlib.util import find_spec
from typing import Annotated

import typer
from rich.console import Console

from config.problems import ConfigError
from listener.cli.terminal import say
from listener.clock import Clock
from listener.mock.broker import BrokerError, find_mosquitto
from listener.mock.performance import Performance, SetUpError
from listener.mock.screen import Screen
from listener.mock.show import JsonLines, Show, Words
from listener.mock.stage import Stage, set_up
from listener.mock.story import Language, acme_story
from listener.service import run
from listener.store.port import StoreError
from listener.store.views import open_views
from rules.instant import Instant

ORIGIN: Instant = 1_794_691_200_000_000
"""Saturday 14 November 2026, 22:20 in Paris: when the daemon of the demonstration starts."""


def command(
    once: Annotated[bool, typer.Option("--once", help="End when the incident has resolved.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print transitions and deliveries as JSON Lines.")] = False,
    speed: Annotated[float, typer.Option(min=1, max=600, help="How many times faster than real.")] = 60,
    language: Annotated[Language, typer.Option(help="Language of the demonstration and of its alerts.")] = "fr",
    seed: Annotated[int, typer.Option(help="Another seed, another order of the posts.")] = 0,
) -> None:
    """Play a crisis of a made-up airline through the real daemon, with local inboxes. Ctrl-C ends it."""
    words = Words(language)
    if missing := _missing_extra():
        say(words("extra", what=missing, version=version("badbuzz")))
        raise typer.Exit(2)
    show: Show = JsonLines(_write) if json else Screen(Console(highlight=False), words, speed, once=once)
    clock = Clock(origin=ORIGIN, started=Clock().now(), speed=speed)
    try:
        lacking = asyncio.run(perform(show, clock, language, seed, once=once))
    except BrokenPipeError:
        raise
    except (BrokerError, SetUpError, OSError) as error:
        say(f"badbuzz: {error}")
        raise typer.Exit(1) from None
    if once and lacking:
        say(words("missing", what=", ".join(map(words, lacking))))
        raise typer.Exit(1)


def _missing_extra() -> str:
    """The library that the demonstration needs and that is not installed."""
    needed = ["aiosmtpd"] if find_mosquitto() else ["aiosmtpd", "amqtt"]
    return next((name for name in needed if find_spec(name) is None), "")


def _write(line: bytes) -> None:
    sys.stdout.buffer.write(line)
    sys.stdout.buffer.flush()


async def perform(show: Show, clock: Clock, language: Language, seed: int, *, once: bool) -> list[str]:
    """Set up, play, clear away. Returns what is missing at the end, as keys of the words. Raises BrokerError,
    SetUpError and OSError.
    """
    async with set_up(acme_story(seed), clock, language) as stage:
        with stage.log.open("w", encoding="utf-8") as log, redirect_stderr(log), show:
            return await _plainly(stage, show, clock, once=once)


async def _plainly(stage: Stage, show: Show, clock: Clock, *, once: bool) -> list[str]:
    """Play with everything running; of several failures at once, the first one alone is raised."""
    lacking: list[str] = []
    failures: list[Exception] = []
    try:
        async with asyncio.TaskGroup() as group:
            reading = group.create_task(stage.read_mqtt(), name="mqtt inbox")
            await stage.subscribed.wait()
            show.prepare(stage)
            daemon = group.create_task(run(stage.config, clock=clock), name="daemon")
            lacking = await _follow(stage, show, clock, daemon, once=once)
            reading.cancel()
    except* (ConfigError, StoreError, SetUpError, BrokerError, OSError) as found:
        failures += found.exceptions
    for failure in failures:
        raise _innermost(failure)
    return lacking


async def _follow(stage: Stage, show: Show, clock: Clock, daemon: "asyncio.Task[None]", *, once: bool) -> list[str]:
    views = open_views(stage.data)
    try:
        play = Performance(stage=stage, clock=clock, show=show, views=views, daemon=daemon)
        lacking = await play.play(once=once)
    finally:
        await views.close()
    if not daemon.done():
        # the daemon ends as it would for anybody: delivers what is due, says goodbye, closes its store
        signal.raise_signal(signal.SIGTERM)
        await asyncio.wait([daemon])
    return lacking


def _innermost(error: Exception) -> Exception:
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    return error
