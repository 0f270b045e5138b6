"""Who is told of a press, and when."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import msgspec

from config.hub_settings import HubSettings
from tests.scenarios.rig import Rig, site_settings


def test_a_press_is_told_at_once_and_then_by_the_plan(rig: Rig) -> None:
    """The officer at 0 s, the principal at 30 s, dispatch at 60 s, the officer again from 90 s on."""
    rig.press(101, "desk")
    assert rig.said() == ["0 s sro opened r1: 101"]
    rig.wait(29.9)
    assert rig.said() == []
    rig.wait(180)
    assert rig.said() == [
        "30 s principal opened r1: 101",
        "60 s dispatch opened r1: 101",
        "90 s sro updated r1: 101",
        "150 s sro updated r1: 101",
    ]


def test_asking_goes_on_until_somebody_answers(rig: Rig) -> None:
    """Ten hours without an answer: the officer is asked every minute all the while, never twice in one."""
    rig.press(101)
    rig.wait(36_000)
    asked = [notice.at for notice in rig.notices if notice.audience == "sro"]
    assert asked[:3] == [0, 90, 150]
    assert {round(b - a) for a, b in pairwise(asked[1:])} == {60}
    assert len({notice.id for notice in rig.notices}) == len(rig.notices)


def test_sixty_presses_in_five_seconds_are_one_incident(rig: Rig) -> None:
    """One incident: first notice at once, updates at least 2 s apart, the last with all 60 rooms."""
    for room in range(101, 161):
        rig.press(room)
        rig.wait(5 / 60)
    rig.wait(10)
    assert len(rig.incidents) == 1
    officer = [notice for notice in rig.notices if notice.audience == "sro"]
    assert officer[0].at == 0
    assert [len(notice.incident["rooms"]) for notice in officer][-1] == 60
    assert all(b.at - a.at >= 2 for a, b in pairwise(officer))
    assert len(officer) <= 1 + 4
    assert officer[-1].at <= 5 + 2


def test_an_update_says_all_that_came_meanwhile(rig: Rig) -> None:
    """Three more rooms within 2 s are one update, 2 s after the first notice."""
    rig.press(101)
    for room in (102, 103, 104):
        rig.wait(0.5)
        rig.press(room)
    rig.wait(5)
    assert rig.said() == ["0 s sro opened r1: 101", "2 s sro updated r4: 101, 102, 103, 104"]


def test_a_later_audience_hears_of_all_rooms_in_its_first_notice(rig: Rig) -> None:
    """Who is told at 30 s is told of what is known at 30 s, once."""
    rig.press(101)
    rig.wait(10)
    rig.press(102)
    rig.wait(30)
    assert rig.said("principal") == ["30 s principal opened r2: 101, 102"]


def test_a_higher_kind_upgrades_and_starts_its_own_plan(rig: Rig) -> None:
    """A medical call becomes a panic: everybody is told by the panic's plan from now on."""
    rig.press(101, "nurse", "medical")
    rig.wait(20)
    rig.press(102)
    assert rig.notices[-1].incident["kind"] == "panic"
    rig.wait(80)
    assert rig.said() == [
        "0 s sro opened r1: 101",
        "20 s sro updated r2: 101, 102",
        "50 s principal opened r2: 101, 102",
        "80 s dispatch opened r2: 101, 102",
    ]


def test_a_lower_kind_joins_without_taking_the_name(rig: Rig) -> None:
    """A medical call during a panic joins it; the panic names the incident and its plan goes on."""
    rig.press(101)
    rig.wait(20)
    rig.press(102, "nurse", "medical")
    rig.wait(15)
    assert rig.said() == [
        "0 s sro opened r1: 101",
        "20 s sro updated r2: 101, 102",
        "30 s principal opened r2: 101, 102",
    ]
    assert rig.notices[-1].incident["kind"] == "panic"


def test_an_old_press_is_told_as_late_at_once(rig: Rig) -> None:
    """A press of an hour ago alarms all the same, marked late, at its own time."""
    rig.press(101, age_s=3600)
    assert rig.said() == ["0 s sro opened r1: 101"]
    incident = rig.notices[-1].incident
    assert incident["late"] is True
    assert incident["opened_at"] < incident["events"][0]["received_at"]


def test_a_press_that_is_as_old_as_allowed_is_not_late(rig: Rig) -> None:
    """60 s is on time, 61 s is late."""
    rig.press(101, age_s=60)
    assert rig.notices[-1].incident["late"] is False
    rig.resolve()
    rig.press(101, age_s=61)
    assert rig.notices[-1].incident["late"] is True


