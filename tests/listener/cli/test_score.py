import io
import json
import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import pytest

from listener.cli.lines import LONGEST_LINE, read_lines
from listener.cli.score import command
from tests.listener.cli.piped import answers, piped

run = partial(piped, command)


def test_each_text_is_answered_in_order_in_its_language() -> None:
    entries = [
        {"id": "a", "text": "Vol annulé, c'est honteux"},
        {"id": 7, "text": "The crew was wonderful"},
        {"id": None, "text": "jammer", "language": "nl-NL"},
    ]
    result = run(entries)
    found = [(answer["id"], answer["language"], answer["label"]) for answer in answers(result)]
    expected = [("a", "fr", "negative"), (7, "en", "positive"), (None, "nl", "unsupported")]
    assert (0, expected) == (result.exit_code, found)
    assert {"id", "language", "compound", "label", "confidence", "scorer", "words"} == set(answers(result)[0])
    assert answers(result)[2]["compound"] is None


def test_a_bad_line_is_answered_in_its_place_so_that_answers_stay_aligned() -> None:
    result = run(["nonsense", {"id": 1, "text": "ok"}, {"id": 2}, '{"id": "\\ud800", "text": ""}', "[" * 100_000])
    assert 1 == result.exit_code
    assert [None, 1, 2, None, None] == [answer["id"] for answer in answers(result)]
    assert [True, False, True, True, True] == ["error" in answer for answer in answers(result)]
    assert ["line 1", "line 3", "line 4", "line 5"] == [line.split(":")[0] for line in result.stderr.splitlines()]


def test_a_line_without_id_is_answered_as_a_bad_one() -> None:
    result = run([{"text": "fine"}])
    assert (1, [{"id": None, "error": "no `id`"}]) == (result.exit_code, answers(result))


def test_a_line_without_end_does_not_fill_memory() -> None:
    result = run(["x" * (2 * LONGEST_LINE + 5), {"id": 1, "text": "ok"}])
    assert [None, 1] == [answer["id"] for answer in answers(result)]


def test_a_chosen_language_stands_for_texts_that_do_not_say_theirs() -> None:
    result = run([{"id": 1, "text": "merci"}, {"id": 2, "text": "merci", "language": "en"}], "--language", "fr-FR")
    assert ["fr", "en"] == [answer["language"] for answer in answers(result)]


@pytest.mark.parametrize("language", ["", "français", "und"])
def test_a_language_that_is_none_is_a_usage_error(language: str) -> None:
    assert 2 == run([], "--language", language).exit_code


def test_what_is_no_json_or_no_utf8_is_told_what_to_write() -> None:
    result = run(b"Vol annul\xe9\nfine\n[]\n")
    example = 'write {"id": "1", "text": "..."}'
    said = ["line 1: not UTF-8: save it as UTF-8", f"line 2: not JSON: {example}", f"line 3: not an object: {example}"]
    assert (1, said) == (result.exit_code, result.stderr.splitlines())


class Keyboard(io.BytesIO):
    def isatty(self) -> bool:
        return True


def test_at_a_terminal_it_says_what_it_waits_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert [] == list(read_lines(Keyboard()))
    assert 'waiting for lines such as {"id": "1", "text": "..."}; Ctrl-D ends them\n' == capsys.readouterr().err


@contextmanager
def program(stderr: int) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "listener.cli.main", "score", "--language", "fr"]
    surroundings = {**os.environ, "TERM": "xterm", "COLUMNS": "80"}
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=stderr, env=surroundings) as process:
        try:
            yield process
        finally:
            process.kill()


def test_each_line_is_answered_before_the_next_is_written_and_a_bad_one_stops_nothing() -> None:
    with program(subprocess.PIPE) as process:
        assert process.stdin
        assert process.stdout
        assert process.stderr
        for line, expected in (
            ("{}", None),
            ('{"id": 1, "text": "nul"}', 1),
            ("[", None),
            ('{"id": 2, "text": ""}', 2),
        ):
            process.stdin.write(f"{line}\n".encode())
            process.stdin.flush()
            assert expected == json.loads(process.stdout.readline())["id"]
        process.stdin.close()
        said = process.stderr.read().decode().splitlines()
        assert (1, ["line 1", "line 3"]) == (process.wait(), [line.split(":")[0] for line in said])


def test_who_sees_only_what_is_said_sees_how_far_it_is() -> None:
    terminal, end = pty.openpty()
    with program(end) as process:
        os.close(end)
        out, _ = process.communicate(b'{"id": 1, "text": "nul"}\n[\n')
    said = b""
    while chunk := _rest(terminal):
        said += chunk
    os.close(terminal)
    assert (1, [1, None]) == (process.returncode, [json.loads(line)["id"] for line in out.splitlines()]), said
    assert "2 lines, " in said.decode()
    assert "lines/s" in said.decode()
    assert "line 2: not JSON" in said.decode()


def _rest(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65_536)
    except OSError:  # Linux's end of file, once the other side is closed
        return b""
