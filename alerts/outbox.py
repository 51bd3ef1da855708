"""What becomes of a delivery: its id, and what follows when an attempt fails. Pure: time and chance are arguments."""

import hashlib

from alerts.channel import SendError
from alerts.delivery import Delivery, Outcome, Outgoing
from rules.instant import HOUR, MINUTE, SECOND, Instant, Span, span

FIRST_PAUSE: Span = 5 * SECOND
"""The ceiling of the pause after the first failed attempt; it doubles with each attempt."""
LONGEST_PAUSE: Span = 10 * MINUTE
"""The ceiling stops growing here: a service that is back is noticed while the alert still matters."""
LONGEST_WISH: Span = HOUR
"""The longest `Retry-After` that is honoured, so that a service that says "a year" does not silence a channel."""
GIVE_UP: Span = 24 * HOUR
"""After this long an alert is history: the delivery parks, and a person may retry it."""
PASS_ON: Span = 5 * MINUTE
"""A critical delivery that has failed for this long, or waits behind one that has, is also told to the next channel,
while it is tried again: whenever the next attempt is.
"""


def delivery_id(subject: str, channel: str) -> str:
    """The id of telling `channel` of `subject` (a transition's or notice's id): 20 hexadecimal digits, the same at
    every call, in every process.
    """
    return hashlib.sha256(f"{len(subject)}:{subject}{channel}".encode()).hexdigest()[:20]


def pause(attempt: int, delivery: str) -> Span:
    """How long to wait after failed attempt `attempt` (from 1): exponential backoff with equal jitter, half of the
    ceiling and a share of the other half, as in Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog
    2015. The share is drawn from the delivery's id, so that it is repeatable and deliveries spread.
    """
    ceiling = min(LONGEST_PAUSE, FIRST_PAUSE << min(attempt - 1, 32))
    drawn = int.from_bytes(hashlib.sha256(f"{delivery}.{attempt}".encode()).digest()[:8], "big")
    return ceiling // 2 + (ceiling // 2 * drawn >> 64)


def after_failure(attempt: int, error: SendError, at: Instant, first_at: Instant, delivery: str) -> Outcome:
    """What follows when attempt `attempt` (from 1) of the delivery with that id failed at `at`.

    Tried again after the pause, or when the service said if that is later; parked when the error is permanent or the
    next attempt would come later than GIVE_UP after `first_at`, when the delivery was created.
    """
    wish = min(span(error.retry_after), LONGEST_WISH) if error.retry_after is not None else 0
    due = at + max(pause(attempt, delivery), wish)
    late = due - first_at > GIVE_UP
    given_up = f"gave up after {attempt} attempts, the last one: " if late and not error.permanent else ""
    return Outcome(
        delivery=delivery,
        at=at,
        attempt=attempt,
        state="parked" if error.permanent or late else "retry",
        due=at if error.permanent or late else due,
        reason=error.reason,
        detail=f"{given_up}{error}",
    )


def passed_on(delivery: Delivery, at: Instant) -> Outgoing | None:
    """The delivery that takes the place of a critical one, or None when there is none to take it. It is wanted once
    that one parks or its line has failed for PASS_ON; asking again later gives the same id, so that storing it again
    changes nothing.
    """
    subject = delivery.transition or (delivery.notice and delivery.notice.id)
    if not (delivery.critical and delivery.fallback and subject):
        return None
    channel, *rest = delivery.fallback
    return Outgoing(
        id=delivery_id(subject, channel),
        channel=channel,
        thread=delivery.thread,
        due=at,
        transition=delivery.transition,
        notice=delivery.notice,
        critical=True,
        fallback=tuple(rest),
        circle=delivery.circle,
        asks=delivery.asks,
        rises=delivery.rises,
    )
