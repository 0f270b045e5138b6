"""A school whose troubles somebody is told of: the settings, and a rig of it."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from config.channel_settings import AppriseSettings
from config.hub_settings import AudienceSettings, HubSettings
from tests.scenarios.rig import Make, Rig, site_settings

NAMES = ("sro", "principal", "dispatch", "maintenance")


def with_maintenance(rooms: int = 60, **more: Any) -> HubSettings:
    """The rig's school with people who keep it working."""
    whole: dict[str, Any] = {
        "channels": {name: AppriseSettings() for name in NAMES},
        "audiences": {name: AudienceSettings(channels=(name,)) for name in NAMES},
    }
    settings = site_settings(**(whole | more))
    return replace(settings, rooms=settings.rooms[:rooms])


def school_with(make_rig: Make, **more: Any) -> Rig:
    """Two rooms, each heard, with somebody for maintenance."""
    rig = make_rig(with_maintenance(2, **more))
    for room in (101, 102):
        rig.state(room, wall="normal")
    return rig
