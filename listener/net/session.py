"""The HTTP session a channel is lent."""

from aiohttp import ClientSession, ClientTimeout, DummyCookieJar, TCPConnector

from config.model import Model
from listener.net.guard import GuardedResolver

TIMEOUT = ClientTimeout(total=25)
"""Less than the deadline of an attempt, so that a slow service is named as such."""


def channel_session(options: Model) -> ClientSession:
    """A session for one channel, without cookies. Options with an `allow_private` that is false keep it out of the
    operator's own network; other channels go where the operator sends them, a chat or mail server next door included.
    Must be built inside a running loop, and closed.
    """
    guarded = getattr(options, "allow_private", True) is False
    connector = TCPConnector(resolver=GuardedResolver() if guarded else None, limit=20)
    return ClientSession(connector=connector, cookie_jar=DummyCookieJar(), timeout=TIMEOUT)
