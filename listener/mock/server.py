"""The mock platforms behind one web server on loopback, each under its name; every request is written down."""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Protocol, runtime_checkable

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from yarl import URL

from listener.net.loopback import served

MOST_ASKED = 100_000


class Platform(Protocol):
    """A mock platform: its paths, without its name in front."""

    def routes(self) -> Iterable[web.RouteDef]: ...


@runtime_checkable
class Acting(Protocol):
    """A platform that also does something of itself, as long as it is served."""

    def acting(self, app: web.Application) -> AsyncIterator[None]: ...


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One request. `path` and `query` as they came, the platform's name taken off; header names are lower case."""

    platform: str
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]


@dataclass
class Server:
    """Where the platforms are: `url` + `/` + name; `asked` holds the latest requests, oldest first."""

    url: str = ""
    asked: list[Asked] = field(default_factory=list)

    def of(self, platform: str) -> str:
        """The address of a platform."""
        return f"{self.url}/{platform}"

    def writing_down(self, platform: str) -> Middleware:
        """Keeps what one platform is asked."""

        @web.middleware
        async def write_down(request: web.Request, handler: Handler) -> web.StreamResponse:
            headers = {name.lower(): value for name, value in request.headers.items()}
            path = request.path.removeprefix(f"/{platform}")
            asked = Asked(
                platform=platform, method=request.method, path=path, query=dict(request.query), headers=headers
            )
            del self.asked[: len(self.asked) - MOST_ASKED + 1]
            self.asked.append(asked)
            return await handler(request)

        return write_down


@asynccontextmanager
async def serving(platforms: Mapping[str, Platform], *, port: int = 0) -> AsyncIterator[Server]:
    """The platforms for the time of the block, on any free port unless one is given. Raises OSError."""
    server, app = Server(), web.Application()
    for name, platform in platforms.items():
        part = web.Application(middlewares=[server.writing_down(name)])
        part.add_routes(list(platform.routes()))
        if isinstance(platform, Acting):
            part.cleanup_ctx.append(platform.acting)
        app.add_subapp(f"/{name}", part)
    async with served(app, port=port) as server.url:
        yield server


def is_here(url: str) -> bool:
    """Whether an address is on this machine for certain: by its number, as a name can lead anywhere. Mocks call no
    other.
    """
    try:
        parsed = URL(url)
        return parsed.scheme in {"http", "https"} and ip_address(parsed.host or "").is_loopback
    except ValueError:
        return False
