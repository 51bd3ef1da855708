"""How a language sets names against each other, as data."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from rules.packs.lexicon import Lexicon, Meaning
from rules.text import fold

US, THEM = "🏠", "🏴"
"""What stands in a text for the brand's name, and for another one."""
_CERTAIN = frozenset({"leave", "return", "unlike", "compared", "instead"})  # of a name that is surely one
_SIDES = {"A": 1, "B": -1}  # the one that gains and the one that loses


@dataclass(frozen=True, kw_only=True)
class Frames:
    """`lexicon` knows the frames: a valence is what one says for the brand, a role ends in `?` where its last word is
    another name only if it looks like one. The rest are words: `plain` name nobody even with a capital, a name after
    one of `places` is where something is, `splits` begin a clause, a name begins a sentence before one of `verbs`, and
    one of `relatives` goes on about it, `negations` say that something is not so; `before`: those that a name follows
    where all nouns have capitals, None elsewhere; `links`: those after which a frame has a name.
    """

    lexicon: Lexicon
    links: frozenset[str]
    plain: frozenset[str]
    places: frozenset[str]
    splits: frozenset[str]
    verbs: frozenset[str]
    relatives: frozenset[str]
    negations: frozenset[str]
    before: frozenset[str] | None


def _written(line: str, names: Mapping[str, str]) -> str:
    return " ".join(names.get(part, part) for part in line.split())


def _spelled(line: str, groups: Mapping[str, str]) -> str:
    """A line with groups written out where they are one choice of several."""
    return " ".join("|".join(groups.get(choice, choice) for choice in part.split("|")) for part in line.split())


def _entries(role: str, line: str) -> Iterator[tuple[str, Meaning]]:
    """A line for each way in which its sides may be the brand and another."""
    sides = [part for part in line.split() if part in _SIDES]
    if not sides:
        yield _written(line, {"THEM": THEM}), Meaning(0.0, role)
    for ours in dict.fromkeys(sides):
        theirs = "B" if ours == "A" else "A"
        yield _written(line, {ours: US, theirs: THEM}), Meaning(float(_SIDES[ours]), role)
        if ours != sides[-1] and line.rsplit(maxsplit=1)[-1] == theirs:
            yield _written(line, {ours: US, theirs: "_"}), Meaning(float(_SIDES[ours]), f"{role}?")
    if len(set(sides)) == 1:
        yield _written(line, {sides[0]: THEM}), Meaning(float(-_SIDES[sides[0]]), role)
        if line.rsplit(maxsplit=1)[-1] == sides[0] and role not in _CERTAIN:
            yield _written(line, {sides[0]: "_"}), Meaning(float(-_SIDES[sides[0]]), f"{role}?")


def _links(line: str) -> Iterator[str]:
    """The words that may stand before a side."""
    parts = line.split()
    for at in (at for at, part in enumerate(parts) if part in {US, THEM}):
        for part in reversed(parts[:at]):
            yield from (fold(choice.rstrip("~*")).replace("'", "_").split("_")[-1] for choice in part.split("|"))
            if "" not in part.split("|"):
                break


def _build(data: Mapping[str, Any]) -> Frames:
    endings = {sign: [ending.strip("-") for ending in text.split()] for sign, text in data["endings"].items()}
    lexicon = Lexicon(endings, {})
    lines = ((role, line) for role, text in data["frames"].items() for line in filter(None, text.splitlines()))
    entries = [entry for role, line in lines for entry in _entries(role, _spelled(line, data["groups"]))]
    # What is added last is found first: a name that is sure.
    for line, meaning in sorted(entries, key=lambda entry: not entry[1].role.endswith("?")):
        lexicon.add(line, meaning)
    links = frozenset(filter(None, (word for line, _ in entries for word in _links(line))))
    words = {
        name: frozenset(fold(data[name]).split())
        for name in ("plain", "places", "splits", "verbs", "relatives", "negations")
    }
    before = frozenset(fold(data["before"]).split()) if "before" in data else None
    return Frames(lexicon=lexicon, links=links, before=before, **words)


@cache
def load(language: str) -> Frames:
    """The frames of a language. Raises FileNotFoundError when there are none."""
    return _build(tomllib.loads((files("rules.packs") / f"toward-{language}.toml").read_text(encoding="utf-8")))
