"""Messages laid out for a terminal say what their readers would read."""

import json
from email.message import EmailMessage

import pytest
from rich.console import Console

from listener.mock.inboxes import Chat, Mail, Signal
from listener.mock.messages import Inboxes, mrkdwn
from listener.mock.show import Words

WIDTHS = [40, 78, 100]


def seen(inboxes, arrival, width=100):
    console = Console(width=width, no_color=True)
    with console.capture() as capture:
        console.print(inboxes.shown(arrival))
    return " ".join(capture.get().replace("│", " ").split())


def test_slack_markup_becomes_what_a_reader_sees():
    text = mrkdwn(
        "*22 mentions*, _Le premier_ · <https://a.example/x_y_z|voir>\n> a &lt;b&gt; *c &amp; d snake_case_name"
    )

    assert text.plain == "22 mentions, Le premier · voir\n▎ a <b> *c & d snake_case_name"
    assert [str(span.style) for span in text.spans] == ["bold", "italic", "underline link https://a.example/x_y_z"]


@pytest.mark.parametrize("width", WIDTHS)
def test_every_block_of_a_chat_message_is_shown(width):
    blocks = [
        {"type": "header", "text": {"type": "plain_text", "text": "Acme Air"}},
        {"type": "section", "text": {"type": "mrkdwn", "text": "*lead*"}},
        {"type": "section", "fields": [{"type": "mrkdwn", "text": f"*f{number}* v"} for number in range(3)]},
        {
            "type": "rich_text",
            "elements": [
                {"type": "rich_text_quote", "elements": [{"type": "text", "text": "*said* <b>"}]},
                {
                    "type": "rich_text_section",
                    "elements": [
                        {"type": "text", "text": "first", "style": {"italic": True}},
                        {"type": "link", "url": "https://a.example/", "text": "a.example"},
                    ],
                },
            ],
        },
        {"type": "context", "elements": [{"type": "mrkdwn", "text": "Paris"}]},
    ]
    shown = seen(Inboxes(Words("fr"), width), Chat({"text": "line", "blocks": blocks}), width)

    parts = ("Acme Air", "lead", "f0 v", "f1 v", "f2 v", "▎ *said* <b>", "firsta.example", "Paris")
    assert [part for part in parts if part not in shown] == []


def test_the_first_mail_is_shown_whole_and_later_ones_by_their_beginning():
    mail = EmailMessage()
    mail["Subject"] = "Acme Air"
    mail.set_content("\n".join(f"line {number}" for number in range(30)))
    inboxes = Inboxes(Words("en"), 100)

    assert "line 29" in seen(inboxes, Mail(mail))
    later = seen(inboxes, Mail(mail))
    assert "line 11" in later
    assert "line 12" not in later
    assert "… 18 more lines" in later


def test_an_mqtt_event_is_shown_with_the_state_that_is_retained_then():
    inboxes = Inboxes(Words("en"), 100)
    quiet = [
        inboxes.shown(Signal("badbuzz/here/status", b"online", retain=False)),
        inboxes.shown(Signal("badbuzz/incident/1", json.dumps({"state": "open"}).encode(), retain=False)),
        inboxes.shown(Signal("badbuzz/incident/1", b"", retain=False)),
    ]
    shown = seen(inboxes, Signal("badbuzz/event", json.dumps({"text": "back to usual"}).encode(), retain=False))

    assert quiet == [None, None, None]
    assert ("back to usual" in shown, "retained: cleared" in shown) == (True, True)
