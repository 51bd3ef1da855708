"""A brand as a device of Home Assistant: what its MQTT discovery is told (Home Assistant 2024.11 and later)."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import msgspec

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
    """A problem sensor, the level and, while there is `command`, a button that takes what `state` says is to be taken:
    never an incident that opened after this was shown.
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
        **({"take": _button(words.have_it, topics, state)} if topics.command else {}),
    }
    return {
        "device": {"identifiers": [own], "name": f"badbuzz: {cut(one_line(about.brand_name or about.brand), NAME)}"},
        "origin": {"name": "badbuzz", "sw_version": version("badbuzz")},
        "components": {key: part | {"unique_id": f"{own}-{key}"} for key, part in parts.items()},
        "qos": 1,
    }


def _button(label: str, topics: Topics, state: Mapping[str, Any]) -> dict[str, Any]:
    takeable = {"topic": topics.state, "value_template": "{{ 'online' if value_json.take else 'offline' }}"}
    return {
        "platform": "button",
        "name": label,
        "command_topic": topics.command,
        "payload_press": msgspec.json.encode({"ack": state["take"], "by": "Home Assistant"}).decode(),
        "availability": [_online(topics), takeable],
        "availability_mode": "all",
    }


def _online(topics: Topics) -> dict[str, str]:
    return {"topic": topics.status}
