"""Each page, in each state, on a phone and on a desk: nothing sticks out, and everybody can use it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from msgspec.structs import replace
from playwright.sync_api import Page, expect

from hub.door_week import DoorCount, DoorWeek, Signature
from hub.view import DoorView, ZoneView
from tests.hub.console.front_desk import FrontDesk
from tests.hub.console.served import Served

pytestmark = pytest.mark.browser
PATHS = ("/", "/doors", "/devices", "/incidents", "/troubles", "/posture")


def well_made(page: Page, what: str) -> None:
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide == 0, f"{what} scrolls sideways by {wide} px"
    page.evaluate("Promise.allSettled(document.getAnimations().map((one) => one.finished))")
    found: list[dict[str, Any]] = Axe().run(page).response["violations"]
    words = [f"{v['id']}: {v['help']}: {[node['html'][:160] for node in v['nodes'][:3]]}" for v in found]
    assert not words, what + "\n" + "\n".join(words)


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_every_page_fits_and_is_usable_by_everybody(
    desk: FrontDesk, served: Served, open_board: Callable[..., Page], size: str, scheme: str
) -> None:
    """No sideways scroll, and no fault that axe-core finds, calm or in alarm."""
    page = open_board(size, color_scheme=scheme)
    well_made(page, "calm board")
    one = desk.press("room-101", "desk")
    desk.press("room-104", "wall", at=desk.wall() - 900_000, late=True)
    desk.press("room-105", "wall", cause="cut")
    cut = (
        ZoneView("wall", "wall", "panic", "pair", "cut"),
        ZoneView("desk", "desk", "panic", "no", "active", True),
    )
    desk.hear("room-105", zones=cut)
    desk.trouble("tamper", "tamper", "Room 105, wall: wire cut", device="room-105", zone="wall", cause="cut")
    desk.press("a-device-with-quite-a-long-name-that-nobody-has-ever-heard-of", "x")
    desk.trouble("silent room-102", "silent", "room-102 has not been heard for 45 s", device="room-102")
    desk.trouble("seq-gap room-103", "seq-gap", "event 7 of its boot b never came", device="room-103")
    desk.trouble("old", "refused", "a publish was refused", restored=desk.wall())
    expect(page.locator(".room")).to_have_count(4)
    page.get_by_text("Resolve incident 1").click()
    well_made(page, "board in alarm")
    for path in (*PATHS, f"/incidents/{one.id}"):
        page.goto(served.url + path)
        well_made(page, path)


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_doors_fit_and_are_usable_by_everybody(
    desk: FrontDesk, served: Served, open_board: Callable[..., Page], size: str, scheme: str
) -> None:
    """On the board in a lockdown, on their page, and week by week."""
    desk.hear_all()
    for n in (101, 102, 103):
        place = desk.place(f"room-{n}")
        state = "closed" if n == 102 else "open"
        unknown = "Room 103, door: wire cut" if n == 103 else None
        desk.view.doors[place.device, "door"] = DoorView(
            place, "door", f"Door {n}", state, desk.wall() - 900_000, unknown=unknown
        )
    count = DoorCount(
        "room-101", "door", "Door 101", "Room 101", "Main",
        opened=312, longest_ms=5_400_000, held_open=2, after_hours=1, faults=1, unknown_ms=61_000,
    )  # fmt: skip
    signed = Signature("lee", "console", desk.wall(), 1, "the caterer's delivery")
    week = DoorWeek(
        "2026-W39", desk.wall() - 10**9, desk.wall() - 4 * 10**8, desk.wall(), (count,), 2, (signed,)
    )
    desk.view.door_weeks[week.week] = week
    desk.view.door_counts["room-101", "door"] = count
    page = open_board(size, color_scheme=scheme)
    desk.door_told("room-101", "Door 101", "held open for 5 min")
    desk.press("room-104", "desk")
    desk.view.posture = replace(desk.view.posture, posture="lockdown")
    desk.view.tell(None)
    for path in ("/", "/doors", "/doors/weeks/2026-W39"):
        page.goto(served.url + path)
        well_made(page, path)


def test_the_sign_in_page_fits_and_is_usable_by_everybody(served: Served, browser: Any, size: str) -> None:
    context = browser.new_context(viewport={"width": 390 if size == "phone" else 1280, "height": 800})
    page = context.new_page()
    page.goto(served.url)
    well_made(page, "sign-in")
    context.close()


def test_everything_can_be_done_by_keyboard(desk: FrontDesk, open_board: Callable[..., Page]) -> None:
    """From the top of the page by Tab to acknowledge, Enter."""
    page = open_board()
    one = desk.press("room-101")
    expect(page.locator(".card")).to_be_visible()
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.closest('.acknowledge') !== null"):
            break
    page.keyboard.press("Enter")
    expect(page.locator(".card")).to_contain_text("In hand: Officer Lee")
    assert desk.view.incidents[one.id].state == "acknowledged"
