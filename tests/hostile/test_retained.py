"""What the broker keeps of those who said it: for as long as they may say it, and over its own death."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.authority.closing import close_session, refuses_probe
from tests.school_broker import SchoolBroker
from tests.site import until

pytestmark = pytest.mark.broker
P = "tocsin/v1/school"


def kept(school: SchoolBroker, name: str, *asked: str) -> set[str]:
    """Return the payloads that are retained for a party of this name."""
    with school.wire(school.issue(name), *asked) as wire:
        wire.hear_all()
        return {m.payload.decode() for m in wire.messages if m.retain}


def test_what_a_revoked_room_left_is_said_to_nobody(tmp_path: Path) -> None:
    """Neither that it is online nor an alarm that would come again at each start; a neighbour's stays."""
    with SchoolBroker(tmp_path) as school:
        for device in ("room-101", "room-102"):
            with school.wire(school.enrol(device), "nothing") as wire:
                assert wire.publishes(f"{P}/{device}/state", f"state of {device}".encode(), retain=True)
                assert wire.publishes(f"{P}/{device}/event", f"event of {device}".encode(), retain=True)
        rest, events = "tocsin-hub-school-rest", "tocsin-hub-school"
        assert kept(school, rest, f"{P}/+/state") == {"state of room-101", "state of room-102"}
        school.revoke(school.tls["room-101"], "room-101")
        until("the list is taken", lambda: refuses_probe(school.at(None), school.data))
        close_session(school.at(None), school.authority, school.data, "school.room-101")
        assert kept(school, rest, f"{P}/+/state") == {"state of room-102"}
        assert kept(school, events, f"{P}/+/event") == {"event of room-102"}


def test_what_was_retained_outlives_the_broker(tmp_path: Path) -> None:
    """A posture that agents aren't told again would be no posture; who said it may say it still."""
    with SchoolBroker(tmp_path) as school:
        school.enrol("room-101")
        with school.wire(school.own("tocsin-hub-school-rest"), "nothing") as hub:
            assert hub.publishes(f"{P}/posture", b"lockdown", retain=True)
            assert hub.publishes(f"{P}/hub/hub-1/state", b"ready", retain=True)
        with school.wire(school.tls["room-101"], "nothing") as room:
            assert room.publishes(f"{P}/room-101/state", b"online", retain=True)
        school.wait_stored()
        school.kill()
        school.start()
        assert kept(school, "school.room-101", "#") == {"lockdown", "ready"}
        assert kept(school, "tocsin-hub-school-rest", "#") == {"lockdown", "online"}
