"""`badbuzz detect`: counts in, readings out, each before the next is read."""

import gzip
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
import typer
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from listener.cli.detect import command

PROGRAM = typer.Typer()
PROGRAM.command()(command)
HEAD = "timestamp,value,expected,score,alarm"
BEGIN = datetime(2026, 11, 1, tzinfo=UTC)


def run(text: str | bytes, *args: str) -> Result:
    return CliRunner().invoke(PROGRAM, ["-", *args], input=text)


def answers(result: Result) -> list[list[str]]:
    head, *lines = result.stdout.splitlines()
    assert HEAD == head
    return [line.split(",") for line in lines]


def rows(counts, every=5, begin=BEGIN):
    return "".join(
        f"{begin + timedelta(minutes=every * number):%Y-%m-%d %H:%M:%S},{count}\n"
        for number, count in enumerate(counts)
    )


CALM = [2, 3, 1, 4, 2, 0, 3, 2, 5, 1] * 60
CRISIS = [*CALM, 30, 60, 80, 90, 90, 80]


def test_a_crisis_is_an_alarm_in_one_row_and_again_once_it_was_over():
    found = answers(run(rows([*CRISIS, *CALM, 200, 200])))
    alarms = [number for number, answer in enumerate(found) if answer[4] == "1"]
    second = len(CRISIS) + len(CALM)
    assert 2 == len([number for number in alarms if number > 300])
    assert alarms[-2] in range(len(CALM), len(CRISIS))
    assert alarms[-1] in range(second, second + 2)
    assert {"0", "1"} == {answer[4] for answer in found}


def test_a_score_is_told_where_it_is_new():
    found = [float(answer[3]) for answer in answers(run(rows([*CRISIS, *[80] * 20])))][len(CALM) :]
    told = [score for score in found if score]
    assert 7 < max(told)
    assert all(later > earlier + 0.7 for earlier, later in pairwise(told))
    assert len(told) < len(found)


def test_a_smaller_budget_rings_later_or_not_at_all():
    def last(budget: str) -> list[int]:
        found = answers(run(rows([*CALM, *range(3, 60)]), "--budget", budget))
        return [number for number, answer in enumerate(found) if answer[4] == "1" and number >= len(CALM)]

    often, seldom = last("30 per day"), last("1 per year")
    assert often[0] < min(seldom, default=len(CRISIS) * 9)


def test_each_row_is_answered_before_the_next_is_written_and_as_from_a_file(badbuzz, tmp_path):
    lines = rows([1, 2, 0, 50, 60, 3]).splitlines()
    with subprocess.Popen(
        [sys.executable, "-m", "listener.cli.main", "detect", "-"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
    ) as process:  # fmt: skip
        got = [process.stdout.readline()]
        for line in lines:
            process.stdin.write(line + "\n")
            process.stdin.flush()
            got.append(process.stdout.readline())
            assert got[-1].startswith(line + ",")
        process.stdin.close()
        assert "" == process.stdout.read()
        assert 0 == process.wait(60)
    (tmp_path / "counts.csv").write_text("\n".join(lines))
    from_file = badbuzz("detect", tmp_path / "counts.csv")
    assert (0, "".join(got), "") == (from_file.code, from_file.out, from_file.err)


COUNTS = st.lists(st.one_of(st.integers(0, 9), st.integers(0, 10**12), st.sampled_from(["", "NaN", "-1", "x"])))


@settings(max_examples=40, deadline=None)
@given(COUNTS.filter(len), st.data())
def test_the_beginning_of_a_series_is_answered_as_the_whole(counts, data):
    part = data.draw(st.integers(0, len(counts)))
    whole, beginning = (run(rows(some)).stdout for some in (counts, counts[:part]))
    assert whole.startswith(beginning)


def test_times_in_any_zone_are_answered_in_utc_and_those_in_utc_as_written():
    times = [
        "2026-11-01T00:00:00Z",
        "2026-11-01 00:05:00",
        "2026-11-01T01:10:00+01:00",
        "2026-11-01 00:15:00.250+00:00",
    ]
    found = answers(run("".join(f"{time},4\n" for time in times)))
    assert [times[0], times[1], "2026-11-01T00:10:00Z", times[3]] == [answer[0] for answer in found]
    plain = answers(run(rows([4, 4, 4, 4])))
    assert [answer[2:] for answer in plain[:3]] == [answer[2:] for answer in found[:3]]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda text: "timestamp,value\n" + text, id="header"),
        pytest.param(lambda text: "\ufeffDatum,Anzahl\n" + text, id="bom"),
        pytest.param(lambda text: text.replace("\n", "\r\n"), id="crlf"),
        pytest.param(lambda text: text.replace(",", ";"), id="semicolons"),
        pytest.param(lambda text: text.replace("\n", "\n\n").rstrip(), id="blank lines and no end"),
        pytest.param(lambda text: "".join(f'"{line[:19]}", {line[20:]}\n' for line in text.splitlines()), id="quotes"),
    ],
)
def test_the_same_counts_written_otherwise_are_answered_alike(change):
    plain, other = run(rows(CRISIS[-99:])), run(change(rows(CRISIS[-99:])).encode())
    assert (0, plain.stdout, "") == (other.exit_code, other.stdout, other.stderr)


