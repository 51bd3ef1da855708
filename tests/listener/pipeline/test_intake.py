"""What becomes of a mention: counted once, for the right brand and moment, for as long as its author wants."""

from datetime import timedelta

import msgspec
import pytest

from rules.inputs import Deleted, Edited, Heard
from rules.instant import MINUTE, instant, moment
from rules.mention import Author
from tests.listener.pipeline.world import at, kinds, opened


def heard(log):
    return [entry.facts for entry in log if isinstance(entry, Heard)]


async def kept(world, name):
    found = await world.views.mentions(identities=[name])
    return found[0] if found else None


async def test_a_mention_is_counted_once_however_often_it_is_read(world):
    await world.hear(world.said("1"), world.said("1"))
    await world.say("1")
    assert ["file:1"] == [facts.mention for facts in heard(await world.log())]
    assert 2 == world.sample("badbuzz_mentions_dropped_total", reason="duplicate")
    assert 1 == world.sample("badbuzz_mentions_ingested_total", source="press", brand="acme")


async def test_the_same_platform_read_by_two_sources_counts_once(tmp_path):
    async with opened(tmp_path, sources="press: {kind: file, path: /a}, blogs: {kind: file, path: /b}") as world:
        await world.say("1")
        await world.say("1", source="blogs")
        assert ["press"] == [facts.source for facts in heard(await world.log())]


async def test_what_matches_no_brand_is_not_kept(world):
    await world.hear(world.said("1", "nothing of interest"))
    assert [] == heard(await world.log())
    assert None is await kept(world, "file:1")
    assert 1 == world.sample("badbuzz_mentions_dropped_total", reason="unmatched")


async def test_what_matches_only_after_an_edit_is_then_heard(world):
    await world.hear(world.said("1", "nothing yet"))
    await world.hear(world.said("1", op="update", revision="2"))
    assert ["file:1"] == [facts.mention for facts in heard(await world.log())]


async def test_an_edit_takes_the_place_of_what_was_counted(world):
    await world.hear(world.said("1", "acme is fine"))
    world.clock.move(minutes=2)
    await world.hear(world.said("1", "acme is a horrible disaster", op="update", revision="2"))
    edit = (await world.log())[-1]
    assert ("negative", edit.before.moment) == (edit.after.label, edit.after.moment)
    assert "acme is a horrible disaster" == (await kept(world, "file:1")).mention.text
    assert 1 == world.sample("badbuzz_mentions_ingested_total", source="press", brand="acme")


async def test_an_edit_that_comes_hours_later_does_not_turn_a_mention_into_history(world):
    written = world.said("1")
    await world.hear(written)
    world.clock.move(hours=5)
    await world.hear(msgspec.structs.replace(written, text="acme again", op="update", revision="2"))
    edit = (await world.log())[-1]
    assert (edit.before.moment, False) == (edit.after.moment, edit.after.history)


async def test_an_edit_that_no_longer_matches_is_counted_no_more(world):
    await world.say("1", "2", "3")
    await world.hear(world.said("1", "never mind", op="update", revision="2"))
    await world.pass_time(minutes=1)
    edit = next(entry for entry in await world.log() if isinstance(entry, Edited))
    assert (False, True) == (edit.before.history, edit.after.history)


async def test_an_edit_under_a_new_query_moves_the_mention_to_the_other_brand(world):
    await world.hear(world.said("1", "acme and zen"))
    await world.reload(brands="acme: {query: acme NOT zen}, zen: {query: zen}")
    await world.hear(world.said("1", "acme and zen and more", op="update", revision="2"))
    assert "Edited" == kinds(await world.log("acme"))[-1]
    assert ["file:1"] == [facts.mention for facts in heard(await world.log("zen"))]


