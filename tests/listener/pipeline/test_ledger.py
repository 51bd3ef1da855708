"""Memory and log agree: at a restart, at a reload, when time misbehaves, and when the store does not take a commit."""

from datetime import timedelta

import pytest

from alerts.delivery import Outcome
from alerts.outbox import passed_on
from alerts.sentences import ours
from listener.backtest import replay_store
from listener.pipeline.desk import STRAYS
from listener.pipeline.engines import Engines
from listener.pipeline.work import Settled
from listener.store.port import StoreError
from rules.inputs import Coverage, Gap
from rules.instant import MINUTE, SECOND, moment
from tests.builders import notice
from tests.listener.pipeline.world import BRANDS, START, at, configured, kinds, opened
from tests.stores import commit, newest_snapshot, outgoing


async def explained(world):
    return [replay.equal async for replay in replay_store(world.views)]


async def in_memory(world):
    return [each.id for engine in world.ledger.engines for each in engine.open_incidents()]


async def in_store(world, brand="acme"):
    engines = Engines()
    await engines.load(world.store, [brand])
    return [each.id for each in engines.get(brand).open_incidents()]


# --- the log ----------------------------------------------------------------------------------------------------------


async def test_a_crisis_opens_and_ends_and_the_log_explains_it(world):
    await world.say("1", "2", "3")
    await world.pass_time(minutes=40)
    assert ["open", "resolved"] == await world.states()
    assert [True] == await explained(world)


async def test_one_reading_is_one_opening_that_tells_of_all_of_it(world):
    await world.say(*map(str, range(12)))
    (step,) = await world.steps()
    assert ("open", 12) == (step.state, step.evidence.count)
    assert {step.id} == {delivery.transition for delivery in await world.views.deliveries()}


async def test_what_is_read_at_one_instant_of_a_clock_that_stands_still_is_judged_reading_by_reading(world):
    await world.say("1", "2", "3")
    await world.say(*map(str, range(10, 20)))
    assert ["open", "worse"] == await world.states()
    assert [True] == [replay.equal async for replay in replay_store(world.views)]


async def test_a_restart_appends_a_gap_from_where_the_last_process_stopped(world):
    await world.say("1")
    world.clock.move(hours=2)
    await world.again()
    assert Gap(at=START + 120 * MINUTE, since=START) == (await world.log())[-1]


async def test_a_sender_that_was_blind_before_a_restart_is_not_heard_because_of_it(world):
    await world.say("1")
    await world.source_is("reconnecting", code="silent")
    world = await world.again()
    await world.source_is("starting", code="waiting")
    assert ("reconnecting", "silent") == (world.ledger.source("press").state, world.ledger.source("press").code)


async def test_an_incident_outlives_a_night_without_the_daemon(world):
    await world.say("1", "2", "3")
    world.clock.move(hours=9)
    world = await world.again()
    await world.pass_time(minutes=5)
    assert ["open"] == await world.states()
    await world.pass_time(minutes=10)
    assert ["open", "resolved"] == await world.states()
    assert [True] == await explained(world)


async def test_time_in_which_the_machine_slept_is_a_gap_not_a_calm(world):
    await world.say("1", "2", "3")
    world.clock.move(hours=9)
    await world.ledger.write([])
    assert ["open"] == await world.states()
    assert "Gap" == kinds(await world.log())[-1]
    await world.pass_time(minutes=15)
    assert [True] == await explained(world)


async def test_time_in_which_the_store_took_nothing_is_a_gap_not_a_calm(world):
    await world.say("1", "2", "3")
    for _ in range(100):
        world.clock.move(minutes=1)
        world.store.failing = 1
        with pytest.raises(StoreError):
            await world.ledger.write([])
    await world.ledger.write([])
    assert ["open"] == await world.states()
    assert Gap(at=world.clock.now(), since=START) == (await world.log())[-1]


async def test_the_configuration_is_an_input_only_when_it_changed(world):
    await world.again()
    await world.reload()
    assert 1 == kinds(await world.log()).count("Configured")
    await world.reload(brands="acme: {query: acme OR acne, languages: [en]}")
    await world.reload(brands="acme: {query: acme OR acne, languages: [en]}")
    assert 2 == kinds(await world.log()).count("Configured")


