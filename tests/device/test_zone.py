"""One zone's settle logic: tables, and generated histories against a model that knows nothing of it."""

from __future__ import annotations

import pytest

from config.agent_settings import ZoneSettings
from device.decided import Decided
from device.settling import POWER_UP_S
from device.zone import HELD_S, Zone

SETTLE = 0.040


def button(settle_ms: int = 40) -> Zone:
    zone = Zone(ZoneSettings(zone="desk", kind="panic", circuit="no", pin=27, settle_ms=settle_ms))
    assert zone.contact(0.0, False, "first") == []
    return zone


def play(zone: Zone, moves: list[tuple[float, bool]], until: float) -> list[tuple[str, float, bool]]:
    """Move the contact at the given times, and let time pass until the end."""
    decided: list[Decided] = []
    for at, closed in moves:
        decided += zone.contact(at, closed)
    decided += zone.advance(until)
    return [(each.what, each.at, each.held) for each in decided]


@pytest.mark.parametrize(
    ("moves", "expected"),
    [
        ([(1.0, True), (1.2, False)], [("alarm", 1.0, False), ("restoral", 1.2, False)]),
        ([(1.0, True), (1.039, False)], []),
        ([(1.0, True), (1.041, False)], [("alarm", 1.0, False), ("restoral", 1.041, False)]),
        (
            # A contact that bounces as it closes is dated by its last move.
            [(1.0, True), (1.005, False), (1.01, True), (1.3, False)],
            [("alarm", 1.01, False), ("restoral", 1.3, False)],
        ),
        (
            # A short interruption of a press is no second press.
            [(1.0, True), (1.5, False), (1.52, True), (2.0, False)],
            [("alarm", 1.0, False), ("restoral", 2.0, False)],
        ),
        (
            [(1.0, True), (1.2, False), (1.4, True), (1.6, False)],
            [
                ("alarm", 1.0, False),
                ("restoral", 1.2, False),
                ("alarm", 1.4, False),
                ("restoral", 1.6, False),
            ],
        ),
        (
            [(1.0, True), (5.0, False)],
            [("alarm", 1.0, False), ("alarm", 4.0, True), ("restoral", 5.0, False)],
        ),
        ([(1.0, True), (3.999, False)], [("alarm", 1.0, False), ("restoral", 3.999, False)]),
        (
            # A bounce at the very moment of the third second neither loses nor doubles the held alarm.
            [(1.0, True), (3.99, False), (4.01, True), (6.0, False)],
            [("alarm", 1.0, False), ("alarm", 4.0, True), ("restoral", 6.0, False)],
        ),
    ],
)
def test_presses(moves: list[tuple[float, bool]], expected: list[tuple[str, float, bool]]) -> None:
    """Each history of a button brings these events, dated as the contact moved."""
    assert play(button(), moves, 20.0) == expected


def test_door_opens_and_closes() -> None:
    """A door has no held alarm; its words are open and closed."""
    door = Zone(ZoneSettings(zone="door", kind="door", circuit="nc", pin=22))
    assert door.contact(0.0, True, "first") == []
    assert play(door, [(1.0, False), (9.0, True)], 20.0) == [("open", 1.0, False), ("closed", 9.0, False)]


def test_a_press_does_not_wait_for_later_edges() -> None:
    """What was due before an edge is decided as that edge is taken, however late the queue runs."""
    zone = button()
    zone.contact(1.0, True)
    assert zone.next_deadline() == pytest.approx(1.0 + SETTLE)
    assert [each.what for each in zone.contact(1.5, False)] == ["alarm"]
    assert [each.what for each in zone.contact(1.51, True)] == []


def test_without_settle_time_every_edge_counts() -> None:
    """settle_ms = 0 believes the first edge at once."""
    zone = button(settle_ms=0)
    assert [each.what for each in zone.contact(1.0, True)] == ["alarm"]


@pytest.mark.parametrize(
    ("last", "closed", "expected"),
    [
        ("normal", True, [("alarm", 0.0, False), ("alarm", HELD_S, True)]),
        ("active held", True, []),
        ("active", True, [("alarm", HELD_S, True)]),
        ("active test", True, [("alarm", 0.0, False), ("alarm", HELD_S, True)]),
        ("active test", False, [("restoral", 0.0, False)]),
        ("active", False, [("restoral", 0.0, False)]),
        ("normal", False, []),
    ],
)
def test_power_up(last: str, closed: bool, expected: list[tuple[str, float, bool]]) -> None:
    """Pressed at power-up is an alarm, unless that press was reported before, and as real; held on it is
    told as held, unless that was told, too.
    """
    zone = Zone(ZoneSettings(zone="desk", kind="panic", circuit="no", pin=27))
    zone.contact(0.0, closed, "first")
    assert zone.remember(last) == []
    assert play(zone, [], POWER_UP_S - 0.001) == []
    assert play(zone, [], 10.0) == expected


def test_power_up_noise_is_no_press() -> None:
    """A level that falls away within the power-up time was none."""
    zone = Zone(ZoneSettings(zone="desk", kind="panic", circuit="no", pin=27))
    zone.contact(0.0, True, "first")
    assert play(zone, [(0.2, False)], 5.0) == []


def test_pressed_again_right_after_a_restart() -> None:
    """A press reported before the restart, released meanwhile and pressed again at once alarms again."""
    zone = Zone(ZoneSettings(zone="desk", kind="panic", circuit="no", pin=27))
    zone.contact(0.0, False, "first")
    zone.remember("active")
    assert play(zone, [(0.1, True)], 1.0) == [("restoral", 0.0, False), ("alarm", 0.1, False)]


def test_memory_comes_too_late() -> None:
    """What was remembered from before is outweighed by what was decided since."""
    zone = Zone(ZoneSettings(zone="desk", kind="panic", circuit="no", pin=27))
    zone.contact(0.0, True, "first")
    assert [each.what for each in zone.advance(1.0)] == ["alarm"]
    assert zone.remember("active held") == []
    assert [(each.what, each.held) for each in zone.advance(HELD_S)] == [("alarm", True)]
    assert [each.what for each in zone.contact(5.0, False)] == []
    assert [each.what for each in zone.advance(6.0)] == ["restoral"]


def test_memory_of_a_press_comes_in_the_next_one() -> None:
    """A press that has begun is one, whatever was pressed before the restart."""
    zone = button()
    zone.contact(0.1, True)
    assert zone.remember("active") == []
    assert [each.what for each in zone.advance(1.0)] == ["alarm"]


@pytest.mark.parametrize("known", ["active", "active test", "maybe"])
def test_memory_of_a_press_that_is_over_comes_late(known: str) -> None:
    """It was told and has gone: its restoral is told as soon as the word of it is read."""
    zone = button()
    assert zone.advance(1.0) == []
    assert [(each.what, each.at) for each in zone.remember(known)] == [("restoral", 0.0)]
    assert zone.word == "normal"


def test_a_press_over_a_restart_can_be_stuck() -> None:
    """Five minutes are counted from the start anew."""
    zone = Zone(ZoneSettings(zone="desk", kind="panic", circuit="no", pin=27))
    zone.remember("active held")
    zone.contact(10.0, True, "first")
    assert [(each.what, each.at) for each in zone.advance(400.0)] == [("trouble", 310.0)]
    zone = Zone(ZoneSettings(zone="desk", kind="panic", circuit="no", pin=27))
    zone.contact(10.0, True, "first")
    zone.remember("active held")
    assert [(each.what, each.at) for each in zone.advance(400.0)] == [("trouble", 310.0)]
