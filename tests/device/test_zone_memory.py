"""What a zone remembers over a restart, and what it does where the memory comes late."""

from __future__ import annotations

import pytest

from config.wiring import Condition
from device.settling import POWER_UP_S
from device.swings import SWING_REST_S
from tests.device.one_zone import Told, Wired, flicker


@pytest.mark.parametrize(
    ("word", "reads", "expected"),
    [
        ("normal", "cut", [("alarm", 0.0, "cut"), ("tamper", 0.0, "cut")]),
        ("maybe cut", "cut", []),
        ("maybe cut", "normal", [("restoral", 0.0, None), ("tamper-restoral", 0.0, "cut")]),
        ("cut", "normal", [("tamper-restoral", 0.0, "cut")]),
        ("active held", "active", []),
        ("active held cut", "active", []),
        ("active cut", "cut", [("restoral", 0.0, None)]),
        ("active held", "cut", [("alarm", 0.0, "cut"), ("tamper", 0.0, "cut")]),
        ("maybe-cut", "cut", [("tamper", 0.0, "cut")]),
        (
            "maybe-conflict conflict",
            "normal",
            [("restoral", 0.0, None), ("tamper-restoral", 0.0, "conflict")],
        ),
        (
            "conflict",
            "active",
            [("alarm", 0.0, None), ("tamper-restoral", 0.0, "conflict"), ("alarm", 3.0, None)],
        ),
        ("active stuck", "normal", [("restoral", 0.0, None), ("trouble-restoral", 0.0, "stuck")]),
        ("chatter", "normal", [("trouble-restoral", SWING_REST_S, "chatter")]),
        ("", "normal", []),
    ],
)
def test_after_a_restart(word: str, reads: Condition, expected: Told) -> None:
    """What was told before the restart isn't told again, and what ended meanwhile is restored."""
    wired = Wired("pair").first(reads)
    wired.zone.remember(word)
    assert wired.reads(until=POWER_UP_S - 0.001) == []
    assert wired.reads(until=20.0) == expected


def test_a_press_after_a_held_one_is_not_held_yet() -> None:
    """Each press is told as held by itself, before a restart and after it."""
    wired = Wired("no").first("normal")
    wired.reads((1.0, "active"), (5.0, "normal"), until=6.0)
    assert wired.zone.word == "normal"
    wired.reads((7.0, "active"), until=8.0)
    assert wired.zone.word == "active"
    wired.reads(until=11.0)
    assert wired.zone.word == "active held"
    wired = Wired("pair").first("active")
    wired.zone.remember("active held")
    wired.reads((0.6, "cut"), (0.9, "active"), until=0.95)
    assert wired.zone.word == "active doubt cut"


def test_a_latching_button_over_a_restart_is_not_held() -> None:
    wired = Wired("no", latching=True).first("active")
    wired.zone.remember("active")
    assert wired.reads(until=60.0) == []


def test_a_stuck_button_is_told_once_over_a_restart() -> None:
    """Also where the word of it comes after it was told again as pressed."""
    wired = Wired("no", latching=True).first("active")
    assert wired.reads(until=2.0) == [("alarm", 0.0, None)]
    wired.zone.remember("active stuck")
    assert not wired.zone.can_call
    assert wired.reads((400.0, "normal"), until=500.0) == [
        ("restoral", 400.0, None),
        ("trouble-restoral", 400.0, "stuck"),
    ]


def test_unrest_over_a_restart_is_told_once() -> None:
    """Until it rests: it was told as what may be a press."""
    wired = Wired("no").first("active")
    wired.zone.remember("maybe-conflict conflict")
    assert wired.reads(*flicker("normal", 0.02, "active", 0.02, 0.02, 2.0), until=2.0) == []


@pytest.mark.parametrize("word", ["conflict", "normal"])
def test_unrest_from_the_start(word: str) -> None:
    """What wasn't told as an alarm is told as one; what was found at the start is no rest it left."""
    wired = Wired("no").first("active")
    wired.zone.remember(word)
    told = wired.reads(*flicker("normal", 0.02, "active", 0.02, 0.02, 2.0), until=2.0)
    assert told[0][::2] == ("alarm", "conflict")


