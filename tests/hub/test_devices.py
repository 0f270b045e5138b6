"""Devices and doors: heard, silent, offline; what a birth is told."""

from __future__ import annotations

import msgspec
import pytest

from config.hub_settings import NamedBroker
from hub.devices import MOST_BYTES, STRANGERS
from hub.health_watch import LINKS
from hub.inputs import DeviceMessage, Link
from hub.loaded import Loaded
from hub.supervision import SILENT_S, Hearing
from tests.hub.making import T0, at, event_bytes, heard, new_site, reasons, shown, take, tick
from tests.scenarios.rig import site_settings


def standing(site: object, device: str = "room-101") -> str:
    return str(site.view.devices[device].standing)  # type: ignore[attr-defined]


def test_a_device_is_silent_45_s_after_it_was_last_heard() -> None:
    """Not at 44.99 s; its trouble says so once and counts nothing twice."""
    site = new_site()
    heard(site, "health", 10)
    tick(site, 10 + SILENT_S - 0.01)
    assert standing(site) == "heard"
    decision = tick(site, 10 + SILENT_S)
    assert standing(site) == "silent"
    assert [(t.key, t.count, t.detail) for t in decision.troubles if t.device == "room-101"] == [
        ("silent room-101", 1, "nothing heard for 45 s"),
        ("unprotected room-101", 1, "no live button: nothing is heard of it"),
    ]


def test_one_that_was_never_heard_is_silent_45_s_after_the_start() -> None:
    """From a start on nobody is well until heard: first not heard yet, then silent, never well."""
    site = new_site(start=100)
    assert standing(site) == "not heard yet"
    tick(site, 100 + SILENT_S)
    assert {device.standing for device in site.view.devices.values()} == {"silent"}
    assert [t.what for t in site.view.troubles.values()].count("silent") == 60


def test_being_heard_restores_it() -> None:
    """By health or by state."""
    site = new_site()
    for n, what in enumerate(("health", "state")):
        start = 100 + 200 * n
        tick(site, start)
        assert standing(site) == "silent"
        decision = (
            heard(site, what, start + 1, online=True) if what == "state" else heard(site, what, start + 1)
        )
        assert standing(site) == "heard"
        assert [(t.key, t.restored) for t in decision.troubles] == [
            ("silent room-101", T0 + (start + 1) * 1000),
            ("unprotected room-101", T0 + (start + 1) * 1000),
        ]


def test_a_last_will_is_known_at_once() -> None:
    """Offline, with its trouble; whatever is heard live restores it."""
    site = new_site()
    heard(site, "state", 1, online=True)
    decision = heard(site, "state", 2, online=False)
    assert standing(site) == "offline"
    assert [t.key for t in decision.troubles] == ["offline room-101", "unprotected room-101"]
    heard(site, "state", 3, online=True)
    assert standing(site) == "heard"
    assert site.view.troubles == {}


def test_an_offline_device_stays_offline_when_it_is_silent_as_well() -> None:
    """What is known better is shown."""
    site = new_site()
    heard(site, "state", 1, online=True)
    heard(site, "state", 2, online=False)
    tick(site, 100)
    assert standing(site) == "offline"


@pytest.mark.parametrize("online", [True, False])
def test_a_retained_copy_never_counts_as_heard(online: bool) -> None:
    """It shows what was last known, its zones among it; it restores nothing and nobody is well by it."""
    site = new_site()
    zones = [{"zone": "wall", "kind": "panic", "circuit": "no", "condition": "normal", "walk_test": False}]
    decision = heard(site, "state", 1, retained=True, online=online, zones=zones, version="9")
    assert standing(site) == "not heard yet"
    assert site.view.devices["room-101"].last_heard is None
    assert (decision.record, decision.commands) == ([], [])
    tick(site, SILENT_S)
    assert standing(site) == "silent"
    heard(site, "state", 50, retained=True, online=True)
    assert standing(site) == "silent"


def test_a_flapping_agent_is_looked_at_no_more_often() -> None:
    """A thousand deaths and births leave one look to come."""
    site = new_site()
    for n in range(1000):
        heard(site, "state", n / 100, online=True, boot=str(n))
        heard(site, "state", n / 100, online=False, boot=str(n))
    assert len([entry for entry in site._heap if entry[3] == "room-101"]) == 1


def test_a_deadline_comes_to_rest_whatever_the_clock_says() -> None:
    """Silence is told by the very sum that set the deadline: a rounding between them would hang the hub."""
    for mono in (0.1, 16_373.482347576153, 65_522.65670457282, 1e7 + 0.1):
        hearing = Hearing(["d"], mono)
        assert hearing.silent_since("d", hearing.deadline("d")) == mono


