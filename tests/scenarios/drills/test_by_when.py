"""A press is a drill's by when it was pressed, not by when the hub hears of it."""

from __future__ import annotations

import msgspec
import pytest
from msgspec.structs import replace

from hub.decision import Decision
from hub.drill_memory import DrillMemory
from tests.hub.making import came, event_bytes
from tests.scenarios.drills.drilling import of_drill, presses, real, start, titles
from tests.scenarios.rig import WALL_0, Rig, Sent


def test_a_press_of_before_the_drill_that_comes_in_it_is_real(rig: Rig) -> None:
    rig.wait(60)
    start(rig)
    rig.wait(5)
    rig.press(101, age_s=6)
    assert len(real(rig)) == 1


def test_a_press_of_the_drill_that_comes_after_its_end_is_the_drills(rig: Rig) -> None:
    start(rig, for_s=300)
    rig.wait(400)
    rig.press(101, age_s=200)
    assert real(rig) == []
    assert presses(rig) == ["room-101 expected"]
    assert titles(rig, "reyes")[0].startswith("reyes: DRILL 1, EXPECTED: LATE PANIC Room 101")
    assert of_drill(rig) == []  # nobody is left with a drill that is over
    rig.press(101, age_s=99)
    assert len(real(rig)) == 1


def test_a_second_press_of_the_drill_that_comes_after_its_end_is_not_expected(rig: Rig) -> None:
    start(rig, for_s=300)
    rig.wait(10)
    rig.press(101)
    rig.wait(400)
    rig.press(101, age_s=200)
    assert presses(rig) == ["room-101 expected", "room-101 not-expected"]
    rig.wait(31)
    assert len(real(rig)) == 1
    assert of_drill(rig) == []


def test_a_press_after_its_end_is_real(rig: Rig) -> None:
    start(rig, for_s=300)
    rig.wait(301)
    rig.press(101)
    assert len(real(rig)) == 1


@pytest.mark.parametrize(("after_s", "is_real"), [(1.0, True), (3.5, False)])
def test_near_the_start_a_press_that_lay_in_the_broker_is_in_doubt(
    rig: Rig, after_s: float, is_real: bool
) -> None:
    """The broker counts in whole seconds: such a press may have been before it."""
    start(rig)
    rig.wait(after_s)
    sent = len(rig.broker)
    rig.crash()
    rig.broker.clear()
    event = {
        "v": 1, "id": "e", "boot": "b", "seq": 1, "zone": "wall", "kind": "panic", "what": "alarm",
        "age_ms": 0, "test": False,
    }  # fmt: skip
    rig.broker[10_000 + sent] = Sent("room-101", msgspec.json.encode(event), rig.t)
    rig.restart(5, of="hub")
    assert bool(real(rig)) is is_real


def test_an_earlier_reckoning_of_before_the_drill_makes_a_press_real(rig: Rig) -> None:
    """A copy that came by another way shows that it was pressed before the drill: it never was part of it."""
    rig.wait(60)
    start(rig)
    rig.wait(10)
    rig.press(101, id="e", seq=1)
    assert real(rig) == []
    rig.press(101, id="e", seq=1, age_s=20)
    (one,) = real(rig)
    assert one.events[0].at == WALL_0 + 50_000
    rig.press(101, id="e", seq=1, age_s=40)
    (one,) = real(rig)
    assert one.events[0].at == WALL_0 + 30_000


def test_a_press_in_a_drill_that_our_own_code_fails_on_is_real(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the drill's incident has it already: nobody would ask what it is."""
    start(rig)
    rig.wait(20)
    monkeypatch.setattr(DrillMemory, "keep_press", lambda *_: 1 / 0)
    fact = came(event_bytes(id="e1"))
    fact, now, decision = replace(fact, arrived=rig.now()), rig.now(), Decision(0.0)
    with pytest.raises(ZeroDivisionError):
        rig.site.decide(fact, now, {}, into=decision)
    assert [incident.drill for incident, _ in decision.incidents.values()] == [True]
    rig.site.in_doubt(decision, fact, now)
    assert [incident.kind for incident, _ in decision.incidents.values() if not incident.drill] == ["panic"]
    assert any(owed.target.channel == "dispatch" for owed in decision.owed)
