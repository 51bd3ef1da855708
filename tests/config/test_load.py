"""Loading: right settings, or every problem in one pass."""

from datetime import timedelta
from pathlib import Path

import pytest

from config.load import Loaded, effective, load
from config.problems import ConfigError, Problem, closest
from tests.config.kinds.fakes import CATALOGS

GOOD = """\
daemon: {listen: "127.0.0.1:9000", language: fr, time_zone: Europe/Paris, retention: 30d}
operator: {to: team}
brands:
  acme:
    query: acme
    languages: fr
sources:
  press: {kind: feed, urls: [https://example.org/rss], every: 1h30m, brands: [acme]}
rules:
  bad-buzz: {kind: spike, at_least: {posts: 8}}
channels:
  team: {kind: chat, token: !secret env:TOKEN, from: me}
routes:
  - {severity: critical, to: [team], continue: true}
  - {to: team}
"""
ENVIRON = {"TOKEN": "hunter22"}


def loaded(folder: Path, text: str = GOOD, environ: dict[str, str] | None = None) -> Loaded:
    path = folder / "badbuzz.yaml"
    path.write_text(text, encoding="utf-8")
    return load(path, CATALOGS, ENVIRON if environ is None else environ)


def problems(folder: Path, text: str, environ: dict[str, str] | None = None) -> list[Problem]:
    with pytest.raises(ConfigError) as caught:
        loaded(folder, text, environ)
    return list(caught.value.problems)


def said(folder: Path, text: str) -> list[tuple[int, str, str, str]]:
    found = problems(folder, text)
    return [(problem.line, problem.path, problem.message, problem.hint) for problem in found]


def test_a_right_file_becomes_settings(tmp_path: Path) -> None:
    settings = loaded(tmp_path).settings
    assert settings.daemon.retention == timedelta(days=30)
    assert settings.daemon.data == tmp_path / "badbuzz-data"
    assert (settings.daemon.host, settings.daemon.port, settings.daemon.is_local) == ("127.0.0.1", 9000, True)
    assert settings.operator.to == ("team",)
    assert settings.brands["acme"].languages == ("fr",)
    assert settings.sources["press"].kind == "feed"
    assert settings.sources["press"].options.model_dump()["every"] == "1h30m"
    assert [(route.severity, route.go_on) for route in settings.routes] == [(("critical",), True), (None, False)]


CALENDAR = "calendar:\n- {brand: acme, name: Sale, from: %s, to: %s, expect: {posts: %s}}\n"


@pytest.mark.parametrize(
    ("since", "until", "times", "word"),
    [
        ("2026-11-09", "2026-11-08", "x2", "before"),
        ("tomorrow", "2026-11-09", "x2", "write a day"),
        ("2026-11-09T18:00+01:00", "2026-11-10", "x2", "time zone"),
        ("2026-11-09", "9999-12-31", "x2", "too far"),
        ("2026-11-09", "2026-11-22", "2", "x2"),
        ("2026-11-09", "2026-11-22", "x0.5", "more than 1"),
    ],
)
def test_a_campaign_that_cannot_be_meant_is_told(tmp_path: Path, since: str, until: str, times: str, word: str) -> None:
    (problem,) = problems(tmp_path, GOOD + CALENDAR % (since, until, times))
    assert word in problem.message + problem.hint
    assert problem.path.startswith("calendar.0")


def test_the_days_of_a_campaign_are_whole_and_its_brand_is_known(tmp_path: Path) -> None:
    text = GOOD + CALENDAR % ("2026-11-09", "2026-11-22", "x2")
    (entry,) = loaded(tmp_path, text).settings.calendar
    assert [(2026, 11, 9, 0), (2026, 11, 23, 0)] == [each.timetuple()[:4] for each in (entry.begins, entry.ends)]
    assert {"posts": "x2"} == effective(loaded(tmp_path, text))["calendar"][0]["expect"]
    assert "no brand is named 'acm'" in said(tmp_path, text.replace("brand: acme,", "brand: acm,"))[0][2]


