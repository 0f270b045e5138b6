"""One-time codes of a phone's app (TOTP, RFC 6238), and the codes on paper that stand in for them. Pure."""

from __future__ import annotations

import hmac
import secrets
from typing import Final

import pyotp

STEP_S: Final = 30
DRIFT: Final = 1
"""Steps by which a phone's clock, or the hub's, may be off."""
RECOVERY_CODES: Final = 8
ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's: what is easily taken for another is left out."""
MISREAD: Final = str.maketrans("oil", "011")


def new_secret() -> str:
    """Return a new secret: 160 bits in base32."""
    return pyotp.random_base32()


def uri(secret: str, name: str, school: str) -> str:
    """Return what a phone's app reads from the picture."""
    return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=school)


def step_of(secret: str, code: str, wall: int) -> int | None:
    """Return the time step whose code this is, the one before or after now among them; None: none's."""
    digits = "".join(code.split())
    if len(digits) != 6 or not (digits.isascii() and digits.isdigit()):
        return None
    now, totp = wall // 1000 // STEP_S, pyotp.TOTP(secret)
    for step in (now, *(now + way * off for off in range(1, DRIFT + 1) for way in (-1, 1))):
        if step >= 0 and hmac.compare_digest(totp.at(step * STEP_S), digits):
            return step
    return None


def new_recovery_codes() -> list[str]:
    """Return new codes for paper: 80 random bits each, in four groups."""
    codes = ("".join(secrets.choice(ALPHABET) for _ in range(16)) for _ in range(RECOVERY_CODES))
    return [_in_groups(code) for code in codes]


def tidy(code: str) -> str | None:
    """Return a recovery code as it was printed, however it was typed; None for what can't be one."""
    plain = "".join(c for c in code.lower() if c.isalnum()).translate(MISREAD)
    if len(plain) != 16 or not set(plain) <= set(ALPHABET):
        return None
    return _in_groups(plain)


def _in_groups(code: str) -> str:
    return "-".join(code[i : i + 4] for i in range(0, 16, 4))