async def test_what_a_restart_finds_changed_is_an_input_too(world):
    world = await world.again(configured(world.folder, brands="acme: {query: acme OR acne}"))
    assert ["Gap", "Configured"] == kinds(await world.log())[-2:]


async def test_a_brand_that_is_removed_resolves_its_incidents_and_may_come_back(world):
    await world.say("1", "2", "3")
    await world.reload(brands="zen: {query: zen}")
    (_, step) = await world.steps()
    assert ("resolved", "the rule was removed from the configuration") == (step.state, step.because)
    assert "la règle a été retirée de la configuration" == ours(step.because, "fr")
    await world.reload(brands="zen: {query: zen}")
    assert 2 == kinds(await world.log("acme")).count("Configured")
    world.clock.move(seconds=1)
    world = await world.again(configured(world.folder, brands=BRANDS))
    await world.say("4", "5", "6")
    assert "open" == (await world.states())[-1]
    assert [True, True] == await explained(world)


async def test_mentions_of_a_source_that_was_removed_are_dropped_and_nothing_breaks(world):
    await world.reload(sources="blogs: {kind: file, path: /b}")
    await world.say("1")
    await world.source_is("reconnecting")
    await world.say("2", source="blogs")
    assert 1 == kinds(await world.log()).count("Heard")


async def test_stamps_never_decrease_when_the_clock_steps_back(world):
    await world.say("1")
    await world.pass_time(minutes=1)
    world.clock.move(hours=-3)
    await world.hear(world.said("2", created_at=None))
    world = await world.again()
    await world.hear(world.said("3", created_at=None))
    stamps = [entry.at for entry in await world.log()]
    assert sorted(stamps) == stamps
    assert ["open"] == await world.states()
    assert [True] == await explained(world)


async def test_a_snapshot_and_the_log_after_it_give_the_same_engine_as_the_whole_log(world):
    await world.say("1", "2")
    await world.pass_time(minutes=61)
    await world.say("3", "4", "5", "6")
    world.clock.move(hours=-1)
    await world.say("7", "8")
    snapshot = await newest_snapshot(world.store, "acme")
    assert 0 < snapshot.seq < len(await world.log())
    before = await in_memory(world)
    world = await world.again()
    assert before == await in_memory(world) == await in_store(world)
    assert [True] == await explained(world)


async def test_the_end_leaves_a_snapshot_of_everything(world):
    await world.say("1", "2", "3")
    await world.ledger.write([], final=True)
    assert len(await world.log()) == (await newest_snapshot(world.store, "acme")).seq


async def test_an_idle_daemon_writes_every_ten_seconds_and_no_more_often(world):
    for _ in range(21):
        world.clock.move(seconds=1)
        await world.ledger.write([])
    assert [10 * SECOND, 10 * SECOND] == [
        later.last - earlier.last for earlier, later in zip(world.store.commits, world.store.commits[1:], strict=False)
    ]


# --- sources ----------------------------------------------------------------------------------------------------------


def covers(log):
    return [entry.share for entry in log if isinstance(entry, Coverage)]


async def test_coverage_is_an_input_only_when_it_changes(world):
    for state, code in [
        ("live", ""),
        ("reconnecting", "500"),
        ("reconnecting", "502"),
        ("parked", "429"),
        ("live", ""),
    ]:
        await world.source_is(state, code=code)
    assert [0.0, 1.0] == covers(await world.log())


async def test_a_source_that_is_heard_in_part_is_covered_in_part_also_after_a_restart(world):
    await world.source_is("live", code="partly", share=0.5)
    await world.source_is("live", code="partly", share=0.5, detail="another address")
    world = await world.again()
    await world.source_is("live", code="partly", share=0.75)
    await world.say("1", "2", "3")
    assert [0.75] == [step.evidence.coverage for step in await world.steps()]
    await world.source_is("live")
    assert [0.5, 0.75, 1.0] == covers(await world.log())
    assert [True] == await explained(world)


async def test_a_brand_that_is_new_knows_that_a_source_is_heard_in_part(world):
    await world.source_is("live", code="partly", share=0.5)
    await world.reload(brands=f"{BRANDS}, zen: {{query: zen}}")
    assert [0.5, 0.5] == [engine.heard("press") for engine in world.ledger.engines]


