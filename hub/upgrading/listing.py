"""A run of upgrades as commands, the API and the page show it."""

from __future__ import annotations

from typing import Any

from config.clock import stamp
from config.hub_settings import HubSettings
from hub.upgrading.asking import STATES, RoomUpgrade, UpgradeRun
from hub.view import View


def run_of(view: View, settings: HubSettings, offers: str | None) -> dict[str, Any]:
    """Return what rooms run, and the run that stands or the last that did (null: there was none).

    ``offers`` is the release that the agents' door hands out.
    """
    run = view.upgrade
    return {
        "offers": offers,
        "run": None if run is None else _run(run),
        "rooms": [_room(view, run, room.device, room.room) for room in settings.rooms],
    }


def words_of(room: dict[str, Any]) -> str:
    """Return how far a room is, in words."""
    if room["state"] is None:
        return f"runs {room['release'] or 'what says no release'}"
    words = STATES[room["state"]]
    if room["why"]:
        words += f": {room['why']}"
    if room["state"] == "waits" and room["standing"] != "heard":
        words += f": it is {room['standing']}"
    elif room["state"] == "waits" and room["asked"] is None:
        words += ": its Pi has not asked yet"
    return words


def _run(run: UpgradeRun) -> dict[str, Any]:
    return {
        "id": run.id,
        "release": run.release,
        "by": run.by,
        "via": run.via,
        "begun": stamp(run.begun),
        "first": run.first,
        "ended": None if run.ended is None else stamp(run.ended),
        "why": run.why,
        "failed": run.count("failed"),
    }


def _room(view: View, run: UpgradeRun | None, device: str, name: str) -> dict[str, Any]:
    seen = view.devices.get(device)
    health = None if seen is None else seen.health
    release = None if health is None else health.get("release")
    room = None if run is None else run.rooms.get(device, RoomUpgrade())
    asked = view.upgrade_asks.get(device)
    return {
        "device": device,
        "room": name,
        "state": None if room is None else room.state,
        "since": None if room is None or room.since is None else stamp(room.since),
        "why": None if room is None else room.why,
        "release": release if isinstance(release, str) else None,
        "standing": "not heard yet" if seen is None else seen.standing,
        "asked": None if asked is None else stamp(asked),
    }
