"""The roster: who is on duty, who stands in, who is left out and why."""

from __future__ import annotations

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.clock import read_stamp
from config.people_settings import HoursSettings, ScheduleSettings
from hub.roster import Away, Person, Roster
from hub.schedule import Calendar, Days, Schedule, schedule_of

CHICAGO = Calendar(ZoneInfo("America/Chicago"), (Days(date(2026, 12, 21), date(2027, 1, 1)),))
SCHOOL = schedule_of(
    ScheduleSettings(
        hours=(HoursSettings(days=("mon", "tue", "wed", "thu", "fri"), start="07:30", end="16:00"),)
    )
)
AFTERNOON = schedule_of(ScheduleSettings(hours=(HoursSettings(days=("tue",), start="13:00", end="15:00"),)))
NEVER = Schedule(())


def at(local: str) -> int:
    """A moment by the school's winter clock: ``12-01 10:00`` of 2026."""
    return read_stamp(f"2026-{local.replace(' ', 'T')}:00-06:00")


def away(first: str, last: str, stand_in: str | None = None) -> Away:
    return Away(Days(date.fromisoformat(f"2026-{first}"), date.fromisoformat(f"2026-{last}")), stand_in)


def roster(*people: Person, members: tuple[str, ...] | None = None) -> Roster:
    keys = tuple(person.key for person in people) if members is None else members
    return Roster({person.key: person for person in people}, {"sro": keys}, CHICAGO)


def said(of: Roster, moment: str) -> tuple[list[str], list[str]]:
    """Return who is told and who is left out, in words."""
    told, left_out = of.members("sro", at(moment))
    return [str(duty) for duty in told], [str(one) for one in left_out]


def one(key: str, **more: Any) -> Person:
    return Person(key, key.title(), **more)


@pytest.mark.parametrize(
    ("moment", "schedules", "told", "left_out"),
    [
        ("12-01 10:00", (), ["Reyes"], []),
        ("12-01 10:00", (SCHOOL,), ["Reyes"], []),
        ("12-01 07:29", (SCHOOL,), [], ["Reyes off duty until 07:30"]),
        ("12-01 16:00", (SCHOOL,), [], ["Reyes off duty until 07:30 Wed"]),
        ("12-04 16:00", (SCHOOL,), [], ["Reyes off duty until 07:30 Mon"]),  # over the weekend
        ("12-01 16:00", (AFTERNOON,), [], ["Reyes off duty until 13:00 Tue 8 Dec"]),  # a week on
        ("12-18 16:00", (SCHOOL,), [], ["Reyes off duty until 07:30 Mon 4 Jan 2027"]),  # over the holidays
        ("12-01 13:00", (SCHOOL, AFTERNOON), ["Reyes"], []),  # either will do
        ("12-01 16:30", (SCHOOL, AFTERNOON), [], ["Reyes off duty until 07:30 Wed"]),
        ("12-01 10:00", (NEVER,), [], ["Reyes off duty, with no hours in the coming year"]),
    ],
)
def test_a_person_is_on_duty_by_schedule(
    moment: str, schedules: tuple[Schedule, ...], told: list[str], left_out: list[str]
) -> None:
    """With none, always; off duty, with when it ends."""
    assert said(roster(one("reyes", schedules=schedules)), moment) == (told, left_out)


@pytest.mark.parametrize(
    ("moment", "told", "left_out"),
    [
        ("11-30 23:59", ["Reyes"], []),
        ("12-01 00:00", ["Okafor stands in for Reyes"], []),
        ("12-04 23:59", ["Okafor stands in for Reyes"], []),
        ("12-05 00:00", ["Ortiz stands in for Reyes"], []),  # named for that day
        ("12-06 00:00", ["Reyes"], []),
    ],
)
def test_who_is_away_is_stood_in_for(moment: str, told: list[str], left_out: list[str]) -> None:
    """From midnight to midnight by the school's clock; the stand-in of those very days goes first."""
    reyes = one("reyes", stand_in="okafor", away=(away("12-01", "12-04"), away("12-05", "12-05", "ortiz")))
    people = roster(reyes, one("okafor"), one("ortiz"), members=("reyes",))
    assert said(people, moment) == (told, left_out)


