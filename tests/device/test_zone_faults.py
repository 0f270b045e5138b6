"""Faults of a zone's wiring, and presses that may be one of them: by tables."""

from __future__ import annotations

import pytest

from config.wiring import Condition
from device.zone import FAULT_S, STUCK_S
from tests.device.one_zone import Told, Wired, flicker


@pytest.mark.parametrize("cause", ["cut", "short"])
@pytest.mark.parametrize("kind", ["panic", "door"])
def test_a_fault_of_an_eol_circuit(kind: str, cause: Condition) -> None:
    """It is told as tamper with its cause, and restored; it is no press and no opening."""
    wired = Wired("eol", kind).first("normal")
    assert wired.reads((1.0, cause), until=1.0 + FAULT_S - 0.001) == []
    assert wired.reads(until=1.0 + FAULT_S) == [("tamper", 1.0, cause)]
    assert wired.zone.condition == cause
    assert wired.reads((9.0, "normal"), until=20.0) == [("tamper-restoral", 9.0, cause)]


def test_a_fault_is_told_within_a_second() -> None:
    """Of every supervised circuit, with the longest transit time that can be set."""
    assert FAULT_S < 1.0
    wired = Wired("pair", transit_ms=900).first("normal")
    assert [what for what, _, _ in wired.reads((5.0, "cut"), until=6.0)] == ["alarm", "tamper"]


@pytest.mark.parametrize("cause", ["cut", "short"])
def test_pressed_or_cut(cause: Condition) -> None:
    """A pair whose contacts are alike may be pressed: it alarms, with the cause, beside its tamper."""
    wired = Wired("pair").first("normal")
    assert wired.reads((1.0, cause), until=2.0) == [("alarm", 1.0, cause), ("tamper", 1.0, cause)]
    assert wired.reads((3.0, "normal"), until=4.0) == [
        ("restoral", 3.0, None),
        ("tamper-restoral", 3.0, cause),
    ]


def test_a_door_on_a_pair_is_no_press() -> None:
    """A door's contacts that are alike are a tamper alone."""
    wired = Wired("pair", "door").first("normal")
    assert wired.reads((1.0, "cut"), until=2.0) == [("tamper", 1.0, "cut")]


def test_transit_is_no_fault() -> None:
    """Between its two contacts a changeover has both open for a moment; slowly pressed, too."""
    wired = Wired("pair").first("normal")
    told = wired.reads((1.0, "cut"), (1.2, "active"), (1.6, "cut"), (1.7, "normal"), until=5.0)
    assert told == [("alarm", 1.2, None), ("restoral", 1.7, None)]


def test_a_press_wins_over_a_fault_that_began_with_it() -> None:
    """Whatever fault a press begins as, once it reads as a press it is one."""
    for cause in ("cut", "short"):
        wired = Wired("eol").first("normal")
        told = wired.reads((1.0, cause), (1.05, "active"), (1.5, "normal"), until=5.0)  # type: ignore[arg-type]
        assert told == [("alarm", 1.05, None), ("restoral", 1.5, None)]


def test_a_press_on_a_cut_wire() -> None:
    """With the wire of the contact that opens cut, each press is told; releasing it is no new riddle."""
    wired = Wired("pair").first("normal")
    wired.reads((1.0, "cut"), until=2.0)
    assert wired.reads((10.0, "active"), (10.5, "cut"), until=12.0) == [
        ("alarm", 10.0, None),
        ("restoral", 10.5, None),
    ]
    assert wired.reads((20.0, "active"), (20.5, "cut"), until=22.0) == [
        ("alarm", 20.0, None),
        ("restoral", 20.5, None),
    ]
    assert wired.reads((30.0, "normal"), until=40.0) == [("tamper-restoral", 30.0, "cut")]


@pytest.mark.parametrize("circuit", ["pair", "eol"])
def test_a_fault_during_a_press(circuit: str) -> None:
    """It can't show that the button was released: the press goes on, in doubt, until the circuit rests."""
    wired = Wired(circuit).first("normal")
    told = wired.reads((1.0, "active"), (2.0, "cut"), (9.0, "short"), until=2.0 + STUCK_S)
    faults = [each for each in told if "tamper" in each[0]]
    assert faults == [("tamper", 2.0, "cut"), ("tamper-restoral", 9.0, "cut"), ("tamper", 9.0, "short")]
    assert [each for each in told if each not in faults] == [
        ("alarm", 1.0, None),
        ("alarm", 2.0, "cut"),
        ("alarm", 4.0, "cut"),
        ("alarm", 9.0, "short"),
        ("trouble", 301.0, "stuck"),
    ]
    assert wired.zone.may_be_pressed
    assert wired.reads((400.0, "normal"), until=410.0) == [
        ("restoral", 400.0, None),
        ("trouble-restoral", 400.0, "stuck"),
        ("tamper-restoral", 400.0, "short"),
    ]
    assert wired.zone.word == "normal"


@pytest.mark.parametrize("circuit", ["pair", "eol"])
def test_a_press_held_on_over_a_loose_wire(circuit: str) -> None:
    """Whether it is one press or three can't be known: each is told, and it is held after 3 s, once."""
    wired = Wired(circuit).first("normal")
    loose: list[tuple[float, Condition]] = [
        (1.0, "active"), (2.0, "cut"), (2.6, "active"), (3.5, "cut"), (4.1, "active"), (6.0, "normal")
    ]  # fmt: skip
    told = wired.reads(*loose, until=9.0)
    assert [each for each in told if "tamper" not in each[0]] == [
        ("alarm", 1.0, None),
        ("alarm", 2.0, "cut"),
        ("alarm", 2.6, None),
        ("alarm", 3.5, "cut"),
        ("alarm", 4.0, "cut"),
        ("alarm", 4.1, None),
        ("restoral", 6.0, None),
    ]


