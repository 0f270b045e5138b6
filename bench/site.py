"""A whole site for a benchmark: mosquitto, the hub as it is installed, and a webhook that only counts."""

from __future__ import annotations

import base64
import json
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path
from typing import Any, Self

from tests.mosquitto import Mosquitto, free_port

READY_S = 30.0


class Sink:
    """An HTTP server that answers 200 at once and notes when each notice came (perf_counter)."""

    def __init__(self) -> None:
        self.notices: list[tuple[float, dict[str, Any]]] = []
        self.port = free_port()
        self._socket = socket.create_server(("127.0.0.1", self.port), backlog=64)
        self._changed = threading.Condition()
        threading.Thread(target=self._accept, daemon=True).start()

    def wait(self, count: int, deadline_s: float) -> None:
        """Wait until ``count`` notices have come; raises ``TimeoutError``."""
        with self._changed:
            if not self._changed.wait_for(lambda: len(self.notices) >= count, deadline_s):
                raise TimeoutError(f"{len(self.notices)} of {count} notices came in {deadline_s:.0f} s")

    def _accept(self) -> None:
        while True:
            peer, _ = self._socket.accept()
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._serve, args=(peer,), daemon=True).start()

    def _serve(self, peer: socket.socket) -> None:
        stream = peer.makefile("rb")
        while stream.readline():
            length = 0
            while (line := stream.readline()) not in (b"\r\n", b""):
                name, _, value = line.partition(b":")
                if name.lower() == b"content-length":
                    length = int(value)
            body = stream.read(length)
            came = time.perf_counter()
            peer.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
            with self._changed:
                self.notices.append((came, json.loads(body)))
                self._changed.notify_all()


class BenchSite:
    """mosquitto and the hub as processes of their own, in a folder, on free ports."""

    def __init__(
        self, folder: Path, *, group_by: str = "device", rooms: int = 0, store: str | None = None
    ) -> None:
        """``store`` is the URL of a PostgreSQL database; without it the record is a SQLite file."""
        self.site = "bench"
        self.sink = Sink()
        self.broker = Mosquitto(folder / "broker")
        self.console_port = free_port()
        self._folder = folder
        self.config = folder / "hub.toml"
        self.ready_s = 0.0
        """Seconds from the start of the hub's process until it said that it is ready."""
        self._hub: subprocess.Popen[bytes] | None = None
        secret = folder / "secret"
        secret.touch(0o600)
        secret.write_text("whsec_" + base64.b64encode(os.urandom(32)).decode())
        (folder / "store").write_text(store or "")
        lines = [
            *([f'store = {{ url_file = "{folder / "store"}" }}'] if store else []),
            f'site = "{self.site}"',
            'name = "Bench"',
            f'data = "{folder / "hub"}"',
            f"broker = {{ port = {self.broker.port} }}",
            f"console = {{ port = {self.console_port} }}",
            'log = { level = "info" }',
            f'channels.hook = {{ type = "webhook", url = "http://127.0.0.1:{self.sink.port}/", '
            f'secret_file = "{secret}" }}',
            'audiences.sro = { channels = ["hook"] }',
            '[plans.all]\nkinds = ["panic", "duress", "medical", "assist"]',
            f'group_by = "{group_by}"',
            'steps = [{ after_s = 0, notify = ["sro"] }]',
        ]
        lines += [f'[[rooms]]\ndevice = "room-{i}"\nroom = "Room {i}"' for i in range(rooms)]
        self.config.write_text("\n".join(lines) + "\n")

    @property
    def hub_pid(self) -> int:
        """The hub's process id."""
        assert self._hub is not None
        return self._hub.pid

    def __enter__(self) -> Self:
        self.broker.start()
        log = (self._folder / "hub.log").open("wb")
        command = [sys.executable, "-m", "hub.cli", "run", "--config", str(self.config)]
        self._hub = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        started = time.monotonic()
        deadline = started + READY_S
        while not self._ready():
            if time.monotonic() > deadline or self._hub.poll() is not None:
                raise RuntimeError((self._folder / "hub.log").read_text()[-2000:])
            time.sleep(0.02)
        self.ready_s = time.monotonic() - started
        return self

    def __exit__(self, *_: object) -> None:
        assert self._hub is not None
        self._hub.terminate()
        self._hub.wait(15)
        self.broker.stop()

    def _ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.console_port}/healthz", timeout=1) as answer:
                return bool(json.load(answer)["ready"])
        except (OSError, ValueError):
            return False
