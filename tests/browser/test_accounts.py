"""The pages of accounts, on a phone and on a desk: everybody can use them, by touch and by keyboard."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pyotp
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NAME, PASSWORD
from tests.browser.test_layout import well_made
from tests.hub.console.caller import Caller
from tests.hub.console.front_desk import FrontDesk
from tests.hub.console.served import Served

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_the_pages_of_accounts_fit_and_are_usable_by_everybody(
    desk: FrontDesk, served: Served, open_board: Callable[..., Page], size: str, scheme: str
) -> None:
    """With several people, sessions and tokens, long names among them; calm and in alarm."""
    desk.office.add("a-person-with-quite-a-long-name-of-48-letters-exactly", PASSWORD, "maintenance")
    desk.office.add("okafor", PASSWORD, "viewer")
    desk.office.set_factor("okafor", pyotp.random_base32(), 1, ["a", "b"])
    desk.office.add_token("dispatch", frozenset({"read", "acknowledge"}), desk.wall() + 10**9)
    desk.office.add_token("gone", frozenset({"all"}), desk.wall() - 1)
    Caller(served.port).sign_in("a-person-with-quite-a-long-name-of-48-letters-exactly", PASSWORD)
    page = open_board(size, color_scheme=scheme)
    desk.press("room-101")
    for path in ("/account", "/account/second-factor", "/account/code", "/accounts"):
        page.goto(served.url + path)
        well_made(page, path)
    for summary in page.locator("details summary").all():
        summary.click()
    well_made(page, "/accounts, all open")


def test_a_second_factor_is_set_up_and_used(
    desk: FrontDesk, served: Served, open_board: Callable[..., Page], browser: Any, size: str
) -> None:
    """From the picture to the recovery codes; then a sign-in that asks for a code."""
    page = open_board(size)
    page.get_by_role("link", name="Your sign-in").click()
    page.get_by_role("link", name="Set one up").click()
    expect(page.locator(".qr svg")).to_be_visible()
    phone = pyotp.TOTP(page.locator(".letters").inner_text().replace(" ", ""))
    page.get_by_label("The code that the app shows now").fill(phone.now())
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Set it up").click()
    expect(page.locator(".codes li")).to_have_count(8)
    well_made(page, "recovery codes")
    code = page.locator(".codes code").first.inner_text()
    context = browser.new_context(viewport={"width": 390 if size == "phone" else 1280, "height": 800})
    other = context.new_page()
    other.goto(served.url)
    other.get_by_label("Name").fill(NAME)
    other.get_by_label("Password").fill(PASSWORD)
    other.get_by_role("button", name="Sign in").click()
    expect(other.get_by_role("heading", name="Your code")).to_be_visible()
    well_made(other, "the code")
    other.get_by_label(re.compile("six digits")).fill(code)
    other.get_by_role("button", name="Sign in").click()
    expect(other.locator("#live")).to_be_visible()
    context.close()


def test_another_browser_is_signed_out_with_one_touch(
    desk: FrontDesk, served: Served, open_board: Callable[..., Page], size: str
) -> None:
    """And the list shows it gone, without loading the page anew."""
    phone = Caller(served.port)
    phone.sign_in(NAME, PASSWORD)
    page = open_board(size)
    page.goto(f"{served.url}/account")
    page.locator("li.item").get_by_role("button", name=re.compile("Sign out")).click()
    expect(page.locator("#said")).to_contain_text("Signed out there")
    expect(page.locator("li.item")).to_have_count(1)
    assert phone.get("/").status == 303


def test_a_role_is_changed_on_the_page_of_accounts(
    desk: FrontDesk, served: Served, open_board: Callable[..., Page], size: str
) -> None:
    desk.office.add("okafor", PASSWORD, "viewer")
    page = open_board(size)
    page.goto(f"{served.url}/accounts")
    page.get_by_text("Change okafor…").click()
    item = page.locator("li.item", has_text="okafor")
    item.get_by_label("Role").select_option("sro")
    item.get_by_role("button", name="Set the role").click()
    expect(page.locator("#said")).to_contain_text("okafor: sro")
    expect(item.locator(".how b")).to_have_text("sro")
    found = desk.people.person("okafor")
    assert found is not None
    assert found.role == "sro"
