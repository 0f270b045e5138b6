"""``tocsin-device check --walk`` on a terminal: the walk's questions, its live line, its report.

On a terminal the live line is written over itself; into a file or a pipe each change is a line. It opens
no connection and publishes nothing.
"""

from __future__ import annotations

import contextlib
import os
import select
import sys
import termios
import time
import tty
from collections.abc import Callable
from typing import Any, Final, Protocol, Self, TextIO

from config.agent_settings import AgentSettings
from device.check import ReadPins, in_words
from device.walk import Action, Drive, Key, Result, Walk

POLL_S: Final = 0.05
"""Between two readings: a press is judged once it has lasted four of these."""
KEYS: Final[dict[str, Key]] = {"y": "yes", "n": "no", "q": "skip"}
CTRL_C: Final = "\x03"


class DrivenPins(ReadPins, Protocol):
    """The pins, as far as a walk needs them; see :class:`device.pins.Pins`."""

    def drive(self, output: str, level: float) -> None:
        """Set an output."""
        ...


def walk(
    settings: AgentSettings,
    open_pins: Callable[[], DrivenPins],
    *,
    keyboard: int | None = None,
    out: TextIO | None = None,
) -> int:
    """Walk through the room; returns 0 where all is well, else 1. Raises ``PinsError`` without pins.

    ``keyboard`` is a file descriptor, standard input by default. Ctrl-C ends it with what is known so far.
    """
    screen = _Screen(out or sys.stdout)
    with (
        contextlib.closing(open_pins()) as pins,
        _Keys(sys.stdin.fileno() if keyboard is None else keyboard) as keys,
    ):
        screen.line(f"{settings.room or settings.device} ({settings.site}/{settings.device}): a walk")
        screen.line("Nothing is published: nobody is called. q skips, Ctrl-C ends.")
        walker = Walk(settings, time.monotonic())
        with contextlib.suppress(KeyboardInterrupt):
            _go(walker, pins, keys, screen)
    return _report(settings, walker, screen)


def _go(walker: Walk, pins: DrivenPins, keys: _Keys, screen: _Screen) -> None:
    while not walker.done:
        readings = pins.read()
        why = {zone: in_words(words) for zone, words in pins.unreadable.items()}
        _do(walker.read(time.monotonic(), readings, why), pins, screen)
        screen.show(walker.ask, walker.live)
        key = keys.wait(POLL_S)
        if key is None and keys.ended and not walker.live:
            key = "skip"  # nobody is there to answer for an output
        if key is not None:
            _do(walker.key(time.monotonic(), key), pins, screen)


def _do(actions: list[Action], pins: DrivenPins, screen: _Screen) -> None:
    for action in actions:
        if isinstance(action, Drive):
            pins.drive(action.output, action.level)
        else:
            screen.line(_line(action))


def _line(result: Result) -> str:
    return f"{'ok ' if result.is_well else 'NOT'}  {result.name}: {result.words}"


def _report(settings: AgentSettings, walker: Walk, screen: _Screen) -> int:
    screen.line("")
    screen.line(f"{settings.room or settings.device}:")
    for result in walker.results:
        screen.line(f"  {_line(result)}")
    for name in walker.left:
        screen.line(f"  NOT  {name}: not asked")
    bad = [result.name for result in walker.results if not result.is_well] + list(walker.left)
    screen.line(f"NOT READY: {', '.join(bad)}" if bad else "all well")
    return 0 if walker.is_well else 1


class _Keys:
    """Single keys from a terminal, or letters from whatever else standard input is."""

    def __init__(self, keyboard: int) -> None:
        self._keyboard = keyboard
        self._before: list[Any] | None = None
        self.ended = False
        """Nobody can press a key any more."""

    def __enter__(self) -> Self:
        if os.isatty(self._keyboard):
            self._before = termios.tcgetattr(self._keyboard)
            tty.setcbreak(self._keyboard)
        return self

    def __exit__(self, *_: object) -> None:
        if self._before is not None:
            termios.tcsetattr(self._keyboard, termios.TCSADRAIN, self._before)

    def wait(self, seconds: float) -> Key | None:
        """Return the next key that means something, or None after a while. Raises ``KeyboardInterrupt``."""
        if self.ended:
            time.sleep(seconds)
            return None
        ready, _, _ = select.select([self._keyboard], [], [], seconds)
        if not ready:
            return None
        letter = os.read(self._keyboard, 1).decode("ascii", "replace")
        if letter == CTRL_C:
            raise KeyboardInterrupt
        self.ended = not letter
        return KEYS.get(letter.lower())


class _Screen:
    """Lines, and one that is written over."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._lives = out.isatty()
        self._shown = ""

    def line(self, words: str) -> None:
        """Write a line that stays."""
        self._out.write(f"\r\x1b[K{words}\n" if self._lives else f"{words}\n")
        self._out.flush()
        self._shown = ""

    def show(self, ask: str, live: str) -> None:
        """Show what is asked, and what is read meanwhile."""
        words = f"{ask} ... now: {live}" if live else ask
        if not words or words == self._shown:
            return
        self._shown = words
        if self._lives:
            width = os.get_terminal_size(self._out.fileno()).columns or 80
            # Cut in the middle: both what to do and what is read must be seen.
            if len(words) >= width:
                words = f"{words[: width - len(live) - 8]}... {live}"[: width - 1]
            self._out.write(f"\r\x1b[K{words}")
        else:
            self._out.write(f"{words}\n")
        self._out.flush()
