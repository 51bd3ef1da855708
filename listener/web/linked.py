"""The page behind a link in a message: that one incident, for whom the message was. Looking changes nothing."""

from base64 import b64encode
from functools import partial
from hashlib import sha256
from importlib.resources import files
from typing import get_args

from aiohttp import web

from alerts.acts import Act, Press
from alerts.answers import offered, question
from alerts.links import Link
from alerts.safe import masked
from alerts.silence import Silence
from listener.pipeline.acting import answer, quiet_for_an_hour
from listener.store.port import IncidentRow
from listener.web.guard import Guard
from listener.web.link_words import LINK_WORDS
from listener.web.printer import Printer
from listener.web.scenes import LONGEST_NAME, Facts, OneIncident
from listener.web.status import Recipient, Site
from listener.web.words import Words
from rules.text import defuse, shorten

_STYLE = files("listener.web").joinpath("link.css").read_text(encoding="utf-8").strip()
_DIGEST = b64encode(sha256(_STYLE.encode()).digest()).decode()
_HEADERS = {
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_DIGEST}'; form-action 'self';"
    " base-uri 'none'; frame-ancestors 'none'",
    # the address is a secret, that no other site may learn
    "Referrer-Policy": "no-referrer",
}
_PRESSES: tuple[Press, ...] = tuple(press for each in get_args(Press) for press in get_args(each) or (each,))


class Linked:
    """GET and HEAD show, for mail scanners and previews follow links; a POST acts, in the name of who was sent it."""

    def __init__(self, site: Site, guard: Guard, printer: Printer, patience: float) -> None:
        self._site, self._guard, self._printer, self._patience = site, guard, printer, patience

    async def show(self, request: web.Request) -> web.Response:
        link, who = self._opened(request)
        if link.until <= self._site.now():
            return self._page(who, {"expired": link.until, "number": link.number}, status=410)
        return self._page(who, await self._facts(request, link, who))

    async def act(self, request: web.Request) -> web.Response:
        """Leaves a command for the writer; back at the page one sees what came of it."""
        link, who = self._opened(request)
        if link.until <= self._site.now():
            return self._page(who, {"expired": link.until, "number": link.number}, status=410)
        row, form = await self._row(link, who), await self._form(request)
        press = next((each for each in _PRESSES if each == form.get("act")), None)
        if press is None or not self._guard.is_own_form(form.get("form", ""), self._purpose(request)):
            raise web.HTTPForbidden(text="old_form")
        by = shorten(defuse(form.get("by", "")), LONGEST_NAME)
        wish = Act.pressed(press, row.id, by or who.label)
        if wish.verb == "question":
            asked = question(who.language)
            shown = {**await self._facts(request, link, who), "asks": asked.words, "choices": asked.choices, "by": by}
            return self._page(who, shown)
        if refusal := await self._ask(wish, row):
            shown = {**await self._facts(request, link, who), "refusal": refusal}
            return self._page(who, shown, status=409)
        raise web.HTTPSeeOther(request.path)

    def _opened(self, request: web.Request) -> tuple[Link, Recipient]:
        """The link and whom it was sent to. Raises HTTPNotFound for all that is no link, or of nobody any more."""
        settings = self._site.settings()
        link = self._site.links.read(request.match_info["token"]) if settings.external_url else None
        who = settings.recipients.get(link.mark) if link else None
        if not self._guard.takes_link(request, genuine=who is not None):
            raise web.HTTPTooManyRequests(text="too_many", headers={"Retry-After": "60"})
        if link is None or who is None:
            raise web.HTTPNotFound
        return link, who

    async def _row(self, link: Link, who: Recipient) -> IncidentRow:
        row = await self._site.views.incident(str(link.number))
        if row is None or (who.only is not None and row.brand not in who.only):
            raise web.HTTPNotFound
        return row

    async def _form(self, request: web.Request) -> dict[str, str]:
        try:
            return {name: str(value) for name, value in (await request.post()).items()}
        except (ValueError, LookupError) as error:
            raise web.HTTPBadRequest(text="bad_form") from error

    async def _ask(self, act: Act, row: IncidentRow) -> str:
        """Why it was refused, "" when it is done or will be."""
        views, now = self._site.views, self._site.now()
        if act.verb == "silence":
            because = "asked for on the page behind a link"
            command = await views.ask_silence(quiet_for_an_hour(row), because, act.by, now)
        else:
            command = await views.ask(act.verb, act.incident, act.by, now, act.because, ending=act.ending)
        answered = await answer(self._site.views, command, self._site.news.wait, self._patience)
        return answered.refusal if answered else ""

    async def _facts(self, request: web.Request, link: Link, who: Recipient) -> Facts:
        row = await self._row(link, who)
        facts = await OneIncident(number=row.id).read(self._site)
        over, taken = row.state == "resolved", bool(row.acknowledged_by)
        asks, choices = offered(who.language, is_over=over, is_taken=taken, is_judged=bool(row.ending))
        return {
            **facts,
            "over": over,
            "quiet": None if over else await self._silence(row),
            "asks": asks,
            "choices": choices,
            "by": "",
            "form": self._guard.form_token(self._purpose(request)),
            "masked": partial(masked, language=who.language),
            "until": link.until,
            "path": request.path,
            "refusal": "",
        }

    async def _silence(self, row: IncidentRow) -> Silence | None:
        """The one of the incident alone that ends last."""
        now, silences = self._site.now(), await self._site.views.silences()
        mine = [each for each, _ in silences if each.what.incident == row.id and each.at <= now < each.until]
        return max(mine, key=lambda each: each.until, default=None)

    def _purpose(self, request: web.Request) -> str:
        return f"link {request.match_info['token']}"

    def _page(self, who: Recipient, shown: Facts, *, status: int = 200) -> web.Response:
        words = Words(who.language, who.time_zone, self._site.now())
        common = {"say": LINK_WORDS[who.language], "style": _STYLE, "expired": None}
        html = self._printer.alone("link.html", words, {**common, **shown})
        return web.Response(text=html, content_type="text/html", status=status, headers=_HEADERS)
