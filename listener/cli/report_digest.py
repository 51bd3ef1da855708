"""`badbuzz report --digest BRAND`: the digest of a week or a day, written now."""

from collections.abc import Mapping
from typing import Any, Literal
from zoneinfo import ZoneInfo

import typer

from alerts.alert import DigestOf, Language, Notice
from alerts.digest import Digest
from alerts.render_digest import promise, render_digest
from config.settings import Settings
from listener.cli.label import brand_of
from listener.cli.store_access import put
from listener.clock import Clock
from listener.reporting.digest import Digests
from listener.reporting.periods import Period, last_before, named
from listener.store.port import Views
from listener.wire import json_line, plain
from rules.instant import moment

Form = Literal["text", "html", "json"]


def period_of(name: str | None, zone: ZoneInfo) -> Period:
    """The week or day of that name, or the last week that was over. Raises BadParameter."""
    if name is None:
        return last_before("week", Clock().now(), zone)
    try:
        return named(name, zone)
    except ValueError:
        wrong = "not a week or a day: write 2026-W46, or 2026-11-14"
        raise typer.BadParameter(wrong, param_hint="--period") from None


async def write(
    views: Views, settings: Settings, brand: str, period: Period, form: Form, language: Language | None
) -> None:
    """Put the digest of a brand on stdout. Raises StoreError."""
    name, now = brand_of(settings, brand), Clock().now()
    against = next((plan.against for plan in settings.digest if name in plan.brands), ())
    digest = await Digests(views, settings).of(name, period, now, against)
    if form == "json":
        put(json_line(_line(digest, period)))
        return
    notice = Notice(
        id=digest.id,
        topic="digest",
        at=moment(now),
        subject=name,
        brand=name,
        digest=DigestOf(period=period.name, against=against),
    )
    message = render_digest(digest, notice, language or settings.daemon.language, period.zone)
    put((message.html if form == "html" else message.text).rstrip().encode() + b"\n")


def _line(digest: Digest, period: Period) -> Mapping[str, Any]:
    kept = {each.word: promise(each) for each in digest.believed}
    told: dict[str, Any] = plain(digest)
    for each in told["believed"]:
        each["promise"] = kept[each["word"]]
    return {"type": "digest", "period": period.name, **told}
