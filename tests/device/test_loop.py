"""The loop on mock pins without a broker: floods, faults, the watchdog and both ways to end."""

from __future__ import annotations

import contextlib
import json
import socket
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from gpiozero.pins.mock import MockPWMPin
from pytest_mock import MockerFixture

from config.agent_settings import StrobeSettings
from config.clock import Now, SystemClock
from config.contract import Event, Posture, encode
from config.topics import posture_topic
from device import starts, survey
from device.actions import Action, Drive, Keep, Publish, Remember
from device.age import Moment
from device.agent import Agent
from device.facts import Contact, Fact, Heard, Kept, Machine, Unreadable
from device.loop import OUTBOX_FILE, Loop
from device.outbox import Outbox
from device.pins import open_factory
from tests.device.room import settings
from tests.device.test_on_a_broker import until
from tests.mosquitto import free_port


class Running:
    """A loop on a thread, its pins, and what it knew at each turn."""

    def __init__(self, data: Path, parts: dict[str, Any] | None = None, **options: Any) -> None:
        self.owed = 0
        self.waiting: dict[int, int] = {}
        """How many facts still waited when this many events were first owed."""
        self.factory = open_factory("mock")
        made = settings(data, port=free_port(), **(parts or {}))
        self.loop = Loop(made, lambda: self.factory, watch=self._watch, **options)
        self.thread = threading.Thread(target=self.loop.run)
        self.thread.start()

    def _watch(self, agent: Agent, now: Now) -> None:
        self.owed = agent.owed
        self.waiting.setdefault(agent.owed, len(self.loop._pending))

    def contact(self, pin: int, *, closed: bool) -> None:
        found = self.factory.pin(pin)
        if closed:
            found.drive_low()
        else:
            found.drive_high()


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    running = Running(tmp_path)
    yield running
    running.loop.stop()
    running.thread.join(10)
    assert not running.thread.is_alive()


def door_at_start(running: Running) -> None:
    """The mock's door contact is open at the start: its event comes after the power-up time."""
    until(lambda: running.owed == 1)


def test_a_flood_of_messages_delays_no_press(running: Running) -> None:
    """Fifty thousand messages on the queue, and the press behind them is decided in its settle time."""
    door_at_start(running)
    junk = [Heard(mono=time.monotonic(), link="hub", topic="x", payload=b"{", retained=False)] * 50_000
    for fact in junk:
        running.loop._queue.put(fact)
    running.contact(17, closed=True)
    until(lambda: running.owed == 2)
    assert running.waiting[2] > 0  # the flood was still there when the press was decided


def test_a_fault_of_our_own_ends_nothing(running: Running, mocker: MockerFixture) -> None:
    """A fact that no rule knows is a trouble; the next press is decided."""
    door_at_start(running)
    running.loop._queue.put(Fact(mono=time.monotonic()))
    until(lambda: any("agent: TypeError" in word for word in running.loop._agent._troubles.words()))
    running.contact(17, closed=True)
    until(lambda: running.owed == 2)


def test_an_action_that_fails_takes_no_other_with_it(tmp_path: Path) -> None:
    """An event that can't be sent is kept, and what comes behind an output that isn't there is done."""
    running = Running(tmp_path)
    door_at_start(running)
    event = Kept(id="kept-all-the-same", body=b"{}", happened=Moment("k", 1.0, 2000, None))
    done: list[Action] = [
        Publish("no-such-link", "event", b"{}"),
        Keep(event),
        Drive(None, 1.0),  # type: ignore[arg-type]  # not a name either
        Remember("zone desk", "active"),
    ]
    running.loop._attempt(lambda now: done)
    assert any("agent: " in word for word in running.loop._agent._troubles.words())
    running.loop.stop()
    running.thread.join(10)
    with contextlib.closing(sqlite3.connect(tmp_path / OUTBOX_FILE)) as db:
        assert db.execute("SELECT count(*) FROM event WHERE id = ?", (event.id,)).fetchone() == (1,)
        assert db.execute("SELECT value FROM memory WHERE key = 'zone desk'").fetchone() == ("active",)


def test_a_press_at_the_moment_of_a_stop_is_kept(tmp_path: Path) -> None:
    """A contact that has just closed is let to settle before a clean end, and is on the disk after it."""
    running = Running(tmp_path)
    door_at_start(running)
    running.contact(27, closed=True)
    running.loop.stop()
    running.thread.join(10)
    again = Running(tmp_path)
    try:
        until(lambda: again.owed >= 2)
    finally:
        again.loop.cut()
        again.thread.join(10)


