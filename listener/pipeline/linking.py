"""Who is sent links into incidents, and what a message carries."""

from collections.abc import Mapping
from typing import TypeVar

import msgspec

from alerts.alert import Alert, Language, Notice
from alerts.channel import CHANNELS
from alerts.links import Links, mark_of
from config.settings import Settings
from listener.pipeline.notify import directory_of
from listener.web.status import Recipient
from rules.instant import instant

Told = TypeVar("Told", Alert, Notice)


def linked(told: Told, links: Links, settings: Settings, channel: str) -> Told:
    """The same with a link that opens its incident for whoever reads `channel`, and lets them act, where it has that
    of a page. Programs get none: what they are told may stand in a log, and the page asks them who they are. An alert
    and a hand-over know whether they can be answered there.
    """
    base, number = settings.daemon.external_url, told.number
    if isinstance(told, Alert):
        told = msgspec.structs.replace(told, answerable=is_answerable(channel, settings))
    elif told.several:
        return _of_each(told, links, settings, channel)
    elif told.watch:
        here = is_answerable(channel, settings)
        told = msgspec.structs.replace(told, watch=msgspec.structs.replace(told.watch, here=here))
    # a drill has a number of its own, and no page
    if told.link is None or base is None or number is None or not CHANNELS.spec(settings.channels[channel].kind).people:
        return told
    return msgspec.structs.replace(told, link=links.page(base, number, channel, instant(told.at)))


def _of_each(notice: Notice, links: Links, settings: Settings, channel: str) -> Notice:
    """With a link to each of its incidents."""
    base, people = settings.daemon.external_url, CHANNELS.spec(settings.channels[channel].kind).people
    at, several = instant(notice.at), notice.several
    if base is not None and people:
        linked_each = [(each, links.page(base, each.number, channel, at)) for each in several]
        several = tuple(msgspec.structs.replace(each, link=page) for each, page in linked_each)
    return msgspec.structs.replace(notice, several=several, answerable=is_answerable(channel, settings))


def is_answerable(channel: str, settings: Settings) -> bool:
    """Whether what is told there can be answered there, by a press or a reply."""
    spec, options = CHANNELS.spec(settings.channels[channel].kind), settings.channels[channel].options
    return spec.ack and spec.answerable(options)


def recipients(settings: Settings) -> Mapping[bytes, Recipient]:
    """Everybody whose links are good, by the mark that stands for them in one: the channels of the configuration."""
    return {mark_of(name): recipient(name, settings) for name in settings.channels}


def recipient(channel: str, settings: Settings) -> Recipient:
    """Who reads a channel: the one person whose it is, or whoever reads it."""
    people, configured = directory_of(settings), settings.channels.get(channel)
    name = people.owner(channel)
    owner = settings.people[name] if name else None
    tastes = [each for each in (owner, configured and configured.options, settings.daemon) if each]
    languages: list[Language | None] = [getattr(each, "language", None) for each in tastes]
    zones = [getattr(each, "time_zone", None) for each in tastes]
    return Recipient(
        label=people.called(name) if name else configured.label if configured else channel,
        language=next(filter(None, languages)),
        time_zone=next(filter(None, zones)),
        only=tuple(owner.only) if owner and owner.only is not None else None,
    )
