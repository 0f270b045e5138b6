"""``check --walk`` on a pseudo-terminal: what is typed, what is shown, how it ends."""

from __future__ import annotations

import io
import os
import pty
import re
import select
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from config.agent_settings import AgentSettings
from device.pins import Pins, open_factory
from device.walk_terminal import DrivenPins, walk
from tests.device.wired import ACTIVE, NORMAL, WiredPins, room

ROOT = Path(__file__).parents[2]


class Person:
    """Somebody at the terminal, who reads and presses keys, with a walk running before them."""

    def __init__(self, pins: DrivenPins, settings: AgentSettings) -> None:
        self.screen, self._keyboard = pty.openpty()
        self._pins = pins
        self._settings = settings
        # This process isn't the terminal's own: Ctrl-C comes as a letter, not as a signal.
        mode = termios.tcgetattr(self._keyboard)
        mode[3] &= ~termios.ISIG
        termios.tcsetattr(self._keyboard, termios.TCSANOW, mode)
        self.before = termios.tcgetattr(self._keyboard)
        self._seen = ""
        self._read_to = 0
        self.code: int | None = None
        self._out = os.fdopen(os.dup(self._keyboard), "w", encoding="utf-8")
        self._thread = threading.Thread(target=self._walk, daemon=True)
        self._thread.start()

    def _walk(self) -> None:
        self.code = walk(self._settings, lambda: self._pins, keyboard=self._keyboard, out=self._out)

    def reads(self, words: str, within_s: float = 8.0) -> str:
        """Wait until these words come; returns what was shown since the last that was waited for."""
        end = time.monotonic() + within_s
        while words not in self._seen[self._read_to :]:
            assert time.monotonic() < end, f"{words!r} did not come after {self._seen[self._read_to :]!r}"
            if select.select([self.screen], [], [], 0.1)[0]:
                self._seen += os.read(self.screen, 4096).decode("utf-8", "replace")
        start, self._read_to = self._read_to, self._seen.index(words, self._read_to) + len(words)
        return self._seen[start : self._read_to]

    def types(self, key: str) -> None:
        os.write(self.screen, key.encode())

    def ends(self) -> int:
        self._thread.join(timeout=8)
        assert not self._thread.is_alive()
        assert termios.tcgetattr(self._keyboard) == self.before, "the terminal is left as it was found"
        assert self.code is not None
        return self.code

    def close(self) -> None:
        self._out.close()
        os.close(self.screen)
        os.close(self._keyboard)


@pytest.fixture
def at_the_terminal() -> Iterator[Callable[..., Person]]:
    """Return what makes a person; all are closed at the end."""
    people: list[Person] = []

    def make(pins: DrivenPins, settings: AgentSettings | None = None) -> Person:
        people.append(Person(pins, settings or room()))
        return people[-1]

    yield make
    for person in people:
        person.types("\x03")
        person._thread.join(timeout=5)
        person.close()


def test_a_whole_room(at_the_terminal: Callable[..., Person]) -> None:
    """Press what is asked for, answer for what is shown: all is well, 0, and every output is off again."""
    pins = WiredPins()
    person = at_the_terminal(pins)
    person.reads("nobody is called")
    for zone in NORMAL:
        verb = "open" if zone == "door" else "press and hold"
        person.reads(f"{verb} '{'wall button' if zone == 'wall' else zone}'")
        pins.readings[zone] = ACTIVE[zone]
        person.reads("shut" if zone == "door" else "release")
        pins.readings[zone] = NORMAL[zone]
        person.reads(f"ok   {zone}: well")
    for question in (
        "did it light?",
        "did you feel it?",
        "did you hear it?",
        "switch it on now?",
        "did it light?",
    ):
        person.reads(question)
        person.types("y")
    person.reads("all well")
    assert person.ends() == 0
    assert pins.closed
    assert dict(pins.driven) == dict.fromkeys(("lamp", "haptic desk", "sounder", "strobe"), 0.0)


