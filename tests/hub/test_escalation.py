"""A plan against the clock: who is owed a notice now, why, and when to look again."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.clock import Now
from hub.course import (
    UPDATE_EVERY_S,
    Course,
    Reached,
    Run,
    Told,
    ask,
    attempted,
    begin,
    confirm,
    next_deadline,
)
from hub.delivery import Target
from hub.escalation import advance
from hub.incident import Deed, Incident, Resolution
from hub.kept_course import KeptCourse, keep, recall, to_mono, to_wall
from hub.plan import Plan, Step, unfolded
from hub.reminder import Quiet
from hub.transitions import acknowledged, joined, resolved
from tests.hub.making import T0, at, incident, press

SRO, CHIEF, DISPATCH = (Target(name, name, "-") for name in ("sro", "chief", "dispatch"))
REYES = Deed("Reyes", T0, "board")


class People:
    """Whom each audience reaches; one in ``off`` is off duty, and dispatch is told once."""

    def __init__(self, *off: str, **more: tuple[Target, ...]) -> None:
        self.off = off
        self.ends = {"sro": (SRO,), "chief": (CHIEF,), "dispatch": (DISPATCH,), "nobody": ()} | more

    def reach(self, audience: str, wall: int, position: int = 0) -> Reached:
        if audience in self.off:
            return Reached((), f"{audience} is off duty")
        return Reached(self.ends.get(audience, ()))

    def everybody(self, audience: str) -> tuple[Target, ...]:
        return self.ends.get(audience, ())

    def is_rung(self, target: Target) -> bool:
        return False

    def is_told_once(self, target: Target) -> bool:
        return target.channel == "receiver"


def plan_of(*steps: Step, name: str = "panic") -> Plan:
    return Plan(name, "site", unfolded(steps, lambda _: 1, lambda _: 30.0))


PLAN = plan_of(Step(0, ("sro",)), Step(30, ("chief", "dispatch")), Step(60, ("sro",), repeat_s=20))
ALL = People()


def start(plan: Plan = PLAN, second: float = 0, course: Course | None = None) -> Course:
    return begin(course, plan, "panic", at(second).mono, restarts=True)


def go(
    course: Course, made: Incident, second: float, change: Any = None, plan: Plan = PLAN, people: People = ALL
) -> Any:
    step = advance(course, {plan.name: plan}, made, people, at(second), change)
    return (
        step.course,
        [(owe.target.audience, owe.type, owe.nth, owe.reason) for owe in step.owed],
        step.skipped,
    )


def begun(made: Incident | None = None) -> Course:
    """A course whose first step is taken at 0 s."""
    course, owed, _ = go(start(), made or incident(), 0, "incident.opened")
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
        ("step 2", "chief", "acknowledged by Reyes"),
        ("step 2", "dispatch", "acknowledged by Reyes"),
        ("step 3", "sro", "acknowledged by Reyes"),
    ]
    assert next_deadline(course, made) is None


def test_a_step_until_resolved_goes_on_asking() -> None:
    """An acknowledgement does not stop it; the resolution does."""
    plan = plan_of(Step(0, ("sro",)), Step(10, ("sro",), "resolved", 20))
    made = incident(press(kind="medical"))
    course, _, _ = go(start(plan), made, 0, "incident.opened", plan)
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
    again = start(PLAN, 100, course)
    made = incident(press(), press(102, second=100))
    again, owed, _ = go(again, made, 100, "incident.updated")
    assert owed == [("sro", "incident.updated", 0, "revision 2; step 1 asks again")]
    again, owed, _ = go(again, made, 130)
    assert [row[0] for row in owed] == ["chief", "dispatch"]


def test_an_audience_without_targets_holds_nobody_up() -> None:
    """A plan may name people whom only the board tells; its last step asks those who were told."""
    plan = plan_of(Step(0, ("nobody", "sro")), Step(5, ("unheard-of",)))
    course, owed, skipped = go(start(plan), incident(), 0, "incident.opened", plan)
    assert [row[0] for row in owed] == ["sro"]
    assert [(skip.audience, skip.reason) for skip in skipped] == [("nobody", "nobody to tell")]
    course, owed, skipped = go(course, incident(), 5, None, plan)
    assert owed == [("sro", "incident.updated", 1, "step 2 asks again")]
    assert [skip.audience for skip in skipped] == ["unheard-of"]


def test_where_nobody_is_on_duty_the_next_step_begins_at_once() -> None:
    """And the one after it, if there is nobody either; each with its reason."""
    course, owed, skipped = go(start(), incident(), 0, "incident.opened", people=People("sro"))
    assert [row[:2] for row in owed] == [("chief", "incident.opened"), ("dispatch", "incident.opened")]
    assert [(s.step, s.reason) for s in skipped] == [
        ("step 1", "sro is off duty; the next step begins at once")
    ]
    nobody_else = People("sro", "chief", "dispatch")
    course, owed, skipped = go(start(), incident(), 0, "incident.opened", people=nobody_else)
    assert [s.step for s in skipped] == ["step 1", "step 2", "step 2", "step 3"]
    # Nobody at all is on duty: then everybody is told all the same, and goes on being asked.
    assert {row[0] for row in owed} == {"sro", "chief", "dispatch"}
    assert {row[3] for row in owed} == {"nobody of the plan is on duty: told all the same"}
    course, owed, _ = go(course, incident(), 20, people=nobody_else)
    assert [row[:2] for row in owed] == [(name, "incident.updated") for name in ("sro", "chief", "dispatch")]


def test_a_step_of_which_nothing_gets_through_lets_the_next_begin() -> None:
    """One of two that fails hurries nobody; both do. The next one's time is now, and once."""
    course, made = begun(), incident()
    course = attempted(course, SRO, at(3).mono, delivered=False)
    course, owed, _ = go(course, made, 3)
    assert [row[0] for row in owed] == ["chief", "dispatch"]
    course = attempted(course, CHIEF, at(4).mono, delivered=False)
    assert go(course, made, 4)[1] == []
    course = attempted(course, DISPATCH, at(5).mono, delivered=False)
    course, owed, _ = go(course, made, 5)
    assert owed == [("sro", "incident.updated", 1, "step 3 asks again")]
    again = attempted(course, SRO, at(6).mono, delivered=False)
    assert go(again, made, 6)[1] == []  # there is no further step; its repeat comes at its time