def test_every_problem_is_reported_at_once_with_its_line_and_a_way_out(tmp_path: Path) -> None:
    text = """\
daemon: {listen: nowhere, language: de, retention: 90, tokn: x, time_zone: Europe/Pari}
operator: {to: [teem]}
brands:
  Acme Air: {query: acme}
  beta: {query: "", languages: [french]}
sources:
  press: {kind: fede}
  web: {kind: feed, url: https://example.org}
  bad: {kind: broken}
  none: {every: 5m}
rules:
  r: {kind: spike, of: negativ, at_least: {post: 8, authors: many, posts: 0}, brands: [gamma]}
channels:
  team: {kind: chat, server: 5}
chanels: {}
routes:
  - {severity: urgent, to: [tem]}
  - {brand: gama}
  - x
"""
    found = said(tmp_path, text)
    assert [(line, path) for line, path, _, _ in found] == [
        (1, "daemon.listen"),
        (1, "daemon.language"),
        (1, "daemon.time_zone"),
        (1, "daemon.retention"),
        (1, "daemon.tokn"),
        (2, "operator.to.0"),
        (4, "brands.Acme Air"),
        (5, "brands.beta.query"),
        (5, "brands.beta.languages.0"),
        (7, "sources.press.kind"),
        (8, "sources.web.urls"),
        (8, "sources.web.url"),
        (9, "sources.bad.kind"),
        (10, "sources.none.kind"),
        (12, "rules.r.of"),
        (12, "rules.r.at_least.posts"),
        (12, "rules.r.at_least.authors"),
        (12, "rules.r.at_least.post"),
        (12, "rules.r.brands.0"),
        (14, "channels.team.server"),
        (14, "channels.team.token"),
        (15, "chanels"),
        (17, "routes.0.severity"),
        (17, "routes.0.to.0"),
        (18, "routes.1.to"),
        (18, "routes.1.brand"),
        (19, "routes.2"),
    ]
    assert all(hint for _, path, _, hint in found if path.endswith(("tokn", "kind", "url", "post", "chanels", "to.0")))
    words = {path: f"{message} | {hint}" for _, path, message, hint in found}
    assert words["daemon.retention"] == "a duration needs a unit, such as 90s or 90m | "
    assert words["daemon.tokn"] == "unknown key | did you mean 'token'?"
    assert words["rules.r.at_least.post"] == "unknown key | did you mean 'posts'?"
    assert words["rules.r.at_least.posts"] == "must be at least 1 | "
    assert words["rules.r.of"] == "must be 'negative' or 'posts' | did you mean 'negative'?"
    assert words["rules.r.at_least.authors"] == "must be a whole number | "
    assert words["sources.press.kind"] == "unknown source kind 'fede' | did you mean 'feed'?"
    assert words["sources.web.urls"] == "is required | Addresses of the feeds."
    assert words["channels.team.server"] == "must be text | put it in quotes"
    assert words["operator.to.0"] == "no channel is named 'teem' | did you mean 'team'?"
    assert words["brands.Acme Air"] == "not a name: use small letters, digits and - | such as acme-air"


def test_an_empty_file_says_what_is_needed(tmp_path: Path) -> None:
    found = said(tmp_path, "# later\n")
    assert [(path, message) for _, path, message, _ in found] == [
        (section, "is required") for section in ("brands", "sources", "channels", "routes")
    ]


def test_sections_of_the_wrong_shape_are_said_plainly(tmp_path: Path) -> None:
    text = (
        "daemon: [a]\nbrands: acme\nsources: [x]\nchannels: {team: chat}\nroutes: {to: team}\nrules: 3\noperator: x\n"
    )
    expected = [
        (1, "daemon", "must be a map of keys and values"),
        (2, "brands", "must be a map of names"),
        (3, "sources", "must be a map of names"),
        (4, "channels.team", "must be a map of keys and values"),
        (5, "routes", "must be a list"),
        (6, "rules", "must be a map of names"),
        (7, "operator", "must be a map of keys and values"),
    ]
    assert [(line, path, message) for line, path, message, _ in said(tmp_path, text)] == expected


