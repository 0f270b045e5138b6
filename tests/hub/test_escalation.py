"""A plan against the clock: who is owed a notice now, why, and when to look again."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.clock import Now
from hub.delivery import Target
from hub.escalation import (
    UPDATE_EVERY_S,
    Course,
    Plan,
    Step,
    Told,
    advance,
    keep,
    next_deadline,
    recall,
    start,
    to_mono,
    to_wall,
)
from hub.incident import Deed, Incident, Resolution
from hub.transitions import acknowledged, joined, resolved
from tests.hub.making import T0, at, incident, press

SRO, CHIEF, DISPATCH = (Target(name, name, "-") for name in ("sro", "chief", "dispatch"))
DIRECTORY = {"sro": (SRO,), "chief": (CHIEF,), "dispatch": (DISPATCH,), "nobody": ()}
PLAN = Plan(
    "panic", "site", (Step(0, ("sro",)), Step(30, ("chief", "dispatch")), Step(60, ("sro",), repeat_s=20))
)
REYES = Deed("Reyes", T0, "board")


def go(course: Course, made: Incident, second: float, change: Any = None, plan: Plan = PLAN) -> Any:
    step = advance(course, plan, made, DIRECTORY, at(second), change)
    return (
        step.course,
        [(owe.target.audience, owe.type, owe.nth, owe.reason) for owe in step.owed],
        step.skipped,
    )


def begun(made: Incident | None = None) -> Course:
    """A course whose first step is taken at 0 s."""
    course, owed, _ = go(start(PLAN, at(0).mono), made or incident(), 0, "incident.opened")
    assert owed == [("sro", "incident.opened", 0, "step 1 at 0 s")]
    return course


def test_steps_come_at_their_times_and_not_before() -> None:
    """29.999 s is too early, 30 s is not; the deadline says when to look."""
    course, made = begun(), incident()
    assert next_deadline(course, made) == at(30).mono
    course, owed, _ = go(course, made, 29.999)
    assert owed == []
    course, owed, _ = go(course, made, 30)
    assert [row[:2] for row in owed] == [("chief", "incident.opened"), ("dispatch", "incident.opened")]
    assert next_deadline(course, made) == at(60).mono


def test_a_target_in_two_steps_has_one_first_notice() -> None:
    """The second step asks again; repeats count on, at 20 s each."""
    course, made, said = begun(), incident(), []
    for second in (30, 60, 80, 100):
        course, owed, _ = go(course, made, second)
        said += [(second, *row[1:]) for row in owed if row[0] == "sro"]
    assert said == [
        (60, "incident.updated", 1, "step 3 asks again"),
        (80, "incident.updated", 2, "step 3 repeated"),
        (100, "incident.updated", 3, "step 3 repeated"),
    ]


def test_repeats_that_were_missed_are_not_made_up_for() -> None:
    """An hour late: asked once, and then not before half an interval has passed."""
    course, owed, _ = go(begun(), incident(), 3600)
    assert [row[:2] for row in owed if row[0] == "sro"] == [("sro", "incident.updated")]
    assert next_deadline(course, incident()) == pytest.approx(at(3610).mono)


def test_updates_wait_two_seconds_and_say_all() -> None:
    """A change right after a notice waits for the rest of the 2 s; one update says the newest revision."""
    course, made = begun(), incident(press(), press(102, second=0.5))
    course, owed, _ = go(course, made, 0.5, "incident.updated")
    assert owed == []
    assert next_deadline(course, made) == at(UPDATE_EVERY_S).mono
    made = joined(made, press(103, second=1)).incident
    course, owed, _ = go(course, made, 2)
    assert owed == [("sro", "incident.updated", 0, "revision 3")]
    assert next_deadline(course, made) == at(30).mono


def test_answers_are_told_at_once_to_all_who_were_told() -> None:
    """Acknowledgement and resolution wait for no 2 s, and reach nobody who was never told."""
    made = acknowledged(incident(), REYES).incident
    course, owed, _ = go(begun(), made, 0.1, "incident.acknowledged")
    assert [row[:2] for row in owed] == [("sro", "incident.acknowledged")]
    over = resolved(made, Resolution("Reyes", T0, "board", "false-alarm")).incident
    course, owed, _ = go(course, over, 0.2, "incident.resolved")
    assert [row[:2] for row in owed] == [("sro", "incident.resolved")]
    assert next_deadline(course, over) is None


@pytest.mark.parametrize("kind", ["panic", "duress"])
def test_a_first_notice_of_a_panic_is_never_stopped(kind: Any) -> None:
    """Acknowledged at once: the later audiences are told all the same; the officer is not asked again."""
    made = acknowledged(incident(press(kind=kind)), REYES).incident
    course, owed, skipped = go(begun(), made, 30)
    reason = "step 2 at 30 s; acknowledged by Reyes, but a first notice is always delivered"
    assert [row for row in owed if row[1] == "incident.opened"] == [
        ("chief", "incident.opened", 0, reason),
        ("dispatch", "incident.opened", 0, reason),
    ]
    course, owed, skipped = go(course, made, 60)
    assert (owed, skipped, next_deadline(course, made)) == ([], (), None)


@pytest.mark.parametrize("kind", ["medical", "assist"])
def test_a_later_step_of_a_call_for_help_is_stopped(kind: Any) -> None:
    """With the named reason, once for each audience."""
    made = acknowledged(incident(press(kind=kind)), REYES).incident
    course, _, _ = go(begun(incident(press(kind=kind))), made, 0.1, "incident.acknowledged")
    course, owed, skipped = go(course, made, 60)
    assert owed == []
    assert [(s.step, s.audience, s.reason) for s in skipped] == [
        (1, "chief", "acknowledged by Reyes"),
        (1, "dispatch", "acknowledged by Reyes"),
        (2, "sro", "acknowledged by Reyes"),
    ]
    assert next_deadline(course, made) is None


def test_a_step_until_resolved_goes_on_asking() -> None:
    """An acknowledgement does not stop it; the resolution does."""
    plan = Plan("p", "site", (Step(0, ("sro",)), Step(10, ("sro",), "resolved", 20)))
    made = incident(press(kind="medical"))
    course, _, _ = go(start(plan, at(0).mono), made, 0, "incident.opened", plan)
    made = acknowledged(made, REYES).incident
    course, _, _ = go(course, made, 5, "incident.acknowledged", plan)
    for second in (10, 30, 50):
        course, owed, _ = go(course, made, second, None, plan)
        assert [row[:2] for row in owed] == [("sro", "incident.updated")]
    over = resolved(made, Resolution("Reyes", T0, "board", "real")).incident
    course, _, _ = go(course, over, 51, "incident.resolved", plan)
    assert next_deadline(course, over) is None


@pytest.mark.parametrize(
    ("kind", "disposition", "told"),
    [
        ("panic", "real", ["chief", "dispatch"]),
        ("duress", "real", ["chief", "dispatch"]),
        ("panic", "false-alarm", []),
        ("medical", "real", []),
    ],
)
def test_a_resolution_tells_first_those_who_were_still_to_be_told(
    kind: Any, disposition: Any, told: list[str]
) -> None:
    """Of a real panic everybody hears, however soon it was over; a false alarm cancels it."""
    made = incident(press(kind=kind))
    over = resolved(made, Resolution("Reyes", T0, "board", disposition)).incident
    _, owed, skipped = go(begun(made), over, 5, "incident.resolved")
    withheld = {skip.audience for skip in skipped}  # nobody is left out without a word
    assert len(withheld) + len(told) == 2
    assert {skip.reason for skip in skipped} <= {f"resolved as {disposition} before its time"}
    assert [row[0] for row in owed if row[1] == "incident.opened"] == told
    assert [row[0] for row in owed if row[1] == "incident.resolved"] == ["sro"]


def test_starting_again_remembers_who_was_told() -> None:
    """A reopened incident asks again by the plan, and nobody gets a second first notice."""
    course = begun()
    again = start(PLAN, at(100).mono, course.told)
    made = incident(press(), press(102, second=100))
    again, owed, _ = go(again, made, 100, "incident.updated")
    assert owed == [("sro", "incident.updated", 0, "revision 2; step 1 asks again")]
    again, owed, _ = go(again, made, 130)
    assert [row[0] for row in owed] == ["chief", "dispatch"]


def test_an_audience_without_targets_holds_nobody_up() -> None:
    """A plan may name people whom only the board tells."""
    plan = Plan("p", "site", (Step(0, ("nobody", "sro")), Step(5, ("unheard-of",))))
    course, owed, _ = go(start(plan, at(0).mono), incident(), 0, "incident.opened", plan)
    assert [row[0] for row in owed] == ["sro"]
    course, owed, _ = go(course, incident(), 5, None, plan)
    assert (owed, next_deadline(course, incident())) == ([], None)


def test_a_plan_that_gained_a_step_is_taken_from_the_start() -> None:
    """Settings changed while the hub was down: who was told is asked again, who was not is told."""
    longer = Plan("panic", "site", (*PLAN.steps, Step(90, ("dispatch",))))
    course, owed, _ = go(begun(), incident(), 95, None, longer)
    assert [row[:2] for row in owed if row[1] == "incident.opened"] == [
        ("chief", "incident.opened"),
        ("dispatch", "incident.opened"),
    ]
    assert len(course.due) == 4


def test_a_course_is_kept_and_recalled() -> None:
    """By another monotonic clock the same moments, and who was told as it was."""
    course = begun()
    kept = keep(course, at(10))
    back = recall(kept, Now(77_000.0, at(12).wall))
    assert back.due == pytest.approx((None, 77_018.0, 77_048.0))
    assert [(t.target, t.revision, t.nth) for t in back.told] == [(SRO, 1, 0)]
    assert next_deadline(back, incident()) == pytest.approx(77_018.0)


def test_a_clock_that_went_back_lengthens_nothing() -> None:
    """Kept at 10 s with 20 s to go; a day earlier by the wall it is 20 s to go at most."""
    kept = keep(begun(), at(10))
    back = recall(kept, Now(77_000.0, at(10).wall - 86_400_000))
    assert back.due == pytest.approx((None, 77_020.0, 77_050.0))


def test_after_a_start_updates_need_not_wait() -> None:
    """Nobody knows how long it was down: what is newer than was told is told at once."""
    made = incident(press(), press(102, second=1))
    back = recall(keep(begun(), at(1)), at(1))
    _, owed, _ = go(back, made, 1)
    assert [row[:2] for row in owed] == [("sro", "incident.updated")]


@given(st.floats(0, 1e6), st.integers(-(10**13), 10**13), st.floats(0, 1e6))
def test_moments_go_to_the_wall_and_back(mono: float, wall: int, moment: float) -> None:
    """To the millisecond."""
    now = Now(mono, wall)
    assert to_mono(to_wall(moment, now), now) == pytest.approx(moment, abs=0.002)


@given(
    st.lists(st.tuples(st.floats(0, 300), st.sampled_from(["", "press", "ack"])), max_size=30),
    st.sampled_from(["panic", "medical"]),
)
def test_looking_never_owes_twice_and_always_comes_to_rest(steps: list[tuple[float, str]], kind: Any) -> None:
    """Whatever happens: one first notice a target, ids that differ, and a second look that owes nothing."""
    made = incident(press(kind=kind))
    course = start(PLAN, at(0).mono)
    ids: set[tuple[Any, ...]] = set()
    second = 0.0
    for pause, what in [(0.0, ""), *steps]:
        second += pause
        change: Any = None
        if what == "press":
            after = joined(made, press(101 + round(second) % 5, kind, second))
            if after.restarts:
                course = start(PLAN, at(second).mono, course.told)
            made, change = after.incident, "incident.updated"
        elif what == "ack" and made.state == "open":
            made, change = acknowledged(made, REYES).incident, "incident.acknowledged"
        step = advance(course, PLAN, made, DIRECTORY, at(second), change)
        new = [
            (o.target, o.type, made.revision if o.type != "incident.opened" else 0, o.nth) for o in step.owed
        ]
        assert ids.isdisjoint(new)
        assert len(set(new)) == len(new)
        ids.update(new)
        again = advance(step.course, PLAN, made, DIRECTORY, at(second))
        assert again.owed == ()
        deadline = next_deadline(step.course, made)
        assert deadline is None or deadline > at(second).mono
        if made.state == "open":
            assert deadline is not None
        course = step.course


def test_told_is_kept_for_each_target_of_an_audience() -> None:
    """Two phones of one officer are two targets, each with its own first notice."""
    directory = {"sro": (Target("sro", "phones", "Reyes"), Target("sro", "phones", "Ortiz"))}
    plan = Plan("p", "site", (Step(0, ("sro",)),))
    step = advance(start(plan, at(0).mono), plan, incident(), directory, at(0), "incident.opened")
    assert [owe.target.name for owe in step.owed] == ["Reyes", "Ortiz"]
    assert step.course.told == tuple(Told(o.target, 1, at(0).mono) for o in step.owed)
