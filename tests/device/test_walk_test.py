"""Walk tests: which presses are tests, until when, and that nothing prolongs one."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from config.agent_settings import ZoneSettings
from config.contract import Command, Event
from device.walk_test import APART_S, LIVE_AGAIN_S, Verdict, WalkTest
from tests.device.room import Room, events, states

ZONES = (
    ZoneSettings(zone="wall", kind="panic", circuit="pair", pin=17, nc_pin=23),
    ZoneSettings(zone="desk", kind="panic", circuit="no", pin=27),
    ZoneSettings(zone="latch", kind="panic", circuit="no", pin=4, latching=True),
    ZoneSettings(zone="quiet", kind="duress", circuit="no", pin=5),
    ZoneSettings(zone="door", kind="door", circuit="nc", pin=22),
)


def room(for_s: float | None = 600.0, zones: tuple[str, ...] | None = None) -> Room:
    """A room that is ready, and in a walk test."""
    made = Room(zones=ZONES)
    made.answers = True
    made.up()
    made.beat()
    if for_s is not None:
        made.command("walk", "walk-test", for_s=for_s, zones=zones)
    return made


def told(done: list[Any]) -> list[tuple[str, str, bool, bool]]:
    """What was told, each event once however often it was sent: zone, what, test, held."""
    sent = {event.id: event for event in events(done)}
    return [(event.zone, event.what, event.test, bool(event.held)) for event in sent.values()]


def in_test(room: Room) -> dict[str, bool]:
    return {zone.zone: room.agent.walk_test.has(zone.zone) for zone in ZONES}


def test_the_first_press_is_the_test() -> None:
    """It and its restoral are marked, the lamp says so, and 5 s later the zone is live again."""
    made = room()
    assert made.shows == "walk-test"
    made.becomes("desk", "active")
    done = made.wait(0.2)
    assert told(done) == [("desk", "alarm", True, False)]
    assert made.shows == "tested"
    done = made.becomes("desk", "normal") + made.wait(1.0)
    assert told(done) == [("desk", "restoral", True, False)]
    assert in_test(made)["desk"]
    done = made.wait(LIVE_AGAIN_S)
    assert [zone.walk_test for zone in states(done)[-1].zones] == [True, False, True, True, False]
    assert told(made.press("desk")) == [("desk", "alarm", False, False), ("desk", "restoral", False, False)]


def test_a_second_press_before_it_is_live_is_part_of_the_test() -> None:
    """Whoever presses twice tests twice; the zone is live 5 s after the first restoral all the same."""
    made = room()
    made.press("desk")
    made.wait(3.0)
    assert told(made.press("desk")) == [("desk", "alarm", True, False), ("desk", "restoral", True, False)]
    made.wait(LIVE_AGAIN_S - 3.4)
    assert in_test(made)["desk"]
    made.wait(0.2)
    assert told(made.press("desk"))[0] == ("desk", "alarm", False, False)


@pytest.mark.parametrize(("lasts", "pause"), [(0.2, 4.0), (2.8, 2.0)])
def test_pressing_on_and_on_is_real(lasts: float, pause: float) -> None:
    """Somebody who presses again and again calls: no press keeps its zone in the test."""
    made = room()
    alarms: dict[str, bool] = {}
    for _ in range(20):
        done = made.press("desk", lasts) + made.wait(pause)
        alarms |= {event.id: event.test for event in events(done) if event.what == "alarm"}
    assert list(alarms.values()) == [True] * 2 + [False] * 18


def test_no_press_keeps_a_zone_in_test_when_the_time_is_over() -> None:
    """Neither its 5 s after the restoral nor a button that stays in."""
    made = room(for_s=60.0)
    made.wait(55.0)
    made.becomes("latch", "active")
    made.wait(3.0)
    made.press("desk")
    made.wait(2.0)
    assert not any(in_test(made).values())
    assert told(made.press("desk"))[0] == ("desk", "alarm", False, False)
    assert told(made.becomes("latch", "normal") + made.wait(0.1)) == [("latch", "restoral", True, False)]


def test_what_may_be_a_fault_is_real_and_no_test() -> None:
    """A wire that is cut meanwhile neither is the test nor keeps the zone in it."""
    made = room(for_s=60.0)
    done = made.becomes("wall", "cut") + made.wait(1.0)
    assert told(done) == [("wall", "alarm", False, False), ("wall", "tamper", False, False)]
    done = made.becomes("wall", "active") + made.wait(0.5) + made.becomes("wall", "cut") + made.wait(1.0)
    assert told(done) == [("wall", "alarm", True, False), ("wall", "restoral", True, False)]
    made.wait(60.0)
    assert not any(in_test(made).values())
    assert told(made.becomes("wall", "active") + made.wait(0.5)) == [("wall", "alarm", False, False)]


def test_a_fault_that_comes_into_the_test_is_real() -> None:
    """The press may go on: told with its cause, and as held; its zone is live from then on."""
    made = room()
    done = made.becomes("wall", "active") + made.wait(1.0) + made.becomes("wall", "cut") + made.wait(1.0)
    assert told(done) == [
        ("wall", "alarm", True, False),
        ("wall", "alarm", False, False),
        ("wall", "tamper", False, False),
    ]
    assert not in_test(made)["wall"]
    done += made.becomes("wall", "active") + made.wait(2.0) + made.becomes("wall", "normal") + made.wait(1.0)
    assert told(done)[3:] == [
        ("wall", "alarm", False, False),
        ("wall", "alarm", False, True),
        ("wall", "restoral", False, False),
        ("wall", "tamper-restoral", False, False),
    ]
    assert in_test(made)["desk"]


def test_what_may_be_a_fault_makes_the_next_one_real() -> None:
    """A wire that is cut and another button at once: both may be presses. Nothing is told twice."""
    made = room()
    done = made.becomes("wall", "cut") + made.wait(1.0) + made.becomes("desk", "active") + made.wait(0.2)
    causes = {event.id: event.cause for event in events(done) if event.what == "alarm" and not event.test}
    assert list(causes.values()) == ["cut", None]


def test_a_press_that_began_before_the_test_is_none() -> None:
    """Who pressed could not know of it."""
    made = room(for_s=None)
    made.becomes("desk", "active")
    made.wait(0.02)
    made.command("walk", "walk-test", for_s=600.0)
    assert told(made.wait(0.3))[0] == ("desk", "alarm", False, False)
    assert in_test(made)["desk"]
    made = room(for_s=None)
    made.becomes("wall", "cut")
    made.wait(0.2)
    made.command("walk", "walk-test", for_s=600.0)
    made.becomes("wall", "active")
    assert told(made.wait(0.3))[0] == ("wall", "alarm", False, False)


def test_a_test_right_after_the_start() -> None:
    """What was found at the start is a rest: a press that comes at once began when it came."""
    made = Room(zones=ZONES)
    restarted = Room(zones=ZONES, settles=False)
    for each in (made, restarted):
        each.up()
        each.wait(0.1)
        each.command("walk", "walk-test", for_s=600.0)
        assert told(each.press("desk"))[0] == ("desk", "alarm", True, False)


def test_each_press_near_another_button_is_real() -> None:
    """Not only the latest: A, A again, and B within 2 s of both."""
    made = room()
    done = made.press("desk") + made.wait(1.2) + made.press("desk") + made.wait(0.1) + made.press("wall")
    alarms = {event.id: event for event in events(done) if event.what == "alarm"}
    assert [(event.zone, event.test) for event in alarms.values()] == [
        ("desk", True),
        ("desk", True),
        ("wall", False),
        ("desk", False),
        ("desk", False),
    ]


def test_the_lamp_is_as_it_was_after_a_test() -> None:
    """A test isn't an emergency: received is confirmed, and the room isn't dark for an hour."""
    made = room(zones=("desk",))
    done = made.press("desk")
    made.receipt(*(event.id for event in events(done)))
    assert made.shows == "received"
    made.wait(2.1)
    assert made.shows == "walk-test"
    made.wait(LIVE_AGAIN_S)
    made.beat()
    assert made.shows == "ready"


def test_a_test_that_is_not_received_says_so() -> None:
    """That is what a walk test is for."""
    made = room()
    made.press("desk")
    made.wait(5.0)
    assert made.shows == "not-received"


def test_zones_not_pressed_go_live_when_the_time_is_over() -> None:
    """On the monotonic clock, with the state saying so."""
    made = room(for_s=60.0)
    done = made.wait(59.9)
    assert in_test(made)["wall"]
    done = made.wait(0.2)
    assert not any(zone.walk_test for zone in states(done)[-1].zones)
    assert told(made.press("wall"))[0] == ("wall", "alarm", False, False)


def test_only_the_zones_that_are_named() -> None:
    """The others alarm; a door and an unknown name have no walk test."""
    made = room(zones=("desk", "door", "nonsense"))
    assert in_test(made) == {"wall": False, "desk": True, "latch": False, "quiet": False, "door": False}
    assert told(made.press("wall"))[0] == ("wall", "alarm", False, False)


def test_holding_is_real() -> None:
    """A press held for 3 s is told again as real, and its zone is live."""
    made = room()
    done = made.press("desk", seconds=4.0)
    assert told(done) == [
        ("desk", "alarm", True, False),
        ("desk", "alarm", False, True),
        ("desk", "restoral", False, False),
    ]
    assert told(made.press("desk"))[0] == ("desk", "alarm", False, False)


def test_a_latching_button_stays_in_and_is_a_test() -> None:
    """It can't be held; it is live 5 s after it was reset."""
    made = room()
    done = made.press("latch", seconds=60.0)
    assert told(done) == [("latch", "alarm", True, False), ("latch", "restoral", True, False)]