def test_a_value_with_a_problem_of_its_own_is_reported_once(tmp_path: Path) -> None:
    text = GOOD.replace("env:TOKEN", "env:NO").replace("[https://example.org/rss]", "['${NO}']")
    assert [(line, path) for line, path, _, _ in said(tmp_path, text)] == [
        (8, "sources.press.urls.0"),
        (12, "channels.team.token"),
    ]


def test_a_missing_include_hides_what_it_may_hold(tmp_path: Path) -> None:
    found = said(tmp_path, "include: more.yaml\noperator: {to: team}\nrules: {r: {kind: spke}}\n")
    assert [(line, path) for line, path, _, _ in found] == [(1, "include"), (3, "rules.r.kind")]


def test_a_span_that_is_too_short_says_the_shortest(tmp_path: Path) -> None:
    found = said(tmp_path, GOOD.replace("retention: 30d", "retention: 0s"))
    assert [(path, message) for _, path, message, _ in found] == [("daemon.retention", "must be at least 1h")]


def test_a_variable_inside_braces_wants_quotes(tmp_path: Path) -> None:
    ((line, _, _, hint),) = said(tmp_path, GOOD.replace("!secret env:TOKEN", "${TOKEN}"))
    assert (line, hint) == (12, 'quote a variable inside braces: "${NAME}"')


def test_broken_yaml_is_the_only_problem_of_its_file(tmp_path: Path) -> None:
    assert [line for line, _, _, _ in said(tmp_path, "brands:\n\tacme: x\n")] == [2]


def test_a_secret_in_plain_text_is_a_warning_and_works(tmp_path: Path) -> None:
    (warning,) = loaded(tmp_path, GOOD.replace("!secret env:TOKEN", "xoxb-1")).warnings
    assert (warning.level, warning.line, warning.path) == ("warning", 12, "channels.team.token")
    assert "xoxb-1" not in str(warning)
    assert loaded(tmp_path, GOOD.replace("!secret env:TOKEN", '"${TOKEN}"')).warnings == ()


def test_secrets_never_show_in_problems_settings_or_what_is_in_force(tmp_path: Path) -> None:
    text = GOOD.replace("from: me", "server: !secret env:TOKEN")
    one = loaded(tmp_path, text)
    shown = f"{one.settings!r} {effective(one)} {one!r}"
    wrong = problems(
        tmp_path, text.replace("127.0.0.1:9000", "${TOKEN}").replace("fr, time", "!secret env:TOKEN, time")
    )
    assert "hunter22" not in shown
    assert "hunter22" not in " ".join(map(str, wrong))
    assert len(wrong) == 2


def test_what_is_in_force_holds_defaults_and_masks_passwords_in_addresses(tmp_path: Path) -> None:
    text = GOOD.replace("https://example.org/rss", "https://me:pa55@example.org/rss")
    shown = effective(loaded(tmp_path, text))
    assert shown["daemon"]["log"] == "text"
    assert shown["daemon"]["retention"] == "30d"
    assert shown["sources"]["press"]["urls"] == ["https://me:***@example.org/rss"]
    assert shown["channels"]["team"]["token"] == "**********"
    assert shown["channels"]["team"]["from"] == "me"
    assert shown["routes"][0] == {
        "severity": ["critical"],
        "to": ["team"],
        "continue": True,
        "quiet_while_critical": False,
    }


def test_the_environment_wins_over_the_file_and_is_named_when_wrong(tmp_path: Path) -> None:
    environ = ENVIRON | {"BADBUZZ_DAEMON__LISTEN": "[::1]:0"}
    assert loaded(tmp_path, environ=environ).settings.daemon.port == 0
    (problem,) = problems(tmp_path, GOOD, ENVIRON | {"BADBUZZ_DAEMON__LISTN": "x"})
    assert str(problem) == (
        "environment variable BADBUZZ_DAEMON__LISTN: error: daemon.listn: unknown key (did you mean 'listen'?)"
    )


