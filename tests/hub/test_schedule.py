"""Schedules: right by the school's clock over daylight saving, leap days and midnight."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.clock import read_stamp, stamp
from config.people_settings import (
    CalendarSettings,
    HolidaySettings,
    HoursSettings,
    ScheduleSettings,
    SchoolYearSettings,
)
from hub.schedule import (
    WEEKDAYS,
    Calendar,
    Days,
    Schedule,
    calendar_of,
    covers,
    edges,
    next_begin,
    schedule_of,
)

CHICAGO = Calendar(ZoneInfo("America/Chicago"))
MINUTE = 60_000
DAY = 1440 * MINUTE
EVERY_DAY = WEEKDAYS
SCHOOL_DAYS = WEEKDAYS[:5]


def schedule(start: str, end: str, days: Any = EVERY_DAY, **more: Any) -> Schedule:
    return schedule_of(ScheduleSettings(hours=(HoursSettings(days=days, start=start, end=end),), **more))


def calendar(zone: str, **more: Any) -> Calendar:
    return Calendar(ZoneInfo(zone), **more)


def changes(one: Schedule, by: Calendar, first: str, last: str) -> list[tuple[str, bool]]:
    """Return each edge in UTC, and whether the schedule covers it from then on."""
    found = edges([one], by, read_stamp(first), read_stamp(last))
    return [(stamp(edge)[:16], covers(one, by, edge)) for edge in found]


DAYLIGHT = [
    # Chicago, 8 March 2026: 02:00 CST (08:00Z) becomes 03:00 CDT.
    ("America/Chicago", "2026-03-08", "01:30", "03:30", ("07:30", "08:30")),
    ("America/Chicago", "2026-03-08", "02:30", "04:00", ("08:00", "09:00")),  # begins as the clock skips it
    ("America/Chicago", "2026-03-08", "00:00", "02:30", ("06:00", "08:00")),
    ("America/Chicago", "2026-03-08", "02:00", "03:00", None),  # there is no such hour that day
    ("America/Chicago", "2026-03-08", "07:30", "16:00", ("12:30", "21:00")),
    # 1 November 2026: 02:00 CDT (07:00Z) becomes 01:00 CST.
    ("America/Chicago", "2026-11-01", "00:30", "01:30", ("05:30", "07:30")),  # ends the second time
    ("America/Chicago", "2026-11-01", "01:30", "03:00", ("06:30", "09:00")),  # begins the first time
    ("America/Chicago", "2026-11-01", "00:00", "01:00", ("05:00", "06:00")),  # none of it comes twice
    ("America/Chicago", "2026-11-01", "01:00", "02:00", ("06:00", "08:00")),
    ("America/Chicago", "2026-11-01", "07:30", "16:00", ("13:30", "22:00")),
    # Lord Howe moves by half an hour: 4 October 2026, 02:00 (15:30Z) becomes 02:30.
    ("Australia/Lord_Howe", "2026-10-04", "01:30", "02:45", ("-1 15:00", "-1 15:45")),
    ("Australia/Lord_Howe", "2026-10-04", "02:00", "02:30", None),
    # 5 April 2026: 02:00 (15:00Z) becomes 01:30.
    ("Australia/Lord_Howe", "2026-04-05", "01:15", "01:45", ("-1 14:15", "-1 15:15")),
    ("Australia/Lord_Howe", "2026-04-05", "01:00", "02:00", ("-1 14:00", "-1 15:30")),
    # Berlin, 29 March and 25 October 2026, both at 01:00Z.
    ("Europe/Berlin", "2026-03-29", "02:30", "03:30", ("01:00", "01:30")),
    ("Europe/Berlin", "2026-10-25", "02:30", "02:45", ("00:30", "01:45")),
    # Beirut skips midnight itself: 29 March 2026, 00:00 (22:00Z) becomes 01:00.
    ("Asia/Beirut", "2026-03-29", "00:00", "02:00", ("-1 22:00", "-1 23:00")),
    # Apia skipped 30 December 2011 altogether.
    ("Pacific/Apia", "2011-12-30", "07:30", "16:00", None),
    ("UTC", "2026-03-08", "02:00", "03:00", ("02:00", "03:00")),
]


@pytest.mark.parametrize(("zone", "day", "start", "end", "expected"), DAYLIGHT)
def test_a_shift_on_a_day_of_change(
    zone: str, day: str, start: str, end: str, expected: tuple[str, str] | None
) -> None:
    """From when to when, in UTC; ``-1`` is the day before. The clock's other days are not its own."""
    on = date.fromisoformat(day)
    by = calendar(zone, holidays=(Days(on, on),))
    one = schedule(start, end, on_holidays="only")
    midnight = datetime.combine(on, time(), UTC)
    found = [(at, is_on) for at, is_on in changes(one, by, *_around(midnight))]
    wanted = []
    for words, is_on in zip(expected or (), (True, False), strict=False):
        before, _, clock = words.rpartition(" ")
        moment = midnight + timedelta(days=int(before or 0))
        wanted.append((f"{moment:%Y-%m-%d}T{clock}", is_on))
    assert found == wanted


