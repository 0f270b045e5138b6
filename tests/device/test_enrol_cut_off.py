"""An enrolment that is cut off: at any of its steps, by an answer that is lost, by a card that is full."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from config.enrol_code import EnrolCode, new_code
from device.enrol import hub_door, keeping
from device.enrol.door_words import DoorClosedError, EnrolError
from device.enrol.enrolling import Enrolling
from device.enrol.hub_door import HubDoor
from hub.enrolment import door as hubs_door
from hub.enrolment.asking import AssignSpare, Revoke
from tests.mosquitto import HOST
from tests.open_door import OpenDoor, open_door
from tests.site import ROOT

HOUR_S = 3600.0


class Pi:
    """A Pi in a folder of its own, and the hub's door."""

    def __init__(self, door: OpenDoor) -> None:
        self.door = door
        self.etc = door.folder / "etc"
        self.etc.mkdir()
        self.said: list[str] = []
        self.code: EnrolCode | None = None
        self.before: dict[str, Any] = {}
        """What it was once it was enrolled."""

    @property
    def command(self) -> Enrolling:
        """The command, begun anew."""
        return Enrolling(self.etc, self.etc / "data", self.said.append, _no_sleep)

    def enrol(self, device: str | None) -> bool:
        """Enrol with a new code, for a room or as a spare."""
        code = self.code = new_code(self.door.authority.der)
        self.door.code(device, code.secret)
        is_room = self.command.enrol(f"{HOST}:{self.door.port}", code.text, wait=False)
        self.before = self.is_now
        return is_room

    def again(self) -> bool:
        """Enrol with the same code."""
        assert self.code is not None
        return self.command.enrol(f"{HOST}:{self.door.port}", self.code.text, wait=False)

    def assign(self, device: str = "room-101") -> None:
        """Give the spare that this is a room."""
        what = AssignSpare(self.is_now["device"], device, "Lee", "command")
        self.door.desk.ask(what).result()

    @property
    def is_now(self) -> dict[str, Any]:
        return keeping.Kept(self.etc).what() or {}

    def check(self, device: str = "room-101") -> None:
        """This Pi is the room, for the hub too, and nobody else is or may become it."""
        alive = [one for one in self.door.desk.view.identities.values() if one.state != "revoked"]
        assert [(one.device, one.state, one.serial) for one in alive] == [
            (device, "held", self.is_now["serial"])
        ]
        assert self.is_now["device"] == device
        HubDoor.ask(self.command._door(self.is_now), "GET", "/agents/v1/me", own=self.etc / "identity")
        assert f'device = "{device}"' in (self.etc / "agent.toml").read_text()
        assert not (self.etc / "identity" / "agent.toml").exists()


def _no_sleep(_: float) -> None:
    raise AssertionError("it was not to wait")


@pytest.fixture
def pi(tmp_path: Path) -> Iterator[Pi]:
    with open_door(tmp_path) as door:
        yield Pi(door)


