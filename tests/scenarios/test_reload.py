"""Settings that change while the hub runs: nothing due is lost or told twice, whatever they change."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from config.channel_settings import AppriseSettings
from config.drill_settings import DrillsSettings, DueSettings
from config.hub_settings import AudienceSettings, HubSettings, RoomSettings, WalkTestSettings, ZoneSettings
from config.plan_settings import PlanSettings, RemindersSettings, StepSettings
from config.settings_changes import settings_hash
from config.trouble_settings import TroublesSettings
from hub.asking import OpenWalkTest, WalkTestDone
from tests.scenarios.maintained import with_maintenance
from tests.scenarios.rig import Make, Rig, site_settings
from tests.scenarios.school import ENDS, PLANS, person, school

MORE_ENDS = {"channels": {name: AppriseSettings() for name in (*ENDS, "new-phone")}}


def with_new_phone(**more: Any) -> HubSettings:
    """The school, whose principal has another phone."""
    people = dict(school().people) | {
        "okafor": person("Okafor", on_duty=("school-hours",), reach=("new-phone",))
    }
    return school(people=people, **MORE_ENDS, **more)


def with_steps(*steps: StepSettings, **more: Any) -> HubSettings:
    """The school with other steps for a panic."""
    return school(plans=PLANS | {"panic": PlanSettings(kinds=("panic", "duress"), steps=steps)}, **more)


def rows(rig: Rig, what: str) -> list[tuple[str, dict[str, Any]]]:
    return [(reason, detail) for name, reason, detail in rig.record() if name == what]


# --- who is told ---------------------------------------------------------------------------------------


def test_a_new_phone_is_the_one_that_rings(make_rig: Make) -> None:
    """Press at 0, the principal's phone is set anew at 10 s: at 30 s it is the new one."""
    rig = make_rig(school())
    rig.press(101)
    rig.wait(10)
    assert rig.reload(with_new_phone()) == (
        "channels: added new-phone",
        "people: changed okafor (reach)",
    )
    assert rig.retuned == [with_new_phone()]
    rig.wait(41)
    assert rig.asked() == [
        "0 s reyes opened",
        "0 s dispatch opened",
        "30 s new-phone opened",
        "50 s office opened",
    ]


def test_whom_an_old_phone_told_is_told_at_the_new_one(make_rig: Make) -> None:
    """The change comes after her step: she is told at once, and hears what changes at the new one alone."""
    rig = make_rig(school())
    rig.press(101)
    rig.wait(35)
    rig.asked()
    rig.reload(with_new_phone())
    assert rig.asked() == ["35 s new-phone opened"]
    rig.wait(5)
    rig.press(105)
    rig.wait(1)
    assert rig.asked("okafor", "new-phone") == ["40 s new-phone updated"]
    assert ("owed", "in the place of an end that the settings have no more") in rig.timeline()


def test_a_first_notice_that_an_old_phone_never_got_is_not_lost(make_rig: Make) -> None:
    """Nothing gets through to dispatch; then it has another line: that one alone gets it."""
    rig = make_rig(school())
    rig.far["dispatch"] = "down"
    rig.press(101)
    rig.wait(5)
    moved = dict(school().audiences) | {"dispatch": AudienceSettings(channels=("new-phone",))}
    channels = {name: AppriseSettings() for name in (*ENDS, "new-phone") if name != "dispatch"}
    rig.reload(school(audiences=moved, channels=channels))
    assert rig.asked("dispatch", "new-phone") == ["5 s new-phone opened"]
    rig.far["dispatch"] = "takes"
    rig.wait(120)
    assert rig.asked("dispatch") == []
    assert ("delivery-withdrawn", "the settings have no such end any more") in rig.timeline()