def test_the_live_line_is_written_over_and_cut_to_the_terminal(
    at_the_terminal: Callable[..., Person],
) -> None:
    """No line break between two readings, and what is read stays in sight however narrow it is."""
    pins = WiredPins()
    person = at_the_terminal(pins)
    person.reads("press and hold")
    shown = person.reads("contact open: normal")
    pins.readings["wall"] = True
    shown = person.reads("contact closed: active")
    assert "\n" not in shown
    assert "\r\x1b[K" in shown
    for line in re.split(r"\r\x1b\[K|\r\n", person._seen):
        assert len(line) < 80


def test_ctrl_c_ends_it_with_the_report_so_far(at_the_terminal: Callable[..., Person]) -> None:
    """What wasn't asked is named, and it is not called ready."""
    pins = WiredPins()
    person = at_the_terminal(pins)
    person.reads("leave")
    person.types("q")
    person.reads("NOT  wall: skipped")
    person.types("\x03")
    person.reads("NOT  desk: not asked")
    person.reads("NOT READY: wall, desk, window, store, door, lamp")
    assert person.ends() == 1
    assert pins.closed


def test_without_a_terminal_each_change_is_a_line_and_nobody_is_waited_for() -> None:
    """Standard input may be closed: outputs that nobody can answer for are skipped."""
    pins = WiredPins()
    pins.unreadable = dict.fromkeys(NORMAL, "GPIO 1: error: 'GPIO busy'")
    out = io.StringIO()
    with Path(os.devnull).open() as nothing:
        assert walk(room(), lambda: pins, keyboard=nothing.fileno(), out=out) == 1
    said = out.getvalue()
    assert "\x1b" not in said
    assert "NOT  wall: can't be read: GPIO 1: error: 'GPIO busy': another program holds it" in said
    assert "sudo systemctl stop tocsin-agent" in said
    assert "NOT  strobe: skipped" in said
    assert said.splitlines()[-1].startswith("NOT READY: wall, desk, ")


def test_it_opens_no_socket(tmp_path: Path) -> None:
    """The whole command, with an audit hook that ends the process at the first socket: it needs no hub."""
    text = (ROOT / "config" / "examples" / "room-101.toml").read_text()
    config = tmp_path / "agent.toml"
    config.write_text(text.replace('pins = "lgpio"', 'pins = "mock"'))
    program = (
        "import os, sys\n"
        "sys.addaudithook(lambda event, _: os._exit(77) if event == 'socket.__new__' else None)\n"
        "from device.cli import main\n"
        "sys.exit(main(['check', *sys.argv[1:], '--config', " + repr(str(config)) + "]))\n"
    )

    def run(*more: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", program, *more]
        return subprocess.run(
            command, input="q" * 9, capture_output=True, text=True, cwd=ROOT, timeout=60, check=False
        )

    walked = run("--walk")
    assert walked.returncode == 1, walked.stderr
    assert "NOT  lamp: skipped" in walked.stdout
    assert run().returncode == 77  # the plain check tries the broker: the hook does its work


def test_on_mock_pins(at_the_terminal: Callable[..., Person]) -> None:
    """The agent's own pins, moved as wires would move them."""
    zones = [{"zone": "desk", "kind": "panic", "circuit": "pair", "pin": 27, "nc_pin": 23}]
    settings = room(zones=zones, pins="mock", strobe=None, sounder=None, adc=None)
    factory = open_factory("mock")
    pins = Pins(settings, lambda _: None, factory)
    factory.pin(23).drive_low()
    person = at_the_terminal(pins, settings)
    person.reads("press and hold 'desk'")
    factory.pin(23).drive_high()
    factory.pin(27).drive_low()
    person.reads("NO closed, NC open: active")
    person.reads("release")
    factory.pin(27).drive_high()
    factory.pin(23).drive_low()
    person.reads("ok   desk: well")
    person.reads("did it light?")
    assert factory.pin(18).state > 0
    person.types("y")
    person.reads("all well")
    assert person.ends() == 0
