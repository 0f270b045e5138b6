"""Which drills are due, and what counts as one that was held."""

from __future__ import annotations

from typing import Any

import pytest

from config.drill_settings import DrillsSettings, DueSettings
from hub.asking import PlanDrill
from tests.scenarios.drills.drilling import drill, start
from tests.scenarios.rig import Make
from tests.scenarios.school import school

DAY_S = 86_400.0
EVERY_30_DAYS = DrillsSettings(due=(DueSettings(name="lockdown", days=30),))


def test_a_clock_that_jumps_wakes_the_calendar_no_more_often(make_rig: Make) -> None:
    rule = DueSettings(name="lockdown", every="month")
    rig = make_rig(school(drills=DrillsSettings(due=(rule,))))
    for n in range(100):
        rig.wall_jumps(3600 if n % 2 else -3600)
    assert [what for _, _, what, _ in rig.site._heap].count("drill-overdue") == 1
    rig.wait(2 * 3600)
    assert [what for _, _, what, _ in rig.site._heap].count("drill-overdue") == 1


def test_a_drill_that_is_overdue_is_a_trouble_until_it_is_held(make_rig: Make) -> None:
    """The board shows by when the next is due; a restart forgets none of it."""
    rig = make_rig(school(drills=EVERY_30_DAYS))
    rig.wait(29 * DAY_S)
    assert rig.troubles("drill-overdue") == []
    rig.restart(10)
    rig.wait(2 * DAY_S)
    assert rig.troubles("drill-overdue") == ["drill-overdue lockdown"]
    assert "none held that this hub knows of" in rig.view.troubles["drill-overdue lockdown"].detail
    assert rig.view.drills_due[0].overdue_since is not None
    start(rig, for_s=300)
    rig.press(101)
    rig.wait(301)
    assert rig.troubles("drill-overdue") == []
    rig.restart(10)
    assert rig.view.drills_due[0].last is not None


def test_a_drill_that_became_real_counts_for_nothing(make_rig: Make) -> None:
    rig = make_rig(school(drills=EVERY_30_DAYS))
    rig.wait(31 * DAY_S)
    start(rig, 101, for_s=300)
    rig.wait(5)
    rig.press(102)
    rig.wait(301)
    assert rig.troubles("drill-overdue") == ["drill-overdue lockdown"]


@pytest.mark.parametrize(("for_s", "posture"), [(1, None), (300, None), (30, "lockdown")])
def test_an_empty_drill_counts_for_nothing(make_rig: Make, for_s: float, posture: Any) -> None:
    """Nobody pressed, and nobody was shown anything for a minute."""
    rig = make_rig(school(drills=EVERY_30_DAYS))
    rig.wait(31 * DAY_S)
    start(rig, for_s=for_s, posture=posture)
    rig.wait(for_s + 1)
    assert rig.troubles("drill-overdue") == ["drill-overdue lockdown"]
    assert drill(rig).counts is False


@pytest.mark.parametrize("how", ["pressed", "shown", "heard of later"])
def test_a_drill_counts_in_which_somebody_pressed_or_was_shown_it(make_rig: Make, how: str) -> None:
    rig = make_rig(school(drills=EVERY_30_DAYS))
    rig.wait(31 * DAY_S)
    start(rig, for_s=60, posture="lockdown" if how == "shown" else None)
    if how == "pressed":
        rig.press(101)
    rig.wait(61)
    if how == "heard of later":
        assert rig.troubles("drill-overdue") == ["drill-overdue lockdown"]
        rig.press(101, age_s=30)
    assert rig.troubles("drill-overdue") == []
    assert drill(rig).counts is True


def test_only_drills_of_its_kinds_count(make_rig: Make) -> None:
    rule = DueSettings(name="shelter", days=30, covers=("Tornado", "earthquake"))
    rig = make_rig(school(drills=DrillsSettings(due=(rule,))))
    rig.wait(31 * DAY_S)
    start(rig, for_s=60)
    rig.press(101)
    rig.wait(61)
    assert rig.troubles("drill-overdue") == ["drill-overdue shelter"]
    rig.ask(PlanDrill("tornado", "Ortiz", "Lee", "board", 60))
    rig.press(102)
    rig.wait(61)
    assert rig.troubles("drill-overdue") == []


def test_a_rule_that_is_gone_leaves_no_trouble(make_rig: Make) -> None:
    rig = make_rig(school(drills=EVERY_30_DAYS))
    rig.wait(32 * DAY_S)
    rig.settings = school()
    rig.restart(5)
    rig.wait(1)
    assert rig.troubles("drill-overdue") == []


def test_a_clock_that_was_never_set_owes_no_drill(make_rig: Make) -> None:
    rig = make_rig(school(drills=EVERY_30_DAYS))
    rig.wall_jumps(-1_700_000_000)
    rig.wait(100 * DAY_S)
    assert rig.troubles("drill-overdue") == []
