"""Floods, as scripts: what of one is only counted, what calls all the same, and what it leaves behind."""

from __future__ import annotations

from collections import Counter
from typing import Any

import msgspec
import pytest

from hub import quota
from hub.asking import DrillDone, OpenWalkTest, PlanDrill, WalkTestDone
from hub.decision import Decision
from hub.floods import FLUSH_S, NEWEST_S, QUIET_S, RAW, SPAN_S, STRANGERS, Floods
from hub.inputs import DeviceMessage
from hub.kept_facts import KeptFacts
from hub.quota import Rate
from tests.hub.making import at, came, event_bytes, new_site
from tests.scenarios.rig import Rig
from tests.scenarios.school import school

FEW = 20
"""Events that are within the quota here, so that a script needs no 10,000."""


@pytest.fixture(autouse=True)
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(quota.RATES, "event", Rate(FEW, 0.5))
    monkeypatch.setitem(quota.RATES, "state", Rate(FEW, 0.5))
    monkeypatch.setattr(quota, "STRANGERS_EVENTS", Rate(FEW, 0.5))
    monkeypatch.setitem(quota.SHARED, "event", Rate(2 * FEW, 0.5))


def doors(rig: Rig, count: int, room: int = 101) -> list[str]:
    """A door that opens and closes, all at one moment."""
    return [rig.press(room, "door", "door", what=("open", "closed")[n % 2]) for n in range(count)]


def rows(rig: Rig, what: str) -> list[tuple[str, dict[str, Any]]]:
    return [(reason, detail) for name, reason, detail in rig.record() if name == what]


def raw(rig: Rig) -> list[tuple[bytes, str]]:
    """What is kept of messages beside the events."""
    with rig.journal._engine.connect() as connection:
        return [tuple(row) for row in connection.exec_driver_sql("select payload, why from quarantine")]


def receipted(rig: Rig) -> set[str]:
    return {event for _, event in rig.receipts}


# --- what is counted ---


def test_a_flood_of_doors_is_counted_acknowledged_and_told_to_maintenance(rig: Rig) -> None:
    """Its agent has no receipt for what was only counted, and so sends it again; the broker is free of it."""
    sent = doors(rig, FEW + 100)
    assert len(rig.broker) == 100, "not acknowledged before it is written down"
    rig.wait(FLUSH_S)
    assert rig.broker == {}
    assert receipted(rig) == set(sent[:FEW])
    assert len(rows(rig, "event")) == FEW
    assert rig.troubles("flood") == ["flood room-101"]
    assert rig.view.troubles["flood room-101"].device == "room-101"
    rig.wait(QUIET_S)
    assert rig.troubles("flood") == []
    ((words, counted),) = rows(rig, "flood-counted")
    assert words.startswith("100 messages over its quota since ")
    assert (counted["device"], counted["events"], counted["alarms"]) == ("room-101", 100, 0)
    assert [len(rows(rig, what)) for what in ("flood", "flood-over")] == [1, 1]
    assert len(raw(rig)) == 100
    assert rig.notices == []


def test_what_was_counted_is_taken_when_it_comes_again_within_the_quota(rig: Rig) -> None:
    doors(rig, FEW)
    event = rig.press(101, "door", "door", what="open")
    payload = max(rig.broker.values(), key=lambda sent: sent.at).payload
    rig.wait(30)
    assert event not in receipted(rig)
    rig.publish("room-101", payload)
    assert event in receipted(rig)


def test_a_copy_of_what_the_hub_has_is_receipted_also_over_the_quota(rig: Rig) -> None:
    """Its agent may have missed the receipt. Nothing is recorded of it but that it came."""
    event = rig.press(102, "door", "door", what="open")
    first = doors(rig, 1)[0]
    copy = msgspec.json.encode(
        {"v": 1, "id": first, "boot": "b", "seq": 1, "zone": "door", "kind": "door", "what": "open",
         "age_ms": 9, "test": False}
    )  # fmt: skip
    doors(rig, FEW)
    rig.wait(FLUSH_S)
    rig.receipts.clear()
    for _ in range(50):
        rig.publish("room-101", copy)
    rig.wait(FLUSH_S)
    assert rig.receipts == [("room-101", first)]
    assert len(rows(rig, "event")) == FEW + 1
    assert event not in receipted(rig)