def test_a_first_notice_outlives_its_end_after_a_resolution_too(make_rig: Make) -> None:
    """Resolved as real while dispatch was down: its new line hears of it, once."""
    rig = make_rig(school())
    rig.far["dispatch"] = "down"
    rig.press(101)
    rig.resolve("real")
    rig.asked()
    moved = dict(school().audiences) | {"dispatch": AudienceSettings(channels=("new-phone",))}
    rig.reload(school(audiences=moved, **MORE_ENDS))
    rig.wait(60)
    assert sorted(rig.asked()) == ["0 s new-phone opened", "0 s new-phone resolved"]


def renamed_dispatch() -> HubSettings:
    """The school, whose audience of dispatch is called 911 now; its end is the same."""
    audiences = dict(school().audiences)
    audiences["911"] = audiences.pop("dispatch")
    plans = {}
    for name, plan in PLANS.items():
        steps = (
            replace(s, notify=tuple("911" if one == "dispatch" else one for one in s.notify))
            for s in plan.steps
        )
        plans[name] = replace(plan, steps=tuple(steps))
    return school(audiences=audiences, plans=plans)


@pytest.mark.parametrize("how", ["reload", "restart"])
def test_dispatch_by_another_name_hears_of_a_panic_that_is_over(make_rig: Make, how: str) -> None:
    """Down until it was resolved as real: its first notice and its end are owed to the same line."""
    rig = make_rig(school())
    rig.far["dispatch"] = "down"
    rig.press(101)
    rig.wait(3)
    rig.resolve("real")
    if how == "reload":
        rig.reload(renamed_dispatch())
    else:
        rig.settings = renamed_dispatch()
        rig.restart(1)
        rig.settle()
    rig.far["dispatch"] = "takes"
    rig.wait(120)
    assert [said.split(" ")[-1] for said in rig.asked("dispatch")] == ["opened", "resolved"]


def test_dispatch_by_another_name_hears_that_an_alarm_was_false(make_rig: Make) -> None:
    """It was told of the alarm; its line was down when that was cancelled."""
    rig = make_rig(school())
    rig.press(101)
    rig.wait(3)
    rig.far["dispatch"] = "down"
    rig.resolve("false-alarm")
    rig.reload(renamed_dispatch())
    rig.far["dispatch"] = "takes"
    rig.wait(120)
    assert [said.split(" ")[-1] for said in rig.asked("dispatch")] == ["opened", "resolved"]


def test_dispatch_by_another_name_is_not_told_a_first_time_again(make_rig: Make) -> None:
    """And hears of the end under its new name."""
    rig = make_rig(school())
    rig.press(101)
    rig.wait(3)
    rig.reload(renamed_dispatch())
    rig.wait(5)
    rig.resolve("false-alarm")
    assert [f"{n.type} {n.audience}" for n in rig.notices if n.channel == "dispatch"] == [
        "incident.opened dispatch",
        "incident.resolved 911",
    ]


def test_a_first_notice_with_nobody_left_is_owed_until_there_is_somebody(make_rig: Make) -> None:
    """The settings take dispatch and its line away; the next ones have both again."""
    rig = make_rig(school())
    rig.far["dispatch"] = "down"
    rig.press(101)
    rig.resolve("real")
    audiences = {name: found for name, found in school().audiences.items() if name != "dispatch"}
    steps = (StepSettings(after_s=0, notify=("sro",)),)
    channels = {name: AppriseSettings() for name in ENDS if name != "dispatch"}
    rig.reload(with_steps(*steps, audiences=audiences, channels=channels))
    rig.far["dispatch"] = "takes"
    rig.wait(600)
    assert rig.asked("dispatch") == []
    assert rig.troubles("nobody-to-tell") == ["nobody-to-tell"]
    rig.reload(school())
    rig.wait(1)
    assert [said.split(" ")[-1] for said in rig.asked("dispatch")] == ["opened", "resolved"]
    assert rig.troubles("nobody-to-tell") == []


