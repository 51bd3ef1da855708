import socket

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from listener.net.guard import ForbiddenAddressError, GuardedResolver, check_literal, is_public

INSIDE_NAMES = """127.0.0.1 127.9.9.9 0.0.0.0 10.0.0.1 172.16.0.1 172.31.255.255 192.168.1.1 169.254.169.254 100.64.0.1
100.100.100.200 192.0.0.192 192.0.2.1 198.18.0.1 224.0.0.1 240.0.0.1 255.255.255.255 168.63.129.16 :: ::1 fe80::1
fe80::1%eth0 fec0::1 fc00::1 fd00:ec2::254 ff02::1 2001:db8::1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:a9fe:a9fe
::127.0.0.1 64:ff9b::7f00:1 64:ff9b::a9fe:a9fe 64:ff9b:1::a00:1 2002:7f00:1:: 2002:a00:1::1 2002:c0a8:101::
2001:0:7f00:1:: example.org 127.1 2130706433"""
OUTSIDE_NAMES = "1.1.1.1 93.184.216.34 172.32.0.1 100.128.0.1 2606:4700::1111 ::ffff:1.1.1.1 64:ff9b::101:101"
INSIDE, OUTSIDE = INSIDE_NAMES.split(), OUTSIDE_NAMES.split()


@pytest.mark.parametrize("address", INSIDE)
def test_an_address_of_the_own_network_is_not_public(address):
    assert not is_public(address)


@pytest.mark.parametrize("address", OUTSIDE)
def test_an_address_of_the_internet_is_public(address):
    assert is_public(address)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "fe80::1%eth0", "169.254.169.254"])
def test_a_literal_address_is_refused_with_the_way_out(host):
    with pytest.raises(ForbiddenAddressError, match="allow_private: true"):
        check_literal(host)


@pytest.mark.parametrize("host", ["example.org", "1.1.1.1", "2130706433"])
def test_names_are_left_to_the_resolver(host):
    check_literal(host)


class Answering(AbstractResolver):
    def __init__(self, *addresses: str) -> None:
        self.addresses = addresses

    async def resolve(self, host, port=0, family=socket.AF_UNSPEC):
        return [
            ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=0)
            for address in self.addresses
        ]

    async def close(self) -> None: ...


async def test_a_name_with_public_addresses_resolves():
    found = await GuardedResolver(Answering("1.1.1.1", "1.0.0.1")).resolve("example.org")
    assert [one["host"] for one in found] == ["1.1.1.1", "1.0.0.1"]


async def test_one_private_address_among_public_ones_spoils_the_name():
    with pytest.raises(ForbiddenAddressError, match=r"trap\.example \(10\.0\.0\.1\)"):
        await GuardedResolver(Answering("1.1.1.1", "10.0.0.1")).resolve("trap.example")
