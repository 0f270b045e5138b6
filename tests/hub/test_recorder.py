"""The recorder at work: presses first, memory when the disk is sick, nothing lost at its end."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence

import msgspec
import pytest
from msgspec.structs import replace
from sqlalchemy.exc import OperationalError

from config.clock import Now, SystemClock
from config.contract import Command, Posture
from config.hub_settings import NamedBroker
from hub.asking import Acknowledge, Done, PostureSet, SetPosture
from hub.decision import Decision
from hub.delivery import Delivery, Outcome
from hub.inputs import Ack, ClockTrust, Link, Measured
from hub.kept_course import ANCHOR, Anchor
from hub.loaded import Loaded
from hub.metrics import Metrics
from hub.presses import Seen
from hub.quota import Over
from hub.recorder import AGAIN, OVER_EACH, Recorder, _Commit
from hub.shape import Shape
from hub.site import Site
from hub.view import View
from tests.hub.making import came, event_bytes
from tests.scenarios.rig import site_settings
from tests.site import until

BOOT = "boot-1"


class SetClock(SystemClock):
    """The machine's clocks, the wall clock of which somebody sets."""

    moved_ms = 0

    def now(self) -> Now:
        now = super().now()
        return now._replace(wall=now.wall + self.moved_ms)


class World:
    """A recorder with a disk, a broker and channels that can be told to misbehave."""

    def __init__(self, clock: SetClock | None = None, *, start: bool = True) -> None:
        self.rows: list[Decision] = []
        self.gate = threading.Event()
        self.gate.set()
        self.full = False
        self.asked = threading.Event()
        self.asked.set()
        self.is_asking = False
        self.acks: list[Ack] = []
        self.receipts: list[tuple[str, str]] = []
        self.posted: list[Delivery] = []
        self.beats: list[tuple[bool, str | None]] = []
        self.postures: list[Posture] = []
        self.post_fails = False
        clock = clock or SetClock()
        now = clock.now()
        settings = site_settings("device", more_brokers=(NamedBroker(name="annex", port=1884),))
        self.view = View("lincoln", "Lincoln", "UTC", now.wall)
        shapes = dict.fromkeys(settings.channels, Shape("webhook", ("-",)))
        self.site = Site(settings, shapes, Loaded(), self.view, now)
        self.recorder = Recorder(self.site, self, self, clock, Metrics(self.view), BOOT)
        self.recorder.release.wire = self
        self.recorder.release.post = self
        if start:
            self.recorder.start()
        self.clock = clock

    def press(self, number: int, room: int = 101, what: str = "alarm", over: Over | None = None) -> None:
        fact = came(event_bytes(id=f"e{number}", seq=number, what=what), f"room-{room}")
        self.recorder.put(replace(fact, arrived=self.clock.now(), ack=Ack(0, 1, number), over=over))

    # the disk

    def commit(self, batch: Sequence[Decision]) -> None:
        self.gate.wait(10)
        if self.full:
            raise OperationalError("INSERT", {}, sqlite3.OperationalError("database or disk is full"))
        self.rows += batch

    def quarantine(self, decision: Decision, at: int, why: str) -> None:
        raise AssertionError("nothing here is refused")

    def ask(self, digests: Sequence[str]) -> dict[str, Seen] | None:
        self.is_asking = True
        self.asked.wait(10)
        return {}

    # the broker

    def committed(self, acks: list[Ack]) -> None:
        self.acks += acks

    def receipt(self, device: str, ids: list[str]) -> None:
        self.receipts += [(device, name) for name in ids]

    def command(self, device: str, command: Command) -> None:
        pass

    def posture(self, posture: Posture) -> None:
        self.postures.append(posture)

    def beat(self, *, ready: bool, why: str | None, reach: bool | None) -> None:
        self.beats.append((ready, why))

    # the channels

    def submit(self, deliveries: Sequence[Delivery]) -> None:
        if self.post_fails:
            raise RuntimeError("a planted fault of ours")
        self.posted += deliveries

    def withdraw(self, ids: Sequence[str]) -> None:
        pass

    @property
    def numbers(self) -> list[dict[str, object]]:
        """What the store was told of incident numbers, in order."""
        return [msgspec.json.decode(row.facts["numbers"]) for row in self.rows if "numbers" in row.facts]


