"""A hub with two brokers: what either brings is taken, and the death of one is no more than a trouble."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.linked_room import SITE, LinkedRoom
from tests.mosquitto import Mosquitto, Wire
from tests.site import Site, until

pytestmark = pytest.mark.broker


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with Site(tmp_path, rooms=4, more_brokers=1) as running:
        second = running.more_ears[0]
        second.wait_for(lambda m: m.topic.endswith("/hub/hub-1/state") and m.json["ready"])
        yield running


def left_in(broker: Mosquitto, site: Site) -> list[str]:
    """The events that a broker still keeps for the hub, which must be down."""
    with Wire(
        broker, f"tocsin/v1/{site.name}/+/event", client_id=f"tocsin-hub-{site.name}", clean=False
    ) as wire:
        assert wire.session_present, "the hub's session is gone"
        wire.publish(f"tocsin/v1/{site.name}/room-101/event", {"id": "last of all"})
        wire.wait_for(lambda m: m.json["id"] == "last of all")
        return [message.json["id"] for message in wire.messages][:-1]


def recorded(site: Site) -> list[str]:
    """The ids of the recorded alarms, in order."""
    rows = site.rows("select key from events where what = 'alarm' order by seq")
    return [key.removeprefix("=") for (key,) in rows]


@contextlib.contextmanager
def locked(site: Site) -> Iterator[None]:
    """The record can't be written meanwhile."""
    with contextlib.closing(sqlite3.connect(site.hub_data / "tocsin.db", isolation_level=None)) as db:
        until("the lock", lambda: _begun(db), 10)
        try:
            yield
        finally:
            db.execute("rollback")


def _begun(db: sqlite3.Connection) -> bool:
    with contextlib.suppress(sqlite3.OperationalError):
        db.execute("begin immediate")
    return db.in_transaction


def test_what_either_broker_brings_is_committed_once_and_receipted_over_both(site: Site) -> None:
    """One that comes by both is one event, with one alarm."""
    first, second = site.ear, site.more_ears[0]
    for ear in (first, second, None):
        event = site.event()
        for way in [ear] if ear else [first, second]:
            site.send(event, ear=way)
        for listener in (first, second):
            site.wait_receipt(event["id"], ear=listener)
        site.sink.told(event["id"])
    assert len(recorded(site)) == len(set(recorded(site))) == 3
    assert site.rows("select count(*) from record where what = 'event'") == [(3,)]
    posted = [one for post in site.sink.posts for one in post.event_ids]
    assert {post.incident["id"] for post in site.sink.posts} == {site.sink.posts[0].incident["id"]}
    assert len(set(posted)) == 3
    site.hub.end()
    assert [left_in(broker, site) for broker in (site.broker, *site.more_brokers)] == [[], []]


@pytest.mark.parametrize("which", [1, 2])
@pytest.mark.parametrize("how", ["killed", "silent"])
def test_a_broker_that_dies_is_a_trouble_and_no_more(site: Site, which: int, how: str) -> None:
    """Presses over the other are committed within a second, before it is known and after; ready all along."""
    brokers, ears = [site.broker, *site.more_brokers], [site.ear, *site.more_ears]
    gone, other = brokers[which - 1], ears[2 - which]
    suffix = "" if which == 1 else " broker-2"
    gone.wait_stored()  # else it forgets the hub's session, which is a trouble of its own
    beats = len(other.messages)
    began = time.monotonic()
    if how == "killed":
        gone.kill()
    else:
        gone.pause()

    def press() -> str:
        sent = time.monotonic()
        event = site.event()
        site.send(event, ear=other)
        receipt = site.wait_receipt(event["id"], ear=other)
        assert receipt.at - sent < 1.0
        return str(event["id"])

    pressed = [press() for _ in range(5)]
    keys = {f"broker events{suffix}", f"broker rest{suffix}"}
    until("the troubles", lambda: keys <= set(site.troubles()), 15 - (time.monotonic() - began))
    assert all(str(gone.port) in site.troubles()[key]["detail"] for key in keys)
    assert set(site.troubles()) == keys
    pressed += [press() for _ in range(5)]
    status, word = site.healthz()
    assert (status, word["ready"]) == (200, True)
    said = [m.json["ready"] for m in other.messages[beats:] if m.topic.endswith("/hub/hub-1/state")]
    assert all(said)
    if how == "killed":
        gone.start()
    else:
        gone.resume()
    until("restored", lambda: not site.troubles(), 20)
    if how == "silent":  # a listener that stayed hears the receipts that were owed to it
        for event_id in pressed[5:]:  # the others' were given to the connection that was dead already
            site.wait_receipt(event_id, ear=ears[which - 1])
    event = site.event()
    until("the listener is back", lambda: _sent(site, event, ears[which - 1]), 20)
    site.wait_receipt(event["id"], ear=other)
    assert recorded(site) == [*pressed, event["id"]]


def _sent(site: Site, event: dict[str, object], ear: Wire) -> bool:
    with contextlib.suppress(AssertionError):
        site.send(event, ear=ear, deadline_s=2)
        return True
    return False


def test_a_hub_starts_and_is_ready_with_one_broker_of_two(tmp_path: Path) -> None:
    """The other is a trouble by its name from the first attempt on."""
    with Site(tmp_path, rooms=2, hub=False, more_brokers=1) as site:
        site.more_brokers[0].stop()
        site.start_hub()
        until("the trouble", lambda: "broker events broker-2" in site.troubles(), 15)
        event = site.event()
        site.send(event)
        site.wait_receipt(event["id"])
        site.more_brokers[0].start()
        until("restored", lambda: not site.troubles(), 20)


