"""The rooms' page and its API, on a real broker: what a hand can do there, and who may not."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.device.test_on_a_broker import until
from tests.mosquitto import Mosquitto, Wire

pytestmark = pytest.mark.broker


class Rooms:
    """The process, and a client of its API."""

    def __init__(self, broker: Mosquitto, data: Path, rooms: int) -> None:
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "device.cli", "simulate", "--rooms", str(rooms), "--site", "demo"),
                *("--mqtt", f"127.0.0.1:{broker.port}", "--http", "127.0.0.1:0", "--data", str(data)),
            ],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().removeprefix("rooms ").strip().rstrip("/")

    def get(self, path: str, **headers: str) -> Any:
        request = urllib.request.Request(self.url + path, headers=headers)
        with urllib.request.urlopen(request, timeout=10) as answer:
            body = answer.read()
        return json.loads(body) if path.startswith("/api") else body.decode()

    def post(self, path: str, **headers: str) -> Any:
        request = urllib.request.Request(self.url + path, b"", headers, method="POST")
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.loads(answer.read())

    def room(self, device: str) -> Any:
        return next(room for room in self.get("/api/rooms")["rooms"] if room["device"] == device)

    def end(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(15)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return code


@pytest.fixture
def rooms(broker: Mosquitto, tmp_path: Path) -> Iterator[Rooms]:
    rooms = Rooms(broker, tmp_path / "rooms", 2)
    try:
        until(lambda: all(room["link"] for room in rooms.get("/api/rooms")["rooms"]))
        yield rooms
    finally:
        assert rooms.end() == 0


def test_hands_reach_the_wire(rooms: Rooms, broker: Mosquitto) -> None:
    """Press, hold, release, open and close bring the agent's own events."""
    with Wire(broker, "tocsin/v1/demo/room-102/event") as wire:

        def expect(what: str, zone: str) -> None:
            wire.wait_for(lambda m: (m.json["what"], m.json["zone"]) == (what, zone))

        rooms.post("/api/rooms/room-102/press?zone=desk")
        expect("alarm", "desk")
        assert not any(message.json["what"] == "restoral" for message in wire.messages)
        rooms.post("/api/rooms/room-102/release?zone=desk")
        expect("restoral", "desk")
        rooms.post("/api/rooms/room-102/tap?zone=wall")
        expect("alarm", "wall")
        expect("restoral", "wall")
        rooms.post("/api/rooms/room-102/open")
        expect("open", "door")
        rooms.post("/api/rooms/room-102/close?zone=door")
        expect("closed", "door")
    until(lambda: rooms.room("room-102")["lamp"]["pattern"] == "not-received", 10)
    assert rooms.room("room-101")["lamp"]["pattern"] == "fault"


def test_unplugged_and_pressed(rooms: Rooms, broker: Mosquitto) -> None:
    """A contact keeps its position without power: what is pressed at plugging in alarms."""
    rooms.post("/api/rooms/room-101/unplug")
    room = rooms.room("room-101")
    assert (room["plugged"], room["lamp"]["pattern"]) == (False, "off")
    with Wire(broker, "tocsin/v1/demo/room-101/event") as wire:
        rooms.post("/api/rooms/room-101/press?zone=wall")
        rooms.post("/api/rooms/room-101/plug")
        rooms.post("/api/rooms/room-101/plug")
        wire.wait_for(lambda m: m.json["what"] == "alarm")


