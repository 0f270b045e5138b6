"""A whole site for tests: a real broker, a real hub process, a webhook's far end, and real agents.

>>> with Site(tmp_path) as site:
...     site.send(site.event("room-101"))
...     site.sink.wait_for(lambda post: post.type == "incident.opened")

Each part can be killed and started again on the same data and ports. Nothing here sleeps to let
time pass: whoever waits, waits for a condition with a deadline.
"""

from __future__ import annotations

import base64
import contextlib
import functools
import json
import os
import secrets
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self, TypeVar

from config.contract import EVENT_EXPIRY
from config.rooms import numbered_rooms
from tests.mosquitto import HOST, Heard, Mosquitto, Wire, free_port

ROOT = Path(__file__).resolve().parent.parent
T = TypeVar("T")
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def until(what: str, condition: Callable[[], T | None], deadline_s: float = 10.0) -> T:
    """Wait for a condition and return what it gave; fails with ``what`` after the deadline."""
    end = time.monotonic() + deadline_s
    while not (found := condition()):
        assert time.monotonic() < end, f"{what}: not within {deadline_s} s"
        time.sleep(0.02)
    return found


@dataclass(frozen=True, slots=True)
class Post:
    """One request as it came to the webhook's far end."""

    id: str
    body: dict[str, Any]
    at: float
    """``time.monotonic()`` at its arrival."""

    @property
    def type(self) -> str:
        return str(self.body["type"])

    @property
    def incident(self) -> dict[str, Any]:
        found: dict[str, Any] = self.body["incident"]
        return found

    @property
    def event_ids(self) -> list[str | None]:
        """Of a test of the channel none."""
        return [event["id"] for event in self.body.get("incident", {"events": ()})["events"]]


