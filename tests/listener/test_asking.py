"""What a source asks its platform for: what follows from queries, and from live events while they go on."""

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from config.load import load
from listener.asking import asked_at
from listener.catalogs import CATALOGS
from rules.instant import instant

CONFIGURATION = """
daemon: {time_zone: Europe/Paris}
operator: {to: [here]}
brands: {acme: {query: "lang:fr #acme"}, other: {query: "lang:fr #other"}}
calendar: [{brand: acme, live: "#AcmeAnswers", from: "2026-12-01T18:00", to: "2026-12-01T20:00"}]
sources:
  fedi: {kind: mastodon, server: https://mastodon.example, tags: auto}
  theirs: {kind: mastodon, server: https://mastodon.example, tags: auto, brands: [other]}
  fixed: {kind: mastodon, server: https://mastodon.example, tags: [acme]}
  sky: {kind: bluesky, languages: auto}
rules: {bad-buzz: {kind: spike}}
channels: {here: {kind: console}}
routes: [{to: [here]}]
"""


@pytest.fixture
def settings(tmp_path: Path):
    path = tmp_path / "badbuzz.yaml"
    path.write_text(CONFIGURATION, encoding="utf-8")
    return load(path, CATALOGS).settings


def at(hour: int):
    return instant(datetime(2026, 12, 1, hour, tzinfo=ZoneInfo("Europe/Paris")))


def asked(settings, hour):
    sources = asked_at(settings, CATALOGS, at(hour)).sources
    named = {name: source.options.tags for name, source in sources.items() if name != "sky"}
    return {**named, "sky": sources["sky"].options.languages}


def test_the_hashtag_of_an_event_is_asked_for_while_it_goes_on(settings):
    before = {"fedi": ("acme", "other"), "theirs": ("other",), "fixed": ("acme",), "sky": ("fr",)}
    meanwhile = {**before, "fedi": ("acme", "other", "acmeanswers"), "sky": ()}
    assert [before, meanwhile, before] == [asked(settings, hour) for hour in (17, 18, 20)]


def test_what_was_asked_for_at_another_moment_makes_no_difference(settings):
    during = asked_at(settings, CATALOGS, at(19))
    assert asked(settings, 21) == asked(during, 21)
