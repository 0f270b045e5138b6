"""README's "Try to lose a press", done as it says, with the words that it says will be seen."""

from __future__ import annotations

import contextlib
import http.client
import http.cookiejar
import json
import os
import re
import signal
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from tests.docs.pages import ROOT, section, steps
from tests.scripts.demo_run import DemoRun, wait_until

pytestmark = pytest.mark.broker

STEPS = steps(section(ROOT / "README.md", "Try to lose a press"))


class Watcher:
    """Somebody who has the board and the rooms page open, and looks at the terminal."""

    def __init__(self, demo: DemoRun) -> None:
        self._demo = demo
        self._jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self._browser = urllib.request.build_opener(urllib.request.ProxyHandler({}), self._jar)
        self._console = demo.ready["console"]
        self.seen: list[str] = []
        self._ended = threading.Event()
        self._threads = [
            threading.Thread(target=self._watch_rooms, daemon=True),
            threading.Thread(target=self._watch_board, daemon=True),
        ]
        self._sign_in()

    def open_pages(self) -> None:
        """From now on everything that the two pages show is noted."""
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        self._ended.set()

    def board(self) -> str:
        """Return the board's text as a person reads it; empty while nobody answers."""
        try:
            page = self._get("/")
        except (OSError, http.client.HTTPException):
            return ""
        return " ".join(unescape(re.sub(r"<[^>]*>", " ", page)).replace("( ", "(").split())

    def acknowledge(self) -> None:
        """Tap "I have it" on the first incident."""
        page = self._get("/")
        form = re.search(r'action="(/incidents/[^"]+/acknowledge)".*?</form>', page, re.DOTALL)
        assert form, page
        fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form[0]))
        self._post(form[1], fields)

    def look(self) -> None:
        """Read the board and the terminal once more."""
        self.seen += [self.board(), self._demo.remarks()]

    def _watch_rooms(self) -> None:
        """The page's own stream: no word of a lamp is missed."""
        with contextlib.suppress(OSError, http.client.HTTPException):
            stream = self._browser.open(f"{self._demo.ready['rooms']}/api/stream", timeout=30)
            for line in stream:
                if self._ended.is_set():
                    return
                if line.startswith(b"data: "):
                    rooms = json.loads(line.removeprefix(b"data: "))["rooms"]
                    self.seen += [f"{room['room']}: {room['lamp']['words']}" for room in rooms]

    def _watch_board(self) -> None:
        """The board's own live stream, by which the hub knows that somebody would see a press."""
        while not self._ended.is_set():
            with (
                contextlib.suppress(OSError, http.client.HTTPException),
                self._browser.open(f"{self._console}/board/stream", timeout=10) as stream,
            ):
                while not self._ended.is_set() and stream.readline():
                    pass
            self._ended.wait(0.3)

    def _sign_in(self) -> None:
        token = re.search(r'name="csrf" value="([^"]+)"', self._get("/sign-in"))
        assert token
        ready = self._demo.ready
        fields = {"csrf": token[1], "next": "/", "name": ready["user"], "password": ready["password"]}
        assert "What is known" in self._post("/sign-in", fields)

    def _get(self, path: str) -> str:
        with self._browser.open(self._console + path, timeout=5) as answer:
            return str(answer.read().decode())

    def _post(self, path: str, fields: dict[str, str]) -> str:
        body = urllib.parse.urlencode(fields).encode()
        request = urllib.request.Request(self._console + path, body, {"Origin": self._console})
        with self._browser.open(request, timeout=10) as answer:
            return str(answer.read().decode())


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoRun]:
    with DemoRun(tmp_path_factory.mktemp("readme"), "--rooms", "2") as running:
        yield running


def touch(demo: DemoRun, device: str, what: str, zone: str = "desk") -> None:
    """Do what a hand does on the rooms page."""
    url = f"{demo.ready['rooms']}/api/rooms/{device}/{what}?zone={zone}"
    with urllib.request.urlopen(urllib.request.Request(url, method="POST"), timeout=15) as answer:
        assert answer.status == 200