def test_unreadable_messages_are_counted_too_and_large_ones_cost_more(rig: Rig) -> None:
    rig.publish("room-101", b"x" * 1_000_000)  # 17 of the 20
    for _ in range(10):
        rig.publish("room-101", b"\xff\x00" * 500)
    rig.wait(FLUSH_S + QUIET_S)
    ((_, counted),) = rows(rig, "flood-counted")
    assert (counted["events"], counted["bytes"]) == (7, 7000)
    assert rig.troubles("flaw-message") == ["flaw message room-101"]


# --- what calls all the same ---


def test_a_press_over_the_quota_calls_at_once(rig: Rig) -> None:
    """And a press of another room, which has nothing to do with the flood."""
    doors(rig, FEW + 200)
    event = rig.press(101)
    assert [notice.incident["rooms"][0]["room"] for notice in rig.notices] == ["Room 101"]
    assert event in receipted(rig)
    rig.press(102)
    rig.wait(2)
    assert [room["room"] for room in rig.notices[-1].incident["rooms"]] == ["Room 101", "Room 102"]


def test_calls_over_the_quota_that_are_all_told_are_a_flood_all_the_same(rig: Rig) -> None:
    """Nothing was counted, and somebody is to see to that device."""
    doors(rig, FEW)
    rig.press(101)
    rig.wait(FLUSH_S)
    assert rig.troubles("flood") == ["flood room-101"]
    rig.wait(QUIET_S)
    assert rows(rig, "flood-counted") == []
    assert [len(rows(rig, what)) for what in ("flood", "flood-over")] == [1, 1]


