"""On a real Raspberry Pi that ``scripts/install`` has made a room's box, and that isn't in service yet.

    scripts/test -m hardware -s tests/hardware/test_on_a_pi.py

Each press here is a real alarm for whatever hub listens. README.md beside this file says what to wire.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.mosquitto import Heard, Wire

pytestmark = pytest.mark.hardware

BROKER = ("127.0.0.1", 1883)
LOOPBACK_PIN = 23
"""Wired through 1 kilohm to the wall button's pin: low is a press, not driven is a release."""
PRESSES = 100
BY_HAND_S = 60.0
ZONES = ("wall", "desk")


@pytest.fixture
def wire() -> Iterator[Wire]:
    """Listens to the events of this box's agent."""
    assert Path("/proc/device-tree/model").read_text().startswith("Raspberry Pi"), "this is no Raspberry Pi"
    with Wire(BROKER, "tocsin/v1/+/+/event") as listening:
        yield listening


def alarms(wire: Wire, zone: str) -> dict[str, Heard]:
    """The alarms of a zone so far, by their ids."""
    heard = (message for message in wire.on("/event") if message.json["zone"] == zone)
    return {message.json["id"]: message for message in heard if message.json["what"] == "alarm"}


def test_every_press_over_a_wire_is_told_once(wire: Wire) -> None:
    """100 presses of 80 ms by an output pin: 100 alarms, and the slowest's time is printed."""
    from gpiozero import OutputDevice

    slowest = 0.0
    for n in range(1, PRESSES + 1):
        pressed = time.monotonic()
        with OutputDevice(LOOPBACK_PIN, active_high=False, initial_value=True):
            time.sleep(0.08)  # a finger's time
        told = wire.wait_for(lambda _, n=n: len(alarms(wire, "wall")) >= n, 5.0)
        slowest = max(slowest, told.at - pressed)
        wire.wait_for(lambda m: m.json["what"] == "restoral", 5.0, after=len(wire.messages) - 1)
    assert len(alarms(wire, "wall")) == PRESSES
    print(f"slowest from contact to broker and back: {slowest * 1000:.0f} ms, 40 ms of them to settle")


@pytest.mark.parametrize("zone", ZONES)
def test_a_press_by_hand_is_told(wire: Wire, zone: str) -> None:
    """A person presses each button once; the lamp must show it, which only that person can see."""
    print(f"\nPress the {zone} button within {BY_HAND_S:.0f} s, and watch the lamp.", flush=True)
    wire.wait_for(lambda message: bool(alarms(wire, zone)), BY_HAND_S)
    assert len(alarms(wire, zone)) == 1
