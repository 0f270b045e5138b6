"""Reading an event: when it happened, what it is, and every flaw in it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from hub.directory import Directory
from hub.reckoning import (
    Account,
    device_name,
    digest,
    keys_of,
    other_key,
    plain_key,
    press_of,
    read_event,
)
from tests.hub.making import T0, came, event_bytes
from tests.scenarios.rig import site_settings

DIRECTORY = Directory(site_settings(), {})


def read(payload: bytes, device: str = "room-101", waited_ms: int = 0) -> Account:
    return read_event(came(payload, device, 10, waited_ms), DIRECTORY)


def flaws(account: Account) -> set[str]:
    return {flaw.field for flaw in account.flaws}


def test_it_happened_at_its_arrival_less_its_age_less_its_wait() -> None:
    """Arrived at 10 s, 3 s old when it was sent, 4 s in the broker: at 3 s."""
    account = read(event_bytes(age_ms=3000), waited_ms=4000)
    assert account.at == T0 + 3000
    assert account.flaws == ()


@pytest.mark.parametrize("age", [-1, 1.5, "3", True, None, 2**53, 10**30, 400 * 86_400_000 * 10])
def test_a_bad_age_is_none_and_a_flaw(age: Any) -> None:
    """An impossible age doesn't move a press to where nobody looks: it is of now."""
    account = read(event_bytes(age_ms=age))
    assert (account.at, account.is_alarm) == (T0 + 10_000, True)
    assert "age_ms" in flaws(account)


@pytest.mark.parametrize(
    ("fields", "device", "kind", "flawed"),
    [
        ({}, "room-101", "panic", set()),
        ({"zone": "quiet", "kind": "duress"}, "room-101", "duress", set()),
        ({"v": 2}, "room-101", "panic", {"v"}),
        ({"kind": "earthquake"}, "room-101", "panic", {"kind"}),
        ({"kind": ...}, "room-101", "panic", {"kind"}),
        ({"kind": "door", "zone": "door"}, "room-101", "panic", {"kind"}),
        ({"kind": "medical"}, "room-101", "medical", {"kind"}),  # the settings have panic for this zone
        ({"zone": "attic"}, "room-101", "panic", {"zone"}),
        ({"zone": "No Zone"}, "room-101", "panic", {"zone"}),
        ({"seq": 0}, "room-101", "panic", {"seq"}),
        ({"seq": ...}, "room-101", "panic", {"seq"}),
        ({"at": "yesterday"}, "room-101", "panic", {"at"}),
        ({"test": True}, "room-101", "panic", {"test"}),
        ({"test": ...}, "room-101", "panic", {"test"}),
        ({"room": "Room 9"}, "room-101", "panic", {"room"}),
        ({"room": "Room 101"}, "room-101", "panic", set()),
        ({"what": "pressed"}, "room-101", "panic", {"what"}),
        ({"what": "pressed", "kind": "assist", "zone": "help"}, "room-101", "assist", {"what"}),
        ({"what": "open"}, "room-101", "panic", {"what"}),
        ({"what": "closed", "kind": "duress", "zone": "quiet"}, "room-101", "duress", {"what"}),
        ({}, "room-999", "panic", {"device"}),
        ({}, "posture", "panic", {"device"}),
        ({"extra": {"new": 1}}, "room-101", "panic", set()),
    ],
)
def test_in_doubt_it_is_an_alarm(fields: Any, device: str, kind: str, flawed: set[str]) -> None:
    """Whatever may be a press is one, of the kind that could be read, with exactly its flaws beside it."""
    account = read(event_bytes(**fields), device)
    assert account.is_alarm
    assert account.panic_kind == kind
    assert flaws(account) == flawed
    assert account.id == "e1"


@pytest.mark.parametrize(
    ("payload", "event_id"),
    [
        (event_bytes(what="restoral"), "e1"),
        (event_bytes(what="tamper", cause="cut"), "e1"),
        (event_bytes(kind="door", zone="door", what="open"), "e1"),
        (event_bytes(kind="door", zone="door", what="ajar"), "e1"),
        (event_bytes(kind="earthquake", what="ajar"), "e1"),
        (b'{"id":"x"}', "x"),
        (b'["alarm"]', None),
        (b"alarm", None),
        (b"", None),
        (b"\xff\xfe", None),
    ],
)
def test_what_is_no_press_is_no_alarm(payload: bytes, event_id: str | None) -> None:
    """It has its id where one can be read, to be receipted."""
    account = read(payload)
    assert not account.is_alarm
    assert account.id == event_id


