"""The hashes by which two copies of an event are known as the same, and what has no id is known again."""

from __future__ import annotations

from hashlib import blake2b
from typing import Final

import msgspec

from config.contract import Event
from config.lenient_json import read_object

_CONTENT: Final = ("v", "id", "boot", "seq", "zone", "kind", "what", "cause", "held", "test")


def content_hash(message: Event | bytes) -> str:
    """Return the hash by which two copies of an event are the same.

    ``age_ms``, ``at``, ``room`` and ``label`` may differ between copies and are left out, as are
    fields this version doesn't know. A payload that is no JSON object is hashed whole.
    """
    if isinstance(message, Event):
        content: object = [getattr(message, name) for name in _CONTENT]
    else:
        fields = read_object(message)
        if fields is None:
            return blake2b(message, digest_size=16).hexdigest()
        content = [fields.get(name) for name in _CONTENT]
    try:
        text = msgspec.json.encode(content)
    except Exception:  # noqa: BLE001 - a lone surrogate inside: hash what arrived
        text = message if isinstance(message, bytes) else repr(content).encode("utf-8", "replace")
    return blake2b(text, digest_size=16).hexdigest()


def payload_hash(topic: str, payload: bytes) -> str:
    """Return the key of a message without a readable id: the hash of its topic and payload."""
    return blake2b(topic.encode("utf-8", "replace") + b"\0" + payload, digest_size=16).hexdigest()
