"""Who is told of a trouble, when and how often, as scripts: one notice of many, and never before a press."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from config.channel_settings import AppriseSettings, WebhookSettings
from config.hub_settings import AudienceSettings
from config.trouble_settings import TroublesSettings
from tests.scenarios.maintained import NAMES, with_maintenance
from tests.scenarios.rig import Make, Rig


def test_what_ends_within_a_minute_is_told_to_nobody(school: Rig) -> None:
    """A reboot is in the record, and no more."""
    school.state(101, online=False)
    school.all_speak(50, 101)
    school.state(101, boot="c", wall="normal")
    school.all_speak(300)
    assert school.told() == []


def test_a_room_without_a_live_button_is_the_officer_s_too(school: Rig) -> None:
    """Maintenance hears all of it; the officer that one thing, and its end."""
    school.state(101, online=False)
    school.all_speak(61, 101)
    assert sorted(school.told()) == [
        "60 s maintenance opened: NO LIVE BUTTON: Room 101, and 2 other troubles",
        "60 s sro opened: NO LIVE BUTTON: Room 101",
    ]
    school.state(101, boot="c", wall="normal")
    school.all_speak(61)
    assert sorted(line.partition(" s ")[2] for line in school.told()) == [
        "maintenance restored: Over: NO LIVE BUTTON: Room 101, and 2 other troubles",
        "sro restored: Over: NO LIVE BUTTON: Room 101",
    ]


def test_it_is_one_only_when_every_button_is_out(school: Rig) -> None:
    """Wall, desk, quiet, nurse and help: with the last of them nobody could call."""
    buttons = ("wall", "desk", "quiet", "nurse", "help")
    for zone in buttons[:-1]:
        school.zone_says(101, "tamper", zone, cause="cut")
    assert school.troubles("unprotected") == []
    school.zone_says(101, "trouble", "help", cause="chatter")  # it comes and goes, and is heard
    assert school.troubles("unprotected") == []
    school.zone_says(101, "trouble", "help", cause="stuck")
    assert school.troubles("unprotected") == ["unprotected room-101"]
    school.zone_says(101, "tamper-restoral", "desk", cause="cut")
    assert school.troubles("unprotected") == []


def test_a_broker_that_silences_60_rooms_is_one_notice(make_rig: Make) -> None:
    """To each of two people, with a list; not 60, nor 120. And one when all is well."""
    rig = make_rig(with_maintenance())
    rig.all_speak(60)
    rig.link("events", up=False)
    rig.link("rest", up=False)
    rig.wait(200)
    assert len(rig.troubles("silent")) == 60
    told = rig.told_of_troubles
    assert [(notice.audience, notice.type) for notice in told] == [
        ("maintenance", "opened"),
        ("sro", "opened"),
    ]
    assert told[0].title == "NO LIVE BUTTON: 60 rooms, and 62 other troubles"
    assert "No connection to the broker" in told[0].text
    assert "Room 101, Room 102" in told[1].text
    rig.link("rest", up=True)
    rig.link("events", up=True)
    rig.all_speak(120)
    assert rig.troubles() == []
    assert [(notice.audience, notice.type) for notice in rig.told_of_troubles[2:]] == [
        ("maintenance", "restored"),
        ("sro", "restored"),
    ]


def test_what_flaps_is_told_once(school: Rig) -> None:
    """A loose wire: open, held, over after 10 min of quiet; one notice of each."""
    for _ in range(20):
        school.zone_says(101, "tamper", cause="cut")
        school.all_speak(20)
        school.zone_says(101, "tamper-restoral", cause="cut")
        school.all_speak(10)
    assert school.troubles() == ["tamper room-101 wall cut"]
    school.all_speak(700)
    assert school.troubles() == []
    assert [notice.type for notice in school.told_of_troubles] == ["opened", "restored"]


def test_what_stays_open_is_told_again_each_day(school: Rig) -> None:
    """Nobody forgets it."""
    school.zone_says(101, "tamper", cause="cut")
    school.all_speak(60 + 2 * 86_400 + 10, every_s=40)
    assert [notice.at for notice in school.told_of_troubles] == [60, 86_460, 172_860]


def test_off_duty_it_is_told_when_somebody_is_there(make_rig: Make) -> None:
    """Maintenance sleeps; the trouble waits for them, the officer's own does not."""
    from tests.scenarios.school import person
    from tests.scenarios.school import school as with_people

    settings = with_people()
    people = dict(settings.people) | {"pat": person("Pat", reach=("custodian",), on_duty=("nights",))}
    audiences = dict(settings.audiences) | {"maintenance": AudienceSettings(channels=(), members=("pat",))}
    rig = make_rig(replace(settings, people=people, audiences=audiences, rooms=settings.rooms[:1]))
    rig.state(101, wall="normal")
    rig.zone_says(101, "tamper", cause="cut")
    rig.all_speak(8 * 3600, every_s=40)
    (notice,) = rig.told_of_troubles
    assert notice.audience == "maintenance"
    assert 6.7 * 3600 < notice.at < 7.1 * 3600  # 16:00, and a quarter of an hour at most


