"""One zone's settle logic: tables, and generated histories against a model that knows nothing of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.zone import HELD_S, POWER_UP_S, Decided, Zone

SETTLE = 0.040


def button(settle: float = SETTLE) -> Zone:
    zone = Zone("panic", "no", settle)
    assert zone.contact(0.0, closed=False, first=True) == []
    return zone


def play(zone: Zone, moves: list[tuple[float, bool]], until: float) -> list[tuple[str, float, bool]]:
    """Move the contact at the given times, and let time pass until the end."""
    decided: list[Decided] = []
    for at, closed in moves:
        decided += zone.contact(at, closed=closed)
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
    door = Zone("door", "nc", SETTLE)
    assert door.contact(0.0, closed=True, first=True) == []
    assert play(door, [(1.0, False), (9.0, True)], 20.0) == [("open", 1.0, False), ("closed", 9.0, False)]


def test_a_press_does_not_wait_for_later_edges() -> None:
    """What was due before an edge is decided as that edge is taken, however late the queue runs."""
    zone = button()
    zone.contact(1.0, closed=True)
    assert zone.next_deadline() == pytest.approx(1.0 + SETTLE)
    assert [each.what for each in zone.contact(1.5, closed=False)] == ["alarm"]
    assert [each.what for each in zone.contact(1.51, closed=True)] == []


def test_without_settle_time_every_edge_counts() -> None:
    """settle_ms = 0 believes the first edge at once."""
    zone = button(settle=0.0)
    assert [each.what for each in zone.contact(1.0, closed=True)] == ["alarm"]


@pytest.mark.parametrize(
    ("last", "closed", "expected"),
    [
        ("normal", True, [("alarm", 0.0, False), ("alarm", HELD_S, True)]),
        ("active", True, []),
        ("active", False, [("restoral", 0.0, False)]),
        ("normal", False, []),
    ],
)
def test_power_up(last: str, closed: bool, expected: list[tuple[str, float, bool]]) -> None:
    """Pressed at power-up is an alarm, unless that press was reported before."""
    zone = Zone("panic", "no", SETTLE)
    zone.contact(0.0, closed=closed, first=True)
    zone.remember(last)  # type: ignore[arg-type]
    assert play(zone, [], POWER_UP_S - 0.001) == []
    assert play(zone, [], 10.0) == expected


def test_power_up_noise_is_no_press() -> None:
    """A level that falls away within the power-up time was none."""
    zone = Zone("panic", "no", SETTLE)
    zone.contact(0.0, closed=True, first=True)
    assert play(zone, [(0.2, False)], 5.0) == []


def test_pressed_again_right_after_a_restart() -> None:
    """A press reported before the restart, released meanwhile and pressed again at once alarms again."""
    zone = Zone("panic", "no", SETTLE)
    zone.contact(0.0, closed=False, first=True)
    zone.remember("active")
    assert play(zone, [(0.1, True)], 1.0) == [("restoral", 0.0, False), ("alarm", 0.1, False)]


def test_memory_comes_too_late() -> None:
    """What was remembered from before is outweighed by what was decided since."""
    zone = Zone("panic", "no", SETTLE)
    zone.contact(0.0, closed=True, first=True)
    assert [each.what for each in zone.advance(1.0)] == ["alarm"]
    zone.remember("active")
    assert [each.what for each in zone.contact(1.1, closed=False)] == []
    assert [each.what for each in zone.advance(2.0)] == ["restoral"]


# --- generated histories --------------------------------------------------------------------------------

TICK = 1 / 1024  # exact in binary, so that "exactly as long" can be tested, too
SETTLE_TICKS, HELD_TICKS = 40, 3072
gaps = st.one_of(
    st.integers(1, SETTLE_TICKS - 1),
    st.integers(SETTLE_TICKS, 200),
    st.integers(HELD_TICKS - 50, HELD_TICKS + 50),
    st.integers(200, 10_000),
)
histories = st.lists(gaps, max_size=40)


@given(histories, st.data())
def test_any_history(history: list[int], data: st.DataObject) -> None:
    """Every press longer than the settle time is exactly one alarm (and one held past 3 s); noise is none.

    The model works on the finished history: runs shorter than the settle time
    are struck out, what remains and touches is one.
    """
    moves: list[tuple[int, bool]] = []
    at, closed = 1024, False
    for gap in history:
        closed = not closed
        moves.append((at, closed))
        at += gap
    end = at + 20_000

    zone = button(SETTLE_TICKS * TICK)
    decided: list[Decided] = []
    for ticks, is_pressed in moves:
        # The loop's timer may or may not get in between: it must not matter.
        if data.draw(st.booleans()) and (due := zone.next_deadline()) is not None and due <= ticks * TICK:
            decided += zone.advance(due)
        decided += zone.contact(ticks * TICK, closed=is_pressed)
    decided += zone.advance(end * TICK)

    runs = spans(moves, end)
    rested = [(start, pressed) for start, stop, pressed in runs if stop - start >= SETTLE_TICKS]
    expected: list[tuple[int, bool]] = []
    for start, pressed in rested:
        if pressed != (expected[-1][1] if expected else False):
            expected.append((start, pressed))
    got = [(round(each.at / TICK), each.what == "alarm") for each in decided if not each.held]
    assert got == expected
    presses = [(start, stop) for start, stop, pressed in spans(expected, end) if pressed]
    held = [start + HELD_TICKS for start, stop in presses if closed_within(runs, start + HELD_TICKS, stop)]
    assert [round(each.at / TICK) for each in decided if each.held] == held


def spans(moves: list[tuple[int, bool]], end: int) -> list[tuple[int, int, bool]]:
    """Turn moves into runs: from, until, pressed."""
    stops = [*(at for at, _ in moves[1:]), end]
    return [(start, stop, pressed) for (start, pressed), stop in zip(moves, stops, strict=False)]


def closed_within(runs: list[tuple[int, int, bool]], since: int, until: int) -> bool:
    """Tell whether the contact is closed at some moment of this time."""
    return any(pressed and start < until and stop >= since for start, stop, pressed in runs)
