"""`badbuzz init`: a short configuration to start from."""

import os
import re
import secrets
import sys
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Annotated, TypeVar
from zoneinfo import ZoneInfo, available_timezones

import typer
from pydantic import ValidationError

from alerts.typography import NO_BREAK as NB
from config.model import LONGEST_LABEL
from config.model import time_zone as known_zone
from config.problems import closest
from config.values import Language
from listener.catalogs import CATALOGS
from listener.checks import examine
from listener.cli.ask import ask, refuse_to_ask_nobody
from listener.cli.files import create, draft, drop_secret, keep_secret
from listener.cli.terminal import say
from listener.clock import Clock
from rules.instant import moment
from rules.query.compiled import compile_query
from rules.query.errors import QueryError
from rules.text import defuse, shorten

T = TypeVar("T")

WATCHED = timedelta(days=7)
"""How long a new brand is only watched."""
_YES, _NO = {"y", "yes", "o", "oui"}, {"n", "no", "non"}

_LANGUAGES: Mapping[str, Language] = {
    **dict.fromkeys(("fr", "french", "français", "francais"), "fr"),
    **dict.fromkeys(("en", "english", "anglais"), "en"),
}
_ENGLISH = {
    "brand": "Brand to watch",
    "no_brand": "a name has letters or digits",
    "time_zone": "Time zone",
    "no_time_zone": "no such time zone: write it like {example}",
    "about_feed": "A feed is the address at which a site lists its latest articles for programs. Look for “RSS” on the "
    "site; Google Alerts gives one for any search.",
    "feed": "Address of a feed (RSS, Atom or JSON) to read",
    "no_feed": "that is no web address: write it like https://example.org/feed.xml",
    "phone": "ntfy topic of a phone",
    "no_phone": "a topic is 1 to 64 letters, digits, - or _, without the server’s address",
    "watch": "Only watch at first, for {days} days: what is critical rings, of all else you hear once a day",
    "yes": "yes",
    "no_watch": "yes or no",
    "written": "{path} written; next: badbuzz check {path}, then badbuzz run {path}",
    "subscribe": "alerts go to the ntfy topic '{phone}' on {server}: subscribe to it on the phone",
}
_FRENCH = {
    "brand": "Marque à suivre",
    "no_brand": "un nom a des lettres ou des chiffres",
    "time_zone": "Fuseau horaire",
    "no_time_zone": f"ce fuseau n’existe pas{NB}: écrivez-le comme {{example}}",
    "about_feed": "Un flux est l’adresse où un site liste ses derniers articles pour les programmes. Cherchez "
    f"«{NB}RSS{NB}» sur le site{NB}; Google Alertes en donne un pour toute recherche.",
    "feed": "Adresse d’un flux (RSS, Atom ou JSON) à lire",
    "no_feed": f"ce n’est pas une adresse web{NB}: écrivez-la comme https://example.org/feed.xml",
    "phone": "Sujet ntfy d’un téléphone",
    "no_phone": "un sujet a de 1 à 64 lettres, chiffres, - ou _, sans l’adresse du serveur",
    "watch": f"Observer d’abord, {{days}}{NB}jours{NB}: seul le critique sonne, et une fois par jour vous apprenez ce "
    "qui aurait sonné",
    "yes": "oui",
    "no_watch": "oui ou non",
    "written": f"{{path}} est écrit. Ensuite{NB}: badbuzz check {{path}}, puis badbuzz run {{path}}",
    "subscribe": f"les alertes vont au sujet ntfy «{NB}{{phone}}{NB}» de {{server}}{NB}: abonnez-y le téléphone",
}
_NO_LANGUAGE = (
    "alerts are written in English or French, whatever language people talk in: write en or fr / les alertes sont en "
    f"anglais ou en français, quelle que soit la langue des mentions{NB}: écrivez en ou fr"
)
_WORDS: Mapping[Language, Mapping[str, str]] = {"en": _ENGLISH, "fr": _FRENCH}


def command(
    path: Annotated[Path, typer.Argument(help="Where to write; an existing file is never touched.")] = Path(
        "badbuzz.yaml"
    ),
    brand: Annotated[str | None, typer.Option(help="Name of what is watched.")] = None,
    language: Annotated[str | None, typer.Option(help="Language of alerts and of the comments: fr or en.")] = None,
    time_zone: Annotated[str | None, typer.Option(help="Time zone of alerts, such as Europe/Paris.")] = None,
    feed: Annotated[str | None, typer.Option(help="Address of a feed to read.")] = None,
    phone: Annotated[str | None, typer.Option(help="ntfy topic that a phone is subscribed to.")] = None,
    server: Annotated[str, typer.Option(help="ntfy server of that topic.")] = "https://ntfy.sh",
    watch: Annotated[
        bool | None, typer.Option("--watch-only/--no-watch-only", help="Whether only what is critical rings at first.")
    ] = None,
) -> None:
    """Write a short, commented configuration to start from; asks for what the options do not say."""
    if path.exists():
        say(f"{path} exists already and stays as it is; name another file")
        raise typer.Exit(1)
    given = {"language": language, "brand": brand, "time_zone": time_zone, "feed": feed, "phone": phone}
    refuse_to_ask_nobody([_option(key) for key, value in given.items() if not value])
    spoken, answers = _answers({key: value for key, value in given.items() if value})
    only_watched = watch if watch is not None else _is_watched(spoken)
    until = moment(Clock().now()).astimezone(ZoneInfo(answers["time_zone"])).date() + WATCHED
    answers |= {"watch": "" if only_watched else "# ", "until": until.isoformat()}
    secret, watched = keep_secret(path.parent, "phone-topic", answers["phone"]), answers["brand"]
    values = answers | {"name": _slug(watched), "brand": _label(watched), "query": _query(watched), "server": server}
    text = _starter(spoken, values | {"topic_file": secret.relative_to(path.parent).as_posix()})
    if not _publish(path, text):
        drop_secret(secret)
        raise typer.Exit(1)
    say(_WORDS[spoken]["written"].format(path=path))
    say(_WORDS[spoken]["subscribe"].format(phone=answers["phone"], server=server))


