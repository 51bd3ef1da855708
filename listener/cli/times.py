"""Moments as people write them on a command line."""

from datetime import datetime, tzinfo

import typer

from rules.instant import Instant, instant
from rules.text import defuse


def instant_in(text: str, zone: tzinfo, option: str) -> Instant:
    """A moment with its zone, or in `zone`; a date alone is its beginning. Raises BadParameter with the way out."""
    try:
        found = datetime.fromisoformat(text.strip())
        return instant(found if found.tzinfo else found.replace(tzinfo=zone))
    except (ValueError, OverflowError):
        wrong = f"not a time: {defuse(text)}; write 2026-01-31T10:05, in the time of {zone}, or 2026-01-31T10:05Z"
        raise typer.BadParameter(f"{wrong}, or a date alone: 2026-01-31 is its beginning", param_hint=option) from None
