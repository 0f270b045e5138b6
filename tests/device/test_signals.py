"""What a room shows, lets feel and sounds: each output at each moment, and what betrays nobody."""

from __future__ import annotations

from itertools import pairwise

import pytest

from config.agent_settings import SounderSettings, StrobeSettings, ZoneSettings
from config.contract import Posture
from device import lamp
from device.lamp import PATTERNS, PULSES
from device.signals import CALL, RECALLED_IN_S, ROOM, Signals
from tests.device.room import settings

ZONES = (
    ZoneSettings(zone="wall", kind="panic", circuit="no", pin=17),
    ZoneSettings(zone="desk", kind="panic", circuit="no", pin=27, lamp_pin=5, haptic_pin=6),
    ZoneSettings(zone="help", kind="assist", circuit="no", pin=4, haptic_pin=12),
    ZoneSettings(zone="quiet", kind="duress", circuit="no", pin=13),
)
STROBE = StrobeSettings(pin=21, postures=("lockdown", "hold"))


def signals(
    strobe: StrobeSettings | None = STROBE,
    sounder: SounderSettings | None = None,
    zones: tuple[ZoneSettings, ...] = ZONES,
    before: Signals | None = None,
    *,
    is_recalled: bool = True,
) -> Signals:
    """A room's outputs; ``before`` is what they were before the restart, when that is known."""
    made = Signals(settings(zones=zones, strobe=strobe, sounder=sounder), 0.0)
    made.heard(1e6, 0.0)
    if is_recalled:
        recall(made, before)
    return made


def recall(made: Signals, before: Signals | None, now: float = 0.0, *, is_whole: bool = True) -> None:
    presses = before.presses() if before is not None else {}
    shown = before.strobe_to_remember() if before is not None else None
    made.restored(presses, shown, is_whole=is_whole, now=now)


def rises(made: Signals, output: str, start: float, seconds: float) -> list[float]:
    """For how long an output is on, each time it is, walked by its deadlines."""
    now, changes = start, [(start, made.show(start)[output])]
    while (due := made.next_deadline(now)) is not None and due < start + seconds:
        now = max(due, now + 1e-6)
        changes.append((now, made.show(now)[output]))
    changes.append((start + seconds, 0.0))
    spans: list[float] = []
    on_since: float | None = None
    for (at, level), _ in pairwise(changes):
        if level > 0 and on_since is None:
            on_since = at
        if level == 0 and on_since is not None:
            spans.append(round(at - on_since, 2))
            on_since = None
    return spans + ([round(start + seconds - on_since, 2)] if on_since is not None else [])


def test_a_stage_shows_only_at_the_button_that_was_pressed() -> None:
    """The desk has a lamp of its own; the room's goes on showing ready, and the other way round."""
    made = signals()
    made.pressed("desk", "panic", "a", 100.0)
    assert made.show(100.1)["lamp desk"] == 1.0
    assert made.show(101.0)["lamp desk"] == 0.0
    assert rises(made, "lamp", 100.0, 60.0) == [60.0]
    made.pressed("wall", "panic", "b", 200.0)
    assert made.show(201.0)["lamp"] == 0.0
    made.received(frozenset({"a"}), 202.0)
    assert made.show(202.1)["lamp"] == 0.0
    assert made.show(202.1)["lamp desk"] == 1.0


@pytest.mark.parametrize("restarts", [False, True])
def test_dark_until_an_hour_after_the_last_press_of_the_room(*, restarts: bool) -> None:
    """A lamp of its own doesn't light up while the room still hides; a test or a duress is no such press."""
    made = signals()
    made.pressed("desk", "panic", "a", 100.0)
    made.received(frozenset({"a"}), 100.2)
    made.pressed("wall", "panic", "b", 3000.0)
    made.received(frozenset({"b"}), 3000.2)
    if restarts:
        made = signals(before=made)
    made.pressed("quiet", "duress", "c", 3100.0)
    made.pressed("wall", "panic", "d", 3200.0, test=True)
    assert rises(made, "lamp desk", 3001.0, 3598.0) == []
    assert lamp.next_deadline(made.lamps["desk"], 6000.0) == 6600.0
    assert made.show(6600.0)["lamp desk"] == 1.0


def test_pulses_tell_the_stages() -> None:
    """One pressed, two received, three acknowledged; then it is still."""
    made = signals()
    made.pressed("desk", "panic", "a", 100.0)
    assert len(rises(made, "haptic desk", 100.0, 2.0)) == 1
    made.received(frozenset({"a"}), 102.0)
    assert len(rises(made, "haptic desk", 102.0, 30.0)) == 2
    made.told("acknowledged", frozenset({"a"}), 140.0)
    assert len(rises(made, "haptic desk", 140.0, 30.0)) == 3


