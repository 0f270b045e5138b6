"""Upgrading the rooms, as scripts: one first, then the rest, and never while a button may be needed."""

from __future__ import annotations

from typing import Any

import pytest

from hub.asking import PlanDrill, Refused, SetPosture
from hub.inputs import TimeOver
from hub.upgrading.asking import BeginUpgrade, RoomAsks, RoomTold, StopUpgrade, UpgradeRun, UpgradeStands
from hub.upgrading.upgrades import AT_ONCE, HEALTHS, MOST_FAILED, QUIET_S, TURN_S
from tests.scenarios.rig import Make, Rig, site_settings
from tests.scenarios.test_walk_tests import begin as begin_walk_test
from tests.scenarios.test_walk_tests import record

OLD, NEW = "0ld", "n3w"
ROOMS = (101, 102, 103, 104, 105, 106)


@pytest.fixture
def small(make_rig: Make) -> Rig:
    """A school of six rooms, each heard, with the program of before."""
    whole = site_settings()
    rig = make_rig(site_settings(rooms=whole.rooms[: len(ROOMS)]))
    for room in ROOMS:
        rig.state(room, wall="normal")
        rig.health(room, release=OLD)
    return rig


def begins(rig: Rig, room: int | None = None, release: str = NEW) -> UpgradeRun:
    answer = rig.ask(BeginUpgrade(release, "Lee", "command", None if room is None else f"room-{room}"))
    assert isinstance(answer, UpgradeStands), answer
    return answer.run


def refused(rig: Rig, action: Any) -> Refused:
    answer = rig.ask(action)
    assert isinstance(answer, Refused), answer
    return answer


def asks(rig: Rig, room: int, **more: Any) -> RoomTold:
    """A room's Pi asks which release it is to run."""
    answer = rig.ask(RoomAsks(f"room-{room}", more.pop("offers", NEW), **more))
    assert isinstance(answer, RoomTold), answer
    return answer


def is_told(rig: Rig, room: int) -> bool:
    return asks(rig, room).release == NEW


def run_of(rig: Rig) -> UpgradeRun:
    assert rig.view.upgrade is not None
    return rig.view.upgrade


def states(rig: Rig) -> dict[int, str]:
    return {int(name.removeprefix("room-")): room.state for name, room in run_of(rig).rooms.items()}


def lives(rig: Rig, seconds: float, **releases: str) -> None:
    """Let time pass while every room speaks, these (r101="…") with another release."""
    for _ in range(round(seconds / 15)):
        for room in ROOMS:
            rig.health(room, release=releases.get(f"r{room}", OLD))
        rig.wait(15)


def comes_back(rig: Rig, *rooms: int) -> None:
    """These rooms' agents run the new release, for a minute and more."""
    lives(rig, 15 * (HEALTHS + 1), **{f"r{room}": NEW for room in rooms})


def test_one_room_first_and_then_the_rest_few_at_a_time(small: Rig) -> None:
    """The first that asks goes first; the others wait until it is back and well."""
    begins(small)
    assert is_told(small, 103)
    assert asks(small, 101) == RoomTold(None, "Room 103 goes first")
    comes_back(small, 103)
    assert states(small)[103] == "done"
    assert [is_told(small, room) for room in (101, 102, 104)] == [True] * AT_ONCE
    assert asks(small, 105) == RoomTold(None, f"{AT_ONCE} rooms are at it")
    comes_back(small, 103, 101)
    assert is_told(small, 105)
    comes_back(small, 101, 102, 103, 104, 105)
    assert is_told(small, 106)
    comes_back(small, *ROOMS)
    assert (run_of(small).why, run_of(small).count("done")) == ("every room has it", 6)
    assert asks(small, 101) == RoomTold(None)
    assert record(small, "upgrade-begun", "upgrade-ended") == [
        f"the rooms are to have release {NEW}, the first that asks first",
        "every room has it",
    ]


def test_a_room_that_was_named_goes_first(small: Rig) -> None:
    """Whoever asks before it."""
    begins(small, 105)
    assert asks(small, 101) == RoomTold(None, "Room 105 goes first")
    assert is_told(small, 105)


def test_one_healthy_minute_counts_and_not_one_word(small: Rig) -> None:
    """A room that says the release once, and then falls back, doesn't have it."""
    begins(small)
    assert is_told(small, 101)
    lives(small, 15 * (HEALTHS - 1), r101=NEW)
    assert states(small)[101] == "turn"
    lives(small, 30)
    lives(small, 15 * (HEALTHS - 1), r101=NEW)
    assert states(small)[101] == "turn"


