"""`badbuzz init`: a short configuration to start from."""

import os
import re
import secrets
import sys
import unicodedata
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Annotated

import typer

from config.settings import Language
from listener.catalogs import CATALOGS
from listener.checks import examine
from listener.cli.files import create, draft, keep_secret
from listener.cli.terminal import say

_WORDS = {
    "en": ("Brand to watch", "Time zone", "Address of a feed (RSS, Atom or JSON) to read", "ntfy topic of a phone"),
    "fr": (
        "Marque à suivre",
        "Fuseau horaire",
        "Adresse d’un flux (RSS, Atom ou JSON) à lire",
        "Sujet ntfy d’un téléphone",
    ),
}


def command(
    path: Annotated[Path, typer.Argument(help="Where to write; an existing file is never touched.")] = Path(
        "badbuzz.yaml"
    ),
    brand: Annotated[str | None, typer.Option(help="Name of what is watched.")] = None,
    language: Annotated[Language | None, typer.Option(help="Language of alerts and of the comments.")] = None,
    time_zone: Annotated[str | None, typer.Option(help="Time zone of alerts, such as Europe/Paris.")] = None,
    feed: Annotated[str | None, typer.Option(help="Address of a feed to read.")] = None,
    phone: Annotated[str | None, typer.Option(help="ntfy topic that a phone is subscribed to.")] = None,
    server: Annotated[str, typer.Option(help="ntfy server of that topic.")] = "https://ntfy.sh",
) -> None:
    """Write a short, commented configuration to start from; asks for what the options do not say."""
    if path.exists():
        say(f"{path} exists already and stays as it is; name another file")
        raise typer.Exit(1)
    _refuse_to_ask_nobody(
        {"--brand": brand, "--language": language, "--time-zone": time_zone, "--feed": feed, "--phone": phone}
    )
    language = language or typer.prompt("Language / Langue (en, fr)", default=_spoken(), err=True)
    if language not in _WORDS:
        say(f"no starter in '{language}': en or fr")
        raise typer.Exit(2)
    words = _WORDS[language]
    brand = brand or typer.prompt(words[0], err=True)
    time_zone = time_zone or typer.prompt(words[1], default=_local_zone(), err=True)
    feed = feed or typer.prompt(words[2], err=True)
    phone = phone or typer.prompt(words[3], default=f"badbuzz-{secrets.token_hex(6)}", err=True)
    secret = keep_secret(path.parent, "phone-topic", phone)
    values = {"name": _slug(brand), "query": _query(brand), "time_zone": time_zone, "feed": feed, "server": server}
    text = _starter(language, values | {"topic_file": secret.relative_to(path.parent).as_posix()})
    if not _publish(path, text):
        secret.unlink()
        raise typer.Exit(1)
    say(f"{path} written; next: badbuzz check {path}, then badbuzz run {path}")
    say(f"alerts go to the ntfy topic '{phone}' on {server}: subscribe to it on the phone")


def _refuse_to_ask_nobody(options: Mapping[str, str | None]) -> None:
    missing = [name for name, value in options.items() if not value]
    if missing and not sys.stdin.isatty():
        raise typer.BadParameter("nobody can be asked, as this is no terminal", param_hint=", ".join(missing))


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
    if key in {"name", "topic_file"} or re.fullmatch(r"[A-Za-z][\w/+-]*(?:://[\w./?=&%~+-]+)?", value):
        return value
    return "'" + value.replace("${", "$${").replace("'", "''") + "'"


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
