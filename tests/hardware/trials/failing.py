"""One thing fails at a time: the chip, the loop, the process, the clock."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import time
from collections import Counter
from pathlib import Path
from typing import Any

from trials import room
from trials.site import ROUNDING_S, Event, Site, a_site


def chip_unplugged(away_s: float) -> dict[str, Any]:
    """Take the GPIO chip away and bring it back; report troubles, lines of the journal, and a press after.

    ``busy`` is the agent's share of the processor in the second half of that time: lgpio's thread turns
    without a pause, and without a word, for as long as the contacts aren't let go.
    """
    with a_site() as site:
        _press_once(site)
        pid, cursor = room.main_pid(), room.cursor()
        room.unplug()
        gone = time.monotonic()
        with contextlib.suppress(TimeoutError):
            site.hub.wait_for(lambda: site.hub.troubles(after=gone), away_s, "a trouble")
        told_after = time.monotonic() - gone
        time.sleep(max(gone + away_s / 2 - time.monotonic(), 0))
        used, since = room.cpu_s(pid), time.monotonic()
        time.sleep(max(gone + away_s - time.monotonic(), 0))  # what it says all that time is the question
        busy = (room.cpu_s(pid) - used) / (time.monotonic() - since)
        lines = len(room.journal(after=cursor).splitlines())
        troubles = site.hub.troubles(after=gone)
        room.plug_in()
        back = time.monotonic()
        works: Event | None = None
        while works is None and time.monotonic() - back < 30:
            pressed = room.press("wall")
            with contextlib.suppress(TimeoutError):
                works = site.hub.wait_alarm("wall", 0.5, after=pressed)
            room.release("wall")
            time.sleep(0.1)
        return {
            "troubles": troubles[:5],
            "told_after_s": told_after if troubles else None,
            "lines": lines,
            "busy": busy,
            "said": _counted(room.journal(after=cursor)),
            "works_after_s": works.at - back if works else None,
            "same_process": room.main_pid() == pid,
            "chips": sorted(path.name for path in Path("/dev").glob("gpiochip*")),
        }


def loop_hung() -> dict[str, Any]:
    """Stop the agent's process from running, and press once systemd has started another."""
    with a_site() as site:
        pid, since = room.main_pid(), time.monotonic()
        os.kill(pid, signal.SIGSTOP)
        room.wait_restarted(pid, 120)
        found_after = time.monotonic() - since
        event = _press_once(site)
        return {
            "found_after_s": found_after,
            "restarts": int(room.shown("NRestarts")),
            "event": event.body,
            "journal": room.said(
                "journalctl", "-q", "-o", "cat", "-u", room.UNIT, "-t", "systemd", "-n", "20"
            ),
        }


def killed_owing(away_s: float) -> dict[str, Any]:
    """Press while there is no broker, kill the agent by -9, and bring the broker back only then."""
    with a_site() as site:
        _press_once(site)
        before = {event.body["id"] for event in site.hub.copies}
        site.broker.stop()
        pressed = _press_on_disk("desk")
        pid = room.main_pid()
        os.kill(pid, signal.SIGKILL)
        room.wait_restarted(pid, 60)
        time.sleep(max(pressed + away_s - time.monotonic(), 0))  # so that its age is one that can't be missed
        site.broker.start()
        event = site.hub.wait_alarm("desk", 60, after=pressed)
        return _told(site, pressed, event) | {"reused": event.body["id"] in before}


def clock_set_back(away_s: float) -> dict[str, Any]:
    """A press owed while the wall clock goes back a day, with a kill between; then another press."""
    with a_site() as site:
        _press_once(site)
        wall = time.time()
        site.broker.stop()
        pressed = _press_on_disk("wall")
        room.said("date", "-s", "1 day ago")
        try:
            second = _press_on_disk("desk")
            pid = room.main_pid()
            os.kill(pid, signal.SIGKILL)
            room.wait_restarted(pid, 60)
            time.sleep(max(pressed + away_s - time.monotonic(), 0))
            site.broker.start()
            first = site.hub.wait_alarm("wall", 60, after=pressed)
            other = site.hub.wait_alarm("desk", 60, after=second)
            third = room.press("wall")
            last = site.hub.wait_alarm("wall", 30, after=third)
            room.release("wall")
        finally:
            room.said("date", "-s", f"@{wall + (time.monotonic() - pressed):.0f}")
        return {
            "set_back": [_told(site, pressed, first), _told(site, second, other), _told(site, third, last)],
            "gaps": site.hub.wait_no_gaps(30),
        }


def _press_once(site: Site) -> Event:
    """Press the wall button as a person does, and wait until the hub has it."""
    pressed = room.press("wall")
    try:
        event = site.hub.wait_alarm("wall", 30, after=pressed)
    finally:
        released = room.release("wall")
    site.hub.wait_for(
        lambda: [e for e in site.hub.first_copies("restoral") if e.happened > released - ROUNDING_S],
        30,
        "the restoral",
    )
    return event


def _press_on_disk(zone: str) -> float:
    """Press and let go, and wait until the outbox holds both; returns when it was pressed."""
    cursor = room.cursor()
    pressed = room.press(zone)
    room.wait_for(lambda: room.journal(after=cursor).count("event decided") >= 1, 30, "the press is decided")
    room.release(zone)
    room.wait_for(
        lambda: room.journal(after=cursor).count("event decided") >= 2, 30, "the restoral is decided"
    )
    room.wait_for(_written, 30, "the outbox is written")
    return pressed


def _counted(journal: str) -> dict[str, int]:
    """Return how often each line comes, its date and time left out; the most frequent ones."""
    lines = Counter(re.sub(r"^[-0-9]+ [:0-9]+ ", "", line) for line in journal.splitlines())
    return dict(lines.most_common(12))


def _written() -> bool:
    """Tell whether the outbox was left alone for a moment: what was decided is then committed."""
    times = [file.stat().st_mtime_ns for file in room.DATA.iterdir()]
    time.sleep(0.3)
    return times == [file.stat().st_mtime_ns for file in room.DATA.iterdir()]


def _told(site: Site, pressed: float, event: Event) -> dict[str, Any]:
    copies = [copy for copy in site.hub.copies if copy.body["id"] == event.body["id"]]
    return {
        "event": event.body,
        "pressed_before_s": event.at - pressed,
        # Of several copies the earliest reckoning stands: another may have lain in the broker.
        "age_wrong_by_ms": abs(min(copy.happened for copy in copies) - pressed) * 1000,
    }