@pytest.fixture
def lost(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Paths of which the hub hears what is asked, and its answer is lost."""
    paths: set[str] = set()
    asked = HubDoor.ask

    def ask(self: HubDoor, method: str, path: str, *words: Any, **more: Any) -> dict[str, Any]:
        answer = asked(self, method, path, *words, **more)
        if path in paths:
            paths.clear()
            raise DoorClosedError("no answer")
        return answer

    monkeypatch.setattr(HubDoor, "ask", ask)
    return paths


# --- an answer that is lost --------------------------------------------------------------------------

GIVEN, HELD = "/agents/v1/certificate", "/agents/v1/hold"


@pytest.mark.parametrize("path", [GIVEN, HELD])
def test_a_room_that_renews_is_not_shut_out_by_an_answer_that_is_lost(
    pi: Pi, lost: set[str], path: str
) -> None:
    """The hub goes by the new certificate then, and the one before opens nothing: the new one is shown."""
    assert pi.enrol("room-101")
    pi.door.desk.ahead_s = HOUR_S
    lost.add(path)
    with pytest.raises(DoorClosedError, match="no answer"):
        pi.command.renew()
    assert pi.is_now == pi.before
    pi.command.renew()
    assert pi.is_now["serial"] != pi.before["serial"]
    pi.check()


@pytest.mark.parametrize("path", [GIVEN, HELD])
def test_a_spare_is_not_shut_out_by_an_answer_that_is_lost(pi: Pi, lost: set[str], path: str) -> None:
    assert not pi.enrol(None)
    pi.assign()
    lost.add(path)
    assert not pi.command.enrol(None, None, wait=False)
    assert "no answer; asking again" in pi.said
    assert pi.command.enrol(None, None, wait=False)
    assert pi.said[-1] == "this Pi is Room 101 (room-101) of lincoln"
    pi.check()


def test_a_spare_that_holds_its_room_no_more_is_told_so(pi: Pi, lost: set[str]) -> None:
    """It was revoked meanwhile: what was kept of its room is no good, nor is what it was before."""
    assert not pi.enrol(None)
    pi.assign()
    lost.add(HELD)
    assert not pi.command.enrol(None, None, wait=False)
    pi.door.desk.ask(Revoke("room-101", "Lee", "command")).result()
    with pytest.raises(EnrolError, match="was revoked; have a new code made"):
        pi.command.enrol(None, None, wait=False)


def test_what_was_kept_and_is_no_good_is_asked_for_anew(pi: Pi, lost: set[str]) -> None:
    """The one before still holds."""
    assert pi.enrol("room-101")
    pi.door.desk.ahead_s = HOUR_S
    lost.add(GIVEN)
    with pytest.raises(DoorClosedError):
        pi.command.renew()
    kept = keeping.Kept(pi.etc)
    kept.begin(keeping.mark_of(f"after {pi.is_now['serial']}"))
    kept.put("no certificate", "no authority", None, {})
    pi.command.renew()
    pi.check()


def test_the_agent_waits_longer_than_the_hub_does() -> None:
    """An answer that is on its way is not lost by impatience."""
    assert hub_door.PATIENCE_S > hubs_door.ANSWER_S + hubs_door.LISTS_S


# --- a power cut -------------------------------------------------------------------------------------


def _kill_at_each_step(tmp_path: Path, device: str | None, *words: str) -> Iterator[Pi]:
    """Yield Pis whose command was killed, each one step later than the one before, until one ended well."""
    for step in count(1):
        folder = tmp_path / str(step)
        folder.mkdir()
        with open_door(folder) as door:
            pi = Pi(door)
            pi.enrol(device)
            if device is None:
                pi.assign()
            door.desk.ahead_s = HOUR_S
            program = [sys.executable, "-m", "tests.killed_at", str(step), "enrol", "--etc", str(pi.etc)]
            done = subprocess.run([*program, *words], cwd=ROOT, capture_output=True, text=True, check=False)
            assert done.returncode in (0, -signal.SIGKILL), done.stdout + done.stderr
            if done.returncode == 0:
                assert step > 15, "the steps aren't seen"
                return
            yield pi


def test_a_room_that_is_killed_as_it_renews_is_that_room(tmp_path: Path) -> None:
    """At each step: the same command goes on, or says that it was done."""
    for pi in _kill_at_each_step(tmp_path, "room-101", "--renew"):
        if pi.is_now == pi.before:
            pi.command.renew()
        else:
            with pytest.raises(EnrolError, match="it has had a certificate within the hour"):
                pi.command.renew()
        pi.check()


def test_a_spare_that_is_killed_as_it_gets_its_room_gets_it(tmp_path: Path) -> None:
    """At each step; by the code that it came with, too, which may be on its card still."""
    for pi in _kill_at_each_step(tmp_path, None, "--no-wait"):
        assert pi.again()
        pi.check()
        assert pi.again()
        pi.check()


def test_a_key_is_on_the_card_before_the_hub_hears_of_it(pi: Pi, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its name too: after a power cut another key would be somebody else's to the hub."""
    synced: list[Path] = []
    asked = HubDoor.ask
    monkeypatch.setattr(keeping, "_sync", synced.append)

    def ask(self: HubDoor, method: str, path: str, *words: Any, **more: Any) -> dict[str, Any]:
        if method == "POST" and path == "/enrol/v1/certificate":
            (folder,) = pi.etc.glob("identity-*")
            assert synced == [pi.etc, folder]
        return asked(self, method, path, *words, **more)

    monkeypatch.setattr(HubDoor, "ask", ask)
    assert pi.enrol("room-101")


def test_a_card_that_is_full_at_the_end_is_said(pi: Pi, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once there is room, the same command ends well."""
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def symlink_to(*_: object) -> None:
        raise full

    with monkeypatch.context() as patched:
        patched.setattr(Path, "symlink_to", symlink_to)
        with pytest.raises(EnrolError, match="No space left on device"):
            pi.enrol("room-101")
    assert pi.again()
    pi.check()
