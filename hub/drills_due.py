"""Which drills are due, and when: by rules that a state or a school sets. Pure.

A rule asks for so many drills in each month, quarter or term, or for no more than so many days from one
to the next. Only days of school count: a period without any asks for nothing, and a drill is due by the
end of the last one in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from typing import Final, NamedTuple

from msgspec import Struct

from config.drill_settings import DueSettings, TermSettings
from hub.schedule import Calendar

_DAY: Final = timedelta(days=1)
AHEAD_DAYS: Final = 800
"""How far ahead the next is looked for: past a summer, and a year without a school year's dates."""


class Window(NamedTuple):
    """A stretch of school in which drills are to be held: its first day, and its last."""

    first: date
    last: date


class Due(Struct, frozen=True):
    """How a rule stands at a moment. Times are wall ms."""

    name: str
    wanted: int
    held: int
    """Drills that count, in the stretch that is asked about."""
    by: int | None
    """The end of the day by which the next is due; None: nothing is due that can be foreseen."""
    overdue_since: int | None = None
    last: int | None = None
    """When the last that counts was."""
    unsure_by: int | None = None
    """The end of a stretch before that which had begun when this hub began to write drills down: what was
    held in it is not known, so that it will not be asked for."""


def due(
    rule: DueSettings,
    calendar: Calendar,
    terms: Sequence[TermSettings],
    held: Iterable[int],
    known_from: int,
    wall: int,
) -> Due:
    """Return how a rule stands; ``held`` are the starts of drills of its names (wall ms).

    What should have been held before ``known_from``, when this hub began to write drills down, isn't
    known and not asked for.
    """
    times = sorted(at for at in held if at <= wall)
    last = times[-1] if times else None
    if rule.days is not None:
        return _since_the_last(rule, rule.days, calendar, last, known_from, wall)
    windows = _windows(rule, calendar, terms, wall)
    overdue: int | None = None
    for number, window in enumerate(windows):
        begins, ends = calendar.begins(window.first), _end(calendar, window)
        since_then = sum(at >= begins for at in times)
        if ends > wall:  # the stretch that we are in, or the next
            wanted = windows[number:] if since_then < rule.count else windows[number + 1 :]
            unsure = None
            if wanted and calendar.begins(wanted[0].first) < known_from:
                unsure = _end(calendar, wanted.pop(0))
            by = _end(calendar, wanted[0]) if wanted else None
            return Due(rule.name, rule.count, since_then, by, overdue, last, unsure)
        overdue = ends if since_then < rule.count and begins >= known_from else None
    return Due(rule.name, rule.count, 0, None, overdue, last)


def is_school_day(calendar: Calendar, day: date) -> bool:
    """Tell whether there is school: a weekday, no holiday, in the school year where one is set."""
    if calendar.school_year is not None and day not in calendar.school_year:
        return False
    return day.weekday() < 5 and not calendar.is_holiday(day)


def _since_the_last(
    rule: DueSettings, days: int, calendar: Calendar, last: int | None, known_from: int, wall: int
) -> Due:
    """Count days from the last drill, or from the first day of school that this hub knows of."""
    since = calendar.local(known_from if last is None else last).date()
    year = calendar.school_year
    if year is not None and since < year.first:
        since = year.first - _DAY  # the summer before is nobody's delay
    day = since + timedelta(days=days)
    found = next((d for n in range(AHEAD_DAYS) if is_school_day(calendar, d := day + n * _DAY)), None)
    if found is None:
        return Due(rule.name, 1, 0, None, None, last)
    by = calendar.begins(found + _DAY)
    return Due(rule.name, 1, 0, by, by if by <= wall else None, last)


def _end(calendar: Calendar, window: Window) -> int:
    return calendar.begins(window.last + _DAY)


def _windows(rule: DueSettings, calendar: Calendar, terms: Sequence[TermSettings], wall: int) -> list[Window]:
    """Return the stretches around a moment, oldest first: the one before it and those that follow."""
    today = calendar.local(wall).date()
    if rule.every == "term":
        spans = [(term.first, term.last) for term in sorted(terms, key=lambda term: term.first)]
    else:
        spans = list(_months(today, 1 if rule.every == "month" else 3))
    return [window for span in spans if (window := _of_school(calendar, *span)) is not None]


def _months(today: date, together: int) -> Iterator[tuple[date, date]]:
    """Yield the months (or quarters) from a year before a day to past a year after it."""
    month = (today.year * 12 + today.month - 1) // together * together - 12
    for number in range(month, month + 12 + AHEAD_DAYS // 30, together):
        first, following = _first_of(number), _first_of(number + together)
        yield first, following - _DAY


def _first_of(month: int) -> date:
    return date(month // 12, month % 12 + 1, 1)


def _of_school(calendar: Calendar, first: date, last: date) -> Window | None:
    """Return the days of school in a stretch, from the first to the last; None where it has none."""
    days = [first + n * _DAY for n in range((last - first).days + 1)]
    school = [day for day in days if is_school_day(calendar, day)]
    return Window(school[0], school[-1]) if school else None
