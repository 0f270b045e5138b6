"""Drills, as scripts: what one covers, what is real at once, who is told what, and what it leaves behind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from config.clock import stamp
from config.contract import PANIC_KINDS
from config.drill_settings import DrillsSettings, DueSettings
from config.hub_settings import AppriseSettings, WebhookSettings
from config.plan_settings import PlanSettings, StepSettings
from hub.asking import (
    CancelDrill,
    DrillDone,
    EndDrill,
    MakeReal,
    PartOfDrill,
    PlanDrill,
    Refused,
    Resolve,
    StartDrill,
)
from hub.decision import Decision
from hub.drill import Drill, DrillPress
from hub.drill_memory import DrillMemory
from hub.drill_record import name_of
from hub.drill_report import incidents_of, report
from hub.incident import Incident
from hub.inputs import ClockTrust
from hub.notice import sentence
from hub.store.reading import Reading
from tests.hub.making import came, event_bytes
from tests.scenarios.rig import WALL_0, Rig, Sent
from tests.scenarios.school import PLANS, school

Make = Callable[..., Rig]
ZONES = {"panic": "wall", "duress": "quiet", "medical": "nurse", "assist": "help"}


@pytest.fixture
def rig(make_rig: Make) -> Rig:
    return make_rig(school())


def start(rig: Rig, *rooms: int, for_s: float = 600, leader: str = "ortiz", **more: Any) -> Drill:
    """Lee starts a drill of these rooms (none: of all), led by Ortiz."""
    answer = rig.ask(
        PlanDrill("lockdown", leader, "Lee", "board", for_s, rooms=tuple(f"room-{n}" for n in rooms), **more)
    )
    assert isinstance(answer, DrillDone), answer
    return answer.drill


def drill(rig: Rig) -> Drill:
    """The drill that a board shows last."""
    return list(rig.view.drills.values())[-1][0]


def presses(rig: Rig) -> list[str]:
    """What its presses are: ``room-101 expected``."""
    found: tuple[DrillPress, ...] = list(rig.view.drills.values())[-1][1]
    return [f"{one.press.place.device} {one.standing}" for one in found]


def real(rig: Rig) -> list[Incident]:
    """The unresolved incidents that no drill has."""
    return [one for one in rig.view.incidents.values() if not one.drill]


def of_drill(rig: Rig) -> list[Incident]:
    return [one for one in rig.view.incidents.values() if one.drill]


def rows(rig: Rig, *what: str) -> list[str]:
    return [reason for name, reason, _ in rig.record() if name in what]


def titles(rig: Rig, *channels: str) -> list[str]:
    """What these read first, since it was last asked."""
    new, rig._said = rig.notices[rig._said :], len(rig.notices)
    return [f"{n.channel}: {n.title}" for n in new if not channels or n.channel in channels]


# --- what it covers ---


def test_a_drill_covers_one_press_of_each_room_and_dispatch_is_not_called(rig: Rig) -> None:
    """The officer and the leader are told of it as expected; the plan goes on, but for dispatch."""
    start(rig)
    rig.wait(30)
    rig.press(101)
    assert titles(rig) == [
        "reyes: DRILL 1, EXPECTED: PANIC Room 101 (wall), Main bldg, floor 1, 14:13:50",
        "ortiz: DRILL 1, EXPECTED: PANIC Room 101 (wall), Main bldg, floor 1, 14:13:50",
    ]
    rig.wait(5)
    rig.press(140)
    rig.wait(2)
    said = titles(rig)
    assert len(said) == 2
    assert all("DRILL 1, EXPECTED: PANIC (update) Room 101 (wall)" in one for one in said)
    (one,) = of_drill(rig)
    assert real(rig) == []
    assert [room.place.device for room in one.rooms] == ["room-101", "room-140"]
    rig.wait(500)
    assert not any(notice.channel == "dispatch" for notice in rig.notices)
    assert presses(rig) == ["room-101 expected", "room-140 expected"]


def test_every_channels_record_says_that_it_was_not_sent_because_of_the_drill(rig: Rig) -> None:
    start(rig)
    rig.press(101)
    row = next((reason, detail) for what, reason, detail in rig.record() if what == "not-sent")
    assert row[0] == "not sent because of drill 1"
    assert row[1]["channel"] == row[1]["audience"] == "dispatch"
    assert ("not-sent", "not sent because of drill 1") in rig.timeline()


def test_dispatch_gets_its_test_code_where_the_school_has_it_so(make_rig: Make) -> None:
    """By setting: then it is told, and each word of it says that it is a test."""
    rig = make_rig(school(drills=DrillsSettings(dispatch="test")))
    start(rig)
    rig.press(101)
    (told,) = [n for n in rig.notices if n.channel == "dispatch"]
    assert msgspec.json.decode(told.body)["test"] is True
    assert told.incident["drill"] is True
    assert told.title.startswith("DRILL 1, EXPECTED: TEST PANIC")
    assert all(msgspec.json.decode(n.body)["test"] is False for n in rig.notices if n.channel != "dispatch")


def test_an_alarm_receiver_is_not_called_whatever_its_audience_is_named(make_rig: Make) -> None:
    """A DC-09 receiver in the officer's own audience is dispatch all the same."""
    settings = school()
    audiences = settings.audiences | {"sro": replace(settings.audiences["sro"], channels=("nurse",))}
    rig = make_rig(replace(settings, audiences=audiences), kinds={"nurse": "dc-09"})
    start(rig)
    rig.press(101)
    rig.press(102)
    assert {n.channel for n in rig.notices} == {"reyes", "ortiz"}
    assert rows(rig, "not-sent") == ["not sent because of drill 1"] * 3


def test_the_plan_is_chosen_with_drill(make_rig: Make) -> None:
    """A plan for drills alone is taken in a drill, and by nothing else."""
    only = PlanSettings(
        kinds=("panic",), drill="only", steps=(StepSettings(after_s=0, notify=("nurse", "sro")),)
    )
    rig = make_rig(school(plans={"practice": only} | PLANS))
    start(rig, 101)
    rig.wait(5)
    rig.press(101)
    assert sorted(n.channel for n in rig.notices) == ["nurse", "ortiz", "reyes"]
    rig.press(102)
    assert "dispatch" in {n.channel for n in rig.notices if not n.incident["drill"]}


