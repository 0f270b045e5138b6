"""What a text message says: one message of 160 characters, the most important first. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

from config.clock import read_stamp
from hub.delivery import Delivery
from hub.notice import sentence
from hub.sms.parts import with_tail

_ASKS: Final = frozenset({"incident.opened", "incident.updated"})
"""What wants an answer."""


def code_of(incident: str, channel: str, target: str) -> str:
    """Return the two digits that stand for a person and an incident: 10 to 99.

    They keep apart two texts on one phone. That it is this person's phone, its number says.
    """
    digest = blake2b(
        "\0".join((incident, channel, target)).encode("utf-8", "replace"), digest_size=4
    ).digest()
    return str(10 + int.from_bytes(digest, "big") % 90)


def text_of(delivery: Delivery, timezone: str) -> str:
    """Return what a delivery says as a text: ``PANIC Room 101, Main bldg, 10:02:11. Reply ACK 41 73``."""
    title, words = sentence(delivery.body, timezone)
    if not delivery.incident:
        whole = f"{title}. {words}" if words and words != title else title
        return with_tail(" ".join(whole.split()), "")
    notice = msgspec.json.decode(delivery.body)
    incident = notice["incident"]
    said = [notice["reminder"]] if notice.get("reminder") else []
    said.append(title)
    said += _beside(delivery, incident, ZoneInfo(timezone))
    tail = ""
    if delivery.type in _ASKS:
        code = code_of(delivery.incident, delivery.target.channel, delivery.target.name)
        tail = f". Reply ACK {delivery.number} {code}"
    return with_tail(". ".join(said), tail)


def _beside(delivery: Delivery, incident: dict[str, Any], zone: ZoneInfo) -> list[str]:
    """Say what is new, and who answered."""
    found = []
    if delivery.type == "incident.updated" and len(incident["rooms"]) > 1 and incident["events"]:
        newest = incident["events"][-1]["device"]
        found += [f"Newest: {room['room']}" for room in incident["rooms"] if room["device"] == newest]
    acknowledged, resolved = incident["acknowledged"], incident["resolved"]
    if resolved:
        found.append(f"{_ENDED[resolved['disposition']]}, by {resolved['by']}, {_at(resolved['at'], zone)}")
    elif acknowledged:
        found.append(f"{acknowledged['by']} has it since {_at(acknowledged['at'], zone)}")
    return found


_ENDED: Final = {
    "real": "It was real, and is over",
    "false-alarm": "False alarm",
    "drill": "It was a drill",
    "test": "It was a test",
}


def _at(text: str, zone: ZoneInfo) -> str:
    return datetime.fromtimestamp(read_stamp(text) / 1000, UTC).astimezone(zone).strftime("%H:%M:%S")
