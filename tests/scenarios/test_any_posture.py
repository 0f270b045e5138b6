"""The posture in any history: people, plans, drills, a sick disk, clocks and kills do as they please."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from config.contract import POSTURES, Posture
from hub.asking import PostureSet, Refused
from hub.decision import Decision
from hub.posture import ORDER, SitePosture, lowers
from hub.postures import Postures
from tests.scenarios.rig import Rig
from tests.scenarios.test_posture import raising

NAMES = st.sampled_from(POSTURES)


class AnyPosture(RuleBasedStateMachine):
    """A school whose plans may raise the posture."""

    record: Path

    @initialize()
    def begin(self) -> None:
        self.data = Path(tempfile.mkdtemp())
        shutil.copy(self.record, self.data / "tocsin.db")
        self.rig = Rig(self.data, raising())
        self.numbers = [self.rig.rooms.n if self.rig.rooms else 0]
        self.drills = 0

    def teardown(self) -> None:
        if hasattr(self, "data"):
            shutil.rmtree(self.data)

    @property
    def now(self) -> SitePosture:
        return self.rig.site.postures.current

    def by_itself(self, deed: Callable[[], Any]) -> None:
        """What no person does lowers nothing, and replaces nothing that a person set."""
        was = self.now
        deed()
        now = self.now
        if was.drill or now.posture == was.posture:
            return
        assert was.posture in ORDER
        assert ORDER.index(now.posture) > ORDER.index(was.posture)
        assert not (was.by_person and was.posture != "normal")

    @rule(posture=NAMES, second=st.booleans())
    def somebody_says(self, posture: Any, second: bool) -> None:
        """With one word nothing is given up."""
        was = self.now
        answer = self.rig.posture(posture)
        assert isinstance(answer, Refused) == lowers(was, posture)
        if isinstance(answer, Refused):
            assert self.now == was
            if second:
                answer = self.rig.posture(posture, confirm=answer.confirm)
        if isinstance(answer, PostureSet):
            assert (self.now.posture, self.now.drill, self.now.asked) == (posture, False, None)

    @rule(posture=NAMES, n=st.integers(0, 5))
    def somebody_confirms_what_is_no_more(self, posture: Any, n: int) -> None:
        if lowers(self.now, posture):
            assert isinstance(self.rig.posture(posture, confirm=self.now.n - 1 - n), Refused)

    @rule(room=st.integers(101, 104), kind=st.sampled_from([("wall", "panic"), ("nurse", "medical")]))
    def a_press(self, room: int, kind: tuple[str, str]) -> None:
        self.by_itself(lambda: self.rig.press(room, *kind))

    @rule(resolves=st.booleans())
    def somebody_answers(self, resolves: bool) -> None:
        if self.rig.incidents:
            self.by_itself(self.rig.resolve if resolves else self.rig.acknowledge)

    @rule(seconds=st.sampled_from([0.1, 0.3, 5.0, 125.0]))
    def time_passes(self, seconds: float) -> None:
        self.by_itself(lambda: self.rig.wait(seconds))

    @rule(seconds=st.sampled_from([-86_400.0, -10.0, 10.0, 86_400.0]))
    def the_wall_clock_jumps(self, seconds: float) -> None:
        self.by_itself(lambda: self.rig.wall_jumps(seconds))

    @rule(posture=NAMES.filter(lambda name: name != "normal"))
    def a_drill_begins(self, posture: Any) -> None:
        was, rig = self.now, self.rig
        self.drills += 1
        decision = Decision(rig.now().mono)
        begun = rig.site.postures.begin_drill(decision, posture, str(self.drills), rig.now())
        rig._do(decision)
        assert begun is (was.posture == "normal" and not was.drill)
        assert self.now == was or begun

    @rule(real=st.booleans())
    def a_drill_ends(self, real: bool) -> None:
        was, rig = self.now, self.rig
        decision = Decision(rig.now().mono)
        if real:
            rig.site.postures.take_drill_off(decision, "a panic", rig.now())
        else:
            rig.site.postures.end_drill(decision, str(self.drills), "over", rig.now())
        rig._do(decision)
        if real:
            assert self.now.posture == was.posture
        elif not was.drill:
            assert self.now == was

    @rule()
    def the_disk_hangs(self) -> None:
        self.rig.disk = "hung"

    @rule()
    def the_disk_is_back(self) -> None:
        self.rig.disk = "well"
        self.rig.commit()

    @rule(down=st.sampled_from([0.0, 60.0]), of=st.sampled_from(["machine", "hub"]), jump=st.booleans())
    def it_is_killed_and_started(self, down: float, of: Any, jump: bool) -> None:
        """What the rooms were told stays theirs, whatever the record had of it."""
        if jump:
            self.rig.wall_jumps_silently(-86_400)
        told = self.rig.rooms
        self.rig.broker.clear()
        self.rig.restart(down, of=of)
        self.rooms_hold_at_least(told)

    @rule(data=st.data())
    def it_is_killed_after_a_commit(self, data: Any) -> None:
        self.rig.commit_only(data.draw(st.integers(0, len(self.rig.waiting))))
        self.rig.broker.clear()
        self.rig.restart(1.0)

    @rule(posture=NAMES)
    def it_is_killed_after_telling_from_memory(self, posture: Any) -> None:
        """So that short histories come far enough: the record never has what the rooms were told."""
        self.rig.disk = "hung"
        self.somebody_says(posture, second=True)
        self.rig.wait(0.3)
        self.it_is_killed_and_started(1.0, "hub", jump=False)

    def rooms_hold_at_least(self, told: Posture | None) -> None:
        assert told is not None
        rooms = self.rig.rooms
        assert rooms is not None
        assert rooms == told or rooms.n > told.n

    @invariant()
    def the_rooms_obey_what_is_shown(self) -> None:
        """And numbers only rise; while the disk hangs what is decided waits for 250 ms at most."""
        if not hasattr(self, "rig"):
            return
        rooms = self.rig.rooms
        assert rooms is not None
        assert rooms == self.rig.view.posture.message()
        assert rooms.n >= self.numbers[-1]
        self.numbers.append(rooms.n)
        if not self.rig.waiting:
            assert self.rig.view.posture == self.now


def run(record: Path, examples: int, *, finds: bool = False) -> None:
    machine = type("Machine", (AnyPosture,), {"record": record})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=25,
            deadline=None,
            phases=(Phase.generate,) if finds else tuple(Phase),
            report_multiple_bugs=not finds,
            derandomize=finds,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_any_posture(empty_record: Path) -> None:
    run(empty_record, 25)


def a_number_by_the_clock_alone(patch: pytest.MonkeyPatch) -> None:
    def changed(self: Any, now: Any, posture: Any, *, drill: bool = False, **more: Any) -> SitePosture:
        return SitePosture(now.wall, posture, drill, "2026-01-01T00:00:00.000Z", **more)

    patch.setattr(Postures, "_changed", changed)


def a_plan_that_heeds_nobody(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Postures, "_why_not", lambda *_, **__: None)


def a_start_that_believes_its_record_alone(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Postures, "heard", lambda *_: None)


def one_word_for_everything(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("hub.postures.lowers", lambda *_: False)


@pytest.mark.parametrize(
    "plant",
    [
        a_number_by_the_clock_alone,
        a_plan_that_heeds_nobody,
        a_start_that_believes_its_record_alone,
        one_word_for_everything,
    ],
)
def test_a_planted_fault_is_found(
    empty_record: Path, monkeypatch: pytest.MonkeyPatch, plant: Callable[[pytest.MonkeyPatch], None]
) -> None:
    plant(monkeypatch)
    with pytest.raises(BaseException):  # noqa: B017, PT011 - hypothesis may raise a group of them
        run(empty_record, 60, finds=True)
