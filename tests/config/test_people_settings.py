"""The settings of people: what is read as what. Each fault by itself has its file in ``faults/hub``."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.hub_settings import HubSettings, check_hub
from config.people_checks import PeopleTables, check_people
from config.settings import SettingsError, read

LEAST = {"site": "lincoln", "name": "Lincoln", "data": "/var/lib/tocsin"}
PHONES = {"phones": {"type": "apprise", "targets_env": "TOCSIN_TEST_PHONES"}}


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the channel's targets are."""
    monkeypatch.setenv("TOCSIN_TEST_PHONES", "Reyes = ntfy://a-topic")


def read_hub(**more: Any) -> HubSettings:
    return read(LEAST | {"channels": PHONES} | more, HubSettings, check_hub)


def hours(**more: Any) -> dict[str, Any]:
    return {"hours": [{"days": ["mon"], "start": "07:30", "end": "16:00"} | more]}


def person(**more: Any) -> dict[str, Any]:
    return {"name": "Officer Reyes", "reach": ["phones"]} | more


@pytest.mark.parametrize("day", [date(2028, 2, 29), "2028-02-29"])
def test_a_date_is_written_with_or_without_quotes(day: Any) -> None:
    """TOML has dates of its own, and people who don't know that; both are the same day."""
    settings = read_hub(
        calendar={"school_year": {"first": day, "last": day}, "holidays": [{"first": day, "name": "Leap"}]},
        people={"reyes": person(away=[{"first": day, "last": day}])},
    )
    year = settings.calendar.school_year
    assert year is not None
    found = (
        year.first,
        year.last,
        settings.calendar.holidays[0].first,
        settings.people["reyes"].away[0].last,
    )
    assert found == (date(2028, 2, 29),) * 4
    assert settings.calendar.holidays[0].last is None


def test_what_is_left_out() -> None:
    """A person is always on duty, never away, and no user; all of an audience are asked at once."""
    settings = read_hub(
        schedules={"days": hours()},
        people={"reyes": person()},
        audiences={"sro": {"channels": []}},
    )
    reyes, sro, days = settings.people["reyes"], settings.audiences["sro"], settings.schedules["days"]
    assert (reyes.on_duty, reyes.away, reyes.stand_in, reyes.signs_in_as) == ((), (), None, None)
    assert (sro.members, sro.ask, sro.next_after_s) == ((), "all", 30.0)
    assert (days.on_holidays, days.in_school_year_only) == (False, False)


@pytest.mark.parametrize("on_holidays", [False, True, "only"])
@pytest.mark.parametrize(("start", "end"), [("00:00", "24:00"), ("23:59", "00:00"), ("07:30", "07:30")])
def test_hours_that_are_taken(start: str, end: str, on_holidays: Any) -> None:
    """The ends of the day, and hours that pass midnight."""
    settings = read_hub(schedules={"s": hours(start=start, end=end) | {"on_holidays": on_holidays}})
    schedule = settings.schedules["s"]
    assert (schedule.hours[0].start, schedule.hours[0].end, schedule.on_holidays) == (start, end, on_holidays)


@pytest.mark.parametrize(
    "clock", ["", "7:30", "07:30:00", "07.30", "24:00", "07:60", "07:30\n", "\u0660\u0667:\u0663\u0660", 730]
)
def test_what_is_no_time_of_day(clock: Any) -> None:
    """Named with what is allowed."""
    with pytest.raises(SettingsError) as caught:
        read_hub(schedules={"s": hours(start=clock)})
    assert [(fault.key, fault.cure) for fault in caught.value.faults] == [
        ("schedules.s.hours[0].start", 'must be a time of day in quotes, "00:00" to "23:59"')
    ]


def test_people_may_stand_in_for_each_other_at_different_times() -> None:
    """Two who share a post: each names the other for their own days away, which don't meet."""
    settings = read_hub(
        people={
            "a": person(name="A", away=[{"first": "2026-12-01", "last": "2026-12-04", "stand_in": "b"}]),
            "b": person(name="B", away=[{"first": "2026-12-05", "last": "2026-12-09", "stand_in": "a"}]),
        }
    )
    assert set(settings.people) == {"a", "b"}


