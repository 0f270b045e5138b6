"""The roster: which people of an audience are on duty, and who stands in for whom. Pure.

A person who is away is stood in for in the hours in which they would be on duty. Who stands in is told
then whatever their own hours are: they were named for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Final, NamedTuple

from msgspec import Struct

from config.hub_settings import HubSettings
from config.people_settings import PersonSettings
from hub.schedule import Calendar, Days, Schedule, calendar_of, covers, edges, next_begin, schedule_of

_DAY: Final = timedelta(days=1)


class Away(Struct, frozen=True):
    """Days on which a person is away."""

    days: Days
    stand_in: str | None = None
    """Key of who stands in these days; None: who stands in for that person at all times."""


class Person(Struct, frozen=True):
    """A person to be told."""

    key: str
    name: str
    signs_in_as: str | None = None
    reach: tuple[str, ...] = ()
    """Ends: ``channel/target``, or a channel for all its targets."""
    schedules: tuple[Schedule, ...] = ()
    """On duty while any covers the moment; empty: always."""
    stand_in: str | None = None
    away: tuple[Away, ...] = ()


class Duty(NamedTuple):
    """A person who is to be told, and those they stand in for."""

    person: Person
    stands_in_for: tuple[Person, ...] = ()

    def __str__(self) -> str:
        """Say it as the timeline shows it: ``Dr. Okafor stands in for Officer Reyes``."""
        others = " and ".join(person.name for person in self.stands_in_for)
        return f"{self.person.name} stands in for {others}" if others else self.person.name


class LeftOut(NamedTuple):
    """A person who is not told, and the named reason."""

    person: Person
    reason: str

    def __str__(self) -> str:
        """Say it as the timeline shows it: ``Officer Reyes off duty until 07:30 Mon``."""
        return f"{self.person.name} {self.reason}"


class OnDuty(NamedTuple):
    """The people of an audience at one moment."""

    told: tuple[Duty, ...]
    """In the order in which they are asked; nobody twice."""
    left_out: tuple[LeftOut, ...]


class Roster:
    """The people of the settings, as they are asked for."""

    def __init__(
        self, people: Mapping[str, Person], audiences: Mapping[str, tuple[str, ...]], calendar: Calendar
    ) -> None:
        """``people`` by key; ``audiences`` maps a name to its members' keys, in order."""
        self.people = dict(people)
        self._audiences = dict(audiences)
        self._calendar = calendar

    def everybody(self, audience: str) -> tuple[Person, ...]:
        """Return all members of an audience in order, whatever their duty."""
        return tuple(self.people[key] for key in self._audiences.get(audience, ()))

    def members(self, audience: str, wall_ms: int) -> OnDuty:
        """Return who of an audience is to be told at this moment, who isn't, and why.

        Who stands in has the place of the first person they stand in for, or their own if it is earlier.
        """
        stood_in_for: dict[str, list[Person]] = {}
        left_out: list[LeftOut] = []
        for person in self.everybody(audience):
            there = self._there(person, wall_ms)
            if isinstance(there, str):
                left_out.append(LeftOut(person, there))
                continue
            others = stood_in_for.setdefault(there.key, [])
            if there is not person:
                others.append(person)
        told = (Duty(self.people[key], tuple(others)) for key, others in stood_in_for.items())
        return OnDuty(tuple(told), tuple(one for one in left_out if one.person.key not in stood_in_for))

    def person(self, by: str) -> Person | None:
        """Return the first person who signs in by this name, else who is called so; None for a stranger."""
        return next(iter(self.people_of(by)), None)

    def people_of(self, by: str) -> tuple[Person, ...]:
        """Return all who sign in by this name; where nobody does, who is called so."""
        users = tuple(person for person in self.people.values() if person.signs_in_as == by)
        return users or tuple(person for person in self.people.values() if person.name == by)

    def stand_in_of(self, key: str, wall_ms: int) -> Person | None:
        """Return who takes a person's place at this moment, whether that person is away or not.

        One who is away is followed by who stands in for them; None where that ends with nobody, or
        comes back to somebody who is away.
        """
        met: set[str] = set()
        person = self.people.get(key)
        while person is not None and person.key not in met:
            met.add(person.key)
            person = self.people.get(self._named_by(person, wall_ms) or "")
            if person is not None and person.key != key and self._away(person, wall_ms) is None:
                return person
        return None

    def edges(self, first_ms: int, last_ms: int) -> list[int]:
        """Return the moments at which ``members`` of any audience may change, both bounds included."""
        schedules = {schedule for person in self.people.values() for schedule in person.schedules}
        found = set(edges(schedules, self._calendar, first_ms, last_ms))
        for person in self.people.values():
            for away in person.away:
                found.update(self._span(away))
        return sorted(edge for edge in found if first_ms <= edge <= last_ms)

    def _away(self, person: Person, wall_ms: int) -> Away | None:
        """Return the absence that holds at this moment; the first where several do."""
        for away in person.away:
            begins, ends = self._span(away)
            if begins <= wall_ms < ends:
                return away
        return None

    def _span(self, away: Away) -> tuple[int, int]:
        return self._calendar.begins(away.days.first), self._calendar.begins(away.days.last + _DAY)

    def _named_by(self, person: Person, wall_ms: int) -> str | None:
        away = self._away(person, wall_ms)
        return person.stand_in if away is None else away.stand_in or person.stand_in

    def _there(self, person: Person, wall_ms: int) -> Person | str:
        """Return who is told in this person's place at this moment, else the named reason why nobody is."""
        is_away = self._away(person, wall_ms) is not None
        if person.schedules and not any(covers(one, self._calendar, wall_ms) for one in person.schedules):
            if is_away:
                return f"off duty, and away until {self._back(person, wall_ms)}"
            begins = next_begin(person.schedules, self._calendar, wall_ms)
            if begins is None:
                return "off duty, with no hours in the coming year"
            return f"off duty until {self._when(begins, wall_ms)}"
        if not is_away:
            return person
        if (stand_in := self.stand_in_of(person.key, wall_ms)) is not None:
            return stand_in
        named = self._named_by(person, wall_ms)
        who = "nobody stands in" if named is None else "who stands in is away too"
        return f"away until {self._back(person, wall_ms)}, {who}"

    def _back(self, person: Person, wall_ms: int) -> str:
        """Return the day on which a person who is away is back, after all absences in a row."""
        today = day = self._calendar.local(wall_ms).date()
        while ends := [away.days.last for away in person.away if day in away.days]:
            day = max(ends) + _DAY
        return f"{day.day} {day:%b}" + (f" {day.year}" if day.year != today.year else "")

    def _when(self, moment_ms: int, wall_ms: int) -> str:
        """Return a coming moment: ``13:00`` today, ``07:30 Mon`` within a week, then with its date."""
        moment, now = self._calendar.local(moment_ms), self._calendar.local(wall_ms)
        words = f"{moment:%H:%M}"
        if moment.date() == now.date():
            return words
        words += f" {moment:%a}"
        if (moment.date() - now.date()).days < 7:
            return words
        return f"{words} {moment.day} {moment:%b}" + (f" {moment.year}" if moment.year != now.year else "")


def roster_of(settings: HubSettings) -> Roster:
    """Return the roster of a hub's settings."""
    schedules = {name: schedule_of(schedule) for name, schedule in settings.schedules.items()}
    return Roster(
        {key: _person(key, person, schedules) for key, person in settings.people.items()},
        {name: audience.members for name, audience in settings.audiences.items()},
        calendar_of(settings.calendar, settings.timezone),
    )


def _person(key: str, settings: PersonSettings, schedules: Mapping[str, Schedule]) -> Person:
    return Person(
        key,
        settings.name,
        settings.signs_in_as,
        settings.reach,
        tuple(schedules[name] for name in settings.on_duty),
        settings.stand_in,
        tuple(Away(Days(away.first, away.last), away.stand_in) for away in settings.away),
    )
