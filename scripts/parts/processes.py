"""Processes kept up: one that dies is started again; all end when the demo does, however it ends."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from .run import die_with_parent

FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 2.0
LIVED_S = 5.0
"""One that lived so long died by an accident: it starts again after the first pause."""

_PR_SET_CHILD_SUBREAPER = 36


def next_pause(last_s: float, lived_s: float) -> float:
    """Return how long to wait before starting a process again that lived for ``lived_s``."""
    return FIRST_PAUSE_S if lived_s >= LIVED_S else min(max(last_s, FIRST_PAUSE_S) * 2, LONGEST_PAUSE_S)


class Kept:
    """One program that is kept up, in a process group of its own."""

    def __init__(
        self,
        name: str,
        command: list[str],
        *,
        log: Path,
        cwd: Path,
        hold: int,
        env: dict[str, str] | None = None,
    ) -> None:
        """``hold`` is a file descriptor that the process keeps open for as long as it lives."""
        self.name = name
        self.starts = 0
        self._command = command
        self._log = log
        self._cwd = cwd
        self._hold = hold
        self._env = env or {}
        self._process: subprocess.Popen[bytes] | None = None
        self._began = 0.0
        self._pause = FIRST_PAUSE_S
        self._due: float | None = None

    @property
    def pid(self) -> int | None:
        return None if self._process is None else self._process.pid

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self._cwd,
                env={**os.environ, **self._env},
                start_new_session=True,
                preexec_fn=die_with_parent(),
                pass_fds=(self._hold,),
            )
        self.starts += 1
        self._began = time.monotonic()
        self._due = None

    def look(self, now: float) -> str | None:
        """Start it again if it died and its pause is over; returns what happened, in words."""
        if self._process is None:
            return None
        if self._due is not None:
            if now >= self._due:
                self.start()
            return None
        code = self._process.poll()
        if code is None:
            return None
        self._end_group()
        self._pause = next_pause(self._pause, now - self._began)
        self._due = now + self._pause
        how = f"was killed by signal {-code}" if code < 0 else f"ended with {code}"
        return f"{self.name} {how}; started again in {self._pause:.1f} s"

    def ask_to_end(self) -> None:
        """Send TERM."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()

    def wait_to_end(self, until: float) -> None:
        """Wait for its end until then (monotonic), and make it end."""
        if self._process is None:
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(max(0.0, until - time.monotonic()))
        self._end_group()
        self._process.kill()
        self._process.wait()
        self._process = None

    def last_words(self, lines: int = 15) -> str:
        """Return the end of its log."""
        with contextlib.suppress(OSError):
            return "\n".join(self._log.read_text(errors="replace").splitlines()[-lines:])
        return ""

    def _end_group(self) -> None:
        """End what it started and left behind."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)


def adopt_orphans() -> None:
    """Become the parent of what our processes leave behind, so that :func:`children` finds it."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def children() -> set[int]:
    """Return the process ids of our children, adopted ones among them."""
    found: set[int] = set()
    for file in Path("/proc/self/task").glob("*/children"):
        with contextlib.suppress(OSError):
            found.update(map(int, file.read_text().split()))
    return found


def end_children(which: set[int] | None = None) -> None:
    """End these children of ours; all of them, and theirs as they become ours, if not told which."""
    left = children() if which is None else which
    while left:
        for pid in left:
            with contextlib.suppress(ProcessLookupError, ChildProcessError, PermissionError):
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
        left = set() if which is not None else children() - left
