"""Identities on their page and over the API: who holds which room, spares given a room, agents revoked."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from hub.enrolment.identity import Code, Identity
from tests.hub.console.caller import Caller
from tests.hub.console.front_desk import FrontDesk

A = "/api/v1/identities"
HELD = Identity(
    "1f", "room-101", "oak-hill.room-101", "held", "k", "PEM", "code", "d", 1, 2, "lee", "command",
    held=1_790_000_000_000, address="10.0.0.9", machine="Raspberry Pi 4",
)  # fmt: skip
SPARE = replace(HELD, serial="2f", device="spare-0a1b2c3d", name="oak-hill.spare-0a1b2c3d", is_spare=True)


def deed(caller: Caller, path: str, **fields: str) -> dict[str, Any]:
    """Send a form of the page, as its script does."""
    csrf = caller.get("/identities").field("csrf")
    answer: dict[str, Any] = caller.form(path, {"csrf": csrf, **fields}, Accept="application/json").json
    return answer


@pytest.fixture
def enrolled(desk: FrontDesk) -> FrontDesk:
    """Room 101 is enrolled, a spare waits, and there is a code for room 102."""
    for one in (HELD, SPARE):
        desk.view.identities[one.serial] = one
    now = desk.wall()
    code = Code("c" * 64, "room-102", now, now + 3_600_000, "lee", "command")
    desk.view.codes[code.digest] = code
    return desk


def test_the_page_says_who_holds_what(enrolled: FrontDesk, lee: Caller) -> None:
    """And which rooms have no agent; nothing of a code's secret is there."""
    text = lee.get("/identities").text
    assert "1 of 6 rooms enrolled" in text
    assert "Raspberry Pi 4, at 10.0.0.9" in text
    assert "spare-0a1b2c3d" in text
    assert "waits for a room" in text
    assert "cccccccc" in text
    assert "c" * 9 not in text
    assert "Without an agent of their own: Room 102, Room 103" in text
    assert 'href="/identities"' in lee.get("/devices").text


def test_a_spare_is_given_a_room_on_the_page(enrolled: FrontDesk, lee: Caller) -> None:
    """A taken one only where that was ticked."""
    said = deed(lee, "/identities/spare-0a1b2c3d/assign", device="room-101")
    assert said["said"].startswith("Not done: Room 101 (room-101) has an agent, since 2026-")
    said = deed(lee, "/identities/spare-0a1b2c3d/assign", device="room-101", replace="yes")
    assert said["said"] == "spare-0a1b2c3d is for room-101: it takes the room in a few seconds."
    assert enrolled.view.identities["2f"].room == "room-101"
    assert "given Room 101" in lee.get("/identities").text


def test_an_agent_is_revoked_on_the_page(enrolled: FrontDesk, lee: Caller) -> None:
    """With a reason; it is among the earlier ones then, with a session that may still live."""
    assert "reason" in deed(lee, "/identities/room-101/revoke", reason="")["said"]
    said = deed(lee, "/identities/room-101/revoke", reason="stolen")
    assert said["said"].startswith("room-101 is revoked")
    text = lee.get("/identities").text
    assert "0 of 6 rooms enrolled" in text
    assert "a session of it may still live" in text


def test_the_api_lists_assigns_and_revokes(enrolled: FrontDesk, api: Caller) -> None:
    """As the page does."""
    found = api.get(A).json
    assert [one["device"] for one in found["identities"]] == ["room-101", "spare-0a1b2c3d"]
    assert [code["id"] for code in found["codes"]] == ["cccccccc"]
    reply = api.post(f"{A}/spare-0a1b2c3d/assign", {"device": "room-103"})
    assert reply.json == {"spare": "spare-0a1b2c3d", "device": "room-103", "recorded": True}
    reply = api.post(f"{A}/spare-0a1b2c3d/assign", {"device": "room-101"})
    assert (reply.status, reply.json["state"]) == (409, "taken")
    assert api.post(f"{A}/nobody/assign", {"device": "room-103"}).status == 404
    assert api.post(f"{A}/spare-0a1b2c3d/assign", {"device": "../x"}).status == 422
    assert api.post(f"{A}/spare-0a1b2c3d/assign", {"device": "room-101", "replace": "yes"}).status == 422
    reply = api.post(f"{A}/room-101/revoke", {"note": "stolen"})
    assert reply.json == {"device": "room-101", "certificates": 1, "codes": 0, "recorded": True}
    assert api.post(f"{A}/room-101/revoke", {}).status == 404
