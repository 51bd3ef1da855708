"""The email channel against real SMTP servers."""

import asyncio
import imaplib
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import SMTP, default
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.acts import Act, Acted, Choice
from alerts.answers import refused
from alerts.channel import SendError
from alerts.channels._replies import understood
from alerts.channels._seal import key, seal
from alerts.channels.email import SPEC, EmailChannel, compose
from alerts.message import CHART, Bar, Chart
from alerts.render import render_notice
from rules.instant import instant
from tests.acting import lent
from tests.alerts.samples import NOTICES
from tests.builders import AT, alert, message, notice, step
from tests.servers import PASSWORD, USER, Authority, Inbox, authority, dovecot, free_port, smtp_server

CHOICES = (Choice(act="ack", label="I have it"), Choice(act="false-alarm", label="False alarm"))
TEAM = ["ann@example.org", "bob@example.org"]


def options(**changes: Any) -> Any:
    known = {"to": TEAM, "from": "badbuzz@example.org", "smtp": "smtp://localhost:25", "tls": "none"}
    return SPEC.options.model_validate({**known, **changes})


@asynccontextmanager
async def mail(inbox: Inbox, act: Any = None, **changes: Any) -> AsyncIterator[EmailChannel]:
    """A channel to that server, without TLS unless the options say so."""
    async with aiohttp.ClientSession() as http:
        tools = lent(http, "boss", act=act)
        known = options(**{"smtp": f"smtp://localhost:{inbox.port}", **changes})
        yield EmailChannel(known, tools, pause=0.05)


def composed(sent: Any, sealing: bytes = b"", **changes: Any) -> EmailMessage:
    """The mail as a mail reader parses it."""
    made = compose(sent, options(**changes), name="boss", at=instant(AT), sealing=sealing)
    parsed = BytesParser(policy=default).parsebytes(made.as_bytes(policy=SMTP))
    assert isinstance(parsed, EmailMessage)
    return parsed


def answering(sent: EmailMessage, words: str = "I have it", kind: str = "plain", **changes: str | None) -> EmailMessage:
    """A reply as mail programs write it; None leaves a header out."""
    made = EmailMessage(policy=SMTP)
    known = {
        "From": "Ann <Ann@example.org>",
        "In-Reply-To": str(sent["Message-ID"]),
        "Message-ID": "<reply@example.org>",
    }
    for header, value in {**known, **{name.replace("_", "-"): value for name, value in changes.items()}}.items():
        if value is not None:
            made[header] = value
    made.set_content(words, subtype=kind)
    return made


SEALING = key(PASSWORD, "watch", "boss")


def understood_of(made: EmailMessage) -> Act | None:
    reply = understood(made.as_bytes(), SEALING, TEAM)
    return reply.act if reply else None


@pytest.mark.parametrize(
    ("words", "kind", "verb"),
    [
        ("I have it\n\n> false alarm", "plain", "ack"),
        ("\n  « Je prends en charge »\nLe 14 novembre, badbuzz a écrit :\n> …", "plain", "ack"),
        ("Pris en charge, merci.", "plain", "ack"),
        ("FAUSSE ALERTE !", "plain", "resolve"),
        ("Sourdine 1 h", "plain", "silence"),
        ("I don’t have it.", "plain", "unack"),
        ("Vraie alerte", "plain", "resolve"),
        ("Oui", "plain", None),
        ("<style>p {}</style><div>False alarm</div><blockquote>I have it</blockquote>", "html", "resolve"),
        ("I have it from a friend that it is nothing", "plain", None),
        ("> I have it", "plain", None),
        ("Thanks\nI have it", "plain", None),
        ("", "plain", None),
        ("<", "html", None),
    ],
)
def test_the_first_line_above_the_quotation_says_what_is_asked(words: str, kind: str, verb: str | None) -> None:
    act = understood_of(answering(composed(message(), sealing=SEALING), words, kind))

    assert verb == (act.verb if act else None)
    assert act is None or (message().thread, "ann@example.org") == (act.incident, act.by)


@pytest.mark.parametrize(
    ("words", "because"),
    [
        ("Fausse alerte : homonyme", "namesake"),
        ("false alarm - Bots, copy-paste", "bots, copy-paste"),
        ("False alarm, sorry", None),
    ],
)
def test_a_false_alarm_may_say_why(words: str, because: str | None) -> None:
    act = understood_of(answering(composed(message(), sealing=SEALING), words))

    assert act is not None
    assert ("false-alarm", because) == (act.ending, act.because)


