"""Supervision as scripts: what fails shows itself in its time, who is told of it, and when it is over."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from config.hub_settings import AppriseSettings, AudienceSettings, HubSettings, WebhookSettings
from config.trouble_settings import TroublesSettings
from hub.asking import Bypassed, ClearTrouble, Refused, TroubleCleared
from hub.inputs import BrokerDropped, ClockTrust, Measured
from tests.scenarios.rig import Rig, site_settings

Make = Callable[[HubSettings], Rig]
NAMES = ("sro", "principal", "dispatch", "maintenance")


def with_maintenance(rooms: int = 60, **more: Any) -> HubSettings:
    """The rig's school with people who keep it working."""
    whole: dict[str, Any] = {
        "channels": {name: AppriseSettings() for name in NAMES},
        "audiences": {name: AudienceSettings(channels=(name,)) for name in NAMES},
    }
    settings = site_settings(**(whole | more))
    return replace(settings, rooms=settings.rooms[:rooms])


@pytest.fixture
def school(make_rig: Make) -> Rig:
    """Two rooms, each heard, with somebody for maintenance."""
    rig = make_rig(with_maintenance(2))
    for room in (101, 102):
        rig.state(room, wall="normal")
    return rig


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


# --- who is told, and of how much ---------------------------------------------------------------------


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


# --- bypass -------------------------------------------------------------------------------------------


def test_a_bypass_silences_faults_and_never_a_press(school: Rig) -> None:
    """Nobody is told of the wire; the button beside it, and the zone itself once it is at rest, call."""
    school.zone_says(101, "tamper", cause="cut")
    school.state(101, wall="cut")
    answer = school.bypass(101)
    assert isinstance(answer, Bypassed)
    assert answer.bypass is not None
    assert (answer.bypass.by, answer.bypass.reason, answer.bypass.press_alarms) == ("Lee", "wire", False)
    school.all_speak(120)
    assert school.told() == []
    assert school.troubles() == ["tamper room-101 wall cut"]  # shown all the same
    school.press(101, "desk")
    assert len(school.view.incidents) == 1


def test_a_press_of_a_bypassed_zone_alarms_even_while_its_wire_is_cut(school: Rig) -> None:
    """A changeover reads a press for certain with one wire cut; only what is in doubt is silenced."""
    school.zone_says(101, "tamper", cause="cut")
    school.state(101, wall="cut")
    school.bypass(101)
    school.press(101, cause="short")
    assert school.view.incidents == {}
    school.press(101)
    assert len(school.view.incidents) == 1


def test_a_contact_that_is_stuck_now_is_silenced_until_it_has_read_normal(school: Rig) -> None:
    """It called, it stuck, its incident is closed; then it is bypassed, and calls again only from rest."""
    school.press(101)
    school.resolve("false-alarm")
    school.state(101, wall="active")
    school.zone_says(101, "trouble", cause="stuck")
    school.bypass(101)
    school.press(101)
    assert school.view.incidents == {}
    assert len(school.receipts) == 3  # it is recorded and receipted all the same
    school.zone_says(101, "restoral")
    assert school.view.bypasses["room-101", "wall"].press_alarms
    school.press(101)
    assert len(school.view.incidents) == 1


def test_its_state_at_rest_is_a_rest_too(school: Rig) -> None:
    """The agent says so in its state; the event may be under way."""
    school.state(101, wall="active")
    school.bypass(101)
    school.state(101, wall="normal")
    school.press(101)
    assert len(school.view.incidents) == 1


@pytest.mark.parametrize("why", ["gap", "boot", "before", "restart", "not heard", "flawed"])
def test_in_any_doubt_a_press_alarms(school: Rig, why: str) -> None:
    """An event is missing before it; another boot; pressed before the bypass; a hub that was away;
    a state that is only the last known; a message with a flaw."""
    school.press(101, what="restoral")
    if why == "not heard":
        school.restart()
        school.state(101, retained=True, wall="active")
    else:
        school.state(101, wall="active")
    school.wait(10)
    school.bypass(101)
    if why == "restart":
        school.restart()
    more: dict[str, Any] = {
        "gap": {"seq": 9},
        "boot": {"boot": "another"},
        "before": {"age_s": 11.0},
        "flawed": {"at": "no time"},
    }.get(why, {})
    school.press(101, **more)
    assert len(school.view.incidents) == 1


def test_without_doubt_it_is_silenced(school: Rig) -> None:
    """The same, with nothing to doubt: so that the test above can fail."""
    school.press(101, what="restoral")
    school.state(101, wall="active")
    school.wait(10)
    school.bypass(101)
    school.press(101)
    assert school.view.incidents == {}


