"""Made-up brands with queries as people write them, and posts in French and English, half of which name nobody."""

import re
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from rules.instant import moment
from rules.language import little_words
from rules.mention import Author, Mention
from tests.bench.daemon import ROOT

_WORDS = """
Al Bel Cor Dra El Fen Gal Hel Ith Jor Kal Lum Mar Nev Or Pel Quin Ros Sol Tra Ul Vel Wen Xan Yl Zor
a e i o u ami ano ara avi ela emo eri ida ilo ima ona oru ula umi
ba co dia fis gon la lys ma nex nor phi ra ris ron sa tel tis va via x
Air Assurances Auto Bank Banque Bio Café Cosmetics Energy Foods Hotels Mobile Motors Télécom Travel
emploi stage recrutement job jobs hiring internship alternance CV bourse
"""
_BEGINNINGS, _MIDDLES, _ENDINGS, _TRADES, _EXCLUDED = map(str.split, _WORDS.strip().splitlines())
_NAMING = 0.5
"""Of the posts, those that name a brand."""
_UNWANTED = 0.05
_LENGTH = 3.0
_FREQUENT = 0.55
"""Of the words of a post, those that say nothing."""


@dataclass(frozen=True, slots=True)
class Tongue:
    """Words of a language: those that are in every sentence, and those that say something."""

    frequent: Sequence[str]
    telling: Sequence[str]

    def words(self, random: Random, count: int) -> list[str]:
        """As they are spread in texts: a few of them very often."""
        kinds = (self.frequent if random.random() < _FREQUENT else self.telling for _ in range(count))
        return [kind[int(len(kind) * random.random() ** 2)] for kind in kinds]


def tongue(language: str) -> Tongue:
    pack = (ROOT / f"rules/packs/{language}.toml").read_text(encoding="utf-8")
    messages = (ROOT / f"tests/data/words/{language}.txt").read_text(encoding="utf-8")
    told = set(re.findall(r"[^\W\d_]{4,}", str(tomllib.loads(pack)).replace(r"\n", " ") + messages))
    telling = sorted(told - little_words(language))
    Random(language).shuffle(telling)
    return Tongue(sorted(little_words(language)), telling)


@dataclass(frozen=True, slots=True)
class Brand:
    """A query, and words that make it true of a post."""

    query: str
    named: tuple[str, ...]


class _Drawn:
    """What one brand is called."""

    def __init__(self, random: Random, tongue: Tongue) -> None:
        self.name = "".join(map(random.choice, (_BEGINNINGS, _MIDDLES, _MIDDLES, _ENDINGS)))
        self.trade = random.choice(_TRADES)
        self.handle = f"@{self.name.lower()}{random.choice(('', '_fr', 'officiel', 'help', 'hq'))}"
        self.tag = f"#{self.name}{random.choice(('', self.trade, 'Bashing', 'Gate'))}"
        self.products = [
            f"{self.name[:3]}{random.choice(_ENDINGS)}{number}" for number in random.sample(range(2, 99), 3)
        ]
        self.common, *self.topics = tongue.words(random, 6)
        self.unwanted = " OR ".join(random.sample(_EXCLUDED, random.randint(2, 5)))


def _name(drawn: _Drawn) -> Brand:
    query = (
        f'("{drawn.name} {drawn.trade}" OR {drawn.handle} OR {drawn.tag} OR {drawn.name.lower()}) -({drawn.unwanted})'
    )
    return Brand(query, (f"{drawn.name} {drawn.trade}", drawn.handle, drawn.tag, drawn.name))


def _homonym(drawn: _Drawn) -> Brand:
    """A word that means something else as well: only beside what tells that the brand is meant."""
    first, second, third = drawn.products
    beside = f'{first} OR {second} OR "{third} pro" OR {drawn.handle} OR {drawn.name.lower()}'
    return Brand(
        f"{drawn.common} AND ({beside}) NOT ({drawn.unwanted})", (f"{drawn.common} {first}", f"{second} {drawn.common}")
    )


def _near(drawn: _Drawn) -> Brand:
    topics = " OR ".join(drawn.topics)
    query = f"({drawn.name} OR {drawn.handle} OR {drawn.tag}) NEAR/8 ({topics}) -({drawn.unwanted})"
    return Brand(query, (f"{drawn.name} {drawn.topics[0]}", f"{drawn.topics[1]} {drawn.handle}"))


def _misspelt(drawn: _Drawn) -> Brand:
    name = drawn.name.lower()
    wrong = name[:2] + name[3:]
    query = f"({name} OR {name}~1 OR {drawn.name}s OR {drawn.tag}* OR {drawn.handle}) -({drawn.unwanted})"
    return Brand(query, (drawn.name, wrong, f"{drawn.tag}2026"))


def _products(drawn: _Drawn) -> Brand:
    first, second, third = drawn.products
    query = (
        f'"{drawn.name} {first}"~3 OR "{drawn.name} {second}" OR {third} OR {drawn.handle}'
        f" OR ({drawn.trade.lower()} AND {drawn.name} AND -({drawn.unwanted}))"
    )
    return Brand(query, (f"{first} {drawn.name}", f"{drawn.name} {second}", third))


def _filtered(drawn: _Drawn) -> Brand:
    name = drawn.name.lower()
    query = (
        f"({name} OR raw:{drawn.name}+ OR {drawn.tag}) -is:repost -lang:de -followers:<1"
        f" OR (author:{drawn.handle} ({drawn.common} OR {drawn.topics[0]})) OR site:{name}.example"
    )
    return Brand(query, (drawn.name, drawn.tag))


_WAYS: Sequence[Callable[[_Drawn], Brand]] = (_name, _homonym, _near, _misspelt, _products, _filtered)


def brands(count: int, seed: int = 7) -> dict[str, Brand]:
    """So many brands, half of them French."""
    random, tongues = Random(seed), [tongue("fr"), tongue("en")]
    return {
        f"brand-{number}": _WAYS[number % len(_WAYS)](_Drawn(random, tongues[number % 2])) for number in range(count)
    }


def posts(
    named: Sequence[Brand], count: int, seed: int = 7, *, naming: float = _NAMING, words: float = _LENGTH
) -> list[Mention]:
    """A share of them (`naming`) name one of the brands; a twentieth hold a word that queries exclude. `words` is the
    logarithm of how many words half of them have at most.
    """
    random, tongues = Random(seed), [tongue("fr"), tongue("en")]
    return [_post(number, named, random, tongues[number % 2], naming, words) for number in range(count)]


def _post(number: int, named: Sequence[Brand], random: Random, tongue: Tongue, naming: float, length: float) -> Mention:
    words = tongue.words(random, max(3, min(400, int(random.lognormvariate(length, 0.8)))))
    if random.random() < naming:
        words.insert(random.randrange(len(words)), random.choice(random.choice(named).named))
    if random.random() < _UNWANTED:
        words.append(random.choice(_EXCLUDED))
    if random.random() < 0.3:
        words.insert(random.randrange(len(words)), "#" + random.choice(tongue.telling))
    if random.random() < 0.2:
        words.append(f"https://example.org/{number}")
    text = " ".join(words).capitalize() + random.choice((".", " !", "…", "", " 😡"))
    return Mention(
        id=str(number),
        source="said",
        platform="file",
        observed_at=moment(number),
        author=Author(handle=f"somebody{number % 5_000}"),
        text=text,
    )