def test_an_end_that_is_gone_with_nobody_in_its_place_hurries_the_next_step(make_rig: Make) -> None:
    """Officer and dispatch have no end any more: the principal is told now, not at 30 s."""
    rig = make_rig(school())
    rig.far |= {"reyes": "down", "dispatch": "hangs"}
    rig.press(101)
    people = dict(school().people) | {
        "reyes": person("Reyes", reach=()),
        "ortiz": person("Ortiz", reach=()),
    }
    audiences = dict(school().audiences) | {"dispatch": AudienceSettings(channels=())}
    rig.wait(10)
    rig.reload(school(people=people, audiences=audiences))
    rig.wait(0)
    assert rig.asked() == ["10 s okafor opened"]


# --- plans ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("after_s", "at"), [(60, 60), (20, 20), (5, 10)])
def test_a_step_that_is_not_taken_yet_has_its_new_time(make_rig: Make, after_s: float, at: int) -> None:
    """Later, earlier, or passed already: then it is taken at once."""
    rig = make_rig(school())
    rig.press(101)
    rig.wait(10)
    first, _, last = PLANS["panic"].steps
    rig.reload(with_steps(first, StepSettings(after_s=after_s, notify=("administration",)), last))
    rig.wait(100)
    assert rig.asked("okafor") == [f"{at} s okafor opened"]


def test_a_step_that_is_taken_is_not_taken_again(make_rig: Make) -> None:
    """A step is put in before those that were taken: whoever it names and wasn't told is, nobody else."""
    rig = make_rig(school())
    rig.press(101)
    rig.wait(60)
    rig.asked()
    new = StepSettings(after_s=10, notify=("night", "sro"))
    audiences = dict(school().audiences) | {"night": AudienceSettings(channels=("custodian",))}
    first, second, last = PLANS["panic"].steps
    rig.reload(with_steps(first, new, second, last, audiences=audiences))
    assert rig.asked() == ["60 s custodian opened"]
    rig.wait(59)
    assert rig.asked() == []
    rig.wait(2)
    assert rig.asked() == ["120 s reyes updated", "120 s okafor updated"]


def test_a_step_that_is_gone_is_not_taken(make_rig: Make) -> None:
    """The principal's step is taken out before its time: the last one asks her."""
    rig = make_rig(school())
    rig.press(101)
    first, _, last = PLANS["panic"].steps
    rig.reload(with_steps(first, last))
    rig.wait(121)
    assert rig.asked("okafor") == ["120 s okafor opened"]


def test_repeats_go_on_at_their_new_pace(make_rig: Make) -> None:
    """Once a minute is now every 20 s: counted from now, none of them twice."""
    rig = make_rig(school())
    rig.press(101)
    rig.wait(130)
    rig.asked()
    first, second, last = PLANS["panic"].steps
    rig.reload(with_steps(first, second, replace(last, repeat_s=20)))
    rig.wait(45)
    assert rig.asked("reyes") == ["150 s reyes updated", "170 s reyes updated"]


def test_a_plan_that_is_gone_leaves_its_incident_to_the_one_that_is_there(make_rig: Make) -> None:
    """And whoever was told is not told a first time again."""
    rig = make_rig(school())
    rig.press(101)
    rig.wait(10)
    rig.asked()
    steps = (StepSettings(after_s=0, notify=("sro", "night")), StepSettings(after_s=20, notify=("dispatch",)))
    plans = {"all": PlanSettings(kinds=("panic", "duress", "medical", "assist"), steps=steps)}
    audiences = dict(school().audiences) | {"night": AudienceSettings(channels=("custodian",))}
    rig.reload(school(plans=plans, audiences=audiences))
    rig.wait(21)
    assert rig.asked("custodian", "okafor") == ["10 s custodian opened"]
    opened = [notice.channel for notice in rig.notices if notice.type == "incident.opened"]
    assert sorted(opened) == sorted(set(opened))


