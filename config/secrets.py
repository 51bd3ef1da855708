"""What must not be shown, wherever it stands in a configuration: for masking it elsewhere."""

import re
from collections.abc import Iterator, Mapping
from urllib.parse import SplitResult, unquote, unquote_plus, urlsplit

from config.document import Document
from config.model import Model, secrets_in

_IN_QUERY = re.compile(r"(?:^|[&;])(?:key|token|api_key|access_token)=([^&;]+)", re.IGNORECASE)
_PASSWORD = re.compile(r"(://[^/\s:@]*:)[^/\s@]+@")
_TOKENS = {"http", "https"}
"""Schemes in whose addresses a user without a password is a token; elsewhere it is a name."""
_LONG = 8
"""Characters from which any parameter of a secret address is looked for; shorter ones are found in any text."""


def secrets_of(settings: Model, document: Document) -> Iterator[str]:
    """Every secret of a configuration: in fields made for one, of `!secret`, and in addresses."""
    yield from secrets_in(settings)
    yield from credentials_in(document.data)
    for secret in document.secrets:
        yield secret
        yield from _of_secret_address(secret)


def credentials_in(value: object) -> Iterator[str]:
    """What proves who we are in every address inside plain data: password, user without one, keys of the query."""
    if isinstance(value, str):
        yield from _of_address(value)
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from credentials_in(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from credentials_in(inner)


def without_credentials(text: str) -> str:
    """An address as it may be shown; other texts are as they were."""
    parts = _parts(text)
    if parts is None or not parts.netloc:
        return _PASSWORD.sub(r"\1***@", text)
    query = _IN_QUERY.sub(lambda found: found[0].removesuffix(found[1]) + "***", parts.query)
    before, at, host = parts.netloc.rpartition("@")
    user, colon, _ = before.partition(":")
    if colon:
        before = f"{user}:***"
    elif at and parts.scheme in _TOKENS:
        before = "***"
    start, _, rest = text.partition("://")
    tail = rest[len(parts.netloc) :].replace(f"?{parts.query}", f"?{query}", 1)
    return f"{start}://{before}{at}{host}{tail}"


def _of_address(text: str) -> Iterator[str]:
    parts = _parts(text)
    if parts is None:
        return
    before, at, _ = parts.netloc.rpartition("@")
    user, colon, password = before.partition(":")
    if colon:
        yield from (before, unquote(before), password, unquote(password))
    elif at and parts.scheme in _TOKENS:
        yield from (user, unquote(user))
    for value in _IN_QUERY.findall(parts.query):
        yield from (value, unquote_plus(value))


def _of_secret_address(text: str) -> Iterator[str]:
    """An address that is secret as a whole is also shown without its query, user and password."""
    parts = _parts(text)
    if parts is None:
        return
    host = parts.netloc.rpartition("@")[2]
    if len(parts.path) > 1:
        yield f"{host}{parts.path}"
        yield f"{host.lower()}{parts.path}"
    if parts.query:
        yield parts.query
    for pair in re.split("[&;]", parts.query):
        value = pair.partition("=")[2]
        if len(value) >= _LONG:
            yield from (value, unquote_plus(value))


def _parts(text: str) -> SplitResult | None:
    if "://" not in text:
        return None
    try:
        return urlsplit(text)
    except ValueError:
        return None
