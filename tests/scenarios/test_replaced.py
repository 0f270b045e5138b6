"""A room's new agent and a clock that is wrong: its buttons are proved once they are pressed, not before."""

from __future__ import annotations

import pytest

from config.hub_settings import WalkTestSettings
from tests.scenarios.conftest import Make
from tests.scenarios.rig import Rig, site_settings
from tests.scenarios.test_enrolment import DAY_S, HOUR_S, enrolled, enrols, made, prove
from tests.scenarios.test_walk_tests import tells


@pytest.fixture
def rig(make_rig: Make) -> Rig:
    """Room 101 is enrolled and proved."""
    rig = make_rig(site_settings(walk_tests=WalkTestSettings(prove_every_days=30)))
    enrolled(rig)
    tells(rig)
    prove(rig)
    return rig


def replaced(rig: Rig) -> None:
    made(rig, "new", replace=True)
    enrols(rig, "new", "k2")
    rig.wait(1)
    assert rig.troubles("prove-again") == ["prove-again room-101"]


def test_a_clock_that_is_set_on_proves_no_button_of_the_new_agent(rig: Rig) -> None:
    """Its proofs move with the clock, and so does the moment at which it was replaced."""
    replaced(rig)
    for _ in range(2):
        rig.wall_jumps(DAY_S)
        rig.wait(HOUR_S)
        assert rig.troubles("prove-again") == ["prove-again room-101"]
        rig.restart(5)
        tells(rig)


@pytest.mark.parametrize("restarts", [False, True])
def test_a_room_that_was_replaced_by_a_clock_that_was_ahead_can_be_proved(
    rig: Rig, *, restarts: bool
) -> None:
    """The clock is put right, and the buttons are pressed: that is after it, whatever was written down."""
    rig.wall_jumps(100 * DAY_S)
    tells(rig)
    replaced(rig)
    if restarts:
        rig.wall_jumps_silently(-100 * DAY_S)
        rig.restart(5)
        rig.settle()
        tells(rig)
    else:
        rig.wall_jumps(-100 * DAY_S)
    assert rig.troubles("prove-again") == ["prove-again room-101"]
    rig.wall_jumps(HOUR_S)
    assert rig.troubles("prove-again") == ["prove-again room-101"]
    rig.wait(60)
    tells(rig)
    prove(rig)
    assert rig.troubles("prove-again") == []
    rig.wait(HOUR_S)
    assert rig.troubles("prove-again") == []
