"""`badbuzz silences` and `badbuzz routes`: what people ask for while no daemon runs, and who would be told."""

import asyncio
import json

import msgspec
import pytest

from alerts.ceiling import Spared
from alerts.silence import Hush, HushFor
from listener.cli import store_access
from rules.instant import HOUR
from tests.listener.cli.stocked import carry_out, stocked
from tests.listener.pipeline.world import CHANNELS, START, configured, opened
from tests.stores import commit

ROUTES = (
    "[{severity: critical, to: [phone]}, {hours: Mon-Fri 08:00-19:00, time_zone: Europe/Paris, to: [team]},"
    " {source: press, language: fr, to: [boss]}]"
)


@pytest.fixture(autouse=True)
def hurried(monkeypatch):
    monkeypatch.setattr(store_access, "_PATIENCE", 0.0)
    monkeypatch.setattr("listener.clock.Clock.now", lambda _: START)


@pytest.fixture
def config(tmp_path):
    return stocked(tmp_path, routes=ROUTES)


@pytest.fixture
def command(badbuzz, config):
    return lambda *words: badbuzz(*words, "--config", config)


def lines(run):
    return [json.loads(line) for line in run.out.splitlines()]


def test_a_silence_is_asked_for_listed_and_ended_while_no_daemon_runs(command, tmp_path):
    run = command("silences", "add", "--incident", "1", "--for", "2h", "--because", "[/b] known", "--by", "anna")
    assert (0, "noted: the daemon takes it as soon as it runs\n") == (run.code, run.err)
    assert "no silence" in command("silences", "list").out
    carry_out(tmp_path, routes=ROUTES)
    (row,) = lines(command("silences", "list", "--json"))
    assert (1, "anna", "[/b] known", True, 0) == tuple(
        row[name] for name in ("silence", "by", "because", "in_force", "held_back")
    )
    assert "2027-01-15T10:00:00Z" == row["until"]
    shown = command("silences", "list").out
    assert "incident 1" in shown
    assert "[/b] known" in shown

    assert 0 == command("silences", "expire", "1", "--by", "leo").code
    carry_out(tmp_path, routes=ROUTES)
    (row,) = lines(command("silences", "list", "--all", "--json"))
    assert ("leo", False) == (row["ended_by"], row["in_force"])
    assert "ended by leo" in command("silences", "list", "--all").out


def test_a_silence_that_comes_again_every_week_says_its_hours(command, tmp_path):
    asked = (
        "--brand",
        "acme",
        "--because",
        "live show",
        "--every",
        "Thu 20:00-23:00",
        "--every",
        "Sun",
        "--for",
        "90d",
    )
    assert 0 == command("silences", "add", *asked).code
    carry_out(tmp_path, routes=ROUTES)
    (row,) = lines(command("silences", "list", "--json"))
    assert (["Thu 20:00-23:00", "Sun"], False) == (row["every"], row["in_force"])
    assert "acme, Thu 20:00-23:00, Sun" in command("silences", "list").out
    by_night = ("routes", "test", "--brand", "acme", "--severity", "warning", "--at")
    assert "nobody: silence 1" in command(*by_night, "2027-01-21T21:00Z").out
    assert "Thu 20:00-23:00 and Sun (UTC): live show: lets it through" in command(*by_night, "2027-01-22T21:00Z").out


def test_before_the_first_run_there_is_no_silence(badbuzz, tmp_path):
    configured(tmp_path)
    run = badbuzz("silences", "list", "--config", tmp_path / "badbuzz.yaml")
    assert (0, "no silence") == (run.code, run.out.strip())


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--brand", "acme"], 2, "--because"),
        (["--because", "x"], 2, "a brand, a rule, a severity or an incident"),
        (["--because", "x", "--brand", "acmé"], 2, "did you mean 'acme'?"),
        (["--because", "x", "--rule", "few"], 2, "in no configuration"),
        (["--because", "x", "--brand", "acme", "--for", "8d"], 2, "7 days at most"),
        (["--because", "x", "--brand", "acme", "--for", "1"], 2, "30m, 2h or 1d, at most 7d"),
        (["--because", "x", "--incident", "9"], 1, "there is no incident 9"),
        (["--because", "x", "--brand", "acme", "--every", "Fry"], 2, "not hours of a week"),
        (["--because", "x", "--brand", "acme", "--every", "Fri", "--for", "367d"], 2, "366 days at most"),
        (["--because", "x", "--brand", "acme", "--every", "Fri"], 2, "for how long it comes again"),
    ],
)
def test_what_cannot_be_silenced_is_said_at_once(command, words, code, said):
    run = command("silences", "add", *words)
    assert code == run.code
    assert said in run.err