@pytest.mark.parametrize("apart", [0.1, 1.0, APART_S - 0.05])
def test_two_buttons_at_once_are_real(apart: float) -> None:
    """Both: the one that was taken for a test is told again as real, and the whole room is live."""
    made = room()
    made.becomes("desk", "active")
    done = made.wait(apart)
    done += made.becomes("wall", "active") + made.wait(0.1)
    assert told(done)[:3] == [
        ("desk", "alarm", True, False),
        ("wall", "alarm", False, False),
        ("desk", "alarm", False, False),
    ]
    first, _, again = events(done)[:3]
    assert first.id != again.id
    assert not any(in_test(made).values())
    assert made.shows == "pressed"


@pytest.mark.parametrize("missing", ["wall", "desk"])
def test_of_two_at_once_the_lamp_is_about_the_later_one(missing: str) -> None:
    """Though the earlier one is told again after it: no receipt of that one says received."""
    made = room()
    done = made.press("desk") + made.wait(1.0) + made.press("wall")
    real = {event.zone: event.id for event in events(done) if event.what == "alarm" and not event.test}
    made.receipt(*(event for zone, event in real.items() if zone != missing))
    assert made.shows == ("pressed" if missing == "wall" else "received")
    assert made.agent.signals.call is not None
    assert made.agent.signals.call.zone == "wall"
    made.wait(6.0)
    assert made.shows == ("not-received" if missing == "wall" else "received")