def test_the_loop_feeds_the_watchdog(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """systemd hears READY, a steady WATCHDOG from the loop itself, and STOPPING."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.settimeout(10)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        monkeypatch.setenv("WATCHDOG_USEC", "200000")
        monkeypatch.delenv("WATCHDOG_PID", raising=False)
        running = Running(tmp_path / "data", service=True)
        words: list[bytes] = []
        while words.count(b"WATCHDOG=1") < 3:
            words.append(systemd.recv(4096))
        running.loop.stop()
        while words[-1] != b"STOPPING=1":
            words.append(systemd.recv(4096))
        running.thread.join(10)
    assert words[0].startswith(b"READY=1")


def test_what_can_be_read_again_is_not_called_unreadable(tmp_path: Path) -> None:
    """Facts of the pins keep their order among each other, however they are taken."""
    loop = Loop(settings(tmp_path), lambda: open_factory("mock"))
    first = Unreadable(mono=1.0, zone="desk", why="gone")
    then = Contact(mono=2.0, zone="desk", reading=False)
    for fact in (then, first):
        loop._queue.put(fact)
    assert loop._wait(0) == [first, then]


class Ahead:
    """The machine's own clocks, and how far ahead of them a test has gone."""

    def __init__(self) -> None:
        self.by = 0.0

    def now(self) -> Now:
        now = SystemClock().now()
        return Now(now.mono + self.by, now.wall + round(self.by * 1000))


class Sensors:
    """A survey that says what it is told."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine

    def start(self) -> None: ...

    def latest(self, now: Now) -> Machine:
        return self.machine

    def close(self) -> None: ...


@pytest.mark.parametrize(("synced", "checked"), [(True, True), (False, False), (None, False)])
def test_dates_are_checked_by_a_true_clock_alone(tmp_path: Path, synced: bool | None, checked: bool) -> None:
    """Every link asks the survey at each connection."""
    loop = Loop(
        settings(tmp_path), lambda: open_factory("mock"), machine=Sensors(Machine(clock_synced=synced))
    )
    assert [link._line._dialler._dates_trusted() for link in loop._links.values()] == [checked]


def troubles(running: Running) -> str:
    return "; ".join(running.loop._agent._troubles.words())


def test_a_crash_loop_takes_its_outbox_back(tmp_path: Path) -> None:
    """It starts without it, is a trouble, and reads its pins; 5 s later what was in it is owed again."""
    event = Event(
        v=1, id="old-1", boot="old", seq=1, zone="desk", kind="panic", what="alarm", age_ms=0, test=False
    )
    put: list[Fact] = []
    outbox = Outbox(tmp_path / OUTBOX_FILE, put.append)
    outbox.start()
    outbox.write(Keep(Kept(id="old-1", body=encode(event), happened=Moment("k", 1.0, 2000, None))))
    outbox.close()
    bad = {"restarts": 2, "bad": 2, "how": "starting"}
    (tmp_path / starts.FILE).write_text(json.dumps(bad))
    clock = Ahead()
    running = Running(tmp_path, clock=clock)
    try:
        until(lambda: "outbox file: set aside" in troubles(running))
        assert "crash loop: started 3 times" in troubles(running)
        door_at_start(running)
        running.contact(27, closed=True)
        until(lambda: running.owed == 2)
        assert "old-1" not in running.loop._agent._owed
        clock.by = 6.0
        running.loop._queue.put(None)
        until(lambda: "old-1" in running.loop._agent._owed)
        clock.by = 61.0
        running.loop._queue.put(None)
        until(lambda: "crash loop" not in troubles(running))
        assert json.loads((tmp_path / starts.FILE).read_text())["how"] == "well"
    finally:
        running.loop.stop()
        running.thread.join(10)


def test_a_crash_loop_gives_no_caller_away(tmp_path: Path, mocker: MockerFixture) -> None:
    """The call was receipted, and the only word of it is in the outbox that is set aside for 5 s."""
    moment = Moment(survey.kernel(otherwise="k"), time.monotonic(), time.time_ns() // 1_000_000, None)
    press = {"ids": ["old-1"], "stage": "received", "at": moment, "zone": "desk", "kind": "panic"}
    outbox = Outbox(tmp_path / OUTBOX_FILE, lambda fact: None)
    outbox.start()
    for place in ("press", "press *"):
        outbox.write(Remember(place, json.dumps(press)))
    outbox.close()
    (tmp_path / starts.FILE).write_text(json.dumps({"restarts": 2, "bad": 2, "how": "starting"}))
    clock = Ahead()
    running = Running(tmp_path, {"strobe": StrobeSettings(pin=21, postures=("lockdown",))}, clock=clock)
    driven = mocker.spy(running.loop._board, "drive")
    try:
        until(lambda: "outbox file: set aside" in troubles(running))
        lockdown = Posture(v=1, n=5, posture="lockdown", drill=False, since="2026-11-23T10:00:00.000Z")
        topic = posture_topic("demo")
        mono = clock.now().mono
        running.loop.hear(Heard(mono=mono, link="hub", topic=topic, payload=encode(lockdown), retained=True))
        until(lambda: running.loop._agent.posture is not None)
        clock.by = 6.0
        running.loop._queue.put(None)
        until(lambda: running.loop._agent.signals.call is not None)
        clock.by = 66.0
        running.loop._queue.put(None)
        until(lambda: "crash loop" not in troubles(running))
        assert [call.args for call in driven.call_args_list if call.args[1] > 0] == []
    finally:
        running.loop.stop()
        running.thread.join(10)


def test_an_output_that_fails_is_a_trouble(tmp_path: Path, mocker: MockerFixture) -> None:
    """By its name, and over once it can be driven again."""
    mocker.patch.object(MockPWMPin, "_set_state", side_effect=OSError("no such device"))
    clock = Ahead()
    running = Running(tmp_path, clock=clock)
    try:
        clock.by = 2.5
        running.loop._queue.put(None)
        until(lambda: "outputs: lamp" in troubles(running))
        mocker.stopall()
        for by in (5.0, 7.5):
            clock.by = by
            running.loop._queue.put(None)
        until(lambda: "outputs" not in troubles(running))
    finally:
        running.loop.stop()
        running.thread.join(10)
