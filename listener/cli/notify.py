"""`badbuzz notify`: a marked test message through one channel, delivered as an alert would be."""

import asyncio
from secrets import token_hex
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from alerts.alert import Notice
from alerts.channel import Channel, ChannelOptions, SendError, Tools
from alerts.drill import DrillFor
from alerts.message import Message
from alerts.render import render_notice
from config.load import load
from config.problems import did_you_mean
from config.secrets import secrets_of
from config.settings import Component, Daemon, Settings
from listener.catalogs import CATALOGS
from listener.cli.drill import hold
from listener.cli.store_access import with_views
from listener.cli.terminal import ConfigPath, config_path, say
from listener.clock import Clock
from listener.net.session import channel_session
from listener.observe.masking import Masking
from listener.store.port import Views
from rules.instant import Instant, moment


def command(
    channel: Annotated[str, typer.Argument(help="The channel's name in the configuration.")],
    config: ConfigPath = None,
    *,
    drill: Annotated[bool, typer.Option("--drill", help="A fire drill, told to it by the running daemon.")] = False,
) -> None:
    """Send a test message, marked as one, through a channel; exit 1 when it was not delivered."""
    if drill:
        raise typer.Exit(with_views(config_path(config), lambda views, settings: _drill(views, settings, channel)))
    loaded = load(config_path(config), CATALOGS)
    settings = loaded.settings
    chosen, clock = _chosen(settings, channel), Clock()
    try:
        asyncio.run(_deliver(chosen, settings.daemon, clock))
    except SendError as error:
        hide = Masking(secrets_of(settings, loaded.document)).hide
        say(f"channel {channel}: failed: {hide(str(error))}")
        raise typer.Exit(1) from None
    typer.echo(f"channel {channel}: delivered")


async def _drill(views: Views, settings: Settings, channel: str) -> int:
    _chosen(settings, channel)
    return await hold(views, DrillFor(to=(channel,)))


def _chosen(settings: Settings, name: str) -> Component:
    if name not in settings.channels:
        raise typer.BadParameter(f"no channel '{name}' in the configuration; {did_you_mean(name, settings.channels)}")
    return settings.channels[name]


async def _deliver(chosen: Component, daemon: Daemon, clock: Clock) -> None:
    """One attempt, bounded like every attempt. Raises SendError."""
    spec = CATALOGS.channels.spec(chosen.kind)
    async with channel_session(chosen.options) as http:
        # a name of its own: a daemon that runs beside must keep its connection and its status
        tools = Tools(http=http, now=clock.now, installation=token_hex(6), name=chosen.name, passing=True)
        channel: Channel = spec.build(chosen.options, tools)
        message = notice_for(chosen, daemon, clock.now())
        failure = await _attempt(channel, message, spec.deadline.total_seconds())
    if failure is not None:
        raise failure


async def _attempt(channel: Channel, message: Message, seconds: float) -> SendError | None:
    async with asyncio.TaskGroup() as group:
        serving = group.create_task(channel.serve(), name="serve")
        try:
            async with asyncio.timeout(seconds):
                await channel.send(message)
        except SendError as error:
            return error
        except TimeoutError:
            return SendError(f"no answer within {seconds:.0f} s", reason="contextDeadlineExceeded")
        finally:
            serving.cancel()
    return None


def notice_for(chosen: Component, daemon: Daemon, at: Instant) -> Message:
    """The test message, in the channel's language and time zone."""
    options = chosen.options
    assert isinstance(options, ChannelOptions)
    notice = Notice(id=f"test-{chosen.name}-{at}", topic="test", at=moment(at), subject=chosen.label)
    return render_notice(notice, options.language or daemon.language, ZoneInfo(options.time_zone or daemon.time_zone))
