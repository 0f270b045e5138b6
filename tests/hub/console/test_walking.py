"""Walk tests on the devices page and over the API."""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec.structs import replace

from hub.console.walking import BY_HAND, walk
from hub.console.words import Words
from hub.incident import Place
from hub.view import DeviceView, View, ZoneView
from hub.walk_test import Proof, Tried, WalkTest
from tests.hub.console.caller import Caller
from tests.hub.console.front_desk import ZONES, FrontDesk

A = "/api/v1"
T0 = 1_790_000_000_000
OPEN = WalkTest("w", "room-101", ("wall", "desk"), "Lee", "console", T0, T0 + 600_000)


def page_of(test: WalkTest | None = None, *, zones: tuple[ZoneView, ...] = ZONES, **more: Any) -> Any:
    """What the page shows of room 101."""
    view = View("oak-hill", "Oak Hill", "UTC", T0)
    device = DeviceView(Place("room-101", "Room 101"), "heard", T0, zones=zones)
    if test is not None:
        view.walk_tests["room-101"] = test
    view.proved["room-101", "wall"] = Proof("wall", T0 - 86_400_000, "Lee")
    return walk(replace(device, **more), view, Words("UTC"), T0)


def test_each_button_has_its_last_proof() -> None:
    """A door has none: it isn't proved by a walk test."""
    assert [(one.label, one.proved) for one in page_of().buttons] == [
        ("wall", "proved 20 Sep by Lee"),
        ("desk", "not proved"),
    ]


def test_how_far_a_walk_test_has_come() -> None:
    """Asked for, begun, not begun in time, over: each is said, and none but the begun one as begun."""
    assert "has not said yet" in page_of(OPEN).said
    assert page_of(replace(OPEN, begun=True)).said.startswith("In a walk test: opened by Lee, until ")
    assert page_of(replace(OPEN, late=True)).said.startswith("NOT in its walk test")
    half = page_of(replace(OPEN, begun=True, proved=(Tried("wall", T0),)))
    assert (half.done, half.left, half.may_open) == ("wall", "desk", False)
    over = page_of(replace(OPEN, ended=T0, why="its time was over"))
    assert (over.test, over.may_open) == (None, True)
    assert over.said.endswith("its time was over.")


def test_the_board_names_the_room_whose_buttons_are_tested(desk: FrontDesk, lee: Caller) -> None:
    """Whoever looks at it must know that a press there may call nobody."""
    desk.hear_all()
    assert "walk test" not in lee.get("/").text
    now = desk.wall()
    desk.view.walk_tests["room-101"] = replace(OPEN, started=now, until=now + 600_000)
    assert "Room 101: a walk test is open, by Lee, until" in lee.get("/").text
    desk.view.walk_tests["room-101"] = replace(OPEN, ended=now, why="its time was over")
    assert "walk test is open" not in lee.get("/").text


def test_one_that_was_begun_elsewhere_is_said_to_be_none_of_ours() -> None:
    zones = (replace(ZONES[0], walk_test=True),)
    assert page_of(zones=zones).said == BY_HAND
    assert page_of(replace(OPEN, ended=T0, why="x"), zones=zones).said == BY_HAND


@pytest.mark.parametrize("more", [{"standing": "silent"}, {"place": Place("x", "x", known=False)}])
def test_none_can_be_opened_where_none_would_be_taken(more: dict[str, Any]) -> None:
    assert not page_of(**more).may_open


def test_a_person_opens_watches_and_ends_one_on_the_page(desk: FrontDesk, lee: Caller) -> None:
    """The form warns of what is real all the same."""
    desk.hear_all()
    page = lee.get("/devices")
    assert "a real alarm" in page.text
    assert "wall: not proved" in page.text
    csrf = page.field("csrf")
    fields = {"csrf": csrf, "zone-desk": "yes", "minutes": "5"}
    reply = lee.form("/devices/room-102/walk-test", fields, Accept="application/json")
    assert reply.json["ok"], reply.json
    test = desk.view.walk_tests["room-102"]
    assert (test.zones, test.by, test.via, test.until - test.started) == (
        ("desk",),
        "lee",
        "console",
        300_000,
    )
    desk.view.walk_tests["room-102"] = replace(test, begun=True)
    assert "Still to press: desk" in lee.get("/devices").text
    assert "In a walk test: opened by lee" in lee.get("/devices").text
    reply = lee.form("/devices/room-102/walk-test/end", {"csrf": csrf}, Accept="application/json")
    assert reply.json == {"ok": True, "said": "The walk test of room-102 is over: every press is real."}
    again = lee.form("/devices/room-102/walk-test/end", {"csrf": csrf}, Accept="application/json")
    assert (again.status, again.json["ok"]) == (409, False)


