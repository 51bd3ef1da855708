"""What hostile queries and texts cost: `python -m tests.bench.hostile` prints the table of docs/query.md.

Of each query how long it takes to compile or to refuse it, to translate it, and to ask it of a megabyte of words; of
each text the slowest of ten kinds of query. Processor time, the least of three.
"""

import sys
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from time import process_time

from rules.instant import moment
from rules.mention import Mention
from rules.query.compiled import Query, compile_query
from rules.query.dialects import translate
from rules.query.errors import QueryError

MEGABYTE = 1_000_000
QUERIES = {
    "10,000 words": " OR ".join(f"w{at}" for at in range(10_000)),
    "7,000 stems": " OR ".join(f"stem{at}*" for at in range(7_000)),
    "5,000 words that may be misspelt": " OR ".join(f"boycott{at}~1" for at in range(5_000)),
    "1,300 words of twenty `?`": " OR ".join(f"abc{'?x' * 20}{at}yz" for at in range(1_300)),
    "1,400 phrases of thirty words": " OR ".join(f'"{"a " * 29}b{at}"' for at in range(1_400)),
    "thirty words in any order": f'"{"a b " * 15}"~100',
    "eleven NEAR within each other": " NEAR/100 ".join(["a"] * 11),
    "50 parentheses": "(" * 50 + "a" + ")" * 50,
    "10,000 parentheses": "(" * 10_000,
    "4,000 filters": "a " + "lang:(fr OR en) " * 4_000,
    "100,000 minus signs": "-" * 100_000,
    "50,000 open quotations": "“ " * 50_000,
    "25,000 open comments": "<<< " * 25_000,
    "a word of 50,000 `~`": "a~" * 50_000,
}
TEXTS = {
    "words": "acme panne ",
    "one endless word": "a",
    "two words": "a b ",
    "zalgo": "Z\u0301\u0316\u0334",
    "emoji": "😡",
    "a hashtag of humps": "#aB",
    "hashtags": "#a ",
    "links": "https://a.b/",
    "Chinese": "東京",
    "signs": "!?",
    "invisible": "\u200d",
}
ASKED = (
    *("acme", "acme*", "boycott~1", '++"Z"', 'raw:"é"', "東京", '"a b a b a"~100'),
    *("a NEAR/100 b NEAR/100 a", "#aaa* SENTENCE a", "acme has:emoji is:question"),
)


def milliseconds(work: Callable[[], object]) -> str:
    times = []
    for _ in range(3):
        begun = process_time()
        with suppress(QueryError):
            work()
        times.append(process_time() - begun)
    return f"{min(times) * 1e3:,.0f} ms"


def slowest(text: str) -> tuple[str, str]:
    queries = {query: compile_query(query) for query in ASKED}
    found = {query: milliseconds(partial(spans, asked, text)) for query, asked in queries.items()}
    return max(found.items(), key=lambda each: float(each[1].removesuffix(" ms").replace(",", "")))


def spans(query: Query, text: str) -> object:
    match = query.match(Mention(id="1", source="s", platform="file", observed_at=moment(0), text=text))
    return match and match.spans


def of_query(query: str) -> tuple[str, ...]:
    words = (TEXTS["words"] * MEGABYTE)[:MEGABYTE]
    told = [milliseconds(lambda: compile_query(query)), milliseconds(lambda: translate(query, "brandwatch"))]
    try:
        kept = compile_query(query)
    except QueryError as error:
        return *told, f"refused: {error.message}"
    return *told, milliseconds(lambda: spans(kept, words))


def main() -> int:
    out = sys.stdout.write
    out("| query | compile or refuse | translate | ask of a megabyte |\n| --- | --- | --- | --- |\n")
    for name, query in QUERIES.items():
        out(f"| {name} | {' | '.join(of_query(query))} |\n")
    out("\n| a megabyte of | slowest query | |\n| --- | --- | --- |\n")
    for name, piece in TEXTS.items():
        query, took = slowest((piece * MEGABYTE)[: MEGABYTE * len(piece) // len(piece.encode())])
        out(f"| {name} | `{query}` | {took} |\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
