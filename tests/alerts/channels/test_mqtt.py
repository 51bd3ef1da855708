"""The MQTT channel against a real broker."""

import asyncio
import gc
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import aiomqtt
import msgspec
import pytest
from aiomqtt import ProtocolVersion
from amqtt.broker import Broker as Embedded
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from structlog.testing import capture_logs

from alerts.acts import Act, Choice
from alerts.answers import false_alarm
from alerts.channel import SendError
from alerts.channels._mqtt_facts import facts, standing
from alerts.channels.mqtt import SPEC, TIMEOUT, MqttChannel
from alerts.message import Message
from tests.acting import Asked, lent
from tests.builders import AT, FIGURES, alert, message, notice, step
from tests.servers import PASSWORD, USER, Broker, authority, free_port, mosquitto, tcp_server

INCIDENT = "badbuzz/incident/1f0c9a7b2d3e"
STATUS = "badbuzz/watch/status"
STATE = "badbuzz/brand/acme/state"
DEVICE = "badbuzz/ha/device/badbuzz-watch-home-acme/config"
CHOICES = (Choice(act="ack", label="Je prends en charge"), Choice(act="false-alarm", label="Fausse alerte"))


@pytest.fixture
def broker(tmp_path: Path):
    with mosquitto(tmp_path) as running:
        yield running


@asynccontextmanager
async def channel(
    port: int, asked: Asked | None = None, *, scheme: str = "mqtt", timeout: float = TIMEOUT, **options: Any
) -> AsyncIterator[MqttChannel]:
    """A channel whose `serve` runs as long as the test needs it."""
    written = {"broker": f"{scheme}://localhost:{port}", **options}
    async with aiohttp.ClientSession() as http:
        tools = lent(http, "home", act=asked)
        made = MqttChannel(SPEC.options.model_validate(written), tools, timeout=timeout)
        async with asyncio.TaskGroup() as tasks:
            serving = tasks.create_task(made.serve(), name="serve")
            try:
                yield made
            finally:
                serving.cancel()


async def delivered(mqtt: MqttChannel, sent: Message) -> None:
    """Try again, as a dispatcher does, while the failure says that it may help."""
    async with asyncio.timeout(30):
        while True:
            try:
                return await mqtt.send(sent)
            except SendError as error:
                if error.permanent:
                    raise


class Watcher:
    """A subscriber that keeps the last payload of each topic, retained or live."""

    def __init__(self, client: aiomqtt.Client) -> None:
        self._client, self.last, self.events, self.marks, self.left = client, {}, [], {}, {}

    async def say(self, said: Any, properties: Properties | None = None, *, retain: bool = False) -> None:
        payload = said if isinstance(said, bytes) else json.dumps(said)
        await self._client.publish("badbuzz/command", payload, qos=1, retain=retain, properties=properties)

    async def until(self, topic: str, fits: Callable[[Any], bool]) -> Any:
        """The payload of `topic` once it fits; JSON decoded, None when empty."""
        async with asyncio.timeout(10):
            while topic not in self.last or not fits(self.last[topic]):
                self._keep(await anext(aiter(self._client.messages)))
        return self.last[topic]

    def _keep(self, heard: aiomqtt.Message) -> None:
        if heard.topic.value == "badbuzz/command":
            return
        text = heard.payload.decode()
        value = json.loads(text) if text.startswith("{") else text or None
        self.last[heard.topic.value] = value
        self.marks[heard.topic.value] = getattr(heard.properties, "CorrelationData", None)
        if left := getattr(heard.properties, "MessageExpiryInterval", None):
            self.left[heard.topic.value] = left
        if heard.topic.value.endswith("/event"):
            self.events.append(value)


@asynccontextmanager
async def watcher(port: int, **options: Any) -> AsyncIterator[Watcher]:
    async with aiomqtt.Client("127.0.0.1", port, **options) as client:
        await client.subscribe("badbuzz/#", qos=1)
        yield Watcher(client)


