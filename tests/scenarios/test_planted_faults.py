"""What must hold in any history is broken by a fault: each of these is planted, and is found."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from hub import courses, deeds, escalation, kept_course, reminder
from hub.bypass import Bypasses
from hub.delivery import Delivery
from hub.drill_memory import DrillMemory
from hub.incidents import Incidents
from hub.outbound import OVERTAKEN, Outbound
from hub.site import Site
from hub.transitions import acknowledged
from hub.walk_test import WalkTest
from hub.walk_tests import WalkTests
from tests.scenarios.history import AnyHistory
from tests.scenarios.test_any_history import run

Plant = Callable[[pytest.MonkeyPatch], None]


def an_answer_covers_what_its_person_never_saw(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(deeds, "acknowledged", lambda incident, deed, _: acknowledged(incident, deed, None))


def a_first_notice_is_overtaken_like_any(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Delivery, "is_first", property(lambda self: False))
    patch.setattr("hub.outbound.OVERTAKEN", (*OVERTAKEN, "incident.opened"))


def an_answer_stays_owed_after_the_incident_opened_again(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Outbound, "end", lambda *_: None)


def an_alarm_receiver_hears_of_rooms_every_two_seconds(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(escalation._Walk, "_called_at_once", lambda *_: "")


def a_start_forgets_that_a_target_fails(patch: pytest.MonkeyPatch) -> None:
    recall = kept_course.recall

    def forgetful(kept: Any, now: Any) -> Any:
        course = recall(kept, now)
        return replace(course, told=tuple(replace(entry, failing=False) for entry in course.told))

    patch.setattr(courses, "recall", forgetful)


def a_failed_attempt_is_not_written_down(patch: pytest.MonkeyPatch) -> None:
    attempted = Outbound.attempted

    def silent(self: Any, decision: Any, fact: Any, now: Any) -> Any:
        delivery = attempted(self, decision, fact, now)
        if fact.outcome.verdict == "temporary":
            decision.deliveries.pop(fact.delivery, None)
        return delivery

    patch.setattr(Outbound, "attempted", silent)


def a_jump_of_the_wall_clock_leaves_the_presses_where_they_were(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("hub.incidents.clock_moved", lambda incident, _: incident)


def a_change_within_two_seconds_is_never_told(patch: pytest.MonkeyPatch) -> None:
    update = escalation._Walk.update

    def hasty(self: Any) -> None:
        update(self)
        for target, entry in self.told.items():
            self.told[target] = replace(entry, revision=self.incident.revision)

    patch.setattr(escalation._Walk, "update", hasty)


def a_repeat_goes_on_after_an_acknowledgement(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(escalation._Walk, "_stopped", lambda *_: None)


def a_note_is_no_sign_of_anybody_at_work(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(courses, "_ended", lambda incident, *, heard: (None, ""))


def nobody_is_reminded(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(reminder, "heard", lambda *_: None)


def the_plan_of_a_press_is_not_begun(patch: pytest.MonkeyPatch) -> None:
    begun = courses.Courses._begun

    def lazy(self: Any, course: Any, *rest: Any, **more: Any) -> Any:
        return begun(self, course, *rest, **more) if course is None else course

    patch.setattr(courses.Courses, "_begun", lazy)


def a_press_of_another_kind_opens_nothing(patch: pytest.MonkeyPatch) -> None:
    press = Incidents.press

    def deaf(self: Any, decision: Any, one: Any, now: Any, **more: Any) -> Any:
        known = [i for i in self._by_id.values() if one.kind == "assist"]
        return known[0] if known else press(self, decision, one, now, **more)

    patch.setattr(Incidents, "press", deaf)


def a_trouble_is_not_written_down(patch: pytest.MonkeyPatch) -> None:
    trouble = Site.trouble

    def silent(self: Any, decision: Any, *rest: Any, **more: Any) -> None:
        trouble(self, decision, *rest, **more)
        decision.troubles.clear()

    patch.setattr(Site, "trouble", silent)


def a_drill_covers_whatever_is_pressed_in_it(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("hub.drill._real", lambda *_: None)


def nobody_looks_again_at_what_was_not_expected(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(DrillMemory, "arm", lambda *_: None)


def a_drills_press_is_not_written_down(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(DrillMemory, "_write_presses", lambda *_: None)


def an_acknowledgement_stops_the_first_notices_of_a_panic(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(escalation, "ALWAYS_TOLD", frozenset())


def whoever_says_it_is_a_test_is_believed(patch: pytest.MonkeyPatch) -> None:
    def gullible(self: Any, _: Any, account: Any) -> Any:
        test = WalkTest("w", account.device, (account.zone,), "Lee", "board", 0, 0)
        return test if account.test else None

    patch.setattr(WalkTests, "believed", gullible)
    patch.setattr(WalkTests, "proved", lambda *_: None)


def a_walk_test_is_not_written_down(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(WalkTests, "_keep", lambda *_: None)


def who_acknowledged_is_not_in_the_record(patch: pytest.MonkeyPatch) -> None:
    record = Site.record

    def silent(self: Any, decision: Any, now: Any, what: str, *rest: Any, **more: Any) -> int:
        seq = record(self, decision, now, what, *rest, **more)
        if what == "acknowledged":
            decision.record.pop()
        return seq

    patch.setattr(Site, "record", silent)


def a_bypass_stays_where_it_was_as_the_clock_is_set(patch: pytest.MonkeyPatch) -> None:
    def by_the_wall_clock(self: Any, fact: Any, zone: str, at: int, _: Any) -> bool:
        bypass = self.of(fact.device, zone)
        return bypass is None or at < bypass.since

    patch.setattr(Bypasses, "is_before", by_the_wall_clock)
    patch.setattr(Bypasses, "rewrite", lambda *_: None)


FOUND_BY: dict[Plant, set[str]] = {
    an_acknowledgement_stops_the_first_notices_of_a_panic: {"everybody_of_a_panic_was_told"},
    whoever_says_it_is_a_test_is_believed: {"every_press_is_in_one_incident_once"},
    who_acknowledged_is_not_in_the_record: {"what_the_record_tells_is_so", "the_record_holds_all_of_it"},
    an_answer_covers_what_its_person_never_saw: {"somebody_acknowledges", "a_press_crosses_an_answer"},
    a_first_notice_is_overtaken_like_any: {"first_notices_are_never_withdrawn"},
    an_alarm_receiver_hears_of_rooms_every_two_seconds: {
        "an_alarm_receiver_is_told_of_each_room_by_a_first_notice"
    },
    a_start_forgets_that_a_target_fails: {"the_record_holds_all_of_it"},
    a_failed_attempt_is_not_written_down: {"the_record_holds_all_of_it"},
    a_change_within_two_seconds_is_never_told: {"every_press_is_told_or_still_to_be"},
    a_repeat_goes_on_after_an_acknowledgement: {"nothing_is_tried_after_its_reason_ended"},
    nobody_is_reminded: {"nobody_is_left_waiting"},
    the_plan_of_a_press_is_not_begun: {"first_notices_are_never_withdrawn", "nobody_is_left_waiting"},
    a_press_of_another_kind_opens_nothing: {"every_press_is_in_one_incident_once"},
    a_trouble_is_not_written_down: {"the_record_holds_all_of_it", "what_the_record_tells_is_so"},
    a_drill_covers_whatever_is_pressed_in_it: {"is_covered"},
    nobody_looks_again_at_what_was_not_expected: {
        "what_was_not_expected_is_real_in_30_s",
        "everybody_of_a_panic_was_told",
    },
    a_drills_press_is_not_written_down: {"the_record_holds_all_of_it"},
}
"""Each fault, and what must not hold any more: by no other was it found."""


@pytest.mark.long
@pytest.mark.parametrize("plant", FOUND_BY, ids=lambda plant: plant.__name__)
def test_a_planted_fault_is_found(plant: Plant, empty_record: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch)
    with pytest.raises(AssertionError) as failure:
        run(empty_record, 400, 40, until_one_is_found=True)
    frames = [frame.name for frame in failure.traceback if frame.path.name == "history.py"]
    assert set(frames) & FOUND_BY[plant], frames


class First:
    """What draws the first of anything, where Hypothesis would draw by chance."""

    def draw(self, _: Any) -> int:
        return 0


def walk(history: AnyHistory) -> None:
    """A walk test is opened in a room that is heard; a start must know of it."""
    history.an_agent_tells_its_state(101)
    history.somebody_walks(101, (), False)
    assert history.walked
    history.the_record_holds_all_of_it()


def press_again_over_a_jump(history: AnyHistory) -> None:
    """A minute after the press that was answered, by a clock that was set back meanwhile."""
    history.the_wall_clock_jumps(-90.0)
    history.time_passes(61.0)
    history.press(101, ("wall", "panic"), 0.0)


def bypass_over_a_jump(history: AnyHistory) -> None:
    """What was pressed before it is lost, by a clock that was set forward."""
    history.a_press_comes_after_its_bypass(10.0)
    history.every_press_is_in_one_incident_once()


@pytest.mark.parametrize("planted", [False, True])
@pytest.mark.parametrize(
    ("plant", "before", "deed"),
    [
        (
            an_answer_stays_owed_after_the_incident_opened_again,
            "unheard",
            lambda history: history.press(102, ("wall", "panic"), 0.0),
        ),
        (
            a_note_is_no_sign_of_anybody_at_work,
            "silence",
            lambda history: history.somebody_notes(First(), "Reyes"),
        ),
        (a_jump_of_the_wall_clock_leaves_the_presses_where_they_were, "in hand", press_again_over_a_jump),
        (a_walk_test_is_not_written_down, "nothing", walk),
        (a_bypass_stays_where_it_was_as_the_clock_is_set, "nothing", bypass_over_a_jump),
    ],
)
def test_a_rare_one_is_found_in_its_shortest_history(
    plant: Plant,
    before: str,
    deed: Callable[[AnyHistory], None],
    planted: bool,
    empty_record: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """By chance it takes thousands of histories."""
    if planted:
        plant(monkeypatch)
    history = AnyHistory()
    history.record = empty_record
    history.begin(False, "webhook", before)
    try:
        with pytest.raises(AssertionError) if planted else nullcontext():
            deed(history)
            history.all_is_well_for_ten_minutes()
            history.nothing_is_tried_after_its_reason_ended()
    finally:
        history.teardown()
