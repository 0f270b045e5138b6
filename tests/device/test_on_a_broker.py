"""One agent with mock pins against a real mosquitto: from the contact to the wire and back to the lamp."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from config.agent_settings import LinkSettings
from config.contract import HubState, Receipt, State, decode, encode
from config.rooms import numbered_rooms
from device.salvage import look
from device.simulated_room import SimulatedRoom
from tests.mosquitto import Heard, Mosquitto, Wire

pytestmark = pytest.mark.broker
BASE = "tocsin/v1/demo/room-101"


def until(condition: Callable[[], Any], deadline_s: float = 15.0) -> Any:
    """Wait until something is so."""
    end = time.monotonic() + deadline_s
    while not (found := condition()):
        assert time.monotonic() < end, "it did not become so"
        time.sleep(0.01)
    return found


@pytest.fixture
def room(broker: Mosquitto, tmp_path: Path) -> Iterator[SimulatedRoom]:
    link = LinkSettings(port=broker.port)
    room = SimulatedRoom(numbered_rooms(1)[0], "demo", link, tmp_path / "rooms", lambda: None)
    room.plug()
    until(lambda: room.look()["link"])
    yield room
    room.stop()


@pytest.fixture
def wire(broker: Mosquitto) -> Iterator[Wire]:
    with Wire(broker) as wire:
        yield wire


def is_event(what: str, **fields: Any) -> Callable[[Heard], bool]:
    def match(message: Heard) -> bool:
        if message.topic != f"{BASE}/event":
            return False
        found = message.json
        return found["what"] == what and all(found[name] == value for name, value in fields.items())

    return match


def beat(wire: Wire, *, ready: bool = True) -> None:
    state = HubState(v=1, online=True, ready=ready, boot="h", n=1)
    wire.publish("tocsin/v1/demo/hub/main/state", encode(state), retain=True)


def lamp(room: SimulatedRoom) -> str:
    return room.look()["lamp"]["pattern"]


def rows(tmp_path: Path) -> int:
    return len(look(tmp_path / "rooms" / "room-101" / "outbox.db").held.events)


def test_press_to_receipt(room: SimulatedRoom, wire: Wire, tmp_path: Path) -> None:
    """A press is on the wire at once; its receipt turns the lamp and empties the outbox."""
    beat(wire)
    until(lambda: lamp(room) == "ready")
    before = time.monotonic()
    room.tap("desk")
    alarm = wire.wait_for(is_event("alarm"))
    assert alarm.at - before < 1.0
    assert alarm.expiry == 4_294_967_295
    assert (alarm.json["zone"], alarm.json["label"], alarm.json["room"]) == (
        "desk",
        "desk button",
        "Room 101",
    )
    assert 40 <= alarm.json["age_ms"] < 1000
    restoral = wire.wait_for(is_event("restoral"))
    until(lambda: rows(tmp_path) == 2)
    assert lamp(room) == "pressed"
    wire.publish(f"{BASE}/receipt", encode(Receipt(v=1, ids=(alarm.json["id"],))))
    until(lambda: lamp(room) == "received")
    until(lambda: rows(tmp_path) == 1)
    wire.publish(f"{BASE}/receipt", encode(Receipt(v=1, ids=(restoral.json["id"],))))
    until(lambda: rows(tmp_path) == 0)
    command = {"v": 1, "id": "c1", "do": "lamp", "lamp": "acknowledged", "events": [alarm.json["id"]]}
    wire.publish(f"{BASE}/command", command, expiry=10)
    until(lambda: lamp(room) == "acknowledged")


def test_broker_killed_press_restarted(room: SimulatedRoom, broker: Mosquitto, tmp_path: Path) -> None:
    """A press while the broker is dead arrives once it lives again, with its true age."""
    broker.kill()
    until(lambda: not room.look()["link"])
    pressed = time.monotonic()
    room.tap("wall")
    until(lambda: room.look()["outbox"] == 2)
    broker.start()
    with Wire(broker) as wire:
        alarm = wire.wait_for(is_event("alarm", zone="wall"), 20)
        # Its age is the time from the contact to the sending: both ends of that are known from outside.
        assert alarm.json["age_ms"] / 1000 <= alarm.at - pressed + 0.05
        wire.wait_for(is_event("restoral", zone="wall"))
        ages = [message.json["age_ms"] for message in wire.on("/event") if message.json["what"] == "alarm"]
        assert ages == sorted(ages)


def test_power_cut_while_the_broker_is_dead(room: SimulatedRoom, broker: Mosquitto, tmp_path: Path) -> None:
    """A press on the disk outlives the agent, too."""
    broker.kill()
    until(lambda: not room.look()["link"])
    pressed = time.monotonic()
    room.tap("wall")
    until(lambda: room.look()["outbox"] == 2)
    until(lambda: rows(tmp_path) == 2)
    room.unplug()
    broker.start()
    room.plug()
    with Wire(broker) as wire:
        until(lambda: room.look()["outbox"] == 2)
        beat(wire)  # "heard again": a copy comes, whether the wire was open for the first or not
        alarm = wire.wait_for(is_event("alarm", zone="wall"), 20)
        assert 0 < alarm.json["age_ms"] / 1000 <= alarm.at - pressed + 0.05
        assert room.look()["boot"] != alarm.json["boot"]
        assert lamp(room) in {"pressed", "not-received"}


def test_unplugged_speaks_the_will(room: SimulatedRoom, wire: Wire) -> None:
    """A power cut shows as offline by the broker's word, and plugging in as a new birth."""
    boot = room.look()["boot"]
    first = wire.wait_for(lambda m: m.topic == f"{BASE}/state")
    assert decode(State, first.payload).online is True
    heard = len(wire.messages)
    room.unplug()
    gone = wire.wait_for(lambda m: m.topic == f"{BASE}/state", after=heard)
    assert decode(State, gone.payload) == State(v=1, online=False, boot=boot)
    heard = len(wire.messages)
    room.plug()
    born = wire.wait_for(lambda m: m.topic == f"{BASE}/state" and m.json["online"], after=heard)
    assert born.json["boot"] != boot
    wire.wait_for(lambda m: m.topic == f"{BASE}/health", after=heard)


