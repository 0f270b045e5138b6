"""Films ten seconds of the demo for the README: press, board, acknowledge, lamp.

``python -m tests.browser.press_film docs/press.gif`` starts a demo of its own and writes the film.
Left is what the teacher has, right what the officer sees. Needs ffmpeg.
"""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser.chromium import chromium, signed_in
from tests.scripts.demo_run import DemoRun
from tests.site import Sink

SECONDS = 10.0
EACH_S = 0.2
"""Between two frames."""
ROOM = {"viewport": {"width": 360, "height": 620}}
BOARD = {"viewport": {"width": 640, "height": 620}}
ROOM_ONLY = """
  header, .plug, .tools, .room .foot, #floor h2:not(.room h2) { display: none !important; }
  main { padding: 12px !important; }
  .room { zoom: 1.15; }
  .room:not([data-device='room-101']) { display: none !important; }
"""


class Film:
    """Frames of two pages side by side, each with the moment at which it was taken."""

    def __init__(self, folder: Path, room: Page, board: Page) -> None:
        self._folder = folder
        self._pages = (room, board)
        self._began = time.monotonic()
        self.taken: list[float] = []

    def until(self, second: float) -> None:
        """Go on filming until this second of the film."""
        while (now := time.monotonic() - self._began) < second:
            nth = len(self.taken)
            for side, page in zip(("room", "board"), self._pages, strict=True):
                page.screenshot(path=self._folder / f"{side}-{nth:03}.png", caret="initial")
            self.taken.append(now)
            pause = EACH_S - (time.monotonic() - self._began - now)
            self._pages[0].wait_for_timeout(max(0.0, pause * 1000))

    def write(self, target: Path) -> None:
        """Put the frames side by side, each shown for as long as it stood."""
        ends = [*self.taken[1:], SECONDS]
        lists = []
        for side in ("room", "board"):
            rows = []
            for nth, (start, end) in enumerate(zip(self.taken, ends, strict=True)):
                rows.append(f"file '{self._folder / f'{side}-{nth:03}.png'}'\nduration {end - start:.3f}")
            lists.append(self._folder / f"{side}.txt")
            lists[-1].write_text("\n".join(rows) + "\n")
        inputs = [word for each in lists for word in ("-f", "concat", "-safe", "0", "-i", str(each))]
        scene = (
            "[0:v][1:v]hstack=inputs=2,fps=6,split[a][b];"
            "[a]palettegen=max_colors=96:stats_mode=full[colours];"
            "[b][colours]paletteuse=dither=none:diff_mode=rectangle"
        )
        command = [
            "ffmpeg",
            "-v",
            "error",
            "-y",
            *inputs,
            "-filter_complex",
            scene,
            "-loop",
            "0",
            str(target),
        ]
        subprocess.run(command, check=True, timeout=120)


def record(browser: Browser, demo: DemoRun, target: Path, folder: Path) -> None:
    """Play the scene on a running demo and write the film."""
    contexts: list[BrowserContext] = [
        browser.new_context(**size, color_scheme="dark", bypass_csp=True)  # type: ignore[arg-type]
        for size in (ROOM, BOARD)
    ]
    room = contexts[0].new_page()
    room.goto(demo.ready["rooms"])
    room.wait_for_selector(".room[data-device='room-101'] .lamp[data-lamp]")
    room.add_style_tag(content=ROOM_ONLY)
    ready = demo.ready
    board = signed_in(contexts[1], ready["console"], ready["user"], ready["password"])
    room.wait_for_selector(".room[data-device='room-101'] .lamp[data-lamp='ready']")
    film = Film(folder, room, board)
    film.until(1.2)
    button = room.locator("[data-device='room-101'][data-zone='desk']")
    button.focus()
    room.keyboard.down("Space")
    film.until(1.9)
    room.keyboard.up("Space")
    board.wait_for_selector(".card.open")
    film.until(5.2)
    board.get_by_role("button", name="Acknowledge incident").hover()
    film.until(5.6)
    board.get_by_role("button", name="Acknowledge incident").click()
    board.wait_for_selector(".card.acknowledged")
    film.until(SECONDS)
    for context in contexts:
        context.close()
    film.write(target)


def main(target: Path) -> None:
    """Start a demo, film it, end it."""
    with (
        tempfile.TemporaryDirectory() as folder,
        contextlib.closing(Sink()) as sink,
        DemoRun(Path(folder), "--rooms", "2", "--webhook", sink.url) as demo,
        chromium() as browser,
    ):
        record(browser, demo, target, Path(folder))


if __name__ == "__main__":
    if len(sys.argv) != 2 or shutil.which("ffmpeg") is None:
        sys.exit("python -m tests.browser.press_film TARGET.gif (ffmpeg must be installed)")
    main(Path(sys.argv[1]))
