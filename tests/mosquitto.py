"""A real mosquitto for tests, and a small client to speak to it and listen in.

>>> with Mosquitto(tmp_path) as broker, Wire(broker) as wire:
...     wire.publish("tocsin/v1/site/room-101/event", b"{}", expiry=60)
...     wire.wait_for(lambda message: message.topic.endswith("/event"))
"""

from __future__ import annotations

import contextlib
import json
import random
import signal
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from config import broker as broker_settings

HOST = "127.0.0.1"


def free_port() -> int:
    """Return a TCP port on loopback that nobody listens on.

    It lies below those that the system gives to outgoing connections, one of which could otherwise
    take it while a test has its owner down.
    """
    while True:
        port = random.randrange(15_000, 32_768)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((HOST, port))
            return port


class Mosquitto:
    """One mosquitto with persistence in ``folder``, on one port for all its lives."""

    host = HOST

    def __init__(self, folder: Path, *, port: int | None = None, conf: str | None = None) -> None:
        self.folder = folder
        self.folder.mkdir(parents=True, exist_ok=True)
        self.port = port or free_port()
        self.log = folder / "mosquitto.log"
        self._conf = folder / "mosquitto.conf"
        self._conf.write_text(
            conf
            or broker_settings.settings(
                "demo", port=self.port, folder=folder, user=broker_settings.own_user()
            )
        )
        self.environment: dict[str, str] | None = None
        """What it is started with; None: what we have."""
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process id; raises while the broker is down."""
        assert self._process is not None, "the broker is not running"
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self, deadline_s: float = 10.0) -> Self:
        """Start it and wait until it accepts connections."""
        assert not self.running, "the broker runs already"
        found = broker_settings.program()
        assert found is not None, "mosquitto isn't installed; run scripts/test, or apt-get install mosquitto"
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [found, "-c", str(self._conf)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                env=self.environment,
            )
        end = time.monotonic() + deadline_s
        while True:
            if self._process.poll() is not None:
                raise AssertionError(f"mosquitto ended with {self._process.returncode}:\n{self.words()}")
            with contextlib.suppress(OSError), socket.create_connection((HOST, self.port), timeout=0.5):
                return self
            if time.monotonic() > end:
                self.kill()
                raise AssertionError(f"mosquitto does not accept after {deadline_s} s:\n{self.words()}")
            time.sleep(0.01)

    def stop(self) -> None:
        """End it as systemd would (TERM): it writes its store out."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it as a power cut would (KILL)."""
        self._end(signal.SIGKILL)

    def restart(self) -> Self:
        """Stop it and start it again, on the same port and store."""
        self.stop()
        return self.start()

    def pause(self) -> None:
        """Stop it from answering, with its sockets open."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on after :meth:`pause`."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def words(self) -> str:
        """What it logged, for a failing test's message."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def wait_stored(self, deadline_s: float = 5.0) -> None:
        """Wait until the store on disk was written after this call: what came before survives a kill."""
        store, asked = self.folder / "mosquitto.db", time.time()
        # The store's own time has the file system's grain; two saves make sure of a whole one.
        seen: set[int] = set()
        end = time.monotonic() + deadline_s
        while len(seen) < 2:
            with contextlib.suppress(FileNotFoundError):
                changed = store.stat()
                if changed.st_mtime >= asked:
                    seen.add(changed.st_mtime_ns)
            assert time.monotonic() < end, f"no store was written in {deadline_s} s:\n{self.words()}"
            time.sleep(0.02)

    def _end(self, number: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(number)
            process.send_signal(signal.SIGCONT)  # a paused one hears TERM only when it goes on
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)

    def __enter__(self) -> Self:
        return self if self.running else self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()


@dataclass(frozen=True, slots=True)
class Heard:
    """One message as it came to the test."""

    topic: str
    payload: bytes
    retain: bool
    qos: int
    expiry: int | None
    at: float
    """``time.monotonic()`` at its arrival."""

    @property
    def json(self) -> Any:
        return json.loads(self.payload)


