from hashlib import blake2s
from itertools import pairwise
from zlib import crc32

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.instant import MINUTE
from rules.series import Counts
from rules.stories import MOST_STORIES, Stories, sketch
from tests.rules.test_classify import classify
from tests.rules.worlds import START, facts

WIRE = "Acme rappelle douze mille sièges auto après un défaut de fixation signalé par deux familles à Lyon"


def story(text: str) -> int:
    return classify(text)[0].story


@pytest.mark.parametrize(
    "copy",
    [
        WIRE.upper(),
        f"RT @lemonde: {WIRE} https://example.org/a?utm=1",
        f"{WIRE} via @bfm 😡",
        WIRE.replace("deux familles", "trois familles"),
        WIRE.removesuffix(" à Lyon") + "…",
    ],
)
def test_a_copy_tells_the_same_story(copy):
    stories = Stories()
    assert stories.of(story(WIRE)) == stories.of(story(copy))


def test_other_words_on_the_same_matter_are_a_story_of_their_own():
    others = [
        "Mon siège auto Acme s'est décroché au premier freinage avec mon bébé dedans, c'est une honte",
        "Acme rappelle ses clients au téléphone pour leur vendre une assurance dont personne ne veut",
        "Douze mille personnes au concert hier soir à Lyon et Acme qui ferme ses caisses à dix-neuf heures",
    ]
    stories = Stories()
    assert len({stories.of(story(text)) for text in [WIRE, *others]}) == 1 + len(others)


def test_a_text_of_few_words_is_nobodys_copy():
    assert story("Acme encore en panne") == 0


NUMBERS = st.integers(0, 30).map(lambda number: sketch(f"the train number {number} of acme is late once more".split()))


@given(st.lists(NUMBERS, max_size=40), st.integers(0, 40))
def test_stories_are_the_same_after_a_restart(heard, cut):
    whole, first = Stories(), Stories()
    expected = [whole.of(each) for each in heard]
    found = [first.of(each) for each in heard[:cut]]
    second = msgspec.json.decode(msgspec.json.encode(first), type=Stories)
    assert expected == found + [second.of(each) for each in heard[cut:]]


def test_old_stories_are_forgotten_before_memory_grows_and_one_that_is_told_all_along_is_not():
    stories, told = Stories(), sketch(WIRE.split())
    for number in range(2 * MOST_STORIES):
        stories.of(sketch(f"{number}{word}" for word in "abcdefgh"))
        assert told == stories.of(told)
    assert len(stories.known) <= MOST_STORIES


def test_a_window_tells_its_stories_apart_and_an_edit_takes_one_out():
    counts, one, other = Counts(), sketch(WIRE.split()), sketch(WIRE.split()[::-1])
    told = [one, one, one, other, 0, 0]
    for number, each in enumerate(told):
        counts.add("posts", facts(number, START + number * MINUTE, story=each))
    assert counts.told("posts", START + 10 * MINUTE, 15) == 4
    counts.remove("posts", facts(3, START + 3 * MINUTE, story=other))
    assert counts.told("posts", START + 10 * MINUTE, 15) == 3


def by_its_definition(words: list[str]) -> int:
    """MinHash, one hash of one pair after the other."""
    drawn = [int.from_bytes(blake2s(bytes([number]), digest_size=8).digest()) for number in range(32)]
    pairs = [crc32(f"{first} {second}".encode()) for first, second in pairwise(words)]
    found = 0
    for factor, offset in zip(drawn[::2], drawn[1::2], strict=True):
        found = found << 4 | min((pair * factor + offset) % 2**64 for pair in pairs) >> 8 & 15
    return found


@given(st.lists(st.text(max_size=10), min_size=6, max_size=70))
def test_a_sketch_is_what_stores_have_known_texts_by(words):
    assert sketch(words) == (by_its_definition(words[:64]) or 1)