async def test_a_deletion_removes_the_words_and_keeps_the_count(world):
    await world.hear(world.said("1", url="https://press.example/1"))
    await world.hear(world.said("1", op="delete"))
    row = await kept(world, "file:1")
    assert (True, "", None, Author()) == (row.deleted, row.mention.text, row.mention.url, row.mention.author)
    last = (await world.log())[-1]
    assert (True, "file:1") == (isinstance(last, Deleted), last.mention)


async def test_a_create_that_comes_after_its_deletion_stays_away(world):
    await world.hear(world.said("1", op="delete"))
    await world.say("1")
    await world.hear(world.said("1", op="update", revision="2"))
    assert [] == heard(await world.log())
    assert None is await kept(world, "file:1")
    assert 2 == world.sample("badbuzz_mentions_dropped_total", reason="deleted")


async def test_a_deletion_of_what_nobody_knows_leaves_nothing_where_all_comes_in_order(tmp_path):
    async with opened(tmp_path, sources="press: {kind: bluesky}") as world:
        await world.say("1")
        await world.hear(world.said("1", op="delete"), world.said("2", op="delete"))
        known = await world.store.lookup(["file:1", "file:2"])
        assert {"file:1": True} == {name: seen.deleted for name, seen in known.items()}
        assert 1 == world.sample("badbuzz_mentions_dropped_total", reason="unmatched")


async def test_a_deletion_and_a_create_in_one_batch_come_to_the_same(world):
    await world.hear(world.said("1", op="delete"), world.said("1"), world.said("1", op="delete"))
    assert [] == heard(await world.log())
    assert None is await kept(world, "file:1")


async def test_a_source_may_be_told_not_to_honour_deletions(tmp_path):
    async with opened(tmp_path, sources="press: {kind: file, path: /a, honour_deletes: false}") as world:
        await world.say("1")
        await world.hear(world.said("1", op="delete"))
        assert "acme is slow" == (await kept(world, "file:1")).mention.text


async def test_what_the_brand_writes_itself_is_kept_and_not_counted(world):
    await world.hear(*(world.said(str(number), author="acme") for number in range(5)))
    assert [True] * 5 == [facts.own for facts in heard(await world.log())]
    assert [] == await world.states()


@pytest.mark.parametrize(
    ("ago", "moment", "history"),
    [
        ({"minutes": 10}, {"minutes": 10}, False),
        ({"minutes": -10}, {}, False),
        ({"hours": 2}, {"hours": 2}, True),
        ({"days": 20_000}, {"days": 20_000}, True),
    ],
)
async def test_the_moment_of_a_mention_follows_when_it_was_written(world, ago, moment, history):
    await world.hear(world.said("1", created_at=at(world, **ago)))
    (facts,) = heard(await world.log())
    assert (instant(at(world, **moment)), history) == (facts.moment, history)


async def test_a_mention_without_a_date_counts_for_when_it_was_read(world):
    await world.hear(world.said("1", created_at=None))
    (facts,) = heard(await world.log())
    assert (world.clock.now(), False) == (facts.moment, facts.history)


async def test_an_old_mention_that_is_edited_out_and_back_is_not_heard_anew(world):
    await world.hear(world.said("1"))
    world.clock.move(hours=2)
    written = moment(world.clock.now()) - timedelta(hours=2)
    for revision, text in (("2", "nothing"), ("3", "acme again")):
        await world.hear(world.said("1", text, op="update", revision=revision, created_at=written))
    last = (await world.log())[-1]
    assert (True, True) == (isinstance(last, Edited), last.after.history)


async def test_after_the_clock_was_set_back_what_is_written_now_still_counts(world):
    world.clock.set_back(hours=2)
    written = moment(world.clock.wall()) - timedelta(minutes=3)
    await world.hear(world.said("1", created_at=written), world.said("2", created_at=written - timedelta(hours=3)))
    recent, old = heard(await world.log())
    assert (world.clock.now() - 3 * MINUTE, False) == (recent.moment, recent.history)
    assert old.history


