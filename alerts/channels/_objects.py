"""Notices for services where what is told becomes an object that calls people until it is ended."""

from collections.abc import Mapping

from alerts.alert import Alert, Notice, Topic
from alerts.message import Message

_ENDS: Mapping[Topic, Topic] = {"source_up": "source_down", "canary_back": "canary_lost"}


def ended_by(about: Notice) -> Topic | None:
    """The topic of the notice that this one ends."""
    return _ENDS.get(about.topic)


def is_for_later(message: Message) -> bool:
    """Whether it is a notice to be read at leisure, which must not call anybody."""
    about = message.about
    return not isinstance(about, Alert) and message.priority <= 2 and ended_by(about) is None
