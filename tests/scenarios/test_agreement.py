"""The agreement with the police as scripts: what dispatch is told without one, and people instead."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from msgspec.structs import replace

from config.channel_settings import WebhookSettings
from config.hub_settings import AudienceSettings, HubSettings
from hub.inputs import Measured
from hub.notice import sentence
from tests.scenarios.rig import AGREEMENT, Make, Rig, site_settings

DAY = 86_400.0
NOT_CONNECTED = "Dispatch is not connected: call 911."


def settings(**mou: Any) -> HubSettings:
    return replace(site_settings(), mou=replace(AGREEMENT, **mou))


def texts(rig: Rig) -> dict[str, str]:
    """What each audience was told first, as a person reads it."""
    found: dict[str, str] = {}
    for notice in rig.notices:
        found.setdefault(notice.audience, sentence(notice.body, "UTC")[1])
    return found


@pytest.mark.parametrize(
    "lacks", [{"consented_by": None}, {"permit": None}, {"review": None}, {"kinds": ()}, {"contacts": ()}]
)
def test_dispatch_is_told_nothing_without_all_of_an_agreement(make_rig: Make, lacks: dict[str, Any]) -> None:
    """Everybody else is told as ever, and what to do instead; the timeline says why."""
    rig = make_rig(settings(**lacks))
    rig.press(101)
    rig.wait(200)
    assert {notice.audience for notice in rig.notices} == {"sro", "principal"}
    assert all(NOT_CONNECTED in text for text in texts(rig).values())
    [why] = [reason for what, reason in rig.timeline() if what == "not-sent"]
    assert why.startswith("not sent: dispatch is not connected: the settings don't name the agreement (mou.")


def test_dispatch_is_told_by_an_agreement(rig: Rig) -> None:
    rig.press(101)
    rig.wait(61)
    assert set(texts(rig)) == {"sro", "principal", "dispatch"}
    assert not any(NOT_CONNECTED in text for text in texts(rig).values())


def test_an_agreement_is_for_the_kinds_that_it_names(make_rig: Make) -> None:
    """Of the others people are told to call."""
    rig = make_rig(settings(kinds=("panic", "duress")))
    rig.press(101, "nurse", "medical")
    rig.wait(100)
    assert set(texts(rig)) == {"sro", "principal"}
    assert all(NOT_CONNECTED in text for text in texts(rig).values())


def test_of_an_assist_nobody_is_told_to_call(make_rig: Make) -> None:
    rig = make_rig(settings(kinds=("panic",)))
    rig.press(102, "help", "assist")
    rig.wait(100)
    assert set(texts(rig)) == {"sro", "principal"}
    assert not any(NOT_CONNECTED in text for text in texts(rig).values())


def test_a_press_of_an_agreed_kind_is_told_though_the_first_was_of_another(make_rig: Make) -> None:
    rig = make_rig(settings(kinds=("panic",)))
    rig.press(101, "nurse", "medical")
    rig.wait(100)
    assert "dispatch" not in texts(rig)
    rig.press(102)
    rig.wait(100)
    assert "dispatch" in texts(rig)


def test_a_channel_says_for_itself_whom_it_reaches(make_rig: Make) -> None:
    """The district's own desk in the audience of that name is the school's; a police webhook is, anywhere."""
    whole = settings(permit=None)
    hook = WebhookSettings(url="http://127.0.0.1:1/")
    channels = whole.channels | {
        "desk": replace(hook, reaches="school"),
        "county": replace(hook, reaches="police"),
    }
    audiences = whole.audiences | {
        "dispatch": AudienceSettings(channels=("desk",)),
        "principal": AudienceSettings(channels=("principal", "county")),
    }
    rig = make_rig(replace(whole, channels=channels, audiences=audiences))
    rig.press(101)
    rig.wait(61)
    assert {notice.channel for notice in rig.notices} == {"sro", "principal", "desk"}


def test_a_hub_that_reaches_nobody_but_police_without_an_agreement_reaches_nobody(make_rig: Make) -> None:
    """The lamps must not show that a press would be heard."""
    whole = settings(permit=None)
    audiences = {
        "sro": AudienceSettings(channels=()),
        "principal": AudienceSettings(channels=()),
        "dispatch": AudienceSettings(channels=("dispatch",)),
    }
    rig = make_rig(replace(whole, audiences=audiences))
    assert rig.site.directory.panic_targets() == ()
    rig.reload(replace(whole, audiences=audiences, mou=AGREEMENT))
    assert len(rig.site.directory.panic_targets()) == 1


def told_of(rig: Rig, what: str) -> list[str]:
    return [notice.audience for notice in rig.told_of_troubles if what in notice.text]


def test_its_renewal_is_asked_for_and_nothing_is_switched_off(make_rig: Make) -> None:
    """From 60 days before, weekly; past its day, daily; and dispatch is told all the while."""
    whole = settings(review=date(2026, 11, 30), joint_test=date(2026, 9, 1))
    audiences = whole.audiences | {"administration": AudienceSettings(channels=("principal",))}
    rig = make_rig(replace(whole, audiences=audiences))

    def days(count: int) -> None:
        for _ in range(count):
            rig.wait(DAY)
            rig._input(Measured())

    days(9)  # 30 September: 61 days before
    assert rig.troubles("agreement-soon") == []
    days(1)
    assert rig.troubles("agreement-soon") == ["agreement-soon"]
    days(15)
    assert sorted(told_of(rig, "is to be renewed by 2026-11-30")) == ["administration"] * 3 + ["sro"] * 3
    days(45)
    assert (rig.troubles("agreement-soon"), rig.troubles("agreement")) == ([], ["agreement"])
    days(5)
    assert len(told_of(rig, "has been due for renewal since 2026-11-30")) == 2 * 6
    rig.press(101)
    rig.wait(61)
    assert "dispatch" in texts(rig)
    rig.reload(replace(rig.settings, mou=replace(rig.settings.mou, review=date(2027, 11, 30))))
    rig._input(Measured())
    assert rig.troubles("agreement") == []


def test_the_joint_test_is_due_each_year(make_rig: Make) -> None:
    rig = make_rig(settings(joint_test=None))
    rig._input(Measured())
    assert rig.view.troubles["joint-test"].detail.endswith("is due: there was none yet")
    rig.reload(settings(joint_test=date(2026, 9, 20)))
    rig._input(Measured())
    assert rig.troubles("joint-test") == []
    rig.wall_jumps(366 * DAY)
    rig._input(Measured())
    assert rig.troubles("joint-test") == ["joint-test"]


def test_a_dispatch_that_is_set_up_and_not_agreed_is_a_trouble(make_rig: Make) -> None:
    rig = make_rig(settings(permit=None, contacts=()))
    rig._input(Measured())
    said = rig.view.troubles["not-connected"].detail
    assert said.endswith("(mou.permit, mou.contacts (at least 3))")
    rig.reload(settings())
    rig._input(Measured())
    assert rig.troubles("not-connected") == []
