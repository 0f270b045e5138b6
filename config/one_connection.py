"""The life of one MQTT connection on paho's thread: the broker's answer, what comes, and why it ended."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Protocol

import structlog
from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from config import dial_words
from config.dialling import Connected
from config.shared_settings import Broker

KEEPALIVE_S: Final = 6
"""paho gives a silent broker up after two of these, inside the 15 s of a link's supervision."""
ANSWER_S: Final = 4.5
"""A broker that takes the connection and says nothing for so long is given up. With the time to connect
(:data:`config.dialling.DIAL_S`) and the silence after its first answer that makes 14 s."""
_KEEPALIVE_TIMEOUT: Final = 0x8D
"""MQTT's reason code, by which paho tells that it gave a silent broker up."""
_NO_WORD: Final = 0x80
"""The code by which paho tells that a connection ended, and nothing more."""

_log = structlog.get_logger(part="mqtt")


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


def tell(say: Callable[..., None], *facts: Any) -> None:
    """Call a listener; its failure must not kill paho's thread, which would look connected."""
    try:
        say(*facts)
    except Exception:  # noqa: BLE001
        _log.exception("listener failed", at=getattr(say, "__name__", str(say)))


class SocketClient(Client):
    """paho's client over a connection that is made already."""

    def __init__(self, sock: Connected, *words: Any, **named: Any) -> None:
        super().__init__(*words, **named)
        self._made = sock

    def _create_socket(self) -> Connected:
        """Stand in for paho's own, which drops why it fails and bounds neither names nor the whole."""
        return self._made


class Life:
    """One connection's callbacks, which run on paho's thread."""

    def __init__(
        self,
        number: int,
        sock: Connected,
        broker: Broker,
        client_id: str,
        subscriptions: tuple[str, ...],
        listener: Listener,
        *,
        taken: Callable[[Client], None],
        ready: Callable[[Life, Client], bool],
    ) -> None:
        """``taken`` is called once the broker took us: messages may come from then on, and be acknowledged.

        ``ready`` is called once the client may be published to; it returns False where nobody wants that
        any more.
        """
        self._number = number
        self._broker = broker
        self._client_id = client_id
        self._subscriptions = subscriptions
        self._listener = listener
        self._taken = taken
        self._ready = ready
        self._at = f"{broker.host}:{broker.port}"
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
            self.reason = dial_words.of_refusal(self._broker, self._client_id, code.value, str(code))
            self.answered.set()
            return
        self.taken, self._heard_at = True, time.monotonic()
        self._session_present = flags.session_present
        self._taken(client)
        if self._subscriptions:
            options = SubscribeOptions(qos=1, noLocal=False)
            client.subscribe([(topic, options) for topic in self._subscriptions])
        else:
            self._come_up(client)

    def on_subscribe(
        self, client: Client, _: Any, __: int, codes: list[ReasonCode], ___: Properties | None
    ) -> None:
        refused = [topic for topic, code in zip(self._subscriptions, codes, strict=False) if code.is_failure]
        if refused:
            topics = ", ".join(refused)
            self.reason = f"broker {self._at} refused to subscribe us to {topics}; its ACL lacks it"
            client.disconnect()
            self.answered.set()
            return
        self._come_up(client)

    def _come_up(self, client: Client) -> None:
        self.up = True
        wanted = self._ready(self, client)
        self.answered.set()
        if not wanted:
            client.disconnect()
            return
        tell(self._listener.on_up, self._number, self._session_present)

    def on_disconnect(
        self, _: Client, __: Any, flags: DisconnectFlags, code: ReasonCode, ___: Properties | None
    ) -> None:
        if flags.is_disconnect_packet_from_server:
            self.reason = self.reason or dial_words.of_end(
                self._broker, self._client_id, code.value, str(code)
            )
        elif code.value == _KEEPALIVE_TIMEOUT:
            silent = f"broker {self._at} has not answered for {2 * KEEPALIVE_S} s"
            self.reason = self.reason or silent
        said = "closed the connection; is it still running?" if code.value == _NO_WORD else f"is lost: {code}"
        self.lost = f"broker {self._at} {said}"
        self.answered.set()
        self.over.set()

    def on_message(self, _: Client, __: Any, message: MQTTMessage) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:
            topic = message._topic.decode("utf-8", "replace")
        expiry = getattr(message.properties, "MessageExpiryInterval", None)
        self._heard_at = time.monotonic()
        tell(
            self._listener.on_message,
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
        tell(self._listener.on_published, self._number, mid, refused)