async def test_a_source_that_is_removed_while_it_is_down_is_missed_no_more(world):
    await world.source_is("reconnecting")
    await world.reload(sources="blogs: {kind: file, path: /b}")
    assert [0.0, 1.0] == covers(await world.log())
    await world.reload()
    assert [0.0, 1.0, 0.0] == covers(await world.log())


async def test_a_source_that_a_restart_finds_removed_is_missed_no_more(world):
    await world.source_is("gone")
    world = await world.again(configured(world.folder, sources="blogs: {kind: file, path: /b}"))
    assert [0.0, 1.0] == covers(await world.log())
    await world.again()
    assert [0.0, 1.0] == covers(await world.log())


async def test_the_operator_is_told_once_that_a_source_needs_a_person_and_once_that_it_is_back(world):
    for state, code in [
        ("live", ""),
        ("parked", "429"),
        ("reconnecting", "500"),
        ("parked", "429"),
        ("reconnecting", "timeout"),
        ("live", ""),
        ("reconnecting", "500"),
    ]:
        await world.source_is(state, code=code)
    notices = [each.notice.topic for each in reversed(await world.views.deliveries())]
    assert ["source_down", "source_up"] == notices
    assert ["boss", "boss"] == [each.channel for each in await world.views.deliveries()]


async def test_the_operator_hears_once_of_a_source_that_stays_unreachable_also_across_a_restart(world):
    await world.source_is("live")
    await world.source_is("reconnecting", code="timeout")
    await world.pass_time(minutes=20)
    assert [] == await world.views.deliveries()
    world = await world.again()
    await world.source_is("reconnecting", code="500")
    await world.pass_time(minutes=15)
    (told,) = await world.views.deliveries()
    assert ("source_down", "500") == (told.notice.topic, told.notice.code)
    world = await world.again()
    await world.pass_time(hours=2)
    await world.source_is("live")
    assert ["source_up", "source_down"] == [each.notice.topic for each in await world.views.deliveries()]


async def test_time_in_which_nobody_tried_makes_no_source_unreachable(world):
    await world.source_is("live")
    await world.source_is("reconnecting", code="timeout")
    await world.pass_time(minutes=1)
    world.clock.move(hours=8)
    world = await world.again()
    await world.pass_time(minutes=5)
    assert [] == await world.views.deliveries()
    await world.pass_time(minutes=26)
    assert ["source_down"] == [each.notice.topic for each in await world.views.deliveries()]


async def test_an_unreachable_source_that_then_needs_a_person_is_told_again(world):
    await world.source_is("reconnecting", code="timeout")
    await world.pass_time(minutes=31)
    await world.source_is("auth_failed", code="401")
    await world.pass_time(minutes=61)
    assert ["401", "timeout"] == [each.notice.code for each in await world.views.deliveries()]


async def test_a_source_that_is_back_before_long_is_no_news(world):
    for _ in range(4):
        await world.source_is("reconnecting", code="timeout")
        await world.pass_time(minutes=25)
        await world.source_is("live")
    assert [] == await world.views.deliveries()


# --- commands ---------------------------------------------------------------------------------------------------------


async def asked(world, verb, target, by="camille"):
    command = await world.views.ask(verb, target, by, world.clock.now(), "seen enough")
    await world.ledger.write([])
    return (await world.views.answer(command)).refusal


async def test_an_incident_can_be_taken_once_and_ended_once(world):
    await world.say("1", "2", "3")
    refused = [await asked(world, "ack", "9")]
    assert "" == await asked(world, "ack", "1")
    refused.append(await asked(world, "ack", "1", by="alex"))
    assert "" == await asked(world, "resolve", "1")
    refused.append(await asked(world, "resolve", "1"))
    assert refused == ["there is no incident 9", "camille already has incident 1", "incident 1 is already resolved"]
    assert [ours(each, "fr").replace("\u00a0", " ") for each in refused] == [
        "il n’y a pas d’incident 9",
        "l’incident n° 1 est déjà pris en charge par camille",
        "l’incident n° 1 est déjà clos",
    ]
    assert ["open", "acknowledged", "resolved"] == await world.states()
    assert [("camille", "seen enough")] == [(step.by, step.because) for step in await world.steps()][-1:]
    assert [True] == await explained(world)


