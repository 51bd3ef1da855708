"""`badbuzz import`: counts and mentions of before, read line by line."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

import pytest

from listener.cli import store_access
from tests.listener.pipeline.world import configured, opened

RULES = "bad: {kind: spike, of: posts}, worse: {kind: spike}"
FIRST = datetime(2026, 11, 10, tzinfo=UTC)


@pytest.fixture
def bring(badbuzz, tmp_path, monkeypatch):
    """Runs `badbuzz import` on a file of these lines, where no daemon has ever run."""
    monkeypatch.setattr(store_access, "_PATIENCE", 0.0)
    configured(tmp_path, rules=RULES)

    def run(*lines, name="counts.csv", options=()):
        file = tmp_path / name
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return badbuzz("import", file, "--config", tmp_path / "badbuzz.yaml", *options)

    return run


def rows(hours, value=6, start=0):
    return [f"{(FIRST + timedelta(hours=start + hour)).isoformat()},{value}" for hour in range(hours)]


def known(folder):
    return asyncio.run(_known(folder))


async def _known(folder):
    async with opened(folder, rules=RULES) as world:
        await world.ledger.write([])
        verdicts = world.ledger.engines.get("acme").judge(world.clock.now())
        return {name: verdict.usual and round(verdict.usual, 1) for name, verdict in verdicts.items()}


def test_counts_are_known_when_the_daemon_starts(bring, tmp_path):
    run = bring("time;count", *(row.replace(",", ";") for row in rows(96)), options=["--of", "posts"])
    assert (0, "", "noted: the daemon takes it as soon as it runs\n") == (run.code, run.out, run.err)
    assert {"bad": pytest.approx(1.5, abs=0.2), "worse": None} == known(tmp_path)


def test_rows_that_cannot_be_used_are_named_and_the_rest_is_learnt(bring, tmp_path):
    lines = [*rows(48), rows(1)[0], "soon,3", f"{FIRST.isoformat()},-1", *rows(48, start=72)]
    run = bring(*lines, options=["--of", "posts"])
    assert 1 == run.code
    for line, words in ((49, "not later than the row before it"), (50, "not a time"), (51, "not a count")):
        assert f"counts.csv:{line}: {words}" in run.err
    assert known(tmp_path)["bad"] == pytest.approx(1.5, abs=0.2)


@pytest.mark.parametrize(
    ("lines", "options", "words"),
    [
        (rows(2), ["--brand", "zen"], "there is no brand zen"),
        (rows(2), ["--every", "soon"], "not a duration"),
        (rows(2), ["--every", "90s"], "whole minutes, from 1 minute to 1 hour"),
        (["2026-11-10,1", "2026-11-11,1"], [], "bins of 1d are not read"),
        ([], [], "there are no counts in it"),
        (['{"id": "1"}'], [], "JSON, and counts are CSV"),
        (rows(1), [], "one count alone teaches nothing"),
        (rows(2), ["--until", "soon"], "not a time: soon; write"),
    ],
)
def test_what_is_no_history_is_said(bring, lines, options, words):
    run = bring(*lines, options=options)
    assert (True, True) == (run.code > 0, words in run.err)


def mention(minute, text="acme is terrible", **more):
    at = (FIRST + timedelta(minutes=minute)).isoformat()
    return json.dumps({"id": str(minute), "text": text, "created_at": at} | more)


def test_mentions_are_classified_and_none_of_them_is_shown(badbuzz, bring, tmp_path):
    lines = [mention(minute, "acme is terrible" if minute % 20 else "acme has a shop") for minute in range(0, 5760, 10)]
    run = bring(*lines, lines[0], mention(3, "nothing of interest"), "{", name="old.jsonl")
    assert (1, True) == (run.code, "old.jsonl:579: not JSON: write " in run.err)
    assert {"bad": pytest.approx(1.5, abs=0.2), "worse": pytest.approx(0.8, abs=0.2)} == known(tmp_path)
    config = tmp_path / "badbuzz.yaml"
    assert "no incident" in badbuzz("incidents", "list", "--config", config).out
    replay = badbuzz("backtest", "--from-store", config)
    assert (0, True) == (replay.code, replay.json["equal"])


def test_mentions_of_somebody_else_are_no_history(bring):
    assert (1, "there were no mentions\n") == (bring(name="old.jsonl").code, bring(name="old.jsonl").err)
    run = bring(mention(1, "nothing of interest"), name="old.jsonl")
    assert (1, "none of 1 mentions concerns acme\n") == (run.code, run.err)


def test_what_is_later_than_a_moment_can_be_left_out(bring, tmp_path):
    run = bring(*rows(150, start=61 * 24), options=["--of", "posts", "--until", "2027-01-15T07:59"])
    assert 0 == run.code
    assert known(tmp_path)["bad"] == pytest.approx(1.5, abs=0.2)  # else it is refused


@pytest.mark.parametrize(("until", "end"), [("2026-11-14", "14T00"), ("2026-11-14T02:00+01:00", "14T01")])
def test_a_date_is_its_beginning_and_a_zone_is_heeded(bring, until, end):
    loud = [f"2026-11-{end}:00,9000", "2026-11-14T12:00,9000"]
    same = [bring(*rows(96), *late, options=["--of", "posts", "--until", until]) for late in (loud, [])]
    assert (0, same[1]) == (same[0].code, same[0])


@pytest.mark.parametrize("option", [["--of", "posts"], ["--every", "5m"]])
def test_what_mentions_say_themselves_is_not_said_again(bring, option):
    run = bring(mention(1), name="old.jsonl", options=option)
    assert (2, True) == (run.code, "mentions say themselves" in run.err)


def test_a_short_history_is_taken_and_said_to_be_short(bring):
    run = bring(*rows(24), options=["--of", "posts"])
    assert (0, True) == (run.code, "less than the 3 days" in run.err)


def test_mentions_teach_what_share_is_usual(bring, tmp_path):
    configured(tmp_path, rules=RULES + ", part: {kind: share}")
    words = ("acme is terrible", "acme is wonderful", "acme has a shop", "acme has a shop")
    bring(*(mention(minute, words[minute // 10 % 4]) for minute in range(0, 5760, 10)), name="old.jsonl")
    assert asyncio.run(_share(tmp_path)) == pytest.approx(0.25, abs=0.05)


async def _share(folder):
    async with opened(folder, rules=RULES + ", part: {kind: share}") as world:
        await world.ledger.write([])
        return world.ledger.engines.get("acme").judge(world.clock.now())["part"].share.usual


def test_one_wrong_date_does_not_hide_all_the_others(bring, tmp_path):
    lines = [mention(minute) for minute in range(0, 5760, 10)]
    odd = [mention(1, created_at="1970-01-01T00:00:00Z"), mention(2, created_at="2150-01-01T00:00:00Z")]
    taken = mention(3, created_at="2150-01-01T00:00:00Z", observed_at=FIRST.isoformat())
    run = bring(*odd, *lines, taken, name="old.jsonl")
    assert (1, 1) == (run.code, run.err.count("dated after now"))
    assert known(tmp_path)["bad"] == pytest.approx(1.5, abs=0.2)
