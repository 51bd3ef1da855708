"""Who wrote an entry, out of the many ways in which feeds say so."""

import re
from collections.abc import Mapping
from typing import Any

from listener.feeds.html import line_of, text_of
from rules.mention import Author

_MOST_NAMES = 10
_LONGEST_NAME = 500
"""Nobody is called longer, and the patterns below take quadratic time."""
_EMAIL = r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"
# RSS: `mail (Name)`, `Name <mail>`, `mail Name`
_MAIL_FIRST = re.compile(rf"(?:mailto:)?{_EMAIL}\s*[(:,-]?\s*(?P<name>[^()]*?)\)?\s*", re.DOTALL)
_MAIL_LAST = re.compile(rf"(?P<name>.*?)\s*[<(\[]\s*(?:mailto:)?{_EMAIL}\s*[>)\]]\s*", re.DOTALL)
# what is left around a name where an address was taken out
_LEFT = re.compile(r"^[\s,:-]+|[\s(<\[]+(?:mailto:)?[\s>\])]*$")


def author_of(holder: dict[str, Any]) -> Author:
    """The author of an entry or feed as feedparser holds it: every name once, and the address of a page about them
    when there is one author. A mail address stands for a name only where there is no other.
    """
    people = [person for person in dict.get(holder, "authors") or [] if person]
    if not any(person.get("name") or person.get("email") for person in people):
        people = [{"name": dict.get(holder, "author") or ""}]
    names = list(dict.fromkeys(filter(None, map(_name, people))))[:_MOST_NAMES]
    if not names:
        return Author()
    pages = {href for person in people if (href := person.get("href"))}
    name = ", ".join(names)
    return Author(name=name, handle=_handle(name), id=pages.pop() if len(pages) == len(names) == 1 else None)


def _name(person: Mapping[str, Any]) -> str:
    said = str(person.get("name") or "")[:_LONGEST_NAME]
    name = line_of(text_of(said).replace("\n", " ") if "&" in said or "</" in said else said)
    for pattern in (_MAIL_FIRST, _MAIL_LAST):
        match = pattern.fullmatch(name)
        if match and match["name"].strip(" \"'"):
            return match["name"].strip(" \"'")
    email = line_of(str(person.get("email") or ""))
    return (_without_rest(name) if email else name) or email


def _without_rest(name: str) -> str:
    """What was a name before feedparser took the mail address out of it."""
    name = _LEFT.sub("", name)
    if len(name) > 2 and name[0] == name[-1] == '"':
        return name[1:-1]
    return name + ")" * (name.count("(") - name.count(")") == 1)


def _handle(name: str) -> str | None:
    match = re.fullmatch(r"/u/([\w-]{1,40})", name)
    return match[1] if match else None
