"""Own templates in the daemon: in force at once, and an alert leaves whatever they are."""

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from alerts.example import example
from alerts.render import render
from config.load import load
from listener.catalogs import CATALOGS
from listener.pipeline.advising import choice_for, imagined
from listener.pipeline.wording import in_own_words

PARIS = ZoneInfo("Europe/Paris")
AT = datetime(2026, 11, 14, 22, 8, tzinfo=UTC)
SHIPPED = render(example(AT), "fr", PARIS)
CONFIG = """
daemon: {language: fr, templates: own}
brands: {acme: {query: acme}}
sources: {press: {kind: feed, urls: ["https://example.org/rss"]}}
rules: {bad-buzz: {kind: spike}}
channels: {phone: {kind: ntfy, server: "https://ntfy.example", topic: alerts}}
routes: [{to: phone}]
playbooks: {flight: {when: {words: annul*}, first: [{fr: Voir.}]}}
"""


@pytest.fixture
def settings(tmp_path: Path):
    (tmp_path / "own").mkdir()
    (tmp_path / "badbuzz.yaml").write_text(CONFIG, encoding="utf-8")
    return load(tmp_path / "badbuzz.yaml", CATALOGS, {}).settings


async def test_a_change_of_a_template_is_in_force_at_once_and_a_broken_one_loses_nothing(settings, tmp_path):
    line = tmp_path / "own" / "line.fr.jinja"

    assert await in_own_words(SHIPPED, "phone", settings, PARIS) == SHIPPED
    line.write_text("Veille {{ alert.brand }}", encoding="utf-8")
    assert (await in_own_words(SHIPPED, "phone", settings, PARIS)).line == "Veille Acme Air"
    line.write_text("{{ alert.brnd }}", encoding="utf-8")
    told = await in_own_words(SHIPPED, "phone", settings, PARIS)
    assert (told.line, "line.fr.jinja" in told.context) == (SHIPPED.line, True)


@pytest.mark.parametrize(("words", "chosen"), [(["vol annulé"], "flight"), (["bagage"], ""), ([], "")])
def test_the_words_of_a_playbook_are_looked_for_as_those_of_a_query(settings, words, chosen):
    assert choice_for("acme", "bad-buzz", "critical", imagined(words, AT), settings).name == chosen
