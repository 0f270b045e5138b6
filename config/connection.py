"""One MQTT line to one broker, by paho-mqtt, as both the agent and the hub need it.

paho's own queue would send an event again with a stale age, and a late PUBACK can hit another
message after a reconnect. So each connection is a fresh paho client over the same broker session,
with a number of its own: what was unsent at its end is dropped, and an acknowledgement belongs to
the connection that brought its message.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import structlog
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from config.contract import MAX_PAYLOAD, SESSION_FOR_EVER
from config.dialling import Connected, DialError, Dialler, end
from config.one_connection import KEEPALIVE_S, Life, Listener, Received, SocketClient, tell
from config.shared_settings import Broker

__all__ = ["Line", "Listener", "NotConnectedError", "Received", "Will"]

FIRST_PAUSE_S: Final = 0.25
LONGEST_PAUSE_S: Final = 2.0
"""Seconds between two attempts to connect: doubled from the first to the longest. No press waits in a
broker that is back for longer than this."""


@dataclass(frozen=True, slots=True)
class Will:
    """What the broker says for us when we are gone; retained, QoS 1."""

    topic: str
    payload: bytes


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
        self._life: Life | None = None
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
            life: Life | None = None
            reason = ""
            try:
                life = self._new_life(self._dialler.dial())
                self._live(life)
                reason = life.reason or self._dialler.why(life.sock, answered=life.taken) or life.lost
            except DialError as error:
                reason = str(error)
            except (OSError, ValueError) as error:
                reason = f"cannot connect: {error}"
            except Exception as error:  # noqa: BLE001 - no thread, no memory: a line that ends is gone for ever
                self._log.error("fault on the line", exc_info=error)
                reason = f"{type(error).__name__}: {error}"
            tell(self._listener.on_down, self._number, reason)
            pause = FIRST_PAUSE_S if life is not None and life.up else min(pause * 2, LONGEST_PAUSE_S)
            if not self._closing.is_set():
                self._hurry.wait(pause)

    def _live(self, life: Life) -> None:
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
                if client._thread is None and not life.over.is_set():
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

    def _new_life(self, sock: Connected) -> Life:
        return Life(
            self._number,
            sock,
            self._broker,
            self._client_id,
            self._subscriptions,
            self._listener,
            taken=self._taken,
            ready=self._ready,
        )

    def _taken(self, client: Client) -> None:
        with self._lock:
            self._brings = client

    def _ready(self, life: Life, client: Client) -> bool:
        with self._lock:
            self._client, self._life = client, life
        return not self._closing.is_set()  # closed while it connected: nobody else would end it

    def _new_client(self, life: Life) -> Client:
        client = SocketClient(
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
