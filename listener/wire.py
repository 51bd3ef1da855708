"""Transitions as other programs read them: one JSON object a line."""

from datetime import timedelta
from typing import Any

import msgspec

from config.model import format_duration
from rules.instant import SECOND, Instant, duration, moment
from rules.transition import Transition


def transition_line(step: Transition) -> bytes:
    """`{"type":"transition","at","incident","brand","rule","state","severity","reasons","evidence"}` of a step, with
    `step`, and `by`, `because` and `ending` when a person took it. Times are RFC 3339 UTC, spans Prometheus durations.
    `coverage` in the evidence is how much of what the brand usually hears was heard, 0 to 1.
    """
    evidence: dict[str, Any] = {**msgspec.to_builtins(step.evidence), "coverage": step.evidence.coverage}
    evidence["window"] = format_duration(duration(step.evidence.window))
    evidence |= {key: moment(evidence[key]) for key in ("opened_at", "first_at", "peak_at") if key in evidence}
    if step.evidence.share and step.evidence.share.since is not None:
        evidence["share"] |= {"since": moment(step.evidence.share.since)}
    line = {
        "type": "transition",
        "at": moment(step.at),
        "incident": step.incident,
        "brand": step.brand,
        "rule": step.rule,
        "state": step.state,
        "severity": step.severity,
        "reasons": step.reasons,
        "evidence": evidence,
        "step": step.step,
    }
    people = {"by": step.by, "because": step.because, "ending": step.ending}
    return json_line(line | {key: value for key, value in people.items() if value is not None})


def plain(value: object) -> Any:
    """A value of ours as plain data: moments in RFC 3339, spans as Prometheus durations."""
    return _plain(msgspec.to_builtins(value, builtin_types=(timedelta,)))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return format_duration(value) if isinstance(value, timedelta) else value


def json_line(value: object) -> bytes:
    """One line of JSON; datetimes in RFC 3339."""
    return msgspec.json.encode(value) + b"\n"


def clock_time(at: Instant) -> str:
    """An instant for people who read a table: UTC, to the second."""
    return iso(at - at % SECOND)


def iso(at: Instant) -> str:
    """An instant in RFC 3339 UTC."""
    return moment(at).isoformat().replace("+00:00", "Z")
