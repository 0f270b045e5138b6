"""Troubles of what happened: each flaw of a message by its name, a fault of ours, what the store refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from config.contract import Event, decode
from config.topics import device_topic
from hub.asking import ClearTrouble, Refused, TroubleCleared
from hub.decision import Decision
from hub.inputs import Ack, DeviceMessage, EventCame
from tests.scenarios.rig import Rig

DAY = 86_400


@pytest.fixture
def rig(school: Rig) -> Rig:
    """Two rooms."""
    return school


def garbled(rig: Rig, what: Any) -> None:
    rig._input(DeviceMessage("room-101", what, b"{", False, rig.now()))


def unasked(rig: Rig) -> None:
    """The record can't say in time whether it knows an event."""
    event = {
        "v": 1, "id": f"unasked {rig.t}", "boot": "b", "seq": 1, "zone": "wall", "kind": "panic",
        "what": "alarm", "age_ms": 0, "test": False,
    }  # fmt: skip
    payload = msgspec.json.encode(event)
    topic = device_topic("lincoln", "room-101", "event")
    fact = EventCame(topic, "room-101", payload, decode(Event, payload), rig.now(), 0, Ack(0, 1, 99))
    rig._do(rig.site.decide(fact, rig.now(), None))


def twice(rig: Rig) -> None:
    rig.press(101, id="same")
    rig.press(101, "desk", id="same")


FLAWS: dict[str, tuple[Callable[[Rig], Any], str]] = {
    "flaw-state": (lambda rig: garbled(rig, "state"), "flaw state room-101"),
    "flaw-health": (lambda rig: garbled(rig, "health"), "flaw health room-101"),
    "flaw-device": (lambda rig: rig.press(999), "flaw device room-999"),
    "flaw-zone": (lambda rig: rig.press(101, "attic"), "flaw zone room-101"),
    "flaw-kind": (lambda rig: rig.press(101, "wall", "medical"), "flaw kind room-101"),
    "flaw-room": (lambda rig: rig.press(101, room="Room 7"), "flaw room room-101"),
    "flaw-test": (lambda rig: rig.press(101, test=True), "flaw test room-101"),
    "flaw-same-id": (twice, "flaw same-id room-101"),
    "flaw-store": (unasked, "flaw store room-101"),
    "flaw-message": (
        lambda rig: rig.publish("room-101", f"no JSON {rig.t}".encode()),
        "flaw message room-101",
    ),
    "flaw-age_ms": (lambda rig: rig.press(101, age_ms=-1), "flaw age_ms room-101"),
    "flaw-v": (lambda rig: rig.press(101, v=9), "flaw v room-101"),
}


def quarantined(rig: Rig) -> None:
    """As the recorder says it when the committer has set a message aside."""
    decision = Decision(rig.now().mono)
    rig.site.trouble(decision, rig.now(), "quarantine", "quarantine", "the database refused a message")
    rig._do(decision)


def failed(rig: Rig) -> None:
    """Our own code fails on an input."""
    decision = Decision(rig.now().mono)
    rig.site.in_doubt(decision, DeviceMessage("room-101", "state", b"{}", False, rig.now()), rig.now())
    rig._do(decision)


OURS: dict[str, tuple[Callable[[Rig], Any], str]] = {
    "quarantine": (quarantined, "quarantine"),
    "hub-fault": (failed, "hub fault"),
}
ALL = {name: (happens, key) for name, (happens, key) in (FLAWS | OURS).items()}


@pytest.mark.parametrize("what", ALL)
def test_it_opens_once_by_its_name_and_is_over_after_a_quiet_day(rig: Rig, what: str) -> None:
    """What comes again is counted, and begins the day anew."""
    happens, key = ALL[what]
    happens(rig)
    assert rig.troubles(what) == [key]
    rig.wait(DAY / 2)
    happens(rig)
    assert rig.troubles(what) == [key]
    assert rig.view.troubles[key].count > 1
    rig.wait(DAY - 3700)
    assert rig.troubles(what) == [key]
    rig.wait(2 * 3700)
    assert rig.troubles(what) == []
    rows = [(row, reason) for row, reason, detail in rig.record() if detail.get("key") == key]
    assert rows == [("trouble", what), ("trouble-restored", what)]


@pytest.mark.parametrize("what", ALL)
def test_whoever_has_seen_to_it_ends_it(rig: Rig, what: str) -> None:
    """It opens again when it happens again; and it survives a restart while nobody has."""
    happens, key = ALL[what]
    happens(rig)
    rig.restart(5)
    assert rig.troubles(what) == [key]
    assert isinstance(rig.ask(ClearTrouble(key, "Lee", "board")), TroubleCleared)
    assert rig.troubles(what) == []
    assert isinstance(rig.ask(ClearTrouble(key, "Lee", "board")), Refused)
    rig.wait(60)
    happens(rig)
    assert rig.troubles(what) == [key]


@pytest.mark.parametrize("what", [name for name, (_, key) in FLAWS.items() if key.endswith("room-101")])
def test_a_flaw_keeps_no_press_from_being_told(rig: Rig, what: str) -> None:
    FLAWS[what][0](rig)
    rig.notices.clear()
    pressed = rig.press(102)
    rig.wait(3)
    assert any(event["id"] == pressed for notice in rig.notices for event in notice.incident["events"])
