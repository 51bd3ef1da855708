"""Learns from the marks of each brand, when there are enough new ones, and puts in force what is better."""

import asyncio

import msgspec
import structlog

from config.settings import Brand, Settings
from listener.clock import Clock
from listener.labelling.lesson import Learned, Lesson, LessonError, learn_elsewhere
from listener.labelling.studied import read_study
from listener.observe.metrics import Metrics
from listener.pipeline.ledger import Ledger
from listener.pipeline.work import Taught
from listener.pipeline.writer import Writer
from listener.store.marks import Marked, Marking, ModelRow
from listener.store.port import StoreError, Views
from rules.instant import HOUR, Instant, Span
from rules.labelling.model import LabelModel, Mark
from rules.packs.own import ToneWords
from rules.query.reading import named

NEW_MARKS = 20
"""Marks that the last training did not know, to be worth another."""
PAUSE: Span = HOUR
"""Between two trainings of a brand, at least."""
EVERY = 15.0
"""Seconds between looks."""

log = structlog.get_logger("labels")


class Learning:
    """Runs until cancelled; one training at a time. A training that fails is said and tried again after a pause: the
    tones go on as they were.
    """

    def __init__(self, views: Views, ledger: Ledger, writer: Writer, clock: Clock, metrics: Metrics) -> None:
        self._views, self._ledger, self._writer = views, ledger, writer
        self._clock, self._metrics = clock, metrics
        self._failed: dict[str, Instant] = {}

    async def run(self) -> None:
        while True:
            try:
                await self.look()
            except StoreError as error:
                log.warning("marks_unread", error=str(error))
            await asyncio.sleep(EVERY)

    async def look(self) -> None:
        """Train every brand for which that is due: where marks are new, some of those learnt from are gone, or what
        judges without them is another. Raises StoreError.
        """
        settings = self._ledger.setup.settings
        rows, marked = {row.brand: row for row in await self._views.models()}, await self._views.marked()
        for brand in {**rows, **marked}:
            row, watched = rows.get(brand), settings.brands.get(brand)
            last = max(row.at if row else -PAUSE, self._failed.get(brand, -PAUSE))
            if watched is None or self._clock.now() - last < PAUSE:
                continue
            if _is_due(row, marked.get(brand, Marked()), lesson_of(watched, [], settings).basis):
                await self._train(brand)

    async def _train(self, brand: str) -> None:
        marks, settings = await self._views.marks(brand), self._ledger.setup.settings
        if brand not in settings.brands:  # no longer watched, meanwhile
            return
        try:
            learned = await learn_elsewhere(lesson_of(settings.brands[brand], learnable(marks), settings))
        except (LessonError, OSError) as error:
            log.error("training_failed", brand=brand, error=str(error))  # noqa: TRY400  # its own words say it
            self._failed[brand] = self._clock.now()
            self._metrics.brands.trained(brand, "failed")
            return
        await self._writer.submit(_taught(brand, marks, learned))
        self._metrics.brands.trained(brand, "model" if learned.model else "pack")
        log.info("trained", brand=brand, marks=len(marks), better=learned.model is not None)


def lesson_of(brand: Brand, marks: list[Mark], settings: Settings) -> Lesson:
    """What a brand learns from."""
    own = ToneWords(**brand.tone.model_dump())
    return Lesson(
        marks=marks,
        query=brand.query,
        lists=named(brand.query, settings.lists),
        own_accounts=brand.own_accounts,
        own=own,
    )


def _is_due(row: ModelRow | None, marked: Marked, basis: str) -> bool:
    """Whether to learn anew. Of a mark that was undone, replaced or emptied nothing may stay in a model for long, so
    that one gone is enough, however few are left.
    """
    if row is None or marked.new >= NEW_MARKS:
        return marked.new >= NEW_MARKS
    try:
        study = read_study(row.study)
    except msgspec.DecodeError:
        return True
    return (study.marks, study.basis) != (marked.left, basis)


def learnable(marks: list[Marking]) -> list[Mark]:
    """What can be learnt from: not what its author deleted."""
    return [
        Mark(text=mark.text, label=mark.label, language=mark.language, at=mark.at)
        for mark in reversed(marks)
        if mark.text
    ]


def _taught(brand: str, marks: list[Marking], learned: Learned) -> Taught:
    model = LabelModel.load(learned.model) if learned.model else None
    row = ModelRow(
        brand=brand,
        at=0,
        until=max((mark.taken for mark in marks), default=0),
        hash=model.hash if model else None,
        body=learned.model,
        study=learned.study,
    )
    return Taught(row=row, model=model)
