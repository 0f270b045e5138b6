"""What the pages say, as their HTML has it; how they look and are touched is tested in a browser."""

from __future__ import annotations

import re
from html import unescape

from tests.hub.console.caller import Caller
from tests.hub.console.front_desk import FrontDesk


def _text(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", html)).split())


def test_the_bar_and_the_counter_bear_the_time_of_the_room_that_asks(desk: FrontDesk, lee: Caller) -> None:
    """Not that of the room that was answered, though it opened the incident."""
    now = desk.wall()
    one = desk.press("room-101", at=now - 3_600_000)
    csrf = lee.get("/").field("csrf")
    lee.form(f"/incidents/{one.id}/acknowledge", {"csrf": csrf, "revision": "1"})
    desk.press("room-102", at=now - 5000)
    page = lee.get("/").text
    clock = re.search(r"since the press at ([\d:]+)", page)
    assert clock
    assert f"floor 1 {clock[1]} · nobody has it in hand" in _text(page)
    assert f'data-count="{now - 5000}"' in page


def test_a_press_in_a_walk_test_says_so_on_bar_and_card(desk: FrontDesk, lee: Caller) -> None:
    one = desk.press("room-101", test=True)
    page = lee.get("/").text
    assert page.count("marked as a test; taken as real") == 2
    assert one.events[0].test


def test_the_page_of_an_incident_shows_what_was_said_at_its_end(desk: FrontDesk, lee: Caller) -> None:
    """And its timeline says nothing twice, and no ids."""
    one = desk.press("room-101")
    csrf = lee.get("/").field("csrf")
    fields = {"csrf": csrf, "revision": "1", "disposition": "drill", "note": "all out in 4 min"}
    lee.form(f"/incidents/{one.id}/resolve", fields)
    page = _text(lee.get(f"/incidents/{one.id}").text)
    assert re.search(r"Resolved: Drill, by lee, [\d:]+ *: “all out in 4 min”", page)
    assert "resolved resolved" not in page
    assert "revision:" not in page
