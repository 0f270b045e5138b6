"""Doors that the settings don't have: a device that makes them up holds nothing up."""

from __future__ import annotations

from hub.door_states import STRANGE_OF_DEVICE
from tests.scenarios.doors.house import GYM, KITCHEN, door
from tests.scenarios.rig import Rig


def of_gym(rig: Rig) -> list[str]:
    return [zone for device, zone in rig.view.doors if device == f"room-{GYM}"]


def make_up(rig: Rig, first: int, last: int) -> None:
    for n in range(first, last):
        rig.press(GYM, f"made-up-{n}", "door", what="open")


def test_a_device_has_so_many_doors_that_nobody_set_up(rig: Rig) -> None:
    """One trouble tells of the rest; its own door, other rooms and presses are as ever; so after a start."""
    make_up(rig, 0, 3 * STRANGE_OF_DEVICE)
    for _ in ("before", "after a start"):
        assert len([zone for zone in of_gym(rig) if zone != "door"]) == STRANGE_OF_DEVICE
        assert rig.troubles("doors-strange") == [f"doors-strange room-{GYM}"]
        door(rig, GYM, "open")
        door(rig, KITCHEN, "open")
        assert rig.view.doors[f"room-{GYM}", "door"].state == "open"
        assert rig.view.doors[f"room-{KITCHEN}", "door"].state == "open"
        rig.restart(1)
        rig.state(GYM, door="normal")
    rig.press(GYM)
    assert any(incident.kind == "panic" for incident in rig.view.incidents.values())


def test_doors_beyond_them_that_were_stored_are_let_go_at_a_start(rig: Rig) -> None:
    """As an older release kept them."""
    rig.site.doors._states.is_one_too_many = lambda _: False  # type: ignore[method-assign]
    make_up(rig, 0, 2 * STRANGE_OF_DEVICE)
    assert len(of_gym(rig)) > STRANGE_OF_DEVICE + 1
    rig.restart(1)
    assert len([zone for zone in of_gym(rig) if zone != "door"]) == STRANGE_OF_DEVICE
