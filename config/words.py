"""What pydantic found, said to an operator: plain words, the key as written, and a way out."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from config.document import Document
from config.model import format_duration
from config.parse import Keys
from config.problems import Problem, did_you_mean

_PART = re.compile(r"(days|seconds|microseconds)=(\d+)")
_LIST = "must be a list, such as [a, b]"
_MAP = "must be a map of keys and values"
_WHOLE = "must be a whole number"
_NUMBER = "must be a number"
_SWITCH = "must be true or false"
_SPAN = "must be a duration, such as 30s, 5m or 1h30m"
_WEB = "must be a web address, such as https://example.org/"
_TABLE = {
    "missing": "is required",
    "extra_forbidden": "unknown key",
    "string_type": "must be text",
    "string_too_short": "must not be empty",
    "string_too_long": "must have at most {max_length} characters",
    "string_pattern_mismatch": "has another form than {pattern}",
    "too_short": "must have at least {min_length}{unit}",
    "too_long": "must have at most {max_length}{unit}",
    "literal_error": "must be {expected}",
    "enum": "must be {expected}",
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
    "path_type": "must be a path",
    **dict.fromkeys(("int_type", "int_parsing", "int_from_float", "int_parsing_size"), _WHOLE),
    **dict.fromkeys(("float_type", "float_parsing", "finite_number", "decimal_type", "decimal_parsing"), _NUMBER),
    **dict.fromkeys(("bool_type", "bool_parsing"), _SWITCH),
    **dict.fromkeys(("time_delta_type", "time_delta_parsing"), _SPAN),
    **dict.fromkeys(("list_type", "tuple_type", "set_type", "frozen_set_type", "iterable_type"), _LIST),
    **dict.fromkeys(("dict_type", "mapping_type", "model_type", "model_attributes_type", "dataclass_type"), _MAP),
    **dict.fromkeys(("url_type", "url_parsing", "url_syntax_violation", "url_scheme", "url_too_long"), _WEB),
}


def in_words(error: ValidationError, model: type[BaseModel], keys: Keys, document: Document) -> Iterator[Problem]:
    """One problem for each place in `document` below `keys` that is not as `model` wants it. Shows no value."""
    data = _at(document.data, keys)
    said: dict[Keys, tuple[list[str], str]] = {}
    for detail in error.errors(include_url=False, include_input=False):
        place = _written(detail, data)
        messages, _ = said.setdefault(place, ([], _hint(detail, model, _at(data, place))))
        message = message_of(detail, _at(data, place))
        # a list of which the only value is wrong is empty as well, to pydantic
        if message not in messages and not (messages and detail["type"] == "too_short"):
            messages.append(message)
    for place, (messages, hint) in said.items():
        has_parts = any(len(other) > len(place) and other[: len(place)] == place for other in said)
        if not has_parts and not document.is_broken((*keys, *place)):
            yield document.problem((*keys, *place), ", or ".join(messages), hint)


def fields_by_key(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """The fields of a model by the key an operator writes."""
    return {info.alias or name: info for name, info in model.model_fields.items()}


def _at(data: Any, keys: Keys) -> Any:
    for key in keys:
        inside = isinstance(data, dict) and key in data
        inside = inside or (isinstance(data, list) and isinstance(key, int) and key < len(data))
        if not inside:
            return None
        data = data[key]
    return data


def _written(detail: ErrorDetails, data: Any) -> Keys:
    """The part of pydantic's location that the operator wrote: branches of unions and models' own steps left out."""
    keys: Keys = ()
    steps = detail["loc"]
    for number, step in enumerate(steps):
        is_missing = detail["type"] == "missing" and number == len(steps) - 1
        if is_missing or _at(data, (*keys, step)) is not None or _holds(_at(data, keys), step):
            keys = (*keys, step)
    return keys


def _holds(data: Any, step: str | int) -> bool:
    return isinstance(data, dict) and step in data


def message_of(detail: ErrorDetails, value: Any = None) -> str:
    """What pydantic found, in an operator's words, without the key and without the value, which tells what is counted
    where it is known.
    """
    context = {name: _spelled(each) for name, each in detail.get("ctx", {}).items()}
    context["unit"] = " characters" if isinstance(value, str) else ""
    if detail["type"] in {"value_error", "assertion_error"}:
        return str(context["error"])
    if detail["type"] in _TABLE:
        return _TABLE[detail["type"]].format_map(context)
    return detail["msg"].replace("Input should", "must").replace("Value error, ", "")


def _spelled(value: object) -> object:
    """A bound as an operator writes it: pydantic gives those of durations as `datetime.timedelta(seconds=10)`."""
    if not isinstance(value, str) or not value.startswith("datetime.timedelta("):
        return value
    return format_duration(timedelta(**{unit: int(number) for unit, number in _PART.findall(value)}))


def _hint(detail: ErrorDetails, model: type[BaseModel], value: Any) -> str:
    kind, steps = detail["type"], detail["loc"]
    if kind == "extra_forbidden":
        return did_you_mean(str(steps[-1]), fields_by_key(_model_at(model, steps[:-1])))
    if kind == "missing":
        info = fields_by_key(_model_at(model, steps[:-1])).get(str(steps[-1]))
        return (info.description or "") if info else ""
    if kind == "string_type" and isinstance(value, int | float):
        return "put it in quotes"
    if kind.endswith("_type") and value is None:
        return "nothing stands there; # starts a comment in YAML: quote a text that begins with it"
    if kind in {"literal_error", "enum"} and isinstance(value, str):
        choices = re.findall(r"'([^']*)'", detail["ctx"]["expected"])
        close = did_you_mean(value, choices)
        return close if close.startswith("did") else ""
    return ""


def _model_at(model: type[BaseModel], steps: Keys) -> type[BaseModel]:
    """The model that judges what stands at `steps`; the nearest one known when a step leads elsewhere."""
    for step in steps:
        info = fields_by_key(model).get(str(step))
        inner = next(_models(info.annotation), None) if info else None
        model = inner or model
    return model


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models(argument)
