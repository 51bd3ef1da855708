"""Which addresses may be reached: nothing that lies inside the operator's own network, unless the operator says so."""

import socket
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

from aiohttp import ThreadedResolver
from aiohttp.abc import AbstractResolver, ResolveResult

_NAT64 = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"))
_COMPATIBLE = IPv6Network("::/96")
_SITE_LOCAL = IPv6Network("fec0::/10")
# clouds answer their machines here, at addresses that look public: Oracle's range and Azure's one
_CLOUD = (IPv4Network("192.0.0.0/24"), IPv4Network("168.63.129.16/32"))


class ForbiddenAddressError(OSError):
    """An address inside a private, local or reserved range; the message names it and the way out."""

    def __init__(self, host: str, address: str) -> None:
        shown = host if host == address else f"{host} ({address})"
        super().__init__(f"{shown} is a private or reserved address; allow_private: true lets a source reach it")


def is_public(address: str) -> bool:
    """Whether an IP address, as text, belongs to the public internet. IPv4 hidden inside IPv6 (mapped, compatible,
    6to4, Teredo, NAT64) is judged as the IPv4 address it leads to. What is no IP address is not public.
    """
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(parsed, IPv4Address):
        return _is_global(parsed)
    inner = _embedded(parsed)
    if inner:
        return all(map(_is_global, inner))
    return _is_global(parsed) and parsed not in _SITE_LOCAL


def _is_global(address: IPv4Address | IPv6Address) -> bool:
    # is_global knows loopback, private, link-local, CGNAT and documentation ranges, but not these
    cloud = any(address in network for network in _CLOUD)
    return address.is_global and not (address.is_multicast or address.is_reserved or cloud)


def _embedded(address: IPv6Address) -> tuple[IPv4Address, ...]:
    if address.ipv4_mapped:
        return (address.ipv4_mapped,)
    if address.sixtofour:
        return (address.sixtofour,)
    if address.teredo:
        return address.teredo
    if address in _COMPATIBLE or any(address in network for network in _NAT64):
        return (IPv4Address(int(address) & 0xFFFF_FFFF),)
    return ()


def check_literal(host: str) -> None:
    """Raise ForbiddenAddressError when `host` is an IP address in itself and not a public one.

    Connectors do not resolve literals, so they would never meet `GuardedResolver`.
    """
    try:
        ip_address(host.partition("%")[0])
    except ValueError:
        return
    if not is_public(host):
        raise ForbiddenAddressError(host, host)


def is_inside(url: str) -> bool:
    """Whether an address names, in itself, a place that is not public."""
    host = urlsplit(url).hostname or ""
    try:
        check_literal(host)
    except ForbiddenAddressError:
        return True
    return host == "localhost" or host.endswith(".localhost")


class GuardedResolver(AbstractResolver):
    """Resolves names to public addresses only. The connector connects to exactly what it is given here, so a name
    that answers differently a moment later gains nothing.
    """

    def __init__(self, inner: AbstractResolver | None = None) -> None:
        self._inner = inner or ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Every address of `host`. Raises ForbiddenAddressError when one of them is not public: a public name with a
        private address is a trap or a mistake.
        """
        found = await self._inner.resolve(host, port, family)
        for result in found:
            if not is_public(result["host"]):
                raise ForbiddenAddressError(host, result["host"])
        return found

    async def close(self) -> None:
        await self._inner.close()
