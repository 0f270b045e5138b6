"""Who is asked when, in a school with people: shifts, stand-ins, steps that find or reach nobody."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from msgspec.structs import replace

from config.hub_settings import AudienceSettings
from config.people_settings import AwaySettings, HoursSettings, ScheduleSettings
from config.plan_settings import ConfirmSettings, PlanSettings, RemindersSettings, StepSettings
from hub.course import UPDATE_EVERY_S
from hub.directory import Directory
from hub.foresight import foresee
from hub.shape import Shape
from hub.store.reading import Reading
from tests.scenarios.rig import WALL_0, Make, Rig
from tests.scenarios.school import PLANS, person, school

HOUR = 3600.0


def skipped(rig: Rig) -> list[str]:
    return [reason for what, reason in rig.timeline() if what in ("step", "step-skipped")]


def people(**more: Any) -> dict[str, Any]:
    """The school's people, some of them otherwise."""
    return {"people": dict(school().people) | more}


def general(*steps: StepSettings, **more: Any) -> dict[str, PlanSettings]:
    """One plan for everything."""
    return {"all": PlanSettings(kinds=("panic", "duress", "medical", "assist"), steps=steps, **more)}


def test_a_panic_tells_the_officer_and_dispatch_together_and_then_the_school(make_rig: Make) -> None:
    """At 0 s both; at 30 s the principal, 20 s after her the office; from 120 s on all of them again."""
    rig = make_rig(school())
    rig.press(101)
    rig.wait(119)
    assert rig.asked() == [
        "0 s reyes opened",
        "0 s dispatch opened",
        "30 s okafor opened",
        "50 s office opened",
    ]
    rig.wait(61)
    assert rig.asked() == [
        "120 s reyes updated",
        "120 s okafor updated",
        "140 s office updated",
        "180 s reyes updated",
        "180 s okafor updated",
    ]


def test_no_answer_and_a_failing_phone(make_rig: Make) -> None:
    """Press at 0, no answer; at 30 s the principal's phone fails: the office is told at once, not at 50 s."""
    rig = make_rig(school())
    rig.far["okafor"] = "down"
    rig.press(101)
    rig.wait(31)
    assert rig.asked() == ["0 s reyes opened", "0 s dispatch opened", "30 s office opened"]


def test_where_every_first_word_fails_the_next_step_is_now(make_rig: Make) -> None:
    """Officer and dispatch can't be reached: the principal hears of it in the same second."""
    rig = make_rig(school())
    rig.far |= {"reyes": "down", "dispatch": "refuses"}
    rig.press(101)
    assert rig.asked() == ["0 s okafor opened"]
    rig.far["reyes"] = "takes"
    rig.wait(2)
    assert rig.asked("reyes") != []  # and the officer's own is tried on until it arrives


def test_a_change_of_shift_between_two_passes_nobody_over(make_rig: Make) -> None:
    """Asked in order by whoever was on duty as the first was asked: at 09:14 she goes home, at 40 s."""
    early = ScheduleSettings(hours=(HoursSettings(days=("mon",), start="07:30", end="09:14"),))
    order = AudienceSettings(
        channels=(), members=("okafor", "office", "nurse"), ask="in-order", next_after_s=20
    )
    rig = make_rig(
        school(
            schedules=dict(school().schedules) | {"early": early},
            audiences=dict(school().audiences) | {"administration": order},
            **people(okafor=person("Okafor", on_duty=("early",))),
        )
    )
    rig.press(101)
    rig.wait(75)
    assert rig.asked("okafor", "office", "nurse") == [
        "30 s okafor opened",
        "50 s office opened",
        "70 s nurse opened",
    ]


def test_the_order_holds_over_a_restart_and_begins_anew_with_a_repeat(make_rig: Make) -> None:
    """The hub is away as the shift changes; and who is asked again is whoever is on duty then."""
    early = ScheduleSettings(hours=(HoursSettings(days=("mon",), start="07:30", end="09:14"),))
    order = AudienceSettings(
        channels=(), members=("okafor", "office", "nurse"), ask="in-order", next_after_s=20
    )
    rig = make_rig(
        school(
            schedules=dict(school().schedules) | {"early": early},
            audiences=dict(school().audiences) | {"administration": order},
            plans=general(StepSettings(after_s=30, notify=("administration",), repeat_s=90)),
            **people(okafor=person("Okafor", on_duty=("early",))),
        )
    )
    rig.press(101)
    rig.wait(31)
    rig.restart(down_s=15)
    rig.wait(155 - rig.t)
    assert rig.asked("okafor", "office", "nurse") == [
        "30 s okafor opened",
        "50 s office opened",
        "70 s nurse opened",
        "120 s office updated",
        "140 s nurse updated",
    ]


