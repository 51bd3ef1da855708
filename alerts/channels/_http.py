"""One request whose every outcome is told by its remedy."""

import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from email.utils import parsedate_to_datetime
from importlib.metadata import version
from typing import Any, TypeVar

import aiohttp
import msgspec
from yarl import URL

from alerts.channel import Reason, SendError

_AGENT = f"badbuzz/{version('badbuzz')}"
ANSWER_LIMIT = 4_096
"""Bytes of an answer that are read unless more are asked for; the rest is left."""
LONGEST_WAIT = timedelta(days=1)
"""The longest Retry-After that is believed."""
_LONGEST = LONGEST_WAIT.total_seconds()
_RETRIED = frozenset({408, 421, 423, 425, 429})
_Kind = TypeVar("_Kind")


@dataclass(frozen=True)
class Answer:
    """What a service answered; `body` is the beginning of it, as text."""

    status: int
    headers: Mapping[str, str]
    body: str

    @property
    def is_yes(self) -> bool:
        """Whether it is a 2xx."""
        return 200 <= self.status < 300

    @property
    def said(self) -> Any:
        """The body as JSON; None when it is none."""
        try:
            return msgspec.json.decode(self.body)
        except msgspec.DecodeError:
            return None

    def in_form(self, kind: type[_Kind]) -> _Kind:
        """What it says, in the form that the service documents; that form empty where it says something else."""
        try:
            return msgspec.convert(self.said, kind)
        except msgspec.ValidationError:
            return kind()


def read(service: str, said: object, kind: type[_Kind]) -> _Kind:
    """What a service said, in the form it documents. Raises SendError, to be tried again, when it is in another."""
    try:
        return msgspec.convert(said, kind)
    except msgspec.ValidationError:
        raise SendError(f"{service} answered something else than it was asked", reason="serverError") from None


async def request(
    http: aiohttp.ClientSession, method: str, url: str, *, service: str, data: bytes = b"", headers: Mapping[str, str]
) -> Answer:
    """An answer that says yes (2xx). Raises SendError for every other outcome, see `refusal` and `reaching`."""
    answer = await exchange(http, method, url, service=service, data=data, headers=headers)
    if not answer.is_yes:
        raise refusal(service, answer.status, answer.headers)
    return answer


async def exchange(
    http: aiohttp.ClientSession,
    method: str,
    url: str | URL,
    *,
    service: str,
    data: bytes = b"",
    headers: Mapping[str, str],
    limit: int = ANSWER_LIMIT,
    patience: float | None = None,
) -> Answer:
    """Any answer, with at most `limit` bytes of its body. Redirects are not followed. `patience` is how many seconds it
    may take, where that is not what the session allows. Raises SendError when there is no answer, see `reaching`.
    """
    # a compressed answer could be far larger than what is read of it
    sent = {"Accept-Encoding": "identity", "User-Agent": _AGENT, **headers}
    timeout = http.timeout if patience is None else aiohttp.ClientTimeout(total=patience)
    asked = http.request(method, url, data=data, headers=sent, timeout=timeout, allow_redirects=False)
    async with reaching(service), asked as answer:
        return Answer(answer.status, answer.headers, await _beginning(answer, limit))


async def exchange_json(
    http: aiohttp.ClientSession,
    method: str,
    url: str,
    *,
    service: str,
    body: object = None,
    headers: Mapping[str, str] | None = None,
    limit: int = ANSWER_LIMIT,
    patience: float | None = None,
) -> Answer:
    """The same for a JSON body."""
    told = {} if body is None else {"Content-Type": "application/json"}
    data = b"" if body is None else msgspec.json.encode(body)
    sent = {**told, **(headers or {})}
    return await exchange(http, method, url, service=service, data=data, headers=sent, limit=limit, patience=patience)


async def _beginning(answer: aiohttp.ClientResponse, limit: int) -> str:
    body = b""
    async for chunk in answer.content.iter_chunked(limit):
        body += chunk
        if len(body) >= limit:
            break
    return body[:limit].decode(errors="replace")


@asynccontextmanager
async def reaching(service: str) -> AsyncIterator[None]:
    """Turns what goes wrong on the way to a service into a SendError that names neither path nor secret.

    A certificate that cannot be trusted is permanent: somebody must act. All else is tried again.
    """
    try:
        yield
    except aiohttp.ClientConnectorCertificateError:
        raise SendError(f"{service}: its certificate cannot be trusted", reason="other", permanent=True) from None
    except ValueError:
        # an address or a token that cannot be sent
        raise SendError(f"{service}: what is configured cannot be sent", reason="clientError", permanent=True) from None
    except TimeoutError:
        raise SendError(f"{service} did not answer in time", reason="contextDeadlineExceeded") from None
    except (aiohttp.ClientError, OSError, ssl.SSLError) as error:
        raise SendError(f"{service} could not be reached: {_cause(error)}", reason="other") from None


def _cause(error: Exception) -> str:
    # str() of aiohttp's errors may hold the address, and an address may hold a secret
    system = getattr(error, "os_error", None)
    if isinstance(system, OSError):
        return system.strerror or str(system)
    return getattr(error, "strerror", None) or type(error).__name__


class RefusedError(SendError):
    """A service answered no. `word` is its own for why, "" when it gives none."""

    word: str = ""


def refusal(
    service: str,
    status: int,
    headers: Mapping[str, str],
    word: str = "",
    *,
    hint: str = "",
    wait: float | None = None,
) -> RefusedError:
    """What an answer other than 2xx means for a delivery.

    Tried again: 408, 421, 423, 425, 429 and every 5xx, not before `Retry-After`, or the seconds to `wait` that the
    service says elsewhere. Permanent: redirects and every other 4xx; 401, 403 and 407 are `authError`. `word` is the
    service's own, already known to hold no secret, `hint` the way out. A no under a status of yes is the service's.
    """
    why = ": ".join(filter(None, (word, hint)))
    said = f"{service} answered {status}{f' ({why})' if why else ''}"
    if 300 <= status < 400:
        said += "; redirects are not followed, write the final address in the configuration"
    permanent = 300 <= status < 500 and status not in _RETRIED
    after = retry_after(headers) if wait is None else timedelta(seconds=min(max(wait, 0.0), _LONGEST))
    error = RefusedError(said, reason=_reason(status), permanent=permanent, retry_after=None if permanent else after)
    error.word = word
    return error


def _reason(status: int) -> Reason:
    if status in {401, 403, 407}:
        return "authError"
    if status == 429:
        return "rateLimited"
    return "serverError" if status >= 500 or status < 300 else "clientError"


def retry_after(headers: Mapping[str, str]) -> timedelta | None:
    """How long a service asks to wait: seconds, or a date against the date of its answer. None when it says nothing
    that can be understood; at most a day.
    """
    value = headers.get("Retry-After", "").strip()
    wait = _seconds(value)
    if wait is None:
        wait = _until(value, headers.get("Date", ""))
    return None if wait is None else min(max(wait, timedelta()), LONGEST_WAIT)


def _seconds(value: str) -> timedelta | None:
    return timedelta(seconds=int(value[:9])) if value.isascii() and value.isdigit() else None


def _until(then: str, now: str) -> timedelta | None:
    try:
        return parsedate_to_datetime(then) - parsedate_to_datetime(now)
    except (ValueError, TypeError):
        return None
