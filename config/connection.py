"""One MQTT line to one broker, by paho-mqtt, as both the agent and the hub need it.

paho's own queue would send an event again with a stale age, and a late PUBACK can hit another
message after a reconnect. So each connection is a fresh paho client over the same broker session,
with a number of its own: what was unsent at its end is dropped, and an acknowledgement belongs to
the connection that brought its message.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Protocol

import structlog
from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from config import dial_words
from config.contract import MAX_PAYLOAD, SESSION_FOR_EVER
from config.dialling import Connected, DialError, Dialler, end
from config.shared_settings import Broker

KEEPALIVE_S: Final = 6
"""paho gives a silent broker up after two of these, inside the 15 s of a link's supervision."""
ANSWER_S: Final = 4.5
"""A broker that takes the connection and says nothing for so long is given up. With the time to connect
(:data:`config.dialling.DIAL_S`) and the silence after its first answer that makes 14 s."""
FIRST_PAUSE_S: Final = 0.25
LONGEST_PAUSE_S: Final = 2.0
"""Seconds between two attempts to connect: doubled from the first to the longest. No press waits in a
broker that is back for longer than this."""

_KEEPALIVE_TIMEOUT: Final = 0x8D
"""MQTT's reason code, by which paho tells that it gave a silent broker up."""


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
        dates_trusted: Callable[[], bool] = lambda: True,
    ) -> None:
        """``dates_trusted`` is asked at each connection: while it says False (no true clock), the dates
        of certificates go unchecked, and nothing else."""
        self._broker = broker
        self._dialler = Dialler(broker, dates_trusted)
        self._client_id = client_id
        self._listener = listener
        self._subscriptions = subscriptions
        self._will = will
        self._keep_session = keep_session
        self._manual_ack = manual_ack
        self._receive_maximum = receive_maximum
        self._at = f"{broker.host}:{broker.port}"
        self._log = structlog.get_logger(broker=self._at, client=client_id)
        self._lock = threading.Lock()  # guards the next four, so that no ack crosses connections
        self._client: Client | None = None
        self._brings: Client | None = None
        self._life: _Life | None = None
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
        self._thread.join(timeout=2.0)
        self.renew()  # a peer that reads nothing never gets our farewell
        self._thread.join(timeout=1.0)

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
            life = self._life
        self._hurry.set()
        if life is not None:
            life.reason = life.reason or f"broker {self._at} did not answer in time; trying anew"
            end(life.sock)

    def publish(
        self, topic: str, payload: bytes, *, qos: int = 1, retain: bool = False, expiry_s: int | None = None
    ) -> tuple[int, int]:
        """Hand a message to the present connection; returns (connection, mid) for ``on_published``.

        It never waits, whatever state the connection is in: paho only queues it here, and its own thread
        writes. Raises :class:`NotConnectedError` when there is no connection.
        """
        properties = None
        if expiry_s is not None:
            properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
            properties.MessageExpiryInterval = expiry_s
        with self._lock:
            client, number = self._client, self._number
            if client is None:
                raise NotConnectedError(f"no connection to {self._at}")
            taken = client.publish(topic, payload, qos, retain, properties)
            if taken.rc is not MQTTErrorCode.MQTT_ERR_SUCCESS:
                raise NotConnectedError(f"the connection to {self._at} takes nothing: {taken.rc.name}")
            return number, taken.mid

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
            life: _Life | None = None
            reason = ""
            try:
                life = _Life(self, self._number, self._dialler.dial())
                self._live(life)
                reason = life.reason or self._dialler.why(life.sock, answered=life.taken) or life.lost
            except DialError as error:
                reason = str(error)
            except (OSError, ValueError) as error:
                reason = f"cannot connect: {error}"
            except Exception as error:  # noqa: BLE001 - no thread, no memory: a line that ends is gone for ever
                self._log.error("fault on the line", exc_info=error)
                reason = f"{type(error).__name__}: {error}"
            self._tell(self._listener.on_down, self._number, reason)
            pause = FIRST_PAUSE_S if life is not None and life.up else min(pause * 2, LONGEST_PAUSE_S)
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
                if self._closing.is_set() or life.silent():
                    life.reason = life.reason or (
                        f"broker {self._at} took the connection and did not answer; "
                        "look at its load, or start it again"
                    )
                    break
            # A packet that paho can't read ends its thread, and it would look connected for ever.
            while life.up and not life.over.wait(1.0):
                if client._thread is None:
                    life.reason = f"broker {self._at} sent what can't be read"
                    break
        finally:
            self._part_from(client, life.sock)

    def _part_from(self, client: Client, sock: Connected) -> None:
        """Leave nothing of a connection behind, however far it came."""
        self._take_away()
        end(sock)  # paho's thread finds out, and only then is the number of the socket free for others
        with contextlib.suppress(RuntimeError):  # its thread never started
            client.loop_stop()
        sock.close()
        self._take_away()  # paho's thread may have come up until it stopped

    def _take_away(self) -> None:
        with self._lock:
            self._client = self._brings = self._life = None

    def _new_client(self, life: _Life) -> Client:
        client = _Client(
            life.sock,
            CallbackAPIVersion.VERSION2,
            client_id=self._client_id,
            protocol=MQTTProtocolVersion.MQTTv5,
            manual_ack=self._manual_ack,
            reconnect_on_failure=False,
        )
        client.max_inflight_messages_set(0)  # nothing of ours waits behind a window: a press least of all
        client.on_connect = life.on_connect
        client.on_subscribe = life.on_subscribe
        client.on_disconnect = life.on_disconnect
        client.on_message = life.on_message
        client.on_publish = life.on_publish
        if self._will is not None:
            client.will_set(self._will.topic, self._will.payload, qos=1, retain=True)
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