def test_a_far_side_that_goes_on_failing_hurries_only_the_next_step() -> None:
    """The officer's phone fails at every try: the chief is told at once, and the third step at its time."""
    course, made = begun(), incident()
    for second in (1, 2, 4, 8):
        course = attempted(course, SRO, at(second).mono, delivered=False)
        course = go(course, made, second)[0]
        course = attempted(course, CHIEF, at(second).mono, delivered=True)
    assert course.runs[0].taken == (1, 1, 0)


def test_a_target_that_gets_through_again_is_well() -> None:
    """What failed at first and arrived later hurries nobody."""
    course = attempted(begun(), SRO, at(3).mono, delivered=False)
    course = attempted(course, SRO, at(3.5).mono, delivered=True)
    assert attempted(course, SRO, at(4).mono, delivered=True) is course
    assert attempted(course, CHIEF, at(4).mono, delivered=False) is course  # nobody of this course yet
    assert not course.told[0].failing


def test_the_last_step_repeats_for_ever_and_says_that_nobody_answers() -> None:
    """Also where the settings give it no interval; from its first repeat on the plan has run out."""
    plan = plan_of(Step(0, ("sro",)), Step(30, ("chief",)))
    course, made = start(plan), incident()
    ran_out = []
    for second in (0, 30, 90, 150, 210):
        step = advance(course, {plan.name: plan}, made, ALL, at(second))
        course = step.course
        ran_out.append(step.ran_out)
    assert ran_out == [None, None, *["plan panic has asked everybody and nobody answers"] * 3]
    assert next_deadline(course, made) == at(270).mono


def test_a_plan_that_reaches_nobody_has_run_out_at_once() -> None:
    """Nobody hears of it but the board: that is a trouble from the first moment."""
    plan = plan_of(Step(0, ("nobody",)))
    step = advance(start(plan), {plan.name: plan}, incident(), ALL, at(0), "incident.opened")
    assert step.ran_out == "plan panic reaches nobody"


def test_a_last_step_that_fails_asks_whoever_was_told() -> None:
    """Its own people can't be reached: the officer, who could, is asked instead of nobody."""
    plan = plan_of(Step(0, ("sro",)), Step(30, ("chief",), repeat_s=20))
    course, made = start(plan), incident()
    for second in (0, 30):
        course = go(course, made, second, None, plan)[0]
    course = attempted(course, CHIEF, at(31).mono, delivered=False)
    assert [row[0] for row in go(course, made, 50, None, plan)[1]] == ["sro", "chief"]


