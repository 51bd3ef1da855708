"""Charts: bounded, the same each time, and in words that anybody reads."""

import json
import re
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from xml.etree.ElementTree import fromstring

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener.charts.draw import draw
from listener.charts.picture import MOST_BUCKETS, Alarm, Bucket, Panel, Series, Stretch
from listener.cli.charting import LabelError, read_known
from tests.listener.pipeline.world import configured

LIBRARY = pytest.mark.skipif(not find_spec("matplotlib"), reason="an extra: badbuzz[chart]")
SVG = "{http://www.w3.org/2000/svg}"
BEGIN = datetime(2026, 11, 14, 22, 0, tzinfo=UTC)
MINUTE = int(BEGIN.timestamp()) // 60


@given(
    counts=st.lists(st.tuples(st.integers(1, 4_000), st.integers(0, 50)), min_size=1, max_size=60),
    width=st.sampled_from([1, 5, 7, 60]),
)
def test_a_series_is_bounded_and_loses_no_count(counts, width):
    series, minute = Series(width), MINUTE
    for pause, count in counts:
        minute += pause * width
        series.add(Bucket(begin=minute, count=count, expected=1.0, high=4.0))
    begins = [bucket.begin for bucket in series.buckets]
    assert sum(count for _, count in counts) == sum(bucket.count for bucket in series.buckets)
    assert len(counts) == round(sum(bucket.expected for bucket in series.buckets))
    assert begins == sorted(set(begins))
    assert begins[-1] - begins[0] < MOST_BUCKETS * series.width
    assert all(begin % series.width == 0 for begin in begins)
    # of many together less is unusual than of each
    assert all(bucket.expected < bucket.high <= 4 * bucket.expected for bucket in series.buckets)


def panel(alarms, title="Acme Air", known=True):
    series = Series(15)
    for number in range(96):
        expected = {} if number in {40, 41} else {"expected": 4.0, "high": 11.0}
        series.add(Bucket(begin=MINUTE + 15 * number, count=number % 7, **expected))
    opened = [BEGIN + timedelta(hours=1 + number) for number in range(alarms)]
    return Panel(
        title=title,
        series=series,
        what="negative",
        alarms=[Alarm(at=at, severity="critical", said=f"{number} mentions") for number, at in enumerate(opened)],
        incidents=[Stretch(since=at, until=at + timedelta(minutes=5)) for at in opened],
        known=[Stretch(since=BEGIN, until=BEGIN + timedelta(hours=2))] if known else [],
    )


@LIBRARY
@pytest.mark.parametrize(
    ("language", "said"),
    [
        (
            "fr",
            "Ce qui est habituel|mentions négatives en 15|Alerte, critique|1 · dimanche 15 novembre, 0|heure de Paris",
        ),
        (
            "en",
            "What is usual|negative mentions in 15|Alarm, critical|1 · Sunday 15 November, 0:00: critical|Paris time",
        ),
    ],
)
def test_a_chart_says_what_it_shows_in_the_words_and_time_of_its_reader(tmp_path, language, said):
    file = tmp_path / "chart.svg"
    hostile = "Acme $x^{2 <b>& 日本 \u202e\x07" + " long" * 60
    draw([panel(12, hostile), Panel(title="empty", series=Series(5))], file, language, "Europe/Paris")
    shown = file.read_text(encoding="utf-8")
    assert [] == [words for words in said.split("|") if words not in shown]
    assert "Acme $x^{2 &lt;b&gt;&amp;" in shown.replace(r"\$", "$")
    assert {"Rien n’a été compté", "Nothing was counted"} & set(shown.replace("<", ">").split(">"))


@LIBRARY
@pytest.mark.parametrize("suffix", ["png", "svg"])
def test_the_same_values_give_the_same_picture(tmp_path, suffix):
    files = [tmp_path / f"{number}.{suffix}" for number in range(2)]
    for file in files:
        draw([panel(1)], file, "en", "UTC")
    first, second = (file.read_bytes() for file in files)
    assert first == second
    assert first.startswith((b"\x89PNG", b"<?xml"))


def counts(folder):
    file = folder / "counts.csv"
    values = [*[2, 3, 1, 4, 2, 0, 3, 2, 5, 1] * 60, 30, 60, 80, 90, 90, 80]
    rows = (f"{BEGIN + timedelta(minutes=5 * n):%Y-%m-%d %H:%M:%S},{value}" for n, value in enumerate(values))
    file.write_text("\n".join(rows), encoding="utf-8")
    return file


