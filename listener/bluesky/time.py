"""Times as Bluesky writes them."""

from datetime import UTC, datetime


def moment_of(text: object) -> datetime | None:
    """The aware UTC time of an RFC 3339 text; None when it is none, or says no zone."""
    if not isinstance(text, str) or len(text) < len("2026-01-01T00:00Z") or text[10] not in "Tt":
        return None
    try:
        said = datetime.fromisoformat(text.upper())
        return said.astimezone(UTC) if said.tzinfo else None
    except (ValueError, OverflowError):
        return None
