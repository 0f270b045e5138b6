"""``tocsin-hub upgrade-agents``: has the rooms take what this hub hands out, and says how far they are."""

from __future__ import annotations

import shutil
import sys
import time
from typing import Any, Final

from config.clock import read_stamp
from config.hub_settings import HubSettings
from hub.cli_enrol import asked, who
from hub.cli_plans import device_of
from hub.local_socket import NotAskedError, ask_hub
from hub.upgrading.listing import words_of

LOOK_S: Final = 2.0
PATIENCE_S: Final = 120.0
"""Seconds without a word of the hub after which nobody watches any more: it may be starting anew."""
ASKS_WITHIN_MS: Final = 300_000
"""A Pi asks every minute or so: one that hasn't for so long is away."""
BAR: Final = 20
FAILED: Final = 3
"""Exit code: a room failed, or it was stopped."""
LEFT: Final = 4
"""Exit code: rooms that are away are left; they follow by themselves when they come."""


def upgrade_agents(settings: HubSettings, room: str | None, *, stop: bool, status: bool, wait: bool) -> int:
    """Begin a run, or go on watching the one that stands; returns the exit code."""
    if status:
        answer = asked(settings, "upgrade-status")
    elif stop:
        answer = asked(settings, "upgrade-stop", by=who())
    else:
        device = None if room is None else device_of(settings, room)
        answer = asked(settings, "upgrade", device=device, by=who())
    if answer is None:
        return 1
    if status or stop or not wait:
        return _tell(answer)
    watch = _Watch()
    try:
        while (code := watch.show(answer)) is None:
            time.sleep(LOOK_S)
            answer = _again(settings)
    except KeyboardInterrupt:
        watch.say("\nIt goes on by itself: --status says how far it is, --stop ends it.")
        return 130
    except NotAskedError as error:
        print(f"\ntocsin-hub: {error}; the rooms go on: --status says how far", file=sys.stderr)
        return 1
    _tell(answer)
    return code


def _again(settings: HubSettings) -> dict[str, Any]:
    """Ask how far it is; a hub that starts anew is waited for."""
    end = time.monotonic() + PATIENCE_S
    while True:
        try:
            answer = ask_hub(settings.data, "upgrade-status")
        except NotAskedError:
            if time.monotonic() >= end:
                raise
            time.sleep(LOOK_S)
        else:
            return answer


class _Watch:
    """What is done and what is left: a bar on a terminal, else a line for each room's news."""

    def __init__(self) -> None:
        self._was: dict[str, str] = {}

    def show(self, answer: dict[str, Any]) -> int | None:
        """Show it; returns the exit code once there is nothing more to wait for."""
        rooms = answer["rooms"]
        if sys.stdout.isatty():
            self._bar(rooms)
        else:
            for room in rooms:
                words = words_of(room)
                if self._was.get(room["device"]) not in (None, words) or (
                    room["device"] not in self._was and room["state"] != "waits"
                ):
                    self.say(f"{_done(rooms)} of {len(rooms)}: {room['room']} {words}")
                self._was[room["device"]] = words
        code = _code(answer)
        if code is not None and sys.stdout.isatty():
            print()
        return code

    def _bar(self, rooms: list[dict[str, Any]]) -> None:
        done, failed = _done(rooms), sum(room["state"] == "failed" for room in rooms)
        full = BAR * done // max(len(rooms), 1)
        at_it = ", ".join(room["room"] for room in rooms if room["state"] == "turn") or "none"
        line = f"[{'#' * full}{'.' * (BAR - full)}] {done} of {len(rooms)}; at it: {at_it}"
        line += f"; failed: {failed}" if failed else ""
        print(f"\r\x1b[K{line[: shutil.get_terminal_size().columns - 1]}", end="", flush=True)

    def say(self, words: str) -> None:
        """Say a line at once, also into a file."""
        print(words, flush=True)


def _tell(answer: dict[str, Any]) -> int:
    """Print the run and its rooms; returns the exit code as things are."""
    run, rooms = answer["run"], answer["rooms"]
    print(f"This hub hands out release {answer['offers'] or 'none'}.")
    if run is None:
        print("No upgrade was begun yet.")
    else:
        print(f"Release {run['release']}, begun {run['begun'][:16]}Z by {run['by']}", end="")
        print(f", ended {run['ended'][:16]}Z: {run['why']}." if run["ended"] else "; it stands.")
    for room in rooms:
        print(f"  {room['room']:20} {words_of(room)}")
    return _code(answer) or 0


def _done(rooms: list[dict[str, Any]]) -> int:
    return sum(room["state"] == "done" for room in rooms)


def _code(answer: dict[str, Any]) -> int | None:
    """Return the exit code; None while there is something to wait for."""
    run, rooms = answer["run"], answer["rooms"]
    if run is None or run["ended"]:
        return FAILED if run is not None and _done(rooms) < len(rooms) else 0
    now = round(time.time() * 1000)
    if any(room["state"] == "turn" for room in rooms) or now - read_stamp(run["begun"]) < ASKS_WITHIN_MS:
        return None
    waits = [
        room for room in rooms if room["state"] == "waits" and room["standing"] == "heard" and room["asked"]
    ]
    return None if any(now - read_stamp(room["asked"]) < ASKS_WITHIN_MS for room in waits) else LEFT
