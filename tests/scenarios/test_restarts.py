"""A hub that dies goes on where it stood: nothing owed is lost, nothing said is said again."""

from __future__ import annotations

from itertools import pairwise

import pytest
from msgspec.structs import replace

from tests.scenarios.rig import Make, Rig
from tests.scenarios.school import school


def test_the_plan_goes_on_after_a_restart(rig: Rig) -> None:
    """Down from 10 s to 15 s: the principal's 30 s are still 30 s after the press."""
    rig.press(101)
    rig.wait(10)
    rig.restart(5)
    assert rig.said() == ["0 s sro opened r1: 101"]
    rig.wait(60)
    assert rig.said() == ["30 s principal opened r1: 101", "60 s dispatch opened r1: 101"]


def test_a_step_that_came_while_it_was_down_is_taken_at_once(rig: Rig) -> None:
    """Down from 10 s to 45 s: the principal is told at 45 s, once, and dispatch at its own time."""
    rig.press(101)
    rig.wait(10)
    rig.said()
    rig.restart(35)
    assert rig.said() == ["45 s principal opened r1: 101"]
    rig.restart(1)
    rig.wait(30)
    assert rig.said() == ["60 s dispatch opened r1: 101"]


def test_repeats_that_came_while_it_was_down_are_not_made_up_for(rig: Rig) -> None:
    """Down for an hour: the officer is asked once at its end, then again by the minute."""
    rig.press(101)
    rig.wait(100)
    rig.said()
    rig.restart(3600)
    rig.wait(150)
    asked = [n.at for n in rig.notices if n.audience == "sro" and n.at > 100]
    assert asked[0] == 3700
    assert len(asked) in (3, 4)
    assert all(b - a >= 30 for a, b in pairwise(asked))


def test_a_press_that_was_not_committed_comes_again_under_the_same_ids(rig: Rig) -> None:
    """Told from memory while the disk hung, then killed: it comes again, and the receiver drops it."""
    rig.disk = "hung"
    rig.press(101)
    assert rig.said() == []
    rig.wait(0.25)
    assert rig.said() == ["0.25 s sro opened r1: 101"]
    assert rig.receipts == []
    first = rig.incidents[0]
    rig.restart(2)
    assert rig.incidents == [first]
    assert rig.said() == []
    assert rig.receipts == [("room-101", "e1")]
    rig.wait(40)
    # The time it lay in the broker is reckoned in; the plan starts when this hub decided it.
    assert rig.said() == ["32.25 s principal opened r1: 101"]


def test_a_sick_disk_delays_no_first_notice_and_gives_no_receipt(rig: Rig) -> None:
    """250 ms, then it is told; its receipt and PUBACK come with the disk, and it is not told again."""
    rig.disk = "hung"
    rig.press(101)
    rig.press(102)
    rig.wait(3)
    assert [n.at for n in rig.notices] == [0.25, 2.25]
    assert rig.receipts == []
    assert len(rig.broker) == 2
    rig.disk = "well"
    rig.commit()
    rig.wait(5)
    assert len(rig.notices) == 2
    assert [event for _, event in rig.receipts] == ["e1", "e2"]
    assert rig.broker == {}


def test_a_delivery_owed_at_a_crash_is_owed_after_it(rig: Rig) -> None:
    """Killed while a far side hung: the first notice goes out after the start, under its own id."""
    rig.far["sro"] = "hangs"
    rig.press(101)
    owed = list(rig.in_hand)
    rig.far["sro"] = "takes"
    rig.restart(5)
    assert rig.said() == ["5 s sro opened r1: 101"]
    assert [n.id for n in rig.notices] == owed


def test_retries_go_on_after_a_restart(rig: Rig) -> None:
    """A far side that is down for ten minutes, over two restarts, is told when it is back."""
    rig.far["dispatch"] = "down"
    rig.press(101)
    rig.wait(200)
    rig.restart(10)
    rig.wait(200)
    rig.restart(10)
    rig.said()
    rig.far["dispatch"] = "takes"
    rig.wait(61 * 1.1)
    assert [line for line in rig.said("dispatch") if "opened" in line] != []


def test_an_acknowledgement_survives(rig: Rig) -> None:
    """After a restart nobody is asked what somebody has in hand; the first notices still go."""
    rig.press(101)
    rig.wait(5)
    rig.acknowledge()
    rig.said()
    rig.restart(1)
    rig.wait(290)
    assert rig.said() == ["30 s principal opened r2: 101", "60 s dispatch opened r2: 101"]