def test_who_stands_in_does_so_in_the_hours_of_who_is_away() -> None:
    """Whatever their own: told at ten though their own duty is in the afternoon, and not told at night."""
    reyes = one("reyes", schedules=(SCHOOL,), stand_in="ortiz", away=(away("12-01", "12-02"),))
    people = roster(reyes, one("ortiz", schedules=(AFTERNOON,)), members=("reyes",))
    assert said(people, "12-01 10:00") == (["Ortiz stands in for Reyes"], [])
    assert said(people, "12-01 20:00") == ([], ["Reyes off duty, and away until 3 Dec"])


@pytest.mark.parametrize(
    ("people", "told", "left_out"),
    [
        ([one("a", away=(away("12-01", "12-04"),))], [], ["A away until 5 Dec, nobody stands in"]),
        (  # two absences in a row are one
            [one("a", away=(away("12-01", "12-01"), away("12-02", "12-31")))],
            [],
            ["A away until 1 Jan 2027, nobody stands in"],
        ),
        (  # a chain
            [
                one("a", stand_in="b", away=(away("12-01", "12-01"),)),
                one("b", stand_in="c", away=(away("12-01", "12-01"),)),
                one("c"),
            ],
            ["C stands in for A and B"],
            [],
        ),
        (  # a chain that ends with nobody
            [
                one("a", stand_in="b", away=(away("12-01", "12-01"),)),
                one("b", away=(away("12-01", "12-02"),)),
                one("c"),
            ],
            ["C"],
            [
                "A away until 2 Dec, who stands in is away too",
                "B away until 3 Dec, nobody stands in",
            ],
        ),
        (  # a loop
            [
                one("a", stand_in="b", away=(away("12-01", "12-01"),)),
                one("b", stand_in="a", away=(away("12-01", "12-01"),)),
                one("c"),
            ],
            ["C"],
            [
                "A away until 2 Dec, who stands in is away too",
                "B away until 2 Dec, who stands in is away too",
            ],
        ),
        (  # a member who stands in for one before is told once, in the earlier place
            [one("a", stand_in="c", away=(away("12-01", "12-01"),)), one("b"), one("c")],
            ["C stands in for A", "B"],
            [],
        ),
        (  # and for one after, in their own
            [one("c"), one("b"), one("a", stand_in="c", away=(away("12-01", "12-01"),))],
            ["C stands in for A", "B"],
            [],
        ),
        (  # nor is one who stands in left out for their own hours
            [one("a", stand_in="b", away=(away("12-01", "12-01"),)), one("b", schedules=(NEVER,))],
            ["B stands in for A"],
            [],
        ),
        (  # a stranger named as stand-in is nobody
            [one("a", stand_in="zed", away=(away("12-01", "12-01"),))],
            [],
            ["A away until 2 Dec, who stands in is away too"],
        ),
    ],
)
def test_who_is_told_when_several_are_away(
    people: list[Person], told: list[str], left_out: list[str]
) -> None:
    """Nobody twice, everybody else named with the reason."""
    assert said(roster(*people), "12-01 10:00") == (told, left_out)


def test_an_audience_without_members_has_nobody() -> None:
    """Nor has one that the settings don't know."""
    people = roster(one("a"), members=())
    for audience in ("sro", "none"):
        assert people.members(audience, at("12-01 10:00")) == ((), ())
        assert people.everybody(audience) == ()


def test_everybody_is_all_members_in_order_whatever_their_duty() -> None:
    """A last resort asks for them."""
    people = roster(one("b", schedules=(NEVER,)), one("a", away=(away("12-01", "12-01"),)))
    assert [person.key for person in people.everybody("sro")] == ["b", "a"]


