"""The site's other end: a mosquitto, and a hub that keeps all it hears and answers as the contract says."""

from __future__ import annotations

import contextlib
import json
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Self, TypeVar

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from trials import room

from config import broker as broker_settings

T = TypeVar("T")
SITE, DEVICE = "lincoln", "room-101"
TOPICS = f"tocsin/v1/{SITE}"
FOLDER = Path("/run/trial-broker")
BEAT_S = 10.0
FOR_EVER = 4_294_967_295
ROUNDING_S = 0.05
"""What an age in milliseconds and two readings of the clock may be apart."""


class Broker:
    """A mosquitto with the settings of a front desk; ``inside`` is what to write before its command."""

    def __init__(self, *, more: str = "", inside: Sequence[str] = ()) -> None:
        FOLDER.mkdir(exist_ok=True)
        for old in FOLDER.iterdir():
            old.unlink()
        conf = broker_settings.settings("front-desk", port=1883, folder=FOLDER, user="root")
        (FOLDER / "mosquitto.conf").write_text(f"{conf}\n{more}\n")
        self._command = [*inside, "/usr/sbin/mosquitto", "-c", str(FOLDER / "mosquitto.conf")]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; whoever connects tries until it answers."""
        with Path("/run/trial-broker.log").open("ab") as log:
            self._process = subprocess.Popen(self._command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def stop(self) -> None:
        """End it, as a broker that is restarted."""
        process, self._process = self._process, None
        if process is not None:
            process.terminate()
            process.wait(20)


class Event(NamedTuple):
    """One copy of an event, as it came."""

    at: float
    """When, by the machine's monotonic clock."""
    body: dict[str, Any]

    @property
    def happened(self) -> float:
        """When it happened, by its own word on its age."""
        return self.at - self.body["age_ms"] / 1000


