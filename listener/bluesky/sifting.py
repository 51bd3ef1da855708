"""Which of many frames may concern somebody: nearly none does, so little is made of each."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress

from msgspec import Struct

from listener.bluesky.glance import Glance, glance
from listener.bluesky.wire import Frame, UnreadableError, Version, read
from rules.instant import Instant
from rules.query.sieve import Sieve


class Sifted(Struct, gc=False):
    """Of some frames, by their numbers: `heard` are new posts that may concern somebody by their words; `asked`
    posts and reposts of whom somebody asks for; `reposts` all that pass something on, with its address; `others` what
    must be read to know: other events, and the unusual. Whatever is in none of them is a new post that concerns nobody.
    Where somebody is asked for by name, `dids` tell of each who wrote it, "" where that does not show at a glance.
    `at` and `position` are those of the latest post or repost, 0 where there was none.
    """

    heard: set[int]
    asked: set[int]
    reposts: dict[int, str]
    others: list[int]
    dids: list[str]
    at: Instant
    position: int

    def careful(self) -> list[int]:
        """All but those that concern nobody, in order."""
        return sorted({*self.heard, *self.asked, *self.reposts, *self.others})


def sift(frames: Sequence[Frame], version: Version, sieve: Sieve, dids: Collection[str], latest: Instant) -> Sifted:
    """Frames of a server of this version. It depends on nothing else and answers with numbers, so frames may be sifted
    anywhere. `dids` are those of whom somebody asks for by what they are called; who is called otherwise from one of
    these frames on may be one of them too. What comes from after `latest` is unusual.
    """
    seen = glance(frames, version, latest)
    heard = {seen.posts[number] for number in sieve.places(seen.said)}
    asked = _asked(seen, sieve, {*dids, *_renamed(seen, frames, version)}) if sieve.authors else set[int]()
    return Sifted(heard, asked, seen.reposts, seen.others, seen.dids if sieve.authors else [], seen.at, seen.position)


def _asked(seen: Glance, sieve: Sieve, dids: Collection[str]) -> set[int]:
    told = seen.dids
    among = sieve.authors.union(dids).intersection(told)
    if not "".join(told).islower():  # nearly never: one look at all of them
        among |= {did for did in told if not did.islower() and sieve.knows(did, None)}
    return {number for number in (*seen.posts, *seen.reposts) if told[number] in among} if among else set()


def _renamed(seen: Glance, frames: Sequence[Frame], version: Version) -> Iterator[str]:
    """Those who are called otherwise from somewhere among these frames on."""
    for number in seen.events:
        with suppress(UnreadableError):
            event = read(frames[number], version)
            if event.identity:
                yield event.did
