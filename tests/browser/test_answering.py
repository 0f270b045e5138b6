"""What a message's link opens on a phone: one look, one touch, no password."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace
from playwright.sync_api import Browser, expect

from config.people_settings import PersonSettings
from hub.links import GOOD_MS, Link, Links
from tests.browser.chromium import DESK, PHONE
from tests.browser.test_layout import well_made
from tests.hub.console.front_desk import SITE, FrontDesk
from tests.hub.console.served import KEY, Served

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_a_link_is_answered_with_one_touch(
    desk: FrontDesk, served: Served, browser: Browser, size: str, scheme: Any
) -> None:
    """By somebody who is not signed in."""
    reyes = PersonSettings(name="Officer Reyes", reach=("webhook",))
    desk.settings = replace(desk.settings, people={"reyes": reyes})
    one = desk.press("room-101", "desk")
    desk.press("room-104", "wall", id="e2")
    token = Links(KEY, SITE).seal(Link("reyes", one.id, desk.wall() + GOOD_MS))
    with browser.new_context(**(PHONE if size == "phone" else DESK), color_scheme=scheme) as context:
        page = context.new_page()
        page.goto(f"{served.url}/go/{token}")
        well_made(page, "a link's page")
        button = page.get_by_role("button", name="I have it")
        expect(button).to_be_in_viewport()
        assert desk.view.incidents[one.id].state == "open"
        button.click()
        expect(page.get_by_role("alert")).to_contain_text("is in hand")
        expect(button).to_have_count(0)
        well_made(page, "a link's page, answered")
        page.goto(f"{served.url}/go/{token[:-2]}")
        well_made(page, "a link that is cut short")