def test_a_bypass_ends_by_itself_and_its_fault_is_told_again(school: Rig) -> None:
    """Over a restart too; not a minute late."""
    school.zone_says(101, "tamper", cause="cut")
    school.all_speak(61)
    assert len(school.told()) == 1
    school.bypass(101, hours=1)
    school.all_speak(1800, every_s=40)
    school.restart(10)
    for room in (101, 102):
        school.state(room, wall="cut")
    assert list(school.view.bypasses) == [("room-101", "wall")]
    school.all_speak(1789, every_s=40)
    assert list(school.view.bypasses) == [("room-101", "wall")]
    school.all_speak(2)
    assert school.view.bypasses == {}
    assert school.told() == []
    school.all_speak(61)
    assert [line.partition(" s ")[2] for line in school.told()] == [
        "maintenance opened: Wire fault: Room 101, wall"
    ]


def test_a_person_ends_it_before(school: Rig) -> None:
    """Then it is as if it had never been; a second end is refused by what it is."""
    school.zone_says(101, "tamper", cause="cut")
    school.bypass(101)
    school.all_speak(120)
    answer = school.end_bypass(101)
    assert isinstance(answer, Bypassed)
    assert answer.bypass is None
    school.all_speak(61)
    assert len(school.told()) == 1
    refused = school.end_bypass(101)
    assert isinstance(refused, Refused)
    assert refused.detail == "cannot end the bypass of wall of room-101: it has none"


@pytest.mark.parametrize(
    ("room", "zone", "hours", "reason", "said"),
    [
        (999, "wall", 1, "wire", "no device 'room-999'"),
        (101, "loft", 1, "wire", "no zone 'loft' in room-101; zones: wall, desk, quiet, nurse, help, door"),
        (101, "wall", 24.1, "wire", "within 24 h"),
        (101, "wall", 0, "wire", "within 24 h"),
        (101, "wall", 1, "  ", "a bypass has a reason"),
    ],
)
def test_a_bypass_needs_a_zone_a_reason_and_an_end(
    school: Rig, room: int, zone: str, hours: float, reason: str, said: str
) -> None:
    answer = school.bypass(room, zone, hours, reason=reason)
    assert isinstance(answer, Refused)
    assert said in answer.detail
    assert school.view.bypasses == {}


def test_no_clock_makes_a_bypass_longer_than_a_day(school: Rig) -> None:
    """Whoever sets the wall clock back, in a running hub or in a stopped one."""
    school.bypass(101, hours=24)
    school.wall_jumps(-10 * 86_400)
    school.all_speak(86_399, every_s=40)
    assert list(school.view.bypasses) == [("room-101", "wall")]
    school.all_speak(2)
    assert school.view.bypasses == {}
    school.bypass(101, hours=24)
    school._wall_off_ms -= 10 * 86_400_000
    school.restart()
    school.all_speak(86_401, every_s=40)
    assert school.view.bypasses == {}


def test_a_bypass_that_leaves_a_room_without_a_live_button_says_so(make_rig: Make) -> None:
    """The answer does, first; the officer is told; and with the button at rest it is over."""
    rig = make_rig(with_maintenance(1))
    for zone in ("desk", "quiet", "nurse", "help"):
        rig.state(101, wall="normal")
        rig.zone_says(101, "tamper", zone, cause="cut")
    rig.state(101, wall="active", desk="cut", quiet="cut", nurse="cut", help="cut")
    assert rig.troubles("unprotected") == []
    answer = rig.bypass(101, "wall")
    assert isinstance(answer, Bypassed)
    assert answer.lifeless is not None
    assert answer.lifeless.startswith("no live button: wall: bypassed until it reads normal; desk: wire cut")
    rig.all_speak(61)
    assert "60 s sro opened: NO LIVE BUTTON: Room 101" in rig.told()
    rig.state(101, wall="normal", desk="cut", quiet="cut", nurse="cut", help="cut")
    assert rig.troubles("unprotected") == []


def test_who_bypassed_what_and_why_is_in_the_record(school: Rig) -> None:
    school.bypass(101, hours=1)
    school.end_bypass(101, by="Reyes")
    from sqlalchemy import select

    from hub.store.engine import open_engine
    from hub.store.tables import personal, record

    with open_engine(school._url, read_only=True).connect() as connection:
        rows = connection.execute(
            select(record.c.what, personal.c.value)
            .join(personal, personal.c.seq == record.c.seq)
            .where(record.c.what.like("bypass%"), personal.c.field == "reason")
            .order_by(record.c.seq)
        ).all()
    assert [what for what, _ in rows] == ["bypassed", "bypass-ended"]
    assert "Lee bypassed it until 2026-09-21T15:13:2" in rows[0].value
    assert "Reyes ended it" in rows[1].value
