"""Values that several sections of a configuration are made of."""

import re
from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field, GetJsonSchemaHandler, StringConstraints
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

Language = Literal["fr", "en"]
Severity = Literal["info", "warning", "critical"]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]

ItemT = TypeVar("ItemT")


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


class _OneOrMore:
    """In an editor's eyes: one value or a list of them."""

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        many = handler(schema)
        return {"anyOf": [many["items"], many]}


Listed = Annotated[tuple[ItemT, ...], BeforeValidator(_listed), _OneOrMore()]
"""A value or a list of values, as a tuple."""
OneOrMore = Annotated[tuple[ItemT, ...], Field(min_length=1), BeforeValidator(_listed), _OneOrMore()]
"""A value or a list of values, as a tuple; never empty."""


def _language_code(text: str) -> str:
    if not re.fullmatch(r"[a-z]{2,3}", text):
        raise ValueError("not a language code: write fr, en, es ...")
    return text


LanguageCode = Annotated[str, AfterValidator(_language_code)]
