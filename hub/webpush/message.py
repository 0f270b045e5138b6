"""What a phone is sent: a small text, and how a push service is to treat it. Pure."""

from __future__ import annotations

from hashlib import blake2b
from typing import Any, Final

import msgspec

from hub.delivery import Delivery
from hub.notice import sentence
from hub.webpush.encryption import LONGEST, letters

CALL_S: Final = 24 * 3600
"""How long a push service keeps a notice for a phone that sleeps or is out of reach."""
OTHER_S: Final = 4 * 3600
CALLS: Final = frozenset({"incident.opened", "incident.updated"})
_TEXT: Final = 1200
"""Characters of a text; at most three bytes each, and as many again where JSON escapes them."""


def headers_of(delivery: Delivery) -> dict[str, str]:
    """Return TTL, urgency and topic (RFC 8030, 5): what is newer takes the place of what is still kept."""
    calls = delivery.type in CALLS and not delivery.quiet
    about = delivery.incident or delivery.about or delivery.id
    topic = letters(blake2b(about.encode("utf-8", "replace"), digest_size=18).digest())
    return {
        "TTL": str(CALL_S if delivery.incident else OTHER_S),
        "Urgency": "high" if calls else "low" if delivery.quiet else "normal",
        "Topic": topic,
        "Content-Encoding": "aes128gcm",
        "Content-Type": "application/octet-stream",
    }


def payload_of(delivery: Delivery, timezone: str, path: str | None) -> bytes:
    """Return what the service worker reads: see ``hub/console/static/push_worker.js``."""
    return msgspec.json.encode(told_of(delivery, timezone, path))


def told_of(delivery: Delivery, timezone: str, path: str | None) -> dict[str, Any]:
    """Return what a notification shows, and what it opens; one of the same tag takes its place."""
    title, text = sentence(delivery.body, timezone)
    lines = text.split("\n")
    return {
        "tag": (delivery.incident or delivery.about or delivery.id)[:128],
        "title": _cut(title, 300),
        "text": _cut("\n".join(lines[1:] if lines[0] == title else lines), _TEXT),
        "open": path or "/",
        "quiet": delivery.quiet,
        "over": delivery.type == "incident.resolved",
    }


def _cut(text: str, most: int) -> str:
    while len(msgspec.json.encode(text)) > min(3 * most, LONGEST - 900):
        text = text[: len(text) * 3 // 4]
    return text if len(text) <= most else text[: most - 1] + "…"
