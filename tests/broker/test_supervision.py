"""A real hub on a real broker: what an agent tells is a trouble, and a bypass silences no press."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.site import Site, until

pytestmark = pytest.mark.broker


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with Site(tmp_path, rooms=2) as running:
        yield running


def state(site: Site, **conditions: str) -> None:
    """Room 101's state, its buttons at rest but for what is given."""
    zones = [
        {
            "zone": zone,
            "kind": "panic",
            "circuit": "eol",
            "condition": conditions.get(zone, "normal"),
            "walk_test": False,
        }
        for zone in ("wall", "desk")
    ]
    body = {"v": 1, "online": True, "boot": site.run_id, "zones": zones}
    site.ear.publish(f"tocsin/v1/{site.name}/room-101/state", body, retain=True)


def health(site: Site, n: int, **fields: object) -> None:
    body = {"v": 1, "boot": site.run_id, "n": n, "uptime_s": 1.0, "outbox": 0} | fields
    site.ear.publish(f"tocsin/v1/{site.name}/room-101/health", body, qos=0)


def test_what_an_agent_tells_opens_and_ends(site: Site) -> None:
    """And the webhook, which asks for none, is told of no trouble."""
    health(site, 1, cpu_c=85.0, disk_free_mb=5.0)
    until("both", lambda: {"hot room-101", "disk-low room-101"} <= set(site.troubles()))
    health(site, 2, cpu_c=50.0, disk_free_mb=900.0)
    until("their end", lambda: {"hot room-101", "disk-low room-101"}.isdisjoint(site.troubles()))
    assert site.sink.posts == []


def test_a_stuck_button_is_silenced_until_it_has_read_normal(site: Site) -> None:
    """Receipted and recorded meanwhile; and the next press from rest is told as ever."""
    state(site, wall="active")
    until(
        "its state",
        lambda: site.ask("devices")["devices"][0]["zones"][0]["condition"] == "active",
    )
    made = site.ask("devices/room-101/zones/wall/bypass", {"reason": "stuck", "hours": 1})
    assert made["bypass"]["press_alarms"] is False
    assert made["unprotected"] is None
    site.wait_receipt(site.send(site.event()))
    assert site.ask("incidents")["incidents"] == []
    site.wait_receipt(site.send(site.event(what="restoral")))
    pressed = site.send(site.event())
    site.sink.told(pressed)
    (zone, _) = site.ask("devices")["devices"][0]["zones"]
    assert zone["bypass"]["press_alarms"] is True


def test_a_bypass_outlives_a_kill_and_any_doubt_alarms(site: Site) -> None:
    """After it nothing is known of what the button read: it calls."""
    state(site, wall="active")
    until(
        "its state",
        lambda: site.ask("devices")["devices"][0]["zones"][0]["condition"] == "active",
    )
    site.ask("devices/room-101/zones/wall/bypass", {"reason": "stuck", "hours": 1})
    site.hub.kill()
    site.start_hub()
    (zone, _) = site.ask("devices")["devices"][0]["zones"]
    assert zone["bypass"]["reason"] == "stuck"
    site.sink.told(site.send(site.event()))
