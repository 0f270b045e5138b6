"""A lean MQTT client for benchmarks: TCP_NODELAY, no window, a callback for what comes."""

from __future__ import annotations

import select
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any, Self

from paho.mqtt.client import Client
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
        self._properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        self._properties.MessageExpiryInterval = EVENT_EXPIRY

    def publish(self, topic: str, payload: bytes) -> None:
        """Publish with QoS 1 and an event's expiry; returns at once."""
        self._client.publish(topic, payload, 1, properties=self._properties)

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


class RawWire:
    """A connection that only publishes, packet by packet: it costs little beside what it measures."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._mid = 0
        self._unacknowledged = 0
        self._pubacks = b""

    def publish(self, topic: bytes, payloads: Iterable[bytes]) -> None:
        """Publish with QoS 1 and an event's expiry."""
        packets = []
        for payload in payloads:
            self._mid = self._mid % 65_535 + 1
            head = struct.pack("!H", len(topic)) + topic
            body = head + struct.pack("!HBBI", self._mid, 5, 2, EVENT_EXPIRY) + payload
            packets.append(b"\x32" + _length(len(body)) + body)
        self._unacknowledged += len(packets)
        self._socket.sendall(b"".join(packets))
        self._heed(0)

    def wait_published(self, timeout_s: float) -> None:
        """Wait until the broker has acknowledged all that was published."""
        deadline = time.monotonic() + timeout_s
        while self._unacknowledged and time.monotonic() < deadline:
            self._heed(0.1)

    def _heed(self, wait_s: float) -> None:
        """Take the broker's answers: each is of four bytes, or more with a reason."""
        while select.select([self._socket], [], [], wait_s)[0]:
            if not (came := self._socket.recv(65_536)):
                raise ConnectionError("the broker closed the connection")
            self._pubacks += came
            while len(self._pubacks) >= 2 and len(self._pubacks) >= 2 + self._pubacks[1]:
                self._unacknowledged -= self._pubacks[0] >> 4 == 4
                self._pubacks = self._pubacks[2 + self._pubacks[1] :]
            wait_s = 0

    def __enter__(self) -> Self:
        self._socket.sendall(bytes.fromhex("100d00044d51545405020000000000"))
        self._heed(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()


def _length(number: int) -> bytes:
    """Return a length as MQTT writes it (5.0, 1.5.5)."""
    found = bytearray()
    while True:
        number, low = divmod(number, 128)
        found.append(low | (128 if number else 0))
        if not number:
            return bytes(found)


def _no_delay(_: Client, __: Any, sock: Any) -> None:
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
