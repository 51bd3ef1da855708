"""Alerts as SMS, and through the many services that Apprise knows."""

import logging
import re
import warnings
from typing import Annotated, Any

from pydantic import AfterValidator

from alerts.alert import Alert
from alerts.channel import ChannelOptions, ChannelSpec, SendError, Tools
from alerts.channels._http import refusal
from alerts.channels._sms import SEPTETS, folded, one_part
from alerts.channels._text import cut, one_line, unmarked
from alerts.message import Message
from alerts.safe import safe_link
from alerts.words import headings
from config.model import Secret

WHOLE = 4_000
"""Characters of a message where the service takes more."""
TITLE = 120
PATIENCE = 20.0
"""Seconds for all the requests of one delivery."""
_KEPT = 4_000
"""Bytes of what a service says that are looked at."""
_STATUS = re.compile(r"error=(\d{3})\b")


def _library() -> Any:
    """Apprise, an extra; it takes a second to load. Raises ValueError where it is not installed."""
    try:
        import apprise  # noqa: PLC0415
    except ImportError:
        raise ValueError("SMS and other services need one more package: install badbuzz[apprise]") from None
    # below a warning they tell addresses, and these are secret; what is said of a failure is read from the result
    for name in ("apprise", "urllib3"):
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("apprise").propagate = False
    return apprise


def _opened(url: str) -> tuple[Any, Any]:
    """What sends, and the one service in it, which states its limits. Raises ValueError for an address that no service
    takes.
    """
    library = _library()
    asset = library.AppriseAsset(
        storage_mode=library.PersistentStoreMode.MEMORY,
        service_timeout=PATIENCE,
        result_log_memory_size=_KEPT,
        allow_templates=False,
    )
    # a redirect could lead anywhere, with what is secret
    asset.http_redirects = False
    sender = library.Apprise(asset=asset)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # some of its services use what Python will drop
        service = library.Apprise.instantiate(url, asset=asset)
    if service is None:
        raise ValueError("not an address that Apprise knows: https://appriseit.com lists them, by service")
    sender.add(service)
    return sender, service


def _address(value: Secret) -> Secret:
    _opened(value.get_secret_value())
    return value


class AppriseOptions(ChannelOptions):
    url: Annotated[Secret, AfterValidator(_address)]
    """The service and who is told, as Apprise writes it: one address a channel, kept like a password."""
    sms: bool | None = None
    """Whether it ends as an SMS, of one part and in its letters; told from the service when not given."""


class AppriseChannel:
    """Sends one message a step, in a thread of Apprise's own; most of its services can neither edit nor tell a repeated
    message from a new one.

    Apprise tells success or failure and, in words, the status of an answer: that decides what is tried again.
    """

    def __init__(self, options: AppriseOptions, tools: Tools) -> None:
        self._name = tools.name
        self._sender, self._service = _opened(options.url.get_secret_value())
        short = not self._service.title_maxlen and self._service.body_maxlen <= SEPTETS
        self._sms = short if options.sms is None else options.sms

    async def send(self, message: Message, _receipt: str = "", /) -> None:
        title, body = ("", short(message)) if self._sms else self._page(message)
        kind = {5: "failure", 4: "warning"}.get(message.priority, "info")
        result = await self._sender.async_notify(body=body, title=title, notify_type=kind, body_format="text")
        if not result:
            raise _explained(self._service.service_name, result)

    async def serve(self) -> None:
        return

    def _page(self, message: Message) -> tuple[str, str]:
        """Title and body, within what the service says it takes."""
        room = min(self._service.body_maxlen, WHOLE)
        if not self._service.title_maxlen:
            return "", body(message, room)
        title = cut(unmarked(message.title), min(self._service.title_maxlen, TITLE))
        return title, body(message, room - len(title) if self._service.overflow_amalgamate_title else room)


def short(message: Message) -> str:
    """One part, or as many as it takes to list all that is listed."""
    if not message.listed:
        # the word for a drill comes last, whatever there is room for
        drill = headings(message.language).drill if isinstance(message.about, Alert) and message.about.drill else ""
        return one_part(message.line.removesuffix(drill), " ".join(filter(None, (drill, safe_link(message.link)))))
    return "\n".join(map(folded, (message.lead, *message.listed)))


def body(message: Message, room: int) -> str:
    """The words in plain text of at most `room` characters, the link whole at their end."""
    quotes = [f"{each.caption}: {each.text}" for each in message.quotations]
    facts = [f"{each.label}: {each.value}" for each in message.fields if not each.repeats]
    said_first = (message.lead, *message.listed) if message.listed else (message.line,)
    lines = [*said_first, *message.steps, *quotes, *facts, message.context]
    link = safe_link(message.link)
    tail = f"\n{one_line(message.link_label)} {link}" if link else ""
    tail = tail if len(tail) < room else ""
    # nobody knows what the service makes of strangers' words
    said, left = "", room - len(tail)
    for line in filter(None, map(unmarked, lines)):
        if len(said) + len(line) + 1 > left:
            break
        said += f"\n{line}" if said else line
    return (said or cut(unmarked(message.line), left)) + tail


def _explained(service: str, result: Any) -> SendError:
    """A failure by its remedy, as far as Apprise tells."""
    said = " ".join(entry.message for each in result for entry in each.logs())
    if found := _STATUS.search(said):
        return refusal(service, int(found[1]), {})
    if result.status.name == "TIMEOUT":
        return SendError(f"{service} did not answer in time", reason="contextDeadlineExceeded")
    return SendError(f"{service} could not be reached, or did not take it", reason="other")


SPEC = ChannelSpec(
    kind="apprise",
    summary="Sends SMS, and through any other service that Apprise knows.",
    options=AppriseOptions,
    example={"url": "smseagle://token@gateway.example/+33639980102"},
    build=AppriseChannel,
    wakes="depends",
)
