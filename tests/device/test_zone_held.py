"""How long a button is pressed: long enough for a press, held, stuck, and staying in by itself."""

from __future__ import annotations

from device.zone import HELD_S, STUCK_S
from tests.device.one_zone import Wired, flicker


def test_an_interruption_takes_nothing_from_a_press() -> None:
    """A contact that opens for a moment again and again is pressed: accept_after runs on."""
    wired = Wired("no", accept_after_ms=500).first("normal")
    moves = flicker("active", 0.4, "normal", 0.03, 10.0, 15.0)
    assert wired.reads(*moves, until=moves[-1][0] + 1.0)[:2] == [("alarm", 10.0, None), ("alarm", 13.0, None)]
    wired = Wired("no", accept_after_ms=500).first("normal")
    assert wired.reads((1.0, "active"), (1.3, "normal"), (1.35, "active"), (1.7, "normal"), until=3.0) == []


def test_stuck() -> None:
    """A button that stays in for 5 min is a trouble, restored when it is released; its alarm stands."""
    wired = Wired("no").first("normal")
    assert wired.reads((1.0, "active"), until=1.0 + STUCK_S) == [
        ("alarm", 1.0, None),
        ("alarm", 4.0, None),
        ("trouble", 301.0, "stuck"),
    ]
    assert not wired.zone.can_call
    assert wired.reads((400.0, "normal"), until=401.0) == [
        ("restoral", 400.0, None),
        ("trouble-restoral", 400.0, "stuck"),
    ]
    assert wired.zone.can_call


def test_a_latching_button_is_never_held() -> None:
    """It stays in by itself, so that staying in means nothing; stuck it is all the same."""
    wired = Wired("no", latching=True).first("normal")
    assert wired.reads((1.0, "active"), until=1.0 + STUCK_S) == [
        ("alarm", 1.0, None),
        ("trouble", 301.0, "stuck"),
    ]


def test_assist_held_is_a_panic() -> None:
    """Only where the school sets it: the first alarm is of its own kind, the second an emergency."""
    for held_kind, second in ((None, "assist"), ("panic", "panic")):
        wired = Wired("no", "assist", held_kind=held_kind).first("normal")
        wired.zone.contact(1.0, True)
        told = wired.zone.advance(1.0 + HELD_S)
        assert [(each.kind, each.held) for each in told] == [("assist", False), (second, True)]


def test_accept_after() -> None:
    """A press must last as long as the school sets; it is dated as it began."""
    wired = Wired("no", accept_after_ms=300).first("normal")
    assert wired.reads((1.0, "active"), (1.25, "normal"), until=2.0) == []
    assert wired.reads((3.0, "active"), until=3.3) == [("alarm", 3.0, None)]
    assert wired.reads((3.4, "normal"), until=3.45) == [("restoral", 3.4, None)]
