"""How fast, where to, who, about what, and what the brand answered: said where it is known, and only then."""

import pytest

from alerts.render import render
from tests.alerts.samples import ALERTS
from tests.alerts.speaking import PARIS


def _fields(name, language):
    message = render(ALERTS[name], language, PARIS)
    return message, {field.label: field.value.replace("\u00a0", " ").replace("\u202f", " ") for field in message.fields}


@pytest.mark.parametrize(
    ("name", "language", "label", "value"),
    [
        ("doubling", "fr", "Rythme", "le double en 10 min environ, entre 7 min et 15 min"),
        ("doubling", "en", "What next", "if nothing changes, 60 to 130 in 15 min around 23:25"),
        ("heading for thousands", "fr", "Et ensuite", "si rien ne change, environ 9 000 en 15 min vers 23 h 25"),
        ("taken while it falls", "en", "Pace", "half as many in about 40 min, between 7 min and 1 h 10 min"),
        ("words that stand out", "fr", "Langues", "français 15, anglais 4, klingon 1"),
        (
            "words that stand out",
            "en",
            "What they talk about",
            "#AcmeAirAbandon 14 (new), “annulé” 9, of 22 posts read",
        ),
        ("never answered", "en", "First official reply", "none heard since the opening"),
        (
            "answered after the peak",
            "en",
            "First official reply",
            (
                "Saturday 23:58, 50 min after the opening; the peak (239 in 15 min, Saturday 23:49) came before it: "
                "these figures do not say what it changed"
            ),
        ),
    ],
)
def test_what_is_known_is_told(name, language, label, value):
    assert _fields(name, language)[1][label] == value


def test_how_fast_stands_in_the_line_in_the_place_of_the_two_halves():
    assert "Doubling about every 10 min." in render(ALERTS["doubling"], "en", PARIS).line
    assert "(6, then 16)" not in render(ALERTS["doubling"], "en", PARIS).line
    assert "(6, then 16)" in render(ALERTS["growing"], "en", PARIS).line


@pytest.mark.parametrize("name", ["open", "doubling, told late", "resolved by calm"])
def test_what_is_not_sure_or_no_longer_so_is_not_told(name):
    message, fields = _fields(name, "en")
    assert not {"Pace", "What next", "What they talk about", "First official reply"} & set(fields)
    assert "oubling" not in message.text