def test_repeats_end_at_their_limit() -> None:
    """Two repeats and no more; the plan goes on."""
    plan = plan_of(Step(0, ("sro",), repeat_s=10, times=2), Step(60, ("chief",)))
    course, made, said = start(plan), incident(), []
    for second in (0, 10, 20, 30, 40, 50):
        course, owed, _ = go(course, made, second, None, plan)
        said += [second for row in owed if row[0] == "sro"]
    assert said == [0, 10, 20]


def test_a_machine_is_told_of_each_change_once_and_never_asked_again() -> None:
    """A receiver needs no repeat: what is new reaches it, the same again does not."""
    receiver = Target("dispatch", "receiver", "-")
    people = People(dispatch=(receiver,))
    plan = plan_of(Step(0, ("dispatch", "sro")), Step(10, ("dispatch", "sro"), repeat_s=10))
    course, made, said = start(plan), incident(), []
    for second in (0, 10, 20):
        course, owed, _ = go(course, made, second, None, plan, people)
        said += [row[1] for row in owed if row[0] == "dispatch"]
    assert said == ["incident.opened"]
    made = joined(made, press(102, second=21)).incident
    course, owed, _ = go(course, made, 23, None, plan, people)
    assert [row[1] for row in owed if row[0] == "dispatch"] == ["incident.updated"]


def test_what_waits_for_a_confirmation_begins_with_it() -> None:
    """Not before, however long; from then on by its own time. The first word waits for nothing."""
    plan = plan_of(Step(0, ("sro",)), Step(5, ("chief",), when_confirmed=True))
    course, owed, _ = go(start(plan), incident(), 0, None, plan)
    assert [row[0] for row in owed] == ["sro"]
    course, owed, _ = go(course, incident(), 500, None, plan)
    assert [row[0] for row in owed] == ["sro"]
    course = confirm(course, {plan.name: plan}, at(510).mono)
    assert confirm(course, {plan.name: plan}, at(999).mono) is course
    assert [row[0] for row in go(course, incident(), 514, None, plan)[1]] == []
    assert [row[0] for row in go(course, incident(), 515, None, plan)[1]] == ["chief"]
    # A person who resolves it as real has confirmed it: nobody is left out.
    over = resolved(incident(), Resolution("Reyes", T0, "board", "real")).incident
    _, owed, _ = go(start(plan), over, 1, "incident.resolved", plan)
    assert [row[0] for row in owed if row[1] == "incident.opened"] == ["sro", "chief"]


def test_a_room_with_a_plan_of_its_own_begins_it_beside_the_first() -> None:
    """Nobody is told twice; and a plan that starts again ends the repeats of the others."""
    north = plan_of(Step(0, ("sro", "dispatch")), name="north")
    plans = {"panic": PLAN, "north": north}
    course = begin(begun(), north, "panic", at(5).mono, restarts=False)
    assert begin(course, north, "panic", at(6).mono, restarts=False) is course
    step = advance(course, plans, incident(), ALL, at(5))
    assert {(owe.target.audience, owe.type) for owe in step.owed} == {
        ("sro", "incident.updated"),
        ("dispatch", "incident.opened"),
    }
    assert [one.plan for one in step.course.runs] == ["panic", "north"]
    again = begin(step.course, north, "panic", at(20).mono, restarts=True)
    assert [(one.plan, one.overtaken) for one in again.runs] == [("panic", True), ("north", False)]
    owed = [(owe.target.audience, owe.type) for owe in advance(again, plans, incident(), ALL, at(31)).owed]
    assert ("chief", "incident.opened") in owed  # a panic's first notice is never left out
    assert owed.count(("sro", "incident.updated")) == 1
    # A call for help that became a panic: its own plan is over.
    help_ = plan_of(Step(0, ("sro",)), Step(30, ("chief",)), name="help")
    raised = begin(
        begin(None, help_, "medical", at(0).mono, restarts=False), PLAN, "panic", 1.0, restarts=True
    )
    assert [one.plan for one in raised.runs] == ["panic"]


