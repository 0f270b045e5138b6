"""One MQTT line to one broker, by paho-mqtt, as both the agent and the hub need it.

paho's own queue would send an event again with a stale age, and a late PUBACK can hit another
message after a reconnect. So each connection is a fresh paho client over the same broker session,
with a number of its own: what was unsent at its end is dropped, and an acknowledgement belongs to
the connection that brought its message.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Protocol

import structlog
from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from config.contract import MAX_PAYLOAD, SESSION_FOR_EVER
from config.shared_settings import Broker

KEEPALIVE_S: Final = 6
"""paho gives a silent broker up after two of these, inside the 15 s of a link's supervision."""
USER_TIMEOUT_MS: Final = 5000
"""TCP_USER_TIMEOUT: unacknowledged bytes end the connection after this."""
CONNECT_TIMEOUT_S: Final = 5.0
FIRST_PAUSE_S: Final = 0.25
LONGEST_PAUSE_S: Final = 2.0
"""Seconds between two attempts to connect: doubled from the first to the longest. No press waits in a
broker that is back for longer than this."""


@dataclass(frozen=True, slots=True)
class Will:
    """What the broker says for us when we are gone; retained, QoS 1."""

    topic: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class Received:
    """One message as it came."""

    connection: int
    mid: int
    topic: str
    payload: bytes
    retained: bool
    qos: int
    expiry_s: int | None
    """What was left of its Message Expiry, in seconds; None where it had none."""


class Listener(Protocol):
    """Who is told what happens on a line. Called on the line's threads: only enqueue facts."""

    def on_up(self, connection: int, session_present: bool) -> None:
        """Connected and subscribed; ``session_present`` tells whether the broker kept our session."""

    def on_down(self, connection: int, reason: str) -> None:
        """The connection ended, or could not be made: ``reason`` says why in words."""

    def on_message(self, message: Received) -> None:
        """A message came."""

    def on_published(self, connection: int, mid: int, refused: str | None) -> None:
        """The broker answered a publish; ``refused`` holds its words where it said no."""


class NotConnectedError(ConnectionError):
    """There is no connection to send over now; worth another try once ``on_up`` is heard."""


