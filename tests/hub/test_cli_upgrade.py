"""``tocsin-hub upgrade-agents``, with a hub that decides at once: what is said, and how it ends."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hub import alone, cli, cli_upgrade
from hub.enrolment.wheels import Wheels
from hub.local_socket import LocalSocket
from hub.upgrading.asking import RoomAsks
from hub.upgrading.doing import NO_WHEELS, Upgrading
from hub.upgrading.upgrades import HEALTHS
from tests.mosquitto import free_port
from tests.open_door import Desk

NEW = "n3w"
ROOMS = ("room-101", "room-102")


class Running:
    """A hub of two rooms that commands can ask, and its rooms."""

    def __init__(self, folder: Path) -> None:
        data = folder / "data"
        data.mkdir()
        self.config = folder / "hub.toml"
        rooms = "".join(f'[[rooms]]\ndevice = "{name}"\nroom = "Room {name[5:]}"\n' for name in ROOMS)
        self.config.write_text(f'site = "lincoln"\nname = "Lincoln"\ndata = "{data}"\n{rooms}')
        self.desk = Desk(free_port(), rooms=len(ROOMS))
        self.wheels = folder / "rooms"
        self._held = alone.take(data, heeds_hangups=True)
        self._socket = LocalSocket(data, Upgrading(self.desk, Wheels(self.wheels)).deeds())
        self._socket.start()
        for name in ROOMS:
            self.desk.says(name, "0ld")

    def hands_out(self, release: str = NEW) -> None:
        self.wheels.mkdir(exist_ok=True)
        (self.wheels / "index.json").write_text(json.dumps({"release": release, "files": {}}))

    def asks(self, name: str, **more: Any) -> None:
        self.desk.ask(RoomAsks(name, NEW, **more))

    def comes_back(self, name: str) -> None:
        for n in range(HEALTHS):
            self.desk.says(name, NEW, 10 + n)

    def __call__(self, *words: str) -> int:
        return cli.main(["upgrade-agents", *words, "--config", str(self.config)])

    def stop(self) -> None:
        self._socket.stop()
        self._held.close()


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    monkeypatch.setattr(cli_upgrade, "LOOK_S", 0.02)
    monkeypatch.setenv("SUDO_USER", "lee")
    made = Running(tmp_path)
    yield made
    made.stop()


Said = Callable[[], tuple[str, str]]


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Said:
    return lambda: tuple(capsys.readouterr())  # type: ignore[return-value]


def test_a_hub_that_hands_out_nothing_says_so(hub: Running, said: Said) -> None:
    """It was not installed by scripts/install."""
    assert hub() == 1
    assert NO_WHEELS in said()[1]
    assert hub("--status") == 0
    assert "release none" in said()[0]


def test_it_is_watched_until_every_room_has_it(hub: Running, said: Said) -> None:
    """A line for each room's news, and a list at the end."""
    hub.hands_out()
    assert hub("--no-wait") == 0
    told = said()[0]
    assert "begun" in told
    assert "by lee; it stands." in told
    assert "Room 101             waits: its Pi has not asked yet" in told

    def rooms() -> None:
        for name in ROOMS:
            hub.asks(name)
            hub.comes_back(name)

    timer = threading.Timer(0.3, rooms)
    timer.start()
    assert hub() == 0
    timer.join()
    told = said()[0]
    assert "2 of 2: Room 102 has it" in told
    assert "every room has it." in told


def test_a_failed_room_ends_it_with_its_reason(hub: Running, said: Said) -> None:
    """And an exit code of its own."""
    hub.hands_out()
    assert hub("--room", "102", "--no-wait") == 0
    hub.asks("room-102")
    hub.asks("room-102", failed=NEW, why="not ready after 60 s")
    assert hub("--status") == cli_upgrade.FAILED
    told = said()[0]
    assert "ended" in told
    assert "Room 102, which went first, failed." in told
    assert "Room 102             failed: it runs what it had: not ready after 60 s" in told


def test_rooms_that_are_away_are_not_waited_for(
    hub: Running, said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are listed; the run stands for them."""
    hub.hands_out()
    monkeypatch.setattr(cli_upgrade, "ASKS_WITHIN_MS", 0)
    assert hub() == cli_upgrade.LEFT
    assert "Room 102             waits: its Pi has not asked yet" in said()[0]
    assert hub.desk.view.upgrade is not None
    assert hub.desk.view.upgrade.is_open


def test_a_person_stops_it(hub: Running, said: Said) -> None:
    """By who used sudo; a second time there is nothing to stop."""
    hub.hands_out()
    hub("--no-wait")
    assert hub("--stop") == cli_upgrade.FAILED
    assert "a person stopped it" in said()[0]
    assert hub("--stop") == 1
    assert "no upgrade of the rooms is under way; allowed: begin one" in said()[1]
    assert hub("--room", "999") == 2


def test_a_hub_that_ends_is_waited_for_and_then_told(
    hub: Running, said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rooms need no command to go on."""
    hub.hands_out()
    monkeypatch.setattr(cli_upgrade, "PATIENCE_S", 0.2)
    timer = threading.Timer(0.3, hub.stop)
    timer.start()
    assert hub() == 1
    timer.join()
    assert "the rooms go on" in said()[1]
