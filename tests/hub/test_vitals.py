"""What an agent's health and the numbers of its events show: each opens, and each ends."""

from __future__ import annotations

from typing import Any

import pytest

from config.clock import stamp
from hub import health_watch
from hub.decision import Decision
from hub.health_watch import RULES
from hub.inputs import ClockTrust
from hub.site import Site
from tests.hub.making import T0, at, came, event_bytes, heard, new_site, take, tick

DAY = 86_400


def whats(site: Site) -> set[str]:
    """Return what is wrong with room 101, as far as a board shows; that it is unprotected follows."""
    return {trouble.what for trouble in site.view.troubles.values() if trouble.device == "room-101"} - {
        "unprotected"
    }


def health(site: Site, second: float, **fields: Any) -> Decision:
    return heard(site, "health", second, n=int(second) + 1, **fields)


def at_of(second: float, off_s: float = 0) -> str:
    return stamp(T0 + round((second + off_s) * 1000))


ROWS: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = {
    "hot": ({"cpu_c": 80.0}, {"cpu_c": 75.0}, {"cpu_c": 74.9}),
    "low-voltage": ({"under_voltage": True}, {"under_voltage": None}, {"under_voltage": False}),
    "slowed": ({"throttled": True}, {"throttled": None}, {"throttled": False}),
    "on-battery": ({"on_battery": True}, {"on_battery": None}, {"on_battery": False}),
    "battery-low": ({"battery_low": True}, {"battery_low": None}, {"battery_low": False}),
    "disk-low": ({"disk_free_mb": 99.0}, {"disk_free_mb": 149.0}, {"disk_free_mb": 150.0}),
    "memory-low": ({"memory_free_mb": 49.0}, {"memory_free_mb": 74.0}, {"memory_free_mb": 75.0}),
    "clock-unset": ({"clock_synced": False}, {"clock_synced": None}, {"clock_synced": True}),
    "version": ({"version": "0.0.9"}, {"version": None}, {"version": "0.1.7"}),
    "outbox-waits": (
        {"outbox": 1, "oldest_ms": 60_000},
        {"outbox": 1, "oldest_ms": 30_000},
        {"outbox": 0, "oldest_ms": None},
    ),
    "certificate": (
        {"cert_ends": at_of(29.9 * DAY)},
        {"cert_ends": None},
        {"cert_ends": at_of(40 * DAY)},
    ),
}
"""What opens a trouble, what leaves it as it is, open or not, and what ends it."""


def test_every_rule_has_a_row_here() -> None:
    """But the clock's drift, which has a test of its own."""
    assert {rule.what for rule in RULES} == {*ROWS, "clock-drift"}


@pytest.mark.parametrize("what", ROWS)
def test_it_opens_at_its_mark_and_ends_at_its_other_one(what: str, monkeypatch: Any) -> None:
    """What lies between says nothing, before and after."""
    monkeypatch.setattr(health_watch, "__version__", "0.1.0")
    rule = next(rule for rule in RULES if rule.what == what)
    wrong, between, well = ROWS[what]
    site = new_site()
    health(site, 1, **between)
    assert whats(site) == set()
    health(site, 15, **wrong)
    if rule.after_s:
        assert whats(site) == set()
        health(site, 15 + rule.after_s - 1, **wrong)
        assert whats(site) == set()
    start = 15 + rule.after_s
    decision = health(site, start, **wrong)
    assert whats(site) == {what}
    if not rule.after_s:
        assert decision.troubles == []  # once; the next health of the same is no news
    health(site, start + 15, **between)
    health(site, start + 30, **between)
    assert whats(site) == {what}
    health(site, start + 45, **well)
    health(site, start + 45 + rule.well_for_s, **well)
    assert whats(site) == set()


def test_null_sensors_say_nothing() -> None:
    """An agent without any sensor has no trouble by it."""
    site = new_site()
    for second in range(0, 3600, 15):
        health(site, second + 1)
    assert whats(site) == set()


