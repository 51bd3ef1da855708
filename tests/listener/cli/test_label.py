"""`badbuzz label` and `badbuzz report`: what people say of the tone, and what that comes to."""

import asyncio
import json
import sys
from importlib.util import find_spec

import pytest

from listener.cli import store_access
from listener.store.marks import ModelRow, Wish
from tests.listener.cli.stocked import carry_out, stocked
from tests.listener.pipeline.test_labels import learned, taught
from tests.listener.pipeline.world import opened


@pytest.fixture(autouse=True)
def hurried(monkeypatch):
    monkeypatch.setattr(store_access, "_PATIENCE", 0.0)


@pytest.fixture
def label(badbuzz, tmp_path):
    """Runs `badbuzz label`, on a store of three mentions `file:1` to `file:3`."""
    config = stocked(tmp_path)
    return lambda command, *args, **how: badbuzz("label", command, *args, "--config", config, **how)


def lines(run):
    return [json.loads(line) for line in run.out.splitlines()]


def said(label):
    return {line["id"]: line["label"] for line in lines(label("export"))}


def test_a_mention_is_marked_and_the_mark_taken_back(label, tmp_path):
    run = label("add", "file:1", "positive", "--by", "Léa")
    assert (0, "", "noted: the daemon takes it as soon as it runs\n") == (run.code, run.out, run.err)
    carry_out(tmp_path)
    (line,) = lines(label("export"))
    assert ("file:1", "positive", "acme is slow", "Léa", "picked") == tuple(
        line[name] for name in ("id", "label", "text", "by", "chosen")
    )
    assert 0 == label("undo", "file:1").code
    carry_out(tmp_path)
    assert {} == said(label)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(("file:1", "great"), "'great' is not one of"), (("file:1", "neutral", "--brand", "no"), "there are acme")],
)
def test_what_cannot_be_meant_is_wrong_usage(label, arguments, words):
    run = label("add", *arguments)
    assert (2, "") == (run.code, run.out)
    assert words in run.err


IMPORTED = [
    b'{"id": "file:1", "label": "positive"}',
    b'{"text": "Nul !", "label": "negative", "language": "fr"}',
    b"",
    b'{"id": "tweet-7", "text": "Bon \\u0000", "label": "neutral"}',
    b'{"id": "file:9", "label": "neutral"}',
    b"[",
    b'{"text": "x", "label": "bad"}',
    b'{"label": "negative"}',
    b'{"text": "x", "label": "neutral", "brand": "other"}',
    b"\xff",
    b'{"text": "' + b"x" * 1_000_000 + b'", "label": "neutral"}',
    b'{"id": " ", "text": "last", "label": "neutral"}',
    b'{"id": "", "text": "  ", "label": "neutral"}',
    b'{"id": "a\\u0000b", "text": "x", "label": "neutral"}',
    b'{"id": "", "text": "and one more", "label": "neutral"}',
]


WRONG = [
    ('{"text": "x", "label": "bad"}', "one of negative, neutral, positive: write"),
    ('{"text": "x"}', "one of negative, neutral, positive: write"),
    ('{"text": "x", "label": "neutral", "at": "yesterday"}', 'write "at": "2026-01-31T10:05:00Z"'),
    ('{"text": "x", "label": "neutral", "chosen": 1}', "one of random, asked, picked, imported"),
    ('{"text": "x", "label": "neutral", "brand": "other"}', "there is no brand other: write one of acme"),
    ('{"id": "file:9", "label": "neutral"}', "give its `text` as well"),
    ('{"text": "x", "label": "neutral", "by": "a\\nb"}', "up to 200 characters"),
]


def test_a_bad_line_is_said_with_what_to_write_instead(label, tmp_path):
    (tmp_path / "marks.jsonl").write_text("\n".join(line for line, _ in WRONG))
    *said, _ = label("import", tmp_path / "marks.jsonl").err.splitlines()
    assert [] == [(line, told) for line, (_, told) in zip(said, WRONG, strict=True) if told not in line]


def test_a_bad_line_is_named_and_no_good_one_is_lost(label, tmp_path):
    file = tmp_path / "marks.jsonl"
    file.write_bytes(b"\n".join(IMPORTED))
    run = label("import", file)
    assert (1, "") == (run.code, run.out)
    numbers = [line.partition(":")[0] for line in run.err.splitlines()]
    assert [f"line {number}" for number in (5, 6, 7, 8, 9, 10, 11, 13, 14)] == numbers[:-1]
    assert "noted: 5 marks, which the daemon takes as soon as it runs; 9 lines refused" == run.err.splitlines()[-1]
    file.write_text("\n")
    assert (0, "there were no marks; 0 lines refused\n") == (label("import", file).code, label("import", file).err)
    carry_out(tmp_path)
    found = lines(label("export"))
    assert {
        "acme is slow": "positive",
        "Nul !": "negative",
        "Bon \ufffd": "neutral",
        "last": "neutral",
        "and one more": "neutral",
    } == {line["text"]: line["label"] for line in found}
    assert {"fr"} == {line["language"] for line in found if line["text"] == "Nul !"}


