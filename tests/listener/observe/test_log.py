import io
import json
import logging
import sys
import unicodedata
from collections.abc import Callable, Iterator

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from listener.observe import log
from listener.observe.masking import MASK, Masking
from rules.instant import MINUTE, SECOND, Instant

SECRET = "s3cret/with+signs"
START: Instant = 1_795_420_800_123_456


class Lines:
    """What a daemon with these settings wrote, and a clock to move."""

    def __init__(self, style: log.Style, level: log.Level = "info") -> None:
        self.now, self._stream = START, io.StringIO()
        log.set_up(style=style, level=level, masking=Masking([SECRET]), now=lambda: self.now, stream=self._stream)

    @property
    def text(self) -> str:
        return self._stream.getvalue()

    @property
    def facts(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.text.splitlines()]


@pytest.fixture
def lines() -> Iterator[Callable[..., Lines]]:
    handlers, level = logging.root.handlers[:], logging.root.level
    yield Lines
    structlog.reset_defaults()
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)


def test_a_line_of_text_holds_the_moment_the_level_the_event_and_its_facts(lines):
    written = lines("text")
    structlog.get_logger().info("source_live", source="press", mentions=3, first=True)
    assert written.text == (
        "ts=2026-11-23T08:00:00.123Z level=info msg=source_live source=press mentions=3 first=true\n"
    )


def test_a_line_of_json_holds_the_same_with_their_types(lines):
    written = lines("json")
    structlog.get_logger().info("source_live", source="press", mentions=3, first=True, share=None)
    assert written.facts == [
        {
            "ts": "2026-11-23T08:00:00.123Z",
            "level": "info",
            "msg": "source_live",
            "source": "press",
            "mentions": 3,
            "first": True,
            "share": None,
        }
    ]


def test_what_is_below_the_level_is_not_written(lines):
    written = lines("text", "warning")
    structlog.get_logger().info("mention")
    assert written.text == ""


@pytest.mark.parametrize("style", ["text", "json"])
@pytest.mark.parametrize(
    "value",
    [
        SECRET,
        f"https://hooks.example/{SECRET}/x",
        "https://hooks.example/s3cret%2Fwith%2Bsigns",
        {"nested": [SECRET]},
        SecretStr(SECRET),
        ValueError(f"refused {SECRET}"),
    ],
)
def test_no_secret_is_written_whatever_carries_it(lines, style, value):
    written = lines(style)
    structlog.get_logger().warning("send_failed", detail=value)
    assert MASK in written.text
    assert "s3cret" not in written.text


@pytest.mark.parametrize("style", ["text", "json"])
def test_no_secret_is_written_in_a_traceback(lines, style):
    written = lines(style)
    structlog.get_logger().error("collector_failed", exc_info=ValueError(f"token {SECRET} was refused"))
    assert "ValueError: token *** was refused" in written.text
    assert "s3cret" not in written.text


def test_a_line_of_a_traceback_cannot_pass_for_a_line_of_the_log(lines):
    written = lines("text")
    forged = ValueError("hello\nts=2026-01-01T00:00:00Z level=error msg=forged\x1b[31m")
    structlog.get_logger().error("collector_failed", exc_info=forged)
    first, *rest = written.text.splitlines()
    assert first == "ts=2026-11-23T08:00:00.123Z level=error msg=collector_failed"
    assert [line for line in rest if not line.startswith("    ")] == []
    assert "\x1b" not in written.text


@pytest.mark.parametrize("style", ["text", "json"])
@given(value=st.text(max_size=200))
def test_a_strangers_words_stay_on_their_line_and_hold_nothing_invisible(style, value):
    stream = io.StringIO()
    chain = log.processors(style, Masking(), lambda: START)
    logger = structlog.wrap_logger(structlog.PrintLogger(stream), processors=chain)
    logger.warning("mention", author=value)
    line, newline = stream.getvalue()[:-1], stream.getvalue()[-1]
    assert newline == "\n"
    assert {unicodedata.category(char) for char in line} & {"Cc", "Cf", "Zl", "Zp"} == set()


def test_direction_marks_and_escape_codes_are_shown_as_escapes():
    assert log.escaped("vol\u202e\x1b[31m\r\n annulé") == "vol\\u202e\\x1b[31m\\r\\n annulé"


def test_a_huge_value_is_cut(lines):
    written = lines("json")
    structlog.get_logger().info("feed_unreadable", start="x" * 50_000)
    assert written.facts[0]["start"] == "x" * log.LONGEST_VALUE + "…"


def test_the_same_error_again_within_a_minute_is_counted_and_not_written(lines):
    written = lines("json")
    for attempt in range(5):
        structlog.get_logger().error("send_failed", channel="team", attempt=attempt)
        written.now += SECOND
    structlog.get_logger().error("send_failed", channel="phone", attempt=0)
    written.now += MINUTE
    structlog.get_logger().error("send_failed", channel="team", attempt=9)
    assert [(line["channel"], line["attempt"], line.get("repeated")) for line in written.facts] == [
        ("team", 0, None),
        ("phone", 0, None),
        ("team", 9, 4),
    ]


def test_state_changes_are_never_counted_together(lines):
    written = lines("json")
    for _ in range(2):
        structlog.get_logger().info("source_live", source="press")
    assert len(written.facts) == 2


def test_libraries_are_heard_in_the_same_form(lines):
    written = lines("json")
    logging.getLogger("aiohttp.server").info("not this")
    logging.getLogger("aiohttp.server").warning("bad request from %s", f"{SECRET}\n")
    assert written.facts == [
        {
            "ts": "2026-11-23T08:00:00.123Z",
            "level": "warning",
            "msg": "bad request from ***\\n",
            "component": "aiohttp.server",
        }
    ]


def test_a_secret_learnt_later_is_masked_and_short_words_are_left_alone():
    masking = Masking()
    masking.learn(["hunter22", "ab"])
    assert masking.hide("about hunter22") == "about ***"


def test_a_masking_shows_no_secret():
    assert SECRET not in repr(Masking([SECRET]))


def test_without_a_stream_the_words_go_to_stderr(lines, capsys):
    log.set_up(style="text", level="info", masking=Masking(), now=lambda: START, stream=sys.stderr)
    structlog.get_logger().info("ready")
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == "ts=2026-11-23T08:00:00.123Z level=info msg=ready\n"


def test_a_line_names_the_part_of_the_program_that_speaks(lines):
    written = lines("text")
    structlog.get_logger("writer").info("caught_up", inputs=3)
    assert written.text == ("ts=2026-11-23T08:00:00.123Z level=info msg=caught_up component=writer inputs=3\n")
