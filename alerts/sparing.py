"""Who is not told of the first step of an incident, as the ceiling of their false alarms is near."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from math import inf

from alerts.ceiling import Load
from alerts.routing import Routed
from alerts.step import Step
from rules.transition import Severity


def spare(
    routed: Routed,
    step: Step,
    times: float | None,
    already: Iterable[str],
    owner: Callable[[str], str | None],
    loads: Mapping[str, Load],
) -> Routed:
    """Without the channels of those who are spared: for whom it would be the first they hear of an incident that is not
    critical and did not get worse. `already` are the channels that were told, `owner` knows the one person of a
    channel, and `loads` are of those who have a ceiling.
    """
    if step.severity == "critical" or step.rises or step.state not in ("open", "reopened"):
        return routed
    known = {owner(channel) for channel in already}
    owners = {channel: who for channel in routed.channels if (who := owner(channel)) in loads and who not in known}
    spared = {who: loads[who] for who in owners.values() if who and not loads[who].passes(step.severity, times)}
    without = {channel for channel, who in owners.items() if who in spared}
    reasons = [_because(channel, who, loads[who], step, times) for channel, who in owners.items() if who]
    return replace(
        routed,
        channels=tuple(each for each in routed.channels if each not in without),
        calls={channel: call for channel, call in routed.calls.items() if channel not in without},
        reasons=(*routed.reasons, *reasons),
        spared=spared,
    )


def standing(load: Load, severity: Severity = "warning") -> str:
    """How near somebody is to their ceiling, and what that means for incidents of a severity, in words."""
    needed = load.needs(severity)
    bar = f"{severity} only from {needed:.1f} times the usual peaks" if needed else "all is told"
    bar = bar if needed < inf else "only what is critical or gets worse is told"
    return f"{load.had} false alarms of {load.accept} in 30 days: {bar}"


def _because(channel: str, who: str, load: Load, step: Step, times: float | None) -> str:
    told = "told" if load.passes(step.severity, times) else "held back"
    found = "times the usual peaks are not known" if times is None else f"this is {times:.1f} times"
    return f"{channel}: {told}: {who} had {standing(load, step.severity)}; {found}"