class Line:
    """Keeps one session with one broker up, for as long as it is not closed."""

    def __init__(
        self,
        broker: Broker,
        client_id: str,
        listener: Listener,
        *,
        subscriptions: tuple[str, ...] = (),
        will: Will | None = None,
        keep_session: bool = True,
        manual_ack: bool = False,
        receive_maximum: int | None = None,
    ) -> None:
        self._broker = broker
        self._client_id = client_id
        self._listener = listener
        self._subscriptions = subscriptions
        self._will = will
        self._keep_session = keep_session
        self._manual_ack = manual_ack
        self._receive_maximum = receive_maximum
        self._log = structlog.get_logger(broker=f"{broker.host}:{broker.port}", client=client_id)
        self._lock = threading.Lock()  # guards the next three, so that no ack crosses connections
        self._client: Client | None = None
        self._brings: Client | None = None
        self._number = 0
        self._closing = threading.Event()
        self._hurry = threading.Event()
        self._thread = threading.Thread(target=self._keep_up, name=f"mqtt {client_id}", daemon=True)

    def start(self) -> None:
        """Begin connecting; returns at once."""
        self._thread.start()

    def close(self, last: tuple[str, bytes] | None = None) -> None:
        """Disconnect for good; ``last`` is a retained message to leave instead of the will."""
        self._closing.set()
        self._hurry.set()
        with self._lock:
            client = self._client
        if client is not None:
            if last is not None:
                with contextlib.suppress(ValueError, RuntimeError):
                    client.publish(*last, qos=1, retain=True).wait_for_publish(1.0)
            client.disconnect()
        self._thread.join(timeout=3.0)

    def drop(self) -> None:
        """End for good as a power cut would: without a word, so that the broker says the will."""
        self._closing.set()
        self.renew()
        self._thread.join(timeout=3.0)

    def hurry(self) -> None:
        """End any pause before the next attempt to connect."""
        self._hurry.set()

    def renew(self) -> None:
        """Give the present connection up and open a new one at once: it doesn't answer."""
        with self._lock:
            client = self._client
        self._hurry.set()
        if client is not None:
            sock: Any = client.socket()
            with contextlib.suppress(OSError, AttributeError):
                sock.shutdown(socket.SHUT_RDWR)

    def publish(
        self, topic: str, payload: bytes, *, qos: int = 1, retain: bool = False, expiry_s: int | None = None
    ) -> tuple[int, int]:
        """Hand a message to the present connection; returns (connection, mid) for ``on_published``.

        Raises :class:`NotConnectedError` when there is none.
        """
        properties = None
        if expiry_s is not None:
            properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
            properties.MessageExpiryInterval = expiry_s
        with self._lock:
            client, number = self._client, self._number
            if client is None:
                raise NotConnectedError(f"no connection to {self._broker.host}:{self._broker.port}")
            return number, client.publish(topic, payload, qos, retain, properties).mid

    def ack(self, connection: int, mid: int) -> bool:
        """Send the PUBACK of a message; False when its connection is gone (it will come again)."""
        with self._lock:
            # A kept session's messages come before the broker's answer to our subscription, so they
            # may be acknowledged before the line counts as up.
            if self._brings is None or connection != self._number:
                return False
            self._brings.ack(mid, 1)
            return True

    def _keep_up(self) -> None:
        pause = FIRST_PAUSE_S
        while not self._closing.is_set():
            self._hurry.clear()
            with self._lock:
                self._number += 1
            life = _Life(self, self._number)
            try:
                self._live(life)
            except (OSError, ValueError) as error:
                life.reason = f"cannot connect: {error}"
            except Exception as error:  # noqa: BLE001 - no thread, no memory: a line that ends is gone for ever
                self._log.error("fault on the line", exc_info=error)
                life.reason = f"{type(error).__name__}: {error}"
            self._tell(self._listener.on_down, self._number, life.reason)
            pause = FIRST_PAUSE_S if life.up else min(pause * 2, LONGEST_PAUSE_S)
            if not self._closing.is_set():
                self._hurry.wait(pause)

    def _live(self, life: _Life) -> None:
        """Live through one connection; ``life`` tells whether it ever came up, and why it ended."""
        client = self._new_client(life)
        try:
            client.connect(
                self._broker.host,
                self._broker.port,
                keepalive=KEEPALIVE_S,
                clean_start=not self._keep_session,
                properties=self._connect_properties(),
            )
            client.loop_start()
            # A broker that takes the connection and never answers is given up, too.
            while not life.answered.wait(0.2) and not life.over.is_set():
                if self._closing.is_set() or life.late():
                    life.reason = life.reason or "the broker did not answer"
                    break
            # A packet that paho can't read ends its thread, and it would look connected for ever.
            while life.up and not life.over.wait(1.0):
                if client._thread is None:
                    life.reason = "the broker sent what can't be read"
                    break
        finally:
            self._part_from(client)

    def _part_from(self, client: Client) -> None:
        """Leave nothing of a connection behind, however far it came."""
        self._take_away()
        sock: Any = client.socket()
        with contextlib.suppress(OSError, AttributeError):
            sock.close()
        with contextlib.suppress(RuntimeError):  # its thread never started
            client.loop_stop()
        self._take_away()  # paho's thread may have come up until it stopped

    def _take_away(self) -> None:
        with self._lock:
            self._client = self._brings = None

    def _new_client(self, life: _Life) -> Client:
        client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=self._client_id,
            protocol=MQTTProtocolVersion.MQTTv5,
            manual_ack=self._manual_ack,
            reconnect_on_failure=False,
        )
        client.connect_timeout = CONNECT_TIMEOUT_S
        client.max_inflight_messages_set(0)  # nothing of ours waits behind a window: a press least of all
        client.on_socket_open = _tune_socket
        client.on_connect = life.on_connect
        client.on_subscribe = life.on_subscribe
        client.on_disconnect = life.on_disconnect
        client.on_message = life.on_message
        client.on_publish = life.on_publish
        if self._will is not None:
            client.will_set(self._will.topic, self._will.payload, qos=1, retain=True)
        if self._broker.tls is not None:
            tls = self._broker.tls
            client.tls_set(str(tls.ca_file), str(tls.cert_file), str(tls.key_file))
        return client

    def _connect_properties(self) -> Properties:
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval = SESSION_FOR_EVER if self._keep_session else 0
        properties.MaximumPacketSize = MAX_PAYLOAD + 1024
        if self._receive_maximum is not None:
            properties.ReceiveMaximum = self._receive_maximum
        return properties

    def _tell(self, say: Callable[..., None], *facts: Any) -> None:
        """Call the listener; its failure must not kill paho's thread, which would look connected."""
        try:
            say(*facts)
        except Exception:  # noqa: BLE001
            self._log.exception("listener failed", at=getattr(say, "__name__", str(say)))


