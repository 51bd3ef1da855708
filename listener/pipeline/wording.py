"""The last word on a message: the operator's own templates, where there are some."""

import asyncio
from zoneinfo import ZoneInfo

import structlog

from alerts.message import Message
from alerts.own_templates import OwnTemplates
from config.settings import Settings
from listener.pipeline.outlive import outlive

log = structlog.get_logger("templates")


async def in_own_words(message: Message, channel: str, settings: Settings, zone: ZoneInfo) -> Message:
    """The message as the templates of a configuration have it for a channel; as it is where they cannot be used."""
    folder, configured = settings.daemon.templates, settings.channels.get(channel)
    if folder is None or configured is None:
        return message  # where canaries end there is no channel
    # a folder may be on a slow disk
    reading = asyncio.to_thread(OwnTemplates(folder).put_into, message, configured.kind, zone)
    worded = await outlive(reading, channel=channel, message=message.id)
    if isinstance(worded, Exception):
        return message
    for error in worded.broken:
        log.error("template_broken", channel=channel, template=error.name, line=error.line, why=error.why)
    return worded.message