def test_a_plan_that_is_renamed_and_renamed_back_goes_on_asking(make_rig: Make) -> None:
    """Each time its incident goes by the plan that is there, and nobody is told a first time again."""
    rig = make_rig(school())
    rig.press(101)
    rig.wait(5)
    rig.reload(school(plans={f"new-{name}": plan for name, plan in PLANS.items()}))
    rig.wait(20)
    rig.reload(school())
    rig.wait(20)
    rig.asked()
    rig.wait(180)
    assert rig.asked() == [
        "55 s okafor opened",
        "75 s office opened",
        "145 s reyes updated",
        "145 s okafor updated",
        "165 s office updated",
        "205 s reyes updated",
        "205 s okafor updated",
        "225 s office updated",
    ]
    opened = [notice.channel for notice in rig.notices if notice.type == "incident.opened"]
    assert sorted(opened) == sorted(set(opened))


def test_a_second_plan_of_an_incident_that_is_renamed_and_back_goes_on(make_rig: Make) -> None:
    """A medical call joins a panic: the name of the panic's plan comes and goes, the other runs on."""
    rig = make_rig(school())
    rig.press(101, "nurse", "medical")
    rig.press(101)
    renamed = {"new-panic" if name == "panic" else name: plan for name, plan in PLANS.items()}
    rig.reload(school(plans=renamed))
    rig.wait(10)
    rig.reload(school())
    rig.wait(31)
    assert "40 s okafor opened" in rig.asked()


def test_the_same_settings_change_nothing(make_rig: Make) -> None:
    """Reloaded every second through a whole escalation: all is told as if it were not."""
    rig = make_rig(school())
    rig.press(101)
    for _ in range(180):
        rig.wait(1)
        assert rig.reload(school()) == ()
    assert rig.asked() == [
        "0 s reyes opened",
        "0 s dispatch opened",
        "30 s okafor opened",
        "50 s office opened",
        "120 s reyes updated",
        "120 s okafor updated",
        "140 s office updated",
        "180 s reyes updated",
        "180 s okafor updated",
    ]


def test_an_acknowledgement_and_its_reminder_stand(make_rig: Make) -> None:
    """Nobody is asked anew; of one in hand nothing heard is said when its time comes, by the new settings."""
    rig = make_rig(school())
    rig.press(101)
    rig.wait(60)
    rig.acknowledge(by="reyes")
    rig.reload(with_new_phone(reminders=RemindersSettings(after_s=60, stand_in_after_s=60)))
    rig.asked()
    rig.wait(299)
    assert rig.asked() == []  # its time was set when it was taken in hand
    rig.wait(2 + 60)
    assert rig.asked() == ["360 s reyes updated", "420 s ortiz opened"]


def test_a_change_is_taken_up_by_the_next_start_too(make_rig: Make) -> None:
    """The hub is killed before anything of the reload is on disk: the start tells whom it should."""
    rig = make_rig(school())
    rig.press(101)
    rig.wait(35)
    rig.asked()
    rig.disk = "hung"
    rig.far["new-phone"] = "hangs"
    rig.reload(with_new_phone())
    rig.restart(of="hub")
    rig.far["new-phone"] = "takes"
    rig.settle()
    rig.wait(1)
    assert rig.asked("new-phone") == ["35 s new-phone opened"]


# --- rooms ---------------------------------------------------------------------------------------------


def test_a_room_that_is_added_is_expected_from_now_on(make_rig: Make) -> None:
    """It is not heard yet, a press of it is no stranger's, and its silence is known in 45 s."""
    rig = make_rig(with_maintenance(2))
    for room in (101, 102):
        rig.state(room, wall="normal")
    whole = with_maintenance(3)
    rig.reload(whole)
    assert rig.view.devices["room-103"].standing == "not heard yet"
    rig.press(103)
    assert rig.troubles() == []
    rig.settings = with_maintenance(2)
    rig.all_speak(44.9)
    assert rig.troubles() == []
    rig.all_speak(0.2)
    assert rig.troubles() == ["silent room-103", "unprotected room-103"]