@pytest.mark.parametrize(
    ("version", "is_wrong"),
    [
        ("0.6.9", False),
        ("0.7.0", False),
        ("0.8.1", False),  # CONTRACT: one minor newer is served
        ("0.9.0", True),
        ("0.5.9", True),
        ("1.0.0", True),
        ("not a version", False),
        ("0.6", False),
    ],
)
def test_a_version_behind_is_told(version: str, is_wrong: bool, monkeypatch: Any) -> None:
    """Of the same minor or one newer it is well; a patch is no version behind; nonsense says nothing."""
    monkeypatch.setattr(health_watch, "__version__", "0.7.3" if version != "0.6.9" else "0.6.0")
    site = new_site()
    health(site, 1, version=version if version != "0.6" else "0.7")
    assert (whats(site) == {"version"}) is is_wrong


def test_one_minor_older_is_served_and_yet_to_be_upgraded(monkeypatch: Any) -> None:
    """Its trouble says so; after the upgrade it is over."""
    monkeypatch.setattr(health_watch, "__version__", "0.7.0")
    site = new_site()
    health(site, 1, version="0.6.2")
    assert (
        site.view.troubles["version room-101"].detail == "its program is 0.6.2, the hub's 0.7.0: upgrade it"
    )
    health(site, 20, version="0.7.0")
    assert whats(site) == set()


def test_a_clock_that_drifts_is_known_by_health_and_by_events() -> None:
    """5 s either way; 2 s is none; an old event, or one that lay in a broker, says nothing of now."""
    site = new_site()
    health(site, 15, at=at_of(15, 4.9))
    assert whats(site) == set()
    health(site, 30, at=at_of(30, -5))
    assert site.view.troubles["clock-drift room-101"].detail == "its clock is -5 s from the hub's"
    health(site, 45, at=at_of(45, 3))
    assert whats(site) == {"clock-drift"}
    health(site, 60, at=at_of(60, 1))
    assert whats(site) == set()
    take(site, event_bytes(id="a", what="restoral", age_ms=90_000, at=at_of(0)), 61)
    take(site, event_bytes(id="b", what="restoral", seq=2, at=at_of(0)), 62, waited_ms=3000)
    assert whats(site) == set()
    take(site, event_bytes(id="c", what="restoral", seq=3, age_ms=1000, at=at_of(62, 60)), 63)
    assert site.view.troubles["clock-drift room-101"].detail == "its clock is +60 s from the hub's"


def test_links_that_are_down_are_troubles_of_their_own() -> None:
    """Each by its name; they are not told a second time as the agent's words."""
    site = new_site()
    health(site, 1, troubles=["link annex: connection refused", "link main: no route", "pins: lost"])
    assert {t.key: t.detail for t in site.view.troubles.values()} == {
        "link room-101 annex": "its link annex is down: connection refused",
        "link room-101 main": "its link main is down: no route",
        "agent room-101": "pins: lost",
    }
    health(site, 16, troubles=["link main: no route"])
    assert list(site.view.troubles) == ["link room-101 main"]
    health(site, 31)
    assert site.view.troubles == {}


def test_what_the_hub_tells_of_an_agent_is_not_told_twice() -> None:
    """Its own words count where the hub has no trouble of that."""
    site = new_site()
    health(site, 1, cpu_c=81.0, troubles=["heat: 80 °C or more", "outbox: can't be written"])
    assert whats(site) == {"hot", "agent-trouble"}
    assert site.view.troubles["agent room-101"].detail == "outbox: can't be written"
    health(site, 16, troubles=["heat: 80 °C or more"])  # it says so, and its reading is missing
    assert whats(site) == {"hot"}


def test_events_that_never_come_are_a_trouble_after_a_minute() -> None:
    """And it ends when they come, in whatever order."""
    site = new_site()
    heard(site, "state", 1, online=True)
    for n, second in ((1, 2), (2, 3), (6, 4)):
        take(site, event_bytes(id=f"e{n}", seq=n, what="restoral"), second)
    tick(site, 63.9)
    assert whats(site) == {"silent"}
    tick(site, 64)
    assert site.view.troubles["seq-gap room-101"].detail == "event 3 to 5 of its boot b never came"
    for n in (5, 3):
        take(site, event_bytes(id=f"e{n}", seq=n, what="restoral"), 70)
    assert site.view.troubles["seq-gap room-101"].detail == "event 4 of its boot b never came"
    take(site, event_bytes(id="e4", seq=4, what="restoral"), 71)
    assert "seq-gap" not in whats(site)


