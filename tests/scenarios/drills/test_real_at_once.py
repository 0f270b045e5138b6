"""What is real at once, whatever is drilled."""

from __future__ import annotations

from typing import Any

import pytest

from config.contract import PANIC_KINDS
from hub.asking import PlanDrill, Refused
from tests.scenarios.drills.drilling import of_drill, real, rows, start
from tests.scenarios.rig import Rig

ZONES = {"panic": "wall", "duress": "quiet", "medical": "nurse", "assist": "help"}


def test_a_room_that_is_not_in_it_is_real_at_once(rig: Rig) -> None:
    start(rig, 101, 102)
    rig.wait(20)
    rig.press(103)
    (one,) = real(rig)
    assert "20 s dispatch opened" in rig.asked("dispatch")
    assert f"Room 103: real: Room 103 is not in drill 1; incident {one.number}" in rows(rig, "drill-real")


def test_a_building_may_be_drilled(rig: Rig) -> None:
    start(rig, buildings=("North",))
    rig.wait(20)
    rig.press(140)
    assert real(rig) == []
    rig.press(101)
    assert len(real(rig)) == 1


def test_a_held_press_is_real_at_once(rig: Rig) -> None:
    """The first alarm of it was the drill's; that it was held is a call of its own."""
    start(rig)
    rig.wait(20)
    rig.press(101)
    rig.wait(3)
    rig.press(101, held=True)
    (one,) = real(rig)
    assert one.events[0].held
    assert "23 s dispatch opened" in rig.asked("dispatch")


@pytest.mark.parametrize("kind", PANIC_KINDS)
def test_only_the_kinds_of_the_drill_are_covered(rig: Rig, kind: str) -> None:
    """Any duress and any medical is real, whatever is drilled; assist is, where it isn't drilled."""
    start(rig)
    rig.wait(20)
    rig.press(101, ZONES[kind], kind)
    assert [one.kind for one in real(rig)] == ([] if kind == "panic" else [kind])


@pytest.mark.parametrize("kind", ["duress", "medical"])
def test_no_drill_is_of_duress_or_medical(rig: Rig, kind: Any) -> None:
    answer = rig.ask(PlanDrill("all", "Ortiz", "Lee", "board", 60, kinds=("panic", kind)))
    assert isinstance(answer, Refused)
    assert answer.error == "bad-input"


@pytest.mark.parametrize(
    "flaw",
    [
        {"zone": "attic"},
        {"kind": "banana"},
        {"kind": "medical"},
        {"v": 9},
        {"age_ms": -5},
        {"at": "yesterday"},
        {"test": True},
        {"cause": "cut"},
        {"what": "open"},
    ],
    ids=str,
)
def test_whatever_is_in_doubt_is_real(rig: Rig, flaw: dict[str, Any]) -> None:
    """Any flaw of the event, a mark of a walk test that nobody opened, a wire that may have been cut."""
    start(rig)
    rig.wait(20)
    zone = flaw.pop("zone", "wall")
    kind = flaw.pop("kind", "panic")
    rig.press(101, zone, kind, **flaw)
    assert len(real(rig)) == 1
    assert of_drill(rig) == []


def test_an_unknown_device_is_real(rig: Rig) -> None:
    start(rig)
    rig.wait(20)
    rig.press(999)
    assert len(real(rig)) == 1


def test_an_id_that_comes_again_with_other_content_is_real(rig: Rig) -> None:
    start(rig)
    rig.wait(20)
    rig.press(101, id="same")
    rig.press(101, "desk", id="same")
    assert len(real(rig)) == 1


def test_a_room_by_another_name_is_still_its_room(rig: Rig) -> None:
    """That the agent calls it something else is a trouble of its own, and no doubt of which room pressed."""
    start(rig)
    rig.wait(20)
    rig.press(101, room="Zimmer 101")
    assert real(rig) == []
