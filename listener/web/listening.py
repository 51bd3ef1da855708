"""What a process that only listens says over HTTP: that it is well, what it counts, and what is pushed to it."""

from collections.abc import Callable, Sequence

from aiohttp import web
from aiohttp.typedefs import Handler

_HEADERS = {"Cache-Control": "no-store", "Server": "badbuzz", "X-Content-Type-Options": "nosniff"}
_ELSEWHERE = _HEADERS | {"Retry-After": "1"}

Inbound = Callable[[str], Sequence[web.RouteDef] | None]
"""The routes of a source; None for one that another process reads. Raises LookupError when there is no such source."""


def listening_app(
    exposition: Callable[[str], tuple[bytes, str]], waiting: Callable[[], str], inbound: Inbound
) -> web.Application:
    """Ready while nothing is waited for, in words. A push to a source that another one reads is answered 503. Nothing
    of it is secret: it asks for no token.
    """

    async def healthy(_request: web.Request) -> web.Response:
        return web.Response(text="healthy\n", headers=_HEADERS)

    async def ready(_request: web.Request) -> web.Response:
        words = waiting()
        return web.Response(text=f"{words or 'ready'}\n", status=503 if words else 200, headers=_HEADERS)

    async def metrics(request: web.Request) -> web.Response:
        body, content_type = exposition(request.headers.get("Accept", ""))
        return web.Response(body=body, headers=_HEADERS | {"Content-Type": content_type})

    async def pushed(request: web.Request) -> web.StreamResponse:
        try:
            routes = inbound(request.match_info["source"])
        except LookupError:
            raise web.HTTPNotFound from None
        if routes is None:
            return web.Response(text="another listener reads this source\n", status=503, headers=_ELSEWHERE)
        rest = request.match_info["rest"].strip("/")
        for route in routes:
            if route.path.strip("/") == rest and route.method in {request.method, "*"}:
                handler: Handler = route.handler
                return await handler(request)
        raise web.HTTPNotFound

    app = web.Application()
    for path, answer in (("/-/healthy", healthy), ("/healthz", healthy), ("/-/ready", ready), ("/readyz", ready)):
        app.router.add_get(path, answer)
    app.router.add_get("/metrics", metrics)
    app.router.add_route("*", "/in/{source}{rest:.*}", pushed)
    return app
