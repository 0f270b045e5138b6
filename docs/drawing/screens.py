"""The board's pictures in the officer's guide, taken from the demo: ``python -m docs.drawing.screens``.

Not held to the code by a test, since times differ in each: take them anew when the board changes.
"""

from __future__ import annotations

import shutil
import tempfile
import urllib.request
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.scripts.demo_run import DemoRun

PICTURES = Path(__file__).resolve().parent.parent / "pictures"
SIZE = {"width": 1180, "height": 640}


def main() -> None:
    """Run the demo, press, acknowledge, and take a picture of each state."""
    with tempfile.TemporaryDirectory() as folder, DemoRun(Path(folder)) as demo, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport=SIZE)
        sign_in(page, demo)
        page.get_by_text("6 of 6 heard from now").wait_for()
        page.screenshot(path=PICTURES / "board-calm.png")
        press(demo, "room-103")
        page.get_by_role("button", name="I have it").wait_for()
        page.wait_for_timeout(1500)  # the banner's entrance
        page.screenshot(path=PICTURES / "board-alarm.png")
        page.get_by_role("button", name="I have it").click()
        page.locator(".card .state", has_text="In hand").wait_for()
        page.locator("#said").click()  # its words are of a moment ago
        press(demo, "room-102")
        page.get_by_role("button", name="I have it").wait_for()
        page.wait_for_timeout(1500)
        page.screenshot(path=PICTURES / "board-again.png")
        page.locator("#posture").click()
        page.get_by_role("button", name="LOCKDOWN").click()
        page.locator("#posture.lockdown").wait_for()
        page.locator("#said").click()
        page.wait_for_timeout(600)  # a button that moved under a finger does nothing for a moment
        page.get_by_role("button", name="NORMAL").click()
        page.locator("#twice").wait_for()
        page.screenshot(path=PICTURES / "posture-twice.png")
        browser.close()


def sign_in(page: Page, demo: DemoRun) -> None:
    """Sign in as the person of the ready line."""
    page.goto(demo.ready["console"])
    page.get_by_label("Name").fill(demo.ready["user"])
    page.get_by_label("Password").fill(demo.ready["password"])
    page.get_by_role("button", name="Sign in").click()


def press(demo: DemoRun, device: str) -> None:
    """Press and release the desk button of a room."""
    url = f"{demo.ready['rooms']}/api/rooms/{device}/tap?zone=desk"
    request = urllib.request.Request(url, method="POST")  # noqa: S310 - the demo's own http address
    urllib.request.urlopen(request, timeout=10).close()  # noqa: S310


if __name__ == "__main__":
    main()
