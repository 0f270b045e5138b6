"""A fault of our own in one thing holds up no other."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import pytest

from config.hub_settings import HubSettings
from hub.asking import PlanDrill
from hub.inputs import ClockTrust
from hub.site import FAULT_PAUSE_S
from tests.scenarios.rig import Rig
from tests.scenarios.school import school as settings_of_school


def test_a_fault_in_what_is_due_is_a_trouble_and_holds_up_nobody(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One wake-up fails: the incident's steps go out all the same, and what failed is tried again."""
    tries = 0

    def planted(*_: Any) -> None:
        nonlocal tries
        tries += 1
        raise RuntimeError("planted")

    rig.press(101)
    monkeypatch.setitem(rig.site._looks, "device", planted)
    rig.wait(50)  # past every device's deadline, and past the step at 30 s
    assert "30 s principal opened r1: 101" in rig.said()
    assert "planted" in rig.site.troubles.open["hub fault"].detail
    before = tries
    rig.wait(FAULT_PAUSE_S + 0.1)
    assert tries > before


def test_a_fault_in_what_follows_loses_no_step(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """The step at 30 s is taken, and the look at what that changed fails: the step goes out all the same."""
    follow_up = rig.site.doors.follow_up
    fails = [True]

    def planted(*given: Any) -> None:
        if fails.pop() if fails else False:
            raise RuntimeError("planted")
        follow_up(*given)

    rig.press(101)
    rig.wait(29)
    rig.said()
    monkeypatch.setattr(rig.site.doors, "follow_up", planted)
    rig.wait(1)
    assert not fails
    assert rig.said() == ["30 s principal opened r1: 101"]
    assert "planted" in rig.site.troubles.open["hub fault"].detail


@pytest.mark.parametrize("part", ["doors.weeks.rewrite", "proving.look_at_all"])
def test_a_fault_as_the_clock_jumps_leaves_no_press_untold(
    make_rig: Callable[[HubSettings], Rig], monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    """The clock of a machine without a battery is set, and a press is no drill's after all: it is told at
    once, though another part fails before it, or after."""
    rig = make_rig(settings_of_school())
    rig.clock = ClockTrust(True)
    rig.ask(PlanDrill("lockdown", "Ortiz", "Reyes", "board", 1800.0))
    rig.wait(60)
    rig.wall_jumps_silently(-10 * 3600)
    rig.restart(10 * 3600)
    rig.press(101)
    rig.wait(3)
    rig.said()
    assert [incident.drill for incident in rig.site.incidents.unresolved()] == [True]

    def planted(*_: Any) -> None:
        raise RuntimeError("planted")

    owner, _, name = part.rpartition(".")
    monkeypatch.setattr(operator.attrgetter(owner)(rig.site), name, planted)
    rig.wall_jumps(10 * 3600)
    assert False in [incident.drill for incident in rig.site.incidents.unresolved()]
    assert any("dispatch" in line for line in rig.said())
    assert "planted" in rig.site.troubles.open["hub fault"].detail
