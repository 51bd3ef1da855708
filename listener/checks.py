"""What is wrong with a valid configuration once one knows what queries, rules and channels mean."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from alerts.alert import Language
from alerts.typography import NO_BREAK as NB
from config.load import Catalogs, Loaded, by_place, load, survey
from config.model import format_duration
from config.problems import ConfigError, Problem
from config.settings import Component, Settings
from listener.agenda.checking import check_calendar
from listener.asking import unasked, with_asked
from listener.checking.digest import check_digests
from listener.checking.playbooks import check_answers, check_playbooks
from listener.checking.routes import check_routes
from listener.checking.templates import check_templates
from listener.checking.watch import check_watch
from listener.checking.words import check_words
from listener.detection import is_missing
from listener.net.guard import is_inside
from listener.queries import sound_queries
from rules.instant import Instant, moment
from rules.rule import RuleOptions

_GRID = timedelta(seconds=10)
_WATCHED_LONG = timedelta(days=90)
_WATCHED: dict[Language, dict[str, str]] = {
    "en": {
        "past": "{day} is over: nothing is held back any more, and alerts ring",
        "past_hint": "take it out, or write a day to come",
        "far": "until {day} only critical alerts ring: that is more than three months",
        "far_hint": "meant? else write a day within the next weeks",
    },
    "fr": {
        "past": f"le {{day}} est passé{NB}: plus rien n’est retenu, les alertes sonnent",
        "past_hint": "retirez-le, ou écrivez un jour à venir",
        "far": f"jusqu’au {{day}}, seules les alertes critiques sonnent{NB}: c’est plus de trois mois",
        "far_hint": f"voulu{NB}? sinon, écrivez un jour des prochaines semaines",
    },
}


def examine(
    path: Path,
    catalogs: Catalogs,
    environ: Mapping[str, str] | None = None,
    *,
    elsewhere_is_fine: bool = False,
    now: Instant | None = None,
) -> tuple[Loaded | None, list[Problem]]:
    """The configuration in `path`, None when it is none, and every problem in the order of their places. See `load` for
    `elsewhere_is_fine`; without `now`, no day in it is called past.
    """
    loaded, problems = survey(path, catalogs, environ, elsewhere_is_fine=elsewhere_is_fine)
    loaded = replace(loaded, made=tuple(sound_queries(loaded.settings)))
    loaded = with_asked(loaded, catalogs, now)
    problems = [*problems, *check(loaded, catalogs)]
    if now is not None:
        today = moment(now).astimezone(ZoneInfo(loaded.settings.daemon.time_zone)).date()
        problems += [*check_watches(loaded, today), *check_answers(loaded, today)]
    found = by_place(problems, loaded.document)
    return None if loaded.flawed else loaded, found


def usable(path: Path, catalogs: Catalogs) -> Settings:
    """The configuration in `path` as the daemon would take it, but for credentials, which nothing that only judges
    needs. Raises ConfigError.
    """
    loaded = with_asked(load(path, catalogs, absent_is_fine=True), catalogs)
    wrong = [problem for problem in check(loaded, catalogs) if problem.level == "error"]
    if wrong:
        raise ConfigError(wrong)
    return loaded.settings


def check(loaded: Loaded, catalogs: Catalogs) -> list[Problem]:
    """Every problem that needs more than the configuration itself, in the order of the sections. Where a section is
    flawed, its valid parts are judged, and nothing is said to be missing.
    """
    first = (_listen, _pageless, _open_links, _detection, _operator, check_words, unasked, _addresses, _calm, _unheard)
    then = (_disturbed, check_routes, _unused)
    last = (check_watch, check_calendar, check_playbooks, check_templates, check_digests)
    return [problem for one in (*first, *then, *last) for problem in one(loaded, catalogs)]


def check_watches(loaded: Loaded, today: date) -> Iterator[Problem]:
    """Brands and rules that are only watched up to a day that is over, or so far away that it must be a slip; in the
    language of the configuration.
    """
    settings = loaded.settings
    texts = _WATCHED[settings.daemon.language]
    days = [(("brands", name, "watch_only"), brand.watch_only) for name, brand in settings.brands.items()]
    for name, rule in settings.rules.items():
        if isinstance(rule.options, RuleOptions):
            days.append((("rules", name, "watch_only"), rule.options.watch_only))
    for keys, day in days:
        if day is not None and day <= today:
            yield loaded.document.problem(keys, texts["past"].format(day=day), texts["past_hint"], warning=True)
        elif day is not None and day - today > _WATCHED_LONG:
            yield loaded.document.problem(keys, texts["far"].format(day=day), texts["far_hint"], warning=True)


def _listen(loaded: Loaded, _: Catalogs) -> Iterator[Problem]:
    daemon, written = loaded.settings.daemon, loaded.document.data.get("daemon")
    unknown = ("daemon", "token") in loaded.document.absent or loaded.document.is_incomplete
    unknown = unknown or (daemon.token is None and isinstance(written, dict) and written.get("token") is not None)
    if not daemon.is_local and not daemon.token and not unknown:
        hint = "set daemon.token: !secret file:/path, or listen on 127.0.0.1"
        yield loaded.document.problem(("daemon", "listen"), "others can reach this address without a token", hint)


def _detection(loaded: Loaded, _: Catalogs) -> Iterator[Problem]:
    chosen = loaded.settings.daemon.detection
    if is_missing(chosen):
        hint = "install badbuzz[language], or write built-in"
        yield loaded.document.problem(("daemon", "detection"), f"{chosen} is not installed", hint)


def _operator(loaded: Loaded, _: Catalogs) -> Iterator[Problem]:
    if not loaded.settings.operator.to and "operator" not in loaded.flawed:
        message = "nobody is told when an alert cannot be delivered or a source needs a person"
        yield loaded.document.problem(("operator",), message, "operator: {to: [name of a channel]}", warning=True)


def _addresses(loaded: Loaded, _: Catalogs) -> Iterator[Problem]:
    """Addresses that are refused whenever they are read, and addresses that two sources read."""
    first: dict[str, str] = {}
    for name, source in loaded.settings.sources.items():
        for number, url in enumerate(getattr(source.options, "urls", ())):
            keys = ("sources", name, "urls", number)
            if not getattr(source.options, "allow_private", False) and is_inside(url):
                message = "a private or reserved address: it will not be read"
                yield loaded.document.problem(keys, message, "meant? add allow_private: true", warning=True)
            if first.setdefault(url, name) != name:
                message, hint = f"source '{first[url]}' reads this address too", "read it in one of them"
                yield loaded.document.problem(keys, message, hint, warning=True)


def _calm(loaded: Loaded, _: Catalogs) -> Iterator[Problem]:
    """Not in the options themselves: what a store's log says of a rule must be read, whatever was allowed then."""
    for name, rule in loaded.settings.rules.items():
        if isinstance(rule.options, RuleOptions) and rule.options.calm_for < _GRID:
            message = f"must be at least {format_duration(_GRID)}: that is how often badbuzz looks"
            yield loaded.document.problem(("rules", name, "calm_for"), message)