def test_a_loop_is_told_once_and_a_chain_is_none() -> None:
    """Whoever leads into it; those who only lead into it are not to blame."""
    chain = {"a": "b", "b": "c", "c": None, "d": "e", "e": "f", "f": "e"}
    people = {key: person(name=key) | ({"stand_in": to} if to else {}) for key, to in chain.items()}
    with pytest.raises(SettingsError) as caught:
        read_hub(people=people)
    assert [(fault.key, fault.found) for fault in caught.value.faults] == [
        ("people.e.stand_in", "e → f → e is a loop")
    ]


def test_all_faults_between_the_tables_come_at_once() -> None:
    """Each with its key, in the order of the tables."""
    with pytest.raises(SettingsError) as caught:
        read_hub(
            calendar={
                "school_year": {"first": "2027-06-04", "last": "2026-08-17"},
                "holidays": [{"first": "2026-11-27", "last": "2026-11-25", "name": "Thanksgiving"}],
            },
            schedules={"empty": {"hours": []}, "twice": hours(days=["mon", "mon"])},
            people={
                "reyes": person(reach=["pager/Reyes"], on_duty=["nights"], stand_in="nobody"),
                "other": person(reach=[], away=[{"first": "2026-12-02", "last": "2026-12-01"}]),
            },
            audiences={
                "sro": {"channels": ["pager"], "members": ["chief"]},
                "x": {"channels": [], "ask": "in-order"},
            },
        )
    assert [fault.key for fault in caught.value.faults] == [
        "calendar.school_year.last", "calendar.holidays[0].last", "schedules.empty.hours",
        "schedules.twice.hours[0].days", "people.reyes.reach", "people.reyes.on_duty",
        "people.reyes.stand_in", "people.other.name", "people.other.reach", "people.other.away[0].last",
        "audiences.sro.channels", "audiences.sro.members", "audiences.x.ask",
    ]  # fmt: skip


KEYS = st.sampled_from(["a", "b", "c", "d"])
DAYS = st.dates(date(2026, 12, 1), date(2026, 12, 6))


@given(
    st.dictionaries(
        KEYS,
        st.tuples(st.none() | KEYS, st.lists(st.tuples(DAYS, DAYS, st.none() | KEYS), max_size=2)),
    )
)
def test_accepted_stand_ins_never_come_back(graph: dict[str, tuple[Any, list[Any]]]) -> None:
    """On any day, going from one who is away to who stands in ends: with one who is there, or with nobody."""
    people = {
        key: person(name=key)
        | ({"stand_in": to} if to else {})
        | {
            "away": [
                {"first": min(one, other), "last": max(one, other)} | ({"stand_in": by} if by else {})
                for one, other, by in away
            ]
        }
        for key, (to, away) in graph.items()
    }
    try:
        found = read(LEAST | {"people": people}, HubSettings, _only_stand_ins).people
    except SettingsError:
        return
    for day in (date(2026, 12, n) for n in range(1, 7)):
        for key in found:
            steps, at = 0, key
            while (away := next((a for a in found[at].away if a.first <= day <= a.last), None)) is not None:
                following = away.stand_in or found[at].stand_in
                if following is None:
                    break
                at, steps = following, steps + 1
                assert steps <= len(found), f"{key} on {day}"


def _only_stand_ins(settings: HubSettings, report: Any) -> None:
    """Check a hub's people alone, by channels that are all there."""
    tables = PeopleTables(settings.calendar, {}, settings.people, {}, frozenset({"phones"}))
    check_people(tables, report)


@given(
    st.dictionaries(
        st.sampled_from(["calendar", "schedules", "people", "audiences"]),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.dates() | st.times(),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(
                    st.sampled_from(
                        [
                            "a",
                            "name",
                            "reach",
                            "away",
                            "first",
                            "last",
                            "hours",
                            "days",
                            "holidays",
                            "members",
                        ]
                    ),
                    inner,
                    max_size=4,
                )
            ),
            max_leaves=8,
        ),
    )
)
def test_any_tables_are_settings_or_faults(tables: dict[str, Any]) -> None:
    """Nothing else is raised, and every fault has all its words."""
    try:
        read(LEAST | tables, HubSettings, check_hub)
    except SettingsError as error:
        for fault in error.faults:
            assert fault.found and fault.cure  # noqa: PT018 - each of many
