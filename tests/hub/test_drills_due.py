"""Which drills are due: over months, terms and days, holidays, leap days and changes of the clock."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.drill_settings import DueSettings, TermSettings
from hub.drills_due import Due, due, is_school_day
from hub.schedule import Calendar, Days

CHICAGO = ZoneInfo("America/Chicago")
YEAR = Days(date(2026, 8, 24), date(2027, 6, 4))
CALENDAR = Calendar(
    CHICAGO, (Days(date(2026, 11, 25), date(2026, 11, 27)), Days(date(2026, 12, 21), date(2027, 1, 1))), YEAR
)
TERMS = (
    TermSettings(first=date(2026, 8, 24), last=date(2026, 12, 18), name="autumn"),
    TermSettings(first=date(2027, 1, 4), last=date(2027, 6, 4), name="spring"),
)
MONTHLY = DueSettings(name="lockdown", every="month")


def ms(day: str, clock: str = "10:00") -> int:
    """A moment by the school's clock."""
    moment = datetime.combine(date.fromisoformat(day), time.fromisoformat(clock), CHICAGO)
    return round(moment.timestamp() * 1000)


def day(wall: int | None) -> str | None:
    """The day that ends at a moment, by the school's clock."""
    if wall is None:
        return None
    at = datetime.fromtimestamp((wall - 1) / 1000, UTC).astimezone(CHICAGO)
    assert at.time().replace(microsecond=0) == time(23, 59, 59)
    return at.date().isoformat()


def ask(now: str, *held: str, rule: DueSettings = MONTHLY, since: str = "2026-08-01", **more: Any) -> Due:
    calendar = more.get("calendar", CALENDAR)
    return due(rule, calendar, TERMS, [ms(one) for one in held], ms(since), ms(now))


def stands(one: Due) -> tuple[int, str | None, str | None]:
    return one.held, day(one.by), day(one.overdue_since)


@pytest.mark.parametrize(
    ("now", "held", "wanted"),
    [
        # Due by the last day of school in the month: Monday 31 August, then Wednesday 30 September.
        ("2026-08-20", (), (0, "2026-08-31", None)),
        ("2026-08-31", (), (0, "2026-08-31", None)),
        ("2026-09-01", (), (0, "2026-09-30", "2026-08-31")),
        ("2026-08-28", ("2026-08-27",), (1, "2026-09-30", None)),
        # November's last day of school is Tuesday the 24th, and Monday the 30th after the holiday.
        ("2026-11-26", ("2026-08-27", "2026-09-02", "2026-10-01"), (0, "2026-11-30", None)),
        # December ends with the 18th: from the 19th on it is overdue, though the month goes on.
        ("2026-12-20", ("2026-11-12",), (0, "2027-01-29", "2026-12-18")),
        # One that is made up for is not overdue any more.
        ("2027-01-11", ("2026-11-12", "2027-01-08"), (1, "2027-02-26", None)),
        # The summer owes nothing; what the last month of school owed it still does.
        ("2027-07-15", ("2027-06-02",), (0, None, None)),
        ("2027-07-15", ("2027-05-12",), (0, None, "2027-06-04")),
    ],
)
def test_a_drill_each_month(now: str, held: tuple[str, ...], wanted: tuple[Any, ...]) -> None:
    assert stands(ask(now, *held)) == wanted


def test_what_was_before_this_hub_wrote_drills_down_is_not_asked_for() -> None:
    """A hub that was set up in October: one may have been held before. October's day is named as unsure."""
    october = ask("2026-10-20", since="2026-10-15")
    assert stands(october) == (0, "2026-11-30", None)
    assert day(october.unsure_by) == "2026-10-30"
    assert ask("2026-10-20", "2026-10-19", since="2026-10-15").unsure_by is None
    assert ask("2026-11-02", since="2026-10-15").unsure_by is None
    assert stands(ask("2026-11-02", since="2026-10-15")) == (0, "2026-11-30", None)
    assert stands(ask("2026-12-01", since="2026-10-15"))[2] == "2026-11-30"


@given(
    since=st.dates(date(2026, 8, 1), date(2027, 6, 1)),
    every=st.sampled_from(["month", "quarter", "term"]),
)
def test_no_day_that_is_named_lapses_without_a_word(since: date, every: Any) -> None:
    """The day by which a drill is said to be due is the day from which it is overdue."""
    rule = DueSettings(name="lockdown", every=every)
    said = ask(since.isoformat(), rule=rule, since=since.isoformat())
    if said.by is not None:
        after = datetime.fromtimestamp(said.by / 1000, UTC).astimezone(CHICAGO).date()
        assert ask(after.isoformat(), rule=rule, since=since.isoformat()).overdue_since == said.by


