"""A browser for all tests, and a site of each test's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from hub.view import DoorView
from tests.browser.chromium import DESK, PHONE, chromium, signed_in
from tests.hub.console.front_desk import FrontDesk
from tests.hub.console.served import Served

NAME, PASSWORD = "Officer Lee", "correct horse battery"


@pytest.fixture(scope="package")  # playwright holds the thread's event loop: gone before other tests
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[FrontDesk]:
    """Six rooms, all heard; a webhook that has delivered; one door open."""
    made = FrontDesk(tmp_path)
    made.office.add(NAME, PASSWORD)
    made.hear_all()
    made.delivered()
    for room in made.settings.rooms:
        state = "open" if room.device == "room-103" else "closed"
        door = DoorView(made.place(room.device), "door", "door", state, made.wall() - 65_000)
        made.view.doors[room.device, "door"] = door
    yield made
    made.close()


@pytest.fixture
def served(desk: FrontDesk) -> Iterator[Served]:
    with Served(desk) as running:
        yield running


@pytest.fixture(params=["phone", "desk"])
def size(request: pytest.FixtureRequest) -> str:
    """Both a phone and the front desk's screen."""
    return str(request.param)


@pytest.fixture
def open_board(browser: Browser, served: Served) -> Iterator[Callable[[str], Page]]:
    """Open a signed-in board of a size; fails at the end if a page's own script failed."""
    contexts: list[BrowserContext] = []
    faults: list[str] = []

    def opened(size: str = "desk", **more: object) -> Page:
        context = browser.new_context(**{**(PHONE if size == "phone" else DESK), **more})  # type: ignore[arg-type]
        contexts.append(context)
        context.on("weberror", lambda error: faults.append(str(error.error)))
        context.on(
            "console",
            lambda message: (
                faults.append(message.text) if "Content Security Policy" in message.text else None
            ),
        )
        return signed_in(context, served.url, NAME, PASSWORD)

    yield opened
    for context in contexts:
        context.close()
    assert faults == []
