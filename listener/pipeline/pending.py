"""What comes of an incident that nobody has taken: who is called next, and when a channel hears of it again."""

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from alerts import ladder
from alerts.alert import Alert, Pending
from alerts.delivery import Delivery
from alerts.people import Directory
from alerts.step import ACTING
from rules.instant import Instant, moment
from rules.transition import Transition

_ASKING = ACTING | {"released"}


def pending(
    step: Transition,
    life: Sequence[Transition],
    deliveries: Sequence[Delivery],
    own: str,
    people: Directory,
    now: Instant,
    *,
    taken: bool,
) -> Pending | None:
    """For the delivery `own` of a step, as things are now; None where nobody of the watch is called for it."""
    mine = next((each for each in deliveries if each.id == own), None)
    back = max((each.at for each in life if each.state == "reopened" and each.step <= step.step), default=0)
    ladders = (each.call.ladder for each in deliveries if each.call)
    # what was climbed before its end is climbed no more
    since = max((each for each in ladders if each is not None and each >= back), default=None)
    open_now = not taken and life[-1].state != "resolved"
    if mine is None or since is None or step.state not in _ASKING:
        return None
    after = ladder.next_call(people, step.brand, since, now) if open_now else None
    word = ladder.next_word(people, mine.channel, step.brand, since, now) if open_now else None
    return Pending(
        why=mine.call.why if mine.call else "told",
        present=mine.call is not None and mine.call.present is not None,
        to=people.called(after[0]) if after else None,
        at=moment(after[1]) if after else None,
        word=None if word is None else moment(word),
    )


def retold(step: Transition, deliveries: Iterable[Delivery], own: str) -> Transition:
    """The step as the delivery `own` tells it: with what was counted by then, where a rung of the ladder repeats it."""
    call = next((each.call for each in deliveries if each.id == own), None)
    now = call.present if call else None
    return step if now is None else replace(step, at=now.at, evidence=now.evidence)


def owners_of(people: Directory, channels: Iterable[str]) -> dict[str, str]:
    """What people call those whose own channels these are, by channel."""
    owners = {channel: people.owner(channel) for channel in channels}
    return {channel: people.called(owner) for channel, owner in owners.items() if owner}


def is_moot(alert: Alert) -> bool:
    """Whether a reminder, or what was passed on, says nothing any more: somebody has the incident, or it is over."""
    asks = alert.pending is not None and alert.pending.why != "told"
    return asks and (alert.taken_at is not None or (alert.late is not None and alert.late.state == "resolved"))
