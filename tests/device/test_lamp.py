"""The lamp tells the truth and betrays nobody: what it shows, at which second."""

from __future__ import annotations

import pytest

from device.lamp import DARK_FOR_S, PATTERNS, Lamp, Press, next_deadline, show

A, B, C = frozenset({"a"}), frozenset({"b"}), frozenset({"c"})
IDLE = Lamp().heard(10_000.0, 0.0)


def name(lamp: Lamp, now: float) -> str:
    return show(lamp, now).pattern.name


def lit(lamp: Lamp, start: float, seconds: float) -> list[tuple[float, float]]:
    """The spans in which the lamp is lit, as (from, until) after ``start``, walked by its deadlines."""
    spans, now, since = [], start, None
    while now < start + seconds:
        on = show(lamp, now).light > 0
        if on and since is None:
            since = now
        if not on and since is not None:
            spans.append((round(since - start, 3), round(now - start, 3)))
            since = None
        due = next_deadline(lamp, now)
        now = start + seconds if due is None else due
    if since is not None:
        spans.append((round(since - start, 3), seconds))
    return spans


def test_idle_is_fault_until_the_hub_is_heard() -> None:
    """Nothing shows ready that isn't: not at the start, and not 30 s after the last beat."""
    assert name(Lamp(), 5.0) == "fault"
    heard = Lamp().heard(40.0, 10.0)
    assert name(heard, 39.9) == "ready"
    assert name(heard, 40.0) == "fault"
    assert next_deadline(heard, 20.0) == 40.0


def test_ready_is_steady_and_fault_blinks() -> None:
    """A person who sees no colour tells them apart."""
    assert lit(IDLE, 100.0, 60.0) == [(0.0, 60.0)]
    assert len(lit(Lamp(idle_since=100.0), 100.0, 60.0)) == 20


def test_stages() -> None:
    """Pressed, received, acknowledged, resolved: each as it becomes true, and ready only after the last."""
    lamp = IDLE.pressed("a", 100.0)
    assert name(lamp, 100.0) == "pressed"
    lamp = lamp.received(A, 100.1)
    assert name(lamp, 200.0) == "received"
    lamp = lamp.told("acknowledged", A, 201.0)
    assert name(lamp, 300.0) == "acknowledged"
    lamp = lamp.told("resolved", A, 301.0)
    assert name(lamp, 301.0) == "ready"


@pytest.mark.parametrize("stage", ["pressed", "received", "acknowledged", "not-received"])
def test_a_confirmation_lasts_two_seconds_at_most(stage: str) -> None:
    """No pattern after a press lights longer than 2 s at a time; only "not received" comes back."""
    pattern = PATTERNS[stage]  # type: ignore[index]
    shines = pattern.steps if pattern.repeats else pattern.steps[:-1]
    assert sum(step.seconds for step in shines if step.level) <= 2.0
    assert pattern.repeats is (stage == "not-received")
    if not pattern.repeats:
        assert sum(step.seconds for step in shines) <= 2.0
        assert pattern.steps[-1].level == 0


def test_each_stage_has_a_rhythm_of_its_own() -> None:
    """One pulse pressed, two received, three acknowledged, one long for not received."""
    lamp = IDLE.pressed("a", 100.0)
    assert len(lit(lamp, 100.0, 4.9)) == 1
    assert len(lit(lamp.received(A, 100.0), 100.0, 600.0)) == 2
    assert len(lit(lamp.told("acknowledged", A, 100.0), 100.0, 600.0)) == 3


def test_not_received_after_five_seconds() -> None:
    """From the fifth second it comes back for 2 s in every 15, until the receipt comes."""
    lamp = IDLE.pressed("a", 100.0)
    assert name(lamp, 104.9) == "pressed"
    assert name(lamp, 105.0) == "not-received"
    assert lit(lamp, 105.0, 45.0) == [(0.0, 2.0), (15.0, 17.0), (30.0, 32.0)]
    assert name(lamp, 105.0 + 7 * DARK_FOR_S) == "not-received"
    assert name(lamp.received(A, 130.0), 130.0) == "received"


def test_dark_for_an_hour_then_ready() -> None:
    """After the confirmations the lamp is dark until resolved is heard, or 60 min after the last press."""
    lamp = IDLE.pressed("a", 100.0).received(A, 101.0)
    assert lit(lamp, 103.0, 3595.0) == []
    assert name(lamp, 3699.9) == "received"
    assert name(lamp, 3700.0) == "ready"


