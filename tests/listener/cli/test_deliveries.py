"""`badbuzz deliveries`: what was given up is seen, and tried again."""

import json
import re

import pytest

from listener.cli import store_access
from listener.wire import clock_time
from tests.listener.cli.stocked import carry_out, stocked
from tests.listener.pipeline.world import START


@pytest.fixture(autouse=True)
def hurried(monkeypatch):
    monkeypatch.setattr(store_access, "_PATIENCE", 0.0)


def parked(badbuzz, config):
    run = badbuzz("deliveries", "list", "--config", config, "--state", "parked", "--json")
    return [json.loads(line) for line in run.out.splitlines()]


def test_what_was_given_up_is_listed_with_the_last_answer(badbuzz, tmp_path):
    (row,) = parked(badbuzz, stocked(tmp_path))
    assert ("team", "authError", 3) == (row["channel"], row["reason"], row["attempts"])
    assert row["detail"].startswith("refused")


def test_hostile_answers_are_shown_as_they_are_without_their_teeth(badbuzz, tmp_path):
    config = stocked(tmp_path)
    shown = badbuzz("deliveries", "list", "--config", config)
    assert (0, "") == (shown.code, shown.err)
    assert "\x1b" not in shown.out
    assert "[/red]" in shown.out


def test_a_delivery_is_tried_again_when_asked(badbuzz, tmp_path):
    config = stocked(tmp_path)
    (row,) = parked(badbuzz, config)
    assert 0 == badbuzz("deliveries", "retry", row["id"], "--config", config).code
    carry_out(tmp_path)
    assert [] == parked(badbuzz, config)


def test_no_delivery_is_said_so(badbuzz, tmp_path):
    assert "no delivery" in badbuzz("deliveries", "list", "--config", stocked(tmp_path), "--state", "cancelled").out


def test_ids_times_and_answers_are_never_cut(badbuzz, tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    config = stocked(tmp_path)
    (row,) = parked(badbuzz, config)
    lines = badbuzz("deliveries", "list", "--config", config).out.splitlines()
    (number,) = [number for number, line in enumerate(lines) if line.startswith(row["id"])]
    assert lines[0].split() == ["id", "channel", "state", "tries", "since", "what"]
    assert lines[number].split() == [row["id"], "team", "parked", "3", row["created_at"], "incident", "1"]
    assert lines[number + 1].strip() == "authError refused, says [/red] [31mred [bold]"
    assert [] == [line for line in lines if len(line) > 80]


def test_an_incident_is_named_by_the_number_people_use(badbuzz, tmp_path):
    (row,) = parked(badbuzz, stocked(tmp_path))
    assert (1, row["transition"].partition(".")[0]) == (row["number"], row["incident"])


def test_a_state_that_is_none_is_a_usage_error_that_names_the_states(badbuzz, tmp_path):
    run = badbuzz("deliveries", "list", "--config", stocked(tmp_path), "--state", "foo")
    assert (2, "") == (run.code, run.out)
    assert "'foo' is not one of 'due', 'sent', 'parked', 'cancelled'." in run.err
    assert "Value error" not in run.err


def test_times_in_tables_are_to_the_second():
    assert ("2027-01-15T08:00:00Z", "1969-12-31T23:59:59Z") == (clock_time(START + 999_999), clock_time(-1))


@pytest.mark.parametrize("command", [("incidents", "list"), ("sources",)])
def test_lists_are_plain_columns_with_whole_times(badbuzz, tmp_path, monkeypatch, command):
    monkeypatch.setenv("COLUMNS", "40")
    shown = badbuzz(*command, "--config", stocked(tmp_path)).out
    assert re.search(r"  \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", shown)
    assert shown.isascii()


def test_the_beginning_of_an_id_is_enough_when_it_is_clear(badbuzz, tmp_path):
    config = stocked(tmp_path)
    (row,) = parked(badbuzz, config)
    run = badbuzz("deliveries", "retry", row["id"][:6], "--config", config)
    assert (0, f"noted: retry {row['id']} will be carried out when the daemon runs\n") == (run.code, run.err)


def test_all_that_a_channel_was_not_told_of_is_tried_again_at_once(badbuzz, tmp_path):
    config = stocked(tmp_path, routes="[{to: [team, phone]}]")
    ids = [row["id"] for row in parked(badbuzz, config) if row["channel"] == "team"]
    run = badbuzz("deliveries", "retry", "--channel", "team", "--config", config)
    assert (0, [f"noted: retry {each} will be carried out when the daemon runs" for each in reversed(ids)]) == (
        run.code,
        run.err.splitlines(),
    )
    run = badbuzz("deliveries", "retry", "--channel", "nobody", "--config", config)
    assert (1, "refused: no delivery of nobody was given up\n") == (run.code, run.err)
    assert 2 == badbuzz("deliveries", "retry", "--config", config).code


def test_a_delivery_that_was_not_given_up_is_refused_at_once(badbuzz, tmp_path):
    run = badbuzz("deliveries", "retry", "nothing", "--config", stocked(tmp_path))
    assert (1, "refused: no delivery nothing was given up\n") == (run.code, run.err)


def test_a_beginning_that_several_ids_share_is_refused_and_they_are_named(badbuzz, tmp_path):
    config = stocked(tmp_path, routes="[{to: [team, phone]}]")
    ids = [row["id"] for row in parked(badbuzz, config)]
    run = badbuzz("deliveries", "retry", "", "--config", config)
    assert (1, f"refused: {len(ids)} deliveries begin with '': {', '.join(ids)}\n") == (run.code, run.err)
    assert len(ids) > 1
