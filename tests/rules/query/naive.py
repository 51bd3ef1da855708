"""What a query means, said as plainly as possible, to hold the real evaluator against it: every place is tried with
every other, nothing is looked up. `python -m tests.rules.query.naive --cases 100000` compares the two on random queries
and texts, which are made of `ATOMS`, whose words are known beforehand.
"""

import argparse
import sys
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from itertools import pairwise, product
from random import Random

from rules.facts import Label, Tone
from rules.mention import Author, Mention
from rules.query.compiled import Query
from rules.query.content import Content
from rules.query.evaluating import Evaluation
from rules.query.index import index_of
from rules.query.reading import read
from rules.query.showing import show
from rules.query.tree import AtLeast, Filter, Form, Group, Near, Node, Not, Raw, Term, Within

# Written, and the words in it; of hashtags the parts.
ATOMS: dict[str, tuple[str, ...]] = {
    "alpha": ("alpha",),
    "Alpha": ("Alpha",),
    "álpha": ("álpha",),
    "аlpha": ("alpha",),  # begins with a Cyrillic letter
    "al\u200bpha": ("alpha",),
    "alphas": ("alphas",),
    "alphabet": ("alphabet",),
    "alpine": ("alpine",),
    "beta": ("beta",),
    "BETA": ("BETA",),
    "Bêta": ("Bêta",),
    "be\u0302ta": ("bêta",),
    "betas": ("betas",),
    "gamma": ("gamma",),
    "gamna": ("gamna",),
    "GAMMAE": ("GAMMAE",),
    "l'alpha": ("l", "alpha"),
    "d’Alpha-beta": ("d", "Alpha", "beta"),
    "gamma_beta+": ("gamma", "beta"),
    "Alpha.Beta": ("Alpha", "Beta"),
    "3.5": ("3.5",),
    "アル": ("ア", "ル"),
    "😡": ("😡",),
    "#alpha": ("alpha",),
    "#ALPHABETA": ("ALPHABETA",),
    "#AlphaBeta": ("Alpha", "Beta"),
    "#betaGammaAlpha": ("beta", "Gamma", "Alpha"),
    "#Bêta2026": ("Bêta", "2026"),
    "#alpha_beta": ("alpha", "beta"),
    "@beta": ("beta",),
    "@Beta@alpha.example": ("Beta@alpha.example",),
    "$GAMMA": ("GAMMA",),
    "https://alpha.example/beta": ("https://alpha.example/beta",),
    "C++": ("C",),
    "+": (),
    "!": (),
    "\n": (),
}
LEAVES = (
    *("alpha", "Alpha", "beta", "bêta", "gamma", "l'alpha", "c", "3.5", "😡", "アル", "#alpha", "#AlphaBeta", "#betas"),
    *(
        "@beta",
        "@beta@alpha.example",
        "$gamma",
        "alp*",
        "alphab*",
        "#alp*",
        "alph?s",
        "alp?a*",
        "gamma~1",
        "alphabet~2",
    ),
    *('"alpha beta"', '"beta gam*"', '"alpha alpha"', '"beta 2026"', '"alpha beta"~2', '"alpha gamma beta"~1'),
    *('"alpha alp*"~1', '"beta beta alpha"~3', "+alpha", "+bêta", "++Alpha", '++"Alpha beta"', "+bet*", "plural:alpha"),
    *("plural:betas", 'plural:"alpha beta"', 'raw:"C++"', 'raw:"+"', 'raw:"!"', "raw:pha", 'raw:"a b"', "raw:bê"),
    *("followers:>=10", "is:reply", "has:hashtag", "sentiment:negative", "confidence:>0.5"),
)
FILTERS = 5  # of the leaves, the last ones
LABELS: tuple[Label, ...] = ("negative", "neutral", "positive", "unsupported")


@dataclass
class Unit:
    """A token, or a whole hashtag: where it stands, and what it is called with and without accents and case."""

    first: int
    last: int
    names: tuple[str, ...]


@dataclass
class Text:
    """`letters` in NFC, and tokens: where they stand in them, and in which sentence."""

    letters: str
    units: list[Unit]
    bounds: list[tuple[int, int]]
    sentences: list[int]


def names_of(atom: str, word: str) -> tuple[str, ...]:
    if atom.startswith("https"):
        return ()
    if atom[0] == "@":
        return f"@{word}", f"@{word.partition('@')[0]}"
    if atom[0] == "$":
        return (f"${word}",)
    return (word, f"#{word}") if atom == f"#{word}" else (word,)


def lay_out(atoms: Sequence[str]) -> Text:
    text = Text(" ".join(unicodedata.normalize("NFC", atom) for atom in atoms), [], [], [])
    at, segments = 0, [[]]
    for atom in atoms:
        composed, cursor, first = unicodedata.normalize("NFC", atom), 0, len(text.bounds)
        for word in ATOMS[atom]:
            begin, end = 0, len(composed)
            if word in composed:
                begin = composed.index(word, cursor)
                end = cursor = begin + len(word)
            segments[-1].append(len(text.bounds))
            text.units.append(Unit(len(text.bounds), len(text.bounds), names_of(atom, word)))
            text.bounds.append((at + begin, at + end))
        if atom[0] == "#" and atom[1:] not in ATOMS[atom]:
            text.units.append(Unit(first, len(text.bounds) - 1, (atom[1:], atom)))
        if atom in ("!", "\n"):
            segments.append([])
        at += len(composed) + 1
    text.sentences = list(numbered(text, segments))
    return text


