"""A door that is open, for tests: real TLS, and behind it a site that decides at once.

>>> with open_door(folder) as door:
...     door.call("GET", "/enrol/v1/authority")
"""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from config.clock import Now, SystemClock
from config.contract import Health, encode
from config.enrol_code import digest_of
from config.enrolment_settings import EnrolmentSettings
from config.hub_settings import NamedBroker
from hub.asking import Action, Answer
from hub.authority.authority import Authority
from hub.enrolment.asking import CodeMade, MakeCode
from hub.enrolment.door import Door
from hub.enrolment.door_server import DoorServer, door_context
from hub.enrolment.wheels import Wheels
from hub.inputs import Asked, DeviceMessage, DoorTried
from tests.hub.making import new_site
from tests.mosquitto import HOST, free_port
from tests.scenarios.rig import site_settings

NAME = "door.lincoln.tocsin.internal"
SECRET = bytes(range(10))


class Desk:
    """A site that decides at once, in the place of a hub."""

    def __init__(self, port: int, rooms: int = 60) -> None:
        enrolment = EnrolmentSettings(address=HOST, host=HOST, port=port)
        whole = site_settings(broker=NamedBroker(own_tls=True), enrolment=enrolment)
        self.settings = replace(whole, rooms=whole.rooms[:rooms])
        self._site = new_site(self.settings)
        self._lock = threading.Lock()
        self.view = self._site.view
        self.recorded = True
        """False: its disk does not answer."""
        self.ahead_s = 0.0
        """Of this machine's clocks."""

    def ask(self, action: Action) -> Future[Answer]:
        answer: Future[Answer] = Future()
        with self._lock:
            decision = self._site.decide(Asked(action, answer.set_result), self._now())
            for show in decision.shown:
                show()
            decision.reply(recorded=self.recorded)
        return answer

    def says(self, device: str, release: str, n: int = 1, troubles: tuple[str, ...] = ()) -> None:
        """A room's agent says what it runs, over the broker."""
        health = encode(
            Health(v=1, boot="b", n=n, uptime_s=1.0, outbox=0, release=release, troubles=troubles)
        )
        with self._lock:
            now = self._now()
            for show in self._site.decide(DeviceMessage(device, "health", health, False, now), now).shown:
                show()

    def _now(self) -> Now:
        mono, wall = SystemClock().now()
        return Now(mono + self.ahead_s, wall + round(self.ahead_s * 1000))


@dataclass
class OpenDoor:
    """A door that is open."""

    desk: Desk
    authority: Authority
    port: int
    folder: Path
    tried: list[DoorTried]

    def code(self, device: str | None = "room-101", secret: bytes = SECRET) -> str:
        """Have a code made; returns its secret as an agent says it."""
        made = self.desk.ask(MakeCode(digest_of(secret), device, 3600, "Lee", "command")).result()
        assert isinstance(made, CodeMade), made
        return secret.hex()

    def call(
        self, method: str, path: str, body: Any = None, own: Path | None = None
    ) -> tuple[int, dict[str, Any]]:
        """Make one request, with a certificate where ``own`` is a folder with one."""
        context = ssl.create_default_context(cadata=self.authority.pem.decode())
        if own is not None:
            context.load_cert_chain(own / "cert.pem", own / "key.pem")
        raw = socket.create_connection((HOST, self.port), timeout=20)
        line = http.client.HTTPSConnection(HOST, self.port)
        line.sock = context.wrap_socket(raw, server_hostname=NAME)
        sent = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        line.request(method, path, sent, {"Content-Type": "application/json"})
        answer = line.getresponse()
        said = answer.read()
        line.close()
        return answer.status, json.loads(said) if said[:1] == b"{" else {"text": said.decode()}

    def keep(self, name: str, key: bytes, certificate: str | bytes) -> Path:
        """Keep a key and its certificate, to be shown."""
        folder = self.folder / name
        folder.mkdir()
        (folder / "key.pem").write_bytes(key)
        pem = certificate.encode() if isinstance(certificate, str) else certificate
        (folder / "cert.pem").write_bytes(pem)
        return folder


@contextmanager
def open_door(folder: Path) -> Iterator[OpenDoor]:
    """Have a door in an empty folder."""
    port = free_port()
    desk = Desk(port)
    authority = Authority.open(folder / "authority", "lincoln")
    tried: list[DoorTried] = []
    wheels = Wheels(folder / "rooms")
    made = Door(desk, authority, SystemClock(), tried.append, lambda _: True, wheels)
    context = door_context(authority, folder / "authority", NAME)
    server = DoorServer(made, desk.settings.enrolment, context)
    server.start()
    try:
        yield OpenDoor(desk, authority, port, folder, tried)
    finally:
        server.stop(5)
