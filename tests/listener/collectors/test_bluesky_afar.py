"""A stream that is sifted by workers says what it says when it is sifted at once, and in the same order."""

import asyncio
import json

from hypothesis import given
from hypothesis import strategies as st

from listener.bluesky import afar
from listener.bluesky.afar import Answering, Sifting
from listener.bluesky.ahead import reading
from listener.bluesky.connect import Connection
from listener.bluesky.hearing import Hearing, Joint
from listener.bluesky.mentions import Reader
from listener.bluesky.place import Place
from listener.errors import FetchError
from listener.pool.line import LostError
from listener.pool.pool import NobodyError
from tests.listener.collectors.test_bluesky_sieve import AT, QUERIES, RECORDS, Stream, classifier


class Near:
    """Workers who are here: each answers a turn of the loop after it was asked, or ends."""

    def __init__(self, queries=QUERIES, lethal=None, *, nobody=False):
        self.answer = Answering(classifier(queries).index)
        self.lethal, self.nobody = lethal, nobody
        self.apart, self.announced, self.asked, self.seconds = [], [], 0, 0.0

    is_there = True

    def post(self, said):
        self.asked += 1
        done = asyncio.get_running_loop().create_future()
        if self.nobody:
            done.set_exception(NobodyError())
        elif self.lethal and self.lethal in said:
            done.set_exception(LostError("ended by SIGSEGV"))
        else:
            done.get_loop().call_soon(done.set_result, self.answer(memoryview(said)))
        return done

    def spent(self, seconds):
        self.seconds += seconds

    def heard(self, mentions):
        self.announced += mentions

    async def set_apart(self, mention, why):
        self.apart.append((mention.source, mention.text, why))


class Told:
    """A connection that says these rounds of frames, and ends."""

    def __init__(self, rounds):
        self.rounds = list(rounds)

    async def receive_many(self, _most, _room, _window):
        if not self.rounds:
            raise FetchError("the end", code="closed")
        return self.rounds.pop(0)


async def heard(rounds, workers):
    """All that a stream comes to."""
    place, brands = Place("sky", ""), classifier(QUERIES)
    joint = Joint(place, returning=False, doubtful=False, patience=1)
    connection = Connection(1, False, Told(rounds), None)
    hearing = Hearing("sky", connection, place, joint, Reader("sky"), lambda: AT, lambda: brands.index)
    mentions, events, skipped, frames = [], {}, {}, 0
    async with reading(hearing, Sifting(workers, "sky", 1), None) as ahead:
        while True:
            gathered = await ahead.gathered(5)
            mentions += gathered.mentions
            frames += gathered.frames
            for name, count in gathered.events.items():
                events[name] = events.get(name, 0) + count
            if gathered.error:
                return mentions, events, skipped, frames, place.at, str(gathered.error)


def rounds_of(groups):
    stream = Stream()
    return [
        [json.dumps(stream.frame("create", f"k{stream.number}", record)).encode() for record in group]
        for group in groups
    ]


async def both(rounds, workers):
    return await heard([*rounds], None), await heard([*rounds], workers)


@given(st.lists(st.lists(RECORDS, min_size=1, max_size=3), max_size=6), st.booleans())
def test_workers_change_nothing_of_what_is_heard(groups, nobody):
    least, afar.LEAST, workers = afar.LEAST, 1, Near(nobody=nobody)
    try:
        here, there = asyncio.run(both(rounds_of(groups), workers))
    finally:
        afar.LEAST = least
    assert here == there
    assert there[0] == workers.announced


async def test_few_frames_are_not_worth_the_way(monkeypatch):
    workers = Near()
    monkeypatch.setattr(afar, "LEAST", 3)
    await heard(rounds_of([[{"text": "acme"}] * 2, [{"text": "acme"}] * 3]), workers)
    assert workers.asked == 1
    assert workers.seconds > 0


async def test_who_is_called_otherwise_meanwhile_is_heard_from_then_on(monkeypatch):
    monkeypatch.setattr(afar, "LEAST", 1)
    [[before], [after]] = rounds_of([[{"text": "nothing"}], [{"text": "nothing"}]])
    named = {"did": "did:plc:a", "time_us": AT + 1, "kind": "identity", "identity": {"handle": "anna.example"}}
    rounds = [[before], [json.dumps(named).encode()], [after]]
    here, there = await both(rounds, Near())
    assert here == there
    assert [each.id.rpartition("/")[2] for each in there[0]] == ["k1"]


async def test_a_frame_over_which_workers_end_is_set_apart_and_all_others_are_heard(monkeypatch):
    monkeypatch.setattr(afar, "LEAST", 1)
    workers = Near(lethal=b"lethal")
    rounds = rounds_of([[{"text": "acme"}, {"text": "acme is lethal"}, {"text": "acme again"}], [{"text": "acme too"}]])
    mentions, _, _, frames, *_ = await heard(rounds, workers)
    assert [each.text for each in mentions] == ["acme", "acme again", "acme too"]
    assert frames == 4
    [(source, text, why)] = workers.apart
    assert (source, json.loads(text)["commit"]["record"]["text"], why) == ("sky", "acme is lethal", "ended by SIGSEGV")
