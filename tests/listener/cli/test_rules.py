"""`badbuzz rules test`: timed mentions in, what came of each test out."""

import json
from pathlib import Path

import pytest

from listener.backtest import Backtest
from listener.catalogs import CATALOGS
from listener.pipeline.setup import build_setup
from listener.rule_tests.file import read_tests
from listener.rule_tests.judging import judge
from listener.rule_tests.talk import talk
from rules.instant import instant, moment

EXAMPLE = Path(__file__).parents[3] / "config/examples/rules.test.yaml"
PARTS = """
brands: {acme: {query: acme, languages: [en]}}
rules:
  many: {kind: threshold, of: negative, window: 15m, at_least: {posts: 20, authors: 5}, calm_for: 10m}
  leak: {kind: keyword, any: [leak], at_least: {authors: 2}, severity: critical}
"""
STORM = "{at: 2d 00:05, text: acme, tone: negative, repeat: 30x20s}"


def written(folder, *mentions, expect, parts=PARTS, **more):
    lines = [f"- {mention}" for mention in mentions]
    expected = [f"- {{{each}}}" for each in expect]
    facts = [f"{key}: {value}" for key, value in more.items()]
    body = "\n      ".join([*facts, "mentions:", *lines, "expect:", *expected])
    path = folder / "rules.test.yaml"
    path.write_text(f"{parts}\ntests:\n    - name: what is tested\n      {body}\n", encoding="utf-8")
    return path


def test_the_example_that_comes_with_the_program_passes(badbuzz):
    run = badbuzz("rules", "test", EXAMPLE)
    assert (0, ["PASS", "PASS"]) == (run.code, [line.split()[0] for line in run.out.splitlines()])
    assert "tests: 2, failed: 0\n" == run.err


# 20 mentions from 2d 00:05:00 on, 20 s apart: the twentieth comes at 2d 00:11:20
@pytest.mark.parametrize(
    "expected",
    [
        "rule: many, state: open, at: '2d 00:11:20'",
        "rule: many, state: open, severity: warning, between: [2d, 2d 00:12]",
        "rule: many, state: open, at: 2026-01-07T01:11:20+01:00",
        "rule: many, state: resolved, between: [2d 00:15, 2d1h]",
        "silence: [0s, 2d 00:11]",
        "silence: [2d 00:11:21, 3d]",
        "silence: [0s, 3d], rule: leak",
    ],
)
def test_what_is_expected_and_comes_passes(badbuzz, tmp_path, expected):
    run = badbuzz("rules", "test", written(tmp_path, STORM, expect=[expected]))
    assert (0, "PASS  what is tested\n") == (run.code, run.out)


@pytest.mark.parametrize(
    ("expected", "said"),
    [
        (
            "rule: many, state: open, between: [0s, 2d 00:09]",
            "expected open between 0d 00:00 and 2d 00:09, and it came at",
        ),
        (
            "rule: many, state: open, at: 2d 00:09",
            "at 2d 00:09: 13 negative mentions of 20 needed in 15 min, 13 authors of 5 needed, it neither",
        ),
        (
            "rule: many, state: open, severity: critical, between: [2d, 3d]",
            "as critical, and it came at 2d 00:11:20 as warning",
        ),
        (
            "rule: many, state: worse, between: [2d, 3d]",
            "expected worse between 2d 00:00 and 3d 00:00, and it did not come",
        ),
        (
            "rule: many, state: open, between: [2d 00:12, 2d 00:14]",
            "an incident of the rule was open from 2d 00:11:20 on",
        ),
        (
            "rule: leak, state: open, at: 2d",
            "0 mentions with its words of 1 needed in 60 min, 0 authors of 2 needed, it is calm",
        ),
        (
            "silence: [2d, 3d]",
            "expected silence, and open (warning) came at 2d 00:11:20: 20 negative mentions in 15 min",
        ),
    ],
)
def test_what_differs_is_said_with_what_the_rule_said_then(badbuzz, tmp_path, expected, said):
    run = badbuzz("rules", "test", written(tmp_path, STORM, expect=[expected]))
    assert (1, "tests: 1, failed: 1\n") == (run.code, run.err)
    assert run.out.startswith("FAIL  what is tested\n")
    assert said in run.out
    assert "came: 2d 00:11:20 many open" in run.out or "leak" in expected


def test_why_something_came_is_said_in_french(badbuzz, tmp_path):
    path = written(tmp_path, STORM, expect=["silence: [2d, 3d]"])
    run = badbuzz("rules", "test", path, "--language", "fr")
    assert "venu à 2d 00:11:20\xa0: 20 mentions négatives en 15 min, de 20 auteurs" in run.out.replace("  ", " ")
    assert "mentions in" not in run.out


