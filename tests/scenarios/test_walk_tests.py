"""Walk tests, as scripts: which marked presses are tests, which are real, and what is proved by them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from config.contract import PANIC_KINDS, Command
from config.hub_settings import HubSettings, WalkTestSettings
from hub.asking import Answer, EndWalkTest, OpenWalkTest, Refused, WalkTestDone
from hub.decision import Decision
from hub.inputs import TimeOver
from tests.scenarios.rig import Rig, site_settings

DAY_S = 86_400.0
MakeRig = Callable[[HubSettings], Rig]


def zones(*, testing: tuple[str, ...] = (), **circuits: str) -> list[dict[str, Any]]:
    """What a room's agent tells of its zones."""
    kinds = {"wall": "panic", "desk": "panic", "quiet": "duress", "nurse": "medical", "help": "assist"}
    return [
        {
            "zone": zone,
            "kind": kind,
            "circuit": circuits.get(zone, "pair"),
            "condition": "normal",
            "walk_test": zone in testing,
        }
        for zone, kind in kinds.items()
    ]


def tells(rig: Rig, room: int = 101, **more: Any) -> None:
    """The room's agent tells its state."""
    rig.state(room, zones=zones(**{key: more.pop(key) for key in ("testing", "wall") if key in more}), **more)


def ask(rig: Rig, *of: str, room: int = 101, for_s: float = 600.0) -> Answer:
    """Lee asks for a walk test."""
    return rig.ask(OpenWalkTest(f"room-{room}", "Lee", "board", zones=of, for_s=for_s))


def begin(rig: Rig, *of: str, room: int = 101, for_s: float = 600.0, answers: bool = True) -> None:
    """Lee opens a walk test, and the agent says that it is in it."""
    answer = ask(rig, *of, room=room, for_s=for_s)
    assert isinstance(answer, WalkTestDone)
    if answers:
        tells(rig, room, testing=answer.walk_test.zones)


def walk_commands(rig: Rig, room: int = 101) -> list[Command]:
    return [c for device, c in rig.commands if device == f"room-{room}" and c.do == "walk-test"]


def record(rig: Rig, *what: str) -> list[str]:
    """Return what the record says of these, in order."""
    with rig.journal._engine.connect() as connection:
        rows = connection.exec_driver_sql("select what, reason from record order by seq").all()
    return [reason for name, reason in rows if name in what]


@pytest.fixture
def rig(make_rig: Callable[[HubSettings], Rig]) -> Rig:
    """The school, whose buttons are to be proved every 30 days."""
    return make_rig(site_settings(walk_tests=WalkTestSettings()))


@pytest.fixture
def room(rig: Rig) -> Rig:
    """Room 101 is heard."""
    tells(rig)
    return rig


def is_open(rig: Rig, room: int = 101) -> bool:
    return rig.view.walk_tests[f"room-{room}"].ended is None


# --- believed ---


def test_a_press_in_its_walk_test_calls_nobody_and_proves_its_button(room: Rig) -> None:
    """It is recorded and receipted, no incident opens, and who proved it when is kept."""
    begin(room, "desk")
    room.wait(20)
    event = room.press(101, "desk", test=True)
    room.wait(120)
    assert room.incidents == []
    assert room.notices == []
    assert room.receipts == [("room-101", event)]
    assert room.broker == {}
    assert "flaw test room-101" not in room.view.troubles
    assert record(room, "proved") == ["Room 101, desk: pressed in a walk test"]
    assert record(room, "event") == ["alarm of kind panic, in a walk test"]
    proof = room.view.proved["room-101", "desk"]
    assert (proof.by, proof.at) == ("Lee", room.now().wall - 120_000)
    assert room.view.walk_tests["room-101"].left == ()


@pytest.mark.parametrize("kind", PANIC_KINDS)
def test_every_kind_of_button_can_be_proved(room: Rig, kind: str) -> None:
    zone = {"panic": "wall", "duress": "quiet", "medical": "nurse", "assist": "help"}[kind]
    begin(room)
    room.press(101, zone, kind, test=True)
    assert room.incidents == []
    assert ("room-101", zone) in room.view.proved


