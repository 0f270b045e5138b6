"""The page of the simulated rooms, as it is seen and touched."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from playwright.sync_api import Browser, Locator, Page, expect

from config.contract import Posture, encode
from config.topics import posture_topic
from device import lamp
from device.facts import Heard
from device.simulate import Floor, Server
from tests.browser.chromium import DESK, PHONE
from tests.site import until

pytestmark = pytest.mark.browser
NOWHERE = ("127.0.0.1", 9)
"""No broker: what a hand does is seen at the agent's pins."""


@pytest.fixture
def floor(tmp_path: Path) -> Iterator[Floor]:
    made = Floor(4, "demo", NOWHERE, tmp_path)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def url(floor: Floor) -> Iterator[str]:
    server = Server(("127.0.0.1", 0), floor)
    serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    serving.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()
    server.server_close()


@pytest.fixture
def page(browser: Browser, url: str, request: pytest.FixtureRequest) -> Iterator[Page]:
    context = browser.new_context(**getattr(request, "param", DESK))
    faults: list[str] = []
    context.on("weberror", lambda error: faults.append(str(error.error)))
    opened = context.new_page()
    opened.goto(url)
    expect(opened.locator(".room")).to_have_count(4)
    expect(_button(opened).locator(".state")).to_contain_text("at rest")
    yield opened
    context.close()
    assert faults == []


def _button(page: Page, device: str = "room-102", zone: str = "desk") -> Locator:
    return page.locator(f"[data-device='{device}'][data-zone='{zone}']")


def _zone(floor: Floor, device: str = "room-102", zone: str = "desk") -> Any:
    return next(each for each in floor.rooms[device].look()["zones"] if each["zone"] == zone)


def _hears(floor: Floor, posture: Posture, device: str = "room-102") -> None:
    """What a room's link brings."""
    room = floor.rooms[device]
    assert room._loop is not None
    link, topic = room.settings.links[0].name, posture_topic(room.settings.site)
    room._loop.hear(
        Heard(mono=time.monotonic(), link=link, topic=topic, payload=encode(posture), retained=True)
    )


def _owed(floor: Floor, device: str = "room-102") -> int:
    return int(floor.rooms[device].look()["outbox"])


def test_the_shortest_click_is_a_press(floor: Floor, page: Page) -> None:
    """A contact that rests for less than 40 ms is none; the page keeps it down as long as a finger."""
    until("a well agent", lambda: _zone(floor)["condition"] == "normal")
    before = _owed(floor)
    _button(page).click()
    until("the press and its release", lambda: _owed(floor) == before + 2)
    assert not _zone(floor)["active"]


@pytest.mark.parametrize("ends", ["click", "key", "enter"])
def test_what_is_kept_pressed_is_released(floor: Floor, page: Page, ends: str) -> None:
    """By a click as by K again; its title says so while it is kept."""
    button = _button(page)
    button.focus()
    page.keyboard.press("k")
    expect(button).to_have_attribute("data-active", "yes")
    expect(button).to_have_attribute("title", "Kept pressed: click, or press K, to release it")
    if ends == "click":
        button.click()
    else:
        page.keyboard.press("k" if ends == "key" else "Enter")
    expect(button).to_have_attribute("data-active", "no")
    expect(button).to_have_attribute("title", "")
    assert not _zone(floor)["active"]


def test_what_a_wire_makes_the_input_read_is_shown(page: Page) -> None:
    """An unsupervised wire's cut or short looks like a hand, or hides one."""
    room = page.locator("#room-102")
    room.locator("summary").click()
    desk, door = _button(page).locator(".state"), _button(page, zone="door").locator(".state")
    room.get_by_role("group", name="desk button").get_by_label("short").check()
    expect(desk).to_contain_text("at rest, reads pressed: its wire is short")
    room.get_by_role("group", name="desk button").get_by_label("cut").check()
    expect(desk).not_to_contain_text("reads")
    _button(page).focus()
    page.keyboard.press("k")
    expect(desk).to_contain_text("pressed, reads at rest: its wire is cut")
    room.get_by_role("group", name="door").get_by_label("cut").check()
    expect(door).to_contain_text("closed, reads open: its wire is cut")
    room.get_by_role("group", name="door").get_by_label("well").check()
    expect(door).to_have_text("closed")


def test_a_walk_test_begun_here_warns_that_its_press_is_taken_as_real(page: Page) -> None:
    page.locator("#room-102 summary").click()
    expect(page.locator("#room-102 .warning")).to_contain_text(
        "A press in a walk test that is begun here is taken as real"
    )
    expect(page.locator("#room-102 .warning")).to_be_visible()


def test_the_posture_that_a_room_s_agent_heard_is_shown_with_its_drill_mark(page: Page, floor: Floor) -> None:
    """None before any was heard; each room by itself."""
    said = page.locator("#room-102 .posture")
    expect(said).to_have_text("Posture: none heard")
    drill = Posture(v=1, n=7, posture="lockdown", drill=True, since="2026-11-23T10:00:00.000Z")
    _hears(floor, drill)
    expect(said).to_have_text("Posture: DRILL LOCKDOWN")
    _hears(floor, replace(drill, n=8, posture="hold", drill=False))
    expect(said).to_have_text("Posture: HOLD")
    expect(page.locator("#room-101 .posture")).to_have_text("Posture: none heard")
    floor.rooms["room-102"].unplug()
    expect(said).to_have_text("Posture: none heard")


@pytest.mark.parametrize("page", [DESK, PHONE], indirect=True, ids=["desk", "phone"])
def test_nothing_moves_under_the_pointer(page: Page) -> None:
    """Neither by a neighbour's open tools, nor by the longest words of a lamp, its own or another's."""
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide == 0
    room = page.locator("#room-102")
    tall = _box(page.locator("#room-103"))["height"]
    offsets = _offset(room)
    if page.viewport_size == DESK["viewport"]:
        room.locator("summary").click()
        assert _box(page.locator("#room-103"))["height"] == tall
        rows = room.locator(".wire").evaluate_all(
            "all => all.map(each => each.getBoundingClientRect().height)"
        )
        assert max(rows) < 40, "a wire's choices don't fit on one line"
        buttons = room.locator(".deed").evaluate_all(
            "all => all.map(each => each.getBoundingClientRect().top)"
        )
        assert len(set(buttons)) == 1
    longest = max((pattern.words for pattern in lamp.PATTERNS.values()), key=len)
    for words in (longest, "Off"):
        room.locator(".words").evaluate("(node, words) => { node.textContent = words; }", words)
        assert _offset(room) == offsets


def _box(locator: Locator) -> Any:
    box = locator.bounding_box()
    assert box is not None
    return box


def _offset(room: Locator) -> float:
    """Return how far below its card's top the buttons are."""
    return float(_box(room.locator(".zones"))["y"] - _box(room)["y"])
