"""The page people read: what is open, what is heard, what is said. Reading changes nothing; acting is a POST."""

from collections.abc import Mapping
from importlib.resources import files

import jinja2
from aiohttp import web

from alerts.alert import Language
from alerts.safe import host_of, safe_link
from listener.store.port import IncidentRow, StoredMention
from listener.web.guard import Guard
from listener.web.status import RuleStatus, Site
from listener.web.words import ENGLISH, Words
from rules.instant import Instant, instant
from rules.text import defuse, shorten
from rules.transition import Transition

LISTED = 20
SORTED = 500
"""Of so many mentions taken last, those written last are listed: a first reading brings old ones in any order."""
LONGEST_NAME = 80
QUOTED = 280

_STYLE = files("listener.web").joinpath("style.css").read_text(encoding="utf-8")


def _link(url: str | None) -> dict[str, str] | None:
    """Where a link leads, and its host to be shown; None unless it is plain http(s)."""
    safe = safe_link(url)
    return {"url": safe, "host": host_of(safe)} if safe else None


def _written(stored: StoredMention) -> Instant:
    """When a mention was written, as far as that is known and can be true; else when it was taken."""
    created = instant(stored.mention.created_at) if stored.mention.created_at else -1
    return created if 0 <= created < stored.at else stored.at


def _quote(stored: StoredMention) -> dict[str, object]:
    """A mention as it may be shown; every word in it is a stranger's."""
    mention = stored.mention
    author = mention.author.handle or mention.author.name or ""
    tones = {tone.label for tone in stored.tones.values()}
    spoken = [tone.language for tone in stored.tones.values() if tone.language]
    return {
        "at": _written(stored),
        "brands": sorted(stored.facts),
        "source": mention.source,
        "title": shorten(defuse(mention.title or ""), QUOTED) if mention.title else "",
        "text": shorten(defuse(mention.text), QUOTED) if mention.text else "",
        "author": shorten(defuse(author), LONGEST_NAME) if author else "",
        "tones": sorted(tones),
        "language": next(iter(spoken), None),
        "link": _link(mention.url),
        "deleted": stored.deleted,
        "roles": [],
    }


def _next_page(wanted: str) -> str:
    """A path of ours: never another site, however it is written."""
    own = wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and wanted.isprintable()
    return wanted if own else "/"


async def _form(request: web.Request) -> Mapping[str, object]:
    try:
        return await request.post()
    except (ValueError, LookupError) as error:
        raise web.HTTPBadRequest(text="bad_form") from error


