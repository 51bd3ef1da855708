"""What a post of a Mastodon server's public timeline costs that concerns nobody: `python -m tests.bench.statuses`.

Texts of `tests.bench.firehose`, written as the mock server writes them, 1,000 brands; from the event of the stream to
what is handed over. With care, every post is made a mention, of which the writer would still find that it concerns
nobody. Processor time in µs a post, the least of rounds.
"""

import sys
from collections.abc import Sequence
from time import process_time

import msgspec

from listener.garbage import settle
from listener.mastodon.glance import Glance
from listener.mastodon.memory import Memory
from listener.mastodon.news import News
from listener.mastodon.status import Home
from listener.mastodon.streams import Told
from listener.mock.statuses import status
from listener.mock.world import Account, World
from rules.query.compiled import compile_query
from rules.query.index import Index, index_of
from tests.bench import parts
from tests.bench.daemon import show
from tests.bench.firehose import BEGUN, frames
from tests.bench.queries import Brand, brands

POSTS, ROUNDS, AT_ONCE = 5_000, 5, 100
HOME = Home(source="fedi", host="a.example", domain="a.example")


def statuses(drawn: Sequence[Brand], count: int) -> list[Told]:
    """Events of a stream."""
    world = World(lambda: BEGUN)
    people = [Account(handle=f"author{number}@b.example", followers=number) for number in range(500)]
    for number, frame in enumerate(frames(drawn, count)):
        record = msgspec.json.decode(frame).get("commit", {}).get("record", {})
        if record.get("text"):
            world.say(record["text"], people[number % len(people)])
    written = (status(post, lambda _: None, "https://a.example") for post in world.posts())
    return [Told("public", "update", msgspec.json.encode(each).decode()) for each in written]


def handed_over(told: Sequence[Told], index: Index | None) -> int:
    """How many of the posts are."""
    news, glance, count = News(Memory(), HOME, {}, streams=True), Glance(HOME, lambda: index), 0
    for start in range(0, len(told), AT_ONCE):
        some = told[start : start + AT_ONCE]
        news.events(some, glance.strangers(some, news.memory.known), BEGUN, gapless=True)
        count += len(news.batch(BEGUN).mentions)
    return count


def main() -> None:
    drawn = brands(parts.BRANDS)
    told = statuses(list(drawn.values()), POSTS)
    index = index_of({name: compile_query(brand.query) for name, brand in drawn.items()})
    settle()
    rows = list[tuple[str, str]]()
    for name, known in (("with care, as all were", None), ("at a glance", index)):
        spent = list[float]()
        for _ in range(ROUNDS):
            begun = process_time()
            count = handed_over(told, known)
            spent.append(process_time() - begun)
        rows.append((name, f"{min(spent) / len(told) * 1e6:.1f} µs, {count:,} handed over"))
    show(f"{len(told):,} posts, {parts.BRANDS:,} brands", rows)


if __name__ == "__main__":
    sys.exit(main())