class Slow(SetClock):
    """As if each look at the clock came 3 ms after the one before."""

    looks = 0

    def now(self) -> Now:
        self.looks += 1
        return Now(100.0 + self.looks * 0.003, 1_790_000_000_000 + self.looks * 3)


@pytest.fixture
def world() -> Iterator[World]:
    made = World()
    yield made
    made.gate.set()
    made.asked.set()
    made.full = False
    made.recorder.stop(5)


def test_what_is_slow_to_decide_holds_an_alarm_up_no_longer_than_one_of_it() -> None:
    """Faults that take long: the queue is looked at for an alarm after 5 ms, not after 64 of them."""
    world = World(Slow(), start=False)
    for number in range(1, 41):
        world.press(number, what="tamper")
    world.recorder._drain(0)
    world.recorder._decide_some()
    assert 1 <= len(world.recorder._waiting) <= 3
    world.press(41, room=102)
    world.recorder._drain(0)
    world.recorder._decide_urgent()
    assert world.recorder._waiting[-1].owed
    for _ in range(40):
        world.recorder._uncommitted.clear()  # a disk that takes it at once
        world.recorder._decide_some()
    order = [decision.ack.mid for decision in world.recorder._waiting if decision.ack is not None]
    assert sorted(order) == list(range(1, 42))
    assert [number for number in order if number != 41] == list(range(1, 41))
    assert order.index(41) <= 3


def test_what_is_only_counted_stands_in_no_turn_and_is_counted_a_little_at_a_time() -> None:
    """Its own room's next message waits for none of it, nor does a press that comes as it is counted."""
    world = World(Slow(), start=False)
    for number in range(1, 101):
        world.press(number, what="restoral", over="own")
    world.press(101, what="restoral")
    world.recorder._drain(0)
    world.recorder._decide_some()
    assert [decision.events[0].device for decision in world.recorder._waiting] == ["room-101"]
    assert world.site.floods.events == 0
    world.recorder._count_some()
    assert world.site.floods.events == 1, "3 ms have passed"
    while world.recorder._over:
        world.recorder._count_some()
    assert world.site.floods.events == 100


def test_what_waits_to_be_counted_fills_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond so many bytes it is counted before more is taken from the queue, however long that takes."""
    world = World(Slow(), start=False)
    for number in range(1, 101):
        world.press(number, what="restoral", over="own")
    size = OVER_EACH + len(event_bytes(id="e10", seq=10, what="restoral"))
    monkeypatch.setattr("hub.recorder.MOST_OVER", 10 * size)
    world.recorder._drain(0)
    assert len(world.recorder._over) == 11
    monkeypatch.setattr("hub.recorder.MOST_OVER", 3 * size)
    world.recorder._count_some()
    assert len(world.recorder._over) == 3
    while world.recorder._over:
        world.recorder._count_some()
        world.recorder._drain(0)
    assert world.site.floods.events == 100
    assert world.recorder._over_bytes == 0


def test_a_backlog_of_one_device_waits_for_the_disk_and_no_other_does() -> None:
    """What one commit holds up is what another room's press waits for; a sick disk holds up nobody."""
    world = World(Slow(), start=False)
    for number in range(1, 101):
        world.press(number)
    world.recorder._drain(0)
    world.recorder._decide_urgent()
    decided = len(world.recorder._waiting)
    assert 1 <= decided < 100
    world.recorder._decide_urgent()
    assert len(world.recorder._waiting) == decided, "the disk has not taken the first yet"
    world.press(101, room=102)
    world.recorder._drain(0)
    world.recorder._decide_urgent()
    assert world.recorder._waiting[-1].events[0].device == "room-102"
    for _ in range(200):  # a quarter of a second, and more
        world.recorder._decide_urgent()
    assert len(world.recorder._waiting) == 101