async def test_a_taking_by_mistake_is_undone_and_asks_again_for_somebody(world):
    await world.say("1", "2", "3")
    refused = [await asked(world, "unack", "1")]
    await asked(world, "ack", "1")
    assert "" == await asked(world, "unack", "1", by="alex")
    (row,) = await world.views.incidents()
    assert (None, "released") == (row.acknowledged_by, row.state)
    await asked(world, "resolve", "1")
    refused.append(await asked(world, "unack", "1"))
    assert ["nobody has incident 1", "incident 1 is already resolved"] == refused
    assert "personne n’a l’incident n°\u00a01" == ours(refused[0], "fr")
    assert [True] == await explained(world)


async def test_commands_left_while_the_daemon_was_down_are_carried_out_in_their_order(world):
    await world.say("1", "2", "3")
    first = await world.views.ask("ack", "1", "camille", START)
    second = await world.views.ask("ack", "1", "alex", START)
    world = await world.again()
    await world.ledger.write([])
    assert "" == (await world.views.answer(first)).refusal
    assert "camille already has incident 1" == (await world.views.answer(second)).refusal


async def test_only_what_was_given_up_can_be_retried(world):
    await world.say("1", "2", "3")
    (delivery,) = await world.views.deliveries()
    assert f"no delivery {delivery.id} was given up" == await asked(world, "retry", delivery.id)
    parked = Outcome(delivery=delivery.id, at=START, attempt=1, state="parked")
    await world.ledger.write([Settled(outcome=parked)])
    assert "" == await asked(world, "retry", delivery.id)
    assert ["due"] == [each.state for each in await world.views.deliveries()]
    assert "unknown command 'dance'" == await asked(world, "dance", "1")


# --- who is told ------------------------------------------------------------------------------------------------------


async def test_whoever_heard_the_beginning_hears_the_end_also_after_a_restart(world):
    await world.say("1", "2", "3")
    world = await world.again(configured(world.folder, routes="[{to: [phone]}]"))
    assert "" == await asked(world, "resolve", "1")
    told = [(each.channel, each.transition[-2:]) for each in reversed(await world.views.deliveries())]
    assert [("team", ".0"), ("team", ".1")] == told


@pytest.mark.parametrize("how", ["reload", "restart"])
async def test_what_waits_for_a_channel_that_is_removed_is_parked_and_told_elsewhere(tmp_path, how):
    rules = "many: {kind: threshold, of: posts, window: 15m, at_least: {posts: 3}, severity: critical}"
    async with opened(tmp_path, rules=rules) as world:
        await world.say("1", "2", "3")
        without = {
            "rules": rules,
            "channels": "phone: {kind: console}, boss: {kind: console}",
            "routes": "[{to: [phone]}]",
        }
        if how == "reload":
            await world.reload(**without)
        else:
            await world.again(configured(tmp_path, **without))
        notice, boss, team = await world.views.deliveries()
        assert ("boss", "team") == (notice.channel, notice.notice.subject)
        assert ("team", "parked", "the configuration no longer has the channel team") == (
            team.channel,
            team.state,
            team.detail,
        )
        assert "la configuration n’a plus le canal team" == ours(team.detail, "fr")
        assert ("boss", "due", team.transition) == (boss.channel, boss.state, boss.transition)


async def test_however_much_waits_for_a_channel_that_is_removed_all_of_it_is_parked(world):
    many = range(STRAYS + 500)
    now = world.clock.now()
    lines = [outgoing(f"d{number}", "phone", thread=f"i{number}", due=now, notice=notice()) for number in many]
    await world.store.commit(commit(at=now, outgoing=lines))
    await world.reload(channels="team: {kind: console}, boss: {kind: console}")
    world.store.failing = 1
    with pytest.raises(StoreError):
        await world.ledger.write([])
    for _ in range(3):
        await world.ledger.write([])
    assert [] == await world.views.deliveries(state="due")
    assert len(many) == len(await world.views.deliveries(state="parked", limit=10_000))


async def test_what_is_passed_on_to_a_channel_that_is_no_more_goes_on_to_the_next(world):
    now = world.clock.now()
    line = outgoing("d1", due=now, notice=notice(), critical=True, fallback=("gone", "boss"))
    await world.store.commit(commit(at=now, outgoing=[line]))
    (delivery,) = await world.views.deliveries()
    parked = Outcome(delivery="d1", at=now, attempt=1, state="parked", reason="authError")
    instead = passed_on(delivery, now)
    await world.ledger.write([Settled(outcome=parked, instead=[instead])])
    await world.ledger.write([])
    states = [(each.channel, each.state) for each in reversed(await world.views.deliveries())]
    assert [("team", "parked"), ("gone", "parked"), ("boss", "due")] == states


