"""Who is sent links into incidents, and what a message carries."""

from collections.abc import Mapping
from typing import TypeVar

import msgspec

from alerts.alert import Alert, Language, Notice
from alerts.channel import CHANNELS
from alerts.links import Links, mark_of
from config.settings import Settings
from listener.web.status import Recipient
from rules.instant import instant

Told = TypeVar("Told", Alert, Notice)


def linked(told: Told, links: Links, settings: Settings, channel: str) -> Told:
    """The same with a link that opens its incident for whoever reads `channel`, and lets them act. Programs get no such
    link: what they are told may stand in a log, and the page asks them who they are.
    """
    base, number = settings.daemon.external_url, told.number
    if base is None or number is None or not CHANNELS.spec(settings.channels[channel].kind).people:
        return told
    return msgspec.structs.replace(told, link=links.page(base, number, channel, instant(told.at)))


def recipients(settings: Settings) -> Mapping[bytes, Recipient]:
    """Everybody whose links are good, by the mark that stands for them in one: the channels of the configuration."""
    return {mark_of(name): _recipient(name, settings) for name in settings.channels}


def _recipient(name: str, settings: Settings) -> Recipient:
    channel, daemon = settings.channels[name], settings.daemon
    language: Language = getattr(channel.options, "language", None) or daemon.language
    return Recipient(
        label=channel.label,
        language=language,
        time_zone=getattr(channel.options, "time_zone", None) or daemon.time_zone,
    )