def test_a_fault_does_not_blink_after_a_press() -> None:
    """The hub's loss right after a press shows no pattern in the room."""
    lamp = Lamp().pressed("a", 100.0).received(A, 101.0)
    assert lit(lamp, 103.0, 600.0) == []


def test_the_stage_is_that_of_the_latest_press() -> None:
    """What comes for an earlier press is not shown for a later one."""
    lamp = IDLE.pressed("a", 100.0).received(A, 100.1).told("acknowledged", A, 120.0).pressed("b", 130.0)
    assert name(lamp, 130.0) == "pressed"
    assert lamp.received(A, 131.0) == lamp
    assert lamp.told("acknowledged", A, 131.0) == lamp
    assert lamp.told("resolved", A, 131.0) == lamp
    assert name(lamp.received(B, 131.0), 131.0) == "received"


def test_stages_never_go_back() -> None:
    """A late receipt doesn't take an acknowledgement away."""
    lamp = IDLE.pressed("a", 100.0).told("acknowledged", A, 101.0)
    assert lamp.received(A, 102.0) == lamp


def test_a_held_press_is_one_press() -> None:
    """Its second event neither starts the stages again, nor is it taken for another press."""
    lamp = IDLE.pressed("a", 100.0).received(A, 100.1).held("b", 103.0)
    assert name(lamp, 103.0) == "received"
    assert lit(lamp.received(B, 103.1), 103.0, 600.0) == []
    assert name(lamp.told("acknowledged", B, 110.0), 110.0) == "acknowledged"
    assert lit(lamp.told("acknowledged", B, 104.0), 106.0, 600.0) == []


def test_a_held_event_without_a_receipt_is_not_received() -> None:
    """Though the press itself was: the hub may not know that it is held. Its receipt is shown then."""
    lamp = IDLE.pressed("a", 100.0).received(A, 100.1).held("b", 103.0)
    assert name(lamp, 107.9) == "received"
    assert name(lamp, 108.0) == "not-received"
    assert next_deadline(lamp, 105.0) == 108.0
    assert lamp.received(A, 109.0) == lamp
    assert lit(lamp.received(B, 120.0), 120.0, 600.0) == [(0.0, 0.25), (0.5, 0.75)]
    assert name(lamp.told("acknowledged", A | B, 120.0), 120.0) == "acknowledged"


def test_a_hold_takes_no_lamp_from_a_later_press() -> None:
    """A is held, B pressed meanwhile, and the second alarm of A comes last: B is the latest all the same."""
    lamp = IDLE.pressed("a", 100.0, zone="one").received(A, 100.1).pressed("b", 101.0, zone="two")
    lamp = lamp.held("c", 103.0, zone="one")
    assert name(lamp.received(C, 103.1), 103.1) == "pressed"
    assert name(lamp.received(C, 103.1), 106.0) == "not-received"
    assert name(lamp.told("acknowledged", A | C, 103.1), 103.1) == "pressed"
    assert name(lamp.received(B, 103.1), 107.9) == "pressed"
    assert name(lamp.received(B, 103.1), 108.0) == "not-received"
    both = lamp.received(B, 103.1).received(C, 103.2)
    assert both == lamp.received(B | C, 103.2)
    assert lit(both, 103.2, 600.0) == [(0.0, 0.25), (0.5, 0.75)]
    assert name(both.told("acknowledged", B | C, 110.0), 110.0) == "acknowledged"


def test_a_hold_beside_a_later_press_that_is_received_shows_nothing_new() -> None:
    """As long as its own receipt comes in time; when the later press is over, it goes on by itself."""
    lamp = IDLE.pressed("a", 100.0, zone="one").pressed("b", 101.0, zone="two").received(A | B, 101.1)
    lamp = lamp.held("c", 103.0, zone="one")
    assert lit(lamp.received(C, 103.1), 103.1, 600.0) == []
    assert name(lamp, 108.0) == "not-received"
    ended = lamp.told("resolved", B, 104.0)
    assert ended.press is not None
    assert ended.press.is_open
    assert name(ended.received(C, 109.0), 109.0) == "received"
    assert name(ended.received(C, 109.0).told("resolved", C, 120.0), 120.0) == "ready"
    assert name(ended.told("resolved", C, 105.0), 105.0) == "ready"
    after = lamp.received(C, 103.1).told("resolved", B | C, 104.0).held("d", 105.0, zone="one")
    assert name(after, 105.0) == "pressed"


