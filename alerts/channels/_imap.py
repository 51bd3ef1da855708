"""Unread mails of one mailbox, a few at a time. Blocks: call it in a thread."""

import imaplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

AT_ONCE, BEGINNING = 50, 65_536
"""Mails of one reading, and bytes of each."""


@dataclass(frozen=True)
class Unread:
    """A mail that nobody has read, as far as BEGINNING; `uid` is valid while the mailbox has that `epoch`."""

    epoch: bytes
    uid: int
    raw: bytes


@dataclass(frozen=True, kw_only=True)
class Mailbox:
    """The INBOX of a user, over TLS from the first byte."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    ca_file: str | None
    timeout: float

    def check(self) -> None:
        """Log in and leave. Raises OSError or imaplib.IMAP4.error."""
        with self._opened():
            pass

    def unread(self, epoch: bytes, after: int) -> list[Unread]:
        """The next unread mails behind `after` of that epoch, or from the first when it is another now."""
        with self._opened() as server:
            present = _epoch(server)
            start = after + 1 if present == epoch else 1
            _, found = server.uid("SEARCH", "UNSEEN", "UID", f"{start}:*")
            # `N:*` always holds the last mail, also one before N
            uids = sorted(uid for uid in map(int, (found[0] or b"").split()) if uid >= start)[:AT_ONCE]
            return [Unread(present, uid, self._beginning(server, uid)) for uid in uids]

    def done(self, mail: Unread) -> None:
        """Mark it as read."""
        with self._opened() as server:
            if _epoch(server) == mail.epoch:
                server.uid("STORE", str(mail.uid), "+FLAGS.SILENT", r"(\Seen)")

    def _beginning(self, server: imaplib.IMAP4, uid: int) -> bytes:
        _, parts = server.uid("FETCH", str(uid), f"(BODY.PEEK[]<0.{BEGINNING}>)")
        return next((part[1] for part in parts if isinstance(part, tuple)), b"")

    @contextmanager
    def _opened(self) -> Iterator[imaplib.IMAP4]:
        trust = ssl.create_default_context()
        if self.ca_file:
            trust.load_verify_locations(self.ca_file)
        server = imaplib.IMAP4_SSL(self.host, self.port, ssl_context=trust, timeout=self.timeout)
        try:
            server.login(self.user, self.password)
            # a name with an answer other than OK leaves no mailbox to read
            if server.select("INBOX")[0] != "OK":
                raise imaplib.IMAP4.error("no INBOX")
            yield server
        finally:
            with suppress(OSError, imaplib.IMAP4.error):
                server.logout()


def _epoch(server: imaplib.IMAP4) -> bytes:
    _, said = server.response("UIDVALIDITY")
    return said[0] if said and isinstance(said[0], bytes) else b""
