"""`badbuzz incidents`: read while no daemon runs, and act through it."""

import json

import pytest

from listener.cli import store_access
from tests.listener.cli.stocked import carry_out, stocked
from tests.listener.pipeline.world import BRANDS


@pytest.fixture(autouse=True)
def hurried(monkeypatch):
    monkeypatch.setattr(store_access, "_PATIENCE", 0.0)


def lines(run):
    return [json.loads(line) for line in run.out.splitlines()]


def test_open_incidents_are_listed_for_people_and_programs(badbuzz, tmp_path):
    config = stocked(tmp_path)
    (row,) = lines(badbuzz("incidents", "list", "--config", config, "--open", "--json"))
    assert (1, "acme", "many", "open", None) == (
        row["number"],
        row["brand"],
        row["rule"],
        row["state"],
        row["acknowledged_by"],
    )
    assert "many" in badbuzz("incidents", "list", "--config", config).out
    assert "no incident" in badbuzz("incidents", "list", "--config", config, "--brand", "other").out


def test_an_incident_that_is_held_is_shown_as_such(badbuzz, tmp_path):
    config = stocked(tmp_path, brands=BRANDS.replace("acme: {", "acme: {watch_only: until 2099-01-01, "))
    (row,) = lines(badbuzz("incidents", "list", "--config", config, "--json"))
    assert row["held"]
    assert "open, held" in badbuzz("incidents", "list", "--config", config).out
    assert "held back: only watched until 2099-01-01" in badbuzz("incidents", "show", "1", "--config", config).out
    said = badbuzz("incidents", "explain", "1", "--config", config, "--language", "fr").out
    assert "Retenu\xa0: simple observation jusqu’au jeudi 1er janvier 2099" in said
    (why,) = lines(badbuzz("incidents", "explain", "1", "--config", config, "--json"))
    assert (1, True) == (why["number"], why["held"])


def test_an_incident_is_shown_step_by_step_by_number_or_id(badbuzz, tmp_path):
    config = stocked(tmp_path)
    (step,) = lines(badbuzz("incidents", "show", "1", "--config", config, "--json"))
    assert ("transition", "open", 3) == (step["type"], step["state"], step["evidence"]["count"])
    assert "3 mentions in 15 min" in badbuzz("incidents", "show", step["incident"], "--config", config).out


def test_an_incident_that_is_not_there_is_one_plain_line(badbuzz, tmp_path):
    run = badbuzz("incidents", "show", "99", "--config", stocked(tmp_path))
    assert (1, "") == (run.code, run.out)
    assert "there is no incident 99" in run.err


def test_what_is_asked_while_no_daemon_runs_is_done_by_the_next_one(badbuzz, tmp_path):
    config = stocked(tmp_path)
    run = badbuzz("incidents", "resolve", "1", "--config", config, "--by", "[/b] anna", "--because", "a drill")
    assert (0, "noted: resolve 1 will be carried out when the daemon runs\n") == (run.code, run.err)
    carry_out(tmp_path)
    shown = badbuzz("incidents", "show", "1", "--config", config).out
    assert "[/b] anna a drill" in shown
    assert "resolved" in shown


def test_without_a_store_one_plain_line_says_what_makes_it(badbuzz, tmp_path):
    config = stocked(tmp_path)
    (tmp_path / "data" / "badbuzz.db").unlink()
    run = badbuzz("incidents", "list", "--config", config)
    assert 1 == run.code
    assert "`badbuzz run` makes it" in run.err