def test_what_was_exported_can_be_imported_again_and_elsewhere_with_all_that_is_in_it(badbuzz, label, tmp_path):
    (tmp_path / "first.jsonl").write_bytes(b"\n".join(IMPORTED[:4]))
    label("import", tmp_path / "first.jsonl", "--by", "Léa")
    asyncio.run(_mark_heard(tmp_path))
    asyncio.run(_delete(tmp_path, "r1"))
    exported = label("export").out
    (tmp_path / "second.jsonl").write_text(exported)
    (tmp_path / "other").mkdir()
    other = stocked(tmp_path / "other")
    for config in (tmp_path / "badbuzz.yaml", other):
        assert 0 == badbuzz("label", "import", tmp_path / "second.jsonl", "--config", config).code
        asyncio.run(_an_hour_later(config.parent))
        by_name = (sorted(out.splitlines()) for out in (exported, badbuzz("label", "export", "--config", config).out))
        assert next(by_name) == next(by_name)
    (status,) = lines(badbuzz("label", "status", "--json", "--config", other))
    (report,) = (each for each in lines(badbuzz("report", other, "--json")) if each.get("language") == "en")
    assert (64, 64, 1) == (status["random"], report["random"], status["without_text"])


async def _an_hour_later(folder):
    async with opened(folder) as world:
        world.clock.move(hours=1)
        await world.ledger.write([])


async def _delete(folder, name):
    async with opened(folder) as world:
        await world.hear(world.said(name, op="delete"))


def test_what_claims_to_be_drawn_at_random_measures_only_if_it_says_over_what(badbuzz, label, tmp_path):
    marked(tmp_path, label, 20, "random")
    (status,) = lines(label("status", "--json"))
    (report,) = (
        each for each in lines(badbuzz("report", tmp_path / "badbuzz.yaml", "--json")) if each["type"] == "quality"
    )
    assert (0, 0) == (status["random"], report["random"])


def test_mentions_are_listed_by_the_names_that_marks_take(label, tmp_path):
    label("add", "file:1", "positive")
    asyncio.run(_say_more(tmp_path))
    listed = lines(label("list", "--json"))
    found = {each["id"]: (each["label"], each["scorer"]) for each in listed}
    assert (("positive", "person"), ("neutral", "vader")) == (found["file:1"], found["file:2"])
    found = lines(label("list", "--json", "--label", "neutral", "--limit", "2", "--brand", "acme"))
    assert ["neutral"] * 2 == [each["label"] for each in found]
    out = label("list", "--label", "positive").out.splitlines()
    assert ["mention", "label", "tone", "judged by"] == out[0].split("  ")[:1] + out[0].split()[1:3] + ["judged by"]
    assert ("file:1", "acme is slow") == (out[1].split()[0], out[2].strip())
    assert "no mention of acme is unsupported" in label("list", "--label", "unsupported").out


@pytest.mark.skipif(not find_spec("py3langid"), reason="an extra")
def test_an_import_asks_what_the_daemon_asks_for_languages(label, tmp_path):
    _ask_the_library(tmp_path)
    line = {"text": "Acme vergonha total", "label": "negative"}
    (tmp_path / "marks.jsonl").write_text(json.dumps(line))
    label("import", tmp_path / "marks.jsonl")
    carry_out(tmp_path)
    assert ["pt"] == [line["language"] for line in lines(label("export"))]


def _ask_the_library(folder):
    config = folder / "badbuzz.yaml"
    config.write_text(config.read_text().replace("daemon: {", "daemon: {detection: py3langid, "))


def test_an_import_without_what_tells_languages_says_how_to_get_it(label, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "py3langid", None)
    _ask_the_library(tmp_path)
    (tmp_path / "marks.jsonl").write_bytes(IMPORTED[1])
    run = label("import", tmp_path / "marks.jsonl")
    assert (2, True) == (run.code, "badbuzz[language]" in run.err)


def test_a_file_that_is_not_there_is_said_so(label, tmp_path):
    run = label("import", tmp_path / "none.jsonl")
    assert (1, "") == (run.code, run.out)
    assert "none.jsonl: No such file" in run.err


def test_mentions_are_marked_one_key_each_with_a_way_back(label, tmp_path):
    told = asyncio.run(_say_more(tmp_path))
    run = label("ask", answers="x1u3 2q", at_a_terminal=True)
    assert 0 == run.code
    assert "2 marked" in run.err
    assert "vader" not in run.out
    carry_out(tmp_path)
    found = said(label)
    assert ["neutral", "positive"] == sorted(found.values())
    assert found.keys() <= told
    again = label("ask", answers="", at_a_terminal=True)
    assert f"1/{len(told) - 2}" in again.out


def test_the_last_answer_can_be_taken_back_too(label, tmp_path):
    asyncio.run(_say_more(tmp_path))
    run = label("ask", "--limit", "2", "--brand", "acme", answers="111u3q", at_a_terminal=True)
    assert (0, True) == (run.code, "2 marked" in run.err)
    carry_out(tmp_path)
    assert ["negative", "positive"] == sorted(said(label).values())


