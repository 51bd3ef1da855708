"""Names that are used must exist; what is defined but broken counts as existing."""

from collections.abc import Iterator
from typing import Any

from config.document import Document
from config.oncall import FIRST, ONCALL, RESERVED, SECOND
from config.parse import Keys
from config.problems import Problem, did_you_mean

_ONE = {"brands": "brand", "rules": "rule", "sources": "source", "channels": "channel", "people": "person"}
_USED: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
    ("operator.to", ("channels",), ()),
    ("digest.*.to", ("channels", "people"), ()),
    ("digest.*.brands", ("brands",), ()),
    ("digest.*.against", ("brands",), ()),
    ("routes.*.to", ("channels", "people"), (ONCALL,)),
    ("routes.*.brand", ("brands",), ()),
    ("routes.*.source", ("sources",), ()),
    ("calendar.*.brand", ("brands",), ()),
    ("sources.*.brands", ("brands",), ()),
    ("rules.*.brands", ("brands",), ()),
    ("people.*.call_by", ("channels",), ()),
    ("people.*.only", ("brands",), ()),
    ("oncall.turns", ("people",), ()),
    ("oncall.swaps.*.who", ("people",), ()),
    ("oncall.ladder.*.call", ("people",), (FIRST, SECOND)),
    ("oncall.ladder.*.remind", ("people",), (FIRST, SECOND)),
    ("playbooks.*.when.brand", ("brands",), ()),
    ("playbooks.*.when.rule", ("rules",), ()),
    ("playbooks.*.first.*.who", ("people",), ("on-call",)),
    ("playbooks.*.first.*.contact", ("people",), ()),
    ("oncall.otherwise", ("channels", "people"), ()),
    ("drill.to", ("channels", "people"), (ONCALL,)),
    ("drill.brand", ("brands",), ()),
    ("canary.to", ("channels",), ()),
)
"""Where names are used, the sections in which they are defined, and words that mean somebody besides."""


def unknown_names(document: Document) -> Iterator[Problem]:
    """What is named and nowhere defined, and names that would mean two things."""
    if document.is_incomplete:
        return
    for pattern, sections, words in _USED:
        for keys, name in _at(document.data, tuple(pattern.split(".")), ()):
            if not document.is_broken(keys):
                yield from _unknown(document, keys, name, sections, words)
    yield from _doubtful(document)


def _unknown(
    document: Document, keys: Keys, name: str, sections: tuple[str, ...], words: tuple[str, ...]
) -> Iterator[Problem]:
    held = [document.data.get(section) for section in sections]
    defined = [each for one in held if isinstance(one, dict) for each in one]
    if name in defined or name in words or not any(isinstance(one, dict) for one in held):
        # a route may name `oncall` only where there is a watch
        if name == ONCALL and document.data.get(ONCALL) is None:
            hint = "oncall: {turns: [name of a person, ...]}"
            yield document.problem(_place(document, keys), "nobody has the watch: there is no `oncall`", hint)
        return
    what = " or ".join(_ONE[section] for section in sections)
    known = (*defined, *words)
    phone = "a number is written as `phone`, beside `call_by`" if name.startswith("tel:") else ""
    yield document.problem(_place(document, keys), f"no {what} is named '{name}'", phone or did_you_mean(name, known))


def _doubtful(document: Document) -> Iterator[Problem]:
    channels = document.data.get("channels")
    for section in ("people", "channels"):
        held = document.data.get(section)
        for name in held if isinstance(held, dict) else ():
            if name in RESERVED:
                message = f"'{name}' already means somebody of the watch"
                yield document.problem((section, name), message, "choose another name")
            elif section == "people" and isinstance(channels, dict) and name in channels:
                yield document.problem((section, name), f"a channel is named '{name}' too", "choose another name")


def _place(document: Document, keys: Keys) -> Keys:
    return keys if keys in document.places or not isinstance(keys[-1], int) else keys[:-1]


def _at(data: Any, pattern: tuple[str, ...], keys: Keys) -> Iterator[tuple[Keys, str]]:
    """Every name below `pattern`, in which `*` is any key, with its place."""
    if not pattern:
        if isinstance(data, str):
            yield keys, data
        for number, name in enumerate(data) if isinstance(data, list) else ():
            if isinstance(name, str):
                yield (*keys, number), name
        return
    step, rest = pattern[0], pattern[1:]
    if step == "*":
        inner = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
        for key, value in inner:
            yield from _at(value, rest, (*keys, key))
    elif isinstance(data, dict) and step in data:
        yield from _at(data[step], rest, (*keys, step))
