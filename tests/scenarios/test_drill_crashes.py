"""A crash at each commit and each call of a far side of a drill: nothing is swallowed, or told twice."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from hub.asking import EndDrill, PlanDrill
from hub.inputs import ClockTrust
from hub.store.reading import Reading
from tests.scenarios.replay import differences
from tests.scenarios.test_crash_anywhere import Mortal, deliveries


def script(rig: Mortal) -> None:
    """A drill of a lockdown; two presses of it, one that was not expected, one after that had become real."""
    rig.ask(PlanDrill("lockdown", "Ortiz", "Okafor", "board", 300, posture="lockdown"))
    rig.pass_time(5)
    rig.live(lambda: rig.press(101))
    rig.pass_time(5)
    rig.live(lambda: rig.press(102))
    rig.pass_time(20)
    rig.live(lambda: rig.press(101))
    rig.pass_time(40)
    rig.live(lambda: rig.press(103))
    rig.pass_time(20)
    rig.ask(EndDrill("1", "Okafor", "board"))
    rig.pass_time(10)


def run(record: Path, data: Path, dies_at: frozenset[int], starts: str) -> Mortal:
    data.mkdir()
    shutil.copy(record, data / "tocsin.db")
    rig = Mortal(data, dies_at, "hub" if starts == "hub" else "machine")
    rig.clock = ClockTrust(True)
    script(rig)
    return rig


def what_came_of_it(rig: Mortal) -> dict[str, object]:
    """What must be as it is without a crash, but for times."""
    incidents = {
        incident.drill: sorted(str(event.id) for event in incident.events)
        for incident in Reading(rig._reader, rig.settings.site).incidents()
    }
    now = rig.view.posture
    return {
        "incidents": incidents,
        "posture": (now.posture, now.drill),
        "drills": [drill.state for drill, _ in rig.view.drills.values()],
        "receipts": {event for _, event in rig.receipts},
        "dispatch": sorted(
            {e["id"] for n in rig.notices if n.channel == "dispatch" for e in n.incident["events"]}
        ),
        "owed": [d.id for d in deliveries(rig) if d.state == "owed"],
        "other than the record": differences(
            rig.site, rig.loaded_site(rig.journal.load(), rig.now()), rig.now()
        ),
    }


@pytest.fixture(scope="module")
def undisturbed(empty_record: Path, tmp_path_factory: pytest.TempPathFactory) -> Mortal:
    return run(empty_record, tmp_path_factory.mktemp("drill") / "whole", frozenset(), "hub")


def test_the_script_comes_past_all_of_it(undisturbed: Mortal) -> None:
    """Two presses in the drill alone, one in both, one real; dispatch hears of what is real."""
    assert what_came_of_it(undisturbed) == {
        "incidents": {True: ["e1", "e2", "e3"], False: ["e3", "e4"]},
        "posture": ("lockdown", False),
        "drills": ["ended"],
        "receipts": {"e1", "e2", "e3", "e4"},
        "dispatch": ["e3", "e4"],
        "owed": [],
        "other than the record": [],
    }


@pytest.mark.parametrize("starts", ["hub", "machine"])
def test_a_crash_at_any_point_of_a_drill(
    empty_record: Path, tmp_path: Path, undisturbed: Mortal, starts: str
) -> None:
    wanted, broken = what_came_of_it(undisturbed), {}
    for point in range(0 if starts == "hub" else 1, len(undisturbed.points), 3):
        rig = run(empty_record, tmp_path / str(point), frozenset({point}), starts)
        assert rig.deaths == 1
        if (found := what_came_of_it(rig)) != wanted:
            broken[point, undisturbed.points[point]] = found
        shutil.rmtree(tmp_path / str(point))
    assert broken == {}