def test_a_reply_to_any_step_is_a_reply_to_its_incident() -> None:
    later = composed(step(3, "worse"), sealing=SEALING)

    assert message().thread == getattr(understood_of(answering(later)), "incident", None)


@pytest.mark.parametrize(
    "changes",
    [
        {"From": "Eve <eve@example.org>"},
        {"From": "eve@example.org, ann@example.org"},
        {"From": None},
        {"In_Reply_To": None},
        {"In_Reply_To": "<1f0c9a7b2d3e.0.boss@example.org>"},
        {"In_Reply_To": f"<1f0c9a7b2d3e.0.boss.{'0' * 32}@example.org>"},
        {"In_Reply_To": f"<1f0c9a7b2d3e.0.boss.{seal(SEALING, 'other')}@example.org>"},
        {"Auto_Submitted": "auto-replied"},
    ],
)
def test_a_forged_a_strangers_or_an_automatic_reply_does_nothing(changes: dict[str, str | None]) -> None:
    assert None is understood_of(answering(composed(message(), sealing=SEALING), **changes))


@given(st.binary(max_size=300), st.sampled_from([b"", b"From: ann@example.org\nContent-Type: text/html; charset=x\n"]))
def test_no_bytes_break_the_reading(raw: bytes, head: bytes) -> None:
    assert None is understood(head + raw, SEALING, TEAM)


async def test_a_reply_is_acted_on_once_also_after_a_restart_and_a_refusal_told(tmp_path: Path) -> None:
    trust, heard = authority(tmp_path), asyncio.Queue[Act]()
    changes: dict[str, Any] = {"ca_file": trust.ca_file, "imap_password": PASSWORD}

    async def act(asked: Act) -> Acted:
        await heard.put(asked)
        return refused("Max already has incident 37", "fr") if asked.verb == "ack" else Acted()

    with dovecot(trust) as port:
        changes["imap"] = f"imaps://{USER}@localhost:{port}"
        async with smtp_server() as inbox, mail(inbox, act, **changes) as channel:
            await channel.probe()
            await channel.send(message(choices=CHOICES, language="fr"))
            sent = inbox.mails[0]
            await asyncio.to_thread(put, port, trust, answering(sent, From="eve@example.org"), answering(sent))
            async with served(channel):
                first = await asyncio.wait_for(heard.get(), 20)
                await asyncio.to_thread(put, port, trust, answering(sent, "false alarm"))
                second = await asyncio.wait_for(heard.get(), 20)
                # marked only after it was acted on
                await asyncio.to_thread(until_one_unread, port, trust)
            async with mail(inbox, act, **changes) as again, served(again):
                await asyncio.to_thread(put, port, trust, answering(sent, "fausse alerte"))
                third = await asyncio.wait_for(heard.get(), 20)

    assert ["ack", "resolve", "resolve"] == [first.verb, second.verb, third.verb]
    assert {"ann@example.org"} == {each.identity for each in (first, second, third)}
    assert "« Fausse alerte »" in sent.get_body(("plain",)).get_content()
    (refusal,) = inbox.mails[1:]
    assert ("Ann@example.org".lower(), "<reply@example.org>") == (refusal["To"], refusal["In-Reply-To"])
    assert "déjà pris en charge par Max" in refusal["Subject"]


async def test_a_mailbox_that_lets_nobody_in_is_said_without_its_password(tmp_path: Path) -> None:
    trust = authority(tmp_path)
    with dovecot(trust) as port:
        changes = {"ca_file": trust.ca_file, "imap": f"imaps://{USER}@localhost:{port}", "imap_password": "wr0ng-horse"}
        async with smtp_server() as inbox, mail(inbox, **changes) as channel:
            with pytest.raises(SendError) as failed:
                await channel.probe()

    assert ("authError", True) == (failed.value.reason, failed.value.permanent)
    assert "wr0ng-horse" not in f"{failed.value}{vars(channel)}"


def opened(port: int, trust: Authority) -> imaplib.IMAP4_SSL:
    context = ssl.create_default_context(cafile=trust.ca_file)
    server = imaplib.IMAP4_SSL("localhost", port, ssl_context=context)
    server.login(USER, PASSWORD)
    server.select()
    return server


def put(port: int, trust: Authority, *mails: EmailMessage) -> None:
    with opened(port, trust) as server:
        for each in mails:
            server.append("INBOX", "", "", each.as_bytes())


