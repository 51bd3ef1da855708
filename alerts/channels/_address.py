"""The addresses an operator may write. Errors never repeat the value: it may be a secret."""

from collections.abc import Collection
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit


def web_address(value: str, *, secure: bool = False) -> str:
    """The value if it is an http(s) address with a host. `secure` asks for https, except on loopback.

    Raises ValueError with the way out.
    """
    parts = _split(value, {"http", "https"}, "a web address: write it like https://host/path")
    if secure and parts.scheme == "http" and not _is_loopback(parts.hostname or ""):
        raise ValueError("this address must begin with https://")
    return value


def server_address(value: str, schemes: Collection[str], example: str) -> str:
    """The value if it is the address of a server in one of `schemes`, with no more than a user, a host and a port.

    Raises ValueError with the way out.
    """
    parts = _split(value, schemes, f"the address of a server: write it like {example}")
    if parts.password is not None:
        raise ValueError("a password does not belong in the address: write password: !secret env:NAME")
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError(f"nothing follows the port: write it like {example}")
    return value


def _split(value: str, schemes: Collection[str], wanted: str) -> SplitResult:
    try:
        parts = urlsplit(value)
    except ValueError:
        raise ValueError(f"not {wanted}") from None
    if parts.scheme not in schemes or not _is_host(parts.hostname or ""):
        raise ValueError(f"not {wanted}")
    try:
        _ = parts.port
    except ValueError:
        raise ValueError("a port is a number from 1 to 65535") from None
    return parts


def _is_host(name: str) -> bool:
    try:
        # what a resolver is given; it refuses empty and overlong labels
        return bool(name.encode("idna")) and name.isprintable() and " " not in name
    except UnicodeError:
        return False


def is_public(value: str) -> bool:
    """Whether the host of an address may be public: a name, or an IP address outside private and reserved ranges."""
    host = urlsplit(value).hostname or ""
    try:
        return ip_address(host.partition("%")[0]).is_global
    except ValueError:
        return host != "localhost" and not host.endswith(".localhost")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
