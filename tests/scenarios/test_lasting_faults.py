"""Faults that must last before they are told, and those of the hub itself: whom, when, until when."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from msgspec.structs import replace

from hub.inputs import Link, Measured
from hub.presses import STRANGE_FAULTS
from tests.scenarios.maintained import school_with
from tests.scenarios.rig import AGREEMENT, Make, Rig


@pytest.mark.parametrize(
    ("what", "lasts_s", "wrong", "well"),
    [
        ("slowed", 60, {"throttled": True}, {"throttled": False}),
        ("clock-unset", 900, {"clock_synced": False}, {"clock_synced": True}),
        ("outbox-waits", 0, {"outbox": 1, "oldest_ms": 60_000}, {"outbox": 0}),
    ],
)
def test_what_must_last_is_told_when_it_has(
    make_rig: Make, what: str, lasts_s: float, wrong: dict[str, Any], well: dict[str, Any]
) -> None:
    """Not a health sooner; and it is over with what is well again."""
    school = school_with(make_rig)
    began = school.t
    while school.t < began + lasts_s:
        school.health(101, **wrong)
        school.health(102)
        assert school.troubles() == []
        school.wait(15)
    school.health(101, **wrong)
    assert school.troubles() == [f"{what} room-101"]
    for _ in range(7):
        school.health(102)
        school.health(101, **well)
        school.wait(15)
    assert school.troubles() == []


def waiting(school: Rig, count: int, *, reach: bool = True) -> None:
    """The recorder looks at its queue, and at whom a panic would reach."""
    school._do(school.site.look_at_itself(count, school.now(), reach=reach))


def test_a_hub_that_falls_behind_is_maintenances(make_rig: Make) -> None:
    """1,000 that wait for 5 s; nothing of it reaches the officer."""
    school = school_with(make_rig)
    waiting(school, 5000)
    school.wait(4.9)
    waiting(school, 1000)
    assert school.troubles() == []
    school.wait(0.1)
    waiting(school, 1000)
    assert school.troubles() == ["hub-queue"]
    school.all_speak(61)
    assert school.told() == ["65 s maintenance opened: The hub falls behind"]
    waiting(school, 10)
    assert school.troubles() == []


def test_a_panic_that_would_reach_nobody_is_the_officers_too(make_rig: Make) -> None:
    """For 15 s, so that a board that is loaded anew is none."""
    school = school_with(make_rig)
    waiting(school, 0, reach=False)
    school.wait(15)
    waiting(school, 0, reach=False)
    assert school.troubles() == ["reach"]
    school.all_speak(61)
    assert sorted(school.told()) == [
        "75 s maintenance opened: A panic would reach nobody",
        "75 s sro opened: A panic would reach nobody",
    ]
    waiting(school, 0, reach=True)
    assert school.troubles() == []


def test_a_broker_that_lost_the_hubs_session_is_known_for_a_day(make_rig: Make) -> None:
    """The first session of all is none that was lost."""
    school = school_with(make_rig)
    school._input(Link("events", True, "", session_present=False))
    assert school.troubles() == []
    school._input(Link("events", False, "gone"))
    school._input(Link("events", True, "", session_present=False))
    assert school.troubles() == ["broker session"]
    school.all_speak(26 * 3600, every_s=40)
    assert school.troubles() == []


def test_the_agreement_with_the_police_is_reminded_of_from_its_day_on(make_rig: Make) -> None:
    """Whoever signs it and works by it is told: here the officer alone."""
    school = school_with(make_rig, mou=replace(AGREEMENT, review=date(2026, 9, 22)))
    school._input(Measured())
    assert school.troubles() == ["agreement-soon"]
    school.all_speak(15 * 3600, every_s=40)
    school.told()
    school._input(Measured())
    assert school.troubles() == ["agreement"]
    school.all_speak(61)
    assert [line.split(" s ")[1] for line in school.told()] == [
        "sro opened: The agreement with the police is to be renewed",
        "sro restored: Over: The agreement with the police is to be renewed soon",
    ]


@pytest.mark.parametrize("free", ["zone", "cause"])
def test_faults_that_nobody_knows_are_not_kept_without_end(rig: Rig, free: str) -> None:
    """A device names zones or causes as it likes: 32 are kept apart, one trouble tells of the rest."""
    for n in range(100):
        rig.zone_says(101, "tamper", f"z{n}", "cut") if free == "zone" else rig.zone_says(
            101, "tamper", "wall", f"c{n}"
        )
    assert len(rig.troubles("tamper")) == STRANGE_FAULTS
    rest = rig.site.troubles.open["flaw cause room-101"]
    assert rest.count >= 100 - STRANGE_FAULTS
    rig.zone_says(101, "tamper", "wall", "short")
    assert "tamper room-101 wall short" in rig.troubles("tamper")
    rig.zone_says(102, "tamper", "z1", "cut")
    assert "tamper room-102 z1 cut" in rig.troubles("tamper")
    rig.zone_says(101, "tamper-restoral", "z5" if free == "zone" else "wall")
    assert not {"tamper room-101 z5 cut", "tamper room-101 wall c5"} & set(rig.troubles("tamper"))
