"""Run a program and follow what it says, never leaving it behind."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Mapping, Sequence

from .progress import SetupError

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def die_with_parent() -> Callable[[], None] | None:
    """Return what a new child must do so that it hears TERM when this process dies, even by KILL.

    For ``preexec_fn``; only from a process with one thread. None where the system has no such thing.
    """
    if _libc is None:
        return None
    libc, parent = _libc, os.getpid()

    def bind() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != parent:  # it died before we asked
            os._exit(1)

    return bind


def follow(
    command: Sequence[str],
    heard: Callable[[str], None] = lambda _: None,
    *,
    env: Mapping[str, str] | None = None,
    cwd: str | None = None,
    kept: int = 15,
) -> None:
    """Run ``command`` to its end, handing each line it says to ``heard``.

    Raises :class:`SetupError` with its last words when it fails, or isn't there.
    """
    last: deque[str] = deque(maxlen=kept)
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env=None if env is None else {**os.environ, **env},
            cwd=cwd,
            preexec_fn=die_with_parent(),
        )
    except OSError as error:
        raise SetupError(f"{command[0]} can't be run: {error.strerror}") from None
    try:
        assert process.stdout is not None
        for line in process.stdout:
            last.append(line.rstrip())
            heard(line.rstrip())
        code = process.wait()
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait()
    if code != 0:
        words = "\n  ".join(last)
        raise SetupError(f"this failed with {code}: {' '.join(command)}\n  {words}")


def answer(command: Sequence[str], env: Mapping[str, str] | None = None) -> str | None:
    """Return what ``command`` says on standard output; None when it fails or isn't there."""
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            env=None if env is None else {**os.environ, **env},
            timeout=120,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None
