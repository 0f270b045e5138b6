"""A webhook's signature as Standard Webhooks has it. Pure."""

from __future__ import annotations

import base64
import binascii
import hmac
from typing import Final

PREFIX: Final = "whsec_"


def signing_key(secret: str) -> bytes:
    """Return the key that a secret (``whsec_`` and base64) stands for.

    Raises ``ValueError``, which never names the secret, where it isn't one of 24 to 64 bytes.
    """
    if not secret.startswith(PREFIX):
        raise ValueError(f"doesn't begin with {PREFIX}")
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError(f"what follows {PREFIX} is not base64") from None
    if not 24 <= len(key) <= 64:
        raise ValueError(f"holds {len(key)} bytes")
    return key


def signature(key: bytes, delivery: str, seconds: int, body: bytes) -> str:
    """Return the ``webhook-signature`` of a body sent under an id at a time in seconds since 1970."""
    digest = hmac.digest(key, f"{delivery}.{seconds}.".encode() + body, "sha256")
    return "v1," + base64.b64encode(digest).decode()
