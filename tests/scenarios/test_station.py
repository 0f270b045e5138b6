"""A monitoring station as scripts: what its alarm receiver is told, in which order, and what it never is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from config.agreement_settings import AgreementSettings
from config.channel_settings import AlarmReceiverSettings, AppriseSettings
from config.drill_settings import DrillsSettings
from config.hub_settings import AudienceSettings, HubSettings
from hub.asking import DrillDone, EndWalkTest, OpenWalkTest, PlanDrill, WalkTestDone
from hub.decision import Decision
from hub.foresight import InDrill, foresee
from hub.store.reading import Reading
from tests.scenarios.rig import WALL_0, Make, Rig, site_settings
from tests.scenarios.test_restored import Night
from tests.scenarios.test_unread import damage

STATION = AlarmReceiverSettings(address="station.example:12000", account="1234", test_every_h=0)


def settings(station: AlarmReceiverSettings = STATION, **more: Any) -> HubSettings:
    """A school whose dispatch is a monitoring station, told at 60 s; numbers 1 to 6 are of Room 101."""
    channels = {name: AppriseSettings() for name in ("sro", "principal")}
    audiences = {name: AudienceSettings(channels=(name,)) for name in channels}
    whole = {
        "channels": channels | {"dispatch": station},
        "audiences": audiences | {"dispatch": AudienceSettings(channels=("dispatch",))},
    }
    return site_settings(**(whole | more))


def settle(rig: Rig) -> None:
    """Do what the recorder does as it starts."""
    decision = Decision(rig.now().mono)
    rig.site.restore_gone(decision, rig.now())
    rig._do(decision)


def begun(make_rig: Make, wanted: HubSettings) -> Rig:
    rig = make_rig(wanted, {"dispatch": "dc-09"})
    settle(rig)
    return rig


@pytest.fixture
def station(make_rig: Make) -> Rig:
    return begun(make_rig, settings())


def with_(make_rig: Make, **more: Any) -> Rig:
    return begun(make_rig, settings(replace(STATION, **more)))


# --- alarms, and what ends them -------------------------------------------------------------------------


def test_an_alarm_by_its_zone_and_its_restoral_by_a_person_alone(station: Rig) -> None:
    """The button is let go at once; the station is told so only as somebody resolves it."""
    station.press(101, "desk")
    station.zone_says(101, "restoral", "desk")
    station.wait(60)
    assert station.station_heard() == ["60 s E120 zone 2: Room 101 (desk), Main bldg, floor 1"]
    station.acknowledge()
    station.note("on my way")
    station.wait(600)
    assert station.station_heard() == []
    station.resolve("real")
    assert station.station_heard() == ["660 s R120 zone 2: Room 101 (desk), Main bldg, floor 1"]


def test_each_kind_has_its_code_and_each_button_its_number(station: Rig) -> None:
    """Room by room as it calls, at once; a second press of the same button is no second alarm."""
    station.press(101)
    station.wait(60)
    station.press(102, "quiet", "duress")
    station.press(101, "nurse", "medical")
    station.press(101, "wall")
    station.wait(10)
    station.press(101, "help", "assist")
    station.wait(5)
    assert station.station_heard() == [
        "60 s E120 zone 1: Room 101 (wall), Main bldg, floor 1",
        "60 s E121 zone 9: Room 102 (quiet), Main bldg, floor 1",
        "62 s E100 zone 4: Room 101 (nurse), Main bldg, floor 1",
        "70 s E101 zone 5: Room 101 (help), Main bldg, floor 1",
    ]
    station.resolve("real")
    codes = [line.split(":")[0] for line in station.station_heard()]
    assert codes == ["75 s R120 zone 1", "75 s R121 zone 9", "75 s R100 zone 4", "75 s R101 zone 5"]


def test_a_room_that_calls_again_is_an_alarm_again(station: Rig) -> None:
    """More than a minute later, or after an answer: somebody is in danger still."""
    station.press(101)
    station.wait(61)
    station.acknowledge()
    station.station_heard()
    station.wait(60)
    station.press(101)
    station.wait(1)
    assert [line.split(":")[0] for line in station.station_heard()] == ["121 s E120 zone 1"]


def test_only_a_false_alarm_is_cancelled_with_the_person_in_the_record(station: Rig) -> None:
    """The cancel goes before the restorals; the record has who said it, and by what."""
    station.press(101)
    station.press(102)
    station.wait(60)
    station.station_heard()
    station.resolve("false-alarm")
    assert [line.split(":")[0] for line in station.station_heard()] == [
        "60 s E406",
        "60 s R120 zone 1",
        "60 s R120 zone 7",
    ]
    rows = Reading(station._reader, station.settings.site).timeline(station.incidents[-1])
    (cancelled,) = [row["detail"] for row in rows if row["what"] == "alarm-cancelled"]
    assert (cancelled["by"], cancelled["via"], cancelled["channel"]) == ("Reyes", "board", "dispatch")


@pytest.mark.parametrize("disposition", ["real", "drill", "test"])
def test_nothing_else_is_a_cancel(station: Rig, disposition: Any) -> None:
    """Whatever a person calls it, the alarm was sent: it is restored, not cancelled."""
    station.press(101)
    station.wait(60)
    station.station_heard()
    station.resolve(disposition)
    assert [line.split(":")[0] for line in station.station_heard()] == ["60 s R120 zone 1"]
    assert not [what for what, _, _ in station.record() if what == "alarm-cancelled"]


def test_what_the_station_was_never_told_is_neither_cancelled_nor_restored(station: Rig) -> None:
    """A false alarm that was over before dispatch's time."""
    station.press(101)
    station.wait(10)
    station.resolve("false-alarm")
    station.wait(120)
    assert station.station_heard() == []


