"""The site's posture over a day: set by people, raised by plans that may, lowered by nobody else."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from config.hub_settings import HubSettings
from config.plan_settings import PlanSettings, PostureSettings
from hub.asking import PostureSet, Refused
from hub.decision import Decision
from hub.inputs import PostureHeard
from tests.scenarios.rig import Make, Rig, site_settings


def raising(
    group_by: Any = "site", panic: Any = "lockdown", medical: Any = "hold", **more: Any
) -> HubSettings:
    """A school that lets its plans raise the posture: a panic to lockdown, a medical to hold."""
    settings = site_settings(group_by)
    plans: dict[str, PlanSettings] = {
        "panic": replace(settings.plans["panic"], kinds=("panic", "duress"), posture=panic),
        "medical": replace(settings.plans["help"], kinds=("medical",), posture=medical),
        "assist": replace(settings.plans["help"], kinds=("assist",)),
    }
    return site_settings(group_by, plans=plans, posture=PostureSettings(plans_may_raise=True), **more)


@pytest.fixture
def rig(make_rig: Make) -> Rig:
    made = make_rig(raising())
    made.rooms_heard()  # normal, at its start
    return made


def confirmed(rig: Rig, posture: Any, by: str = "Reyes") -> None:
    """A person lowers it: asked a second time, and says it again."""
    asked = rig.posture(posture, by)
    assert isinstance(asked, Refused)
    assert isinstance(rig.posture(posture, by, asked.confirm), PostureSet)


def changes(rig: Rig) -> list[str]:
    return [reason for what, reason, _ in rig.record() if what == "posture"]


# --- by a person ---


def test_the_officer_locks_down_and_opens_up(rig: Rig) -> None:
    """One word to lock down; the second word ends it; the record has who, from what, to what, and why."""
    rig.wait(10)
    rig.posture("lockdown")
    rig.wait(600)
    refused = rig.posture("normal")
    assert isinstance(refused, Refused)
    assert "lockdown holds, and that gives it up" in refused.detail
    assert rig.rooms_heard() == ["10 s lockdown"]
    rig.posture("normal", confirm=refused.confirm)
    assert rig.rooms_heard() == ["610 s normal"]
    assert changes(rig) == ["normal → lockdown", "lockdown → normal"]
    row = next(detail for what, _, detail in rig.record() if what == "posture")
    assert row["by"]["ref"].endswith(".by")  # a name lies beside the chain
    assert (row["from"], row["to"], row["via"]) == ("normal", "lockdown", "board")


def test_two_people_at_once(rig: Rig) -> None:
    """One is about to end a secure as the other locks down: the first is asked again, and nothing is lost."""
    rig.posture("secure")
    asked = rig.posture("normal", by="Okafor")
    assert isinstance(asked, Refused)
    rig.wait(1)
    rig.posture("lockdown", by="Reyes")
    again = rig.posture("normal", by="Okafor", confirm=asked.confirm)
    assert isinstance(again, Refused)
    assert again.state == "lockdown"
    assert rig.rooms_heard() == ["0 s secure", "1 s lockdown"]


@pytest.mark.parametrize("posture", ["hold", "secure", "lockdown", "evacuate", "shelter"])
def test_the_end_of_an_incident_never_lowers_it(rig: Rig, posture: Any) -> None:
    rig.posture(posture)
    rig.press(101, "help", "assist")
    rig.acknowledge()
    rig.resolve()
    rig.wait(86_400)
    assert rig.view.posture.posture == posture
    assert rig.rooms_heard() == [f"0 s {posture}"]


# --- by a plan ---


def test_no_plan_raises_it_where_the_school_has_not_said_so(make_rig: Make) -> None:
    """That is the default."""
    rig = make_rig(site_settings())
    rig.press(101)
    rig.wait(300)
    assert rig.rooms_heard() == ["0 s normal"]


def test_a_plan_raises_it_and_its_incident_s_end_leaves_it(rig: Rig) -> None:
    """It says that it came by itself, and of which incident; only a person ends it."""
    rig.wait(5)
    rig.press(101)
    assert rig.rooms_heard() == ["5 s lockdown"]
    assert rig.rooms is not None
    assert rig.rooms.automatic is True
    assert (rig.view.posture.by, rig.view.posture.why) == (None, "incident 1")
    assert ("posture", "normal → lockdown, by the plan of incident 1") in rig.timeline()
    rig.acknowledge()
    rig.resolve()
    rig.wait(3600)
    assert rig.rooms_heard() == []
    confirmed(rig, "normal")
    assert rig.rooms_heard() == ["3605 s normal"]
    assert rig.rooms.automatic is False


def test_a_plan_only_raises(rig: Rig) -> None:
    """A medical holds; a panic beside it locks down; another medical leaves the lockdown as it is."""
    rig.press(101, "nurse", "medical")
    rig.wait(10)
    rig.press(102)
    rig.wait(10)
    rig.resolve()
    rig.press(103, "nurse", "medical")
    assert rig.rooms_heard() == ["0 s hold", "10 s lockdown"]
    assert ("posture-not-raised", "its plan asks for hold; lockdown holds: it is no lower") in rig.timeline()


@pytest.mark.parametrize("posture", ["hold", "secure", "evacuate", "shelter"])
def test_a_plan_never_replaces_what_a_person_set(rig: Rig, posture: Any) -> None:
    """However low; but boards ask which one is to hold, and the timeline says why it was not raised."""
    rig.posture(posture)
    rig.wait(60)
    rig.press(101)
    assert rig.rooms_heard() == [f"0 s {posture}"]
    reason = f"its plan asks for lockdown; {posture} holds: a person set it"
    assert ("posture-not-raised", reason) in rig.timeline()
    asked = rig.view.posture.asked
    assert asked is not None
    assert asked.why == f"incident 1: its plan asks for lockdown, and a person set {posture}"


def test_a_person_s_normal_holds_against_what_was_before_it(rig: Rig) -> None:
    """The incident goes on and opens again; another incident later is another matter."""
    rig.press(101)
    rig.wait(10)
    rig.acknowledge()
    confirmed(rig, "normal")
    rig.wait(60)
    rig.press(102)  # opens it again
    assert rig.rooms_heard() == ["0 s lockdown", "10 s normal"]
    rig.resolve()
    rig.press(103)
    assert rig.rooms_heard() == ["70 s lockdown"]


def test_a_person_s_normal_does_not_hold_against_a_higher_kind_in_the_same_incident(rig: Rig) -> None:
    """It was said of a call for help; that somebody then pressed panic nobody could have known."""
    rig.press(101, "help", "assist")
    rig.posture("normal")
    rig.wait(10)
    rig.press(102)
    assert rig.rooms_heard() == ["0 s normal", "10 s lockdown"]


def test_a_duress_sets_nothing(rig: Rig) -> None:
    """No room shows that somebody called, whatever its plan says; a panic that joins it does."""
    rig.press(101, "quiet", "duress")
    rig.wait(600)
    assert rig.rooms_heard() == []
    rig.press(102)
    assert rig.rooms_heard() == ["600 s lockdown"]


def test_the_plan_s_word_waits_for_its_room_s_plan(make_rig: Make) -> None:
    """A room that joins by another plan brings that plan's posture."""
    settings = raising(panic="secure")
    north = replace(settings.plans["panic"], buildings=("North",), posture="lockdown")
    rig = make_rig(replace(settings, plans={"north": north, **settings.plans}))
    rig.rooms_heard()
    rig.press(101)
    rig.wait(10)
    rig.press(140)
    assert rig.rooms_heard() == ["0 s secure", "10 s lockdown"]