class Pages:
    """Handlers of the pages. `guard` signs what must come back unchanged."""

    def __init__(self, site: Site, guard: Guard) -> None:
        self._site, self._guard = site, guard
        self._templates = jinja2.Environment(
            loader=jinja2.PackageLoader("listener.web"),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    async def home(self, request: web.Request) -> web.Response:
        views = self._site.views
        rows = await views.incidents(limit=LISTED)
        still_open = await views.incidents(open_only=True, limit=LISTED)
        sources = self._site.status.sources()
        taken = await views.mentions(limit=SORTED)
        latest = sorted(taken, key=lambda stored: (_written(stored), stored.at), reverse=True)[:LISTED]
        return self._page(
            request,
            "home.html",
            refresh="30",
            open=[(row, await self._last_step(row)) for row in still_open],
            closed=[row for row in rows if row.state == "resolved"],
            brands=self._site.status.brands(),
            sources=sources,
            blind=[source for source in sources if source.state not in {"live", "starting"}],
            heard=[source for source in sources if source.state == "live"],
            all_heard=bool(sources) and all((each.state, each.code) == ("live", "") for each in sources),
            present=self._present(),
            mentions=[_quote(stored) for stored in latest],
            parked=await self._parked(),
        )

    async def incident(self, request: web.Request) -> web.Response:
        row = await self._row(request)
        steps = [step async for step in self._site.views.transitions(row.id)]
        said = steps[-1].evidence.mentions if steps else {}
        asked = request.query.get("asked", "")
        answer = await self._site.views.answer(int(asked)) if asked.isdecimal() and len(asked) < 10 else None
        pending = bool(asked) and answer is None
        return self._page(
            request,
            "incident.html",
            refresh="2" if pending else "",
            row=row,
            steps=steps,
            quotes=await self._quotes(said),
            deliveries=await self._site.views.deliveries(thread=row.id),
            pending=pending,
            answer=answer,
            present=self._present().get((row.brand, row.rule)) if row.state != "resolved" else None,
            may_ack=row.state != "resolved" and not row.acknowledged_by and not pending,
            form=self._guard.form_token(f"ack {row.id}"),
        )

    async def acknowledge(self, request: web.Request) -> web.Response:
        """Leaves a command for the writer, whoever that is and whether or not it runs right now."""
        row = await self._row(request)
        form = await _form(request)
        if not self._guard.is_own_form(str(form.get("form", "")), f"ack {row.id}"):
            raise web.HTTPForbidden(text="old_form")
        name = shorten(defuse(str(form.get("by", ""))) or "?", LONGEST_NAME)
        command = await self._site.views.ask("ack", row.id, name, self._site.now())
        here = request.rel_url.with_path(f"/i/{row.number}").update_query(asked=str(command))
        raise web.HTTPSeeOther(here)

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
            response = self._page(request, "problem.html", status=status, problem=text, detail=detail)
        else:
            words = f"{ENGLISH[text]} {ENGLISH.get(detail, detail)}".strip()
            response = web.Response(text=f"{words}\n", status=status)
        for name in ("Allow", "Retry-After", "WWW-Authenticate"):
            if like is not None and name in like.headers:
                response.headers[name] = like.headers[name]
        return response

    def _login(self, request: web.Request, wanted: str, *, trouble: str = "", status: int = 200) -> web.Response:
        return self._page(request, "login.html", status=status, next=_next_page(wanted), trouble=trouble)

    def _page(self, request: web.Request, template: str, *, status: int = 200, **facts: object) -> web.Response:
        settings = self._site.settings()
        chosen = request.query.get("lang", "")
        language: Language = "fr" if chosen == "fr" else "en" if chosen == "en" else settings.language
        html = self._templates.get_template(template).render(
            words=Words(language, settings.time_zone, self._site.now()),
            status=self._site.status,
            keep=f"?lang={language}" if chosen == language else "",
            path=request.path,
            **{"refresh": "", **facts},
        )
        return web.Response(text=html, content_type="text/html", status=status)

    async def _row(self, request: web.Request) -> IncidentRow:
        row = await self._site.views.incident(request.match_info["number"])
        if row is None:
            raise web.HTTPNotFound
        return row

    async def _last_step(self, row: IncidentRow) -> Transition | None:
        return await self._site.views.transition(f"{row.id}.{row.steps - 1}")

    def _present(self) -> dict[tuple[str, str], RuleStatus]:
        """What each rule counts now, by brand and rule."""
        return {(brand.name, rule.rule): rule for brand in self._site.status.brands() for rule in brand.rules}

    async def _quotes(self, said: Mapping[str, str]) -> list[dict[str, object]]:
        """The mentions of an incident, each with the roles it was chosen for: first, largest, latest."""
        if not said:
            return []
        found = await self._site.views.mentions(identities=sorted(set(said.values())), limit=LISTED)
        by_identity = {stored.mention.identity: stored for stored in found}
        return [
            {**_quote(by_identity[identity]), "roles": [role for role, other in said.items() if other == identity]}
            for identity in dict.fromkeys(said.values())
            if identity in by_identity
        ]

    async def _parked(self) -> list[tuple[object, IncidentRow | None]]:
        views = self._site.views
        parked = await views.deliveries(state="parked", limit=LISTED)
        return [(row, await views.incident(row.thread) if row.transition else None) for row in parked]
