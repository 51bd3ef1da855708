"""Playbooks as an operator writes them."""

from pathlib import Path

import pytest

from config.load import load
from config.problems import ConfigError
from listener.catalogs import CATALOGS
from listener.checks import examine
from rules.instant import instant
from tests.builders import AT

BASE = """
daemon: {language: fr}
brands: {acme: {query: acme}}
sources: {press: {kind: feed, urls: ["https://example.org/rss"]}}
rules: {bad-buzz: {kind: spike}}
channels: {phone: {kind: ntfy, topic: x, server: "https://ntfy.example"}}
routes: [{to: phone}]
operator: {to: phone}
playbooks:
"""
FIRST = "first: [{fr: Voir., en: Look.}]"


def said(tmp_path: Path, playbooks: str) -> list[str]:
    path = tmp_path / "badbuzz.yaml"
    path.write_text(BASE + playbooks, encoding="utf-8")
    _, problems = examine(path, CATALOGS, {}, now=instant(AT))
    return [f"{each.level}: {each.path}: {each.message}" for each in problems if each.path.startswith("playbooks")]


def test_a_playbook_as_its_manager_writes_it_has_nothing_to_be_said_of(tmp_path):
    text = """
  vol-annule:
    when: {brand: acme, rule: bad-buzz, severity: [warning, critical], words: [annulé, cancelled]}
    first:
      - {fr: "Suspendre les publications.", en: "Hold all posts.", who: on-call, hold: true}
      - {fr: "Appeler l’exploitation.", en: "Call operations.", contact: exploitation}
    answers:
      - {id: 2, fr: "Nous savons…", en: "We know…", approved: 2026-11-03, by: client, expires: 2027-02-01}
    call_client: {level: critical, not_before: "07:00", unless: "plus de 500 mentions négatives"}
people:
  exploitation: {call_by: phone}
"""
    assert said(tmp_path, text) == []
    (playbook,) = load(tmp_path / "badbuzz.yaml", CATALOGS, {}).settings.playbooks.values()
    assert playbook.call_client.unless.en == "plus de 500 mentions négatives"


@pytest.mark.parametrize(
    ("playbook", "path", "message"),
    [
        ("first: []", "first", "error"),
        ("first: [{who: on-call}]", "first.0", "says nothing"),
        (f"{FIRST}, when: {{brand: acmé}}", "when.brand", "no brand is named 'acmé'"),
        (f"{FIRST}, when: {{rule: bad}}", "when.rule", "no rule is named 'bad'"),
        (f"{FIRST}, when: {{words: ['!']}}", "when.words.0", ""),
        (f"{FIRST}, answers: [{{id: 1, fr: a, en: b, approved: 2026-01-01}}]", "answers.0", "go together"),
        (f"{FIRST}, answers: [{{id: 1, fr: a, en: b}}]", "answers.0", "never shown"),
        (f"{FIRST}, answers: [{{id: 1, fr: a, en: b}}, {{id: 1, fr: c, en: d}}]", "", "same id"),
        (
            f"{FIRST}, answers: [{{id: 1, fr: a, en: b, approved: 2026-02-01, by: c, expires: 2026-01-01}}]",
            "answers.0",
            "expires must be after",
        ),
        (
            f"{FIRST}, answers: [{{id: 1, fr: a, en: b, approved: 2026-01-01, by: c, expires: 2026-11-14}}]",
            "answers.0",
            "has expired",
        ),
        (
            f"{FIRST}, answers: [{{id: 1, fr: a, en: b, approved: 2026-01-01, by: c, expires: 2026-11-20}}]",
            "answers.0",
            "expires on 2026-11-20",
        ),
        (
            f"{FIRST}, answers: [{{id: 1, fr: a, en: b, approved: 2026-11-16, by: c}}]",
            "answers.0",
            "approved from 2026-11-16 on",
        ),
        (f'{FIRST}, call_client: {{not_before: "7"}}', "call_client.not_before", "no time of a day"),
        ("first: [{en: Look.}]", "first.0", "not in 'fr'"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(tmp_path, playbook, path, message):
    (found,) = said(tmp_path, f"  mine: {{{playbook}}}\n")

    assert f"playbooks.mine{'.' * bool(path)}{path}" in found
    assert message in found


def test_a_playbook_behind_one_that_fits_everything_is_never_used(tmp_path):
    (found,) = said(tmp_path, f"  all: {{{FIRST}}}\n  mine: {{{FIRST}, when: {{brand: acme}}}}\n")

    assert "playbooks.mine: never used: 'all' fits every incident" in found


def test_a_step_for_nobody_who_is_known_is_an_error(tmp_path):
    text = "  mine: {first: [{fr: Voir., en: Look., contact: exploitaton}]}\npeople: {exploitation: {call_by: phone}}\n"
    path = tmp_path / "badbuzz.yaml"
    path.write_text(BASE + text, encoding="utf-8")

    with pytest.raises(ConfigError, match=r"no person is named 'exploitaton' .did you mean 'exploitation'"):
        load(path, CATALOGS, {})
