"""The posture of a drill, and who takes it off."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from config.channel_settings import AppriseSettings, WebhookSettings
from hub.asking import EndDrill
from tests.scenarios.drills.drilling import drill, posture, real, start, unexpected
from tests.scenarios.rig import Make, Rig
from tests.scenarios.school import school

ZONES = {"panic": "wall", "duress": "quiet", "medical": "nurse", "assist": "help"}


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
