"""Who may see the page and who may act on it."""

import hashlib
import hmac
import re
from collections import OrderedDict, deque
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

from aiohttp import web

from alerts.links import TOKEN
from listener.web.status import Settings
from rules.instant import DAY, MINUTE, SECOND, Instant

COOKIE = "badbuzz"
SESSION_LIFE = 7 * DAY
FAILURES_PER_MINUTE = 10
PEERS = 1_000
"""How many addresses are remembered for what they got wrong."""

OPEN_PATHS = frozenset({"/-/healthy", "/-/ready", "/healthz", "/readyz", "/login", "/style.css"})
HEALTH_PATHS = frozenset({"/-/healthy", "/-/ready", "/healthz", "/readyz"})
INBOUND = "/in/"
"""Sources check what is sent to them themselves: signatures, not sessions."""
_LINK = re.compile(rf"/i/{TOKEN}")
"""A link from a message is its own proof."""
LOOKS_PER_MINUTE = 30
"""That one link is looked at: a person and the scanners of their mail, not a flood."""


def _host_of(authority: str) -> str | None:
    """The host of `host:port`; None when it is malformed."""
    try:
        return urlsplit(f"//{authority}").hostname
    except ValueError:
        return None


def _is_this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _bytes(text: str) -> bytes:
    # header bytes that are no UTF-8 arrive as lone surrogates
    return text.encode("utf-8", "surrogateescape")


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(_bytes(given), _bytes(expected))


def _neighbourhood(peer: str | None) -> str:
    """Whom failures are counted for: an address, or the /64 that one holder of IPv6 addresses has."""
    try:
        address = ip_address(peer or "")
    except ValueError:
        return ""
    if isinstance(address, IPv6Address) and address.ipv4_mapped is None:
        return str(ip_network((int(address) >> 64 << 64, 64)))
    return str(address)


class _Recent:
    """Who did something within the last minute; those that did it longest ago are forgotten first."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._by_peer: OrderedDict[str, deque[Instant]] = OrderedDict()

    def are_too_many(self, peer: str, now: Instant) -> bool:
        times = self._by_peer.get(peer, deque[Instant]())
        return len(times) == self._most and now - times[0] <= MINUTE

    def add(self, peer: str, now: Instant) -> None:
        self._by_peer.setdefault(peer, deque(maxlen=self._most)).append(now)
        self._by_peer.move_to_end(peer)
        if len(self._by_peer) > PEERS:
            self._by_peer.popitem(last=False)


class Guard:
    """Checks requests against the settings in force. Every comparison of a secret takes constant time."""

    def __init__(self, settings: Callable[[], Settings], key: bytes, now: Callable[[], Instant]) -> None:
        self._settings, self._key, self._now = settings, key, now
        self._failures, self._looks = _Recent(FAILURES_PER_MINUTE), _Recent(LOOKS_PER_MINUTE)

    def refusal(self, request: web.Request) -> str:
        """Why a request must not be looked at, as a word of the page, "" when it may: a page on another site may be
        behind it.
        """
        if request.path in HEALTH_PATHS or request.path.startswith(INBOUND):
            return ""
        host = _host_of(request.host)
        if host is None or not self._is_own(host):
            # a name that a stranger's DNS points at this machine would make a stranger's page ours
            return "unknown_host"
        if request.method in {"GET", "HEAD"}:
            return ""
        if request.headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}:
            return "other_site"
        origin = request.headers.get("Origin")
        if _LINK.fullmatch(request.path) and origin == "null":
            return ""  # its pages tell nobody where they are, their own forms included; the token in it is the proof
        own = origin is None or _host_of(origin.partition("://")[2]) in {host, self._settings().own_host or host}
        return "" if own else "other_site"

    def knows(self, request: web.Request) -> bool:
        """Whether the request carries the token, or a session that was opened with it, or needs neither."""
        if not self._token() or request.path in OPEN_PATHS or request.path.startswith(INBOUND):
            return True
        if _LINK.fullmatch(request.path):
            return True
        if self._is_session(request.cookies.get(COOKIE, "")):
            return True
        kind, _, given = request.headers.get("Authorization", "").partition(" ")
        return kind.lower() == "bearer" and self.takes_token(request, given.strip())

    def takes_token(self, request: web.Request, given: str) -> bool:
        """Whether it is the token. A wrong one counts against its sender, who is not believed after too many."""
        token = self._token()
        if not self.may_try(request):
            return False
        right = bool(token) and _same(given, token)
        if not right:
            self._failures.add(_neighbourhood(request.remote), self._now())
        return right

    def may_try(self, request: web.Request) -> bool:
        """Whether a token from that address is looked at: few failures a minute, for each address alone."""
        return not self._failures.are_too_many(_neighbourhood(request.remote), self._now())

    def takes_link(self, request: web.Request, *, genuine: bool) -> bool:
        """Whether a link is answered: a made-up one counts against its sender, a genuine one against itself alone, so
        that nobody's guesses keep out who was sent one.
        """
        counted, who = (self._looks, request.path) if genuine else (self._failures, _neighbourhood(request.remote))
        if counted.are_too_many(who, self._now()):
            return False
        counted.add(who, self._now())
        return True

    def session(self) -> str:
        """A session for whoever showed the token. It ends after SESSION_LIFE, or when the token changes."""
        until = str(self._now() + SESSION_LIFE)
        return f"{until}.{self._sign('session', self._token(), until)}"

    def open_session(self, response: web.StreamResponse) -> None:
        """Hand the session to a browser, out of reach of scripts and of other sites."""
        response.set_cookie(
            COOKIE,
            self.session(),
            max_age=SESSION_LIFE // SECOND,
            httponly=True,
            samesite="Strict",
            secure=self._settings().encrypted,
        )

    def form_token(self, purpose: str) -> str:
        """What a form of ours carries; one for another purpose or from another site is worth nothing."""
        return self._sign("form", self._token(), purpose)

    def is_own_form(self, given: str, purpose: str) -> bool:
        return _same(given, self.form_token(purpose))

    def _is_own(self, host: str) -> bool:
        settings = self._settings()
        return bool(self._token()) or _is_this_machine(host) or host == settings.own_host

    def _is_session(self, cookie: str) -> bool:
        until, _, signature = cookie.partition(".")
        expected = self._sign("session", self._token(), until)
        genuine = _same(signature, expected)
        return genuine and until.isdecimal() and int(until) > self._now()

    def _token(self) -> str:
        token = self._settings().token
        return token.get_secret_value() if token else ""

    def _sign(self, *parts: str) -> str:
        # lengths first, so that no two lists of parts read the same
        text = "".join(f"{len(part)}:{part}" for part in parts)
        return hmac.new(self._key, _bytes(text), hashlib.sha256).hexdigest()
