"""Marks as `badbuzz label import` reads them: bounded, and no bad line stops the good ones."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from hashlib import blake2s
from itertools import islice
from typing import BinaryIO

import msgspec

from config.settings import Settings
from listener.cli.lines import raw_lines
from listener.cli.terminal import say
from listener.store.marks import LONGEST_MARKED, Chosen, Wish
from listener.store.port import Views
from rules.labelling.model import Said
from rules.language import identify, normalise

LONGEST_LINE = 1_000_000
"""Bytes."""
_AT_ONCE, _LONGEST_ID = 500, 2_000
_EXAMPLE = '{"text": "...", "label": "negative"}'


class _Mark(msgspec.Struct, frozen=True, kw_only=True):
    label: Said
    id: str | int | None = None
    text: str | None = None
    language: str | None = None
    brand: str | None = None
    chosen: Chosen = "imported"


@dataclass
class Batch:
    """Marks of a few hundred lines, and how many of these were refused."""

    wishes: list[tuple[str, Wish]] = field(default_factory=list)
    refused: int = 0

    def refuse(self, number: int, why: str) -> None:
        """Say what is wrong with a line."""
        self.refused += 1
        say(f"line {number}: {why}")


async def read_marks(stream: BinaryIO, settings: Settings, default: str | None, views: Views) -> AsyncIterator[Batch]:
    """The marks of a stream; what is wrong with a line is said with its number. `default` is the brand of lines that
    name none.
    """
    lines = raw_lines(stream, LONGEST_LINE)
    while page := list(islice(lines, _AT_ONCE)):
        batch = Batch()
        read = [(number, mark) for number, line in page for mark in _read(line, number, batch)]
        names = [str(mark.id) for _, mark in read if mark.id is not None and not mark.text]
        kept = await views.mentions(identities=names, limit=len(names)) if names else []
        heard = {stored.mention.identity: stored.facts.keys() for stored in kept if not stored.deleted}
        for number, mark in read:
            brand = mark.brand or default
            if brand not in settings.brands:
                batch.refuse(number, f"there is no brand {brand}" if brand else "no `brand`, and no --brand")
            elif not mark.text and brand not in heard.get(str(mark.id), ()):
                batch.refuse(number, f"no mention {mark.id} of {brand} is kept: give its `text` as well")
            else:
                batch.wishes.append(_wish(mark, str(brand), settings.brands[str(brand)].languages))
        yield batch


def _wish(mark: _Mark, brand: str, languages: tuple[str, ...]) -> tuple[str, Wish]:
    text = mark.text and mark.text[:LONGEST_MARKED].replace("\0", "\ufffd")
    name = str(mark.id) if mark.id is not None else f"text:{blake2s((text or '').encode(), digest_size=12).hexdigest()}"
    language = text and identify(text, normalise(mark.language), languages)
    wish = Wish(brand=brand, label=mark.label, chosen=mark.chosen, language=language or None, text=text or None)
    return name, wish


def _read(line: bytes | None, number: int, batch: Batch) -> Iterator[_Mark]:
    if line is None:
        batch.refuse(number, f"longer than {LONGEST_LINE} bytes")
    else:
        try:
            mark = _cleaned(msgspec.json.decode(line, type=_Mark))
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            batch.refuse(number, f"{error}: write {_EXAMPLE}")
            return
        if mark.id is None and mark.text is None:
            batch.refuse(number, f"neither `id` nor `text`: write {_EXAMPLE}")
        elif mark.id is not None and not (len(name := str(mark.id)) <= _LONGEST_ID and name.isprintable()):
            batch.refuse(number, f"an `id` has up to {_LONGEST_ID} characters, all of them printable")
        else:
            yield mark


def _cleaned(mark: _Mark) -> _Mark:
    """Without blanks around; what is nothing but blank is not there."""
    name, text = str("" if mark.id is None else mark.id).strip(), (mark.text or "").strip()
    return msgspec.structs.replace(mark, id=name or None, text=text or None)
