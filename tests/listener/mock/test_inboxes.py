"""The local inboxes: a Slack post, a mail and an MQTT message arrive as they were sent."""

import asyncio
from email.message import EmailMessage

import aiohttp
import aiomqtt
import aiosmtplib
import pytest

from listener.mock.broker import BrokerError, broker, find_mosquitto
from listener.mock.inboxes import Chat, Mail, Signal, mail_inbox, mqtt_inbox, new_inbox, slack_inbox

DEADLINE = 20


async def test_a_slack_post_arrives_and_an_empty_one_is_refused_in_slacks_words():
    inbox = new_inbox()
    async with slack_inbox(inbox) as url, aiohttp.ClientSession() as http:
        async with http.post(url, json={"text": "bonsoir", "blocks": []}) as taken:
            said = taken.status, await taken.text()
        async with http.post(url, json={}) as empty:
            refused = empty.status, await empty.text()
        async with http.post(url, data=b"\xff") as broken:
            unreadable = broken.status, await broken.text()

    assert [said, refused, unreadable] == [(200, "ok"), (400, "no_text"), (400, "invalid_payload")]
    assert inbox.get_nowait() == Chat({"text": "bonsoir", "blocks": []})
    assert inbox.empty()


async def test_a_mail_arrives_with_its_words():
    inbox, mail = new_inbox(), EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "a@a.example", "b@b.example", "À l’heure"
    mail.set_content("Déjà là.\n")
    async with mail_inbox(inbox) as port:
        await aiosmtplib.send(mail, hostname="127.0.0.1", port=port, start_tls=False)
        arrived = await asyncio.wait_for(inbox.get(), DEADLINE)

    assert isinstance(arrived, Mail)
    assert (arrived.message["Subject"], arrived.message.get_content().strip()) == ("À l’heure", "Déjà là.")


@pytest.fixture(params=["mosquitto", "embedded"])
def program(request):
    found = find_mosquitto() if request.param == "mosquitto" else None
    if request.param == "mosquitto" and not found:
        pytest.skip("mosquitto not found: run `make servers`")
    return found


async def test_an_mqtt_message_arrives_by_mosquitto_and_by_the_embedded_broker(program, tmp_path):
    inbox, subscribed = new_inbox(), asyncio.Event()
    async with broker(tmp_path, program) as running, asyncio.TaskGroup() as group:
        reading = group.create_task(mqtt_inbox(inbox, running.port, "demo", subscribed))
        await asyncio.wait_for(subscribed.wait(), DEADLINE)
        async with aiomqtt.Client("127.0.0.1", running.port, protocol=aiomqtt.ProtocolVersion.V311) as client:
            await client.publish("demo/event", "été", qos=1)
            await client.publish("other/event", "no", qos=1)
            await client.publish("demo/state", b"", qos=1, retain=True)
        arrived = [await asyncio.wait_for(inbox.get(), DEADLINE) for _ in range(2)]
        reading.cancel()

    assert [(each.topic, each.payload) for each in arrived if isinstance(each, Signal)] == [
        ("demo/event", "été".encode()),
        ("demo/state", b""),
    ]


async def test_a_mosquitto_that_does_not_start_is_told_with_its_last_words(tmp_path):
    program = tmp_path / "mosquitto"
    program.write_text("#!/bin/sh\necho 'Error: no room' >&2\nexit 1\n")
    program.chmod(0o755)

    with pytest.raises(BrokerError, match="Mosquitto did not start: Error: no room"):
        async with broker(tmp_path, str(program)):
            pass
