"""What is wrong with an operator's own templates, tried on an example."""

from collections.abc import Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from alerts.alert import Language
from alerts.example import example, example_drill, example_notices
from alerts.message import Message
from alerts.own_templates import LANGUAGES, OwnTemplates
from alerts.render import render, render_notice
from config.load import Catalogs, Loaded
from config.problems import Problem

_AT = datetime(2026, 11, 14, 22, 8, tzinfo=UTC)
_KEYS = ("daemon", "templates")


def check_templates(loaded: Loaded, catalogs: Catalogs) -> Iterator[Problem]:
    """Each template that is broken, once, and files that are no template of anything."""
    folder, zone = loaded.settings.daemon.templates, ZoneInfo(loaded.settings.daemon.time_zone)
    if folder is None:
        return
    templates, said = OwnTemplates(folder), set[str]()
    for kind in catalogs.channels.kinds():
        for language in LANGUAGES:
            for message in _tried(language, zone):
                said |= {str(error) for error in templates.put_into(message, kind, zone).broken}
    hint = "until it is mended the shipped words are sent; `badbuzz template render` shows them"
    for error in sorted(said):
        yield loaded.document.problem(_KEYS, error, hint)
    for name in templates.unused(catalogs.channels.kinds()):
        yield loaded.document.problem(
            _KEYS, f"{name}: no message asks for it", "PART.LANGUAGE.jinja, such as line.fr.jinja", warning=True
        )


def _tried(language: Language, zone: ZoneInfo) -> Iterator[Message]:
    yield from (render(each, language, zone) for each in (example(_AT), example_drill(_AT)))
    yield from (render_notice(each, language, zone) for each in example_notices(_AT))
