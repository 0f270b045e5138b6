"""A second press of a room is not expected: told at once, and real unless a person answers."""

from __future__ import annotations

import msgspec

from config.drill_settings import DrillsSettings
from hub.asking import DrillDone, EndDrill, MakeReal, PartOfDrill, Refused, Resolve
from hub.notice import sentence
from tests.scenarios.drills.drilling import of_drill, presses, real, start, titles, unexpected
from tests.scenarios.rig import WALL_0, Make, Rig
from tests.scenarios.school import school


def test_another_press_after_10_s_is_not_expected_and_told_at_once(rig: Rig) -> None:
    start(rig)
    event = unexpected(rig)
    assert titles(rig, "reyes", "ortiz") == [
        "reyes: NOT EXPECTED in drill 1: PANIC (update) Room 101 (wall), Main bldg, floor 1, 14:13:30",
        "ortiz: NOT EXPECTED in drill 1: PANIC (update) Room 101 (wall), Main bldg, floor 1, 14:13:30",
    ]
    body = msgspec.json.decode(rig.notices[-1].body)
    assert body["incident"]["drill"] is True
    assert body["drill"]["expected"] is False
    assert body["drill"]["not_expected"] == [{"device": "room-101", "event": event}]
    assert [(one["do"], one["path"]) for one in body["drill"]["actions"]] == [
        ("real", "/api/v1/drills/1/real"),
        ("part-of-drill", "/api/v1/drills/1/part-of-drill"),
    ]
    assert real(rig) == []


def test_it_is_told_at_once_also_right_after_another_update(rig: Rig) -> None:
    """Updates are told once in 2 s; this one waits for nothing, and is never overtaken."""
    start(rig)
    rig.wait(10)
    rig.press(101)
    rig.wait(59)
    rig.press(102)
    rig.wait(0.5)
    titles(rig)
    rig.far |= {"reyes": "down"}
    rig.press(101)
    assert len(titles(rig, "ortiz")) == 1
    rig.wait(1)
    rig.press(103)
    rig.far.clear()
    rig.wait(61)
    assert any("NOT EXPECTED" in one for one in titles(rig, "reyes"))


def test_it_is_real_if_nobody_answers_in_30_s(rig: Rig) -> None:
    """In the normal group and plan, with its true time: dispatch is called."""
    start(rig)
    unexpected(rig)
    rig.wait(29.9)
    assert real(rig) == []
    rig.wait(0.2)
    (one,) = real(rig)
    assert one.group == "site"
    assert [event.at for event in one.events] == [WALL_0 + 70_000]
    assert "100 s dispatch opened" in rig.asked("dispatch")
    assert presses(rig) == ["room-101 expected", "room-101 real"]


def test_what_was_taken_as_real_is_never_told_as_expected_again(rig: Rig) -> None:
    """Neither its update, nor that the drill's part of it is over: that would read as an end of the panic."""
    start(rig)
    unexpected(rig)
    rig.wait(33)
    rig.ask(EndDrill("1", "Lee", "board"))
    rig.wait(5)
    where = "Room 101 (wall), Main bldg, floor 1, 14:13:30"
    told = [n for n in rig.notices if n.channel == "reyes"][-3:]
    assert [n.title for n in told] == [
        "PANIC Room 101 (wall), Main bldg, floor 1, 14:14:30",
        f"Taken as REAL in drill 1: PANIC (update) {where}",
        f"DRILL 1 resolved, taken as REAL: PANIC {where}",
    ]
    for notice in told[1:]:
        lines = sentence(notice.body, "UTC")[1].splitlines()
        assert (
            "The call that is real is an incident of its own, told by itself: this ends nothing of it."
            in lines
        )
        assert "- Room 101 (wall), Main bldg, floor 1, pressed 14:14:30, taken as REAL" in lines


