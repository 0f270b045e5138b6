"""Which rooms have no live button: what leaves a room unprotected, and when it has one again. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from config.clock import Now
from config.contract import PANIC_KINDS, shown
from hub.bypass import Bypasses
from hub.causes import FAULTS, fault_words
from hub.decision import Decision
from hub.devices import Devices
from hub.ledger import Ledger
from hub.view import DeviceView, Trouble, ZoneView

DEAD: Final = frozenset({"cut", "short", "conflict", "stuck", "unreadable"})
"""Causes of a zone's fault with which a press may not be told; of one that comes and goes it is."""
GONE: Final = {"silent": "nothing is heard of it", "offline": "it is offline"}


class Protection:
    """Keeps the trouble of each room that has no live button."""

    def __init__(self, ledger: Ledger, devices: Devices, bypasses: Bypasses) -> None:
        self._ledger = ledger
        self._devices = devices
        self._bypasses = bypasses

    def lifeless(self, device: str) -> str | None:
        """Return why a room of the settings has no live button; None where it has one."""
        view = self._devices.view(device)
        if view is None or device not in self._ledger.directory.rooms:
            return None
        return lifeless(view, self._ledger.troubles.of_device(device), self._silenced(view))

    def look(self, decision: Decision, device: str, now: Now) -> None:
        """Open or restore a room's trouble, as it is now."""
        view, key = self._devices.view(device), f"unprotected {device}"
        if view is None or device not in self._ledger.directory.rooms or view.standing == "not heard yet":
            return  # nothing is known of it since the start: what was open stays
        why = self.lifeless(device)
        known = self._ledger.known(key)
        if why is None:
            self._ledger.restore(decision, now, key)
        elif known is None or known.detail != why:
            self._ledger.trouble(decision, now, key, "unprotected", why, device=device)

    def _silenced(self, view: DeviceView) -> frozenset[str]:
        found = ((zone.zone, self._bypasses.of(view.place.device, zone.zone)) for zone in view.zones)
        return frozenset(zone for zone, bypass in found if bypass is not None and not bypass.press_alarms)


def lifeless(view: DeviceView, troubles: Iterable[Trouble], silenced: frozenset[str]) -> str | None:
    """Return why a room has no live button; None where it has one, or no button at all.

    ``silenced`` are the zones whose alarms a bypass silences now.
    """
    buttons = [zone for zone in view.zones if zone.kind in PANIC_KINDS]
    if view.zones and not buttons:
        return None
    if view.standing in GONE:
        return f"no live button: {GONE[view.standing]}"
    if view.standing != "heard" or not buttons:
        return None
    dead = {
        trouble.zone: fault_words(trouble.what, trouble.cause)
        for trouble in troubles
        if trouble.what in ("tamper", "trouble") and (trouble.cause is None or trouble.cause in DEAD)
        if trouble.well_since is None
    }
    said = []
    for zone in buttons:
        why = _why(zone, dead, silenced)
        if why is None:
            return None
        said.append(f"{shown(zone.label or zone.zone)}: {why}")
    return shown(f"no live button: {'; '.join(said)}", 300)


def _why(zone: ZoneView, dead: dict[str | None, str], silenced: frozenset[str]) -> str | None:
    if zone.zone in dead:
        return dead[zone.zone]
    if zone.condition in DEAD:
        return FAULTS[zone.condition]
    return "bypassed until it reads normal" if zone.zone in silenced else None