# --- failed commits ---------------------------------------------------------------------------------------------------


async def test_a_failed_commit_is_forgotten_as_if_it_had_never_been(world):
    await world.hear(world.said("1"), cursor="1")
    world.store.failing = 1
    with pytest.raises(StoreError, match="the disk is full"):
        await world.hear(world.said("2"), world.said("3"), cursor="3")
    assert "1" == world.ledger.source("press").cursor
    assert [] == await world.states()
    await world.hear(world.said("2"), cursor="2")
    assert [] == await in_memory(world) == await in_store(world)
    await world.hear(world.said("3"), cursor="3")
    assert ["open"] == await world.states()
    assert await in_memory(world) == await in_store(world)
    assert [True] == await explained(world)


async def test_a_failed_commit_counts_nothing(world):
    world.store.failing = 1
    with pytest.raises(StoreError):
        await world.say("1", "1", "2", "3")
    assert None is world.sample("badbuzz_mentions_ingested_total", source="press", brand="acme")
    assert None is world.sample("badbuzz_mentions_dropped_total", reason="duplicate")
    assert 0 == world.sample("badbuzz_incident_transitions_total", state="open", severity="warning")


async def test_a_reload_that_cannot_be_stored_changes_nothing(world):
    world.store.failing = 1
    with pytest.raises(StoreError):
        await world.reload(brands="zen: {query: zen}", sources="blogs: {kind: file, path: /b}")
    await world.say("1", "2", "3")
    assert ["open"] == await world.states()
    assert ["acme"] == list(world.ledger.setup.plans)


async def test_who_was_told_is_remembered_as_the_store_has_it(world):
    world.store.failing = 1
    with pytest.raises(StoreError):
        await world.say("1", "2", "3")
    await world.say("1", "2", "3")
    assert "" == await asked(world, "resolve", "1")
    assert ["team", "team"] == [each.channel for each in await world.views.deliveries()]


# --- retention --------------------------------------------------------------------------------------------------------


async def test_retention_takes_old_words_and_leaves_what_the_log_needs(world):
    await world.hear(world.said("old"))
    for _ in range(50):
        await world.pass_time(minutes=1)
        world.clock.move(days=2)
        await world.ledger.write([], final=True)
    await world.say("new")
    removed = await world.store.purge(world.clock.now(), timedelta(days=30), {}, timedelta(days=30), ["acme"])
    assert 0 < removed
    assert ["file:new"] == [each.mention.identity for each in await world.views.mentions()]
    assert [True] == await explained(world)
    await world.say("after", "that", "all")
    assert await in_memory(await world.again()) == await in_store(world)


async def test_what_a_source_lists_for_half_a_year_is_counted_once_and_the_rest_forgotten(world):
    month, listed = timedelta(days=30), [world.said(f"listed {number}") for number in range(50)]
    for week in range(26):
        passing = [world.said(f"{week} {number}") for number in range(2)]
        await world.hear(*listed, *passing, cursor=str(week))
        await world.store.purge(world.clock.now(), month, {}, month, ["acme"])
        world.clock.move(days=7)
    assert 50 + 2 * 26 == world.sample("badbuzz_mentions_ingested_total", source="press", brand="acme")
    assert 50 * 25 == world.sample("badbuzz_mentions_dropped_total", reason="duplicate")
    remembered = await world.store.lookup([f"file:{week} {number}" for week in range(26) for number in range(2)])
    assert len(remembered) <= 2 * 10
    assert {f"file:{each.id}" for each in listed} == set(await world.store.lookup([f"file:{e.id}" for e in listed]))


async def test_dates_that_cannot_be_do_not_stop_a_commit(world):
    moments = [moment(0), moment(-62_135_596_800_000_000), at(world, days=-365 * 70), moment(253_402_300_799_999_999)]
    await world.hear(*(world.said(str(number), created_at=when) for number, when in enumerate(moments)))
    assert 4 == kinds(await world.log()).count("Heard")
    assert 2 == kinds([e for e in await world.log() if getattr(e, "facts", None) and e.facts.history]).count("Heard")
