"""Every promise of the store's port about marks and models, on every store."""

from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest

from listener.store import marking
from listener.store.asking import Answered
from listener.store.marks import Marked, Marking, ModelRow, Wish
from listener.store.port import Store, StoreError, Views
from listener.store.views import open_views
from rules.history import portions
from rules.instant import DAY
from tests.stores import T0, commit, opened, stored


def mark(name: str, at: int = T0, brand: str = "acme", **changes: object) -> Marking:
    known = {"label": "negative", "by": "Léa", "chosen": "random", "language": "fr", "text": "Vol annulé, 😡"}
    return Marking(
        **{"brand": brand, "identity": f"feed:{name}", "at": at, "taken": at, "before": "neutral"} | known | changes
    )


def model(brand: str = "acme", at: int = T0, until: int = T0, **changes: object) -> ModelRow:
    known = {"hash": "0123456789abcdef", "body": b"\0body", "study": b"{}"}
    return ModelRow(**{"brand": brand, "at": at, "until": until} | known | changes)


async def test_a_mark_replaces_the_one_before_and_lookup_tells_it(store: Store, views: Views) -> None:
    await store.commit(commit(mentions=[stored("a")], marks=[mark("a"), mark("b", T0 + 1, before=None, language=None)]))
    await store.commit(commit(marks=[mark("a", T0 + 2, label="positive"), mark("a", brand="zen")]))
    newest = [mark("a", T0 + 2, label="positive"), mark("b", T0 + 1, before=None, language=None)]
    assert newest == await views.marks("acme")
    known = await store.lookup(["feed:a", "feed:b", "feed:c"])
    assert {"acme": newest[0], "zen": mark("a", brand="zen")} == known["feed:a"].marks
    assert ({"feed:a", "feed:b"}, {}) == (set(known), known["feed:b"].facts)
    await store.commit(commit(unmarked=[("acme", "feed:a")], marks=[mark("b", brand="zen")]))
    assert (newest[1:], 2) == (await views.marks("acme"), len(await views.marks("zen")))


async def test_the_newest_marks_of_a_brand_are_kept(
    store: Store, views: Views, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(marking, "MOST_MARKS", 5)
    await store.commit(commit(marks=[mark("z", brand="zen"), *(mark(f"{n}", T0 + n // 2) for n in range(8))]))
    assert ["7", "6", "5", "4", "3"] == [each.identity.removeprefix("feed:") for each in await views.marks("acme")]
    assert 1 == len(await views.marks("zen"))
    assert ["7", "6"] == [each.identity.removeprefix("feed:") for each in await views.marks("acme", limit=2)]


async def test_what_is_deleted_loses_its_text_in_the_marks_of_every_brand(store: Store, views: Views) -> None:
    marks = [mark("a"), mark("a", brand="zen"), mark("b")]
    await store.commit(commit(mentions=[stored("a")], marks=marks))
    await store.commit(commit(tombstones=["feed:a"]))
    texts = {(each.brand, each.identity): each.text for name in ("acme", "zen") for each in await views.marks(name)}
    assert {("acme", "feed:a"): "", ("zen", "feed:a"): "", ("acme", "feed:b"): mark("b").text} == texts


async def test_marks_and_models_outlive_mentions_until_their_brand_is_long_gone(store: Store, views: Views) -> None:
    at, week = T0 + 30 * DAY, timedelta(days=7)
    heard = stored("c", "heard", at=at)
    marks = [mark("a"), mark("a", brand="gone"), mark("b", at, brand="gone"), mark("a", brand="heard")]
    models = [model(), model("gone"), model("heard")]
    await store.commit(commit(at, mentions=[stored("a"), heard], marks=marks, models=models))
    await store.purge(at, week, {}, week, ["acme"])
    kept = {name: [each.identity for each in await views.marks(name)] for name in ("acme", "gone", "heard")}
    assert {"acme": ["feed:a"], "gone": ["feed:b"], "heard": ["feed:a"]} == kept
    assert ["acme", "heard"] == [row.brand for row in await views.models()]


async def test_a_model_replaces_the_one_before_and_tells_which_marks_are_new_and_left(
    store: Store, views: Views
) -> None:
    brought = mark("c", taken=T0 + 2)
    marks = [mark("a"), mark("b", T0 + 1), brought, mark("a", brand="zen")]
    await store.commit(commit(marks=marks, models=[model()]))
    assert {"acme": Marked(new=2, left=1), "zen": Marked(new=1)} == await views.marked()
    better = model(until=T0 + 2, hash=None, body=None)
    await store.commit(commit(models=[better]))
    assert ([better], Marked(left=3)) == (await views.models(), (await views.marked())["acme"])
    again = mark("b", T0 + 3, label="positive")
    await store.commit(commit(unmarked=[("acme", "feed:c")], marks=[again], tombstones=["feed:a"]))
    assert {"acme": Marked(new=1), "zen": Marked(new=1)} == await views.marked()


async def test_tones_are_told_newest_first_and_bounded(store: Store, views: Views) -> None:
    await store.commit(commit(mentions=[stored("a"), stored("b", at=T0 + 1), stored("c", "zen")]))
    found = await views.tones("acme")
    assert [(T0 + 1, "negative"), (T0, "negative")] == [(at, tone.label) for at, tone in found]
    assert found[:1] == await views.tones("acme", limit=1)


async def test_labels_are_asked_for_all_at_once_and_wait_behind_what_is_urgent(where: str) -> None:
    async with opened(where):
        pass
    views = open_views(where)
    wishes = [("feed:a", Wish(brand="acme", label="neutral", text="é")), ("feed:b", Wish(brand="acme", label=None))]
    last = await views.ask_labels(wishes, "Léa", T0)
    urgent = await views.ask("ack", "1", "Léa", T0)
    with pytest.raises(StoreError):
        await views.ask_labels([wishes[0], (None, wishes[1][1])], "Léa", T0)  # type: ignore[list-item]
    async with opened(where) as store:
        commands = await store.commands()
    assert [urgent, last - 1, last] == [command.id for command in commands]
    assert [None, *(wish for _, wish in wishes)] == [command.wish for command in commands]
    assert commands[1:] == await views.asked_labels()
    await views.close()


async def test_a_commit_that_fails_leaves_no_mark(store: Store, views: Views) -> None:
    wrong = replace(commit(marks=[mark("a")]), models=[msgspec.structs.replace(model(), study=None)])
    with pytest.raises(StoreError):
        await store.commit(wrong)
    assert ([], []) == (await views.marks("acme"), await views.models())


async def test_a_history_is_left_with_all_that_was_told_until_it_is_answered(store: Store, views: Views) -> None:
    told = tuple(portions(0, 1_000, 60, {"posts": [None, 0, 10**12] * 20, "negative": [1]}))
    name = await views.ask_history("acme", told, "Léa", T0)
    (left,) = await store.commands()
    assert (name, "import", "acme", "Léa", told) == (left.id, left.verb, left.target, left.by, left.history)
    await store.commit(commit(answered=[Answered(id=name, at=T0)]))
    assert [] == await store.commands()
