"""A drill as it is seen and touched: started from its form, unmistakable on every page, answered."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from msgspec.structs import replace
from playwright.sync_api import Page, expect

from hub.drills_due import Due
from tests.browser.test_layout import well_made
from tests.hub.console.front_desk import FrontDesk
from tests.hub.console.served import Served

pytestmark = pytest.mark.browser


def starts(page: Page, served: Served) -> None:
    page.goto(served.url + "/drills")
    page.get_by_text("Plan or start a drill…").click()
    page.get_by_label("What is drilled").fill("lockdown")
    page.get_by_text("Room 101", exact=True).click()
    page.get_by_text("Room 102", exact=True).click()
    page.get_by_role("button", name="Start it, or plan it for then").click()
    expect(page.locator("#drill-runs")).to_contain_text("DRILL 1")


def not_expected(desk: FrontDesk) -> None:
    """Room 101 presses, and again: by its own clock 12 s later."""
    desk.drill_press("room-101")
    memory = desk.whole_site().drill_memory
    (first,) = memory.presses["1"]["room-101"]
    earlier = replace(first.press, at=first.press.at - 12_000)
    memory.presses["1"]["room-101"] = (replace(first, press=earlier),)
    desk.drill_press("room-101")


def test_a_drill_is_started_and_what_was_not_expected_is_answered_with_one_touch(
    desk: FrontDesk, served: Served, open_board: Callable[..., Page]
) -> None:
    page = open_board()
    desk.hear_all()
    starts(page, served)
    page.goto(served.url + "/troubles")
    not_expected(desk)
    banner = page.locator(".alarm.unexpected")
    expect(banner).to_contain_text("NOT EXPECTED in drill 1: Room 101")
    banner.get_by_role("button", name="Part of the drill").click()
    expect(page.locator("#said")).to_contain_text("Part of drill 1.")
    expect(banner).to_have_count(0)


def test_a_real_press_in_a_drill_does_not_look_like_the_drill(
    desk: FrontDesk, served: Served, open_board: Callable[..., Page]
) -> None:
    """Red and whole, above the dashed frame of the drill; which says that every press is real now."""
    page = open_board()
    starts(page, served)
    desk.drill_press("room-101")
    desk.drill_press("room-103")
    real = page.locator("#alarms .alarm:not(.of-drill)")
    expect(real).to_contain_text("PANIC Room 103")
    expect(real).not_to_contain_text("DRILL")
    expect(page.locator("#alarms .alarm.of-drill")).to_contain_text("DRILL 1, EXPECTED: PANIC Room 101")
    expect(page.locator("#drill-runs")).to_contain_text("EVERY PRESS IS REAL NOW")
    frames = [
        page.locator(which).evaluate("one => getComputedStyle(one).borderTopStyle")
        for which in ("#alarms .alarm.of-drill", "#alarms .alarm:not(.of-drill)")
    ]
    assert frames == ["dashed", "none"]


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_drills_fit_and_are_usable_by_everybody(
    desk: FrontDesk, served: Served, open_board: Callable[..., Page], size: str, scheme: str
) -> None:
    """The list and its form, a drill that runs with a question open, and the report of one that is over."""
    page = open_board(size, color_scheme=scheme)
    desk.view.drills_due = (Due("lockdown", 1, 0, desk.wall() + 10**9, desk.wall() - 10**9),)
    starts(page, served)
    page.goto(served.url + "/drills")
    page.get_by_text("Plan or start a drill…").click()
    well_made(page, "the list and the form")
    not_expected(desk)
    for path in ("/", "/drills", "/drills/1", "/troubles"):
        page.goto(served.url + path)
        well_made(page, f"{path} with a question")
    page.goto(served.url + "/drills/1")
    page.get_by_role("button", name="End drill 1").click()
    expect(page.locator("#said")).to_contain_text("Drill 1 is over")
    well_made(page, "the report")
