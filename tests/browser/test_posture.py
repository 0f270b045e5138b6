"""The posture, as it is seen and touched: a lockdown is two touches away, and its end three."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from msgspec.structs import replace
from playwright.sync_api import Page, expect

from hub.posture import Question
from tests.browser.test_layout import well_made
from tests.hub.console.front_desk import FrontDesk

pytestmark = pytest.mark.browser


def test_a_lockdown_is_set_and_ended_only_with_the_second_word(
    desk: FrontDesk, open_board: Callable[..., Page], size: str
) -> None:
    """From the board: two touches to set it; to end it the page asks what is given up."""
    page = open_board(size)
    expect(page.locator("#posture")).to_contain_text("Posture: NORMAL")
    page.locator("#posture").click()
    well_made(page, "posture page, normal")
    page.get_by_role("button", name="LOCKDOWN").click()
    expect(page.locator("#said")).to_contain_text("LOCKDOWN holds.")
    expect(page.locator("#posture")).to_have_class(re.compile(r"\blockdown\b"))
    expect(page.locator("#posture")).to_contain_text("set by Officer Lee")
    well_made(page, "posture page, lockdown")
    page.wait_for_timeout(600)  # a button that moved under a finger does nothing for a moment
    page.get_by_role("button", name="NORMAL").click()
    expect(page.locator("#twice")).to_contain_text("LOCKDOWN holds. End it for NORMAL?")
    assert desk.view.posture.posture == "lockdown"
    well_made(page, "second question")
    page.get_by_role("link", name="No: LOCKDOWN stays").click()
    expect(page.locator("#postures")).to_be_visible()
    assert desk.view.posture.posture == "lockdown"
    page.get_by_role("button", name="NORMAL").click()
    expect(page.locator("#twice")).to_be_visible()
    page.evaluate(  # the same finger, twice: 100 ms after the page came
        "performance.now = () => 100; document.querySelector('#twice button').click(); delete performance.now"
    )
    expect(page.locator("#said")).to_contain_text("Read the question first")
    assert desk.view.posture.posture == "lockdown"
    page.wait_for_timeout(900)
    page.get_by_role("button", name="Yes: NORMAL").click()
    expect(page.locator("#said")).to_contain_text("NORMAL holds")
    expect(page.locator("#postures")).to_be_visible()
    assert desk.view.posture.posture == "normal"


def test_the_second_question_goes_when_the_posture_changes_under_it(
    desk: FrontDesk, open_board: Callable[..., Page]
) -> None:
    """Another person raised it: what was about to be touched is gone, and the page says so."""
    page = open_board()
    n = desk.wall()
    desk.view.posture = replace(desk.view.posture, n=n, posture="secure", by="Okafor")
    desk.view.tell(None)
    page.goto(page.url.split("?")[0].rstrip("/") + f"/posture?to=hold&of={n}")
    expect(page.locator("#twice")).to_be_visible()
    desk.view.posture = replace(desk.view.posture, n=n + 1, posture="lockdown")
    desk.view.tell(None)
    expect(page.locator("#twice")).to_have_count(0, timeout=2000)
    expect(page.locator("main")).to_contain_text("Nothing was changed")


def test_a_drill_s_mark_and_a_question_are_seen_on_the_board(
    desk: FrontDesk, open_board: Callable[..., Page], size: str
) -> None:
    page = open_board(size)
    drill = replace(desk.view.posture, posture="lockdown", drill=True, drill_id="7", n=desk.wall())
    desk.view.posture = drill
    desk.view.tell(None)
    expect(page.locator("#posture .drill-word")).to_be_visible(timeout=2000)
    well_made(page, "board in a drill")
    why = "a panic in Room 101: the lockdown of a drill is real from now on"
    desk.view.posture = replace(drill, drill=False, automatic=True, asked=Question(why, desk.wall()))
    desk.view.tell(None)
    expect(page.locator("#posture")).to_contain_text("Which posture is to hold?", timeout=2000)
    expect(page.locator("#posture .drill-word")).to_have_count(0)
    well_made(page, "board that asks")
