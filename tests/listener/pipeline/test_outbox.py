"""From a transition to a channel: words joined at the last moment, outcomes stored for good, nothing told twice."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest

from alerts.channel import SendError
from alerts.delivery import Outcome
from alerts.dispatch import Dispatcher
from alerts.links import Links
from alerts.playbook import shipped_advice
from listener.pipeline.describe import Describer
from listener.pipeline.outbox import ChannelOutbox
from listener.pipeline.queued import OwnQueue
from listener.pipeline.work import Read, SourceChange
from listener.pipeline.writer import Writer
from listener.store.port import StoreError
from rules.mention import Author
from tests.builders import notice
from tests.listener.pipeline.world import opened
from tests.stores import commit, outgoing

LINKS = Links(b"l" * 32)
CRITICAL = "many: {kind: threshold, of: posts, window: 15m, at_least: {posts: 3}, severity: critical}"


ALARMS = "many: {kind: threshold, of: posts, window: 15m, at_least: {posts: 3}, critical_when: {posts: 12}}"


class Channel:
    """Keeps what it is sent, and answers with the next of its errors."""

    def __init__(self, *errors):
        self.sent, self.receipts, self.errors = [], [], list(errors)

    async def send(self, message, receipt=""):
        error = self.errors.pop(0) if self.errors else None
        if error:
            raise error
        self.sent.append(message)
        self.receipts.append(receipt)
        return f"m{len(self.sent)}"

    async def serve(self):
        return


@asynccontextmanager
async def delivering(world, **channels):
    """Dispatchers for channels by name."""
    writer = Writer(world.ledger, world.metrics)
    describer = Describer(world.views, world.ledger.setup.settings)
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(writer.run())]
        for name, channel in channels.items():
            outbox = ChannelOutbox(
                OwnQueue(world.store, writer), describer, world.ledger.outgoing, world.clock, world.metrics, LINKS
            )
            dispatcher = Dispatcher(name, channel, timedelta(seconds=5), outbox, world.clock.now)
            tasks.append(group.create_task(dispatcher.run()))
        yield writer
        for task in reversed(tasks):
            task.cancel()
        await asyncio.wait(tasks)
        await writer.finish()


async def settled(world, *, count=1):
    """The deliveries, once so many are no longer due at this moment."""
    async with asyncio.timeout(10):
        while True:
            rows = list(reversed(await world.views.deliveries()))
            if sum(row.state != "due" or row.due > world.clock.now() for row in rows) >= count:
                return rows
            await asyncio.sleep(0.01)


async def test_an_alert_names_the_sources_that_were_never_heard_and_those_heard_in_part(tmp_path):
    sources = "press: {kind: file, path: /dev/null}, crm: {kind: push, secrets: [a key]}"
    async with opened(tmp_path, sources=sources) as world:
        await world.source_is("live", code="partly", detail="one address does not answer")
        await world.source_is("starting", name="crm", code="waiting")
        await world.say("1", "2", "3")
        team = Channel()
        async with delivering(world, team=team):
            await settled(world)
    assert "crm, never heard so far; its silence proves nothing; only in part: press" in team.sent[0].text


async def test_an_opening_is_told_in_words_that_quote_it(world):
    await world.hear(*(world.said(str(number), f"acme is slow {number}") for number in range(3)))
    team = Channel()
    async with delivering(world, team=team):
        (row,) = await settled(world)
        async with asyncio.timeout(10):
            while not world.sample("badbuzz_notifications_total", channel="team"):
                await world.ledger.committed.wait(0.02)
    (message,) = team.sent
    assert ("sent", 1, row.id) == (row.state, row.attempts, message.id)
    assert "https://bb.example/i/1" == message.link
    assert "acme is slow 0" in message.text
    assert 1 == world.sample("badbuzz_notifications_total", channel="team")


async def test_what_is_deleted_between_queueing_and_sending_is_quoted_nowhere(world):
    await world.hear(*(world.said(str(number), f"acme secret{number}", author=f"who{number}") for number in range(3)))
    await world.hear(*(world.said(str(number), op="delete") for number in range(3)))
    team = Channel()
    async with delivering(world, team=team):
        await settled(world)
    said = msgspec.json.encode(team.sent).decode()
    assert "secret" not in said
    assert "who" not in said.replace("whole", "")


async def test_a_delivery_that_has_nothing_left_to_say_is_cancelled_and_no_failure(world):
    await world.say("1", "2", "3")
    async with delivering(world) as writer:
        outbox = ChannelOutbox(
            OwnQueue(world.store, writer),
            Describer(world.views, world.ledger.setup.settings),
            world.ledger.outgoing,
            world.clock,
            world.metrics,
            LINKS,
        )
        (delivery,) = await outbox.due("team", world.clock.now())
        outcome = Outcome(delivery=delivery.id, at=world.clock.now(), attempt=1, state="cancelled")
        await outbox.settle([delivery], outcome)
    assert ["cancelled"] == [row.state for row in await world.views.deliveries()]
    assert None is world.sample("badbuzz_notifications_failed_total", channel="team", reason="other")


async def test_a_store_that_refuses_an_outcome_is_waited_for_and_nothing_is_sent_twice(world):
    await world.say("1", "2", "3")
    team = Channel()
    async with delivering(world, team=team):
        world.store.failing = 2
        (row,) = await settled(world)
    assert ("sent", 1) == (row.state, len(team.sent))


async def test_a_store_that_does_not_answer_a_channel_does_not_end_it(world):
    await world.say("1", "2", "3")
    asked = world.store.due
    answers = [StoreError("no answer")]

    async def due(channel, at, limit=20):
        if answers:
            raise answers.pop()
        return await asked(channel, at, limit)

    world.store.due = due
    async with delivering(world, team=Channel()):
        (row,) = await settled(world)
    assert "sent" == row.state


async def test_a_bug_in_one_alert_s_words_leaves_the_others_to_be_told(world):
    await world.say("1", "2", "3")
    world.clock.move(seconds=1)
    await world.source_is("gone", code="410")
    world.views.transition = _broken
    team, boss = Channel(), Channel()
    async with delivering(world, team=team, boss=boss):
        alert, notice = await settled(world, count=2)
    assert ("due", "other", "KeyError in its words") == (alert.state, alert.reason, alert.detail)
    assert ("sent", 1) == (notice.state, len(boss.sent))


async def _broken(*_args):
    raise KeyError("a bug")


async def test_a_critical_alert_that_is_parked_goes_to_the_next_channel_and_the_operator_hears_of_it(tmp_path):
    routes = "[{severity: critical, to: [team]}, {to: [phone]}]"
    async with opened(tmp_path, rules=CRITICAL, routes=routes) as world:
        await world.say("1", "2", "3")
        team, phone, boss = Channel(SendError("wrong key", reason="authError", permanent=True)), Channel(), Channel()
        async with delivering(world, team=team, phone=phone, boss=boss):
            await settled(world, count=3)
            world.clock.move(seconds=30)
            rows = await settled_all(world)
        assert {"team": "parked", "phone": "sent", "boss": "sent"} == {row.channel: row.state for row in rows}
        assert rows[0].transition == next(row.transition for row in rows if row.channel == "phone")
        assert ["undelivered"] == [message.about.topic for message in boss.sent]


BUSY = SendError("busy", reason="serverError", retry_after=timedelta(hours=1))
TWO = "[{severity: critical, to: [team]}, {to: [phone]}]"


async def test_what_is_critical_goes_to_the_next_channel_after_five_minutes_whenever_the_next_attempt_is(tmp_path):
    async with opened(tmp_path, rules=CRITICAL, routes=TWO) as world:
        await world.say("1", "2", "3")
        team, phone, boss = Channel(BUSY), Channel(), Channel()
        async with delivering(world, team=team, phone=phone, boss=boss) as writer:
            await settled(world)
            world.clock.move(minutes=4, seconds=50)
            await writer.submit(SourceChange(source="press", state="live", detail="not yet"))
            early = len(await world.views.deliveries())
            world.clock.move(seconds=10)
            await writer.submit(SourceChange(source="press", state="live", detail="now"))
            await settled(world, count=3)
            world.clock.move(seconds=30)
            rows = await settled_all(world)
    assert 1 == early
    assert [("team", "due", 1), ("phone", "sent", 1), ("boss", "sent", 1)] == [
        (row.channel, row.state, row.attempts) for row in rows
    ]
    assert "Told: phone; not reached yet: team" in phone.sent[0].text
    assert "acme 1, critical: “team” did not get the alert of 8:00; passed on to “phone”." == boss.sent[0].lead
    assert "https://bb.example/i/1" == boss.sent[0].link


async def test_who_is_about_to_be_told_is_not_said_to_be_out_of_reach(tmp_path):
    async with opened(tmp_path, rules=CRITICAL, routes="[{to: [team, phone]}]") as world:
        await world.say("1", "2", "3")
        team = Channel()
        async with delivering(world, team=team):
            await settled(world)
    assert "Told: team" in team.sent[0].text
    assert "not reached" not in team.sent[0].text


async def test_what_is_critical_behind_a_step_that_is_retried_goes_to_the_next_channel(world):
    opening, worse = (outgoing(name, thread="i1", due=world.clock.now(), notice=notice()) for name in ("d1", "d2"))
    worse = replace(worse, critical=True, fallback=("boss",))
    await world.store.commit(commit(at=world.clock.now(), outgoing=[opening, worse]))
    world.clock.move(minutes=10)
    team, boss = Channel(*[SendError("busy", reason="serverError")] * 9), Channel()
    async with delivering(world, team=team, boss=boss):
        await settled(world)
        world.clock.move(seconds=10)
        rows = await settled(world, count=2)
    assert [("team", 0), ("boss", 1)] == [(row.channel, row.attempts) for row in rows[1:]]
    assert ("d2", ["n-1"]) == (rows[1].id, [message.about.id for message in boss.sent])


async def test_whoever_hears_late_of_the_beginning_hears_of_the_end(tmp_path):
    async with opened(tmp_path, rules=CRITICAL, routes=TWO) as world:
        await world.say("1", "2", "3")
        team, phone = Channel(BUSY), Channel()
        async with delivering(world, team=team) as writer:
            await settled(world)
            await resolve(world, writer)
            await settled(world)
        async with delivering(world, phone=phone):
            rows = await settled(world, count=4)  # the operator's notice is due later
    assert ["open", "resolved"] == [message.about.state for message in phone.sent]
    assert "Sent late; resolved since 8:16." in phone.sent[0].lead
    assert 2 == len([row for row in rows if row.channel == "team"])


async def test_a_beginning_that_is_retried_after_the_end_is_followed_by_the_end(world):
    await world.say("1", "2", "3")
    refused = SendError("wrong key", reason="authError", permanent=True)
    team = Channel(refused, refused)
    async with delivering(world, team=team, boss=Channel()) as writer:
        await settled(world)
        await resolve(world, writer)
        rows = await settled_all(world)
        await world.views.ask("retry", rows[0].id, "camille", world.clock.now())
        await say_more(world, writer, [])
        await settled_all(world)
    assert ["open", "resolved"] == [message.about.state for message in team.sent]


async def test_a_critical_alert_that_does_not_arrive_is_told_whatever_else_did_not_that_hour(tmp_path):
    refusals = [SendError("wrong key", reason="authError", permanent=True) for _ in range(9)]
    async with opened(tmp_path, rules=ALARMS) as world:
        team, boss = Channel(*refusals), Channel()
        async with delivering(world, team=team, boss=boss) as writer:
            await say_more(world, writer, ["1", "2", "3"])
            await settled(world, count=2)
            world.clock.move(seconds=30)
            await settled_all(world)
            await say_more(world, writer, [f"d{number}" for number in range(9)])
            await settled(world, count=5)
            world.clock.move(seconds=30)
            await settled_all(world)
    notices = [message.about for message in boss.sent if message.about.id.startswith("undelivered")]
    assert [("acme", 1, "warning", None), ("acme", 1, "critical", "boss")] == [
        (each.brand, each.number, each.severity, each.passed_to) for each in notices
    ]


async def test_many_critical_alerts_that_do_not_arrive_are_one_notice_that_counts_them_and_later_one_more(tmp_path):
    brands = ", ".join(f"b{number}: {{query: word{number}}}" for number in range(12))
    refusals = [SendError("wrong key", reason="authError", permanent=True) for _ in range(99)]
    routes = "[{severity: critical, to: [team]}, {to: [phone]}]"
    async with opened(tmp_path, brands=brands, rules=CRITICAL.replace("3}", "1}"), routes=routes) as world:
        team, boss = Channel(*refusals), Channel()
        async with delivering(world, team=team, boss=boss, phone=Channel()) as writer:
            for first, last in ((0, 8), (8, 12)):
                for number in range(first, last):
                    mention = world.said(f"m{number}", f"word{number} is down")
                    await writer.submit(Read(source="press", mentions=[mention], cursor=""))
                    world.clock.move(seconds=2)
                await settled_all(world)
            await seconds_pass(world, writer, 60)
            early = [message.lead for message in boss.sent]
            await seconds_pass(world, writer, 900)
    first = (
        "“team” did not get the critical alerts of 12 incidents: b0 1, b1 2, b2 3, b3 4, b4 5 and 7 more; passed on to"
    )
    assert [f"{first} “phone”."] == early == [message.lead for message in boss.sent]


async def test_what_does_not_arrive_after_the_operator_heard_of_others_is_told_a_quarter_of_an_hour_later(tmp_path):
    brands = ", ".join(f"b{number}: {{query: word{number}}}" for number in range(3))
    refusals = [SendError("wrong key", reason="authError", permanent=True) for _ in range(99)]
    async with opened(tmp_path, brands=brands, rules=CRITICAL.replace("3}", "1}")) as world:
        boss = Channel()
        async with delivering(world, team=Channel(*refusals), boss=boss) as writer:
            for number in range(3):
                mention = world.said(f"m{number}", f"word{number} is down")
                await writer.submit(Read(source="press", mentions=[mention], cursor=""))
                await settled_all(world)
                await seconds_pass(world, writer, 60)
            before = len(notices_of(boss))
            await seconds_pass(world, writer, 900)
    told = notices_of(boss)
    assert (1, [1, 0], [0, 2]) == (before, [each.number or 0 for each in told], [len(each.missed) for each in told])


async def test_what_arrived_before_the_operator_heard_of_it_delays_no_word_of_what_does_not_arrive_next(tmp_path):
    brands = ", ".join(f"b{number}: {{query: word{number}}}" for number in range(2))
    refused = SendError("wrong key", reason="authError", permanent=True)
    async with opened(tmp_path, brands=brands, rules=CRITICAL.replace("3}", "1}")) as world:
        team, boss = Channel(refused), Channel()
        async with delivering(world, team=team, boss=boss) as writer:
            for number in range(2):
                mention = world.said(f"m{number}", f"word{number} is down")
                await writer.submit(Read(source="press", mentions=[mention], cursor=""))
                parked = await settled_all(world)
                if number == 0:
                    await world.views.ask("retry", parked[0].id, "camille", world.clock.now())
                    team.errors = []
                await seconds_pass(world, writer, 60)
                team.errors = [refused]
    assert [("b1", 2)] == [(each.brand, each.number) for each in notices_of(boss)]


def notices_of(channel):
    return [message.about for message in channel.sent if message.about.id.startswith("undelivered")]


async def seconds_pass(world, writer, seconds):
    for _ in range(seconds // 10):
        world.clock.move(seconds=10)
        await writer.submit(SourceChange(source="press", state="live", detail=str(world.clock.now())))
        await settled_all(world)


async def settled_all(world):
    """The deliveries, once none is due that could be made now."""
    world.ledger.outgoing.fire()
    async with asyncio.timeout(10):
        while any(row.due <= world.clock.now() for row in await world.views.deliveries(state="due")):
            await world.ledger.committed.wait(0.02)
    return list(reversed(await world.views.deliveries()))


async def test_a_dispatcher_that_is_stopped_after_it_has_sent_leaves_nothing_to_send_again(world):
    await world.say("1", "2", "3")
    team, writer = Stopped(), Writer(world.ledger, world.metrics)
    outbox = ChannelOutbox(
        OwnQueue(world.store, writer),
        Describer(world.views, world.ledger.setup.settings),
        world.ledger.outgoing,
        world.clock,
        world.metrics,
        LINKS,
    )
    async with asyncio.TaskGroup() as group:
        writing = group.create_task(writer.run())
        team.dispatcher = group.create_task(
            Dispatcher("team", team, timedelta(seconds=5), outbox, world.clock.now).run()
        )
        await asyncio.wait([team.dispatcher])
        assert [] == await outbox.due("team", world.clock.now())
        writing.cancel()


class Stopped(Channel):
    """Whose dispatcher is stopped while the outcome is on its way to the writer."""

    async def send(self, message, receipt=""):
        await super().send(message, receipt)
        asyncio.get_running_loop().call_later(0.01, self.dispatcher.cancel)


async def test_a_dead_channel_makes_one_notice_an_hour(world):
    refusals = [SendError("wrong key", reason="authError", permanent=True) for _ in range(9)]
    team, boss = Channel(*refusals), Channel()
    async with delivering(world, team=team, boss=boss) as writer:
        for number in range(3):
            names = [f"{number}.{name}" for name in range(3)]
            await say_more(world, writer, names)
            await settled_all(world)
            await resolve(world, writer)
            await settled_all(world)
        first = len(boss.sent)
        world.clock.move(hours=1)
        await say_more(world, writer, ["a", "b", "c"])
        await settled_all(world)
    assert (1, 2) == (first, len(boss.sent))


async def say_more(world, writer, names):
    world.clock.move(seconds=1)
    await writer.submit(Read(source="press", mentions=[world.said(name) for name in names]))


async def resolve(world, writer):
    (row,) = await world.views.incidents(open_only=True)
    await world.views.ask("resolve", row.id, "camille", world.clock.now())
    world.clock.move(minutes=16)
    await writer.submit(SourceChange(source="press", state="live", detail=row.id))


@pytest.mark.parametrize(("language", "words"), [("fr", "OUVERT"), ("en", "OPEN")])
async def test_each_channel_is_told_in_its_language(tmp_path, language, words):
    async with opened(
        tmp_path, channels=f"team: {{kind: console, language: {language}}}, boss: {{kind: console}}"
    ) as w:
        await w.say("1", "2", "3")
        team = Channel()
        async with delivering(w, team=team):
            await settled(w)
        assert (language, True) == (team.sent[0].language, words in team.sent[0].text)


async def test_a_new_high_only_updates_the_thread_and_a_rise_in_level_rings_whoever_has_it(tmp_path):
    async with opened(tmp_path, rules=ALARMS) as world:
        team = Channel()
        async with delivering(world, team=team) as writer:
            await say_more(world, writer, ["1", "2", "3"])
            await settled(world)
            (row,) = await world.views.incidents(open_only=True)
            await world.views.ask("ack", row.id, "Zoé", world.clock.now())
            await say_more(world, writer, [])
            await settled(world, count=2)
            for count, names in enumerate([["a", "b", "c"], [f"d{number}" for number in range(6)]], 3):
                await say_more(world, writer, names)
                await settled(world, count=count)
    said = [(message.about.state, message.priority, "Zoé has it since" in message.text) for message in team.sent]
    assert [("open", 4, False), ("acknowledged", 2, True), ("worse", 2, True), ("worse", 5, True)] == said
    assert not [step for message in team.sent[2:] for step in message.first if "ack" in step]


async def test_people_read_the_names_of_the_configuration(tmp_path):
    parts = {
        "brands": "acme: {query: acme, name: Acme Air}",
        "sources": "press: {kind: file, path: /nowhere.jsonl, name: Press}",
        "channels": "team: {kind: console, name: Watch}, boss: {kind: console, name: The boss}",
    }
    async with opened(tmp_path, **parts) as world:
        await world.say("1", "2", "3")
        world.clock.move(seconds=1)
        await world.source_is("gone", code="410")
        team, boss = Channel(), Channel()
        async with delivering(world, team=team, boss=boss):
            await settled(world, count=2)
    assert "Acme Air · serious · incident 1" == team.sent[0].title
    assert "Press 3" in [field.value for field in team.sent[0].fields]
    assert "Told: Watch" in team.sent[0].context
    assert "badbuzz · blind source · Press" == boss.sent[0].title
    assert ("acme", "press") == (team.sent[0].about.brand, boss.sent[0].about.subject)


async def test_a_share_and_an_audience_are_told_in_their_own_words(tmp_path):
    rules = (
        "mood: {kind: share, above: 0.5, at_least: {posts: 2, authors: 2}, confidence: 0.6, calm_for: 10m}, "
        "voice: {kind: influencer, calm_for: 10m}"
    )
    async with opened(tmp_path, rules=rules) as world:
        much_read = Author(handle="desk", followers=84_000)
        await world.hear(world.said("1", "acme is awful"), world.said("2", "acme is terrible", author=much_read))
        team = Channel()
        async with delivering(world, team=team):
            await settled(world, count=2)
    mood, voice = sorted((message.line for message in team.sent), key=lambda line: "account" in line)
    assert mood.startswith("acme, serious: 2 negative mentions of 2 in 1 h (100%)")
    assert voice.startswith("acme, watch: a negative mention by an account with 84,000 followers.")


async def test_a_keyword_alert_says_which_word_was_said_and_what_the_rule_asks_for(tmp_path):
    rules = "words: {kind: keyword, any: [boycott*, recall], window: 1m, at_least: {authors: 2}, calm_for: 10m}"
    async with opened(tmp_path, rules=rules) as world:
        await world.hear(world.said("1", "acme boycott"), world.said("2", "BOYCOTT acme!"))
        team = Channel()
        async with delivering(world, team=team):
            await settled(world)
    assert team.sent[0].line.startswith("acme, serious: 2 mentions of “boycott” in 1 min. 2 authors")
    assert "Rule words: at least 1 post by 2 authors." in team.sent[0].text
    assert "*" not in team.sent[0].text


async def test_authors_and_large_accounts_are_told_as_such_where_they_are_counted(tmp_path):
    floor = "at_least: {posts: 2}, window: 1m"
    rules = f"who: {{kind: threshold, of: negative authors, {floor}}}, far: {{kind: threshold, of: reach, {floor}}}"
    async with opened(tmp_path, rules=rules) as world:
        desks = (Author(handle=name, followers=20_000) for name in ("desk", "other"))
        await world.hear(*(world.said(f"{n}", "acme is awful", author=desk) for n, desk in enumerate(desks)))
        team = Channel()
        async with delivering(world, team=team):
            await settled(world, count=2)
    assert sorted(message.line.split(". ")[0] for message in team.sent) == [
        "acme, serious: 2 authors of negative mentions in 1 min",
        "acme, serious: 2 negative mentions by large accounts in 1 min",
    ]


async def test_an_alert_tells_the_words_and_languages_that_stand_out_of_what_is_kept(tmp_path):
    async with opened(tmp_path, rules=ALARMS, brands="acme: {query: acme, languages: [en, fr]}") as world:
        for hour in range(40):
            world.clock.move(hours=1)
            await world.hear(*(world.said(f"old{hour}.{n}", "acme shipped the parcel today") for n in range(2)))
        world.clock.move(hours=1)
        texts = ("acme forgot the parcel again #AcmeFail", "acme a encore perdu le colis #AcmeFail")
        await world.hear(*(world.said(f"new{n}", texts[n % 2], language=("en", "fr")[n % 2]) for n in range(6)))
        (transition,) = [each async for each in world.views.transitions()]
        alert = await Describer(world.views, world.ledger.setup.settings).alert(transition.id, "a1")
    assert [(each.word, each.count) for each in alert.figures.talk][:1] == [("#AcmeFail", 6)]
    assert (6, {"en": 3, "fr": 3}) == (alert.figures.read, alert.figures.languages)
    roles = [quote.role for quote in alert.quotes]
    assert ("typical" in roles, "latest" in roles) == (True, False)
    assert alert.advice == shipped_advice("threshold")


async def test_an_alert_tells_the_first_reply_of_the_brand_s_own_accounts(world):
    await world.say("1", "2", "3")
    world.clock.move(minutes=7)
    await world.hear(world.said("4", "acme is sorry", author="acme"))
    for _ in range(2):
        world.clock.move(minutes=20)
        await world.say(*(f"{world.clock.now()}.{n}" for n in range(8)))
    steps = [each async for each in world.views.transitions()]
    alerts = [await Describer(world.views, world.ledger.setup.settings).alert(step.id, "a") for step in steps]
    assert {True} == {alert.answers for alert in alerts}
    assert alerts[0].answered_at is None
    assert alerts[0].opened_at + timedelta(minutes=7) == alerts[-1].answered_at