@pytest.mark.parametrize(
    "fields",
    [{}, {"zone-wall": "yes"}, {"zone-wall": "yes", "minutes": "31"}, {"zone-wall": "yes", "minutes": "-1"}],
)
def test_a_form_that_lacks_something_opens_none(desk: FrontDesk, lee: Caller, fields: dict[str, str]) -> None:
    desk.hear_all()
    csrf = lee.get("/devices").field("csrf")
    sent = {"csrf": csrf} | fields
    assert lee.form("/devices/room-101/walk-test", sent, Accept="application/json").status == 422
    assert desk.view.walk_tests == {}


def test_a_page_of_somebody_else_opens_none(desk: FrontDesk, lee: Caller) -> None:
    fields = {"csrf": "guessed", "zone-wall": "yes", "minutes": "5"}
    assert lee.form("/devices/room-101/walk-test", fields).status == 403
    assert desk.view.walk_tests == {}


def test_one_is_opened_and_ended_over_the_api(desk: FrontDesk, api: Caller) -> None:
    desk.hear_all()
    reply = api.post(f"{A}/devices/room-101/walk-test", {"zones": ["wall"], "for_s": 60})
    assert reply.status == 200, reply.text
    test = reply.json["walk_test"]
    assert (test["device"], test["zones"], test["left"], test["ended"]) == (
        "room-101",
        ["wall"],
        ["wall"],
        None,
    )
    assert reply.json["recorded"] is True
    rows = {row["device"]: row for row in api.get(f"{A}/devices").json["devices"]}
    assert rows["room-101"]["walk_test"]["by"] == test["by"]
    assert rows["room-102"]["walk_test"] is None
    assert api.post(f"{A}/devices/room-101/walk-test", {}).status == 409
    over = api.call("DELETE", f"{A}/devices/room-101/walk-test")
    assert over.json["walk_test"]["ended"] is not None
    assert api.call("DELETE", f"{A}/devices/room-101/walk-test").status == 409
    assert api.post(f"{A}/devices/nowhere/walk-test", {}).status == 404


def test_each_zone_says_when_it_was_proved_and_by_whom(desk: FrontDesk, api: Caller) -> None:
    desk.hear_all()
    desk.view.proved["room-101", "desk"] = Proof("desk", T0, "Lee")
    zones = api.get(f"{A}/devices").json["devices"][0]["zones"]
    assert [zone["proved"] for zone in zones] == [None, {"at": "2026-09-21T14:13:20.000Z", "by": "Lee"}, None]


@pytest.mark.parametrize(
    "body",
    [
        {"for_s": 0},
        {"for_s": 1800.5},
        {"for_s": True},
        {"for_s": "60"},
        {"zones": []},
        {"zones": "wall"},
        {"zones": [1]},
        {"zones": ["wall"] * 65},
    ],
)
def test_what_is_no_walk_test_is_422(desk: FrontDesk, api: Caller, body: dict[str, Any]) -> None:
    assert api.post(f"{A}/devices/room-101/walk-test", body).status == 422
    assert desk.view.walk_tests == {}


def test_it_needs_its_scope(desk: FrontDesk, served: Any) -> None:
    """Who may silence a button for a time is not who may read."""
    token = desk.office.add_token("pager", frozenset({"read", "acknowledge", "resolve"}))
    reply = Caller(served.port, token).post(f"{A}/devices/room-101/walk-test", {})
    assert (reply.status, reply.json["allowed"]) == (403, ["maintain"])
    assert json.loads(reply.text)["error"] == "lacks-scope"
