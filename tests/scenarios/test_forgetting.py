"""Names go from what the hub keeps beside its record, too, as their time in the record is over."""

from __future__ import annotations

from collections.abc import Callable

from hub.asking import EndDrill, Forget, Forgotten, OpenWalkTest, PartOfDrill, PlanDrill, SetPosture
from hub.drill_record import name_of
from hub.inputs import TimeOver
from hub.store.reading import Reading
from hub.store.retention import Due
from tests.scenarios.rig import Rig
from tests.scenarios.school import school


def test_who_led_and_answered_a_drill_and_set_the_posture_goes_with_its_rows(
    make_rig: Callable[..., Rig],
) -> None:
    rig = make_rig(school())
    rig.ask(PlanDrill("lockdown", "Ortiz", "Bo Planner", "board", 600))
    rig.press(101)
    rig.wait(20)
    rig.press(101)
    rig.wait(1)
    rig.ask(PartOfDrill("1", "Cy Answerer", "board", "room-101"))
    rig.ask(EndDrill("1", "Di Ender", "board"))
    rig.ask(SetPosture("secure", "Ed Officer", "board", note="a dog, says Flo"))
    rig.wait(10)
    kept = " ".join(rig.journal.load().facts.values())
    names = ("Ortiz", "Bo Planner", "Cy", "Di Ender", "Ed Officer", "Flo")
    assert [name for name in names if name not in kept] == []
    due, after = Due(rig._reader, "lincoln"), (-1, "")
    while found := due.personal(rig.now().wall + 1, after):
        rig._input(TimeOver("older than its time", tuple(found)))
        after = found[-1]
    rig.wait(1)
    kept = " ".join(rig.journal.load().facts.values())
    assert [name for name in names if name in kept] == []
    assert rig.view.posture.by == "(removed)"
    rig.restart(5)
    assert (rig.view.posture.posture, rig.view.posture.by) == ("secure", "(removed)")


def forget(rig: Rig, person: str) -> Forgotten:
    """What the API does: as many values at a time as the store finds, until there are none."""
    reading, after = Reading(rig._reader, "lincoln"), (-1, "")
    head = reading.head()
    newest = -1 if head is None else head[0]
    while True:
        values = tuple(reading.to_forget(None, person, after, newest))
        answer = rig.ask(Forget(values, "Admin", "api", "asked for", None, person))
        assert isinstance(answer, Forgotten)
        if not values:
            rig.wait(1)
            return answer
        after = values[-1]


def facts(rig: Rig) -> str:
    return " ".join(rig.journal.load().facts.values())


def test_one_persons_name_goes_from_what_is_kept_beside_the_record_and_no_other(
    make_rig: Callable[..., Rig],
) -> None:
    """Of a drill that is over, its answers, a bypass, a walk test, a proof and a posture."""
    rig = make_rig(school())
    for room in (103, 104):
        rig.state(room, wall="normal")
    rig.ask(OpenWalkTest("room-104", "Jo", "board", ("wall",)))
    rig.press(104, test=True)
    rig.ask(PlanDrill("lockdown", "Ortiz", "Bo Planner", "board", 600))
    rig.press(101)
    rig.wait(20)
    rig.press(101)
    rig.wait(1)
    rig.ask(PartOfDrill("1", "Cy Answerer", "board", "room-101"))
    rig.ask(EndDrill("1", "Di Ender", "board"))
    rig.wait(60)
    rig.ask(SetPosture("secure", "Ed Officer", "board"))
    rig.bypass(103, by="Gus", reason="Jo saw the wire")
    rig.press(105)
    rig.acknowledge(by="Hal")
    rig.resolve(by="Ida")
    rig.wait(5)
    names = ["Ortiz", "Bo Planner", "Cy Answerer", "Di Ender", "Ed Officer", "Gus", "Jo"]
    everybody = tuple(names)
    while names:
        assert forget(rig, names.pop(0)).left == ()
        assert [name for name in everybody if (name in facts(rig)) is not (name in names)] == []
    assert rig.view.bypasses["room-103", "wall"].by == "(removed)"
    forget(rig, "Hal")
    ended = Reading(rig._reader, "lincoln").incident(rig.incidents[-1])
    assert ended is not None
    assert ended.acknowledged is not None
    assert ended.resolved is not None
    assert (ended.acknowledged.by, ended.resolved.by) == ("(removed)", "Ida")


def test_a_drill_that_is_not_over_keeps_its_leader_and_the_answer_says_so(
    make_rig: Callable[..., Rig],
) -> None:
    """Asked again when it is over, the name goes; who answered a press of it goes at once."""
    rig = make_rig(school())
    rig.ask(PlanDrill("lockdown", "Bo Leader", "Bo Leader", "board", 600))
    rig.press(101)
    rig.wait(20)
    rig.press(101)
    rig.wait(1)
    rig.ask(PartOfDrill("1", "Cy Answerer", "board", "room-101"))
    assert forget(rig, "Cy Answerer").left == ()
    assert forget(rig, "Bo Leader").left == ("drill 1 (lockdown) is running: ask again when it is over",)
    assert "Cy Answerer" not in facts(rig)
    due, after = Due(rig._reader, "lincoln"), (-1, "")
    while found := due.personal(rig.now().wall + 1, after):
        rig._input(TimeOver("older than its time", tuple(found)))
        after = found[-1]
    assert rig.view.drills["1"][0].leader == "Bo Leader"
    rows = Reading(rig._reader, "lincoln").rows_of(name_of("1"))
    assert any(row["detail"].get("leader") == "Bo Leader" for row in rows)
    rig.ask(EndDrill("1", "Di Ender", "board"))
    assert forget(rig, "Bo Leader").left == ()
    assert "Bo Leader" not in facts(rig)
    assert rig.view.drills["1"][0].leader == "(removed)"
    rig.restart(5)
    assert rig.view.drills["1"][0].ended_by == "Di Ender"


def test_a_drill_that_is_remembered_no_more_leaves_no_name(make_rig: Callable[..., Rig]) -> None:
    """What was kept of its presses is let go of with it."""
    rig = make_rig(school())
    for number in range(1, 11):
        rig.ask(PlanDrill("lockdown", "Ortiz", "Bo", "board", 600))
        rig.press(100 + number)
        rig.wait(20)
        rig.press(100 + number)
        rig.wait(1)
        rig.ask(PartOfDrill(str(number), f"Answerer-{number}.", "board", f"room-{100 + number}"))
        rig.ask(EndDrill(str(number), "Ortiz", "board"))
        rig.wait(60)
    kept = facts(rig)
    assert "1" not in rig.view.drills
    assert [str(n) for n in range(1, 11) if f"Answerer-{n}." in kept] == list(rig.view.drills)