def test_a_resolved_incident_stays_resolved(rig: Rig) -> None:
    """After a restart it is over, and the next press is another incident with a later number."""
    rig.press(101)
    rig.resolve()
    rig.said()
    rig.restart(1)
    rig.wait(100)
    assert rig.said() == []
    rig.press(101)
    assert rig.notices[-1].incident["number"] > 1


def test_a_press_after_a_restart_joins_what_is_unresolved(rig: Rig) -> None:
    """The incident of before the restart takes it in; one incident, two rooms."""
    rig.press(101)
    rig.restart(20)
    rig.press(102)
    rig.wait(3)
    assert len(rig.incidents) == 1
    assert rig.said("sro")[-1] == "20 s sro updated r1002: 101, 102"


def test_a_repeat_after_a_restart_is_known_from_the_record(rig: Rig) -> None:
    """The agent did not hear the receipt: it sends again, is receipted, and nobody is told."""
    rig.press(101, id="same", seq=1)
    rig.restart(5)
    rig.said()
    rig.press(101, age_s=5, id="same", seq=1)
    rig.wait(5)
    assert rig.said() == []
    assert rig.receipts == [("room-101", "same")] * 2


def test_numbers_that_may_have_been_said_are_never_given_again(rig: Rig) -> None:
    """A number told from memory and then lost with the crash is not another incident's."""
    rig.press(101)
    rig.resolve()
    rig.disk = "hung"
    rig.press(102)
    rig.wait(0.3)
    said = rig.notices[-1].incident
    rig.broker.clear()  # its agent dies too: nothing brings this press again
    rig.restart(1)
    rig.press(103)
    assert rig.notices[-1].incident["id"] != said["id"]
    assert rig.notices[-1].incident["number"] > said["number"]


def test_numbers_told_of_many_doors_while_the_disk_hung_are_never_given_again(make_rig: Make) -> None:
    """45 doors are told as open from memory; after a crash the agents are dead, and a press comes."""
    rooms = tuple(
        replace(room, zones=tuple(replace(zone, exterior=zone.kind == "door") for zone in room.zones))
        for room in school().rooms
    )
    rig = make_rig(school(rooms=rooms))
    rig.posture("secure")
    rig.wait(100)
    rig.press(160)
    rig.resolve()
    rig.handed.clear()
    rig.disk = "hung"
    for room in range(101, 146):
        rig.press(room, "door", "door", what="open")
    rig.wait(3)
    said = {notice.incident["number"] for notice in rig.handed}
    assert len(said) == 45
    rig.broker.clear()
    rig.restart(1)
    rig.press(150)
    (number,) = {notice.incident["number"] for notice in rig.handed if notice.incident["kind"] == "panic"}
    assert number > max(said)


def test_sixty_rooms_and_a_crash_in_the_middle(rig: Rig) -> None:
    """Killed with 20 of 60 presses uncommitted: one incident of 60 rooms, every event once."""
    for room in range(101, 161):
        if room == 131:
            rig.disk = "hung"
        if room == 151:
            rig.restart(3)
        rig.press(room)
        rig.wait(0.05)
    rig.wait(5)
    last = rig.notices[-1].incident
    assert len(rig.incidents) == 1
    assert len(last["rooms"]) == 60
    assert len({event["id"] for event in last["events"]}) == len(last["events"]) == 60


@pytest.mark.parametrize("committed", range(5))
def test_killed_after_any_commit_it_tells_every_press(rig: Rig, committed: int) -> None:
    """Nothing was taken before the kill: an update that was owed, or due in 2 s, is told after it."""
    rig.far["sro"] = "hangs"
    rig.disk = "hung"
    for room in (101, 102, 103):
        rig.press(room)
        rig.wait(0.5)
    rig.wait(1)
    assert len(rig.waiting) == 4  # three presses, and the update that tells of the last two
    rig.commit_only(committed)
    rig.far["sro"] = "takes"
    rig.restart(1)
    rig.wait(3)
    assert {event["id"] for notice in rig.notices for event in notice.incident["events"]} == {
        "e1",
        "e2",
        "e3",
    }
    assert len(rig.incidents) == 1
    assert sorted(event for _, event in rig.receipts) == ["e1", "e2", "e3"]