@pytest.fixture
async def polled(tmp_path):
    async with opened(tmp_path, sources="press: {kind: feed, urls: ['https://press.example/feed']}") as world:
        yield world


async def test_what_a_slow_platform_shows_late_counts_now_if_it_was_being_read(polled):
    world = polled
    await world.hear()
    for _ in range(8):
        world.clock.move(minutes=15)
        await world.hear()
    await world.hear(world.said("1", created_at=at(world, minutes=90)))
    (facts,) = heard(await world.log())
    assert (world.clock.now(), False) == (facts.moment, facts.history)


async def test_a_source_that_does_not_answer_is_not_being_read(polled):
    world = polled
    await world.hear()
    for _ in range(8):
        world.clock.move(minutes=15)
        await world.hear(heard=False, cursor="later")
    row = world.ledger.source("press")
    assert ("later", instant(at(world, hours=2))) == (row.cursor, row.last_read)
    await world.hear(world.said("1", created_at=at(world, minutes=90)))
    assert [True] == [facts.history for facts in heard(await world.log())]


async def test_a_source_that_is_listened_to_is_being_read_however_quiet_it_is(world):
    await world.hear()
    await world.source_is("live")
    await world.pass_time(minutes=50)
    await world.hear(world.said("1", created_at=at(world, minutes=45)))
    assert [False] == [facts.history for facts in heard(await world.log())]
    assert world.clock.now() / 1e6 == world.sample("badbuzz_source_last_event_timestamp_seconds", source="press")


async def test_a_source_that_was_down_was_not_being_read(world):
    await world.hear()
    await world.source_is("live")
    await world.source_is("reconnecting")
    await world.pass_time(minutes=50)
    quiet = world.sample("badbuzz_source_last_event_timestamp_seconds", source="press")
    await world.hear(world.said("1", created_at=at(world, minutes=45)))
    assert [True] == [facts.history for facts in heard(await world.log())]
    assert quiet <= instant(at(world, minutes=50)) / 1e6


@pytest.mark.parametrize("how", ["gap", "restart", "reload"])
async def test_whoever_did_not_run_was_not_listening(world, how):
    await world.hear()
    await world.source_is("live")
    if how == "reload":
        await world.reload(sources="blogs: {kind: file, path: /b}")
        await world.pass_time(minutes=50)
        await world.reload()
    else:
        world.clock.move(minutes=50)
    if how == "restart":
        world = await world.again()
    await world.hear(world.said("1", created_at=at(world, minutes=45)))
    assert [True] == [facts.history for facts in heard(await world.log())]


async def test_a_mention_of_two_brands_is_an_input_of_both(tmp_path):
    brands = "acme: {query: acme}, zen: {query: zen}"
    async with opened(tmp_path, brands=brands) as world:
        await world.hear(world.said("1", "acme and zen"))
        assert ["file:1"] * 2 == [facts.mention for name in ("acme", "zen") for facts in heard(await world.log(name))]
        assert {"acme", "zen"} == set((await kept(world, "file:1")).facts)


async def test_a_source_can_be_for_some_brands_only(tmp_path):
    brands, sources = "acme: {query: acme}, zen: {query: zen}", "press: {kind: file, path: /a, brands: [zen]}"
    async with opened(tmp_path, brands=brands, sources=sources) as world:
        await world.hear(world.said("1", "acme and zen"))
        assert {"zen"} == set((await kept(world, "file:1")).facts)


@pytest.fixture
async def apart(tmp_path):
    """Two sources, each for a brand of its own."""
    brands = "acme: {query: acme}, zen: {query: zen}"
    sources = "press: {kind: file, path: /a, brands: [acme]}, blogs: {kind: file, path: /b, brands: [zen]}"
    async with opened(tmp_path, brands=brands, sources=sources) as world:
        yield world


BOTH = "acme and zen"


