"""What must hold in any history is broken by a fault: each of these is planted, and is found."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase
from msgspec.structs import replace

from hub import courses, deeds, escalation, kept_course, reminder
from hub.delivery import Delivery
from hub.incidents import Incidents
from hub.outbound import OVERTAKEN, Outbound
from hub.site import Site
from hub.transitions import acknowledged
from tests.scenarios.test_any_history import run

Plant = Callable[[pytest.MonkeyPatch], None]
pytestmark = pytest.mark.long


def an_answer_covers_what_its_person_never_saw(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(deeds, "acknowledged", lambda incident, deed, _: acknowledged(incident, deed, None))


def a_first_notice_is_overtaken_like_any(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Delivery, "is_first", property(lambda self: False))
    patch.setattr("hub.outbound.OVERTAKEN", (*OVERTAKEN, "incident.opened"))


def an_answer_stays_owed_after_the_incident_opened_again(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Outbound, "end", lambda *_: None)


def an_alarm_receiver_hears_of_rooms_every_two_seconds(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(escalation._Walk, "_called_since", lambda *_: "")


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


@pytest.mark.parametrize(
    "plant",
    [
        an_answer_covers_what_its_person_never_saw,
        a_first_notice_is_overtaken_like_any,
        an_answer_stays_owed_after_the_incident_opened_again,
        an_alarm_receiver_hears_of_rooms_every_two_seconds,
        a_start_forgets_that_a_target_fails,
        a_failed_attempt_is_not_written_down,
        a_jump_of_the_wall_clock_leaves_the_presses_where_they_were,
        a_change_within_two_seconds_is_never_told,
        a_repeat_goes_on_after_an_acknowledgement,
        a_note_is_no_sign_of_anybody_at_work,
        nobody_is_reminded,
        the_plan_of_a_press_is_not_begun,
        a_press_of_another_kind_opens_nothing,
        a_trouble_is_not_written_down,
    ],
)
def test_a_planted_fault_is_found(plant: Plant, empty_record: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch)
    with pytest.raises((AssertionError, AttributeError, KeyError, ExceptionGroup)):
        run(empty_record, 300, 40, phases=(Phase.generate,))