def test_one_of_two_that_fails_hurries_nobody(make_rig: Make) -> None:
    """Dispatch was told: the principal's time is 30 s, as the plan says."""
    rig = make_rig(school())
    rig.far["reyes"] = "down"
    rig.press(101)
    assert rig.asked() == ["0 s dispatch opened"]
    rig.wait(30)
    assert "30 s okafor opened" in rig.asked()


def test_a_call_that_is_resolved_at_once_says_whom_nobody_could_tell(make_rig: Make) -> None:
    """On a Sunday nobody of the administration is on duty: no first notice, and the timeline says why."""
    rig = make_rig(school())
    rig.wall_jumps(-86_400)
    rig.press(101)
    rig.resolve("real")
    skipped = [
        (row["detail"]["audience"], row["reason"])
        for row in Reading(rig._reader, "lincoln").timeline(rig.incidents[0])
        if row["what"] == "step-skipped"
    ]
    off = "; ".join(f"{who} off duty until 07:30 Mon" for who in ("Okafor", "Office"))
    assert ("administration", f"nobody is on duty; {off}") in skipped


def test_a_far_side_that_hangs_counts_when_it_says_so(make_rig: Make) -> None:
    """Nothing is known of it until its time-out, which is an outcome like any other."""
    rig = make_rig(school())
    rig.far |= {"reyes": "hangs", "dispatch": "hangs"}
    rig.press(101)
    assert rig.asked() == []
    rig.far |= {"reyes": "down", "dispatch": "down"}
    rig.wait(1)
    assert rig.asked("okafor") == ["1 s okafor opened"]


def test_at_night_the_plan_of_the_night(make_rig: Make) -> None:
    """Chosen by the time of day: the custodian and dispatch; in the day it is never looked at."""
    night = PlanSettings(
        kinds=("panic", "duress"),
        during=("nights",),
        steps=(StepSettings(after_s=0, notify=("sro", "dispatch", "night")),),
    )
    rig = make_rig(school(plans={"night": night} | PLANS))
    rig.press(101)
    assert rig.asked("custodian") == []
    rig.resolve()
    rig.wait(10 * HOUR)
    rig.asked()
    rig.press(101)
    assert rig.asked() == ["36000 s dispatch opened", "36000 s custodian opened"]
    assert skipped(rig) == ["nobody is on duty; Reyes off duty until 07:30 Wed"]  # Tuesday is a holiday


def test_on_a_holiday_the_next_step_begins_at_once(make_rig: Make) -> None:
    """Nobody of the officer's audience is on duty, and the help plan's second step comes without a wait."""
    steps = (
        StepSettings(after_s=0, notify=("administration",)),
        StepSettings(after_s=90, notify=("night",)),
    )
    rig = make_rig(school(plans=PLANS | {"assist": PlanSettings(kinds=("assist",), steps=steps)}))
    rig.wait(22 * HOUR)  # Tuesday, 07:13 in the morning: the custodian is there until 07:30
    rig.press(101, "help", "assist")
    assert rig.asked() == ["79200 s custodian opened"]
    assert skipped(rig)[0].startswith("nobody is on duty; ")
    assert skipped(rig)[0].endswith("the next step begins at once")


def test_where_nobody_at_all_is_on_duty_everybody_is_told(make_rig: Make) -> None:
    """In the small hours of a holiday a plan of day people would tell nobody: it tells them all the same."""
    rig = make_rig(school(plans=general(StepSettings(after_s=0, notify=("sro", "administration")))))
    rig.wait(14 * HOUR)
    rig.press(101)
    at = f"{14 * HOUR:g} s"
    assert rig.asked() == [f"{at} reyes opened", f"{at} okafor opened", f"{at} office opened"]
    reasons = [reason for what, reason in rig.timeline() if what == "owed"]
    assert set(reasons) == {"nobody of the plan is on duty: told all the same"}
    rig.wait(100)
    assert rig.asked() != []  # and they are asked again


def test_a_stand_in_is_told_for_who_is_away(make_rig: Make) -> None:
    """Officer Reyes is away today: Ortiz, who stands in, is told in her place; the timeline says so."""
    away = person(
        "Reyes",
        on_duty=("school-hours",),
        stand_in="ortiz",
        away=(AwaySettings(first=date(2026, 9, 21), last=date(2026, 9, 21)),),
    )
    rig = make_rig(school(**people(reyes=away)))
    rig.press(101)
    assert rig.asked() == ["0 s ortiz opened", "0 s dispatch opened"]
    assert any("Ortiz stands in for Reyes" in reason for reason in skipped(rig))


