"""A channel that can tell one thing at a time: what is most urgent goes first, whatever waited before it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hub.channels.lane import Lane
from tests.scenarios.rig import Rig, site_settings


@pytest.fixture
def rig(make_rig: Callable[..., Rig]) -> Rig:
    """A school in which each room has an incident of its own."""
    return make_rig(site_settings("device"))


def in_turn(rig: Rig, channel: str) -> list[str]:
    """Return what a channel tells of all that it has in hand, one at a time, in its order."""
    lane = Lane(at_once=1, targets=1)
    for delivery in rig.in_hand.values():
        if delivery.target.channel == channel:
            assert lane.take(delivery)
    told = []
    while (delivery := lane.begin()) is not None:
        told.append("reminder" if delivery.reminds else delivery.type.removeprefix("incident."))
        lane.end(delivery)
    return told


def all_in_hand_and_silent(rig: Rig, rooms: range) -> None:
    """Somebody has each of them in hand, and the officer's channel hangs as the reminders come.

    Beside them one notice waits of rooms that nothing was heard of: behind all of them.
    """
    for room in rooms:
        rig.press(room)
        rig.acknowledge()
    rig.far["sro"] = "hangs"
    rig.wait(301)
    assert in_turn(rig, "sro") == ["reminder"] * len(rooms) + ["trouble.opened"]


@pytest.mark.parametrize(("zone", "kind"), [("wall", "panic"), ("quiet", "duress"), ("help", "assist")])
def test_a_first_notice_overtakes_reminders_that_wait(rig: Rig, zone: str, kind: str) -> None:
    """Ten reminders wait for the officer's phone; a press of any kind is the next thing it hears."""
    all_in_hand_and_silent(rig, range(101, 111))
    rig.press(120, zone, kind)
    assert in_turn(rig, "sro") == ["opened"] + ["reminder"] * 10 + ["trouble.opened"]


def test_among_first_notices_a_panic_overtakes_an_assist(rig: Rig) -> None:
    """Which of them came first doesn't matter; what is asked again comes behind both."""
    rig.far["sro"] = "hangs"
    rig.press(101, "help", "assist")
    rig.wait(91)  # asked again
    rig.press(102)
    kinds = [
        (delivery.type, rig.view.incidents[delivery.incident].kind)
        for delivery in sorted(rig.in_hand.values(), key=lambda one: (one.urgency, one.owed_at))
    ]
    assert in_turn(rig, "sro") == [kind.removeprefix("incident.") for kind, _ in kinds]
    assert kinds[:2] == [("incident.opened", "panic"), ("incident.opened", "assist")]
    assert kinds[2:] == [("incident.updated", "assist")]


def test_what_is_under_way_is_not_broken_off(rig: Rig) -> None:
    """The phone that rings for a reminder rings to its end: the press is next."""
    all_in_hand_and_silent(rig, range(101, 104))
    lane = Lane(at_once=1, targets=1)
    for delivery in rig.in_hand.values():
        lane.take(delivery)
    ringing = lane.begin()
    assert ringing is not None
    rig.press(120)
    for delivery in rig.in_hand.values():
        lane.take(delivery)
    assert lane.begin() is None
    lane.end(ringing)
    following = lane.begin()
    assert following is not None
    assert following.type == "incident.opened"