def test_not_received_is_one_long_pulse() -> None:
    """After 5 s, and never again: on a table it would be heard across the room."""
    made = signals()
    made.pressed("desk", "panic", "a", 100.0)
    spans = rises(made, "haptic desk", 100.0, 120.0)
    assert len(spans) == 2
    assert spans[1] > 3 * spans[0]


def test_only_the_motor_of_the_button_that_was_pressed() -> None:
    """`help` has no lamp of its own: its motor turns for its own press, not for the wall's."""
    made = signals()
    made.pressed("wall", "panic", "a", 100.0)
    assert made.show(100.05)["haptic help"] == 0.0
    made.pressed("help", "assist", "b", 110.0)
    assert made.show(110.05)["haptic help"] == 1.0
    assert made.show(110.05)["haptic desk"] == 0.0


def test_duress_gives_nothing() -> None:
    """No output of the room changes for it, at any moment of the next minutes."""
    sounder = SounderSettings(pin=20, kinds=("panic", "medical", "assist"))
    made, other = signals(sounder=sounder), signals(sounder=sounder)
    made.pressed("quiet", "duress", "a", 100.0)
    made.received(frozenset({"a"}), 101.0)
    made.told("acknowledged", frozenset({"a"}), 102.0)
    for tenth in range(1000, 4000):
        assert made.show(tenth / 10) == other.show(tenth / 10)


def test_the_sounder_is_silent_for_panic() -> None:
    """Unless the school names it; for the kinds it names it tells each stage."""
    made = signals(sounder=SounderSettings(pin=20))
    made.pressed("wall", "panic", "a", 100.0)
    assert rises(made, "sounder", 100.0, 60.0) == []
    made.pressed("help", "assist", "b", 200.0)
    assert len(rises(made, "sounder", 200.0, 2.0)) == 1


@pytest.mark.parametrize("restarts", [False, True])
def test_a_later_panic_silences_the_sounder(*, restarts: bool) -> None:
    """A beep about the earlier call would tell whoever is in the room that it has called."""
    sounder = SounderSettings(pin=20)
    zones = (*ZONES, ZoneSettings(zone="ill", kind="medical", circuit="no", pin=16, lamp_pin=19))
    made = signals(sounder=sounder, zones=zones)
    made.pressed("ill", "medical", "a", 100.0)
    assert made.show(100.05)["sounder"] == 1.0
    made.pressed("wall", "panic", "b", 100.06)
    assert made.show(100.07)["sounder"] == 0.0
    if restarts:
        made = signals(sounder=sounder, zones=zones, before=made)
    made.received(frozenset({"a", "b"}), 101.0)
    made.told("acknowledged", frozenset({"a", "b"}), 130.0)
    assert rises(made, "sounder", 101.0, 200.0) == []
    made.pressed("help", "assist", "c", 400.0)
    assert len(rises(made, "sounder", 400.0, 2.0)) == 1


@pytest.mark.parametrize("restarts", [False, True])
def test_a_later_duress_leaves_the_sounder_as_it_was(*, restarts: bool) -> None:
    """A beep that stays out would tell as much as one that comes: both rooms sound the same."""
    sounder = SounderSettings(pin=20)
    zones = (*ZONES, ZoneSettings(zone="ill", kind="medical", circuit="no", pin=16))
    made, other = signals(sounder=sounder, zones=zones), signals(sounder=sounder, zones=zones)
    for each in (made, other):
        each.pressed("ill", "medical", "a", 100.0)
    made.pressed("quiet", "duress", "b", 100.06)
    if restarts:
        made, other = (signals(sounder=sounder, zones=zones, before=each) for each in (made, other))
    assert rises(made, "sounder", 100.06, 20.0) == rises(other, "sounder", 100.06, 20.0) != []


def posture(name: str, n: int, *, drill: bool = False, automatic: bool | None = None) -> Posture:
    return Posture(v=1, n=n, posture=name, drill=drill, since="2026-11-23T10:00:00.000Z", automatic=automatic)  # type: ignore[arg-type]


def test_the_strobe_follows_the_posture() -> None:
    made = signals()
    assert made.show(1.0)["strobe"] == 0.0
    made.posture(posture("lockdown", 1), 2.0)
    assert made.show(2.0)["strobe"] == 1.0
    made.posture(posture("secure", 2), 3.0)
    assert made.show(3.0)["strobe"] == 0.0
    made.posture(posture("hold", 3, drill=True), 4.0)
    assert made.show(4.0)["strobe"] == 1.0


def test_drills_may_be_left_out() -> None:
    made = signals(StrobeSettings(pin=21, postures=("lockdown",), in_drills=False))
    made.posture(posture("lockdown", 1, drill=True), 2.0)
    assert made.show(2.0)["strobe"] == 0.0