def test_the_officer_is_asked_on_the_phone_too(make_rig: Make) -> None:
    """Whose posture keeps a plan from raising it; once, and not again while the question stands."""
    rig = make_rig(raising(group_by="device"))
    rig.posture("hold")
    rig.press(101)
    rig.press(102)
    assert rig.told() == ["0 s sro posture.asked: Which posture is to hold?"]
    text = rig.told_of_troubles[-1].text
    assert "incident 1: its plan asks for lockdown, and a person set hold. HOLD holds now." in text
    rig.posture("hold")
    rig.press(103)
    assert rig.told() == ["0 s sro posture.asked: Which posture is to hold?"]


def test_a_drill_s_posture_is_raised_over_by_a_panic_alone(make_rig: Make) -> None:
    """A medical leaves it as it is, whatever its plan says; a panic's plan raises it, and it is real."""
    rig = make_rig(raising(medical="secure"))
    rig.rooms_heard()
    decision = Decision(rig.now().mono)
    rig.site.postures.begin_drill(decision, "hold", "a drill", rig.now())
    rig._do(decision)
    rig.press(101, "nurse", "medical")
    assert rig.rooms_heard() == ["0 s hold (drill)"]
    rig.wait(10)
    rig.press(102)
    assert rig.rooms_heard() == ["10 s lockdown"]