class Sink:
    """The far end of the webhook: keeps every post and answers with ``status``."""

    def __init__(self) -> None:
        self.posts: list[Post] = []
        self.status = 204
        self._came = threading.Condition()
        sink = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                sink._take(Post(self.headers["webhook-id"], json.loads(body), time.monotonic()))
                self.send_response(sink.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_: object) -> None:
                """A hub that was killed in the middle of a post is no news here."""

        self._server = Server((HOST, 0), Handler)
        self.url = f"http://{HOST}:{self._server.server_address[1]}/"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def _take(self, post: Post) -> None:
        with self._came:
            self.posts.append(post)
            self._came.notify_all()

    def wait_for(
        self, predicate: Callable[[Post], bool], deadline_s: float = 10.0, *, after: int = 0
    ) -> Post:
        """Return the first post, from number ``after`` on, for which ``predicate`` holds; wait for it."""

        def match() -> Post | None:
            return next((post for post in self.posts[after:] if predicate(post)), None)

        with self._came:
            found = self._came.wait_for(match, deadline_s)
        came = [
            (p.type, p.body.get("incident", {}).get("revision"), p.event_ids[-5:]) for p in self.posts[after:]
        ][-20:]
        assert found is not None, f"no such post within {deadline_s} s; what came: {came}"
        return found

    def told(self, event_id: str, deadline_s: float = 10.0, *, after: int = 0) -> Post:
        """Return the first post that holds this event; wait for it."""
        return self.wait_for(lambda post: event_id in post.event_ids, deadline_s, after=after)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class Process:
    """One of our programs as a process of its own, with its log in a file."""

    def __init__(self, name: str, command: list[str], log: Path) -> None:
        self.name, self.log = name, log
        self.environment: dict[str, str] | None = None
        """What it is started with; None: what we have."""
        self.as_user: int | None = None
        """As whom; None: as whoever we are."""
        self._command = command
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None, f"{self.name} is not running"
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        assert not self.running, f"{self.name} runs already"
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=ROOT,
                env=self.environment,
                user=self.as_user,
                group=self.as_user,
                extra_groups=None if self.as_user is None else [],
            )

    def kill(self) -> None:
        """End it as a power cut would."""
        self.end(signal.SIGKILL)

    def end(self, number: signal.Signals = signal.SIGTERM, within_s: float = 15.0) -> int:
        """End it and return its exit code; 0 where it isn't running."""
        process, self._process = self._process, None
        if process is None:
            return 0
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(number)
        try:
            return process.wait(within_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise AssertionError(f"{self.name} did not end within {within_s} s of {number.name}") from None

    def words(self, lines: int = 30) -> str:
        """The end of what it logged."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])


class Site:
    """Broker, hub, webhook's far end, and (``agents=True``) a process of real agents."""

    name = "school"

    def __init__(
        self,
        folder: Path,
        *,
        rooms: int = 3,
        agents: bool = False,
        hub: bool = True,
        group_by: str = "site",
        hub_data: Path | None = None,
        hub_log: Path | None = None,
        more_brokers: int = 0,
    ) -> None:
        """``hub_data`` and ``hub_log`` may lie on a disk that is to fail; ``hub=False`` starts it later.

        ``more_brokers`` are the hub's beside :attr:`broker`; agents and :attr:`ear` know that one alone.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.rooms = numbered_rooms(rooms)
        self.hub_data = hub_data or folder / "hub"
        self.broker = Mosquitto(folder / "broker")
        self.more_brokers = [Mosquitto(folder / f"broker-{n + 2}") for n in range(more_brokers)]
        self.more_ears: list[Wire] = []
        self.sink = Sink()
        self.console_port, self.rooms_port = free_port(), free_port()
        self.run_id = secrets.token_hex(3)
        self._count = 0
        self._starts_with = (hub, agents)
        secret = folder / "secret"
        secret.touch(0o600)
        secret.write_text("whsec_" + base64.b64encode(secrets.token_bytes(32)).decode())
        self.hub_toml = folder / "hub.toml"
        self.hub_toml.write_text(self._settings(group_by, secret))
        run = [sys.executable, "-m"]
        self.hub = Process(
            "hub",
            [*run, "hub.cli", "run", "--config", str(self.hub_toml)],
            hub_log or folder / "hub.log",
        )
        simulate = ["simulate", "--rooms", str(rooms), "--site", self.name, "--verbose"]
        where = ["--mqtt", f"{HOST}:{self.broker.port}", "--port", str(self.rooms_port)]
        self.agents = Process(
            "agents",
            [*run, "device.cli", *simulate, *where, "--data", str(folder / "rooms")],
            folder / "agents.log",
        )
        self.ear: Wire

    def _settings(self, group_by: str, secret: Path) -> str:
        zones = ", ".join(
            f'{{ zone = "{zone}", label = "{label}", kind = "{kind}" }}'
            for zone, label, kind in (
                ("wall", "wall", "panic"),
                ("desk", "desk", "panic"),
                ("door", "door", "door"),
            )
        )
        rooms = "".join(
            f'[[rooms]]\ndevice = "{r.device}"\nroom = "{r.room}"\nbuilding = "{r.building}"\n'
            f'floor = "{r.floor}"\nzones = [{zones}]\n'
            for r in self.rooms
        )
        more = "".join(
            f'[[more_brokers]]\nname = "broker-{n + 2}"\nport = {broker.port}\n'
            for n, broker in enumerate(self.more_brokers)
        )
        return f"""
site = "{self.name}"
name = "A School"
data = "{self.hub_data}"
broker = {{ port = {self.broker.port} }}
console = {{ port = {self.console_port} }}
channels.hook = {{ type = "webhook", url = "{self.sink.url}", secret_file = "{secret}" }}
audiences.sro = {{ channels = ["hook"] }}
walk_tests = {{ prove_every_days = 0 }}
{more}
[plans.all]
kinds = ["panic", "duress", "medical", "assist"]
group_by = "{group_by}"
steps = [{{ after_s = 0, notify = ["sro"] }}]
{rooms}"""

    # --- its parts ------------------------------------------------------------------------------

    def __enter__(self) -> Self:
        self.broker.start()
        self.ear = Wire(self.broker, f"tocsin/v1/{self.name}/#").open()
        for broker in self.more_brokers:
            broker.start()
            self.more_ears.append(Wire(broker, f"tocsin/v1/{self.name}/#").open())
        with_hub, with_agents = self._starts_with
        try:
            if with_hub:
                self.start_hub()
            if with_agents:
                self.start_agents()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for process in (self.agents, self.hub):
            if process.running:
                os.kill(process.pid, signal.SIGCONT)
            process.kill()
        for ear in (self.ear, *self.more_ears):
            ear.close()
        for broker in (self.broker, *self.more_brokers):
            broker.stop()
        self.sink.close()

    def start_hub(self, deadline_s: float = 30.0) -> None:
        """Start the hub and wait until it says that it is ready."""
        before = len(self.ear.messages)
        self.hub.start()
        self.wait_ready(deadline_s, after=before)

    def wait_ready(self, deadline_s: float = 30.0, *, ready: bool = True, after: int = 0) -> Heard:
        """Wait until the hub itself says that it is ready (or that it isn't)."""
        ending = "/hub/hub-1/state"
        try:
            return self.ear.wait_for(
                lambda m: m.topic.endswith(ending) and not m.retain and m.json["ready"] is ready,
                deadline_s,
                after=after,
            )
        except AssertionError as error:
            raise AssertionError(
                f"the hub is not {'ready' if ready else 'unready'}: {error}\n{self.hub.words()}"
            ) from None

    def start_agents(self, deadline_s: float = 20.0) -> None:
        """Start the agents and wait until each is online."""
        before = len(self.ear.messages)
        self.agents.start()
        for room in self.rooms:
            ending = f"/{room.device}/state"
            self.ear.wait_for(
                lambda m, e=ending: m.topic.endswith(e) and m.json["online"] and not m.retain,
                deadline_s,
                after=before,
            )

    # --- what goes in ---------------------------------------------------------------------------

    def event(self, device: str = "room-101", zone: str = "wall", **fields: Any) -> dict[str, Any]:
        """Return a well-formed alarm with an id of its own; ``fields`` change or (None) drop any."""
        self._count += 1
        event: dict[str, Any] = {
            "v": 1,
            "id": f"{self.run_id}-{self._count}",
            "boot": self.run_id,
            "seq": self._count,
            "zone": zone,
            "label": "wall",
            "kind": "panic",
            "what": "alarm",
            "age_ms": 0,
            "test": False,
            "device": device,  # for send(); unknown fields are ignored on the wire
        }
        event.update(fields)
        return {name: value for name, value in event.items() if value is not None}

    def send(
        self, event: dict[str, Any] | bytes, device: str | None = None, *, ear: Wire | None = None, **how: Any
    ) -> str:
        """Publish an event straight to a broker, as an agent would; returns its id ("" for bytes)."""
        if device is None:
            device = event["device"] if isinstance(event, dict) else "room-101"
        topic = f"tocsin/v1/{self.name}/{device}/event"
        (ear or self.ear).publish(topic, event, expiry=EVENT_EXPIRY, **how)
        return str(event.get("id", "")) if isinstance(event, dict) else ""

    def touch(self, device: str, do: str, zone: str = "wall", deadline_s: float = 5.0) -> None:
        """Touch a simulated room: press, release, tap, open, close, unplug, plug."""
        url = f"http://{HOST}:{self.rooms_port}/api/rooms/{device}/{do}?zone={zone}"
        with _OPENER.open(urllib.request.Request(url, b"", method="POST"), timeout=deadline_s) as answer:
            answer.read()

    # --- what comes out -------------------------------------------------------------------------

    def receipts(self, *, after: int = 0) -> list[str]:
        """Return all ids in receipts heard so far, in order, with repeats."""
        heard = [m for m in self.ear.messages[after:] if m.topic.endswith("/receipt") and not m.retain]
        return [event_id for message in heard for event_id in message.json["ids"]]

    def wait_receipt(
        self, event_id: str, deadline_s: float = 10.0, *, after: int = 0, ear: Wire | None = None
    ) -> Heard:
        """Wait for an event's receipt, on the first broker or by another's ear."""
        return (ear or self.ear).wait_for(
            lambda m: m.topic.endswith("/receipt") and event_id in m.json["ids"], deadline_s, after=after
        )

    def rows(self, sql: str, *values: object) -> list[Any]:
        """Read the hub's SQLite file, from beside it."""
        with contextlib.closing(
            sqlite3.connect(f"file:{self.hub_data / 'tocsin.db'}?mode=ro", uri=True)
        ) as db:
            return db.execute(sql, values).fetchall()

    def troubles(self) -> dict[str, Any]:
        """Return the open troubles as the record has them, by key."""
        return {key: json.loads(row) for key, row in self.rows("select key, row from troubles where open")}

    def ask(self, path: str, body: Any = None) -> Any:
        """Ask the hub's API, as whoever may do everything; fails where it says no."""
        token = f"Bearer {self.token}"
        # The console comes up after the hub is ready.
        status, answer = until("the API answers", lambda: _served(self.http(f"/api/v1/{path}", body, token)))
        assert status == 200, f"{path}: {status} {answer}"
        return answer

    def healthz(self) -> tuple[int, Any]:
        """Ask the hub whether it is ready."""
        return self.http("/healthz")

    def http(self, path: str, body: Any = None, authorization: str = "") -> tuple[int, Any]:
        """Ask the console's server; returns the status and the JSON; status 0 where nobody answers."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": authorization, "Content-Type": "application/json"}
        request = urllib.request.Request(f"http://{HOST}:{self.console_port}{path}", data, headers)
        try:
            with _OPENER.open(request, timeout=10) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.loads(error.read() or b"null")
        except OSError:
            return 0, None

    @functools.cached_property
    def token(self) -> str:
        """A token that may do everything."""
        command = [sys.executable, "-m", "hub.cli", "token", "add", "test", "--scopes", "all"]
        done = subprocess.run(
            [*command, "--config", str(self.hub_toml)], capture_output=True, text=True, cwd=ROOT, check=True
        )
        return done.stdout.split()[-1]


def _served(answer: tuple[int, Any]) -> tuple[int, Any] | None:
    return answer if answer[0] else None