def test_a_stranger_that_is_set_up_is_heard_already(make_rig: Make) -> None:
    """Its agent ran before its room was in the settings: no event of it is missing, and its room is known."""
    rig = make_rig(with_maintenance(2))
    rig.state(103, wall="normal")
    for _ in range(3):
        rig.press(103, "door", kind="door", what="open")
    rig.reload(with_maintenance(3))
    shown = rig.view.devices["room-103"]
    assert (shown.standing, shown.place.room, shown.place.known) == ("heard", "Room 103", True)
    rig.state(103, wall="normal")
    rig.press(103, "door", kind="door", what="closed")
    rig.all_speak(120)
    assert rig.troubles("seq-gap", "silent", "two-boots") == []


def test_a_room_that_is_removed_is_expected_no_more(make_rig: Make) -> None:
    """What was wrong with it is over, and its silence no trouble; a press of it alarms all the same."""
    rig = make_rig(with_maintenance(2))
    rig.state(101, wall="normal")
    rig.state(102, wall="normal")
    rig.health(102, cpu_c=82.0)
    rig.zone_says(102, "tamper", cause="cut")
    assert rig.troubles() != []
    rig.reload(with_maintenance(1))
    assert rig.troubles() == []
    rig.all_speak(120)
    rig.state(102, online=False)
    assert rig.troubles() == []
    rig.press(102)
    assert rig.troubles() == ["flaw device room-102"]
    assert len(rig.incidents) == 1


def test_a_room_never_heard_is_shown_no_more(make_rig: Make) -> None:
    """It leaves the board with its settings, and comes back with them."""
    rig = make_rig(with_maintenance(2))
    rig.reload(with_maintenance(1))
    assert "room-102" not in rig.view.devices
    rig.reload(with_maintenance(2))
    assert rig.view.devices["room-102"].standing == "not heard yet"


def test_a_room_has_its_new_name_at_once(make_rig: Make) -> None:
    """Its device, its doors and its next press; that it is heard stays."""
    settings = with_maintenance(2)
    rig = make_rig(settings)
    rig.state(101, door="normal", wall="normal")
    first, second = settings.rooms
    rig.reload(replace(settings, rooms=(replace(first, room="Library"), second)))
    assert rig.view.devices["room-101"].place.room == "Library"
    assert rig.view.devices["room-101"].standing == "heard"
    assert [door.place.room for door in rig.view.doors.values()] == ["Library"]
    rig.press(101)
    assert rig.said("sro") == ["0 s sro opened r1: Library"]


def test_a_zone_that_its_agent_does_not_have_is_known_at_once(make_rig: Make) -> None:
    """The site file names a button that nobody watches; and when it is taken out again, that is over."""
    settings = with_maintenance(1)
    rig = make_rig(settings)
    rig.state(101, wall="normal")
    room: RoomSettings = settings.rooms[0]
    more = replace(room, zones=(*room.zones, ZoneSettings(zone="stage", kind="panic")))
    rig.reload(replace(settings, rooms=(more,)))
    assert rig.troubles() == ["zones room-101"]
    rig.reload(settings)
    assert rig.troubles() == []


def test_walk_tests_and_bypasses_go_on(make_rig: Make) -> None:
    """A press in it proves its button, and what is silenced stays so until its end."""
    settings = with_maintenance(2)
    rig = make_rig(settings)
    rig.state(101, wall="normal")
    assert isinstance(rig.ask(OpenWalkTest("room-101", "Lee", "board", zones=("wall",))), WalkTestDone)
    rig.bypass(102, hours=1)
    rig.reload(replace(settings, name="Lincoln High"))
    rig.press(101, test=True)
    assert rig.incidents == []
    assert rig.view.proved["room-101", "wall"].by == "Lee"
    rig.wait(3599)
    assert ("room-102", "wall") in rig.view.bypasses
    rig.wait(2)
    assert ("room-102", "wall") not in rig.view.bypasses


# --- the rest ------------------------------------------------------------------------------------------


