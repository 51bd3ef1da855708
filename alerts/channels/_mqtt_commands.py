"""What somebody may ask for on MQTT, and what they are answered."""

from typing import Any

import msgspec

from alerts.acts import Act, Acted, Press
from alerts.alert import Language
from alerts.answers import false_alarm

LONGEST = 4_096
"""Bytes of a command; a longer one is not read."""


class Command(msgspec.Struct, omit_defaults=True):
    """`{"ack": "37"}`, `unack`, `silence` (for an hour), `real` or `false_alarm`, the number or id of an incident;
    `because` is why it was a false alarm, one of the reasons or own words, `by` who asks, `id` whatever they want to
    find again in the answer, which is in `language`.
    """

    ack: str | int | None = None
    unack: str | int | None = None
    silence: str | int | None = None
    real: str | int | None = None
    false_alarm: str | int | None = None
    because: str | None = None
    by: str = ""
    id: str | int | None = None
    language: Language | None = None

    def wish(self, stranger: str, language: Language) -> Act | None:
        """What it asks for, by `stranger` where it does not say by whom; None unless it is one thing."""
        by, spoken = self.by or stranger, self.language or language
        asked: dict[Press, str | int | None] = {
            "ack": self.ack,
            "unack": self.unack,
            "silence": self.silence,
            "real": self.real,
            "false-alarm": self.false_alarm,
        }
        given = [(press, str(incident)) for press, incident in asked.items() if incident is not None]
        if len(given) != 1:
            return None
        ((press, incident),) = given
        if press == "false-alarm":
            return false_alarm(self.because, incident, by, spoken)
        return Act.pressed(press, incident, by, spoken)


def understood(payload: object) -> Command | None:
    """The command, None where it is none."""
    if not isinstance(payload, bytes) or len(payload) > LONGEST:
        return None
    try:
        return msgspec.json.decode(payload, type=Command)
    except msgspec.DecodeError:
        return None


def answered(command: Command | None, acted: Acted) -> dict[str, Any]:
    """`done` and what is `said` of it, or `why` not, with what was asked."""
    asked = msgspec.to_builtins(command) if command else {}
    return {**asked, "done": acted.done, "why": acted.why, "said": acted.words if acted.done else ""}


def place(base: str, wanted: object) -> str:
    """Where to answer: where the command wants it if that is below `<base>/answer/`, else `<base>/answer`. Elsewhere
    who may ask could make us write where only we may.
    """
    ours = f"{base}/answer"
    usable = isinstance(wanted, str) and wanted.startswith(f"{ours}/") and not set(wanted) & set("+#\0")
    return str(wanted) if usable else ours
