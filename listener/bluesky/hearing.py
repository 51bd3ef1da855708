"""What a stream says, told apart: what may concern somebody, and all the rest, of which little is made."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from listener.bluesky.connect import Connection
from listener.bluesky.mentions import Reader, type_of
from listener.bluesky.people import Overheard
from listener.bluesky.place import Place, key_of
from listener.bluesky.sifting import Sifted, sift
from listener.bluesky.wire import Event, Frame, UnreadableError, read
from listener.errors import FetchError
from rules.instant import DAY, Instant, moment
from rules.mention import Mention
from rules.query.index import Index
from rules.query.sieve import Sieve


@dataclass
class Gathered:
    """What came until there was enough, or nothing more for now."""

    mentions: list[Mention] = field(default_factory=list)
    events: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    taken: list[tuple[Event, str]] = field(default_factory=list)
    frames: int = 0
    size: int = 0
    error: FetchError | None = None


@dataclass(eq=False)
class Chunk:
    """Frames that came together, `count` of them, of which those are left that can be read, in `size` bytes; and what
    was known of the brands by then: `sieve` is None where all is read with care, `dids` are those of whom somebody asks
    for by what they are called, the `names`-th to be known.
    """

    frames: Sequence[Frame]
    count: int
    size: int
    now: Instant
    sieve: Sieve | None
    dids: frozenset[str]
    names: int

    @property
    def latest(self) -> Instant:
        """What comes from after this is unusual."""
        return self.now + DAY


class Joint:
    """Whether a stream begins where the last one ended, or something is missed between them.

    Version 1 begins later without a word when a cursor is too old. But cursors are inclusive: what was heard last comes
    again (`returning`) when it is still there, and when not, all that came since may be lost. `doubtful`: the server
    says itself that it has not got the place; when nothing comes for `patience` batches, that is believed.
    """

    def __init__(self, place: Place, *, returning: bool, doubtful: bool, patience: int) -> None:
        self._before, self._since = place.at, place.since
        self._returning, self.doubtful = returning, doubtful
        self._patience = patience
        self._came, self._idle = False, 0
        self.is_open = bool(place.at)

    def meet(self, event: Event) -> None:
        """An event came. What is as old as what was heard last shows that the streams meet."""
        self._came = True
        if event.at <= self._before:
            self.is_open = False

    def missed(self, gathered: Gathered) -> Instant | None:
        """Since when something is missed, once that can be told from what came; None when nothing is."""
        self._idle += not gathered.frames
        if not self.is_open or not (self._came or (self.doubtful and self._idle >= self._patience)):
            return None
        self.is_open = False
        return self._since if self.doubtful or self._returning else None


class Hearing:
    """Takes in the frames of one connection. Of new posts and reposts that concern no brand in the index, if there is
    one, only the number and the place are kept.
    """

    def __init__(
        self,
        server: str,
        connection: Connection,
        place: Place,
        joint: Joint,
        reader: Reader,
        now: Callable[[], Instant],
        index: Callable[[], Index | None],
    ) -> None:
        self._server, self.connection, self.place, self._joint = server, connection, place, joint
        self._reader, self._now, self._index = reader, now, index
        self._sieve: Sieve | None = None
        self._called = set[str]()
        self._names = 0
        self._overheard = Overheard()
        self._gathered = Gathered()

    @property
    def gathered(self) -> Gathered:
        """What came since the last `told`."""
        return self._gathered

    def told(self) -> Gathered:
        """The same, which is told now."""
        gathered, self._gathered = self._gathered, Gathered()
        return gathered

    def chunks(self, frames: Sequence[Frame]) -> Iterator[Chunk]:
        """The next frames, to be taken in once those before them are, as many at a time as have room."""
        for part in self.connection.unpack(frames):
            self._gathered.skipped.update(part.skipped)
            now = self._now()
            sieve = None if self._joint.is_open else self._made_of(self._index(), now)
            called = frozenset(self._called)
            yield Chunk(part.frames, part.count, part.size, now, sieve, called, self._names)

    def take(self, chunk: Chunk, sifted: Sifted | None = None) -> None:
        """Take in frames, with what came of sifting them somewhere else, if they were."""
        self._gathered.frames += chunk.count
        self._gathered.size += chunk.size
        if chunk.sieve is None or chunk.sieve.open:
            for frame in chunk.frames:
                self._take(frame, chunk.now)
            return
        if sifted is None or chunk.names != self._names:  # who is called otherwise since may be asked for
            sifted = sift(chunk.frames, self.connection.version, chunk.sieve, self._called, chunk.latest)
        self._take_sifted(chunk, sifted, chunk.sieve)

    def _made_of(self, index: Index | None, now: Instant) -> Sieve | None:
        if index is None:
            return None
        if self._sieve is None or self._sieve.index is not index:
            self._sieve = Sieve(index, self._reader.bare(moment(now)))
            self._called = self._sieve.called(self._reader.handles)
            self._names += 1
        return self._sieve

    def _take_sifted(self, chunk: Chunk, sifted: Sifted, sieve: Sieve) -> None:
        frames, now = chunk.frames, chunk.now
        if sieve.authors:
            self._overheard.keep(frames, sifted.dids, chunk.size)
        careful, reposts = sifted.careful(), 0
        for number in careful:
            original, asked = sifted.reposts.get(number), number in sifted.asked
            if original and asked:
                self._recall(original, frames[number], now)
            if original and not self._reader.is_known(original):
                reposts += 1
            else:
                self._take(frames[number], now, None if asked or number in sifted.heard else sieve)
        self._gathered.events += Counter({"create": len(frames) - len(careful), "repost": reposts})
        if sifted.at:
            self.place.pass_by(sifted.position, sifted.at, self.connection.version)

    def _recall(self, uri: str, before: Frame, now: Instant) -> None:
        """Read a post with care that concerned nobody until somebody who is asked for passed it on."""
        overheard = [] if self._reader.is_known(uri) else self._overheard.frames(uri, before)
        for frame in overheard:
            with suppress(UnreadableError):  # then there is no post
                self._reader.recall(uri, read(frame, self.connection.version), moment(now))

    def _take(self, frame: Frame, now: Instant, sieve: Sieve | None = None) -> None:
        """Read a frame with care."""
        try:
            event = read(frame, self.connection.version)
            if event.kind in {"info", "error"}:
                self._note(event)
            else:
                self._hear(event, now, sieve)
        except UnreadableError as error:
            self._gathered.skipped[str(error)] += 1

    def _note(self, event: Event) -> None:
        """What version 2 says of the stream itself."""
        if event.kind == "error":
            code = event.name.partition(" ")[0][:80] or "error"
            self._gathered.error = FetchError(f"{self._server} ends the stream: {event.name[:200]}", code=code)
            return
        self._gathered.events["info"] += 1
        self._joint.doubtful = self._joint.doubtful or event.name in {"OutdatedCursor", "FutureCursor"}

    def _hear(self, event: Event, now: Instant, sieve: Sieve | None) -> None:
        if event.at > now + DAY:
            raise UnreadableError("wrong shape")  # going on from there would leave out a day
        key = key_of(event)
        self._joint.meet(event)
        if self.place.is_known(key):
            self._gathered.mentions += self._reader.gone_again(event, moment(now))
            return
        said = self._reader.mentions(event, moment(now))
        if event.identity and self._sieve:
            self._name(event.did, self._sieve)
        self._gathered.mentions += [each for each in said if sieve is None or each.op != "create" or sieve.lets(each)]
        self.place.take(event, key, self.connection.version)
        self._gathered.events[type_of(event)] += 1
        if self._joint.is_open:
            self._gathered.taken.append((event, key))

    def _name(self, did: str, sieve: Sieve) -> None:
        handle = self._reader.handles.get(did)
        is_asked = handle is not None and sieve.knows(did, handle)
        if is_asked != (did in self._called):
            (self._called.add if is_asked else self._called.discard)(did)
            self._names += 1
