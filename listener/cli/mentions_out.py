"""Mentions as `badbuzz label list` prints them: by the names that marks are made with."""

from collections.abc import Iterator
from typing import Any

from listener.cli.store_access import put, put_table
from listener.store.marks import marked_text
from listener.store.port import StoredMention, Views
from listener.wire import iso, json_line
from rules.facts import Label
from rules.text import defuse, shorten

LOOKED_AT = 1_000
_SHOWN = 160


async def list_mentions(views: Views, brand: str, label: Label | None, limit: int, *, json: bool) -> None:
    """Print those of the newest that are not deleted and have the label, if one is asked for; at most `limit`."""
    kept = await views.mentions(brand=brand, limit=max(LOOKED_AT, limit))
    rows = [row for row in _rows(kept, brand) if label in {None, row["label"]}][:limit]
    if json:
        for row in rows:
            put(json_line(row))
    elif rows:
        cells = [(defuse(row["id"]), row["label"], _compound(row["compound"]), row["scorer"]) for row in rows]
        texts = [shorten(defuse(" ".join(row["text"].split())), _SHOWN) for row in rows]
        put_table(("mention", "label", "tone", "judged by"), cells, texts)
    else:
        put_table((f"no mention of {brand}" + (f" is {label}" if label else ""),), ())


def _rows(kept: list[StoredMention], brand: str) -> Iterator[dict[str, Any]]:
    for stored in kept:
        tone = stored.tones.get(brand)
        if tone and not stored.deleted:
            yield {
                "brand": brand,
                "id": stored.mention.identity,
                "at": iso(stored.at),
                "label": tone.label,
                "compound": tone.compound,
                "confidence": tone.confidence,
                "scorer": tone.scorer,
                "language": tone.language,
                "text": marked_text(stored.mention),
            }


def _compound(compound: float | None) -> str:
    return "-" if compound is None else f"{compound:+.2f}"