def until_one_unread(port: int, trust: Authority) -> None:
    with opened(port, trust) as server:
        for _ in range(10_000):
            server.noop()
            if len(server.search(None, "UNSEEN")[1][0].split()) == 1:
                return
    raise AssertionError("replies stay unread")


@asynccontextmanager
async def served(channel: EmailChannel) -> AsyncIterator[None]:
    async with asyncio.TaskGroup() as group:
        serving = group.create_task(channel.serve())
        yield
        serving.cancel()


def threads(mails: list[EmailMessage]) -> dict[str, str]:
    """What a mail reader makes of the headers: maps each Message-ID to the root of its thread."""
    parents = {}
    for read in mails:
        chain = str(read.get("References", "")).split() or str(read.get("In-Reply-To", "")).split()
        parents[str(read["Message-ID"])] = chain[-1] if chain else ""
    roots = {}
    for found in parents:
        root = found
        while parents.get(root):
            root = parents[root]
        roots[found] = root
    return roots


@pytest.fixture(scope="module")
def trust(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return authority(tmp_path_factory.mktemp("trust"))


async def test_every_recipient_receives_text_first_and_then_the_same_words_as_a_page() -> None:
    async with smtp_server() as inbox, mail(inbox) as channel:
        await channel.send(message(language="fr"))
    read = inbox.mails[0]

    assert TEAM == inbox.taken[0].rcpt_tos
    assert "multipart/alternative" == read.get_content_type()
    assert ["text/plain", "text/html"] == [part.get_content_type() for part in read.iter_parts()]
    text, page = (part.get_content().replace("\r\n", "\n") for part in read.iter_parts())
    assert message(language="fr").text == text
    assert f"{message(language='fr').html}\n" == page


async def test_a_chart_travels_inside_the_mail_and_the_page_shows_it() -> None:
    bars = (Bar("22:53", 4), Bar("23:08", 22))
    async with smtp_server() as inbox, mail(inbox) as channel:
        await channel.send(message(html=f'<img src="cid:{CHART}">', chart=Chart(caption="", label="", bars=bars)))
    text, related = inbox.mails[0].iter_parts()
    page, drawn = related.iter_parts()

    assert ["text/plain", "multipart/related"] == [text.get_content_type(), related.get_content_type()]
    assert ["text/html", "image/png", "inline"] == [
        page.get_content_type(),
        drawn.get_content_type(),
        drawn.get_content_disposition(),
    ]
    assert f"<{CHART}>" == drawn["Content-ID"]
    assert f"cid:{CHART}" in page.get_content()
    assert drawn.get_content().startswith(b"\x89PNG")


async def test_the_headers_say_when_who_how_urgent_and_that_a_machine_wrote() -> None:
    async with smtp_server() as inbox, mail(inbox) as channel:
        await channel.send(message(priority=5))
    read = inbox.mails[0]

    assert "Acme Air: rise in negative mentions (37)" == read["Subject"]
    assert "badbuzz <badbuzz@example.org>" == read["From"]
    assert datetime(2026, 11, 14, 22, 8, tzinfo=UTC) == read["Date"].datetime
    assert ["auto-generated", "1", "en", "<boss.badbuzz.example.org>"] == [
        read[name] for name in ("Auto-Submitted", "X-Priority", "Content-Language", "List-Id")
    ]
    assert "List-Unsubscribe" not in read


def test_a_digest_alone_says_how_to_receive_it_no_more() -> None:
    mail = composed(message(notice(topic="digest"), language="en", subject="Acme: week 46"))
    assert mail["List-Unsubscribe"].strip() == "<mailto:badbuzz@example.org?subject=unsubscribe%20Acme%3A%20week%2046>"
    for part in mail.iter_parts():
        assert "To receive this digest no more" in part.get_content()


def test_a_mail_of_several_incidents_says_that_a_reply_takes_them_and_links_to_each() -> None:
    several = render_notice(NOTICES["several, to be taken"], "en", ZoneInfo("Europe/Paris"))
    plain, page = composed(several, SEALING).iter_parts()
    assert "with one of these lines: “I have it”." in plain.get_content()
    assert f"Open 31: https://bb.example/i/{31:032}" in plain.get_content()
    assert f'href="https://bb.example/i/{31:032}"' in page.get_content()


@pytest.mark.parametrize(("priority", "shown"), [(5, "1"), (4, "2"), (3, "3"), (2, "3")])
def test_what_does_not_ring_is_an_ordinary_mail(priority: int, shown: str) -> None:
    assert shown == composed(message(priority=priority))["X-Priority"]


def test_a_mail_reader_shows_one_thread_an_incident() -> None:
    other = message(alert(id="other", incident="other"))
    life = [message(), step(1, "worse"), step(2, "acknowledged"), step(3, "resolved")]
    mails = [composed(sent) for sent in [*life, other, message(notice())]]
    roots = threads(mails)

    assert {str(mails[0]["Message-ID"])} == {roots[str(read["Message-ID"])] for read in mails[:4]}
    assert 3 == len(set(roots.values()))
    assert 1 == len({str(read["Subject"]) for read in mails[:4]})
    assert 6 == len({str(read["Message-ID"]) for read in mails})


def test_later_steps_are_one_thread_even_when_the_opening_was_never_sent_here() -> None:
    roots = threads([composed(step(1, "worse")), composed(step(2, "resolved"))])

    assert 1 == len(set(roots.values()))


def test_the_same_alert_carries_the_same_message_id_however_often_it_is_sent() -> None:
    for sent in (message(), step(1, "worse")):
        assert composed(sent)["Message-ID"] == composed(sent)["Message-ID"]


lines = st.text(max_size=300)


@given(lines, lines, st.text(max_size=80))
def test_no_words_can_add_a_header_or_a_line_too_long(subject: str, text: str, ident: str) -> None:
    subject, text = subject.encode(errors="ignore").decode(), text.encode(errors="ignore").decode()
    ident = ident.encode(errors="ignore").decode()
    sent = message(subject=f"{subject}\r\nBcc: evil@example.org", text=text * 20, thread=ident, id=ident)
    raw = compose(sent, options(), name="b\nX: y", at=instant(AT)).as_bytes(policy=SMTP)
    read = BytesParser(policy=default).parsebytes(raw)

    assert "Bcc" not in read
    assert "X" not in read
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    assert b"\n" not in raw.replace(b"\r\n", b"")


@given(st.text(st.characters(categories=["L", "N", "P", "Zs", "S"], exclude_characters="\u1680"), max_size=150))
def test_a_subject_is_read_as_it_was_written(subject: str) -> None:
    written = subject.strip()

    assert written == composed(message(subject=written))["Subject"]


async def test_starttls_and_a_password_are_used_and_the_certificate_is_verified(trust: Authority) -> None:
    async with smtp_server(trust, auth=True, require_starttls=True) as inbox:
        address = f"smtp://{USER}@localhost:{inbox.port}"
        async with mail(inbox, smtp=address, tls="required", password=PASSWORD, ca_file=trust.ca_file) as channel:
            await channel.probe()
            await channel.send(message())

    assert ([True, True], 1) == (inbox.logins, len(inbox.taken))


async def test_tls_from_the_first_byte(trust: Authority) -> None:
    async with smtp_server(trust, tls=True, auth=True) as inbox:
        address = f"smtps://{USER}@localhost:{inbox.port}"
        async with mail(inbox, smtp=address, tls="required", password=PASSWORD, ca_file=trust.ca_file) as channel:
            await channel.send(message())

    assert 1 == len(inbox.taken)


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
async def test_a_certificate_nobody_vouches_for_is_permanent_and_nothing_is_sent(trust: Authority, scheme: str) -> None:
    async with (
        smtp_server(trust, tls=scheme == "smtps") as inbox,
        mail(inbox, smtp=f"{scheme}://localhost:{inbox.port}", tls="required") as channel,
    ):
        with pytest.raises(SendError, match="certificate") as failed:
            await channel.send(message())

    assert (True, []) == (failed.value.permanent, inbox.taken)


async def test_a_server_without_starttls_gets_no_mail_unless_the_operator_says_so() -> None:
    async with smtp_server() as inbox:
        async with mail(inbox, tls="required") as channel:
            with pytest.raises(SendError, match="STARTTLS") as failed:
                await channel.send(message())
        async with mail(inbox, tls="opportunistic") as channel:
            await channel.send(message())

    assert (True, 1) == (failed.value.permanent, len(inbox.taken))


async def test_a_wrong_password_is_permanent_and_never_shown(trust: Authority) -> None:
    async with smtp_server(trust, auth=True) as inbox:
        address = f"smtp://{USER}@localhost:{inbox.port}"
        async with mail(inbox, smtp=address, tls="required", password="wr0ng-horse", ca_file=trust.ca_file) as channel:
            with pytest.raises(SendError) as failed:
                await channel.send(message())

    assert ("authError", True) == (failed.value.reason, failed.value.permanent)
    assert "wr0ng-horse" not in str(failed.value)


@pytest.mark.parametrize(("answer", "permanent"), [("451 4.3.0 later", False), ("554 5.7.1 never", True)])
async def test_4xx_is_tried_again_and_5xx_is_not(answer: str, permanent: bool) -> None:
    async with smtp_server() as inbox, mail(inbox) as channel:
        inbox.answer = answer
        with pytest.raises(SendError, match=answer) as failed:
            await channel.send(message())

    assert permanent == failed.value.permanent


async def test_when_some_recipients_are_put_off_only_they_are_tried_again() -> None:
    async with smtp_server() as inbox, mail(inbox) as channel:
        inbox.refused["bob@example.org"] = "450 4.2.0 greylisted"
        with pytest.raises(SendError, match=r"bob@example\.org") as failed:
            await channel.send(message())
        inbox.refused.clear()
        await channel.send(message())

    assert not failed.value.permanent
    assert [["ann@example.org"], ["bob@example.org"]] == [taken.rcpt_tos for taken in inbox.taken]
    assert 1 == len({str(read["Message-ID"]) for read in inbox.mails})


async def test_when_some_recipients_do_not_exist_the_others_have_their_mail_and_the_operator_is_told() -> None:
    async with smtp_server() as inbox, mail(inbox) as channel:
        inbox.refused["bob@example.org"] = "550 5.1.1 no such user"
        with pytest.raises(SendError, match=r"bob@example\.org") as failed:
            await channel.send(message())

    assert (True, [["ann@example.org"]]) == (failed.value.permanent, [taken.rcpt_tos for taken in inbox.taken])


@pytest.mark.parametrize(("code", "permanent"), [("450", False), ("550", True)])
async def test_when_nobody_is_accepted_nothing_is_sent(code: str, permanent: bool) -> None:
    async with smtp_server() as inbox, mail(inbox) as channel:
        inbox.refused |= dict.fromkeys(TEAM, f"{code} no")
        with pytest.raises(SendError) as failed:
            await channel.send(message())

    assert (permanent, []) == (failed.value.permanent, inbox.taken)


async def test_a_domain_in_another_script_is_sent_to_as_dns_spells_it() -> None:
    async with smtp_server() as inbox, mail(inbox, to=["veille@société.example"]) as channel:
        await channel.send(message())

    assert [["veille@xn--socit-esab.example"]] == [taken.rcpt_tos for taken in inbox.taken]


async def test_a_name_in_another_script_needs_a_server_that_can() -> None:
    to = ["élodie@example.org"]
    async with smtp_server(enable_SMTPUTF8=True) as inbox, mail(inbox, to=to) as channel:
        await channel.send(message())
    async with smtp_server() as older, mail(older, to=to) as channel:
        with pytest.raises(SendError, match="SMTPUTF8") as failed:
            await channel.send(message())

    assert ([to], True) == ([taken.rcpt_tos for taken in inbox.taken], failed.value.permanent)


async def test_a_server_nobody_answers_for_is_tried_again() -> None:
    async with mail(Inbox(port=free_port())) as channel:
        with pytest.raises(SendError) as failed:
            await channel.probe()

    assert ("other", False) == (failed.value.reason, failed.value.permanent)


@pytest.mark.parametrize(
    ("changes", "hint"),
    [
        ({"to": []}, "at least 1"),
        ({"to": ["nobody"]}, "name@example.org"),
        ({"to": ["a@b.example\r\nBcc: evil@example.org"]}, "name@example.org"),
        ({"from": "badbuzz"}, "name@example.org"),
        ({"smtp": "mail.example"}, "smtp://"),
        ({"smtp": "smtp://mail.example:99999"}, "port"),
        ({"smtp": "smtps://user:pw@mail.example"}, "password: !secret"),
        ({"smtp": "smtps://mail.example", "tls": "none"}, "leave out tls"),
        ({"smtp": "smtp://user@mail.example"}, "go together"),
        ({"smtp": "smtp://user@mail.example", "password": "pw"}, "only sent encrypted"),
    ],
)
def test_what_cannot_work_is_refused_with_a_way_out(changes: dict[str, Any], hint: str) -> None:
    with pytest.raises(ValueError, match=hint) as failed:
        options(**changes)

    assert "pw" not in str(failed.value).replace("password", "")


def test_without_a_word_from_the_operator_encryption_is_required(tmp_path: Path) -> None:
    assert "required" == SPEC.options.model_validate(SPEC.example).tls
