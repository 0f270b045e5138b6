"""The directory: whom an audience reaches at a moment, in which order, and why others aren't."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from config.clock import read_stamp
from config.hub_settings import HubSettings
from config.people_settings import (
    AudienceSettings,
    AwaySettings,
    HoursSettings,
    PersonSettings,
    ScheduleSettings,
)
from hub.delivery import Target
from hub.directory import Directory, Reached
from hub.shape import Shape

CHANNELS = {
    "phones": Shape("apprise", ("Reyes", "Okafor", "Ortiz", "Office")),
    "mail": Shape("apprise", ("Reyes", "All")),
    "dispatch": Shape("webhook", ("-",)),
}
DAY, NIGHT = read_stamp("2026-12-01T10:00:00-06:00"), read_stamp("2026-12-01T22:00:00-06:00")
OF_SCHOOL_DAYS = ("mon", "tue", "wed", "thu", "fri")


def person(name: str, *reach: str, **more: Any) -> PersonSettings:
    return PersonSettings(name=name, reach=reach, **more)


PEOPLE = {
    "reyes": person("Reyes", "phones/Reyes", "mail/Reyes", on_duty=("days",), signs_in_as="r"),
    "okafor": person("Okafor", "phones/Okafor", on_duty=("days",)),
    "ortiz": person(
        "Ortiz",
        "phones/Ortiz",
        stand_in="office",
        away=(AwaySettings(first=date(2026, 12, 1), last=date(2026, 12, 1)),),
    ),
    "office": person("Office", "phones/Office"),
    "mailers": person("Mailers", "mail"),
    "lost": person("Lost", "phones/Nobody", "pager"),
}


def directory(*, members: tuple[str, ...] = (), shared: tuple[str, ...] = (), **more: Any) -> Directory:
    days = ScheduleSettings(hours=(HoursSettings(days=OF_SCHOOL_DAYS, start="07:30", end="16:00"),))
    return Directory(
        HubSettings(
            site="lincoln",
            name="Lincoln",
            data=Path("/nowhere"),
            timezone="America/Chicago",
            schedules={"days": days},
            people=PEOPLE,
            audiences={"sro": AudienceSettings(channels=shared, members=members, **more)},
        ),
        CHANNELS,
    )


def ends(targets: tuple[Target, ...]) -> list[str]:
    assert {target.audience for target in targets} <= {"sro"}
    return [f"{target.channel}/{target.name}" for target in targets]


def shown(reached: Reached) -> tuple[list[str], str, bool]:
    return ends(reached.targets), reached.reason, reached.vacant


REYES, OKAFOR, OFFICE = ["phones/Reyes", "mail/Reyes"], ["phones/Okafor"], ["phones/Office"]
OFF = "off duty until 07:30 Wed"


@pytest.mark.parametrize(
    ("members", "shared", "moment", "expected"),
    [
        (("reyes", "okafor"), (), DAY, (REYES + OKAFOR, "", False)),
        (("okafor", "reyes"), ("dispatch",), DAY, (["dispatch/-", *OKAFOR, *REYES], "", False)),
        (("reyes", "office"), (), NIGHT, (OFFICE, f"Reyes {OFF}", False)),
        (("reyes",), (), NIGHT, ([], f"nobody is on duty; Reyes {OFF}", True)),
        (("reyes",), ("dispatch",), NIGHT, (["dispatch/-"], f"nobody is on duty; Reyes {OFF}", True)),
        (("ortiz",), (), DAY, (OFFICE, "Office stands in for Ortiz", False)),
        (
            ("office", "ortiz", "reyes"),
            (),
            NIGHT,
            (OFFICE, f"Office stands in for Ortiz; Reyes {OFF}", False),
        ),
        ((), ("dispatch",), DAY, (["dispatch/-"], "", False)),
        ((), (), DAY, ([], "", False)),
        (
            ("mailers", "reyes"),
            (),
            DAY,
            (["mail/Reyes", "mail/All", "phones/Reyes"], "", False),
        ),  # none twice
        (("reyes",), ("mail",), DAY, (["mail/Reyes", "mail/All", "phones/Reyes"], "", False)),
        (("lost", "office"), (), DAY, (OFFICE, "Lost has no end", False)),
        (("lost",), (), DAY, ([], "nobody is on duty; Lost has no end", True)),
    ],
)
def test_all_of_an_audience_are_reached_together(
    members: tuple[str, ...], shared: tuple[str, ...], moment: int, expected: tuple[list[str], str, bool]
) -> None:
    """The shared ends and those of whoever is on duty; nobody is asked a second time."""
    of = directory(members=members, shared=shared)
    assert shown(of.reach("sro", moment)) == expected
    assert of.positions("sro") == 1
    assert shown(of.reach("sro", moment, 1)) == ([], "nobody further is on duty", True)


@pytest.mark.parametrize(
    ("members", "moment", "expected"),
    [
        (
            ("reyes", "okafor", "office"),
            DAY,
            [
                (["dispatch/-", *REYES], "Reyes (1 of 3 on duty)", False),
                (OKAFOR, "Okafor (2 of 3 on duty)", False),
                (OFFICE, "Office (3 of 3 on duty)", False),
                ([], "nobody further is on duty", True),
            ],
        ),
        (
            ("reyes", "lost", "ortiz", "office"),
            NIGHT,
            [
                (
                    ["dispatch/-", *OFFICE],
                    f"Office stands in for Ortiz (1 of 1 on duty); Reyes {OFF}; Lost has no end",
                    False,
                ),
                ([], "nobody further is on duty", True),
                ([], "nobody further is on duty", True),
                ([], "nobody further is on duty", True),
            ],
        ),
        (
            ("reyes", "okafor"),
            NIGHT,
            [
                (["dispatch/-"], f"nobody is on duty; Reyes {OFF}; Okafor {OFF}", True),
                ([], "nobody further is on duty", True),
            ],
        ),
    ],
)
def test_members_are_asked_in_order(
    members: tuple[str, ...], moment: int, expected: list[tuple[list[str], str, bool]]
) -> None:
    """The first together with the shared ends; those off duty take no turn."""
    of = directory(members=members, shared=("dispatch",), ask="in-order", next_after_s=45.0)
    assert of.positions("sro") == len(members)
    assert of.next_after_s("sro") == 45.0
    assert [shown(of.reach("sro", moment, n)) for n in range(len(expected))] == expected


def test_an_audience_in_order_without_members_is_asked_once() -> None:
    """The settings refuse it; its shared ends are told all the same."""
    of = directory(shared=("dispatch",), ask="in-order")
    assert of.positions("sro") == 1
    assert shown(of.reach("sro", DAY)) == (["dispatch/-"], "", False)


def test_an_audience_that_is_not_there_reaches_nobody() -> None:
    """And says so."""
    of = directory()
    assert shown(of.reach("chief", DAY)) == ([], "no audience 'chief'", True)
    assert (of.positions("chief"), of.next_after_s("chief")) == (1, 0.0)
    assert of.everybody("chief") == ()


def test_everybody_is_all_ends_whatever_the_duty() -> None:
    """Shared ones too, and none twice."""
    of = directory(members=("reyes", "ortiz", "mailers", "lost"), shared=("dispatch",), ask="in-order")
    assert ends(of.everybody("sro")) == [
        "dispatch/-", "phones/Reyes", "mail/Reyes", "phones/Ortiz", "mail/All",
    ]  # fmt: skip


def test_who_did_something_is_reached_by_their_own_ends() -> None:
    """Found by the name they sign in by, or their own."""
    of = directory(members=("reyes",))
    for by in ("r", "Reyes"):
        assert ends(of.of_person(by)) == REYES
    assert of.of_person("stranger") == of.stand_in_of("stranger", DAY) == ()