@pytest.mark.parametrize("together", [True, False])
async def test_what_two_sources_bring_is_heard_by_the_brands_of_both(apart, together):
    world = apart
    for source in ("press", "blogs", "press", "blogs"):
        await world.hear(*[world.said("1", BOTH)] * (2 if together else 1), source=source)
    for brand, source in (("acme", "press"), ("zen", "blogs")):
        assert [("file:1", source)] == [(facts.mention, facts.source) for facts in heard(await world.log(brand))]
        assert 1 == world.sample("badbuzz_mentions_ingested_total", source=source, brand=brand)
    row = await kept(world, "file:1")
    assert ("press", {"acme", "zen"}, {"acme", "zen"}) == (row.mention.source, set(row.facts), set(row.tones))


async def test_an_edit_uncounts_no_brand_that_another_source_feeds(apart):
    world = apart
    await world.hear(world.said("1", BOTH))
    await world.hear(world.said("1", BOTH), source="blogs")
    await world.hear(world.said("1", "never mind", op="update", revision="2"))
    assert ["Heard", "Edited"] == [each for each in kinds(await world.log("acme")) if each in {"Heard", "Edited"}]
    assert "Heard" == kinds(await world.log("zen"))[-1]
    row = await kept(world, "file:1")
    assert (True, False) == (row.facts["acme"].history, row.facts["zen"].history)


async def test_an_edit_is_told_to_the_brands_that_another_source_feeds(apart):
    world = apart
    await world.hear(world.said("1", BOTH))
    await world.hear(world.said("1", BOTH), source="blogs")
    await world.hear(world.said("1", "zen is a horrible disaster for acme", op="update", revision="2"))
    edit = (await world.log("zen"))[-1]
    assert ("negative", "blogs") == (edit.after.label, edit.after.source)


@pytest.mark.parametrize("change", [{"op": "delete"}, {"op": "update", "text": "nothing", "revision": "2"}])
async def test_a_source_cannot_touch_what_another_one_brought(apart, change):
    world = apart
    await world.hear(world.said("1", BOTH))
    await world.hear(world.said("1", **change), source="blogs")
    row = await kept(world, "file:1")
    assert (False, BOTH) == (row.deleted, row.mention.text)
    assert "Heard" == kinds(await world.log())[-1]
    assert 1 == world.sample("badbuzz_mentions_dropped_total", reason="foreign")


async def test_a_source_that_only_joined_cannot_delete_either(apart):
    world = apart
    await world.hear(world.said("1", BOTH))
    await world.hear(world.said("1", "zen, and lies", revision="2"), source="blogs")
    await world.hear(world.said("1", op="delete"), source="blogs")
    assert BOTH == (await kept(world, "file:1")).mention.text
    assert ["file:1"] == [facts.mention for facts in heard(await world.log("zen"))]


async def test_a_deletion_that_comes_first_keeps_no_other_source_from_being_heard(apart):
    world = apart
    await world.hear(world.said("1", op="delete"), source="blogs")
    await world.hear(world.said("1", BOTH))
    assert [False] == [facts.history for facts in heard(await world.log("acme"))]
    await world.hear(world.said("1", BOTH), source="blogs")
    assert [] == heard(await world.log("zen"))


async def test_who_reads_on_for_a_source_that_is_no_more_may_edit_and_delete(apart):
    world = apart
    await world.hear(world.said("1", BOTH))
    await world.reload(brands="acme: {query: acme}", sources="blogs: {kind: file, path: /b}")
    await world.hear(world.said("1", "acme again", op="update", revision="2"), source="blogs")
    assert "acme again" == (await kept(world, "file:1")).mention.text
    await world.hear(world.said("1", op="delete"), source="blogs")
    assert (await kept(world, "file:1")).deleted


