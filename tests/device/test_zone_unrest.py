"""A zone whose circuit comes to no rest: when that may be a press, and when it is none."""

from __future__ import annotations

import pytest

from config.wiring import Condition
from device.settling import UNSTEADY_S
from tests.device.one_zone import Wired, flicker


def test_a_circuit_without_rest() -> None:
    """One that never comes to rest may be pressed, and contradicts itself, within a second; rest ends it."""
    wired = Wired("no").first("normal")
    noise: list[tuple[float, Condition]] = [
        (1.0 + n * 0.02, "active" if n % 2 == 0 else "normal") for n in range(60)
    ]
    wired.reads(*noise[:40], until=1.0 + UNSTEADY_S - 0.001)
    told = wired.reads(*noise[40:], until=2.199)
    assert told == [("alarm", 1.0, "conflict"), ("tamper", 1.0, "conflict")]
    assert wired.reads(until=5.0) == [("restoral", 2.18, None), ("tamper-restoral", 2.18, "conflict")]
    assert wired.reads((6.0, "active"), until=7.0) == [("alarm", 6.0, None)]


def test_a_press_out_of_the_noise() -> None:
    """The noise of a bad contact under a finger ends in a press: it alarms, and the noise is restored."""
    wired = Wired("no").first("normal")
    noise: list[tuple[float, Condition]] = [
        (1.0 + n * 0.02, "active" if n % 2 == 0 else "normal") for n in range(61)
    ]
    assert wired.reads(*noise, until=2.5) == [
        ("alarm", 1.0, "conflict"),
        ("tamper", 1.0, "conflict"),
        ("alarm", 2.2, None),
        ("tamper-restoral", 2.2, "conflict"),
    ]


@pytest.mark.parametrize(
    ("circuit", "first", "first_s", "then", "then_s"),
    [
        ("pair", "active", 0.035, "cut", 0.1),
        ("pair", "active", 0.03, "cut", 0.06),
        ("pair", "cut", 0.2, "normal", 0.02),
        ("pair", "cut", 0.2, "short", 0.2),
        ("eol", "active", 0.035, "cut", 0.1),
        ("eol", "cut", 0.45, "active", 0.02),
        ("no", "active", 0.035, "normal", 0.005),
        ("nc", "active", 0.035, "normal", 0.005),
    ],
)
def test_a_press_that_comes_to_no_rest(
    circuit: str, first: Condition, first_s: float, then: Condition, then_s: float
) -> None:
    """What may be a press and never rests is an alarm with its cause within a second, once; a tamper, too."""
    wired = Wired(circuit).first("normal")
    moves = flicker(first, first_s, then, then_s, 10.0, 20.0)
    early = [move for move in moves if move[0] <= 11.0]
    assert wired.reads(*early, until=11.0) == [("alarm", 10.0, "conflict"), ("tamper", 10.0, "conflict")]
    assert not wired.zone.can_call
    end = round(moves[-1][0] + 0.004, 3)
    assert wired.reads(*moves[len(early) :], until=end) == []
    rest = round(end + 0.002, 3)
    assert wired.reads((end, "active"), (rest, "normal"), until=30.0) == [
        ("restoral", rest, None),
        ("tamper-restoral", rest, "conflict"),
    ]


@pytest.mark.parametrize(
    ("first", "first_s", "then", "then_s"),
    [("cut", 0.45, "normal", 0.02), ("cut", 0.3, "short", 0.3), ("short", 0.03, "normal", 0.03)],
)
def test_a_loose_wire_that_comes_to_no_rest(
    first: Condition, first_s: float, then: Condition, then_s: float
) -> None:
    """It is a tamper within a second; where nothing read as pressed it is no alarm, and from then on one."""
    wired = Wired("eol").first("normal")
    moves = flicker(first, first_s, then, then_s, 10.0, 20.0)
    early = [move for move in moves if move[0] <= 11.0]
    assert wired.reads(*early, until=11.0) == [("tamper", 10.0, "conflict")]
    end = round(moves[-1][0] + 0.01, 3)
    assert wired.reads(*moves[len(early) :], until=end) == []
    noise: list[tuple[float, Condition]] = [
        (end, "active"), (end + 0.01, first), (end + 0.02, "active"), (end + 0.03, "normal")
    ]  # fmt: skip
    assert wired.reads(*noise, until=end + 0.05) == [("alarm", end, "conflict")]
    assert wired.reads(until=30.0) == [
        ("restoral", round(end + 0.03, 3), None),
        ("tamper-restoral", round(end + 0.03, 3), "conflict"),
    ]


def test_a_press_before_an_unrest_is_none_in_it() -> None:
    """What was read before its last rest is over, and so is what was found at the start."""
    wired = Wired("eol").first("normal")
    wired.reads((1.0, "active"), (2.0, "normal"), until=9.0)
    assert wired.reads(*flicker("cut", 0.3, "normal", 0.02, 10.0, 11.0), until=11.0) == [
        ("tamper", 10.0, "conflict")
    ]
    wired = Wired("eol").first("active")
    assert wired.reads(*flicker("cut", 0.3, "normal", 0.02, 0.1, 1.1), until=1.1) == [
        ("tamper", 0.1, "conflict")
    ]


