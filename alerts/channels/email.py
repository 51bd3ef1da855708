"""Alerts by mail, one thread an incident."""

import asyncio
import imaplib
import re
import ssl
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as MAIL
from email.utils import format_datetime
from html import escape
from typing import Annotated, Literal, Self
from urllib.parse import quote, unquote, urlsplit

import aiosmtplib
import idna
import structlog
from aiosmtplib import SMTPResponseException
from msgspec.structs import replace
from pydantic import AfterValidator, Field, model_validator

from alerts.acts import Acted
from alerts.alert import Notice
from alerts.cancelling import obey_cancellation
from alerts.channel import ChannelOptions, ChannelSpec, Identity, Reason, SendError, Tools
from alerts.channels._address import server_address
from alerts.channels._imap import AT_ONCE, Mailbox, Unread
from alerts.channels._picture import picture
from alerts.channels._replies import Reply, how_to_reply, understood
from alerts.channels._seal import key, seal
from alerts.channels._text import cut, digest, one_line, slug, token
from alerts.message import CHART, Message
from alerts.words import headings
from config.model import File, Secret
from config.values import OneOrMore
from rules.instant import Instant, moment

TIMEOUT = 10.0
"""Seconds one step of the conversation with the server may take."""
SUBJECT = 200
PAUSE, LONGEST_PAUSE = 20.0, 600.0
"""Seconds between two looks for replies; doubled while the mailbox cannot be read."""
UNREADABLE = (OSError, ValueError, imaplib.IMAP4.error)
"""What reading the mailbox may raise."""
REMEMBERED = 500
"""Messages whose delivery to some, not all, is remembered between attempts."""
_HOW = "margin:0 auto;max-width:600px;padding:0 14px 24px;font:14px/1.5 Arial,sans-serif"
"""How what to do by replying is set, below the page."""
_PORTS, _IMAPS = {"smtp": 587, "smtps": 465}, 993

log = structlog.get_logger("email")


def _mailbox(value: str) -> str:
    name, _, domain = value.rpartition("@")
    if not name or any(char.isspace() or char in '<>,;:"()\\' or not char.isprintable() for char in value):
        raise ValueError("not a mail address: write it like name@example.org")
    try:
        host = domain if domain.startswith("[") else idna.encode(domain, uts46=True).decode()
    except idna.IDNAError:
        raise ValueError("the part after @ is not a domain name") from None
    return f"{name}@{host}"


def _server(value: str) -> str:
    return server_address(value, _PORTS, "smtp://user@mail.example:587 or smtps://user@mail.example")


def _mailbox_server(value: str) -> str:
    return server_address(value, {"imaps"}, "imaps://user@mail.example:993")


Reader = Annotated[str, AfterValidator(_mailbox)]


class EmailOptions(ChannelOptions):
    to: OneOrMore[Reader]
    """Who receives the mails; they see each other's addresses."""
    sender: Annotated[Reader, Field(alias="from")]
    """The address the mails come from."""
    smtp: Annotated[str, AfterValidator(_server)]
    """The mail server: smtp://user@host:587 (STARTTLS) or smtps://user@host:465 (TLS)."""
    password: Secret | None = None
    """Password of the user in `smtp`."""
    tls: Literal["required", "opportunistic", "none"] = "required"
    """Whether smtp:// must, may or must not be encrypted by STARTTLS."""
    ca_file: File | None = None
    """Certificates to trust besides the system's, as PEM."""
    imap: Annotated[str, AfterValidator(_mailbox_server)] | None = None
    """Where replies come in, imaps://user@host:993, to take an incident or end it by answering its mail. Best a mailbox
    that nobody else reads: what is marked as read is not looked at.
    """
    imap_password: Secret | None = None
    """Password of the user in `imap`; `password` when not given."""

    @model_validator(mode="after")
    def _can_read(self) -> Self:
        if self.imap is not None and not (urlsplit(self.imap).username and self.reading):
            raise ValueError("imap needs a user, as in imaps://user@mail.example, and imap_password or password")
        if self.imap_password is not None and self.imap is None:
            raise ValueError("imap_password is for imap: give both or neither")
        return self

    @property
    def reading(self) -> str:
        """The password for `imap`."""
        known = self.imap_password or self.password
        return known.get_secret_value() if known else ""

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        parts = urlsplit(self.smtp)
        if parts.scheme == "smtps" and self.tls != "required":
            raise ValueError("smtps:// is always encrypted: leave out tls, or write smtp://")
        if (self.password is None) != (not parts.username):
            raise ValueError("a user in smtp and a password go together: give both or neither")
        if self.password is not None and self.tls != "required":
            raise ValueError("a password is only sent encrypted: leave out tls, or password and user")
        return self


