"""Replies to our mails: how they are to be written, which are genuine, and what they ask for."""

import hmac
import re
from collections.abc import Collection
from dataclasses import dataclass
from email.message import Message as Mail
from email.parser import BytesHeaderParser, BytesParser
from email.policy import compat32
from email.utils import getaddresses

import lxml.etree
import lxml.html

from alerts.acts import Act, Press
from alerts.alert import Alert
from alerts.answers import false_alarm, reason
from alerts.channels._seal import seal
from alerts.message import Message
from alerts.typography import quoted
from alerts.words import headings

_SEALED = re.compile(r"<([A-Za-z0-9_-]{1,64})\.[0-9]{1,9}\.[a-z0-9-]{1,80}\.([0-9a-f]{32})@")
_NAMED = re.compile(r"<[!-~]{1,250}>")
_SPACE = re.compile(r"[\s\u200b\ufeff]+")
_ACTS: dict[Press, tuple[str, ...]] = {
    "ack": (
        *("je prends en charge", "pris en charge", "prise en charge", "je l'ai", "i have it", "i've got it", "ack"),
        *("je confirme", "i confirm"),
    ),
    "unack": ("annuler la prise en charge", "i don't have it"),
    "silence": ("sourdine 1 h", "sourdine", "silence 1 h", "silence"),
    "real": ("vraie alerte", "real alert"),
    "false-alarm": ("fausse alerte", "false alarm"),
}


@dataclass(frozen=True)
class Reply:
    """What a mail asks for, who wrote it and its Message-ID, empty when it has none that can be repeated."""

    act: Act
    sender: str
    identity: str


def how_to_reply(message: Message) -> str:
    """By which words a reply is understood."""
    known = headings(message.language)
    told = {"real": known.real_alert, "false-alarm": known.labels["false-alarm"]}
    # a reply to what tells of several takes all of them
    told |= {"ack": known.labels["ack"]} if message.listed else {}
    acts = dict.fromkeys(told.get(each.act, each.label) for each in message.choices)
    words = ", ".join(quoted(act, message.language) for act in acts)
    # the word for a drill comes last everywhere
    drill = known.drill if isinstance(message.about, Alert) and message.about.drill else ""
    return " ".join(filter(None, (message.asks, f"{known.reply}{known.colon}{words}.", drill)))


def understood(raw: bytes, sealing: bytes, readers: Collection[str]) -> Reply | None:
    """What one of `readers` asks for by a reply to a sealed mail; None for every other mail."""
    mail: Mail = BytesHeaderParser(policy=compat32).parsebytes(raw)
    sender, thread = _sender(mail), _thread(mail, sealing)
    if str(mail.get("Auto-Submitted", "no")).strip().lower() != "no":
        return None
    # the parts of a mail are only taken apart when it is genuine
    if not thread or sender not in {reader.casefold() for reader in readers}:
        return None
    act = _wish(_first_line(BytesParser(policy=compat32).parsebytes(raw)), thread, sender)
    named = _NAMED.fullmatch(str(mail.get("Message-ID", "")).strip())
    return Reply(act, sender, named.group() if named else "") if act else None


def _sender(mail: Mail) -> str:
    """The only address in From; empty when there are several."""
    written = getaddresses([str(value) for value in mail.get_all("From", [])])
    return written[0][1].casefold() if len(written) == 1 else ""


def _thread(mail: Mail, sealing: bytes) -> str:
    named = " ".join(str(mail.get(header, "")) for header in ("In-Reply-To", "References"))
    for thread, given in _SEALED.findall(named[:20_000]):
        if hmac.compare_digest(seal(sealing, thread), given):
            return str(thread)
    return ""


def _first_line(mail: Mail) -> str:
    """What was written first, on one line; empty when that is a quotation."""
    for kind, words in (("text/plain", _plain), ("text/html", _shown)):
        for part in mail.walk():
            if part.get_content_type() == kind and part.get_content_disposition() != "attachment":
                return words(_decoded(part))
    return ""


def _decoded(part: Mail) -> str:
    body = part.get_payload(decode=True)
    content = body if isinstance(body, bytes) else b""
    try:
        return content.decode(part.get_content_charset("utf-8"), "replace")
    except (LookupError, ValueError):
        return content.decode(errors="replace")


def _plain(text: str) -> str:
    return next((line for line in (_SPACE.sub(" ", line).strip() for line in text.splitlines()) if line), "")


def _shown(page: str) -> str:
    try:
        root = lxml.html.document_fromstring(page.encode(), parser=lxml.html.HTMLParser(encoding="utf-8"))
    except lxml.etree.LxmlError:
        return ""
    lxml.etree.strip_elements(root, "head", "style", "script", "blockquote", lxml.etree.Comment, with_tail=False)
    return _plain("\n".join(root.itertext()))


def _wish(line: str, incident: str, by: str) -> Act | None:
    said = line.casefold().replace("’", "'").lstrip('«"“ ')
    for press, phrases in _ACTS.items():
        for phrase in phrases:
            # only with an end of phrase behind it: "I have it from a friend" takes nothing
            found = re.fullmatch(rf"{re.escape(phrase)}(?:\s*[.,;:!»\"”—–-](.*))?", said)
            if found and press == "false-alarm":
                known = reason((found[1] or "").strip(' »"”'))
                return false_alarm(known, incident, by)
            if found:
                return Act.pressed(press, incident, by)
    return None
