"""What each step with the words of a new text takes: `python -m tests.bench.matched`.

The texts of `tests.bench.matching`, no two alike, and one brand: µs of processor time a text, step after step as the
classifier takes them, the least of three rounds; what asking the clock takes is taken off.
"""

import sys
from collections.abc import Callable
from time import thread_time

from listener.clock import Clock
from listener.garbage import settle
from rules.language import identify
from rules.query.compiled import compile_query, compile_words
from rules.query.content import Content
from rules.query.index import index_of
from rules.toward import score_toward
from tests.bench.daemon import show
from tests.bench.matching import mentions, said

TEXTS, ROUNDS = 5_000, 3
QUERY = compile_query('"Acme Air" OR @acmeair OR #acmeair* OR acme')
WORDS = compile_words(["boycott*", "rappel produit", "fuite de données", "data breach"])
INDEX = index_of({"acme": QUERY})


def shown(content: Content) -> object:
    match = QUERY.find(content)
    return match.spans if match else ()


STEPS: dict[str, Callable[[Content], object]] = {
    "nothing": lambda _: None,
    "which brands it may concern": INDEX.candidates,
    "the query, and where its words stand": shown,
    "the words of a keyword rule": WORDS.find,
    "the story": lambda content: content.story,
    "the language": lambda content: identify(content.mention.text, None, ("fr", "en")),
    "the tone, towards nobody": lambda content: score_toward(content.mention.text, "fr", frozenset(), None),
}


def measure() -> dict[str, float]:
    made, least = mentions(said("natural", TEXTS), 0, Clock()), dict.fromkeys(STEPS, float("inf"))
    settle()
    for _ in range(ROUNDS):
        spent = dict.fromkeys(STEPS, 0.0)
        for mention in made:
            content = Content(mention)
            for name, step in STEPS.items():
                begun = thread_time()
                step(content)
                spent[name] += thread_time() - begun
        least = {name: min(least[name], each) for name, each in spent.items()}
    return {name: (each - least["nothing"]) / TEXTS * 1e6 for name, each in least.items() if name != "nothing"}


def main() -> None:
    show(f"steps of {TEXTS:,} new texts", [(name, f"{figure:.1f} µs") for name, figure in measure().items()])


if __name__ == "__main__":
    sys.exit(main())
