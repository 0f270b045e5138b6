"""The cipher of DC-09: AES by blocks that are chained, from an initial block of zeros. Pure.

What varies from one message to the next is the padding, which stands in front.
"""

from __future__ import annotations

import binascii
from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

BLOCK: Final = 16
KEY_BYTES: Final = (16, 24, 32)
"""AES-128, AES-192, AES-256."""
NO_PADDING: Final = b"|[]"
"""What padding must not hold: it ends the padding, or a field."""
_PADDING: Final = bytes(byte for byte in range(0x21, 0x7F) if byte not in NO_PADDING)


class CipherError(ValueError):
    """What can't be deciphered; says why in words."""


def enciphered(key: bytes, text: str, random: bytes) -> str:
    """Return padding, a bar and ``text`` enciphered, in hexadecimal digits.

    ``random`` is 16 bytes that nobody can foresee, of which the padding is made: 1 to 16 of them, so that
    all of it is whole blocks.
    """
    data = text.encode("ascii")
    count = BLOCK - (len(data) + 1) % BLOCK
    padding = bytes(_PADDING[byte % len(_PADDING)] for byte in random[:count])
    if len(padding) != count:
        raise ValueError(f"random: {len(random)} bytes, {count} are needed")
    cipher = Cipher(algorithms.AES(key), modes.CBC(bytes(BLOCK))).encryptor()
    return (cipher.update(padding + b"|" + data) + cipher.finalize()).hex().upper()


def deciphered(key: bytes, digits: str) -> str:
    """Return what was enciphered, its padding with it; raises :class:`CipherError`."""
    try:
        data = binascii.unhexlify(digits.encode("ascii"))
    except (binascii.Error, UnicodeEncodeError):
        raise CipherError("what is enciphered in it is not written in hexadecimal digits") from None
    if not data or len(data) % BLOCK:
        raise CipherError("what is enciphered in it is not whole blocks")
    cipher = Cipher(algorithms.AES(key), modes.CBC(bytes(BLOCK))).decryptor()
    return (cipher.update(data) + cipher.finalize()).decode("latin-1")
