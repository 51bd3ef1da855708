"""The page people read: what is open, what is heard, what is said. Reading changes nothing; acting is a POST."""

from collections.abc import Mapping
from importlib.resources import files
from typing import NoReturn

from aiohttp import web

from listener.pipeline.acting import answer
from listener.store.marks import LABELS, Wish
from listener.store.port import IncidentRow
from listener.web.guard import Guard
from listener.web.live import Limits, Live
from listener.web.printer import Printer
from listener.web.scenes import ENDINGS, LONGEST_NAME, QUOTED, Home, OneIncident
from listener.web.status import Site
from listener.web.words import ENGLISH
from rules.text import defuse, shorten
from rules.transition import Ending

_FILES = files("listener.web")
_STYLE = _FILES.joinpath("style.css").read_text(encoding="utf-8")
_SCRIPT = _FILES.joinpath("live.js").read_text(encoding="utf-8")


def _next_page(wanted: str) -> str:
    """A path of ours: never another site, however it is written."""
    own = wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and wanted.isprintable()
    return wanted if own else "/"


async def _form(request: web.Request) -> Mapping[str, object]:
    try:
        return await request.post()
    except (ValueError, LookupError) as error:
        raise web.HTTPBadRequest(text="bad_form") from error


def _incident_of(request: web.Request) -> OneIncident:
    asked = request.query.get("asked", "")
    is_number = asked.isascii() and asked.isdecimal() and len(asked) < 10
    return OneIncident(number=request.match_info["number"], asked=asked if is_number else "")


def _home_of(request: web.Request) -> Home:
    page = request.query.get("page", "")
    is_number = page.isascii() and page.isdecimal() and len(page) < 10
    wanted = shorten(defuse(request.query.get("brand", "")), LONGEST_NAME)
    return Home(wanted=wanted, page=max(1, int(page)) if is_number else 1)