def test_what_an_incident_was_is_said_at_its_end_or_afterwards_and_measured(badbuzz, tmp_path):
    config = stocked(tmp_path)
    badbuzz(
        "incidents", "resolve", "1", "--config", config, "--by", "anna", "--as", "false-alarm", "--because", "copies"
    )
    carry_out(tmp_path)
    (row,) = lines(badbuzz("incidents", "list", "--config", config, "--json"))
    assert ("resolved", "false-alarm", "anna", "copies") == tuple(
        row[name] for name in ("state", "ending", "judged_by", "judged_because")
    )
    assert "false-alarm" == lines(badbuzz("incidents", "show", "1", "--config", config, "--json"))[-1]["ending"]
    assert "Rule many: of 1 incident judged, 0 real (0%, likely 0% to 79%)." in badbuzz("report", config).out

    badbuzz("incidents", "resolve", "1", "--config", config, "--by", "leo", "--as", "real", "--because", "it was true")
    carry_out(tmp_path)
    assert "resolved, real" in badbuzz("incidents", "list", "--config", config).out
    shown = badbuzz("incidents", "show", "1", "--config", config).out
    assert "leo says it was real: it was true" in shown
    french = badbuzz("report", config, "--language", "fr").out.replace("\u202f", " ")
    assert "sur 1 incident qualifié, 1 vrai (100 %, sans doute entre 21 % et 100 %)" in french
    measured = [line for line in lines(badbuzz("report", config, "--json")) if line["type"] == "alerts"]
    assert [("many", 1, 0, 0)] == [(each["rule"], each["real"], each["false"], each["unjudged"]) for each in measured]
    # the log tells as much, and still replays to the same steps
    assert json.loads(badbuzz("backtest", config, "--from-store").out.splitlines()[-1])["equal"]


def test_what_is_over_is_not_ended_again_without_saying_what_it_was(badbuzz, tmp_path):
    config = stocked(tmp_path)
    for _ in range(2):
        badbuzz("incidents", "resolve", "1", "--config", config)
        carry_out(tmp_path)
    assert ["open", "resolved"] == [
        step["state"] for step in lines(badbuzz("incidents", "show", "1", "--config", config, "--json"))
    ]
    assert "incidents and nobody" not in badbuzz("report", config).out
    assert "1 incident, and nobody said what they were" in badbuzz("report", config).out


def test_what_an_incident_was_is_one_of_two_words(badbuzz, tmp_path):
    run = badbuzz("incidents", "resolve", "1", "--config", stocked(tmp_path), "--as", "nothing")
    assert 2 == run.code
    assert "false-alarm" in run.err


@pytest.mark.parametrize("verb", ["show", "ack", "resolve"])
def test_nothing_is_noted_for_an_incident_that_is_not_there(badbuzz, tmp_path, verb):
    run = badbuzz("incidents", verb, "99", "--config", stocked(tmp_path))
    assert (1, "there is no incident 99; `badbuzz incidents list` shows them\n") == (run.code, run.err)


def test_notes_and_a_hold_are_shown_with_the_life_of_an_incident(badbuzz, tmp_path):
    config = stocked(tmp_path)
    told = ("--config", config, "--by", "anna")
    assert 0 == badbuzz("incidents", "note", "1", "client told\n[/b]\x1b[31m " + "so " * 600, *told).code
    assert 2 == badbuzz("incidents", "hold", "1", *told).code
    badbuzz("incidents", "hold", "1", "--because", "case 12", *told)
    carry_out(tmp_path)
    shown = badbuzz("incidents", "show", "1", "--config", config).out
    assert "anna: client told [/b][31m so so" in shown
    assert "legal hold since 2027-01-15T08:00:00Z, anna: case 12" in shown
    notes = [line for line in lines(badbuzz("incidents", "show", "1", "--config", config, "--json")) if "text" in line]
    assert [("note", "anna", True)] == [(note["type"], note["by"], 990 < len(note["text"]) <= 1_000) for note in notes]
    badbuzz("incidents", "hold", "1", "--off", *told)
    carry_out(tmp_path)
    assert "legal hold" not in badbuzz("incidents", "show", "1", "--config", config).out


def test_a_dossier_is_one_page_or_one_object(badbuzz, tmp_path):
    config = stocked(tmp_path)
    page = badbuzz("incidents", "export", "1", "--config", config, "--language", "fr").out
    assert page.startswith('<!DOCTYPE html>\n<html lang="fr">')
    assert "dossier de l’incident n°\xa01" in page
    (told,) = lines(badbuzz("incidents", "export", "1", "--config", config, "--json"))
    assert ("dossier", 1, "15m") == (told["type"], told["lived"]["number"], told["curve"]["width"])
    assert 1 == badbuzz("incidents", "export", "99", "--config", config).code
