"""`badbuzz add`: one more source or channel, and the rest as it was."""

import stat
from pathlib import Path

import pytest

from tests.listener.cli.conftest import Badbuzz

TEXT = """\
# ours
operator: {to: phone}
brands: {acme: {query: acme}}   # one
sources:
  press: {kind: feed, urls: [https://example.org/rss]}   # the press

  # more may come
rules: {bad-buzz: {kind: spike}}
channels:
  phone: {kind: ntfy,   server: https://ntfy.example, topic: !secret env:TOPIC}
routes: [{to: phone}]
"""


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TOPIC", "a-topic")
    Path("badbuzz.yaml").write_text(TEXT, encoding="utf-8")
    Path("badbuzz.yaml").chmod(0o640)


def text() -> str:
    return Path("badbuzz.yaml").read_text(encoding="utf-8")


def files() -> list[str]:
    return sorted(path.name for path in Path().rglob("*") if path.is_file())


def test_a_source_is_tried_and_added_with_everything_else_unchanged(badbuzz: Badbuzz, web: str) -> None:
    run = badbuzz("add", "feed", "blog", f"urls={web}/feed.xml", "allow_private=true")
    added = f"  blog:\n    kind: feed\n    urls: [{web}/feed.xml]\n    allow_private: true\n"
    assert (run.code, "source blog: fine: 2 mentions\n" in run.err) == (0, True), run.err
    assert text() == TEXT.replace("# the press\n", "# the press\n" + added)
    assert stat.S_IMODE(Path("badbuzz.yaml").stat().st_mode) == 0o640


def test_what_does_not_work_is_not_added(badbuzz: Badbuzz, web: str) -> None:
    run = badbuzz("add", "feed", "blog", f"urls={web}/gone.xml", "allow_private=true")
    assert (run.code, text(), files()) == (1, TEXT, ["badbuzz.yaml"])
    assert "source blog: failed: " in run.err


def test_it_asks_for_every_option_with_its_description(badbuzz: Badbuzz, web: str) -> None:
    run = badbuzz(
        "add", "ntfy", "spare", answers=f"{web}\nanother-topic\nSecond phone\nfr\n\n\n\n\n", at_a_terminal=True
    )
    assert (run.code, "Address of the ntfy server" in run.err) == (0, True), run.err
    assert text().count("language: fr") == 1
    assert badbuzz("check").code == 0


def test_a_secret_goes_to_a_file_of_its_owner_alone(badbuzz: Badbuzz) -> None:
    badbuzz("add", "ntfy", "spare", "server=https://ntfy.example", "topic=hush-hush", "--no-try")
    secret = Path("secrets/spare-topic")
    assert "topic: !secret file:secrets/spare-topic" in text()
    assert (secret.read_text(), stat.S_IMODE(secret.stat().st_mode)) == ("hush-hush\n", 0o600)


def test_a_secret_can_stay_in_the_environment(badbuzz: Badbuzz) -> None:
    first = badbuzz("add", "ntfy", "a", "server=https://ntfy.example", "topic=hush", "--no-try", "--secrets", "env")
    badbuzz("add", "ntfy", "b", "server=https://ntfy.example", "topic=env:TOPIC", "--no-try")
    assert ("topic: !secret env:A_TOPIC" in text(), "topic: !secret env:TOPIC\n" in text()) == (True, True)
    assert ("A_TOPIC" in first.err, "hush" in first.err + text()) == (True, False)
    assert files() == ["badbuzz.yaml"]


def test_wrong_options_are_said_in_words_and_leave_no_trace(badbuzz: Badbuzz) -> None:
    runs = [
        badbuzz("add", "ntfy", "b", "server=ftp://x", "topic=hush-hush", "--no-try"),
        badbuzz("add", "ntfy", "phone", "server=https://ntfy.example", "topic=hush-hush", "--no-try"),
        badbuzz("add", "ntfy", "Not a name", "server=https://ntfy.example", "topic=hush-hush", "--no-try"),
    ]
    assert [run.code for run in runs] == [1, 1, 1]
    assert "channels.b.server: " in runs[0].err
    assert "hush" not in "".join(run.err for run in runs)
    assert (text(), files()) == (TEXT, ["badbuzz.yaml"])


