"""Counts the starts of an agent that ended badly, so that a crash loop is known as one.

A start has gone well once the agent has run for a minute, and has ended cleanly if it was asked to end
(SIGTERM: an upgrade, a person). What is killed (the watchdog's SIGKILL, no memory) or crashes says
nothing, and is found by the next start. Kept in systemd's runtime folder, which is in memory: a new
start of the machine counts from 0, and no card wears. A disk that fails only counts less.
"""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path
from typing import Final, Literal, NamedTuple

FILE: Final = "starts.json"
WELL_S: Final = 60.0
"""Seconds of good running after which a start has gone well."""
MOST_BAD: Final = 3
"""Bad starts in a row after which the next is in a loop."""

How = Literal["starting", "well", "ended"]


class Start(NamedTuple):
    """What is known of the starts before this one."""

    restarts: int
    """How many since the machine's start ended without being asked to."""
    bad: int
    """How many of them in a row, up to this one, didn't run well for a minute."""

    @property
    def looping(self) -> bool:
        """Whether this is a crash loop: what was set aside is left alone until this start has gone well."""
        return self.bad >= MOST_BAD

    @property
    def set_aside(self) -> bool:
        """Whether this start is to begin without the outbox that was there.

        Once at the loop's third bad start, then after twice as many each time: where the cause is
        another, what is pressed in the loop is in a file that the next start reads at once.
        """
        times, rest = divmod(self.bad, MOST_BAD)
        return times > 0 and rest == 0 and times & (times - 1) == 0

    @property
    def trouble(self) -> str | None:
        """What to tell people, if there is something."""
        if not self.looping:
            return None
        return f"started {self.bad} times without running for {WELL_S:.0f} s"


class _State(NamedTuple):
    restarts: int = 0
    bad: int = 0
    how: How = "ended"


class Starts:
    """The count, in a file that a crash leaves behind."""

    def __init__(self, folder: Path) -> None:
        """``folder`` outlives the program: see :func:`folder`."""
        self._file = folder / FILE
        self._state = _State()

    def begin(self) -> Start:
        """Note that a start begins; returns what was before it."""
        before = self._read()
        restarts, bad = before.restarts, before.bad
        if before.how != "ended":
            restarts += 1
        if before.how == "starting":
            bad += 1
        self._write(_State(restarts, bad, "starting"))
        return Start(restarts, bad)

    def well(self) -> None:
        """Note that this start has run well for a minute."""
        if self._state.how == "starting":
            self._write(self._state._replace(bad=0, how="well"))

    def ended(self) -> None:
        """Note that this start was asked to end; how it closes counts no more."""
        self._write(self._state._replace(how="ended"))

    def _read(self) -> _State:
        try:
            said = json.loads(self._file.read_text(encoding="ascii"))
            restarts, bad, how = said["restarts"], said["bad"], said["how"]
        except (OSError, ValueError, LookupError, TypeError):
            return _State()
        sound = isinstance(restarts, int) and isinstance(bad, int) and how in ("starting", "well", "ended")
        return _State(max(restarts, 0), max(bad, 0), how) if sound else _State()

    def _write(self, state: _State) -> None:
        self._state = state
        fresh = self._file.with_suffix(".new")
        with contextlib.suppress(OSError):
            self._file.parent.mkdir(parents=True, exist_ok=True)
            fresh.write_text(json.dumps(state._asdict()), encoding="ascii")
            fresh.replace(self._file)


def folder(data: Path) -> Path:
    """Return systemd's runtime folder of this service; where there is none, the agent's own."""
    runtime = os.environ.get("RUNTIME_DIRECTORY", "").partition(":")[0]
    return Path(runtime) if runtime else data