class _Life:
    """One connection's callbacks, which run on paho's thread."""

    def __init__(self, line: Line, number: int) -> None:
        self._line = line
        self._number = number
        self._waited = 0
        self._session_present = False
        self.answered = threading.Event()
        self.over = threading.Event()
        self.up = False
        self.reason = ""

    def late(self) -> bool:
        self._waited += 1
        return self._waited * 0.2 > CONNECT_TIMEOUT_S

    def on_connect(
        self, client: Client, _: Any, flags: ConnectFlags, code: ReasonCode, __: Properties | None
    ) -> None:
        if code.is_failure:
            self.reason = f"the broker refused the connection: {code}"
            self.answered.set()
            return
        self._session_present = flags.session_present
        with self._line._lock:
            self._line._brings = client
        if self._line._subscriptions:
            options = SubscribeOptions(qos=1, noLocal=False)
            client.subscribe([(topic, options) for topic in self._line._subscriptions])
        else:
            self._come_up(client)

    def on_subscribe(
        self, client: Client, _: Any, __: int, codes: list[ReasonCode], ___: Properties | None
    ) -> None:
        refused = [
            topic for topic, code in zip(self._line._subscriptions, codes, strict=False) if code.is_failure
        ]
        if refused:
            self.reason = f"the broker refused to subscribe us to {', '.join(refused)}"
            client.disconnect()
            self.answered.set()
            return
        self._come_up(client)

    def _come_up(self, client: Client) -> None:
        with self._line._lock:
            self._line._client = client
        self.up = True
        self.answered.set()
        if self._line._closing.is_set():  # closed while it connected: nobody else would end it
            client.disconnect()
            return
        self._line._tell(self._line._listener.on_up, self._number, self._session_present)

    def on_disconnect(
        self, _: Client, __: Any, flags: DisconnectFlags, code: ReasonCode, ___: Properties | None
    ) -> None:
        by = (
            "the broker ended the connection" if flags.is_disconnect_packet_from_server else "connection lost"
        )
        self.reason = self.reason or f"{by}: {code}"
        self.answered.set()
        self.over.set()

    def on_message(self, _: Client, __: Any, message: MQTTMessage) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:
            topic = message._topic.decode("utf-8", "replace")
        expiry = getattr(message.properties, "MessageExpiryInterval", None)
        self._line._tell(
            self._line._listener.on_message,
            Received(
                self._number,
                message.mid,
                topic,
                bytes(message.payload),
                bool(message.retain),
                message.qos,
                expiry,
            ),
        )

    def on_publish(self, _: Client, __: Any, mid: int, code: ReasonCode, ___: Properties | None) -> None:
        refused = str(code) if code.is_failure else None
        self._line._tell(self._line._listener.on_published, self._number, mid, refused)


def _tune_socket(_: Client, __: Any, sock: Any) -> None:
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, USER_TIMEOUT_MS)
