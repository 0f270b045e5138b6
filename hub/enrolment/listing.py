"""Identities and codes as commands, the API and the page list them."""

from __future__ import annotations

from typing import Any

from config.clock import stamp
from config.hub_settings import HubSettings
from hub.enrolment.identity import Code, Identity
from hub.view import View


def current(view: View) -> list[Identity]:
    """Return what is signed or held, rooms before spares, each by its name."""
    found = [one for one in list(view.identities.values()) if one.state != "revoked"]
    return sorted(found, key=lambda one: (one.is_spare, one.device, one.signed))


def earlier(view: View) -> list[Identity]:
    """Return what was revoked, the latest first."""
    found = [one for one in list(view.identities.values()) if one.state == "revoked"]
    return sorted(found, key=lambda one: one.ended or 0, reverse=True)


def open_codes(view: View, now: int) -> list[Code]:
    """Return the codes that can be used now (wall ms), the first to end first."""
    found = [
        code
        for code in list(view.codes.values())
        if code.used is None and code.void is None and code.ends > now
    ]
    return sorted(found, key=lambda code: code.ends)


def without_agent(view: View, settings: HubSettings) -> list[tuple[str, str]]:
    """Return the rooms that nothing is held for: device and room."""
    held = {one.device for one in list(view.identities.values()) if one.state == "held"}
    return [(room.device, room.room) for room in settings.rooms if room.device not in held]


def identities_json(view: View, settings: HubSettings) -> list[dict[str, Any]]:
    """Return every identity, those that hold first."""
    rooms = {room.device: room.room for room in settings.rooms}
    return [_identity(one, rooms.get(one.device)) for one in (*current(view), *earlier(view))]


def codes_json(view: View, now: int) -> list[dict[str, Any]]:
    """Return the codes that can be used; their secrets are nowhere."""
    return [
        {
            "id": code.id,
            "device": code.device,
            "replaces": code.replaces,
            "made": stamp(code.made),
            "ends": stamp(code.ends),
            "by": code.by,
            "via": code.via,
        }
        for code in open_codes(view, now)
    ]


def _identity(one: Identity, room: str | None) -> dict[str, Any]:
    return {
        "device": one.device,
        "room": room,
        "state": one.state,
        "spare": one.is_spare,
        "given_room": one.room,
        "serial": one.serial,
        "since": stamp(one.held or one.signed),
        "by": one.by,
        "via": one.via,
        "given": one.given,
        "address": one.address,
        "machine": one.machine,
        "ended": None if one.ended is None else stamp(one.ended),
        "why": one.why,
        "session_open": one.session_open,
    }
