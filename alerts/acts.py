"""What people may ask for where an alert reached them, and what they are answered."""

from collections.abc import Mapping
from typing import Literal, Self, get_args

import msgspec

from alerts.alert import Language
from rules.transition import Ending

Reason = Literal["namesake", "campaign", "competitor", "bots", "irony", "known", "other"]
Press = Literal["ack", "unack", "silence", "false-alarm", "real", Reason]
"""What a button stands for, a word or two that any channel can carry. `ack`: take the incident; `unack`: give it
back; `silence`: be told nothing of it for an hour; `real`, `false-alarm`: say what it was, and of the latter a reason.
"""
REASONS: tuple[Reason, ...] = get_args(Reason)
BECAUSE: Mapping[Reason, str] = {
    "namesake": "namesake",
    "campaign": "campaign or contest",
    "competitor": "competitor",
    "bots": "bots, copy-paste",
    "irony": "irony misread",
    "known": "already known",
    "other": "other",
}
"""Why an alert was a false one, as it is kept."""


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """What a reader may do where the message arrived, and the words on its button. `incident` is the one it is about,
    "" for what the whole message is.
    """

    act: Press
    label: str
    incident: str = ""


class Act(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody asks for: to take the `incident` (its id or number; the id of a message that told of several takes
    all of these), to give it back, to hear nothing of it for an
    hour, to end it as what it was, or first why it is to be a false alarm. `by` is what the channel calls them, a
    stranger's words, as may be `because`. `language` is what they read, None for the channel's own. `once` is what the
    channel calls this press, where it may tell of it again: nothing is carried out twice. `identity` is what
    nobody else is known by there, such as a user id or an address, "" where there is nothing of the kind.
    """

    verb: Literal["ack", "unack", "silence", "resolve", "question"]
    incident: str
    by: str
    because: str | None = None
    ending: Ending | None = None
    language: Language | None = None
    once: str = ""
    identity: str = ""

    @classmethod
    def pressed(cls, press: Press, incident: str, by: str, language: Language | None = None) -> Self:
        """What a button asks for. That of a false alarm asks why."""
        known = {"incident": incident, "by": by, "language": language}
        match press:
            case "ack" | "unack" | "silence":
                return msgspec.convert({"verb": press, **known}, cls)
            case "real":
                return msgspec.convert({"verb": "resolve", "ending": "real", **known}, cls)
            case "false-alarm":
                return msgspec.convert({"verb": "question", **known}, cls)
        return msgspec.convert({"verb": "resolve", "ending": "false-alarm", "because": BECAUSE[press], **known}, cls)


class Acted(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it, in `words` for who asked: "" when what follows is told to all. `done` is False for what was
    refused, as `why` says within the words, or is not decided yet as there are `choices` first.
    """

    words: str = ""
    done: bool = True
    why: str = ""
    choices: tuple[Choice, ...] = ()