async def retained(port: int) -> dict[str, Any]:
    """Everything a newcomer is told: what is retained, and nothing else."""
    async with aiomqtt.Client("127.0.0.1", port) as client:
        await client.subscribe("badbuzz/#", qos=1)
        await client.publish("badbuzz/end", b"end", qos=1)
        found = {}
        async for heard in client.messages:
            if heard.topic.value == "badbuzz/end":
                return found
            found[heard.topic.value] = heard.payload.decode()
    raise AssertionError("unreachable")


async def test_an_open_incident_is_retained_with_its_facts_and_its_line(broker: Broker) -> None:
    async with channel(broker.port) as mqtt:
        await mqtt.send(message())
        kept = json.loads((await retained(broker.port))[INCIDENT])

    assert {
        "brand": "acme",
        "state": "open",
        "severity": "warning",
        "count": 22,
        "usual": 3.0,
        "window_seconds": 900.0,
        "sources": {"bluesky": 14, "fedi": 5, "press": 3},
        "text": message().line,
        "link": "https://bb.example/i/37",
    }.items() <= kept.items()


def test_what_is_not_heard_is_said() -> None:
    about = alert(coverage=0.7, unheard={"fedi": None})
    told = facts(msgspec.structs.replace(message(), about=about))
    assert (0.7, ["fedi"]) == (told["coverage"], told["unheard"])


async def test_a_resolved_incident_leaves_nothing_retained_but_a_calm_brand(broker: Broker) -> None:
    async with channel(broker.port) as mqtt:
        await mqtt.send(message())
        await mqtt.send(step(1, "resolved"))
        kept = await retained(broker.port)

    assert {STATUS, STATE} == set(kept)
    assert "calm" == json.loads(kept[STATE])["state"]


async def test_each_step_is_one_event_that_is_not_retained(broker: Broker) -> None:
    async with watcher(broker.port) as seen, channel(broker.port) as mqtt:
        await mqtt.send(message())
        await mqtt.send(step(1, "worse", severity="critical"))
        await mqtt.send(message(notice()))
        await seen.until("badbuzz/event", lambda event: event["type"] == "notice")
        kept = await retained(broker.port)

    assert ["open", "worse", None] == [event.get("state") for event in seen.events]
    assert "badbuzz/event" not in kept


async def test_the_brand_shows_the_worst_of_its_open_incidents(broker: Broker) -> None:
    async with watcher(broker.port) as seen, channel(broker.port) as mqtt:
        await mqtt.send(message(alert(severity="critical")))
        await mqtt.send(message(alert(id="b", incident="b", severity="info")))
        both = await seen.until(STATE, lambda state: len(state["incidents"]) == 2)
        await mqtt.send(step(1, "resolved", severity="critical"))
        one = await seen.until(STATE, lambda state: len(state["incidents"]) == 1)

    assert ["critical", "info"] == [both["state"], one["state"]]


async def test_after_a_restart_incidents_left_open_still_count_for_the_brand(broker: Broker) -> None:
    async with channel(broker.port) as mqtt:
        await mqtt.send(message(alert(severity="critical")))
    async with watcher(broker.port) as seen, channel(broker.port) as mqtt:
        other = message(alert(id="b", incident="b", severity="info"))
        await mqtt.send(other)
        # what the broker had retained is heard soon after the connection, perhaps after the first message
        await mqtt.send(other)
        state = await seen.until(STATE, lambda state: len(state["incidents"]) == 2)

    assert "critical" == state["state"]


async def test_a_step_that_comes_after_a_later_one_brings_nothing_back(broker: Broker) -> None:
    async with channel(broker.port) as mqtt:
        await mqtt.send(step(2, "resolved"))
        await mqtt.send(step(1, "worse"))
        kept = await retained(broker.port)

    assert INCIDENT not in kept


