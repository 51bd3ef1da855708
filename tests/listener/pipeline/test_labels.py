"""What people say of the tone of mentions: kept, counted, undone, learnt from, and in agreement with the log."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from functools import cache
from types import SimpleNamespace

import msgspec
import pytest

from listener.backtest import replay_store
from listener.labelling import lesson
from listener.labelling.learning import Learning
from listener.labelling.lesson import Lesson, LessonError, learn, learn_elsewhere
from listener.labelling.studied import read_study
from listener.pipeline.work import Taught
from listener.pipeline.writer import Writer
from listener.store.marks import Marked, ModelRow, Wish
from listener.store.port import StoreError
from rules.inputs import Edited, Learnt
from rules.labelling.model import LabelModel, Mark
from tests.listener.pipeline.world import START, opened
from tests.processes import children
from tests.rules.labelling.marks import marks, said

BLAME, PLAIN = "acme is terrible", "acme has a shop"
RULES = "bad: {kind: threshold, of: negative, window: 15m, at_least: {posts: 2}, calm_for: 10m}"


@pytest.fixture
async def world(tmp_path):
    async with opened(tmp_path, rules=RULES) as world:
        yield world


async def say(world, name, label, **more):
    """Leave a mark as the page and the command line do; no daemon is needed for that."""
    return await world.views.ask_labels([(f"file:{name}", Wish(brand="acme", label=label, **more))], "Léa", START)


async def mark(world, name, label, **more):
    command = await say(world, name, label, **more)
    world.clock.move(seconds=1)
    await world.ledger.write([])
    return (await world.views.answer(command)).refusal


async def tone(world, name):
    (stored,) = await world.views.mentions(identities=[f"file:{name}"])
    tone = stored.tones["acme"]
    assert tone.label == stored.facts["acme"].label
    return tone.label, tone.scorer


async def edits(world):
    return [(each.before.label, each.after.label) for each in await world.log() if isinstance(each, Edited)]


async def test_a_mark_is_kept_with_its_text_and_what_was_judged_before(world):
    await world.hear(world.said("1", BLAME, title="Shops"))
    assert "" == await mark(world, "1", "neutral", chosen="random")
    (kept,) = await world.views.marks("acme")
    assert ("file:1", "neutral", "negative", "random") == (kept.identity, kept.label, kept.before, kept.chosen)
    assert (f"Shops\n{BLAME}", "en", "Léa") == (kept.text, kept.language, kept.by)
    assert ("neutral", "person") == await tone(world, "1")


async def test_an_open_bin_counts_what_the_person_said_and_a_rule_follows(world):
    await world.hear(world.said("1", BLAME), world.said("2", PLAIN))
    assert [] == await world.states()
    await mark(world, "2", "negative")
    assert [("neutral", "negative")] == await edits(world)
    assert ["open"] == await world.states()


async def test_what_does_not_change_what_is_counted_is_no_input(world):
    await world.hear(world.said("1", PLAIN))
    await mark(world, "1", "neutral")
    assert ([], ("neutral", "person")) == (await edits(world), await tone(world, "1"))


async def test_a_newer_mark_replaces_and_taking_it_back_restores_what_was_judged(world):
    await world.hear(world.said("1", BLAME))
    await mark(world, "1", "neutral")
    await mark(world, "1", "positive")
    (kept,) = await world.views.marks("acme")
    assert ("positive", "negative") == (kept.label, kept.before)
    await mark(world, "1", None)
    assert ([], "negative") == (await world.views.marks("acme"), (await tone(world, "1"))[0])
    assert "file:1 is not marked" == await mark(world, "1", None)


async def test_two_marks_of_one_mention_and_their_end_in_one_transaction(world):
    await world.hear(world.said("1", BLAME), world.said("2", PLAIN))
    for name, label in (("1", "neutral"), ("1", None), ("2", "neutral"), ("2", "negative")):
        await say(world, name, label)
    world.clock.move(seconds=1)
    await world.ledger.write([])
    assert ["file:2"] == [kept.identity for kept in await world.views.marks("acme")]
    assert ("negative", "negative") == ((await tone(world, "1"))[0], (await tone(world, "2"))[0])


async def test_an_edit_with_another_text_is_judged_anew_and_one_with_the_same_is_not(world):
    await world.hear(world.said("1", BLAME))
    await mark(world, "1", "neutral")
    await world.hear(world.said("1", BLAME, revision="2", counts={"likes": 3}))
    assert ("neutral", "person") == await tone(world, "1")
    await world.hear(world.said("1", f"{BLAME}, really", revision="3"))
    assert "negative" == (await tone(world, "1"))[0]
    assert BLAME == (await world.views.marks("acme"))[0].text


async def test_what_its_author_deletes_loses_its_text_in_marks_too_and_takes_no_more(world):
    await world.hear(world.said("1", BLAME))
    await mark(world, "1", "neutral")
    await world.hear(world.said("1", op="delete"))
    (kept,) = await world.views.marks("acme")
    assert ("neutral", "") == (kept.label, kept.text)
    assert "its author deleted file:1" == await mark(world, "1", "negative")


async def test_a_deletion_finds_a_mark_that_outlived_all_else_of_its_mention(world):
    await world.hear(world.said("1", BLAME))
    await mark(world, "1", "neutral")
    world.clock.move(days=60)
    month = timedelta(days=30)
    await world.store.purge(world.clock.now(), month, {}, month, ["acme"])
    assert BLAME == (await world.views.marks("acme"))[0].text
    assert {} == (await world.store.lookup(["file:1"]))["file:1"].revisions
    await world.hear(world.said("1", op="delete"))
    assert "" == (await world.views.marks("acme"))[0].text


@pytest.mark.parametrize(
    ("wish", "refusal"),
    [
        (Wish(brand="acme", label="neutral"), "no mention file:9 of acme is kept"),
        (Wish(brand="other", label="neutral", text="words"), "there is no brand other"),
    ],
)
async def test_what_is_not_known_is_refused_in_words(world, wish, refusal):
    command = await world.views.ask_labels([("file:9", wish)], "Léa", START)
    await world.ledger.write([])
    assert refusal == (await world.views.answer(command)).refusal


async def test_a_text_that_was_brought_along_is_kept_and_counts_nowhere(world):
    assert "" == await mark(world, "9", "negative", text="words", language="en", chosen="imported")
    (kept,) = await world.views.marks("acme")
    assert ("words", "en", None) == (kept.text, kept.language, kept.before)
    assert [] == await edits(world)


async def test_marks_left_while_no_daemon_runs_are_taken_by_the_next_and_a_failed_commit_loses_none(world):
    await world.hear(world.said("1", BLAME))
    await say(world, "1", "neutral")
    world.store.failing = 1
    with pytest.raises(StoreError):
        await world.ledger.write([])
    assert ([], ("negative", "vader")) == (await world.views.marks("acme"), await tone(world, "1"))
    again = await world.again()
    await again.ledger.write([])
    assert ("neutral", "person") == await tone(world, "1")


async def test_other_commands_do_not_wait_behind_thousands_of_marks(world):
    await world.hear(world.said("1", BLAME), world.said("2", BLAME))
    many = [(f"text:{number}", Wish(brand="acme", label="neutral", text=f"t{number}")) for number in range(250)]
    await world.views.ask_labels(many, "Léa", START)
    await world.views.ask("ack", "1", "Léa", START)
    await world.ledger.write([])
    assert "acknowledged" in await world.states()
    for _ in range(2):
        await world.ledger.write([])
    assert 250 == len(await world.views.marks("acme"))
    assert {"acme": Marked(new=250)} == await world.views.marked()


@cache
def learned():
    """What 60 marks teach, whose labels hang on words that no pack knows."""
    return learn(Lesson(marks=marks(60), query="acme"))


def taught(body):
    model = LabelModel.load(body) if body else None
    row = ModelRow(brand="acme", at=0, until=START, hash=model and model.hash, body=body, study=learned().study)
    return Taught(row=row, model=model)


async def hear_sign(world, name, label):
    """Somebody says what only the marks tell: the tone that it is given."""
    await world.hear(world.said(name, said(label, 900)))
    return await tone(world, name)


async def models(world):
    return [each.hash for each in await world.log() if isinstance(each, Learnt)]


async def test_a_model_judges_from_its_input_on_also_after_a_restart_until_the_pack_is_better(world):
    assert ("neutral", "vader") == await hear_sign(world, "1", "negative")
    await world.ledger.write([taught(learned().model)])
    (name,) = await models(world)
    assert ("negative", f"vader+marks@{name[:8]}") == await hear_sign(world, "2", "negative")
    await world.ledger.write([taught(learned().model)])
    again = await world.again()
    assert ("positive", f"vader+marks@{name[:8]}") == await hear_sign(again, "3", "positive")
    await again.ledger.write([taught(None)])
    assert [name, None] == await models(again)
    assert ("neutral", "vader") == await hear_sign(again, "4", "negative")


async def test_a_stored_model_that_is_corrupt_is_said_and_not_used_and_the_log_knows(world, capsys):
    work = taught(learned().model)
    await world.ledger.write([replace(work, row=msgspec.structs.replace(work.row, body=b"corrupt"))])
    again = await world.again()
    assert "model_unreadable" in capsys.readouterr().out
    assert [work.row.hash, None] == await models(again)
    assert ("neutral", "vader") == await hear_sign(again, "2", "negative")


async def test_a_model_whose_commit_fails_judges_nothing(world):
    world.store.failing = 1
    with pytest.raises(StoreError):
        await world.ledger.write([taught(learned().model)])
    assert ("neutral", "vader") == await hear_sign(world, "1", "negative")
    assert ([], []) == (await models(world), await world.views.models())


@asynccontextmanager
async def learning(world):
    """What learns, with a writer at work."""
    writer = Writer(world.ledger, world.metrics)
    async with asyncio.TaskGroup() as group:
        writing = group.create_task(writer.run())
        try:
            yield Learning(world.views, world.ledger, writer, world.clock, world.metrics)
        finally:
            writing.cancel()


async def bring(world, given):
    wishes = [
        (f"text:{each.at}{each.label}", Wish(brand="acme", label=each.label, language="en", text=each.text))
        for each in given
    ]
    await world.views.ask_labels(wishes, "Léa", START)
    world.clock.move(seconds=1)
    await world.ledger.write([])


async def test_the_daemon_learns_by_itself_when_there_is_enough_and_at_most_once_an_hour(world):
    await bring(world, marks(60)[:19])
    async with learning(world) as learner:
        await learner.look()
        assert [] == await world.views.models()
        await bring(world, marks(60)[19:])
        await learner.look()
        (row,) = await world.views.models()
        assert ([row.hash], row.hash) == (await models(world), learned_hash())
        assert {"acme": Marked(left=60)} == await world.views.marked()
        await bring(world, [msgspec.structs.replace(each, at=each.at + 900) for each in marks(30)])
        await learner.look()
        assert [row] == await world.views.models()
    assert 1 == world.sample("badbuzz_label_trainings_total", brand="acme", outcome="model")
    assert 30 == world.sample("badbuzz_marks_total", brand="acme", label="negative")


async def test_it_learns_anew_when_what_judges_without_the_marks_is_another(world):
    await bring(world, marks(60))
    async with learning(world) as learner:
        await learner.look()
        (row,) = await world.views.models()
        world.clock.move(hours=2)
        await learner.look()
        assert [row] == await world.views.models()
        old = msgspec.structs.replace(row, study=row.study.replace(b'"basis":"', b'"basis":"another '))
        await world.ledger.write([Taught(row=old, model=LabelModel.load(row.body))])
        world.clock.move(hours=2)
        await learner.look()
        (again,) = await world.views.models()
    assert (row.study, row.hash) == (again.study, again.hash)


async def take_back(world, kept):
    await world.views.ask_labels([(each.identity, Wish(brand="acme", label=None)) for each in kept], "Léa", START)
    world.clock.move(seconds=1)
    await world.ledger.write([])


async def test_what_was_learnt_from_a_mark_goes_with_it_and_the_model_with_the_last_ones(world):
    await bring(world, marks(60))
    async with learning(world) as learner:
        await learner.look()
        kept = await world.views.marks("acme")
        await take_back(world, kept[:1])
        await learner.look()
        first = await models(world)
        world.clock.move(hours=1)
        await learner.look()
        _, second = await models(world)
        assert (1, 59) == (len(first), read_study((await world.views.models())[0].study).marks)
        world.clock.move(hours=1)
        await learner.look()
        await take_back(world, kept[1:])
        world.clock.move(hours=1)
        await learner.look()
    assert [*first, second, None] == await models(world)
    assert None not in {*first, second}
    (row,) = await world.views.models()
    assert (None, 0) == (row.body, read_study(row.study).marks)
    assert ("neutral", "vader") == await hear_sign(await world.again(), "1", "negative")
    assert [True] == [replay.equal async for replay in replay_store(world.views)]


async def test_a_deletion_by_its_author_is_unlearnt_as_well(world):
    await world.hear(*(world.said(f"{each.at}", each.text) for each in marks(60)))
    for each in marks(60):
        await say(world, f"{each.at}", each.label)
    world.clock.move(seconds=1)
    await world.ledger.write([])
    async with learning(world) as learner:
        await learner.look()
        await world.hear(world.said(f"{marks(60)[7].at}", op="delete"))
        world.clock.move(hours=2)
        await learner.look()
    assert [59] == [read_study(row.study).marks for row in await world.views.models()]


@pytest.mark.parametrize(("text", "judged"), [(BLAME, "positive"), ("an earlier text", "negative")])
async def test_a_mark_that_is_brought_is_kept_as_it_was_and_judges_only_the_text_it_is_of(world, text, judged):
    await world.hear(world.said("1", BLAME))
    await mark(world, "1", "neutral")
    brought = {"text": text, "language": "fr", "at": START - 5, "by": "Zoé", "before": "positive", "chosen": "random"}
    await mark(world, "1", "positive", **brought)
    (kept,) = await world.views.marks("acme")
    assert brought == {name: getattr(kept, name) for name in brought}
    assert judged == (await tone(world, "1"))[0]
    assert "" == await mark(world, "9", "positive", **brought | {"at": START + 10**12, "text": ""})
    assert START < (await world.views.marks("acme"))[0].at <= world.clock.now()


def test_what_has_to_be_beaten_is_the_tone_towards_the_brand():
    months = ("janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre")
    leaving = [(f"Je quitte Acme pour Zénith en {month} {year}", "negative") for month in months for year in (1, 2, 3)]
    coming = [(f"En {month} {year} je quitte Zénith pour Acme", "positive") for month in months for year in (1, 2, 3)]
    given = [Mark(text=text, label=said, language="fr", at=at) for at, (text, said) in enumerate(leaving + coming)]
    (compared,) = read_study(learn(Lesson(marks=given, query="acme")).study).by_language.values()
    assert (1.0, False) == (compared.pack.macro_f1.value, compared.used)


def learned_hash():
    return LabelModel.load(learned().model).hash


async def test_a_training_that_fails_is_said_once_an_hour_and_changes_nothing(world, capsys, monkeypatch):
    await bring(world, marks(60))
    monkeypatch.setattr(lesson, "sys", SimpleNamespace(executable="/bin/false", path=[]))
    async with learning(world) as learner:
        await learner.look()
        await learner.look()
        world.clock.move(hours=1)
        await learner.look()
    assert 2 == capsys.readouterr().out.count("training_failed")
    assert [] == await world.views.models()
    assert 2 == world.sample("badbuzz_label_trainings_total", brand="acme", outcome="failed")


async def test_a_training_that_takes_too_long_or_is_cancelled_leaves_no_process(world):
    long, before = Lesson(marks=marks(900), query="acme"), children()
    with pytest.raises(LessonError, match="not done after"):
        await learn_elsewhere(long, patience=0.0)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(learn_elsewhere(long))
        async with asyncio.timeout(60):
            while children() == before:  # noqa: ASYNC110  # the kernel tells nobody
                await asyncio.sleep(0)
        task.cancel()
    assert before == children()


async def test_the_store_replays_to_the_same_with_marks_and_models(world):
    await world.hear(world.said("1", BLAME), world.said("2", PLAIN))
    await mark(world, "2", "negative")
    await world.ledger.write([taught(learned().model)])
    await hear_sign(world, "3", "negative")
    await mark(world, "3", "neutral")
    await world.pass_time(minutes=30)
    replays = [replay async for replay in replay_store(world.views)]
    assert [("acme", True)] == [(replay.brand, replay.equal) for replay in replays]
    assert ["open", "resolved"] == [step.state for step in replays[0].replayed]
