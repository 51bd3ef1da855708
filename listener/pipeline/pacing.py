"""When each delivery of a transaction is sent: pages to one recipient that come closely together are one message."""

from collections import Counter, defaultdict
from collections.abc import Iterable, MutableMapping, Sequence
from dataclasses import replace

from alerts.channel import CHANNELS
from alerts.delivery import Delivery, Outgoing, Slot
from alerts.grouping import STRETCH, Move, Page, Pages
from alerts.quiet import quiet_until
from config.settings import Settings
from listener.pipeline.linking import recipient
from listener.pipeline.notify import Heard, circle_of, directory_of
from listener.store.port import Moved, Store
from rules.instant import Instant

_LATER = "after quiet hours: "


class Pacing:
    """Knows the pages of every channel that were sent lately or are planned."""

    def __init__(self, slots: Iterable[Slot] = ()) -> None:
        self._pages: defaultdict[str, Pages] = defaultdict(Pages)
        known: defaultdict[str, list[Slot]] = defaultdict(list)
        for each in slots:
            # what waits for the end of quiet hours delays nothing until then
            if not each.circle.startswith(_LATER):
                known[each.channel].append(each)
        for channel, mine in known.items():
            self._pages[channel] = Pages(Page(each.at, each.circle, each.rank) for each in mine)
        self._moved: list[Moved] = []

    def place(
        self, outgoing: Sequence[Outgoing], settings: Settings, heard: MutableMapping[str, Heard], at: Instant
    ) -> tuple[list[Outgoing], list[Moved]]:
        """The same deliveries, each due when it is to be sent: what matters most placed first; and what was planned
        before and is moved for them. `heard` remembers when an open incident is told, and whether by itself.
        """
        in_order = sorted(outgoing, key=lambda each: -each.rank)
        quiet: dict[tuple[str, str], Instant] = {}
        placed = {each.id: self._placed(each, settings, at, quiet) for each in in_order}
        moved, self._moved = self._moved, []
        for move in moved:
            _remember_move(heard, move, settings)
        together = Counter((each.channel, each.circle, each.slot) for each in placed.values())
        for each in placed.values():
            if each.thread in heard:
                is_alone = each.slot is None or (each.slot == at and together[each.channel, each.circle, at] == 1)
                heard[each.thread] = _remembered(heard[each.thread], each, is_alone=is_alone)
        return [placed[each.id] for each in outgoing], moved

    def _placed(
        self, each: Outgoing, settings: Settings, at: Instant, quiet: MutableMapping[tuple[str, str], Instant]
    ) -> Outgoing:
        configured = settings.channels.get(each.channel)
        if each.circle is None or configured is None or not _gathers(configured.kind):
            return each
        if each.goes_on and CHANNELS.spec(configured.kind).edit:
            return each
        circle = each.circle.removeprefix(_LATER)
        # whoever has the watch is awake, whatever their quiet hours are
        rings = each.critical or (each.call is not None and each.call.ladder is not None)
        until = None if rings else waits_until(each.channel, settings, at)
        if until is not None:
            return replace(each, slot=until, due=until, circle=f"{_LATER}{circle}")
        # what one press takes, or what ends in one calm, is one message
        slot = None if each.asks else quiet.get((each.channel, circle))
        if slot is None:
            found = self._pages[each.channel].place(circle, at, each.rank)
            self._moved += (_of_channel(each.channel, move) for move in found.moves)
            slot = found.at
        if not each.asks:
            quiet[each.channel, circle] = slot
        return replace(each, slot=slot, due=slot, circle=circle)


def _of_channel(channel: str, move: Move) -> Moved:
    return Moved(channel=channel, circle=move.circle, before=move.before, after=move.after)


def _remember_move(heard: MutableMapping[str, Heard], move: Moved, settings: Settings) -> None:
    for incident, each in heard.items():
        if each.planned.get(move.channel) == move.before and circle_of(settings, each.brand) == move.circle:
            heard[incident] = replace(each, planned={**each.planned, move.channel: move.after})


def has_waited(delivery: Delivery) -> bool:
    """Whether it was put off until the end of somebody's quiet hours."""
    return (delivery.circle or "").startswith(_LATER)


def waits_until(channel: str, settings: Settings, at: Instant) -> Instant | None:
    """When a channel is told of what is not critical, where that waits: the end of the quiet hours of the one person
    whom it reaches.
    """
    configured, owner = settings.channels.get(channel), settings.people.get(directory_of(settings).owner(channel) or "")
    if owner is None or configured is None or not _gathers(configured.kind):
        return None
    return quiet_until(owner.quiet_hours, recipient(channel, settings).time_zone, at)


def _remembered(heard: Heard, each: Outgoing, *, is_alone: bool) -> Heard:
    if is_alone:
        return replace(heard, own=heard.own | {each.channel})
    return replace(heard, planned={**heard.planned, each.channel: each.slot or each.due})


async def recalled(store: Store, at: Instant) -> Pacing:
    """What the store says of it. Raises StoreError."""
    return Pacing(await store.slots(at - STRETCH))


def _gathers(kind: str) -> bool:
    spec = CHANNELS.spec(kind)
    return spec.people and spec.gathers
