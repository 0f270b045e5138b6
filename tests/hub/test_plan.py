"""Which plan is the one, and what its steps are once audiences in order are laid out."""

from __future__ import annotations

from typing import Any

import pytest

from hub.incident import Place
from hub.plan import LAST_REPEAT_S, Condition, Plan, Step, choose, unfolded, why_not
from tests.hub.making import place

ANY = ("panic", "duress", "medical", "assist")


def plan(name: str, kinds: Any = ANY, **conditions: Any) -> Plan:
    return Plan(name, condition=Condition(kinds, **conditions))


GENERAL = plan("general")


@pytest.mark.parametrize(
    ("first", "where", "kind", "on", "drill", "found"),
    [
        (plan("p", ("panic",)), place(), "panic", (), False, "p"),
        (plan("p", ("panic",)), place(), "medical", (), False, "general"),
        (plan("p", rooms=("room-101",)), place(101), "panic", (), False, "p"),
        (plan("p", rooms=("room-101",)), place(102), "panic", (), False, "general"),
        (plan("p", buildings=("Main",)), place(), "panic", (), False, "p"),
        (plan("p", buildings=("North",)), place(), "panic", (), False, "general"),
        (plan("p", rooms=("room-9",), buildings=("Main",)), place(), "panic", (), False, "p"),
        (plan("p", during=("nights",)), place(), "panic", ("nights",), False, "p"),
        (plan("p", during=("nights",)), place(), "panic", ("days",), False, "general"),
        (plan("p", during=("nights", "days")), place(), "panic", ("days",), False, "p"),
        (plan("p", drill=True), place(), "panic", (), True, "p"),
        (plan("p", drill=True), place(), "panic", (), False, "general"),
        (plan("p", drill=False), place(), "panic", (), True, "general"),
    ],
)
def test_the_first_plan_whose_conditions_hold_is_the_one(
    first: Plan, where: Place, kind: Any, on: tuple[str, ...], drill: bool, found: str
) -> None:
    """Room or building: either names the place. What isn't set asks for nothing."""
    chosen = choose((first, GENERAL), kind, where, lambda name: name in on, drill=drill)
    assert chosen is not None
    assert chosen.name == found
    assert (why_not(first, kind, where, lambda name: name in on, drill=drill) is None) is (found == "p")


def test_an_unknown_device_is_in_no_building() -> None:
    """Whatever it says of itself: it has the plan that asks for nothing."""
    stranger = Place("x", "Main hall", building="Main", known=False)
    chosen = choose((plan("p", buildings=("Main",)), GENERAL), "panic", stranger, lambda _: True, drill=False)
    assert chosen is GENERAL


def test_where_no_plan_is_for_it_there_is_none() -> None:
    assert choose((plan("p", ("medical",)),), "panic", place(), lambda _: True, drill=False) is None


def laid_out(*steps: Step, **positions: int) -> list[tuple[str, float, tuple[str, ...], int]]:
    found = unfolded(steps, lambda audience: positions.get(audience, 1), lambda _: 20.0)
    return [(step.label, step.after_s, step.notify, step.position) for step in found]


def test_an_audience_in_order_is_a_step_for_each_member() -> None:
    """Each 20 s after the one before, among the other steps by time; the rest of a step is told at once."""
    steps = (Step(0, ("sro",)), Step(30, ("office", "nurse")), Step(60, ("sro",), repeat_s=60))
    assert laid_out(*steps, office=3) == [
        ("step 1", 0, ("sro",), 0),
        ("step 2", 30, ("office", "nurse"), 0),
        ("step 2, second in order", 50, ("office",), 1),
        ("step 3", 60, ("sro",), 0),
        ("step 2, third in order", 70, ("office",), 2),
    ]


@pytest.mark.parametrize(
    ("steps", "repeats"),
    [
        ((Step(0, ("a",)),), [LAST_REPEAT_S]),
        ((Step(0, ("a",)), Step(30, ("b",))), [None, LAST_REPEAT_S]),
        ((Step(30, ("b",)), Step(0, ("a",))), [None, LAST_REPEAT_S]),
        ((Step(0, ("a",), repeat_s=10, times=2), Step(30, ("b",), repeat_s=20)), [10, 20]),
        ((Step(0, ("a",)), Step(0, ("b",), when_confirmed=True)), [LAST_REPEAT_S, None]),
    ],
)
def test_the_last_step_of_all_never_rests(steps: tuple[Step, ...], repeats: list[float | None]) -> None:
    """By time, not by the file; one that waits for a confirmation may never come, and is not the last."""
    found = unfolded(steps, lambda _: 1, lambda _: 30.0)
    assert [step.repeat_s for step in found] == repeats
    assert [step.times for step in found if step.repeat_s and not step.when_confirmed][-1] is None


def test_a_last_step_in_order_repeats_for_each_member() -> None:
    """Else only the last of them would be asked again."""
    found = unfolded((Step(0, ("office",)),), lambda _: 2, lambda _: 20.0)
    assert [(step.position, step.repeat_s) for step in found] == [(0, LAST_REPEAT_S), (1, LAST_REPEAT_S)]
