"""Processes are kept up, and none outlives the demo, however the demo ends."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from scripts.parts.processes import FIRST_PAUSE_S, LIVED_S, LONGEST_PAUSE_S, Kept, next_pause

ROOT = Path(__file__).resolve().parent.parent.parent
SLEEPS = [sys.executable, "-c", "import time; time.sleep(600)"]


def alive(pid: int) -> bool:
    """Tell whether a process is there and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_until(true: Callable[[], object], deadline_s: float = 15.0) -> None:
    end = time.monotonic() + deadline_s
    while not true():
        assert time.monotonic() < end, f"not within {deadline_s} s"
        time.sleep(0.02)


@pytest.fixture
def keep(tmp_path: Path) -> Iterator[Callable[[list[str]], Kept]]:
    """Start programs kept up, and end them after the test."""
    made: list[Kept] = []
    with (tmp_path / "hold").open("w") as hold:

        def start(command: list[str]) -> Kept:
            part = Kept("part", command, log=tmp_path / "part.log", cwd=tmp_path, hold=hold.fileno())
            made.append(part)
            part.start()
            return part

        yield start
        for part in made:
            part.wait_to_end(0)


def test_the_pause_grows_with_each_quick_death_and_is_short_after_a_long_life() -> None:
    """Killed now and then it is back at once; one that can't live doesn't eat the machine."""
    pauses = [FIRST_PAUSE_S]
    for _ in range(8):
        pauses.append(next_pause(pauses[-1], lived_s=0.1))
    assert pauses == sorted(pauses)
    assert pauses[-1] == LONGEST_PAUSE_S
    assert next_pause(LONGEST_PAUSE_S, LIVED_S) == FIRST_PAUSE_S


def test_one_that_is_killed_is_started_again_and_said_so(keep: Callable[[list[str]], Kept]) -> None:
    """After kill -9 a new process runs the same command."""
    part = keep(SLEEPS)
    first = part.pid
    assert first is not None
    assert part.look(time.monotonic()) is None
    os.kill(first, signal.SIGKILL)
    said: list[str] = []

    def looked() -> bool:
        word = part.look(time.monotonic())
        said.extend([word] if word else [])
        return part.starts == 2

    wait_until(looked)
    assert said == ["part was killed by signal 9; started again in 0.2 s"]
    assert part.pid != first
    assert part.pid is not None
    assert alive(part.pid)


def test_what_it_left_behind_is_ended_before_it_starts_again(
    keep: Callable[[list[str]], Kept], tmp_path: Path
) -> None:
    """A killed parent's child holds no port against its successor."""
    child = (
        "import subprocess, sys, time; p = subprocess.Popen(%r); print(p.pid, flush=True); time.sleep(600)"
    )
    part = keep([sys.executable, "-c", child % SLEEPS])
    log = tmp_path / "part.log"
    wait_until(lambda: log.exists() and log.read_text().endswith("\n"))
    left = int(log.read_text())
    assert part.pid is not None
    os.kill(part.pid, signal.SIGKILL)
    wait_until(lambda: part.look(time.monotonic()) is not None)
    wait_until(lambda: not alive(left))


def test_one_that_will_not_hear_is_made_to_end(keep: Callable[[list[str]], Kept], tmp_path: Path) -> None:
    """TERM ignored: KILL at the deadline."""
    deaf = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True);"
        " time.sleep(600)"
    )
    part = keep([sys.executable, "-c", deaf])
    wait_until(lambda: (tmp_path / "part.log").read_text())
    pid = part.pid
    assert pid is not None
    part.ask_to_end()
    part.wait_to_end(time.monotonic() + 0.3)
    assert not alive(pid)


def test_kill_of_the_keeper_ends_what_it_kept(tmp_path: Path) -> None:
    """Even kill -9 of the demo leaves nothing running: each part hears TERM from the kernel."""
    keeper = (
        "import os, sys, time; from pathlib import Path; from scripts.parts.processes import Kept\n"
        "hold = os.open('hold', os.O_CREAT | os.O_RDWR)\n"
        f"part = Kept('part', {SLEEPS!r}, log=Path('log'), cwd=Path('.'), hold=hold)\n"
        "part.start(); print(part.pid, flush=True); time.sleep(600)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", keeper],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        kept = int(process.stdout.readline())
        assert alive(kept)
    finally:
        process.kill()
        process.communicate()
    try:
        wait_until(lambda: not alive(kept))
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(kept, signal.SIGKILL)