def test_a_fresh_press_ends_late(rig: Rig) -> None:
    """Once a press of now joins an old one, nobody is told that it is late."""
    rig.press(101, age_s=3600)
    rig.press(102)
    rig.wait(3)
    assert rig.notices[-1].incident["late"] is False


def test_a_repeat_of_an_event_is_receipted_and_nothing_else(rig: Rig) -> None:
    """The agent sends it again for ever until it hears the receipt; nobody is told twice."""
    for n in range(5):
        rig.press(101, age_s=n * 3, id="same", seq=1)
        rig.wait(3)
    rig.wait(10)
    assert rig.said() == ["0 s sro opened r1: 101"]
    assert rig.receipts == [("room-101", "same")] * 5


def test_the_same_id_with_other_content_alarms_and_is_a_trouble(rig: Rig) -> None:
    """Two agents with one name must not hide each other's presses; the clash's own repeats are dropped."""
    rig.press(101, "wall", id="same", seq=1)
    for _ in range(3):
        rig.press(101, "desk", id="same", seq=1)
    rig.wait(3)
    assert len(rig.notices[-1].incident["events"]) == 2
    assert "flaw same-id room-101" in rig.view.troubles


def test_an_unknown_device_opens_an_incident_and_a_trouble(rig: Rig) -> None:
    """In doubt it is a real alarm."""
    rig.press(999, room="The new gym")
    assert rig.notices[-1].incident["rooms"][0] == {
        "room": "The new gym",
        "building": None,
        "floor": None,
        "device": "room-999",
        "known": False,
        "acknowledged": False,
    }
    assert "flaw device room-999" in rig.view.troubles


def test_a_flawed_alarm_opens_an_incident(rig: Rig) -> None:
    """An unknown version, kind and a bad age: a panic of now, receipted, each flaw in the trouble."""
    payload = msgspec.json.encode({"v": 9, "id": "x", "kind": "earthquake", "what": "alarm", "age_ms": -5})
    rig.publish("room-101", payload)
    assert rig.notices[-1].incident["kind"] == "panic"
    assert rig.receipts == [("room-101", "x")]
    assert {"flaw v room-101", "flaw kind room-101", "flaw age_ms room-101"} <= set(rig.view.troubles)


def test_what_is_no_alarm_tells_nobody(rig: Rig) -> None:
    """A restoral, a door and noise are kept and receipted where they can be; no incident opens."""
    rig.press(101, what="restoral")
    rig.press(101, "door", "door", what="open")
    rig.publish("room-101", b"\xff\x00 noise")
    rig.publish("room-101", b'{"id":"y","what":"open","kind":"door"}')
    assert rig.notices == []
    assert rig.incidents == []
    assert [event for _, event in rig.receipts] == ["e1", "e2", "y"]
    assert rig.broker == {}
    assert [door.state for door in rig.view.doors.values()] == ["open"]


def test_a_press_marked_as_a_test_is_real_where_no_walk_test_is_open(rig: Rig) -> None:
    """Nobody can silence a button by saying "test"."""
    rig.press(101, test=True)
    assert rig.said() == ["0 s sro opened r1: 101"]
    assert rig.notices[-1].incident["drill"] is False
    assert "flaw test room-101" in rig.view.troubles


def test_by_building_two_buildings_are_two_incidents(make_rig: Callable[[HubSettings], Rig]) -> None:
    """Rooms of one building join; the other building has an incident of its own; a stranger is of none."""
    rig = make_rig(site_settings("building"))
    for room in (101, 102, 140, 999):
        rig.press(room)
    rig.wait(3)
    rooms = {n.incident["number"]: [r["room"] for r in n.incident["rooms"]] for n in rig.notices}
    assert rooms == {1: ["Room 101", "Room 102"], 2: ["Room 140"], 3: ["room-999"]}


def test_by_device_every_room_is_an_incident(make_rig: Callable[[HubSettings], Rig]) -> None:
    """Sixty presses are sixty incidents, each told at once, each with a number of its own."""
    rig = make_rig(site_settings("device"))
    for room in range(101, 161):
        rig.press(room)
    assert [n.incident["number"] for n in rig.notices] == list(range(1, 61))
    assert {n.at for n in rig.notices} == {0}


def test_nothing_in_a_real_incident_says_drill(rig: Rig) -> None:
    """Drills are data on the incident; there is none here, and every notice says so."""
    rig.press(101)
    rig.wait(100)
    rig.acknowledge()
    rig.resolve()
    assert [notice.incident["drill"] for notice in rig.notices] == [False] * len(rig.notices)
    assert len(rig.notices) >= 8
