"""`badbuzz check` and `badbuzz config`."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from config.problems import way_out
from tests.listener.cli.conftest import Badbuzz

GOOD = """\
operator: {to: phone}
daemon: {external_url: https://bb.example}
brands: {acme: {query: acme}}
sources: {press: {kind: feed, urls: [https://example.org/rss]}}
rules: {bad-buzz: {kind: spike}}
channels: {phone: {kind: ntfy, server: https://ntfy.example, topic: !secret env:TOPIC}}
routes: [{to: phone}]
"""


@pytest.fixture
def good(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TOPIC", "hunter22")
    path = tmp_path / "badbuzz.yaml"
    path.write_text(GOOD, encoding="utf-8")
    return path


def test_a_sound_file_passes_and_is_named(badbuzz: Badbuzz, good: Path) -> None:
    run = badbuzz("check")
    assert (run.code, run.out) == (0, "")
    assert "badbuzz.yaml: fine (brands 1, sources 1, rules 1, channels 1)" == run.err.splitlines()[-1]
    assert f"\n{good}: fine" in badbuzz("check", good).err


def test_it_is_said_which_part_of_a_query_goes_where(badbuzz: Badbuzz, good: Path) -> None:
    more = "fedi: {kind: mastodon, server: https://mastodon.example, tags: auto}, sky: {kind: bluesky, languages: auto}"
    query = "'lang:fr (#acmeair OR acme) -@list(rivals)'"
    text = GOOD.replace("{query: acme}", f"{{query: {query}}}").replace("sources: {", f"sources: {{{more}, ")
    good.write_text(f"{text}lists: {{rivals: [beta, gamma]}}\n", encoding="utf-8")
    run = badbuzz("check")
    for line in (
        "source fedi: mastodon sends #acmeair alone; what else the queries say is judged here",
        "source sky: bluesky sends fr alone; what else the queries say is judged here",
        "source press: feed sends everything; what else the queries say is judged here",
        "brand acme: its query costs 5 times that of one word",
    ):
        assert line in run.err.splitlines()
    assert {"fedi": ["#acmeair"], "sky": ["fr"], "press": []} == json.loads(badbuzz("check", "-o", "json").out)[
        "sources"
    ]


def test_hashtags_of_events_to_come_are_shown_and_not_missed(badbuzz: Badbuzz, good: Path) -> None:
    more = "fedi: {kind: mastodon, server: https://mastodon.example, tags: auto}"
    text = GOOD.replace("query: acme", "query: '#acme'").replace("sources: {", f"sources: {{{more}, ")
    day = f"{datetime.now(UTC) + timedelta(days=2):%Y-%m-%d}"
    event = f"{{brand: acme, live: '#AcmeAnswers', from: '{day}T18:00', to: '{day}T20:00'}}"
    good.write_text(f"{text}calendar: [{event}]\n", encoding="utf-8")
    run = badbuzz("check")
    line = f"source fedi: mastodon sends #AcmeAnswers too from {day} 18:00 to {day} 20:00"
    assert (0, "", True) == (run.code, run.out, line in run.err.splitlines())


def test_tags_that_follow_from_no_query_are_told(badbuzz: Badbuzz, good: Path) -> None:
    more = "fedi: {kind: mastodon, server: https://mastodon.example, tags: auto}"
    good.write_text(GOOD.replace("sources: {", f"sources: {{{more}, "), encoding="utf-8")
    run = badbuzz("check")
    assert 1 == run.code
    assert (
        "sources.fedi.tags: the queries of its brands name nothing to ask for (write the tags here instead of auto)"
        in run.out
    )


AUTO = "fedi: {kind: mastodon, server: https://mastodon.example, tags: auto}, "


def problems_of(badbuzz: Badbuzz, good: Path, lists: str, *queries: str) -> list[str]:
    brands = ", ".join(f"b{number}: {{query: '{query}'}}" for number, query in enumerate(queries))
    text = GOOD.replace("acme: {query: acme}", brands).replace("sources: {", f"sources: {{{AUTO}")
    good.write_text(f"{text}lists:\n{lists}", encoding="utf-8")
    return [line for line in badbuzz("check").out.splitlines() if ": error: " in line]


def test_a_misspelt_list_is_told_where_it_is_named_and_nowhere_else(badbuzz: Badbuzz, good: Path) -> None:
    (problem,) = problems_of(badbuzz, good, "  rivals: [beta]\n", "#acme -@list(rival)")
    assert problem.endswith("brands.b0.query: there is no list 'rival' (did you mean 'rivals'?)")


def test_what_is_wrong_in_a_list_is_told_once_in_the_list(badbuzz: Badbuzz, good: Path) -> None:
    said = problems_of(badbuzz, good, "  rivals:\n    - beta\n    - a*\n", "#acme -@list(rivals)", "#b @list(rivals)")
    line = good.read_text(encoding="utf-8").splitlines().index("    - a*") + 1
    place = f"{good.name}:{line}: error: lists.rivals.1: "
    assert [f"{place}in the list 'rivals': 'a*' would match almost everything"] == [
        each.partition(" (")[0] for each in said
    ]


def test_a_list_that_is_none_is_not_told_again_by_those_who_name_it(badbuzz: Badbuzz, good: Path) -> None:
    (problem,) = problems_of(badbuzz, good, "  rivals: {a: b}\n", "#acme -@list(rivals)")
    assert "lists.rivals: must be a list of words" in problem


def test_a_quoted_list_is_words_like_any_other(badbuzz: Badbuzz, good: Path) -> None:
    assert [] == problems_of(badbuzz, good, "  rivals: [a*]\n", '#acme "list(rivals)"')


def test_the_environment_names_the_file(badbuzz: Badbuzz, good: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BADBUZZ_CONFIG", str(good.rename(good.with_name("other.yaml"))))
    assert f"{good.with_name('other.yaml')}: fine" in badbuzz("check").err


def test_every_problem_is_printed_and_counted(badbuzz: Badbuzz, good: Path) -> None:
    good.write_text(GOOD.replace("kind: spike", "kind: spyke").replace("env:TOPIC", "env:NO"), encoding="utf-8")
    run = badbuzz("check")
    lines = run.out.splitlines()
    assert (run.code, run.err) == (1, "badbuzz.yaml: 2 errors\n")
    assert lines[0].endswith("error: rules.bad-buzz.kind: unknown rule kind 'spyke' (did you mean 'spike'?)")
    assert lines[1].startswith("badbuzz.yaml:6: error: channels.phone.topic: environment variable NO is not set")


def test_a_warning_alone_does_not_fail(badbuzz: Badbuzz, good: Path) -> None:
    good.write_text(GOOD.replace("!secret env:TOPIC", "hunter22"), encoding="utf-8")
    run = badbuzz("check")
    assert (run.code, "warning: channels.phone.topic" in run.out, "hunter22" in run.out) == (0, True, False)
    assert run.err.endswith(", 1 warning\n")


def test_a_day_that_is_over_is_warned_of(badbuzz: Badbuzz, good: Path) -> None:
    good.write_text(GOOD.replace("kind: spike", "kind: spike, watch_only: until 2020-01-01"), encoding="utf-8")
    run = badbuzz("check")
    assert (0, True) == (run.code, "warning: rules.bad-buzz.watch_only: 2020-01-01 is over" in run.out)


def test_problems_as_json(badbuzz: Badbuzz, good: Path) -> None:
    good.write_text(GOOD.replace("query: acme", "query: 'acme AND ('"), encoding="utf-8")
    run = badbuzz("check", "-o", "json")
    (problem,) = run.json["problems"]
    assert (run.code, run.json["ok"], problem["path"], problem["line"]) == (1, False, "brands.acme.query", 3)


def test_a_file_that_is_not_there_says_how_to_get_one(badbuzz: Badbuzz, good: Path) -> None:
    run = badbuzz("check", "gone.yaml")
    assert (run.code, "badbuzz init" in run.out) == (1, True)


def test_a_folder_or_a_file_of_somebody_else_is_no_reason_to_start_anew(badbuzz: Badbuzz, good: Path) -> None:
    folder = badbuzz("check", good.parent)
    assert (folder.code, folder.out) == (
        1,
        f"{good.parent}: error: cannot read {good.parent}: Is a directory (name a file in it)\n",
    )
    assert way_out(PermissionError(13, "Permission denied")) == "run this as the user the daemon runs as, or as root"


def test_other_commands_print_every_problem_without_a_traceback(badbuzz: Badbuzz, good: Path) -> None:
    good.write_text("brands: [\n", encoding="utf-8")
    run = badbuzz("config", "show")
    assert (run.code, run.out, run.err.splitlines()[-1]) == (1, "", "badbuzz: 1 error in the configuration")
    assert "badbuzz.yaml:1: error: broken YAML" in run.err


def test_the_configuration_in_force_is_shown_without_secrets(badbuzz: Badbuzz, good: Path) -> None:
    plain, yaml = badbuzz("config", "show", "-o", "json"), badbuzz("config", "show")
    assert plain.json["channels"]["phone"]["topic"] == "**********"
    assert plain.json["daemon"]["retention"] == "90d"
    assert "hunter22" not in plain.out + plain.err + yaml.out + yaml.err
    assert "  retention: 90d\n" in yaml.out


def test_the_schema_knows_every_kind(badbuzz: Badbuzz) -> None:
    found = badbuzz("config", "schema").json
    text = json.dumps(found["properties"])
    assert all(f'"{kind}"' in text for kind in ("feed", "push", "spike", "keyword", "slack", "mqtt"))


def test_trying_for_real_reaches_each_source_and_channel(
    badbuzz: Badbuzz, good: Path, web: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = GOOD.replace("urls: [https://example.org/rss]", f"urls: ['{web}/feed.xml'], allow_private: true")
    text = text.replace("https://ntfy.example", web).replace("channels: {", "channels: {out: {kind: console}, ")
    good.write_text(text.replace("to: phone}]", "to: [phone, out]}]"), encoding="utf-8")
    run = badbuzz("check", "--online", "-o", "json")
    trials = {trial["name"]: (trial["outcome"], trial["detail"]) for trial in run.json["trials"]}
    assert trials == {
        "press": ("fine", "2 mentions"),
        "phone": ("fine", "reached"),
        "out": ("not tried", "only a delivery can tell: badbuzz notify out"),
    }
    assert run.code == 0


def test_what_cannot_be_reached_fails_the_check(badbuzz: Badbuzz, good: Path, web: str) -> None:
    text = GOOD.replace("https://example.org/rss", f"{web}/gone.xml").replace("rss]", "rss], allow_private: true")
    good.write_text(text.replace("gone.xml]", "gone.xml], allow_private: true").replace("https://ntfy.example", web))
    run = badbuzz("check", "--online")
    assert (run.code, "source press: failed: " in run.out) == (1, True)
    assert run.err.endswith("\nbadbuzz.yaml: 1 failed trial\n")


def test_a_trial_shows_no_secret(badbuzz: Badbuzz, good: Path, web: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEED", f"{web}/sesame-path/rss?key=sesame-key")
    known = f"{web}/gone.xml".replace("//", "//camille:sesame@")
    text = GOOD.replace("[https://example.org/rss]", f"[!secret env:FEED, '{known}'], allow_private: true")
    good.write_text(text.replace("https://ntfy.example", web), encoding="utf-8")
    run, as_json = badbuzz("check", "--online"), badbuzz("check", "--online", "-o", "json")
    assert (run.code, "source press: failed: http://***" in run.out) == (1, True), run.out
    assert "sesame" not in run.out + run.err + as_json.out + as_json.err


@pytest.mark.parametrize(
    "written", ["?lang=fr&key=hunter22", "?token=hunter22", "?api_key=hunter22#a", "?Access_Token=hunter22"]
)
def test_a_key_in_an_address_is_a_secret_in_plain_text(badbuzz: Badbuzz, good: Path, written: str) -> None:
    good.write_text(GOOD.replace("[https://example.org/rss]", f"['https://example.org/rss{written}']"))
    run, shown = badbuzz("check"), badbuzz("config", "show")
    said = "badbuzz.yaml:4: warning: sources.press.urls.0: a secret stands here in plain text (keep it elsewhere: "
    assert (run.code, run.out.startswith(said), len(run.out.splitlines())) == (0, True, 1), run.out
    assert "hunter22" not in run.out + shown.out + shown.err
    good.write_text(GOOD.replace("[https://example.org/rss]", "['https://example.org/rss?lang=fr&keys=a']"))
    assert badbuzz("check").out == ""


def test_a_broken_query_is_said_together_with_everything_else(badbuzz: Badbuzz, good: Path) -> None:
    good.write_text(GOOD.replace("query: acme", "query: '(acme OR'").replace("kind: feed", "kind: fead"))
    run = badbuzz("check")
    assert "unknown source kind 'fead'" in run.out
    assert "error: brands.acme.query" in run.out


LISTENING = GOOD.replace("env:", "credential:").replace(
    "daemon: {", "daemon: {listen: '0.0.0.0:9465', token: !secret credential:token, "
)


def test_credentials_of_the_service_are_said_not_to_be_looked_at(badbuzz: Badbuzz, good: Path) -> None:
    good.write_text(LISTENING, encoding="utf-8")
    run, shown = badbuzz("check"), badbuzz("config", "show", "-o", "json")
    said = "warning: channels.phone.topic: credential 'TOPIC' cannot be had here: credentials exist only under systemd"
    assert (run.code, shown.code, len(run.out.splitlines())) == (0, 0, 2), run.out
    assert (said in run.out, said in shown.err) == (True, True)
    assert run.err.endswith("fine (brands 1, sources 1, rules 1, channels 1), 2 warnings\n")
    assert shown.json["channels"]["phone"] == {"kind": "ntfy", "server": "https://ntfy.example", "topic": "**********"}


def test_a_source_that_lacks_its_credential_still_listens(badbuzz: Badbuzz, good: Path) -> None:
    good.write_text(GOOD.replace("urls: [https://example.org/rss]", "urls: !secret credential:urls"), encoding="utf-8")
    run = badbuzz("check")
    assert (run.code, len(run.out.splitlines())) == (0, 1), run.out


@pytest.mark.parametrize("line", [("check", "--online"), ("notify", "phone")])
def test_what_needs_a_credential_names_the_way_to_have_it(badbuzz: Badbuzz, good: Path, line: tuple[str, str]) -> None:
    good.write_text(LISTENING, encoding="utf-8")
    run = badbuzz(*line)
    assert (run.code, "systemd-run --pty -p LoadCredential=TOPIC:/path" in run.out + run.err) == (1, True)


def test_the_service_itself_is_told_when_a_credential_is_missing(
    badbuzz: Badbuzz, good: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good.write_text(LISTENING, encoding="utf-8")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(good.parent))
    assert (badbuzz("check").code, badbuzz("run").code) == (1, 1)