def test_a_real_call_that_was_over_before_its_time_is_told_whole(station: Rig) -> None:
    """The first notice is owed all the same: the alarm, and that it is over."""
    station.press(101)
    station.wait(10)
    station.resolve("real")
    assert [line.split(":")[0] for line in station.station_heard()] == [
        "10 s E120 zone 1",
        "10 s R120 zone 1",
    ]


@pytest.mark.parametrize("restart", [False, True])
def test_a_restoral_never_comes_before_its_alarm(station: Rig, restart: bool) -> None:
    """The station was away for both: alarm first, however often it failed, also over a restart."""
    station.far["dispatch"] = "down"
    station.press(101)
    station.wait(100)
    station.resolve("real")
    if restart:
        station.restart()
    station.far["dispatch"] = "takes"
    station.wait(5)
    assert restart or station.signals == []  # the alarm waits for its next try, and the restoral with it
    station.wait(70)
    assert [line.split(" ", 2)[2].split(":")[0] for line in station.station_heard()] == [
        "E120 zone 1",
        "R120 zone 1",
    ]


def test_a_restoral_goes_out_though_its_alarm_was_refused(station: Rig) -> None:
    """DUH: the alarm is given up, with a trouble; what follows is tried all the same."""
    station.far["dispatch"] = "refuses"
    station.press(101)
    station.wait(60)
    assert "channel dispatch -" in station.view.troubles
    station.far["dispatch"] = "takes"
    station.resolve("real")
    assert [line.split(":")[0] for line in station.station_heard()] == ["60 s R120 zone 1"]


def test_a_late_alarm_says_how_late_and_an_unknown_device_that_it_is_unknown(station: Rig) -> None:
    """In doubt it is an alarm, of no zone in particular where nobody has set one up."""
    station.press(101, age_s=840)
    station.press(999)
    station.wait(60)
    assert station.station_heard() == [
        "60 s E120 zone 1: LATE 14 min: Room 101 (wall), Main bldg, floor 1",
        "60 s E120: room-999 (wall), not a known device",
    ]


def test_every_signal_has_the_next_number_over_a_crash_too(station: Rig) -> None:
    """No number of before is used again soon: a receiver might take it for a repeat."""
    station.press(101)
    station.press(102)
    station.wait(60)
    first = [signal.sequence for _, signal in station.signals]
    assert first == [1, 2]
    station.restart()
    station.resolve("real")
    assert [signal.sequence for _, signal in station.signals][2:] == [101, 102]