@pytest.mark.parametrize(("zone", "kind"), [("wall", "panic"), ("quiet", "duress")])
@pytest.mark.parametrize("automatic", [True, None])
def test_the_callers_own_room_stays_as_it_was(zone: str, kind: str, automatic: bool | None) -> None:
    """Neither its press nor a posture that came by itself changes it; once it is over it follows again."""
    made = signals()
    made.pressed(zone, kind, "a", 100.0)
    made.posture(posture("lockdown", 1, automatic=automatic), 101.0)
    assert made.show(102.0)["strobe"] == 0.0
    made.told("resolved", frozenset({"a"}), 200.0)
    assert made.show(200.0)["strobe"] == 1.0


def test_a_posture_that_a_person_set_is_followed_everywhere() -> None:
    made = signals()
    made.pressed("wall", "panic", "a", 100.0)
    made.posture(posture("lockdown", 1, automatic=False), 101.0)
    assert made.show(102.0)["strobe"] == 1.0


def test_the_school_may_want_its_own_room_to_flash() -> None:
    made = signals(StrobeSettings(pin=21, postures=("lockdown",), own_room=True))
    made.pressed("wall", "panic", "a", 100.0)
    made.posture(posture("lockdown", 1, automatic=True), 101.0)
    assert made.show(102.0)["strobe"] == 1.0


@pytest.mark.parametrize(("zone", "kind"), [("wall", "panic"), ("quiet", "duress")])
def test_the_callers_own_room_stays_so_until_a_person_ends_it(zone: str, kind: str) -> None:
    """The lamp is ready again after an hour; whoever hides there may still do so."""
    made = signals()
    made.pressed(zone, kind, "a", 100.0)
    made.received(frozenset({"a"}), 100.2)
    made.posture(posture("lockdown", 1, automatic=True), 101.0)
    for minute in range(600):
        assert made.show(101.0 + 60 * minute)["strobe"] == 0.0
    assert made.pattern(100.0 + 7200) == "ready"
    assert CALL in made.presses()
    made.posture(posture("hold", 2, automatic=False), 40_000.0)
    assert made.show(40_000.0)["strobe"] == 1.0
    made.posture(posture("normal", 3, automatic=True), 40_001.0)
    assert made.show(40_001.0)["strobe"] == 1.0
    made.told("resolved", frozenset({"a"}), 40_002.0)
    assert made.show(40_002.0)["strobe"] == 0.0


def test_a_call_whose_held_event_is_not_received_is_not_over() -> None:
    """The officer ended the call for help; the emergency is still under way."""
    made = signals()
    made.pressed("help", "assist", "a", 100.0)
    made.received(frozenset({"a"}), 100.2)
    made.pressed("help", "panic", "b", 103.0, held=True)
    made.posture(posture("lockdown", 1, automatic=True), 104.0)
    made.told("resolved", frozenset({"a"}), 105.0)
    assert made.show(105.0)["strobe"] == 0.0
    made.told("resolved", frozenset({"a", "b"}), 110.0)
    assert made.show(110.0)["strobe"] == 1.0


# --- after a restart ------------------------------------------------------------------------------------


def called(kind: str = "panic") -> Signals:
    """A room that has called; its strobe is as a person wanted it before."""
    made = signals()
    made.posture(posture("hold", 1, automatic=False), 10.0)
    made.pressed("wall" if kind == "panic" else "quiet", kind, "a", 100.0)
    made.received(frozenset({"a"}), 100.2)
    made.posture(posture("normal", 2, automatic=True), 101.0)
    assert made.show(101.0)["strobe"] == 1.0
    return made


@pytest.mark.parametrize("kind", ["panic", "duress"])
def test_the_posture_is_heard_before_what_was_remembered(kind: str) -> None:
    """Until that is read nothing changes; then the strobe is as it was, and stays so."""
    made = signals(is_recalled=False)
    made.posture(posture("lockdown", 3, automatic=True), 1.0)
    assert made.show(1.0)["strobe"] == 0.0
    recall(made, called(kind), 2.0, is_whole=False)
    assert made.show(2.0)["strobe"] == 1.0
    made.posture(posture("normal", 4, automatic=True), 3.0)
    assert made.show(3.0)["strobe"] == 1.0
    recall(made, None, 4.0)
    assert made.show(1e6)["strobe"] == 1.0
    made.told("resolved", frozenset({"a"}), 1e6)
    assert made.show(1e6)["strobe"] == 0.0


def test_no_call_before_the_restart() -> None:
    """The posture is followed as soon as that is known."""
    made = signals(is_recalled=False)
    made.posture(posture("lockdown", 3), 1.0)
    recall(made, signals(), 2.0)
    assert made.show(2.0)["strobe"] == 1.0


