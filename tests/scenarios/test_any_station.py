"""Any history with a monitoring station: what it heard is true at the end, in order, and never of a drill."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from config.drill_settings import DrillsSettings
from hub.asking import EndDrill, OpenWalkTest, PlanDrill
from tests.scenarios.rig import Rig
from tests.scenarios.test_station import STATION, heard_all, numbers, settle
from tests.scenarios.test_station import settings as school

ROOMS = (101, 102)
ZONES = {"wall": "panic", "desk": "panic", "quiet": "duress", "nurse": "medical"}

steps = st.one_of(
    st.tuples(st.just("press"), st.sampled_from(ROOMS), st.sampled_from(sorted(ZONES))),
    st.tuples(st.just("test"), st.sampled_from(ROOMS), st.sampled_from(sorted(ZONES))),
    st.tuples(st.just("wait"), st.sampled_from([0.5, 3.0, 61.0, 400.0])),
    st.tuples(st.just("far"), st.sampled_from(["takes", "down", "hangs"])),
    st.tuples(st.just("resolve"), st.sampled_from(["real", "false-alarm", "test", "drill"])),
    st.tuples(st.sampled_from(["acknowledge", "drill", "end-drill", "restart", "walk"])),
)


def take(rig: Rig, step: tuple[Any, ...]) -> None:
    """Do one step; what the hub refuses is refused."""
    match step:
        case ("press" | "test", room, zone):
            rig.press(room, zone, ZONES[zone], test=step[0] == "test")
        case ("wait", seconds):
            rig.wait(seconds)
        case ("far", what):
            rig.far["dispatch"] = what
        case ("resolve", disposition):
            for which in range(len(rig.incidents)):
                rig.resolve(disposition, which=which)
        case (name,):
            PLAIN[name](rig)


def _acknowledge(rig: Rig) -> None:
    for which in range(len(rig.incidents)):
        rig.acknowledge(which=which)


def _restart(rig: Rig) -> None:
    rig.restart()
    settle(rig)


def _walk(rig: Rig) -> None:
    heard_all(rig)
    rig.ask(OpenWalkTest("room-101", "Silva", "board", for_s=120))


def _end_drill(rig: Rig) -> None:
    for number in list(rig.view.drills):
        rig.ask(EndDrill(number, "Lee", "board"))


PLAIN: dict[str, Callable[[Rig], object]] = {
    "acknowledge": _acknowledge,
    "restart": _restart,
    "walk": _walk,
    "drill": lambda rig: rig.ask(PlanDrill("lockdown", "Reyes", "Lee", "board", 300)),
    "end-drill": _end_drill,
}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(steps, max_size=14))
def test_any_history_with_a_station(empty_record: Path, history: list[tuple[Any, ...]]) -> None:
    """Each alarm is restored, after it; a cancel is a person's; a bracket closes; no drill is an alarm."""
    with TemporaryDirectory() as folder:
        shutil.copy(empty_record, Path(folder) / "tocsin.db")
        wanted = school(replace(STATION, tests=True), drills=DrillsSettings(dispatch="test"))
        rig = Rig(Path(folder), wanted, {"dispatch": "dc-09"})
        settle(rig)
        for step in history:
            take(rig, step)
        take(rig, ("far", "takes"))
        rig.wait(400)
        take(rig, ("resolve", "real"))
        rig.wait(400)
        judge(rig)


def judge(rig: Rig) -> None:
    """Look at all that the station heard, and at what was really pressed."""
    open_: Counter[tuple[str, int]] = Counter()
    on_test = False
    for _, signal in rig.signals:
        call = (signal.event, signal.zone)
        if signal.event == "on-test":
            assert on_test is signal.restoral, "a bracket begins before it ends, and ends before another"
            on_test = not signal.restoral
        elif signal.event in ZONES.values():
            assert not signal.restoral or open_[call], "no restoral without its alarm before it"
            open_[call] = 0 if signal.restoral else open_[call] + 1
    assert not on_test, "off test at the end"
    assert not +open_, "every alarm is restored once all is resolved"
    real = {
        (detail["kind"], numbers(rig)[f"{detail['device']}/{detail['zone']}"])
        for what, _, detail in rig.record()
        if what == "alarm" and not detail.get("drill")
    }
    told = {(s.event, s.zone) for _, s in rig.signals if s.event in ZONES.values() and not s.restoral}
    assert told <= real, "no drill's or walk test's press is an alarm"
    false_alarms = sum(1 for what, reason, _ in rig.record() if what == "alarm-cancelled")
    assert sum(1 for _, s in rig.signals if s.event == "cancel") == false_alarms
