"""The email channel against real SMTP servers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import SMTP, default
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.channel import SendError, Tools
from alerts.channels.email import SPEC, EmailChannel, compose
from rules.instant import instant
from tests.builders import AT, alert, message, notice, step
from tests.servers import PASSWORD, USER, Authority, Inbox, authority, free_port, smtp_server

TEAM = ["ann@example.org", "bob@example.org"]


def options(**changes: Any) -> Any:
    known = {"to": TEAM, "from": "badbuzz@example.org", "smtp": "smtp://localhost:25", "tls": "none"}
    return SPEC.options.model_validate({**known, **changes})


@asynccontextmanager
async def mail(inbox: Inbox, **changes: Any) -> AsyncIterator[EmailChannel]:
    """A channel to that server, without TLS unless the options say so."""
    async with aiohttp.ClientSession() as http:
        tools = Tools(http=http, now=lambda: instant(AT), installation="watch", name="boss")
        yield SPEC.build(options(**{"smtp": f"smtp://localhost:{inbox.port}", **changes}), tools)


def composed(sent: Any, **changes: Any) -> EmailMessage:
    """The mail as a mail reader parses it."""
    made = compose(sent, options(**changes), name="boss", at=instant(AT))
    parsed = BytesParser(policy=default).parsebytes(made.as_bytes(policy=SMTP))
    assert isinstance(parsed, EmailMessage)
    return parsed


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
