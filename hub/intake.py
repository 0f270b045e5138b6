"""The hub's two connections to its broker.

Events have a session of their own, for ever, whose PUBACKs wait for the commit and keep their order;
states, health and all that the hub publishes go over a second connection that holds nothing back.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable
from typing import Final, Literal

import structlog

from config.clock import Clock, Now
from config.connection import Line, NotConnectedError, Received, Will
from config.contract import (
    EVENT_EXPIRY,
    Command,
    Event,
    Flaw,
    HubState,
    MessageError,
    Posture,
    Readable,
    Receipt,
    decode,
    device_topic,
    encode,
    hub_topic,
    posture_topic,
    read_topic,
)
from config.hub_settings import HubSettings
from hub.inputs import BrokerDropped, DeviceMessage, EventCame, Link
from hub.reckoning import device_name

RECEIVE_MAXIMUM: Final = 65_535
"""Events that may be unacknowledged at once: a sick disk must not stop the next press."""
COMMAND_EXPIRY_S: Final = 10
RECEIPT_IDS: Final = 500
"""Ids in one receipt at most, to stay far below the largest packet."""
RECEIPTS_KEPT: Final = 100_000
"""Ids whose receipts wait for a connection, at most; an agent asks again for one that it misses."""
DROPPED_TOPIC: Final = "$SYS/broker/publish/messages/dropped"

Put = Callable[[EventCame | DeviceMessage | Link | BrokerDropped], None]


class Intake:
    """What comes from the broker, as inputs; and what goes to it."""

    def __init__(
        self, settings: HubSettings, boot: str, clock: Clock, put: Put, held_until: int | None
    ) -> None:
        """``held_until`` is the wall ms at which an earlier process last held the event session."""
        self._site = settings.site
        self._hub = settings.hub
        self._boot = boot
        self._clock = clock
        self._put = put
        self._stopping = False
        self._n = 0
        site = settings.site
        events = device_topic(site, "+", "event")
        rest = (device_topic(site, "+", "state"), device_topic(site, "+", "health"), DROPPED_TOPIC)
        will = HubState(v=1, online=False, ready=False, why="gone", boot=boot, n=0)
        self._events = _Events(clock, self._heard, held_until)
        self._event_line = Line(
            settings.broker,
            f"tocsin-hub-{site}",
            self._events,
            subscriptions=(events,),
            manual_ack=True,
            receive_maximum=RECEIVE_MAXIMUM,
        )
        self._events.line = self._event_line
        self._owed_receipts: deque[tuple[str, str]] = deque(maxlen=RECEIPTS_KEPT)
        self._receipts_lock = threading.Lock()  # so that none slips between a connection and its flush
        self._rest_line = Line(
            settings.broker,
            f"tocsin-hub-{site}-rest",
            _Rest(clock, self._heard, self._send_owed_receipts),
            subscriptions=rest,
            will=Will(hub_topic(site, self._hub), encode(will)),
            keep_session=False,
        )
        self._log = structlog.get_logger(part="intake")

    def start(self) -> None:
        """Connect, for as long as the hub runs."""
        self._event_line.start()
        self._rest_line.start()

    def _heard(self, fact: EventCame | DeviceMessage | Link | BrokerDropped) -> None:
        """Pass a fact on; that our own farewell ends the connections is no news."""
        if not (self._stopping and isinstance(fact, Link)):
            self._put(fact)

    def stop(self) -> None:
        """Say farewell and disconnect."""
        self._stopping = True
        self._event_line.close()
        last = HubState(v=1, online=False, ready=False, why="stopped", boot=self._boot, n=self._n)
        self._rest_line.close((hub_topic(self._site, self._hub), encode(last)))

    def committed(self, acks: Iterable[tuple[int, int]]) -> None:
        """Send the PUBACKs of messages that are committed, each once all before it are."""
        self._events.committed(acks)

    def receipt(self, device: str, ids: list[str]) -> None:
        """Tell an agent that its events are committed; without a connection, as soon as there is one.

        The events' own connection may bring thousands before this one is up.
        """
        topic = device_topic(self._site, device, "receipt")
        with self._receipts_lock:
            for i in range(0, len(ids), RECEIPT_IDS):
                some = ids[i : i + RECEIPT_IDS]
                if not self._publish(topic, encode(Receipt(v=1, ids=tuple(some)))):
                    self._owed_receipts.extend((device, event_id) for event_id in some)

    def _send_owed_receipts(self) -> None:
        with self._receipts_lock:
            owed = list(self._owed_receipts)
            self._owed_receipts.clear()
        receipts: dict[str, list[str]] = {}
        for device, event_id in owed:
            receipts.setdefault(device, []).append(event_id)
        for device, ids in receipts.items():
            self.receipt(device, ids)

    def command(self, device: str, command: Command) -> None:
        """Ask something of an agent, now or never."""
        topic = device_topic(self._site, device, "command")
        self._publish(topic, encode(command), expiry_s=COMMAND_EXPIRY_S)

    def posture(self, posture: Posture) -> None:
        """Publish the site's posture, retained."""
        self._publish(posture_topic(self._site), encode(posture), retain=True)

    def beat(self, *, ready: bool, why: str | None, reach: bool | None) -> None:
        """Publish the hub's beat, retained."""
        self._n += 1
        state = HubState(v=1, online=True, ready=ready, why=why, reach=reach, boot=self._boot, n=self._n)
        self._publish(hub_topic(self._site, self._hub), encode(state), retain=True)

    def _publish(
        self, topic: str, payload: bytes, *, retain: bool = False, expiry_s: int | None = None
    ) -> bool:
        """Publish; False where there is no connection to do it over."""
        try:
            self._rest_line.publish(topic, payload, retain=retain, expiry_s=expiry_s)
        except NotConnectedError:
            self._log.info("not sent: no connection", topic=topic)
            return False
        except ValueError as error:  # a device's name that can't stand in a topic
            self._log.info("not sent", topic=topic[:200], why=str(error))
        return True