async def _say_more(folder):
    """More texts than the one of the stocked mentions."""
    async with opened(folder) as world:
        await world.hear(*(world.said(f"m{number}", f"acme is number {number}") for number in range(6)))
        return {f"file:m{number}" for number in range(6)} | {"file:3"}


def test_nobody_is_asked_without_a_terminal_and_the_way_is_told(label):
    run = label("ask")
    assert 2 == run.code
    assert "badbuzz label add" in run.err


def test_the_status_says_whether_a_model_is_used_and_why(label, tmp_path):
    (before,) = lines(label("status", "--json"))
    assert (0, None) == (before["marks"], before["model"])
    assert "20 new marks" in before["why"]
    asyncio.run(_teach(tmp_path, learned().model))
    (after,) = lines(label("status", "--json"))
    assert (16, True, {"en"}) == (len(after["model"]), after["languages"]["en"]["used"], set(after["languages"]))
    assert "the marks are used" in label("status").out
    assert (60, "60 that it learnt from are gone" in label("status").out) == (after["gone"], True)


def test_a_stored_model_that_cannot_be_used_is_said(label, tmp_path):
    asyncio.run(_teach(tmp_path, b"corrupt"))
    (found,) = lines(label("status", "--json"))
    assert None is found["model"]
    assert found["why"].startswith("the stored model cannot be used: ")


async def _teach(folder, body):
    async with opened(folder) as world:
        work = taught(learned().model)
        row = ModelRow(brand="acme", at=0, until=0, hash=work.row.hash, body=body, study=work.row.study)
        await world.ledger.write([type(work)(row=row, model=work.model)])


def marked(tmp_path, label, count, chosen):
    rows = [
        {"text": f"this is {word} {number}", "label": tone, "language": "en", "chosen": chosen}
        for number in range(count)
        for word, tone in (("terrible", "negative"), ("great", "positive"))
    ]
    file = tmp_path / "many.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    label("import", file)
    carry_out(tmp_path)


def test_the_report_measures_each_language_and_says_it_for_programs(badbuzz, label, tmp_path):
    marked(tmp_path, label, 40, "imported")
    asyncio.run(_mark_heard(tmp_path))
    run = badbuzz("report", tmp_path / "badbuzz.yaml", "--json")
    (line,) = [line for line in lines(run) if line["type"] == "quality"]
    assert (0, "quality", "acme", "en", 144, 64) == (
        run.code,
        *(line[name] for name in ("type", "brand", "language", "marks", "random")),
    )
    assert ("random", 64) == (line["basis"], line["in_force"]["n"])
    value, low, high = line["in_force"]["negative_recall"]
    assert (0.5, True) == (value, 0 < low < value < high < 1)
    assert {"change", "worse"} == line["drift"].keys()


async def _mark_heard(folder):
    """64 mentions drawn at random, of which half the negative ones were taken for neutral."""
    async with opened(folder) as world:
        texts = ["acme is terrible", "acme is bare", "acme is great", "acme is great"] * 16
        named = [(f"r{number}", f"{text} {number}") for number, text in enumerate(texts)]
        await world.hear(*(world.said(name, text) for name, text in named))
        wishes = [
            (f"file:{name}", Wish(brand="acme", label="positive" if "great" in text else "negative", chosen="random"))
            for name, text in named
        ]
        await world.views.ask_labels(wishes, "Léa", world.clock.now())
        await world.ledger.write([])


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("fr", ["Anglais", "64 mentions annotées, dont 64 au hasard", "Sur dix mentions négatives, 5 sont reconnues"]),
        ("en", ["English", "64 marks, 64 of mentions drawn at random", "Of ten negative mentions, 5 are heard"]),
    ],
)
def test_the_report_speaks_plainly_in_both_languages(badbuzz, label, tmp_path, language, words):
    asyncio.run(_mark_heard(tmp_path))
    run = badbuzz("report", tmp_path / "badbuzz.yaml", "--language", language)
    assert ([], 0) == ([word for word in words if word not in run.out], run.code)


@pytest.mark.parametrize(
    ("language", "words"),
    [("fr", "ce que valent les seuls mots de la langue"), ("en", "how well the words of the language do alone")],
)
def test_marks_that_were_brought_measure_the_words_of_the_language(badbuzz, label, tmp_path, language, words):
    marked(tmp_path, label, 20, "imported")
    said = badbuzz("report", tmp_path / "badbuzz.yaml", "--language", language).out
    assert words in said
    assert ("10 sont reconnues" if language == "fr" else "10 are heard as negative") in said


def test_the_report_says_when_there_is_too_little_to_tell(badbuzz, label, tmp_path):
    run = badbuzz("report", tmp_path / "badbuzz.yaml", "--brand", "acme")
    assert "Too few to say how good the tone is" in run.out or "trop peu" in run.out
