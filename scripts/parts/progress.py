"""What is done and what is left while a command sets itself up: a bar on a terminal, else lines.

Written to standard error, so that standard output holds nothing but a command's result.
"""

from __future__ import annotations

import contextlib
import shutil
import sys
import time

BAR = 20
LINE_EVERY_S = 3.0
"""Without a terminal a step's details come no more often than this."""


class SetupError(Exception):
    """The setting up can't go on; its text is the one line a person needs."""


class Progress:
    """Steps in order, each with details."""

    def __init__(self, steps: tuple[str, ...]) -> None:
        self._steps = steps
        self._at = -1
        self._last = 0.0
        self._terminal = sys.stderr is not None and sys.stderr.isatty()

    def step(self) -> None:
        """Begin the next step."""
        self._at += 1
        self._show("", last=False)

    def detail(self, text: str) -> None:
        """Say what the present step is at."""
        if self._terminal or time.monotonic() - self._last >= LINE_EVERY_S:
            self._show(text, last=False)

    def done(self) -> None:
        """All steps are done."""
        self._at = len(self._steps)
        self._show("", last=True)

    def _show(self, text: str, *, last: bool) -> None:
        self._last = time.monotonic()
        total = len(self._steps)
        name = "everything is set up" if last else self._steps[self._at]
        left = ", ".join(self._steps[self._at + 1 :])
        tail = f" ({text})" if text else ""
        if not self._terminal:
            then = f"; left: {left}" if left and not text else ""
            self._write(f"[{min(self._at + 1, total)}/{total}] {name}{tail}{then}\n")
            return
        full = BAR * self._at // total
        line = f"[{'#' * full}{'.' * (BAR - full)}] {name}{tail}" + (f"; left: {left}" if left else "")
        width = shutil.get_terminal_size().columns - 1
        self._write(f"\r\x1b[K{line[:width]}" + ("\n" if last else ""))

    def _write(self, text: str) -> None:
        with contextlib.suppress(OSError, AttributeError, ValueError):  # whoever listened may be gone
            sys.stderr.write(text)
            sys.stderr.flush()
