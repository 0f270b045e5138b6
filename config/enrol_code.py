"""The one-time code by which a new agent and its hub know each other.

25 bytes: a secret, which the agent shows to the hub once, and the first bytes of the SHA-256 of the
certificate of the hub's authority (DER), by which the agent knows the hub before it says the secret.
Written as 40 characters of Crockford's base32, in 8 groups of 5.
"""

from __future__ import annotations

import hashlib
import secrets
from typing import Final

from msgspec import Struct

SECRET_BYTES: Final = 10
"""80 bits, guessed at the hub's door alone, which is slow to guessers."""
MARK_BYTES: Final = 15
"""120 bits: who would make an authority of the same mark has 2^120 to try."""
_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_MEANT: Final = str.maketrans("OIL", "011")
"""What Crockford's letters leave out because it is read, and typed, for a digit."""
_SPACES: Final = str.maketrans("", "", "- \t\r\n._")
_GROUP: Final = 5
LENGTH: Final = (SECRET_BYTES + MARK_BYTES) * 8 // 5


class CodeError(ValueError):
    """What was typed is no code; says where."""


class EnrolCode(Struct, frozen=True):
    """A code, as both sides use it."""

    secret: bytes
    mark: bytes
    """Of the authority's certificate."""

    @property
    def text(self) -> str:
        """The code as it is shown and typed."""
        bits = int.from_bytes(self.secret + self.mark, "big")
        letters = "".join(_ALPHABET[bits >> shift & 31] for shift in range((LENGTH - 1) * 5, -5, -5))
        return "-".join(letters[at : at + _GROUP] for at in range(0, LENGTH, _GROUP))

    def is_of(self, authority: bytes) -> bool:
        """Tell whether a certificate (DER) is that of the authority whose hub made this code."""
        return secrets.compare_digest(mark_of(authority), self.mark)

    def __repr__(self) -> str:
        """Show nothing of it: whatever logs or raises with a code in hand gives no secret away."""
        return "EnrolCode(…)"


def new_code(authority: bytes) -> EnrolCode:
    """Make a code of a hub whose authority has this certificate (DER)."""
    return EnrolCode(secrets.token_bytes(SECRET_BYTES), mark_of(authority))


def mark_of(authority: bytes) -> bytes:
    """Return the mark of an authority's certificate (DER)."""
    return hashlib.sha256(authority).digest()[:MARK_BYTES]


def digest_of(secret: bytes) -> str:
    """Return what a hub keeps of a secret: it can't be turned back, and 80 random bits can't be tried."""
    return hashlib.sha256(b"tocsin enrolment " + secret).hexdigest()


def read_code(typed: str) -> EnrolCode:
    """Read a code as it was typed; raises :class:`CodeError`."""
    letters = typed.upper().translate(_SPACES).translate(_MEANT)
    for at, letter in enumerate(letters):
        if letter not in _ALPHABET:
            raise CodeError(
                f"{letter!r} (character {at + 1}, hyphens apart) is in no code: it has digits and letters"
            )
    if len(letters) != LENGTH:
        raise CodeError(f"a code has {LENGTH} characters, hyphens apart; this one has {len(letters)}")
    bits = 0
    for letter in letters:
        bits = bits << 5 | _ALPHABET.index(letter)
    whole = bits.to_bytes(SECRET_BYTES + MARK_BYTES, "big")
    return EnrolCode(whole[:SECRET_BYTES], whole[SECRET_BYTES:])