def test_both_are_held() -> None:
    """The second alarm of the latest press stands for its first one, and for no other."""
    lamp = IDLE.pressed("a", 100.0, zone="one").pressed("b", 101.0, zone="two")
    lamp = lamp.held("c", 103.0, zone="one").held("d", 104.0, zone="two")
    assert name(lamp.received(frozenset("d"), 104.1), 104.1) == "pressed"
    assert name(lamp.received(frozenset("cd"), 104.1), 104.1) == "received"


def test_a_hold_that_makes_it_an_emergency_has_stages_of_its_own() -> None:
    """The call for help was received; the emergency isn't, until its own receipt comes."""
    lamp = IDLE.pressed("a", 100.0, kind="assist").received(A, 100.1).held("b", 103.0, kind="panic")
    assert lit(lamp, 103.0, 5.0) == [(0.0, 0.25)]
    assert name(lamp, 103.0) == "pressed"
    assert name(lamp, 108.0) == "not-received"
    for late in (
        lamp.received(A, 109.0),
        lamp.told("acknowledged", A, 109.0),
        lamp.told("resolved", A, 109.0),
    ):
        assert late == lamp
    assert name(lamp.received(B, 103.2), 103.2) == "received"


@pytest.mark.parametrize("kind", ["assist", "panic"])
def test_what_is_not_received_after_five_seconds_is_no_later_for_a_hold(kind: str) -> None:
    """Nothing has come through since the button was pressed."""
    lamp = IDLE.pressed("a", 100.0, kind="assist").held("b", 103.0, kind=kind)
    assert name(lamp, 104.9) == "pressed"
    assert name(lamp, 105.0) == "not-received"


def test_a_call_ended_without_its_held_event_is_not_over() -> None:
    """A person ended what was known; what is still under way opens it again."""
    lamp = IDLE.pressed("a", 100.0).received(A, 100.1).held("b", 103.0).told("resolved", A, 104.0)
    assert name(lamp, 108.0) == "not-received"
    assert name(lamp.received(B, 104.5), 104.5) == "received"
    assert name(lamp.told("resolved", B, 109.0), 109.0) == "ready"


def test_what_comes_after_an_hour_is_shown_all_the_same() -> None:
    """Whoever was told to phone sees that it came through; then the lamp is as on any day."""
    late = 100.0 + DARK_FOR_S + 60.0
    lamp = IDLE.pressed("a", 100.0)
    assert name(lamp, late) == "not-received"
    lamp = lamp.received(A, late)
    assert lit(lamp, late, 2.0) == [(0.0, 0.25), (0.5, 0.75)]
    assert next_deadline(lamp, late + 1.0) == late + 2.0
    assert name(lamp, late + 2.0) == "ready"
    lamp = lamp.told("acknowledged", A, late + 60.0)
    assert len(lit(lamp, late + 60.0, 2.0)) == 3
    assert name(lamp, late + 62.0) == "ready"


def test_dark_until_it_is_known_what_was_before_the_restart() -> None:
    """The room may have called: no fault blinks, nothing else idle shows. A press since does."""
    lamp = Lamp(is_recalled=False).identify(200.0, 50.0).idle(50.0, is_faulty=True, in_walk_test=True)
    assert lit(lamp, 60.0, 60.0) == []
    assert name(lamp.pressed("a", 100.0), 100.0) == "pressed"
    assert name(lamp.recalled(100.0), 300.0) == "walk-test"


def test_identify_blinks_only_when_idle() -> None:
    """A press outweighs the search for a room."""
    assert name(IDLE.identify(110.0, 100.0), 105.0) == "identify"
    assert name(IDLE.identify(110.0, 100.0), 110.0) == "ready"
    assert name(IDLE.identify(110.0, 100.0).pressed("a", 101.0), 105.0) == "pressed"


def test_restored_yields_to_a_press_since() -> None:
    """The press before the restart is shown, unless there was one since."""
    old = Press.begun("a", 50.0, zone="", kind="panic")
    assert name(IDLE.restored(old), 60.0) == "not-received"
    assert name(IDLE.pressed("b", 60.0).restored(old), 60.0) == "pressed"