def test_routes_are_shown_in_words_and_for_programs(command):
    shown = command("routes", "show").out.splitlines()
    assert "1. critical: phone" == shown[0]
    assert "2. everything, Mon-Fri 08:00-19:00 (Europe/Paris): team" == shown[1]
    assert "3. everything, in fr, from press: boss" == shown[2]
    assert "the operator" in shown[3] or "boss" in shown[3]
    assert ["team"] == lines(command("routes", "show", "--json"))[1]["to"]


def test_who_would_be_told_is_said_with_every_reason(command, tmp_path):
    by_day = command("routes", "test", "--brand", "acme", "--severity", "warning", "--at", "2026-11-27T10:00+01:00")
    assert "team: route 2 fits warning of acme" in by_day.out
    assert "route 1 (phone): does not fit: only critical" in by_day.out
    worst = ("routes", "test", "--brand", "acme", "--severity", "critical", "--at", "2026-11-27T10:00+01:00")
    assert "route 2 (team): fits, and is not asked: route 1 comes first" in command(*worst).out
    assert [None, 1, 1] == [each["after"] for each in lines(command(*worst, "--json"))[0]["routes"]]
    night = ("routes", "test", "--brand", "acme", "--severity", "warning", "--at", "2026-11-28T03:00+01:00", "--json")
    (told,) = lines(command(*night))
    assert ([], ["nobody: no route fits warning of acme"]) == (told["channels"], told["reasons"])
    assert "where it is Sat 03:00" in told["routes"][1]["why_not"]
    assert ["boss"] == lines(command(*night, "--source", "press", "--language", "fr"))[0]["channels"]

    command("silences", "add", "--brand", "acme", "--because", "known", "--by", "anna")
    carry_out(tmp_path, routes=ROUTES)
    now = ("routes", "test", "--brand", "acme", "--severity")
    held = command(*now, "warning").out
    assert "nobody: silence 1 of anna until 2027-01-15T09:00:00Z: known" in held
    assert "holds it back; 0 held back so far" in held
    (told,) = lines(command(*now, "critical", "--json"))
    assert (["phone"], None, False) == (told["channels"], told["silence"], told["silences"][0]["holds"])


WATCH = """[{to: [oncall, boss]}]
people: {ann: {call_by: phone, only: acme}, bob: {call_by: team}}
oncall: {turns: [ann, bob], counted_from: 2027-01-11, ladder: [{after: 10m, remind: first}, {after: 20m, call: second}]}
"""


def test_who_has_the_watch_and_who_follows_is_said_with_when_and_why(badbuzz, tmp_path):
    config = stocked(tmp_path, routes=WATCH)
    now = ("--config", config, "--brand", "acme", "--severity", "warning")
    shown = badbuzz("routes", "show", "--config", config).out.splitlines()
    assert shown[1] == "oncall: ann has the watch until Mon 2027-01-18 08:00 (UTC); bob is the second"
    assert shown[2] == "  nobody has it after 10 min: remind first"
    told = badbuzz("routes", "test", *now).out.splitlines()
    assert "phone: route 1 fits warning of acme; ann has the watch until Mon 18 Jan 08:00" in told[1]
    assert "2027-01-15 08:20, 20 min later, if nobody has it: call bob by team" in told[4]
    (row,) = lines(badbuzz("routes", "test", *now, "--json"))
    assert ({"phone": "ann"}, ["phone"]) == (row["people"], row["ladder"][0]["channels"])


