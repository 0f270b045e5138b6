"""The hub's two connections to one broker.

Events have a session of their own, for ever, whose PUBACKs wait for the commit and keep their order;
states, health and all that the hub publishes go over a second connection that holds nothing back.
"""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from collections.abc import Callable, Iterable
from typing import Final, Literal

import structlog

from config.clock import Clock, Now
from config.connection import Line, NotConnectedError, Received, Will
from config.contract import (
    EVENT_EXPIRY,
    Event,
    Flaw,
    HubState,
    MessageError,
    Posture,
    Readable,
    Receipt,
    decode,
    encode,
)
from config.hub_settings import HubSettings, NamedBroker
from config.topics import (
    device_topic,
    hub_topic,
    posture_topic,
    read_topic,
)
from hub.authority.names import event_name, rest_name
from hub.authority.own_files import as_hub
from hub.authority.rights import DROPPED_TOPIC
from hub.inputs import Ack, BrokerDropped, DeviceMessage, EventCame, Link, PostureHeard
from hub.quota import Over, Quotas
from hub.reckoning import device_name

RECEIVE_MAXIMUM: Final = 65_535
"""Events that may be unacknowledged at once: a sick disk must not stop the next press."""
RECEIPT_IDS: Final = 500
"""Ids in one receipt at most, to stay far below the largest packet."""
GLANCED_AT: Final = 65_536
"""Bytes above which a message over its quota is looked at for the word of an alarm, and not read: to read a
hostile one of 1 MiB takes as long as a hundred presses."""

Fact = EventCame | DeviceMessage | Link | PostureHeard | BrokerDropped
Put = Callable[[Fact], None]
IsKnown = Callable[[str], bool]


class BrokerSession:
    """One broker: what comes from it, as inputs that bear its number; and what goes to it."""

    def __init__(
        self,
        number: int,
        broker: NamedBroker,
        settings: HubSettings,
        boot: str,
        clock: Clock,
        put: Put,
        held_until: int | None,
        receipts_kept: int,
        is_known: IsKnown,
    ) -> None:
        """``held_until`` is the wall ms at which an earlier process last held this event session.

        ``receipts_kept`` bounds the ids whose receipts wait for this broker; ``is_known`` tells of which
        devices the settings know.
        """
        site = settings.site
        self._site = site
        self._hub = settings.hub
        self._boot = boot
        self._put = put
        self._stopping = False
        self._log = structlog.get_logger(part="intake", broker=broker.name)
        self._events = EventSession(number, clock, self._heard, held_until, Quotas(is_known))
        self._event_line = Line(
            as_hub(broker, settings, event_name(site)),
            event_name(site),
            self._events,
            subscriptions=(device_topic(site, "+", "event"),),
            manual_ack=True,
            receive_maximum=RECEIVE_MAXIMUM,
        )
        self._events.line = self._event_line
        self._owed_receipts: dict[tuple[str, str], None] = {}
        self._receipts_kept = receipts_kept
        self._receipts_lock = threading.Lock()  # so that none slips between a connection and its flush
        will = HubState(v=1, online=False, ready=False, why="gone", boot=boot, n=0)
        self._rest_line = Line(
            as_hub(broker, settings, rest_name(site)),
            rest_name(site),
            RestListener(number, site, clock, self._heard, self._send_owed_receipts, Quotas(is_known)),
            subscriptions=(
                device_topic(site, "+", "state"),
                device_topic(site, "+", "health"),
                posture_topic(site),
                DROPPED_TOPIC,
            ),
            will=Will(hub_topic(site, self._hub), encode(will)),
            keep_session=False,
        )

    @property
    def brings_events(self) -> bool:
        """Its event session is up: what agents send to this broker is taken."""
        return self._events.up

    def start(self) -> None:
        """Connect, for as long as the hub runs."""
        self._event_line.start()
        self._rest_line.start()

    def stop(self, n: int) -> None:
        """Say farewell, as beat ``n``, and disconnect."""
        self._stopping = True
        self._event_line.close()
        last = HubState(v=1, online=False, ready=False, why="stopped", boot=self._boot, n=n)
        self._rest_line.close((hub_topic(self._site, self._hub), encode(last)))

    def _heard(self, fact: Fact) -> None:
        """Pass a fact on; that our own farewell ends the connections is no news."""
        if not (self._stopping and isinstance(fact, Link)):
            self._put(fact)

    def committed(self, acks: Iterable[Ack]) -> None:
        """Send the PUBACKs of messages that this broker brought, each once all before it are committed."""
        self._events.committed(acks)

    def receipt(self, device: str, ids: list[str]) -> None:
        """Tell an agent that its events are committed; without a connection, as soon as there is one.

        The events' own connection may bring thousands before this one is up, and an agent may be
        reached by no other broker.
        """
        topic = device_topic(self._site, device, "receipt")
        with self._receipts_lock:
            for i in range(0, len(ids), RECEIPT_IDS):
                some = ids[i : i + RECEIPT_IDS]
                if not self.publish(topic, encode(Receipt(v=1, ids=tuple(some)))):
                    self._owe(device, some)

    def _owe(self, device: str, ids: list[str]) -> None:
        """Keep receipts, the newest; an agent asks again for one that it misses."""
        owed = self._owed_receipts
        owed.update(((device, event_id), None) for event_id in ids)
        while len(owed) > self._receipts_kept:
            del owed[next(iter(owed))]

    def _send_owed_receipts(self) -> None:
        with self._receipts_lock:
            owed = list(self._owed_receipts)
            self._owed_receipts.clear()
        receipts: dict[str, list[str]] = {}
        for device, event_id in owed:
            receipts.setdefault(device, []).append(event_id)
        for device, ids in receipts.items():
            self.receipt(device, ids)

    def publish(
        self, topic: str, payload: bytes, *, retain: bool = False, expiry_s: int | None = None
    ) -> bool:
        """Publish; False where there is no connection to do it over."""
        try:
            self._rest_line.publish(topic, payload, retain=retain, expiry_s=expiry_s)
        except NotConnectedError:
            self._log.debug("not sent: no connection", topic=topic)
            return False
        except ValueError as error:  # a device's name that can't stand in a topic
            self._log.info("not sent", topic=topic[:200], why=str(error))
        return True