async def test_an_edit_of_what_retention_has_removed_is_history(polled):
    world = polled
    await world.hear(world.said("1"))
    for _ in range(25):
        world.clock.move(minutes=15)
        await world.hear()
    written, day = at(world, hours=6), timedelta(days=1)
    await world.store.purge(
        world.clock.now(), timedelta(hours=1), {"press": timedelta(hours=1)}, listed=day, brands=["acme"]
    )
    await world.hear(world.said("1", "acme again", op="update", revision="2", created_at=written))
    assert [True] == [facts.history for facts in heard(await world.log())][-1:]
    await world.hear(world.said("1", "acme again"))
    assert 1 == world.sample("badbuzz_mentions_dropped_total", reason="duplicate")


async def test_authors_are_pseudonyms_that_tell_them_apart(world):
    await world.hear(world.said("1", author="camille"), world.said("2", author="camille"), world.said("3", author="x"))
    first, second, third = (facts.author for facts in heard(await world.log()))
    assert (True, True) == (first == second, first != third)
    assert "camille" not in str(await world.log())


async def test_two_stores_give_one_author_two_pseudonyms(tmp_path):
    names = []
    for folder in (tmp_path / "a", tmp_path / "b"):
        folder.mkdir()
        async with opened(folder) as world:
            await world.hear(world.said("1", author="camille"))
            names += [facts.author for facts in heard(await world.log())]
    assert 2 == len(set(names))


async def test_a_mention_is_of_the_source_that_read_it_whatever_it_says(world):
    await world.hear(world.said("1", source="somebody else's"))
    assert ["press"] == [facts.source for facts in heard(await world.log())]


BROKEN = "acme \ud83d is \0 here"


@pytest.mark.parametrize(
    "changes",
    [
        {"text": BROKEN},
        {"title": BROKEN},
        {"text": "acme " + "💥" * 200_000},
        {"url": "https://x.example/" + "a" * 10_000_000},
        {"url": BROKEN},
        {"author": Author(handle="@" + "a" * 10_000_000)},
        {"author": Author(id=BROKEN, handle=BROKEN, name=BROKEN, followers=10**400)},
        {"author": Author(followers=-1)},
        {"language": BROKEN},
        {"parent_id": BROKEN, "repost_of": "x" * 10_000_000},
        {"counts": {"likes": float("inf"), "shares": float("nan"), BROKEN: 1, "views": 10**400}},
        {"counts": {str(number): number for number in range(100_000)}},
        {"key": BROKEN},
        {"key": "k" * 1_000_000},
        {"revision": BROKEN},
        {"platform": BROKEN},
    ],
    ids=" ".join,
)
async def test_whatever_a_stranger_sends_is_kept_in_bounds_and_read_again(world, changes):
    await world.hear(world.said("1", **changes), world.said("2"))
    mentions = await world.views.mentions()
    assert 2 == len(mentions)
    assert all(len(msgspec.json.encode(each.mention)) < 500_000 for each in mentions)
    assert all(len(facts.mention) < 5_000 for facts in heard(await world.log()))
    assert "by 2" in {each.mention.author.handle for each in mentions}


async def test_a_repost_of_few_words_tells_the_story_of_what_it_repeats(world):
    said = [world.said(f"{n}", "Acme, encore !", kind="repost", repost_of=of) for n, of in enumerate(["7", "7", "8"])]
    await world.hear(*said, world.said("9", "Acme, encore !"))
    first, second, other, post = (facts.story for facts in heard(await world.log()))
    assert first == second
    assert len({first, other, post, 0}) == 3


@pytest.mark.parametrize(
    ("rules", "terms"),
    [("new: {kind: new_term}", ("#boycottacme", "listeria")), ("any: {kind: spike}", ())],
)
async def test_the_telling_words_of_a_complaint_are_kept_only_where_a_rule_asks_for_them(tmp_path, rules, terms):
    async with opened(tmp_path, rules=rules) as world:
        await world.hear(world.said("1", "acme is awful, listeria! #boycottacme"), world.said("2", "acme plant visit"))
        assert [terms, ()] == [facts.terms for facts in heard(await world.log())]
