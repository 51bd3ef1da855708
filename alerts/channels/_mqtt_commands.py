"""What somebody may ask for on MQTT, and what they are answered."""

from typing import Any

import msgspec

from alerts.channel import Act

LONGEST = 4_096
"""Bytes of a command; a longer one is not read."""


class Command(msgspec.Struct, omit_defaults=True):
    """`{"ack": "37"}` or `{"false_alarm": "37"}`, the number or id of an incident; `by` is who asks, `id` whatever they
    want to find again in the answer.
    """

    ack: str | int | None = None
    false_alarm: str | int | None = None
    by: str = ""
    id: str | int | None = None

    def wish(self, stranger: str) -> Act | None:
        """What it asks for, by `stranger` where it does not say by whom; None unless it is one thing."""
        by = self.by or stranger
        match (self.ack, self.false_alarm):
            case (incident, None) if incident is not None:
                return Act.chosen("ack", str(incident), by)
            case (None, incident) if incident is not None:
                return Act.chosen("false-alarm", str(incident), by)
        return None


def understood(payload: object) -> Command | None:
    """The command, None where it is none."""
    if not isinstance(payload, bytes) or len(payload) > LONGEST:
        return None
    try:
        return msgspec.json.decode(payload, type=Command)
    except msgspec.DecodeError:
        return None


def answered(command: Command | None, why_not: str) -> dict[str, Any]:
    """`done`, or why not, with what was asked."""
    asked = msgspec.to_builtins(command) if command else {}
    return {**asked, "done": not why_not, "why": why_not}


def place(base: str, wanted: object) -> str:
    """Where to answer: where the command wants it if that is below `<base>/answer/`, else `<base>/answer`. Elsewhere
    who may ask could make us write where only we may.
    """
    ours = f"{base}/answer"
    usable = isinstance(wanted, str) and wanted.startswith(f"{ours}/") and not set(wanted) & set("+#\0")
    return str(wanted) if usable else ours