class Pages:
    """Handlers of the pages. `guard` signs what must come back unchanged; `live` tells open pages what changed."""

    def __init__(self, site: Site, guard: Guard, limits: Limits) -> None:
        self._site, self._guard = site, guard
        self.printer = Printer(site, guard)
        self._patience = limits.answer
        self.live = Live(site, guard, self.printer, limits)

    async def home(self, request: web.Request) -> web.Response:
        scene = _home_of(request)
        return await self.printer.scene(request, scene, await scene.read(self._site))

    async def incident(self, request: web.Request) -> web.Response:
        scene = _incident_of(request)
        return await self.printer.scene(request, scene, await scene.read(self._site))

    async def home_events(self, request: web.Request) -> web.StreamResponse:
        return await self.live.stream(request, _home_of(request))

    async def incident_events(self, request: web.Request) -> web.StreamResponse:
        return await self.live.stream(request, _incident_of(request))

    async def acknowledge(self, request: web.Request) -> web.Response:
        """Leaves a command for the writer, whoever that is and whether or not it runs right now."""
        row = await self._row(request)
        form = await self._signed(request, f"ack {row.id}")
        await self._ask(request, row, "ack", form)

    async def resolve(self, request: web.Request) -> web.Response:
        """The same for the end of an incident, or for what one was that is over."""
        row = await self._row(request)
        form = await self._signed(request, f"resolve {row.id}")
        ending = next((each for each in ENDINGS if each == form.get("ending")), None)
        if ending is None:
            raise web.HTTPBadRequest(text="bad_form")
        await self._ask(request, row, "resolve", form, ending)

    async def _signed(self, request: web.Request, purpose: str) -> Mapping[str, str]:
        form = {name: str(value) for name, value in (await _form(request)).items()}
        if not self._guard.is_own_form(form.get("form", ""), purpose):
            raise web.HTTPForbidden(text="old_form")
        return form

    async def _ask(
        self, request: web.Request, row: IncidentRow, verb: str, form: Mapping[str, str], ending: Ending | None = None
    ) -> NoReturn:
        name = shorten(defuse(form.get("by", "")) or "?", LONGEST_NAME)
        because = shorten(defuse(form.get("because", "")), QUOTED) or None
        command = await self._site.views.ask(verb, row.id, name, self._site.now(), because, ending=ending)
        here = request.rel_url.with_path(f"/i/{row.number}").update_query(asked=str(command))
        raise web.HTTPSeeOther(here)

    async def label(self, request: web.Request) -> web.Response:
        """Leaves a command that says what the tone of a mention is, and waits a moment for it to be carried out."""
        form = {name: str(value) for name, value in (await _form(request)).items()}
        identity, brand, said = (form.get(name, "") for name in ("mention", "brand", "label"))
        if not self._guard.is_own_form(form.get("form", ""), f"label {brand} {identity}"):
            raise web.HTTPForbidden(text="old_form")
        label = next((each for each in LABELS if each == said), None)
        if label is None and said != "none":
            raise web.HTTPBadRequest(text="bad_form")
        site = self._site
        wishes = [(identity, Wish(brand=brand, label=label))]
        command = await site.views.ask_labels(wishes, "page", site.now())
        if refusal := await self._refusal(command):
            raise web.HTTPConflict(text=refusal)
        raise web.HTTPSeeOther(_next_page(form.get("back", "/")))

    async def _refusal(self, command: int) -> str:
        """What the daemon says against a command, "" where it carries it out or takes its time."""
        answered = await answer(self._site.views, command, self._site.news.wait, self._patience)
        return answered.refusal if answered else ""

    async def login_form(self, request: web.Request) -> web.Response:
        return self._login(request, request.query.get("next", "/"))

    async def login(self, request: web.Request) -> web.Response:
        """Trades the token for a session cookie."""
        form = await _form(request)
        wanted = str(form.get("next", "/"))
        if not self._guard.may_try(request):
            return self._login(request, wanted, trouble="too_many", status=429)
        if not self._guard.takes_token(request, str(form.get("token", ""))):
            return self._login(request, wanted, trouble="wrong_token", status=403)
        response = web.Response(status=303, headers={"Location": _next_page(wanted)})
        self._guard.open_session(response)
        return response

    async def style(self, _request: web.Request) -> web.Response:
        return web.Response(text=_STYLE, content_type="text/css")

    async def script(self, _request: web.Request) -> web.Response:
        return web.Response(text=_SCRIPT, content_type="text/javascript")

    def refused(self, request: web.Request, refused: web.HTTPException) -> web.Response:
        """An error as its reader expects it: a page for a browser, a line for a program. Its text may be a word of the
        page.
        """
        text = "not_found" if isinstance(refused, web.HTTPNotFound) else "refused"
        detail = "" if text == "not_found" else (refused.text or "")
        return self._problem(request, text, detail, status=refused.status, like=refused)

    def store_away(self, request: web.Request, detail: str) -> web.Response:
        """The data cannot be read at the moment."""
        return self._problem(request, "store_away", detail, status=503)

    def _problem(
        self, request: web.Request, text: str, detail: str, *, status: int, like: web.HTTPException | None = None
    ) -> web.Response:
        detail = self._site.hide(detail)
        if "text/html" in request.headers.get("Accept", ""):
            response = self.printer.page(request, "problem.html", {"problem": text, "detail": detail}, status=status)
        else:
            words = f"{ENGLISH[text]} {ENGLISH.get(detail, detail)}".strip()
            response = web.Response(text=f"{words}\n", status=status)
        for name in ("Allow", "Retry-After", "WWW-Authenticate"):
            if like is not None and name in like.headers:
                response.headers[name] = like.headers[name]
        return response

    def _login(self, request: web.Request, wanted: str, *, trouble: str = "", status: int = 200) -> web.Response:
        return self.printer.page(request, "login.html", {"next": _next_page(wanted), "trouble": trouble}, status=status)

    async def _row(self, request: web.Request) -> IncidentRow:
        row = await self._site.views.incident(request.match_info["number"])
        if row is None:
            raise web.HTTPNotFound
        return row
