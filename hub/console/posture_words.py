"""The site's posture as pages say it. Pure."""

from __future__ import annotations

from config.clock import read_stamp
from config.contract import shown
from config.hub_settings import HubSettings
from hub.console.known import all_devices
from hub.console.words import Words
from hub.posture import SitePosture
from hub.view import View


def said_of(now: SitePosture, words: Words, wall: int) -> str:
    """Return who set it, or what it came of, and when."""
    since = words.when(read_stamp(now.since), wall)
    if now.asks:
        return "the rooms are NOT told it"
    if now.drill:
        return f"of a drill, since {since}"
    if now.by is not None:
        return f"set by {shown(now.by)}, {since}"
    if now.why is not None:
        return f"automatic: {shown(now.why)}, {since}"
    return f"since {since}"


def still_holds(now: SitePosture) -> str:
    """Return what a person is to know who has ended an incident: that this did not end with it."""
    if now.posture == "normal":
        return ""
    if now.drill:
        return f" DRILL {now.posture.upper()} still holds: its drill's end ends it, or a person, at Posture."
    return f" {now.posture.upper()} still holds: only a person ends it, at Posture."


def who_may_not_hear(settings: HubSettings, view: View) -> str:
    """Return which rooms may not hear of a posture now; empty where each is heard from."""
    if any(key.startswith("broker rest") for key in list(view.troubles)):
        return " A BROKER IS AWAY: rooms may not hear of it before it is back. Use the radio."
    deaf = sum(device.standing != "heard" for device in all_devices(settings, view))
    rooms = "1 room is" if deaf == 1 else f"{deaf} rooms are"
    return f" {rooms} not heard from, and may not hear of it. Use the radio." if deaf else ""
