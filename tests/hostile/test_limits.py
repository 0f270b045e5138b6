"""Too much from one who is let in, and too many who aren't: those that are at work go on."""

from __future__ import annotations

import socket
from contextlib import ExitStack
from pathlib import Path

import pytest

from config.broker import MAX_CONNECTIONS
from config.contract import MAX_PAYLOAD
from tests.mosquitto import HOST
from tests.school_broker import SchoolBroker
from tests.site import until

pytestmark = pytest.mark.broker
EVENT = "tocsin/v1/school/{}/event"


def test_a_message_that_is_too_long_reaches_nobody(tmp_path: Path) -> None:
    """Whoever sends it is thrown out; its neighbour, and what the hub hears of it, are as before."""
    with SchoolBroker(tmp_path) as school, ExitStack() as stack:
        hub = stack.enter_context(school.wire(school.own("tocsin-hub-school"), EVENT.format("+")))
        one = stack.enter_context(school.wire(school.enrol("room-101"), "nothing"))
        other = stack.enter_context(school.wire(school.enrol("room-102"), "nothing"))
        one.publish(EVENT.format("room-101"), b"x" * (MAX_PAYLOAD * 2), wait=False)
        until("it is thrown out", lambda: "oversize packet" in school.words())
        assert other.publishes(EVENT.format("room-102"), b"after it")
        hub.wait_for(lambda m: m.payload == b"after it")
        assert {m.topic for m in hub.messages} == {EVENT.format("room-102")}


def test_a_crowd_before_the_door_cuts_nobody_off(tmp_path: Path) -> None:
    """Without a certificate, without a word: those inside stay, and when the crowd goes others come in.

    While it stays, and it is the listener's whole number, nobody new comes in (docs/security.md).
    """
    with SchoolBroker(tmp_path, max_connections=20) as school, ExitStack() as stack:
        hub = stack.enter_context(school.wire(school.own("tocsin-hub-school"), EVENT.format("+")))
        room = stack.enter_context(school.wire(school.enrol("room-101"), "nothing"))
        late = school.enrol("room-102")
        with ExitStack() as crowd:
            for _ in range(40):
                crowd.enter_context(socket.create_connection((HOST, school.port), timeout=5))
            assert room.publishes(EVENT.format("room-101"), b"pressed meanwhile")
            hub.wait_for(lambda m: m.payload == b"pressed meanwhile")
        wire = stack.enter_context(school.wire(late, "nothing"))
        assert wire.publishes(EVENT.format("room-102"))


def test_the_limit_leaves_the_broker_files_to_open() -> None:
    """Its unit may open 16,384; each connection is one."""
    text = (Path(__file__).parents[2] / "systemd" / "tocsin-broker.service").read_text()
    (files,) = (line.partition("=")[2] for line in text.splitlines() if line.startswith("LimitNOFILE="))
    assert int(files) / 2 >= MAX_CONNECTIONS