def test_of_two_at_once_each_has_its_own_lamp() -> None:
    """Each says what became of its own press, which is no test any more."""
    help_ = ZoneSettings(zone="help", kind="panic", circuit="no", pin=6, lamp_pin=12)
    made = Room(zones=(*ZONES, help_))
    made.answers = True
    made.up()
    made.beat()
    made.command("walk", "walk-test", for_s=600.0)
    done = made.press("help") + made.press("desk")
    alarms = [event.id for event in events(done) if event.what == "alarm"]
    made.receipt(*alarms[:2])
    made.wait(5.0)
    assert (made.shows, made.shown_at("help")) == ("received", "not-received")
    made.receipt(alarms[2])
    assert made.shown_at("help") == "received"


def lamp_levels(made: Room, seconds: float) -> list[float]:
    """What the room's lamp does from now on, ten times a second."""
    levels = []
    for _ in range(round(seconds * 10)):
        made.wait(0.1)
        levels.append(made.agent.signals.show(made.now)["lamp"])
    return levels


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_duress_press_at_once_with_a_test_changes_no_lamp(when: str) -> None:
    """Both are told as real, and the walk test is over; the lamp goes on as after the test alone."""
    shown = {}
    for is_duress in (False, True):
        made = room()
        if is_duress and when == "before":
            made.becomes("quiet", "active")
        made.wait(1.0)
        done = made.press("desk")
        made.receipt(*(event.id for event in events(done)))
        made.wait(0.5)
        if is_duress and when == "after":
            made.becomes("quiet", "active")
        levels = lamp_levels(made, 20.0)
        made.beat()
        levels += lamp_levels(made, 20.0)
        made.press("wall")
        shown[is_duress] = levels + lamp_levels(made, 20.0)
        if is_duress:
            real = [event.zone for event in events(made.done) if event.what == "alarm" and not event.test]
            assert {"desk", "quiet", "wall"} <= set(real)
            assert not any(in_test(made).values())
            assert made.agent.signals.call is not None
    assert shown[True] == shown[False]


