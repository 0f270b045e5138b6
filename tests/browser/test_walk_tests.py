"""A walk test on the devices page, as it is seen and touched."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from msgspec.structs import replace
from playwright.sync_api import Page, expect

from hub.walk_test import Proof, Tried
from tests.browser.chromium import is_live
from tests.hub.console.front_desk import FrontDesk

pytestmark = pytest.mark.browser


def test_it_is_opened_watched_and_ended_without_leaving_the_page(
    desk: FrontDesk, open_board: Callable[..., Page], size: str
) -> None:
    """The choice made stays made while the page changes; what is proved shows up by itself."""
    page = open_board(size)
    page.get_by_role("link", name="Devices").click()
    is_live(page)
    room = page.locator("#device-room-102")
    expect(room).to_contain_text("wall: not proved; desk: not proved")
    room.get_by_text("Walk test of Room 102…").click()
    expect(room).to_contain_text("are a real alarm")
    room.get_by_label("wall").uncheck()
    desk.trouble("silent room-104", "silent", "nothing heard for 46 s", device="room-104")
    page.wait_for_timeout(700)
    room.get_by_role("button", name="Open the walk test").click()
    expect(page.locator("#said")).to_contain_text("The walk test of room-102 is open until")
    expect(page.locator("#walking")).to_contain_text("Still to press: desk")
    test = desk.view.walk_tests["room-102"]
    assert test.zones == ("desk",)
    now = desk.wall()
    desk.view.walk_tests["room-102"] = replace(test, begun=True, proved=(Tried("desk", now),))
    desk.view.proved["room-102", "desk"] = Proof("desk", now, "Officer Lee")
    desk.view.tell(None)
    expect(page.locator("#walking")).to_contain_text("Every button of it is proved", timeout=2000)
    expect(room).to_contain_text("by Officer Lee")
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide == 0
    page.wait_for_timeout(600)  # a button that moved under a finger does nothing for a moment
    room.get_by_role("button", name="End the walk test of Room 102").click()
    expect(page.locator("#said")).to_contain_text("is over: every press is real")
    expect(page.locator("#walking")).to_have_count(0)
