"""How a hub says who it is to a push service: VAPID, RFC 8292. Pure."""

from __future__ import annotations

from typing import Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from hub.webpush.encryption import letters, point_of

GOOD_S: Final = 12 * 3600
"""How long a token is good; a day at most (RFC 8292, 2)."""


def authorization(key: EllipticCurvePrivateKey, origin: str, contact: str, wall: int) -> str:
    """Return the ``Authorization`` of a message to the push service of an origin, at this wall time in ms."""
    head = {"typ": "JWT", "alg": "ES256"}
    claims = {"aud": origin, "exp": wall // 1000 + GOOD_S, "sub": contact}
    signed = ".".join(letters(msgspec.json.encode(part)) for part in (head, claims))
    r, s = decode_dss_signature(key.sign(signed.encode(), ECDSA(SHA256())))
    seal = r.to_bytes(32, "big") + s.to_bytes(32, "big")
    return f"vapid t={signed}.{letters(seal)}, k={letters(point_of(key))}"