def test_copies_out_of_order_are_no_gap() -> None:
    """What comes within a minute was never missing; what was given up by name is accounted for."""
    site = new_site()
    heard(site, "state", 1, online=True)
    for n in (3, 1, 2, 9):
        take(site, event_bytes(id=f"e{n}", seq=n, what="restoral"), 2)
    health(site, 30, given_up=["b-4", "b-5..8"])
    tick(site, 100)
    assert whats(site) == {"silent"}


def test_what_is_only_counted_is_not_missing() -> None:
    """Of a device of the settings, also where it is flawed; of others nothing is kept."""
    site = new_site()
    heard(site, "state", 1, online=True)
    take(site, event_bytes(id="e1", seq=1, what="restoral"), 2)
    for n in (2, 3):
        site.devices.vitals.counted(came(event_bytes(id=f"e{n}", seq=n), second=2), at(2))
    site.devices.vitals.counted(came(event_bytes(id="e4", seq=4, kind="unheard-of"), second=2), at(2))
    site.devices.vitals.counted(came(b"no event", second=2), at(2))
    site.devices.vitals.counted(came(event_bytes(), "garage-1", second=2), at(2))
    take(site, event_bytes(id="e6", seq=6, what="restoral"), 3)
    tick(site, 100)
    assert site.view.troubles["seq-gap room-101"].detail == "event 5 of its boot b never came"
    assert set(site.devices.vitals._sequences) == {"room-101"}


def test_a_gap_is_let_go_after_a_day() -> None:
    """Nobody can bring them any more, and the next gap is to be seen."""
    site = new_site()
    heard(site, "state", 1, online=True)
    take(site, event_bytes(id="e3", seq=3, what="restoral"), 2)
    tick(site, 62)
    assert "seq-gap" in whats(site)
    for hour in range(1, 27):
        tick(site, 62 + hour * 3600)
    assert "seq-gap" not in whats(site)
    take(site, event_bytes(id="e4", seq=4, what="restoral"), 100_000)
    tick(site, 100_100)
    assert "seq-gap" not in whats(site)


def test_what_came_before_the_hub_started_is_no_gap() -> None:
    """Of a boot that was known, the numbers before are in the record."""
    from hub.loaded import Loaded
    from hub.view import DeviceView
    from tests.hub.making import place

    site = new_site(loaded=Loaded(devices={"room-101": DeviceView(place(), boot="b")}))
    heard(site, "state", 1, online=True)
    take(site, event_bytes(id="e40", seq=40, what="restoral"), 2)
    tick(site, 100)
    assert whats(site) == {"silent"}
    heard(site, "state", 110, online=True, boot="c")
    take(site, event_bytes(id="c2", boot="c", seq=2, what="restoral"), 111)
    tick(site, 171)
    assert "seq-gap" in whats(site)


def test_two_machines_under_one_id_are_a_trouble_and_both_are_taken() -> None:
    """By their healths, or by presses alone; it ends 10 min after the second one spoke last."""
    site = new_site()
    for second, boot in ((0, "a"), (15, "b")):
        heard(site, "health", second, boot=boot, n=second)
    assert whats(site) == set()  # a restart
    heard(site, "health", 30, boot="a", n=30)
    assert whats(site) == {"two-boots"}
    first = take(site, event_bytes(id="a-1", boot="a", zone="wall"), 31)
    second = take(site, event_bytes(id="b-1", boot="b", zone="desk"), 32)
    assert len(first.events) == len(second.events) == 1
    (incident,) = site.view.incidents.values()
    assert [press.id for press in incident.events] == ["a-1", "b-1"]
    for moment in range(45, 45 + 600, 15):
        heard(site, "health", moment, boot="b", n=moment)
        tick(site, moment)
    assert whats(site) == {"two-boots"}
    heard(site, "health", 645, boot="b", n=700)
    tick(site, 645)
    assert whats(site) == set()


