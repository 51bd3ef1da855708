"""Messages as Matrix shows them, strangers' words without markup; and what people answer to them."""

import html
import re
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any

import msgspec

from alerts.acts import Act, Acted, Press
from alerts.alert import Language
from alerts.answers import reason
from alerts.channels._text import cut, defuse, one_line, unlinked, utf8
from alerts.message import Message, Quotation
from alerts.safe import host_of, safe_link
from alerts.words import headings

WHOLE, BODY = 6_000, 6_000
"""Budgets in bytes of UTF-8, of the HTML after escaping and of the plain words. An event may have 65,536, and holds
both.
"""
TITLE, LEAD, LABEL, VALUE, QUOTE, CAPTION, FIRST, CONTEXT, LINE = 120, 600, 100, 400, 600, 250, 400, 600, 1_000
FIELDS, STEPS = 8, 6
LISTED = 4_000

_SAID: Mapping[Press, frozenset[str]] = {
    "ack": frozenset({"✅", "👍", "!ack", "je prends", "je prends en charge", "i have it"}),
    "unack": frozenset({"↩", "!unack", "annuler la prise en charge", "i don’t have it", "i don't have it"}),
    "silence": frozenset({"🔇", "!silence", "sourdine", "sourdine 1 h", "silence", "silence 1 h"}),
    "false-alarm": frozenset({"❌", "!false-alarm", "!fausse-alerte", "false alarm", "fausse alerte"}),
    "real": frozenset({"💯", "!real", "vraie alerte", "real alert"}),
}
"""What a reaction or a reply may say."""
_SIGNS: Mapping[Press, str] = {"ack": "✅", "unack": "↩️", "silence": "🔇", "false-alarm": "❌", "real": "💯"}
_NUMBERED = re.compile("([1-9])⃣?")
_TONES = re.compile("[\ufe0f\U0001f3fb-\U0001f3ff]")
OURS = "badbuzz.incident"
"""Where an event of ours says what it is about."""


class Incident(msgspec.Struct):
    """What stands in each of our events, for those who answer it."""

    id: str
    language: Language
    choices: tuple[Press, ...] = ()
    """What is asked there, by numbers from 1."""
    each: tuple[str, ...] = ()
    """The incidents that are taken by themselves, by numbers from 1."""


def answer(content: Mapping[str, Any]) -> tuple[str, str]:
    """The event that is answered and the word it is answered with; "" for what answers nothing. Raises LookupError,
    TypeError or AttributeError for what no app writes.
    """
    relation = content.get("m.relates_to", {})
    if relation.get("rel_type") == "m.annotation":
        return str(relation["event_id"]), _TONES.sub("", str(relation["key"]))
    thread = relation["event_id"] if relation.get("rel_type") == "m.thread" else None
    replied = thread or relation.get("m.in_reply_to", {}).get("event_id")
    if not replied or relation.get("rel_type") == "m.replace":
        return "", ""
    # an older app repeats what is answered before a reply
    said = str(content.get("body", "")).rpartition("\n\n")[2]
    return str(replied), re.sub(r"\s+", " ", one_line(said)).casefold().rstrip(" .!")


def may_ask(word: str) -> bool:
    """Whether a word or a sign can ask for something, whatever it answers."""
    return _NUMBERED.fullmatch(word) is not None or _press(word) is not None


def wish(word: str, about: Incident, by: str) -> Act | None:
    """What a word or a sign asks for that answers an event of ours; None when it asks for nothing."""
    number = _NUMBERED.fullmatch(word)
    place = int(number[1]) if number else 0
    if 0 < place <= len(about.each):
        return Act.pressed("ack", about.each[place - 1], by, about.language)
    press = about.choices[place - 1] if 0 < place <= len(about.choices) else _press(word)
    return Act.pressed(press, about.id, by, about.language) if press else None


def _press(word: str) -> Press | None:
    head, _, because = word.partition(":")
    press = next((each for each, words in _SAID.items() if head.strip() in words), None)
    if press is None or press == "false-alarm":
        return reason(because or word) or press
    return None if because else press


def question(acted: Acted, about: Incident, target: str) -> dict[str, Any]:
    """What an answer asks back, below what was answered; each choice with its number."""
    lines = [f"{number}. {one_line(choice.label)}" for number, choice in enumerate(acted.choices, 1)]
    kept = Incident(about.id, about.language, tuple(choice.act for choice in acted.choices))
    said = words(acted.words, quiet=True)
    return {
        **said,
        "body": "\n".join([said["body"], *map(_unnamed, lines)]),
        "m.relates_to": {"m.in_reply_to": {"event_id": target}},
        **({OURS: msgspec.to_builtins(kept)} if lines else {}),
    }