def test_a_press_is_committed_and_then_receipted_acknowledged_and_told(world: World) -> None:
    """In that order: nothing leaves before it is written."""
    world.gate.clear()
    world.press(1)
    until("told from memory", lambda: world.posted)  # told from memory after 250 ms; the disk still hangs
    assert (world.receipts, world.acks) == ([], [])
    world.gate.set()
    until("receipt and PUBACK", lambda: world.receipts == [("room-101", "e1")] and world.acks)
    assert len(world.posted) == 1
    until("the disk well", lambda: "store" not in world.view.troubles)


def test_a_full_disk_is_a_trouble_and_not_ready_until_it_is_well(world: World) -> None:
    """The press is told, not receipted; both its receipt and "ready" come with the disk."""
    world.recorder.put(Link("events", True, "", session_present=True))
    until("ready", lambda: world.beats and world.beats[-1] == (True, None))
    world.full = True
    world.press(1)
    until("told, with a trouble", lambda: world.posted and "store" in world.view.troubles)
    until(
        "not ready",
        lambda: world.beats[-1] == (False, "the record cannot be written: database or disk is full"),
    )
    assert world.receipts == []
    world.full = False
    until("receipt, and ready", lambda: world.receipts and world.beats[-1] == (True, None))
    assert len(world.posted) == 1


def test_with_one_session_of_two_it_is_ready_and_each_change_is_said(world: World) -> None:
    """What is said over a broker follows its own session; only the sessions that are up are kept as held."""
    for broker in (0, 1):
        world.recorder.put(Link("events", True, "", session_present=True, broker=broker))
    until("ready", lambda: world.beats and world.beats[-1] == (True, None))
    said = len(world.beats)
    world.recorder.put(Link("events", False, "gone", broker=0))
    until("said anew", lambda: len(world.beats) > said)
    assert world.beats[-1] == (True, None)
    world.recorder.put(Link("events", False, "gone", broker=1))
    until("not ready", lambda: world.beats[-1] == (False, "no session with the broker"))
    world.recorder.put(Link("events", True, "", session_present=True, broker=1))
    until("ready again", lambda: world.beats[-1] == (True, None))
    world.recorder.stop(5)
    assert {"beat", "held annex", ANCHOR} == {name for name in world.rows[-1].facts if name != "numbers"}


def test_a_press_goes_before_all_that_waits(world: World) -> None:
    """Two thousand restorals lie in the queue before it: it is decided before all but those in hand."""
    world.asked.clear()
    world.press(2, what="restoral")
    until("asking the record", lambda: world.is_asking)
    for number in range(3, 2_003):
        world.press(number, what="restoral")
    world.press(1)
    world.asked.set()
    until("all receipts", lambda: len(world.receipts) == 2_002, 30)
    order = [event.what for row in world.rows for event in row.events]
    assert order.index("alarm") <= 1


def test_a_person_whom_the_disk_keeps_waiting_is_answered_once(world: World) -> None:
    """After 2 s, with the truth: it holds, but it is not recorded yet."""
    world.press(1)
    until("an incident", lambda: world.view.incidents)
    incident = next(iter(world.view.incidents))
    world.gate.clear()
    answer = world.recorder.ask(Acknowledge(incident, "Reyes", "board")).result(timeout=8)
    assert isinstance(answer, Done)
    assert (answer.incident.state, answer.recorded) == ("acknowledged", False)
    world.gate.set()
    until("all written", lambda: not world.recorder._uncommitted)
    assert world.recorder._thread.is_alive()


def test_a_person_who_no_longer_waits_stops_nobody(world: World) -> None:
    """A browser that went away: its answer is dropped, the next press is taken."""
    world.press(1)
    until("an incident", lambda: world.view.incidents)
    world.gate.clear()
    world.recorder.ask(Acknowledge(next(iter(world.view.incidents)), "Reyes", "board")).cancel()
    world.gate.set()
    world.press(2, 102)
    until("the next receipt", lambda: ("room-102", "e2") in world.receipts)