class EmailChannel:
    """Sends each message to every recipient in one transaction.

    When the server refuses some recipients the others have their mail; a new attempt leaves those out, as long as the
    program runs. A repeated message carries the same Message-ID.

    With `imap`, whoever is in `to` takes an incident by replying to one of its mails: its Message-ID is sealed, so that
    it takes a mail about that incident, not just their address, to act in their name. Each reply is acted on once.
    """

    def __init__(self, options: EmailOptions, tools: Tools, *, timeout: float = TIMEOUT, pause: float = PAUSE) -> None:
        self._options, self._tools, self._timeout, self._pause = options, tools, timeout, pause
        self._mailbox = _opened(options, timeout)
        self._key = key(options.reading, tools.installation, tools.name) if options.imap else b""
        self._taken: OrderedDict[str, frozenset[str]] = OrderedDict()

    async def send(self, message: Message, _receipt: str = "", /) -> None:
        mail = compose(message, self._options, name=self._tools.name, at=self._tools.now(), sealing=self._key)
        done = self._taken.get(message.id, frozenset())
        due = [address for address in self._options.to if address not in done]
        if not due:
            return
        async with self._session() as server:
            refused, _ = await server.send_message(mail, sender=self._options.sender, recipients=due)
        if refused:
            self._remember(message.id, done | (set(due) - set(refused)))
            raise _partly({address: answer.code for address, answer in refused.items()})
        self._taken.pop(message.id, None)

    async def probe(self) -> None:
        """Connect, encrypt, log in and say nothing, where mails go and where replies come from. Raises SendError."""
        async with self._session() as server:
            await server.noop()
        if self._mailbox:
            try:
                await asyncio.to_thread(self._mailbox.check)
            except UNREADABLE as error:
                raise _unread(error, self._options.reading) from None

    async def serve(self) -> None:
        """Read replies while there is `imap`."""
        if self._mailbox is None or self._tools.passing:
            return
        last, pause = Unread(b"", 0, b""), self._pause
        while True:
            try:
                found = await asyncio.to_thread(self._mailbox.unread, last.epoch, last.uid)
                for last in found:
                    await self._heard(self._mailbox, last)
                pause = 0.0 if len(found) == AT_ONCE else self._pause
            except UNREADABLE as error:
                pause = min(max(pause, self._pause) * 2, LONGEST_PAUSE)
                why = str(_unread(error, self._options.reading))
                log.warning("replies_not_read", channel=self._tools.name, error=why, again_in=pause)
            obey_cancellation()
            await asyncio.sleep(pause)

    async def _heard(self, mailbox: Mailbox, mail: Unread) -> None:
        reply = understood(mail.raw, self._key, self._options.to)
        if reply is None:
            return
        once = f"{mail.epoch.decode()} {mail.uid}"
        acted = await self._tools.act(replace(reply.act, once=once, identity=reply.sender))
        await asyncio.to_thread(mailbox.done, mail)
        if acted.words:
            await self._answer(reply, acted)

    async def _answer(self, reply: Reply, acted: Acted) -> None:
        said = one_line(acted.words)
        mail = EmailMessage(policy=MAIL)
        mail["From"] = Address(display_name="badbuzz", addr_spec=self._options.sender)
        # what may hold strangers' words is no subject
        mail["Subject"] = cut(said if acted.why else said.partition(". ")[0], SUBJECT)
        mail["To"], mail["Auto-Submitted"] = reply.sender, "auto-replied"
        if reply.identity:
            mail["In-Reply-To"] = mail["References"] = reply.identity
        mail.set_content(said, cte="quoted-printable")
        try:
            async with self._session() as server:
                await server.send_message(mail, sender=self._options.sender, recipients=[reply.sender])
        except SendError as error:
            log.warning("answer_not_told", channel=self._tools.name, error=str(error))

    def _remember(self, message_id: str, done: frozenset[str]) -> None:
        self._taken[message_id] = done
        while len(self._taken) > REMEMBERED:
            self._taken.popitem(last=False)

    @asynccontextmanager
    async def _session(self) -> AsyncIterator[aiosmtplib.SMTP]:
        """A server that has let us in. Raises SendError for whatever goes wrong inside."""
        server = self._client()
        try:
            await server.connect()
            yield server
            # the mail is taken: a slow goodbye must not undo that
            with suppress(aiosmtplib.SMTPException, OSError):
                await server.quit(timeout=1.0)
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            raise _explained(error, self._options.password) from None
        finally:
            server.close()

    def _client(self) -> aiosmtplib.SMTP:
        parts, options = urlsplit(self._options.smtp), self._options
        encrypted = parts.scheme == "smtps"
        return aiosmtplib.SMTP(
            hostname=parts.hostname,
            port=parts.port or _PORTS[parts.scheme],
            username=unquote(parts.username) if parts.username else None,
            password=options.password.get_secret_value() if options.password else None,
            local_hostname=_domain(self._options),
            timeout=self._timeout,
            use_tls=encrypted,
            start_tls=False if encrypted else {"required": True, "opportunistic": None, "none": False}[options.tls],
            cert_bundle=str(options.ca_file) if options.ca_file else None,
        )


