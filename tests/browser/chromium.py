"""Debian's own Chromium, driven by playwright; nothing is downloaded."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
DESK: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}}
ARGS = ["--no-sandbox", "--autoplay-policy=no-user-gesture-required"]


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser, closed at the end."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("no Chromium is installed: apt install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGS)
        try:
            yield browser
        finally:
            browser.close()


def signed_in(context: BrowserContext, url: str, name: str, password: str) -> Page:
    """A page that has signed in, on the board, and is live."""
    page = context.new_page()
    page.goto(url)
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_selector("#known")
    is_live(page)
    return page


def is_live(page: Page) -> None:
    """Wait until the page says that it is live."""
    # Not wait_for_function: it evaluates text within the page, which the content security policy forbids.
    expect(page.locator("#live-words")).to_contain_text("Live", timeout=15_000)
