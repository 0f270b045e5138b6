"""Faults of a zone's wiring, what may be a press, swinging inputs, and what a zone remembers: by tables."""

from __future__ import annotations

from typing import Any

import pytest

from config.agent_settings import ZoneSettings
from config.wiring import Condition
from device.circuit import Wiring
from device.settling import POWER_UP_S, UNSTEADY_S
from device.swings import DOOR_SWINGS, FAULT_SWINGS, SWING_REST_S
from device.zone import FAULT_S, HELD_S, LOST_S, STUCK_S, Decided, Zone

PINS: dict[str, dict[str, Any]] = {
    "no": {"pin": 17},
    "nc": {"pin": 17},
    "pair": {"pin": 17, "nc_pin": 23},
    "eol": {"channel": 0},
}
TRANSIT = 0.25
Told = list[tuple[str, float, str | None]]


class Wired:
    """A zone whose circuit is made to read conditions."""

    def __init__(self, circuit: str = "pair", kind: str = "panic", **settings: Any) -> None:
        made: dict[str, Any] = {"zone": "z", "kind": kind, "circuit": circuit, **PINS[circuit], **settings}
        self.settings = ZoneSettings(**made)
        self.zone = Zone(self.settings)
        self.wiring = Wiring(self.settings)
        self.decided: list[Decided] = []

    def first(self, condition: Condition, at: float = 0.0) -> Wired:
        self.decided += self.zone.contact(at, self.wiring.reading(condition), "first")
        return self

    def reads(self, *moves: tuple[float, Condition], until: float) -> Told:
        """Let the circuit read these conditions; returns what was told: what, when, cause."""
        for at, condition in moves:
            self.decided += self.zone.contact(at, self.wiring.reading(condition))
        self.decided += self.zone.advance(until)
        told, self.decided = self.decided, []
        return [(each.what, round(each.at, 3), each.cause) for each in told]


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


def flicker(
    first: Condition, first_s: float, then: Condition, then_s: float, start: float, end: float
) -> list[tuple[float, Condition]]:
    """A circuit that reads this and that in turn, from a start until an end."""
    moves: list[tuple[float, Condition]] = []
    while start < end:
        moves += [(start, first), (start + first_s, then)]
        start += first_s + then_s
    return moves


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


# --- long settle times ------------------------------------------------------------------------------------


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


def test_an_interruption_takes_nothing_from_a_press() -> None:
    """A contact that opens for a moment again and again is pressed: accept_after runs on."""
    wired = Wired("no", accept_after_ms=500).first("normal")
    moves = flicker("active", 0.4, "normal", 0.03, 10.0, 15.0)
    assert wired.reads(*moves, until=moves[-1][0] + 1.0)[:2] == [("alarm", 10.0, None), ("alarm", 13.0, None)]
    wired = Wired("no", accept_after_ms=500).first("normal")
    assert wired.reads((1.0, "active"), (1.3, "normal"), (1.35, "active"), (1.7, "normal"), until=3.0) == []


# --- held, stuck, latching -------------------------------------------------------------------------------


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


# --- swinging ---------------------------------------------------------------------------------------------


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


# --- restarts ---------------------------------------------------------------------------------------------


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


# --- what can't be read -----------------------------------------------------------------------------------


def test_unreadable() -> None:
    """A zone that can't be read is a trouble, once; the next reading restores it, and may be a press."""
    wired = Wired("no").first("normal")
    told = wired.zone.unreadable(1.0) + wired.zone.unreadable(3.0)
    assert [(each.what, each.cause) for each in told] == [("trouble", "unreadable")]
    assert not wired.zone.can_call
    assert wired.reads((5.0, "active"), until=5.1) == [
        ("trouble-restoral", 5.0, "unreadable"),
        ("alarm", 5.0, None),
    ]


def test_nothing_is_held_that_can_not_be_read() -> None:
    """It may be released long since; read again it goes on as it is then."""
    wired = Wired("no").first("normal")
    wired.reads((1.0, "active"), until=2.0)
    wired.zone.unreadable(2.0)
    assert wired.reads(until=10.0) == []
    assert wired.reads((10.5, "normal"), until=12.0) == [
        ("trouble-restoral", 10.5, "unreadable"),
        ("restoral", 10.5, None),
    ]


def test_unreadable_since_the_start_outweighs_the_word_of_before() -> None:
    wired = Wired("no")
    wired.zone.unreadable(1.0)
    wired.zone.remember("normal")
    assert not wired.zone.can_call


def test_a_move_found_by_reading_again() -> None:
    """It is taken as a move, and is lost unless its own word comes within a second."""
    wired = Wired("no").first("normal")
    wired.zone.contact(2.0, True, "again")
    assert [each.what for each in wired.zone.advance(2.1)] == ["alarm"]
    wired.zone.contact(2.2, True)
    wired.zone.contact(4.0, False, "again")
    wired.zone.advance(4.0 + LOST_S - 0.001)
    assert wired.zone.lost == 0
    assert wired.zone.next_deadline() == 4.0 + LOST_S
    wired.zone.advance(4.0 + LOST_S)
    assert wired.zone.lost == 1
    wired.zone.contact(6.0, True, "again")
    wired.zone.contact(6.1, False)
    assert wired.zone.lost == 2


def test_a_look_that_overtakes_an_edge_shortens_no_press() -> None:
    """The pins are read again between an edge and its callback: the press lasted as long as its edges say."""
    wired = Wired("no").first("normal")
    assert wired.reads(until=5.0) == []
    decided = wired.zone.contact(10.021, True, "again")
    decided += wired.zone.contact(10.000, True)
    decided += wired.zone.contact(10.060, False)
    decided += wired.zone.advance(11.0)
    assert [(each.what, each.at) for each in decided] == [("alarm", 10.000), ("restoral", 10.060)]
    assert [each.began for each in decided] == [10.0, None]
    assert wired.zone.lost == 0
