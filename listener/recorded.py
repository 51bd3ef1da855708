"""Recorded mentions as the daemon would have taken them: seen before, whose, in what tone, for what moment."""

from collections import Counter, OrderedDict
from collections.abc import Mapping
from dataclasses import replace

from listener.pipeline.clean import fit
from listener.pipeline.intake import Intake
from listener.pipeline.setup import Setup
from listener.store.marks import Marking
from listener.store.port import Commit, LogEntry, Seen
from rules.classify import NO_MODELS
from rules.instant import Instant
from rules.labelling.model import LabelModel
from rules.mention import Mention
from rules.moment import LATENESS

REMEMBERED = 100_000
"""Identities kept to tell repeats; older ones would be taken for new."""
MOST_SOURCES = 1_000
ELSEWHERE = "elsewhere"
"""What sources are called beyond that many: a recording may name a new one in every line."""
_SALT = b"backtest"


class Recorded:
    """Makes entries of the brands' logs. `dropped` counts mentions that are in none, by reason."""

    def __init__(self, setup: Setup, models: Mapping[str, LabelModel] = NO_MODELS) -> None:
        self.dropped: Counter[str] = Counter()
        # a recording tells when each was taken, and may have been put together in any order
        self._setup = replace(setup, polled=frozenset(), in_order=frozenset())
        self._models = models
        self._sources = set(setup.listeners)
        self._known: OrderedDict[str, Seen] = OrderedDict()

    def take(self, mention: Mention, at: Instant, since: Instant | None) -> list[LogEntry]:
        """The entries of one mention, taken at `at` from a source that was read since `since`."""
        mention = fit(mention, self._welcome(mention.source))
        commit = Commit(advanced=at, last=at)
        intake = Intake(self._setup, _SALT, self._lookup(mention), commit, at, models=self._models)
        entries = intake.take([mention], since)
        self.dropped += intake.dropped
        self._remember(mention, intake)
        return entries

    def mark(self, marking: Marking) -> None:
        """A person says what the tone of a mention is before it is taken."""
        marks = {marking.brand: marking}
        self._known[marking.identity] = Seen(revisions={}, deleted=False, facts={}, marks=marks)

    def _welcome(self, source: str) -> str:
        """The name that a source goes by. One that the configuration does not name is heard by every brand."""
        if source not in self._sources:
            source = source if len(self._sources) < MOST_SOURCES else ELSEWHERE
            self._sources.add(source)
            self._setup = replace(
                self._setup,
                listeners={**self._setup.listeners, source: self._setup.plans.keys()},
                lateness={**self._setup.lateness, source: LATENESS},
                honouring=self._setup.honouring | {source},
            )
        return source

    def _lookup(self, mention: Mention) -> dict[str, Seen]:
        seen = self._known.get(mention.identity)
        return {mention.identity: seen} if seen else {}

    def _remember(self, mention: Mention, intake: Intake) -> None:
        seen = intake.known(mention.identity)
        if seen:
            self._known[mention.identity] = seen
            self._known.move_to_end(mention.identity)
        if len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
