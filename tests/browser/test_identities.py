"""The page of identities on a phone and on a desk: a spare is given a room, an agent is revoked."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from msgspec.structs import replace
from playwright.sync_api import Page, expect

from tests.browser.test_layout import well_made
from tests.hub.console.front_desk import FrontDesk
from tests.hub.console.served import Served
from tests.hub.console.test_identities import HELD, SPARE, enrolled
from tests.hub.console.test_upgrading import installed

pytestmark = pytest.mark.browser
__all__ = ["enrolled", "installed"]


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_it_fits_and_a_person_can_do_it(
    enrolled: FrontDesk, served: Served, open_board: Callable[..., Page], size: str, scheme: str
) -> None:
    """Nothing sticks out, and no fault that axe-core finds, with everything open that opens."""
    gone = replace(HELD, serial="3f", state="revoked", ended=enrolled.wall(), why="stolen", session_open=True)
    enrolled.view.identities[gone.serial] = gone
    page = open_board(size, color_scheme=scheme)
    page.goto(served.url + "/devices")
    page.get_by_role("link", name="Identities and spares").click()
    well_made(page, "identities")
    page.get_by_text(f"Give {SPARE.device} a room…").click()
    page.get_by_text("Revoke Room 101…").click()
    well_made(page, "identities, all open")
    page.get_by_label("Room", exact=True).select_option("room-104")
    page.get_by_role("button", name="Give it the room").click()
    expect(page.locator("#said")).to_contain_text("is for room-104")
    expect(page.locator(f"#identity-{SPARE.device}")).to_contain_text("given Room 104")
    page.get_by_label("Why").fill("left on the bus")
    page.get_by_role("button", name="Revoke it").click()
    expect(page.locator("#said")).to_contain_text("room-101 is revoked")
    assert enrolled.view.identities[HELD.serial].state == "revoked"


def test_an_upgrade_is_begun_and_stopped_on_it(
    installed: FrontDesk, served: Served, open_board: Callable[..., Page], size: str
) -> None:
    """What is done and what is left fits, too."""
    page = open_board(size)
    page.goto(served.url + "/identities")
    page.get_by_text("Upgrade the rooms…").click()
    well_made(page, "identities, an upgrade")
    page.get_by_label("First").select_option("room-104")
    page.get_by_role("button", name="Upgrade them").click()
    expect(page.locator("#said")).to_contain_text("The rooms are being upgraded")
    expect(page.locator("#upgrade-room-104")).to_contain_text("waits")
    well_made(page, "identities, an upgrade under way")
    page.get_by_role("button", name="Stop: leave the other rooms as they are").click()
    expect(page.locator("#said")).to_contain_text("Stopped")