def test_a_shift_goes_on_when_the_clock_is_put_back_over_midnight() -> None:
    """St. John's, 7 November 2010: begun at midnight, and at 00:01 it was 23:01 of the day before again."""
    by = calendar("America/St_Johns")
    one = schedule("00:00", "02:00", ("sun",))
    begin, end = read_stamp("2010-11-07T02:30:00Z"), read_stamp("2010-11-07T05:30:00Z")
    assert edges([one], by, begin - DAY, end + DAY) == [begin, end]
    moments = [begin - 1, begin, begin + MINUTE, begin + 40 * MINUTE, end - 1, end]
    assert [covers(one, by, moment) for moment in moments] == [False, True, True, True, True, False]


def _around(midnight: datetime) -> tuple[str, str]:
    return tuple((midnight + timedelta(days=n)).isoformat() for n in (-3, 3))  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-08-31T12:29:59.999Z", False),  # Monday, 07:29:59.999 in Chicago
        ("2026-08-31T12:30:00Z", True),
        ("2026-08-31T20:59:59.999Z", True),
        ("2026-08-31T21:00:00Z", False),
        ("2026-08-30T15:00:00Z", False),  # Sunday
        ("2026-12-31T13:30:00Z", True),  # in winter an hour later by UTC
        ("2026-12-31T13:29:00Z", False),
    ],
)
def test_hours_of_school_days(moment: str, expected: bool) -> None:
    """The start belongs to them, the end doesn't."""
    assert covers(schedule("07:30", "16:00", SCHOOL_DAYS), CHICAGO, read_stamp(moment)) is expected


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("16:00", "00:30", ["2028-02-28T22:00", "2028-02-29T06:30"]),
        ("16:00", "24:00", ["2028-02-28T22:00", "2028-02-29T06:00"]),
        ("16:00", "00:00", ["2028-02-28T22:00", "2028-02-29T06:00"]),
        ("00:00", "24:00", ["2028-02-28T06:00", "2028-02-29T06:00"]),
        ("07:30", "07:30", ["2028-02-28T13:30", "2028-02-29T13:30"]),
    ],
)
def test_hours_belong_to_the_day_they_start_on(start: str, end: str, expected: list[str]) -> None:
    """Monday's pass into Tuesday, which is a holiday, and the 29th of February."""
    leap = date(2028, 2, 29)
    by = calendar("America/Chicago", holidays=(Days(leap, leap),))
    found = changes(schedule(start, end, ("mon", "tue")), by, "2028-02-27T00:00:00Z", "2028-03-02T00:00:00Z")
    assert found == [(expected[0], True), (expected[1], False)]


@pytest.mark.parametrize("year", [2027, 2028])
def test_a_leap_day_is_a_day_like_any(year: int) -> None:
    """The last of February to the first of March, every day one shift, in years with and without it."""
    found = edges(
        [schedule("08:00", "09:00")],
        calendar("UTC"),
        read_stamp(f"{year}-02-28T00:00:00Z"),
        read_stamp(f"{year}-03-01T23:00:00Z"),
    )
    days = ["02-28", "02-29", "03-01"] if year == 2028 else ["02-28", "03-01"]
    assert [stamp(edge)[5:16] for edge in found] == [
        f"{day}T{clock}" for day in days for clock in ("08:00", "09:00")
    ]


