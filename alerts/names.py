"""What people call a brand, a source and a channel, in place of the names that programs use."""

from collections import Counter
from collections.abc import Iterable, Mapping

from msgspec.structs import replace

from alerts.alert import Alert, Notice


def alert_in_names(alert: Alert) -> Alert:
    """The same alert in the names that people use."""
    sources, channels = alert.source_names, alert.channel_names
    counts: Counter[str] = Counter()
    for source, count in alert.figures.sources.items():
        counts[sources.get(source, source)] += count
    told = _called(alert.told, channels)
    return replace(
        alert,
        brand=alert.brand_name or alert.brand,
        told=told,
        takes=_called(alert.takes, channels),
        untold=tuple(name for name in _called(alert.untold, channels) if name not in told),
        reached=tuple(replace(each, channel=channels.get(each.channel, each.channel)) for each in alert.reached),
        unheard={sources.get(name, name): since for name, since in alert.unheard.items()},
        partly=tuple(sources.get(name, name) for name in alert.partly),
        quotes=tuple(replace(quote, source=sources.get(quote.source, quote.source)) for quote in alert.quotes),
        figures=replace(
            alert.figures,
            sources=dict(counts),
            source=sources.get(alert.figures.source, alert.figures.source),
            also=tuple(sources.get(name, name) for name in alert.figures.also),
        ),
    )


def _called(names: Iterable[str], called: Mapping[str, str]) -> tuple[str, ...]:
    """Each once, as several channels may reach one person."""
    return tuple(dict.fromkeys(called.get(name, name) for name in names))


def notice_in_names(notice: Notice) -> Notice:
    """The same notice in the names that people use."""
    return replace(
        notice,
        subject=notice.subject_name or notice.subject,
        brand=notice.brand_name or notice.brand,
        passed_to=notice.passed_to_name or notice.passed_to,
    )