def test_machines_are_told_no_trouble_unless_they_ask(make_rig: Make) -> None:
    """The contract's webhook has four types of body; another is posted only to who asked for it."""
    for asks, types in ((False, []), (True, ["opened"])):
        channels: dict[str, Any] = {name: AppriseSettings() for name in NAMES}
        channels["maintenance"] = WebhookSettings(troubles=asks)
        rig = make_rig(with_maintenance(1, channels=channels))
        rig.state(101, wall="normal")
        rig.zone_says(101, "tamper", cause="cut")
        rig.all_speak(90)
        assert [notice.type for notice in rig.told_of_troubles] == types


def test_a_school_says_whom_and_when(make_rig: Make) -> None:
    """Other audiences, at once; and none at all."""
    troubles = TroublesSettings(notify=("principal",), unprotected=(), after_s=0)
    rig = make_rig(with_maintenance(1, troubles=troubles))
    rig.state(101, online=True, wall="normal")
    rig.state(101, online=False)
    rig.wait(1)
    assert [line.partition(":")[0] for line in rig.told()] == ["0 s principal opened"]


def test_a_press_goes_before_every_notice_of_a_trouble(school: Rig) -> None:
    """Whatever was owed before it."""
    school.far["sro"] = "hangs"
    school.state(101, online=False)
    school.wait(61)
    school.press(102)
    waiting = sorted(
        (d for d in school.in_hand.values() if d.target.channel == "sro"), key=lambda d: d.urgency
    )
    assert [d.type for d in waiting] == ["incident.opened", "trouble.opened"]


def test_what_repeats_a_trouble_that_is_over_is_told_nobody(school: Rig) -> None:
    """The mail is down as the day's repeat is owed, and the wire is mended before it is back: only that the
    trouble is over is told. A first word that waited is told all the same."""
    school.zone_says(101, "tamper", cause="cut")
    school.all_speak(120)
    before = len(school.told_of_troubles)
    school.far = {"maintenance": "down"}
    school.all_speak(86_400, every_s=40)
    school.zone_says(102, "tamper", cause="cut")
    school.all_speak(70)
    school.zone_says(101, "tamper-restoral", cause="cut")
    school.zone_says(102, "tamper-restoral", cause="cut")
    school.all_speak(70)
    school.far = {}
    school.all_speak(120)
    told = school.told_of_troubles[before:]
    (opened,) = [notice.text for notice in told if notice.type == "opened"]
    assert "Room 102" in opened
    assert "Room 101" not in opened
    assert any("Wire fault: 2 rooms" in notice.title for notice in told if notice.type == "restored")


def test_what_repeats_a_trouble_that_is_open_still_waits_on(school: Rig) -> None:
    """Another one ends meanwhile: the word on the first is owed all the same."""
    school.zone_says(101, "tamper", cause="cut")
    school.all_speak(120)
    before = len(school.told_of_troubles)
    school.far = {"maintenance": "down"}
    school.all_speak(86_400, every_s=40)
    school.zone_says(102, "tamper", cause="cut")
    school.zone_says(102, "tamper-restoral", cause="cut")
    school.all_speak(70)
    school.far = {}
    school.all_speak(120)
    opened = [told.text for told in school.told_of_troubles[before:] if told.type == "opened"]
    assert any("Room 101" in text for text in opened)


def test_one_notice_names_so_many_troubles_as_data_and_counts_them_all(
    school: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its repeat waits on as those it names end: of the others it is still true."""
    monkeypatch.setattr("hub.trouble_notices.TOGETHER", 2)
    for room, zone in ((101, "wall"), (101, "desk"), (102, "wall")):
        school.zone_says(room, "tamper", zone, "cut")
    school.all_speak(120)
    (first,) = school.told_of_troubles
    assert first.keys == ("tamper room-101 wall cut", "tamper room-101 desk cut")
    assert first.title == "Wire fault, 3 times: 2 rooms"
    school.far = {"maintenance": "down"}
    school.all_speak(86_400, every_s=40)
    for zone in ("wall", "desk"):
        school.zone_says(101, "tamper-restoral", zone, "cut")
    school.all_speak(120)
    school.far = {}
    school.all_speak(120)
    wires = [notice.title for notice in school.told_of_troubles if "Wire fault" in notice.title]
    assert wires == [first.title, "Over: Wire fault, 2 times: Room 101", first.title]
