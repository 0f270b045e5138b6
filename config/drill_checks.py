"""The faults that lie between the settings of drills: terms, and rules by which drills are due."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from config.drill_settings import DrillsSettings, DueSettings, TermSettings
from config.not_known import where_known
from config.people_checks import YEARS
from config.plan_settings import PlanSettings
from config.settings import Report

DISPATCH: Final = "dispatch"
"""The audience that a drill spares."""


def check_drills(drills: DrillsSettings, report: Report) -> None:
    """Report what is wrong with terms and with the rules by which drills are due."""
    for i, term in enumerate(drills.terms):
        with where_known:
            _check_term(f"drills.terms[{i}]", term, report)
    names: set[str] = set()
    for i, rule in enumerate(drills.due):
        with where_known:
            if rule.name in names:
                report(f"drills.due[{i}].name", f"{rule.name!r} is used twice", "give each rule its own name")
            names.add(rule.name)
        with where_known:
            _check_rule(f"drills.due[{i}]", rule, drills, report)


def _check_term(key: str, term: TermSettings, report: Report) -> None:
    for word, day in {"first": term.first, "last": term.last}.items():
        if day.year not in YEARS:
            report(f"{key}.{word}", f"found {day}", f"must be in the years {YEARS[0]} to {YEARS[-1]}")
            return
    if term.last < term.first:
        cure = "must be the same day as first, or a later one"
        report(f"{key}.last", f"{term.last} is before {term.first}", cure)


def doubts(plans: Mapping[str, PlanSettings]) -> list[str]:
    """Return what is no fault and yet should be thought over, each as a sentence."""
    drilled = [plan for plan in plans.values() if {"panic", "assist"} & set(plan.kinds)]
    told = {audience for plan in drilled for step in plan.steps for audience in step.notify}
    if not told or DISPATCH in told:
        return []
    others = ", ".join(sorted(told))
    return [
        f"no plan tells an audience named {DISPATCH}: a drill spares that one and alarm receivers alone, and"
        f" calls all others ({others}); give the dispatch centre that name"
    ]


def _check_rule(key: str, rule: DueSettings, drills: DrillsSettings, report: Report) -> None:
    if (rule.every is None) is (rule.days is None):
        found = "neither every nor days" if rule.every is None else "both every and days"
        report(key, found, 'set one of them: every = "month", "quarter" or "term", or days = 60')
    if rule.every == "term" and not drills.terms:
        cure = "add [[drills.terms]] with first, last and name, or set another every"
        report(f"{key}.every", "'term', but no terms are set", cure)
    if rule.days is not None and rule.count != 1:
        report(f"{key}.count", f"{rule.count} with days", "leave count out: set days to the time between two")