def test_a_wrong_command_line_is_a_usage_error(badbuzz: Badbuzz) -> None:
    lines = [
        ("fede",),
        ("spike",),
        ("ntfy", "a", "b"),
        ("ntfy", "a", "tpic=x"),
        ("ntfy", "a", "topic=env:NOT_SET", "server=x"),
    ]
    assert [badbuzz("add", *line).code for line in lines] == [2] * len(lines)
    assert "add it untried with --no-try" in badbuzz("add", *lines[-1]).err
    assert "did you mean 'topic'?" in badbuzz("add", "ntfy", "a", "tpic=x").err


def test_a_channel_that_no_route_names_is_pointed_out(badbuzz: Badbuzz) -> None:
    run = badbuzz("add", "console", "out", "language=fr")
    assert (run.code, "no route leads to it yet" in run.err) == (0, True)


def test_a_broken_file_is_left_alone(badbuzz: Badbuzz) -> None:
    Path("badbuzz.yaml").write_text("brands: [\n", encoding="utf-8")
    run = badbuzz("add", "console", "out", "language=fr")
    assert (run.code, text(), "broken YAML" in run.err) == (1, "brands: [\n", True)


def test_without_a_configuration_init_is_the_way(badbuzz: Badbuzz) -> None:
    run = badbuzz("add", "console", "--config", "gone.yaml")
    assert (run.code, "badbuzz init gone.yaml" in run.err) == (1, True)


def test_a_wrong_answer_is_asked_again_with_the_reason(badbuzz: Badbuzz, web: str) -> None:
    answers = [
        "ftp://x",
        web,
        "a topic",
        "env:NOT_SET",
        "a-topic",
        "Second phone",
        "deutsch",
        "fr",
        "Europe/Pari",
        "Europe/Paris",
        *("", "", ""),
    ]
    run = badbuzz("add", "ntfy", "spare", answers="\n".join([*answers, ""]), at_a_terminal=True)
    reasons = ["http", "a topic is 1 to 64", "NOT_SET is not set", "'fr' or 'en'", "did you mean 'Europe/Paris'?"]
    assert (run.code, [reason for reason in reasons if reason not in run.err]) == (0, []), run.err
    assert (badbuzz("check").code, Path("secrets/spare-topic").read_text()) == (0, "a-topic\n")


def test_without_a_terminal_nobody_is_asked(badbuzz: Badbuzz) -> None:
    run = badbuzz("add", "ntfy", "spare", "server=https://ntfy.example")
    assert (run.code, "topic: nobody can be asked, as this is no terminal" in run.err, text()) == (2, True, TEXT)
    assert badbuzz("add", "console", "out").code == 0


def test_a_name_that_is_taken_is_said_before_anything_is_asked(badbuzz: Badbuzz) -> None:
    run = badbuzz("add", "feed", "press", at_a_terminal=True)
    said = "badbuzz.yaml:5: there is a source 'press' already; nothing was changed\n"
    assert (run.code, run.err.startswith(said), text()) == (1, True, TEXT), run.err


def test_what_was_added_needs_a_reload(badbuzz: Badbuzz) -> None:
    assert "systemctl reload badbuzz" in badbuzz("add", "console", "out", "language=fr").err


def test_a_secret_of_the_service_need_not_be_here_when_nothing_is_tried(badbuzz: Badbuzz) -> None:
    runs = [
        badbuzz("add", "push", "in", "secrets=env:PUSH", "--no-try"),
        badbuzz("add", "ntfy", "third", "server=https://ntfy.example", "topic=credential:topic", "--no-try"),
    ]
    assert [run.code for run in runs] == [0, 0], runs[0].err + runs[1].err
    assert ("secrets: [!secret env:PUSH]" in text(), "topic: !secret credential:topic" in text()) == (True, True)
    assert "environment variable PUSH is not set (set it before badbuzz starts)" in runs[0].err