@pytest.mark.parametrize(
    ("kind", "language", "said"),
    [
        ("cardinality, max: 50, of: negative", "en", "30 authors in 60 min, it is calm"),
        ("influencer, followers: 1000", "fr", "20 abonnés d’un seul auteur en"),
        (
            "share, above: 0.5, at_least: {posts: 50}",
            "en",
            "30 negative mentions among 30 with a known tone, of 50 needed",
        ),
    ],
)
def test_it_is_said_what_a_rule_counts_when_that_is_no_number_of_mentions(badbuzz, tmp_path, kind, language, said):
    parts = f"brands: {{acme: {{query: acme, languages: [en]}}}}\nrules: {{odd: {{kind: {kind}}}}}\n"
    storm = STORM.replace("repeat", "followers: 20, repeat")
    path = written(tmp_path, storm, expect=["rule: odd, state: open, between: [2d, 2d 00:20]"], parts=parts)
    assert said in badbuzz("rules", "test", path, "--language", language).out


def test_a_post_that_takes_off_is_told_of_by_its_reactions(badbuzz, tmp_path):
    parts = "brands: {acme: {query: acme, languages: [en]}}\nrules: {hot: {kind: ignition}}\n"
    post = '{at: 1h, text: "acme lost my luggage", tone: negative, followers: 400, reactions: {5m: 4, 15m: %d}}'
    expected = ["rule: hot, state: open, between: [1h, 1h]", "silence: [0s, 1h]"]
    late = ["rule: hot, state: open, between: [0d 01:15, 0d 01:16]", "silence: [0s, 0d 01:15]"]
    assert 0 == badbuzz("rules", "test", written(tmp_path, post % 90, expect=late, parts=parts)).code
    run = badbuzz("rules", "test", written(tmp_path, post % 20, expect=expected[:1], parts=parts), "--language", "fr")
    assert (1, True) == (run.code, "réaction" in run.out), run.out


def test_one_step_meets_one_expectation(badbuzz, tmp_path):
    expected = "rule: many, state: open, between: [2d, 3d]"
    assert 1 == badbuzz("rules", "test", written(tmp_path, STORM, expect=[expected, expected])).code


def test_it_is_said_in_french_and_that_nobody_spoke_of_the_brand(badbuzz, tmp_path):
    path = written(tmp_path, "{at: 1h, text: nothing}", expect=["rule: many, state: open, at: 1h"])
    run = badbuzz("rules", "test", path, "--language", "fr")
    assert "ÉCHEC  what is tested" == run.out.splitlines()[0]
    assert "0 mention négative sur 20 nécessaires en 15 min, 0 auteur sur 5 nécessaires, elle est au calme" in run.out
    assert "ne trouve pas\u00a0: 1 sur 1" in run.out


def test_programs_read_it_as_json_lines(badbuzz, tmp_path):
    expected = ["rule: many, state: open, at: 2d 00:09", "silence: [0s, 1d]"]
    run = badbuzz(
        "rules", "test", written(tmp_path, STORM, expect=expected, start="2026-03-01T00:00:00+01:00"), "--json"
    )
    test, summary = map(json.loads, run.out.splitlines())
    (difference,) = test["differences"]
    assert (False, 30, 0, "open") == (test["passed"], test["mentions"], test["unmatched"], test["steps"][0]["state"])
    assert ("2026-03-02T23:09:00Z", 13) == (difference["expected"]["since"], difference["verdict"]["count"])
    assert {"type": "summary", "tests": 1, "passed": 0, "failed": 1} == summary