def test_a_new_walk_test_after_a_duress_press_shows_as_what_it_is() -> None:
    """The lamp never takes for real what is told as a test."""
    made = room(for_s=60.0)
    done = made.press("desk") + made.press("quiet")
    made.receipt(*(event.id for event in events(done)))
    made.wait(1.0)
    made.command("walk-2", "walk-test", for_s=600.0)
    made.wait(70.0)
    assert made.shows == "walk-test"
    assert told(made.press("desk"))[0] == ("desk", "alarm", True, False)
    assert made.shows == "tested"


def test_two_buttons_one_after_the_other_are_tests() -> None:
    made = room()
    made.press("desk")
    made.wait(APART_S)
    assert told(made.press("wall"))[0] == ("wall", "alarm", True, False)


def test_a_live_button_makes_the_next_one_real() -> None:
    """A press of a zone that isn't tested, and at once one that is: somebody calls."""
    made = room(zones=("desk",))
    made.press("wall")
    assert told(made.press("desk"))[0] == ("desk", "alarm", False, False)


def test_a_duress_test_shows_nothing() -> None:
    """Not even that it is a test: somebody may stand in the room."""
    made = room(zones=("quiet",))
    before = made.shows
    assert told(made.press("quiet"))[0] == ("quiet", "alarm", True, False)
    assert made.shows == before


def test_a_lamp_of_another_button_says_nothing_of_the_test() -> None:
    """Whoever presses that one makes a real call, and is told nothing else."""
    zones = (*ZONES, ZoneSettings(zone="help", kind="panic", circuit="no", pin=6, lamp_pin=12))
    made = Room(zones=zones)
    made.up()
    made.beat()
    made.command("walk", "walk-test", for_s=600.0, zones=("desk",))
    assert (made.shows, made.shown_at("help")) == ("walk-test", "ready")
    made.command("end", "walk-test", for_s=0.0)
    made.command("walk-2", "walk-test", for_s=600.0, zones=("help",))
    assert (made.shows, made.shown_at("help")) == ("ready", "walk-test")