def test_a_broker_whose_events_do_not_arrive_hears_that_the_hub_is_not_ready(site: Site) -> None:
    """Another took its event session away: lamps of that broker must not promise to be heard."""
    second, port = site.more_ears[0], site.more_brokers[0]
    heard = len(second.messages)
    here = len(site.ear.messages)

    def beat(ready: bool, after: int) -> int:
        second.wait_for(
            lambda m: m.topic.endswith("/hub/hub-1/state") and m.json["ready"] is ready, 15, after=after
        )
        return len(second.messages)

    with Wire(port, "nothing/at/all", client_id=f"tocsin-hub-{site.name}", clean=False):
        heard = beat(False, heard)
    beat(True, heard)
    said = [m.json["ready"] for m in site.ear.messages[here:] if m.topic.endswith("/hub/hub-1/state")]
    assert all(said)


@pytest.mark.parametrize("ends", [Mosquitto.restart, Mosquitto.kill])
def test_what_one_broker_brought_and_was_not_acknowledged_comes_again_in_order(
    site: Site, ends: Callable[[Mosquitto], object]
) -> None:
    """A disk that takes nothing: presses of both are told; no receipt and no PUBACK is lost or early."""
    second, broker = site.more_ears[0], site.more_brokers[0]
    with locked(site):
        by_second = [site.send(site.event(), ear=second) for _ in range(10)]
        by_first = [site.send(site.event()) for _ in range(10)]
        for event_id in (by_second[-1], by_first[-1]):
            site.sink.told(event_id)
        broker.wait_stored()
        heard = len(site.ear.messages)
        ends(broker)
        if not broker.running:
            broker.start()
        until("connected anew", lambda: broker.words().count(f"as tocsin-hub-{site.name} ") >= 2, 20)
        assert site.receipts() == []
    for event_id in by_second + by_first:
        site.wait_receipt(event_id, after=heard)
    order = recorded(site)  # each broker's own: between two there is none
    assert [event_id for event_id in order if event_id in by_second] == by_second
    assert [event_id for event_id in order if event_id in by_first] == by_first
    assert len(order) == len(by_second) + len(by_first)
    assert site.rows("select count(*) from record where what = 'event'") == [(20,)]
    until("well", lambda: not site.troubles(), 20)
    site.hub.end()
    assert [left_in(each, site) for each in (site.broker, broker)] == [[], []]


def test_a_broker_that_is_silent_holds_up_no_farewell(site: Site) -> None:
    """The other hears that the hub stops, at once, and the hub ends in its time."""
    heard = len(site.ear.messages)
    site.more_brokers[0].pause()
    began = time.monotonic()
    code = site.hub.end(within_s=15)
    last = site.ear.wait_for(
        lambda m: m.topic.endswith("/hub/hub-1/state") and not m.json["online"], after=heard
    )
    assert (last.json["why"], code) == ("stopped", 0)
    assert last.at - began < 2.0


def test_a_hub_that_was_killed_takes_what_either_kept(site: Site) -> None:
    """In the order of each; the same event by both is one."""
    first, second = site.ear, site.more_ears[0]
    site.hub.kill()
    by_first = [site.send(site.event()) for _ in range(20)]
    by_second = [site.send(site.event(), ear=second) for _ in range(20)]
    both = site.event()
    for ear in (first, second):
        site.send(both, ear=ear)
    site.start_hub()
    for event_id in [*by_first, *by_second, both["id"]]:
        site.wait_receipt(event_id, ear=second)
    order = recorded(site)
    assert [one for one in order if one in by_first] == by_first
    assert [one for one in order if one in by_second] == by_second
    assert len(order) == 41
    assert site.troubles() == {}


class Demo(Site):
    """A site of the linked room's name."""

    name = SITE


def test_a_room_with_two_links_is_heard_while_either_broker_is_up(tmp_path: Path) -> None:
    """Its press is taken once, it stays heard, and its lamp shows ready only while one path is whole."""
    with Demo(tmp_path, rooms=1, more_brokers=1) as site:
        second = site.more_brokers[0]
        ways = {"main": site.broker.port, "annex": second.port}
        with LinkedRoom(tmp_path / "room", **ways) as room:
            room.wait_up("main", "annex")

            def lamp_shows(pattern: str) -> None:
                until(pattern, lambda: room.look()["lamp"]["pattern"] == pattern, 15)

            def press(button: str) -> None:
                room.tap(button)
                until("recorded, receipted", lambda: pressed() == [button] and not room.look()["outbox"])

            def pressed() -> list[str]:
                rows = site.rows("select zone from events where what = 'alarm' and seq > ? order by seq", seq)
                return [zone for (zone,) in rows]

            lamp_shows("ready")
            site.broker.wait_stored()
            site.broker.kill()
            room.wait_up("annex")
            until("named", lambda: {"broker events", "broker rest"} <= set(site.troubles()), 15)
            lamp_shows("ready")
            with Wire(second, "nothing/at/all", client_id=f"tocsin-hub-{site.name}", clean=False):
                lamp_shows("fault")  # its press would not be heard, whatever else the hub hears
            lamp_shows("ready")
            seq = 0
            press("wall")
            (device,) = site.ask("devices")["devices"]
            assert device["standing"] == "heard"
            assert not [key for key in site.troubles() if key.startswith(("offline", "silent"))]
            site.broker.start()
            room.wait_up("main", "annex")
            until("restored", lambda: not site.troubles(), 40)
            (seq,) = site.rows("select max(seq) from events")[0]
            press("desk")
            assert len(recorded(site)) == 2
