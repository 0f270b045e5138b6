"""A crash between any two writes: at each commit and each call of a far side of one long script.

After the start every owed notice goes out, nothing is lost, and a crash costs one repeat at most,
under the id that the notice had.
"""

from __future__ import annotations

import random
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import msgspec
import pytest
from msgspec.structs import replace

from config.clock import Now
from hub.asking import Acknowledge, Action, Confirm, Note, Resolve
from hub.decision import Decision
from hub.delivery import Delivery, Outcome
from hub.outbound import Outbound
from tests.scenarios.history import any_school
from tests.scenarios.replay import differences
from tests.scenarios.retelling import contradictions
from tests.scenarios.rig import Rig

PRESSES = {"e1", "e2", "e3", "e4", "e5"}
"""Those of the script's first incident."""


class KilledError(Exception):
    """The hub died here."""


class Mortal(Rig):
    """A rig whose hub dies at given points of its life."""

    def __init__(self, data: Path, dies_at: frozenset[int], starts: Literal["machine", "hub"]) -> None:
        self.dies_at = dies_at
        self.starts = starts
        self.points: list[str] = []
        self.taken: Counter[str] = Counter()
        """How often a far side took each id."""
        self.from_memory: set[str] = set()
        """What it took while the disk hung, which a crash can only repeat."""
        self.deaths = 0
        self.lives = False
        super().__init__(data, any_school(by_building=False), {"dispatch": "dc-09"})
        self.lives = True

    def _write(self, batch: list[Decision]) -> None:
        self._pass("before a commit")
        super()._write(batch)
        self._pass("after a commit")

    def _call(self, delivery: Delivery) -> Outcome:
        self._pass("before a call")
        outcome = super()._call(delivery)
        if outcome.verdict == "delivered":
            self.taken[delivery.id] += 1
            if self.disk == "hung":
                self.from_memory.add(delivery.id)
        self._pass("after a call")
        return outcome

    def _pass(self, point: str) -> None:
        if not self.lives:
            return
        self.points.append(point)
        if len(self.points) - 1 in self.dies_at:
            self.deaths += 1
            raise KilledError(point)

    # --- what a script does, come what may ---

    def live(self, deed: Callable[[], object]) -> bool:
        """Do something; False where the hub died meanwhile, and was started again 1 s later."""
        try:
            deed()
        except KilledError:
            while not self.live(lambda: self.restart(1.0, of=self.starts)):
                pass
            return False
        return True

    def pass_time(self, seconds: float) -> None:
        end = self.t + seconds
        while not self.live(lambda: self.wait(max(end - self.t, 0.0))):
            pass

    def ask(self, action: Action) -> None:
        """A person who gets no answer asks again."""
        while not self.live(lambda: self._ask(action)):
            pass

    def far_side(self, name: str, does: Literal["takes", "down"]) -> None:
        self.far[name] = does
        self.live(self.post)

    def set_disk(self, how: Literal["well", "hung"]) -> None:
        self.disk = how
        if how == "well":
            self.live(lambda: (self.commit(), self.post()))


def script(rig: Mortal) -> None:
    """Presses, a phone that is down, an answer, silence, a note, a disk that hangs, an end; another call."""
    rig.live(lambda: rig.press(101))
    assert rig.incidents, "the press is lost"
    incident = rig.incidents[0]
    rig.pass_time(1)
    rig.live(lambda: rig.press(102))
    rig.pass_time(3)
    rig.far_side("reyes", "down")
    rig.live(lambda: rig.press(140, "quiet", "duress"))
    rig.pass_time(6)
    rig.far_side("reyes", "takes")
    rig.pass_time(40)
    rig.ask(Acknowledge(incident, "Reyes", "board"))
    rig.pass_time(310)  # nothing is heard: Reyes is reminded
    rig.ask(Note(incident, "Reyes", "board", "in Room 102"))
    rig.ask(Confirm(incident, "Ortiz", "board"))
    rig.pass_time(11)
    rig.live(lambda: rig.press(103))
    rig.pass_time(1)
    rig.set_disk("hung")
    rig.live(lambda: rig.press(101, "nurse", "medical"))
    rig.pass_time(2)  # told from memory
    rig.set_disk("well")
    rig.pass_time(130)
    rig.ask(Acknowledge(incident, "Ortiz", "board"))
    rig.far_side("dispatch", "down")
    rig.ask(Resolve(incident, "Ortiz", "board", "real"))
    rig.pass_time(5)
    rig.far_side("dispatch", "takes")
    rig.set_disk("hung")
    rig.live(lambda: rig.press(140, "help", "assist"))
    rig.pass_time(2)  # an incident that is told from memory
    rig.set_disk("well")
    rig.pass_time(400)


