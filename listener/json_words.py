"""What is wrong with a line of JSON, said to whoever wrote it: the field, what it must be, and how that is written."""

import re
from collections.abc import Mapping

import msgspec

_PLACE = re.compile(r" - at `\$\.?(.*)`$")
_MISSING = re.compile(r"missing required field `(\w+)`")
_INSIDE = re.compile(r"\[.*$")

Forms = Mapping[str, tuple[str, str]]
"""By field, `author.followers` for one in another: what it must be, and an example in JSON."""


def in_words(error: Exception, forms: Forms, example: str) -> str:
    """What is wrong with a line that msgspec cannot decode, which is to be like `example`. Repeats nothing of it."""
    if isinstance(error, UnicodeDecodeError):
        return "not UTF-8: save it as UTF-8"
    text = str(error)
    if not isinstance(error, msgspec.ValidationError):
        return f"not JSON: write {example}"
    missing, place = _MISSING.search(text), _PLACE.search(text)
    if missing is not None:
        must, written = forms[missing[1]]
        return f"no `{missing[1]}`, which must be {must}: write {written}"
    if place is None:
        return f"{'a list' if 'got `array`' in text else 'not an object'}: write one object a line, {example}"
    field = _INSIDE.sub("", place[1])
    must, written = forms.get(field, ("something else", example))
    return f"`{field}` must be {must}: write {written}"
