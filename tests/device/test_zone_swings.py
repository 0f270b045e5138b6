"""Swinging inputs: faults and doors are limited, presses never."""

from __future__ import annotations

from config.wiring import Condition
from device.swings import DOOR_SWINGS, FAULT_SWINGS, SWING_REST_S
from tests.device.one_zone import Told, Wired, flicker


def test_a_loose_wire_is_limited() -> None:
    """After so many faults in a minute one trouble says so; at rest it is restored, and what stands told."""
    wired = Wired("eol").first("normal")
    swings: list[tuple[float, Condition]] = [
        (1.0 + 1.0 * n, "cut" if n % 2 == 0 else "normal") for n in range(41)
    ]
    told = wired.reads(*swings, until=41.6)
    assert [what for what, _, _ in told] == ["tamper", "tamper-restoral"] * (FAULT_SWINGS // 2) + ["trouble"]
    assert told[-1][2] == "chatter"
    assert wired.reads(until=41.0 + SWING_REST_S) == [
        ("trouble-restoral", 41.0 + SWING_REST_S, "chatter"),
        ("tamper", 41.0, "cut"),
    ]


def test_a_press_on_a_loose_wire_is_never_limited() -> None:
    """While its faults swing, each press is told at once, what may be one as well."""
    wired = Wired("pair").first("normal")
    told: Told = []
    for n in range(40):
        at = 10.0 * n
        told += wired.reads(
            (at + 1, "cut"), (at + 2, "normal"), (at + 3, "cut"), (at + 4, "normal"),
            (at + 5, "active"), (at + 6, "normal"), until=at + 9,
        )  # fmt: skip
    assert [at for what, at, cause in told if what == "alarm" and cause is None] == [
        10.0 * n + 5 for n in range(40)
    ]
    assert [at for what, at, cause in told if what == "alarm" and cause == "cut"] == [
        10.0 * n + after for n in range(40) for after in (1, 3)
    ]
    assert sum(what == "restoral" for what, _, _ in told) == 120
    assert sum(what == "tamper" for what, _, _ in told) == FAULT_SWINGS // 2


def test_the_end_of_chatter_invents_no_press() -> None:
    """Whatever stands when the swinging ends is told as a fault alone: its alarm was told as it came."""
    wired = Wired("pair").first("normal")
    swings = flicker("cut", 1.0, "normal", 1.0, 10.0, 16.0)
    told = wired.reads(*swings, (16.0, "cut"), (17.0, "active"), (40.0, "normal"), until=140.0)
    assert [each for each in told if each[1] >= 16.0 and "tamper" not in each[0]] == [
        ("alarm", 16.0, "cut"),
        ("trouble", 16.0, "chatter"),
        ("alarm", 17.0, None),
        ("alarm", 20.0, None),
        ("trouble-restoral", 27.0, "chatter"),
        ("restoral", 40.0, None),
    ]


def test_noise_doesnt_keep_chatter_up() -> None:
    """What is never believed is no swing: what stands is told, though noise comes every 8 s."""
    wired = Wired("pair").first("normal")
    swings = flicker("cut", 1.0, "normal", 1.0, 10.0, 18.0)
    noise = flicker("short", 0.005, "cut", 7.995, 28.0, 100.0)
    told = wired.reads(*swings, (20.0, "cut"), *noise, until=100.0)
    assert told[-2:] == [("trouble-restoral", 30.0, "chatter"), ("tamper", 20.0, "cut")]


def test_a_swinging_door_is_limited() -> None:
    """A class that walks through is told each time; a door in the wind is one trouble, and its rest."""
    wired = Wired("nc", "door").first("normal")
    swings: list[tuple[float, Condition]] = [
        (1.0 + 0.5 * n, "active" if n % 2 == 0 else "normal") for n in range(101)
    ]
    told = wired.reads(*swings, until=51.1)
    assert [what for what, _, _ in told] == ["open", "closed"] * (DOOR_SWINGS // 2) + ["trouble"]
    assert wired.reads(until=51.0 + SWING_REST_S) == [
        ("trouble-restoral", 61.0, "chatter"),
        ("open", 51.0, None),
    ]


def test_rest_makes_room_for_as_many_again() -> None:
    """Once it has rested, its faults are told like any other's."""
    wired = Wired("eol").first("normal")
    swings = flicker("cut", 1.0, "normal", 1.0, 10.0, 18.0)
    assert wired.reads(*swings, until=30.0)[-1] == ("trouble-restoral", 27.0, "chatter")
    assert wired.reads((31.0, "cut"), until=32.0) == [("tamper", 31.0, "cut")]
