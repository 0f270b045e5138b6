"""Names go from what the hub keeps beside its record, too, as their time in the record is over."""

from __future__ import annotations

from collections.abc import Callable

from hub.asking import EndDrill, PartOfDrill, PlanDrill, SetPosture
from hub.inputs import TimeOver
from hub.store.retention import Due
from tests.scenarios.rig import Rig
from tests.scenarios.school import school


def test_who_led_and_answered_a_drill_and_set_the_posture_goes_with_its_rows(
    make_rig: Callable[..., Rig],
) -> None:
    rig = make_rig(school())
    rig.ask(PlanDrill("lockdown", "Ortiz", "Bo Planner", "board", 600))
    rig.press(101)
    rig.wait(20)
    rig.press(101)
    rig.wait(1)
    rig.ask(PartOfDrill("1", "Cy Answerer", "board", "room-101"))
    rig.ask(EndDrill("1", "Di Ender", "board"))
    rig.ask(SetPosture("secure", "Ed Officer", "board", note="a dog, says Flo"))
    rig.wait(10)
    kept = " ".join(rig.journal.load().facts.values())
    names = ("Ortiz", "Bo Planner", "Cy", "Di Ender", "Ed Officer", "Flo")
    assert [name for name in names if name not in kept] == []
    due, after = Due(rig._reader, "lincoln"), (-1, "")
    while found := due.personal(rig.now().wall + 1, after):
        rig._input(TimeOver("older than its time", tuple(found)))
        after = found[-1]
    rig.wait(1)
    kept = " ".join(rig.journal.load().facts.values())
    assert [name for name in names if name in kept] == []
    assert rig.view.posture.by == "(removed)"
    rig.restart(5)
    assert (rig.view.posture.posture, rig.view.posture.by) == ("secure", "(removed)")
