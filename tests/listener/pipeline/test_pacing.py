"""A flood, on the whole way from mentions to channels: the first page at once, few more, and everything in them."""

import asyncio
import re
from contextlib import asynccontextmanager
from itertools import pairwise
from zoneinfo import ZoneInfo

from alerts.acts import Act
from alerts.channel import SendError
from alerts.channels._text import utf8
from alerts.channels.ntfy import MESSAGE_LIMIT, payload
from listener.pipeline.acting import Acting, Place
from rules.instant import MINUTE, SECOND
from tests.listener.pipeline.test_outbox import Channel, delivering
from tests.listener.pipeline.world import START, opened

PHONES = (
    "phone: {kind: ntfy, server: 'https://ntfy.example', topic: t}, boss: {kind: console},"
    " mail: {kind: email, to: b@example.org, from: a@example.org, smtp: 'smtp://mail.example'}"
)
RULE = "{kind: threshold, of: posts, window: 15m, at_least: {posts: 1, authors: 1}, calm_for: 10m, fused: false%s}"


def brands(count, **client_of):
    return ", ".join(
        f"b{number}: {{query: word{number}{f', client: {client_of[name]}' if name in client_of else ''}}}"
        for number in range(count)
        for name in (f"b{number}",)
    )


class Phone(Channel):
    """Knows when it was sent what."""

    def __init__(self, clock, *errors):
        super().__init__(*errors)
        self.clock, self.at = clock, []

    async def send(self, message, receipt=""):
        named = await super().send(message, receipt)
        self.at.append(self.clock.now() - START)
        return named


async def all_sent(world):
    """Wait until nothing is due that could be sent now."""
    world.ledger.outgoing.fire()
    async with asyncio.timeout(120):
        while any(row.due <= world.clock.now() for row in await world.views.deliveries(state="due", limit=1_000)):
            await world.ledger.committed.wait(0.05)


@asynccontextmanager
async def flooded(folder, count, rules, routes="[{to: [phone]}]", **client_of):
    parts = {"brands": brands(count, **client_of), "rules": rules, "routes": routes, "channels": PHONES}
    async with opened(folder, **parts) as world:
        yield world


