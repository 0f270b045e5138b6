"""What is wrong with plans, and what is no fault and yet should be known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from config.contract import PANIC_KINDS
from config.not_known import where_known
from config.people_settings import AudienceSettings
from config.plan_settings import PlanSettings, PostureSettings, StepSettings
from config.settings import Report

AT_ONCE: Final = ("sro", "dispatch")
"""Whom a panic or a duress tells at 0 s together (the promise that somebody answers)."""


class Names(NamedTuple):
    """What the rest of the settings has that a plan may name."""

    audiences: frozenset[str]
    schedules: frozenset[str]
    devices: frozenset[str]
    buildings: frozenset[str]


def check_plans(plans: Mapping[str, PlanSettings], known: Names, report: Report) -> None:
    """Report the faults that lie within and between plans."""
    for name, plan in plans.items():
        key = f"plans.{name}"
        for check in (_check_first, _check_repeats, _check_last, _check_waiting, _check_doors):
            with where_known:
                check(plan, key, report)
        with where_known:
            _check_conditions(plan, key, known, report)
        _check_notified(plan, key, known, report)
    with where_known:
        groups = {plan.group_by for plan in plans.values()}
        if len(groups) > 1:
            found = ", ".join(sorted(groups))
            cure = "all panic kinds join: give every plan the same group_by"
            report("plans", f"group_by differs ({found})", cure)
    with where_known:
        _check_order(plans, report)


def check_postures(plans: Mapping[str, PlanSettings], posture: PostureSettings, report: Report) -> None:
    """Report the plans that would set a posture where the school lets none."""
    for name, plan in plans.items():
        with where_known:
            if plan.posture is not None and not posture.plans_may_raise:
                cure = "set [posture] plans_may_raise = true, or leave posture out: a person sets it"
                report(f"plans.{name}.posture", f"{plan.posture!r}, but no plan may raise it", cure)


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


def nobody_for_the_officer(
    plans: Mapping[str, PlanSettings], audiences: Mapping[str, AudienceSettings]
) -> bool:
    """Tell whether a panic tells somebody, and nobody in the officer's place."""
    told = {name for name, one in audiences.items() if one.channels or one.members}
    named = {
        name
        for plan in plans.values()
        if "panic" in plan.kinds
        for step in plan.steps
        for name in step.notify
    }
    return bool(told & named) and AT_ONCE[0] not in told


def _check_first(plan: PlanSettings, key: str, report: Report) -> None:
    if not plan.steps:
        report(f"{key}.steps", "none", "give at least one step")
    elif not any(_is_first(step) and step.notify for step in plan.steps):
        report(f"{key}.steps", "nobody is told at once", "give one step after_s = 0 and somebody to notify")


def _check_notified(plan: PlanSettings, key: str, known: Names, report: Report) -> None:
    with where_known:
        for i, step in enumerate(plan.steps):
            with where_known:
                _check_names(f"{key}.steps[{i}].notify", step.notify, "audience", known.audiences, report)


def _check_repeats(plan: PlanSettings, key: str, report: Report) -> None:
    for i, step in enumerate(plan.steps):
        with where_known:
            if step.times is not None and step.repeat_s is None:
                cure = "set repeat_s, or leave times out"
                report(f"{key}.steps[{i}].times", f"{step.times}, but no repeat_s", cure)
        with where_known:
            if step.when == "confirmed" and plan.confirm is None:
                cure = f"add {key}.confirm = {{ rooms = 2, within_s = 60 }}, or leave when out"
                found = "'confirmed', but the plan says nothing of confirming"
                report(f"{key}.steps[{i}].when", found, cure)


def _check_last(plan: PlanSettings, key: str, report: Report) -> None:
    asking = [i for i, step in enumerate(plan.steps) if step.when == "always"]
    if not asking:
        return
    last = max(asking, key=lambda i: (plan.steps[i].after_s, i))
    if plan.steps[last].times is not None:
        cure = "leave times out: the last step repeats until somebody answers"
        report(f"{key}.steps[{last}].times", f"{plan.steps[last].times} on the last step", cure)


def _check_waiting(plan: PlanSettings, key: str, report: Report) -> None:
    """A confirmation may raise what is told; the first word to the officer waits for none."""
    told = {audience for step in plan.steps if step.when == "always" for audience in step.notify}
    for i, step in enumerate(plan.steps):
        if step.when == "confirmed" and "sro" in step.notify and "sro" not in told:
            cure = "tell sro in a step that waits for nothing, too"
            report(f"{key}.steps[{i}].when", "sro is told only once it is confirmed", cure)


def _check_doors(plan: PlanSettings, key: str, report: Report) -> None:
    """What only doors have stands in a plan of theirs."""
    for name, is_set in (("doors", bool(plan.doors)), ("in_lockdown", plan.in_lockdown != "line")):
        if is_set and "door" not in plan.kinds:
            found = f"set, but its kinds are {', '.join(plan.kinds)}"
            report(f"{key}.{name}", found, "add 'door' to the kinds, or leave it out")


def _check_conditions(plan: PlanSettings, key: str, known: Names, report: Report) -> None:
    _check_names(f"{key}.rooms", plan.rooms, "device", known.devices, report)
    _check_names(f"{key}.buildings", plan.buildings, "building", known.buildings, report)
    _check_names(f"{key}.during", plan.during, "schedule", known.schedules, report)


def _check_names(key: str, names: tuple[str, ...], what: str, known: frozenset[str], report: Report) -> None:
    for name in names:
        if name not in known:
            allowed = ", ".join(sorted(known)[:20]) or "none is set"
            report(key, f"no {what} {name!r}", f"{what}s: {allowed}")


def _check_order(plans: Mapping[str, PlanSettings], report: Report) -> None:
    """Each kind needs a plan that asks for nothing else, and nothing after that is ever reached."""
    taken: dict[str, str] = {}
    for name, plan in plans.items():
        with where_known:
            for kind in [kind for kind in plan.kinds if kind in taken]:
                if plan.is_general:
                    cure = "one plan a kind that asks for nothing else"
                    report(f"plans.{name}.kinds", f"{kind!r} is already in plans.{taken[kind]}", cure)
                else:
                    cure = f"move it before plans.{taken[kind]}: the first whose conditions hold is taken"
                    report(f"plans.{name}", f"never taken for {kind!r}", cure)
            if plan.is_general:
                taken |= dict.fromkeys((kind for kind in plan.kinds if kind not in taken), name)
    for kind in PANIC_KINDS:
        # Asked of every plan, so that one whose kinds aren't known leaves it open who tells of this one.
        if plans and not any(kind in plan.kinds and plan.is_general for plan in plans.values()):
            cure = f"add {kind!r} to the kinds of a plan that asks for nothing else"
            report("plans", f"no plan tells anybody of {kind!r}", cure)


def _is_first(step: StepSettings) -> bool:
    return step.after_s == 0 and step.when == "always"