def test_two_machines_are_known_by_presses_alone() -> None:
    """Each tells of something new while the other does."""
    site = new_site()
    for n, (second, boot) in enumerate([(0, "a"), (10, "b"), (20, "a")]):
        take(site, event_bytes(id=f"{boot}-{n}", boot=boot, seq=n // 2 + 1), second)
    assert "two-boots" in whats(site)


def test_what_an_outbox_held_over_a_restart_is_no_second_machine() -> None:
    """It happened before the new boot spoke, however often it alternates with what is new."""
    site = new_site()
    heard(site, "state", 0, online=True, boot="a")
    heard(site, "state", 100, online=True, boot="b")
    for n in range(1, 5):
        take(site, event_bytes(id=f"b-{n}", boot="b", seq=n, what="restoral"), 100 + n)
        take(
            site,
            event_bytes(id=f"a-{n}", boot="a", seq=n, what="restoral", age_ms=(20 + n) * 1000),
            100.5 + n,
        )
    heard(site, "health", 110, boot="b")
    assert whats(site) == set()
    take(site, event_bytes(id="0-1", boot="0", what="restoral", age_ms=3_600_000), 111)
    heard(site, "health", 125, boot="b", n=9)
    assert whats(site) == set()


def test_strangers_leave_nothing_behind() -> None:
    """What is watched is bounded by the settings, whatever names come."""
    site = new_site()
    for n in range(50):
        take(site, event_bytes(id=f"e{n}", seq=n + 1), 1, device=f"stranger-{n}")
        heard(site, "health", 2, f"stranger-{n}", cpu_c=99.0)
    assert {t.what for t in site.view.troubles.values()} == {"flaw-device"}


def test_whose_clock_is_off_is_not_told_while_the_hub_s_own_may_be() -> None:
    """60 rooms would be wrong by one fault."""
    site = new_site()
    for second in (0, 300):
        site.decide(ClockTrust(False), at(second))
    health(site, 301, at=at_of(301, 60))
    take(site, event_bytes(what="restoral", at=at_of(302, 60)), 302)
    assert whats(site) == set()
    site.decide(ClockTrust(True), at(303))
    health(site, 316, at=at_of(316, 60))
    assert whats(site) == {"clock-drift"}


def test_what_is_remembered_of_a_device_is_bounded() -> None:
    """Whatever boots it tells of: an agent in a crash loop has a new one every few seconds."""
    site = new_site()
    for n in range(500):
        heard(site, "state", n * 10, online=True, boot=f"boot-{n}")
        old = event_bytes(id=f"e{n}", boot=f"old-{n}", seq=9, what="restoral", age_ms=86_400_000)
        take(site, old, n * 10 + 1)
        take(site, event_bytes(id=f"f{n}", boot="one", seq=2 * n + 1, what="restoral", age_ms=86_400_000), 1)
    vitals = site.devices.vitals
    sequence, boots = vitals._sequences["room-101"], vitals._boots["room-101"]
    assert len(sequence._boots) <= 4
    assert len(boots._earlier) <= 8
    assert all(len(boot.holes) <= 64 for boot in sequence._boots.values())
    assert boots.newest == "boot-499"


@pytest.mark.parametrize(
    ("names", "is_gap"),
    [
        (["b-2..9"], False),
        (["b-2..5", "b-6", "b-7..9"], False),
        (["b-2..8"], True),
        (["b-1..20(8)"], False),  # 8 of that span, and 8 are missing
        (["b-1..20(7)"], True),  # one of them was lost
        (["c-2..9"], True),
        (["earlier(8)", "b", "b-", "b-x", "-", "b-9..2", ""], True),
    ],
)
def test_what_was_given_up_by_name_is_no_gap(names: list[str], is_gap: bool) -> None:
    """However it is named; what can't be read accounts for nothing."""
    site = new_site()
    heard(site, "state", 1, online=True)
    for n in (1, 10):
        take(site, event_bytes(id=f"e{n}", seq=n, what="restoral"), 2)
    health(site, 30, given_up=names)
    health(site, 63)
    tick(site, 63)
    assert ("seq-gap" in whats(site)) is is_gap