class _Events:
    """The listener of the event session."""

    line: Line

    def __init__(self, clock: Clock, put: Put, held_until: int | None) -> None:
        self._clock = clock
        self._put = put
        self._held_until = held_until
        self._held = False
        self._lock = threading.Lock()
        self._unacked: deque[tuple[int, int]] = deque()
        self._done: set[tuple[int, int]] = set()

    def on_up(self, connection: int, session_present: bool) -> None:  # noqa: ARG002 - the listener's face
        self._held = True
        self._put(Link("events", True, "", session_present))

    def on_down(self, connection: int, reason: str) -> None:  # noqa: ARG002
        with self._lock:  # what was unacknowledged comes again over the next connection
            self._unacked.clear()
            self._done.clear()
        if self._held:  # one that never came up held nothing
            self._held_until = self._clock.now().wall
        self._held = False
        self._put(Link("events", False, reason))

    def on_message(self, message: Received) -> None:
        self._held = True
        now = self._clock.now()
        ack = (message.connection, message.mid if message.qos else 0)
        topic = read_topic(message.topic)
        event: Event | MessageError
        try:
            event = decode(Event, message.payload)
        except MessageError as error:
            event = error
        except Exception:  # noqa: BLE001 - a fault of ours must not swallow what may be a press
            flaw = Flaw("message", "the hub failed to read it")
            event = MessageError((flaw,), Readable(is_alarm=b"alarm" in message.payload))
        device = device_name(topic.party if topic else message.topic)
        waited = self._waited_ms(message, now)
        if message.qos:
            with self._lock:
                self._unacked.append(ack)
        self._put(EventCame(message.topic, device, message.payload, event, now, waited, ack))

    def on_published(self, connection: int, mid: int, refused: str | None) -> None:
        """Nothing is published here."""

    def committed(self, acks: Iterable[tuple[int, int]]) -> None:
        with self._lock:
            self._done.update(ack for ack in acks if ack[1])
            while self._unacked and self._unacked[0] in self._done:
                ack = self._unacked.popleft()
                self._done.discard(ack)
                self.line.ack(*ack)
            if not self._unacked:
                self._done.clear()  # acknowledgements of an earlier connection

    def _waited_ms(self, message: Received, now: Now) -> int:
        """Return how long a message lay in the broker: by its countdown, but no longer than we were away."""
        if message.expiry_s is None or self._held_until is None:
            return 0
        told = max(EVENT_EXPIRY - message.expiry_s, 0) * 1000
        return min(told, max(now.wall - self._held_until, 0))


class _Rest:
    """The listener of everything else."""

    def __init__(self, clock: Clock, put: Put, up: Callable[[], None]) -> None:
        """``up`` is called when the connection can be sent over."""
        self._clock = clock
        self._put = put
        self._up = up
        self._dropped: int | None = None

    def on_up(self, connection: int, session_present: bool) -> None:  # noqa: ARG002
        self._put(Link("rest", True, ""))
        self._up()

    def on_down(self, connection: int, reason: str) -> None:  # noqa: ARG002
        self._put(Link("rest", False, reason))

    def on_message(self, message: Received) -> None:
        if message.topic == DROPPED_TOPIC:
            self._count(message.payload)
            return
        topic = read_topic(message.topic)
        if topic is not None and topic.what in ("state", "health"):
            what: Literal["state", "health"] = "state" if topic.what == "state" else "health"
            now = self._clock.now()
            self._put(DeviceMessage(topic.party, what, message.payload, message.retained, now))

    def on_published(self, connection: int, mid: int, refused: str | None) -> None:
        """A broker that refuses the hub is seen by its agents: their lamps show fault."""

    def _count(self, payload: bytes) -> None:
        try:
            total = int(payload)
        except ValueError:
            return
        if self._dropped is not None and total > self._dropped:
            self._put(BrokerDropped(total))
        self._dropped = total
