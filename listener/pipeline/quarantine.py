"""Mentions over which a worker ended, kept apart: out of the flow, and not lost.

They stand in a file beside the store, one line each as `badbuzz listen` prints it, with when and how the worker ended,
for as long as mentions are kept.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import structlog

from alerts.alert import Notice
from alerts.delivery import Outgoing
from config.settings import Settings
from listener.pipeline.notify import to_operator
from listener.whole import put
from rules.instant import HOUR, Instant, Span, instant, moment, span
from rules.mention import Mention

FILE = "quarantine.jsonl"
MOST = 200
"""Of more the oldest go."""
_TELL_EVERY: Span = HOUR

log = structlog.get_logger("quarantine")


class Kept(Mention, frozen=True, kw_only=True, gc=False):
    """A mention in quarantine."""

    at: datetime
    why: str


_ENCODE = msgspec.json.Encoder().encode
_DECODE = msgspec.json.Decoder(Kept).decode


class Quarantine:
    """Those in a folder, as they are there; none without one. Whatever is done with the file may block a while."""

    def __init__(self, folder: Path | None = None) -> None:
        self._path = folder / FILE if folder else None
        self._held = {_name(each): None for each in _read(self._path)}
        self._untold: list[Mention] = []
        self._telling = 0
        self._told_at: Instant = 0

    def __len__(self) -> int:
        return len(self._held)

    def holds(self, mention: Mention) -> bool:
        """Whether this very version of it is there."""
        return bool(self._held) and _name(mention) in self._held

    def take(self, mention: Mention, why: str, at: Instant) -> None:
        """Keep one. Raises OSError when it cannot be written."""
        known = [each for each in _read(self._path) if _name(each) != _name(mention)]
        kept = Kept(at=moment(at), why=why, **{name: getattr(mention, name) for name in Mention.__struct_fields__})
        self._write([*known, kept][-MOST:])
        self._untold.append(mention)
        log.error("quarantined", mention=mention.identity, source=mention.source, why=why)

    def forget(self, identities: Sequence[str]) -> None:
        """Keep nothing of what its author deleted. Raises OSError."""
        gone = {name for name in self._held if name[0] in identities}
        if gone:
            self._write([each for each in _read(self._path) if _name(each) not in gone])

    def expire(self, at: Instant, keep: timedelta, per_source: Mapping[str, timedelta]) -> None:
        """Keep none for longer than mentions are kept, some sources' for as long as these say. Raises OSError."""
        if self._held:
            known = _read(self._path)
            fresh = [each for each in known if instant(each.at) >= at - span(per_source.get(each.source, keep))]
            if len(fresh) < len(known):
                self._write(fresh)

    def due(self, settings: Settings, at: Instant) -> list[Outgoing]:
        """What the operator is to be told, at most once an hour; it counts as told once `told` is called."""
        self._telling = len(self._untold) if at - self._told_at >= _TELL_EVERY else 0
        if not self._telling:
            return []
        first = self._untold[0]
        source = settings.sources.get(first.source)
        notice = Notice(
            id=f"quarantined-{at}",
            topic="quarantined",
            at=moment(at),
            subject=first.source,
            subject_name=source.label if source else None,
            others=self._telling - 1,
        )
        return to_operator(notice, settings.operator.to, at)

    def told(self, at: Instant) -> None:
        """What was due is committed, at that moment; more may have come meanwhile."""
        if self._telling:
            del self._untold[: self._telling]
            self._telling, self._told_at = 0, at

    def _write(self, kept: Sequence[Kept]) -> None:
        if self._path:
            put(self._path, b"".join(_ENCODE(each) + b"\n" for each in kept))
        self._held = {_name(each): None for each in kept}


def held_of(folder: Path) -> Counter[str]:
    """How many there are in a folder of each source."""
    return Counter(each.source for each in _read(folder / FILE))


def _name(mention: Mention) -> tuple[str, str]:
    return mention.identity, mention.revision


def _read(path: Path | None) -> list[Kept]:
    if path is None or not path.exists():
        return []
    kept = list[Kept]()
    for line in path.read_bytes().splitlines():
        try:
            kept.append(_DECODE(line))
        except msgspec.DecodeError:
            log.warning("quarantine_unreadable", file=str(path))
    return kept
