"""What is no fault of the settings of drills, and yet should be thought over."""

from __future__ import annotations

from config.drill_checks import doubts
from config.plan_settings import DEFAULT_PLANS, PlanSettings, StepSettings


def plan(*notify: str, kinds: tuple[str, ...] = ("panic",)) -> dict[str, PlanSettings]:
    return {"one": PlanSettings(kinds=kinds, steps=(StepSettings(after_s=0, notify=notify),))}  # type: ignore[arg-type]


def test_the_plans_that_hold_without_any_are_well() -> None:
    assert doubts(DEFAULT_PLANS) == []


def test_a_dispatch_centre_under_another_name_is_called_in_drills_and_check_says_so() -> None:
    assert doubts(plan("sro", "dispatch")) == []
    (said,) = doubts(plan("sro", "county"))
    assert said == (
        "no plan tells an audience named dispatch: a drill spares that one and alarm receivers alone, and"
        " calls all others (county, sro); give the dispatch centre that name"
    )


def test_what_no_drill_covers_is_none_of_it() -> None:
    assert doubts(plan("county", kinds=("medical",))) == []