def compose(message: Message, options: EmailOptions, *, name: str, at: Instant, sealing: bytes = b"") -> EmailMessage:
    """The mail. Message-ID and References depend on the message alone, so that a repeat is recognised and a thread
    holds whatever was sent before; no machine is named. With the key `sealing` they are sealed, and say how to reply.
    """
    mail = EmailMessage(policy=MAIL)
    domain = _domain(options)
    mail["From"] = Address(display_name="badbuzz", addr_spec=options.sender)
    mail["To"] = ", ".join(options.to)
    mail["Subject"] = cut(one_line(message.subject), SUBJECT)
    mail["Date"] = format_datetime(moment(at))
    thread = token(message.thread)
    tail = f".{seal(sealing, thread)}@{domain}>" if sealing else f"@{domain}>"
    opening = f"<{thread}.0.{slug(name)}{tail}"
    if message.step == 0:
        mail["Message-ID"] = opening
    else:
        mail["Message-ID"] = f"<{thread}.{message.step}.{digest(message.id + name)[:12]}{tail}"
        mail["In-Reply-To"] = mail["References"] = opening
    mail["List-Id"] = f"<{slug(name)}.badbuzz.{domain}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"
    # what does not ring is no lesser mail: a low one may be filed away unread
    mail["X-Priority"] = str(6 - max(message.priority, 3))
    # quoted-printable: any server takes it, and no line is too long
    how = how_to_reply(message) if sealing and message.choices else ""
    unsubscribe = ""
    if isinstance(message.about, Notice) and message.about.topic == "digest":
        # in digests only: in a page it would quietly take whoever is on call off the list
        unsubscribe = f"<mailto:{quote(options.sender, safe='@')}?subject={quote(f'unsubscribe {message.subject}')}>"
        how = headings(message.language).unsubscribe
    mail.set_content(f"{message.text.rstrip()}\n\n{how}\n" if how else message.text, cte="quoted-printable")
    page = message.html.replace("</body>", f'<p style="{_HOW}">{escape(how)}</p></body>') if how else message.html
    mail.add_alternative(page, subtype="html", cte="quoted-printable")
    if message.chart:
        _, shown = mail.iter_parts()
        shown.add_related(picture(message.chart), "image", "png", cid=f"<{CHART}>", disposition="inline")
    if unsubscribe:
        mail["List-Unsubscribe"] = unsubscribe
    # last: what describes the content would else move into its first part
    mail["Content-Language"] = message.language
    return mail


def _opened(options: EmailOptions, timeout: float) -> Mailbox | None:
    if options.imap is None:
        return None
    parts = urlsplit(options.imap)
    return Mailbox(
        host=parts.hostname or "",
        port=parts.port or _IMAPS,
        user=unquote(parts.username or ""),
        password=options.reading,
        ca_file=str(options.ca_file) if options.ca_file else None,
        timeout=timeout,
    )


