"""Something real happens while a drill runs."""

from __future__ import annotations

import msgspec

from hub.asking import DrillDone, MakeReal, Refused
from tests.scenarios.drills.drilling import drill, of_drill, presses, real, start
from tests.scenarios.rig import Rig

ZONES = {"panic": "wall", "duress": "quiet", "medical": "nurse", "assist": "help"}


def test_a_real_panic_ends_what_the_drill_covers(rig: Rig) -> None:
    """A teacher who presses after it may be in it: no drill has that press."""
    start(rig, 101, 102, 104)
    rig.wait(20)
    rig.press(101)
    rig.wait(1)
    rig.press(103)
    rig.wait(5)
    rig.press(102)
    (one,) = real(rig)
    assert [room.place.device for room in one.rooms] == ["room-103", "room-102"]
    assert presses(rig) == ["room-101 expected"]
    assert drill(rig).state == "running"


def test_a_real_duress_medical_or_assist_ends_nothing_of_the_drill(rig: Rig) -> None:
    """Whoever stands beside that teacher sees the drill go on as before."""
    start(rig)
    rig.wait(20)
    for kind in ("duress", "medical", "assist"):
        rig.press(101, ZONES[kind], kind)
    rig.press(102)
    assert presses(rig) == ["room-102 expected"]


def test_a_drills_presses_never_join_a_real_incident_nor_the_reverse(rig: Rig) -> None:
    start(rig)
    rig.wait(20)
    rig.press(101)
    rig.press(101, "nurse", "medical")
    rig.press(102)
    (ours,), (theirs,) = of_drill(rig), real(rig)
    assert [e.place.device for e in ours.events] == ["room-101", "room-102"]
    assert [e.kind for e in theirs.events] == ["medical"]
    assert ours.group == "drill 1 site"


def test_one_action_makes_an_expected_press_real(rig: Rig) -> None:
    start(rig)
    rig.wait(20)
    rig.press(102)
    rig.wait(1)
    event = rig.press(101)
    body = msgspec.json.decode(rig.notices[0].body)
    assert [one["do"] for one in body["drill"]["actions"]] == ["real"]
    assert isinstance(rig.ask(MakeReal("1", "Reyes", "board", "room-101", event)), DrillDone)
    (one,) = real(rig)
    assert [room.place.device for room in one.rooms] == ["room-101"]
    assert presses(rig) == ["room-102 expected", "room-101 real"]


def test_all_of_a_drill_is_made_real(rig: Rig) -> None:
    start(rig)
    rig.wait(20)
    rig.press(101)
    rig.press(102)
    assert isinstance(rig.ask(MakeReal("1", "Reyes", "board")), DrillDone)
    (one,) = real(rig)
    assert {room.place.device for room in one.rooms} == {"room-101", "room-102"}
    assert drill(rig).state == "ended"
    assert of_drill(rig) == []
    rig.press(103)
    assert {room.place.device for room in real(rig)[0].rooms} == {"room-101", "room-102", "room-103"}


def test_a_press_can_be_made_real_after_the_end_of_its_drill(rig: Rig) -> None:
    start(rig, for_s=60)
    rig.wait(20)
    event = rig.press(101)
    rig.wait(300)
    assert isinstance(rig.ask(MakeReal("1", "Reyes", "board", "room-101", event)), DrillDone)
    assert len(real(rig)) == 1


def test_no_birth_brings_the_word_that_a_press_is_over_which_became_real_since(rig: Rig) -> None:
    start(rig, for_s=60)
    rig.wait(20)
    event = rig.press(101)
    rig.wait(60)
    rig.ask(MakeReal("1", "Reyes", "board", "room-101", event))
    said = len(rig.commands)
    rig.state(101, boot="b2")
    rig.restart(5)
    rig.state(101, boot="b3")
    assert [c.lamp for _, c in rig.commands[said:] if c.lamp == "resolved"] == []


def test_no_lamp_says_that_a_real_press_is_over_when_its_drill_is(rig: Rig) -> None:
    """The drill's incident is resolved; of the press that became real its room hears nothing by that."""
    start(rig, for_s=120)
    rig.wait(20)
    other = rig.press(102)
    rig.wait(1)
    event = rig.press(101)
    rig.ask(MakeReal("1", "Reyes", "board", "room-101", event))
    rig.wait(200)
    over = [c for _, c in rig.commands if c.lamp == "resolved"]
    assert [c.events for c in over] == [(other,)]


def test_a_drills_incident_is_not_resolved_as_real(rig: Rig) -> None:
    """That would leave dispatch out: its presses are made real first."""
    start(rig)
    rig.wait(5)
    rig.press(101)
    answer = rig.resolve("real")
    assert isinstance(answer, Refused)
    assert "make its press real first" in answer.detail


def test_what_is_real_is_told_before_what_is_expected(rig: Rig) -> None:
    start(rig)
    rig.wait(5)
    rig.far["reyes"] = "hangs"
    rig.press(101)
    rig.press(102, "quiet", "duress")
    urgencies = {d.incident: d.urgency for d in rig.in_hand.values()}
    assert urgencies[real(rig)[0].id] < urgencies[of_drill(rig)[0].id]
    assert rig.view.unresolved()[0].id == real(rig)[0].id
