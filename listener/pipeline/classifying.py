"""Finds out what mentions say before they are written: in workers where that pays, else in slices of the loop."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from time import monotonic
from typing import TypeVar

from listener.clock import Clock
from listener.garbage import in_the_background
from listener.pipeline.begun import Begun
from listener.pipeline.clean import fit
from listener.pipeline.quarantine import Quarantine
from listener.pipeline.setup import Setup, terms_in
from listener.pipeline.slices import SLICE, next_slice, sliced
from listener.pipeline.work import Classification, Read
from listener.pool.line import LostError
from listener.pool.pool import NobodyError, Pool
from listener.pool.texts import answers, first_part, part, question
from listener.store.port import Seen, StoreError
from rules.classify import Classified, Classifier
from rules.instant import Instant
from rules.mention import Mention
from rules.toward import prepare

PAYS = 0.5
"""Seconds of classifying here, beyond the share that is nothing to speak of, from which on workers pay."""
SHARE = 0.1
FEWEST, MOST = 16, 100
"""Mentions that one question to a worker is about."""
MOST_LOST = 20
"""Mentions in quarantine within an hour; with more it is the workers that cannot be trusted."""
_HOUR = 3600.0
_SAID = frozenset({"create", "update"})

_Answer = list[Classified] | LostError | None
Item = TypeVar("Item")


class Classifying:
    """`begin` for who will hand something over, `ahead` for who does, `rest` for who writes it. What is found is what
    the classifier of the setup finds by the words, whoever does the work. A mention over which a worker ends twice,
    among others and alone, goes into `quarantine`.
    """

    def __init__(self, clock: Clock, pool: Pool | None = None, quarantine: Quarantine | None = None) -> None:
        self.pool = pool
        self.quarantine = Quarantine() if quarantine is None else quarantine
        self._clock = clock
        self._writing = asyncio.Lock()
        self._lately = deque[float](maxlen=MOST_LOST)
        self._setup: Setup | None = None
        self._languages = frozenset[str]()
        self._begun = Begun[_Answer]()
        self._answering = set[asyncio.Task[None]]()
        self._spent = self._looked = 0.0

    def begin(self, mentions: Sequence[Mention], setup: Setup) -> None:
        """Have workers, if they are there, find out what mentions say that will be handed over: meanwhile what was
        handed over before may be written.
        """
        if self.pool is None or not self.pool.ready:
            return
        self.follow(setup)
        new = dict[bytes, Mention]()
        for mention in (fit(each, each.source) for each in mentions if each.op in _SAID):
            words = setup.classifier.sameness(mention)
            if words and not (words in self._begun or setup.classifier.recall(words) or self.quarantine.holds(mention)):
                new.setdefault(words, mention)
        for some in self._shares([*self._begun.promise(new).items()]):
            promised = [(new[words], answer) for words, answer in some]
            # nobody waits for it: who hands these over waits for the answers
            answering = asyncio.get_running_loop().create_task(self._keep(promised, setup), name="classify")
            self._answering.add(answering)
            answering.add_done_callback(self._answering.discard)

    async def _keep(self, promised: Sequence[tuple[Mention, "asyncio.Future[_Answer]"]], setup: Setup) -> None:
        answered: list[_Answer] = [None] * len(promised)
        try:
            await self._ask(range(len(promised)), [mention for mention, _ in promised], answered, setup)
        finally:
            for (_, promise), answer in zip(promised, answered, strict=True):
                if not promise.done():  # else who waited for it was cancelled
                    promise.set_result(answer)

    async def ahead(self, read: Read, setup: Setup) -> Read:
        """The reading with its mentions fit, classified as far as workers are there for it, and without those that are
        or come into quarantine. Raises StoreError when one cannot be kept there.
        """
        mentions = [fit(each, read.source) for each in read.mentions]
        heard = read.source in setup.listeners
        answered = await self._asked(mentions, setup) if heard else [None] * len(mentions)
        for mention, answer in zip(mentions, answered, strict=True):
            if isinstance(answer, LostError):
                await self.set_apart(mention, str(answer))
        await self._forget([each.identity for each in mentions if each.op == "delete"])
        kept = [
            (mention, answer)
            for mention, answer in zip(mentions, answered, strict=True)
            if not (isinstance(answer, LostError) or self.quarantine.holds(mention))
        ]
        found = [None if isinstance(answer, LostError) else answer for _, answer in kept]
        judged = Classification(by=setup.classifier, found=found, spared=len(mentions) - len(kept))
        return replace(read, mentions=[mention for mention, _ in kept], judged=judged)

    async def rest(self, read: Read, setup: Setup, known: Callable[[str], Seen | None]) -> Read:
        """The reading, whose mentions are fit, with all classified of which it matters, by what the store knows."""
        mentions = read.mentions
        judged = read.judged or Classification(by=setup.classifier, found=[None] * len(mentions))
        current = judged.by is setup.classifier
        found: list[list[Classified] | None] = [*judged.found] if current else [None] * len(mentions)
        heard = mentions if read.source in setup.listeners else ()
        open_ = [n for n, each in enumerate(heard) if found[n] is None and _matters(each, known)]
        if open_:
            await self._prepare(setup.classifier)
        spent, begun = 0.0, monotonic()
        for number in open_:
            found[number] = setup.classifier.by_words(mentions[number])
            if monotonic() - begun >= SLICE:
                spent += monotonic() - begun
                await next_slice()
                begun = monotonic()
        self.consider(setup, spent + monotonic() - begun)
        return replace(read, judged=replace(judged, by=setup.classifier, found=found))

    async def _prepare(self, classifier: Classifier) -> None:
        """Read beside the loop what languages take. The first mention waits for it, so a daemon that hears none is
        spared.
        """
        if new := classifier.languages - self._languages:
            with in_the_background():
                await asyncio.to_thread(lambda: [*map(prepare, new)])
            self._languages |= new

    def consider(self, setup: Setup, spent: float) -> None:
        """Whether workers pay by now, as so many seconds more were spent on what they could do."""
        now = monotonic()
        self._spent = max(0.0, self._spent - (now - self._looked) * SHARE) + spent
        self._looked = now
        if self.pool and self._spent > PAYS:
            self.follow(setup)
            self.pool.want()

    def follow(self, setup: Setup) -> None:
        """Workers classify as the setup says, from here on."""
        if self.pool and (self._setup is None or self._setup.classifier is not setup.classifier):
            self._setup = setup
            self._begun.forget()
            self.pool.renew(partial(recipe, setup))

    async def _asked(self, mentions: Sequence[Mention], setup: Setup) -> list[_Answer]:
        """What is remembered, or workers say, of each that may have to be classified."""
        answered: list[_Answer] = [None] * len(mentions)
        if self.pool is None or not self.pool.ready:
            return answered
        self.follow(setup)
        asked, begun, copies = self._recalled(mentions, answered, setup.classifier)
        async with asyncio.TaskGroup() as group:
            for numbers in self._shares(asked):
                group.create_task(self._ask(numbers, mentions, answered, setup), name="classify")
        for number, answer in begun.items():
            answered[number] = await answer
        for number, first in copies.items():
            answered[number] = answered[first]
        return answered

    def _shares(self, asked: Sequence[Item]) -> Iterator[Sequence[Item]]:
        """What each question is about."""
        ready = self.pool.ready if self.pool else 0
        size = min(MOST, max(FEWEST, -(-len(asked) // max(1, ready))))
        return (asked[start : start + size] for start in range(0, len(asked), size))

    def _recalled(
        self, mentions: Sequence[Mention], answered: list[_Answer], classifier: Classifier
    ) -> "tuple[list[int], dict[int, asyncio.Future[_Answer]], dict[int, int]]":
        """Answer what is remembered; returns what is to be asked, what was, and what says the same as one of those."""
        asked, copies, firsts = list[int](), dict[int, int](), dict[bytes, int]()
        begun = dict[int, asyncio.Future[_Answer]]()
        for number, mention in enumerate(mentions):
            if mention.op not in _SAID or self.quarantine.holds(mention):
                continue
            words = classifier.sameness(mention)
            promised = self._begun.take(words) if words else None
            known = answered[number] = classifier.recall(words) if words else None
            if known is not None:
                continue
            if words and firsts.setdefault(words, number) != number:
                copies[number] = firsts[words]
            elif promised:
                begun[number] = promised
            else:
                asked.append(number)
        return asked, begun, copies

    async def _ask(
        self, numbers: Sequence[int], mentions: Sequence[Mention], answered: list[_Answer], setup: Setup
    ) -> None:
        some = [mentions[number] for number in numbers]
        try:
            told: Sequence[_Answer] = await self._question(some, setup)
        except LostError:
            told = [await self._alone(each, setup) for each in some]
        for number, answer in zip(numbers, told, strict=True):
            answered[number] = answer
            if isinstance(answer, list):
                setup.classifier.remember(mentions[number], answer)

    async def _alone(self, mention: Mention, setup: Setup) -> _Answer:
        try:
            return (await self._question([mention], setup))[0]
        except LostError as error:
            return error

    async def _question(self, mentions: Sequence[Mention], setup: Setup) -> Sequence[list[Classified] | None]:
        assert self.pool
        nothing = [None] * len(mentions)
        if self._setup is not setup:
            return nothing  # a reload came between
        try:
            return answers(await self.pool.post(question(mentions)))
        except NobodyError:
            return nothing

    async def set_apart(self, mention: Mention, why: str) -> None:
        """Put a mention into quarantine. Raises StoreError when it cannot be kept there."""
        now = monotonic()
        self._lately.append(now)
        if self.pool and len(self._lately) == MOST_LOST and now - self._lately[0] < _HOUR:
            self.pool.give_up("one text after the other ends them")
            self._lately.clear()  # those of another configuration begin anew
        await self._kept(partial(self.quarantine.take, mention, why, self._clock.now()))

    async def expire(self, at: Instant, keep: timedelta, per_source: Mapping[str, timedelta]) -> None:
        """Keep nothing in quarantine for longer than that. Raises StoreError."""
        await self._kept(partial(self.quarantine.expire, at, keep, per_source))

    async def _forget(self, deleted: Sequence[str]) -> None:
        if deleted and len(self.quarantine):
            await self._kept(partial(self.quarantine.forget, deleted))

    async def _kept(self, change: "partial[None]") -> None:
        async with self._writing:
            try:
                await asyncio.to_thread(change)
            except OSError as error:
                raise StoreError(f"the quarantine cannot be written: {error.strerror}") from error


async def recipe(setup: Setup) -> AsyncIterator[bytes]:
    """What a worker makes its classifier of: no more of the configuration than brands and their words."""
    yield first_part(setup.settings.daemon.detection)
    async for brand, terms in sliced(terms_in(setup.settings, setup.agenda)):
        yield part(brand, terms)


def _matters(mention: Mention, known: Callable[[str], Seen | None]) -> bool:
    """Whether it would be classified, as far as that can be told without its brands."""
    if mention.op not in _SAID:
        return False
    seen = known(mention.identity)
    return seen is None or not (seen.deleted or mention.revision in seen.revisions)
