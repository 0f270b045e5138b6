"""A lean MQTT client for benchmarks: TCP_NODELAY, no window, a callback for what comes."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from typing import Any, Self

from paho.mqtt.client import Client, MQTTMessageInfo
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from config.contract import EVENT_EXPIRY


class BenchWire:
    """One connection to a broker on loopback."""

    def __init__(self, port: int, *subscriptions: str, heard: Callable[[bytes], None] | None = None) -> None:
        self._port = port
        self._subscribed = threading.Event()
        self._client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
        self._client.max_inflight_messages_set(0)
        self._client.on_socket_open = _no_delay
        self._client.on_message = lambda _, __, message: heard(message.payload) if heard else None
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self._subscriptions = subscriptions
        self._last: MQTTMessageInfo | None = None
        self._properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        self._properties.MessageExpiryInterval = EVENT_EXPIRY

    def publish(self, topic: str, payload: bytes) -> None:
        """Publish with QoS 1 and an event's expiry; returns at once."""
        self._last = self._client.publish(topic, payload, 1, properties=self._properties)

    def wait_published(self, timeout_s: float) -> None:
        """Wait until the broker has acknowledged what was published last."""
        if self._last is not None:
            self._last.wait_for_publish(timeout_s)

    def __enter__(self) -> Self:
        self._client.connect("127.0.0.1", self._port)
        self._client.loop_start()
        if self._subscriptions:
            self._client.subscribe([(topic, 1) for topic in self._subscriptions])
            self._subscribed.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()


def _no_delay(_: Client, __: Any, sock: Any) -> None:
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
