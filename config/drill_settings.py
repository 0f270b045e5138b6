"""The settings of drills: what one does to dispatch, when it becomes real, which drills are due."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from config.not_known import where_known
from config.people_checks import YEARS
from config.people_settings import Date
from config.settings import Report
from config.shared_settings import Name


class TermSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A term of the school year: its first and its last day."""

    first: Date
    last: Date
    name: Name


class DueSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A rule by which drills are due: so many of these kinds in each month, quarter or term, or so often."""

    name: Name
    every: Literal["month", "quarter", "term"] | None = None
    days: Annotated[int, Meta(ge=1, le=400, description="days, 1 to 400")] | None = None
    """Instead of ``every``: at most so many days from one to the next, while there is school."""
    count: Annotated[int, Meta(ge=1, le=31, description="drills, 1 to 31")] = 1
    """How many in each of them."""
    covers: tuple[Name, ...] = ()
    """Drills of these names count; empty: those that are called as the rule is."""


class DrillsSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What holds for every drill, and which are due."""

    dispatch: Literal["not-told", "test"] = "not-told"
    """Dispatch and alarm receivers are not told of a drill, or are told of it as a test."""
    unexpected_real_after_s: Annotated[float, Meta(ge=0, le=300, description="seconds, 0 to 300")] = 30
    """A press that was not expected is real if nobody says within this that it is part of the drill."""
    remind_before_s: Annotated[float, Meta(ge=0, le=900, description="seconds, 0 to 900")] = 120
    """The leader and the officer are reminded of its end this long before; 0: they are not."""
    terms: tuple[TermSettings, ...] = ()
    due: tuple[DueSettings, ...] = ()


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


def _check_rule(key: str, rule: DueSettings, drills: DrillsSettings, report: Report) -> None:
    if (rule.every is None) is (rule.days is None):
        found = "neither every nor days" if rule.every is None else "both every and days"
        report(key, found, 'set one of them: every = "month", "quarter" or "term", or days = 60')
    if rule.every == "term" and not drills.terms:
        cure = "add [[drills.terms]] with first, last and name, or set another every"
        report(f"{key}.every", "'term', but no terms are set", cure)
    if rule.days is not None and rule.count != 1:
        report(f"{key}.count", f"{rule.count} with days", "leave count out: set days to the time between two")
