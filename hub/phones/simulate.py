"""``tocsin-hub simulate-modem``: a modem on a pseudo-terminal, and a page of the phones that it reaches.

The page and its API are for the demo and for tests, on this machine alone.

- ``GET /api/phones``: every phone: its texts, the newest first, and whether it rings or is answered
- ``POST /api/phones/{name}/text`` with a text as JSON: it texts the school
- ``POST /api/phones/{name}/answer|hang-up``, ``…/key`` with a key as JSON: what is done with one that rings
"""

from __future__ import annotations

import json
import signal
import threading
import time
from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

from hub.modem.simulated import Seen, SimulatedModem
from hub.phones.line import ModemLine

SENDS_S: Final = 3.0
"""A real network takes 3 to 6 s for a text."""
LONGEST_BODY: Final = 4096
ANSWERED: Final = 0
PAGE: Final = {
    "/": ("phones.html", "text/html; charset=utf-8"),
    "/phones.css": ("phones.css", "text/css; charset=utf-8"),
    "/phones.js": ("phones.js", "text/javascript; charset=utf-8"),
}


class SlowLine(ModemLine):
    """A modem that takes as long for a text as a network does."""

    def answer(self, written: bytes) -> bytes:
        """Return what it says; a text's unit is thought about for a while."""
        says = super().answer(written)
        if written.endswith(b"\x1a"):
            time.sleep(SENDS_S)
        return says


class Phones:
    """People's phones, and what they have been sent."""

    def __init__(self, line: ModemLine, numbers: Mapping[str, str]) -> None:
        """``numbers`` has each phone's number by the name of its owner."""
        self._line = line
        self._numbers = dict(numbers)
        self._texts: dict[str, list[dict[str, str]]] = {name: [] for name in numbers}
        self._lock = threading.Lock()
        self._known = 0
        self._ended = threading.Event()

    def run(self) -> None:
        """Hand texts to their phones, which report that they have them; until :meth:`end`."""
        while not self._ended.wait(0.1):
            for seen in self._line.modem.seen[self._known :]:
                self._known += 1
                self._came(seen)

    def end(self) -> None:
        """Hand out no more."""
        self._ended.set()

    def look(self) -> list[dict[str, Any]]:
        """Return every phone as it is now."""
        call = self._line.modem.call
        with self._lock:
            return [
                {
                    "name": name,
                    "number": number,
                    "texts": self._texts[name][::-1],
                    "call": None
                    if call is None or call[0] != number
                    else "answered"
                    if call[1] == ANSWERED
                    else "rings",
                }
                for name, number in self._numbers.items()
            ]

    def text(self, name: str, words: str) -> None:
        """Text the school from a phone."""
        self._note(name, "sent", words)
        self._line.do(lambda modem: modem.receive(self._numbers[name], words))

    def use(self, name: str, what: str, key: str = "") -> bool:
        """Answer a phone that rings, press a key, or hang up; False where it doesn't ring."""
        modem = self._line.modem
        if modem.call is None or modem.call[0] != self._numbers[name]:
            return False
        if what == "answer":
            modem.pick_up()
        elif what == "key":
            self._line.do(lambda one: one.press(key))
        else:
            self._line.do(SimulatedModem.hang_up)
        return True

    def has(self, name: str) -> bool:
        """Tell whether there is a phone of this owner."""
        return name in self._numbers

    def _came(self, seen: Seen) -> None:
        owner = next((name for name, number in self._numbers.items() if number == seen.to), None)
        if owner is None:
            return
        self._note(owner, "received", seen.text)
        for reference in seen.references:
            self._line.do(lambda modem, one=reference: modem.report(one, seen.to))  # type: ignore[misc]

    def _note(self, name: str, which: str, words: str) -> None:
        at = datetime.now().astimezone().strftime("%H:%M:%S")
        with self._lock:
            self._texts[name].append({"at": at, "which": which, "text": words})


class Page(ThreadingHTTPServer):
    """The phones' page, on loopback."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, port: int, phones: Phones) -> None:
        self.phones = phones
        super().__init__(("127.0.0.1", port), _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: Page
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        if self.path == "/api/phones":
            self._send(HTTPStatus.OK, "application/json", json.dumps(self.server.phones.look()).encode())
        elif self.path in PAGE:
            name, kind = PAGE[self.path]
            self._send(HTTPStatus.OK, kind, (files("hub.phones") / name).read_bytes())
        else:
            self._send(HTTPStatus.NOT_FOUND)

    def do_POST(self) -> None:
        parts = [unquote(part) for part in self.path.strip("/").split("/")]
        phones = self.server.phones
        body = self._body()
        # JSON alone: another site's form can't send that, and its script would have to ask first.
        is_json = self.headers.get("Content-Type", "").partition(";")[0] == "application/json"
        if len(parts) != 4 or parts[:2] != ["api", "phones"] or not phones.has(parts[2]):
            self._send(HTTPStatus.NOT_FOUND)
        elif not is_json or not isinstance(body, str):
            self._send(HTTPStatus.BAD_REQUEST)
        elif parts[3] == "text":
            phones.text(parts[2], body)
            self._send(HTTPStatus.NO_CONTENT)
        elif parts[3] in ("answer", "key", "hang-up"):
            done = phones.use(parts[2], parts[3], body[:1] or "1")
            self._send(HTTPStatus.NO_CONTENT if done else HTTPStatus.CONFLICT)
        else:
            self._send(HTTPStatus.NOT_FOUND)

    def _body(self) -> object:
        length = self.headers.get("Content-Length", "0")
        if not length.isdecimal() or int(length) > LONGEST_BODY:
            self.close_connection = True
            return None
        try:
            return json.loads(self.rfile.read(int(length)) or b'""')
        except ValueError:
            return None

    def _send(self, status: HTTPStatus, kind: str = "text/plain", body: bytes = b"") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Content-Security-Policy", "default-src 'self'; frame-ancestors 'none'")
        self.end_headers()
        self.wfile.write(body)


def simulate(path: Path, port: int, numbers: Mapping[str, str]) -> int:
    """Run the modem and its page until SIGTERM or SIGINT; returns the process's exit code."""
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    with SlowLine(path, SimulatedModem()) as line:
        phones = Phones(line, numbers)
        page = Page(port, phones)
        threads = [
            threading.Thread(target=phones.run, daemon=True),
            threading.Thread(target=page.serve_forever, daemon=True),
        ]
        for thread in threads:
            thread.start()
        ended.wait()
        phones.end()
        page.shutdown()
        page.server_close()
    return 0
