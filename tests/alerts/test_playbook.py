"""What to do first: which playbook, when its answers may be shown, and where."""

import json
import re
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from alerts.alert import Alert
from alerts.channels._slack import payload as slack
from alerts.channels.discord import payload as discord
from alerts.channels.teams import payload as teams
from alerts.playbook import Situation, advice, choose, shipped_advice
from alerts.render import render
from config.playbooks import Playbook, shipped
from rules.rule import RULES
from tests.alerts.samples import CANCELLED, NIGHT, PLAYBOOKS
from tests.alerts.speaking import PARIS, everything_said

CALLS = PLAYBOOKS["a playbook that calls the client"]


def plain(text: str) -> str:
    return text.replace("\u00a0", " ").replace("\u202f", " ")


def first(alert: Alert, language: str) -> list[str]:
    return [plain(step) for step in render(alert, language, PARIS).first]


def playbook(**when: object) -> Playbook:
    return Playbook.model_validate({"when": when, "first": [{"fr": "Voir."}]})


@pytest.mark.parametrize(
    ("when", "fits"),
    [
        ({}, True),
        ({"brand": "acme", "rule": ["recall", "bad-buzz"], "severity": "critical", "words": "annul*"}, True),
        ({"brand": "zen"}, False),
        ({"rule": "recall"}, False),
        ({"severity": ["info", "warning"]}, False),
        ({"words": "seen in one of eleven"}, False),
    ],
)
def test_a_playbook_fits_when_all_that_it_asks_for_is_so(when, fits):
    holding = {"mine": 1 if when.get("words") == "seen in one of eleven" else 2}
    situation = Situation(brand="acme", rule="bad-buzz", severity="critical", read=11, holding=holding)

    chosen = choose({"mine": playbook(**when), "last": playbook()}, situation)

    assert chosen.name == ("mine" if fits else "last")
    assert chosen.reasons[0].startswith("playbook mine: fits" if fits else "playbook mine: does not fit: ")


def test_the_shipped_one_is_used_where_none_fits():
    nobody = Situation(brand="acme", rule="bad-buzz", severity="info")

    assert choose({"mine": playbook(words="x")}, nobody).name == ""
    assert "the playbook that comes with the kind of rule is used" in choose({}, nobody).reasons


@pytest.mark.parametrize("kind", [*RULES.kinds(), "of-another-distribution"])
def test_every_kind_of_rule_has_steps_in_both_languages(kind):
    steps = shipped_advice(kind).steps

    assert {kind for kind in RULES.kinds() if kind not in shipped()} == set()
    assert 2 <= len(steps) <= 4
    assert [step for step in steps if step.words.fr == step.words.en] == []


def test_too_little_said_has_steps_of_its_own_whatever_the_rule():
    assert shipped_advice("cardinality", fewer=True) == shipped_advice("flatline")


@pytest.mark.parametrize("said", everything_said())
def test_no_step_asks_for_a_command_line_and_every_one_begins_with_its_verb(said):
    _, message = said
    steps = message.first if isinstance(message.about, Alert) and not message.about.drill else ()

    assert [step for step in steps if "badbuzz" in step] == []
    verbs = (
        r"(?:Le fait confirmé, |Ne (?:pas |rien )?)?\w+(?:er|ir|re)\b" if message.language == "fr" else r"[A-ZÀ-Ý]\w+ "
    )
    assert [step for step in steps if not re.match(verbs, step)] == []


def test_a_contact_is_called_by_tapping_the_number_in_a_mail_and_read_everywhere_else():
    message = render(CALLS, "fr", PARIS)
    link = '<a href="tel:+33199001234" style="color:#0b57a4">+33 1 99 00 12 34</a>'
    assert message.html.count(link) == 2 == message.html.count("12 34</a>)")
    assert message.text.count("(Zoé, +33 1 99 00 12 34)") == 1
    assert "tel:" not in message.text
    nobody = replace(CALLS, advice=replace(CALLS.advice, steps=CALLS.advice.steps[:1]))
    assert "tel:" not in render(nobody, "fr", PARIS).html


def test_steps_are_set_as_french_asks_and_say_who_and_whom_to_call():
    assert first(CALLS, "fr") == [
        "Suspendre les publications jusqu’à demain midi (astreinte).",
        "Prendre en charge l’incident, pour que les autres le sachent.",
        "Appeler l’exploitation : est-ce confirmé ? (Zoé, +33 1 99 00 12 34)",
        "Préparer une réponse (astreinte, Zoé, +33 1 99 00 12 34).",
        "Le fait confirmé, publier la réponse d’attente n° 2.",
        "Appeler le client, pas avant 7 h, sauf si : plus de 500 mentions.",
    ]
    assert first(PLAYBOOKS["a call at any hour"], "en")[-1] == "Call the client, above all if: more than 500 mentions."


def test_the_client_is_called_from_a_level_on_and_a_rise_brings_the_steps_that_are_new():
    assert not [step for step in first(PLAYBOOKS["a playbook"], "en") if "client" in step]
    assert first(PLAYBOOKS["a playbook and a rise"], "en")[0] == "Hold all posts until noon (on call)."
    assert first(PLAYBOOKS["a playbook and a new high"], "en") == ["Take the incident, so that the others know."]
    assert first(PLAYBOOKS["a playbook and what is over"], "en") == []


@given(st.dates(date(2026, 1, 1), date(2027, 12, 31)))
def test_an_answer_is_shown_from_its_approval_until_it_expires(today):
    numbers = [
        each.number
        for each in advice("x", CANCELLED, "info", NIGHT.replace(2026, 1, 1) + (today - date(2026, 1, 1))).answers
    ]

    expected = [
        (2, date(2026, 11, 3), date.max),
        (4, date(2026, 1, 3), date(2026, 11, 14)),
        (5, date(2026, 11, 15), date.max),
    ]
    assert numbers == [number for number, approved, expires in expected if approved <= today < expires]


@pytest.mark.parametrize("language", ["fr", "en"])
def test_answers_stand_in_long_forms_with_who_approved_them_and_on_no_lock_screen(language):
    message = render(CALLS, language, PARIS)
    answer, label = ("Nous savons que…", "validée le mardi 3 novembre (client)")
    if language == "en":
        answer, label = ("We know…", "approved on Tuesday 3 November (client)")
    forms = [message.text, message.html, *(json.dumps(form(message), ensure_ascii=False) for form in (slack, teams))]

    assert all(answer in form and label in form for form in forms)
    short = [message.title, message.subject, message.line, message.lead, message.context, *message.first]
    assert not [part for part in (*short, json.dumps(discord(message))) if answer in part or "Brouillon" in part]
    assert not [form for form in forms if "Brouillon" in form or "Draft" in form]


def test_hours_of_the_client_are_those_of_the_program_wherever_the_reader_is():
    night = NIGHT + timedelta()
    calls = advice("x", CANCELLED, "critical", night).client

    assert calls.not_before.utcoffset() == timedelta(hours=1)