def test_a_press_after_one_that_was_held_in_doubt() -> None:
    """It may be another: it is told, and 3 s later as held."""
    wired = Wired("pair").first("normal")
    wired.reads((1.0, "active"), (2.0, "cut"), until=10.0)
    assert wired.reads((10.0, "active"), until=20.0) == [("alarm", 10.0, None), ("alarm", 13.0, None)]


def test_pressed_on_a_broken_wire_and_then_shorted() -> None:
    """The press began as the wire was cut: back there it is over, but not where it was shorted meanwhile."""
    wired = Wired("pair").first("normal")
    wired.reads((1.0, "cut"), (2.0, "active"), until=2.1)
    assert wired.reads((3.0, "short"), (4.0, "cut"), until=4.9) == [
        ("alarm", 3.0, "short"),
        ("tamper-restoral", 3.0, "cut"),
        ("tamper", 3.0, "short"),
        ("alarm", 4.0, "cut"),
        ("tamper-restoral", 4.0, "short"),
        ("tamper", 4.0, "cut"),
    ]


def test_a_latching_button_whose_wire_is_cut() -> None:
    """It may be pressed: told, and never as held."""
    wired = Wired("eol", latching=True).first("normal")
    assert wired.reads((1.0, "active"), (2.0, "cut"), until=60.0) == [
        ("alarm", 1.0, None),
        ("alarm", 2.0, "cut"),
        ("tamper", 2.0, "cut"),
    ]


@pytest.mark.parametrize(
    ("word", "reads", "expected"),
    [
        ("maybe-cut cut doubt", "cut", [("alarm", 3.0, "cut")]),
        ("maybe-cut cut doubt held", "cut", []),
        ("maybe-cut cut doubt", "normal", [("restoral", 0.0, None), ("tamper-restoral", 0.0, "cut")]),
        ("maybe-cut cut doubt held", "active", [("alarm", 0.0, None), ("alarm", 3.0, None)]),
        ("active cut doubt held", "cut", [("alarm", 0.0, "cut")]),
        ("active", "cut", [("alarm", 0.0, "cut"), ("tamper", 0.0, "cut"), ("alarm", 3.0, "cut")]),
        ("active test", "cut", [("alarm", 0.0, "cut"), ("tamper", 0.0, "cut"), ("alarm", 3.0, "cut")]),
        ("active test", "normal", [("restoral", 0.0, None)]),
        ("maybe-cut doubt stuck", "cut", [("tamper", 0.0, "cut")]),
        (
            "maybe-cut doubt stuck",
            "normal",
            [("restoral", 0.0, None), ("trouble-restoral", 0.0, "stuck")],
        ),
    ],
)
@pytest.mark.parametrize("circuit", ["pair", "eol"])
def test_a_press_in_doubt_over_a_restart(circuit: str, word: str, reads: Condition, expected: Told) -> None:
    """It goes on, as any other."""
    wired = Wired(circuit).first(reads)
    wired.zone.remember(word)
    told = wired.reads(until=20.0)
    assert told == expected


def test_one_fault_becomes_another() -> None:
    """The first is restored as the second is told."""
    wired = Wired("eol").first("normal")
    assert wired.reads((1.0, "cut"), (5.0, "short"), until=9.0) == [
        ("tamper", 1.0, "cut"),
        ("tamper-restoral", 5.0, "cut"),
        ("tamper", 5.0, "short"),
    ]


@pytest.mark.parametrize("cause", ["cut", "short"])
def test_a_short_press_on_a_broken_wire(cause: Condition) -> None:
    """With the wire of the contact that closes broken, a press of 0.2 s reads as a fault and ends: told."""
    wired = Wired("pair").first("normal")
    assert wired.reads((1.0, cause), (1.2, "normal"), until=2.0) == [
        ("alarm", 1.0, cause),
        ("tamper", 1.0, cause),
        ("restoral", 1.2, None),
        ("tamper-restoral", 1.2, cause),
    ]
    assert wired.reads((3.0, cause), (3.039, "normal"), until=4.0) == []


def test_a_loose_wire_is_known_however_short_each_time() -> None:
    """A fault that rests, but goes before it is believed, is told when it has gone: it was there."""
    wired = Wired("eol").first("normal")
    assert wired.reads((1.0, "cut"), (1.3, "normal"), until=2.0) == [
        ("tamper", 1.0, "cut"),
        ("tamper-restoral", 1.3, "cut"),
    ]
    told = wired.reads(*flicker("cut", 0.3, "normal", 0.3, 10.0, 40.0), until=40.0)
    assert told[-1][::2] == ("trouble", "chatter")


def test_a_slow_release_is_no_fault() -> None:
    """Between active and normal a changeover may have both open for longer than a bounce."""
    wired = Wired("pair").first("normal")
    told = wired.reads(
        (1.0, "active"), (1.5, "cut"), (1.7, "normal"), (1.71, "cut"), (1.8, "normal"), until=9.0
    )
    assert told == [("alarm", 1.0, None), ("restoral", 1.8, None)]