def test_what_has_no_id_is_known_by_topic_and_payload() -> None:
    """The same bytes on the same topic are the same; on another device's they aren't."""
    assert keys_of(came(b"noise")) == keys_of(came(b"noise"))
    assert keys_of(came(b"noise")) != keys_of(came(b"noise", "room-102"))
    assert keys_of(came(b"noise")) != keys_of(came(b"noise "))


def test_what_has_an_id_is_known_by_it_and_by_its_content() -> None:
    """Under its id, and under id and content for one whose id is another's."""
    plain, other = keys_of(came(event_bytes()))
    assert plain == plain_key("e1")
    assert other.startswith("~")
    assert other.endswith("e1")
    again = keys_of(came(event_bytes(age_ms=9, room="R", label="L", at="2026-01-01T00:00:00.000Z")))
    assert again == (plain, other)
    assert keys_of(came(event_bytes(seq=2)))[1] != other


def test_no_id_can_pass_for_another_kind_of_key() -> None:
    """An id that looks like a key of ours is still an id."""
    assert plain_key("~abc") != other_key("", "abc")
    assert len({plain_key("x"), other_key("x", "c"), "#x"}) == 3


def test_digests_tell_site_device_and_key_apart() -> None:
    """No three of them run together."""
    assert (
        len({digest("a", "b", "c"), digest("ab", "", "c"), digest("a", "bc", ""), digest("a", "b", "d")}) == 4
    )


@pytest.mark.parametrize("name", ["room-101", "x" * 128, "Ünïcode"])
def test_a_devices_name_is_kept_as_it_is(name: str) -> None:
    """Also one that can be no id: it is what the topic said."""
    assert device_name(name) == name


def test_a_name_that_cannot_be_kept_is_cut_and_still_its_own() -> None:
    """Two long names that begin alike are two devices."""
    one, two = device_name("x" * 200 + "1"), device_name("x" * 200 + "2")
    assert one != two
    assert max(len(one), len(two)) <= 128


def test_a_press_shows_the_site_files_room_and_label() -> None:
    """The room's name is the settings'; the label the agent's, else the settings'."""
    press = press_of(read(event_bytes(zone="desk", room="Old name")), DIRECTORY, "=e1", T0 + 10_000, 60_000)
    assert (press.place.room, press.label, press.late) == ("Room 101", "desk", False)
    named = press_of(read(event_bytes(zone="desk", label="by the sink")), DIRECTORY, "=e1", T0, 60_000)
    assert named.label == "by the sink"


@pytest.mark.parametrize(("age", "late"), [(60_000, False), (60_001, True)])
def test_late_is_more_than_the_settings_allow(age: int, late: bool) -> None:
    """60 s by default."""
    press = press_of(read(event_bytes(age_ms=age)), DIRECTORY, "=e1", T0 + 10_000, 60_000)
    assert press.late is late


@pytest.mark.parametrize("text", ["a\0b", "\ud800", "x" * 100_000])
def test_what_is_shown_of_a_flawed_press_is_clean_and_short(text: str) -> None:
    """Whatever a stranger writes into zone, label and room, people and stores can take it."""
    import json

    payload = json.dumps({"id": "e", "what": "alarm", "zone": text, "label": text, "room": text}).encode()
    press = press_of(read(payload, "stranger"), DIRECTORY, "=e", T0, 60_000)
    for shown in (press.zone, press.label or "", press.place.room):
        assert len(shown) <= 128
        shown.encode()
        assert "\0" not in shown
    for flaw in read(payload, "stranger").flaws:
        str(flaw).encode()
        assert "\0" not in str(flaw)


@pytest.mark.parametrize(
    ("fields", "flawed"),
    [
        ({"kind": "panic", "held": True}, set()),
        ({"kind": "panic"}, {"kind"}),
        ({"kind": "medical", "held": True}, {"kind"}),
        ({"kind": "assist", "held": True}, set()),
    ],
)
def test_an_assist_that_is_held_may_be_an_emergency(fields: Any, flawed: set[str]) -> None:
    """Only the agent's settings know of it: the site's have the button's own kind."""
    settings = site_settings()
    first, *rooms = settings.rooms
    zones = tuple(
        msgspec.structs.replace(zone, kind="assist") if zone.zone == "wall" else zone for zone in first.zones
    )
    room = msgspec.structs.replace(first, zones=zones)
    directory = Directory(msgspec.structs.replace(settings, rooms=(room, *rooms)), {})
    account = read_event(came(event_bytes(**fields), first.device), directory)
    assert flaws(account) == flawed
    assert account.panic_kind == fields["kind"]
