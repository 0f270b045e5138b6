"""Which release a room is to run, at the agents' door over real TLS."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from device.enrol.key import new_key, request
from hub.enrolment.wheels import Wheels
from hub.upgrading.asking import BeginUpgrade
from tests.hub.enrolment.test_door import wheels_of
from tests.open_door import OpenDoor, open_door


@pytest.fixture
def door(tmp_path: Path) -> Iterator[OpenDoor]:
    with open_door(tmp_path) as made:
        yield made


def enrolled(door: OpenDoor, device: str, secret: bytes) -> Path:
    """A Pi becomes a room; returns the folder of its certificate."""
    key = new_key()
    wanted = {"csr": request(key), "secret": door.code(device, secret)}
    own = door.keep(device, key, door.call("POST", "/enrol/v1/certificate", wanted)[1]["certificate"])
    assert door.call("POST", "/agents/v1/hold", {}, own=own)[0] == 200
    return own


def asks(door: OpenDoor, own: Path, **word: Any) -> dict[str, Any]:
    """A room's Pi asks, once it may."""
    while (answer := door.call("POST", "/agents/v1/release", word, own=own))[0] == 429:
        time.sleep(0.2)
    assert answer[0] == 200, answer
    return answer[1]


def test_a_room_is_told_what_to_run_and_that_it_was_heard(door: OpenDoor) -> None:
    """Only in a run, and by its own certificate alone; that it failed, too."""
    wheels_of(door.folder)
    release = str(Wheels(door.folder / "rooms").release())
    first, second = (enrolled(door, f"room-10{n}", bytes([n]) * 10) for n in (1, 2))
    for device in ("room-101", "room-102"):
        door.desk.says(device, "0ld")
    assert asks(door, first) == {"v": 1, "release": None, "why": None, "heard": False}
    door.desk.ask(BeginUpgrade(release, "Lee", "command"))
    assert asks(door, first, runs="0ld") == {"v": 1, "release": release, "why": None, "heard": True}
    assert asks(door, second)["why"] == "Room 101 goes first"
    assert not asks(door, first, runs=release)["heard"]
    door.desk.says("room-101", release, 2)
    assert asks(door, first, runs=release)["heard"]
    assert asks(door, first, failed={"release": release, "why": "x"})["release"] is None
    assert door.desk.view.upgrade is not None
    assert door.desk.view.upgrade.rooms["room-101"].why == "it runs what it had: x"


def test_what_a_room_is_to_run_is_for_rooms(door: OpenDoor) -> None:
    """Not for anybody else, not for one that has not shown its certificate, and not in a hurry."""
    door.desk.ask(BeginUpgrade("n3w", "Lee", "command"))
    assert door.call("POST", "/agents/v1/release", {})[0] == 401
    key = new_key()
    wanted = {"csr": request(key), "secret": door.code()}
    own = door.keep("own", key, door.call("POST", "/enrol/v1/certificate", wanted)[1]["certificate"])
    door.desk.says("room-101", "0ld")
    assert asks(door, own)["release"] is None
    door.call("POST", "/agents/v1/hold", {}, own=own)
    assert door.call("POST", "/agents/v1/release", {}, own=own)[0] == 429
    for body in (b"", b"[]", b'{"runs": 1}', b'{"failed": {"release": "x"}}'):
        time.sleep(1.1)
        assert door.call("POST", "/agents/v1/release", body, own=own)[0] == 422, body