def test_what_was_last_known_is_shown_after_a_restart_and_not_as_heard() -> None:
    """Its zones and when it was last heard, from the store."""
    site = new_site()
    before = heard(site, "state", 1, online=True, version="1.2").devices
    back = new_site(loaded=Loaded(devices=before))
    assert standing(back) == "not heard yet"
    assert back.view.devices["room-101"].last_heard == T0 + 1000
    assert back.view.devices["room-101"].version == "1.2"


@pytest.mark.parametrize("what", ["state", "health"])
def test_a_flawed_message_is_a_trouble_and_not_a_sign_of_life(what: str) -> None:
    """It names the field."""
    site = new_site()
    decision = heard(site, what, 1, v=7, online=True)
    assert [t.key for t in decision.troubles] == [f"flaw {what} room-101"]
    assert "v:" in decision.troubles[0].detail
    assert standing(site) == "not heard yet"


def test_a_birth_is_recorded_and_a_change_is_not() -> None:
    """The first state after a start, another boot, or a return is a birth."""
    site = new_site()
    births = [
        heard(site, "state", 1, online=True, boot="a"),
        heard(site, "state", 2, online=True, boot="a"),
        heard(site, "state", 3, online=True, boot="b"),
    ]
    heard(site, "state", 4, online=False, boot="b")
    births.append(heard(site, "state", 5, online=True, boot="b"))
    assert [reasons(d, "agent-online") for d in births] == [["boot a"], [], ["boot b"], ["boot b"]]


def test_strangers_are_shown_up_to_a_limit() -> None:
    """A thousand at most; nobody fills the hub's memory with names."""
    site = new_site()
    for n in range(STRANGERS + 50):
        heard(site, "health", 1, device=f"stranger-{n}")
    assert len(site.view.devices) == 60 + STRANGERS
    assert not site.view.devices["stranger-0"].place.known
    assert f"more than {STRANGERS} devices" in site.view.troubles["flaw device"].detail


@pytest.mark.parametrize("name", ["hub", "posture", "UPPER", "x" * 65])
def test_what_can_be_no_device_is_not_taken_for_one(name: str) -> None:
    """Nothing is shown of it; a trouble says that it came."""
    site = new_site()
    heard(site, "health", 1, device=name)
    assert name not in site.view.devices
    assert name in site.view.troubles["flaw device"].detail


def test_a_door_is_as_it_was_last_told() -> None:
    """By the time it happened: an older word that arrives later changes nothing."""
    site = new_site()
    door = {"kind": "door", "zone": "door"}
    take(site, event_bytes(id="a", what="open", **door), 10)
    shown = site.view.doors["room-101", "door"]
    assert (shown.state, shown.since) == ("open", T0 + 10_000)
    assert take(site, event_bytes(id="b", what="closed", age_ms=9000, **door), 12).doors == {}
    assert site.view.doors["room-101", "door"].state == "open"
    decision = take(site, event_bytes(id="c", what="closed", **door), 13)
    assert site.view.doors["room-101", "door"].state == "closed"
    assert list(decision.doors) == [("room-101", "door")]


def test_a_device_is_gone_only_when_it_is_gone_from_every_broker() -> None:
    """A link of it that was lost is in the record; its own health makes the trouble of it."""
    site = new_site()
    heard(site, "state", 1, online=True)
    heard(site, "health", 2, broker=1, n=2)
    lost = heard(site, "state", 3, online=False)
    assert standing(site) == "heard"
    assert (lost.troubles, [row.what for row in lost.record]) == ([], ["agent-link-lost"])
    gone = heard(site, "state", 4, broker=1, online=False)
    assert standing(site) == "offline"
    assert [t.key for t in gone.troubles] == ["offline room-101", "unprotected room-101"]
    heard(site, "health", 5, n=3)
    assert (standing(site), site.view.troubles) == ("heard", {})


def test_presence_at_a_broker_that_the_hub_has_lost_counts_for_nothing() -> None:
    """Whether the device is still there nobody can say: its farewell at the other is its last."""
    site = new_site(site_settings(more_brokers=(NamedBroker(name="annex", port=1884),)))
    heard(site, "state", 1, online=True)
    heard(site, "state", 1, online=True, broker=1)
    site.decide(Link("rest", False, "gone", broker=1), at(2))
    heard(site, "state", 3, online=False)
    assert standing(site) == "offline"