def test_a_drill_asks_nobody_twice(rig: Rig) -> None:
    """Its plan runs once and does not nag, no trouble says that nobody answers, and it ends by itself."""
    start(rig)
    rig.press(101)
    rig.wait(590)
    told = [f"{n.channel} {n.type}" for n in rig.notices if n.reminder is None]
    assert told == [
        "reyes incident.opened",
        "ortiz incident.opened",
        "okafor incident.opened",
        "office incident.opened",
    ]
    assert rig.troubles("unanswered") == []
    rig.wait(20)
    assert rig.view.incidents == {}


@pytest.mark.parametrize("again", [0.1, 5.0, 10.0])
def test_presses_within_10_s_of_the_first_belong_to_it(rig: Rig, again: float) -> None:
    start(rig)
    rig.wait(20)
    rig.press(101)
    rig.wait(again)
    rig.press(101, "desk")
    assert presses(rig) == ["room-101 expected"] * 2
    rig.wait(120)
    assert real(rig) == []


# --- not expected ---


def unexpected(rig: Rig, room: int = 101) -> str:
    """A room's press, and a minute later another; returns the second's id."""
    rig.wait(10)
    rig.press(room)
    rig.wait(60)
    titles(rig)
    return rig.press(room)


def test_another_press_after_10_s_is_not_expected_and_told_at_once(rig: Rig) -> None:
    start(rig)
    event = unexpected(rig)
    assert titles(rig, "reyes", "ortiz") == [
        "reyes: NOT EXPECTED in drill 1: PANIC (update) Room 101 (wall), Main bldg, floor 1, 14:13:30",
        "ortiz: NOT EXPECTED in drill 1: PANIC (update) Room 101 (wall), Main bldg, floor 1, 14:13:30",
    ]
    body = msgspec.json.decode(rig.notices[-1].body)
    assert body["incident"]["drill"] is True
    assert body["drill"]["expected"] is False
    assert body["drill"]["not_expected"] == [{"device": "room-101", "event": event}]
    assert [(one["do"], one["path"]) for one in body["drill"]["actions"]] == [
        ("real", "/api/v1/drills/1/real"),
        ("part-of-drill", "/api/v1/drills/1/part-of-drill"),
    ]
    assert real(rig) == []


def test_it_is_told_at_once_also_right_after_another_update(rig: Rig) -> None:
    """Updates are told once in 2 s; this one waits for nothing, and is never overtaken."""
    start(rig)
    rig.wait(10)
    rig.press(101)
    rig.wait(59)
    rig.press(102)
    rig.wait(0.5)
    titles(rig)
    rig.far |= {"reyes": "down"}
    rig.press(101)
    assert len(titles(rig, "ortiz")) == 1
    rig.wait(1)
    rig.press(103)
    rig.far.clear()
    rig.wait(61)
    assert any("NOT EXPECTED" in one for one in titles(rig, "reyes"))


def test_it_is_real_if_nobody_answers_in_30_s(rig: Rig) -> None:
    """In the normal group and plan, with its true time: dispatch is called."""
    start(rig)
    unexpected(rig)
    rig.wait(29.9)
    assert real(rig) == []
    rig.wait(0.2)
    (one,) = real(rig)
    assert one.group == "site"
    assert [event.at for event in one.events] == [WALL_0 + 70_000]
    assert "100 s dispatch opened" in rig.asked("dispatch")
    assert presses(rig) == ["room-101 expected", "room-101 real"]


def test_what_was_taken_as_real_is_never_told_as_expected_again(rig: Rig) -> None:
    """Neither its update, nor that the drill's part of it is over: that would read as an end of the panic."""
    start(rig)
    unexpected(rig)
    rig.wait(33)
    rig.ask(EndDrill("1", "Lee", "board"))
    rig.wait(5)
    where = "Room 101 (wall), Main bldg, floor 1, 14:13:30"
    told = [n for n in rig.notices if n.channel == "reyes"][-3:]
    assert [n.title for n in told] == [
        "PANIC Room 101 (wall), Main bldg, floor 1, 14:14:30",
        f"Taken as REAL in drill 1: PANIC (update) {where}",
        f"DRILL 1 resolved, taken as REAL: PANIC {where}",
    ]
    for notice in told[1:]:
        lines = sentence(notice.body, "UTC")[1].splitlines()
        assert (
            "The call that is real is an incident of its own, told by itself: this ends nothing of it."
            in lines
        )
        assert "- Room 101 (wall), Main bldg, floor 1, pressed 14:14:30, taken as REAL" in lines


def test_a_drills_notice_says_until_when_and_where_to_answer(make_rig: Make) -> None:
    """By the school's own time for it; one that was expected says where it is made real."""
    rig = make_rig(school(drills=DrillsSettings(unexpected_real_after_s=45)))
    start(rig)
    rig.press(101)
    assert (
        "Is it real all the same? Say so on the board, under Drills."
        in sentence(rig.notices[-1].body, "UTC")[1]
    )
    rig.wait(60)
    rig.press(101)
    said = "It is REAL at 14:15:05, unless somebody says on the board that it is part of the drill."
    assert said in sentence(rig.notices[-1].body, "UTC")[1].splitlines()


def test_it_is_real_at_once_where_the_school_has_it_so(make_rig: Make) -> None:
    rig = make_rig(school(drills=DrillsSettings(unexpected_real_after_s=0)))
    start(rig)
    unexpected(rig)
    assert len(real(rig)) == 1
    assert "70 s dispatch opened" in rig.asked("dispatch")


