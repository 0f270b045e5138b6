"""How the agent starts as its unit says, and what systemd makes of that unit."""

from __future__ import annotations

import re
import subprocess
import time
from typing import Any

from trials import room
from trials.site import a_site

INSTALLED = f"/etc/systemd/system/{room.UNIT}"


def press_after_start() -> dict[str, Any]:
    """Start it, press the wall button, and report what came and what it cost."""
    with a_site() as site:
        pressed = room.press("wall")
        alarm = site.hub.wait_alarm("wall", 30, after=pressed)
        room.release("wall")
        site.hub.wait_for(lambda: site.hub.first_copies("restoral"), 30, "the restoral")
        pid = room.main_pid()
        return {
            "ready_s": site.ready_s,
            "memory_mb": room.memory_mb(pid),
            "type": room.shown("Type"),
            "user": room.shown("User"),
            "restarts": int(room.shown("NRestarts")),
            "birth": site.hub.births[-1],
            "alarm": alarm.body,
            "alarm_after_ms": (alarm.at - pressed) * 1000,
            "age_wrong_by_ms": (alarm.happened - pressed) * 1000,
        }


def judged_by_systemd() -> dict[str, Any]:
    """Have systemd look for faults in the installed unit, and measure its exposure."""
    command = ["systemd-analyze", "verify", "--recursive-errors=one", "--man=no", INSTALLED]
    verified = subprocess.run(command, capture_output=True, text=True, check=False)
    command = ["systemd-analyze", "security", "--offline=true", "--no-pager", INSTALLED]
    measured = subprocess.run(command, capture_output=True, text=True, check=False)
    exposure = re.search(r"Overall exposure level for \S+: ([\d.]+)", measured.stdout)
    return {
        "verify": verified.returncode,
        "verify_says": verified.stdout + verified.stderr,
        "exposure": float(exposure[1]) if exposure else None,
        "drop_ins": room.shown("DropInPaths").split(),
        "at": time.monotonic(),
    }
