"""Our own English sentences, as a French message says them."""

import pytest
from msgspec.structs import replace

from alerts.render import render, render_notice
from tests.alerts.samples import CLOSED, NOTICES
from tests.alerts.speaking import PARIS


@pytest.mark.parametrize(
    ("english", "french"),
    [
        ("no answer in time", "pas de réponse à temps"),
        ("Slack did not answer in time", "Slack n’a pas répondu à temps"),
        ("Slack answered 404 (no_service)", "Slack a répondu 404 (no_service)"),
        ("ntfy could not be reached: refused", "ntfy est injoignable\u00a0: refused"),
        ("the Discord webhook is dead: make a new one", "le webhook Discord n’existe plus\u00a0: créez-en un autre"),
        ("ntfy: its certificate cannot be trusted", "ntfy\u00a0: son certificat n’est pas digne de confiance"),
        ("file:1 is not marked", "file:1 n’est pas annoté"),
        ("a sentence of somebody else", "a sentence of somebody else"),
    ],
)
def test_a_reason_of_ours_is_said_in_the_language_of_the_message(english, french):
    notice = replace(NOTICES["undelivered"], detail=english)
    assert french in render_notice(notice, "fr", PARIS).text
    assert english in render_notice(notice, "en", PARIS).text


def test_an_incident_that_ends_with_its_rule_says_so_in_french():
    ended = replace(CLOSED, by=None, because="the rule was removed from the configuration")
    assert "la règle a été retirée de la configuration" in render(ended, "fr", PARIS).text
