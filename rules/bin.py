"""One minute of one series: what was counted, and by whom, where and in which words."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import TypeVar

import msgspec

from rules.facts import Facts
from rules.instant import Instant
from rules.transition import Unit

AUTHORS_PER_BIN = 1_000
"""Authors, and stories, told apart in one bin of one series; beyond, their number is a lower bound and memory stays
bounded.
"""

WORDS_PER_BIN = 20
"""Words of a keyword rule told apart in one bin: more are counted, not named."""

KeyT = TypeVar("KeyT", str, int)

_MOST_PACKED = 100
"""Authors, or stories, of a bin that is packed: few brands are louder at a time, and those are judged most often."""
_REMEMBERED = 256  # bins: the windows of a loud brand, which is judged at each mention

_Tables = tuple[dict[str, int], dict[str, int], dict[str, int], dict[int, int]]
_encode = msgspec.msgpack.Encoder().encode
_tables_of: Callable[[bytes], _Tables] = lru_cache(_REMEMBERED)(msgspec.msgpack.Decoder(_Tables).decode)
# what bins that are packed share instead of tables of their own: never written to
_NO_NAMES: dict[str, int] = {}
_NO_NUMBERS: dict[int, int] = {}


# not watched for garbage: its tables hold nothing but names and numbers
class Bin(msgspec.Struct, kw_only=True, omit_defaults=True, gc=False, rename=lambda name: name.removeprefix("_")):
    """One minute of one series. `largest` is the mention whose author has the most followers (`reach`). Once `packed`,
    it takes a third of the memory; what `size` says of it is known then, and its tables are made anew where they are
    asked for.
    """

    count: int = 0
    _authors: dict[str, int] = {}
    _sources: dict[str, int] = {}
    first: str = ""
    began: Instant = 0
    latest: str = ""
    largest: str = ""
    reach: int = -1
    _words: dict[str, int] = {}
    _stories: dict[int, int] = {}
    packed: bytes = b""
    author_count: int = 0
    story_count: int = 0

    def __post_init__(self) -> None:
        if self.packed:
            self._share()

    @property
    def authors(self) -> Mapping[str, int]:
        """How many mentions each pseudonym wrote."""
        return _tables_of(self.packed)[0] if self.packed else self._authors

    @property
    def sources(self) -> Mapping[str, int]:
        """How many mentions each source brought."""
        return _tables_of(self.packed)[1] if self.packed else self._sources

    @property
    def words(self) -> Mapping[str, int]:
        """How many mentions hold what was said of a keyword rule's words."""
        return _tables_of(self.packed)[2] if self.packed else self._words

    @property
    def stories(self) -> Mapping[int, int]:
        """How many mentions tell each story."""
        return _tables_of(self.packed)[3] if self.packed else self._stories

    def size(self, unit: Unit) -> int:
        """How many mentions, authors or stories of this minute; a mention without one counts as one of its own."""
        if unit == "mentions":
            return self.count
        if self.packed:
            return self.author_count if unit == "authors" else self.story_count
        keys = self._keys(unit)
        # of a full bin nobody knows how many are not told apart
        return len(keys) + (max(0, self.count - sum(keys.values())) if len(keys) < AUTHORS_PER_BIN else 0)

    def meet(self, known: set[str | int], unit: Unit) -> int:
        """Make its authors or stories `known`; how many mentions are without one."""
        keys = self._keys(unit)
        known.update(keys)
        return self.size(unit) - len(keys)

    def _keys(self, unit: Unit) -> Mapping[str, int] | Mapping[int, int]:
        return self.authors if unit == "authors" else self.stories

    def add(self, facts: Facts, story: int, words: Iterable[str]) -> None:
        """Count a mention that tells a story (0: none) in some words of a keyword rule."""
        self._unpack()
        self.count += 1
        self.latest = facts.mention
        self._sources[facts.source] = self._sources.get(facts.source, 0) + 1
        if facts.author:
            _increase(self._authors, facts.author, AUTHORS_PER_BIN)
        if story:
            _increase(self._stories, story, AUTHORS_PER_BIN)
        if facts.reach > self.reach:
            self.reach, self.largest = facts.reach, facts.mention
        for word in words:
            _increase(self._words, word, WORDS_PER_BIN)

    def remove(self, facts: Facts, story: int, words: Iterable[str]) -> None:
        """Take back what `add` counted."""
        self._unpack()
        self.count -= 1
        self.unquote(facts.mention)
        _decrease(self._sources, facts.source)
        _decrease(self._authors, facts.author)
        _decrease(self._stories, story)
        for word in words:
            _decrease(self._words, word)

    def unquote(self, mention: str) -> None:
        """Name it no more."""
        self.first = "" if self.first == mention else self.first
        self.latest = "" if self.latest == mention else self.latest
        if self.largest == mention:
            self.largest, self.reach = "", -1

    def pack(self) -> None:
        """Nothing is expected to be counted in it any more; what counts in it nevertheless unpacks it. A loud minute
        stays as it is.
        """
        if not self.packed and max(len(self._authors), len(self._stories)) <= _MOST_PACKED:
            self.author_count, self.story_count = self.size("authors"), self.size("stories")
            self.packed = _encode((self._authors, self._sources, self._words, self._stories))
            self._share()

    def _unpack(self) -> None:
        if self.packed:
            authors, sources, words, stories = _tables_of(self.packed)
            self._authors, self._sources, self._words = authors.copy(), sources.copy(), words.copy()
            self._stories, self.packed, self.author_count, self.story_count = stories.copy(), b"", 0, 0

    def _share(self) -> None:
        self._authors = self._sources = self._words = _NO_NAMES
        self._stories = _NO_NUMBERS


def different(cells: Iterable[Bin], unit: Unit) -> int:
    """The different authors or stories of bins; a mention without one counts as one of its own."""
    known: set[str | int] = set()
    without = sum([cell.meet(known, unit) for cell in cells])
    return len(known) + without


def are_different(cells: Sequence[Bin], unit: Unit, least: int) -> bool:
    """Whether `different` is at least `least`; told without a look into most bins."""
    if any(cell.size(unit) >= least for cell in cells):
        return True
    if sum(cell.size(unit) for cell in cells) < least:
        return False
    known, without = set[str | int](), 0
    for cell in cells:
        without += cell.meet(known, unit)
        if len(known) + without >= least:
            return True
    return False


def quotable(cells: Sequence[Bin], first: str) -> dict[str, str]:
    """Mentions worth quoting, each once: the `first` of the incident, and of a window the one with the largest audience
    and the latest.
    """
    found = {
        "first": first,
        "largest": max(cells, key=lambda cell: cell.reach).largest if cells else "",
        "latest": next((cell.latest for cell in reversed(cells) if cell.latest), ""),
    }
    roles: dict[str, str] = {}
    for role, mention in found.items():
        if mention and mention not in roles.values():
            roles[role] = mention
    return roles


def _increase(counts: dict[KeyT, int], key: KeyT, most: int) -> None:
    if key in counts or len(counts) < most:
        counts[key] = counts.get(key, 0) + 1


def _decrease(counts: dict[KeyT, int], key: KeyT) -> None:
    if key in counts:
        counts[key] -= 1
        if counts[key] <= 0:
            del counts[key]
