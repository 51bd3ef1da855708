"""The daemon over HTTP: health, metrics, reload, pushed mentions and the page."""

from collections.abc import Sequence

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from alerts.links import TOKEN
from config.problems import ConfigError, Problem
from listener.store.port import StoreError
from listener.web.guard import INBOUND, Guard
from listener.web.linked import Linked
from listener.web.live import Limits
from listener.web.pages import Pages
from listener.web.status import Site

_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",  # stricter, browsers leave the Origin out of our own forms
    "Server": "badbuzz",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
}

_OWN = ("Cache-Control", "Content-Security-Policy", "Referrer-Policy")
"""What a page may say for itself."""
_LIMITS = Limits()


def build_app(site: Site, limits: Limits = _LIMITS) -> web.Application:
    """The whole site. Pushed mentions arrive under /in/<source>; their collectors bound what they read. `limits` are
    those of whoever watches a page live.

    Raises ValueError when others could reach it and no token keeps them out.
    """
    settings = site.settings()
    if not settings.local and not settings.token:
        raise ValueError("daemon.listen is not this machine alone, so daemon.token is needed")
    guard = Guard(settings=site.settings, key=site.key, now=site.now)
    pages = Pages(site, guard, limits)
    app = web.Application(middlewares=[_errors(pages), _guarded(guard)])
    app.on_response_prepare.append(_headers)
    app.on_shutdown.append(pages.live.end)
    operations, linked = _Operations(site), Linked(site, guard, pages.printer, limits.answer)
    app.add_routes(
        [
            web.get("/", pages.home),
            web.get("/events", pages.home_events, allow_head=False),
            web.get(r"/i/{number:\d{1,9}}", pages.incident),
            web.get(r"/i/{number:\d{1,9}}/events", pages.incident_events, allow_head=False),
            web.post(r"/i/{number:\d{1,9}}/ack", pages.acknowledge),
            web.post(r"/i/{number:\d{1,9}}/resolve", pages.resolve),
            web.get(f"/i/{{token:{TOKEN}}}", linked.show),
            web.post(f"/i/{{token:{TOKEN}}}", linked.act),
            web.post("/label", pages.label),
            web.get("/login", pages.login_form),
            web.post("/login", pages.login),
            web.get("/style.css", pages.style),
            web.get("/live.js", pages.script),
            web.get("/metrics", operations.metrics),
            web.get("/-/healthy", operations.healthy),
            web.get("/healthz", operations.healthy),
            web.get("/-/ready", operations.ready),
            web.get("/readyz", operations.ready),
            web.post("/-/reload", operations.reload),
            web.route("*", INBOUND + "{source}{rest:.*}", operations.inbound),
        ]
    )
    return app


class _Operations:
    """What machines ask."""

    def __init__(self, site: Site) -> None:
        self._site = site

    async def metrics(self, request: web.Request) -> web.Response:
        body, content_type = await self._site.exposition(request.headers.get("Accept", ""))
        return web.Response(body=body, headers={"Content-Type": content_type})

    async def healthy(self, _request: web.Request) -> web.Response:
        return _verdict(self._site.status.sick(), "healthy")

    async def ready(self, _request: web.Request) -> web.Response:
        return _verdict(self._site.status.waiting(), "ready")

    async def reload(self, _request: web.Request) -> web.Response:
        """200 with the warnings when the file is in force, 400 with every problem when nothing was changed."""
        try:
            problems = await self._site.reload()
        except ConfigError as error:
            return self._problems(error.problems, "the configuration was not changed", status=400)
        return self._problems(problems, "reloaded", status=200)

    async def inbound(self, request: web.Request) -> web.StreamResponse:
        """To the collector of that source, as long as the configuration has it."""
        routes = self._site.inbound(request.match_info["source"])
        here = [route for route in routes if route.path.strip("/") == request.match_info["rest"].strip("/")]
        for route in here:
            if route.method in {request.method, "*"}:
                handler: Handler = route.handler
                return await handler(request)
        if here:
            raise web.HTTPMethodNotAllowed(request.method, [route.method for route in here])
        raise web.HTTPNotFound

    def _problems(self, problems: Sequence[Problem], heading: str, *, status: int) -> web.Response:
        lines = [heading, *map(str, problems)]
        return web.Response(text=self._site.hide("\n".join(lines)) + "\n", status=status)


def _verdict(trouble: str, fine: str) -> web.Response:
    return web.Response(text=f"{trouble or fine}\n", status=503 if trouble else 200)


async def _headers(_request: web.Request, response: web.StreamResponse) -> None:
    kept = {name: response.headers[name] for name in _OWN if name in response.headers}
    response.headers.update({**_HEADERS, **kept})


def _errors(pages: Pages) -> Middleware:
    @web.middleware
    async def errors(request: web.Request, handler: Handler) -> web.StreamResponse:
        """Every refusal is an answer in words; people get a page, machines a line."""
        try:
            return await handler(request)
        except StoreError as error:
            return pages.store_away(request, str(error))
        except web.HTTPRedirection:
            raise
        except web.HTTPException as refused:
            return pages.refused(request, refused)

    return errors


def _guarded(guard: Guard) -> Middleware:
    @web.middleware
    async def guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
        refusal = guard.refusal(request)
        if refusal:
            raise web.HTTPForbidden(text=refusal)
        looked_at = guard.may_try(request)
        if guard.knows(request):
            return await handler(request)
        if not looked_at and "Authorization" in request.headers:
            raise web.HTTPTooManyRequests(headers={"Retry-After": "60"})
        if request.method == "GET" and "text/html" in request.headers.get("Accept", ""):
            raise web.HTTPSeeOther(request.rel_url.with_path("/login").with_query(next=request.path_qs))
        raise web.HTTPUnauthorized(headers={"WWW-Authenticate": 'Bearer realm="badbuzz"'})

    return guarded
