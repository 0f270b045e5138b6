"""A start on a record of which something can't be read: a newer release wrote it, or a row is damaged."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import create_engine, text

from hub.asking import DrillDone, OpenWalkTest, PlanDrill, WalkTestDone
from tests.scenarios.doors.house import GYM, KITCHEN, begun, door, doors_settings
from tests.scenarios.rig import Rig

FACTS = (
    "drills",
    "drill-presses 0 room-101",
    "drill-presses odd",
    "drills held",
    "posture",
    "door postures",
    "door-untold room-101 door",
    "door-week 3",
    "door-count room-101 door",
    "walk tests room-102",
    "bypass room-102",
    "proved room-101",
    "numbers",
    "epoch",
    "beat",
    "channel sro",
)
NOT_OURS = ("oops", '{"number":1,"drills":[{"id":"1"}]}', "[[1]]", "[" * 5000, "")


@pytest.fixture
def rig(make_rig: Callable[..., Rig]) -> Rig:
    """A school with a posture, a walk test, a bypass and a drill's press, each of which is kept."""
    rig = begun(make_rig(doors_settings()))
    door(rig, GYM, "open")
    asked = rig.ask(PlanDrill("lockdown", "ortiz", "Lee", "board", 900, rooms=(f"room-{GYM}",)))
    assert isinstance(asked, DrillDone)
    rig.posture("secure")
    rig.bypass(KITCHEN, "quiet")
    assert isinstance(rig.ask(OpenWalkTest(f"room-{KITCHEN}", "Lee", "board", for_s=1800)), WalkTestDone)
    rig.press(GYM)
    rig.wait(1)
    return rig


def damage(rig: Rig, name: str, value: str) -> None:
    """Write something else in a fact's place, as no part of this hub would."""
    engine = create_engine(rig._url)
    with engine.begin() as connection:
        row = {"name": name, "value": value}
        connection.execute(text("DELETE FROM facts WHERE name = :name"), row)
        connection.execute(
            text("INSERT INTO facts (site, name, value) VALUES ('lincoln', :name, :value)"), row
        )
    engine.dispose()


def restart(rig: Rig) -> None:
    rig.restart(1)
    rig.settle()


def test_a_hub_starts_whatever_a_fact_says(rig: Rig) -> None:
    """A press is told at once, with each of them in any of these shapes."""
    for value in NOT_OURS:
        for name in FACTS:
            rig.crash()
            damage(rig, name, value)
        restart(rig)
        rig.notices.clear()
        pressed = rig.press(KITCHEN)
        rig.wait(1)
        told = {n.channel for n in rig.notices if any(e["id"] == pressed for e in n.incident["events"])}
        assert {"sro", "dispatch"} <= told


@pytest.mark.parametrize("name", FACTS)
def test_a_fact_that_cannot_be_read_is_a_trouble_and_is_kept_aside(rig: Rig, name: str) -> None:
    """Once: a further start on the same text says nothing new."""
    rig.crash()
    damage(rig, name, "oops")
    restart(rig)
    assert rig.troubles("kept") == [f"kept {name}"]
    assert rig.journal.load().facts[f"unread {name}"] == "oops"
    rows = [what for what, _, _ in rig.record()].count("trouble")
    restart(rig)
    assert rig.troubles("kept") == [f"kept {name}"]
    assert [what for what, _, _ in rig.record()].count("trouble") == rows


def test_without_its_walk_tests_bypasses_and_drills_everything_is_real(rig: Rig) -> None:
    for name in ("walk tests room-102", "bypass room-102", "drills"):
        rig.crash()
        damage(rig, name, "oops")
    restart(rig)
    rig.state(KITCHEN)
    assert not rig.view.walk_tests
    assert not rig.view.bypasses
    rig.press(KITCHEN, test=True)
    rig.press(GYM)
    real = [one for one in rig.view.incidents.values() if one.kind == "panic" and not one.drill]
    assert [len(one.rooms) for one in real] == [2]


def test_the_next_drill_bears_no_number_of_an_unread_one(rig: Rig) -> None:
    rig.crash()
    damage(rig, "drills", "oops")
    restart(rig)
    rig.ask(PlanDrill("fire", "ortiz", "Lee", "board", 900, start=rig.now().wall + 3_600_000))
    (drill,) = [of for of, _ in rig.view.drills.values()]
    assert drill.number > 1000


def test_without_its_posture_a_person_is_asked_and_rooms_are_told_none(rig: Rig) -> None:
    """They go on obeying the one that they heard."""
    rig.crash()
    damage(rig, "posture", "oops")
    heard = rig.rooms
    restart(rig)
    assert rig.view.posture.asks
    assert rig.rooms == heard
    rig.wait(60)
    assert rig.rooms == heard
    rig.posture("lockdown")
    assert rig.rooms is not None
    assert rig.rooms.posture == "lockdown"


@pytest.mark.parametrize("name", ["numbers", "epoch"])
def test_no_incident_number_is_given_again(rig: Rig, name: str) -> None:
    """The count goes on beyond the highest that the record has, and what may have been said since."""
    before = max(incident.number for incident in rig.view.incidents.values())
    rig.crash()
    damage(rig, name, "oops")
    restart(rig)
    assert rig.site.numbers.take() > before + 1000
