import re
from collections import Counter
from functools import cache
from itertools import pairwise
from statistics import mean, pvariance

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener.mock.draw import draw
from listener.mock.growth import Growth, Shape
from listener.mock.scenario import load_scenario
from listener.mock.truth import AFTERMATH, Happened, Truth
from rules.instant import DAY, HOUR, MINUTE
from rules.query.compiled import compile_query
from rules.query.content import Content
from tests.scenarios.judging import mentions

SHAPES = Shape.__args__


OF_EACH_KIND = ["crisis-answered-fr", "two-brands-mixed", "wire-story-en", "flood-many-accounts-en", "storm-fr"]


@cache
def drawn(name, seed=1):
    return draw(name, load_scenario(name), seed)


def texts(cues, part):
    return [cue.text for cue in cues if cue.part == part and cue.act == "say"]


def words(text):
    found = re.findall(r"\w+", text.casefold())
    return set(zip(found, found[1:], found[2:], strict=False)) or {tuple(found)}


def copied(some):
    """The share of texts that are nearly the same as one of the twenty before."""
    told = [words(text) for text in some]
    near = [any(2 * len(now & old) > len(now | old) for old in told[max(0, n - 20) : n]) for n, now in enumerate(told)]
    return mean(near)


def test_the_same_seed_draws_the_same_and_another_one_something_else():
    again = draw("crisis-answered-fr", load_scenario("crisis-answered-fr"), 1)
    assert drawn("crisis-answered-fr") == again
    assert drawn("crisis-answered-fr").cues != drawn("crisis-answered-fr", seed=2).cues


def test_an_episode_changes_nothing_of_the_rest():
    calm = load_scenario("storm-fr").model_copy(update={"waves": {}})
    without = draw("storm-fr", calm, 1)
    assert [cue for cue in drawn("storm-fr").cues if cue.part == "background"] == without.cues
    assert () == without.truth.episodes


@pytest.mark.parametrize("name", OF_EACH_KIND)
def test_cues_lie_inside_the_scenario_in_order_and_answer_what_is_there(name):
    cues, truth = drawn(name).cues, drawn(name).truth
    names = [cue.name for cue in cues]
    at = {name: place for place, name in enumerate(names)}
    assert len(at) == len(names)
    assert all(before.at <= after.at for before, after in pairwise(cues))
    assert 0 <= cues[0].at <= cues[-1].at < truth.ends - truth.begins
    assert all(at[cue.about] < place for place, cue in enumerate(cues) if cue.about)


@pytest.mark.parametrize("name", ["crisis-x20-mixed", "campaign-fr", "wire-story-en", "storm-fr"])
def test_every_post_names_the_brand_as_its_query_wants_it(name):
    scenario = load_scenario(name)
    query = compile_query(next(iter(scenario.brands.values())).query)
    assert [] == [heard for heard, _ in mentions(drawn(name)) if query.find(Content(heard)) is None]


def test_truth_says_when_an_episode_was_and_how_much_of_it():
    cues, truth = drawn("crisis-x10-sudden-en").cues, drawn("crisis-x10-sudden-en").truth
    (told,) = truth.episodes
    mine = [truth.begins + cue.at for cue in cues if cue.part == told.episode]
    assert len(mine) == told.posts
    assert told.onset <= mine[0] <= mine[-1] <= told.ends
    at_peak, at_end = (sum(abs(at - middle) < 20 * MINUTE for at in mine) for middle in (told.peak, told.ends))
    assert at_peak > 20 > at_end + 15


def test_silence_is_asked_for_outside_of_what_should_be_told():
    def happened(brand, onset, ends, expect="alert"):
        return Happened(
            episode="e",
            brand=brand,
            kind="crisis",
            expect=expect,
            because="",
            onset=onset,
            peak=onset,
            ends=ends,
            posts=1,
        )

    episodes = (happened("a", 4 * DAY, 5 * DAY), happened("a", DAY, 2 * DAY), happened("b", DAY, 2 * DAY, "silence"))
    truth = Truth(scenario="", seed=0, begins=0, ends=9 * DAY, brands=("a", "b"), episodes=episodes)
    assert [(0, DAY), (2 * DAY + AFTERMATH, 4 * DAY), (5 * DAY + AFTERMATH, 9 * DAY)] == truth.quiet("a")
    assert [(0, 9 * DAY)] == truth.quiet("b")


def test_the_background_has_its_volume_sleeps_at_night_and_is_restless():
    cues = drawn("calm-en").cues
    hours = Counter(cue.at // HOUR for cue in cues)
    assert 24 < len(cues) / (7 * 24) < 36
    night, evening = (sum(hours[day * 24 + hour] for day in range(7)) for hour in (2, 19))  # in London too
    assert evening > 3 * night
    noons = [hours[day * 24 + hour] for day in range(5) for hour in range(8, 20)]
    assert pvariance(noons) > 1.5 * mean(noons)


def test_texts_are_alike_only_where_the_scenario_wants_it():
    flood = drawn("flood-many-accounts-en").cues
    assert copied(texts(flood, "background")) < 0.05
    assert copied(texts(flood, "brigade")) > 0.9
    assert copied(texts(drawn("crisis-x20-mixed").cues, "stranded")) < 0.1
    wire = texts(drawn("wire-story-en").cues, "agency")
    assert {wire[0]} == set(wire)


def test_few_accounts_are_few_and_the_brand_speaks_for_itself():
    few = {cue.author.handle for cue in drawn("flood-few-accounts-fr").cues if cue.part == "copies"}
    own = {cue.author.handle for cue in drawn("own-posts-fr").cues if cue.part == "answers"}
    crowd = [cue.author.handle for cue in drawn("crisis-x20-mixed").cues if cue.part == "stranded"]
    assert len(few) <= 3
    assert {"acmeair"} == own
    assert 0.85 < len(set(crowd)) / len(crowd) < 0.95


def test_an_answer_makes_it_end_sooner():
    told = drawn("crisis-answered-fr")
    answered = [cue.at for cue in told.cues if cue.author.handle == "nuarelle"]
    (episode,) = told.truth.episodes
    assert [episode.onset - told.truth.begins + 2 * HOUR] == answered
    assert episode.ends - episode.onset < 10 * HOUR


@given(st.sampled_from(SHAPES), st.integers(1, DAY), st.integers(1, 9 * DAY), st.none() | st.integers(0, 2 * DAY))
def test_growth_begins_at_nothing_peaks_once_at_its_peak_and_ends(shape, ramp, decay, calmed):
    growth = Growth(shape, ramp=ramp, decay=decay, calmed=calmed)
    assert 0 == growth.at(growth.end + 1)
    assert 0 <= growth.peak <= growth.end <= ramp + decay
    assert all(0 <= growth.at(growth.end * part // 100) <= 1 for part in range(101))
    assert growth.at(0) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("shape", SHAPES)
def test_growth_is_highest_at_its_peak(shape):
    assert 1 == Growth(shape, ramp=2 * HOUR, decay=DAY).at(2 * HOUR)