def test_a_school_without_an_officer_names_who_stands_in(make_rig: Make) -> None:
    """The principal is the audience sro: nothing else differs."""
    audiences = dict(school().audiences) | {"sro": AudienceSettings(channels=(), members=("okafor",))}
    rig = make_rig(school(audiences=audiences))
    rig.press(101)
    assert sorted(rig.asked()) == ["0 s dispatch opened", "0 s okafor opened"]


def test_a_building_has_a_plan_of_its_own(make_rig: Make) -> None:
    """North's press begins North's plan beside the one that runs, and tells nobody twice at first."""
    north = PlanSettings(
        kinds=("panic", "duress"),
        buildings=("North",),
        steps=(
            StepSettings(after_s=0, notify=("sro", "dispatch", "nurse")),
            StepSettings(after_s=60, notify=("sro",), repeat_s=60),
        ),
    )
    rig = make_rig(school(plans={"north": north} | PLANS))
    rig.press(101)
    rig.wait(10)
    rig.asked()
    rig.press(140)
    assert rig.asked() == ["10 s nurse opened", "10 s reyes updated", "10 s dispatch updated"]
    rig.wait(25)
    assert rig.asked() == ["30 s okafor opened"]  # the first plan goes on


def test_a_plan_for_some_rooms(make_rig: Make) -> None:
    """The pool's own people hear of the pool alone."""
    pool = PlanSettings(
        kinds=("medical",), rooms=("room-150",), steps=(StepSettings(after_s=0, notify=("nurse", "night")),)
    )
    rig = make_rig(school(plans={"pool": pool} | PLANS, **people(custodian=person("Custodian"))))
    rig.press(101, "nurse", "medical")
    assert rig.asked() == ["0 s nurse opened", "0 s reyes opened"]
    rig.resolve()
    rig.asked()
    rig.press(150, "nurse", "medical")
    assert rig.asked() == ["0 s nurse opened", "0 s custodian opened"]


def test_medical_tells_nurse_and_officer_at_once(make_rig: Make) -> None:
    rig = make_rig(school())
    rig.press(101, "nurse", "medical")
    assert rig.asked() == ["0 s nurse opened", "0 s reyes opened"]


def test_assist_reaches_the_officer_only_if_nobody_answers(make_rig: Make) -> None:
    """Discipline is the school's: the principal, the office; the officer after 90 s without an answer."""
    rig = make_rig(school())
    rig.press(101, "help", "assist")
    rig.wait(89)
    assert rig.asked() == ["0 s okafor opened", "20 s office opened"]
    rig.wait(1)
    assert "90 s reyes opened" in rig.asked()
    rig.resolve()
    rig.press(102, "help", "assist")
    rig.wait(5)
    rig.acknowledge(by="Okafor")
    rig.asked()
    rig.wait(200)
    assert rig.asked("reyes") == []


def test_an_acknowledgement_ends_the_asking_in_order(make_rig: Make) -> None:
    """The principal has it: the office is not asked 20 s later."""
    rig = make_rig(school())
    rig.press(101, "help", "assist")
    rig.wait(10)
    rig.acknowledge(by="Okafor")
    rig.wait(60)
    assert rig.asked("office") == []
    assert "acknowledged by Okafor" in skipped(rig)


def test_repeats_have_limits_and_the_last_step_has_none(make_rig: Make) -> None:
    """The nurse is asked twice more; the principal until somebody answers, at a minute each by default."""
    plan = general(
        StepSettings(after_s=0, notify=("nurse",), repeat_s=20, times=2),
        StepSettings(after_s=90, notify=("sro",)),
    )
    rig = make_rig(school(plans=plan))
    rig.press(101)
    rig.wait(3600)
    said = rig.asked()
    assert [line for line in said if "nurse" in line] == [
        "0 s nurse opened",
        "20 s nurse updated",
        "40 s nurse updated",
    ]
    assert [line for line in said if "reyes" in line][:3] == [
        "90 s reyes opened",
        "150 s reyes updated",
        "210 s reyes updated",
    ]
    assert len(said) == 3 + 59


