"""Upgrading the rooms on the page of identities and over the API: begun, watched, stopped."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from config.contract import Health, encode
from hub.console import needs
from hub.inputs import DeviceMessage
from hub.upgrading.asking import RoomAsks, RoomUpgrade
from tests.hub.console.caller import Caller
from tests.hub.console.front_desk import FrontDesk
from tests.hub.console.test_identities import deed

A = "/api/v1/upgrade"
NEW = "n3w"


@pytest.fixture
def installed(desk: FrontDesk) -> FrontDesk:
    """A hub that hands out a release, and rooms of which one runs it."""
    desk.hands_out(NEW)
    site, now = desk.whole_site(), desk.clock.now()
    for room in desk.settings.rooms:
        release = NEW if room.device == "room-101" else "0ld"
        health = encode(Health(v=1, boot="b", n=1, uptime_s=1.0, outbox=0, release=release))
        for show in site.decide(DeviceMessage(room.device, "health", health, False, now), now).shown:
            show()
    return desk


def states(answer: dict[str, Any]) -> dict[str, str]:
    return {room["device"]: room["state"] for room in answer["rooms"]}


def test_the_page_says_what_rooms_run_and_begins_an_upgrade(installed: FrontDesk, lee: Caller) -> None:
    """With the room that goes first; then how far each is, and why one failed."""
    assert "5 of 6 rooms run another than this hub hands out" in lee.get("/identities").text
    said = deed(lee, "/upgrade", device="room-104")
    assert said["said"].startswith("The rooms are being upgraded")
    text = lee.get("/identities").text
    assert "<b>An upgrade is under way</b>: 1 of 6 have it; begun by lee." in text
    assert "waits: its Pi has not asked yet" in text
    run = installed.view.upgrade
    assert run is not None
    assert (run.first, run.via) == ("room-104", "console")
    failed = run.rooms | {"room-102": RoomUpgrade("failed", 1, "it <runs> what it had")}
    installed.view.upgrade = replace(run, rooms=failed)
    text = lee.get("/identities").text
    assert "failed: it &lt;runs&gt; what it had" in text
    said = deed(lee, "/upgrade", stop="yes")
    assert said["said"] == "Stopped: the other rooms stay as they are."
    assert "The last upgrade ended: a person stopped it." in lee.get("/identities").text
    assert deed(lee, "/upgrade", stop="yes")["said"].startswith(
        "Not done: no upgrade of the rooms is under way"
    )


def test_a_hub_that_hands_out_nothing_begins_none(desk: FrontDesk, lee: Caller, api: Caller) -> None:
    """The page and the API say why."""
    assert "hands out none" in lee.get("/identities").text
    assert deed(lee, "/upgrade")["said"].startswith("Not done: this hub was not installed by scripts/install")
    reply = api.post(A, {})
    assert (reply.status, reply.json["error"]) == (404, "not-found")


def test_the_api_begins_says_and_stops(installed: FrontDesk, api: Caller) -> None:
    """As the page does; a room that isn't there, or isn't heard, can't go first."""
    assert api.get(A).json["run"] is None
    assert [api.post(A, {"device": device}).status for device in ("../x", None, 1)] == [422] * 3
    assert api.post(A, {"device": "room-999"}).status == 404
    reply = api.post(A, {})
    assert (reply.status, reply.json["recorded"], reply.json["offers"]) == (200, True, NEW)
    installed.ask(RoomAsks("room-103", NEW)).result()
    found = api.get(A).json
    assert found["run"]["ended"] is None
    room = next(one for one in found["rooms"] if one["device"] == "room-103")
    assert room["asked"] is not None
    assert set(states(found).values()) <= {"waits", "turn", "done"}
    assert api.call("DELETE", A).json["run"]["why"] == "a person stopped it"
    assert api.call("DELETE", A).status == 404


def test_all_rooms_at_once_need_a_second_factor_from_outside() -> None:
    """Like every deed for the whole site; stopping one doesn't."""
    assert {("POST", "/upgrade"), ("POST", A)} <= needs.SITE_WIDE
    assert ("DELETE", A) not in needs.SITE_WIDE
