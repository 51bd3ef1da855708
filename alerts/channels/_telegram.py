"""Messages as Telegram shows them: what is bold, quoted or a link is named by its place, so that no word is markup."""

from collections.abc import Iterator, Sequence
from typing import Any, Literal

import msgspec

from alerts.acts import Choice
from alerts.alert import Language
from alerts.channels._text import cut, one_line, unlinked, utf16
from alerts.message import Message, Quotation
from alerts.safe import host_of, safe_link
from alerts.words import headings

WHOLE = 1_365
"""Budget of a message in units of UTF-16, quotations included; Telegram allows 4,096."""
TITLE, LEAD, LABEL, VALUE, QUOTE, CAPTION, STEP, CONTEXT, LINE = 60, 300, 40, 160, 280, 100, 200, 300, 400
ANSWER = 1_000
LISTED = 3_000
_SHAPES = ((8, 3), (8, 2), (8, 1), (6, 1), (4, 1), (4, 0))
"""Most fields and quotations, tried one after the other until the whole fits: the first quotation is left out last."""
BUTTON, TOLD = 60, 200
"""Units on a button, and those that are told to who presses; Telegram allows no more of the latter."""


def payload(message: Message, *, buttons: bool = True) -> dict[str, Any]:
    """The words with what is bold, quoted or a link named by its place, so that no word can be markup."""
    text, entities = _laid_out(message, *_SHAPES[0])
    for shape in _SHAPES[1:]:
        if utf16(text) <= WHOLE:
            break
        text, entities = _laid_out(message, *shape)
    return {
        "text": text,
        "entities": entities,
        "link_preview_options": {"is_disabled": True},
        **(keyboard(message.choices, message.language, message.thread) if buttons else {}),
    }


def keyboard(choices: Sequence[Choice], language: Language, incident: str) -> dict[str, Any]:
    """Buttons under a message, one a line, and two where each is about another incident; nothing for none."""
    rows = [[_button(choice, language, incident)] for choice in choices if not choice.incident]
    each = [_button(choice, language, choice.incident) for choice in choices if choice.incident]
    rows += [each[start : start + 2] for start in range(0, len(each), 2)]
    return {"reply_markup": {"inline_keyboard": rows}} if rows else {}


def _button(choice: Choice, language: Language, incident: str) -> dict[str, str]:
    # at most 64 bytes
    carried = f"{choice.act} {language} {incident}"
    return {"text": cut(one_line(choice.label), BUTTON, utf16), "callback_data": carried}


def plain(words: str) -> dict[str, Any]:
    """Plain words, on one line."""
    return {"text": fit(words, ANSWER), "link_preview_options": {"is_disabled": True}}


class _Span(msgspec.Struct, frozen=True):
    text: str
    kind: Literal["", "bold", "italic", "blockquote", "text_link"] = ""
    url: str = ""


_NONE = _Span("")


def _laid_out(message: Message, fields: int, quotes: int) -> tuple[str, list[dict[str, Any]]]:
    text, entities = "", []
    for number, line in enumerate(_lines(message, fields, message.quotations[:quotes])):
        text += "\n" if number else ""
        for span in filter(lambda span: span.text, line):
            if span.kind:
                place = {"type": span.kind, "offset": utf16(text), "length": utf16(span.text)}
                entities.append(place | ({"url": span.url} if span.url else {}))
            text += span.text
    return text, entities


def _lines(message: Message, fields: int, quotations: Sequence[Quotation]) -> list[list[_Span]]:
    """All lines, with an empty one before each part but the first."""
    lines: list[list[_Span]] = []
    for part in _parts(message, fields, quotations):
        said = [line for line in part if line[0].text]
        lines += [*([[]] if lines and said else []), *said]
    return lines


def _parts(message: Message, fields: int, quotations: Sequence[Quotation]) -> Iterator[list[list[_Span]]]:
    colon, link = headings(message.language).colon, safe_link(message.link)
    yield [[_Span(fit(message.title, TITLE) or "badbuzz", "bold")], [_Span(fit(message.lead, LEAD))]]
    yield [[_Span(fit(row, LISTED))] for row in message.listed]
    shown = message.foremost(fields)
    yield [[_Span(fit(each.label, LABEL), "bold"), _Span(colon + fit(each.value, VALUE))] for each in shown]
    yield [line for each in quotations for line in _quoted(each)]
    if message.first:
        steps = [[_Span(fit(step, STEP))] for step in message.steps]
        yield [[_Span(fit(message.first_label, LABEL), "bold")], *steps]
    pages = [(fit(each.label, LABEL), safe_link(each.value)) for each in message.pages]
    yield [[span for label, page in pages if page for span in (_Span(label, "text_link", page), _Span(" "))] or [_NONE]]
    yield [[_Span(fit(message.link_label or host_of(link), CAPTION), "text_link", link)]] if link else []
    yield [[_Span(fit(message.asks, CAPTION), "bold")]] if message.choices else []
    yield [[_Span(fit(message.context, CONTEXT), "italic")]]


def _quoted(quotation: Quotation) -> list[list[_Span]]:
    return [[_Span(fit(quotation.text, QUOTE) or "…", "blockquote")], _caption(quotation)]


def _caption(quotation: Quotation) -> list[_Span]:
    caption = [_Span(f"— {fit(quotation.caption, CAPTION)}")]
    if link := safe_link(quotation.url):
        caption += [_Span(" · "), _Span(fit(host_of(link), CAPTION), "text_link", link)]
    return caption


def fit(text: str, limit: int) -> str:
    """One line of at most so many units of UTF-16, of which no app makes a link."""
    # Telegram makes links of words wherever they stand, and a @name rings
    return unlinked(cut(one_line(text), limit, lambda shown: utf16(unlinked(shown))))
