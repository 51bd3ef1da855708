"""When each delivery of a transaction is sent: pages to one recipient that come closely together are one message."""

from collections import defaultdict
from collections.abc import Iterable, MutableMapping, Sequence
from dataclasses import replace

from alerts.channel import CHANNELS
from alerts.delivery import Outgoing, Slot
from alerts.grouping import STRETCH, Pages
from config.settings import Settings
from listener.pipeline.notify import Heard
from listener.store.port import Store
from rules.instant import Instant


class Pacing:
    """Knows the pages of every channel that were sent lately or are planned."""

    def __init__(self, slots: Iterable[Slot] = ()) -> None:
        self._pages: defaultdict[str, Pages] = defaultdict(Pages)
        known: defaultdict[str, list[Slot]] = defaultdict(list)
        for each in slots:
            known[each.channel].append(each)
        for channel, mine in known.items():
            self._pages[channel] = Pages([each.at for each in mine], {each.circle: each.at for each in mine})

    def place(
        self, outgoing: Sequence[Outgoing], settings: Settings, heard: MutableMapping[str, Heard], at: Instant
    ) -> list[Outgoing]:
        """The same deliveries, each due when it is to be sent, what is critical placed first. Of an open incident that
        is told by itself, `heard` remembers so.
        """
        placed = {
            each.id: self._placed(each, settings, at) for each in sorted(outgoing, key=lambda each: not each.critical)
        }
        for each in placed.values():
            if each.thread in heard and each.slot in (None, at):
                mine = heard[each.thread]
                heard[each.thread] = replace(mine, own=mine.own | {each.channel})
        return [placed[each.id] for each in outgoing]

    def _placed(self, each: Outgoing, settings: Settings, at: Instant) -> Outgoing:
        configured = settings.channels.get(each.channel)
        if each.circle is None or configured is None or not _gathers(configured.kind):
            return replace(each, circle=None)
        slot = self._pages[each.channel].place(each.circle, at)
        return replace(each, slot=slot, due=slot)


async def recalled(store: Store, at: Instant) -> Pacing:
    """What the store says of it. Raises StoreError."""
    return Pacing(await store.slots(at - STRETCH))


def _gathers(kind: str) -> bool:
    spec = CHANNELS.spec(kind)
    return spec.people and spec.gathers
