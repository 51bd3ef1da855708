"""Where a Jetstream server is."""

from urllib.parse import urlsplit

PATHS = {1: "/subscribe", 2: "/xrpc/network.bsky.jetstream.subscribeEvents"}
DICTIONARY = "/xrpc/network.bsky.jetstream.getZstdDictionary"
_SCHEMES = {"ws": "ws", "wss": "wss", "http": "ws", "https": "wss"}


def address(server: str) -> str:
    """The ws or wss address that the paths are put behind, for a host or an address. Raises ValueError."""
    try:
        parts = urlsplit(server if "://" in server else f"wss://{server}")
        host, _ = parts.hostname, parts.port
    except ValueError:
        parts, host = urlsplit(""), None
    spare = parts.query or parts.fragment or parts.username or any(map(str.isspace, server))
    if parts.scheme.lower() not in _SCHEMES or not host or spare:
        raise ValueError("that is no server: write it like jetstream2.us-east.bsky.network or wss://example.org")
    path = parts.path.rstrip("/")
    for known in PATHS.values():
        path = path.removesuffix(known)
    return f"{_SCHEMES[parts.scheme.lower()]}://{parts.netloc}{path}"


def over_http(url: str) -> str:
    """The same place for an ordinary request."""
    return f"http{url.removeprefix('ws')}"