def test_a_person_says_that_it_is_part_of_the_drill(rig: Rig) -> None:
    start(rig)
    event = unexpected(rig)
    rig.wait(20)
    assert isinstance(rig.ask(PartOfDrill("1", "Reyes", "board", "room-101", event)), DrillDone)
    rig.wait(300)
    assert real(rig) == []
    assert presses(rig) == ["room-101 expected", "room-101 part-of-drill"]
    refused = rig.ask(PartOfDrill("1", "Reyes", "board", "room-101", event))
    assert isinstance(refused, Refused)
    assert refused.state == "part-of-drill"


def test_a_person_says_that_it_is_real(rig: Rig) -> None:
    start(rig)
    event = unexpected(rig)
    answer = rig.ask(MakeReal("1", "Ortiz", "board", "room-101", event))
    assert isinstance(answer, DrillDone)
    assert [one.id for one in answer.incidents] == [one.id for one in real(rig)]
    assert "70 s dispatch opened" in rig.asked("dispatch")
    rig.wait(60)
    assert len(real(rig)) == 1


def test_an_answer_covers_no_press_that_its_person_could_not_have_seen(rig: Rig) -> None:
    """A third press as the thumb comes down on the second: it waits for an answer of its own."""
    start(rig)
    second = unexpected(rig)
    rig.wait(11)
    rig.press(101)
    refused = rig.ask(PartOfDrill("1", "Reyes", "board"))
    assert isinstance(refused, Refused)
    assert refused.allowed == ("device and event",)
    assert isinstance(rig.ask(PartOfDrill("1", "Reyes", "board", "room-101", second)), DrillDone)
    assert presses(rig)[1:] == ["room-101 part-of-drill", "room-101 not-expected"]
    rig.wait(29)
    assert real(rig) == []
    rig.wait(2)
    assert len(real(rig)) == 1


def test_two_rooms_wait_for_two_answers(rig: Rig) -> None:
    start(rig)
    rig.wait(5)
    rig.press(101)
    rig.press(102)
    rig.wait(60)
    rig.press(101)
    rig.press(102)
    assert isinstance(rig.ask(PartOfDrill("1", "Reyes", "board", "room-102")), DrillDone)
    rig.wait(31)
    (one,) = real(rig)
    assert [room.place.device for room in one.rooms] == ["room-101"]


def test_an_acknowledgement_of_the_drill_answers_nothing_that_was_not_expected(rig: Rig) -> None:
    """Nor does a resolution of the drill's incident keep it from being real."""
    start(rig)
    unexpected(rig)
    (one,) = of_drill(rig)
    rig.acknowledge(by="Reyes")
    assert not any(c.lamp == "acknowledged" and len(c.events or ()) > 1 for _, c in rig.commands)
    rig.ask(Resolve(one.id, "Reyes", "board", "drill"))
    rig.wait(31)
    assert len(real(rig)) == 1


def test_a_second_press_opens_an_answered_drill_again(rig: Rig) -> None:
    """Also within a minute of the first, which elsewhere is the same call."""
    start(rig)
    rig.wait(5)
    rig.press(101)
    rig.wait(3)
    rig.acknowledge(by="Reyes")
    rig.wait(15)
    rig.press(101)
    (one,) = of_drill(rig)
    assert one.state == "open"


# --- real at once ---


def test_a_room_that_is_not_in_it_is_real_at_once(rig: Rig) -> None:
    start(rig, 101, 102)
    rig.wait(20)
    rig.press(103)
    (one,) = real(rig)
    assert "20 s dispatch opened" in rig.asked("dispatch")
    assert f"Room 103: real: Room 103 is not in drill 1; incident {one.number}" in rows(rig, "drill-real")


def test_a_building_may_be_drilled(rig: Rig) -> None:
    start(rig, buildings=("North",))
    rig.wait(20)
    rig.press(140)
    assert real(rig) == []
    rig.press(101)
    assert len(real(rig)) == 1


def test_a_held_press_is_real_at_once(rig: Rig) -> None:
    """The first alarm of it was the drill's; that it was held is a call of its own."""
    start(rig)
    rig.wait(20)
    rig.press(101)
    rig.wait(3)
    rig.press(101, held=True)
    (one,) = real(rig)
    assert one.events[0].held
    assert "23 s dispatch opened" in rig.asked("dispatch")


@pytest.mark.parametrize("kind", PANIC_KINDS)
def test_only_the_kinds_of_the_drill_are_covered(rig: Rig, kind: str) -> None:
    """Any duress and any medical is real, whatever is drilled; assist is, where it isn't drilled."""
    start(rig)
    rig.wait(20)
    rig.press(101, ZONES[kind], kind)
    assert [one.kind for one in real(rig)] == ([] if kind == "panic" else [kind])


@pytest.mark.parametrize("kind", ["duress", "medical"])
def test_no_drill_is_of_duress_or_medical(rig: Rig, kind: Any) -> None:
    answer = rig.ask(PlanDrill("all", "Ortiz", "Lee", "board", 60, kinds=("panic", kind)))
    assert isinstance(answer, Refused)
    assert answer.error == "bad-input"


@pytest.mark.parametrize(
    "flaw",
    [
        {"zone": "attic"},
        {"kind": "banana"},
        {"kind": "medical"},
        {"v": 9},
        {"age_ms": -5},
        {"at": "yesterday"},
        {"test": True},
        {"cause": "cut"},
        {"what": "open"},
    ],
    ids=str,
)
def test_whatever_is_in_doubt_is_real(rig: Rig, flaw: dict[str, Any]) -> None:
    """Any flaw of the event, a mark of a walk test that nobody opened, a wire that may have been cut."""
    start(rig)
    rig.wait(20)
    zone = flaw.pop("zone", "wall")
    kind = flaw.pop("kind", "panic")
    rig.press(101, zone, kind, **flaw)
    assert len(real(rig)) == 1
    assert of_drill(rig) == []


def test_an_unknown_device_is_real(rig: Rig) -> None:
    start(rig)
    rig.wait(20)
    rig.press(999)
    assert len(real(rig)) == 1