def test_a_copy_by_another_broker_is_not_heard_again() -> None:
    """One heartbeat by two brokers is one: the later copy doesn't put silence off."""
    site = new_site()
    heard(site, "health", 0, n=1)
    heard(site, "health", 10, n=1, broker=1)
    assert site.view.devices["room-101"].last_heard == T0
    tick(site, SILENT_S)
    assert standing(site) == "silent"


def test_an_older_state_held_back_by_one_broker_changes_nothing() -> None:
    """Neither its zones, nor a door, nor the boot: no birth is seen in it."""
    site = new_site()
    door = {"zone": "door", "kind": "door", "circuit": "nc", "walk_test": False}
    heard(site, "state", 0, online=True, boot="a", zones=[{**door, "condition": "active"}])
    heard(site, "state", 1, online=True, boot="b", broker=1, zones=[{**door, "condition": "normal"}])
    late = heard(site, "state", 2, online=True, boot="a", zones=[{**door, "condition": "active"}])
    assert (late.record, late.doors, late.devices, late.commands) == ([], {}, {}, [])
    device = site.view.devices["room-101"]
    assert (device.boot, device.zones[0].condition) == ("b", "normal")


def test_the_retained_copy_of_a_broker_that_is_back_changes_nothing_heard() -> None:
    site = new_site()
    heard(site, "state", 1, online=True, version="2")
    heard(site, "state", 2, online=False, retained=True, broker=1, version="1")
    assert (standing(site), site.view.devices["room-101"].version) == ("heard", "2")


def test_a_birth_at_each_broker_asks_for_a_beat() -> None:
    """Its lamp wants one over each; repeats of its state don't."""
    site = new_site()

    def birth(broker: int, *, retained: bool = False) -> bool:
        payload = msgspec.json.encode({"v": 1, "online": True, "boot": "b"})
        fact = DeviceMessage("room-101", "state", payload, retained, at(1), broker)
        found = site.devices.is_birth(fact)
        site.decide(fact, at(1))
        return found

    assert not birth(0, retained=True)
    assert [birth(0), birth(0), birth(1), birth(1)] == [True, False, True, False]


def test_a_zone_that_its_agent_does_not_have_is_a_trouble() -> None:
    """Nobody watches a button that the site file names and the agent doesn't; told whole, it is over."""
    site = new_site()
    zones = [
        {"zone": name, "kind": "panic", "circuit": "pair", "condition": "normal", "walk_test": False}
        for name in ("wall", "desk", "quiet", "nurse", "help", "door")
    ]
    heard(site, "state", 1, online=True, zones=zones[:1] + zones[2:])
    trouble = site.view.troubles["zones room-101"]
    assert trouble.detail == "Room 101: its agent has no desk: nobody watches it"
    heard(site, "state", 2, online=True, zones=zones)
    assert "zones room-101" not in site.view.troubles


def test_a_health_with_a_field_that_cannot_be_read_is_a_health_all_the_same() -> None:
    """Of a field that this version doesn't know nothing is needed."""
    site = new_site()
    payload = b'{"v":1,"boot":"b","n":1,"uptime_s":5.0,"outbox":8,"mood":"\xed\xa0\x80"}'
    shown(site.decide(DeviceMessage("room-101", "health", payload, False, at(1)), at(1)))
    view = site.view.devices["room-101"]
    assert view.standing == "heard"
    assert view.health is not None
    assert view.health["outbox"] == 8


@pytest.mark.parametrize("what", ["state", "health"])
def test_a_state_or_health_that_is_far_too_large_is_a_trouble_and_not_read(what: str) -> None:
    site = new_site()
    heard(site, what, 1, online=True, text="x" * MOST_BYTES)
    assert site.view.devices["room-101"].standing == "not heard yet"
    assert f"flaw {what} room-101" in site.view.troubles


def test_links_that_are_made_up_are_told_up_to_a_limit() -> None:
    site = new_site()
    heard(site, "health", 1, troubles=[f"link {n}: gone" for n in range(1000)])
    assert len([key for key in site.view.troubles if key.startswith("link ")]) == LINKS


def test_a_message_from_before_a_broker_was_lost_shows_nobody_as_there() -> None:
    """It waited in the hub's queue while the link went down: the agent's next will is believed."""
    site = new_site()
    heard(site, "state", 1, online=True, n=1)
    late = DeviceMessage("room-101", "state", b'{"v":1,"online":true,"boot":"b","n":2}', False, at(2))
    shown(site.decide(Link("rest", False, "gone"), at(3)))
    shown(site.decide(late, at(4)))
    assert site.devices._paths["room-101"].present == set()
