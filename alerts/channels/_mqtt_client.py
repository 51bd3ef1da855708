"""A connection to an MQTT broker that knows why it was refused or ended."""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Self

import aiomqtt
from aiomqtt import MqttCodeError, MqttError, ProtocolVersion
from paho.mqtt.client import Client as Wire
from paho.mqtt.client import DisconnectFlags
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode


class Client(aiomqtt.Client):
    """A client that knows whether the broker refused what it acknowledged, and why it hung up, as MQTT 5 lets it, and
    that leaves no socket behind when it cannot connect.
    """

    refusal: ReasonCode | None = None
    goodbye: int | None = None
    _is_left = False

    def properties(self, **values: Any) -> Properties | None:
        """Those of a message to publish, by the names of MQTT 5; None before it, which has none."""
        if self._client.protocol != ProtocolVersion.V5.value:
            return None
        made = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        for name, value in values.items():
            setattr(made, name, value)
        return made

    async def __aenter__(self) -> Self:
        try:
            return await super().__aenter__()
        except MqttError:
            self._client.disconnect()
            raise
        except asyncio.CancelledError:
            self._is_left = True
            # after what the connecting thread has asked of the loop, or the loop would read from a closed socket
            self._loop.call_soon(self._client.disconnect)
            raise

    def _client_connect(self) -> None:
        super()._client_connect()
        if self._is_left:  # its thread cannot be stopped: it connected when nobody waited for it any more
            with suppress(RuntimeError):  # the loop has ended as well
                self._loop.call_soon_threadsafe(self._client.disconnect)

    def _on_disconnect(
        self,
        client: Wire,
        userdata: Any,
        flags: DisconnectFlags,
        reason_code: ReasonCode,
        properties: Properties | None = None,
    ) -> None:
        self.goodbye = self.goodbye or reason_code.value
        # whoever stopped waiting for the connection does not wait for its end, and aiomqtt stumbles over it
        if not self._connected.cancelled():
            super()._on_disconnect(client, userdata, flags, reason_code, properties)

    def _on_publish(
        self, client: Wire, userdata: Any, mid: int, reason_code: ReasonCode, properties: Properties
    ) -> None:
        self.refusal = reason_code if reason_code.is_failure else None
        super()._on_publish(client, userdata, mid, reason_code, properties)


@dataclass(frozen=True)
class Failure:
    """Why there is no connection; `code` is the broker's."""

    why: str = "no connection yet"
    code: int | None = None


def reply_to(heard: aiomqtt.Message) -> tuple[object, dict[str, Any]]:
    """Where whoever sent this wants its answer, None if nowhere, and the properties that mark it as the answer."""
    mark = getattr(heard.properties, "CorrelationData", None)
    return getattr(heard.properties, "ResponseTopic", None), {} if mark is None else {"CorrelationData": mark}


def is_granted(codes: Iterable[int | ReasonCode]) -> bool:
    """Whether the broker let us subscribe."""
    return all((code.value if isinstance(code, ReasonCode) else code) < 128 for code in codes)


def failure(error: MqttError, goodbye: int | None = None) -> Failure:
    # the error itself would keep its traceback, and with it the socket, alive
    code = error.rc if isinstance(error, MqttCodeError) else goodbye
    return Failure(str(error), code.value if isinstance(code, ReasonCode) else code)
