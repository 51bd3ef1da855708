"""`badbuzz template render`: what messages look like before anybody is told."""

import json
from pathlib import Path

import pytest

from alerts.own_templates import LIMITS
from tests.listener.cli.conftest import Badbuzz

CONFIG = """
daemon: {language: fr, time_zone: Europe/Paris, templates: own}
brands: {acme: {query: acme}}
sources: {press: {kind: feed, urls: ["https://example.org/rss"]}}
rules: {bad-buzz: {kind: spike}}
channels:
  phone: {kind: ntfy, server: "https://ntfy.example", topic: alerts}
  out: {kind: console}
routes: [{to: [phone, out]}]
operator: {to: phone}
"""


@pytest.fixture
def config(tmp_path: Path) -> str:
    (tmp_path / "own" / "ntfy").mkdir(parents=True)
    (tmp_path / "badbuzz.yaml").write_text(CONFIG, encoding="utf-8")
    return str(tmp_path / "badbuzz.yaml")


def test_every_form_is_shown_in_both_languages(badbuzz: Badbuzz, config: str) -> None:
    run = badbuzz("template", "render", "--config", config, "--json", *(f"--form={part}" for part in LIMITS))
    lines = [json.loads(line) for line in run.out.splitlines()]

    assert (run.code, len(lines)) == (0, 2 * len(LIMITS))
    assert {(line["language"], line["form"]) for line in lines} == {
        (la, part) for la in ("fr", "en") for part in LIMITS
    }
    assert {tuple(line["kinds"]) for line in lines} == {("console", "ntfy")}


def test_ones_own_are_named_and_broken_ones_end_in_1(badbuzz: Badbuzz, config: str, tmp_path: Path) -> None:
    (tmp_path / "own" / "ntfy" / "line.fr.jinja").write_text("Veille {{ alert.brand }}", encoding="utf-8")
    good = badbuzz("template", "render", "--config", config, "--form", "line")
    assert (good.code, "Veille Acme Air" in good.out, good.out.count("=== fr: ")) == (0, True, 2)

    (tmp_path / "own" / "title.en.jinja").write_text("{{ alert.brnd }}", encoding="utf-8")
    bad = badbuzz("template", "render", "--config", config)
    assert (bad.code, "title.en.jinja" in bad.err) == (1, True)
    check = badbuzz("check", config)
    assert (check.code, "title.en.jinja" in check.out) == (1, True)


@pytest.mark.parametrize(("of", "said"), [("drill", "Acme Air (fictif)"), ("notice", "badbuzz · envoi impossible")])
def test_drills_and_notices_are_shown_too_and_ones_own_words_for_them_tried(
    badbuzz: Badbuzz, config: str, tmp_path: Path, of: str, said: str
) -> None:
    shown = badbuzz("template", "render", "--config", config, "--of", of, "--language", "fr")
    assert (0, True) == (shown.code, said in shown.out)

    (tmp_path / "own" / f"{of}.lead.fr.jinja").write_text("Notre mot {{ nobody }}", encoding="utf-8")
    assert (1, True) == ((check := badbuzz("check", config)).code, f"{of}.lead.fr.jinja" in check.out)
    (tmp_path / "own" / f"{of}.lead.fr.jinja").write_text("Notre mot", encoding="utf-8")
    assert "Notre mot" in badbuzz("template", "render", "--config", config, "--of", of).out


@pytest.mark.parametrize("wrong", [("--form", "lin"), ("--kind", "nfty")])
def test_a_slip_is_told_with_what_was_meant(badbuzz: Badbuzz, config: str, wrong: tuple[str, str]) -> None:
    run = badbuzz("template", "render", "--config", config, *wrong)

    assert run.code == 2
    assert "did you mean" in run.err
