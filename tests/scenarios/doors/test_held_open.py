"""A door that is held open past its time: who is told, and when it asks again."""

from __future__ import annotations

from msgspec.structs import replace

from config.plan_settings import StepSettings
from tests.scenarios.doors.house import DOORS, GYM, HALL, KITCHEN, SECURE, door, doors_settings, told
from tests.scenarios.rig import Rig
from tests.scenarios.school import PLANS


def test_a_door_that_is_held_open_past_its_time_is_told_with_how_long(rig: Rig) -> None:
    door(rig, GYM, "open")
    rig.all_speak(299)
    assert told(rig) == []
    rig.all_speak(2)
    assert told(rig) == ["300 s administration opened: held open for 5 min"]


def test_a_door_has_a_time_of_its_own(rig: Rig) -> None:
    door(rig, KITCHEN, "open")
    rig.all_speak(61)
    assert told(rig) == ["60 s administration opened: held open for 60 s"]


def test_an_inner_door_may_stand_open(rig: Rig) -> None:
    door(rig, HALL, "open")
    rig.all_speak(7200)
    assert told(rig) == []


def test_a_door_that_is_closed_in_time_is_told_to_nobody(rig: Rig) -> None:
    for _ in range(5):
        door(rig, GYM, "open")
        rig.all_speak(200)
        door(rig, GYM, "closed")
        rig.all_speak(200)
    assert told(rig) == []
    assert rig.view.incidents == {}


def test_nobody_answers_a_door_so_it_escalates_by_its_own_plan(rig: Rig) -> None:
    door(rig, GYM, "open")
    rig.all_speak(601)
    assert told(rig) == [
        "300 s administration opened: held open for 5 min",
        "600 s dispatch opened: held open for 5 min",
    ]
    rig.acknowledge()
    told(rig)
    rig.all_speak(240)
    assert told(rig) == []
    rig.note("a delivery")
    rig.resolve("real")
    assert rig.view.incidents == {}


def test_a_closing_is_told_and_rests_the_plan_and_resolves_nothing(rig: Rig) -> None:
    door(rig, GYM, "open")
    rig.all_speak(310)
    told(rig)
    door(rig, GYM, "closed")
    rig.all_speak(20)
    assert told(rig) == ["315 s administration updated: closed again"]
    rig.all_speak(4 * 3600)
    assert told(rig) == []
    (incident,) = rig.view.incidents.values()
    assert incident.state == "open"
    assert ("door", "closed again") in rig.timeline()


def test_a_door_that_stays_closed_after_it_was_answered_reminds_nobody(rig: Rig) -> None:
    door(rig, GYM, "open")
    rig.all_speak(301)
    door(rig, GYM, "closed")
    rig.all_speak(10)
    rig.acknowledge()
    told(rig)
    rig.all_speak(2 * 3600)
    assert told(rig) == []


def test_a_door_that_stays_open_after_it_was_answered_reminds(rig: Rig) -> None:
    door(rig, GYM, "open")
    rig.all_speak(301)
    rig.acknowledge()
    told(rig)
    rig.all_speak(302)
    assert [notice.reminder for notice in rig.notices if notice.reminder] != []


def test_a_door_that_is_held_open_again_asks_again(rig: Rig) -> None:
    door(rig, GYM, "open")
    rig.all_speak(301)
    door(rig, GYM, "closed")
    rig.all_speak(10)
    rig.acknowledge()
    rig.all_speak(300)
    door(rig, GYM, "open")
    told(rig)
    rig.all_speak(301)
    (said,) = told(rig)
    assert said.endswith("administration updated: held open for 5 min")
    (incident,) = rig.view.incidents.values()
    assert incident.state == "open"


def test_an_open_door_of_a_silent_room_is_told_as_last_known(rig: Rig) -> None:
    door(rig, GYM, "open")
    rig.all_speak(301, GYM)
    (said,) = told(rig)
    assert said == ("300 s administration opened: held open for 5 min, as last known (its device is silent)")


def test_a_step_that_new_settings_add_tells_nobody_of_a_door_that_is_closed_again(rig: Rig) -> None:
    """Its time has passed; it is taken when the door is held open again."""
    door(rig, GYM, "open")
    rig.all_speak(301)
    door(rig, GYM, "closed")
    rig.all_speak(10)
    told(rig)
    more = replace(DOORS, steps=(*DOORS.steps, StepSettings(after_s=0, notify=("sro",))))
    rig.reload(doors_settings(plans=PLANS | {"doors-secure": SECURE, "doors": more}))
    rig.all_speak(600)
    assert told(rig) == []
    door(rig, GYM, "open")
    rig.all_speak(301)
    assert any(" sro " in line for line in told(rig))