@LIBRARY
def test_detect_draws_what_it_answers(badbuzz, tmp_path):
    chart, known = tmp_path / "c.svg", tmp_path / "known.json"
    known.write_text('[["2026-11-16T23:00", "2026-11-17T01:00Z"]]')
    file = counts(tmp_path)
    asked = ["--chart", chart, "--labels", known, "--language", "fr", "--time-zone", "Europe/Paris"]
    run = badbuzz("detect", file, *asked)
    assert (0, f"drawn: {chart}\n", badbuzz("detect", file).out) == (run.code, run.err, run.out)
    shown = chart.read_text(encoding="utf-8")
    assert "mercredi 18" not in shown
    assert "mardi 17 novembre, 1" in shown
    assert "Événement connu" in shown


@LIBRARY
def test_backtest_draws_what_would_have_rung_and_prints_the_same(badbuzz, tmp_path):
    configured(tmp_path, brands="acme: {query: acme, name: Acme Air, languages: [en]}")
    config, file, chart = tmp_path / "badbuzz.yaml", tmp_path / "r.jsonl", tmp_path / "c.svg"
    lines = [
        {"id": str(n), "text": "acme", "observed_at": (BEGIN + timedelta(minutes=n)).isoformat()} for n in range(10)
    ]
    file.write_text("\n".join(map(json.dumps, lines)))
    run = badbuzz("backtest", config, file, "--chart", chart, "--language", "fr")
    assert badbuzz("backtest", config, file).out == run.out
    shown = chart.read_text(encoding="utf-8")
    assert [] == [words for words in ("Acme Air", "3 mentions (many)", "Incident ouvert") if words not in shown]


@LIBRARY
def test_a_backtest_of_nothing_has_an_empty_chart(badbuzz, tmp_path):
    configured(tmp_path)
    (tmp_path / "r.jsonl").touch()
    run = badbuzz("backtest", tmp_path / "badbuzz.yaml", tmp_path / "r.jsonl", "--chart", tmp_path / "c.svg")
    assert 0 == run.code
    assert "Nothing was counted" in (tmp_path / "c.svg").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (["--chart", "c.gif"], "c.gif is neither .png nor .svg"),
        (["--chart", "/nowhere/c.png"], "there is no folder /nowhere"),
        (["--labels", "x.csv"], "add --chart FILE"),
    ],
)
def test_a_chart_that_cannot_be_drawn_is_said_before_the_work(badbuzz, tmp_path, asked, said):
    run = badbuzz("detect", counts(tmp_path), *asked)
    assert (2, "") == (run.code, run.out)
    assert said in " ".join(run.err.replace("│", " ").split())


def test_without_the_library_the_hint_says_what_to_install(badbuzz, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    run = badbuzz("detect", counts(tmp_path), "--chart", tmp_path / "c.png")
    assert 2 == run.code
    assert "install `badbuzz[chart]`" in " ".join(run.err.split())


def test_what_is_known_is_read_from_csv_and_json(tmp_path):
    csv, listed = tmp_path / "known.csv", tmp_path / "known.json"
    csv.write_text("start,end,name\n2026-11-14T22:00,2026-11-14T23:00+00:00,Panne\n\n")
    listed.write_text('[{"start": "2026-11-14T22:00Z", "end": "2026-11-15T00:00+01:00", "name": "Panne"}]')
    expected = [Stretch(since=BEGIN, until=BEGIN + timedelta(hours=1), name="Panne")]
    assert expected == read_known(csv) == read_known(listed)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2026-11-14T22:00\n", "1: write start,end"),
        ("2026-11-14T22:00,noon\n", "1: not a time: 'noon'"),
        ("start,end\n2026-11-14T22:00,2026-11-14T21:00\n", "2: it ends before it begins"),
        ('{"a": []}', "not a list"),
        ("[3]", "1: write start,end"),
        ("[", "not JSON"),
    ],
)
def test_what_is_known_and_cannot_be_read_is_said_with_its_place(tmp_path, text, said):
    file = tmp_path / "known"
    file.write_text(text)
    with pytest.raises(LabelError, match=said):
        read_known(file)


@LIBRARY
@pytest.mark.parametrize("alarms", [7, 30])
def test_each_alarm_has_a_line_of_its_own_and_all_keys_fit_the_page(tmp_path, alarms):
    shown = panel(alarms)
    levels = ("info", "warning", "critical")
    shown.alarms = [
        replace(each, severity=levels[n % 3], said="many negative mentions of large accounts, usually 3 (a-long-name)")
        for n, each in enumerate(shown.alarms)
    ]
    draw([shown], file := tmp_path / "chart.svg", "fr", "UTC")
    texts = fromstring(file.read_text(encoding="utf-8")).iter(f"{SVG}text")
    places = [(each.text, *map(float, re.findall(r"-?\d+\.\d+", each.get("transform"))[-2:])) for each in texts]
    lines = [y for text, _, y in places if text and " · " in text]
    assert min(alarms, 10) == len(lines) == len({round(y) for y in lines})
    keys = [x for text, x, _ in places if text in {"Ce qui a été compté", "Événement connu", "Alerte, critique"}]
    assert 3 == len(keys)
    assert all(0 <= x < 12 * 72 - 80 for x in keys)
