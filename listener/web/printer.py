"""Turns what a page shows into HTML, whole or panel by panel: both come from the same templates."""

import asyncio
from dataclasses import dataclass
from typing import get_args

import jinja2
from aiohttp import web
from yarl import URL

from alerts.alert import Language
from listener.web.guard import Guard
from listener.web.scenes import Facts, Scene
from listener.web.status import Site
from listener.web.words import Words


@dataclass(frozen=True)
class Reader:
    """For whom it is: the language, and what keeps it in a link when it is not the daemon's own choice."""

    language: Language
    keep: str


def _address(path: str, keep: str, **query: object) -> str:
    """A path of ours with what is asked there; what is empty is left out."""
    return str(URL(f"{path}{keep}").update_query({name: str(each) for name, each in query.items() if each}))


def _tongues(request: web.Request) -> dict[str, str]:
    """Where the same stands in each language."""
    return {language: str(request.rel_url.update_query(lang=language)) for language in get_args(Language)}


class Printer:
    """Renders templates, with every word escaped. Forms are signed by `guard`."""

    def __init__(self, site: Site, guard: Guard) -> None:
        self._site, self._turn = site, asyncio.Lock()
        self._templates = jinja2.Environment(
            loader=jinja2.PackageLoader("listener.web"),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.globals.update(signed=guard.form_token, address=_address)

    def reader(self, request: web.Request) -> Reader:
        """Who asks: the language of the query, else that of the daemon."""
        chosen = request.query.get("lang", "")
        language: Language = "fr" if chosen == "fr" else "en" if chosen == "en" else self._site.settings().language
        return Reader(language=language, keep=f"?lang={language}" if chosen == language else "")

    async def panels(self, scene: Scene, facts: Facts, reader: Reader) -> dict[str, str]:
        """The HTML inside each panel of a scene."""
        async with self._turn:  # each thread that works keeps the loop waiting for Python's lock
            return await asyncio.to_thread(self._panels, scene, {**self._common(reader), **facts})

    async def scene(self, request: web.Request, scene: Scene, facts: Facts) -> web.Response:
        """The page of a scene as it is now. Its script asks for what comes at the path of the page, `events` added."""
        events = request.rel_url.with_path(f"{request.path.rstrip('/')}/events").with_query(request.query)
        shown: Facts = {
            **facts,
            "panels": await self.panels(scene, facts, self.reader(request)),
            "scene": scene.name,
            "events": str(events),
        }
        return self.page(request, f"{scene.name}.html", shown)

    def page(self, request: web.Request, template: str, shown: Facts, *, status: int = 200) -> web.Response:
        """A whole page of a template and what it shows."""
        common = {"tongues": _tongues(request), "refresh": "", "events": "", **self._common(self.reader(request))}
        html = self._templates.get_template(template).render({**common, **shown})
        return web.Response(text=html, content_type="text/html", status=status)

    def alone(self, template: str, words: Words, shown: Facts) -> str:
        """A page that stands for itself, in the language and the times of `words`."""
        return self._templates.get_template(template).render(words=words, t=words.text, **shown)

    def _panels(self, scene: Scene, shown: Facts) -> dict[str, str]:
        return {
            name: self._templates.get_template(f"{scene.name}/{name}.html").render(shown).strip()
            for name in scene.panels
        }

    def _common(self, reader: Reader) -> Facts:
        words = Words(reader.language, self._site.settings().time_zone, self._site.now())
        return {"words": words, "t": words.text, "status": self._site.status, "keep": reader.keep}
