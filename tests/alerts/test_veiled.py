"""What a locked screen shows names no brand, in any channel, and says all the same how serious it is."""

import msgspec
import pytest
from msgspec.structs import replace

from alerts.channels import ntfy, telegram
from alerts.render import render, render_notice
from alerts.veiled import veiled
from tests.alerts.samples import NOTICES, OPEN
from tests.alerts.speaking import PARIS


@pytest.mark.parametrize(
    ("language", "single", "over", "several"),
    [
        (
            "fr",
            "badbuzz : un incident sérieux vous attend (n° 37).",
            "badbuzz : du nouveau sur l’incident n° 37.",
            "badbuzz : 4 incidents vous attendent, dont 1 critique.",
        ),
        (
            "en",
            "badbuzz: a serious incident is waiting for you (37).",
            "badbuzz: there is news of incident 37.",
            "badbuzz: 4 incidents are waiting for you, 1 of them critical.",
        ),
    ],
)
def test_nothing_but_number_and_level_is_shown(language, single, over, several):
    shown = veiled(render(OPEN, language, PARIS))
    assert single == shown.line.replace("\u00a0", " ")
    assert over == veiled(render(replace(OPEN, state="resolved"), language, PARIS)).line.replace("\u00a0", " ")
    listed = veiled(render_notice(NOTICES["several"], language, PARIS))
    assert several == listed.line.replace("\u00a0", " ")
    for message in (shown, listed):
        for sent in (ntfy.payload(message, "topic"), telegram.payload(message)):
            said = msgspec.json.encode(sent).decode().casefold()
            assert "acme" not in said
            assert not any(quote.text.casefold() in said for quote in OPEN.quotes)


def test_what_can_be_done_and_the_link_stay():
    message = render(OPEN, "en", PARIS)
    shown = veiled(message)
    assert (message.choices, message.link, message.thread, message.priority) == (
        shown.choices,
        shown.link,
        shown.thread,
        shown.priority,
    )