class EventSession:
    """The listener of an event session."""

    line: Line

    def __init__(self, number: int, clock: Clock, put: Put, held_until: int | None, quotas: Quotas) -> None:
        self._number = number
        self._quotas = quotas
        self._clock = clock
        self._put = put
        now = clock.now()
        self._held_until = None if held_until is None else now.mono - max(now.wall - held_until, 0) / 1000
        """By the monotonic clock: a wall clock that is set while it runs makes no wait of it."""
        self._held = False
        self.up = False
        """Connected and subscribed."""
        self._lock = threading.Lock()
        self._unacked: deque[Ack] = deque()
        self._done: set[Ack] = set()

    def on_up(self, connection: int, session_present: bool) -> None:  # noqa: ARG002 - the listener's face
        self._held = self.up = True
        self._put(Link("events", True, "", session_present, broker=self._number))

    def on_down(self, connection: int, reason: str) -> None:  # noqa: ARG002
        self.up = False
        with self._lock:  # what was unacknowledged comes again over the next connection
            self._unacked.clear()
            self._done.clear()
        if self._held:  # one that never came up held nothing
            self._held_until = self._clock.now().mono
        self._held = False
        self._put(Link("events", False, reason, broker=self._number))

    def on_message(self, message: Received) -> None:
        self._held = True
        now = self._clock.now()
        ack = Ack(self._number, message.connection, message.mid if message.qos else 0)
        topic = read_topic(message.topic)
        device = device_name(topic.party if topic else message.topic)
        over = self._quotas.over(device, "event", len(message.payload), now.mono)
        event = read(message.payload, over)
        waited = self._waited_ms(message, now)
        if message.qos:
            with self._lock:
                self._unacked.append(ack)
        self._put(EventCame(message.topic, device, message.payload, event, now, waited, ack, over))

    def on_published(self, connection: int, mid: int, refused: str | None) -> None:
        """Nothing is published here."""

    def committed(self, acks: Iterable[Ack]) -> None:
        with self._lock:
            self._done.update(ack for ack in acks if ack.mid)
            while self._unacked and self._unacked[0] in self._done:
                ack = self._unacked.popleft()
                self._done.discard(ack)
                self.line.ack(ack.connection, ack.mid)
            if not self._unacked:
                self._done.clear()  # acknowledgements of an earlier connection

    def _waited_ms(self, message: Received, now: Now) -> int:
        """Return how long a message lay in the broker: by its countdown, but no longer than we were away."""
        if message.expiry_s is None or self._held_until is None:
            return 0
        told = max(EVENT_EXPIRY - message.expiry_s, 0) * 1000
        return min(told, round((now.mono - self._held_until) * 1000))


class RestListener:
    """The listener of everything else."""

    def __init__(
        self, number: int, site: str, clock: Clock, put: Put, up: Callable[[], None], quotas: Quotas
    ) -> None:
        """``up`` is called when the connection can be sent over."""
        self._number = number
        self._quotas = quotas
        self._posture = posture_topic(site)
        self._clock = clock
        self._put = put
        self._up = up
        self._dropped: int | None = None

    def on_up(self, connection: int, session_present: bool) -> None:  # noqa: ARG002
        self._put(Link("rest", True, "", broker=self._number))
        self._up()

    def on_down(self, connection: int, reason: str) -> None:  # noqa: ARG002
        self._put(Link("rest", False, reason, broker=self._number))

    def on_message(self, message: Received) -> None:
        if message.topic == DROPPED_TOPIC:
            self._count(message.payload)
            return
        if message.topic == self._posture:
            with contextlib.suppress(MessageError):  # what agents can't read they don't obey either
                self._put(PostureHeard(decode(Posture, message.payload), self._number))
            return
        topic = read_topic(message.topic)
        if topic is not None and topic.what in ("state", "health"):
            what: Literal["state", "health"] = "state" if topic.what == "state" else "health"
            now = self._clock.now()
            over = self._quotas.over(topic.party, what, len(message.payload), now.mono)
            self._put(
                DeviceMessage(topic.party, what, message.payload, message.retained, now, self._number, over)
            )

    def on_published(self, connection: int, mid: int, refused: str | None) -> None:
        """A broker that refuses the hub is seen by its agents: their lamps show fault."""

    def _count(self, payload: bytes) -> None:
        try:
            total = int(payload)
        except ValueError:
            return
        if self._dropped is not None and total > self._dropped:
            self._put(BrokerDropped(total, self._number))
        self._dropped = total


def read(payload: bytes, over: Over | None) -> Event | MessageError:
    """Read an event; what can't be read may be a press all the same."""
    if over is not None and len(payload) > GLANCED_AT:
        flaw = Flaw("message", f"{len(payload)} bytes from a device over its quota: not read")
        return MessageError((flaw,), Readable(is_alarm=b"alarm" in payload))
    try:
        return decode(Event, payload)
    except MessageError as error:
        return error
    except Exception:  # noqa: BLE001 - a fault of ours must not swallow what may be a press
        flaw = Flaw("message", "the hub failed to read it")
        return MessageError((flaw,), Readable(is_alarm=b"alarm" in payload))