# --- numbers that stay -----------------------------------------------------------------------------------


def numbers(rig: Rig) -> dict[str, int]:
    return {
        f"{one.device}/{one.zone}": number
        for number, one in rig.site.signals.zones.kept.items()
        if not one.left
    }


def test_numbers_are_given_once_and_stay(station: Rig) -> None:
    """Over a restart, a room that is gone, and one that is new before the others."""
    before = numbers(station)
    assert [before[f"room-101/{zone}"] for zone in ("wall", "desk", "quiet", "nurse", "help", "")] == [
        *range(1, 7)
    ]
    assert len(set(before.values())) == 360
    rooms = station.settings.rooms
    new = replace(rooms[0], device="room-099", room="Room 99")
    station.reload(replace(station.settings, rooms=(new, *rooms[2:])))
    station.restart()
    after = numbers(station)
    assert after.items() >= before.items()
    assert after["room-099/wall"] == 361
    station.reload(replace(station.settings, rooms=rooms))
    assert numbers(station) == after


def test_the_settings_may_fix_a_number_that_was_never_anothers(station: Rig) -> None:
    """Its old one is nobody's from then on; one that is another's is refused, with a trouble."""
    station.reload(replace(station.settings, zone_numbers={"room-101/wall": 900, "room-102/wall": 8}))
    now = numbers(station)
    assert (now["room-101/wall"], now["room-102/wall"], now["room-102/desk"]) == (900, 7, 8)
    assert [key for key in station.troubles() if "zone" in key] == ["zone-number room-102/wall"]
    assert (
        "8 was given already, it is the number of room-102/desk"
        in station.view.troubles["zone-number room-102/wall"].detail
    )
    station.press(101)
    station.wait(60)
    assert [line.split(":")[0] for line in station.station_heard()] == ["60 s E120 zone 900"]
    rooms = station.settings.rooms
    new = replace(rooms[0], device="room-099", room="Room 99")
    station.reload(replace(station.settings, rooms=(*rooms, new), zone_numbers={}))
    assert not [key for key in station.troubles() if "zone" in key]
    assert 1 not in numbers(station).values()


def test_a_number_that_can_not_be_read_is_nobodys_again(station: Rig) -> None:
    """Whose it was is lost, and that it was given is not."""
    damage(station, "zone-number 1", "oops")
    station.restart()
    settle(station)
    assert numbers(station)["room-101/wall"] == 361
    assert 1 not in numbers(station).values()


def test_after_a_restore_no_number_that_was_given_since_the_backup_is_anothers(
    station: Rig, tmp_path: Path
) -> None:
    """Room 161 had 361 on the machine that died; the backup knows nothing of it."""
    folder = tmp_path / "backup"
    folder.mkdir()
    night = Night(station, folder)
    rooms = station.settings.rooms
    new = [replace(rooms[0], device=f"room-{n}", room=f"Room {n}") for n in (161, 162)]
    station.reload(replace(station.settings, rooms=(*rooms, new[0])))
    assert numbers(station)["room-161/wall"] == 361
    night.take_over(3600)
    station.reload(replace(station.settings, rooms=(*rooms, new[1])))
    assert numbers(station)["room-101/wall"] == 1
    assert numbers(station)["room-162/wall"] == 381


def test_a_zone_that_nobody_set_up_is_told_by_its_rooms_box(station: Rig) -> None:
    """An agent's inventions use no numbers up."""
    for n in range(30):
        station.press(101, f"zone-{n}")
    station.wait(60)
    assert {line.split(":")[0] for line in station.station_heard()} == {"60 s E120 zone 6"}
    assert len(numbers(station)) == 360


# --- drills and walk tests -------------------------------------------------------------------------------


def heard_all(rig: Rig) -> None:
    for room in (101, 102):
        rig.state(room, wall="normal")


