"""Web addresses as they are read, followed and shown."""

from collections.abc import Collection

from yarl import URL

from listener.errors import FetchError

WEB = ("http", "https")
SOCKETS = ("ws", "wss")


def parse(text: str, schemes: Collection[str] = WEB) -> URL:
    """The address, without its fragment. Raises FetchError when it is none with one of the schemes."""
    try:
        url = URL(text)
    except ValueError as error:
        raise FetchError("that is no web address", code="url") from error
    if url.scheme not in schemes or not url.host:
        raise FetchError(f"{shown(url)} is no {' or '.join(schemes)} address", code="url")
    return url.with_fragment(None)


def follow(here: URL, target: str) -> URL:
    """Where a redirect leads. Raises FetchError when that is no address, or from https to http."""
    try:
        url = parse(str(here.join(URL(target))))
    except ValueError as error:
        raise FetchError(f"{shown(here)} redirects to something that is no address", code="redirect") from error
    if here.scheme == "https" and url.scheme == "http":
        raise FetchError(f"{shown(here)} redirects from https to http", code="redirect")
    return url


def shown(url: URL) -> str:
    """An address without what may be secret in it: query, user and password."""
    return str(url.with_query(None).with_fragment(None).with_user(None))[:200] if url.host else "the address"