async def test_a_reopened_incident_is_retained_again(broker: Broker) -> None:
    async with channel(broker.port) as mqtt:
        for made in (message(), step(1, "resolved"), step(2, "reopened")):
            await mqtt.send(made)
        kept = await retained(broker.port)

    assert "reopened" == json.loads(kept[INCIDENT])["state"]


async def test_the_status_is_online_while_serving_and_offline_after_a_clean_end(broker: Broker) -> None:
    async with watcher(broker.port) as seen:
        async with channel(broker.port):
            await seen.until(STATUS, lambda status: status == "online")
        await seen.until(STATUS, lambda status: status == "offline")

    assert "offline" == (await retained(broker.port))[STATUS]


async def test_the_broker_says_offline_for_a_channel_that_vanished(broker: Broker) -> None:
    async with watcher(broker.port) as seen, channel(broker.port) as mqtt:
        await seen.until(STATUS, lambda status: status == "online")
        # a second client of the same name makes the broker drop the first without a goodbye
        async with aiomqtt.Client("127.0.0.1", broker.port, identifier=mqtt._id, clean_session=True):
            await seen.until(STATUS, lambda status: status == "offline")


async def test_two_of_one_name_come_back_ever_later(broker: Broker) -> None:
    with capture_logs() as logs:
        async with channel(broker.port), channel(broker.port), watcher(broker.port) as heard:
            await heard.until(STATUS, lambda _: len(logged(logs, "mqtt_link_brief")) >= 3)
    assert {"badbuzz-watch-home"} == {entry["client"] for entry in logged(logs, "mqtt_link_brief")}


async def test_a_session_that_another_client_took_over_is_known_as_such() -> None:
    with capture_logs() as logs:
        async with tcp_server(take_over) as port, channel(port):
            await asyncio.wait_for(_twice(logs, "mqtt_session_taken_over"), 10)
    assert [] == logged(logs, "mqtt_link_brief")


async def _twice(logs: Any, event: str) -> None:
    while True:
        if len(logged(logs, event)) > 1:
            return
        await asyncio.sleep(0.01)


