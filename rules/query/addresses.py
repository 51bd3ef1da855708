"""Addresses on the web, as filters ask for them and compare them."""

import re
from urllib.parse import unquote, urlsplit

import idna

from rules.query.codes import country

_PUNYCODE = re.compile(r"(?:^|\.)xn--")
_ASKED = re.compile(r"[\w\-]+(?:\.[\w\-]+)+(?::\d+)?(?:/\S*)?")


def address(url: str) -> str:
    """Host and path of an address, "" when it has none: in small letters, decoded, without `www.`."""
    try:
        parts = urlsplit(url if "://" in url else f"//{url}")
    except ValueError:
        return ""
    host = parts.netloc.rpartition("@")[2].lower().removeprefix("www.")
    if _PUNYCODE.search(host):
        try:
            host = idna.decode(host)
        except idna.IDNAError:
            return ""
    return f"{host}{unquote(parts.path).lower().rstrip('/')}" if host else ""


def asked_address(written: str) -> str:
    """What is asked for as addresses are compared. Raises ValueError, whose words are the way out."""
    if "*" in written:
        raise ValueError("leave * out: all that lies below is meant as well")
    if "?" in written or "#" in written:
        raise ValueError("leave out what begins with ? or #: it is not compared")
    found = address(written.strip())
    if _ASKED.fullmatch(found):
        return found
    ending = country(found.lstrip("."))
    raise ValueError(f"such as example.org or example.org/news{f', or write country:{ending}' if ending else ''}")
