"""What a process that waits for the store says over HTTP: that it is well, and that another one is asked instead."""

from collections.abc import Callable

from aiohttp import web

from alerts.alert import Language
from alerts.typography import NO_BREAK as NB

_WORDS: dict[Language, tuple[str, str]] = {
    "en": (
        "Standby",
        "Another badbuzz has the store and does the work: open the page there. This one takes over when it is gone.",
    ),
    "fr": (
        "En attente",
        f"Un autre badbuzz tient la base et travaille{NB}: ouvrez la page là-bas. Celui-ci prend le relais au besoin.",
    ),
}
_DELIVERING: dict[Language, tuple[str, str]] = {
    "en": (
        "Delivering",
        "Another badbuzz has the page: open it there. This one delivers as well, and takes over when that is gone.",
    ),
    "fr": (
        "Envoie aussi",
        f"Un autre badbuzz tient la page{NB}: ouvrez-la là-bas. Celui-ci envoie aussi, et prend le relais au besoin.",
    ),
}
_PAGE = (
    '<!doctype html><html lang="{language}"><meta charset="utf-8"><meta http-equiv="refresh" content="5">'
    "<title>badbuzz: {title}</title><h1>{title}</h1><p>{words}</p></html>\n"
)
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Retry-After": "5",
    "Server": "badbuzz",
    "X-Content-Type-Options": "nosniff",
}


def standby_app(
    language: Language,
    exposition: Callable[[str], tuple[bytes, str]],
    waiting: Callable[[], str],
    *,
    delivers: bool,
) -> web.Application:
    """Healthy, ready while nothing is waited for, in words, and with metrics; all else is answered 503. Nothing of it
    is secret: it asks for no token.
    """
    app = web.Application()

    async def healthy(_request: web.Request) -> web.Response:
        return web.Response(text="healthy\n", headers=_HEADERS)

    async def ready(_request: web.Request) -> web.Response:
        words = waiting()
        return web.Response(text=f"{words or 'ready'}\n", status=503 if words else 200, headers=_HEADERS)

    async def metrics(request: web.Request) -> web.Response:
        body, content_type = exposition(request.headers.get("Accept", ""))
        return web.Response(body=body, headers={"Content-Type": content_type, "Server": "badbuzz"})

    async def other(request: web.Request) -> web.Response:
        if "text/html" not in request.headers.get("Accept", ""):
            return web.Response(text="standby: another badbuzz is active\n", status=503, headers=_HEADERS)
        title, words = (_DELIVERING if delivers else _WORDS)[language]
        page = _PAGE.format(language=language, title=title, words=words)
        return web.Response(text=page, content_type="text/html", status=503, headers=_HEADERS)

    for path, answer in (("/-/healthy", healthy), ("/healthz", healthy), ("/-/ready", ready), ("/readyz", ready)):
        app.router.add_get(path, answer)
    app.router.add_get("/metrics", metrics)
    app.router.add_route("*", "/{path:.*}", other)
    return app