def test_a_drills_notice_says_until_when_and_where_to_answer(make_rig: Make) -> None:
    """By the school's own time for it; one that was expected says where it is made real."""
    rig = make_rig(school(drills=DrillsSettings(unexpected_real_after_s=45)))
    start(rig)
    rig.press(101)
    assert (
        "Is it real all the same? Say so on the board, under Drills."
        in sentence(rig.notices[-1].body, "UTC")[1]
    )
    rig.wait(60)
    rig.press(101)
    said = "It is REAL at 14:15:05, unless somebody says on the board that it is part of the drill."
    assert said in sentence(rig.notices[-1].body, "UTC")[1].splitlines()


def test_it_is_real_at_once_where_the_school_has_it_so(make_rig: Make) -> None:
    rig = make_rig(school(drills=DrillsSettings(unexpected_real_after_s=0)))
    start(rig)
    unexpected(rig)
    assert len(real(rig)) == 1
    assert "70 s dispatch opened" in rig.asked("dispatch")


def test_a_person_says_that_it_is_part_of_the_drill(rig: Rig) -> None:
    start(rig)
    event = unexpected(rig)
    rig.wait(20)
    assert isinstance(rig.ask(PartOfDrill("1", "Reyes", "board", "room-101", event)), DrillDone)
    rig.wait(300)
    assert real(rig) == []
    assert presses(rig) == ["room-101 expected", "room-101 part-of-drill"]
    refused = rig.ask(PartOfDrill("1", "Reyes", "board", "room-101", event))
    assert isinstance(refused, Refused)
    assert refused.state == "part-of-drill"


def test_a_person_says_that_it_is_real(rig: Rig) -> None:
    start(rig)
    event = unexpected(rig)
    answer = rig.ask(MakeReal("1", "Ortiz", "board", "room-101", event))
    assert isinstance(answer, DrillDone)
    assert [one.id for one in answer.incidents] == [one.id for one in real(rig)]
    assert "70 s dispatch opened" in rig.asked("dispatch")
    rig.wait(60)
    assert len(real(rig)) == 1


def test_an_answer_covers_no_press_that_its_person_could_not_have_seen(rig: Rig) -> None:
    """A third press as the thumb comes down on the second: it waits for an answer of its own."""
    start(rig)
    second = unexpected(rig)
    rig.wait(11)
    rig.press(101)
    refused = rig.ask(PartOfDrill("1", "Reyes", "board"))
    assert isinstance(refused, Refused)
    assert refused.allowed == ("device and event",)
    assert isinstance(rig.ask(PartOfDrill("1", "Reyes", "board", "room-101", second)), DrillDone)
    assert presses(rig)[1:] == ["room-101 part-of-drill", "room-101 not-expected"]
    rig.wait(29)
    assert real(rig) == []
    rig.wait(2)
    assert len(real(rig)) == 1


def test_two_rooms_wait_for_two_answers(rig: Rig) -> None:
    start(rig)
    rig.wait(5)
    rig.press(101)
    rig.press(102)
    rig.wait(60)
    rig.press(101)
    rig.press(102)
    assert isinstance(rig.ask(PartOfDrill("1", "Reyes", "board", "room-102")), DrillDone)
    rig.wait(31)
    (one,) = real(rig)
    assert [room.place.device for room in one.rooms] == ["room-101"]


def test_an_acknowledgement_of_the_drill_answers_nothing_that_was_not_expected(rig: Rig) -> None:
    """Nor does a resolution of the drill's incident keep it from being real."""
    start(rig)
    unexpected(rig)
    (one,) = of_drill(rig)
    rig.acknowledge(by="Reyes")
    assert not any(c.lamp == "acknowledged" and len(c.events or ()) > 1 for _, c in rig.commands)
    rig.ask(Resolve(one.id, "Reyes", "board", "drill"))
    rig.wait(31)
    assert len(real(rig)) == 1


def test_a_second_press_opens_an_answered_drill_again(rig: Rig) -> None:
    """Also within a minute of the first, which elsewhere is the same call."""
    start(rig)
    rig.wait(5)
    rig.press(101)
    rig.wait(3)
    rig.acknowledge(by="Reyes")
    rig.wait(15)
    rig.press(101)
    (one,) = of_drill(rig)
    assert one.state == "open"
