"""``tocsin-device simulate``: a floor of simulated rooms in one process, with a page to touch them.

The page and its API are for the demo and for tests; they are served from the standard library alone.

- ``GET /api/rooms``: every room as it is now
- ``GET /api/stream``: the same as server-sent events, each with the rooms that changed
- ``POST /api/rooms/{device}/press|release|tap?zone=…`` (``open`` and ``close`` are a door's words)
- ``POST /api/rooms/{device}/cut|short|mend?zone=…``: what can be done to a wire
- ``POST /api/rooms/{device}/unplug|plug|brown-out|supply-well``: its power
- ``POST /api/rooms/{device}/identify|walk-test|end-walk-test``: what a hub would tell the agent
"""

from __future__ import annotations

import contextlib
import ipaddress
import json
import signal
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import structlog

from config.agent_settings import LinkSettings
from config.rooms import numbered_rooms
from device.simulated_room import FIRST_ROOM, WIRES, ZONES, SimulatedRoom

LEAST_PAUSE_S: Final = 0.05
"""Between two messages of the stream: at most 20 a second."""
SILENCE_S: Final = 5.0
"""The stream says something at least this often, so that a page finds a dead connection."""
PAGE: Final = {
    "/": ("rooms.html", "text/html; charset=utf-8"),
    "/rooms.css": ("rooms.css", "text/css; charset=utf-8"),
    "/rooms.js": ("rooms.js", "text/javascript; charset=utf-8"),
    "/icon.svg": ("icon.svg", "image/svg+xml"),
}
FOR_S: Final = {"identify": 10.0, "walk-test": 300.0}
"""How long a command by hand is for."""
ACTIVE: Final = {"press": True, "open": True, "release": False, "close": False}


class Floor:
    """All the rooms, and a word to whoever watches when one changes."""

    def __init__(self, count: int, site: str, mqtt: tuple[str, int], data: Path) -> None:
        self._came = threading.Condition()
        self._version = 0
        link = LinkSettings(host=mqtt[0], port=mqtt[1])
        self.rooms = {
            room.device: SimulatedRoom(room, site, link, data, self._changed, FIRST_ROOM if n == 0 else ZONES)
            for n, room in enumerate(numbered_rooms(count))
        }
        self.ended = False

    def look(self) -> list[dict[str, Any]]:
        """Return every room as it is now."""
        return [room.look() for room in self.rooms.values()]

    def wait(self, version: int) -> int:
        """Wait until something changed since ``version``, or a while has passed; returns the new one."""
        with self._came:
            self._came.wait_for(lambda: self._version != version or self.ended, SILENCE_S)
            return self._version

    def start(self) -> None:
        """Plug every agent in."""
        for room in self.rooms.values():
            room.plug()

    def stop(self) -> None:
        """End every agent in good order, side by side."""
        self.ended = True
        self._changed()
        if self.rooms:
            with ThreadPoolExecutor(len(self.rooms)) as pool:
                for room in self.rooms.values():
                    pool.submit(room.stop)

    def _changed(self) -> None:
        with self._came:
            self._version += 1
            self._came.notify_all()


