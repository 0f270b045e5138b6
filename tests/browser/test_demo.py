"""The demo in a browser: press on the rooms page, see it on the board, acknowledge, see the lamp tell."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.chromium import DESK, signed_in
from tests.browser.press_film import record
from tests.scripts.demo_run import DemoRun

pytestmark = [pytest.mark.browser, pytest.mark.broker]


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[DemoRun]:
    with DemoRun(tmp_path, "--rooms", "2") as running:
        yield running


def test_a_press_goes_from_the_rooms_page_to_the_board_and_back_to_the_lamp(
    demo: DemoRun, browser: Browser
) -> None:
    """On the board well under a second after the finger; the lamp turns as each stage becomes true."""
    context = browser.new_context(**DESK)
    board = signed_in(context, demo.ready["console"], demo.ready["user"], demo.ready["password"])
    rooms = context.new_page()
    rooms.goto(demo.ready["rooms"])
    button = rooms.locator("[data-device='room-101'][data-zone='desk']")
    button.focus()
    rooms.keyboard.press("Enter")
    expect(board.locator(".alarm")).to_contain_text("Room 101 (desk", timeout=1000)
    lamp = rooms.locator(".room[data-device='room-101'] .words")
    expect(lamp).to_contain_text("eceived", timeout=3000)
    board.get_by_role("button", name="Acknowledge incident 1").click()
    expect(board.locator(".card")).to_contain_text(f"In hand: {demo.ready['user']}")
    expect(lamp).to_contain_text("cknowledged", timeout=3000)
    context.close()


def test_a_posture_set_on_the_console_is_seen_in_every_room(demo: DemoRun, browser: Browser) -> None:
    """A lockdown by one touch; its end by two."""
    context = browser.new_context(**DESK)
    board = signed_in(context, demo.ready["console"], demo.ready["user"], demo.ready["password"])
    rooms = context.new_page()
    rooms.goto(demo.ready["rooms"])
    said = rooms.locator(".room .posture")
    expect(said).to_have_text(["Posture: NORMAL"] * 2)
    board.locator("#posture").click()
    board.get_by_role("button", name="LOCKDOWN").click()
    expect(said).to_have_text(["Posture: LOCKDOWN"] * 2, timeout=2000)
    board.goto(demo.ready["console"].rstrip("/") + "/posture")
    board.get_by_role("button", name="NORMAL").click()
    expect(board.locator("#twice")).to_contain_text("LOCKDOWN holds. End it for NORMAL?")
    board.wait_for_timeout(900)  # a second tap of the same finger is no answer
    expect(said).to_have_text(["Posture: LOCKDOWN"] * 2)
    board.get_by_role("button", name="Yes: NORMAL").click()
    expect(said).to_have_text(["Posture: NORMAL"] * 2, timeout=2000)
    context.close()


@pytest.mark.long
def test_the_films_ten_seconds_can_be_made_again(demo: DemoRun, browser: Browser, tmp_path: Path) -> None:
    """A moving picture of about ten seconds, under 1.5 MB."""
    if shutil.which("ffmpeg") is None:
        pytest.skip("no ffmpeg is installed: apt install ffmpeg")
    target = tmp_path / "press.gif"
    record(browser, demo, target, tmp_path)
    assert target.stat().st_size < 1_500_000
    probe = ["ffprobe", "-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", str(target)]
    seconds = float(subprocess.run(probe, check=True, capture_output=True, text=True).stdout)
    assert 9 <= seconds <= 12
