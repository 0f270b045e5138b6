"""The settings of drills: what one does to dispatch, when it becomes real, which drills are due."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from config.people_settings import Date
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

    @property
    def names(self) -> tuple[str, ...]:
        """The names of drills that count, in whatever case."""
        return self.covers or (self.name,)


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
