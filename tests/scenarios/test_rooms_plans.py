"""An incident whose rooms have plans of their own: each press begins that of its place, and none is lost."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from config.hub_settings import HubSettings
from config.plan_settings import PlanSettings, StepSettings
from tests.scenarios.rig import Rig, site_settings

MAIN = PlanSettings(
    kinds=("panic", "duress"),
    steps=(
        StepSettings(after_s=0, notify=("sro",)),
        StepSettings(after_s=30, notify=("sro",), repeat_s=60),
    ),
)
NORTH = replace(
    MAIN,
    buildings=("North",),
    steps=(
        StepSettings(after_s=0, notify=("principal",)),
        StepSettings(after_s=20, notify=("principal",), repeat_s=60),
    ),
)
LAB = replace(MAIN, rooms=("room-105",), steps=(StepSettings(after_s=0, notify=("dispatch",), repeat_s=60),))
MAIN_ROOM, LAB_ROOM, NORTH_ROOM = 101, 105, 140


def settings(**plans: PlanSettings) -> HubSettings:
    """Rooms up to 130 are in Main, the others in North; a laboratory has a plan of its own."""
    return site_settings(plans=plans or {"lab": LAB, "north": NORTH, "main": MAIN})


@pytest.fixture
def rig(make_rig: Callable[..., Rig]) -> Rig:
    return make_rig(settings())


def test_a_later_room_s_plan_tells_its_own_at_once_and_the_first_goes_on(rig: Rig) -> None:
    """North's principal hears at 10 s, dispatch of the laboratory at 12 s; the officer's 30 s stay."""
    rig.press(MAIN_ROOM)
    rig.wait(10)
    rig.press(NORTH_ROOM)
    rig.wait(2)
    rig.press(LAB_ROOM)
    rig.wait(20)
    assert len(rig.incidents) == 1
    assert rig.said("principal")[0] == "10 s principal opened r2: 101, 140"
    assert [notice.at for notice in rig.notices if notice.audience == "dispatch"] == [12]
    asked = [(notice.at, notice.audience) for notice in rig.notices if notice.type == "incident.updated"]
    assert {(30, "sro"), (30, "principal")} <= set(asked)


def test_a_room_with_the_same_plan_begins_nothing_anew(rig: Rig) -> None:
    rig.press(MAIN_ROOM)
    rig.wait(10)
    rig.press(MAIN_ROOM + 1)
    rig.wait(25)
    assert rig.said("principal", "dispatch") == []
    assert [notice.at for notice in rig.notices] == [0, 10, 30]


def test_both_plans_go_on_after_a_restart(rig: Rig) -> None:
    rig.press(MAIN_ROOM)
    rig.wait(10)
    rig.press(NORTH_ROOM)
    rig.restart(5)
    rig.said()
    rig.wait(20)
    assert {(notice.at, notice.audience) for notice in rig.notices if notice.at > 15} == {
        (30, "sro"),
        (30, "principal"),
    }


@pytest.mark.parametrize("while_it_runs", [True, False])
def test_where_their_plans_are_gone_each_room_has_that_of_its_place(rig: Rig, while_it_runs: bool) -> None:
    """New settings name other plans, and North's tells dispatch: it hears at once."""
    rig.press(MAIN_ROOM)
    rig.wait(1)
    rig.press(NORTH_ROOM)
    rig.wait(9)
    anew = replace(NORTH, steps=(StepSettings(after_s=0, notify=("dispatch",), repeat_s=60),))
    after = settings(northern=anew, southern=MAIN)
    assert rig.said("dispatch") == []
    if while_it_runs:
        rig.reload(after)
    else:
        rig.crash()
        rig.settings = after
        rig.restart(0)
    rig.wait(1)
    assert rig.said("dispatch") == ["10 s dispatch opened r2: 101, 140"]