@pytest.mark.parametrize(
    ("on_holidays", "in_year_only", "expected"),
    [
        (False, False, ["mon", "wed", "fri", "out"]),
        (True, False, ["mon", "tue", "wed", "thu", "fri", "out"]),
        ("only", False, ["tue", "thu"]),
        (False, True, ["mon", "wed", "fri"]),
        (True, True, ["mon", "tue", "wed", "thu", "fri"]),
        ("only", True, ["tue", "thu"]),
    ],
)
def test_holidays_and_the_school_year(on_holidays: Any, in_year_only: bool, expected: list[str]) -> None:
    """A week with a holiday of one day and one of two (in part at the weekend), and a day after the year."""
    by = calendar_of(
        CalendarSettings(
            school_year=SchoolYearSettings(first=date(2026, 8, 17), last=date(2026, 8, 21)),
            holidays=(
                HolidaySettings(first=date(2026, 8, 18), name="One day"),
                HolidaySettings(first=date(2026, 8, 20), last=date(2026, 8, 20), name="The same"),
            ),
        ),
        "America/Chicago",
    )
    one = schedule("08:00", "09:00", on_holidays=on_holidays, in_school_year_only=in_year_only)
    days = {"mon": 17, "tue": 18, "wed": 19, "thu": 20, "fri": 21, "out": 22}
    found = [
        name for name, day in days.items() if covers(one, by, read_stamp(f"2026-08-{day}T08:30:00-05:00"))
    ]
    assert found == expected


def test_without_a_school_year_there_is_no_day_of_it() -> None:
    """The settings' check refuses that; here it must not be always."""
    one = schedule("00:00", "24:00", in_school_year_only=True)
    assert not covers(one, CHICAGO, read_stamp("2026-08-17T12:00:00Z"))


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-06-05T12:00:00Z", "2026-08-17T12:30"),  # over the summer
        ("2026-11-24T13:30:00Z", "2026-11-24T14:00"),  # one has begun now: the other
        ("2026-11-24T13:29:59Z", "2026-11-24T13:30"),
        ("2027-06-04T13:00:00Z", None),  # nothing is known of the year after
    ],
)
def test_the_next_shift(now: str, expected: str | None) -> None:
    """The first that begins later, however far in the year."""
    by = calendar("America/Chicago", school_year=Days(date(2026, 8, 17), date(2027, 6, 4)))
    late = schedule("08:00", "09:00", SCHOOL_DAYS, in_school_year_only=True)
    early = schedule("07:30", "09:00", SCHOOL_DAYS, in_school_year_only=True)
    found = next_begin([late, early], by, read_stamp(now))
    assert (None if found is None else stamp(found)[:16]) == expected


def test_a_year_has_few_edges() -> None:
    """Two for each of 261 weekdays, so that a checker need not look at each of 525,600 minutes."""
    found = edges(
        [schedule("07:30", "16:00", SCHOOL_DAYS)],
        CHICAGO,
        read_stamp("2026-01-01T06:00:00Z"),
        read_stamp("2027-01-01T05:59:00Z"),
    )
    assert len(found) == 2 * 261
    assert {stamp(edge)[11:16] for edge in found} == {"12:30", "13:30", "21:00", "22:00"}


@pytest.mark.parametrize("wall_ms", [-(10**18), 0, 946_684_799_999, 7_258_118_400_000, 10**18])
def test_by_a_clock_that_cannot_be_true_everybody_is_on_duty(wall_ms: int) -> None:
    """A board without a battery starts in 1970: a press must not find an empty school."""
    assert covers(schedule("07:30", "07:31", ("mon",), on_holidays="only"), CHICAGO, wall_ms)
    assert edges([schedule("00:00", "24:00")], CHICAGO, wall_ms, wall_ms) == []


@pytest.mark.parametrize("wall_ms", [946_684_800_000, 7_258_118_399_999])
def test_the_first_and_the_last_true_moment_are_as_scheduled(wall_ms: int) -> None:
    """2000-01-01 and 2199-12-31, in Chicago the evening before and six o'clock."""
    assert covers(schedule("17:00", "19:00"), CHICAGO, wall_ms)
    assert not covers(schedule("19:00", "17:00"), CHICAGO, wall_ms)