def drill(rig: Rig, **more: Any) -> DrillDone:
    done = rig.ask(PlanDrill("lockdown", "Reyes", "Lee", "board", 600, **more))
    assert isinstance(done, DrillDone), done
    return done


def test_a_drill_is_nothing_to_the_station(station: Rig) -> None:
    """As drills are set by default: neither alarm nor test; the record says that it was not sent."""
    drill(station)
    station.press(101)
    station.wait(700)
    station.resolve("drill")
    assert station.station_heard() == []
    assert [what for what, _ in station.timeline() if what == "not-sent"]


@pytest.mark.parametrize("tests", [True, False])
def test_a_drill_that_dispatch_is_told_of_is_a_test_and_no_alarm(make_rig: Make, tests: bool) -> None:
    """On test, what was tested, off test as the drill is over by itself."""
    drills = DrillsSettings(dispatch="test")
    rig = begun(make_rig, settings(replace(STATION, tests=tests), drills=drills))
    drill(rig)
    rig.wait(5)
    rig.press(101)
    rig.wait(700)
    rig.resolve("drill")
    codes = [line.split(":")[0] for line in rig.station_heard()]
    assert codes == (["0 s E607", "65 s E615 zone 1", "600 s R607"] if tests else [])


@pytest.mark.parametrize("tests", [True, False])
def test_explain_says_whether_the_station_hears_of_a_drill(make_rig: Make, tests: bool) -> None:
    """As what happens then."""
    drills = DrillsSettings(dispatch="test")
    directory = begun(make_rig, settings(replace(STATION, tests=tests), drills=drills)).site.directory
    seen = foresee(directory, "panic", directory.place("room-101"), WALL_0, drill=InDrill((), True))
    told = [word.told for word in seen.words if "dispatch" in word.who]
    assert told == [tests]


def test_a_real_alarm_in_a_drill_is_one_and_the_station_is_off_test(make_rig: Make) -> None:
    """Duress is in no drill: it goes out as an alarm, and nothing says on test any more."""
    drills = DrillsSettings(dispatch="test")
    rig = begun(make_rig, settings(replace(STATION, tests=True), drills=drills))
    drill(rig)
    rig.wait(5)
    rig.press(102, "quiet", "duress")
    rig.wait(60)
    codes = [line.split(":")[0] for line in rig.station_heard()]
    assert codes == ["0 s E607", "5 s R607", "65 s E121 zone 9"]
    rig.wait(700)
    assert rig.station_heard() == []


def test_a_walk_test_is_a_bracket_of_tests(make_rig: Make) -> None:
    """Each button that is proved, by its number; off test when the time is over, whoever forgot it."""
    rig = with_(make_rig, tests=True)
    heard_all(rig)
    opened = rig.ask(OpenWalkTest("room-101", "Silva", "board", for_s=300))
    assert isinstance(opened, WalkTestDone)
    rig.wait(1)
    rig.press(101, "desk", test=True)
    rig.wait(400)
    assert [line.split(":")[0] for line in rig.station_heard()] == [
        "0 s E607",
        "1 s E615 zone 2",
        "300 s R607",
    ]


def test_a_bracket_ends_though_the_hub_was_away_as_it_should_have(make_rig: Make) -> None:
    """What the station knows is compared at every start."""
    rig = with_(make_rig, tests=True)
    heard_all(rig)
    rig.ask(OpenWalkTest("room-101", "Silva", "board", for_s=300))
    rig.restart(3600)
    assert [line.split(" ", 2)[2].split(":")[0] for line in rig.station_heard()] == ["E607", "R607"]


def test_what_a_station_knows_that_can_not_be_read_ends_the_bracket(make_rig: Make) -> None:
    """In doubt it is told that it is off test; other facts are as new."""
    rig = with_(make_rig, tests=True)
    damage(rig, "station dispatch", "oops")
    rig.restart()
    settle(rig)
    assert [line.split(" ", 2)[2].split(":")[0] for line in rig.station_heard()] == ["R607"]