def test_of_many_counted_calls_some_are_receipted_and_the_rest_as_they_come_again(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A receipt must not grow with the flood."""
    monkeypatch.setattr("hub.floods.RECEIPTS", 10)
    sent = [event_bytes(id=f"x{n}", seq=n + 1) for n in range(FEW + 30)]
    for payload in sent:
        rig.publish("room-101", payload)
    rig.wait(FLUSH_S)
    assert len(receipted(rig)) == FEW + 10
    for payload in sent[FEW + 10 : FEW + 20]:
        rig.publish("room-101", payload)
    rig.wait(FLUSH_S)
    assert receipted(rig) == {f"x{n}" for n in range(FEW + 20)}
    assert rig.broker == {}


def test_a_storm_of_new_calls_is_one_incident_and_bounded(rig: Rig) -> None:
    """All are receipted; those over the quota are counted in the incident whose room calls already."""
    sent = [rig.press(101) for _ in range(FEW + 1000)]
    rig.wait(FLUSH_S)
    assert receipted(rig) == set(sent)
    assert rig.broker == {}
    assert len(rig.incidents) == 1
    assert len(rig.view.incidents[rig.incidents[0]].events) == FEW
    rig.wait(QUIET_S)
    assert (
        "flood-counted",
        "1000 more calls of a room that called already, over its device's quota: counted",
    ) in (rig.timeline())
    rig.press(101)  # by its number it would be known that those before are missing
    rig.wait(61)
    assert rig.troubles("seq-gap") == []


def test_a_bypass_holds_in_a_flood(rig: Rig) -> None:
    """Each of its zone's faulty alarms is silent, also after one that was only counted."""
    rig.state(101, wall="cut")
    rig.zone_says(101, "tamper", cause="cut")
    rig.bypass(101, "wall")
    for _ in range(FEW + 5):
        rig.press(101, "wall", cause="cut")
    assert rig.incidents == []


def test_a_fault_of_our_own_holds_up_no_acknowledgement_for_ever(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    flush, fails = rig.site.floods._flush, [True]

    def planted(*given: Any) -> None:
        if fails and fails.pop():
            raise RuntimeError("planted")
        flush(*given)

    monkeypatch.setattr(rig.site.floods, "_flush", planted)
    for _ in range(FEW + 5):
        rig.press(101)
    rig.wait(QUIET_S)
    assert not fails
    assert rig.broker == {}


def test_a_room_that_floods_calls_again_once_it_was_answered(rig: Rig) -> None:
    """Within a minute of the press that was answered it is counted; later, or after its end, it asks anew."""
    for _ in range(FEW + 5):
        rig.press(101)
    rig.wait(10)
    rig.acknowledge()
    for _ in range(30):
        rig.press(101)
        rig.wait(1)
    assert rig.view.incidents[rig.incidents[0]].state == "acknowledged"
    rig.wait(21)
    rig.press(101)
    assert rig.view.incidents[rig.incidents[0]].state == "open"
    rig.resolve("false-alarm")
    rig.press(101)
    assert len(rig.incidents) == 2


@pytest.mark.parametrize(
    ("flood", "then"),
    [
        ({"zone": "help", "kind": "assist"}, {"zone": "wall", "kind": "panic"}),
        ({"zone": "wall", "kind": "panic", "age_s": 3600.0}, {"zone": "wall", "kind": "panic"}),
        ({"zone": "wall", "kind": "panic", "cause": "cut"}, {"zone": "wall", "kind": "panic"}),
    ],
    ids=["of a higher kind", "of now after late ones", "for certain after doubtful ones"],
)
def test_a_call_that_says_more_than_the_flood_is_told(
    rig: Rig, flood: dict[str, Any], then: dict[str, Any]
) -> None:
    for _ in range(FEW + 50):
        rig.press(101, **flood)
    rig.wait(5)
    event = rig.press(101, **then)
    rig.wait(2)
    told = [notice for notice in rig.notices if event in [each["id"] for each in notice.incident["events"]]]
    assert told
    assert not told[-1].incident["late"]


def test_however_old_a_new_call_over_the_quota_is_told_as_late(rig: Rig) -> None:
    doors(rig, FEW + 50)
    rig.press(101, age_s=2 * 365 * 86_400.0)
    assert rig.notices[-1].incident["late"]


def test_copies_of_a_call_that_is_over_open_nothing(rig: Rig) -> None:
    """A replay, also of what the hub knows only by its record."""
    rig.press(101)
    payload = msgspec.json.encode(
        {"v": 1, "id": "e1", "boot": "b", "seq": 1, "zone": "wall", "kind": "panic", "what": "alarm",
         "age_ms": 0, "test": False}
    )  # fmt: skip
    rig.resolve("real")
    rig.restart(60)
    doors(rig, FEW)
    for _ in range(200):
        rig.publish("room-101", payload)
    rig.wait(FLUSH_S + QUIET_S)
    assert len(rig.incidents) == 0
    assert rig.broker == {}
    (*_, (_, counted)) = rows(rig, "flood-counted")
    assert counted["alarms"] == 200


def test_a_flood_in_a_drill_is_real(make_rig: Any) -> None:
    """No drill covers what no honest room sends."""
    rig: Rig = make_rig(school())
    answer = rig.ask(PlanDrill("lockdown", "ortiz", "Lee", "board", 600))
    assert isinstance(answer, DrillDone)
    doors(rig, FEW + 10)
    rig.press(101)
    rig.press(102)
    standing = {one.rooms[0].place.device: one.drill for one in rig.view.incidents.values()}
    assert standing["room-101"] is False


def test_a_walk_test_may_be_flooded_and_calls_nobody(rig: Rig) -> None:
    """As long as it is open: a person asked for quiet there."""
    rig.state(101, wall="normal")
    answer = rig.ask(OpenWalkTest("room-101", "Lee", "board", zones=("wall",), for_s=300))
    assert isinstance(answer, WalkTestDone)
    zones = [{"zone": "wall", "kind": "panic", "circuit": "pair", "condition": "normal", "walk_test": True}]
    rig.state(101, zones=zones)
    for _ in range(FEW + 100):
        rig.press(101, test=True)
    rig.wait(FLUSH_S)
    assert rig.incidents == []
    assert len(rows(rig, "proved")) == FEW
    rig.wait(400)
    rig.press(101, test=True)  # by its number it would be known that those before are missing
    assert len(rig.incidents) == 1
    rig.wait(61)
    assert rig.troubles("seq-gap") == []


# --- devices that nobody set up ---


def test_a_stranger_that_floods_hides_no_other(rig: Rig) -> None:
    for n in range(FEW + 50):
        rig.publish("garage-1", event_bytes(id=f"g{n}", seq=n + 1))
    rig.publish("garage-2", event_bytes(id="other"))
    rig.wait(2)
    told = {room["device"] for notice in rig.notices for room in notice.incident["rooms"]}
    assert told == {"garage-1", "garage-2"}
    assert rig.troubles("flood") == [f"flood {STRANGERS}"]


def test_names_that_are_made_up_make_a_bounded_incident(rig: Rig) -> None:
    """Over the quota of all of them people are called to one of them, and the rest is counted."""
    for n in range(2 * FEW + 500):
        rig.publish(f"made-up-{n}", event_bytes(id=f"m{n}"))
    rig.wait(FLUSH_S)
    (incident,) = rig.view.incidents.values()
    assert len(incident.rooms) == 2 * FEW
    assert rig.broker == {}
    rig.resolve("false-alarm")
    rig.publish("made-up-for-good", event_bytes(id="at last"))
    assert len(rig.incidents) == 2
    rig.press(102)
    rig.wait(2)
    assert rig.notices[-1].incident["rooms"][-1]["device"] == "room-102"


# --- states ---


def test_of_a_flood_of_states_the_newest_is_taken(rig: Rig) -> None:
    """Within a second; what changes at each of them is written down as often as the quota lets it."""
    for n in range(FEW + 500):
        rig.state(101, boot=f"boot-{n}", wall=("normal", "cut")[n % 2])
    rig.wait(NEWEST_S)
    view = rig.view.devices["room-101"]
    assert view.boot == f"boot-{FEW + 499}"
    assert next(zone.condition for zone in view.zones if zone.zone == "wall") == "cut"
    assert len(rows(rig, "agent-online")) == FEW + 1
    rig.wait(QUIET_S)
    ((_, counted),) = rows(rig, "flood-counted")
    assert (counted["events"], counted["others"]) == (0, 500)
    assert rig.troubles("flood") == []


def test_a_state_within_the_quota_overtakes_one_that_waits(rig: Rig) -> None:
    for n in range(FEW + 1):
        rig.state(101, boot=f"boot-{n}")
    rig._input(DeviceMessage("room-101", "state", b'{"v":1,"online":true,"boot":"last"}', False, rig.now()))
    rig.wait(5)
    assert rig.view.devices["room-101"].boot == "last"


def test_the_last_will_of_a_device_that_floods_is_seen(rig: Rig) -> None:
    for n in range(FEW + 100):
        rig.state(101, boot=f"boot-{n}")
    rig.state(101, online=False)
    rig.wait(NEWEST_S)
    assert rig.troubles("offline") == ["offline room-101"]


# --- what it leaves ---


def test_a_flood_that_lasts_has_a_row_every_ten_minutes(rig: Rig) -> None:
    doors(rig, FEW)
    for _ in range(round(3 * SPAN_S / 5)):
        doors(rig, 10)
        rig.wait(5)
    assert len(rows(rig, "flood")) == 1
    assert [detail["events"] for _, detail in rows(rig, "flood-counted")] == [910, 900]
    assert rig.troubles("flood") == ["flood room-101"]


def test_a_kill_in_a_flood_loses_nothing_of_it(rig: Rig) -> None:
    """What was not written down comes again; what was is still counted after the start."""
    doors(rig, FEW + 30)
    rig.wait(FLUSH_S)
    doors(rig, 40)
    event = rig.press(102)
    rig.restart(5)
    assert event in receipted(rig)
    rig.wait(FLUSH_S)
    assert rig.broker == {}
    rig.wait(QUIET_S)
    events = sum(detail["events"] for _, detail in rows(rig, "flood-counted"))
    assert events + len(rows(rig, "event")) - 1 >= FEW + 70
    assert rig.troubles("flood") == []


def test_while_the_disk_hangs_nothing_of_a_flood_is_acknowledged_and_a_press_is_told(rig: Rig) -> None:
    rig.disk = "hung"
    doors(rig, FEW + 50)
    rig.press(102)
    rig.wait(1)
    assert len(rig.notices) == 1
    assert len(rig.broker) == FEW + 51
    rig.disk = "well"
    rig.commit()
    assert rig.broker == {}


def test_what_a_day_of_a_flood_leaves_is_bounded() -> None:
    """One message in each flush, all day: rows, and bytes of payloads, by the pure part alone."""
    site = new_site()
    floods = Floods(site, KeptFacts({}), at(0))
    payload = event_bytes(kind="door", what="open", zone="door", label="x" * 2000)
    kept: Counter[str] = Counter()
    for step in range(24 * 60 * 2):
        now = at(30.0 * step)
        for _ in range(10):
            floods.count(came(payload), now)
        decision = Decision(now.mono)
        now = at(30.0 * step + FLUSH_S)
        floods.due(decision, "room-101", now, lambda *_: None)
        kept["rows"] += len(decision.record)
        kept["bytes"] += sum(len(one.payload) for one in decision.kept_raw)
        kept["counted"] += len(decision.counted)
        kept["facts"] = max(kept["facts"], *(len(text) for text in decision.facts.values()))
    assert kept["counted"] == 24 * 60 * 2 * 10
    assert kept["rows"] <= 24 * 6 + 2
    assert kept["bytes"] <= RAW.at_once + 86_400 * RAW.a_second
    assert kept["facts"] < 300
