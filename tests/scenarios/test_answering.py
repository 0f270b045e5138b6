"""What an acknowledgement and a resolution stop, and what they never stop."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hub.asking import Done, Refused
from tests.scenarios.rig import Rig, site_settings


def rooms(answer: object) -> list[str]:
    assert isinstance(answer, Done)
    return [room.place.room for room in answer.open_rooms]


def test_an_acknowledgement_stops_the_asking(rig: Rig) -> None:
    """The officer is asked no more; all who were told are told that it is in hand."""
    rig.press(101)
    rig.wait(100)
    rig.said()
    rig.acknowledge()
    assert rig.said() == [
        "100 s sro acknowledged r2: 101",
        "100 s principal acknowledged r2: 101",
        "100 s dispatch acknowledged r2: 101",
    ]
    rig.wait(299)
    assert rig.said() == []


@pytest.mark.parametrize("kind", ["panic", "duress"])
def test_of_a_panic_the_first_notices_go_on_after_an_acknowledgement(rig: Rig, kind: str) -> None:
    """An acknowledgement never stops the telling: principal and dispatch hear of it at their times, once."""
    rig.press(101, "quiet" if kind == "duress" else "wall", kind)
    rig.wait(5)
    rig.acknowledge()
    rig.said()
    rig.wait(290)
    assert rig.said() == ["30 s principal opened r2: 101", "60 s dispatch opened r2: 101"]
    reasons = [reason for what, reason in rig.timeline() if what == "owed"]
    assert "step 2 at 30 s; acknowledged by Reyes, but a first notice is always delivered" in reasons


@pytest.mark.parametrize(("zone", "kind"), [("nurse", "medical"), ("help", "assist")])
def test_of_a_call_for_help_an_acknowledgement_stops_later_steps(rig: Rig, zone: str, kind: str) -> None:
    """A nurse who is on the way need not wake dispatch; the timeline says why nobody was told."""
    rig.press(101, zone, kind)
    rig.wait(5)
    rig.acknowledge()
    rig.said()
    rig.wait(290)
    assert rig.said() == []
    skipped = [reason for what, reason in rig.timeline() if what == "step-skipped"]
    assert skipped == ["acknowledged by Reyes"] * 3


def test_another_room_opens_it_again(rig: Rig) -> None:
    """After an acknowledgement a new room is told at once, asks by the plan anew, and names what is open."""
    rig.press(101)
    rig.wait(5)
    rig.acknowledge()
    rig.wait(200)
    rig.said()
    rig.press(102)
    assert rig.said("sro") == ["205 s sro updated r3: 101, 102"]
    assert [r["acknowledged"] for r in rig.notices[-1].incident["rooms"]] == [True, False]
    assert rig.notices[-1].incident["acknowledged"] is None
    rig.wait(100)
    assert rig.said("sro") == ["295 s sro updated r3: 101, 102"]  # the plan's 90 s, from the reopening


def test_the_same_button_within_a_minute_does_not_open_it_again(rig: Rig) -> None:
    """A second push of a button that is answered is told, and asks nobody."""
    rig.press(101)
    rig.wait(5)
    rig.acknowledge()
    rig.wait(50)
    rig.said()
    rig.press(101)
    rig.wait(240)
    said = rig.said("sro")
    assert said == ["55 s sro updated r3: 101"]
    assert rig.notices[-1].incident["state"] == "acknowledged"


def test_the_same_button_after_a_minute_opens_it_again(rig: Rig) -> None:
    """More than 60 s after the press that was answered, somebody calls anew."""
    rig.press(101)
    rig.wait(5)
    rig.acknowledge()
    rig.wait(56)
    rig.said()
    rig.press(101)
    assert rig.said("sro") == ["61 s sro updated r3: 101"]
    assert rig.notices[-1].incident["state"] == "open"


def test_a_higher_kind_in_the_same_room_opens_it_again(rig: Rig) -> None:
    """The nurse was on the way; ten seconds later the same room calls a panic."""
    rig.press(101, "nurse", "medical")
    rig.acknowledge()
    rig.wait(10)
    rig.said()
    rig.press(101)
    assert rig.said("sro") == ["10 s sro updated r3: 101"]
    assert rig.notices[-1].incident["state"] == "open"
    assert rig.notices[-1].incident["kind"] == "panic"


def test_an_acknowledgement_covers_what_its_person_was_shown(rig: Rig) -> None:
    """Shown revision 1, a person takes one room in hand; the room that came since goes on asking."""
    rig.press(101)
    rig.press(102)
    assert rooms(rig.acknowledge(revision=1)) == ["Room 102"]
    rig.wait(3)
    assert rig.notices[-1].incident["state"] == "open"
    rig.said()
    rig.wait(200)
    assert "93 s" not in rig.said("sro")[0]
    assert rooms(rig.acknowledge()) == []
    assert rig.notices[-1].incident["state"] == "acknowledged"


def test_acknowledging_twice_tells_nobody_twice(rig: Rig) -> None:
    """The second word is taken, changes nothing and is in the record."""
    rig.press(101)
    rig.acknowledge()
    rig.said()
    assert isinstance(rig.acknowledge(by="Ortiz"), Done)
    assert rig.said() == []
    assert ("acknowledge", "acknowledged already") in rig.timeline()


def test_a_resolution_ends_it_and_tells_everybody_who_was_told(rig: Rig) -> None:
    """A false alarm at 40 s: officer and principal hear of it, dispatch never hears of any."""
    rig.press(101)
    rig.wait(40)
    rig.said()
    rig.resolve("false-alarm")
    assert rig.said() == ["40 s sro resolved r2: 101", "40 s principal resolved r2: 101"]
    rig.wait(10_000)
    assert rig.said() == []
    assert rig.view.incidents == {}


def test_a_real_panic_is_told_to_all_even_when_it_is_over(rig: Rig) -> None:
    """Resolved as real before dispatch's step came: the others are told at once, in one notice."""
    rig.press(101)
    rig.wait(10)
    rig.said()
    rig.resolve("real")
    assert rig.said() == [
        "10 s principal opened r2: 101",
        "10 s dispatch opened r2: 101",
        "10 s sro resolved r2: 101",
    ]


