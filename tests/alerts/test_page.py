"""The page of a message can be read by day and by night, on a narrow screen, with no help from outside."""

import re

import pytest
from lxml import html

from tests.alerts.speaking import Page, everything_said

DARK = re.compile(r"^\s*([^\s{]+) \{([^}]*)\}", re.MULTILINE)


def declared(style):
    return dict(re.findall(r"([\w-]+): ?(#[0-9a-f]{6})", style or ""))


def luminance(colour):
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    """As WCAG 2 defines it."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def colours_of(element, rules):
    """What an element declares: inline, then what the rules for its class or tag put in its place."""
    found = declared(element.get("style"))
    for selector in (element.tag, *(f".{name}" for name in element.classes), f"{element.tag}.{element.get('class')}"):
        found |= rules.get(selector, {})
    return found


def inherited(element, rules, name):
    while element is not None:
        if name in (found := colours_of(element, rules)):
            return found[name]
        element = element.getparent()
    raise AssertionError(f"no {name}")


def contrasts(page, rules):
    body = html.fromstring(page).find("body")
    readable = [each for each in body.iter() if (each.text or "").strip()]
    return [contrast(inherited(each, rules, "color"), inherited(each, rules, "background")) for each in readable]


@pytest.mark.parametrize(("name", "message"), everything_said())
def test_every_word_stands_out_by_day_and_by_night(name, message):
    night = {selector: declared(style) for selector, style in DARK.findall(message.html)}

    assert min(contrasts(message.html, {})) >= 4.5
    assert min(contrasts(message.html, night)) >= 4.5


@pytest.mark.parametrize(("name", "message"), everything_said())
def test_nothing_is_fetched_and_nothing_is_wider_than_a_phone(name, message):
    page = html.fromstring(message.html)

    assert {tag for tag, _ in Page(message.html).tags} & {"link", "script", "iframe", "form", "svg"} == set()
    assert {each.get("src") for each in page.iter("img")} <= {"cid:chart@badbuzz"}
    assert re.findall(r"url\(|@import|expression\(", message.html) == []
    assert [int(width) for width in re.findall(r"(?<!max-)width:\s*(\d+)px", message.html) if int(width) > 320] == []
    assert page.get("lang") == message.language
    assert re.search(r"@media \(prefers-color-scheme: dark\)", message.html) is not None


@pytest.mark.parametrize(("name", "message"), everything_said())
def test_the_level_is_a_word_in_a_border_and_a_button_stands_only_where_there_is_a_page(name, message):
    page = html.fromstring(message.html)

    labels = [each.text.lower() for each in page.iter("span") if "border:2px" in (each.get("style") or "")]
    assert len(labels) == 1
    assert message.level in labels[0]
    assert len(page.find_class("button")) == (0 if message.link is None else 1)