def test_a_person_s_posture_waits_for_nothing() -> None:
    made = signals(is_recalled=False)
    made.posture(posture("lockdown", 3, automatic=False), 1.0)
    made.posture(posture("normal", 4, automatic=True), 2.0)
    assert made.show(2.0)["strobe"] == 1.0
    recall(made, called(), 3.0)
    assert made.show(3.0)["strobe"] == 1.0


def test_a_disk_that_does_not_answer_is_not_waited_for_for_ever() -> None:
    """After a while what is known holds; a call that is found later is the caller's all the same."""
    made = signals(is_recalled=False)
    made.posture(posture("lockdown", 3, automatic=True), 1.0)
    last = RECALLED_IN_S - 0.1
    assert made.show(last) == {**made.show(last), "strobe": 0.0, "lamp": 0.0}
    assert made.next_deadline(last) == RECALLED_IN_S
    assert made.show(RECALLED_IN_S) == {**made.show(last), "strobe": 1.0, "lamp": 1.0, "lamp desk": 1.0}
    assert made.strobe_to_remember() is None
    before = signals()
    before.pressed("wall", "panic", "a", 100.0)
    before.received(frozenset({"a"}), 100.2)
    recall(made, before, 60.0)
    assert made.show(60.0)["strobe"] == 0.0


def test_a_press_since_the_restart_is_no_call_from_before() -> None:
    """What the strobe does as it is made, it goes on doing."""
    made = signals(is_recalled=False)
    made.posture(posture("lockdown", 3, automatic=True), 1.0)
    assert made.show(RECALLED_IN_S)["strobe"] == 1.0
    made.pressed("wall", "panic", "b", 50.0)
    recall(made, called(), 60.0)
    made.posture(posture("normal", 4, automatic=True), 61.0)
    assert made.show(61.0)["strobe"] == 1.0


# --- what the lamps show while nothing happens ----------------------------------------------------------


def test_a_fault_of_a_button_is_no_ready() -> None:
    """Nothing shows ready that isn't; a walk test is shown before it."""
    made = signals()
    made.idle(10.0, is_faulty=True, in_walk_test=())
    assert made.pattern(10.0) == "button-fault"
    made.idle(20.0, is_faulty=True, in_walk_test=("wall",))
    assert made.pattern(20.0) == "walk-test"


@pytest.mark.parametrize(
    ("tested", "shown"),
    [
        ((), set()),
        (("desk",), {"desk"}),
        (("wall",), {ROOM}),
        (("help", "desk"), {ROOM, "desk"}),
        (("quiet",), set()),
    ],
)
def test_only_the_lamps_of_the_buttons_that_are_tested_say_so(
    tested: tuple[str, ...], shown: set[str]
) -> None:
    """A lamp says nothing of a button that isn't its own, and no lamp of a duress button."""
    made = signals()
    made.idle(10.0, is_faulty=False, in_walk_test=tested)
    names = {place: lamp.show(each, 11.0).pattern.name for place, each in made.lamps.items()}
    assert {place for place, name in names.items() if name == "walk-test"} == shown
    assert set(names.values()) <= {"walk-test", "ready"}


def test_patterns_are_told_apart_without_colour() -> None:
    """By rhythm alone: no two that mean different things are lit at the same moments."""
    same = {frozenset({"fault", "button-fault"})}  # both: can't be relied on, phone
    for one in PATTERNS.values():
        for two in PATTERNS.values():
            if one.name != two.name and frozenset({one.name, two.name}) not in same:
                assert (one.steps, one.repeats) != (two.steps, two.repeats)
    assert len({pulse.steps for pulse in PULSES.values()}) == 4  # a test feels like a press


def test_a_resolved_call_is_remembered_as_that() -> None:
    """Else it would hold the strobe again after a restart."""
    made = signals()
    made.pressed("quiet", "duress", "a", 100.0)
    made.told("resolved", frozenset({"a"}), 110.0)
    made.show(110.0)
    after = signals(before=made)
    after.posture(posture("lockdown", 1), 120.0)
    assert after.show(120.0)["strobe"] == 1.0


def test_no_zone_is_mistaken_for_the_room_or_the_call() -> None:
    """Whatever a zone is called, its lamp is its own."""
    zone = ZoneSettings(zone="call", kind="panic", circuit="no", pin=17, lamp_pin=5)
    made = signals(zones=(zone,))
    made.pressed("call", "panic", "a", 100.0)
    made.received(frozenset({"a"}), 100.2)
    assert len(made.presses()) == 2
    after = signals(zones=(zone,), before=made)
    assert after.lamps["call"].press == made.lamps["call"].press
