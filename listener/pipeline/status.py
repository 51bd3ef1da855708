"""The daemon's present state, answered from memory, for the page and the metrics."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version

from listener.clock import Clock
from listener.pipeline.elsewhere import Elsewhere
from listener.pipeline.ledger import Ledger
from listener.pipeline.loudest import Loudest
from listener.pipeline.notify import directory_of
from listener.pipeline.watched import is_held
from listener.pipeline.writer import Writer
from listener.store.port import IncidentRow
from listener.web.status import BrandStatus, RuleStatus, SourceStatus
from rules.engine import Engine
from rules.instant import MINUTE, Instant
from rules.tone import supported_languages


@dataclass(frozen=True, kw_only=True)
class DaemonStatus:
    """Implements the page's Status. With `elsewhere`, brands are judged by others."""

    ledger: Ledger
    writer: Writer
    clock: Clock
    started: Instant
    ranking: Loudest
    elsewhere: Elsewhere | None = None

    @property
    def version(self) -> str:
        return version("badbuzz")

    def sick(self) -> str:
        return "" if self.writer.is_moving() else "nothing has been written for a while: the writer hangs"

    def waiting(self) -> str:
        return "" if self.writer.healthy else "the store does not take what is written"

    def brand(self, name: str) -> BrandStatus | None:
        brand = self.ledger.setup.settings.brands.get(name)
        if brand is None:
            return None
        engine, now = self.ledger.engines.get(name), self.clock.now()
        return BrandStatus(
            name=name,
            rules=_rules(engine, now) if engine else (),
            rates=(self.elsewhere or self.ledger).rates.of(name, now),
            elsewhere=self.elsewhere is not None,
            unsupported=[language for language in brand.languages if language not in supported_languages()],
        )

    def brand_names(self) -> Mapping[str, str]:
        return self.ledger.setup.names

    async def loudest(self) -> Sequence[str]:
        return await self.ranking.order()

    def sources(self) -> Sequence[SourceStatus]:
        rows = [self.ledger.source(name) for name in self.ledger.setup.settings.sources]
        return [
            SourceStatus(
                name=row.name,
                label=self.ledger.setup.settings.sources[row.name].label,
                kind=row.kind,
                state=row.state,
                since=row.blind_since or row.reading_since,
                last_event=row.last_read,
                last_mention=row.last_mention,
                code=row.code,
                detail=row.detail,
            )
            for row in rows
        ]

    def channels(self) -> Mapping[str, str]:
        return {name: each.label for name, each in self.ledger.setup.settings.channels.items()}

    def called(self, person: str) -> str:
        return directory_of(self.ledger.setup.settings).called(person)

    def held(self, incident: IncidentRow) -> bool:
        return is_held(self.ledger.setup.settings, incident)


def _rules(engine: Engine, at: Instant) -> list[RuleStatus]:
    return [
        RuleStatus(
            rule=rule,
            of=verdict.of,
            value=verdict.count,
            window=verdict.window * MINUTE,
            usual=verdict.usual,
            usual_high=verdict.usual_high,
            learning=verdict.learning,
            unit=verdict.unit,
            share=verdict.share,
        )
        for rule, verdict in engine.judge(at).items()
    ]
