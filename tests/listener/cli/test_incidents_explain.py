"""`badbuzz incidents explain`: why it rang, and why it did not."""

import asyncio
import json

import pytest

from rules.instant import HOUR, moment
from rules.mention import Author
from tests.listener.pipeline.world import START, opened

RULES = (
    "many: {kind: threshold, of: posts, window: 15m, at_least: {posts: 3, authors: 2}, calm_for: 10m}, "
    "bad: {kind: spike, of: authors, at_least: {posts: 5, authors: 4}}, "
    "each: {kind: threshold, by: source, of: posts, at_least: {posts: 9}}"
)
LOUD = Author(handle="[/b] anna", followers=12_000)


@pytest.fixture(scope="module")
def config(tmp_path_factory):
    folder = tmp_path_factory.mktemp("explained")

    async def fill():
        async with opened(folder, rules=RULES) as world:
            world.clock.move(hours=1.5)
            await world.hear(*(world.said(f"a{n}", author="the same") for n in range(4)))
            world.clock.move(minutes=30)
            await world.hear(*(world.said(f"b{n}") for n in range(2)), world.said("b9", author=LOUD))
            await world.pass_time(seconds=30)

    asyncio.run(fill())
    return folder / "badbuzz.yaml"


def iso(hours):
    return moment(START + int(hours * HOUR)).isoformat()


def test_an_opening_is_explained_with_what_was_needed_and_who_drove_it(badbuzz, config):
    run = badbuzz("incidents", "explain", "1", "--config", config)
    assert 0 == run.code
    for said in (
        "2 of 2 conditions met: it rings",
        "Confidence: please check",
        "never measured",
        "enough different authors: 3, 2 needed",
        "[/b] anna, 12,000",
        "UTC",
    ):
        assert said in run.out
    assert "bad" not in run.out.split("many")[1]


def test_why_nothing_rang_says_what_was_missing_for_every_rule(badbuzz, config):
    run = badbuzz("incidents", "explain", "--why-not", "acme", iso(1.501), "--config", config, "--json")
    many, bad, each = (json.loads(line) for line in run.out.splitlines())
    assert (["authors"], False, 4, {"press": 4}) == (
        many["missing"],
        many["opens"],
        many["count"],
        many["drivers"]["sources"],
    )
    assert {"posts", "authors"} <= set(bad["missing"])
    assert [5, 15, 60] == [scale["minutes"] for scale in bad["scales"]]
    assert bad["learning"]
    assert ("press", ["posts"]) == (each["source"], each["missing"])


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (
            "fr",
            (
                "Conditions remplies\xa0: 1 sur 2\xa0; auteurs différents\xa0: 1 seulement sur 2",
                "auteurs\xa0: toutes les mentions",
                "habituel peut-être jusqu’à",
                "Indices d’une hausse",
                "press seule\xa0: la pire source à ce moment",
            ),
        ),
        (
            "en",
            (
                "1 of 2 conditions met: only 1 of 2 authors needed",
                "authors of all mentions",
                "may be usual, since little was heard yet",
                "Evidence for a rise",
                "of press alone: the worst source now",
                "Still learning",
            ),
        ),
    ],
)
def test_both_languages_say_it_in_words(badbuzz, config, language, said):
    run = badbuzz("incidents", "explain", "--why-not", "acme", iso(1.501), "--config", config, "--language", language)
    assert [] == [each for each in said if each not in run.out]
    assert not {"{", "None", "nan", "inf"} & set(run.out.replace(",", " ").split())


def test_just_after_an_opening_the_incident_is_named_by_its_number_and_nothing_speaks_against_it(badbuzz, config):
    run = badbuzz("incidents", "explain", "--why-not", "acme", iso(2.005), "--config", config)
    many = run.out.split("rule many")[1].split("rule bad")[0]
    assert "Incident 1 was open already, since " in many
    assert "badbuzz incidents explain 1" in " ".join(many.split())
    assert not {"NO", "conditions"} & set(many.split())
    asked = ["incidents", "explain", "--why-not", "acme", iso(2.005), "--config", config, "--json"]
    assert 1 == json.loads(badbuzz(*asked).out.splitlines()[0])["number"]


def test_a_time_without_a_zone_is_in_that_of_the_daemon(badbuzz, config):
    zoned = badbuzz("incidents", "explain", "--why-not", "acme", iso(1.501), "--config", config, "--json")
    bare = iso(1.501).removesuffix("+00:00")
    assert zoned.out == badbuzz("incidents", "explain", "--why-not", "acme", bare, "--config", config, "--json").out


@pytest.mark.parametrize(
    ("asked", "code", "said"),
    [
        (["77"], 1, "there is no incident 77; "),
        (["--why-not", "acmee", iso(1)], 1, "did you mean 'acme'?"),
        (["--why-not", "acme", iso(-2)], 1, "nothing is kept of acme from before "),
        (["--why-not", "acme", iso(50)], 1, "nothing was judged yet after "),
        (["--why-not", "acme", "noon"], 2, "not a time: noon; write 2026-01-31T10:05"),
        ([], 2, "name an incident, or a brand and a time"),
        (["1", "--why-not", "acme", iso(1)], 2, "name an incident, or a brand and a time"),
    ],
)
def test_what_cannot_be_explained_is_one_plain_line(badbuzz, config, asked, code, said):
    run = badbuzz("incidents", "explain", *asked, "--config", config)
    assert (code, "") == (run.code, run.out)
    assert said in " ".join(run.err.split())
