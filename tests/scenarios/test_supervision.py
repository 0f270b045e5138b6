"""Supervision as scripts: what fails shows itself in its time, over a restart too, until it is well."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from config.hub_settings import AudienceSettings
from hub.asking import ClearTrouble, Refused, TroubleCleared
from hub.inputs import BrokerDropped, ClockTrust, Measured
from tests.scenarios.rig import Rig

# --- known within its time, and over when it is well ---------------------------------------------------


def test_a_silent_agent_is_known_in_45_s(school: Rig) -> None:
    """And a last will at once; being heard ends both."""
    school.all_speak(44.9, 101)
    assert school.troubles() == []
    school.all_speak(0.2, 101)
    assert school.troubles() == ["silent room-101", "unprotected room-101"]
    school.health(101)
    assert school.troubles() == []
    school.state(102, online=False)
    assert school.troubles() == ["offline room-102", "unprotected room-102"]
    school.state(102)
    assert school.troubles() == []


@pytest.mark.parametrize(
    ("what", "wrong", "well"),
    [
        ("hot", {"cpu_c": 82.0}, {"cpu_c": 60.0}),
        ("low-voltage", {"under_voltage": True}, {"under_voltage": False}),
        ("on-battery", {"on_battery": True}, {"on_battery": False}),
        ("battery-low", {"battery_low": True}, {"battery_low": False}),
        ("disk-low", {"disk_free_mb": 10.0}, {"disk_free_mb": 900.0}),
        ("memory-low", {"memory_free_mb": 10.0}, {"memory_free_mb": 900.0}),
        ("link", {"troubles": ["link annex: no route"]}, {"troubles": []}),
        ("agent-trouble", {"troubles": ["outbox: can't be written"]}, {"troubles": []}),
        ("version", {"version": "0.0.1"}, {"version": "0.1.0"}),
        ("certificate", {"cert_ends": "2026-10-01T00:00:00.000Z"}, {"cert_ends": "2028-01-01T00:00:00.000Z"}),
        ("clock-drift", {"at": "2026-09-21T15:13:20.000Z"}, None),
    ],
)
def test_what_an_agent_tells_of_itself_is_known_with_its_health(
    school: Rig, what: str, wrong: dict[str, Any], well: dict[str, Any] | None
) -> None:
    """Maintenance is told a minute later, once; then that it is over."""
    school.health(101, **wrong)
    assert [t.what for t in school.view.troubles.values()] == [what]
    for _ in range(5):
        school.health(101, **wrong)
        school.health(102)
        school.wait(15)
    (told,) = school.told_of_troubles
    assert (told.audience, told.type) == ("maintenance", "opened")
    assert "Room 101" in told.title
    for _ in range(9):
        now = {"at": school.stamp()} if well is None else well
        school.health(101, **now)
        school.health(102)
        school.wait(15)
    assert school.troubles() == []
    assert [notice.type for notice in school.told_of_troubles] == ["opened", "restored"]


def test_a_wire_that_is_cut_is_known_with_its_word(school: Rig) -> None:
    """And of a room with other buttons the officer hears nothing."""
    school.zone_says(101, "tamper", cause="cut")
    assert school.troubles() == ["tamper room-101 wall cut"]
    school.all_speak(90)
    assert school.told() == ["60 s maintenance opened: Wire fault: Room 101, wall"]
    school.zone_says(101, "tamper-restoral", cause="cut")
    assert school.troubles() == []


def test_a_broker_that_is_down_is_known_at_once(school: Rig) -> None:
    """It is tried every 2 s, and is one trouble; what it drops is another, for a day."""
    for _ in range(5):
        school.link("events", up=False)
        school.wait(2)
    assert [t.key for t in school.view.troubles.values()] == ["broker events"]
    assert school.view.troubles["broker events"].count == 1
    school.link("events", up=True)
    school.site.decide(BrokerDropped(7), school.now())
    assert "broker dropped" in school.site.troubles.open
    assert "broker events" not in school.troubles()


def test_a_gap_in_the_numbers_is_known_after_a_minute(school: Rig) -> None:
    """By both rooms' own numbers; the missing one ends it."""
    school.press(101, what="restoral", seq=1)
    school.press(101, what="restoral", seq=3)
    school.all_speak(59)
    assert school.troubles() == []
    school.all_speak(2)
    assert school.troubles() == ["seq-gap room-101"]
    school.press(101, what="restoral", seq=2)
    assert school.troubles() == []


def test_two_machines_under_one_id_are_known_and_both_can_call(school: Rig) -> None:
    """A card was copied: the events of both are taken."""
    for boot in ("b", "c", "b"):
        school.health(101, boot=boot)
        school.health(102)
        school.wait(15)
    assert school.troubles() == ["two-boots room-101"]
    school.press(101, boot="b", id="b-1")
    school.press(101, "desk", boot="c", id="c-1")
    (incident,) = school.view.incidents.values()
    assert [press.id for press in incident.events] == ["b-1", "c-1"]