def test_a_repeat_of_a_tested_press_is_receipted_again_and_calls_nobody(room: Rig) -> None:
    """Also long after the walk test is over, and to a hub that was started anew."""
    begin(room, "wall")
    room.press(101, test=True, id="again")
    room.wait(3000)
    room.press(101, test=True, id="again", age_s=3000, seq=1)
    room.restart(5)
    room.press(101, test=True, id="again", age_s=3005, seq=1)
    assert room.incidents == []
    assert [event for _, event in room.receipts] == ["again"] * 3


def test_a_tested_press_that_arrives_after_the_end_is_still_a_test(room: Rig) -> None:
    """What counts is when it was pressed: the link was down meanwhile."""
    begin(room, "wall", for_s=60)
    room.wait(90)
    assert not is_open(room)
    room.press(101, test=True, age_s=50)
    assert room.incidents == []
    assert record(room, "proved") == ["Room 101, wall: pressed in a walk test"]


# --- real ---


@pytest.mark.parametrize(
    ("after_s", "age_s", "why"),
    [(700, 0, "too late"), (700, 99, "late by its age, too"), (10, 30, "before it was opened")],
)
def test_a_press_outside_its_time_is_real(room: Rig, after_s: float, age_s: float, why: str) -> None:
    """By the reckoned time of the press; and the mark is a trouble."""
    room.wait(100)
    tells(room)
    begin(room, "wall")
    room.wait(after_s)
    room.press(101, test=True, age_s=age_s)
    assert len(room.incidents) == 1, why
    assert room.notices[0].type == "incident.opened"
    assert "flaw test room-101" in room.view.troubles
    assert ("room-101", "wall") not in room.view.proved


def test_a_press_of_another_zone_is_real(room: Rig) -> None:
    begin(room, "desk")
    room.press(101, "wall", test=True)
    assert room.said() == ["0 s sro opened r1: 101"]
    assert "flaw test room-101" in room.view.troubles


def test_a_press_of_another_device_is_real(room: Rig) -> None:
    tells(room, 102)
    begin(room)
    room.press(102, test=True)
    assert room.said() == ["0 s sro opened r1: 102"]


@pytest.mark.parametrize(
    "more",
    [
        {"test": False},
        {"held": True},
        {"cause": "cut"},
        {"kind": "medical"},
        {"seq": 0},
        {"age_ms": -1},
        {"v": 2},
        {"test": "maybe"},
    ],
)
def test_in_doubt_it_is_real(room: Rig, more: dict[str, Any]) -> None:
    """One that is not marked (held, two at once), or has any flaw."""
    begin(room)
    room.press(101, **({"test": True} | more))
    assert len(room.incidents) == 1
    assert ("room-101", "wall") not in room.view.proved


def test_a_press_that_was_real_after_all_is_told_again_and_real(room: Rig) -> None:
    """Two zones within 2 s: the agent tells the first anew, under an id of its own and unmarked."""
    begin(room)
    room.press(101, "wall", test=True)
    assert room.incidents == []
    room.wait(1)
    room.press(101, "desk")
    room.press(101, "wall", age_s=1.0)
    assert len(room.incidents) == 1
    assert {press.zone for press in room.view.unresolved()[0].events} == {"wall", "desk"}
    assert not is_open(room)


def test_a_held_press_is_real_by_its_second_alarm(room: Rig) -> None:
    begin(room, "wall")
    room.press(101, test=True)
    room.wait(3)
    room.press(101, held=True, age_s=0.1)
    assert room.said() == ["3 s sro opened r1: 101"]


def test_a_copy_that_moves_the_press_before_the_walk_test_makes_it_real(room: Rig) -> None:
    """Of several copies the earliest reckoning stands."""
    room.wait(100)
    tells(room)
    begin(room, "wall")
    room.wait(5)
    room.press(101, test=True, id="moved")
    assert room.incidents == []
    room.press(101, test=True, id="moved", seq=1, age_s=30)
    assert len(room.incidents) == 1
    assert "flaw test room-101" in room.view.troubles


def test_once_it_is_ended_every_press_is_real(room: Rig) -> None:
    """Whatever the agent still believes: it is told, but may not hear it."""
    begin(room)
    room.wait(30)
    room.ask(EndWalkTest("room-101", "Reyes", "board"))
    assert [command.for_s for command in walk_commands(room)] == [600.0, 0.0]
    room.wait(1)
    room.press(101, test=True)
    assert len(room.incidents) == 1
    assert record(room, "walk-test-ended") == [
        "Room 101: a person ended it; not pressed: wall, desk, quiet, nurse, help"
    ]