async def take_over(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Let a client in, as MQTT 5 does, and say after its first message that another one has its session."""
    while kind := (await reader.read(1))[:1]:
        packet = await reader.readexactly((await reader.readexactly(1))[0])
        topic = int.from_bytes(packet[:2], "big")
        answers = {
            1: bytes((0x20, 3, 0, 0, 0)),
            3: bytes((0x40, 2)) + packet[2 + topic : 4 + topic],
            8: bytes((0x90, 4)) + packet[:2] + bytes((0, 1)),
        }
        writer.write(answers.get(kind[0] >> 4, b""))
        if kind[0] >> 4 == 3:
            await writer.drain()
            await asyncio.sleep(0.05)
            writer.write(bytes((0xE0, 2, 142, 0)))
            break
    await writer.drain()
    writer.close()


def logged(logs: Any, event: str) -> list[Any]:
    return [entry for entry in logs if entry["event"] == event]


async def test_a_message_waits_for_a_broker_that_starts_later(tmp_path: Path) -> None:
    with mosquitto(tmp_path) as broker:
        broker.stop()
        async with channel(broker.port) as mqtt, asyncio.TaskGroup() as tasks:
            sending = tasks.create_task(mqtt.send(message()), name="send")
            await asyncio.to_thread(broker.start)
            await sending
            kept = await retained(broker.port)

    assert INCIDENT in kept


async def test_after_a_broker_lost_everything_the_end_still_clears_what_it_kept(broker: Broker) -> None:
    async with channel(broker.port, timeout=0.5) as mqtt:
        await mqtt.send(message())
        broker.stop()
        broker.start()
        await delivered(mqtt, step(1, "worse"))
        await delivered(mqtt, step(2, "resolved"))
        kept = await retained(broker.port)

    assert {STATUS, STATE} == set(kept)
    assert "online" == kept[STATUS]


async def test_a_password_over_tls_lets_us_in_and_is_verified_against_the_authority(tmp_path: Path) -> None:
    trust = authority(tmp_path)
    with mosquitto(tmp_path, trust=trust, password=True) as broker:
        address = {"broker": f"mqtts://{USER}@localhost:{broker.port}", "ca_file": trust.ca_file}
        async with channel(broker.port, **address, password=PASSWORD) as mqtt:
            await mqtt.probe()
            await mqtt.send(message())


@pytest.mark.filterwarnings("ignore:unclosed <ssl:ResourceWarning")  # paho leaves a failed handshake to the collector
async def test_a_certificate_of_another_name_or_authority_is_permanent(tmp_path: Path) -> None:
    trust = authority(tmp_path, "elsewhere.example")
    with mosquitto(tmp_path, trust=trust) as broker:
        for options in ({"ca_file": trust.ca_file}, {}):
            async with channel(broker.port, scheme="mqtts", **options) as mqtt:
                with pytest.raises(SendError, match="certificate") as failed:
                    await mqtt.probe()
            assert failed.value.permanent
    gc.collect()


@pytest.mark.parametrize("protocol", ["auto", "5", "3.1.1"])
async def test_a_wrong_password_is_permanent_and_never_shown(tmp_path: Path, protocol: str) -> None:
    with mosquitto(tmp_path, password=True) as broker:
        options = {"broker": f"mqtt://{USER}@localhost:{broker.port}", "password": "wr0ng-horse", "protocol": protocol}
        async with channel(broker.port, **options) as mqtt:
            with pytest.raises(SendError) as failed:
                await mqtt.send(message())

    assert ("authError", True) == (failed.value.reason, failed.value.permanent)
    assert "wr0ng-horse" not in str(failed.value)


async def test_a_topic_the_broker_does_not_allow_is_permanent_and_named(tmp_path: Path) -> None:
    with mosquitto(tmp_path, rules="topic readwrite badbuzz/watch/status\n") as broker:
        async with channel(broker.port, protocol="5") as mqtt:
            with pytest.raises(SendError, match=INCIDENT) as failed:
                await mqtt.send(message())

    assert ("authError", True) == (failed.value.reason, failed.value.permanent)


async def test_a_broker_that_only_speaks_the_older_version_is_spoken_to_in_it() -> None:
    port = free_port()
    plugins = {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}}
    older = Embedded({"listeners": {"default": {"type": "tcp", "bind": f"127.0.0.1:{port}"}}, "plugins": plugins})
    await older.start()
    try:
        async with channel(port, timeout=2.0) as mqtt:
            await mqtt.probe()
            await mqtt.send(message())
    finally:
        await older.shutdown()


async def test_a_broker_nobody_answers_for_is_tried_again() -> None:
    async with channel(free_port()) as mqtt:
        with pytest.raises(SendError) as failed:
            await mqtt.probe()

    assert ("other", False) == (failed.value.reason, failed.value.permanent)


def command(topic: str = "", mark: bytes = b"") -> Properties:
    made = Properties(PacketTypes.PUBLISH)
    if topic:
        made.ResponseTopic, made.CorrelationData = topic, mark
    return made


@pytest.mark.parametrize(
    ("said", "wish"),
    [
        ({"ack": "37", "by": "Camille"}, Act.pressed("ack", "37", "Camille", "fr")),
        ({"silence": 37}, Act.pressed("silence", "37", "home", "fr")),
        ({"unack": 37, "language": "en"}, Act.pressed("unack", "37", "home", "en")),
        ({"real": "37"}, Act.pressed("real", "37", "home", "fr")),
        ({"false_alarm": "37", "because": "Déjà connu"}, Act.pressed("known", "37", "home", "fr")),
        ({"false_alarm": "37"}, false_alarm(None, "37", "home", "fr")),
    ],
)
async def test_a_command_is_carried_out_and_answered_where_it_wants(broker: Broker, said: Any, wish: Act) -> None:
    asked, options = Asked("no incident 37"), {"commands": True, "language": "fr"}
    async with watcher(broker.port, protocol=ProtocolVersion.V5) as seen, channel(broker.port, asked, **options):
        await seen.until(STATUS, lambda status: status == "online")
        await seen.say({**said, "id": 7}, command("badbuzz/answer/phone", b"mark"))
        told = await seen.until("badbuzz/answer/phone", bool)

    assert ([wish], b"mark") == (asked.acts, seen.marks["badbuzz/answer/phone"])
    assert {**said, "id": 7, "done": False, "why": "no incident 37", "said": ""} == told


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ("badbuzz/incident/1", b"no json"),
        ("badbuzz/answers", b'{"ack": "1", "false_alarm": "1"}'),
        ("badbuzz/command", b"[]"),
        ("", b'{"ack":"' + b"9" * 5_000 + b'"}'),
    ],
)
async def test_what_is_no_command_does_nothing_and_no_answer_goes_where_only_we_write(
    broker: Broker, wanted: str, said: bytes
) -> None:
    asked = Asked()
    async with watcher(broker.port, protocol=ProtocolVersion.V5) as seen, channel(broker.port, asked, commands=True):
        await seen.until(STATUS, lambda status: status == "online")
        await seen.say(said, command(wanted))
        told = await seen.until("badbuzz/answer", bool)

    assert ([], False) == (asked.acts, told["done"])
    assert {STATUS, "badbuzz/answer"} == set(seen.last)


async def test_a_command_that_was_retained_is_of_another_time(broker: Broker) -> None:
    asked = Asked()
    async with watcher(broker.port) as seen:
        await seen.say({"ack": "36"}, retain=True)
        async with channel(broker.port, asked, commands=True, protocol="3.1.1"):
            await seen.until(STATUS, lambda status: status == "online")
            await seen.say({"ack": "37"})
            await seen.until("badbuzz/answer", bool)

    assert ["37"] == [act.incident for act in asked.acts]


async def test_nobody_is_obeyed_unless_commands_are_wanted(broker: Broker) -> None:
    asked = Asked()
    async with watcher(broker.port) as seen, channel(broker.port, asked) as mqtt:
        await seen.until(STATUS, lambda status: status == "online")
        await seen.say({"ack": "37"})
        await mqtt.send(message())
        await seen.until(STATE, bool)

    assert [] == asked.acts
    assert "badbuzz/answer" not in seen.last


async def test_home_assistant_has_a_device_a_brand_whose_button_takes_what_nobody_has(broker: Broker) -> None:
    asked = Asked()
    options = {"commands": True, "discovery": "badbuzz/ha"}
    async with watcher(broker.port) as seen, channel(broker.port, asked, **options) as mqtt:
        await mqtt.send(message(choices=CHOICES, language="fr"))
        parts = (await seen.until(DEVICE, bool))["components"]
        press = parts["take"]["payload_press"]
        await seen.say(json.loads(press))
        await seen.until("badbuzz/answer", bool)
        await mqtt.send(message(alert(id="b", step=1, state="acknowledged"), choices=CHOICES[1:]))
        state = await seen.until(STATE, lambda state: not state["take"])

    assert [Act.pressed("ack", message().thread, "Home Assistant", "en")] == asked.acts
    assert ("warning", "Je prends en charge") == (state["state"], parts["take"]["name"])
    why = parts["false-alarm"]["command_template"].replace("{{ value }}", parts["false-alarm"]["options"][0])
    assert {"false_alarm": message().thread, "because": "Homonyme", "by": "Home Assistant"} == json.loads(why)
    assert {"silence": message().thread, "by": "Home Assistant"} == json.loads(parts["silence"]["payload_press"])
    assert {"binary_sensor", "sensor", "button", "select"} == {part["platform"] for part in parts.values()}
    assert 5 == len({part["unique_id"] for part in parts.values()})


async def test_what_is_retained_of_an_open_incident_expires_and_a_calm_brand_does_not(broker: Broker) -> None:
    async with channel(broker.port, expiry="1h") as mqtt:
        await mqtt.send(message())
        async with watcher(broker.port, protocol=ProtocolVersion.V5) as seen:
            await seen.until(STATE, lambda state: state["state"] == "warning")
            await seen.until(INCIDENT, bool)
        assert {INCIDENT, STATE} == {topic for topic, left in seen.left.items() if 0 < left <= 3_600}
        await mqtt.send(step(1, "resolved"))
        async with watcher(broker.port, protocol=ProtocolVersion.V5) as seen:
            await seen.until(STATE, lambda state: state["state"] == "calm")
        assert STATE not in seen.left


def test_the_longest_message_is_at_most_4_kib_and_its_text_240_characters() -> None:
    many = msgspec.structs.replace(FIGURES, sources={f"source-{number}" * 5: number for number in range(500)})
    long = "é" * 5_000
    known = facts(message(alert(figures=many), line=long, context=long, first=(long,) * 9))

    assert len(msgspec.json.encode(known)) <= 4_096
    assert 240 == len(known["text"])


NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=400)


@given(NAMES, NAMES, NAMES, st.lists(NAMES, max_size=20), st.sampled_from('é"😀\\a'))
def test_whatever_names_are_a_message_is_at_most_4_kib_and_its_brand_is_found_again(brand, rule, by, sources, letter):
    long, link = letter * 400, f"https://{letter * 3_000}.example"
    figures = replace(FIGURES, sources=dict.fromkeys([*sources, long], 1))
    unheard = dict.fromkeys([f"{name}{long}" for name in sources], AT)
    told = alert(brand=brand + long, rule=rule + long, by=by + long, id=long * 9, figures=figures, unheard=unheard)
    made = message(told, line=long, context=long, first=(long,) * 9, link=link)
    known, other = facts(made), facts(replace(made, about=replace(told, brand=brand + long + "b")))

    assert max(len(msgspec.json.encode(each)) for each in (known, standing(told.brand, {"a": known}, made))) <= 4_096
    assert known["brand"] != other["brand"]
    assert "warning" == standing(told.brand, {"a": known}, made)["state"]


@pytest.mark.parametrize(
    ("changes", "hint"),
    [
        ({"broker": "broker.example"}, "mqtts://"),
        ({"broker": "mqtt://"}, "mqtts://"),
        ({"broker": "mqtt://a..b"}, "mqtts://"),
        ({"broker": "mqtt://broker.example:99999"}, "port"),
        ({"broker": "mqtt://broker.example/topic"}, "nothing follows"),
        ({"broker": "mqtt://user:s3cret@broker.example"}, "password: !secret"),
        ({"password": "s3cret"}, "needs a user"),
        ({"base": "/badbuzz"}, "base topic"),
        ({"base": "badbuzz/#"}, "base topic"),
        ({"protocol": "4"}, "protocol"),
    ],
)
def test_what_cannot_work_is_refused_with_a_way_out(changes: dict[str, Any], hint: str) -> None:
    with pytest.raises(ValueError, match=hint) as failed:
        SPEC.options.model_validate({"broker": "mqtt://broker.example", **changes})

    assert "s3cret" not in str(failed.value)


async def test_leaving_a_broker_that_does_not_answer_leaves_nothing_behind_for_the_loop_to_complain_of() -> None:
    complaints: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
    connected, ended = asyncio.Event(), asyncio.Event()

    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connected.set()
        while await reader.read(1_000):
            pass
        writer.close()
        ended.set()

    async with asyncio.timeout(10), await asyncio.start_server(mute, "localhost", 0) as server:
        async with channel(server.sockets[0].getsockname()[1]):
            await connected.wait()
        await ended.wait()
    assert [] == complaints
