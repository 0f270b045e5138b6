"""What ``check`` says of plans that are no fault and yet should be thought over."""

from __future__ import annotations

from typing import Any

import pytest

from config.plan_checks import doubts
from config.plan_settings import DEFAULT_PLANS, PlanSettings, StepSettings

AT_ONCE = StepSettings(after_s=0, notify=("sro",))


def plan(*first: str, **more: Any) -> dict[str, PlanSettings]:
    facts: dict[str, Any] = {"kinds": ("panic", "duress"), "steps": (StepSettings(after_s=0, notify=first),)}
    return {"mine": PlanSettings(**(facts | more))}


def test_the_default_plans_leave_no_doubt() -> None:
    """They tell officer and dispatch of a panic and a duress together, at 0 s."""
    assert doubts(DEFAULT_PLANS) == []


@pytest.mark.parametrize(
    ("found", "missing"),
    [
        (plan("sro"), "dispatch"),
        (plan("dispatch"), "sro"),
        (plan("nurse"), "sro and dispatch"),
        (
            plan(
                steps=(
                    StepSettings(after_s=0, notify=("sro",)),
                    StepSettings(after_s=1, notify=("dispatch",)),
                )
            ),
            "dispatch",
        ),
    ],
)
def test_a_panic_plan_that_does_not_tell_both_at_once_is_named(
    found: dict[str, PlanSettings], missing: str
) -> None:
    (said,) = doubts(found)
    assert said.startswith(f"plan mine does not tell {missing} at once")


def test_plans_of_other_kinds_and_of_drills_are_the_schools_own() -> None:
    """An assist need not reach the officer at all; a drill must not reach dispatch."""
    assert doubts(plan("nurse", kinds=("assist", "medical"))) == []
    assert doubts(plan("nurse", drill="only")) == []
