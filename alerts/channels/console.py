"""Alerts printed as plain text."""

import sys

from alerts.alert import Alert
from alerts.channel import ChannelOptions, ChannelSpec, SendError, Tools
from alerts.channels._text import defuse
from alerts.message import Message


class ConsoleOptions(ChannelOptions):
    pass


class ConsoleChannel:
    """Writes each message to standard output; what a terminal would obey is defused."""

    async def send(self, message: Message, _receipt: str = "", /) -> None:
        text = f"{message.title}\n{message.text.rstrip()}\n{_command(message)}\n"
        encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
        shown = defuse(text).encode(encoding, "backslashreplace").decode(encoding)
        try:
            print(shown, end="", flush=True)  # noqa: T201 - printing is what this channel is for
        except OSError as error:
            raise SendError(f"standard output: {error.strerror}", reason="other") from None

    async def serve(self) -> None:
        return


def _command(message: Message) -> str:
    """Who reads this sits at a terminal, where an incident is taken by a command."""
    free = isinstance(message.about, Alert) and any(choice.act == "ack" for choice in message.choices)
    return f"badbuzz incidents ack {message.about.number}\n" if free else ""


def build(_options: ConsoleOptions, _tools: Tools) -> ConsoleChannel:
    return ConsoleChannel()


SPEC = ChannelSpec(
    kind="console",
    summary="Prints every message to standard output: for trials and demonstrations.",
    options=ConsoleOptions,
    example={},
    build=build,
    people=False,
)