def _unread(error: Exception, password: str) -> SendError:
    """Why replies cannot be read."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return SendError("the certificate of the mailbox cannot be trusted", reason="other", permanent=True)
    if isinstance(error, OSError):
        return SendError(f"the mailbox could not be reached: {error.strerror or type(error).__name__}", reason="other")
    said = cut(one_line(str(error).replace(password, "***")), 200)
    lost = isinstance(error, imaplib.IMAP4.abort)
    return SendError(f"the mailbox answered {said}", reason="other" if lost else "authError", permanent=not lost)


def _domain(options: EmailOptions) -> str:
    """The sender's domain, fit for the right of an @ and for EHLO."""
    return re.sub(r"[^a-z0-9.-]+", "-", options.sender.rpartition("@")[2].lower()).strip("-.") or "badbuzz"


def _partly(refused: dict[str, int]) -> SendError:
    """What it means that the others took the mail and these did not."""
    names = ", ".join(f"{address} ({code})" for address, code in refused.items())
    permanent = all(code >= 500 for code in refused.values())
    return SendError(
        f"delivered, but the mail server refused {names}", reason=_by_code(min(refused.values())), permanent=permanent
    )


def _explained(error: Exception, password: Secret | None) -> SendError:
    """A failure by its remedy: 4xx and a lost connection are tried again; 5xx, a certificate that cannot be trusted
    and what the server cannot do need somebody.
    """
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        return _nobody(error)
    if isinstance(error, SMTPResponseException):
        said = one_line(f"the mail server answered {error.code} {error.message}")
        return SendError(
            cut(_masked(said, password), 300), reason=_code_reason(error), permanent=500 <= error.code < 600
        )
    if isinstance(error, TimeoutError):
        return SendError("the mail server did not answer in time", reason="contextDeadlineExceeded")
    if isinstance(error, OSError):
        return _unreached(error)
    # what is left: the server lacks STARTTLS, SMTPUTF8 or a login we know, or an address cannot be sent
    return SendError(cut(_masked(one_line(str(error)), password), 300), reason="clientError", permanent=True)


def _unreached(error: OSError) -> SendError:
    cause = error.__cause__ if isinstance(error, aiosmtplib.SMTPException) else error
    if isinstance(cause, ssl.SSLCertVerificationError):
        return SendError(
            f"the mail server's certificate cannot be trusted: {cause.verify_message}", reason="other", permanent=True
        )
    why = cause.strerror if isinstance(cause, OSError) and cause.strerror else type(cause or error).__name__
    return SendError(f"the mail server could not be reached: {why}", reason="other")


def _nobody(error: aiosmtplib.SMTPRecipientsRefused) -> SendError:
    codes = {refusal.recipient: refusal.code for refusal in error.recipients}
    names = ", ".join(f"{address} ({code})" for address, code in codes.items())
    permanent = all(code >= 500 for code in codes.values())
    return SendError(
        f"the mail server refused every recipient: {names}", reason=_by_code(min(codes.values())), permanent=permanent
    )


def _code_reason(error: SMTPResponseException) -> Reason:
    return "authError" if isinstance(error, aiosmtplib.SMTPAuthenticationError) else _by_code(error.code)


def _by_code(code: int) -> Reason:
    return "clientError" if 500 <= code < 600 else "serverError"


def _masked(text: str, password: Secret | None) -> str:
    return text.replace(password.get_secret_value(), "***") if password and password.get_secret_value() else text


SPEC = ChannelSpec(
    kind="email",
    summary="Sends mail through an SMTP server; one thread an incident.",
    options=EmailOptions,
    example={
        "to": ["lead@example.org"],
        "from": "badbuzz@example.org",
        "smtp": "smtps://user@mail.example:465",
        "password": "an-app-password",
        "imap": "imaps://user@mail.example",
    },
    build=EmailChannel,
    thread=True,
    ack=True,
    knows=Identity("ann@example.org", "[^@]+@[^@]+"),
    pictures=True,
    answerable=lambda options: options.imap is not None,
)
