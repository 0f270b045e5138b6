"""CONTRACT's table of what arrives on an event topic, row by row, on a real broker and a real hub.

After each the hub goes on: a press behind it is told at once. Every test has a room of its own, and
incidents are grouped by device, so that none waits for another's.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from hashlib import blake2b
from typing import Any

import pytest

from tests.mosquitto import Wire
from tests.site import Post, Site, until

pytestmark = pytest.mark.broker

AT_ONCE_S = 1.0


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with Site(tmp_path_factory.mktemp("arrives"), rooms=100, group_by="device") as site:
        yield site


@pytest.fixture
def room(site: Site) -> str:
    """A room that no other test has pressed in."""
    used = getattr(site, "_used", 0)
    site._used = used + 1  # type: ignore[attr-defined]
    return site.rooms[used].device


def goes_on(site: Site, room: str) -> None:
    """A press behind whatever came is told at once, and receipted."""
    press = site.event(room, zone="desk")
    posts = len(site.sink.posts)
    site.send(press)
    # Another room's press would open an incident of its own; this one may have to join its room's.
    site.sink.told(press["id"], 3.0, after=posts)
    site.wait_receipt(press["id"])


def incident_of(site: Site, device: str) -> dict[str, Any]:
    """The one unresolved incident of a device, as the API tells it."""
    found = [i for i in site.ask("incidents?limit=500")["incidents"] if i["rooms"][0]["device"] == device]
    assert len(found) == 1, f"{len(found)} incidents of {device}"
    incident: dict[str, Any] = found[0]
    return incident


def flaws_of(site: Site, device: str) -> set[str]:
    """The troubles that messages of this device have raised: which of its fields they are about."""
    troubles = site.ask("troubles")["troubles"]
    return {t["what"].removeprefix("flaw-") for t in troubles if t["device"] == device}


def first_notice(site: Site, device: str, deadline_s: float = 5.0) -> Post:
    return site.sink.wait_for(
        lambda post: post.type == "incident.opened" and post.incident["rooms"][0]["device"] == device,
        deadline_s,
    )


def events(site: Site, device: str) -> list[Any]:
    return site.rows(
        "select key, what, incident, flaws, size, payload_hash, payload from events where device = ?", device
    )


# --- well formed, new; and again ----------------------------------------------------------------


def test_a_new_press_is_recorded_told_and_receipted(site: Site, room: str) -> None:
    press = site.event(room, age_ms=1500, label="wall")
    site.send(press)
    heard = site.wait_receipt(press["id"])
    post = first_notice(site, room)
    assert heard.topic == f"tocsin/v1/{site.name}/{room}/receipt"
    assert post.at - heard.at < AT_ONCE_S
    assert post.event_ids == [press["id"]]
    told = post.incident["events"][0]
    assert (told["zone"], told["label"], told["kind"], told["what"]) == ("wall", "wall", "panic", "alarm")
    assert told["at"] < told["received_at"]
    assert len(events(site, room)) == 1
    assert not flaws_of(site, room)


def test_the_same_again_is_receipted_and_not_recorded_twice(site: Site, room: str) -> None:
    press = site.event(room)
    site.send(press)
    site.wait_receipt(press["id"])
    first_notice(site, room)
    before = len(site.ear.messages)
    revision = incident_of(site, room)["revision"]
    again = {**press, "age_ms": 900, "at": "2026-01-01T00:00:00.000Z", "label": "other", "news": 1}
    site.send(again)
    site.wait_receipt(press["id"], after=before)
    assert len(events(site, room)) == 1
    assert incident_of(site, room)["revision"] == revision
    goes_on(site, room)


def test_a_copy_with_another_room_name_is_the_same_event(site: Site, room: str) -> None:
    press = site.event(room)
    site.send(press)
    site.wait_receipt(press["id"])
    before = len(site.ear.messages)
    site.send({**press, "room": "Broom Closet"})
    site.wait_receipt(press["id"], after=before)
    assert len(events(site, room)) == 1


def test_the_same_again_after_a_restart_of_the_hub(site: Site, room: str) -> None:
    press = site.event(room)
    site.send(press)
    site.wait_receipt(press["id"])
    site.hub.kill()
    site.start_hub()
    before = len(site.ear.messages)
    site.send({**press, "age_ms": 60_000})
    site.wait_receipt(press["id"], after=before)
    assert len(events(site, room)) == 1
    assert len(incident_of(site, room)["events"]) == 1


def test_the_same_key_with_other_content_alarms_and_its_own_repeat_is_dropped(site: Site, room: str) -> None:
    closing = site.event(room, zone="door", kind="door", what="closed")
    site.send(closing)
    site.wait_receipt(closing["id"])
    press = site.event(room, id=closing["id"])
    before = len(site.ear.messages)
    site.send(press)
    site.wait_receipt(press["id"], after=before)
    assert first_notice(site, room).event_ids == [press["id"]]
    assert "same-id" in flaws_of(site, room)
    assert len(events(site, room)) == 2
    for copy in (press, closing, press):
        before = len(site.ear.messages)
        site.send({**copy, "age_ms": 77})
        site.wait_receipt(press["id"], after=before)
    assert len(events(site, room)) == 2
    assert incident_of(site, room)["revision"] == 1
    goes_on(site, room)


# --- an alarm with a flaw -----------------------------------------------------------------------

FLAWED: dict[str, tuple[dict[str, Any], str]] = {
    "an unknown version": ({"v": 2}, "v"),
    "a version in words": ({"v": "one"}, "v"),
    "no version": ({"v": None}, "v"),
    "an unknown kind": ({"kind": "earthquake"}, "kind"),
    "a kind of a door": ({"kind": "door"}, "kind"),
    "a kind that is a list": ({"kind": ["panic"]}, "kind"),
    "a lone surrogate in its kind": ({"kind": "pan\ud800ic"}, "kind"),
    "a kind of 200 kB": ({"kind": "k" * 200_000}, "kind"),
    "an unknown zone": ({"zone": "ceiling"}, "zone"),
    "a zone that is none": ({"zone": "Wand Ü"}, "zone"),
    "a negative age": ({"age_ms": -1}, "age_ms"),
    "an impossible age": ({"age_ms": 2**53 + 1}, "age_ms"),
    "an age beyond any integer": ({"age_ms": 10**400}, "age_ms"),
    "an age with a fraction": ({"age_ms": 1.5}, "age_ms"),
    "no age": ({"age_ms": None}, "age_ms"),
    "no sequence": ({"seq": None}, "seq"),
    "sequence 0": ({"seq": 0}, "seq"),
    "a sequence in words": ({"seq": "first"}, "seq"),
    "no boot": ({"boot": None}, "boot"),
    "a time that is none": ({"at": "half past ten"}, "at"),
    "a time without an offset": ({"at": "2026-01-01T10:00:00"}, "at"),
    "the mark of a walk test that nobody opened": ({"test": True}, "test"),
    "a test that is neither": ({"test": "maybe"}, "test"),
    "another room's name": ({"room": "Gymnasium"}, "room"),
    "a label with U+0000": ({"label": "wa\0ll"}, "label"),
    "a label with a lone surrogate": ({"label": "wa\udfffll"}, "label"),
    "a label that is an object": ({"label": {"a": 1}}, "label"),
    "a panic's what that nobody knows": ({"what": "squeezed"}, "what"),
    "a panic without what": ({"what": None}, "what"),
    "a panic that is open": ({"what": "open"}, "what"),
}


@pytest.mark.parametrize("flaw", FLAWED)
def test_an_alarm_with_a_flaw_opens_an_incident_with_a_trouble_beside_it(
    site: Site, room: str, flaw: str
) -> None:
    fields, name = FLAWED[flaw]
    press = site.event(room, **fields)
    site.send(json.dumps(press).encode(), room)
    post = first_notice(site, room)
    site.wait_receipt(press["id"])
    assert post.event_ids == [press["id"]]
    assert post.incident["kind"] == "panic"
    told = post.incident["events"][0]
    assert told["at"] == told["received_at"], "its age is taken as 0"
    assert name in flaws_of(site, room)
    incident = incident_of(site, room)
    assert incident["id"] == post.incident["id"]
    assert len(json.dumps(incident)) < 5000, "strings are cut when shown"
    assert [row[0] for row in events(site, room)] == [f"={press['id']}"]
    before = len(site.ear.messages)
    site.send(json.dumps(press).encode(), room)
    site.wait_receipt(press["id"], after=before)
    assert len(events(site, room)) == 1, "a flawed one's repeat is its repeat, too"


def test_an_alarm_nested_a_thousand_deep_is_an_alarm(site: Site, room: str) -> None:
    for n, depth in enumerate((900, 985, 1000, 5000, 100_000)):
        payload = b'{"id":"deep-%d","what":"alarm","kind":"panic","age_ms":%s%s}' % (
            n,
            b"[" * depth,
            b"]" * depth,
        )
        site.send(payload, room)
        site.wait_receipt(f"deep-{n}")
    until("all told", lambda: len(incident_of(site, room)["events"]) == 5)
    assert "age_ms" in flaws_of(site, room)


def test_several_flaws_are_all_told(site: Site, room: str) -> None:
    press = site.event(room, v=9, zone="ceiling", age_ms=-5, seq=None, at="now", test=True)
    site.send(press)
    first_notice(site, room)
    site.wait_receipt(press["id"])
    assert {"v", "zone", "age_ms", "seq", "at", "test"} <= flaws_of(site, room)


def test_an_alarm_without_an_id_is_told_once_and_not_receipted(site: Site, room: str) -> None:
    press = site.event(room, id=None)
    site.send(press)
    assert first_notice(site, room).event_ids == [None]
    site.send(press)
    goes_on(site, room)
    assert [event["id"] for event in incident_of(site, room)["events"]].count(None) == 1
    assert "id" in flaws_of(site, room)
    assert len(events(site, room)) == 2


@pytest.mark.parametrize("bad", ["", "x" * 5000, "a\0b", "a\ud800b", 7, ["x"]])
def test_an_alarm_with_an_id_that_is_none_alarms(site: Site, room: str, bad: Any) -> None:
    site.send(json.dumps(site.event(room, id=bad)).encode(), room)
    assert first_notice(site, room).event_ids == [None]
    assert "id" in flaws_of(site, room)
    goes_on(site, room)


STRANGERS = [
    "garage-7",
    "hub",
    "posture",
    "Room 101",
    "zimmer-ü",
    "-",
    "$x",
    "x" * 300,
    "room\u202e-1",
    "%00",
    "a'b\"c;--",
]


@pytest.mark.parametrize("device", STRANGERS)
def test_an_alarm_of_a_device_nobody_knows_is_told_with_the_name_it_gives(
    site: Site, room: str, device: str
) -> None:
    press = site.event(device, room="Shed")
    before = len(site.sink.posts)
    site.send(press)
    post = site.sink.told(press["id"], after=before)
    where = post.incident["rooms"][0]
    assert (where["room"], where["building"], where["floor"], where["known"]) == ("Shed", None, None, False)
    assert where["device"][:60] == device[:60]
    heard = site.wait_receipt(press["id"])
    assert heard.topic == f"tocsin/v1/{site.name}/{device}/receipt"
    assert "device" in flaws_of(site, where["device"])
    goes_on(site, room)


def test_a_stranger_without_a_rooms_name_is_shown_by_its_id(site: Site) -> None:
    press = site.event("garage-8")
    site.send(press)
    where = site.sink.told(press["id"]).incident["rooms"][0]
    assert (where["room"], where["device"], where["known"]) == ("garage-8", "garage-8", False)


def test_kinds_of_press_are_kept(site: Site, room: str) -> None:
    site.send(site.event(room, zone="desk", kind="assist"))
    assert first_notice(site, room).incident["kind"] == "assist"
    press = site.event(room)
    site.send(press)
    assert site.sink.told(press["id"]).incident["kind"] == "panic", "the highest names the incident"


# --- anything else ------------------------------------------------------------------------------

BIG = b'{"id":"big","text":"' + b"x" * 300_000 + b'"}'
ANYTHING: dict[str, tuple[bytes, str | None]] = {
    "not JSON": (b"help", None),
    "half of an object": (b'{"v":1,"id":"half","what":"alarm"', None),
    "an array": (b'[{"what":"alarm"}]', None),
    "a string": (b'"alarm"', None),
    "null": (b"null", None),
    "invalid UTF-8": (b"\xff\xfe\x00alarm", None),
    "nothing": (b"", None),
    "an empty object": (b"{}", None),
    "no id": (b'{"v":1,"kind":"door","what":"open"}', None),
    "an id and nothing else": (b'{"id":"only-an-id"}', "only-an-id"),
    "a door with a flaw": (b'{"v":1,"id":"flawed-door","kind":"door","what":"ajar"}', "flawed-door"),
    "a closed door from version 2": (
        b'{"v":2,"id":"v2-door","zone":"door","kind":"door","what":"closed"}',
        "v2-door",
    ),
    "300 kB": (BIG, "big"),
    "300 kB of nothing": (b"\0" * 300_000, None),
    "repeated keys": (b'{"id":"k","id":"k2","what":"closed"}', "k2"),
}


def test_an_alarm_that_may_be_a_cut_wire_is_told_as_both(site: Site, room: str) -> None:
    """With a tamper beside it: incident, webhook, timeline and troubles say so until a certain one comes."""
    name = room.replace("room-", "Room ")
    zones = (
        {"zone": "desk", "label": "desk button", "circuit": "pair", "condition": "cut", "walk_test": False},
        {"zone": "wall", "label": "wall", "circuit": "no", "condition": "normal", "walk_test": True},
    )
    state = {"v": 1, "online": True, "boot": "b", "zones": [{"kind": "panic", **zone} for zone in zones]}
    site.ear.publish(f"tocsin/v1/{site.name}/{room}/state", state)
    alarm = site.event(room, zone="desk", label="desk button", cause="cut")
    tamper = site.event(room, zone="desk", label="desk button", what="tamper", cause="cut")
    for event in (alarm, tamper):
        site.send(event)
    post = site.sink.told(alarm["id"], AT_ONCE_S)
    assert [event["cause"] for event in post.incident["events"]] == ["cut"]
    site.wait_receipt(tamper["id"])
    answer = site.ask(f"incidents/{post.incident['id']}")
    assert [event["cause"] for event in answer["incident"]["events"]] == ["cut"]
    assert "pressed or cut: check the room" in [row["reason"] for row in answer["timeline"]]
    (trouble,) = [
        t for t in site.ask("troubles")["troubles"] if t["device"] == room and t["what"] == "tamper"
    ]
    assert (trouble["key"], trouble["cause"]) == (f"tamper {room} desk cut", "cut")
    assert trouble["detail"] == f"{name}, desk button: wire cut"
    (device,) = [d for d in site.ask("devices")["devices"] if d["device"] == room]
    assert [(z["condition"], z["wiring"], z["walk_test"]) for z in device["zones"]] == [
        ("cut", None, False),
        ("normal", "wiring not supervised", True),
    ]
    mended = site.event(room, zone="desk", label="desk button", what="tamper-restoral", cause="cut")
    sure = site.event(room, zone="desk", label="desk button")
    for event in (mended, sure):
        site.send(event)
    post = site.sink.told(sure["id"], AT_ONCE_S + 2)  # updates to one target keep 2 s apart
    assert [event["cause"] for event in post.incident["events"]] == ["cut", None]
    site.wait_receipt(mended["id"])
    assert trouble["key"] not in site.troubles()


@pytest.mark.parametrize("what", ANYTHING)
def test_anything_else_is_kept_as_bytes_with_a_trouble(site: Site, room: str, what: str) -> None:
    payload, event_id = ANYTHING[what]
    posts = len(site.sink.posts)
    for _ in range(2):
        before = len(site.ear.messages)
        site.send(payload, room)
        if event_id is not None:
            site.wait_receipt(event_id, after=before)
    row = until("it is kept", lambda: events(site, room))
    assert len(row) == 1
    key, _, incident, flaws, size, digest, kept = row[0]
    assert incident is None
    assert flaws
    assert (size, kept) == (len(payload), payload[: len(kept)])
    assert len(kept) == min(size, 16_384)
    assert digest == blake2b(payload, digest_size=16).hexdigest()
    assert key.startswith("=" if event_id else "#")
    assert flaws_of(site, room)
    goes_on(site, room)
    assert len(site.sink.posts) == posts + 1, "nobody is told of it but for the press behind it"
    assert len(events(site, room)) == 2


def test_a_real_invalid_character_inside_an_alarm_is_still_an_alarm(site: Site, room: str) -> None:
    site.send(b'{"v":1,"id":"torn","what":"alarm","kind":"panic","label":"\xff\xfe","zone":"wall"}', room)
    assert first_notice(site, room).event_ids == ["torn"]
    site.wait_receipt("torn")


def test_a_press_without_message_expiry_waited_no_time(site: Site, room: str) -> None:
    press = site.event(room)
    site.ear.publish(f"tocsin/v1/{site.name}/{room}/event", press)
    told = first_notice(site, room).incident["events"][0]
    assert told["at"] == told["received_at"]


def test_a_press_at_qos_0_is_told_and_receipted(site: Site, room: str) -> None:
    press = site.event(room)
    site.send(press, qos=0)
    first_notice(site, room)
    site.wait_receipt(press["id"])


def test_a_retained_press_is_told_once_even_over_a_restart(site: Site, room: str) -> None:
    press = site.event(room)
    topic = f"tocsin/v1/{site.name}/{room}/event"
    site.send(press, retain=True)
    site.wait_receipt(press["id"])
    site.hub.end()
    site.start_hub()
    goes_on(site, room)
    assert len(events(site, room)) == 2
    with Wire(site.broker, "none") as wire:
        wire.publish(topic, b"", retain=True)


def test_a_press_behind_a_heap_of_poison_is_told_at_once(site: Site, room: str) -> None:
    heap = [payload for payload, _ in ANYTHING.values()] * 5
    posts = len(site.sink.posts)
    press = site.event(room)
    for n, payload in enumerate(heap):
        site.send(payload, site.rooms[n % 50].device, wait=False)
    sent = len(site.ear.messages)
    site.send(press)
    came = site.ear.wait_for(
        lambda m: press["id"].encode() in m.payload and m.topic.endswith("/event"), after=sent
    )
    post = site.sink.told(press["id"], after=posts)
    assert post.at - came.at < AT_ONCE_S
    site.wait_receipt(press["id"])


def test_the_hub_was_ready_all_the_time_and_nothing_is_in_quarantine(site: Site) -> None:
    """Runs last: none of the above was more than the database takes, and none failed the hub itself."""
    status, answer = site.healthz()
    assert (status, answer["ready"]) == (200, True)
    assert site.rows("select count(*) from quarantine") == [(0,)]
    assert not {key for key in site.troubles() if key in ("hub fault", "store", "quarantine")}