def test_what_one_person_gets_is_said_with_when_and_why(badbuzz, tmp_path):
    quiet = WATCH.replace("only: acme", "only: acme, quiet_hours: '07:00-09:30', time_zone: Europe/Paris, name: Ann")
    quiet = quiet.replace("[{to: [oncall, boss]}]", "[{severity: critical, to: [oncall]}, {to: ann}]")
    phone = "phone: {kind: ntfy, server: 'https://ntfy.example', topic: t}"
    config = stocked(tmp_path, routes=quiet, channels=CHANNELS.replace("phone: {kind: console}", phone))
    asked = ("routes", "test", "--config", config, "--at", "2027-01-15T08:00Z", "--person")
    told = badbuzz(*asked, "ann").out.splitlines()
    assert "Ann, by phone; quiet hours 07:00-09:30 (Europe/Paris)" == told[0]
    assert [
        f"  has the watch from {when}"
        for when in (
            "now until Mon 2027-01-18 09:00",
            "Mon 2027-01-25 09:00 until Mon 2027-02-01 09:00",
        )
    ] == told[1:3]
    rows = {row["severity"]: row for row in lines(badbuzz(*asked, "ann", "--brand", "acme", "--json"))}
    assert ["critical", "warning", "info"] == list(rows)
    at, later = "2027-01-15T08:00:00Z", "2027-01-15T08:30:00Z"
    assert [{"channel": "phone", "at": at}] == rows["critical"]["told"]
    assert [{"channel": "phone", "at": later}] == rows["warning"]["told"]
    assert [{"at": "2027-01-15T08:10:00Z", "does": "remind", "channels": ["phone"]}] == rows["critical"]["ladder"]
    assert [] == rows["warning"]["ladder"]
    second = badbuzz(*asked, "bob", "--brand", "acme", "--severity", "critical").out.splitlines()
    assert "critical of acme, open: nothing at first" == second[-3]
    assert "  no route that fits leads to them" == second[-2]
    assert "  called by team on Fri 2027-01-15 at 08:20, if nobody has it" == second[-1]
    assert "did you mean 'ann'?" in badbuzz(*asked, "anne").err
    assert 2 == badbuzz("routes", "test", "--config", config, "--brand", "acme").code


def test_who_has_only_a_phone_is_a_contact_who_is_told_of_nothing(badbuzz, tmp_path):
    desk = "[{to: team}]\npeople: {desk: {name: Ops, phone: '+33 1 99 00 12 34', time_zone: Europe/Paris}}"
    asked = ("routes", "test", "--config", stocked(tmp_path, routes=desk), "--person", "desk")
    untold = "has no channel, and badbuzz calls no phone"
    assert f"Ops, a contact in playbooks (+33 1 99 00 12 34): {untold}\n" == badbuzz(*asked).out
    assert [[untold]] * 3 == [row["because"] for row in lines(badbuzz(*asked, "--brand", "acme", "--json"))]


def test_routes_are_tried_without_a_store_and_wrong_names_are_told(command, tmp_path):
    assert (
        "did you mean 'press'?"
        in command("routes", "test", "--brand", "acme", "--severity", "info", "--source", "pres").err
    )
    (tmp_path / "data" / "badbuzz.db").unlink()
    run = command("routes", "test", "--brand", "acme", "--severity", "critical")
    assert "without silences and open incidents: there is no store" in run.err
    assert "phone: route 1 fits critical of acme" in run.out


def test_what_was_held_back_is_counted_and_shown_with_its_step(badbuzz, tmp_path):
    spared = Spared(incident="", person="ann", step=0, at=START, had=2, accept=2)

    async def hear() -> None:
        async with opened(tmp_path) as world:
            wish = HushFor(what=Hush(rule="many"), span=HOUR)
            await world.views.ask_silence(wish, "known", "anna", START)
            await world.ledger.write([])
            await world.say("1", "2", "3")
            (row,) = await world.views.incidents()
            await world.store.commit(commit(START + 1, spared=[msgspec.structs.replace(spared, incident=row.id)]))

    asyncio.run(hear())
    config = tmp_path / "badbuzz.yaml"
    shown = badbuzz("incidents", "show", "1", "--config", config).out
    assert "held back from ann, who had 2 false alarms of 2 in 30 days" in shown
    assert [("ann", 2)] == [
        (each["person"], each["had"])
        for each in map(json.loads, badbuzz("incidents", "show", "1", "--config", config, "--json").out.splitlines())
        if each.get("type") == "spared"
    ]
    assert 1 == badbuzz("silences", "list", "--config", config, "--json").json["held_back"]
    assert "held back by silence 1" in badbuzz("incidents", "show", "1", "--config", config).out
    assert "no delivery" in badbuzz("deliveries", "list", "--config", config).out