def payload(message: Message) -> dict[str, Any]:
    """The message: plain words, and the same as HTML in which nothing of a stranger's is markup."""
    quotes = list(message.quotations)
    shown = _html(message, quotes)
    while quotes and utf8(shown) > WHOLE:
        quotes.pop()
        shown = _html(message, quotes)
    plain = "\n\n".join(filter(None, (message.title, _text(message), " · ".join(_signs(message)))))
    return {
        **words("", quiet=message.priority <= 2),
        "body": _plain(defuse(plain), BODY),
        "format": "org.matrix.custom.html",
        "formatted_body": shown,
        **_ours(message),
    }


def _text(message: Message) -> str:
    """The plain words without the holding answers: notifications show them on locked phones."""
    known, answers = headings(message.language), message.answers
    left_out = {known.answers.upper(), *(f"{answer.label}{known.colon}{answer.value}" for answer in answers)}
    kept = [line for line in message.text.split("\n") if not answers or line not in left_out]
    return "\n".join(kept).strip()


def _ours(message: Message) -> dict[str, Any]:
    each = tuple(choice.incident for choice in message.choices if choice.incident)
    return {OURS: msgspec.to_builtins(Incident(message.thread, message.language, each=each))}


def words(text: str, *, quiet: bool) -> dict[str, Any]:
    """A line of plain words; a quiet one is of the type that rings nobody."""
    # with `m.mentions` no server looks for names in the words
    return {"msgtype": "m.notice" if quiet else "m.text", "body": _plain(one_line(text), LINE), "m.mentions": {}}


def _plain(text: str, limit: int) -> str:
    # an older server rings a room that finds its name
    return _unnamed(cut(text, limit, lambda shown: utf8(_unnamed(shown))))


def _unnamed(text: str) -> str:
    return text.replace("@", "@\u2060")


def edited(message: Message, root: str) -> dict[str, Any]:
    """The root as it is now; an app that knows no edits shows a star and the line."""
    known = {"rel_type": "m.replace", "event_id": root}
    return {**words(f"* {message.line}", quiet=True), "m.new_content": payload(message), "m.relates_to": known}


def told(message: Message, root: str) -> dict[str, Any]:
    """The step as a line in the thread; an app that knows no threads shows a reply."""
    relation = {"rel_type": "m.thread", "event_id": root, "is_falling_back": True, "m.in_reply_to": {"event_id": root}}
    return {**words(message.line, quiet=message.priority <= 2), "m.relates_to": relation, **_ours(message)}


def _signs(message: Message) -> Iterator[str]:
    asks = (one_line(message.asks),) if message.asks and message.choices else ()
    whole = (f"{_SIGNS[choice.act]} {one_line(choice.label)}" for choice in message.choices if not choice.incident)
    each = (choice for choice in message.choices if choice.incident)
    return chain(
        asks, whole, (f"{number}\ufe0f\u20e3 {one_line(choice.label)}" for number, choice in enumerate(each, 1))
    )


def _html(message: Message, quotations: list[Quotation]) -> str:
    parts = [f"<p><strong>{_fit(message.title, TITLE)}</strong><br>{_fit(message.lead, LEAD)}</p>"]
    facts = [f"{_strong(field.label)} {_fit(field.value, VALUE)}" for field in message.foremost(FIELDS)]
    facts = [*(_fit(row, LISTED) for row in message.listed), *facts]
    parts += [f"<ul>{_items(facts)}</ul>"] if facts else []
    parts += map(_quotation, quotations)
    if steps := [_fit(step, FIRST) for step in message.first[:STEPS]]:
        parts.append(f"<p>{_strong(message.first_label)}</p><ol>{_items(steps)}</ol>")
    pages = (_link(each.value, each.label) for each in message.pages)
    last = [*pages, _link(message.link, message.link_label), *(_fit(sign, LABEL) for sign in _signs(message))]
    parts += [f"<p>{' · '.join(filter(None, last))}</p>"] if any(last) else []
    return "".join(parts) + (f"<p><em>{_fit(message.context, CONTEXT)}</em></p>" if message.context else "")


def _quotation(quotation: Quotation) -> str:
    source = " · ".join(filter(None, (_fit(quotation.caption, CAPTION), _link(quotation.url, ""))))
    return f"<blockquote>{_fit(quotation.text, QUOTE)}<br>— <em>{source}</em></blockquote>"


def _items(lines: list[str]) -> str:
    return "".join(f"<li>{line}</li>" for line in lines)


def _strong(words: str) -> str:
    return f"<strong>{_fit(words, LABEL)}</strong>"


def _link(address: str | None, label: str) -> str:
    safe = safe_link(address)
    return f'<a href="{html.escape(safe)}">{_fit(label or host_of(safe), LABEL)}</a>' if safe else ""


def _fit(text: str, limit: int) -> str:
    return html.escape(unlinked(cut(one_line(text), limit, lambda shown: utf8(html.escape(unlinked(shown))))))