def test_without_the_agreement_the_station_hears_nothing(make_rig: Make) -> None:
    """Neither alarms nor tests, troubles or bypasses: all of it is by itself."""
    station = replace(STATION, test_every_h=24, troubles=True, tests=True)
    rig = begun(make_rig, settings(station, mou=AgreementSettings()))
    heard_all(rig)
    rig.bypass(101, "desk")
    rig.press(101)
    rig.wait(3600)
    rig.resolve("false-alarm")
    assert rig.station_heard() == []
    rig.reload(settings(station))
    assert [line.split(" ", 2)[2].split(":")[0] for line in rig.station_heard()][-1] == "E602"


def test_a_station_that_no_audience_has_is_told_all_the_same(make_rig: Make) -> None:
    """Its periodic test, while nobody has named it in a plan yet."""
    wanted = settings(replace(STATION, test_every_h=24))
    rig = begun(
        make_rig,
        replace(wanted, audiences=wanted.audiences | {"dispatch": AudienceSettings(channels=("sro",))}),
    )
    assert [line.split(":")[0] for line in rig.station_heard()] == ["0 s E602"]


def test_a_walk_test_says_nothing_where_the_station_is_not_to_hear_of_it(station: Rig) -> None:
    """As the settings have it by default."""
    heard_all(station)
    station.ask(OpenWalkTest("room-101", "Silva", "board", for_s=300))
    station.press(101, "desk", test=True)
    station.ask(EndWalkTest("room-101", "Silva", "board"))
    station.wait(400)
    assert station.station_heard() == []


# --- tampers, troubles, bypasses, periodic tests ---------------------------------------------------------


def test_tampers_troubles_and_bypasses_where_the_station_is_to_hear_of_them(make_rig: Make) -> None:
    """Each once as it begins and once as it is over, by its zone; a room's box by its own number."""
    rig = with_(make_rig, troubles=True)
    rig.state(101, wall="normal")
    rig.zone_says(101, "tamper", cause="cut")
    rig.wait(130)
    heard = [line.split(":")[0] for line in rig.station_heard()]
    assert [line for line in heard if line.endswith("zone 1")] == ["60 s E383 zone 1"]
    assert "60 s E382 zone 6" in heard  # with the others that wait to be told
    rig.zone_says(101, "tamper-restoral", cause="cut")
    rig.wait(130)
    heard = [line.split(" ", 2)[2].split(":")[0] for line in rig.station_heard()]
    assert [line for line in heard if line.endswith("zone 1")] == ["R383 zone 1"]
    rig.bypass(101, "desk")
    rig.wait(1)
    assert [line.split(" ", 2)[2] for line in rig.station_heard()] == [
        "E570 zone 2: Bypass: Room 101 (desk), Main bldg, floor 1"
    ]
    rig.wait(24 * 3600)
    assert "R570 zone 2" in [line.split(" ", 2)[2].split(":")[0] for line in rig.station_heard()]


def test_a_station_that_is_not_to_hear_of_troubles_hears_of_none(station: Rig) -> None:
    """As the settings have it by default."""
    station.state(101, wall="normal")
    station.zone_says(101, "tamper", cause="cut")
    station.bypass(101, "desk")
    station.wait(3600)
    assert station.station_heard() == []


def test_a_periodic_test_goes_out_once_a_day_over_restarts_too(make_rig: Make) -> None:
    """The first at once; one that fell into a time when the hub was away as soon as it is back."""
    rig = with_(make_rig, test_every_h=24)
    assert [line.split(":")[0] for line in rig.station_heard()] == ["0 s E602"]
    rig.restart()
    rig.wait(86_400)
    assert [line.split(":")[0] for line in rig.station_heard()] == ["86400 s E602"]
    rig.restart(100_000)
    assert [line.split(" ", 2)[2].split(":")[0] for line in rig.station_heard()] == ["E602"]
    rig.wall_jumps(-40_000)
    rig.wait(86_300)
    assert rig.station_heard() == []
    rig.wait(200)
    assert [line.split(" ", 2)[2].split(":")[0] for line in rig.station_heard()] == ["E602"]