def test_after_a_resolution_a_press_is_another_incident(rig: Rig) -> None:
    """The next press is told at once under the next number."""
    rig.press(101)
    rig.resolve()
    rig.wait(1)
    rig.said()
    rig.press(101)
    assert rig.said() == ["1 s sro opened r1: 101"]
    assert [n.incident["number"] for n in rig.notices][-1] == 2


def test_what_is_resolved_can_be_neither_acknowledged_nor_resolved(rig: Rig) -> None:
    """Both are refused with the state it is in, and nothing changes."""
    rig.press(101)
    rig.resolve()
    rig.said()
    for answer in (rig.acknowledge(), rig.resolve()):
        assert isinstance(answer, Refused)
        assert answer.error == "not-in-this-state"
        assert answer.state == "resolved"
    assert rig.said() == []


def test_the_lamp_of_an_answered_room_is_told(rig: Rig) -> None:
    """Acknowledged, then resolved, each about the events of its own room.

    A duress room hears only that it is over: no lamp shows that, and its strobe is free again.
    """
    first = rig.press(101)
    silent = rig.press(102, "quiet", "duress")
    rig.acknowledge(revision=1)
    assert [(d, c.lamp, c.events) for d, c in rig.commands] == [("room-101", "acknowledged", (first,))]
    rig.commands.clear()
    rig.acknowledge()
    rig.resolve()
    assert [(d, c.lamp, c.events) for d, c in rig.commands] == [
        ("room-101", "acknowledged", (first,)),
        ("room-101", "resolved", (first,)),
        ("room-102", "resolved", (silent,)),
    ]


def test_a_birth_hears_the_lamps_stage_again(rig: Rig) -> None:
    """An agent that started anew is told what its room's lamp may show, and not of a call nobody answered."""
    first = rig.press(101)
    rig.state(101, boot="b2")
    assert rig.commands == []
    rig.acknowledge()
    rig.commands.clear()
    rig.state(101, boot="b3")
    assert [(d, c.lamp, c.events) for d, c in rig.commands] == [("room-101", "acknowledged", (first,))]
    rig.resolve()
    rig.commands.clear()
    rig.state(101, boot="b4")
    assert [(d, c.lamp) for d, c in rig.commands] == [("room-101", "resolved")]
    rig.commands.clear()
    rig.wait(3601)
    rig.state(101, boot="b5")
    assert rig.commands == []


def test_a_birth_hears_that_it_is_over_after_a_restart_of_the_hub_too(rig: Rig) -> None:
    """For an hour from the resolution, however often the hub was started meanwhile."""
    rig.state(101)
    first = rig.press(101)
    rig.press(102)
    rig.resolve()
    rig.restart(down_s=600)
    rig.commands.clear()
    rig.state(101, boot="another")
    assert [(d, c.lamp, c.events) for d, c in rig.commands] == [("room-101", "resolved", (first,))]
    rig.restart(down_s=3001)
    rig.commands.clear()
    rig.state(101, boot="a third")
    assert rig.commands == []


def test_every_room_hears_that_it_is_over_after_a_restart_of_the_hub(make_rig: Callable[..., Rig]) -> None:
    """Sixty rooms, each with an incident of its own, and then one that is pressed and resolved often."""
    rig = make_rig(site_settings("device"))
    latest = {room: rig.press(room) for room in range(101, 161)}
    for incident in list(rig.view.incidents):
        rig.resolve(which=rig.incidents.index(incident))
    for _ in range(60):
        latest[160] = rig.press(160)
        rig.resolve()
    rig.restart(down_s=600)
    rig.commands.clear()
    for room in latest:
        rig.state(room, boot="another")
    told = [(device, command.lamp, command.events) for device, command in rig.commands]
    assert told == [(f"room-{room}", "resolved", (event,)) for room, event in latest.items()]