def test_wires_and_power(rooms: Rooms, broker: Mosquitto) -> None:
    """A wire is cut and mended, the supply sags: the agent tells of it as a real one would."""
    with Wire(broker, "tocsin/v1/demo/room-101/#") as wire:

        def expect(what: str, zone: str, cause: str | None = None) -> None:
            wire.wait_for(
                lambda m: (
                    m.topic.endswith("/event")
                    and (m.json["what"], m.json["zone"], m.json.get("cause")) == (what, zone, cause)
                )
            )

        rooms.post("/api/rooms/room-101/cut?zone=desk")
        expect("tamper", "desk", "cut")
        assert not [m for m in wire.messages if m.topic.endswith("/event") and m.json["what"] == "alarm"]
        rooms.post("/api/rooms/room-101/mend?zone=desk")
        expect("tamper-restoral", "desk", "cut")
        rooms.post("/api/rooms/room-101/cut?zone=wall")
        expect("alarm", "wall", "cut")
        expect("tamper", "wall", "cut")
        rooms.post("/api/rooms/room-101/brown-out")
        wire.wait_for(
            lambda m: m.topic.endswith("/health") and any("supply" in t for t in m.json.get("troubles", [])),
            40,
        )


def test_a_walk_test_by_hand(rooms: Rooms, broker: Mosquitto) -> None:
    """The rooms' page may say what a hub would: the press is marked, the room identifies itself."""
    rooms.post("/api/rooms/room-102/walk-test")
    until(lambda: rooms.room("room-102")["walk_test"])
    assert rooms.room("room-102")["lamp"]["pattern"] == "walk-test"
    with Wire(broker, "tocsin/v1/demo/room-102/event") as wire:
        rooms.post("/api/rooms/room-102/tap?zone=desk")
        wire.wait_for(lambda m: m.json["what"] == "alarm" and m.json["test"])
    rooms.post("/api/rooms/room-102/end-walk-test")
    until(lambda: not rooms.room("room-102")["walk_test"])


def test_stream_tells_changes(rooms: Rooms) -> None:
    """The page hears of a change at once, and only of the room that changed."""
    with urllib.request.urlopen(f"{rooms.url}/api/stream", timeout=10) as stream:
        first = json.loads(stream.readline().removeprefix(b"data: "))
        assert [room["device"] for room in first["rooms"]] == ["room-101", "room-102"]
        rooms.post("/api/rooms/room-102/open")
        while True:
            line = stream.readline().strip()
            told = json.loads(line.removeprefix(b"data: "))["rooms"] if line else []
            for room in told:
                if room["device"] == "room-102" and room["zones"][2]["active"]:
                    return


def test_the_page_needs_nothing_from_elsewhere(rooms: Rooms) -> None:
    """Page, style and script come from here, and name no other place."""
    for path in ("/", "/rooms.css", "/rooms.js", "/icon.svg"):
        text = rooms.get(path)
        assert "https://" not in text
        assert "http://" not in text.replace("http://www.w3.org/2000/svg", "")


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"Host": "evil.example"}, 421),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
    ],
)
def test_strangers_press_nothing(rooms: Rooms, headers: dict[str, str], code: int) -> None:
    """Another site's page, or its name led here, is refused."""
    with pytest.raises(urllib.error.HTTPError) as refused:
        rooms.post("/api/rooms/room-101/press?zone=wall", **headers)
    assert refused.value.code == code
    assert not any(zone["active"] for zone in rooms.room("room-101")["zones"])


@pytest.mark.parametrize(
    "path",
    [
        "/api/rooms/room-999/press?zone=wall",
        "/api/rooms/room-101/press?zone=roof",
        "/api/rooms/room-101/press",
        "/api/rooms/room-101/burn?zone=wall",
        "/api/rooms/room-101",
        "/",
    ],
)
def test_no_such_thing(rooms: Rooms, path: str) -> None:
    """What isn't there is 404, with what is allowed."""
    with pytest.raises(urllib.error.HTTPError) as refused:
        rooms.post(path)
    assert refused.value.code == 404
    assert json.loads(refused.value.read())["detail"]


def test_no_rooms(broker: Mosquitto, tmp_path: Path) -> None:
    """A floor without rooms is allowed."""
    rooms = Rooms(broker, tmp_path / "rooms", 0)
    assert rooms.get("/api/rooms") == {"rooms": []}
    assert rooms.end() == 0
