"""A trouble as people read it: what it is, where, and what is known of it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from msgspec import Struct

from config.contract import shown
from hub.health_watch import RULES
from hub.view import DeviceView, Trouble

HEADINGS: Final = {
    "silent": "Nothing heard",
    "offline": "Offline",
    "agent-trouble": "The room's device reports",
    "tamper": "Wire fault",
    "trouble": "Zone fault",
    "zones": "Not watched",
    "prove-again": "Buttons to be proved",
    "not-proved": "Buttons not proved lately",
    "unprotected": "No live button",
    "doors-strange": "Doors nobody set up",
    "doors-many": "Many doors should be closed",
    "hot": "Hot",
    "low-voltage": "Low voltage",
    "slowed": "Slowed down",
    "on-battery": "On battery",
    "battery-low": "Battery low",
    "disk-low": "Disk nearly full",
    "memory-low": "Memory nearly full",
    "clock-unset": "Clock not synchronised",
    "clock-drift": "Clock is off",
    "version": "Version not the hub's",
    "outbox-waits": "Events wait for their receipt",
    "certificate": "Certificate near its end",
    "link": "A link is down",
    "seq-gap": "Events are missing",
    "two-boots": "Two machines under one id",
    "flood": "A flood of messages",
    "hub-disk": "The hub's disk is nearly full",
    "file-rights": "Others may read or change what is the hub's",
    "hub-clock": "The hub's clock is not synchronised",
    "clock-jump": "The hub's clock jumped",
    "hub-queue": "The hub falls behind",
    "hub-certificate": "A certificate of the hub's is near its end",
    "backup": "No backup, or a bad one",
    "restored": "Restored from a backup",
    "door-code": "Wrong codes at the agents' door",
    "door-certificate": "A certificate that this hub never gave",
    "console-certificate": "The console's certificate can't be used",
    "sign-in": "Somebody guesses at a sign-in",
    "set-off": "One account sets off too much",
    "broker-lists": "The broker does not know yet who may speak",
    "posture-far": "A posture that no hub said",
    "kept": "Something kept can't be read",
    "outside-ping": "Nobody outside would notice if the hub died",
    "agreement-soon": "The agreement with the police is to be renewed soon",
    "joint-test": "The joint test with dispatch is due",
    "not-connected": "Dispatch is not connected",
    "agreement": "The agreement with the police is to be renewed",
    "upgrade": "An upgrade did not stay",
    "reach": "A panic would reach nobody",
    "broker": "No connection to the broker",
    "broker-dropped": "The broker dropped messages",
    "broker-session": "The broker lost the hub's session",
    "settings": "New settings not taken",
    "store": "The record fails or is slow",
    "unanswered": "Nobody answers",
    "nobody-to-tell": "A notice has nobody to go to",
    "drill-overdue": "A drill is overdue",
    "head-unsent": "Nobody keeps the record's head",
    "quarantine": "The record refused a message",
    "hub-fault": "A fault of the hub itself",
    "zone-number": "A zone number can't be given",
    "channel": "A channel fails",
    "channel-impaired": "A way to a channel fails",
    "flaw-state": "A state that can't be read",
    "flaw-health": "A health message that can't be read",
    "flaw-device": "A device nobody set up",
    "flaw-zone": "Zone not as set up",
    "flaw-kind": "Kind not as set up",
    "flaw-room": "Room's name not as set up",
    "flaw-test": "A press marked as a test",
    "flaw-bypass": "A press of before its zone was bypassed",
    "flaw-same-id": "Two events under one id",
    "flaw-store": "An event taken as new, unasked",
    "flaw-message": "A message that can't be read",
}
"""What each trouble is called; the maintenance guide lists the same words."""
COMES_AND_GOES: Final = " (it comes and goes; shown until it has been quiet for 10 min)"
FIELD_FLAW: Final = "A field of an event is wrong"
_BROKER: Final = {"events": "for events", "rest": "for states and health"}
OF_DEVICE: Final = frozenset(
    {"agent-trouble", "zones", "unprotected", "link", "seq-gap", "two-boots", *(rule.what for rule in RULES)}
)
"""Troubles with which a device that is heard is yet not well; those of its zones are its zones' own."""


class TroubleLine(Struct, frozen=True):
    """One trouble in words."""

    trouble: Trouble
    heading: str
    where: str
    """The room, and the zone by its label; empty for what belongs to no room."""
    detail: str

    @property
    def sentence(self) -> str:
        """All of it in one line."""
        said = self.detail or self.heading
        if not self.where or said.startswith(self.where.partition(", ")[0]):
            return said
        where = self.where if self.trouble.device else f"{self.where[0].upper()}{self.where[1:]}"
        return f"{where}: {said}"


def line(trouble: Trouble, devices: Mapping[str, DeviceView]) -> TroubleLine:
    """Return a trouble in words; ``devices`` are all that are known, by id."""
    device = devices.get(trouble.device or "")
    room = shown(trouble.device or "" if device is None else device.place.room)
    zone = _label(device, trouble.zone) if trouble.zone else ""
    where = ", ".join(part for part in (room, zone) if part)
    detail = shown(trouble.detail, 500) + (COMES_AND_GOES if trouble.flapping else "")
    if trouble.what.startswith("flaw-") and trouble.what in HEADINGS:
        detail = detail.removeprefix(f"{trouble.what.removeprefix('flaw-')}: ")
    for said_already in (f"{where}: ", f"{room}: "):
        detail = detail.removeprefix(said_already) if room else detail
    if not where and trouble.what == "broker":
        where = next((words for which, words in _BROKER.items() if which in trouble.key.split(" ")), "")
    heading = HEADINGS.get(trouble.what)
    if heading is None:
        heading = FIELD_FLAW if trouble.what.startswith("flaw-") else shown(trouble.what)
    return TroubleLine(trouble, heading, where, detail)


def troubles_of(troubles: Iterable[Trouble]) -> dict[str, list[Trouble]]:
    """Return the open troubles that are a device's own, by device."""
    found: dict[str, list[Trouble]] = {}
    for trouble in list(troubles):  # in one step: the recorder may write meanwhile
        if trouble.device and trouble.what in OF_DEVICE:
            found.setdefault(trouble.device, []).append(trouble)
    return found


def _label(device: DeviceView | None, zone: str) -> str:
    zones = () if device is None else device.zones
    return shown(next((each.label or each.zone for each in zones if each.zone == zone), zone))