def test_a_fault_in_telling_stops_neither_receipts_nor_the_next_press(world: World) -> None:
    """It is counted; the committer lives on."""
    world.post_fails = True
    world.press(1)
    until("receipt, PUBACK", lambda: world.receipts == [("room-101", "e1")] and world.acks == [(0, 1, 1)])
    world.post_fails = False
    world.press(2, 102)
    until("the next receipt", lambda: ("room-102", "e2") in world.receipts)


def test_what_is_queued_at_the_stop_is_decided_and_no_number_given_twice(world: World) -> None:
    """The last words come last: a press that came with the stop keeps its number to itself."""
    until("the first words", lambda: world.rows)
    world.asked.clear()
    world.press(1)
    until("asking the record", lambda: world.is_asking)
    world.press(2, 102)  # these two lie in the queue together
    stopped: list[bool] = []
    stopping = threading.Thread(target=lambda: stopped.append(world.recorder.stop(5)))
    stopping.start()
    until("the stop in the queue", lambda: world.recorder._inputs.qsize() >= 2)
    world.asked.set()
    stopping.join()
    incidents = [incident for row in world.rows for incident, _ in row.incidents.values()]
    assert [stopped, world.numbers[-1]["clean"]] == [[True], True]
    assert len({incident.number for incident in incidents}) == 2
    assert world.numbers[-1]["next"] == max(incident.number for incident in incidents) + 1
    assert world.rows[-1].record[-1].what == "hub-stopped"
    assert world.receipts == [("room-101", "e1"), ("room-102", "e2")]


def test_a_press_just_before_a_stop_on_a_hung_disk_is_told() -> None:
    """The next start may need that very disk: whoever can be told is told now."""
    world = World()
    until("it has begun", lambda: world.rows, 10)
    world.gate.clear()
    world.press(1)
    assert not world.recorder.stop(0.2)
    assert [delivery.type for delivery in world.posted] == ["incident.opened"]
    assert world.receipts == []
    world.gate.set()


def test_a_panic_that_would_reach_nobody_is_a_trouble_until_a_board_is_open(world: World) -> None:
    """15 s after the beat says so; the beat's word and the trouble end together."""
    for target in world.site.directory.panic_targets():
        for _ in range(2):
            world.recorder.probed(target.channel, Outcome("temporary", "connection refused"))
    until("nobody is reached", lambda: "reach" in world.recorder._site.own._watch._wrong_since)
    world.recorder._site.own._watch._wrong_since["reach"] = -1e9  # it has been so for long
    until("a trouble", lambda: "reach" in world.view.troubles)
    world.recorder.boards(+1)
    until("its end", lambda: "reach" not in world.view.troubles)


def test_what_the_hub_s_shell_finds_is_decided_like_the_rest(world: World) -> None:
    world.recorder.put(Measured(disk_free_mb=3.0))
    until("a trouble", lambda: "hub-disk" in world.view.troubles)
    until("its row", lambda: any(t.what == "hub-disk" for row in world.rows for t in row.troubles))


def test_a_queue_that_lasts_is_a_trouble(world: World) -> None:
    """While the record doesn't answer, nothing is decided; once it does, what waited is seen."""
    world.recorder._site.own._watch._wrong_since["hub-queue"] = -1e9
    world.asked.clear()
    world.press(1, what="restoral")
    until("asking the record", lambda: world.is_asking)
    for number in range(2, 3_002):
        world.press(number, what="restoral")
    world.asked.set()
    until("a trouble", lambda: any(t.what == "hub-queue" for row in world.rows for t in row.troubles), 30)
    until("its end", lambda: "hub-queue" not in world.view.troubles, 30)


