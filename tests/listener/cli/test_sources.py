"""`badbuzz sources`: what is heard, and what the others said."""

import json

from listener.pipeline.quarantine import Quarantine
from rules.instant import moment
from rules.mention import Mention
from tests.listener.cli.stocked import HOSTILE, stocked
from tests.listener.pipeline.world import START


def test_each_source_is_shown_with_its_state_and_last_answer(badbuzz, tmp_path):
    run = badbuzz("sources", "--config", stocked(tmp_path), "--json")
    (row,) = [json.loads(line) for line in run.out.splitlines()]
    assert ("press", "file", "auth_failed", "401", HOSTILE, 3) == (
        row["source"],
        row["kind"],
        row["state"],
        row["code"],
        row["detail"],
        row["mentions"],
    )
    assert row["last_read"].endswith("Z")
    assert row["not_heard_since"].startswith("2027-01-15T")


def test_hostile_answers_are_shown_as_they_are_without_their_teeth(badbuzz, tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    shown = badbuzz("sources", "--config", stocked(tmp_path))
    assert 0 == shown.code
    assert "\x1b" not in shown.out
    assert "[/red]" in shown.out


def test_a_source_that_never_ran_is_starting(badbuzz, tmp_path):
    config = stocked(tmp_path)
    config.write_text(config.read_text().replace("sources: {", "sources: {new: {kind: file, path: /x}, "))
    first = json.loads(badbuzz("sources", "--config", config, "--json").out.splitlines()[0])
    assert ("new", "starting", None) == (first["source"], first["state"], first["last_read"])


def test_what_is_kept_apart_is_counted_where_it_came_from(badbuzz, tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "300")
    config = stocked(tmp_path)
    said = Mention(id="1", source="press", platform="file", text="never shown", observed_at=moment(START))
    Quarantine(tmp_path / "data").take(said, "ended by SIGSEGV", START)
    assert 1 == json.loads(badbuzz("sources", "--config", config, "--json").out)["quarantined"]
    shown = badbuzz("sources", "--config", config).out
    assert "kept apart in quarantine.jsonl: 1" in shown
    assert "never shown" not in shown