def test_what_is_found_at_the_start_is_no_glimpse() -> None:
    """Supplies and pull-ups come up: a fault that is gone within that time was none."""
    wired = Wired("pair").first("cut")
    assert wired.reads((0.3, "normal"), until=5.0) == []


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("normal", []),
        ("maybe-cut cut", [("restoral", 0.0, None), ("tamper-restoral", 0.0, "cut")]),
        ("cut", [("tamper-restoral", 0.0, "cut")]),
        ("active stuck", [("restoral", 0.0, None), ("trouble-restoral", 0.0, "stuck")]),
        ("chatter", [("trouble-restoral", SWING_REST_S, "chatter")]),
        ("unreadable", [("trouble-restoral", 12.0, "unreadable")]),
    ],
)
def test_memory_that_comes_late(word: str, expected: Told) -> None:
    """A slow disk: what was told before the restart and has gone is restored once it is known."""
    wired = Wired("pair").first("normal")
    assert wired.reads(until=5.0) == []
    wired.decided += wired.zone.remember(word)
    assert wired.reads((12.0, "normal"), until=20.0) == expected
    assert wired.zone.can_call
    assert wired.zone.word == "normal"


@pytest.mark.parametrize("word", ["active", "active test", "maybe-conflict conflict"])
def test_memory_of_a_press_that_comes_late_to_a_fault(word: str) -> None:
    """It may go on: that is told, so that its restoral is owed after one more restart, too."""
    wired = Wired("eol").first("short")
    assert wired.reads(until=5.0) == [("tamper", 0.0, "short")]
    decided = wired.zone.remember(word)
    assert ("alarm", "short") in [(each.what, each.cause) for each in decided]
    again = Wired("eol").first("normal")
    again.zone.remember(decided[-1].word)
    assert again.reads(until=20.0) == [("restoral", 0.0, None), ("tamper-restoral", 0.0, "short")]


def test_memory_that_comes_while_the_contact_moves() -> None:
    """What is seen outweighs it, and yet the tamper that was told has its restoral."""
    wired = Wired("pair").first("normal")
    wired.reads((0.02, "cut"), (0.04, "active"), until=0.05)
    assert wired.zone.remember("maybe-cut cut") == []
    assert wired.reads((1.2, "normal"), until=20.0) == [
        ("alarm", 0.04, None),
        ("tamper-restoral", 0.04, "cut"),
        ("restoral", 1.2, None),
    ]
    wired = Wired("pair").first("normal")
    wired.reads((0.02, "cut"), until=0.03)
    wired.zone.remember("maybe-cut cut")
    assert wired.reads((1.2, "normal"), until=20.0) == [
        ("alarm", 0.02, "cut"),
        ("restoral", 1.2, None),
        ("tamper-restoral", 1.2, "cut"),
    ]


def test_memory_of_another_fault_comes_late() -> None:
    """Both were told; each has its restoral."""
    wired = Wired("eol").first("normal")
    assert wired.reads((1.0, "cut"), until=3.0) == [("tamper", 1.0, "cut")]
    assert [(each.what, each.cause) for each in wired.zone.remember("short")] == [
        ("tamper-restoral", "short")
    ]
    assert wired.zone.remember("cut") == []
    assert wired.reads((5.0, "normal"), until=20.0) == [("tamper-restoral", 5.0, "cut")]


def test_memory_of_a_door_comes_late() -> None:
    """It was open, and was found closed: that is told once it is known; what was told since stands."""
    wired = Wired("nc", "door").first("normal")
    wired.reads(until=5.0)
    assert [each.what for each in wired.zone.remember("active")] == ["closed"]
    wired = Wired("nc", "door").first("normal")
    assert wired.reads((1.0, "active"), until=5.0) == [("open", 1.0, None)]
    assert wired.zone.remember("normal") == []
    assert wired.reads((6.0, "normal"), until=10.0) == [("closed", 6.0, None)]


def test_pressed_again_on_a_broken_wire_right_after_a_restart() -> None:
    """Found at rest, and pressed again at once: a new press, on a broken wire, too."""
    wired = Wired("pair").first("normal")
    wired.zone.remember("maybe-cut cut")
    assert wired.reads((0.1, "cut"), until=1.0) == [
        ("restoral", 0.0, None),
        ("tamper-restoral", 0.0, "cut"),
        ("alarm", 0.1, "cut"),
        ("tamper", 0.1, "cut"),
    ]


def test_the_word_is_that_of_its_event() -> None:
    """Each event carries what is true once it is told, so that a crash between two loses neither."""
    wired = Wired("pair").first("normal")
    wired.zone.contact(1.0, (False, False))
    told = wired.zone.advance(2.0)
    assert [(each.what, set(each.word.split())) for each in told] == [
        ("alarm", {"maybe-cut"}),
        ("tamper", {"maybe-cut", "cut"}),
    ]
    wired = Wired("pair").first("cut")
    wired.zone.remember("maybe-cut")
    assert wired.reads((9.0, "normal"), until=20.0) == [
        ("tamper", 0.0, "cut"),
        ("restoral", 9.0, None),
        ("tamper-restoral", 9.0, "cut"),
    ]