def test_asking_now_tells_whoever_was_never_told() -> None:
    """And counts on where somebody was."""
    step = ask(begun(), (SRO, CHIEF), incident(), at(400), "nothing heard")
    assert [(owe.target, owe.type, owe.nth) for owe in step.owed] == [
        (SRO, "incident.updated", 1),
        (CHIEF, "incident.opened", 0),
    ]


def test_a_plan_that_gained_a_step_is_taken_from_the_start() -> None:
    """Settings changed while the hub was down: who was told is asked again, who was not is told."""
    longer = plan_of(*PLAN.steps, Step(90, ("dispatch",)))
    course, owed, _ = go(begun(), incident(), 95, None, longer)
    assert [row[:2] for row in owed if row[1] == "incident.opened"] == [
        ("chief", "incident.opened"),
        ("dispatch", "incident.opened"),
    ]
    assert len(course.runs[0].due) == 4


def test_a_course_is_kept_and_recalled() -> None:
    """By another monotonic clock the same moments, and who was told as it was."""
    course = begun()
    kept = keep(course, at(10))
    back = recall(kept, Now(77_000.0, at(12).wall))
    assert back.runs[0].due == pytest.approx((None, 77_018.0, 77_048.0))
    assert [(t.target, t.revision, t.nth) for t in back.told] == [(SRO, 1, 0)]
    assert next_deadline(back, incident()) == pytest.approx(77_018.0)


def test_a_clock_that_went_back_lengthens_nothing() -> None:
    """Kept at 10 s with 20 s to go; a day earlier by the wall it is 20 s to go at most."""
    kept = keep(begun(), at(10))
    back = recall(kept, Now(77_000.0, at(10).wall - 86_400_000))
    assert back.runs[0].due == pytest.approx((None, 77_020.0, 77_050.0))


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
    course = start()
    ids: set[tuple[Any, ...]] = set()
    second = 0.0
    for pause, what in [(0.0, ""), *steps]:
        second += pause
        change: Any = None
        if what == "press":
            after = joined(made, press(101 + round(second) % 5, kind, second))
            if after.restarts:
                course = start(PLAN, second, course)
            made, change = after.incident, "incident.updated"
        elif what == "ack" and made.state == "open":
            made, change = acknowledged(made, REYES).incident, "incident.acknowledged"
        step = advance(course, {"panic": PLAN}, made, ALL, at(second), change)
        new = [
            (o.target, o.type, made.revision if o.type != "incident.opened" else 0, o.nth) for o in step.owed
        ]
        assert ids.isdisjoint(new)
        assert len(set(new)) == len(new)
        ids.update(new)
        again = advance(step.course, {"panic": PLAN}, made, ALL, at(second))
        assert again.owed == ()
        deadline = next_deadline(step.course, made)
        assert deadline is None or deadline > at(second).mono
        if made.state == "open":
            assert deadline is not None
        course = step.course


def test_told_is_kept_for_each_target_of_an_audience() -> None:
    """Two phones of one officer are two targets, each with its own first notice."""
    people = People(sro=(Target("sro", "phones", "Reyes"), Target("sro", "phones", "Ortiz")))
    plan = plan_of(Step(0, ("sro",)))
    step = advance(start(plan), {"panic": plan}, incident(), people, at(0), "incident.opened")
    assert [owe.target.name for owe in step.owed] == ["Reyes", "Ortiz"]
    assert step.course.told == tuple(Told(o.target, 1, at(0).mono, by=(("panic", 0),)) for o in step.owed)


def test_a_course_of_a_release_with_one_plan_is_recalled() -> None:
    """What it kept then is a run of that plan, with what was done as done."""
    kept = msgspec.convert(
        {"plan": "panic", "started": T0, "due": [None, T0 + 30_000, T0 + 60_000], "told": [], "kept_at": T0},
        KeptCourse,
    )
    back = recall(kept, at(10))
    assert back.runs == (Run("panic", at(0).mono, (None, at(30).mono, at(60).mono), (1, 0, 0)),)


def test_how_long_nothing_was_heard_is_kept_too() -> None:
    """Over a restart nobody's reminder is forgotten."""
    course = begin(None, PLAN, "panic", at(0).mono, restarts=False)
    course = msgspec.structs.replace(course, quiet=Quiet(at(5).mono, at(400).mono, 1))
    assert recall(keep(course, at(10)), at(10)).quiet == Quiet(
        pytest.approx(at(5).mono), pytest.approx(at(400).mono), 1
    )
