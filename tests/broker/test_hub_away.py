"""Events kept by the broker while the hub is away, and a broker that dies while the hub reads them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.mosquitto import Wire
from tests.site import Site, until

pytestmark = pytest.mark.broker

MANY = 10_000
DROPPED = "$SYS/broker/publish/messages/dropped"
UPTIME = "$SYS/broker/uptime"


def left_in_broker(site: Site) -> int:
    """How many events the broker still keeps for the hub, which must be down: never acknowledged ones."""
    with Wire(
        site.broker, f"tocsin/v1/{site.name}/+/event", client_id=f"tocsin-hub-{site.name}", clean=False
    ) as wire:
        assert wire.session_present, "the hub's session is gone"
        site.send(site.event(id="last of all"))
        wire.wait_for(lambda m: m.json["id"] == "last of all")
        return len(wire.messages) - 1


def send_many(site: Site, count: int) -> dict[str, dict[str, Any]]:
    """Publish presses and doors of all rooms as fast as the broker takes them; waits for its PUBACKs.

    Returns each event by its id.
    """
    events = {}
    for n in range(count):
        device = site.rooms[n % len(site.rooms)].device
        kind = {"zone": "door", "kind": "door", "what": "open"} if n % 3 else {}
        event = site.event(device, **kind)
        events[site.send(event, wait=False)] = event
    last = site.event()
    events[site.send(last, deadline_s=60)] = last
    return events


def test_ten_thousand_events_wait_for_the_hub(tmp_path: Path) -> None:
    """All are recorded once, all receipted, none dropped by the broker, and none left in it."""
    with Site(tmp_path, rooms=5) as site, Wire(site.broker, DROPPED, UPTIME) as sys:
        site.hub.kill()
        ids = send_many(site, MANY)
        site.start_hub()
        until("all are receipted", lambda: ids.keys() <= set(site.receipts()), 60)
        assert site.rows("select count(*), count(distinct key) from events") == [(len(ids), len(ids))]
        assert {key[1:] for (key,) in site.rows("select key from events")} == ids.keys()
        counted = site.rows("select count(*) from record where what = 'event'")
        assert counted == [(len(ids),)], "none was taken twice"
        assert len(site.receipts()) == len(ids), "none came twice"
        # The broker tells a count only when it has changed, and its uptime with every telling.
        told = len(sys.messages)
        sys.wait_for(lambda m: m.topic == UPTIME, 15, after=told)
        assert [m.payload for m in sys.messages if m.topic == DROPPED] == [b"0"]
        assert site.healthz()[0] == 200
        press = site.event("room-101")
        posts = len(site.sink.posts)
        site.send(press)
        site.sink.told(press["id"], 5, after=posts)
        site.wait_receipt(press["id"])
        site.hub.end()
        assert left_in_broker(site) == 0


def test_the_broker_dies_while_the_hub_reads(tmp_path: Path) -> None:
    """What the broker still has comes again and is dropped as a repeat; what it acknowledged, it forgets."""
    with Site(tmp_path, rooms=5) as site:
        site.hub.kill()
        ids = send_many(site, 3000)
        site.broker.wait_stored()
        site.hub.start()
        until("the hub has begun", lambda: len(site.receipts()) > 200, 20)
        site.broker.kill()
        site.broker.start()
        count = "select count(*) from events"
        until("all are recorded", lambda: site.rows(count) == [(len(ids),)], 40)
        assert site.rows("select count(*) from record where what = 'event'") == [(len(ids),)]
        until("the hub is ready again", lambda: site.healthz()[0] == 200, 20)
        doors = [site.event(room.device, zone="door", kind="door", what="open") for room in site.rooms]
        behind = {site.send(door) for door in doors}  # a device's acknowledgements keep their order
        until("all before them is acknowledged", lambda: behind <= set(site.receipts()), 30)
        site.hub.end()
        assert left_in_broker(site) == 0


def test_a_hub_that_is_killed_while_it_reads_forgets_nothing(tmp_path: Path) -> None:
    with Site(tmp_path, rooms=5) as site:
        site.hub.kill()
        ids = send_many(site, 3000)
        for part in (1, 2, 3):
            site.hub.start()
            until("the hub has begun", lambda part=part: len(set(site.receipts())) > part * 400, 20)
            site.hub.kill()
        site.start_hub()
        recorded = "select count(*) from record where what = 'event'"
        until("all are recorded", lambda: site.rows(recorded) == [(len(ids),)], 30)
        # A kill between the PUBACK and the receipt leaves the receipt to the agent, which sends again.
        for lost in ids.keys() - set(site.receipts()):
            site.send(ids[lost])
        until("all are receipted", lambda: ids.keys() <= set(site.receipts()), 30)
        assert site.rows(recorded) == [(len(ids),)]
        presses = {key[1:] for (key,) in site.rows("select key from events where what = 'alarm'")}
        numbers = {post.incident["number"] for post in site.sink.posts}
        assert len(numbers) == len({post.incident["id"] for post in site.sink.posts}) == 1
        last = site.sink.wait_for(lambda post: len(post.incident["events"]) == min(500, len(presses)), 10)
        assert len(set(last.event_ids)) == len(last.event_ids)