def numbered(text: Text, segments: Sequence[Sequence[int]]) -> Iterator[int]:
    """The sentence of each token; those without a word or number are one with those beside them that have none."""
    number = 0
    for segment in segments:
        spoken = any(text.letters[slice(*text.bounds[token])] != "😡" for token in segment)
        number += 2 * spoken
        yield from [number + (not spoken)] * len(segment)


@cache
def told(name: str, same: str) -> str:
    composed = unicodedata.normalize("NFC", name)
    if same == "case":
        return composed
    if same == "accents":
        return composed.lower()
    return "".join(
        c for c in unicodedata.normalize("NFKD", name.lower()) if c == "\u3099" or c.isascii() or c > "\u1000"
    )


@cache
def distance(one: str, other: str) -> int:
    if not one or not other:
        return len(one) + len(other)
    if one[0] == other[0]:
        return distance(one[1:], other[1:])
    return 1 + min(distance(one[1:], other), distance(one, other[1:]), distance(one[1:], other[1:]))


def endings(word: str) -> set[str]:
    more = {word + "s", word + "x", word + "es", word[:-1] + "ies" * (word[-1] == "y")}
    less = {word[:-1] * (word[-1] in "sx"), word[:-2] * word.endswith("es")}
    return {word, *more, *(each for each in less if len(each) > 2)}


@cache
def is_form(form: Form, name: str) -> bool:
    name = told(name, form.same)
    if form.edits:
        return name[0] not in "#@$" and "_" not in name and distance(form.key, name) <= form.edits
    if form.prefix:
        name = name[: len(form.key)]
    keys = endings(form.key) if form.plural else {form.key}
    return any(len(key) == len(name) and all(a in ("?", b) for a, b in zip(key, name, strict=True)) for key in keys)


Place = tuple[int, int]


def overlap(one: Place, other: Place) -> bool:
    """Whether they share a token; signs between two tokens have none."""
    return bool({*range(one[0], one[1] + 1)} & {*range(other[0], other[1] + 1)})


def of_form(form: Form, text: Text) -> list[Place]:
    return [(unit.first, unit.last) for unit in text.units if any(is_form(form, name) for name in unit.names)]


def of_term(term: Term, text: Text) -> Iterator[Place]:
    for found in product(*(of_form(form, text) for form in term.forms)):
        stretch = min(first for first, _ in found), max(last for _, last in found)
        if term.slack is None:
            if all(one[1] + 1 == other[0] for one, other in pairwise(found)):
                yield stretch
        elif not any(overlap(one, other) for at, one in enumerate(found) for other in found[:at]):
            covered = sum(last - first + 1 for first, last in found)
            if stretch[1] - stretch[0] + 1 - covered <= term.slack:
                yield stretch


def of_raw(raw: Raw, text: Text) -> Iterator[Place]:
    at = text.letters.find(raw.letters)
    while at >= 0:
        end = at + len(raw.letters)
        before = sum(stop <= at for _, stop in text.bounds)
        after = sum(start >= end for start, _ in text.bounds)
        yield before, len(text.bounds) - after - 1
        at = text.letters.find(raw.letters, end)


def in_one_sentence(one: Place, other: Place, text: Text) -> bool:
    def around(place: Place) -> list[set[int]]:
        """The sentences of its tokens; of signs between two tokens, of either."""
        first, last = place
        told = text.sentences[first : last + 1] if first <= last else text.sentences[max(last, 0) : first + 1]
        return [set(told)] if first > last else [{number} for number in told]

    return any(all(number in each for each in [*around(one), *around(other)]) for number in text.sentences)


def is_near(node: Near, one: Place, other: Place, text: Text) -> bool:
    follows, leads = other[0] > one[1], other[1] < one[0]
    if not (follows or (leads and not node.ordered)):
        return False
    if node.distance is None:
        return in_one_sentence(one, other, text)
    between = [other[0] - one[1] - 1] * follows + [one[0] - other[1] - 1] * (leads and not node.ordered)
    return min(between) <= node.distance


def places(node: Node, text: Text) -> list[Place]:
    match node:
        case Term():
            return sorted(set(of_term(node, text)))
        case Raw():
            return sorted(of_raw(node, text))
        case Group():
            return sorted(place for child in node.children for place in places(child, text))
        case Near():
            both = product(places(node.first, text), places(node.second, text))
            near = [(a, b) for a, b in both if is_near(node, a, b, text)]
            return sorted({(min(a[0], b[0]), max(a[1], b[1])) for a, b in near})
    return []


def most_apart(found: list[Place]) -> int:
    """Of how many places no two overlap, at most."""
    if not found:
        return 0
    one, *others = found
    return max(most_apart(others), 1 + most_apart([each for each in others if not overlap(one, each)]))


