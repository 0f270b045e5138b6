"""Schedules: in which hours of which days somebody is on duty, by the school's own clock. Pure.

The settings speak of the clock on the wall; everything here is in wall ms (UTC) again. A shift is one
stretch of time without a hole, and daylight saving makes it no shorter than the clock reads:

- where an hour comes twice, a shift that begins in it begins the first time, one that ends in it ends
  the second time, so that the one who went home and the one who came are both on duty;
- a time that is skipped is the moment of the skip.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, Literal, NamedTuple
from zoneinfo import ZoneInfo

from msgspec import Struct

from config.people_settings import CalendarSettings, ScheduleSettings

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_MINUTES: Final = 24 * 60
AHEAD_DAYS: Final = 400
"""How far ahead the next shift is looked for: past a whole school year."""
_DAY: Final = timedelta(days=1)
_TRUE_MS: Final = range(946_684_800_000, 7_258_118_400_000)
"""2000-01-01 to 2200-01-01, as dates of the settings may be; a clock that says another time isn't true."""


class Days(NamedTuple):
    """Days in a row, the first and the last included."""

    first: date
    last: date

    def __contains__(self, day: object) -> bool:
        return isinstance(day, date) and self.first <= day <= self.last


class Calendar(Struct, frozen=True):
    """The school's days, and what its clock reads."""

    zone: ZoneInfo
    holidays: tuple[Days, ...] = ()
    school_year: Days | None = None

    def is_holiday(self, day: date) -> bool:
        """Tell whether this day is a holiday."""
        return any(day in days for days in self.holidays)

    def is_in_school_year(self, day: date) -> bool:
        """Tell whether this day is within the school year; never where the settings have none."""
        return self.school_year is not None and day in self.school_year

    def local(self, wall_ms: int) -> datetime:
        """Return what the school's calendar and clock read at this moment."""
        return datetime.fromtimestamp(min(max(wall_ms, _TRUE_MS[0]), _TRUE_MS[-1]) / 1000, UTC).astimezone(
            self.zone
        )

    def begins(self, day: date, minute: int = 0) -> int:
        """Return the first moment at which the clock of this day reads this minute, or has skipped it."""
        return self._moment(_reading(day, minute), fold=0)

    def ends(self, day: date, minute: int) -> int:
        """Return the moment after which the clock of this day reads less than this minute no more."""
        reading = _reading(day, minute)
        just_before = self._moment(reading - timedelta(milliseconds=1), fold=1) + 1
        return min(just_before, self._moment(reading, fold=1))  # they differ where either is skipped

    def _moment(self, reading: datetime, fold: Literal[0, 1]) -> int:
        once, again = (self._utc_ms(reading, which) for which in (0, 1))
        if once <= again:
            return again if fold else once
        before = self.local(again).utcoffset()  # skipped: the change lies between the two
        moments = range(again, once + 1)
        return again + bisect_left(moments, True, key=lambda ms: self.local(ms).utcoffset() != before)

    def _utc_ms(self, reading: datetime, fold: int) -> int:
        return round(reading.replace(tzinfo=self.zone, fold=fold).timestamp() * 1000)


class Hours(Struct, frozen=True):
    """Hours of some days of the week."""

    days: frozenset[int]
    """Monday is 0."""
    start: int
    """Minutes after midnight of the day they belong to."""
    end: int
    """The same; 1440 and more is on the next day."""


class Schedule(Struct, frozen=True):
    """When somebody is on duty."""

    hours: tuple[Hours, ...]
    on_holidays: bool | Literal["only"] = False
    in_school_year_only: bool = False

    def has(self, day: date, calendar: Calendar) -> bool:
        """Tell whether shifts may start on this day, by its holidays and school year."""
        if self.in_school_year_only and not calendar.is_in_school_year(day):
            return False
        if self.on_holidays is True:
            return True
        return calendar.is_holiday(day) == (self.on_holidays == "only")


def calendar_of(settings: CalendarSettings, timezone: str) -> Calendar:
    """Return the calendar of the settings."""
    year = settings.school_year
    return Calendar(
        ZoneInfo(timezone),
        tuple(Days(holiday.first, holiday.last or holiday.first) for holiday in settings.holidays),
        None if year is None else Days(year.first, year.last),
    )


def schedule_of(settings: ScheduleSettings) -> Schedule:
    """Return a schedule of the settings."""
    hours = []
    for one in settings.hours:
        start, end = _minute(one.start), _minute(one.end)
        days = frozenset(WEEKDAYS.index(day) for day in one.days)
        hours.append(Hours(days, start, end if end > start else end + DAY_MINUTES))
    return Schedule(tuple(hours), settings.on_holidays, settings.in_school_year_only)


def covers(schedule: Schedule, calendar: Calendar, wall_ms: int) -> bool:
    """Tell whether somebody with this schedule is on duty at this moment.

    Everybody is by a clock that can't be true, such as a board's without a battery: better one too many.
    """
    if wall_ms not in _TRUE_MS:
        return True
    today = calendar.local(wall_ms).date()
    days = (today - _DAY, today, today + _DAY)  # tomorrow's, where a clock is put back over midnight
    return any(begins <= wall_ms < ends for day in days for begins, ends in _shifts(schedule, calendar, day))


def next_begin(schedules: Iterable[Schedule], calendar: Calendar, wall_ms: int) -> int | None:
    """Return when the next shift of any of these begins; None when none does in :data:`AHEAD_DAYS`."""
    schedules = tuple(schedules)
    today = calendar.local(wall_ms).date()
    for ahead in range(AHEAD_DAYS):
        day = today + ahead * _DAY
        begins = (begin for schedule in schedules for begin, _ in _shifts(schedule, calendar, day))
        if (first := min((begin for begin in begins if begin > wall_ms), default=None)) is not None:
            return first
    return None


def edges(schedules: Iterable[Schedule], calendar: Calendar, first_ms: int, last_ms: int) -> list[int]:
    """Return the moments at which ``covers`` of any of these may change, both bounds included.

    Between two of them nothing changes, so that a whole year is known by looking at each once.
    """
    schedules = tuple(schedules)
    found: set[int] = set()
    day, last = calendar.local(first_ms).date() - _DAY, calendar.local(last_ms).date() + _DAY
    while day <= last:
        for schedule in schedules:
            for shift in _shifts(schedule, calendar, day):
                found.update(shift)
        day += _DAY
    return sorted(edge for edge in found if first_ms <= edge <= last_ms)


def _shifts(schedule: Schedule, calendar: Calendar, day: date) -> Iterator[tuple[int, int]]:
    """Return from when to when the shifts last that start on this day."""
    weekday = day.weekday()
    for hours in schedule.hours:
        if weekday in hours.days and schedule.has(day, calendar):
            begins, ends = calendar.begins(day, hours.start), calendar.ends(day, hours.end)
            if begins < ends:  # else the clock skips all of it
                yield begins, ends


def _reading(day: date, minute: int) -> datetime:
    return datetime.combine(day, time()) + timedelta(minutes=minute)


def _minute(clock: str) -> int:
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)
