"""How people write about a brand: posts put together from many small pieces, so that few of them are alike."""

import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from random import Random
from typing import Any, Literal

from listener.mock.scenario import Language, Subject

Part = Literal[
    "negative", "neutral", "positive", "crisis", "aside", "compliment", "campaign", "homonym", "own", "official"
]

_MANNER: Mapping[Part, str] = {
    "negative": "negative",
    "crisis": "negative",
    "neutral": "neutral",
    "aside": "neutral",
    "campaign": "neutral",
    "homonym": "news",
    "positive": "positive",
    "compliment": "positive",
}
"""How people begin and end what they say. The brand itself says no more than it says."""
_CHOICE = re.compile(r"\[([^\[\]]*\|[^\[\]]*)\]")
_SLOT = re.compile(r"(?:\b([ÀàA-Za-zé’]+) )?\{(\w+)\}")
_VOWELS = "aeiouéèêâîôAEIOUÉÈÊÂÎÔ"
_ELIDED = {"de", "que", "le", "la", "je", "ne", "se", "me", "jusque", "lorsque"}
_JOINED = {("à", "le"): "au", ("à", "les"): "aux", ("de", "le"): "du", ("de", "les"): "des"}
_SHORT: Mapping[Language, Sequence[tuple[str, str]]] = {
    "fr": (
        ("quelqu’un", "qqn"),
        ("beaucoup", "bcp"),
        ("rendez-vous", "rdv"),
        ("pour", "pr"),
        ("c’est", "c"),
        ("pas", "pa"),
    ),
    "en": (("you", "u"), ("because", "cuz"), ("going to", "gonna"), ("please", "pls"), ("people", "ppl"), ("are", "r")),
}
_PLAIN = str.maketrans("éèêëàâùûîïôçÉÈÀÇ", "eeeeaauuiiocEEAC")


class Voice:
    """Speaks one language about one brand. The same chance, the same words; every post names the brand."""

    def __init__(self, subject: Subject, language: Language) -> None:
        bank = _bank(f"{subject.trade}.{language}.toml")
        self._subject, self._language = subject, language
        self._texts: Mapping[str, Sequence[str]] = bank["texts"]
        self._articles: Sequence[Mapping[str, str]] = bank["wire"]
        self._manners = _bank(f"everyone.{language}.toml")
        self._slots: dict[str, Sequence[str]] = {**bank["slots"], "product": subject.products.get(language, ())}
        self._names = {word.translate(_PLAIN).casefold() for word in subject.name.split()}

    def say(self, part: Part, random: Random) -> str:
        """A post about `part`, as somebody would write it."""
        called = self._named if part == "homonym" else self._called
        core = self._filled(random.choice(self._texts[part]), random, called)
        if part not in _MANNER:
            return core
        manner = self._manners[_MANNER[part]]
        opener = _written(random.choice(manner["openers"]), random) if random.random() < 0.6 else ""
        closer = _written(random.choice(manner["closers"]), random) if random.random() < 0.65 else ""
        text = f"{opener}{core}{closer}"
        text = text if random.random() < 0.2 else text[0].upper() + text[1:]
        text = self._roughened(text, random)
        text += f" #{self._subject.hashtag}" if part != "homonym" and random.random() < 0.14 else ""
        return text + (_several(random.choice(manner["emoji"]), random) if random.random() < 0.26 else "")

    def again(self, text: str, random: Random) -> str:
        """`text` as somebody else would copy it: with hardly a change."""
        ends = ("", "", "", " ⬇️", " RT", " !!", " 😡", f" #{self._subject.hashtag}", " 🙏", " via DM")
        return text + random.choice(ends)

    def article(self, random: Random) -> tuple[str, str]:
        """Title and text of an article."""
        chosen = random.choice(self._articles)
        title, text = (self._filled(chosen[key], random, self._named) for key in ("title", "text"))
        return title, text

    def _called(self, random: Random) -> str:
        names = (self._subject.name, self._subject.name.lower(), f"#{self._subject.hashtag}", self._subject.account)
        return random.choices(names, (68, 12, 10, 10))[0]

    def _named(self, _: Random) -> str:
        return self._subject.name

    def _filled(self, template: str, random: Random, called: Callable[[Random], str]) -> str:
        def fill(slot: re.Match[str]) -> str:
            before, name = slot[1] or "", slot[2]
            value = called(random) if name == "brand" else random.choice(self._slots[name])
            if self._language == "fr":
                return _joined(before, value)
            return f"{before} {value}".strip()

        return _SLOT.sub(fill, _written(template, random))

    def _roughened(self, text: str, random: Random) -> str:
        """As it is typed: straight apostrophes, words cut short, a letter out of place, no accents, no full stop."""
        if random.random() < 0.08:
            for long, short in _SHORT[self._language]:
                text = re.sub(rf"\b{long}\b", short, text)
        if self._language == "fr" and random.random() < 0.2:
            text = re.sub(r"\bn’(?=[aeiouéêh])", "", text.replace(" ne ", " "))
        if self._language == "fr" and random.random() < 0.06:
            text = text.translate(_PLAIN)
        if random.random() < 0.08:
            text = self._mistyped(text, random)
        if random.random() < 0.65:
            text = text.replace("’", "'")
        if random.random() < 0.4:
            text = text.removesuffix(".")
        if random.random() < 0.03:
            text = text.upper()
        return text.removesuffix(".") + "!" * random.randint(1, 4) if random.random() < 0.1 else text

    def _mistyped(self, text: str, random: Random) -> str:
        words = text.split(" ")
        fit = [n for n, word in enumerate(words) if len(word) > 4 and word.isalpha() and not self._is_name(word)]
        if fit:
            chosen, at = random.choice(fit), random.randint(1, 3)
            word = words[chosen]
            words[chosen] = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
        return " ".join(words)

    def _is_name(self, word: str) -> bool:
        return word.translate(_PLAIN).casefold() in self._names


def _several(emoji: str, random: Random) -> str:
    return " " + emoji * random.choice((1, 1, 1, 2, 3))


def _written(template: str, random: Random) -> str:
    """`template` with one of each choice."""
    return _CHOICE.sub(lambda choice: random.choice(choice[1].split("|")), template)


def _joined(before: str, value: str) -> str:
    """A French word and what follows it: de + Acme is d’Acme, à + le site is au site."""
    article, _, noun = value.partition(" ")
    plain = before.lower()
    if (plain, article) in _JOINED and noun:
        return f"{_JOINED[plain, article]} {noun}"
    if plain in _ELIDED and value[0] in _VOWELS:
        return f"{before[:-1]}’{value}"
    return f"{before} {value}" if before else value


@cache
def _bank(name: str) -> Mapping[str, Any]:
    return tomllib.loads(files(__package__).joinpath("voices", name).read_text("utf-8"))
