"""`badbuzz tune`: from a past to a setting, in words for a manager or lines for a program."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from ruamel.yaml import YAML

from listener.cli import store_access
from listener.tuning import trial
from listener.tuning.chance import drawn
from tests.listener.pipeline.world import configured, opened

FIRST = datetime(2027, 1, 1, tzinfo=UTC)
RULES = "bad: {kind: spike, of: posts, severity: critical, at_least: {posts: 6, authors: 2}}"


@pytest.fixture
def tune(badbuzz, tmp_path):
    configured(tmp_path, rules=RULES)
    return lambda *args: badbuzz("tune", tmp_path / "badbuzz.yaml", *args)


@pytest.fixture
def counts(tmp_path):
    """Sixty steady days with a crisis on 10 February."""
    chance, file = Random(2), tmp_path / "counts.csv"
    crisis = range(40 * 48, 40 * 48 + 4)
    rows = [f"{FIRST + timedelta(minutes=30 * n):%FT%T},{drawn(chance, 60 if n in crisis else 3)}" for n in range(2880)]
    file.write_text("\n".join(["timestamp,value", *rows, "bad,row"]) + "\n")
    return file


def lines(run):
    return [json.loads(line) for line in run.out.splitlines()]


def test_a_program_gets_every_setting_and_the_best(tune, counts, tmp_path):
    known = tmp_path / "known.csv"
    known.write_text("from,to,label\n2027-02-10,2027-02-10T03:00,recall\n2027-02-20;x\n\n2027-02-21,,fausse alerte\n")
    run = tune("--counts", counts, "--budget", "2 per month", "--incidents", known, "--json")
    *settings, summary = lines(run)
    assert {"setting"} == {line["type"] for line in settings}
    assert summary["best"] in [{key: line[key] for key in line if key != "type"} for line in settings]
    assert ("acme", "bad", "2 per month", 60) == tuple(summary[key] for key in ("brand", "rule", "budget", "days"))
    assert {"found": 1, "missed": 0} == summary["best"]["known"]
    assert any(at.startswith("2027-02-10T0") for at in summary["best"]["rang"])
    assert 1 == run.code  # two lines could not be used
    assert f"{counts}:2882: not a time" in run.err
    assert f"{known}:3: write from,to,label" in run.err


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ["acme, rule bad: what each setting", "Recommended for at most 1 per month: ", "too short to promise"]),
        ("fr", ["acme, règle bad\u00a0: ce qu’aurait", "Conseillé pour au plus 1 par mois\u00a0: ", "trop court pour"]),
    ],
)
def test_a_manager_gets_a_table_reasons_and_what_to_paste(tune, counts, language, words):
    run = tune("--counts", counts, "--language", language)
    for each in words:
        assert each in run.out
    assert 1 == sum(line.startswith("→") for line in run.out.splitlines())
    pasted = YAML(typ="safe").load(run.out[run.out.index("\nrules:") :])["rules"]["bad"]
    assert {"kind": "spike", "of": "posts", "severity": "critical"}.items() <= pasted.items()
    assert {"budget", "at_least"} <= pasted.keys()


@pytest.mark.parametrize(
    ("language", "words"), [("en", "Nothing is recommended; as the rule is set"), ("fr", "Rien n’est conseillé")]
)
def test_one_alarm_in_less_time_than_the_budget_speaks_of_is_no_advice(tune, counts, language, words):
    rows = counts.read_text().splitlines()[:-1]
    counts.write_text("\n".join(rows[1 + 30 * 48 : 1 + 45 * 48]))
    run = tune("--counts", counts, "--language", language)
    assert (0, True) == (run.code, words in run.out)
    assert not [mark for mark in ("→", "rules:") if mark in run.out]
    told = lines(tune("--counts", counts, "--json"))[-1]
    assert (False, False, {"posts": 6, "authors": 2}) == (told["told"], told["kept"], told["best"]["at_least"])


def test_mentions_and_the_log_of_a_store_tell_the_same(tune, badbuzz, tmp_path, monkeypatch):
    monkeypatch.setattr(store_access, "_PATIENCE", 0.0)
    monkeypatch.setattr(trial, "PLACES", 2)  # rises take long, and are not what is asked here
    chance, minute, posts = Random(5), 0.0, []
    while (minute := minute + chance.expovariate(0.1 if not 5_760 < minute < 5_820 else 5)) < 5 * 1440:
        name, at = str(len(posts)), (FIRST + timedelta(minutes=minute) - timedelta(days=60)).isoformat()
        posts.append(json.dumps({"id": name, "text": "acme", "author": {"handle": name}, "created_at": at}))
    file = tmp_path / "old.jsonl"
    file.write_text("\n".join(posts))
    heard = lines(tune(file, "--json"))[-1]
    badbuzz("import", file, "--config", tmp_path / "badbuzz.yaml")
    asyncio.run(_take(tmp_path))
    stored = lines(tune("--from-store", "--json"))[-1]
    assert heard["best"]["rang"][:1] == stored["best"]["rang"][:1] != []
    assert heard["best"]["rang"][0].startswith("2026-11-06T")
    assert (0, 1) == tuple(sum(each["best"]["known"].values()) for each in (heard, stored))


async def _take(folder):
    async with opened(folder, rules=RULES) as world:
        await world.ledger.write([])
        await world.hear(*(world.said(f"new {number}") for number in range(90)))
        await world.views.ask("resolve", "1", "anna", world.clock.now(), ending="real")
        await world.pass_time(minutes=2)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ([], "there is nothing to look at"),
        (["--counts", "-", "--from-store"], "give one of them"),
        (["--counts", "-", "--budget", "few"], "an alarm budget is written like"),
        (["--counts", "-", "--rule", "other"], "no rule other of kind spike that counts mentions"),
        (["--counts", "-", "--brand", "zen"], "there is no brand zen"),
    ],
)
def test_what_cannot_be_meant_is_wrong_usage(tune, options, words):
    run = tune(*options)
    assert (2, "") == (run.code, run.out)
    assert words in " ".join(run.err.split())


def test_a_past_of_hours_says_nothing(tune, tmp_path):
    file = tmp_path / "short.csv"
    file.write_text("2027-01-01,3\n2027-01-01T00:30,2\n")
    run = tune("--counts", file)
    assert (1, "there are 0.0 days of history: at least 3 are needed\n") == (run.code, run.err)