async def live(world, seconds, step=20):
    """Let time pass, and every delivery be made when it is due, or when anybody looks next."""
    for _ in range(seconds // step):
        await all_sent(world)
        world.clock.move(seconds=step)
        await world.ledger.write([])
    await all_sent(world)


LEVEL = {"watch": "info", "serious": "warning", "critical": "critical", "resolved": "resolved"}


def told_of(message):
    """(number, level or end, figure) of the incidents of a message, as they are told."""
    if not message.listed:
        level = "resolved" if message.about.state == "resolved" else message.about.severity
        return [(message.about.number, level, message.about.figures.count)]
    pattern = r"(?<!\S)(\d+) (watch|serious|critical|resolved), (\d+)"
    found = [each for row in message.listed for each in re.findall(pattern, row)]
    return [(int(number), LEVEL[word], int(figure)) for number, word, figure in found]


def numbers(messages):
    return [each for message in messages for each in told_of(message)]


async def quiet(world, minutes):
    """Let time pass in which nobody says anything."""
    for _ in range(minutes // 4):
        world.clock.move(minutes=4)
        await world.ledger.write([])


async def say_all(world, *names):
    """Something bad of each of twenty brands, within a minute."""
    for number in range(20):
        await world.hear(*(world.said(f"{name}{number}", f"word{number} is down") for name in names))
        await all_sent(world)
        world.clock.move(seconds=2)
    await live(world, 400, 50)


def rings(channel, sent, edits):
    """When a reader is disturbed: by all but what is put, without a sound, in the place of what they have."""
    own = {each.thread for each in sent if not each.listed and each.step == 0}
    in_place = [edits and each.priority <= 2 and each.step > 0 and each.thread in own for each in sent]
    return [at for at, silent in zip(channel.at, in_place, strict=True) if not silent]


async def test_fifty_rules_on_twenty_brands_are_a_page_at_once_and_three_more_at_most_with_all_in_them(tmp_path):
    clients = {f"b{number}": ("Acme", "Globex")[number % 2] for number in range(20)}
    rules = ", ".join(
        f"r{number}-{rule}: " + RULE % (f", brands: b{number}" + (", severity: critical" if number % 7 == 6 else ""))
        for number in range(20)
        for rule in range(3 if number < 10 else 2)
    )
    people = "people: {ann: {call_by: [phone]}, bob: {call_by: [mail]}}"
    async with flooded(tmp_path, 20, rules, f"[{{to: [ann, bob]}}]\n{people}", **clients) as world:
        readers = {"phone": Phone(world.clock), "mail": Phone(world.clock)}
        parts = [dict.fromkeys(readers, 0)]
        async with delivering(world, **readers):
            for happens in (say_all(world, "m"), say_all(world, "n", "o"), quiet(world, 24), live(world, 400, 50)):
                await happens
                parts.append({name: len(each.sent) for name, each in readers.items()})
        incidents = await world.views.incidents(limit=100)
        critical = next(each for each in await world.steps() if each.severity == "critical")
    assert 50 == len(incidents)
    opened = sorted((each.number, each.severity, 1) for each in incidents)
    for name, channel in readers.items():
        first, second, _, _ = (channel.sent[one[name] : two[name]] for one, two in pairwise(parts))
        ended = channel.sent[parts[2][name] :]
        assert opened == sorted(numbers(first))
        assert [(number, level, 3) for number, level, _ in opened] == sorted(numbers(second))
        assert [(number, "resolved", 0) for number, _, _ in opened] == sorted(numbers(ended))
        moments = rings(channel, channel.sent, edits=name == "phone")
        assert all(sum(at <= other <= at + 5 * MINUTE for other in moments) <= 4 for at in moments)
        assert moments[0] <= 2 * SECOND  # the next time that anybody looks
        told = next(at for at, each in zip(channel.at, channel.sent, strict=True) if each.thread == critical.incident)
        assert told - (critical.at - START) <= 2 * SECOND  # by itself
        several = [each.about.several for each in channel.sent if each.listed]
        assert all(1 == len({clients[each.brand] for each in told}) for told in several)
    bodies = [str(payload(each, "t")["message"]) for each in readers["phone"].sent]
    assert all(utf8(body) <= MESSAGE_LIMIT for body in bodies)
    assert all(row in body for body, each in zip(bodies, readers["phone"].sent, strict=True) for row in each.listed)


async def test_something_critical_goes_before_a_planned_page_of_another_client_which_is_moved_and_not_lost(tmp_path):
    clients = {f"b{number}": owner for number, owner in enumerate(("Acme", "Globex", "Globex", "Globex", "Initech"))}
    levels = ("critical", "warning", "warning", "warning", "critical")
    rules = ", ".join(f"r{n}: {RULE % f', brands: b{n}, severity: {level}'}" for n, level in enumerate(levels))
    async with flooded(tmp_path, 5, rules, **clients) as world:
        phone = Phone(world.clock)
        async with delivering(world, phone=phone):
            for number, seconds in enumerate((1, 60, 61, 8)):
                await world.hear(world.said(f"m{number}", f"word{number} is down"))
                await live(world, seconds, 1)
        again = await world.again()
        async with delivering(again, phone=phone):
            planned = [each.slot - START for each in await world.views.deliveries(state="due")]
            await again.hear(again.said("m4", "word4 is down"))
            await all_sent(again)
            assert (5, 130 * SECOND) == (phone.sent[-1].about.number, phone.at[-1])
            moved = [each.slot - START for each in await world.views.deliveries(state="due")]
            await live(again, 200)
    assert ([180 * SECOND], [310 * SECOND]) == (planned, moved)
    assert [1, 2, 3, 5, 4] == [each.about.number for each in phone.sent]


async def test_no_message_holds_two_clients_and_what_is_told_together_is_retried_together(tmp_path):
    clients = {"b0": "Acme", "b1": "Globex", "b2": "Globex", "b3": "Acme"}
    rules = ", ".join(f"r{number}: {RULE % ''}" for number in range(2))
    async with flooded(tmp_path, 4, rules, **clients) as world:
        phone = Phone(world.clock, None, SendError("down", reason="other"))
        async with delivering(world, phone=phone):
            await world.hear(*(world.said(f"m{number}", f"word{number} is down") for number in range(4)))
        again = await world.again()
        async with delivering(again, phone=phone):
            await live(again, 200)
        rows = await world.views.deliveries()
    one, *several = phone.sent
    owners = [{clients[each.brand] for each in message.about.several} for message in several]
    assert ("b0", [1, 1]) == (one.about.brand, sorted(map(len, owners)))
    assert sorted([3, 4]) == sorted(len(message.about.several) for message in several)
    assert [1, 1, 1, 1, 1, 2, 2, 2] == sorted(row.attempts for row in rows)
    assert {"sent"} == {row.state for row in rows}
    assert ["m1"] == [row.receipt for row in rows if row.receipt]


async def test_an_incident_that_was_told_with_others_goes_on_by_itself_and_each_end_is_told_once(tmp_path):
    rules = ", ".join(f"r{number}: {RULE % ''}" for number in range(3))
    async with flooded(tmp_path, 1, rules) as world:
        phone = Phone(world.clock)
        async with delivering(world, phone=phone):
            await world.hear(world.said("m", "word0 is down"))
            await live(world, 120)
            for number in ("1", "3"):
                await world.views.ask("ack", number, "anna", world.clock.now())
                await world.ledger.write([])
                await live(world, 20)
        states = [(each.about.number, each.about.state) if not each.listed else each.listed for each in phone.sent]
    listed = ("2 serious, 1 in 15 min", "3 serious, 1 in 15 min")
    assert [(1, "open"), listed, (1, "acknowledged"), (3, "acknowledged")] == states
    assert ["", "", "m1", ""] == phone.receipts


async def test_taking_all_that_one_message_tells_of_ends_their_ladders_in_every_channel(tmp_path):
    watch = (
        "people: {ann: {call_by: [phone], name: Ann}, bob: {call_by: [mail]}}\n"
        "oncall: {turns: [ann, bob], ladder: [{after: 10m, call: second}]}"
    )
    rules = ", ".join(f"r{number}: {RULE % ''}" for number in range(3))
    async with flooded(tmp_path, 1, rules, f"[{{to: [oncall]}}]\n{watch}") as world:
        phone, mail = Phone(world.clock), Phone(world.clock)
        place = Place(channel="phone", name="phone", language="en", zone=ZoneInfo("UTC"))
        press = Acting(world.views, lambda: world.ledger.setup.settings, world.clock.now, place, patience=20)
        async with delivering(world, phone=phone, mail=mail):
            await world.hear(world.said("m", "word0 is down"))
            await live(world, 80)
            all_ = Act.pressed("ack", phone.sent[-1].thread, "whoever")
            taken, again = await press(all_), await press(all_)
            stranger = await press(Act.pressed("ack", "0" * 20, "whoever"))
            await all_sent(world)
            assert ("2 serious, taken, 1 in 15 min", "3 serious, taken, 1 in 15 min") == phone.sent[-1].listed
            await quiet(world, 12)
            await all_sent(world)
        rows = await world.views.incidents()
    assert (True, "Ann already has incident 2") == (taken.done, again.why)
    assert (False, True) == (stranger.done, "there is no incident" in stranger.why)
    assert [(1, None), (2, "Ann"), (3, "Ann")] == sorted((each.number, each.acknowledged_by) for each in rows)
    assert [1] == [each.about.number for each in mail.sent]


async def test_in_quiet_hours_only_what_is_critical_rings_and_the_rest_is_told_when_they_end(tmp_path):
    people = "{ann: {call_by: [phone], quiet_hours: '08:00-10:00', time_zone: Europe/Paris}}"  # it is 9:00 there
    rules = f"r0: {RULE % ', brands: b0'}, r1: {RULE % ', brands: b1'}, r2: {RULE % ', brands: b2, severity: critical'}"
    async with flooded(tmp_path, 3, rules, routes=f"[{{to: [ann]}}]\npeople: {people}") as world:
        phone = Phone(world.clock)
        async with delivering(world, phone=phone):
            for number in range(3):
                await world.hear(world.said(f"m{number}", f"word{number} is down"))
            await live(world, 60)
            await world.views.ask("resolve", "1", "leo", world.clock.now())
            await world.ledger.write([])
            await all_sent(world)
            assert [(3, "open")] == [(each.about.number, each.about.state) for each in phone.sent]
        again = await world.again()
        async with delivering(again, phone=phone):
            world.clock.move(minutes=58)
            await again.ledger.write([])
            await all_sent(again)
            assert 1 == len(phone.sent)
            await live(again, 120)
    assert ("b1: 2 serious, 1 in 15 min", "b0: 1 resolved, 1 in 15 min") == phone.sent[-1].listed
    assert (2, 60 * MINUTE) == (len(phone.sent), phone.at[-1] // MINUTE * MINUTE)


async def test_whoever_has_the_watch_is_called_in_their_quiet_hours_too(tmp_path):
    watch = "people: {ann: {call_by: [phone], quiet_hours: Mon-Sun}}\noncall: {turns: [ann]}"
    async with flooded(tmp_path, 1, f"r0: {RULE % ''}", routes=f"[{{to: [oncall]}}]\n{watch}") as world:
        await world.hear(world.said("m0", "word0 is down"))
        assert [START] == [each.due for each in await world.views.deliveries()]


async def test_what_becomes_critical_in_quiet_hours_rings_then_and_is_not_told_again(tmp_path):
    people = "{ann: {call_by: [phone], quiet_hours: '08:00-10:00', time_zone: Europe/Paris}}"
    rules = f"r0: {RULE % ', critical_when: {posts: 3}'}"
    async with flooded(tmp_path, 1, rules, routes=f"[{{to: [ann]}}]\npeople: {people}") as world:
        phone = Phone(world.clock)
        async with delivering(world, phone=phone):
            await world.hear(world.said("m", "word0 is down"))
            await live(world, 60)
            await world.hear(*(world.said(f"m{number}", "word0 is down") for number in range(3)))
            await live(world, 20)
            world.clock.move(minutes=70)
            await world.ledger.write([])
            await live(world, 60)
        rows = await world.views.deliveries()
    assert [("worse", "critical")] == [(each.about.state, each.about.severity) for each in phone.sent[:1]]
    assert {"sent", "cancelled"} == {row.state for row in rows[-2:]}


async def test_a_flood_that_becomes_critical_in_quiet_hours_is_told_in_few_messages_each_at_its_level(tmp_path):
    people = "{ann: {call_by: [phone], quiet_hours: '08:00-10:00', time_zone: Europe/Paris}}"
    rules = ", ".join(f"r{number}: {RULE % ', critical_when: {posts: 3}'}" for number in range(4))
    async with flooded(tmp_path, 1, rules, routes=f"[{{to: [ann]}}]\npeople: {people}") as world:
        phone = Phone(world.clock)
        async with delivering(world, phone=phone):
            await world.hear(world.said("m", "word0 is down"))
            await live(world, 20)
            assert [] == phone.sent
            await world.hear(*(world.said(f"m{number}", "word0 is down") for number in range(3)))
            await live(world, 80)
    assert 2 == len(phone.sent)
    assert [(number, "critical", 4) for number in range(1, 5)] == sorted(numbers(phone.sent))


async def test_what_got_worse_before_it_was_told_is_told_as_it_is_now_and_can_be_taken(tmp_path):
    rules = ", ".join(f"r{number}: {RULE % f', brands: b{number}, critical_when: {{posts: 3}}'}" for number in range(3))
    async with flooded(tmp_path, 3, rules) as world:
        phone = Phone(world.clock)
        async with delivering(world, phone=phone):
            await world.hear(world.said("m", "word0 is down"))
            await live(world, 20)
            await world.hear(world.said("n", "word1 is down"))
            await live(world, 20)
            await world.hear(*(world.said(f"n{number}", "word1 is down") for number in range(3)))
            await live(world, 60)
            await world.views.ask("ack", "2", "anna", world.clock.now())
            await world.ledger.write([])
            await live(world, 20)
    told = [(each.about.number, each.about.state, each.about.severity) for each in phone.sent]
    assert [(1, "open", "warning"), (2, "worse", "critical"), (2, "acknowledged", "critical")] == told
    assert {choice.act for choice in phone.sent[1].choices} >= {"ack"}
    assert ["", "", "m2"] == phone.receipts


async def test_quiet_hours_are_those_of_the_channel_where_its_reader_has_none(tmp_path):
    people = "people: {ann: {call_by: [phone], quiet_hours: '17:00-18:00'}}"  # it is 17:00 in Tokyo, and 8:00 here
    channels = PHONES.replace("topic: t", "topic: t, time_zone: Asia/Tokyo")
    parts = {"brands": brands(1), "channels": channels, "routes": f"[{{to: [ann]}}]\n{people}"}
    async with opened(tmp_path, rules=f"r0: {RULE % ''}", **parts) as world:
        await world.hear(world.said("m", "word0 is down"))
        assert [START + 60 * MINUTE] == [each.due for each in await world.views.deliveries()]
