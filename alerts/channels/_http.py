"""One request whose every outcome is told by its remedy."""

import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from email.utils import parsedate_to_datetime
from importlib.metadata import version

import aiohttp

from alerts.channel import Reason, SendError

ANSWER_LIMIT = 4_096
"""Bytes of an answer that are read; the rest is left."""
LONGEST_WAIT = timedelta(days=1)
"""The longest Retry-After that is believed."""
_RETRIED = frozenset({408, 421, 423, 425, 429})


async def request(
    http: aiohttp.ClientSession, method: str, url: str, *, service: str, data: bytes = b"", headers: Mapping[str, str]
) -> tuple[int, str]:
    """Status and the beginning of the body of an answer that says yes (2xx). Redirects are not followed.

    Raises SendError for every other outcome, see `refusal` and `reaching`.
    """
    # a compressed answer could be far larger than what is read of it
    sent = {"Accept-Encoding": "identity", "User-Agent": f"badbuzz/{version('badbuzz')}", **headers}
    async with reaching(service), http.request(method, url, data=data, headers=sent, allow_redirects=False) as answer:
        body = await beginning(answer)
    if not 200 <= answer.status < 300:
        raise refusal(service, answer.status, answer.headers)
    return answer.status, body


async def beginning(answer: aiohttp.ClientResponse) -> str:
    """The body as text, at most ANSWER_LIMIT bytes of it."""
    body = b""
    async for chunk in answer.content.iter_chunked(ANSWER_LIMIT):
        body += chunk
        if len(body) >= ANSWER_LIMIT:
            break
    return body[:ANSWER_LIMIT].decode(errors="replace")


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


def refusal(service: str, status: int, headers: Mapping[str, str], word: str = "") -> SendError:
    """What an answer other than 2xx means for a delivery.

    Tried again: 408, 421, 423, 425, 429 and every 5xx, not before `Retry-After`. Permanent: redirects and every other
    4xx; 401, 403 and 407 are `authError`. `word` is the service's own, already known to hold no secret.
    """
    said = f"{service} answered {status}{f' ({word})' if word else ''}"
    if 300 <= status < 400:
        said += "; redirects are not followed, write the final address in the configuration"
    permanent = status < 500 and status not in _RETRIED
    return SendError(
        said,
        reason=_reason(status),
        permanent=permanent,
        retry_after=None if permanent else retry_after(headers),
    )


def _reason(status: int) -> Reason:
    if status in {401, 403, 407}:
        return "authError"
    if status == 429:
        return "rateLimited"
    return "serverError" if status >= 500 else "clientError"


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
