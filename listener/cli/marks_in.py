"""Marks as `badbuzz label import` reads them: bounded, and no bad line stops the good ones."""

from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2s
from itertools import islice
from typing import Annotated, BinaryIO, get_args

import msgspec
import typer

from config.settings import Brand, Settings
from listener.cli.lines import raw_lines
from listener.cli.terminal import say
from listener.detection import guess_by, is_missing
from listener.json_words import Forms, in_words
from listener.store.marks import LABELS, LONGEST_MARKED, Chosen, Wish
from listener.store.port import Views
from rules.facts import Label
from rules.instant import instant
from rules.labelling.model import Said
from rules.language import Guess, identify, normalise

LONGEST_LINE = 1_000_000
"""Bytes."""
_AT_ONCE, _LONGEST_ID, _LONGEST_NAME = 500, 2_000, 200
_FORMS: Forms = {
    **{
        name: (f"one of {', '.join(words)}", f'"{name}": "{words[0]}"')
        for name, words in (("label", LABELS), ("before", get_args(Label)), ("chosen", get_args(Chosen)))
    },
    "id": ("text or a whole number", '"id": "bluesky:at://..."'),
    **{name: ("text", f'"{name}": "..."') for name in ("text", "language", "brand", "by")},
    "without_text": ("true or false", '"without_text": true'),
    "at": ("a time with its zone", '"at": "2026-01-31T10:05:00Z"'),
}
_EXAMPLE = '{"text": "...", "label": "negative"}'


class _Mark(msgspec.Struct, frozen=True, kw_only=True):
    label: Said
    id: str | int | None = None
    text: str | None = None
    without_text: bool = False
    language: str | None = None
    brand: str | None = None
    chosen: Chosen = "imported"
    at: Annotated[datetime, msgspec.Meta(tz=True)] | None = None
    by: str | None = None
    before: Label | None = None


@dataclass
class Batch:
    """Marks of a few hundred lines, and what is wrong with those that are refused, by their numbers."""

    wishes: list[tuple[str, Wish]] = field(default_factory=list)
    refused: dict[int, str] = field(default_factory=dict)


async def read_marks(stream: BinaryIO, settings: Settings, default: str | None, views: Views) -> AsyncIterator[Batch]:
    """The marks of a stream; what is wrong with a line is said with its number, in the order of the lines. `default` is
    the brand of lines that name none. Raises BadParameter when what should tell languages is not installed.
    """
    if is_missing(settings.daemon.detection):
        wrong = f"daemon.detection: {settings.daemon.detection} is not installed"
        raise typer.BadParameter(f"{wrong}: install badbuzz[language], or write built-in", param_hint="--config")
    reader = _Reader(settings.brands, default, guess_by(settings.daemon.detection))
    lines = raw_lines(stream, LONGEST_LINE)
    while page := list(islice(lines, _AT_ONCE)):
        batch = await reader.batch(page, views)
        for number, why in sorted(batch.refused.items()):
            say(f"line {number}: {why}")
        yield batch


class _Reader:
    def __init__(self, brands: Mapping[str, Brand], default: str | None, guess: Guess) -> None:
        self._brands, self._default, self._guess = brands, default, guess

    async def batch(self, page: list[tuple[int, bytes | None]], views: Views) -> Batch:
        batch = Batch()
        read = [(number, mark) for number, line in page for mark in _read(line, number, batch)]
        names = [str(mark.id) for _, mark in read if mark.text is None]
        kept = await views.mentions(identities=names, limit=len(names)) if names else []
        heard = {stored.mention.identity: stored.facts.keys() for stored in kept if not stored.deleted}
        for number, mark in read:
            brand = mark.brand or self._default
            if brand not in self._brands:
                wrong = f"there is no brand {brand}: write one of" if brand else "no `brand`, and no --brand: there are"
                batch.refused[number] = f"{wrong} {', '.join(self._brands)}"
            elif mark.text is None and brand not in heard.get(str(mark.id), ()):
                batch.refused[number] = f"no mention {mark.id} of {brand} is kept: give its `text` as well"
            else:
                batch.wishes.append(self._wish(mark, str(brand)))
        return batch

    def _wish(self, mark: _Mark, brand: str) -> tuple[str, Wish]:
        text = mark.text and mark.text[:LONGEST_MARKED].replace("\0", "\ufffd")
        digest = blake2s((text or "").encode(), digest_size=12).hexdigest()
        language = normalise(mark.language)
        if text:
            language = identify(text, language, self._brands[brand].languages, self._guess)
        wish = Wish(
            brand=brand,
            label=mark.label,
            chosen=mark.chosen,
            language=language,
            text=text,
            at=instant(mark.at) if mark.at else None,
            by=mark.by,
            before=mark.before,
        )
        return str(mark.id) if mark.id is not None else f"text:{digest}", wish


def _read(line: bytes | None, number: int, batch: Batch) -> Iterator[_Mark]:
    if line is None:
        batch.refused[number] = f"longer than {LONGEST_LINE} bytes: shorten its `text`"
        return
    try:
        mark = _cleaned(msgspec.json.decode(line, type=_Mark))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        batch.refused[number] = in_words(error, _FORMS, _EXAMPLE)
        return
    if wrong := _wrong(mark):
        batch.refused[number] = wrong
    else:
        yield mark


def _wrong(mark: _Mark) -> str:
    if mark.id is None and not mark.text:
        return f"neither `id` nor `text`: write {_EXAMPLE}"
    for name, value, longest in (("id", mark.id, _LONGEST_ID), ("by", mark.by, _LONGEST_NAME)):
        if value is not None and not (len(str(value)) <= longest and str(value).isprintable()):
            return f"`{name}` has up to {longest} characters, all of them printable"
    return ""


def _cleaned(mark: _Mark) -> _Mark:
    """What is nothing but blank is not there, but for the text of which only the mark is left."""
    name, by = str("" if mark.id is None else mark.id).strip(), (mark.by or "").strip()
    text = mark.text if (mark.text or "").strip() else "" if mark.without_text else None
    return msgspec.structs.replace(mark, id=name or None, by=by or None, text=text)