def test_a_relative_data_folder_is_beside_the_file(tmp_path: Path) -> None:
    assert loaded(tmp_path, environ=ENVIRON | {"BADBUZZ_DATA_DIR": "here"}).settings.daemon.data == tmp_path / "here"
    assert loaded(tmp_path, environ=ENVIRON | {"BADBUZZ_DATA_DIR": "/there"}).settings.daemon.data == Path("/there")


def test_commands_that_only_look_do_without_what_stands_elsewhere(tmp_path: Path) -> None:
    path = tmp_path / "badbuzz.yaml"
    path.write_text(GOOD.replace("{kind: feed,", "{kind: feed, urls: !secret credential:urls } # {"), encoding="utf-8")
    settings = load(path, CATALOGS, {}, absent_is_fine=True).settings
    assert (list(settings.sources), settings.daemon.port) == ([], 9000)
    path.write_text(GOOD.replace("daemon: {", "daemon: {database: !secret env:DB, "), encoding="utf-8")
    with pytest.raises(ConfigError, match="DB is not set") as caught:
        load(path, CATALOGS, {}, absent_is_fine=True)
    assert [problem.path for problem in caught.value.problems] == ["daemon.database"]
    path.write_text(GOOD.replace("daemon: {", "daemon: {token: !secret credential:token, "), encoding="utf-8")
    assert load(path, CATALOGS, {}, absent_is_fine=True).settings.daemon.port == 9000


def test_a_query_that_yaml_takes_for_a_comment_needs_quotes(tmp_path: Path) -> None:
    path = tmp_path / "badbuzz.yaml"
    path.write_text("brands:\n  acme:\n    query: #acme\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"acme.query: must be text \(nothing stands there; # starts a comment"):
        load(path, CATALOGS, {})


@pytest.mark.parametrize(
    ("word", "meant"),
    [("every", ""), ("evry", "every"), ("fede", "feed"), ("lang", "language"), ("urls", "url"), ("opened", "open")],
)
def test_only_what_is_near_is_suggested(word: str, meant: str) -> None:
    known = ["severity", "feed", "language", "url", "open", "reopened"] + (["every"] if meant == "every" else [])
    assert closest(word, known) == meant


@pytest.mark.parametrize(
    ("entry", "path"),
    [
        ("{to: team, brands: [acme], at: 25:00}", "at"),
        ("{to: team, brands: [acme], every: day, at: 'Mon 08:00'}", ""),
        ("{to: team, brands: [acme], against: acme}", ""),
        ("{to: nobody, brands: [acme]}", "to"),
        ("{to: team, brands: [acme], against: [other]}", "against.0"),
    ],
)
def test_a_digest_that_cannot_be_sent_is_told_with_its_place(tmp_path: Path, entry: str, path: str) -> None:
    (problem,) = problems(tmp_path, f"{GOOD}digest: [{entry}]\n")
    assert problem.path == f"digest.0.{path}".rstrip(".")


def test_a_list_is_one_word_or_several(tmp_path: Path) -> None:
    lists = "lists: {rivals: [beta, \"gamma air\", '@delta'], jobs: '@jobs'}\n"
    found = loaded(tmp_path, GOOD + lists)
    assert {"rivals": ["beta", "gamma air", "@delta"], "jobs": ["@jobs"]} == effective(found)["lists"]


@pytest.mark.parametrize("held", ["{a: b}", "[]", "[1]", "['']"])
def test_a_list_that_is_none_is_told(tmp_path: Path, held: str) -> None:
    found = said(tmp_path, f"{GOOD}lists: {{rivals: {held}}}\n")
    assert [("lists.rivals", "must be a list of words")] == [each[1:3] for each in found]
