"""A firehose for the mock Jetstream: what a whole network says, as many posts a second as one likes, without end."""

import re
from collections.abc import Iterator, Sequence
from random import Random

import msgspec

from listener.mock import people
from listener.mock.bluesky_log import POSTS, Logged, cid, did_of, first, rfc3339, tid
from listener.mock.scenario import Language, load_scenario
from listener.mock.voice import Part, Voice
from rules.instant import SECOND, Instant

STRANGERS = Logged(seq=0, at=0, did="", kind="commit", body={"collection": POSTS})
"""Whoever takes this takes what a firehose says."""
FASTEST = 1_000_000
"""Events a second: a server tells them apart by the microsecond."""
_AT_ONCE = 1_000
_MILLISECOND = SECOND // 1_000
_DIFFERENT = 20_000
_NAMING = 100
"""One post in so many names the airline."""
_PEOPLE = 5_000
_SCENARIO, _AIRLINE, _OTHER = "two-brands-mixed", "acme", "nuarelle"
_PARTS: tuple[Part, ...] = ("negative", "neutral", "neutral", "positive")
_PLACES: Sequence[tuple[bytes, bytes]] = (
    (rb'"time_us":\d+', rb'"time_us":%(at)d'),
    (rb'"(rev|rkey)":"[^"]*"', rb'"\1":"%(key)b"'),
    (rb'"createdAt":"[^"]*"', rb'"createdAt":"%(created)b"'),
)
"""What is new each time a frame comes."""
_ENDS = [tid(0, number)[-2:].encode() for number in range(1_024)]
"""What keeps record keys of one moment apart."""


class Firehose:
    """Says the `frames` of Jetstream's version 1 over and over, `rate` (at most FASTEST) a second of the platform's
    clock from `begun` on. Each time a frame comes it is another post: its time, record key and revision are new, the
    rest is as it was. They are made ready once and nothing is kept of what was said, so the past is as near as the
    present.
    """

    def __init__(self, frames: Sequence[bytes], rate: int, begun: Instant) -> None:
        self._frames, self._rate, self._begun = [_ready(frame) for frame in frames], rate, begun

    def between(self, begin: Instant, end: Instant) -> Iterator[list[bytes]]:
        """What is said from `begin` on and before `end`, in order, so many at once as make one write."""
        number, last = self._number(begin), self._number(end)
        while number < last:
            many = min(_AT_ONCE, last - number)
            yield self._said(number, many)
            number += many

    def _number(self, at: Instant) -> int:
        """How many are said before an instant."""
        return max(0, -((self._begun - at) * self._rate // SECOND))

    def _said(self, number: int, many: int) -> list[bytes]:
        said, new, until, key = list[bytes](), dict[bytes, bytes | int](), 0, b""
        for each in range(number, number + many):
            at = self._begun + each * SECOND // self._rate
            if at >= until:
                until = at - at % _MILLISECOND + _MILLISECOND
                key = tid(until, 0)[:-2].encode()
                new[b"created"] = rfc3339(at, "milliseconds").encode()
            new[b"at"], new[b"key"] = at, key + _ENDS[each % len(_ENDS)]
            said.append(self._frames[each % len(self._frames)] % new)
        return said


def strangers(seed: int) -> list[bytes]:
    """Frames of what people say about two made-up brands, in French and English; few name the airline."""
    random, scenario = Random(seed), load_scenario(_SCENARIO)
    languages = list(scenario.languages)
    airline, other = (
        {language: Voice(scenario.brands[brand], language) for language in languages} for brand in (_AIRLINE, _OTHER)
    )
    posts = []
    for number, language in enumerate(random.choices(languages, k=_DIFFERENT)):
        text = (other if number % _NAMING else airline)[language].say(random.choice(_PARTS), random)
        posts.append(post(text, language, random.randrange(_PEOPLE)))
    return posts


def post(text: str, language: Language, author: int) -> bytes:
    """The frame of somebody's post, for a firehose."""
    record = {"$type": POSTS, "createdAt": "", "langs": [language], "text": text}
    commit = {"rev": "", "operation": "create", "collection": POSTS, "rkey": "", "record": record, "cid": cid(text)}
    event = Logged(seq=0, at=0, did=did_of(people.person(author)), kind="commit", body=commit)
    return msgspec.json.encode(first(event, numbered=False))


def _ready(frame: bytes) -> bytes:
    """A frame with a place for each thing that is new when it comes."""
    frame = frame.replace(b"%", b"%%")
    for what, place in _PLACES:
        frame = re.sub(what, place, frame)
    return frame
