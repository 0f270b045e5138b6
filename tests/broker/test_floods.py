"""An agent that floods a real broker, while others press: all told, and all accounted for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hub.quota import EVENTS, PAYLOAD_KEPT, RATES, TOKEN_BYTES
from tests.broker.test_hub_away import left_in_broker
from tests.mosquitto import Wire
from tests.site import Site, until

pytestmark = pytest.mark.broker

DEVICE = "room-101"
PRESS_S = 10.0
"""Within this every press is told, however busy the machine is."""
LARGE = round(EVENTS.at_once / (1 + PAYLOAD_KEPT // TOKEN_BYTES)) + 1
"""Messages of 16 KiB that use the quota up."""
MANY = 3_000


def publish(site: Site, wire: Wire, topic: str, **fields: Any) -> None:
    payload = {"v": 1, "boot": "flood"} | fields
    retain = topic == "state"
    wire.publish(f"tocsin/v1/{site.name}/{DEVICE}/{topic}", payload, retain=retain, wait=False)


def flood(site: Site, wire: Wire, **fields: Any) -> int:
    """Publish events as fast as the broker takes them, large ones first; returns how many."""
    for n in range(LARGE + MANY):
        more = {"text": "x" * PAYLOAD_KEPT} if n < LARGE else {}
        own = {"id": f"f{n}", "seq": n + 1, "age_ms": 0, "test": False}
        publish(site, wire, "event", **own, **fields, **more)
    return LARGE + MANY


def counted(site: Site) -> int:
    """How many events of the device the record has counted."""
    rows = site.rows("select detail from record where what = 'flood-counted' and incident is null")
    rows += site.rows("select value from facts where name = ?", f"flood {DEVICE}")
    return sum(span["events"] for (text,) in rows if (span := json.loads(text)))


def one_by_one(site: Site) -> int:
    """How many events of the device have a row of their own."""
    return int(site.rows("select count(*) from events where device = ?", DEVICE)[0][0])


def presses_are_told(site: Site, *rooms: int) -> None:
    for room in rooms:
        press = site.event(f"room-{room}")
        site.send(press)
        site.sink.told(press["id"], PRESS_S)
        site.wait_receipt(press["id"])


def test_a_flood_of_doors_holds_up_no_press_and_is_all_accounted_for(tmp_path: Path) -> None:
    """A press in the room that floods is told like any other."""
    with Site(tmp_path, rooms=4) as site, Wire(site.broker, "none") as wire:
        sent = flood(site, wire, zone="door", kind="door", what="open")
        presses_are_told(site, 102, 103)
        until("it is known", lambda: f"flood {DEVICE}" in site.troubles(), 60)
        sent += flood(site, wire, zone="door", kind="door", what="open", cause="another")
        presses_are_told(site, 104, 101)
        until("all are accounted for", lambda: one_by_one(site) + counted(site) >= sent + 1, 60)
        assert counted(site) >= MANY
        assert site.healthz()[0] == 200
        site.hub.end()
        assert left_in_broker(site) == 0


def test_a_storm_of_new_calls_of_one_room_is_one_incident(tmp_path: Path) -> None:
    """All receipted, the newest 500 in what is told, and other rooms beside them."""
    with Site(tmp_path, rooms=3) as site, Wire(site.broker, "none") as wire:
        sent = flood(site, wire, zone="wall", kind="panic", what="alarm")
        presses_are_told(site, 102)
        ids = {f"f{n}" for n in range(sent)}
        until("all are receipted", lambda: ids <= set(site.receipts()), 60)
        presses_are_told(site, 103)
        assert len({post.incident["id"] for post in site.sink.posts}) == 1
        assert max(len(post.incident["events"]) for post in site.sink.posts) <= 500
        assert max(len(json.dumps(post.body)) for post in site.sink.posts) < 500_000
        assert one_by_one(site) + counted(site) >= sent


def test_of_a_flood_of_states_the_newest_is_shown_and_kept(tmp_path: Path) -> None:
    with Site(tmp_path, rooms=2) as site, Wire(site.broker, "none") as wire:
        count = round(RATES["state"].at_once) + 1_000
        for n in range(count):
            publish(site, wire, "state", online=True, version=f"0.{n}")
        presses_are_told(site, 102)

        def shown() -> Any:
            return next(d["version"] for d in site.ask("devices")["devices"] if d["device"] == DEVICE)

        until("the newest is shown", lambda: shown() == f"0.{count - 1}", 30)
        until("it is known", lambda: f"flood {DEVICE}" in site.troubles(), 30)
        online = "select count(*) from record where what = 'agent-online'"
        assert site.rows(online)[0][0] <= 5