def test_a_real_call_ends_the_walk_tests_that_might_swallow_another(room: Rig) -> None:
    """A panic ends them all; help in another room ends none."""
    tells(room, 102)
    begin(room)
    begin(room, room=102)
    room.press(103, "help", "assist")
    assert is_open(room)
    room.press(102, "nurse", "medical")
    assert (is_open(room, 101), is_open(room, 102)) == (True, False)
    room.press(103)
    assert not is_open(room)
    assert walk_commands(room)[-1].for_s == 0.0
    room.wait(1)
    room.press(101, test=True)
    assert "flaw test room-101" in room.view.troubles


def test_an_agent_that_did_not_hear_the_end_is_told_again(room: Rig) -> None:
    """Its lamp must not show a walk test that is over; one begun elsewhere is left alone."""
    begin(room, "wall")
    room.ask(EndWalkTest("room-101", "Lee", "board"))
    tells(room, testing=("wall",))
    assert [command.for_s for command in walk_commands(room)] == [600.0, 0.0, 0.0]
    assert len({command.id for command in walk_commands(room)}) == 3
    room.wait(600)
    tells(room, testing=("wall",))
    assert len(walk_commands(room)) == 3


# --- opening ---


def refused(answer: Answer) -> str:
    assert isinstance(answer, Refused)
    return answer.detail


def test_what_cannot_be_opened_is_refused_with_the_reason(room: Rig) -> None:
    cannot = "cannot open a walk test of room-101: "
    assert "no such device" in refused(room.ask(OpenWalkTest("room-999", "Lee", "api")))
    assert refused(ask(room, "door")) == f"{cannot}it has no button door"
    assert refused(ask(room, "wall", "attic")) == f"{cannot}it has no button attic"
    for for_s in (0.0, -1.0, 1800.1, float("nan"), float("inf")):
        assert refused(ask(room, for_s=for_s)).startswith("for_s: found")
    unheard = room.ask(OpenWalkTest("room-102", "Lee", "api"))
    assert refused(unheard) == "cannot open a walk test of room-102: it is not heard yet"
    room.press(102)
    assert "incident 1 of kind panic is not resolved" in refused(ask(room))
    room.resolve()
    room.press(101, "help", "assist")
    assert "incident 2 with that room is not resolved" in refused(ask(room))
    room.resolve()
    begin(room, "wall")
    assert "one is open already, by Lee, until" in refused(ask(room, "desk"))
    assert refused(room.ask(EndWalkTest("room-102", "Lee", "api"))) == "no walk test of room-102 is open"
    assert walk_commands(room, 102) == []


def test_nothing_prolongs_a_walk_test(room: Rig) -> None:
    """The agent is asked a second time for what remains, and never for more."""
    begin(room, "wall", for_s=100, answers=False)
    room.wait(99)
    assert [command.for_s for command in walk_commands(room)] == [100.0, 89.0]
    assert len({command.id for command in walk_commands(room)}) == 2
    room.wait(1)
    assert not is_open(room)
    room.wait(0.5)
    room.press(101, test=True)
    assert len(room.incidents) == 1


def test_an_agent_that_does_not_begin_is_said(room: Rig) -> None:
    """After 15 s; and that it has begun after all."""
    begin(room, "wall", answers=False)
    room.wait(14.9)
    assert not room.view.walk_tests["room-101"].late
    room.wait(0.2)
    assert room.view.walk_tests["room-101"].late
    said = "Room 101: its device does not say that it is in the walk test: every press is real"
    assert record(room, "walk-test-not-begun") == [said]
    tells(room, testing=("wall",))
    test = room.view.walk_tests["room-101"]
    assert (test.late, test.begun) == (False, True)


def test_it_is_over_when_the_agent_says_that_every_button_is_live(room: Rig) -> None:
    """All pressed, two pressed at once, or its restart: nobody thinks that it goes on."""
    begin(room, "wall", "desk")
    room.press(101, test=True)
    tells(room, testing=("desk",))
    assert is_open(room)
    tells(room, boot="another")
    assert record(room, "walk-test-ended") == [
        "Room 101: its device says that every button is live; not pressed: desk"
    ]


# --- restarts and clocks ---