def test_how_often_buttons_are_to_be_proved_changes_at_once(make_rig: Make) -> None:
    """It was not asked for; now it is."""
    settings = with_maintenance(1)
    rig = make_rig(settings)
    rig.state(101, wall="normal")
    rig.reload(replace(settings, walk_tests=WalkTestSettings(prove_every_days=30)))
    assert rig.troubles() == ["prove-again room-101"]
    rig.reload(settings)
    assert rig.troubles() == []


def test_drills_that_are_due_are_asked_for_at_once(make_rig: Make) -> None:
    """A rule is set: the board shows what is due; and no more when it is taken out again."""
    rig = make_rig(school())
    rule = DueSettings(name="Lockdown", every="month")
    rig.reload(school(drills=DrillsSettings(due=(rule,))))
    assert [due.name for due in rig.view.drills_due] == ["Lockdown"]
    rig.reload(school())
    assert rig.view.drills_due == ()


def test_troubles_are_told_to_whoever_is_to_be_told_now(make_rig: Make) -> None:
    """Another audience, sooner: of a trouble that is open and untold, too."""
    settings = with_maintenance(2, troubles=TroublesSettings(notify=("maintenance",), after_s=600))
    rig = make_rig(settings)
    rig.state(101, wall="normal")
    rig.link("rest", up=False)
    rig.wait(5)
    rig.reload(replace(settings, troubles=TroublesSettings(notify=("principal",), after_s=30)))
    rig.wait(600)
    assert [notice.audience for notice in rig.told_of_troubles if "broker" in notice.title] == ["principal"]


def test_a_channel_that_is_gone_takes_its_trouble_with_it(make_rig: Make) -> None:
    """And the board's line of it."""
    rig = make_rig(school())
    rig.far["dispatch"] = "refuses"
    rig.press(101)
    assert rig.troubles("channel") == ["channel dispatch -"]
    audiences = dict(school().audiences) | {"dispatch": AudienceSettings(channels=("new-phone",))}
    channels = {name: AppriseSettings() for name in (*ENDS, "new-phone") if name != "dispatch"}
    rig.reload(school(audiences=audiences, channels=channels))
    assert rig.troubles("channel") == []
    assert "dispatch" not in rig.view.channels
    assert rig.view.channels["new-phone"].last_failure is None


def test_each_room_an_incident_of_its_own_from_now_on(make_rig: Make) -> None:
    """How presses are grouped changes; an incident that is open keeps its own."""
    rig = make_rig(site_settings())
    rig.press(101)
    rig.reload(site_settings("device"))
    rig.press(102)
    rig.press(103)
    assert len(rig.incidents) == 3
    rig.restart()
    rig.press(104)
    numbers = [incident.number for incident in rig.site.incidents.unresolved()]
    assert len(set(numbers)) == 4


def test_what_is_refused_changes_nothing_and_shows(make_rig: Make) -> None:
    """A line in the record, a trouble, and the plan as it was; the next settings that are right end it."""
    rig = make_rig(school())
    rig.press(101)
    rig.reload_refused("hub.toml: people.okafor.reach: found no channel 'x'; name one")
    rig.reload_refused("hub.toml: not TOML: line 7", "hub.toml: rooms: none")
    assert rig.troubles() == ["settings"]
    assert "2 faults" in rig.view.troubles["settings"].detail
    rig.wait(31)
    assert rig.asked() == ["0 s reyes opened", "0 s dispatch opened", "30 s okafor opened"]
    rig.reload(school())
    assert rig.troubles() == []
    assert [detail["faults"] for _, detail in rows(rig, "settings-refused")] == [1, 2]


def test_the_record_says_what_changed_and_of_which_settings(make_rig: Make) -> None:
    """The hash is chained; the words, which may name people, lie beside."""
    rig = make_rig(school())
    rig.reload(with_new_phone())
    [(reason, detail)] = rows(rig, "settings-reloaded")
    assert reason == ""  # it lies beside the chain
    assert detail["settings"] == settings_hash(with_new_phone())
    assert "okafor" not in str(detail)