def _unheard(loaded: Loaded, _: Catalogs) -> Iterator[Problem]:
    settings = loaded.settings
    if not (settings.rules or "rules" in loaded.flawed):
        hint = "rules: {bad-buzz: {kind: spike}}"
        yield loaded.document.problem(("rules",), "no rule: badbuzz listens, and never alerts", hint, warning=True)
    for name in settings.brands:
        if not (_serving(settings.sources, name) or loaded.lacks("sources")):
            message = "no source listens for this brand"
            yield loaded.document.problem(("brands", name), message, "add it to a source's brands", warning=True)
        if settings.rules and not (_serving(settings.rules, name) or "rules" in loaded.flawed):
            message = "no rule watches this brand"
            yield loaded.document.problem(("brands", name), message, "add it to a rule's brands", warning=True)


def _told(settings: Settings) -> set[str]:
    """The channels to which some route leads."""
    return {channel for route in settings.routes for name in route.to for channel in settings.reached_by(name)}


def _serving(components: dict[str, Component], brand: str) -> list[str]:
    def serves(component: Component) -> bool:
        brands = getattr(component.options, "brands", None)
        return brands is None or brand in brands

    return [name for name, component in components.items() if serves(component)]


def _disturbed(loaded: Loaded, catalogs: Catalogs) -> Iterator[Problem]:
    """What comes every few minutes is for programs."""
    settings = loaded.settings
    for number, name in enumerate(settings.canary.to if settings.canary else ()):
        channel = settings.channels.get(name)
        if channel and catalogs.channels.spec(channel.kind).people:
            message = f"people read '{name}': each canary would disturb them"
            hint = "name a channel of a program, such as a webhook, or leave `to` out"
            yield loaded.document.problem(("canary", "to", number), message, hint, warning=True)


def _pageless(loaded: Loaded, catalogs: Catalogs) -> Iterator[Problem]:
    """Whoever reads an alert elsewhere should be able to take the incident from there."""
    settings, keys = loaded.settings, ("daemon", "external_url")
    told = _told(settings)
    channels = [(channel, catalogs.channels.spec(channel.kind)) for channel in settings.channels.values()]
    read = [(channel, spec) for channel, spec in channels if channel.name in told and spec.people]
    answered = any(spec.ack and spec.answerable(channel.options) for channel, spec in read)
    unknown = keys in loaded.document.absent or "daemon" in loaded.flawed or loaded.document.is_incomplete
    if settings.daemon.external_url or unknown or answered or not read:
        return
    message = "alerts carry no link: nobody can take an incident from the phone"
    hint = "external_url: https://badbuzz.example.org, where the page is reached from outside"
    yield loaded.document.problem(keys, message, hint, warning=True)


def _open_links(loaded: Loaded, _: Catalogs) -> Iterator[Problem]:
    """Who reads a link on its way can act like whom it was sent to."""
    address = loaded.settings.daemon.external_url or ""
    if address.startswith("http://") and not is_inside(address):
        message = "links into incidents travel in the clear: who sees one can press its buttons"
        hint = "write https://, and let a reverse proxy encrypt"
        yield loaded.document.problem(("daemon", "external_url"), message, hint, warning=True)


def _unused(loaded: Loaded, _: Catalogs) -> Iterator[Problem]:
    settings = loaded.settings
    reading = {name for plan in settings.digest for each in plan.to for name in settings.reached_by(each)}
    used = _told(settings) | set(settings.operator.to) | reading
    for name in settings.channels:
        if name not in used and not loaded.flawed & {"routes", "operator"}:
            keys, message = ("channels", name), "no route leads to this channel"
            yield loaded.document.problem(keys, message, f"routes: - {{to: [{name}]}}", warning=True)
    for section in ("sources", "rules"):
        for name, component in getattr(settings, section).items():
            if getattr(component.options, "brands", None) == ():
                yield loaded.document.problem((section, name, "brands"), "for no brand: it does nothing", warning=True)
