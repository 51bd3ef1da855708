"""The operator's own templates: what they may say, and that nothing in one loses an alert or goes on for long."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from alerts.example import example
from alerts.own_templates import LIMITS, OwnTemplates, Worded
from alerts.render import render, render_notice
from rules.text import defuse
from tests.alerts.samples import ALERTS, NOTICES, OPENED
from tests.alerts.speaking import PARIS

HOSTILE = "{{ 7*7 }}{% include 'x' %}<script>alert(1)</script>\r\nBcc: x@evil.example\x1b[2J\u202e" + "a" * 40
SHIPPED = render(example(OPENED), "fr", PARIS)


def worded(folder: Path, source: str, name: str = "line.fr.jinja", message=SHIPPED, kind: str = "ntfy") -> Worded:
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(source, encoding="utf-8")
    return OwnTemplates(folder).put_into(message, kind, PARIS)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("{{ alert.brand }} : {{ number(12000) }}, {{ span(figures.window) }}", "Acme Air : 12\u202f000, 15\u00a0min"),
        (
            "{% if figures.count > 20 %}beaucoup{% else %}peu{% endif %}, {{ hour(alert.at) }}",
            "beaucoup, 23\u00a0h\u00a008",
        ),
        ("{% for q in message.quotations %}{{ loop.index }}{{ q.caption|upper|first }}{% endfor %}", "1L2L3L"),
        ("{% set n = figures.authors %}{{ n }} {{ plural(n, 'auteur', 'auteurs') }}", "19 auteurs"),
        ("{{ figures.sources['bluesky'] }}{{ figures.sources.zzz is defined }}", "False"),
    ],
)
def test_a_template_speaks_of_facts_and_of_the_shipped_words(tmp_path, source, expected):
    found = worded(tmp_path, source)

    if "sources" in source:  # by the names that people read
        found = worded(tmp_path, source.replace("bluesky", "Bluesky"))
        expected = "14False"
    assert (found.message.line, found.broken) == (expected, ())
    assert found.own == {"line": "line.fr.jinja"}
    assert replace(found.message, line=SHIPPED.line) == SHIPPED


def test_the_template_of_a_kind_comes_before_that_of_all_and_the_other_language_is_left_alone(tmp_path):
    worded(tmp_path, "pour tous")
    assert worded(tmp_path, "pour ntfy", "ntfy/line.fr.jinja").message.line == "pour ntfy"
    assert OwnTemplates(tmp_path).put_into(SHIPPED, "slack", PARIS).message.line == "pour tous"
    english = render(example(OPENED), "en", PARIS)
    assert OwnTemplates(tmp_path).put_into(english, "ntfy", PARIS).message == english


@pytest.mark.parametrize(
    "source",
    [
        "{{ alert.brand",
        "{{ nobody }}",
        "{{ alert.nothing }}",
        "   ",
        "{{ message.line ~ message.line }}",
        "{{ 'x' * 1000000000 }}",
        "{{ 9 ** 9 ** 9 }}",
        "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
        "{% include '/etc/passwd' %}",
        "{% set x %}a{% endset %}{{ x }}",
        "{{ ''.__class__.__mro__ }}",
        "{{ alert.brand.__class__ }}",
        "{{ alert['__class__'] }}",
        "{{ alert.brand.format }}",
        "{{ range(9) }}",
        "{{ 'x'|center(1000000000) }}",
        "{{ '%1000000000d'|format(1) }}",
        "{{ '<b>'|safe }}",
        "{{ [1, 2] }}",
        "{% for a in message.text %}{% for b in message.text %}{% endfor %}{% endfor %}",
        "{% for a in message.text %}{{ message.text }}{% endfor %}",
        "{% for a in message.fields recursive %}{{ loop(message.fields) }}{% endfor %}",
        "{{ number('x') }}",
        "{% if " + "(" * 3_000 + "1" + ")" * 3_000 + " %}{% endif %}",
        "x" * 20_000,
    ],
)
def test_a_template_that_cannot_be_used_loses_no_alert_and_the_message_says_so(tmp_path, source):
    found = worded(tmp_path, source)

    assert [error.name for error in found.broken] == ["line.fr.jinja"]
    assert found.message.line == SHIPPED.line
    assert "texte habituel envoyé" in found.message.context
    assert "line.fr.jinja" in found.message.context


def test_a_file_that_is_no_text_is_broken_too(tmp_path):
    (tmp_path / "title.fr.jinja").write_bytes(b"\xff\xfe")
    (tmp_path / "line.fr.jinja").mkdir()

    assert len(OwnTemplates(tmp_path).put_into(SHIPPED, "ntfy", PARIS).broken) == 2


@pytest.mark.parametrize("part", LIMITS)
def test_strangers_words_are_values_never_carried_out_and_escaped_in_a_page(tmp_path, part):
    alert = example(OPENED)
    hostile = replace(alert, quotes=tuple(replace(quote, text=HOSTILE) for quote in alert.quotes))
    message = render(hostile, "fr", PARIS)
    found = worded(tmp_path, "{{ message.quotations[0].text }}", f"{part}.fr.jinja", message)

    said = getattr(found.message, part)
    assert found.broken == ()
    assert "49" not in said
    assert said.startswith("{{ 7*7 }}{% include ")
    assert ("<script>" in said) == (part != "html")
    assert said.strip() == defuse(said)
    assert len(said) <= LIMITS[part]


def test_the_shipped_page_may_stand_within_ones_own(tmp_path):
    found = worded(tmp_path, "<!-- ours -->{{ message.html }}", "html.fr.jinja")

    assert found.message.html.count("<html") == 1


DRILL, TEST = render(ALERTS["drill"], "fr", PARIS), render_notice(NOTICES["test"], "fr", PARIS)


@pytest.mark.parametrize("message", [DRILL, TEST])
def test_what_is_written_for_alerts_is_not_said_in_drills_and_notices(tmp_path, message):
    assert worded(tmp_path, "autre chose", message=message).message == message


@pytest.mark.parametrize("part", ["title", "subject", "line", "lead", "text"])
def test_ones_own_words_for_a_drill_stand_between_the_words_that_say_so(tmp_path, part):
    found = worded(tmp_path, "{{ alert.brand }} " + "mot " * 60, f"drill.{part}.fr.jinja", DRILL)
    said = getattr(found.message, part)
    assert (found.broken, {part: f"drill.{part}.fr.jinja"}) == ((), found.own)
    assert (True, True) == (said.startswith("EXERCICE"), said.rstrip().endswith("EXERCICE"))
    assert ("Acme Air mot" in said, len(said) <= LIMITS[part]) == (True, True)


def test_the_page_of_a_drill_is_not_ones_own(tmp_path):
    assert worded(tmp_path, "autre chose", "drill.html.fr.jinja", DRILL).message == DRILL
    assert ["drill.html.fr.jinja"] == OwnTemplates(tmp_path).unused([])


@pytest.mark.parametrize("name", ["notice.line.fr.jinja", "ntfy/notice.line.fr.jinja"])
def test_ones_own_words_for_a_notice_speak_of_its_facts(tmp_path, name):
    source = "{% if notice.topic == 'test' %}Essai de {{ notice.subject }}{% endif %}"
    found = worded(tmp_path, source, name, TEST)
    assert ("Essai de phone", (), ["line"]) == (found.message.line, found.broken, list(found.own))


def test_what_has_to_show_every_incident_keeps_the_shipped_words(tmp_path):
    several = render_notice(NOTICES["several"], "fr", PARIS)
    assert worded(tmp_path, "autre chose", "notice.text.fr.jinja", several).message == several


def test_files_that_no_message_asks_for_are_known(tmp_path):
    for name in ("line.fr.jinja", "lines.fr.jinja", "line.de.jinja", "ntfy/line.fr.jinja", "nfty/line.fr.jinja"):
        worded(tmp_path, "x", name)

    assert OwnTemplates(tmp_path).unused(["ntfy"]) == ["line.de.jinja", "lines.fr.jinja", "nfty/line.fr.jinja"]
