"""The console channel, read from standard output."""

import io
import sys

import aiohttp
import pytest

from alerts.channel import SendError
from alerts.channels.console import SPEC, ConsoleChannel
from tests.acting import lent
from tests.builders import message


def console() -> ConsoleChannel:
    http: aiohttp.ClientSession = None  # type: ignore[assignment] - it never asks for it
    return SPEC.build(SPEC.options(), lent(http, "demo"))


async def test_title_and_text_are_printed_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    await console().send(message(language="fr"))

    assert f"{message(language='fr').title}\n{message(language='fr').text}\n" == capsys.readouterr().out


async def test_nothing_a_terminal_would_obey_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    await console().send(message(text="a\x1b]0;title\x07b\x9b2J\rc\u202ed\x00\n"))
    shown = capsys.readouterr().out

    assert not set("\x1b\x07\x9b\r\u202e\x00") & set(shown)
    assert "a\ufffd]0;title" in shown


async def test_an_output_that_cannot_write_french_still_prints(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii", write_through=True))
    await console().send(message(text="d’habitude"))

    assert b"d\\u2019habitude" in raw.getvalue()


async def test_a_closed_output_is_a_failure_that_may_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    class Closed(io.StringIO):
        def write(self, _text: str) -> int:
            raise BrokenPipeError(32, "Broken pipe")

    monkeypatch.setattr(sys, "stdout", Closed())
    with pytest.raises(SendError, match="Broken pipe"):
        await console().send(message())