def test_a_clean_end_says_so(room: SimulatedRoom, broker: Mosquitto) -> None:
    """SIGTERM's way out leaves "offline" retained, without the will."""
    room.stop()
    with Wire(broker, f"{BASE}/state") as late:
        state = late.wait_for(lambda message: True)
    assert state.retain
    assert decode(State, state.payload).online is False


def test_the_lamp_shows_fault_without_the_hub(room: SimulatedRoom, wire: Wire) -> None:
    """A hub that says it isn't ready, and a broker that is gone, both end "ready"."""
    beat(wire)
    until(lambda: lamp(room) == "ready")
    beat(wire, ready=False)
    until(lambda: lamp(room) == "fault")


def test_the_broker_lost_while_ready(room: SimulatedRoom, broker: Mosquitto) -> None:
    """The loss of the only broker shows on the lamp at once."""
    with Wire(broker) as wire:
        beat(wire)
        until(lambda: lamp(room) == "ready")
    broker.kill()
    until(lambda: lamp(room) == "fault", 3.0)


def test_a_broker_that_does_not_answer(room: SimulatedRoom, broker: Mosquitto) -> None:
    """A press into a hung broker gets through as soon as it answers."""
    with Wire(broker) as wire:
        broker.pause()
        try:
            room.tap("desk")
            until(lambda: room.look()["outbox"] == 2)
            until(lambda: not room.look()["link"], 5.0)  # no PUBACK in 1 s: the connection is given up
        finally:
            broker.resume()
        wire.wait_for(is_event("alarm", zone="desk"), 20)


def test_refused_publishes_are_a_trouble(tmp_path: Path) -> None:
    """An ACL that forbids our events is named in health; nothing looks published that isn't."""
    folder = tmp_path / "broker"
    folder.mkdir()
    acl = folder / "acl"
    acl.write_text(f"topic readwrite #\ntopic deny {BASE}/event\n")
    acl.chmod(0o644)
    from tests.mosquitto import free_port

    port = free_port()
    conf = f"listener {port} 127.0.0.1\nallow_anonymous true\nacl_file {acl}\nuser root\n"
    with Mosquitto(folder, port=port, conf=conf) as broker, Wire(broker) as wire:
        link = LinkSettings(port=broker.port)
        room = SimulatedRoom(numbered_rooms(1)[0], "demo", link, tmp_path / "rooms", lambda: None)
        room.plug()
        try:
            until(lambda: room.look()["link"])
            room.tap("desk")
            until(lambda: room.look()["outbox"] == 2)
            health = wire.wait_for(
                lambda m: m.topic == f"{BASE}/health" and bool(m.json.get("troubles")), deadline_s=25
            )
            assert "refused" in health.json["troubles"][0]
            assert "ot authorized" in health.json["troubles"][0]
            until(lambda: lamp(room) == "not-received", 8.0)
        finally:
            room.stop()