@pytest.mark.parametrize("value", ["", "NaN"])
def test_what_was_not_measured_passes_and_is_not_learnt_as_if_its_row_were_missing(value):
    lines = rows([5, 6, 7, value, 40]).splitlines(keepends=True)
    with_row, without = run("".join(lines)), run("".join(lines[:3] + lines[4:]))
    found = with_row.stdout.splitlines()
    assert without.stdout.splitlines() == [*found[:4], found[5]]
    assert (0, ["0", "0"]) == (with_row.exit_code, found[4].split(",")[3:])


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("2026-11-01 00:10:00,-3", "not a count: -3; write a whole number from 0 to 1000000000000"),
        ("2026-11-01 00:10:00,inf", "not a count: inf"),
        ("2026-11-01 00:10:00,2.5", "not a count: 2.5"),
        ("2026-11-01 00:10:00,1e13", "not a count: 1e13"),
        ("2026-11-01 00:10:00," + "9" * 400, "not a count: 9999"),
        ("2026-11-01 00:10:00,1_000", "not a number: 1"),
        ("2026-11-01 00:10:00,NA", "not a number: NA"),
        ("2026-11-01 00:10:00,1\0002", "not a number: 12"),
        ("2026-11-01 00:10:00,many\x1b[2J", "not a number: many[2J"),
        ("2026-11-01 00:10:00,3,5", "3 columns: write timestamp,value"),
        ("2026-11-01 00:10:00", "1 column: write timestamp,value"),
        ("2026-11-31 00:10:00,3", "not a time: 2026-11-31 00:10:00"),
        ("0001-01-01T00:00+14:00,3", "not a time: "),
        ("yesterday,3", "not a time: yesterday; write 2026-01-31 10:05:00 (UTC)"),
        ("2026-11-01 00:05:00,3", "not later than the row before it"),
        ("2026-11-01T00:59:00+01:00,3", "not later than the row before it"),
        ("2026-11-01 00:06:00,3", "less than half a bin (5m) after the row before it; give the length"),
        ("1700000000,3", "not a time: 1700000000"),
        ("2026-11-01 00:10:00 Europe/Paris,3", "not a time: "),
        ("timestamp,value", "not a time: timestamp"),
        ("2062-11-01 00:10:00,3", "more than 366 days after the row before it: is its year right?"),
        ("2026-11-01 00:10:00,3\r2026-11-01 00:15:00,4", "lines end in CR alone"),
        ('"2026-11-01 00:10:00,3', "not CSV: "),
        ("2026-11-01 00:10:00,\udcff", "not UTF-8"),
        ("9" * 20_000, "longer than 10000 bytes"),
    ],
)  # fmt: skip
def test_a_row_that_cannot_be_used_is_said_answered_in_its_place_and_left_out(line, said):
    before, after = rows([3, 4]), rows([5, 30], begin=BEGIN + timedelta(minutes=10))
    result = run((before + line + "\n" + after).encode(errors="surrogateescape"))
    assert 1 == result.exit_code
    assert result.stderr.startswith(f"line 3: {said}")
    bad = result.stdout.splitlines()[3]
    assert bad.endswith(",,0,0")
    assert run(before + after).stdout == result.stdout.replace(bad + "\n", "")


@pytest.mark.parametrize("text", ["", "timestamp,value\n", "\n\n"])
def test_where_there_are_no_counts_that_is_said(text):
    result = run(text)
    assert (0, HEAD + "\n", "there were no counts\n") == (result.exit_code, result.stdout, result.stderr)


def test_the_length_of_a_bin_is_that_between_the_first_rows_or_as_given():
    text = rows([4, 4, 4, 90], every=10)
    assert run(text).stdout.splitlines()[2:] == run(text, "--every", "10m").stdout.splitlines()[2:]
    assert run(text).stdout != run(text, "--every", "5m").stdout
    short = run(rows([4, 4, 4], every=0.5))
    assert (1, 1) == (short.exit_code, len(answers(short)))
    assert "line 2: bins of 30s are not read: from 1 minute to 1 hour; --every says how long they are\n" == short.stderr


@pytest.mark.parametrize(
    "args", [("--budget", "often"), ("--budget", "0 per day"), ("--every", "5"), ("--every", "2h")]
)
def test_what_is_asked_wrongly_is_a_usage_error(args):
    assert 2 == run("", *args).exit_code


def test_a_file_that_is_not_there_is_a_usage_error(badbuzz, tmp_path):
    result = badbuzz("detect", tmp_path / "none.csv")
    assert 2 == result.code
    assert "cannot read" in result.err


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (gzip.compress(b"timestamp,value", mtime=0), "packed with gzip: unpack it first"),
        (b"PK\x03\x04 and so on", "a zip file or a workbook"),
        ("\ufefftimestamp,value".encode("utf-16"), "UTF-16: save it as UTF-8 first"),
    ],
)
def test_what_is_no_text_is_refused_at_once(badbuzz, tmp_path, content, said):
    (tmp_path / "counts.csv").write_bytes(content)
    result = badbuzz("detect", tmp_path / "counts.csv")
    assert (2, HEAD + "\n") == (result.code, result.out)
    assert f"counts.csv is {said}" in result.err


def test_a_gap_is_answered_like_the_rows_it_lacks_were_never_counted():
    with_gap = rows(CALM) + rows(CALM, begin=BEGIN + timedelta(days=40))
    assert 0 == run(with_gap).exit_code
    assert 2 * len(CALM) == len(answers(run(with_gap)))
