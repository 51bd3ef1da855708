"""Which texts tell the same story: copied, reposted or syndicated, word for word or nearly so."""

from collections.abc import Iterable, Iterator
from functools import cached_property
from hashlib import blake2s
from itertools import islice
from zlib import crc32

import msgspec

from rules.kept import Kept

MOST_STORIES = 2_000
"""Texts of one brand that are remembered to tell copies by: those heard last."""

_SHORTEST, _LONGEST = 6, 64  # words: fewer are alike by chance, and what comes after is often cut
_NIBBLES, _ALIKE = 16, 10  # two texts that share 60 % of their pairs of words agree in that many, strangers in one
_LOW = 0x1111_1111_1111_1111
_DRAWN = [int.from_bytes(blake2s(bytes([number]), digest_size=8).digest()) for number in range(2 * _NIBBLES)]
_LANE, _HASH = 96, 64  # bits: a pair of 32 times what is drawn fills a lane, of which the lower part is the hash


def _lanes(each: Iterable[int]) -> int:
    return sum(one << _LANE * lane for lane, one in enumerate(each))


# all hashes of a pair are one product and one sum, and all minima one difference
_FACTORS, _OFFSETS = _lanes(_DRAWN[::2]), _lanes(_DRAWN[1::2])
_HASHES, _ABOVE = _lanes([(1 << _HASH) - 1] * _NIBBLES), _lanes([1 << _HASH] * _NIBBLES)


_BEGUN = Kept(lambda word: crc32(f"{word} ".encode()))
"""The checksum of a word and the space after it: where one of a pair begins."""


def sketch(words: Iterable[str]) -> int:
    """A number of 64 bits that is the same for the same text and nearly so for nearly the same one: the low four bits
    of 16 minima over its pairs of words (MinHash). 0 when the text is too short to tell a copy from a coincidence.
    """
    read = list(islice(words, _LONGEST))
    if len(read) < _SHORTEST:
        return 0
    pairs = map(crc32, map(str.encode, read[1:]), map(_BEGUN.__getitem__, read))
    least = _hashes(next(pairs)) | _ABOVE
    for pair in pairs:
        more = least - _hashes(pair)
        reached = more & _ABOVE  # set in the lanes whose minimum was not less than this pair's
        least -= more & (reached - (reached >> _HASH))
    nibbles = least.to_bytes(_NIBBLES * _LANE // 8, "little")[1 :: _LANE // 8]
    return int(nibbles.hex()[1::2], 16) or 1


def _hashes(pair: int) -> int:
    return pair * _FACTORS + _OFFSETS & _HASHES


def likeness(one: int, other: int) -> int:
    """In how many of the 16 minima two sketches agree."""
    parted = one ^ other
    parted |= parted >> 2
    return _NIBBLES - ((parted | parted >> 1) & _LOW).bit_count()


class Stories(msgspec.Struct, dict=True):
    """Tells stories apart by the sketches of their texts, told in order: the same order gives the same stories, also
    when the state was saved and taken up in between. `known` maps the sketches heard last to their story, which is the
    sketch of its first text, the one heard longest ago first; beyond MOST_STORIES the oldest are forgotten.
    """

    known: dict[int, int] = {}

    def of(self, sketch: int) -> int:
        """The story that a text belongs to."""
        story = self.known.pop(sketch, None)
        if story is None:
            story = self._nearest(sketch)
        self.known[sketch] = story
        if story != sketch:
            # a story is remembered longer than its copies
            self.known[story] = self.known.pop(story)
        if len(self.known) > MOST_STORIES:
            self._forget(next(iter(self.known)))
        return story

    @cached_property
    def _shelves(self) -> dict[int, set[int]]:
        """The stories by each byte of their sketches and its place."""
        shelves: dict[int, set[int]] = {}
        for story in self.known:
            if self.known[story] == story:
                for shelf in _shelves_of(story):
                    shelves.setdefault(shelf, set()).add(story)
        return shelves

    def _nearest(self, sketch: int) -> int:
        """The story that is most like a text; of equals the one with the lesser sketch; a new one when none is."""
        places = list(_shelves_of(sketch))
        seen, near = set[int](), set[int]()
        for shelf in places:
            found = self._shelves.get(shelf)
            if found:
                # of the 8 bytes of two that are alike at least two are equal: else they agree in 9 minima at most
                near |= seen & found
                seen |= found
        best, story = min(((-likeness(story, sketch), story) for story in near), default=(0, sketch))
        if -best >= _ALIKE:
            return story
        for shelf in places:
            self._shelves.setdefault(shelf, set()).add(sketch)
        return sketch

    def _forget(self, sketch: int) -> None:
        if self.known.pop(sketch) == sketch:
            for shelf in _shelves_of(sketch):
                self._shelves[shelf].discard(sketch)


def _shelves_of(sketch: int) -> Iterator[int]:
    return (place << 8 | byte for place, byte in enumerate(sketch.to_bytes(8)))