def test_a_first_room_that_went_back_stops_it(small: Rig) -> None:
    """By its own word; a trouble names it, and nobody else is touched."""
    begins(small)
    assert is_told(small, 101)
    assert asks(small, 101, failed=NEW, why="the agent was not ready").release is None
    assert (states(small)[101], run_of(small).is_open) == ("failed", False)
    assert run_of(small).why == "Room 101, which went first, failed"
    (trouble,) = [one for one in small.view.troubles.values() if one.what == "upgrade"]
    assert trouble.detail == (
        f"Room 101: release {NEW} did not stay: it runs what it had: the agent was not ready"
    )
    assert asks(small, 102) == RoomTold(None)


def test_a_first_room_that_does_not_come_back_stops_it(small: Rig) -> None:
    """After its time; so does one with a trouble that it hadn't before."""
    begins(small)
    assert is_told(small, 101)
    lives(small, TURN_S + 15)
    assert run_of(small).rooms["room-101"].why == "it did not come back with it in time"
    assert not run_of(small).is_open
    begins(small)
    assert is_told(small, 102)
    small.zone_says(102, "tamper", cause="cut")
    lives(small, TURN_S + 15, r102=NEW)
    assert "a trouble that it hadn't before" in str(run_of(small).rooms["room-102"].why)


def test_a_trouble_of_before_is_not_the_new_program_s(small: Rig) -> None:
    """A named room may go first with a cut wire; unnamed, one that is well does."""
    small.zone_says(101, "tamper", cause="cut")
    begins(small)
    assert asks(small, 101) == RoomTold(None, "a room goes first that is well")
    small.ask(StopUpgrade("Lee", "command"))
    begins(small, 101)
    assert is_told(small, 101)
    comes_back(small, 101)
    assert states(small)[101] == "done"


def test_a_few_may_fail_and_the_run_goes_on(small: Rig) -> None:
    """One card may be worn, and one cable bad; with the third it is the release's."""
    begins(small)
    assert is_told(small, 101)
    comes_back(small, 101)
    for count, room in enumerate((102, 103, 104), 1):
        assert is_told(small, room)
        asks(small, room, failed=NEW)
        assert run_of(small).is_open == (count < MOST_FAILED)
    assert run_of(small).why == "3 rooms failed"
    assert len(small.troubles("upgrade")) == 3
    assert asks(small, 105) == RoomTold(None)


def test_a_failed_room_that_has_it_after_all_is_no_trouble(small: Rig) -> None:
    """Somebody went there; and a run with failed rooms ends when no other is left."""
    begins(small)
    assert is_told(small, 101)
    comes_back(small, 101)
    assert is_told(small, 102)
    asks(small, 102, failed=NEW)
    comes_back(small, 101, 102)
    assert (states(small)[102], small.troubles("upgrade")) == ("done", [])
    assert is_told(small, 103)
    asks(small, 103, failed=NEW)
    comes_back(small, 101, 102, 104, 105, 106)
    assert run_of(small).why == "every room has it but 1"


def test_no_room_while_somebody_calls(small: Rig) -> None:
    """Not even the one that has fetched it already and asks a second time; its own time runs no further."""
    begins(small)
    assert is_told(small, 101)
    small.press(104)
    assert asks(small, 101) == RoomTold(None, "incident 1 is open")
    for _ in range(round(2 * TURN_S / 600)):
        lives(small, 600)
        assert asks(small, 101).release is None
    assert states(small)[101] == "turn"
    small.resolve()
    assert is_told(small, 101)


def test_no_room_in_a_drill_a_lockdown_or_its_walk_test(small: Rig) -> None:
    """Each with its reason."""
    begins(small, 101)
    begin_walk_test(small, room=101)
    assert asks(small, 101).why == "a walk test of this room is open"
    small.ask(SetPosture("hold", "Reyes", "board"))
    assert asks(small, 101).why == "the posture is hold"
    small.ask(SetPosture("normal", "Reyes", "board", confirm=small.view.posture.n))
    small.ask(PlanDrill("lockdown", "Ortiz", "Reyes", "board", 600.0))
    assert asks(small, 101).why == "a drill runs"


def test_a_room_whose_button_was_pressed_lately_waits(small: Rig) -> None:
    """Also when that call is over, and the hub was started anew meanwhile."""
    begins(small)
    small.press(101)
    small.resolve()
    assert asks(small, 101).why == "a button here was pressed within 5 min"
    assert is_told(small, 102)
    small.restart(of="hub")
    for room in ROOMS:
        small.health(room, release=OLD)
    assert asks(small, 101).why == "Room 102 goes first"
    comes_back(small, 102)
    assert asks(small, 101).why == "a button here was pressed within 5 min"
    lives(small, QUIET_S, r102=NEW)
    assert is_told(small, 101)