def lamp(demo: DemoRun, device: str) -> str:
    rooms = json.loads(demo.get(f"{demo.ready['rooms']}/api/rooms")[1])["rooms"]
    return next(str(room["lamp"]["pattern"]) for room in rooms if room["device"] == device)


def unplug(demo: DemoRun, _: Watcher) -> None:
    touch(demo, "room-102", "unplug")


def press_in_the_dead_room(demo: DemoRun, _: Watcher) -> None:
    touch(demo, "room-102", "press")


def kill_the_hub_and_press(demo: DemoRun, _: Watcher) -> None:
    command = re.search(r'`kill -9 \$\(pgrep -f "([^"]+)"\)`', STEPS[2])
    assert command, "README has no such command"
    hub = demo.part("/tocsin-hub run --config")
    line = Path(f"/proc/{hub}/cmdline").read_text().replace("\0", " ")
    assert re.search(command[1], line), f"README's command doesn't find {line!r}"
    os.kill(hub, signal.SIGKILL)
    touch(demo, "room-101", "tap")


def plug_in_and_acknowledge(demo: DemoRun, watcher: Watcher) -> None:
    touch(demo, "room-102", "plug")
    wait_until(lambda: len(rooms_of(demo)) == 2, 15, "both rooms in one incident")
    watcher.look()
    watcher.acknowledge()


def rooms_of(demo: DemoRun) -> list[str]:
    """Return the rooms of the one incident there is."""
    found = demo.incidents()
    assert len(found) <= 1, found
    return [room["room"] for incident in found for room in incident["rooms"]]


def alarms(demo: DemoRun) -> list[tuple[str, str]]:
    """Return every press that the hub has, apart from the second word of one that is held."""
    incident: dict[str, Any] = demo.incidents()[0]
    return sorted((event["device"], event["zone"]) for event in incident["events"] if not event["held"])


DEEDS = (unplug, press_in_the_dead_room, kill_the_hub_and_press, plug_in_and_acknowledge)


def test_no_press_is_lost_and_the_words_are_seen(demo: DemoRun) -> None:
    """Four steps; after each, every word that README quotes for it is on a page or in the terminal."""
    assert len(STEPS) == len(DEEDS) == 4
    assert lamp(demo, "room-101") == "fault", "no board is open, so nobody would be told"
    watcher = Watcher(demo)
    watcher.open_pages()
    try:
        wait_until(lambda: lamp(demo, "room-101") == "ready", 20, "ready, now that a board is open")
        for number, (step, deed) in enumerate(zip(STEPS, DEEDS, strict=True), 1):
            words = re.findall(r"“([^”]+)”", step)
            assert words, f"step {number} quotes nothing"
            watcher.seen.clear()
            deed(demo, watcher)
            missing = wait_for(words, watcher)
            assert not missing, f"step {number}: never seen {missing}; seen: {set(watcher.seen)}"
        assert sorted(rooms_of(demo)) == ["Room 101", "Room 102"]
        assert alarms(demo) == [("room-101", "desk"), ("room-102", "desk")]
        both = [f"{room}: Acknowledged" for room in ("Room 101", "Room 102")]
        assert not wait_for(both, watcher)
    finally:
        watcher.close()


def wait_for(words: list[str], watcher: Watcher, deadline_s: float = 20.0) -> list[str]:
    """Wait until all words were seen; returns those that weren't."""
    end = time.monotonic() + deadline_s
    while True:
        watcher.look()
        missing = [each for each in words if not any(each in seen for seen in list(watcher.seen))]
        if not missing or time.monotonic() > end:
            return missing
        time.sleep(0.1)


def test_the_first_screen_names_the_two_commands_and_the_moving_picture() -> None:
    """Within the first 25 lines; both commands are there and can be run."""
    first = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()[:25]
    commands = [line.split()[0] for line in first if line.startswith("scripts/")]
    assert commands == ["scripts/demo", "scripts/test"]
    assert all(os.access(ROOT / command, os.X_OK) for command in commands)
    assert any('<img src="docs/press.gif"' in line for line in first)
