"""Which incidents are held: those of brands and rules that are only watched so far."""

from datetime import date
from typing import Protocol
from zoneinfo import ZoneInfo

from config.settings import Settings
from rules.instant import Instant, moment
from rules.rule import RuleOptions


class _Opened(Protocol):
    @property
    def brand(self) -> str: ...
    @property
    def rule(self) -> str: ...
    @property
    def severity(self) -> str: ...
    @property
    def opened_at(self) -> Instant: ...


def watched_until(settings: Settings, brand: str, rule: str | None = None) -> date | None:
    """The day up to which a brand is only watched, by itself or by a rule (any, when none is given)."""
    found = [settings.brands[brand].watch_only] if brand in settings.brands else []
    for name, each in settings.rules.items():
        options = each.options
        if rule in {None, name} and isinstance(options, RuleOptions) and brand in (options.brands or (brand,)):
            found.append(options.watch_only)
    return max((day for day in found if day), default=None)


def is_watched(settings: Settings, brand: str, rule: str, at: Instant) -> bool:
    """Whether what happens at that moment is held, unless it is critical."""
    until = watched_until(settings, brand, rule)
    return until is not None and moment(at).astimezone(ZoneInfo(settings.daemon.time_zone)).date() < until


def is_held(settings: Settings, incident: _Opened) -> bool:
    """Whether nobody was told of an incident when it opened, nor since, as it has not become critical."""
    return incident.severity != "critical" and is_watched(settings, incident.brand, incident.rule, incident.opened_at)


def held_until(settings: Settings, incident: _Opened) -> date | None:
    """The day before which it is held; None when it is not."""
    return watched_until(settings, incident.brand, incident.rule) if is_held(settings, incident) else None