def test_an_open_walk_test_outlives_the_hub(room: Rig) -> None:
    """A press while the hub is down is a test; so is one after it; one after the end isn't."""
    begin(room, "wall", "desk", for_s=300)
    room.wait(20)
    room.crash()
    room.t += 10
    room.broker[10_001] = room.broker.get(10_001) or _sent(room, "wall")
    room.restart(20)
    assert room.incidents == []
    tells(room, testing=("desk",))
    room.press(101, "desk", test=True)
    assert room.incidents == []
    assert record(room, "proved") == [
        "Room 101, wall: pressed in a walk test",
        "Room 101, desk: pressed in a walk test",
    ]
    room.wait(300)
    assert not is_open(room)
    room.press(101, test=True)
    assert len(room.incidents) == 1


def _sent(rig: Rig, zone: str) -> Any:
    import msgspec

    from tests.scenarios.rig import Sent

    event = {
        "v": 1, "id": "while-down", "boot": "b", "seq": 50, "zone": zone, "kind": "panic", "what": "alarm",
        "age_ms": 0, "test": True,
    }  # fmt: skip
    return Sent("room-101", msgspec.json.encode(event), rig.t)


def test_over_a_restart_it_lasts_no_longer_than_what_remained(room: Rig) -> None:
    """Somebody set the clock back by an hour while the hub was down."""
    begin(room, "wall", for_s=100)
    room.wait(50)
    room.journal.commit([Decision(0.0, facts={"beat": str(room.now().wall)})])
    room.crash()
    room.wall_jumps_silently(-3600)
    room.restart(1)
    room.wait(49.9)
    assert is_open(room)
    room.wait(0.2)
    assert not is_open(room)


def test_a_wall_clock_that_jumps_neither_prolongs_nor_ends_it(room: Rig) -> None:
    begin(room, "wall", for_s=100)
    room.wall_jumps(-7200)
    room.wait(50)
    room.press(101, test=True)
    assert room.incidents == []
    room.wall_jumps(86_400)
    room.wait(40)
    room.press(101, test=True)
    assert room.incidents == []
    room.restart(1)
    room.wait(12)
    assert not is_open(room)


def test_a_walk_test_that_no_disk_has_taken_is_gone_with_the_hub(room: Rig) -> None:
    """Then the agent's mark is nobody's word, and the press is real."""
    room.disk = "hung"
    room.ask(OpenWalkTest("room-101", "Lee", "board"))
    room.restart(1)
    tells(room)
    room.press(101, test=True)
    assert len(room.incidents) == 1


# --- proving ---


def prove(rig: Rig, room: int = 101) -> None:
    """Every button of a room is pressed in a walk test."""
    tells(rig, room)
    begin(rig, room=room)
    for zone in zones():
        rig.press(room, zone["zone"], zone["kind"], test=True)
        rig.wait(10)
    tells(rig, room)


def details(rig: Rig, what: str) -> list[str]:
    return [trouble.detail for trouble in rig.view.troubles.values() if trouble.what == what]


def test_a_device_that_was_set_up_is_to_be_proved(room: Rig) -> None:
    """One trouble for all of its buttons; what is proved leaves it, and with the last one it ends."""
    every = "Room 101: not proved since it was set up: wall, desk, quiet, nurse, help"
    assert details(room, "prove-again") == [every]
    begin(room, "wall")
    room.press(101, test=True)
    assert details(room, "prove-again") == [
        "Room 101: not proved since it was set up: desk, quiet, nurse, help"
    ]
    room.wait(10)
    tells(room)
    prove(room)
    assert details(room, "prove-again") == []


def test_a_button_not_proved_in_30_days_is_a_trouble(room: Rig) -> None:
    """One for the device, ended by the next proof; also over a restart."""
    prove(room)
    room.wait(29.9 * DAY_S)
    assert details(room, "not-proved") == []
    room.wait(0.2 * DAY_S)
    assert details(room, "not-proved") == ["Room 101: not proved in 30 days: wall, desk, quiet, nurse, help"]
    room.restart(60)
    tells(room)
    assert len(details(room, "not-proved")) == 1
    prove(room)
    assert details(room, "not-proved") == []
    assert details(room, "prove-again") == []


