"""The settings of people: who is told, in which hours, who stands in, and the school's own calendar."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from msgspec import Meta, Struct

from config.shared_settings import Name

Date = Annotated[date, Meta(description="a date, such as 2026-12-24")]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Start = Annotated[
    str,
    Meta(
        pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$(?!\n)",
        description='a time of day in quotes, "00:00" to "23:59"',
    ),
]
End = Annotated[
    str,
    Meta(
        pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$(?!\n)",
        description='a time of day in quotes, "00:00" to "24:00"',
    ),
]


class SchoolYearSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The first and the last day of school, both of them school days."""

    first: Date
    last: Date


class HolidaySettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A day or several on which there is no school."""

    first: Date
    last: Date | None = None
    """Of several days the last; without it, ``first`` alone."""
    name: Name


class CalendarSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The school's days, by its own time zone."""

    school_year: SchoolYearSettings | None = None
    holidays: tuple[HolidaySettings, ...] = ()


class HoursSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Hours of some days of the week, by the school's clock.

    An ``end`` at or before ``start`` is on the next day; the hours belong to the day they start on.
    """

    days: tuple[Weekday, ...]
    start: Start
    end: End


class ScheduleSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """When somebody is on duty."""

    hours: tuple[HoursSettings, ...]
    on_holidays: Annotated[
        bool | Literal["only"], Meta(description='false (not on holidays), true (also then) or "only"')
    ] = False
    in_school_year_only: bool = False


class AwaySettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Days on which a person is away, the first and the last included."""

    first: Date
    last: Date
    stand_in: str | None = None
    """Who stands in these days; without it, the person's ``stand_in``."""


class PersonSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A person to be told, or a desk where somebody always sits."""

    name: Name
    """As everybody is shown it."""
    signs_in_as: Name | None = None
    """The user of the console that is this person; several people may share one."""
    reach: tuple[str, ...]
    """Ends: ``channel/target``, or a channel alone for all its targets."""
    on_duty: tuple[str, ...] = ()
    """Schedules; on duty while any of them says so. Empty: always."""
    stand_in: str | None = None
    """Who is told in this person's hours while this person is away."""
    away: tuple[AwaySettings, ...] = ()


class AudienceSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """People, or a dispatch centre, to be told."""

    channels: tuple[str, ...]
    """Shared by all the audience: told whoever is on duty."""
    title: Name | None = None
    members: tuple[str, ...] = ()
    """People, in the order in which they are to be asked."""
    ask: Literal["all", "in-order"] = "all"
    """Whether those on duty are told together, or one after another until somebody answers."""
    next_after_s: Annotated[float, Meta(ge=10, le=600, description="seconds, 10 to 600")] = 30.0
    """In order: how long after one the next is asked."""