def test_each_unrest_is_told() -> None:
    """Between two of them the circuit came to rest: the second is an alarm of its own."""
    wired = Wired("no").first("normal")
    for start in (10.0, 20.0):
        wired.reads(*flicker("active", 0.02, "normal", 0.02, start, start + 1.0), until=start + 2.0)
    unrest = flicker("active", 0.02, "normal", 0.02, 30.0, 31.0)
    assert wired.reads(*unrest, until=31.0) == [("alarm", 30.0, "conflict"), ("tamper", 30.0, "conflict")]


@pytest.mark.parametrize(("circuit", "before"), [("pair", ["alarm", "tamper"]), ("eol", ["tamper"])])
def test_a_press_in_a_long_unrest(circuit: str, before: list[str]) -> None:
    """A wire that has been loose for an hour: a press after a quiet minute is told, each time."""
    wired = Wired(circuit).first("normal")
    loose = flicker("cut", 0.2, "normal", 0.02, 10.0, 3600.0)
    assert [what for what, _, _ in wired.reads(*loose, until=0.0)] == before
    for _ in range(2):
        start = loose[-1][0] + 0.02
        pressed = flicker("cut", 0.2, "active", 0.035, start, start + 5.0)
        loose = flicker("cut", 0.2, "normal", 0.02, pressed[-1][0] + 0.035, start + 70.0)
        told = wired.reads(*pressed, *loose, until=0.0)
        assert told == [("alarm", round(start + 0.2, 3), "conflict")]
    assert [what for what, _, _ in wired.reads(until=4000.0)] == ["restoral", "tamper-restoral"]


def test_noise_that_goes_on_is_told_once() -> None:
    """It reads as pressed again and again, without a quiet minute between."""
    wired = Wired("eol").first("normal")
    noise = flicker("active", 0.02, "cut", 0.2, 10.0, 400.0)
    assert [what for what, _, _ in wired.reads(*noise, until=noise[-1][0])] == ["alarm", "tamper"]


def test_a_cut_wire_that_becomes_loose_is_no_press() -> None:
    """It was told as what may be one; only what it hadn't read at its rest may be another."""
    wired = Wired("pair").first("normal")
    wired.reads((1.0, "cut"), until=9.0)
    loose = flicker("normal", 0.02, "cut", 0.2, 10.0, 10.9)
    assert wired.reads(*loose, until=10.9) == [
        ("tamper-restoral", 10.0, "cut"),
        ("tamper", 10.0, "conflict"),
    ]
    assert wired.reads((10.91, "active"), (10.92, "cut"), until=10.93) == [("alarm", 10.91, "conflict")]
    wired = Wired("pair").first("normal")
    wired.reads((1.0, "cut"), until=9.0)
    short = flicker("short", 0.02, "cut", 0.2, 10.0, 10.9)
    assert ("alarm", 10.0, "conflict") in wired.reads(*short, until=10.9)


def test_noise_in_a_press_is_no_second_one() -> None:
    """A finger on a bad contact: the press was told, and its noise is a fault alone."""
    wired = Wired("no").first("normal")
    noise = flicker("normal", 0.02, "active", 0.02, 2.0, 3.0)
    assert wired.reads((1.0, "active"), *noise, until=3.0) == [
        ("alarm", 1.0, None),
        ("tamper", 2.0, "conflict"),
    ]
    assert wired.zone.condition == "active"


def test_a_duress_zone_that_may_be_pressed() -> None:
    """Whatever may be a press is known as that, so that no lamp shows it as a fault."""
    wired = Wired("eol", "duress").first("normal")
    wired.reads(*flicker("cut", 0.3, "normal", 0.02, 10.0, 11.0), until=11.0)
    assert wired.zone.condition == "conflict"
    assert wired.zone.may_be_pressed
    wired.reads((11.01, "active"), (11.02, "cut"), until=15.0)
    assert wired.zone.condition == "cut"
    assert wired.zone.may_be_pressed
    assert not Wired("eol").first("normal").zone.may_be_pressed


def test_a_door_that_comes_to_no_rest_is_no_press() -> None:
    wired = Wired("no", "door").first("normal")
    assert wired.reads(*flicker("active", 0.02, "normal", 0.02, 1.0, 2.0), until=2.0) == [
        ("tamper", 1.0, "conflict")
    ]


@pytest.mark.parametrize(("kind", "settle_ms"), [("door", 1000), ("door", 5000), ("panic", 500)])
def test_a_long_settle_time_is_no_unrest(kind: str, settle_ms: int) -> None:
    """Nor is one bounce within it."""
    wired = Wired("no", kind, settle_ms=settle_ms).first("normal")
    settle_s = settle_ms / 1000
    bounce = 10.0 + settle_s * 0.7
    moves = ((10.0, "active"), (bounce, "normal"), (bounce + 0.01, "active"), (40.0, "normal"))
    told = wired.reads(*moves, until=60.0)  # type: ignore[arg-type]
    assert [what for what, _, cause in told if cause is not None] == []
    assert len(told) == (2 if kind == "door" else 3)