def test_a_button_that_was_rewired_is_to_be_proved_again(room: Rig) -> None:
    prove(room)
    tells(room, wall="eol")
    assert details(room, "prove-again") == ["Room 101: rewired since it was proved: wall"]
    begin(room, "wall", answers=False)
    tells(room, testing=("wall",), wall="eol")
    room.press(101, test=True)
    assert details(room, "prove-again") == []


def test_a_device_that_was_replaced_is_to_be_proved_again(rig: Rig) -> None:
    """Another boot or version of the same machine is no replacement."""
    tells(rig, machine="m1")
    begin(rig, answers=False)
    tells(rig, machine="m1", testing=("wall", "desk", "quiet", "nurse", "help"))
    for zone in zones():
        rig.press(101, zone["zone"], zone["kind"], test=True)
        rig.wait(10)
    tells(rig, machine="m1")
    tells(rig, machine="m1", boot="b2", version="0.2.0")
    assert details(rig, "prove-again") == []
    tells(rig, machine="m2", boot="b3")
    assert details(rig, "prove-again") == [
        "Room 101: its device was replaced since it was proved: wall, desk, quiet, nurse, help"
    ]


def test_a_site_that_asks_for_no_proof_has_no_trouble_of_it(make_rig: MakeRig) -> None:
    """What is not proved is shown as such all the same."""
    rig = make_rig(site_settings(walk_tests=WalkTestSettings(prove_every_days=0)))
    tells(rig)
    rig.wait(100 * DAY_S)
    assert not details(rig, "prove-again") + details(rig, "not-proved")
    assert rig.view.proved == {}


@pytest.mark.parametrize("restarts", [False, True])
def test_a_proof_made_by_a_clock_that_was_ahead_hides_nothing(rig: Rig, *, restarts: bool) -> None:
    """Somebody sets the clock a year ahead, the room is proved, and the clock is put right: the proof is as
    old as it is, and the next one counts. After a start its age is known from that start on."""
    tells(rig)
    rig.wall_jumps(365 * DAY_S)
    prove(rig)
    rig.wait(2 * DAY_S)
    if restarts:
        rig.wall_jumps_silently(-365 * DAY_S)
        rig.restart(5)
        rig.settle()
    else:
        rig.wall_jumps(-365 * DAY_S)
    rig.wait(27 * DAY_S)
    assert details(rig, "not-proved") == []
    rig.wait(3 * DAY_S + 7200)
    assert len(details(rig, "not-proved")) == 1
    prove(rig)
    assert details(rig, "not-proved") == []


def test_a_proof_is_as_old_as_before_after_a_start_without_a_clock(rig: Rig) -> None:
    """The machine starts in 1970, and its clock is set an hour later: nothing is moved."""
    prove(rig)
    proved = rig.view.proved["room-101", "wall"].at
    off = rig.now().wall / 1000 - 100
    rig.wall_jumps_silently(-off)
    rig.restart(60)
    rig.settle()
    rig.wait(3600)
    tells(rig)
    begin(rig, "desk")
    rig.press(101, "desk", test=True)
    rig.wall_jumps(off)
    assert rig.view.proved["room-101", "wall"].at == proved
    assert rig.now().wall - rig.view.proved["room-101", "desk"].at < 1000
    assert details(rig, "not-proved") == []


def test_who_opened_it_is_forgotten_with_the_record(make_rig: MakeRig) -> None:
    """When the row's time is over: in the test, in each proof of it, and after a restart; others stay."""
    rig = make_rig(site_settings())
    rig.state(101, wall="normal")
    rig.state(102, wall="normal")
    first, second = (
        rig.ask(OpenWalkTest(f"room-{n}", by, "board", ("wall",))) for n, by in ((101, "Lee"), (102, "Kim"))
    )
    assert isinstance(first, WalkTestDone)
    assert isinstance(second, WalkTestDone)
    for room in (101, 102):
        rig.press(room, test=True)
    values = ((first.walk_test.row, "by"), (rig.view.proved["room-101", "wall"].row, "by"))
    rig._do(rig.site.decide(TimeOver("its time is over", values), rig.now()))
    for _ in range(2):
        assert {room: proof.by for (room, _), proof in rig.view.proved.items()} == {
            "room-101": "(removed)",
            "room-102": "Kim",
        }
        assert rig.view.walk_tests["room-101"].by == "(removed)"
        assert "Lee" not in str(rig.journal.load().facts)
        rig.restart()