def test_nothing_prolongs_a_walk_test() -> None:
    """Neither the same command again, nor another one while it goes on, nor a retained one."""
    made = room(for_s=60.0)
    made.wait(30.0)
    made.command("walk", "walk-test", for_s=1800.0)
    made.command("walk-2", "walk-test", for_s=1800.0)
    made.wait(30.1)
    assert not any(in_test(made).values())
    made.command("walk", "walk-test", for_s=1800.0)
    assert not any(in_test(made).values())
    retained = Command(v=1, id="walk-3", do="walk-test", for_s=1800.0)
    made.heard(retained, "command", retained=True)
    assert not any(in_test(made).values())


def test_a_walk_test_is_ended_by_command_and_by_a_restart() -> None:
    made = room()
    made.command("end", "walk-test", for_s=0.0)
    assert not any(in_test(made).values())
    assert made.shows == "ready"
    assert not Room(zones=ZONES).agent.walk_test


def test_without_a_time_it_is_not_obeyed() -> None:
    made = room(for_s=None)
    made.command("walk", "walk-test")
    assert not any(in_test(made).values())


# --- out of order -----------------------------------------------------------------------------------------


def test_zones_that_settle_slowly_are_near_all_the_same() -> None:
    """A press that is accepted late began before one that was told earlier."""
    walk = WalkTest()
    walk.start(["a", "b", "c"], 0.0, 600.0)
    assert walk.pressed("a", 10.5) == Verdict(True)
    assert walk.pressed("b", 10.0) == Verdict(False, (("a", 10.5),))
    assert not walk
    assert not walk.was_test("a")
    assert walk.pressed("c", 11.0) == Verdict(False)  # and what was told as real isn't told again


def test_what_goes_on_is_real_or_a_test() -> None:
    """As it was told last: a test, a test that is held, a test that is pressed again as real."""
    walk = WalkTest()
    walk.start(["a"], 0.0, 600.0)
    walk.pressed("a", 10.0)
    assert walk.was_test("a")
    walk.held("a")
    assert not walk.was_test("a")
    assert not walk.restored("a", 14.0)
    walk.start(["a"], 20.0, 600.0)
    walk.pressed("a", 21.0)
    walk.end()
    walk.pressed("a", 22.0)  # over a restoral that was never seen
    assert not walk.was_test("a")


# --- any order of presses ---------------------------------------------------------------------------------

presses = st.lists(
    st.tuples(st.sampled_from(["wall", "desk", "latch"]), st.floats(0.1, 10.0), st.floats(0.1, 5.0)),
    max_size=20,
)


@settings(max_examples=400)
@example([("wall", 0.5, 0.5), ("wall", 0.5, 0.5), ("desk", 0.5, 1.0)], 1.0)
@given(presses, st.floats(0.0, 60.0))
def test_a_test_is_never_more_than_asked_for(history: list[tuple[str, float, float]], for_s: float) -> None:
    """Whatever is pressed: no test without a walk test, none of two at once, and in the end all is live."""
    walk = WalkTest()
    now = 100.0
    walk.start(["wall", "desk"], now, now + for_s)
    tests: list[tuple[str, float]] = []
    real: list[tuple[str, float]] = []
    restored: dict[str, float] = {}
    for zone, gap, lasts in history:
        now += gap
        verdict = walk.pressed(zone, now)
        (tests if verdict.test else real).append((zone, now))
        real += verdict.real_after_all
        now += lasts
        if walk.restored(zone, now):
            first = restored.setdefault(zone, now)
            assert tests[-1][1] < first + LIVE_AGAIN_S
    for zone, at in tests:
        assert zone in ("wall", "desk")
        assert at < 100.0 + for_s
        near = [z for z, then in tests + real if z != zone and abs(then - at) <= APART_S]
        assert not near or (zone, at) in real
    walk.advance(100.0 + for_s)
    assert not walk


def test_the_event_of_a_test_is_as_any_other() -> None:
    """Data, and no second code path: it is kept, sent again and receipted like a press."""
    made = room()
    sent: list[Event] = events(made.press("desk"))
    assert made.agent.owed == 2
    made.receipt(*(event.id for event in sent))
    assert made.agent.owed == 0