WEEKS = [
    ("America/Chicago", "2026-03-08"), ("America/Chicago", "2026-11-01"),
    ("Australia/Lord_Howe", "2026-04-05"), ("Australia/Lord_Howe", "2026-10-04"),
    ("Europe/Berlin", "2026-03-29"), ("Europe/Berlin", "2026-10-25"),
    ("Asia/Beirut", "2026-03-29"), ("America/Santiago", "2026-04-05"),  # both at midnight
    ("America/St_Johns", "2010-11-07"),  # put back over midnight: 00:01 became 23:01
    ("Pacific/Apia", "2011-12-30"), ("UTC", "2028-02-29"),
]  # fmt: skip
"""Days on which each zone changes its clock, or the calendar has a day more."""

CLOCK_MINUTES = st.integers(0, 1439) | st.integers(0, 240) | st.integers(1380, 1439)


def clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


@st.composite
def schedules(draw: st.DrawFn) -> Schedule:
    hours = draw(
        st.lists(
            st.builds(
                lambda days, start, end: HoursSettings(days=tuple(days), start=clock(start), end=clock(end)),
                st.lists(st.sampled_from(WEEKDAYS), min_size=1, unique=True) | st.just(list(WEEKDAYS)),
                CLOCK_MINUTES,
                CLOCK_MINUTES | st.just(1440),
            ),
            min_size=1,
            max_size=2,
        )
    )
    on_holidays = draw(st.sampled_from([False, True, "only"]))
    return schedule_of(ScheduleSettings(hours=tuple(hours), on_holidays=on_holidays))


def by_each_minute(one: Schedule, by: Calendar, minutes: range) -> set[int]:
    """Return the minutes on duty, found by reading the school's clock in each minute of the week.

    A shift lasts from the first to the last minute at which that clock reads what lies within its hours.
    """
    readings = {ms: datetime.fromtimestamp(ms / 1000, by.zone).replace(tzinfo=None) for ms in minutes}
    days = {reading.date() + timedelta(days=n) for reading in readings.values() for n in (-1, 0)}
    on: set[int] = set()
    for day in days:
        is_holiday = any(first <= day <= last for first, last in by.holidays)
        if one.on_holidays is not True and is_holiday != (one.on_holidays == "only"):
            continue
        for hours in one.hours:
            if day.weekday() not in hours.days:
                continue
            start, end = (
                datetime.combine(day, time()) + timedelta(minutes=m) for m in (hours.start, hours.end)
            )
            within = [ms for ms, reading in readings.items() if start <= reading < end]
            if within:
                on.update(range(within[0], within[-1] + 1, MINUTE))
    return on


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(WEEKS), schedules(), st.integers(-1, 1))
def test_covers_and_edges_are_those_of_each_minute(
    week: tuple[str, str], one: Schedule, holiday: int
) -> None:
    """Around each change of the clock: on duty as it reads, and no change but at an edge."""
    zone, day = week
    middle = date.fromisoformat(day)
    free = middle + timedelta(days=holiday)
    by = calendar(zone, holidays=(Days(free, free),))
    midnight = int(datetime.combine(middle, time(), UTC).timestamp()) * 1000
    expected = by_each_minute(one, by, range(midnight - 3 * DAY, midnight + 4 * DAY, MINUTE))
    minutes = range(midnight - 960 * MINUTE, midnight + 840 * MINUTE, MINUTE)
    found = {ms for ms in minutes if covers(one, by, ms)}
    assert found == expected & set(minutes)
    changed = {ms for ms in minutes[1:] if (ms in found) != (ms - MINUTE in found)}
    edged = edges([one], by, minutes[1], minutes[-1])
    assert changed <= set(edged)
    assert edged == sorted(set(edged))


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(WEEKS), CLOCK_MINUTES, CLOCK_MINUTES, st.integers(-2 * 1440, 2 * 1440))
def test_shifts_that_meet_leave_no_moment_to_nobody(
    week: tuple[str, str], first: int, second: int, minute: int
) -> None:
    """Two who share the day between them, at any moment of any change of the clock."""
    zone, day = week
    midnight = int(datetime.combine(date.fromisoformat(day), time(), UTC).timestamp()) * 1000
    by, now = calendar(zone), midnight + minute * MINUTE
    halves = schedule(clock(first), clock(second)), schedule(clock(second), clock(first))
    assert any(covers(half, by, now) for half in halves)