def test_a_restart_of_the_hub_changes_nothing(small: Rig) -> None:
    """Who had it, who is at it and who goes first is kept; the room at it has its whole time anew."""
    run = begins(small)
    assert is_told(small, 101)
    lives(small, TURN_S - 60)
    small.restart(of="hub")
    assert run_of(small).id == run.id
    lives(small, 120)
    assert states(small)[101] == "turn"
    assert is_told(small, 101)
    comes_back(small, 101)
    assert is_told(small, 102)


def test_rooms_that_are_away_are_left_until_they_come(small: Rig) -> None:
    """The run stands meanwhile."""
    begins(small)
    assert is_told(small, 101)
    comes_back(small, 101)
    small.state(102, online=False)
    assert asks(small, 102).why == "its agent is not heard"
    for room in (103, 104, 105):
        assert is_told(small, room)
    comes_back(small, 101, 103, 104, 105, 106)
    assert run_of(small).is_open
    small.state(102, wall="normal")
    small.health(102, release=OLD)
    assert is_told(small, 102)
    comes_back(small, *ROOMS)
    assert run_of(small).why == "every room has it"


def test_a_first_room_whose_pi_never_asks_is_told_of(small: Rig) -> None:
    """It was installed before Pis asked, say."""
    begins(small, 101)
    lives(small, TURN_S + 15)
    assert "tocsin-upgrade.timer" in str(run_of(small).rooms["room-101"].why)
    assert not run_of(small).is_open


def test_another_release_of_the_hub_ends_it(small: Rig) -> None:
    """What the rooms would fetch is not what the run is of."""
    begins(small)
    assert asks(small, 101, offers="other") == RoomTold(None)
    assert run_of(small).why == "the hub hands out another release now"
    begins(small)
    assert begins(small, release="later").release == "later"


def test_what_was_begun_is_gone_on_with(small: Rig) -> None:
    """Begun a second time it is the same run; with another room first it must be stopped before."""
    run = begins(small, 101)
    assert begins(small) == run
    assert refused(small, BeginUpgrade(NEW, "Lee", "command", "room-102")).state == "under way"
    assert isinstance(small.ask(StopUpgrade("Lee", "command")), UpgradeStands)
    assert (run_of(small).why, asks(small, 101)) == ("a person stopped it", RoomTold(None))
    assert refused(small, StopUpgrade("Lee", "command")).error == "not-found"
    assert begins(small, 102).id != run.id


def test_what_cannot_go_first_is_refused(small: Rig) -> None:
    """A room that isn't there, or isn't heard."""
    assert refused(small, BeginUpgrade(NEW, "Lee", "command", "room-999")).error == "not-found"
    small.state(101, online=False)
    assert refused(small, BeginUpgrade(NEW, "Lee", "command", "room-101")).state == "offline"
    assert small.view.upgrade is None


def test_rooms_that_have_it_are_not_asked_again(small: Rig) -> None:
    """By their own word at the beginning."""
    lives(small, 15, **{f"r{room}": NEW for room in ROOMS})
    assert begins(small).why == "every room has it"


def test_a_failure_of_another_time_is_no_failure_of_this_run(small: Rig) -> None:
    """Of another release, or of a room that wasn't at it."""
    begins(small)
    assert asks(small, 101, failed="another").release == NEW
    assert asks(small, 102, failed=NEW).release is None
    assert states(small)[102] == "waits"


def test_who_began_it_goes_when_the_record_lets_go(small: Rig) -> None:
    """And is not in what is kept beside it."""
    run = begins(small)
    small._input(TimeOver("its time is over", ((run.row, "by"),)))
    assert "Lee" not in run_of(small).by


def test_a_room_hears_that_it_is_not_well_and_goes_back(small: Rig) -> None:
    """While the trouble is there; a room that had the release, and lost it after all, failed."""
    begins(small)
    assert is_told(small, 101)
    small.zone_says(101, "tamper", cause="cut")
    assert asks(small, 101).well  # it runs what it had still
    lives(small, 15, r101=NEW)
    told = asks(small, 101)
    assert (told.release, told.well) == (NEW, False)
    assert "a trouble that it hadn't before" in str(told.why)
    small.zone_says(101, "tamper-restoral", cause="cut")
    comes_back(small, 101)
    assert (asks(small, 101).well, states(small)[101]) == (True, "done")
    assert asks(small, 101, failed=NEW).release is None
    assert (states(small)[101], run_of(small).is_open) == ("failed", False)


def test_a_room_that_asks_and_is_not_heard_keeps_its_place_no_longer_than_others(small: Rig) -> None:
    """Its Pi is up, and its agent isn't: asking prolongs nothing."""
    begins(small)
    assert is_told(small, 101)
    small.state(101, online=False)
    for _ in range(round(TURN_S / 60) + 1):
        assert asks(small, 101).why in (None, "its agent is not heard")
        small.wait(60)
    assert states(small)[101] == "failed"