class _Client(Client):
    """paho's client over a connection that is made already."""

    def __init__(self, sock: Connected, *words: Any, **named: Any) -> None:
        super().__init__(*words, **named)
        self._made = sock

    def _create_socket(self) -> Connected:
        """Stand in for paho's own, which drops why it fails and bounds neither names nor the whole."""
        return self._made


class _Life:
    """One connection's callbacks, which run on paho's thread."""

    def __init__(self, line: Line, number: int, sock: Connected) -> None:
        self._line = line
        self._number = number
        self._session_present = False
        self._heard_at = time.monotonic()
        self.sock = sock
        self.answered = threading.Event()
        self.over = threading.Event()
        self.taken = False
        """Whether the broker accepted us."""
        self.up = False
        """Whether it was to be published to, ever."""
        self.reason = ""
        """Why it ended, where that is known for sure."""
        self.lost = "connection lost"

    def silent(self) -> bool:
        """Tell whether the broker has said nothing for too long; asked until the line is up."""
        return time.monotonic() > self._heard_at + ANSWER_S

    def on_connect(
        self, client: Client, _: Any, flags: ConnectFlags, code: ReasonCode, __: Properties | None
    ) -> None:
        if code.is_failure:
            broker, client_id = self._line._broker, self._line._client_id
            self.reason = dial_words.of_refusal(broker, client_id, code.value, str(code))
            self.answered.set()
            return
        self.taken, self._heard_at = True, time.monotonic()
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
            topics = ", ".join(refused)
            self.reason = f"broker {self._line._at} refused to subscribe us to {topics}; its ACL lacks it"
            client.disconnect()
            self.answered.set()
            return
        self._come_up(client)

    def _come_up(self, client: Client) -> None:
        with self._line._lock:
            self._line._client, self._line._life = client, self
        self.up = True
        self.answered.set()
        if self._line._closing.is_set():  # closed while it connected: nobody else would end it
            client.disconnect()
            return
        self._line._tell(self._line._listener.on_up, self._number, self._session_present)

    def on_disconnect(
        self, _: Client, __: Any, flags: DisconnectFlags, code: ReasonCode, ___: Properties | None
    ) -> None:
        if flags.is_disconnect_packet_from_server:
            broker, client_id = self._line._broker, self._line._client_id
            self.reason = self.reason or dial_words.of_end(broker, client_id, code.value, str(code))
        elif code.value == _KEEPALIVE_TIMEOUT:
            silent = f"broker {self._line._at} has not answered for {2 * KEEPALIVE_S} s"
            self.reason = self.reason or silent
        self.lost = f"connection to broker {self._line._at} lost: {code}"
        self.answered.set()
        self.over.set()

    def on_message(self, _: Client, __: Any, message: MQTTMessage) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:
            topic = message._topic.decode("utf-8", "replace")
        expiry = getattr(message.properties, "MessageExpiryInterval", None)
        self._heard_at = time.monotonic()
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
