"""The page of simulated phones: what a modem texts and rings, and what their owners answer."""

from __future__ import annotations

import json
import socket
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from config.clock import SystemClock
from hub.channels.modem_port import Line, ModemPort
from hub.modem.call import CallOver
from hub.modem.modem import Came, Effect, KeyPressed, Reported, Sent
from hub.modem.simulated import SimulatedModem
from hub.phones.line import ModemLine
from hub.phones.simulate import Page, Phones
from hub.sms.parts import split
from tests.hub.channels.making import until

REYES = "+15550100001"


class Floor:
    """A modem's line with its page, and the hub's end of it."""

    def __init__(self, line: ModemLine, port: int) -> None:
        self.line, self.url = line, f"http://127.0.0.1:{port}"
        self.happened: list[Effect] = []
        self.modem = ModemPort("sms", Line(str(line.path), 115_200), None, SystemClock())
        self.modem.start(self.happened.append)
        until(lambda: self.modem.health()[0])

    def all(self, kind: type[Any]) -> list[Any]:
        return [effect for effect in self.happened if isinstance(effect, kind)]

    def phone(self) -> dict[str, Any]:
        with urllib.request.urlopen(f"{self.url}/api/phones") as answer:
            (found,) = json.load(answer)
        return dict(found)

    def post(self, path: str, body: object = "", kind: str = "application/json") -> int:
        request = urllib.request.Request(self.url + path, json.dumps(body).encode(), {"Content-Type": kind})
        try:
            with urllib.request.urlopen(request) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code


@pytest.fixture
def floor(tmp_path: Path) -> Iterator[Floor]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with ModemLine(tmp_path / "modem", SimulatedModem()) as line:
        phones = Phones(line, {"reyes": REYES})
        page = Page(port, phones)
        serving = [threading.Thread(target=what, daemon=True) for what in (page.serve_forever, phones.run)]
        for thread in serving:
            thread.start()
        floor = Floor(line, port)
        yield floor
        floor.modem.stop(3.0)
        phones.end()
        page.shutdown()
        page.server_close()


def test_a_text_is_seen_and_answered(floor: Floor) -> None:
    """The phone reports that it has it; the answer comes to the hub."""
    floor.modem.text("one", REYES, split("PANIC Room 101. Reply ACK 41 73", 1))
    until(lambda: floor.all(Sent))
    until(lambda: floor.all(Reported))
    assert floor.all(Reported)[0].report.progress == "delivered"
    assert floor.phone()["texts"][0]["text"] == "PANIC Room 101. Reply ACK 41 73"
    assert floor.post("/api/phones/reyes/text", "ACK 41 73") == 204
    until(lambda: floor.all(Came))
    assert floor.all(Came) == [Came(REYES, "ACK 41 73", (1,))]
    assert [text["which"] for text in floor.phone()["texts"]] == ["sent", "received"]


def test_a_phone_that_rings_is_answered_and_a_key_pressed(floor: Floor) -> None:
    """In that order; nothing can be pressed on one that doesn't ring."""
    assert floor.post("/api/phones/reyes/answer") == 409
    floor.modem.call("call", REYES)
    until(lambda: floor.phone()["call"] == "rings")
    assert floor.post("/api/phones/reyes/answer") == 204
    assert floor.phone()["call"] == "answered"
    assert floor.post("/api/phones/reyes/key", "1") == 204
    until(lambda: floor.all(KeyPressed))
    assert floor.all(CallOver)[0].why == ""
    until(lambda: floor.phone()["call"] is None)
    floor.modem.call("again", REYES)
    until(lambda: floor.phone()["call"] == "rings")
    assert floor.post("/api/phones/reyes/hang-up") == 204
    until(lambda: len(floor.all(CallOver)) == 2)


@pytest.mark.parametrize(
    ("path", "kind", "status"),
    [
        ("/api/phones/nobody/text", "application/json", 404),
        ("/api/phones/reyes/paint", "application/json", 404),
        ("/api/phones/reyes/text", "text/plain", 400),
        ("/api/phones", "application/json", 404),
    ],
)
def test_what_cannot_be_asked_is_refused(floor: Floor, path: str, kind: str, status: int) -> None:
    """A form of another site among it."""
    assert floor.post(path, "x", kind) == status


@pytest.mark.parametrize("path", ["/", "/phones.css", "/phones.js"])
def test_the_page_is_served_with_its_parts(floor: Floor, path: str) -> None:
    """And nothing from elsewhere."""
    with urllib.request.urlopen(floor.url + path) as answer:
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'self'")
        text = answer.read().decode()
    assert "://" not in text.replace("http://www.w3.org", "")
