"""One channel's loop: in order, each outcome settled before the next attempt, never hung by a service."""

import asyncio
from datetime import timedelta

import pytest

from alerts.channel import SendError
from alerts.delivery import Delivery
from alerts.dispatch import Dispatcher
from rules.instant import DAY, HOUR, SECOND
from tests.builders import message

START = 1_800_000_000_000_000


def delivery(name, thread="i1", **changes):
    known = {
        "id": name,
        "channel": "team",
        "thread": thread,
        "state": "due",
        "due": START,
        "attempts": 0,
        "transition": f"{thread}.0",
        "notice": None,
        "critical": False,
        "fallback": (),
        "created": START,
    }
    return Delivery(**known | changes)


class Outbox:
    """Rows in memory, as the port describes them. Ends the dispatcher when there is nothing left to do."""

    def __init__(self, *rows, at=START):
        self.rows, self.outcomes, self.at, self.unsayable = list(rows), [], at, set()

    def now(self):
        return self.at

    async def due(self, channel, at):
        heads = {row.thread: row for row in reversed(self.rows) if row.channel == channel}
        ready = sorted((row for row in heads.values() if row.due <= at), key=lambda row: not row.critical)
        return [row for row in ready if row is ready[0] or (row.slot and row.slot == ready[0].slot)]

    async def message(self, deliveries):
        name = " ".join(each.id for each in deliveries)
        return None if name in self.unsayable else message(id=name)

    async def settle(self, deliveries, outcome):
        self.outcomes.append(outcome)
        self.rows = [row for row in self.rows if row not in deliveries]

    async def changed(self):
        raise asyncio.CancelledError


class Channel:
    def __init__(self, *answers):
        self.answers, self.sent, self.receipts = list(answers), [], []

    async def send(self, message, receipt=""):
        self.receipts.append(receipt)
        answer = self.answers.pop(0) if self.answers else None
        if isinstance(answer, Exception):
            raise answer
        if callable(answer):
            await answer()
        self.sent.append(message.id)
        return answer if isinstance(answer, str) else None

    async def serve(self):
        return


async def run(outbox, channel, deadline=timedelta(seconds=5)):
    with pytest.raises(asyncio.CancelledError):
        await Dispatcher("team", channel, deadline, outbox, outbox.now).run()
    return [(outcome.delivery, outcome.state) for outcome in outbox.outcomes]


async def test_the_steps_of_a_thread_are_told_in_their_order():
    outbox, channel = Outbox(delivery("a0"), delivery("a1"), delivery("b0", "i2")), Channel()
    await run(outbox, channel)
    assert ["a0", "a1"] == [name for name in channel.sent if name.startswith("a")]
    assert {"a0", "a1", "b0"} == set(channel.sent)


async def test_a_failure_is_tried_again_later_and_the_other_threads_go_on():
    outbox = Outbox(delivery("a0"), delivery("b0", "i2"))
    channel = Channel(SendError("busy", reason="serverError"))
    assert [("retry", "sent")] == [tuple(sorted(state for _, state in await run(outbox, channel)))]
    (retry,) = [outcome for outcome in outbox.outcomes if outcome.state == "retry"]
    assert ("serverError", "busy", 1) == (retry.reason, retry.detail, retry.attempt)
    assert START < retry.due <= START + 5 * SECOND


@pytest.mark.parametrize(("given", "kept"), [("m7", "m7"), (None, ""), ("x" * 1_001, "")])
async def test_what_the_service_names_a_message_is_kept_unless_it_is_endless(given, kept):
    outbox, channel = Outbox(delivery("a1", receipt="m1")), Channel(given)
    await run(outbox, channel)
    assert (["m1"], kept) == (channel.receipts, outbox.outcomes[0].receipt)


async def test_a_service_says_when_to_come_back():
    outbox = Outbox(delivery("a0"))
    await run(outbox, Channel(SendError("slow", reason="rateLimited", retry_after=timedelta(minutes=7))))
    assert START + 420 * SECOND == outbox.outcomes[0].due


async def test_what_cannot_help_is_not_tried_again():
    outbox = Outbox(delivery("a0"))
    assert [("a0", "parked")] == await run(outbox, Channel(SendError("no", reason="authError", permanent=True)))


async def test_an_alert_of_yesterday_is_given_up():
    outbox = Outbox(delivery("a0", attempts=9), at=START + DAY)
    assert [("a0", "parked")] == await run(outbox, Channel(SendError("busy", reason="serverError")))
    assert "gave up after 10 attempts, the last one: busy" == outbox.outcomes[0].detail


async def test_a_service_that_never_answers_is_cut_off_at_the_deadline():
    outbox, channel = Outbox(delivery("a0"), at=START + HOUR), Channel(asyncio.Event().wait)
    assert [("a0", "retry")] == await run(outbox, channel, timedelta(milliseconds=20))
    assert ("contextDeadlineExceeded", "no answer in time") == (outbox.outcomes[0].reason, outbox.outcomes[0].detail)


async def test_what_has_nothing_left_to_say_is_cancelled():
    outbox, channel = Outbox(delivery("a0"), delivery("a1")), Channel()
    outbox.unsayable = {"a0"}
    assert [("a0", "cancelled"), ("a1", "sent")] == await run(outbox, channel)
    assert ["a1"] == channel.sent


async def test_what_becomes_more_pressing_during_a_delivery_is_next():
    outbox = Outbox(delivery("a0"), delivery("b0", "i2"))

    async def alarm():
        outbox.rows.insert(0, delivery("c0", "i3", critical=True))

    channel = Channel(alarm)
    await run(outbox, channel)
    assert "c0" == channel.sent[1]


async def test_what_stands_together_is_one_message_beside_nothing_and_nothing_comes_beside_it():
    rows = [delivery(f"{name}0", name, slot=START, circle="", receipt="old") for name in "abc"]
    outbox, channel = Outbox(*rows), Channel("m1")
    await run(outbox, channel)

    (sent,) = channel.sent
    assert ["a0", "b0", "c0"] == sorted(sent.split())
    assert ([""], [""]) == (channel.receipts, [outcome.receipt for outcome in outbox.outcomes])


async def test_it_ends_although_a_client_loses_the_cancellation():
    sending = asyncio.Event()

    class Deaf:
        async def send(self, _message, _receipt):
            sending.set()
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                return  # the answer came at that moment

    class Waiting(Outbox):
        async def changed(self):
            await asyncio.sleep(0)

    outbox = Waiting(delivery("a"))
    running = asyncio.create_task(Dispatcher("team", Deaf(), timedelta(hours=1), outbox, outbox.now).run())
    await sending.wait()
    running.cancel()
    await asyncio.wait({running}, timeout=20)

    assert running.cancelled()
    assert ["sent"] == [each.state for each in outbox.outcomes]