def test_a_clock_that_was_set_is_anchored_anew_before_anything_is_decided_by_it(world: World) -> None:
    """A press right after the jump is of now; the start and the jump say how far the clock was trusted."""
    world.press(1)
    until("an incident", lambda: world.view.incidents)
    world.clock.moved_ms = 86_400_000
    world.recorder.put(ClockTrust(True, 3))
    world.press(2, room=102)
    until("two incidents", lambda: len(world.view.incidents) == 2)
    until("all written", lambda: not world.recorder._uncommitted)
    lines = [(line.what, line.detail.get("clock")) for row in world.rows for line in row.record]
    found = [
        line for line in lines if line[0] in ("hub-started", "clock-jumped", "clock-synchronised", "event")
    ]
    assert found[:3] == [("hub-started", "not known"), ("event", "not known"), ("clock-jumped", "not known")]
    assert sorted(found[3:])[0] == ("clock-synchronised", "synchronised")
    now = world.clock.now().wall
    for incident in world.view.incidents.values():
        assert 0 <= now - incident.opened_at < 10_000
        assert not incident.late
    anchors = [
        msgspec.json.decode(row.facts[ANCHOR], type=Anchor) for row in world.rows if ANCHOR in row.facts
    ]
    assert {anchor.boot for anchor in anchors} == {BOOT}
    assert anchors[-1].wall - anchors[0].wall > 86_000_000


def test_the_posture_leaves_after_its_commit_or_from_memory_while_the_disk_hangs(world: World) -> None:
    """A lockdown waits for no disk; its person is answered after 2 s, with the truth."""
    asked = world.recorder.ask(SetPosture("hold", "Reyes", "board"))
    assert asked.result(5) == PostureSet(world.site.postures.current, changed=True)
    assert [posture.posture for posture in world.postures] == ["hold"]
    world.gate.clear()
    asked = world.recorder.ask(SetPosture("lockdown", "Reyes", "board"))
    until("told from memory", lambda: world.postures[-1].posture == "lockdown")
    assert not asked.done()
    answer = asked.result(5)
    assert isinstance(answer, PostureSet)
    assert not answer.recorded
    until("a trouble", lambda: "store" in world.view.troubles)
    world.gate.set()
    until("the disk well", lambda: "store" not in world.view.troubles)
    assert [posture.posture for posture in world.postures] == ["hold", "lockdown"]


def test_every_link_that_comes_up_is_told_the_posture_that_was_let_out(world: World) -> None:
    """Not one that is decided and not let out yet; and none that a person is to say first."""
    world.recorder.put(Link("rest", True, ""))
    until("told", lambda: [posture.posture for posture in world.postures] == ["normal"])
    world.gate.clear()
    asked = world.recorder.ask(SetPosture("lockdown", "Reyes", "board"))
    world.recorder.put(Link("rest", True, "", broker=1))
    until("the other, too", lambda: len(world.postures) > 1)
    assert world.postures[1] == world.postures[0]
    world.gate.set()
    asked.result(5)
    assert world.postures[-1].posture == "lockdown"
    told = len(world.postures)
    decision = Decision(world.clock.now().mono)
    world.site.postures.hold_back(decision, "restored", world.clock.now())  # and not committed yet
    world.recorder.put(Link("rest", True, ""))
    world.recorder.ask(SetPosture("secure", "Reyes", "board")).result(5)  # refused: it comes after the link
    assert len(world.postures) == told


def test_a_rooms_next_press_waits_for_the_commit_under_way_and_for_no_later_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Heartbeats that never stop keep something on its way to a slow disk at every moment."""
    world = World(start=False)
    recorder, start = world.recorder, world.clock.now()
    moment = [start]
    monkeypatch.setattr(world.clock, "now", lambda: moment[0])
    recorder._uncommitted.extend([start.mono, start.mono + 0.02])
    moment[0] = Now(start.mono + 0.04, start.wall)
    assert recorder._again() == 0
    recorder._note_commit(_Commit(None, quarantined=False, count=1))
    assert recorder._again() == AGAIN
    moment[0] = Now(start.mono + 0.05, start.wall)
    assert recorder._again() == 0
    recorder._note_commit(_Commit(None, quarantined=False, count=1))
    assert recorder._again() == AGAIN
