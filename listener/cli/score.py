"""`badbuzz score`: the tone of texts."""

import sys
from typing import Annotated, Any

import typer

from listener.cli.lines import LineError, read_lines, shown, write_line
from rules.language import identify, normalise
from rules.tone import score, supported_languages

_CANDIDATES = ("fr", "en", *sorted(supported_languages() - {"fr", "en"}))
"""What a text that tells nothing is read as comes first."""

_ANSWERS = ("language", "compound", "label", "confidence", "scorer", "words")


def command(
    language: Annotated[
        str,
        typer.Option(help="The language of texts that do not say theirs: `auto` finds out, or a code such as fr."),
    ] = "auto",
) -> None:
    """Tell the tone of texts: JSON Lines {"id", "text", "language"?} from standard input, one answer a line, in order.

    A line that cannot be read is answered with {"id": null, "error": ...}; the exit code is then 1.
    """
    chosen = None if language == "auto" else normalise(language)
    if language != "auto" and chosen is None:
        raise typer.BadParameter("not a language code; write fr, en or auto", param_hint="--language")
    failed = False
    for line in shown(read_lines(sys.stdin.buffer)):
        failed = failed or isinstance(line, LineError)
        write_line(line.answer() if isinstance(line, LineError) else _answer(line, chosen))
    raise typer.Exit(1 if failed else 0)


def _answer(entry: dict[str, Any], chosen: str | None) -> dict[str, Any]:
    text, tag = entry["text"], entry.get("language")
    spoken = normalise(tag if isinstance(tag, str) else None) or chosen
    tone = score(text, spoken or identify(text, None, _CANDIDATES))
    return {"id": entry.get("id"), **{name: getattr(tone, name) for name in _ANSWERS}}