# --- the disk, the clock, the broker, a kill ---


def test_a_lockdown_does_not_wait_for_a_sick_disk(rig: Rig) -> None:
    rig.disk = "hung"
    rig.wait(10)
    answer = rig.posture("lockdown")
    assert isinstance(answer, PostureSet)
    assert not answer.recorded
    assert rig.rooms_heard() == []
    rig.wait(0.25)
    assert rig.rooms_heard() == ["10.25 s lockdown"]


def test_a_plan_s_lockdown_does_not_wait_for_a_sick_disk_either(rig: Rig) -> None:
    rig.disk = "hung"
    rig.press(101)
    rig.wait(0.25)
    assert rig.rooms_heard() == ["0.25 s lockdown"]


@pytest.mark.parametrize("of", ["machine", "hub"])
def test_it_survives_a_restart(rig: Rig, of: Any) -> None:
    rig.posture("lockdown")
    before = rig.view.posture
    rig.restart(60, of=of)
    assert rig.view.posture == before
    assert rig.rooms_heard() == ["0 s lockdown"]


def test_a_kill_between_commit_and_publishing(rig: Rig) -> None:
    """What is in the record is said at the next start."""
    rig.disk = "hung"
    rig.posture("lockdown")
    rig.commit_only(1)
    rig.restart(5)
    assert rig.rooms_heard() == ["5 s lockdown"]


@pytest.mark.parametrize("by_plan", [False, True])
def test_a_kill_after_it_was_told_from_memory(rig: Rig, by_plan: bool) -> None:
    """The rooms hold a lockdown that the record never had: the board shows what they hold, and asks."""
    rig.disk = "hung"
    rig.wait(10)
    if by_plan:
        rig.press(101)
        rig.broker.clear()  # nobody sends it again
    else:
        rig.posture("lockdown")
    rig.wait(1)
    rig.restart(5)
    assert rig.rooms_heard() == ["10.25 s lockdown"]
    now = rig.view.posture
    assert (now.posture, now.message()) == ("lockdown", rig.rooms)
    assert now.asked is not None
    assert now.asked.why.endswith("this hub's record has lost who set it")
    confirmed(rig, "normal")
    assert rig.rooms_heard() == ["16 s normal"]
    assert rig.view.posture.asked is None


def test_a_hub_that_never_had_a_posture_lowers_none(rig: Rig, empty_record: Path, tmp_path: Path) -> None:
    """Its record is empty, or gone: what the broker keeps from before stays, and a person is asked."""
    rig.posture("lockdown")
    kept = rig.rooms
    rig.wait(60)
    (tmp_path / "new").mkdir()
    shutil.copy(empty_record, tmp_path / "new" / "tocsin.db")
    new = Rig(tmp_path / "new", rig.settings)
    new.wait(60)
    assert kept is not None
    new.retained = new.rooms = kept
    new._meet_broker()
    assert new.view.posture.posture == "lockdown"
    assert new.view.posture.asked is not None
    assert new.rooms == new.view.posture.message()


