"""No receiver hears a revision twice for two things: it keeps the highest, and would drop the other."""

from __future__ import annotations

import pytest

from tests.scenarios.rig import Rig


def test_an_answer_that_was_told_from_memory_and_lost_does_not_silence_what_follows(rig: Rig) -> None:
    """The disk hangs; Reyes answers, and it is told as revision 2; the hub is killed, and knows of none.

    A receiver that keeps the highest shows that it is in hand. It must take what comes after it.
    """
    rig.press(101)
    rig.disk = "hung"
    rig.acknowledge()
    rig.wait(0.25)
    assert rig.said() == ["0 s sro opened r1: 101", "0.25 s sro acknowledged r2: 101"]
    rig.restart(1)
    rig.wait(60)
    assert rig.said("principal") == ["30 s principal opened r1: 101"]
    rig.wait(40)
    assert rig.said() == ["90 s sro updated r1001: 101"]
    assert shown_by_a_receiver(rig)["state"] == "open"
    rig.press(102)
    rig.wait(1)
    assert [said.split(" ", 2)[2] for said in rig.said("sro")] == ["sro updated r1002: 101, 102"]
    rig.acknowledge()
    assert shown_by_a_receiver(rig)["state"] == "acknowledged"


def test_presses_that_come_again_after_a_kill_are_told_under_the_same_ids_and_higher_numbers(
    rig: Rig,
) -> None:
    """Two presses told from memory as revisions 1 and 2, then an answer as 3, and none of it is kept."""
    rig.disk = "hung"
    rig.press(101)
    rig.press(102)
    rig.wait(3)
    rig.acknowledge()
    rig.wait(0.25)
    said = ["sro opened r1: 101", "sro updated r2: 101, 102", "sro acknowledged r3: 101, 102"]
    assert [line.split(" s ", 1)[1] for line in rig.said("sro")] == said
    first = rig.incidents
    rig.handed.clear()
    rig.restart(2)
    rig.wait(5)
    assert rig.incidents == first
    again = {notice.id for notice in rig.handed}
    assert again <= {notice.id for notice in rig.notices}
    assert len(again) == 2
    rig.press(103)
    rig.wait(3)
    shown = shown_by_a_receiver(rig)
    assert shown["state"] == "open"
    assert len(shown["rooms"]) == 3


def test_a_thumb_on_what_was_lost_does_not_answer_what_took_its_place(rig: Rig) -> None:
    """A screen showed 102 at revision 2, from memory; after the kill 103 is heard of first."""
    rig.press(101)
    rig.disk = "hung"
    rig.press(102)
    rig.wait(1)
    rig.broker.clear()
    rig.restart(1)
    rig.press(103)
    rig.acknowledge(2)
    assert [room for room in rig.view.incidents.values() if room.state == "open"] != []
    rig.wait(31)
    assert any("103" in line for line in rig.said("principal"))


def test_a_press_of_after_the_start_opens_at_1_and_goes_on_at_2(rig: Rig) -> None:
    """Nobody can have told of it before."""
    rig.press(101)
    rig.resolve()
    rig.restart(1)
    rig.wait(10)
    rig.said()
    rig.press(102)
    rig.press(103)
    rig.wait(3)
    assert rig.said("sro") == ["11 s sro opened r1: 102", "13 s sro updated r2: 102, 103"]


@pytest.mark.parametrize(("after_s", "following"), [(1.9, "r1002"), (2.1, "r2")])
def test_a_press_that_is_reckoned_just_after_the_start_may_be_of_before_it(
    rig: Rig, after_s: float, following: str
) -> None:
    """A broker counts in whole seconds for how long it kept one: a killed hub may have told of it."""
    rig.press(101)
    rig.resolve()
    rig.restart(10)
    rig.wait(after_s)
    rig.said()
    rig.press(101)
    rig.wait(3)
    rig.press(102)
    rig.wait(3)
    assert rig.said("sro")[-1].split()[4] == f"{following}:"


def test_the_record_says_why_a_revision_is_left_out(rig: Rig) -> None:
    rig.press(101)
    rig.restart(1)
    assert rig.timeline()[-1] == (
        "numbered-ahead",
        "the hub was killed and may have told more from memory: it goes on at revision 1002",
    )


def shown_by_a_receiver(rig: Rig) -> dict[str, object]:
    """Return what the officer's receiver shows of an incident: it keeps the highest revision."""
    shown: dict[str, object] = {"revision": 0}
    for notice in rig.notices:
        if notice.audience == "sro" and notice.incident["revision"] > int(str(shown["revision"])):
            shown = notice.incident
    return shown