@dataclass(frozen=True, kw_only=True)
class _Question:
    """`accept` gives the answer as it is used, or raises ValueError."""

    accept: Callable[[str], str]
    default: Callable[[], str | None] = lambda: None


def _answers(given: Mapping[str, str]) -> tuple[Language, dict[str, str]]:
    """The language, and an answer to every question: the one given, else one asked for. What is given wrong is refused
    before anything is asked.
    """
    language: Language
    if "language" in given:
        language = _accepted("language", given["language"], _language)
    else:
        language = ask("Language / Langue (en, fr)", _language, default=_spoken())
    words = _WORDS[language]
    questions = _questions(words)
    answers = {key: _accepted(key, given[key], one.accept) for key, one in questions.items() if key in given}
    for key, question in questions.items():
        if key in answers:
            continue
        if f"about_{key}" in words:
            say(words[f"about_{key}"])
        colon = f"{NB}: " if language == "fr" else ": "
        answers[key] = ask(words[key], question.accept, default=question.default(), colon=colon)
    return language, answers


def _is_watched(language: Language) -> bool:
    """Whether it is to be watched only; so it is where nobody can be asked."""
    words = _WORDS[language]

    def accept(answer: str) -> bool:
        if answer.casefold() not in _YES | _NO:
            raise ValueError(words["no_watch"])
        return answer.casefold() in _YES

    if not sys.stdin.isatty():
        return True
    colon = f"{NB}: " if language == "fr" else ": "
    return ask(words["watch"].format(days=WATCHED.days), accept, default=words["yes"], colon=colon)


def _questions(words: Mapping[str, str]) -> dict[str, _Question]:
    def fits(role: str, kind: str, no: str, key: str, **others: str) -> Callable[[str], str]:
        def accept(answer: str) -> str:
            try:
                getattr(CATALOGS, role).spec(kind).options.model_validate({key: answer, **others})
            except ValidationError:
                raise ValueError(words[no]) from None
            return answer

        return accept

    def brand(answer: str) -> str:
        try:
            compile_query(_query(answer))
        except QueryError:
            raise ValueError(words["no_brand"]) from None
        return answer

    def zone(answer: str) -> str:
        try:
            return known_zone(answer)
        except ValueError:
            example = closest(answer, available_timezones()) or "Europe/Paris"
            raise ValueError(words["no_time_zone"].format(example=example)) from None

    topic = fits("channels", "ntfy", "no_phone", "topic", server="https://ntfy.sh")
    return {
        "brand": _Question(accept=brand),
        "time_zone": _Question(accept=zone, default=_local_zone),
        "feed": _Question(accept=fits("sources", "feed", "no_feed", "urls")),
        "phone": _Question(accept=topic, default=lambda: f"badbuzz-{secrets.token_hex(6)}"),
    }


def _accepted(key: str, given: str, accept: Callable[[str], T]) -> T:
    try:
        return accept(given)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint=_option(key)) from None


def _option(key: str) -> str:
    return f"--{key.replace('_', '-')}"


def _language(answer: str) -> Language:
    if answer.casefold() not in _LANGUAGES:
        raise ValueError(_NO_LANGUAGE)
    return _LANGUAGES[answer.casefold()]


def _publish(path: Path, text: str) -> bool:
    """Write the file when it is right; say why not otherwise."""
    with draft(path, text) as hidden:
        _, problems = examine(hidden, CATALOGS)
        errors = [problem for problem in problems if problem.level == "error"]
        for problem in errors:
            say(str(problem).replace(str(hidden), str(path)))
    if not errors:
        create(path, text)
    return not errors


def _starter(language: str, values: dict[str, str]) -> str:
    template = files("config").joinpath("examples", f"starter.{language}.yaml").read_text("utf-8")
    return Template(template).substitute({key: _scalar(key, value) for key, value in values.items()})


def _scalar(key: str, value: str) -> str:
    """A value as YAML; plain where that is safe, so that the file reads well."""
    plain = key != "brand" and re.fullmatch(r"[A-Za-z][\w/+-]*(?:://[\w./?=&%~+-]+)?", value)
    if key in {"name", "topic_file", "watch", "until"} or plain:
        return value
    return "'" + value.replace("${", "$${").replace("'", "''") + "'"


def _label(brand: str) -> str:
    return shorten(defuse(brand), LONGEST_LABEL) or "?"


def _slug(brand: str) -> str:
    plain = unicodedata.normalize("NFKD", brand).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")[:64] or "brand"


def _query(brand: str) -> str:
    plain = " ".join(re.sub(r'["()]', " ", brand).split())
    hashtag = re.sub(r"\W", "", plain).lower()
    return f'"{plain}" OR #{hashtag}' if hashtag else f'"{plain}"'


def _spoken() -> str:
    spoken = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    return "fr" if spoken.startswith("fr") else "en"


def _local_zone() -> str:
    """The time zone of this machine, as far as its files tell."""
    named = os.environ.get("TZ") or str(Path("/etc/localtime").resolve()).partition("zoneinfo/")[2]
    return named if re.fullmatch(r"[A-Za-z_]+(?:/[\w+-]+)*", named) else "UTC"