def test_an_id_that_comes_again_with_other_content_is_real(rig: Rig) -> None:
    start(rig)
    rig.wait(20)
    rig.press(101, id="same")
    rig.press(101, "desk", id="same")
    assert len(real(rig)) == 1


def test_a_room_by_another_name_is_still_its_room(rig: Rig) -> None:
    """That the agent calls it something else is a trouble of its own, and no doubt of which room pressed."""
    start(rig)
    rig.wait(20)
    rig.press(101, room="Zimmer 101")
    assert real(rig) == []


# --- by when it was pressed ---


def test_a_press_of_before_the_drill_that_comes_in_it_is_real(rig: Rig) -> None:
    rig.wait(60)
    start(rig)
    rig.wait(5)
    rig.press(101, age_s=6)
    assert len(real(rig)) == 1


def test_a_press_of_the_drill_that_comes_after_its_end_is_the_drills(rig: Rig) -> None:
    start(rig, for_s=300)
    rig.wait(400)
    rig.press(101, age_s=200)
    assert real(rig) == []
    assert presses(rig) == ["room-101 expected"]
    assert titles(rig, "reyes")[0].startswith("reyes: DRILL 1, EXPECTED: LATE PANIC Room 101")
    assert of_drill(rig) == []  # nobody is left with a drill that is over
    rig.press(101, age_s=99)
    assert len(real(rig)) == 1


def test_a_second_press_of_the_drill_that_comes_after_its_end_is_not_expected(rig: Rig) -> None:
    start(rig, for_s=300)
    rig.wait(10)
    rig.press(101)
    rig.wait(400)
    rig.press(101, age_s=200)
    assert presses(rig) == ["room-101 expected", "room-101 not-expected"]
    rig.wait(31)
    assert len(real(rig)) == 1
    assert of_drill(rig) == []


def test_a_press_after_its_end_is_real(rig: Rig) -> None:
    start(rig, for_s=300)
    rig.wait(301)
    rig.press(101)
    assert len(real(rig)) == 1


@pytest.mark.parametrize(("after_s", "is_real"), [(1.0, True), (3.5, False)])
def test_near_the_start_a_press_that_lay_in_the_broker_is_in_doubt(
    rig: Rig, after_s: float, is_real: bool
) -> None:
    """The broker counts in whole seconds: such a press may have been before it."""
    start(rig)
    rig.wait(after_s)
    sent = len(rig.broker)
    rig.crash()
    rig.broker.clear()
    event = {
        "v": 1, "id": "e", "boot": "b", "seq": 1, "zone": "wall", "kind": "panic", "what": "alarm",
        "age_ms": 0, "test": False,
    }  # fmt: skip
    rig.broker[10_000 + sent] = Sent("room-101", msgspec.json.encode(event), rig.t)
    rig.restart(5, of="hub")
    assert bool(real(rig)) is is_real


def test_an_earlier_reckoning_of_before_the_drill_makes_a_press_real(rig: Rig) -> None:
    """A copy that came by another way shows that it was pressed before the drill: it never was part of it."""
    rig.wait(60)
    start(rig)
    rig.wait(10)
    rig.press(101, id="e", seq=1)
    assert real(rig) == []
    rig.press(101, id="e", seq=1, age_s=20)
    (one,) = real(rig)
    assert one.events[0].at == WALL_0 + 50_000
    rig.press(101, id="e", seq=1, age_s=40)
    (one,) = real(rig)
    assert one.events[0].at == WALL_0 + 30_000


