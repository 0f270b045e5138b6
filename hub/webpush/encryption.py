"""What a push service carries and can't read: RFC 8291, one record of RFC 8188 (aes128gcm). Pure."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDH,
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
)
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

RECORD: Final = 4096
"""Bytes that every push service takes (RFC 8030, 7.2)."""
LONGEST: Final = RECORD - 86 - 17
"""Bytes of plain text: less the header, and what ends and seals the record."""
AUTH_BYTES: Final = 16
POINT_BYTES: Final = 65


def encrypted(plain: bytes, point: bytes, auth: bytes, own: EllipticCurvePrivateKey, salt: bytes) -> bytes:
    """Return a message's body for the browser of ``point`` and ``auth``.

    ``own`` is a key and ``salt`` 16 bytes for this message alone. Raises ``ValueError`` for a point that is
    none of the curve, and for a text over :data:`LONGEST`.
    """
    if len(plain) > LONGEST:
        raise ValueError(f"{len(plain)} bytes; a push service takes {LONGEST}")
    shared = own.exchange(ECDH(), EllipticCurvePublicKey.from_encoded_point(SECP256R1(), point))
    mine = point_of(own)
    secret = _derived(shared, auth, b"WebPush: info\0" + point + mine, 32)
    key = _derived(secret, salt, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _derived(secret, salt, b"Content-Encoding: nonce\0", 12)
    header = salt + RECORD.to_bytes(4, "big") + bytes([len(mine)]) + mine
    return header + AESGCM(key).encrypt(nonce, plain + b"\x02", None)


def point_of(key: EllipticCurvePrivateKey) -> bytes:
    """Return a key's public point, uncompressed."""
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def is_point(point: bytes) -> bool:
    """Tell whether these bytes are a point of the curve."""
    try:
        EllipticCurvePublicKey.from_encoded_point(SECP256R1(), point)
    except ValueError:
        return False
    return len(point) == POINT_BYTES


def letters(data: bytes) -> str:
    """Return bytes as browsers write them: base64url without padding."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def read(text: str) -> bytes:
    """Return the bytes of such letters; raises ``ValueError``."""
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _derived(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(SHA256(), length, salt, info).derive(secret)
