"""Which messages carry a link into their incident."""

from alerts.links import Links
from config.load import load
from listener.catalogs import CATALOGS
from listener.pipeline.linking import linked, recipient, recipients
from tests.builders import alert, notice

LINKS = Links(b"l" * 32)
CHANNELS = """
brands: {acme: {query: acme}}
sources: {press: {kind: file, path: /dev/null}}
routes: [{to: [phone]}]
channels:
  phone: {kind: ntfy, server: https://ntfy.example, topic: !secret env:TOPIC, language: fr, name: Astreinte}
  here: {kind: console}
  sms: {kind: ntfy, server: https://ntfy.example, topic: !secret env:TOPIC, answers: acme, language: fr}
people:
  lea: {name: Léa, language: en, time_zone: America/Montreal, call_by: [sms], only: [acme]}
"""


def settings(tmp_path, daemon="external_url: https://bb.example, language: en, time_zone: Europe/Paris"):
    (tmp_path / "b.yaml").write_text(f"daemon: {{data: {tmp_path}, {daemon}}}\n{CHANNELS}", encoding="utf-8")
    return load(tmp_path / "b.yaml", CATALOGS, {"TOPIC": "acme-7f3k"}).settings


def test_what_people_read_has_a_link_for_them_and_what_programs_read_has_none(tmp_path):
    known = settings(tmp_path)
    told = [
        linked(each, LINKS, known, "phone").link
        for each in (alert(), notice(number=37, link="https://bb.example/i/37"))
    ]
    opened = [LINKS.read(link.removeprefix("https://bb.example/i/")) for link in told]

    assert [37, 37] == [each.number for each in opened]
    assert ["Astreinte"] * 2 == [recipients(known)[each.mark].label for each in opened]
    assert alert().link == linked(alert(), LINKS, known, "here").link
    assert notice() == linked(notice(), LINKS, known, "phone")


def test_without_an_address_of_the_page_there_is_no_link(tmp_path):
    known = settings(tmp_path, daemon="language: fr")

    assert linked(alert(link=None), LINKS, known, "phone").link is None


def test_an_alert_knows_whether_it_can_be_taken_where_it_is_read(tmp_path):
    known = settings(tmp_path)

    assert [False, True] == [linked(alert(), LINKS, known, name).answerable for name in ("phone", "sms")]


def test_a_drill_whose_number_may_be_that_of_an_incident_opens_none(tmp_path):
    assert linked(alert(drill=True, link=None), LINKS, settings(tmp_path), "phone").link is None


def test_a_recipient_reads_in_their_channel_s_language_and_the_daemon_s_times(tmp_path):
    phone = next(each for each in recipients(settings(tmp_path)).values() if each.label == "Astreinte")

    assert ("fr", "Europe/Paris") == (phone.language, phone.time_zone)


def test_the_channel_of_one_person_is_theirs(tmp_path):
    lea = recipient("sms", settings(tmp_path))

    assert ("Léa", "en", "America/Montreal", ("acme",)) == (lea.label, lea.language, lea.time_zone, lea.only)