def test_a_press_in_a_drill_that_our_own_code_fails_on_is_real(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the drill's incident has it already: nobody would ask what it is."""
    start(rig)
    rig.wait(20)
    monkeypatch.setattr(DrillMemory, "keep_press", lambda *_: 1 / 0)
    fact = came(event_bytes(id="e1"))
    fact, now, decision = replace(fact, arrived=rig.now()), rig.now(), Decision(0.0)
    with pytest.raises(ZeroDivisionError):
        rig.site.decide(fact, now, {}, into=decision)
    assert [incident.drill for incident, _ in decision.incidents.values()] == [True]
    rig.site.in_doubt(decision, fact, now)
    assert [incident.kind for incident, _ in decision.incidents.values() if not incident.drill] == ["panic"]
    assert any(owed.target.channel == "dispatch" for owed in decision.owed)


# --- a real emergency in it ---


def test_a_real_panic_ends_what_the_drill_covers(rig: Rig) -> None:
    """A teacher who presses after it may be in it: no drill has that press."""
    start(rig, 101, 102, 104)
    rig.wait(20)
    rig.press(101)
    rig.wait(1)
    rig.press(103)
    rig.wait(5)
    rig.press(102)
    (one,) = real(rig)
    assert [room.place.device for room in one.rooms] == ["room-103", "room-102"]
    assert presses(rig) == ["room-101 expected"]
    assert drill(rig).state == "running"


def test_a_real_duress_medical_or_assist_ends_nothing_of_the_drill(rig: Rig) -> None:
    """Whoever stands beside that teacher sees the drill go on as before."""
    start(rig)
    rig.wait(20)
    for kind in ("duress", "medical", "assist"):
        rig.press(101, ZONES[kind], kind)
    rig.press(102)
    assert presses(rig) == ["room-102 expected"]


def test_a_drills_presses_never_join_a_real_incident_nor_the_reverse(rig: Rig) -> None:
    start(rig)
    rig.wait(20)
    rig.press(101)
    rig.press(101, "nurse", "medical")
    rig.press(102)
    (ours,), (theirs,) = of_drill(rig), real(rig)
    assert [e.place.device for e in ours.events] == ["room-101", "room-102"]
    assert [e.kind for e in theirs.events] == ["medical"]
    assert ours.group == "drill 1 site"


def test_one_action_makes_an_expected_press_real(rig: Rig) -> None:
    start(rig)
    rig.wait(20)
    rig.press(102)
    rig.wait(1)
    event = rig.press(101)
    body = msgspec.json.decode(rig.notices[0].body)
    assert [one["do"] for one in body["drill"]["actions"]] == ["real"]
    assert isinstance(rig.ask(MakeReal("1", "Reyes", "board", "room-101", event)), DrillDone)
    (one,) = real(rig)
    assert [room.place.device for room in one.rooms] == ["room-101"]
    assert presses(rig) == ["room-102 expected", "room-101 real"]


def test_all_of_a_drill_is_made_real(rig: Rig) -> None:
    start(rig)
    rig.wait(20)
    rig.press(101)
    rig.press(102)
    assert isinstance(rig.ask(MakeReal("1", "Reyes", "board")), DrillDone)
    (one,) = real(rig)
    assert {room.place.device for room in one.rooms} == {"room-101", "room-102"}
    assert drill(rig).state == "ended"
    assert of_drill(rig) == []
    rig.press(103)
    assert {room.place.device for room in real(rig)[0].rooms} == {"room-101", "room-102", "room-103"}


def test_a_press_can_be_made_real_after_the_end_of_its_drill(rig: Rig) -> None:
    start(rig, for_s=60)
    rig.wait(20)
    event = rig.press(101)
    rig.wait(300)
    assert isinstance(rig.ask(MakeReal("1", "Reyes", "board", "room-101", event)), DrillDone)
    assert len(real(rig)) == 1


def test_no_birth_brings_the_word_that_a_press_is_over_which_became_real_since(rig: Rig) -> None:
    start(rig, for_s=60)
    rig.wait(20)
    event = rig.press(101)
    rig.wait(60)
    rig.ask(MakeReal("1", "Reyes", "board", "room-101", event))
    said = len(rig.commands)
    rig.state(101, boot="b2")
    rig.restart(5)
    rig.state(101, boot="b3")
    assert [c.lamp for _, c in rig.commands[said:] if c.lamp == "resolved"] == []


def test_no_lamp_says_that_a_real_press_is_over_when_its_drill_is(rig: Rig) -> None:
    """The drill's incident is resolved; of the press that became real its room hears nothing by that."""
    start(rig, for_s=120)
    rig.wait(20)
    other = rig.press(102)
    rig.wait(1)
    event = rig.press(101)
    rig.ask(MakeReal("1", "Reyes", "board", "room-101", event))
    rig.wait(200)
    over = [c for _, c in rig.commands if c.lamp == "resolved"]
    assert [c.events for c in over] == [(other,)]


def test_a_drills_incident_is_not_resolved_as_real(rig: Rig) -> None:
    """That would leave dispatch out: its presses are made real first."""
    start(rig)
    rig.wait(5)
    rig.press(101)
    answer = rig.resolve("real")
    assert isinstance(answer, Refused)
    assert "make its press real first" in answer.detail


def test_what_is_real_is_told_before_what_is_expected(rig: Rig) -> None:
    start(rig)
    rig.wait(5)
    rig.far["reyes"] = "hangs"
    rig.press(101)
    rig.press(102, "quiet", "duress")
    urgencies = {d.incident: d.urgency for d in rig.in_hand.values()}
    assert urgencies[real(rig)[0].id] < urgencies[of_drill(rig)[0].id]
    assert rig.view.unresolved()[0].id == real(rig)[0].id


# --- posture ---


def posture(rig: Rig) -> str:
    now = rig.view.posture
    return f"{now.posture}{' drill' if now.drill else ''}"


def test_a_drill_shows_its_posture_and_takes_it_back(rig: Rig) -> None:
    start(rig, posture="lockdown")
    assert posture(rig) == "lockdown drill"
    rig.wait(601)
    assert posture(rig) == "normal"


@pytest.mark.parametrize("ends", ["by itself", "by a person"])
def test_a_real_panic_takes_the_word_drill_off_and_nothing_lowers_it(rig: Rig, ends: str) -> None:
    start(rig, 101, posture="lockdown")
    n = rig.view.posture.n
    rig.wait(20)
    rig.press(102)
    assert posture(rig) == "lockdown"
    assert rig.view.posture.n > n
    assert rig.view.posture.asked is not None
    assert rig.told() == ["20 s sro posture.asked: Which posture is to hold?"]
    assert rig.drill_news == []
    why = "incident 1, a real panic, came during drill 1: the lockdown of a drill is real from now on"
    assert f"{why}. LOCKDOWN holds now." in rig.told_of_troubles[-1].text
    if ends == "by a person":
        rig.ask(EndDrill("1", "Lee", "board"))
    rig.resolve("false-alarm")
    rig.wait(700)
    assert drill(rig).state == "ended"
    assert posture(rig) == "lockdown"


def test_a_press_that_becomes_real_takes_the_word_drill_off(rig: Rig) -> None:
    start(rig, posture="lockdown")
    unexpected(rig)
    assert posture(rig) == "lockdown drill"
    rig.wait(31)
    assert posture(rig) == "lockdown"


@pytest.mark.parametrize("kind", ["medical", "assist", "duress"])
def test_medical_assist_and_duress_leave_the_posture_as_it_is(rig: Rig, kind: str) -> None:
    """And of a duress nothing that a room shows changes; the officer is asked which posture is to hold."""
    start(rig, posture="lockdown")
    rig.wait(20)
    before, said = rig.view.posture.message(), len(rig.commands)
    rig.press(101, ZONES[kind], kind)
    assert rig.view.posture.message() == before
    assert rig.commands[said:] == []
    assert (rig.view.posture.asked is not None) is (kind != "assist")
    rig.press(102, ZONES[kind], kind)
    asked = [] if kind == "assist" else ["20 s sro posture.asked: Which posture is to hold?"]
    assert rig.told() == asked
    assert rig.drill_news == []
    rig.wait(600)
    assert not any("posture.asked" in words for words in rig.told())
    assert posture(rig) == "normal"


def test_the_officer_is_asked_aloud_wherever_people_are_reached(make_rig: Make) -> None:
    """Whatever a phone is told of troubles; a machine takes a body of its own type only where it asks."""
    settings = school()
    more = {
        "reyes": AppriseSettings(troubles=False),
        "board": WebhookSettings(),
        "pager": WebhookSettings(troubles=True),
    }
    sro = replace(settings.audiences["sro"], channels=("board", "pager"))
    rig = make_rig(
        replace(settings, channels=settings.channels | more, audiences=settings.audiences | {"sro": sro})
    )
    start(rig, posture="lockdown")
    rig.far |= dict.fromkeys(more, "hangs")
    rig.press(101, "quiet", "duress")
    asked = [(d.target.channel, d.quiet) for d in rig.in_hand.values() if d.type == "posture.asked"]
    assert sorted(asked) == [("pager", False), ("reyes", False)]


def test_what_turns_out_to_be_real_after_its_drill_asks_for_the_posture(rig: Rig) -> None:
    """Until then the drill's posture stays, and is real from then on."""
    start(rig, posture="lockdown", for_s=60)
    rig.wait(10)
    rig.press(101)
    rig.wait(45)
    rig.press(101)
    rig.wait(10)
    assert (drill(rig).state, posture(rig), rig.told()) == ("ended", "lockdown drill", [])
    rig.wait(25)
    assert len(real(rig)) == 1
    assert posture(rig) == "lockdown"
    assert rig.told() == ["85 s sro posture.asked: Which posture is to hold?"]


# --- planned, begun, ended ---


def test_a_planned_drill_begins_at_its_time_and_ends_by_itself(rig: Rig) -> None:
    answer = rig.ask(PlanDrill("lockdown", "Ortiz", "Lee", "board", 300, start=WALL_0 + 600_000))
    assert isinstance(answer, DrillDone)
    rig.wait(599)
    assert drill(rig).state == "planned"
    rig.press(101)
    assert len(real(rig)) == 1
    rig.resolve("false-alarm")
    rig.wait(2)
    assert drill(rig).state == "running"
    rig.press(102)
    assert presses(rig) == ["room-102 expected"]
    rig.wait(300)
    assert drill(rig).state == "ended"
    assert rows(rig, "drill-ended") == ["its time was over"]


def test_a_planned_drill_is_started_before_its_time_or_cancelled(rig: Rig) -> None:
    for at in (600_000, 1_200_000):
        rig.ask(PlanDrill("lockdown", "Ortiz", "Lee", "board", 300, start=WALL_0 + at))
    assert isinstance(rig.ask(CancelDrill("2", "Lee", "board")), DrillDone)
    assert isinstance(rig.ask(StartDrill("1", "Lee", "board")), DrillDone)
    assert rig.view.drills["1"][0].state == "running"
    refused = rig.ask(CancelDrill("1", "Lee", "board"))
    assert isinstance(refused, Refused)
    assert refused.allowed == ("planned",)
    rig.wait(2000)
    assert [rig.view.drills[n][0].state for n in ("1", "2")] == ["ended", "cancelled"]


def test_no_drill_begins_while_something_is_real(rig: Rig) -> None:
    """Nor a second one; a planned one does not begin, and its leader hears of that."""
    rig.ask(PlanDrill("lockdown", "Ortiz", "Lee", "board", 300, start=WALL_0 + 60_000))
    rig.wait(10)
    rig.press(101)
    answer = rig.ask(PlanDrill("lockdown", "Ortiz", "Lee", "board", 300))
    assert isinstance(answer, Refused)
    assert "incident 1 of kind panic is not resolved" in answer.detail
    rig.wait(60)
    assert drill(rig).state == "cancelled"
    assert [one.partition(": ")[2][:37] for one in rig.drill_news] == [
        "Drill 1 (lockdown) did NOT begin: can"
    ] * 2


def test_one_drill_at_a_time(rig: Rig) -> None:
    start(rig)
    answer = rig.ask(PlanDrill("lockdown", "Ortiz", "Lee", "board", 300))
    assert isinstance(answer, Refused)
    assert answer.state == "running"


@pytest.mark.parametrize(
    ("more", "word"),
    [
        ({"for_s": 1801}, "for_s"),
        ({"for_s": 0}, "for_s"),
        ({"rooms": ("room-999",)}, "rooms"),
        ({"buildings": ("Moon",)}, "buildings"),
        ({"posture": "normal"}, "posture"),
        ({"start": WALL_0 - 1}, "start"),
        ({"name": " "}, "name"),
        ({"leader": ""}, "leader"),
    ],
)
def test_what_no_drill_can_be_is_refused_by_its_name(rig: Rig, more: dict[str, Any], word: str) -> None:
    whole: dict[str, Any] = {"name": "lockdown", "leader": "Ortiz", "by": "Lee", "via": "board", "for_s": 60}
    answer = rig.ask(PlanDrill(**(whole | more)))
    assert isinstance(answer, Refused)
    assert word in answer.detail
    assert rig.view.drills == {}


def test_the_leader_and_the_officer_are_reminded_of_its_end_without_sound(rig: Rig) -> None:
    start(rig)
    rig.wait(481)
    assert rig.drill_news == [
        "480 s reyes: Drill 1 (lockdown) ends by itself in 120 s",
        "480 s ortiz: Drill 1 (lockdown) ends by itself in 120 s",
    ]
    rig.wait(600)
    assert rig.drill_news[2:] == [
        "600 s reyes: Drill 1 (lockdown) is over: every press is real",
        "600 s ortiz: Drill 1 (lockdown) is over: every press is real",
    ]


def test_where_the_drill_has_an_incident_the_reminder_is_of_that(rig: Rig) -> None:
    start(rig)
    rig.wait(5)
    rig.press(101)
    rig.wait(476)
    reminded = [n for n in rig.notices if n.reminder]
    assert [(n.channel, n.quiet, n.reminder) for n in reminded] == [
        ("reyes", True, "Drill 1 (lockdown) ends by itself in 120 s"),
        ("ortiz", True, "Drill 1 (lockdown) ends by itself in 120 s"),
    ]


# --- crashes and clocks ---


@pytest.mark.parametrize("of", ["hub", "machine"])
def test_a_drill_lives_through_a_restart(rig: Rig, of: Any) -> None:
    rig.clock = ClockTrust(True)
    start(rig, posture="lockdown")
    rig.wait(20)
    rig.press(101)
    rig.restart(10, of=of)
    rig.wait(20)
    rig.press(102)
    assert presses(rig) == ["room-101 expected", "room-102 expected"]
    rig.press(101)
    assert presses(rig)[-1] == "room-102 expected"
    assert "room-101 not-expected" in presses(rig)
    rig.ask(PartOfDrill("1", "Reyes", "board"))
    rig.wait(551)
    assert drill(rig).state == "ended"
    assert posture(rig) == "normal"
    assert of_drill(rig) == []


@pytest.mark.parametrize("of", ["hub", "machine"])
def test_what_waits_for_an_answer_is_real_in_time_over_a_restart(rig: Rig, of: Any) -> None:
    start(rig)
    unexpected(rig)
    rig.restart(10, of=of)
    rig.wait(19)
    assert real(rig) == []
    rig.wait(2)
    assert len(real(rig)) == 1


def test_what_was_due_while_the_hub_was_away_is_real_at_its_start(rig: Rig) -> None:
    start(rig, for_s=300)
    unexpected(rig)
    rig.restart(1000)
    rig.wait(0.1)
    assert len(real(rig)) == 1
    assert drill(rig).state == "ended"


@pytest.mark.parametrize("jump", [-86_400.0, -40.0, 40.0, 86_400.0])
def test_a_clock_that_jumps_makes_nothing_early_or_late(rig: Rig, jump: float) -> None:
    """Neither what waits for an answer nor the drill's end; and when a press was is still known."""
    start(rig, for_s=300)
    unexpected(rig)
    rig.wait(10)
    rig.wall_jumps(jump)
    rig.wait(19)
    assert real(rig) == []
    rig.wait(2)
    (one,) = real(rig)
    assert one.events[0].at == rig.now().wall - 31_000
    rig.wait(198)
    assert drill(rig).state == "running"
    rig.wait(2)
    assert drill(rig).state == "ended"
    rig.press(140, age_s=250)
    assert presses(rig)[-1] == "room-140 expected"


def test_a_machine_that_was_off_for_an_hour_and_did_not_know_it_ends_the_drill(rig: Rig) -> None:
    """It started with the clock of before; once that is set right, the drill's time is over."""
    start(rig, for_s=1200)
    rig.wait(100)
    rig.wall_jumps_silently(-3600)
    rig.restart(3600)
    rig.wait(5)
    assert drill(rig).state == "running"
    rig.wall_jumps(3600)
    rig.wait(1)
    assert drill(rig).state == "ended"
    rig.press(101)
    assert len(real(rig)) == 1


def test_a_planned_drill_whose_time_passed_while_the_hub_was_away_does_not_begin(rig: Rig) -> None:
    rig.ask(PlanDrill("lockdown", "Ortiz", "Lee", "board", 1800, start=WALL_0 + 60_000))
    rig.restart(300)
    rig.wait(6)
    assert drill(rig).state == "cancelled"
    rig.press(101)
    assert len(real(rig)) == 1


def test_a_planned_drill_goes_by_the_wall_clock(rig: Rig) -> None:
    """It is at ten o'clock, whatever a clock that was wrong has said meanwhile."""
    rig.ask(PlanDrill("lockdown", "Ortiz", "Lee", "board", 600, start=WALL_0 + 600_000))
    rig.wall_jumps(570)
    rig.wait(31)
    assert drill(rig).state == "running"


def test_a_repeat_of_a_press_that_became_real_changes_nothing(rig: Rig) -> None:
    start(rig)
    rig.wait(20)
    event = rig.press(101, seq=1)
    rig.ask(MakeReal("1", "Reyes", "board", "room-101", event))
    rig.press(101, id=event, seq=1, age_s=1)
    rig.restart(3)
    rig.press(101, id=event, seq=1, age_s=4)
    (one,) = real(rig)
    assert len(one.events) == 1


def test_a_press_is_covered_by_no_drill_that_is_forgotten(rig: Rig) -> None:
    """Eight drills are remembered; what was pressed in an older one and comes now is real."""
    for n in range(9):
        start(rig, for_s=60)
        rig.wait(70)
        assert len(rig.view.drills) == min(n + 1, 9)
    rig.press(101, age_s=9 * 70 - 30)
    assert real(rig) == []
    start(rig, for_s=60)
    assert "1" not in rig.view.drills
    rig.press(102, age_s=9 * 70 - 30)
    assert len(real(rig)) == 1


# --- what it leaves behind ---


def test_the_report_has_each_press_each_answer_and_each_delivery_with_times(rig: Rig) -> None:
    """From the record alone: who was told when, whom the drill spared, who answered, which posture held."""
    start(rig, 101, 102, posture="lockdown")
    rig.wait(10)
    first = rig.press(101)
    rig.wait(5)
    rig.acknowledge(by="Reyes")
    rig.wait(45)
    second = rig.press(101)
    rig.wait(31)
    rig.wait(600)
    reading = Reading(rig._reader, rig.settings.site)
    rows = reading.rows_of(name_of("1"))
    names = incidents_of(rows)
    begun, ended = (next(r["seq"] for r in rows if r["what"] == what) for what in ("drill", "drill-ended"))
    told = report(rows, {name: reading.timeline(name) for name in names}, reading.postures(begun, ended))
    assert [room["device"] for room in told["rooms"]] == ["room-101", "room-102"]
    pressed = told["rooms"][0]["presses"]
    assert [(p["event"], p["at"], p["standing"], p["answer"], p["answered_at"]) for p in pressed] == [
        (first, at(10), "expected", None, None),
        (second, at(60), "not-expected", "real", at(90)),
    ]
    assert told["not_pressed"] == ["room-102"]
    assert told["not_expected"] == [pressed[1]]
    assert (at(15), "acknowledged", "Reyes") in [
        (row["at"], row["what"], row["by"]) for row in told["acknowledgements"]
    ]
    _, theirs = names
    delivered = [(row["owed_at"], row["channel"], row["state"], row["at"]) for row in told["deliveries"]]
    assert (at(10), "reyes", "delivered", at(10)) in delivered
    assert (at(90), "dispatch", "delivered", at(90)) in delivered
    assert {row["incident"] for row in told["deliveries"] if row["channel"] == "dispatch"} == {theirs}
    assert [(row["channel"], row["at"]) for row in told["not_sent"]] == [
        ("dispatch", at(10)),
        ("dispatch", at(60)),
    ]
    assert [(row["at"], row["detail"]["to"], row["detail"]["drill"]) for row in told["postures"]][:2] == [
        (at(0), "lockdown", "1"),
        (at(90), "lockdown", None),
    ]


def test_a_drills_rows_name_nobody_in_the_chain(rig: Rig) -> None:
    """Its leader and whoever answered lie beside it."""
    start(rig, leader="ortiz")
    event = unexpected(rig)
    rig.ask(PartOfDrill("1", "Reyes", "board", "room-101", event))
    rig.ask(EndDrill("1", "Quentin", "board"))
    with rig._reader.connect() as connection:
        rows = connection.exec_driver_sql("SELECT reason, detail FROM record").all()
    said = " ".join(f"{reason} {detail}" for reason, detail in rows)
    for name in ("Ortiz", "Quentin", "Lee"):
        assert name not in said


# --- what is due ---

DAY_S = 86_400.0
EVERY_30_DAYS = DrillsSettings(due=(DueSettings(name="lockdown", days=30),))


def test_a_clock_that_jumps_wakes_the_calendar_no_more_often(make_rig: Make) -> None:
    rule = DueSettings(name="lockdown", every="month")
    rig = make_rig(school(drills=DrillsSettings(due=(rule,))))
    for n in range(100):
        rig.wall_jumps(3600 if n % 2 else -3600)
    assert [what for _, _, what, _ in rig.site._heap].count("drill-overdue") == 1
    rig.wait(2 * 3600)
    assert [what for _, _, what, _ in rig.site._heap].count("drill-overdue") == 1


def test_a_drill_that_is_overdue_is_a_trouble_until_it_is_held(make_rig: Make) -> None:
    """The board shows by when the next is due; a restart forgets none of it."""
    rig = make_rig(school(drills=EVERY_30_DAYS))
    rig.wait(29 * DAY_S)
    assert rig.troubles("drill-overdue") == []
    rig.restart(10)
    rig.wait(2 * DAY_S)
    assert rig.troubles("drill-overdue") == ["drill-overdue lockdown"]
    assert "none held that this hub knows of" in rig.view.troubles["drill-overdue lockdown"].detail
    assert rig.view.drills_due[0].overdue_since is not None
    start(rig, for_s=300)
    rig.press(101)
    rig.wait(301)
    assert rig.troubles("drill-overdue") == []
    rig.restart(10)
    assert rig.view.drills_due[0].last is not None


def test_a_drill_that_became_real_counts_for_nothing(make_rig: Make) -> None:
    rig = make_rig(school(drills=EVERY_30_DAYS))
    rig.wait(31 * DAY_S)
    start(rig, 101, for_s=300)
    rig.wait(5)
    rig.press(102)
    rig.wait(301)
    assert rig.troubles("drill-overdue") == ["drill-overdue lockdown"]


@pytest.mark.parametrize(("for_s", "posture"), [(1, None), (300, None), (30, "lockdown")])
def test_an_empty_drill_counts_for_nothing(make_rig: Make, for_s: float, posture: Any) -> None:
    """Nobody pressed, and nobody was shown anything for a minute."""
    rig = make_rig(school(drills=EVERY_30_DAYS))
    rig.wait(31 * DAY_S)
    start(rig, for_s=for_s, posture=posture)
    rig.wait(for_s + 1)
    assert rig.troubles("drill-overdue") == ["drill-overdue lockdown"]
    assert drill(rig).counts is False


@pytest.mark.parametrize("how", ["pressed", "shown", "heard of later"])
def test_a_drill_counts_in_which_somebody_pressed_or_was_shown_it(make_rig: Make, how: str) -> None:
    rig = make_rig(school(drills=EVERY_30_DAYS))
    rig.wait(31 * DAY_S)
    start(rig, for_s=60, posture="lockdown" if how == "shown" else None)
    if how == "pressed":
        rig.press(101)
    rig.wait(61)
    if how == "heard of later":
        assert rig.troubles("drill-overdue") == ["drill-overdue lockdown"]
        rig.press(101, age_s=30)
    assert rig.troubles("drill-overdue") == []
    assert drill(rig).counts is True


def test_only_drills_of_its_kinds_count(make_rig: Make) -> None:
    rule = DueSettings(name="shelter", days=30, covers=("Tornado", "earthquake"))
    rig = make_rig(school(drills=DrillsSettings(due=(rule,))))
    rig.wait(31 * DAY_S)
    start(rig, for_s=60)
    rig.press(101)
    rig.wait(61)
    assert rig.troubles("drill-overdue") == ["drill-overdue shelter"]
    rig.ask(PlanDrill("tornado", "Ortiz", "Lee", "board", 60))
    rig.press(102)
    rig.wait(61)
    assert rig.troubles("drill-overdue") == []


def test_a_rule_that_is_gone_leaves_no_trouble(make_rig: Make) -> None:
    rig = make_rig(school(drills=EVERY_30_DAYS))
    rig.wait(32 * DAY_S)
    rig.settings = school()
    rig.restart(5)
    rig.wait(1)
    assert rig.troubles("drill-overdue") == []


def test_a_clock_that_was_never_set_owes_no_drill(make_rig: Make) -> None:
    rig = make_rig(school(drills=EVERY_30_DAYS))
    rig.wall_jumps(-1_700_000_000)
    rig.wait(100 * DAY_S)
    assert rig.troubles("drill-overdue") == []


def at(second: float) -> str:
    return stamp(WALL_0 + round(second * 1000))