class Hub:
    """Records every event, then sends its receipt; beats as long as it is there.

    ``record`` is a file on the host, so a line in it outlives this machine; without it memory is enough.
    """

    def __init__(self, host: str = "127.0.0.1", *, record: Path | None = None) -> None:
        self.copies: list[Event] = []
        self.births: list[dict[str, Any]] = []
        self.healths: list[tuple[float, dict[str, Any]]] = []
        self._host = host
        self._record = record
        self._changed = threading.Condition()
        self._ended = threading.Event()
        self._n = 0
        self._client = Client(
            CallbackAPIVersion.VERSION2, client_id=f"tocsin-hub-{SITE}", protocol=MQTTProtocolVersion.MQTTv5
        )
        self._client.max_inflight_messages_set(0)
        self._client.reconnect_delay_set(1, 1)
        self._client.on_connect = self._on_connect
        self._client.on_message = self._on_message
        self._beater = threading.Thread(target=self._beat, daemon=True)

    def start(self) -> None:
        """Connect, as soon as the broker answers; returns once subscribed."""
        subscribed = threading.Event()
        self._client.on_subscribe = lambda *_: subscribed.set()
        session = Properties(PacketTypes.CONNECT)
        session.SessionExpiryInterval = FOR_EVER
        self._client.connect_async(self._host, 1883, keepalive=60, clean_start=False, properties=session)
        self._client.loop_start()
        if not subscribed.wait(30):
            raise TimeoutError("the hub has no broker")
        self._beater.start()

    def stop(self) -> None:
        """Go, without a word."""
        self._ended.set()
        self._client.disconnect()
        self._client.loop_stop()

    def first_copies(self, what: str = "alarm", zone: str | None = None) -> list[Event]:
        """Return the events of this kind so far, each once, as they first came."""
        with self._changed:
            firsts = {copy.body["id"]: copy for copy in reversed(self.copies)}
        found = [e for e in firsts.values() if e.body["what"] == what and zone in (None, e.body["zone"])]
        return sorted(found, key=lambda event: event.at)

    def wait_for(self, condition: Callable[[], T | None], deadline_s: float, what: str) -> T:
        """Return what ``condition`` comes to; asked anew as often as something is heard."""
        with self._changed:
            found = self._changed.wait_for(condition, deadline_s)
        if not found:
            raise TimeoutError(f"not heard within {deadline_s} s: {what}")
        return found

    def wait_alarm(self, zone: str, deadline_s: float, *, after: float) -> Event:
        """Return the first alarm of a zone that happened after ``after``, by its own word on its age."""

        def found() -> Event | None:
            alarms = (e for e in self.first_copies(zone=zone) if e.happened > after - ROUNDING_S)
            return next(alarms, None)

        return self.wait_for(found, deadline_s, f"an alarm of {zone}")

    def troubles(self, *, after: float) -> list[str]:
        """Return every trouble that was told after a time, by an event or in a health."""
        with self._changed:
            told = [f"event: {e.body}" for e in self.copies if e.at > after and e.body["what"] == "trouble"]
            return told + [
                f"health: {w}" for at, body in self.healths if at > after for w in body.get("troubles", ())
            ]

    def gaps(self) -> list[tuple[str, int]]:
        """Return each boot and number that is missing below the highest that came."""
        with self._changed:
            seqs: dict[str, set[int]] = {}
            for copy in self.copies:
                seqs.setdefault(copy.body["boot"], set()).add(copy.body["seq"])
        return [(boot, n) for boot, came in seqs.items() for n in range(1, max(came)) if n not in came]

    def wait_no_gaps(self, deadline_s: float) -> list[tuple[str, int]]:
        """Wait until nothing is missing below what came; returns what still is."""
        with self._changed:
            self._changed.wait_for(lambda: not self.gaps(), deadline_s)
            return self.gaps()

    def _on_connect(self, client: Client, *_: Any) -> None:
        client.subscribe([(f"{TOPICS}/+/{what}", 1) for what in ("event", "state", "health")])

    def _on_message(self, client: Client, _: Any, message: MQTTMessage) -> None:
        at = time.monotonic()
        body = json.loads(message.payload)
        what = message.topic.rpartition("/")[2]
        if self._record is not None:
            with self._record.open("a") as file:
                file.write(json.dumps({"what": what, "retained": message.retain, "body": body}) + "\n")
        with self._changed:
            if what == "event":
                self.copies.append(Event(at, body))
            elif what == "state":  # also a retained one: each trial's broker is a new one
                self.births.append(body)
            elif what == "health":
                self.healths.append((at, body))
            self._changed.notify_all()
        if what == "event":
            client.publish(f"{TOPICS}/{DEVICE}/receipt", json.dumps({"v": 1, "ids": [body["id"]]}), qos=1)

    def _beat(self) -> None:
        while True:
            self._n += 1
            beat = {"v": 1, "online": True, "ready": True, "boot": "trial", "n": self._n}
            self._client.publish(f"{TOPICS}/hub/trial/state", json.dumps(beat), qos=1, retain=True)
            if self._ended.wait(BEAT_S):
                return


class Site:
    """Broker and hub, with an agent that starts with an empty outbox."""

    def __init__(self, broker: Broker | None = None, *, host: str = "127.0.0.1") -> None:
        self.broker = broker or Broker()
        self.hub = Hub(host)
        self.ready_s = 0.0
        """How long the agent took from its start until it said that it is ready."""

    def open(self) -> Self:
        """Start all, and wait until the agent is heard."""
        # What the agent still owes of the trial before is not for this hub.
        room.systemctl("stop", room.UNIT)
        self.broker.start()
        self.hub.start()
        self.ready_s = room.start_anew()
        self.hub.wait_for(lambda: [b for b in self.hub.births if b["online"]], 30, "the agent's birth")
        return self

    def close(self) -> None:
        """End hub and broker; the agent goes on without."""
        self.hub.stop()
        self.broker.stop()


@contextlib.contextmanager
def a_site() -> Iterator[Site]:
    """Broker, hub and agent, for one trial."""
    site = Site()
    try:
        yield site.open()
    finally:
        site.close()
