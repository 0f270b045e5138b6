"""The GSM 7 bit default alphabet and its packing, by 3GPP TS 23.038. Pure.

A character is one septet, or two where it is of the extension table. National language tables are not
spoken: what they alone have goes as UCS-2.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

ESCAPE: Final = 0x1B
"""Says that the next septet is of the extension table."""

BASIC: Final = (
    "@£$¥èéùìòÇ\nØø\rÅå"
    "Δ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ"
    " !\"#¤%&'()*+,-./"
    "0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNO"
    "PQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmno"
    "pqrstuvwxyzäöñüà"
)
"""TS 23.038 clause 6.2.1: the character of each septet, 16 a line. Septet 9 is the capital cedilla."""
EXTENSION: Final = {
    0x0A: "\f",
    0x14: "^",
    0x28: "{",
    0x29: "}",
    0x2F: "\\",
    0x3C: "[",
    0x3D: "~",
    0x3E: "]",
    0x40: "|",
    0x65: "€",
}
"""TS 23.038 clause 6.2.1.1."""

_SEPTETS: Final[dict[str, tuple[int, ...]]] = {
    **{letter: (code,) for code, letter in enumerate(BASIC) if code != ESCAPE},
    **{letter: (ESCAPE, code) for code, letter in EXTENSION.items()},
}
_PLAINER: Final = str.maketrans(
    {
        "\u2018": "'",
        "\u2019": "'",
        "\u201c": '"',
        "\u201d": '"',
        "\u2013": "-",
        "\u2014": "-",
        "\u2026": "...",
        "\xa0": " ",
    }
)


def plainer(text: str) -> str:
    """Return a text with typeset quotes, dashes and dots as typed ones: they alone would halve its room."""
    return text.translate(_PLAINER)


def fits(text: str) -> bool:
    """Tell whether every character of a text is of this alphabet."""
    return all(letter in _SEPTETS for letter in text)


def septets(letter: str) -> tuple[int, ...]:
    """Return the one or two septets of a character; raises ``KeyError`` where it is of another alphabet."""
    return _SEPTETS[letter]


def encode(text: str) -> list[int]:
    """Return a text's septets; raises ``KeyError`` where it does not fit."""
    return [septet for letter in text for septet in _SEPTETS[letter]]


def decode(codes: Iterable[int]) -> str:
    """Return the text of septets.

    By clause 6.2.1.1 one of the extension table that has no character there is that of the basic table,
    and an escape after an escape, or at the end, is a space.
    """
    found: list[str] = []
    escaped = False
    for code in codes:
        if escaped:
            found.append(" " if code == ESCAPE else EXTENSION.get(code, BASIC[code]))
            escaped = False
        elif code == ESCAPE:
            escaped = True
        else:
            found.append(BASIC[code])
    return "".join(found) + (" " if escaped else "")


def pack(codes: Sequence[int], skip: int = 0) -> bytes:
    """Pack septets into octets, the first bit lowest (clause 6.1.2.1); ``skip`` bits stay 0 before them."""
    whole = 0
    for place, code in enumerate(codes):
        whole |= code << (skip + 7 * place)
    return whole.to_bytes((skip + 7 * len(codes) + 7) // 8, "little")


def unpack(octets: bytes, count: int, skip: int = 0) -> list[int]:
    """Return ``count`` septets that were packed after ``skip`` bits; missing ones are left out."""
    whole = int.from_bytes(octets, "little") >> skip
    held = max(0, (8 * len(octets) - skip) // 7)
    return [whole >> 7 * place & 0x7F for place in range(min(count, held))]
