import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.engine import Engine
from rules.instant import MINUTE
from rules.series import Counts
from rules.stories import sketch
from tests.rules.worlds import START, configured, facts, fold, heard, plan

WRITERS = st.lists(st.tuples(st.integers(0, 20), st.sampled_from(["", "ann", "bob", "carol", "dan"])), max_size=30)

AUTHORS, STORY_NUMBERS = st.sampled_from(["", "ann", "bob", "carol"]), st.integers(0, 3)
MENTIONS = st.tuples(st.integers(0, 5), AUTHORS, STORY_NUMBERS, st.sampled_from(["press", "sky"]))
STEPS = st.one_of(
    MENTIONS.map(lambda told: ("add", told)),
    st.integers(0, 60).map(lambda number: ("remove", number)),
    st.integers(0, 6).map(lambda minute: ("pack", minute)),
    st.just(("restart", 0)),
)


def saying(number, minute, author, story, source):
    said = {"recall": ("fuite",)} if number % 2 else {}
    return facts(
        number, START + minute * MINUTE, author=author, story=story, source=source, hits=("recall",), said=said
    )


def counted(steps, *, packs):
    """What steps make of a brand's counts, with or without those that only pack them."""
    counts, there = Counts(open=START // MINUTE, apart=True), []
    for number, (step, told) in enumerate(steps):
        if step == "add":
            there.append(saying(number, *told))
            counts.count(there[-1])
        elif step == "remove" and told < len(there):
            counts.uncount(there.pop(told))
        elif step == "pack" and packs:
            counts.pack(START // MINUTE + told)
        elif step == "restart":
            counts = msgspec.json.decode(msgspec.json.encode(counts), type=Counts)
    return counts


def asked(counts, end):
    """All that may be asked of the last minutes."""
    for each in (counts, *counts.sources.values()):
        for series in ("posts", "authors", "stories", "negative authors", "hits:recall"):
            yield each.totals(series, end, (1, 3, 6)), each.still_open(series, end)
            yield each.authors(series, end, 4), each.told(series, end, 4)
            yield [each.has_authors(series, end, 4, least) for least in range(1, 6)]
            for minute, cell in each.window(series, end, 6):
                yield minute, cell.count, cell.first, cell.latest, cell.largest, cell.reach
                yield dict(cell.authors), dict(cell.stories), dict(cell.sources), dict(cell.words)


@given(st.lists(STEPS, max_size=60))
def test_packed_minutes_tell_what_they_told(steps):
    end = START + 5 * MINUTE
    packed, never = (counted([*steps, ("pack", 4)], packs=packs) for packs in (True, False))
    assert list(asked(never, end)) == list(asked(packed, end))


def test_minutes_that_are_over_are_packed_but_for_loud_ones():
    engine, rule = Engine("acme"), {"kind": "threshold", "of": "posts", "at_least": {"posts": 1_000_000}}
    log = [heard(minute * 1_000 + n, minute) for minute, many in enumerate((100, 101, 1)) for n in range(many)]
    fold([configured(plan(many=rule)), *log], engine=engine, until=2.5)
    cells = msgspec.json.decode(engine.dump())["counts"]["bins"]["posts"].values()
    assert [(True, False), (False, True), (False, True)] == [("packed" in cell, "authors" in cell) for cell in cells]


@given(WRITERS, st.integers(1, 15), st.integers(1, 12))
def test_enough_authors_are_found_exactly_when_counting_them_all_finds_enough(written, minutes, least):
    counts = Counts()
    for number, (minute, author) in enumerate(written):
        counts.add("posts", facts(number, START + minute * MINUTE, author=author))
    end = START + 20 * MINUTE
    assert (counts.authors("posts", end, minutes) >= least) == counts.has_authors("posts", end, minutes, least)


SAID = [(0, "ann"), (0, "ann"), (1, "bob"), (1, "carol"), (2, "ann")]
STORIES = sketch("abcdefgh"), sketch("ijklmnop")


@pytest.mark.parametrize(
    ("of", "count", "told"),
    [
        ("posts", 6, ("posts", "mentions")),
        ("negative", 5, ("negative", "mentions")),
        ("authors", 4, ("posts", "authors")),
        ("negative authors", 3, ("negative", "authors")),
        ("stories", 3, ("posts", "stories")),
        ("negative stories", 2, ("negative", "stories")),
        ("reach", 3, ("reach", "mentions")),
    ],
)
@pytest.mark.parametrize("kind", ["threshold", "spike"])
def test_a_rule_counts_what_it_is_asked_to(kind, of, count, told):
    log = [heard(n, minute, author=who, reach=6_000 * n, story=STORIES[n // 3]) for n, (minute, who) in enumerate(SAID)]
    rule, engine = {"kind": kind, "of": of, "at_least": {"posts": 1, "authors": 1}}, Engine("acme")
    fold([configured(plan(many=rule)), *log, heard(9, 2, label="neutral", author="dan")], engine=engine)
    verdict = engine.judge(START + 3 * MINUTE)["many"]
    assert count == verdict.count
    assert told == (verdict.of, verdict.unit)


def test_an_incident_of_authors_tells_them_and_the_copies():
    log = [heard(n, n, author=f"a{n % 3}", story=STORIES[0]) for n in range(6)]
    rule = {"kind": "threshold", "of": "negative authors", "at_least": {"posts": 3}}
    (step,) = fold([configured(plan(many=rule)), *log])
    assert START + 2 * MINUTE == step.at
    assert (3, "negative", "authors", 1) == (
        step.evidence.count,
        step.evidence.of,
        step.evidence.unit,
        step.evidence.stories,
    )
    assert "3 authors of negative mentions" in step.reasons[0]


def test_a_source_first_heard_late_is_closed_as_far_as_its_brand():
    counts = Counts(open=100, apart=True)
    counts.count(facts(1, 50 * MINUTE))
    assert counts.of("press").open == counts.open
