from typing import get_args

import pytest

from config.problems import ConfigError
from listener.mock.cast import ARTICLES
from listener.mock.registry import PLATFORMS
from listener.mock.scenario import Where, load_scenario, scenario_names
from rules.query.compiled import compile_query

GOOD = """about: A test.
length: 2d
brands:
  acme: {name: Acme Air, trade: airline, account: "@acmeair", hashtag: AcmeAir, query: acme}
platforms: {bluesky: 1}
languages:
  fr: {share: 1, zone: Europe/Paris}
background:
  acme: {posts_per_hour: 2, threads: 1}
waves:
  stranded: {kind: crisis, start: 1d, times: 5, ramp: 1h, decay: 5h, expect: alert, because: So., within: 1h}
"""


def problems(tmp_path, text):
    file = tmp_path / "mine.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_scenario(str(file))
    return [str(problem).removeprefix(str(tmp_path)) for problem in caught.value.problems]


def test_a_file_is_read_like_those_that_come_with_the_program(tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text(GOOD, encoding="utf-8")
    scenario = load_scenario(str(file))
    assert ["stranded"] == list(scenario.episodes())
    assert "acme" == scenario.brand_of(scenario.waves["stranded"])


@pytest.mark.parametrize("name", scenario_names())
def test_every_scenario_of_the_program_says_what_it_is_about_and_what_is_true_of_it(name):
    scenario = load_scenario(name)
    assert scenario.about.endswith(".")
    assert all(episode.because.endswith(".") for episode in scenario.episodes().values())
    assert not [warning for brand in scenario.brands.values() for warning in compile_query(brand.query).warnings]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("posts_per_hour", "post_per_hour", "/mine.yaml:9: error: background.acme.post_per_hour: unknown key"),
        ("threads: 1", "threads: 9", "/mine.yaml:9: error: background.acme: discussions alone would be more"),
        ("times: 5", "times: -5", "/mine.yaml:11: error: waves.stranded.times: must be more than 0"),
        ("kind: crisis", "kind: crises", "(did you mean 'crisis'?)"),
        ("within: 1h", "severity: critical", "/mine.yaml:11: error: waves.stranded: `within` says how soon"),
        ("start: 1d", "start: 47h", "/mine.yaml:11: error: waves.stranded: ends after the scenario"),
        (
            "start: 1d",
            "start: 1d, brand: acne",
            "waves.stranded.brand: no brand is named 'acne' (did you mean 'acme'?)",
        ),
        ("  acme: {posts", "  ame: {posts", "/mine.yaml:9: error: background.ame: has no brand (did you mean 'acme'?)"),
        ("query: acme", "query: acme OR", "/mine.yaml:4: error: brands.acme.query: something is missing after OR"),
        ("trade: airline", "trade: cosmetics", "/mine.yaml:4: error: brands.acme: has no products in every language"),
        ("Europe/Paris", "Europe/Pari", "did you mean 'Europe/Paris'?"),
        ("bluesky: 1", "blusky: 1", "/mine.yaml:5: error: platforms.blusky"),
        ("length: 2d", "length: [", "/mine.yaml:"),
    ],
)
def test_what_is_wrong_is_said_with_its_place_and_a_way_out(tmp_path, old, new, said):
    assert old in GOOD
    assert [each for each in problems(tmp_path, GOOD.replace(old, new)) if said in each]


def test_there_is_a_mock_of_every_place_that_a_scenario_can_name():
    assert {*get_args(Where), ARTICLES} <= PLATFORMS.keys()


def test_an_unknown_name_lists_those_there_are():
    with pytest.raises(ConfigError, match=r"calm-en, calm-fr.*did you mean 'calm-fr'\?"):
        load_scenario("calm-frr")