class Wire:
    """An MQTT 5 client for tests: publishes, and keeps all it hears in ``messages``."""

    def __init__(
        self,
        broker: Mosquitto | tuple[str, int],
        *subscriptions: str,
        client_id: str = "",
        clean: bool = True,
        will: tuple[str, bytes] | None = None,
        tls: ssl.SSLContext | None = None,
        username: str | None = None,
    ) -> None:
        """``subscriptions`` is everything (``#``) if none is named; ``clean=False`` keeps its session."""
        self.host, self.port = broker if isinstance(broker, tuple) else (broker.host, broker.port)
        self.messages: list[Heard] = []
        self.session_present = False
        self._came = threading.Condition()
        self._answers: dict[int, ReasonCode] = {}
        self._subscribed = threading.Event()
        self._subscriptions = subscriptions or ("#",)
        self._clean = clean
        self._client = Client(
            CallbackAPIVersion.VERSION2, client_id=client_id, protocol=MQTTProtocolVersion.MQTTv5
        )
        self._client.max_inflight_messages_set(0)
        self._client.on_connect = self._on_connect
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self._client.on_message = self._on_message
        self._client.on_publish = self._on_publish
        if will is not None:
            self._client.will_set(*will, qos=1, retain=True)
        if tls is not None:
            self._client.tls_set_context(tls)
        if username is not None:
            self._client.username_pw_set(username, "whatever")

    def open(self, deadline_s: float = 10.0) -> Self:
        """Connect, subscribe, and wait until both are done."""
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval = 0 if self._clean else 4_294_967_295
        self._client.connect(
            self.host, self.port, keepalive=30, clean_start=self._clean, properties=properties
        )
        self._client.loop_start()
        assert self._subscribed.wait(deadline_s), f"no subscription at {self.host}:{self.port}"
        return self

    def close(self) -> None:
        """Disconnect as a client does that ends well: no last will."""
        self._client.disconnect()
        self._client.loop_stop()

    def drop(self) -> None:
        """Break the connection, so that the broker speaks the last will."""
        sock: Any = self._client.socket()
        self._client.reconnect_delay_set(3600, 3600)
        with contextlib.suppress(OSError, AttributeError):
            sock.shutdown(socket.SHUT_RDWR)
        self._client.loop_stop()

    def publish(
        self,
        topic: str,
        payload: bytes | str | dict[str, Any],
        *,
        expiry: int | None = None,
        qos: int = 1,
        retain: bool = False,
        wait: bool = True,
        deadline_s: float = 10.0,
    ) -> None:
        """Publish; a dict goes as JSON. Waits for the PUBACK and fails where the broker refuses."""
        body = json.dumps(payload) if isinstance(payload, dict) else payload
        properties = None
        if expiry is not None:
            properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
            properties.MessageExpiryInterval = expiry
        mid = self._client.publish(topic, body, qos, retain, properties).mid
        if not wait or qos == 0:
            return
        with self._came:
            assert self._came.wait_for(lambda: mid in self._answers, deadline_s), f"no PUBACK for {topic}"
            code = self._answers.pop(mid)
        assert not code.is_failure, f"{topic} was refused: {code}"

    def publishes(self, topic: str, payload: bytes = b"x", *, retain: bool = False) -> bool:
        """Publish; tells whether the broker lets us."""
        mid = self._client.publish(topic, payload, 1, retain).mid
        with self._came:
            assert self._came.wait_for(lambda: mid in self._answers, 10), f"no PUBACK for {topic}"
            return not self._answers.pop(mid).is_failure

    def hear_all(self) -> None:
        """Wait until all that the broker had for us is here: it answers in order."""
        self._subscribed.clear()
        self._client.subscribe("nothing", 0)
        assert self._subscribed.wait(10), "no answer of the broker"

    def wait_for(
        self, predicate: Callable[[Heard], bool], deadline_s: float = 10.0, *, after: int = 0
    ) -> Heard:
        """Return the first message, from number ``after`` on, for which ``predicate`` holds; wait for it."""

        def match() -> Heard | None:
            return next((message for message in self.messages[after:] if predicate(message)), None)

        with self._came:
            found = self._came.wait_for(match, deadline_s)
        if found is None:
            came = "\n".join(f"  {m.topic} {m.payload[:200]!r}" for m in self.messages[after:][-40:])
            raise AssertionError(f"not heard within {deadline_s} s; what came:\n{came or '  nothing'}")
        return found

    def on(self, ending: str) -> Iterator[Heard]:
        """The messages so far whose topic ends so, such as ``/event``."""
        return (message for message in list(self.messages) if message.topic.endswith(ending))

    def _on_connect(self, client: Client, _: Any, flags: Any, code: ReasonCode, __: Any) -> None:
        if not code.is_failure:
            self.session_present = flags.session_present
            client.subscribe([(topic, 1) for topic in self._subscriptions])

    def _on_message(self, _: Client, __: Any, message: MQTTMessage) -> None:
        expiry = getattr(message.properties, "MessageExpiryInterval", None)
        heard = Heard(
            message.topic, bytes(message.payload), message.retain, message.qos, expiry, time.monotonic()
        )
        with self._came:
            self.messages.append(heard)
            self._came.notify_all()

    def _on_publish(self, _: Client, __: Any, mid: int, code: ReasonCode, ___: Any) -> None:
        with self._came:
            self._answers[mid] = code
            self._came.notify_all()

    def __enter__(self) -> Self:
        return self.open()

    def __exit__(self, *_: object) -> None:
        self.close()