def test_the_rules_of_a_configuration_are_tested_without_its_secrets_in_its_language(badbuzz, tmp_path):
    hook = "{kind: webhook, url: !secret env:NOT_SET, secret: !secret env:NOR_THIS}"
    more = f"sources: {{news: {{kind: file, path: /none.jsonl}}}}\nchannels: {{team: {hook}}}\nroutes: [{{to: [team]}}]"
    (tmp_path / "badbuzz.yaml").write_text(f"daemon: {{language: fr}}\noperator: {{to: [team]}}\n{PARTS}{more}")
    path = written(tmp_path, STORM, expect=["silence: [0s, 1d]"], parts="configuration: badbuzz.yaml")
    run = badbuzz("rules", "test", path)
    assert (0, "RÉUSSI  what is tested\n") == (run.code, run.out)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("expect:", "expct:", ":11:7: error: tests.0.expct: unknown key (did you mean 'expect'?)"),
        ("text:", "txt:", ":10:24: error: tests.0.mentions.0.txt: unknown key (did you mean 'text'?)"),
        ("kind: threshold", "kind: treshold", ":4:10: error: rules.many.kind: unknown rule kind 'treshold' (did you"),
        ("query: acme", "query: 'acme ('", ":2:17: error: brands.acme.query: "),
        ("rule: many", "rule: mny", "error: tests.0.expect.0.rule: no rule is named 'mny' (did you mean 'many'?)"),
        ("state: open", "state: opn", "(did you mean 'open'?)"),
        ("2d 00:05", "2d 00:61", ":10:10: error: tests.0.mentions.0.at: not a time: write it like 2d 00:05"),
        ("2d 00:05", "2026-01-07T00:05:00", "no time zone: "),
        ("2d 00:05", "999999999d 23:59", "more than 732 days after it"),
        ("2d 00:05", "2025-01-07T00:05:00Z", "tests.0.mentions.0.at: is before `start`"),
        ("30x20s", "30x", "not a repeat: write it like 30x20s"),
        ("30x20s", "0x20s", "`repeat` is once at least"),
        ("30x20s", "9999999x0s", "more than 2000000 mentions"),
        ("at: 1h", "at: 1h, between: [1h, 2h]", "one of `at` and `between`"),
        ("at: 1h", "between: [2h, 1h]", "ends before it begins"),
        ("tests:", "brands:", "written twice, first on line 2"),
        ("name: what is tested", "name: a\n      brand: other", "no brand is named 'other'"),
        (
            "name: what is tested",
            "name: a\n      history: [{every: 6m, per_hour: 3, for: 5d, text: a}]",
            "one of `every` and `per_hour`",
        ),
        (
            "name: what is tested",
            "name: a\n      history: [{every: 1ms, for: 5d, text: a}]",
            "more than 2000000 mentions",
        ),
        ("rules:", "configuration: badbuzz.yaml\nrules:", "`configuration` says which they are (keep one of the two)"),
        (PARTS, "configuration: none.yaml", "none.yaml: error: cannot read"),
        ("rules:", "ruls:", "unknown key (did you mean 'rules'?)"),
        ("rules:", "rules: [", "broken YAML"),
    ],
)
def test_a_file_with_mistakes_says_where_each_is_and_plays_nothing(badbuzz, tmp_path, old, new, said):
    path = written(tmp_path, STORM, expect=["rule: many, state: open, at: 1h"])
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    run = badbuzz("rules", "test", EXAMPLE, path)
    assert (2, "") == (run.code, run.out)
    assert f"{path}" in run.err or "none.yaml" in run.err
    assert said in run.err


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "cannot read {path}: No such file or directory (check the path)"), (b"\xff\xfe", "not UTF-8 text")],
)
def test_of_a_file_that_cannot_be_read_nothing_else_is_said(badbuzz, tmp_path, content, said):
    path = tmp_path / "tests.yaml"
    if content:
        path.write_bytes(content)
    run = badbuzz("rules", "test", path)
    assert (2, 1, True) == (run.code, len(run.err.splitlines()), said.format(path=path) in run.err)


def test_a_test_does_what_a_backtest_of_its_mentions_does():
    suite = read_tests(EXAMPLE, CATALOGS)
    case, setup = suite.tests[1], build_setup(suite.settings)
    backtest = Backtest(setup)
    backtest.begin(instant(case.start))
    steps = list(backtest.run((mention, moment(at)) for at, mention, _ in talk(case)))
    assert steps == list(judge(case, setup).steps)
    assert steps


def test_what_is_usual_is_said_as_often_and_when_it_is_said_to_be(tmp_path):
    hours = [0] * 12 + [1] * 12
    chance = f"{{per_hour: 40, for: 30d, hours: {hours}, seed: 4, text: [one, two]}}"
    usual = f"[{chance}, {{every: 6m, for: 1d, from: 30d, text: c}}]"
    start = "2026-03-01T00:00:00+05:00"
    path = written(tmp_path, STORM, expect=["silence: [0s, 1d]"], history=usual, start=start)
    (case,) = read_tests(path, CATALOGS).tests
    said = [(at, mention.text, mention.author.handle) for at, mention, _ in talk(case)]
    chance = [at for at, text, _ in said if text in {"one", "two"}]
    assert 30 * 24 * 40 == pytest.approx(len(chance), rel=0.05)
    assert set(range(12, 24)) == {moment(at).astimezone(case.start.tzinfo).hour for at in chance}
    assert 240 == sum(text == "c" for _, text, _ in said)
    assert len(said) == len({author for _, _, author in said})
    assert said == [(at, mention.text, mention.author.handle) for at, mention, _ in talk(case)]


def test_the_schema_of_such_files_is_printed(badbuzz):
    schema = badbuzz("rules", "schema").json
    assert {"configuration", "brands", "rules", "tests"} == schema["properties"].keys()
    named = {each["$ref"].rpartition("/")[2] for each in references(schema)}
    assert named <= schema["$defs"].keys()


def references(part):
    if isinstance(part, dict):
        yield from [part] if "$ref" in part else []
        for inner in part.values():
            yield from references(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from references(inner)
