"""The power is cut while a button is pressed."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path
from typing import Any

from trials import room
from trials.site import ROUNDING_S, Broker, Hub

PATIENCE_S = 90.0
"""Far above what the agent takes: the machine is emulated, and its host may be busy with other things."""
RECORD = Path("/mnt/host/record.jsonl")
"""What the hub heard in every life of the machine; it lies on the host, so it outlives a cut."""


def come_back(pressed_before: str | None, held: bool, wait: bool) -> dict[str, Any]:
    """After a cut: start broker and hub; wait for the alarm that is due, and let a held button go."""
    began = time.monotonic()
    broker, hub = _start()
    report: dict[str, Any] = {
        "boot": hub.births[-1]["boot"],
        "up_s": began,
        "agent_heard_s": time.monotonic(),
    }
    if pressed_before is not None and wait:
        with contextlib.suppress(TimeoutError):
            alarm = hub.wait_for(
                lambda: hub.first_copies(zone=pressed_before), PATIENCE_S, "the press before the cut"
            )[0]
            report["alarm"] = alarm.body
    if held and pressed_before is not None:
        # Its restoral tells that the next press of it will be one of its own.
        released = room.release(pressed_before)
        hub.wait_for(
            lambda: [e for e in hub.first_copies("restoral") if e.happened > released - ROUNDING_S],
            PATIENCE_S,
            "the restoral",
        )
    _sites.append((broker, hub))
    return report


def cut(zone: str, after_ms: int, connected: bool) -> None:
    """Press a button and cut the power so long after, with or without a broker that could take the press."""
    broker, _ = _sites[-1]
    if not connected:
        broker.stop()
    with open("/proc/sysrq-trigger", "w") as sysrq:  # ahead: the cut is one write
        pressed = room.press(zone)
        time.sleep(max(pressed + after_ms / 1000 - time.monotonic(), 0))
        os.write(sysrq.fileno(), b"b")
        time.sleep(60)


_sites: list[tuple[Broker, Hub]] = []


def _start() -> tuple[Broker, Hub]:
    broker, hub = Broker(), Hub(record=RECORD)
    broker.start()
    hub.start()
    hub.wait_for(lambda: [b for b in hub.births if b["online"]], 60, "the agent's birth")
    return broker, hub
