from collections import Counter

import msgspec
import pytest

from listener.labelling.choosing import worth_asking
from tests.stores import facts, stored


def mention(number, label="negative", confidence=0.9, **changes):
    kept = stored(f"{number}", text=changes.pop("text", f"words {number}"))
    tone = msgspec.structs.replace(kept.tones["acme"], label=label, confidence=confidence, **changes)
    kept.tones["acme"] = tone
    return kept


def asked(kept, marked=(), labels=()):
    return [(each.stored.mention.id, each.chosen) for each in worth_asking(kept, "acme", marked, Counter(labels))]


MANY = [mention(number, confidence=number / 100) for number in range(100)]


def test_one_drawn_at_random_comes_before_two_that_are_the_least_sure():
    found = asked(MANY)
    assert ["random", "asked", "asked"] * 10 == [chosen for _, chosen in found[:30]]
    unsure = [int(name) for name, chosen in found if chosen == "asked"]
    assert sorted(unsure) == unsure


def test_what_chance_draws_does_not_hang_on_what_was_asked_before_or_on_what_is_sure():
    drawn = {name for name, chosen in asked(MANY) if chosen == "random"}
    others = [mention(number, label="neutral", confidence=1 - number / 100) for number in range(100)]
    assert drawn == {name for name, chosen in asked(others) if chosen == "random"}
    marked = {f"feed:{name}" for name, chosen in asked(MANY)[:30] if chosen == "asked"}
    assert drawn == {name for name, chosen in asked(MANY, marked) if chosen == "random"}
    assert 15 < len(drawn) < 35


def test_a_label_that_was_marked_seldom_comes_first():
    kept = [mention(number, label="positive" if number % 2 else "negative") for number in range(40)]
    found = [int(name) % 2 for name, chosen in asked(kept, labels=["negative"] * 9) if chosen == "asked"]
    assert sorted(found, reverse=True) == found


@pytest.mark.parametrize("changes", [{"scorer": "person"}, {"label": "unsupported"}, {"text": ""}])
def test_what_cannot_teach_is_not_asked(changes):
    plain = {"title": ""} if "text" in changes else {}
    kept = [mention(number, **changes) for number in range(20)]
    bare = [msgspec.structs.replace(each.mention, title=plain.get("title", each.mention.title)) for each in kept]
    assert [] == asked([msgspec.structs.replace(each, mention=one) for each, one in zip(kept, bare, strict=True)])


def test_the_brand_itself_and_the_same_words_again_are_not_asked():
    own = stored("own")
    own.facts["acme"] = facts("own", own=True)
    kept = [own, *(mention(number, text="the same") for number in range(9))]
    assert 1 == len(asked(kept))