@pytest.fixture
def empty(rig: Rig, empty_record: Path, tmp_path: Path) -> Rig:
    """A hub with an empty record beside a broker that keeps the lockdown of the one before it."""
    rig.posture("lockdown")
    (tmp_path / "new").mkdir()
    shutil.copy(empty_record, tmp_path / "new" / "tocsin.db")
    new = Rig(tmp_path / "new", rig.settings)
    new.wait(60)
    assert rig.rooms is not None
    new.retained = new.rooms = replace(rig.rooms, n=new.now().wall - 30_000)
    new.rooms_heard()
    return new


def test_an_empty_record_says_nothing_before_it_has_heard(empty: Rig) -> None:
    """Then it is the lockdown that the rooms hold: no broker keeps a normal in between."""
    kept = empty.retained
    empty.link("rest", up=True)
    empty.wait(1.9)
    assert (empty.rooms_heard(), empty.retained) == ([], kept)
    assert kept is not None
    empty._input(PostureHeard(kept))
    empty.wait(60)
    assert (empty.rooms_heard(), empty.retained) == ([], empty.view.posture.message())
    assert empty.view.posture.posture == "lockdown"


def test_an_empty_record_says_its_own_where_no_broker_answers(empty: Rig) -> None:
    """Two seconds after the connection came up last."""
    empty.retained = empty.rooms = None
    empty.link("rest", up=True)
    empty.wait(1.5)
    empty.link("rest", up=False)
    empty.link("rest", up=True)
    empty.wait(1.9)
    assert empty.rooms_heard() == []
    empty.wait(0.1)
    assert empty.rooms_heard() == ["63.5 s normal"]


def test_a_plan_of_an_empty_record_does_not_lower_what_is_heard_next(empty: Rig) -> None:
    """Somebody presses before the broker's word is there: the rooms stay in the lockdown they hold."""
    empty.link("rest", up=True)
    kept = empty.retained
    assert kept is not None
    empty.press(101, "nurse", "medical")
    empty._input(PostureHeard(kept))
    assert empty.rooms_heard() == ["60 s hold", "60 s lockdown"]
    assert empty.view.posture.asked is not None


def test_what_a_person_says_beside_an_empty_record_stands(empty: Rig) -> None:
    kept = empty.retained
    assert kept is not None
    empty.link("rest", up=True)
    empty.posture("secure")
    empty._input(PostureHeard(kept))
    empty.wait(10)
    assert empty.rooms_heard() == ["60 s secure"]


def test_the_clock_set_back_makes_no_room_deaf(rig: Rig) -> None:
    """Numbers only rise."""
    rig.posture("lockdown")
    rig.wall_jumps(-86_400)
    confirmed(rig, "normal")
    rig.crash()
    rig.wall_jumps_silently(-86_400)
    rig.restart(1)
    rig.posture("secure")
    assert rig.rooms_heard() == ["0 s lockdown", "0 s normal", "1 s secure"]


def test_a_restored_hub_publishes_nothing_before_a_person_has_said(rig: Rig) -> None:
    """It shows what it has, asks, and lets no plan publish; with a person's word all goes on."""
    rig.posture("secure")
    hold_back(rig, "restored from the backup of yesterday")
    rig.restart(60)
    rig.press(101)
    assert rig.rooms_heard() == ["0 s secure"]
    assert rig.view.posture.asked is not None
    rig.posture("secure")
    assert rig.rooms_heard() == ["60 s secure"]


def hold_back(rig: Rig, why: str) -> None:
    """What a restore does to the record; and the broker is another, which keeps nothing."""
    decision = Decision(rig.now().mono)
    rig.site.postures.hold_back(decision, why, rig.now())
    rig.journal.commit([decision])
    rig.retained = None