def run(record: Path, data: Path, dies_at: frozenset[int], starts: Literal["machine", "hub"]) -> Mortal:
    data.mkdir()
    shutil.copy(record, data / "tocsin.db")
    rig = Mortal(data, dies_at, starts)
    script(rig)
    return rig


def deliveries(rig: Rig) -> list[Delivery]:
    with rig._reader.connect() as connection:
        rows = connection.exec_driver_sql("SELECT row FROM deliveries").all()
    return [msgspec.json.decode(row, type=Delivery) for (row,) in rows]


def first_notices(rig: Rig) -> set[tuple[str, str, str]]:
    return {
        (d.incident, d.target.channel, d.target.audience)
        for d in deliveries(rig)
        if d.type == "incident.opened"
    }


def faults(rig: Mortal, undisturbed: Mortal) -> list[str]:
    """Return what a history with deaths in it lost, doubled or left open, beside one without."""
    found = [*_of_deliveries(rig, undisturbed), *_of_people(rig)]
    if {event for _, event in rig.receipts} != PRESSES | {"e6"} or rig.broker:
        found.append("a press without its receipt")
    now = rig.now()
    found += contradictions(rig._reader, "lincoln")
    return found + differences(rig.site, rig.loaded_site(rig.journal.load(), now), now)


def _of_deliveries(rig: Mortal, undisturbed: Mortal) -> Iterator[str]:
    kept = deliveries(rig)
    if owed := [(d.target.channel, d.type) for d in kept if d.state == "owed"]:
        yield f"still owed: {owed}"
    if lost := [d for d in kept if d.is_first and d.state != "delivered"]:
        yield f"first notices not delivered: {lost}"
    if others := first_notices(rig) ^ first_notices(undisturbed):
        yield f"other first notices than without a crash: {others}"
    if untaken := [d.id for d in kept if d.state == "delivered" and not rig.taken[d.id]]:
        yield f"marked before it was done: {untaken}"
    opened = Counter(
        (n.incident["id"], n.channel, n.audience) for n in rig.notices if n.type == "incident.opened"
    )
    if max(opened.values()) > 1:
        yield f"a first notice under two ids: {opened}"
    repeats = {name: times - 1 for name, times in rig.taken.items() if times > 1}
    if sum(times for name, times in repeats.items() if name not in rig.from_memory) > rig.deaths:
        yield f"{repeats} repeats of {rig.deaths} crashes"
    if max(repeats.values(), default=0) > rig.deaths:
        yield f"{repeats} repeats of {rig.deaths} crashes, told from memory"


def _of_people(rig: Mortal) -> Iterator[str]:
    """Yield what somebody of the first incident was not told, and who was reminded how often."""
    told: dict[tuple[str, str], set[str]] = {}
    over = set()
    notices = [notice for notice in rig.notices if "e1" in {e["id"] for e in notice.incident["events"]}]
    for notice in notices:
        who = (notice.channel, notice.audience)
        told.setdefault(who, set()).update(event["id"] for event in notice.incident["events"])
        if notice.incident["state"] == "resolved":
            over.add(who)
    if short := {who: events for who, events in told.items() if events != PRESSES}:
        yield f"not told of all presses: {short}"
    if unheard := set(told) - over:
        yield f"never heard that it is over: {unheard}"
    reminded = Counter(notice.channel for notice in notices if notice.reminder)
    if reminded != {"reyes": 1}:
        yield f"reminded: {reminded}"


@pytest.fixture(scope="module")
def undisturbed(empty_record: Path, tmp_path_factory: pytest.TempPathFactory) -> Mortal:
    """The script without a crash."""
    return run(empty_record, tmp_path_factory.mktemp("script") / "whole", frozenset(), "hub")


