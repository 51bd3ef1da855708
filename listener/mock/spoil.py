"""Frames, values and headers as no careful platform would send them."""

import json
from collections.abc import Collection
from copy import deepcopy
from email.utils import format_datetime
from random import Random
from typing import Any

from rules.instant import MINUTE, Instant, moment

_HUGE = 3 * 1024 * 1024


def broken(how: str, frame: dict[str, Any], random: Random) -> str:
    """Something beside `frame` that cannot be taken for it: `malformed`, `wrong-shape` or `huge`."""
    text = json.dumps(frame, ensure_ascii=False)
    if how == "malformed":
        cut = text[: random.randrange(1, len(text))]
        return random.choice([cut, f"\0{text}", f"{text[:-1]},\0}}", f'{text[:-1]},"x":"\\ud800"}}', f"\ufeff{text}"])
    if how == "huge":
        return random.choice([text[:-1] + ',"more":"' + "x" * _HUGE + '"}', "[" * 100_000])
    return _meaningless(frame, random)


def another(value: Any, random: Random) -> Any:
    """Something of another type."""
    others = [None, "soon", 17, {"a": 1}, [1]]
    return random.choice([other for other in others if not isinstance(other, type(value))])


def misshapen(said: dict[str, Any], random: Random, kept: Collection[str] = ()) -> dict[str, Any]:
    """With one field of another type, or missing where it is not among those `kept`."""
    name = random.choice(list(said))
    if name in kept or random.random() < 0.5:
        return {**said, name: another(said[name], random)}
    return {key: value for key, value in said.items() if key != name}


def amiss(items: list[dict[str, Any]], random: Random, kept: Collection[str]) -> list[dict[str, Any]]:
    """The items, one of them with a field amiss that is not among those `kept`, after one more that says nothing."""
    if not items:
        return items
    place = random.randrange(len(items))
    item = items[place]
    right = {name: value for name, value in item.items() if name in kept}
    spare = {name: value for name, value in item.items() if name not in kept}
    nothing = {**item, **{name: another(value, random) for name, value in right.items()}}
    return [*items[:place], nothing, right | (misshapen(spare, random) if spare else {}), *items[place + 1 :]]


def twisted(value: Any, random: Random) -> Any:
    """A JSON value with one part, anywhere in it, that is missing, null or of another type."""
    if not isinstance(value, (dict, list)) or not value:
        return another(value, random)
    items = dict(value.items() if isinstance(value, dict) else enumerate(value))
    name = random.choice(list(items))
    if random.random() < 0.2:
        del items[name]
    else:
        items[name] = twisted(items[name], random)
    return items if isinstance(value, dict) else list(items.values())


def wait(random: Random, now: Instant) -> dict[str, str]:
    """The headers of a 429, in one of the shapes that platforms use, or none."""
    later = format_datetime(moment(now + MINUTE), usegmt=True)
    shape = random.choice(["", "0", "30", "-5", "31536000", later, "soon"])
    return {"Retry-After": shape} if shape else {}


def _meaningless(frame: dict[str, Any], random: Random) -> str:
    """The frame with a part that is missing, null or of another type, so that it says nothing any more."""
    spoilt = deepcopy(frame)
    inner: dict[str, Any] = spoilt.get("payload", spoilt)
    values: list[Any] = [None, -1, [], {"a": 1}, "missing"]
    value = random.choice(values)
    names = [name for name in ("did", "time_us", "seq", "kind") if name in inner]
    name = random.choice(names)
    inner[name] = value
    if value == "missing":
        del inner[name]
    if random.random() < 0.2:
        others: list[Any] = [[], 5, "text", {"errors": [{"title": "unknown"}]}, {**spoilt, "$type": "x", "kind": "x"}]
        return json.dumps(random.choice(others))
    return json.dumps(spoilt)
