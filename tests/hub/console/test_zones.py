"""A device's zones on the devices page: no button is plainly well whose wires would not show a cut."""

from __future__ import annotations

import pytest

from hub.console.zones import ZoneLine, zone_faults, zone_lines
from hub.incident import Place
from hub.view import DeviceView, Trouble, ZoneView

NOT_SUPERVISED = "wiring not supervised"


def device(*zones: ZoneView, standing: str = "heard") -> DeviceView:
    return DeviceView(Place("room-101", "Room 101"), standing, 1, zones=zones)


def zone(name: str = "desk", circuit: str = "pair", condition: str = "normal", **more: bool) -> ZoneView:
    return ZoneView(name, None, "door" if name == "door" else "panic", circuit, condition, **more)


def fault(what: str, cause: str | None, zone: str = "desk", device: str = "room-101") -> Trouble:
    return Trouble(f"{what} {zone} {cause}", what, device, zone, "its words", 0, 0, cause=cause)


def said(
    *zones: ZoneView, faults: tuple[Trouble, ...] = (), standing: str = "heard"
) -> list[tuple[str, ...]]:
    return [line.said for line in zone_lines(device(*zones, standing=standing), faults)]


def test_zones_of_which_the_same_is_said_stand_together() -> None:
    """Nothing at all is said of one that is well and whose every fault would show."""
    zones = (zone("wall", "no"), zone("desk", "no"), zone("door", "no"), zone("quiet"))
    assert zone_lines(device(*zones), ()) == [
        ZoneLine("wall, desk", (NOT_SUPERVISED,), wrong=False),
        ZoneLine("door, quiet", (), wrong=False),
    ]


@pytest.mark.parametrize(
    ("shown", "words"),
    [
        (zone(circuit="no"), (NOT_SUPERVISED,)),
        (zone(circuit="nc"), ("wiring not supervised for a short",)),
        (zone(circuit="no", condition="active"), ("pressed", NOT_SUPERVISED)),
        (zone("door", "no", "active"), ("open",)),
        (zone(condition="cut"), ("wire cut",)),
        (zone(condition="conflict"), ("contacts contradict each other",)),
        (zone(condition="haunted"), ("haunted",)),
        (zone(walk_test=True), ("walk test: a press is a test",)),
        (zone(circuit="no", walk_test=True), ("walk test: a press is a test", NOT_SUPERVISED)),
    ],
)
def test_what_a_zone_reads_is_said_in_words(shown: ZoneView, words: tuple[str, ...]) -> None:
    assert said(shown) == [words]


def test_of_a_device_that_is_not_heard_only_what_was_last_known_is_said() -> None:
    """No walk test runs on for it: the agent ends it by itself."""
    assert said(zone(condition="cut", walk_test=True), standing="silent") == [("wire cut when last heard",)]


def test_a_fault_is_wrong_and_comes_first() -> None:
    """What the condition and a trouble both say is said once; every trouble of the zone is said."""
    faults = (fault("tamper", "cut"), fault("trouble", "chatter"), fault("trouble", "stuck", "wall"))
    lines = zone_lines(device(zone("quiet"), zone("desk", "no", "cut"), zone("wall")), faults)
    assert [(line.labels, line.wrong) for line in lines] == [("desk", True), ("wall", True), ("quiet", False)]
    stuck = zone_lines(device(zone(condition="active")), [fault("trouble", "stuck")])[0]
    assert stuck.said == ("pressed for more than 5 min: can't call again until it is released",)
    assert lines[0].said == ("wire cut", "opens and closes again and again", NOT_SUPERVISED)


def test_a_trouble_outlives_what_is_known_of_its_zone() -> None:
    """One of a zone that the agent tells of no more, and one that an older release opened."""
    assert zone_lines(device(), [fault("trouble", "stuck", "wall")])[0].labels == "wall"
    assert said(zone(), faults=(fault("tamper", None),)) == [("its words",)]


def test_the_faults_of_zones_are_told_from_other_troubles() -> None:
    """By device."""
    silent = Trouble("silent room-101", "silent", "room-101", None, "", 0, 0)
    flaw = Trouble("flaw zone room-101", "flaw-zone", "room-101", "desk", "", 0, 0)
    one, two = fault("tamper", "cut"), fault("trouble", "stuck", device="room-102")
    assert zone_faults([silent, flaw, one, two]) == {"room-101": [one], "room-102": [two]}