def test_a_person_clears_what_happened_and_not_what_is_so(school: Rig) -> None:
    """The gap is forgotten: it opens again with another that lasts, and with nothing else."""
    school.press(101, "door", kind="door", what="open")
    school.press(101, "door", kind="door", what="closed", seq=5)
    school.all_speak(61)
    assert school.troubles("seq-gap") == ["seq-gap room-101"]
    cleared = school.ask(ClearTrouble("seq-gap room-101", "Lee", "board", "the card was changed"))
    assert isinstance(cleared, TroubleCleared)
    assert school.troubles() == []
    school.press(101, "door", kind="door", what="open", seq=6)
    school.all_speak(120)
    assert school.troubles("seq-gap") == []
    school.press(101, "door", kind="door", what="closed", seq=9)
    school.all_speak(61)
    assert school.troubles("seq-gap") == ["seq-gap room-101"]
    assert "cleared by Lee" not in str(school.record())  # who, and what they say, lies beside the chain
    assert [what for what, _, _ in school.record()].count("trouble-cleared") == 1
    school.all_speak(60, 102)
    refused = school.ask(ClearTrouble("silent room-102", "Lee", "board"))
    assert isinstance(refused, Refused)
    assert (refused.error, school.troubles("silent")) == ("not-in-this-state", ["silent room-102"])
    unknown = school.ask(ClearTrouble("silent room-999", "Lee", "board"))
    assert isinstance(unknown, Refused)
    assert unknown.error == "not-found"


def test_the_hub_s_own_disk_clock_and_certificates(school: Rig) -> None:
    """As the shell finds them."""
    ends = {"the hub's certificate": school.now().wall + 86_400_000}
    facts = (Measured(disk_free_mb=10.0, cert_ends=ends), ClockTrust(False))
    for fact in facts:
        school.site.decide(fact, school.now())
    school.wait(301)
    for fact in facts:
        school.site.decide(fact, school.now())
    found = set(school.site.troubles.open)
    assert {"hub-disk", "hub-clock", "hub-certificate the hub's certificate"} <= found
    ends = {"the hub's certificate": school.now().wall + 365 * 86_400_000}
    school.site.decide(Measured(9000.0, ends), school.now())
    school.site.decide(ClockTrust(True), school.now())
    assert {"hub-disk", "hub-clock", "hub-certificate the hub's certificate"}.isdisjoint(
        school.site.troubles.open
    )


def test_a_dead_channel_is_known_within_5_min_without_an_incident(school: Rig) -> None:
    """Two probes that find nobody; one that does ends it. One alone is chance."""
    for _ in range(3):
        school.probed("dispatch", "connection refused")
        assert school.troubles() == []
        school.all_speak(120)
        school.probed("dispatch")
    school.probed("dispatch", "connection refused")
    school.all_speak(120)
    school.probed("dispatch", "connection refused")
    assert school.view.troubles["channel dispatch -"].detail == (
        "dispatch can't be reached: connection refused"
    )
    school.all_speak(120)
    school.probed("dispatch")
    assert school.troubles() == []


def test_one_of_two_ways_that_is_dead_is_a_trouble_and_no_dead_channel(school: Rig) -> None:
    """Twice in a row; the channel is reached, so the beat says that a panic reaches somebody."""
    school.probed("dispatch", impaired="primary: connection refused; back-up: ACK")
    assert school.troubles() == []
    school.probed("dispatch", impaired="primary: connection refused; back-up: ACK")
    assert school.troubles() == ["channel-impaired dispatch"]
    school.probed("dispatch", "timed out")
    school.probed("dispatch", "timed out")
    assert school.troubles() == ["channel dispatch -"]
    school.probed("dispatch", impaired="primary: connection refused; back-up: ACK")
    school.probed("dispatch", impaired="primary: connection refused; back-up: ACK")
    assert school.troubles() == ["channel-impaired dispatch"]
    rest = {name: one for name, one in school.settings.channels.items() if name != "dispatch"}
    audiences = school.settings.audiences | {"dispatch": AudienceSettings(channels=("sro",))}
    school.reload(replace(school.settings, channels=rest, audiences=audiences))
    assert school.troubles() == []


def test_a_probe_does_not_end_what_a_notice_failed_by(school: Rig) -> None:
    """That somebody listens is not that they take it: only a delivery shows that."""
    school.far["sro"] = "refuses"
    school.press(101)
    assert school.troubles() == ["channel sro -"]
    school.probed("sro")
    assert school.troubles() == ["channel sro -"]
    school.far["sro"] = "takes"
    school.acknowledge()
    assert school.troubles() == []


# --- after a restart ----------------------------------------------------------------------------------


def test_after_a_restart_nobody_is_well_until_heard(school: Rig) -> None:
    """Retained states are last known; what was wrong stays so until it is seen to be well."""
    school.health(101, cpu_c=85.0)
    school.restart(5)
    school.state(101, retained=True, wall="normal")
    assert {d.standing for d in school.view.devices.values()} == {"not heard yet"}
    assert school.troubles() == ["hot room-101"]
    school.wait(45)
    assert school.troubles("silent", "unprotected") == [
        "silent room-101",
        "silent room-102",
        "unprotected room-101",
        "unprotected room-102",
    ]
    school.health(101, cpu_c=50.0)
    school.health(102)
    assert school.troubles() == []


def test_what_was_told_before_a_restart_is_not_told_again(school: Rig) -> None:
    """And what was still owed is."""
    school.zone_says(101, "tamper", cause="cut")
    school.all_speak(61)
    assert len(school.told()) == 1
    school.restart(1)
    for room in (101, 102):
        school.state(room, wall="normal")
    school.all_speak(3600)
    assert school.told() == []
    school.far["maintenance"] = "down"
    school.zone_says(102, "tamper", "desk", cause="short")
    school.all_speak(70)
    school.restart(1)
    school.far["maintenance"] = "takes"
    school.all_speak(70)
    assert [line.partition(" ")[2] for line in school.told()] == [
        "s maintenance opened: Wire fault: Room 102, desk"
    ]
