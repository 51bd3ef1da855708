"""Durations and names as an operator writes them."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from config.model import Duration, Model, TimeZone, Until, format_duration, parse_duration
from config.settings import Daemon, split_address


class Options(Model):
    every: Duration = timedelta(minutes=5)
    zone: TimeZone = "UTC"


@given(st.integers(0, 10**12))
def test_every_duration_reads_back_as_written(milliseconds: int) -> None:
    span = timedelta(milliseconds=milliseconds)
    assert parse_duration(format_duration(span)) == span
    assert Options.model_validate(Options(every=span).model_dump()).every == span


@given(st.text(max_size=12) | st.floats() | st.integers())
def test_anything_else_is_refused_with_a_way_out(value: object) -> None:
    try:
        span = parse_duration(value)
    except ValueError as error:
        span = str(error)
    assert isinstance(span, timedelta) or "duration" in str(span)


@pytest.mark.parametrize("text", ["9" * 5_000 + "s", "9" * 500 + "d", "1000000000d"])
def test_a_duration_of_many_digits_is_refused_in_plain_words(text: str) -> None:
    with pytest.raises(ValueError, match="too long a duration: at most 999999999d"):
        parse_duration(text)


@pytest.mark.parametrize("folder", ["a\0b", "a\ud800"])
def test_a_data_folder_has_a_name_that_can_be_written(folder: str) -> None:
    with pytest.raises(ValidationError, match="not a usable path"):
        Daemon(data=folder)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30s", 30), ("1h30m", 5400), ("1w", 604_800), ("500ms", 0.5), ("0s", 0), (0, 0), (" 5m ", 300)],
)
def test_durations_are_prometheus_durations(text: object, seconds: float) -> None:
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "5", "5 m", "m5", "1m1h", "-5m", "1.5h", "5min", "99999999999999999999w"])
def test_other_spellings_are_not_durations(text: str) -> None:
    with pytest.raises(ValidationError):
        Options.model_validate({"every": text})


@pytest.mark.parametrize("name", ["Europe/Pari", "Europe", "", "../etc/passwd", "/etc/localtime", "a\0b", "x" * 9999])
def test_unknown_time_zones_are_refused(name: str) -> None:
    with pytest.raises(ValidationError, match="unknown time zone"):
        Options(zone=name)


@pytest.mark.parametrize(
    ("text", "address", "is_local"),
    [
        ("127.0.0.1:9465", ("127.0.0.1", 9465), True),
        ("[::1]:0", ("::1", 0), True),
        ("localhost:80", ("localhost", 80), True),
        (":80", ("", 80), False),
        ("0.0.0.0:80", ("0.0.0.0", 80), False),
        ("bb.example:80", ("bb.example", 80), False),
    ],
)
def test_addresses_to_listen_on(text: str, address: tuple[str, int], is_local: bool) -> None:
    assert split_address(text) == address
    assert Daemon(listen=text).is_local == is_local


@pytest.mark.parametrize("text", ["", "9465", "host", "host:", "host:70000", "http://x:1", "::1:80", "a b:80"])
def test_other_addresses_are_refused(text: str) -> None:
    with pytest.raises(ValidationError, match="host:port"):
        Daemon(listen=text)


@pytest.mark.parametrize("value", ["until 2026-12-03", "2026-12-03", "until  2026-12-03 ", date(2026, 12, 3)])
def test_a_day_is_read_with_or_without_until_and_written_with_it(value):
    read = TypeAdapter(Until).validate_python(value)
    assert (date(2026, 12, 3), "until 2026-12-03") == (read, TypeAdapter(Until).dump_python(read))


@pytest.mark.parametrize("value", ["7d", "until tomorrow", 7, None])
def test_what_is_no_day_is_refused_with_the_way_out(value):
    with pytest.raises(ValidationError, match="like `until 2026-12-03`"):
        TypeAdapter(Until).validate_python(value)