@dataclass
class Naive:
    texts: dict[str, Text]
    mention: Mention
    tone: Tone

    def holds(self, node: Node, parts: tuple[str, ...] = ("title", "text")) -> bool:
        match node:
            case Group():
                return (all if node.operator == "AND" else any)([self.holds(child, parts) for child in node.children])
            case Not():
                return not self.holds(node.child, parts)
            case Within():
                return self.holds(node.child, tuple({node.part} & {*parts}))
            case AtLeast():
                found = [places(node.child, self.texts[part]) for part in parts]
                return any(map(len, found)) and sum(map(most_apart, found)) >= node.times
            case Filter():
                return self.has(node)
        return any(places(node, self.texts[part]) for part in parts)

    def has(self, node: Filter) -> bool:
        [value] = node.values
        if isinstance(value, str):
            tags = any("#" in text.letters for text in self.texts.values())
            return value in (self.mention.kind, self.tone.label, "hashtag" * tags)
        number = self.tone.confidence if node.name == "confidence" else self.mention.author.followers
        return number is not None and value.holds(number)


@cache
def leaf(written: str) -> Node:
    return read(written).root


@dataclass
class Maker:
    """Makes trees of a few leaves."""

    random: Random
    placed_leaves: list[Node]
    filters: list[Node]

    def placed(self, depth: int) -> Node:
        """What stands somewhere."""
        kind = self.random.choice("lnnnso") if depth else "l"
        if kind == "l":
            return self.random.choice(self.placed_leaves)
        one, other = self.placed(depth - 1), self.placed(depth - 1)
        if kind == "o":
            return Group("OR", (one, other))
        distance = None if kind == "s" else self.random.randint(0, 2)
        return Near(one, other, distance, ordered=self.random.random() < 0.4)

    def tree(self, depth: int) -> Node:
        kind = self.random.choice("aaonwptf") if depth else self.random.choice("pwt")
        match kind:
            case "a" | "o":
                parts = tuple(self.tree(depth - 1) for _ in range(2))
                return Group("AND" if kind == "a" else "OR", parts)
            case "n":
                return Not(self.placed(1))
            case "w":
                return Within(self.random.choice(("title", "text")), self.placed(2))
            case "t":
                return AtLeast(self.random.randint(1, 3), self.placed(1))
            case "f":
                return self.random.choice(self.filters)
        return self.placed(2)


def maker(random: Random, atoms: Sequence[str]) -> Maker:
    """Of leaves that mostly stand where such words do, or tests would only be of what is not there."""
    text = lay_out([*atoms, *atoms])
    tried = [leaf(written) for written in random.sample(LEAVES[:-FILTERS], 20)]
    stand = [each for each in tried if places(each, text)][:4]
    return Maker(random, [*stand, *stand, tried[0]], [leaf(written) for written in LEAVES[-FILTERS:]])


@dataclass
class Case:
    """A query and a mention."""

    root: Node
    atoms: dict[str, list[str]]
    followers: int | None
    kind: str
    tone: Tone

    def mention(self) -> Mention:
        told = {part: " ".join(atoms) for part, atoms in self.atoms.items()}
        author, at = Author(followers=self.followers), datetime(2026, 1, 1, tzinfo=UTC)
        return Mention(id="1", source="s", platform="file", observed_at=at, kind=self.kind, author=author, **told)

    def tried(self) -> tuple[bool, str]:
        """Whether the query holds, and in what the two differ, "" when in nothing."""
        mention, texts = self.mention(), {part: lay_out(atoms) for part, atoms in self.atoms.items()}
        expected = Naive(texts, mention, self.tone).holds(self.root)
        actual = Evaluation(Content(mention), UTC, lambda: self.tone).holds(self.root)
        written = show(self.root)
        query = Query(read(written).root, ())
        reread = query.find(Content(mention), lambda: self.tone) is not None
        indexed = bool(index_of({"": query}).candidates(Content(mention)))
        if expected == actual == reread and indexed >= expected:
            return expected, ""
        shown = f"{self.atoms} {self.kind} {self.followers} {self.tone.label} {self.tone.confidence:.2f}"
        return (
            expected,
            f"{written}\n  {shown}\n  naive {expected}, evaluated {actual}, read again {reread}, indexed {indexed}",
        )


def case(random: Random) -> Case:
    few = random.sample([*ATOMS], 5)
    atoms = {part: random.choices(few, k=random.randint(0, most)) for part, most in (("title", 3), ("text", 8))}
    tone = Tone(language="en", label=random.choice(LABELS), compound=0.0, confidence=random.random(), scorer="naive")
    root = maker(random, few).tree(random.randint(0, 2))
    return Case(root, atoms, random.choice((None, 5, 50)), random.choice(("post", "reply")), tone)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    random = Random(asked.seed)
    different = true = 0
    for _ in range(asked.cases):
        holds, found = case(random).tried()
        different, true = different + bool(found), true + holds
        if found and different <= 3:
            sys.stdout.write(f"{found}\n")
    sys.stdout.write(f"{asked.cases:,} cases, {true:,} of them true, {different} differ\n")
    return min(different, 1)


if __name__ == "__main__":
    sys.exit(main())