@pytest.mark.parametrize(
    ("by", "keys"),
    [("reyes", ["a"]), ("Officer Reyes", ["a"]), ("desk", ["b", "c"]), ("Mr. B", ["b"]), ("x", []), ("", [])],
)
def test_people_are_found_by_user_or_name(by: str, keys: list[str]) -> None:
    """Who signs in by a name goes before who is called so; a key is no name."""
    people = roster(
        Person("a", "Officer Reyes", "reyes"),
        Person("b", "Mr. B", "desk"),
        Person("c", "Ms. C", "desk"),
        Person("x", "desk"),
    )
    assert [person.key for person in people.people_of(by)] == keys
    found = people.person(by)
    assert (None if found is None else found.key) == (keys[0] if keys else None)


@pytest.mark.parametrize(
    ("moment", "expected"),
    [("11-30 10:00", "b"), ("12-01 10:00", "c"), ("12-02 10:00", None), ("12-03 10:00", "d")],
)
def test_a_stand_in_is_found_for_one_who_is_there_too(moment: str, expected: str | None) -> None:
    """For a reminder that its person doesn't answer; one who is away is followed by their own."""
    people = roster(
        one("a", stand_in="b", away=(away("12-03", "12-03", "d"),)),
        one("b", stand_in="c", away=(away("12-01", "12-02"),)),
        one("c", stand_in="a", away=(away("12-02", "12-02"),)),  # comes back to who is asked about
        one("d"),
    )
    found = people.stand_in_of("a", at(moment))
    assert (None if found is None else found.key) == expected
    assert people.stand_in_of("nobody", at(moment)) is None


def test_edges_are_those_of_shifts_and_of_absences() -> None:
    """A day's shift, and two midnights by the school's clock."""
    people = roster(one("a", schedules=(AFTERNOON,)), one("b", away=(away("12-02", "12-03"),)))
    expected = ["12-01 13:00", "12-01 15:00", "12-02 00:00", "12-04 00:00"]
    assert people.edges(at("12-01 00:00"), at("12-05 00:00")) == [at(moment) for moment in expected]
    assert people.edges(at("12-01 13:00"), at("12-02 00:00")) == [at(moment) for moment in expected[:3]]


KEYS = "abcd"


@given(
    st.lists(
        st.tuples(
            st.sampled_from([(), (SCHOOL,), (AFTERNOON,), (NEVER,), (SCHOOL, AFTERNOON)]),
            st.none() | st.sampled_from(KEYS),
            st.lists(
                st.tuples(st.integers(1, 6), st.integers(0, 3), st.none() | st.sampled_from(KEYS)), max_size=2
            ),
        ),
        min_size=1,
        max_size=4,
    ),
    st.integers(at("11-29 00:00"), at("12-09 00:00")),
)
def test_every_member_is_accounted_for_and_edges_are_where_that_changes(
    facts: list[Any], moment: int
) -> None:
    """Each is told, is stood in for or is left out; nobody is told twice; nothing changes but at an edge."""
    people = roster(
        *(
            one(
                key,
                schedules=schedules,
                stand_in=stand_in,
                away=tuple(away(f"12-0{day}", f"12-0{day + more}", by) for day, more, by in absences),
            )
            for key, (schedules, stand_in, absences) in zip(KEYS, facts, strict=False)
        )
    )
    told, left_out = people.members("sro", moment)
    keys = [duty.person.key for duty in told]
    assert len(keys) == len(set(keys))
    accounted = {*keys, *(person.key for duty in told for person in duty.stands_in_for)}
    outside = {one.person.key for one in left_out}
    assert accounted | outside == set(KEYS[: len(facts)])
    assert not accounted & outside
    edges = people.edges(at("11-28 00:00"), at("12-20 00:00"))
    before = max((edge for edge in edges if edge <= moment), default=at("11-28 00:00"))
    assert people.members("sro", before).told == told
