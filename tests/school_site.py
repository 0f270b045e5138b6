"""A whole school over TLS for tests: its broker and authority, a real hub, rooms with certificates.

>>> with SchoolSite(tmp_path) as school:
...     school.rooms["room-101"].tap("wall")
...     school.sink.wait_for(lambda post: post.type == "incident.opened")

Broker, hub and each room are processes, so that each may have a clock of its own.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import secrets
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Self

from cryptography.x509 import load_pem_x509_certificate

from config.rooms import numbered_rooms
from config.shared_settings import Tls
from hub.authority.names import agent_name
from hub.decision import Decision
from hub.enrolment.identity import Identity
from hub.store.engine import open_engine, sqlite_url
from hub.store.journal import Journal
from hub.store.migrate import bring_up
from tests.mosquitto import HOST, free_port
from tests.school_broker import SchoolBroker
from tests.site import ROOT, Process, Sink, until

_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def at_clock(moment: str) -> dict[str, str]:
    """Return an environment in which the wall clock starts at a moment, such as ``2050-01-01 00:00:00``."""
    found = find_spec("libfaketime")
    assert found is not None
    assert found.origin is not None
    library = Path(found.origin).parent / "vendor/libfaketime/src/libfaketime.so.1"
    assert library.exists()
    return {
        **os.environ,
        "LD_PRELOAD": str(library),
        "FAKETIME": f"@{moment}",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "TZ": "UTC",
    }


class Room:
    """One room: what can be pressed in it, and what it shows."""

    def __init__(
        self, school: SchoolSite, device: str, tls: Tls, environment: Mapping[str, str] | None
    ) -> None:
        self.shown: dict[str, Any] = {}
        self.log = school.folder / f"{device}.log"
        which = {
            "site": SchoolBroker.site,
            "device": device,
            "host": HOST,
            "port": school.broker.port,
            "tls": {name: str(getattr(tls, name)) for name in ("ca_file", "cert_file", "key_file")},
            "tls_name": school.broker.tls_name,
            "data": str(school.folder / "rooms"),
        }
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.school_room", json.dumps(which)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                cwd=ROOT,
                env=environment,
            )
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.shown = json.loads(line)

    def tap(self, zone: str) -> None:
        """Press and release."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{zone}\n".encode())
        self._process.stdin.flush()

    def wait_lamp(self, words: str, deadline_s: float = 20.0) -> None:
        """Wait until the lamp shows what is said so."""
        until(
            f"the lamp says {words!r}",
            lambda: words in self.shown.get("lamp", {}).get("words", ""),
            deadline_s,
        )

    def wait_link(self, *, up: bool = True, deadline_s: float = 20.0) -> None:
        """Wait until its link to the broker is up, or down."""
        until(f"its link is {up}", lambda: self.shown.get("link") is up, deadline_s)

    def end(self) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            with contextlib.suppress(OSError):
                pipe.close()


class SchoolSite:
    """Broker, hub, the webhook's far end, and rooms."""

    def __init__(
        self,
        folder: Path,
        *,
        rooms: int = 2,
        broker_clock: Mapping[str, str] | None = None,
        hub_clock: Mapping[str, str] | None = None,
        rooms_clock: Mapping[str, str] | None = None,
    ) -> None:
        """The clocks are environments (:func:`at_clock`); None is the true one."""
        self.folder = folder
        self.broker = SchoolBroker(folder)
        self.broker.environment = None if broker_clock is None else dict(broker_clock)
        self.sink = Sink()
        self.rooms: dict[str, Room] = {}
        self._devices = [room.device for room in numbered_rooms(rooms)]
        self._rooms_clock = rooms_clock
        self._console_port = free_port()
        secret = folder / "secret"
        secret.touch(0o600)
        secret.write_text("whsec_" + base64.b64encode(secrets.token_bytes(32)).decode())
        settings = folder / "hub.toml"
        settings.write_text(self._settings(secret))
        command = [sys.executable, "-m", "hub.cli", "run", "--config", str(settings)]
        self.hub = Process("hub", command, folder / "hub.log")
        self.hub.environment = None if hub_clock is None else dict(hub_clock)

    def _settings(self, secret: Path) -> str:
        rooms = "".join(f'[[rooms]]\ndevice = "{device}"\nroom = "{device}"\n' for device in self._devices)
        return f"""
site = "{SchoolBroker.site}"
name = "A School"
data = "{self.broker.data}"
broker = {{ port = {self.broker.port}, own_tls = true }}
authority = {{ broker_files = "{self.folder / "files"}" }}
console = {{ port = {self._console_port} }}
channels.hook = {{ type = "webhook", url = "{self.sink.url}", secret_file = "{secret}" }}
audiences.sro = {{ channels = ["hook"] }}
walk_tests = {{ prove_every_days = 0 }}
{rooms}"""

    def __enter__(self) -> Self:
        for device in self._devices:
            self.broker.enrol(device)
        self._write_down()
        self.broker.start()
        try:
            self.hub.start()
            self.wait_ready()
            for device in self._devices:
                self.plug(device, self.broker.tls[device])
        except BaseException:
            self.__exit__()
            raise
        return self

    def _write_down(self) -> None:
        """Have the hub know the rooms that were enrolled: it keeps the broker's lists by its record."""
        data, held = self.broker.data, {}
        for device, tls in self.broker.tls.items():
            pem = tls.cert_file.read_bytes()
            serial = f"{load_pem_x509_certificate(pem).serial_number:x}"
            name = agent_name(SchoolBroker.site, device)
            held[serial] = Identity(
                serial, device, name, "held", "", pem.decode(), "code", "", 0, 0, "Lee", "command", held=0
            )
        engine = open_engine(sqlite_url(data))
        bring_up(engine, sqlite_url(data), data)
        journal = Journal(engine, SchoolBroker.site)
        journal.commit([Decision(0.0, identities=held)])
        journal.close()
        engine.dispose()

    def __exit__(self, *_: object) -> None:
        for room in self.rooms.values():
            room.end()
        self.hub.kill()
        self.broker.stop()
        self.sink.close()

    def plug(self, device: str, tls: Tls) -> Room:
        """Start a room's agent with a certificate, and wait until the broker has let it in."""
        room = self.rooms[device] = Room(self, device, tls, self._rooms_clock)
        room.wait_link()
        return room

    def wait_ready(self, deadline_s: float = 120.0) -> None:
        """Wait until the hub itself says that it is ready."""

        def asked() -> bool:
            url = f"http://{HOST}:{self._console_port}/healthz"
            with contextlib.suppress(OSError), _OPENER.open(url, timeout=5) as answer:
                return bool(answer.status == 200)
            return False

        try:
            until("the hub is ready", asked, deadline_s)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.hub.words()}\n{self.broker.words()[-2000:]}") from None
