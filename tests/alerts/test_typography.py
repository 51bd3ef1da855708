"""French and English as printers set them, in every message of every state."""

import re

import pytest

from alerts.message import Message
from tests.alerts.speaking import everything_said, said

N, T = "\u00a0", "\u202f"
FAULTS = {
    "fr": {
        "colon without a no-break space before it": rf"[^{N}]:(?!//)",
        "double mark or per cent without a thin space": rf"[^{T}][;!?%]",
        "guillemet without a no-break space inside": rf"«(?!{N})|(?<!{N})»",
        "unit parted from its number by a plain space or none": r"\d ?(?:min|h|j|s)\b",
        "hour with a plain space or none": r"\dh|h ?\d\d\b",
        "number sign without a no-break space": rf"n°(?!{N})",
        "straight or English mark": r"['\"“”]",
        "three dots": r"\.\.\.",
        "thousands not parted by a thin space": rf"\d[ {N}.,]\d{{3}}\b|\d{{5}}",
        "exclamation": "!",
        "capitals for weight": r"\b(?!UTC|EXERCICE)[A-ZÀ-Ý’]{3,}\b",
        "two spaces or a space before a full stop": r"  | [.,)]|\.\.|\( ",
        "empty place": r"None|Undefined|\{\{|\(\)|: *$",
    },
    "en": {
        "space before a mark": rf"[ {N}{T}][:;!?%]",
        "straight or French mark": r"['\"«»]",
        "three dots": r"\.\.\.",
        "thousands without a comma": r"\d[ .]\d{3}\b|\d{5}",
        "exclamation": "!",
        "capitals for weight": r"\b(?!UTC|DRILL)[A-Z]{3,}\b",
        "two spaces or a space before a full stop": r"  | [.,)]|\.\.|\( ",
        "empty place": r"None|Undefined|\{\{|\(\)|: *$",
    },
}


def faults(message: Message) -> list[str]:
    return [
        f"{name}: {text!r}"
        for text in said(message)
        for name, pattern in FAULTS[message.language].items()
        if re.search(pattern, text)
    ]


@pytest.mark.parametrize(("name", "message"), everything_said())
def test_every_message_is_set_as_its_language_asks(name, message):
    assert faults(message) == []


@pytest.mark.parametrize(
    "text",
    ["Acme : oui", "Acme: oui", "15 min", "15min", "23h08", f"23{N}h 08", "n° 37", "«oui»", "l'incident", "12 000"],
)
def test_the_check_finds_a_fault_it_is_shown(text):
    assert any(re.search(pattern, text) for pattern in FAULTS["fr"].values())
