"""Every topic as every party, on a school's broker: what each may say, and what each hears.

The tables here are written out by hand after CONTRACT.md, not made by what is tested.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.mosquitto import Wire
from tests.school_broker import SchoolBroker
from tests.site import until

pytestmark = pytest.mark.broker

P = "tocsin/v1/school"
PARTIES = {
    "events": "tocsin-hub-school",
    "rest": "tocsin-hub-school-rest",
    "101": "school.room-101",
    "102": "school.room-102",
    # Signed by the authority, and nobody: a spare, a room that was given up, whatever comes.
    "spare": "school.spare-1",
    "nobody": "whoever",
}
MAY_SAY: dict[str, set[str]] = {
    f"{P}/room-101/event": {"101"},
    f"{P}/room-101/state": {"101"},
    f"{P}/room-101/health": {"101"},
    f"{P}/room-101/receipt": {"rest"},
    f"{P}/room-101/command": {"rest"},
    f"{P}/room-102/event": {"102"},
    f"{P}/room-102/state": {"102"},
    f"{P}/room-102/health": {"102"},
    f"{P}/room-102/receipt": {"rest"},
    f"{P}/room-102/command": {"rest"},
    f"{P}/posture": {"rest"},
    f"{P}/hub/hub-1/state": {"rest"},
    f"{P}/hub/hub-2/state": set(),
    f"{P}/room-101": set(),
    f"{P}/room-101/event/more": set(),
    f"{P}/room-101/other": set(),
    f"{P}/spare-1/event": set(),
    f"{P}/hub/event": set(),
    f"{P}/hub/state": set(),
    "tocsin/v1/elsewhere/room-101/event": set(),
    "tocsin/v2/school/room-101/event": set(),
    "room-101/event": set(),
    "x": set(),
    "$SYS/broker/publish/messages/dropped": set(),
    "$CONTROL/dynamic-security/v1": set(),
}
HEARS: dict[str, set[str]] = {
    "events": {f"{P}/room-101/event", f"{P}/room-102/event"},
    "rest": {
        *(f"{P}/room-{n}/{what}" for n in (101, 102) for what in ("state", "health")),
        f"{P}/posture",
        "$SYS/broker/publish/messages/dropped",
    },
    "101": {f"{P}/room-101/receipt", f"{P}/room-101/command", f"{P}/posture", f"{P}/hub/hub-1/state"},
    "102": {f"{P}/room-102/receipt", f"{P}/room-102/command", f"{P}/posture", f"{P}/hub/hub-1/state"},
    "spare": set(),
    "nobody": set(),
}
# By name, and by every way to ask for more.
ASKED = (
    *MAY_SAY,
    "#",
    "+/#",
    "tocsin/#",
    "tocsin/v1/+/+/event",
    f"{P}/+/receipt",
    f"{P}/+/command",
    f"{P}/+/state",
    f"{P}/hub/+/state",
    "$SYS/#",
    "$SYS/+/#",
    "$share/g/#",
    f"$share/g/{P}/+/receipt",
    "$CONTROL/#",
)


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SchoolBroker]:
    with SchoolBroker(tmp_path_factory.mktemp("school")) as running:
        running.enrol("room-101")
        running.enrol("room-102")
        yield running


def everybody(school: SchoolBroker, stack: ExitStack, *asked: str, but: str = "") -> dict[str, Wire]:
    """Connect each party; two of one name would throw each other out."""
    return {
        name: stack.enter_context(school.wire(school.issue(cn), *(asked or ("nothing",))))
        for name, cn in PARTIES.items()
        if name != but
    }


@pytest.mark.parametrize("retain", [False, True], ids=["passing", "retained"])
def test_each_says_what_it_may_and_nothing_else(school: SchoolBroker, retain: bool) -> None:
    """By the broker's own answer to each of them on each topic."""
    with ExitStack() as stack:
        wires = everybody(school, stack)
        said = {
            topic: {name for name, wire in wires.items() if wire.publishes(topic, retain=retain)}
            for topic in MAY_SAY
        }
    assert said == MAY_SAY


def test_each_hears_what_it_may_whatever_it_asks_for(school: SchoolBroker) -> None:
    """Of what was retained before it came, and of what is said while it listens."""
    with ExitStack() as stack:
        _say_all(everybody(school, stack), b"retained", retain=True)
    with ExitStack() as stack:
        wires = everybody(school, stack, *ASKED)
        for wire in wires.values():
            wire.hear_all()
        _say_all(wires, b"live")
        until("$SYS is told", lambda: any(m.topic.startswith("$SYS") for m in wires["rest"].messages), 15)
        for wire in wires.values():
            wire.hear_all()
        for payload in (b"retained", b"live"):
            heard = {
                name: {m.topic for m in wire.messages if m.payload == payload or m.topic.startswith("$")}
                for name, wire in wires.items()
            }
            assert heard == HEARS


def _say_all(wires: dict[str, Wire], payload: bytes, *, retain: bool = False) -> None:
    for topic, by in MAY_SAY.items():
        for name in by:
            assert wires[name].publishes(topic, payload, retain=retain)


@pytest.mark.parametrize("name", ["101", "spare", "nobody"])
@pytest.mark.parametrize(
    "topic", ["room-102/state", "room-102/event", "posture", "hub/hub-1/state", "hub/hub-9/state"]
)
def test_a_last_will_says_no_more_than_its_owner_may(school: SchoolBroker, name: str, topic: str) -> None:
    """It isn't taken, or it isn't said."""
    will = (f"{P}/{topic}", b"by will")
    with ExitStack() as stack:
        ears = everybody(school, stack, *ASKED, but=name)
        wire = school.wire(school.issue(PARTIES[name]), "nothing", will=will)
        ended = _endings(school, PARTIES[name])
        with contextlib.suppress(AssertionError):  # not even let in
            wire.open(2)
        wire.drop()
        until("its end is seen", lambda: _endings(school, PARTIES[name]) > ended)
        for ear in ears.values():
            ear.hear_all()
            assert not [m for m in ear.messages if m.payload == b"by will"]


def test_a_last_will_of_its_own_is_said(school: SchoolBroker) -> None:
    """So that the test above can fail."""
    with school.wire(school.own(PARTIES["rest"]), f"{P}/+/state") as ear:
        wire = school.wire(school.issue(PARTIES["101"]), "nothing", will=(f"{P}/room-101/state", b"by will"))
        wire.open().drop()
        ear.wait_for(lambda m: m.payload == b"by will" and not m.retain)


def _endings(school: SchoolBroker, name: str) -> int:
    """How often the broker logged that a client of this name went."""
    lines = school.words().splitlines()
    return sum(f"Client {name} " in line and ("closed" in line or "disconnected" in line) for line in lines)
