"""The faults that lie between the settings of people: names that lead nowhere, impossible days, loops."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta
from typing import NamedTuple

from config.not_known import where_known
from config.people_settings import AudienceSettings, CalendarSettings, PersonSettings, ScheduleSettings
from config.settings import Report, masked

YEARS = range(2000, 2200)
"""Years a date of the settings may have; any other is a slip of the pen."""


class PeopleTables(NamedTuple):
    """The tables of a hub's settings that speak of people."""

    calendar: CalendarSettings
    schedules: dict[str, ScheduleSettings]
    people: dict[str, PersonSettings]
    audiences: dict[str, AudienceSettings]
    channels: frozenset[str]
    """Names of channels that a person or an audience may be reached by."""


def check_people(tables: PeopleTables, report: Report) -> None:
    """Report what is wrong with the calendar, the schedules, the people and the audiences."""
    with where_known:
        _check_calendar(tables, report)
    for name, schedule in tables.schedules.items():
        with where_known:
            _check_schedule(f"schedules.{name}", schedule, tables, report)
    names: dict[str, str] = {}
    for key, person in tables.people.items():
        with where_known:
            if person.name in names:
                cure = "give each person a name that tells them apart"
                report(f"people.{key}.name", f"{person.name!r} is people.{names[person.name]} too", cure)
            names.setdefault(person.name, key)
        with where_known:
            _check_person(f"people.{key}", person, tables, report)
    with where_known:
        _check_stand_ins(tables.people, report)
    for name, audience in tables.audiences.items():
        with where_known:
            for channel in audience.channels:
                _check_known(f"audiences.{name}.channels", channel, "channel", tables.channels, report)
        with where_known:
            _check_members(f"audiences.{name}", audience, tables, report)


def _check_members(key: str, audience: AudienceSettings, tables: PeopleTables, report: Report) -> None:
    _check_names(f"{key}.members", audience.members, "person", tables.people, report)
    if audience.ask == "in-order" and not audience.members:
        cure = 'name the members in the order to ask them, or set ask = "all"'
        report(f"{key}.ask", "found 'in-order' without members", cure)


def _check_calendar(tables: PeopleTables, report: Report) -> None:
    year = tables.calendar.school_year
    if year is not None:
        _check_days("calendar.school_year", year.first, year.last, report)
    for i, holiday in enumerate(tables.calendar.holidays):
        _check_days(f"calendar.holidays[{i}]", holiday.first, holiday.last or holiday.first, report)


def _check_days(key: str, first: date, last: date, report: Report) -> None:
    for word, day in {"first": first, "last": last}.items():
        if day.year not in YEARS:
            allowed = f"must be in the years {YEARS[0]} to {YEARS[-1]}"
            report(f"{key}.{word}", f"found {day}", allowed)
            return
    if last < first:
        report(f"{key}.last", f"{last} is before {first}", "must be the same day as first, or a later one")


def _check_schedule(key: str, schedule: ScheduleSettings, tables: PeopleTables, report: Report) -> None:
    if not schedule.hours:
        cure = 'give at least one, such as { days = ["mon"], start = "07:30", end = "16:00" }'
        report(f"{key}.hours", "none", cure)
    for i, hours in enumerate(schedule.hours):
        if not hours.days:
            report(f"{key}.hours[{i}].days", "none", "name at least one day")
        for day in _twice(hours.days):
            report(f"{key}.hours[{i}].days", f"{day!r} is named twice", "name each day once")
    if schedule.in_school_year_only and tables.calendar.school_year is None:
        cure = "set calendar.school_year, or leave this out"
        report(f"{key}.in_school_year_only", "found true without a school year", cure)


def _check_person(key: str, person: PersonSettings, tables: PeopleTables, report: Report) -> None:
    if not person.reach:
        report(f"{key}.reach", "none", "name at least one channel, or channel/target")
    for end in person.reach:
        channel, slash, target = end.partition("/")
        _check_known(f"{key}.reach", channel, "channel", tables.channels, report)
        if slash and not target:
            cure = "name the target after the slash, or the channel alone for all its targets"
            report(f"{key}.reach", f"no target in {masked(repr(end))}", cure)
    for end in _twice(person.reach):
        report(f"{key}.reach", f"{masked(repr(end))} is named twice", "name each once")
    _check_names(f"{key}.on_duty", person.on_duty, "schedule", tables.schedules, report)
    if person.stand_in is not None:
        _check_known(f"{key}.stand_in", person.stand_in, "person", tables.people, report)
    for i, away in enumerate(person.away):
        _check_days(f"{key}.away[{i}]", away.first, away.last, report)
        if away.stand_in is not None:
            _check_known(f"{key}.away[{i}].stand_in", away.stand_in, "person", tables.people, report)


def _check_names(key: str, names: tuple[str, ...], what: str, known: Collection[str], report: Report) -> None:
    for name in dict.fromkeys(names):
        _check_known(key, name, what, known, report)
    for name in _twice(names):
        report(key, f"{name!r} is named twice", "name each once")


def _check_known(key: str, name: str, what: str, known: Collection[str], report: Report) -> None:
    if name not in known:
        allowed = ", ".join(sorted(known)) or "none is set"
        plural = "people" if what == "person" else f"{what}s"
        report(key, f"no {what} {masked(repr(name))}", f"{plural}: {allowed}")


def _twice(names: tuple[str, ...]) -> list[str]:
    return sorted({name for name in names if names.count(name) > 1})


def _check_stand_ins(people: dict[str, PersonSettings], report: Report) -> None:
    """Report chains of stand-ins that come back: set so for good, or so on a day when all are away."""
    told: set[frozenset[str]] = set()
    for key in people:
        loop = _loop(key, {name: person.stand_in for name, person in people.items()})
        if key in loop and frozenset(loop) not in told:
            told.add(frozenset(loop))
            found = f"{' → '.join((*loop, loop[0]))} is a loop"
            report(f"people.{key}.stand_in", found, "end it with somebody who needs nobody to stand in")
    for day in _days_of_change(people):
        following = {name: _stand_in_on(person, day) for name, person in people.items()}
        leaves_today = sorted(people, key=lambda key: all(a.first != day for a in people[key].away))
        for key in leaves_today:  # first those whose absence makes the loop
            loop = _loop(key, following)
            if key in loop and frozenset(loop) not in told:
                told.add(frozenset(loop))
                i = next(i for i, away in enumerate(people[key].away) if away.first <= day <= away.last)
                found = f"on {day} {' → '.join((*loop, loop[0]))} are away and stand in for each other"
                report(f"people.{key}.away[{i}]", found, "name somebody who is there")


def _loop(key: str, following: dict[str, str | None]) -> tuple[str, ...]:
    """Return the people met again and again by going from ``key`` to who stands in; empty if it ends."""
    met: list[str] = []
    name: str | None = key
    while name is not None and name not in met:
        met.append(name)
        name = following.get(name)
    return () if name is None else tuple(met[met.index(name) :])


def _days_of_change(people: dict[str, PersonSettings]) -> list[date]:
    """Return the days on which somebody's absence begins or has just ended: on all others it is as before."""
    absences = [a for person in people.values() for a in person.away if a.last.year in YEARS]
    return sorted({away.first for away in absences} | {away.last + timedelta(days=1) for away in absences})


def _stand_in_on(person: PersonSettings, day: date) -> str | None:
    """Return who stands in for somebody who is away this day; None for one who is there."""
    away = next((away for away in person.away if away.first <= day <= away.last), None)
    return None if away is None else away.stand_in or person.stand_in