class Server(ThreadingHTTPServer):
    """The page's server; ``floor`` is what it shows."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, http: tuple[str, int], floor: Floor) -> None:
        self.floor = floor
        if ":" in http[0]:
            self.address_family = socket.AF_INET6
        super().__init__(http, Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 - its signature
        """A visitor who left in the middle is nothing to report."""
        structlog.get_logger().debug("request failed", exc_info=True)


class Handler(BaseHTTPRequestHandler):
    """One request."""

    server: Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 60

    def do_GET(self) -> None:
        """Answer with the page, the rooms, or the stream."""
        path = urlsplit(self.path).path
        if not self._is_for_us():
            return
        if path == "/api/rooms":
            self._answer({"rooms": self.server.floor.look()})
        elif path == "/api/stream":
            self._stream()
        elif path in PAGE:
            name, kind = PAGE[path]
            self._send(HTTPStatus.OK, (files("device") / "rooms" / name).read_bytes(), kind)
        else:
            self._refuse(HTTPStatus.NOT_FOUND, f"no page at {path}")

    def do_POST(self) -> None:
        """Touch a room."""
        with contextlib.suppress(ValueError):
            self.rfile.read(min(int(self.headers.get("Content-Length") or 0), 1 << 16))
        if not self._is_for_us() or not self._is_from_us():
            return
        parts = urlsplit(self.path)
        names = parts.path.strip("/").split("/")
        if len(names) != 4 or names[:2] != ["api", "rooms"]:
            self._refuse(HTTPStatus.NOT_FOUND, f"nothing to do at {parts.path}")
            return
        room = self.server.floor.rooms.get(names[2])
        if room is None:
            self._refuse(HTTPStatus.NOT_FOUND, f"no room {names[2]!r}")
            return
        zone = parse_qs(parts.query).get("zone", ["door" if names[3] in {"open", "close"} else ""])[0]
        try:
            self._touch(room, names[3], zone)
        except KeyError:
            zones = ", ".join(each.zone for each in room.settings.zones)
            self._refuse(HTTPStatus.NOT_FOUND, f"no zone {zone!r} to {names[3]}; there are {zones}")
        except LookupError as error:
            self._refuse(HTTPStatus.NOT_FOUND, str(error))
        else:
            self._answer({"room": room.look()})

    def _touch(self, room: SimulatedRoom, do: str, zone: str) -> None:
        if do in ACTIVE:
            room.set_active(zone, ACTIVE[do])
        elif do in WIRES:
            room.set_wire(zone, WIRES[do])
        elif do in ("brown-out", "supply-well"):
            room.brown_out(do == "brown-out")
        elif do in ("identify", "walk-test"):
            room.command("identify" if do == "identify" else "walk-test", FOR_S[do])
        elif do == "end-walk-test":
            room.command("walk-test", 0.0)
        elif do == "tap":
            room.tap(zone)
        elif do == "plug":
            room.plug()
        elif do == "unplug":
            room.unplug()
        else:
            others = "tap, plug, unplug, brown-out, supply-well, identify, walk-test, end-walk-test"
            raise LookupError(f"can't {do!r}; allowed: {', '.join([*ACTIVE, *WIRES])}, {others}")

    def _stream(self) -> None:
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Cache-Control", "no-store")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        floor, pause = self.server.floor, threading.Event()
        told: dict[str, Any] = {}
        version = -1
        with contextlib.suppress(OSError):
            while not floor.ended:
                rooms = floor.look()
                changed = [room for room in rooms if told.get(room["device"]) != room]
                told = {room["device"]: room for room in rooms}
                # Also without a change: the page counts the seconds since it last heard from us.
                self.wfile.write(f"data: {json.dumps({'rooms': changed})}\n\n".encode())
                self.wfile.flush()
                pause.wait(LEAST_PAUSE_S)
                version = floor.wait(version)

    # --- who may ask ----------------------------------------------------------------------------------

    def _is_for_us(self) -> bool:
        """Refuse a name we don't have: a page elsewhere may have its own name lead here (DNS rebinding)."""
        host = _host(self.headers.get("Host", ""))
        if host in {"localhost", self.server.server_address[0]} or _is_address(host):
            return True
        self._refuse(HTTPStatus.MISDIRECTED_REQUEST, f"this is not {host!r}")
        return False

    def _is_from_us(self) -> bool:
        """Refuse a press from another site's page."""
        origin = self.headers.get("Origin")
        site = self.headers.get("Sec-Fetch-Site", "none")
        if (origin is None or urlsplit(origin).netloc == self.headers.get("Host")) and site in {
            "same-origin",
            "none",
        }:
            return True
        self._refuse(HTTPStatus.FORBIDDEN, "only this page may do that")
        return False

    def _answer(self, body: dict[str, Any]) -> None:
        self._send(HTTPStatus.OK, json.dumps(body).encode(), "application/json")

    def _refuse(self, status: HTTPStatus, why: str) -> None:
        body = json.dumps({"error": status.phrase, "detail": why}).encode()
        self._send(status, body, "application/json")

    def _send(self, status: HTTPStatus, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("Content-Security-Policy", "default-src 'self'; frame-ancestors 'none'")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the standard library's name
        """Log requests only when asked for much."""
        structlog.get_logger().debug("request", line=format % args)


def simulate(*, rooms: int, site: str, mqtt: tuple[str, int], http: tuple[str, int], data: Path) -> int:
    """Run the rooms and their page until SIGTERM or Ctrl-C."""
    floor = Floor(rooms, site, mqtt, data)
    server = Server(http, floor)
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
    serving.start()
    floor.start()
    host = f"[{http[0]}]" if ":" in http[0] else http[0]
    print(f"rooms http://{host}:{server.server_address[1]}/", flush=True)  # noqa: T201 - the command's output
    ended.wait()
    floor.stop()
    server.shutdown()
    server.server_close()
    return 0


def _host(header: str) -> str:
    """Return the host of a Host header, without its port."""
    return urlsplit(f"//{header}").hostname or ""


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
