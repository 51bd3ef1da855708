"""Templates in files: the macros of one language, and the two layouts that every message shares."""

import re
from collections.abc import Mapping
from functools import partial
from typing import Any

from jinja2 import PackageLoader, StrictUndefined
from jinja2.sandbox import SandboxedEnvironment

from alerts import typography
from alerts.alert import Language
from alerts.message import CHART, Field
from alerts.safe import host_of
from alerts.sentences import ours

_THEN, _IS, _REPEATS, _BELOW = "\x1e", "\x1f", "\x1d", "\x1c"  # never in cleaned words, so they part ours
_FACT = re.compile(f"([{_IS}{_REPEATS}])")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _small(text: str) -> str:
    """As it stands within a sentence: a word in capitals keeps them."""
    return text[:1].lower() + text[1:] if text[1:2].islower() else text


def _stopped(text: str) -> str:
    return text + ("" if text.endswith((".", "…", "!", "?")) or not text else ".")


def _unstopped(text: str) -> str:
    return text.removesuffix(".")


def _sentence(text: str) -> str:
    return _capital(_stopped(text))


def _environment() -> SandboxedEnvironment:
    environment = SandboxedEnvironment(
        loader=PackageLoader("alerts", "templates"),
        undefined=StrictUndefined,
        autoescape=lambda name: name is not None and name.endswith(".html.jinja"),
        # no file of ours changes while we run
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        capital=_capital, sentence=_sentence, small=_small, stopped=_stopped, unstopped=_unstopped
    )
    return environment


_ENVIRONMENT = _environment()


def _writing(language: Language) -> dict[str, Any]:
    names = ("number", "estimate", "part", "plural", "span", "precise", "quoted")
    writing = {name: partial(getattr(typography, name), language=language) for name in names}
    return {**writing, "ours": partial(ours, language=language)}


class Words:
    """What a template of macros says of `values`, in one language."""

    def __init__(self, template: str, language: Language, values: Mapping[str, Any]) -> None:
        marks = {"then": _THEN, "is": _IS, "repeats": _REPEATS, "below": _BELOW}
        common = {**marks, "joined": typography.joined, **_writing(language)}
        self._macros = _ENVIRONMENT.get_template(f"{language}/{template}").make_module({**common, **values})

    def text(self, macro: str, *arguments: object) -> str:
        """One text on one line."""
        return re.sub(r"[ \n]+", " ", str(getattr(self._macros, macro)(*arguments))).strip(" ")

    def parts(self, macro: str) -> list[str]:
        """The sentences or steps, those without words left out."""
        return [part for part in (part.strip(" ") for part in self.text(macro).split(_THEN)) if part]

    def facts(self, macro: str) -> tuple[Field, ...]:
        """Labels and values."""
        facts = (_FACT.split(part, maxsplit=1) for part in self.parts(macro))
        return tuple(
            Field(label=label.strip(" "), value=value.strip(" "), repeats=mark == _REPEATS)
            for label, mark, value in facts
        )

    def headed(self, macro: str) -> tuple[str, list[str]]:
        """What its sentences begin with that a title may say, and the sentences."""
        first, *others = self.parts(macro)
        head, below, rest = first.partition(_BELOW)
        return (head if below else ""), [head + rest.lstrip(" "), *others]


def headings(language: Language) -> Any:
    """The fixed words around a message, as attributes."""
    return _ENVIRONMENT.get_template(f"{language}/headings.jinja").module


def page(values: Mapping[str, Any], language: Language, layout: str = "message") -> tuple[str, str]:
    """The message as plain text and as HTML: the same words in the same order."""
    common = {
        "headings": headings(language),
        "language": language,
        "host_of": host_of,
        "cid": CHART,
        **_writing(language),
    }
    text, html = (
        _ENVIRONMENT.get_template(f"{layout}.{form}.jinja").render({**common, **values}) for form in ("txt", "html")
    )
    return text, html


def laid_out(layout: str, values: Mapping[str, Any], language: Language) -> str:
    """A page of its own."""
    common = {"headings": headings(language), "language": language, "host_of": host_of, **_writing(language)}
    return _ENVIRONMENT.get_template(layout).render({**common, **values})