def test_running_out_of_plan_is_a_trouble_until_somebody_answers(make_rig: Make) -> None:
    """Everybody was asked and nobody answers: that shows, and ends with the answer."""
    rig = make_rig(school())
    rig.press(101)
    rig.wait(150)
    assert "unanswered" not in {trouble.what for trouble in rig.view.troubles.values()}
    rig.wait(60)
    (trouble,) = [t for t in rig.view.troubles.values() if t.what == "unanswered"]
    assert trouble.detail == "incident 1: plan panic has asked everybody and nobody answers"
    rig.acknowledge()
    assert "unanswered" not in {trouble.what for trouble in rig.view.troubles.values()}


def test_a_plan_that_reaches_nobody_is_a_trouble_at_once(make_rig: Make) -> None:
    audiences = dict(school().audiences) | {"night": AudienceSettings(channels=())}
    plan = general(StepSettings(after_s=0, notify=("night",)))
    rig = make_rig(school(plans=plan, audiences=audiences))
    rig.press(101)
    assert [t.detail for t in rig.view.troubles.values()] == ["incident 1: plan all reaches nobody"]


@pytest.mark.parametrize(("zone", "kind"), [("wall", "panic"), ("quiet", "duress")])
def test_a_school_that_sets_no_plan_has_the_default_ones(make_rig: Make, zone: str, kind: str) -> None:
    """Of a panic and a duress officer and dispatch hear together, at 0 s."""
    rig = make_rig(school(plans={}))
    rig.press(101, zone, kind)
    assert rig.asked() == ["0 s reyes opened", "0 s dispatch opened"]
    rig.wait(50)
    assert rig.asked() == ["30 s okafor opened", "50 s office opened"]


def test_two_rooms_confirm_and_what_waited_for_it_begins(make_rig: Make) -> None:
    """The first word to the officer waits for nothing; the volunteers' does."""
    steps = (
        StepSettings(after_s=0, notify=("sro", "dispatch")),
        StepSettings(after_s=5, notify=("nurse",), when="confirmed"),
    )
    rig = make_rig(school(plans=general(*steps, confirm=ConfirmSettings(rooms=2, within_s=60))))
    rig.press(101)
    rig.wait(100)
    assert "nurse" not in str(rig.asked())
    rig.press(102)  # more than 60 s later: two rooms, but not together
    rig.wait(20)
    assert "nurse" not in str(rig.asked())
    rig.press(103)
    assert ("confirmed", "pressed in 2 rooms within 60 s") in rig.timeline()
    assert rig.notices[-1].incident["confirmed"] is False  # told before; the update follows within 2 s
    rig.wait(5)
    assert "125 s nurse opened" in rig.asked()
    assert rig.notices[-1].incident["confirmed"] is True


def test_a_person_confirms(make_rig: Make) -> None:
    """Their word counts like a second room; said twice it changes nothing."""
    steps = (
        StepSettings(after_s=0, notify=("sro",)),
        StepSettings(after_s=0, notify=("nurse",), when="confirmed"),
    )
    rig = make_rig(school(plans=general(*steps, confirm=ConfirmSettings())))
    rig.press(101)
    rig.wait(10)
    rig.asked()
    rig.confirm()
    rig.confirm()
    assert rig.asked() == ["10 s nurse opened", "10 s reyes updated"]
    assert [what for what, _ in rig.timeline()].count("confirmed") == 1


def test_a_press_in_the_same_room_confirms_nothing(make_rig: Make) -> None:
    """Two buttons of one room are one room."""
    steps = (
        StepSettings(after_s=0, notify=("sro",)),
        StepSettings(after_s=0, notify=("nurse",), when="confirmed"),
    )
    rig = make_rig(school(plans=general(*steps, confirm=ConfirmSettings())))
    rig.press(101)
    rig.press(101, "desk")
    rig.wait(100)
    assert "nurse" not in str(rig.asked())


@pytest.mark.parametrize("kind", ["panic", "medical", "assist"])
def test_what_is_foreseen_is_what_happens(make_rig: Make, kind: str) -> None:
    """The same settings on the rig: the same people at the same times, nobody answering."""
    rig: Rig = make_rig(school())
    zone = {"panic": "wall", "medical": "nurse", "assist": "help"}[kind]
    rig.press(101, zone, kind)
    of = Directory(rig.settings, dict.fromkeys(rig.settings.channels, Shape("webhook", ("-",))))
    foreseen = [(w.at_s, w.who) for w in foresee(of, kind, of.place("room-101"), WALL_0).words if w.told]
    rig.wait(max(at for at, _ in foreseen) + UPDATE_EVERY_S / 2)
    happened = [(notice.at, notice.channel) for notice in rig.notices]
    assert happened == [(at, who.partition("(")[2].rstrip(")")) for at, who in foreseen]


# --- in hand, and nothing heard ---