def test_the_script_without_a_crash_has_no_repeat(undisturbed: Mortal) -> None:
    """And comes past all of it: reminders, stand-ins, withdrawn updates, a notice told from memory."""
    assert faults(undisturbed, undisturbed) == []
    assert set(undisturbed.taken.values()) == {0, 1} or set(undisturbed.taken.values()) == {1}
    whats = Counter(what for what, _, _ in undisturbed.record())
    assert {"reminded", "confirmed", "delivery-withdrawn", "delivery-failed", "resolved"} <= set(whats)
    assert len(undisturbed.points) > 100


def crash_at_each(points: range, record: Path, data: Path, undisturbed: Mortal) -> None:
    broken = {}
    for point in points:
        # Of every other deed it is the machine that starts again.
        starts: Literal["hub", "machine"] = "hub" if point // 2 % 2 else "machine"
        rig = run(record, data / str(point), frozenset({point}), starts)
        assert rig.deaths == 1
        if found := faults(rig, undisturbed):
            broken[point, undisturbed.points[point]] = found
        shutil.rmtree(data / str(point))
    assert broken == {}


@pytest.mark.long
def test_a_crash_at_any_point(empty_record: Path, tmp_path: Path, undisturbed: Mortal) -> None:
    """Each point in turn: before and after each commit, before and after each call of a far side."""
    crash_at_each(range(len(undisturbed.points)), empty_record, tmp_path, undisturbed)


def test_a_crash_at_some_points(empty_record: Path, tmp_path: Path, undisturbed: Mortal) -> None:
    """Every seventh of them, of all four sorts."""
    crash_at_each(range(0, len(undisturbed.points), 7), empty_record, tmp_path, undisturbed)


def test_three_crashes_at_any_points(empty_record: Path, tmp_path: Path, undisturbed: Mortal) -> None:
    """Also one while the start after another is busy; the points are the same at every run."""
    chance = random.Random(5)
    for number in range(20):
        first = chance.randrange(len(undisturbed.points))
        dies_at = frozenset({first, first + chance.randint(1, 5), first + chance.randint(6, 40)})
        rig = run(empty_record, tmp_path / str(number), dies_at, "hub")
        assert faults(rig, undisturbed) == [], dies_at
        shutil.rmtree(tmp_path / str(number))


def _done_before_it_is(patch: pytest.MonkeyPatch) -> None:
    owe = Outbound.owe

    def hasty(self: Outbound, decision: Decision, delivery: Delivery, now: Now) -> None:
        owe(self, decision, delivery, now)
        decision.deliveries[delivery.id] = replace(delivery, state="delivered")

    patch.setattr(Outbound, "owe", hasty)


def _ids_by_chance(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("hub.courses.delivery_id", lambda *_: f"d-{random.random()}")


def _let_out_before_it_is_written(patch: pytest.MonkeyPatch) -> None:
    def hasty(self: Mortal) -> None:
        batch, self.waiting = self.waiting, []
        for decision in batch:
            self._tell(decision)
            self.receipts += decision.receipts
            for ack in (decision.ack, *decision.counted):
                if ack is not None:
                    self.broker.pop(ack.mid, None)
        if batch:
            self._write(batch)
        for decision in batch:
            decision.reply(recorded=True)

    patch.setattr(Mortal, "commit", hasty)


@pytest.mark.long
@pytest.mark.parametrize("plant", [_done_before_it_is, _ids_by_chance, _let_out_before_it_is_written])
def test_a_planted_fault_is_found(
    plant: Callable[[pytest.MonkeyPatch], None], empty_record: Path, tmp_path: Path, undisturbed: Mortal
) -> None:
    """At some point of the script a crash shows it."""
    with pytest.MonkeyPatch.context() as patch:
        plant(patch)
        for point in reversed(range(len(undisturbed.points))):
            try:
                rig = run(empty_record, tmp_path / str(point), frozenset({point}), "hub")
            except AssertionError:
                return
            if faults(rig, undisturbed):
                return
    raise AssertionError(f"{plant.__name__} was not found")
