"""What is wrong with plans, and what is no fault and yet should be known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from config.contract import PANIC_KINDS
from config.plan_settings import PlanSettings, StepSettings
from config.settings import Report

AT_ONCE: Final = ("sro", "dispatch")
"""Whom a panic or a duress tells at 0 s together (the promise that somebody answers)."""


class Names(NamedTuple):
    """What the rest of the settings has that a plan may name."""

    audiences: tuple[str, ...]
    schedules: tuple[str, ...]
    devices: tuple[str, ...]
    buildings: tuple[str, ...]


def check_plans(plans: Mapping[str, PlanSettings], known: Names, report: Report) -> None:
    """Report the faults that lie within and between plans."""
    for name, plan in plans.items():
        key = f"plans.{name}"
        _check_steps(plan, key, known.audiences, report)
        _check_conditions(plan, key, known, report)
    groups = {plan.group_by for plan in plans.values()}
    if len(groups) > 1:
        found = ", ".join(sorted(groups))
        report(
            "plans", f"group_by differs ({found})", "all panic kinds join: give every plan the same group_by"
        )
    _check_order(plans, report)


def doubts(plans: Mapping[str, PlanSettings]) -> list[str]:
    """Return what is no fault and yet should be thought over, each as a sentence."""
    said = []
    for name, plan in plans.items():
        if plan.drill == "only" or not {"panic", "duress"} & set(plan.kinds):
            continue
        first = {audience for step in plan.steps if _is_first(step) for audience in step.notify}
        if missing := [audience for audience in AT_ONCE if audience not in first]:
            said.append(
                f"plan {name} does not tell {' and '.join(missing)} at once: of a panic or a duress the"
                " officer and dispatch are to hear together, at 0 s"
            )
    return said


def _check_steps(plan: PlanSettings, key: str, audiences: tuple[str, ...], report: Report) -> None:
    if not plan.steps:
        report(f"{key}.steps", "none", "give at least one step")
    elif not any(_is_first(step) and step.notify for step in plan.steps):
        report(f"{key}.steps", "nobody is told at once", "give one step after_s = 0 and somebody to notify")
    for i, step in enumerate(plan.steps):
        for audience in step.notify:
            if audience not in audiences:
                allowed = ", ".join(sorted(audiences)) or "none is set"
                report(f"{key}.steps[{i}].notify", f"no audience {audience!r}", f"audiences: {allowed}")
        if step.times is not None and step.repeat_s is None:
            report(f"{key}.steps[{i}].times", "a limit, but no repeat_s", "set repeat_s, or leave times out")
        if step.when == "confirmed" and plan.confirm is None:
            cure = f"add {key}.confirm = {{ rooms = 2, within_s = 60 }}, or leave when out"
            report(f"{key}.steps[{i}].when", "'confirmed', but the plan says nothing of confirming", cure)
    waiting_for_nothing = [i for i, step in enumerate(plan.steps) if step.when == "always"]
    if waiting_for_nothing:
        last = max(waiting_for_nothing, key=lambda i: (plan.steps[i].after_s, i))
        if plan.steps[last].times is not None:
            cure = "leave times out: the last step repeats until somebody answers"
            report(f"{key}.steps[{last}].times", f"{plan.steps[last].times} on the last step", cure)


def _check_conditions(plan: PlanSettings, key: str, known: Names, report: Report) -> None:
    for device in plan.rooms:
        if device not in known.devices:
            report(f"{key}.rooms", f"no room with device {device!r}", f"devices: {_names(known.devices)}")
    for building in plan.buildings:
        if building not in known.buildings:
            report(f"{key}.buildings", f"no building {building!r}", f"buildings: {_names(known.buildings)}")
    for schedule in plan.during:
        if schedule not in known.schedules:
            report(f"{key}.during", f"no schedule {schedule!r}", f"schedules: {_names(known.schedules)}")


def _check_order(plans: Mapping[str, PlanSettings], report: Report) -> None:
    """Each kind needs a plan that asks for nothing else, and nothing after that is ever reached."""
    taken: dict[str, str] = {}
    for name, plan in plans.items():
        for kind in plan.kinds:
            if kind not in taken:
                continue
            if plan.is_general:
                cure = "one plan a kind that asks for nothing else"
                report(f"plans.{name}.kinds", f"{kind!r} is already in plans.{taken[kind]}", cure)
            else:
                cure = (
                    f"move plans.{name} before plans.{taken[kind]}: the first whose conditions hold is taken"
                )
                report(f"plans.{name}", f"never taken for {kind!r}", cure)
        if plan.is_general:
            for kind in plan.kinds:
                taken.setdefault(kind, name)
    for kind in PANIC_KINDS:
        if plans and kind not in taken:
            cure = f"add {kind!r} to the kinds of a plan that asks for nothing else"
            report("plans", f"no plan tells anybody of {kind!r}", cure)


def _is_first(step: StepSettings) -> bool:
    return step.after_s == 0 and step.when == "always"


def _names(names: tuple[str, ...]) -> str:
    return ", ".join(sorted(names)[:20]) or "none is set"