def test_who_acknowledged_is_reminded_then_the_stand_in_is_asked_then_all(make_rig: Make) -> None:
    """At 5 min without sound; at 7 min Ortiz, who hears of it for the first time; from 9 min on everybody."""
    rig = make_rig(school())
    rig.press(101)
    rig.wait(10)
    rig.acknowledge(by="reyes")
    rig.wait(290)
    rig.asked()
    rig.wait(10)
    assert rig.asked() == ["310 s reyes updated"]
    reminder = rig.notices[-1]
    assert reminder.quiet
    assert reminder.reminder == (
        "You took this in hand, and nothing was heard of it for 5 min: add a note, or resolve it"
    )
    assert reminder.incident["state"] == "acknowledged"
    rig.wait(120)
    assert rig.asked() == ["430 s ortiz opened"]
    assert not rig.notices[-1].quiet
    assert rig.notices[-1].reminder == (
        "reyes took this in hand, and nothing was heard of it for 7 min: take it over, or add a note"
    )
    rig.wait(120)
    assert "550 s reyes updated" in rig.asked()


def test_a_note_counts_as_being_at_work(make_rig: Make) -> None:
    """The five minutes begin again with it."""
    rig = make_rig(school())
    rig.press(101)
    rig.acknowledge(by="reyes")
    rig.wait(200)
    rig.note("at the door, two students", by="reyes")
    rig.asked()
    rig.wait(299)
    assert rig.asked("reyes") == []
    rig.wait(2)
    assert rig.asked("reyes") == ["500 s reyes updated"]


def test_a_resolution_ends_the_reminding(make_rig: Make) -> None:
    rig = make_rig(school())
    rig.press(101)
    rig.acknowledge(by="reyes")
    rig.wait(100)
    rig.resolve()
    rig.asked()
    rig.wait(10_000)
    assert rig.asked() == []


def test_a_press_that_opens_it_again_ends_the_reminding_for_the_asking(make_rig: Make) -> None:
    """The plan asks again instead; the next acknowledgement begins a new five minutes."""
    rig = make_rig(school())
    rig.press(101)
    rig.acknowledge(by="reyes")
    rig.wait(290)
    rig.press(102)
    rig.wait(5)
    assert [what for what, _ in rig.timeline()].count("reminded") == 0
    rig.acknowledge(by="reyes")
    rig.wait(299)
    assert [what for what, _ in rig.timeline()].count("reminded") == 0
    rig.wait(2)
    assert [what for what, _ in rig.timeline()].count("reminded") == 1


def test_the_seconds_of_a_reminder_are_the_schools(make_rig: Make) -> None:
    rig = make_rig(school(reminders=RemindersSettings(after_s=60, stand_in_after_s=30)))
    rig.press(101)
    rig.acknowledge(by="reyes")
    rig.asked()
    rig.wait(61)
    assert rig.asked("reyes", "ortiz") == ["60 s reyes updated"]
    rig.wait(30)
    assert rig.asked("reyes", "ortiz") == ["90 s ortiz opened"]


def test_a_stranger_who_acknowledged_is_reminded_through_the_officer(make_rig: Make) -> None:
    """A radio's token has no phone: the officer's audience hears of it."""
    rig = make_rig(school())
    rig.press(101)
    rig.acknowledge(by="radio")
    rig.asked()
    rig.wait(301)
    assert rig.asked("reyes") == ["300 s reyes updated"]


@pytest.mark.parametrize("down_s", [0.0, 100.0, 1000.0])
def test_a_reminder_survives_a_restart(make_rig: Make, down_s: float) -> None:
    """It comes at its time, or at once where that has passed; no more than once."""
    rig = make_rig(school())
    rig.press(101)
    rig.acknowledge(by="reyes")
    rig.wait(100)
    rig.asked()
    rig.restart(down_s)
    rig.wait(max(201 - down_s, 1))
    assert [what for what, _ in rig.timeline()].count("reminded") == 1
    assert "reyes updated" in str(rig.asked("reyes"))


def test_a_plan_that_is_gone_from_the_settings_is_replaced(make_rig: Make) -> None:
    """After a restart with other plans the incident goes on by the one that is for it now."""
    rig = make_rig(school())
    rig.press(101)
    rig.wait(5)
    rig.settings = replace(rig.settings, plans=general(StepSettings(after_s=0, notify=("nurse", "sro"))))
    rig.asked()
    rig.restart()
    rig.wait(3)
    assert "5 s nurse opened" in rig.asked()
    rig.wait(200)  # past the moments of the plan that is gone: nothing waits for them
    assert "nurse updated" in str(rig.asked())
