"""A brand as a device of Home Assistant: what its MQTT discovery is told (Home Assistant 2024.11 and later)."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import msgspec

from alerts.acts import REASONS
from alerts.alert import Alert, Language
from alerts.channels._text import cut, one_line, slug
from alerts.words import headings
from rules.transition import SEVERITIES

NAME = 100


@dataclass(frozen=True)
class Topics:
    """Where a device's state, our status and commands are; no `command`, no button."""

    state: str
    status: str
    command: str = ""


def device(client: str, about: Alert, topics: Topics, state: Mapping[str, Any], language: Language) -> dict[str, Any]:
    """A problem sensor, the level and, while there is `command`, what acts on that which `state` says is the worst: a
    button that takes it, one that silences it for an hour, and a list of why it is a false alarm. Never on an incident
    that opened after this was shown.
    """
    words, own = headings(language), f"{client}-{slug(about.brand)}"
    shown = {"state_topic": topics.state, "json_attributes_topic": topics.state, "availability": [_online(topics)]}
    parts = {
        "incident": shown
        | {"platform": "binary_sensor", "name": words.ongoing, "device_class": "problem"}
        | {"value_template": "{{ 'OFF' if value_json.state == 'calm' else 'ON' }}"},
        "level": shown
        | {"platform": "sensor", "name": words.level, "device_class": "enum", "options": ["calm", *SEVERITIES]}
        | {"value_template": "{{ value_json.state }}"},
        **(_acting(topics, state, words.labels) if topics.command else {}),
    }
    return {
        "device": {"identifiers": [own], "name": f"badbuzz: {cut(one_line(about.brand_name or about.brand), NAME)}"},
        "origin": {"name": "badbuzz", "sw_version": version("badbuzz")},
        "components": {key: part | {"unique_id": f"{own}-{key}"} for key, part in parts.items()},
        "qos": 1,
    }


def _acting(topics: Topics, state: Mapping[str, Any], labels: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    why = _command(false_alarm=state["worst"], because="{{ value }}")
    reasons = {"platform": "select", "options": [labels[each] for each in REASONS], "command_template": why}
    return {
        "take": _button(_command(ack=state["take"])) | _available(labels["ack"], topics, "take"),
        "silence": _button(_command(silence=state["worst"])) | _available(labels["silence"], topics, "worst"),
        "false-alarm": reasons | _available(labels["false-alarm"], topics, "worst"),
    }


def _command(**asked: object) -> str:
    return msgspec.json.encode({**asked, "by": "Home Assistant"}).decode()


def _button(payload: str) -> dict[str, Any]:
    return {"platform": "button", "payload_press": payload}


def _available(name: str, topics: Topics, key: str) -> dict[str, Any]:
    """While there is an incident to act on."""
    shown = {"topic": topics.state, "value_template": f"{{{{ 'online' if value_json.{key} else 'offline' }}}}"}
    common = {"name": name, "command_topic": topics.command}
    return {**common, "availability": [_online(topics), shown], "availability_mode": "all"}


def _online(topics: Topics) -> dict[str, str]:
    return {"topic": topics.status}