def test_two_in_a_month() -> None:
    rule = DueSettings(name="lockdown", every="month", count=2)
    assert stands(ask("2026-09-15", "2026-08-25", "2026-08-26", "2026-09-02", rule=rule)) == (
        1,
        "2026-09-30",
        None,
    )
    assert stands(ask("2026-10-01", "2026-09-02", rule=rule))[2] == "2026-09-30"


@pytest.mark.parametrize(
    ("every", "now", "by"),
    [
        ("quarter", "2026-09-01", "2026-09-30"),
        ("quarter", "2026-10-01", "2026-12-18"),
        ("quarter", "2027-02-01", "2027-03-31"),
        ("term", "2026-09-01", "2026-12-18"),
        ("term", "2027-02-01", "2027-06-04"),
    ],
)
def test_each_quarter_and_each_term(every: Any, now: str, by: str) -> None:
    assert day(ask(now, rule=DueSettings(name="x", every=every)).by) == by


@pytest.mark.parametrize(
    ("last", "now", "by", "is_overdue"),
    [
        ("2026-09-01", "2026-09-20", "2026-10-01", False),
        ("2026-09-01", "2026-10-01", "2026-10-01", False),
        ("2026-09-01", "2026-10-02", "2026-10-01", True),
        # 30 days on is a Saturday: due on the Monday.
        ("2026-09-10", "2026-09-20", "2026-10-12", False),
        # Over the winter holiday: on the first day of school after it.
        ("2026-11-30", "2026-12-28", "2027-01-04", False),
        # Over a leap day there is none in 2027; from 1 February 30 days are 3 March.
        ("2027-02-01", "2027-02-10", "2027-03-03", False),
        # In the summer nothing is due, and of the next year nothing is known.
        ("2027-05-20", "2027-07-01", None, False),
    ],
)
def test_so_many_days_from_one_to_the_next(last: str, now: str, by: str | None, is_overdue: bool) -> None:
    one = ask(now, last, rule=DueSettings(name="x", days=30))
    assert day(one.by) == by
    assert (one.overdue_since is not None) is is_overdue


def test_a_leap_day_is_a_day_of_school() -> None:
    """Tuesday 29 February 2028 is the last of its month."""
    calendar = Calendar(CHICAGO)
    one = ask("2028-02-10", calendar=calendar)
    assert day(one.by) == "2028-02-29"
    days = ask("2028-02-10", "2028-02-01", rule=DueSettings(name="x", days=28), calendar=calendar)
    assert day(days.by) == "2028-02-29"


@pytest.mark.parametrize(("month", "last"), [("2026-11", "2026-11-30"), ("2027-03", "2027-03-31")])
def test_the_day_of_a_change_of_the_clock_ends_at_its_own_midnight(month: str, last: str) -> None:
    """November's is 25 h long, March's 23 h."""
    one = ask(f"{month}-10")
    assert one.by == ms(last, "00:00") + 24 * 3_600_000
    sunday = {"2026-11": "2026-11-01", "2027-03": "2027-03-14"}[month]
    assert not is_school_day(CALENDAR, date.fromisoformat(sunday))


def test_a_month_without_school_asks_for_nothing() -> None:
    holidays = Calendar(CHICAGO, (Days(date(2026, 9, 1), date(2026, 9, 30)),), YEAR)
    assert stands(ask("2026-10-02", "2026-08-27", calendar=holidays)) == (0, "2026-10-30", None)


def test_over_the_turn_of_the_year() -> None:
    """Who held none in December is overdue in January until one is held."""
    calendar = Calendar(CHICAGO)
    assert stands(ask("2027-01-05", "2026-11-12", calendar=calendar)) == (0, "2027-01-29", "2026-12-31")
    assert stands(ask("2027-01-05", "2026-12-31", calendar=calendar)) == (0, "2027-01-29", None)


@given(
    every=st.sampled_from(["month", "quarter", "term"]),
    now=st.dates(date(2026, 8, 1), date(2027, 8, 1)),
    held=st.lists(st.dates(date(2026, 8, 1), date(2027, 8, 1)), max_size=12),
)
def test_a_drill_held_today_leaves_nothing_overdue(every: Any, now: date, held: list[date]) -> None:
    """Whatever was missed, one that is held ends the trouble; and what is due is always to come."""
    rule = DueSettings(name="x", every=every)
    days = [one.isoformat() for one in held]
    one = ask(now.isoformat(), *days, now.isoformat(), rule=rule)
    assert one.overdue_since is None
    assert one.by is None or one.by > ms(now.isoformat())
