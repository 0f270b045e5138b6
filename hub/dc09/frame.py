"""The frame of DC-09: line feed, CRC, length, body, carriage return; and its time stamps. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final, NamedTuple

LF: Final = b"\n"
CR: Final = b"\r"
LONGEST: Final = 0xFFF
"""Bytes of a body: the length is a zero and three hexadecimal digits."""
NULL_SEQUENCE: Final = 0
"""A supervision message has no number of its own; nor has a NAK."""
LAST_SEQUENCE: Final = 9999

_BODY: Final = re.compile(
    r'"(?P<encrypted>\*?)(?P<token>[A-Z0-9-]{3,10})"(?P<sequence>\d{4})'
    r"(?:R(?P<receiver>[0-9A-Fa-f]{1,6})|None)?L(?P<prefix>[0-9A-Fa-f]{1,6}?)(?:#(?P<account>[0-9A-Fa-f]{3,16})|A0)?"
    r"\[(?P<rest>.*)",
    re.DOTALL,
)
"""``None`` is what pysiaalarm answers where it was sent no receiver number."""
_STAMP: Final = re.compile(r"_(\d{2}):(\d{2}):(\d{2}),(\d{2})-(\d{2})-(\d{4})\Z")


class FrameError(ValueError):
    """Bytes that are no frame; says why in words."""


class Frame(NamedTuple):
    """What a frame holds, before anything is deciphered."""

    kind: str
    """``ACK``, ``NAK``, ``DUH``; of what is sent ``SIA-DCS``, ``ADM-CID``, ``NULL``."""
    encrypted: bool
    sequence: int
    receiver: str | None
    prefix: str
    """The account's prefix, which is called the line."""
    account: str | None
    """None in a NAK, which names none."""
    rest: str
    """All behind the opening bracket."""


def crc(body: bytes) -> int:
    """Return the CRC of a body: CRC-16 with the polynomial 8005, reflected, from zero."""
    found = 0
    for byte in body:
        found ^= byte
        for _ in range(8):
            found = (found >> 1) ^ (0xA001 if found & 1 else 0)
    return found


def packed(body: str) -> bytes:
    """Return a body as its frame; raises :class:`FrameError` where it is too long, or not ASCII."""
    try:
        data = body.encode("ascii")
    except UnicodeEncodeError:
        raise FrameError("its body is not ASCII") from None
    if len(data) > LONGEST:
        raise FrameError(f"its body has {len(data)} bytes, more than {LONGEST}")
    return LF + b"%04X%04X" % (crc(data), len(data)) + data + CR


def unpacked(raw: bytes) -> Frame:
    """Take a frame apart; raises :class:`FrameError` for whatever is none."""
    data = raw.strip(LF + CR)
    if len(data) < 8:
        raise FrameError("it is empty" if not data else "it is too short for a frame")
    try:
        head, body = data[:8].decode("ascii"), data[8:]
        said, length = int(head[:4], 16), int(head[4:], 16)
    except ValueError:
        raise FrameError("it begins with no CRC and length") from None
    if length != len(body):
        raise FrameError(f"its length says {length} bytes and it has {len(body)}")
    if said != crc(body):
        raise FrameError("its CRC is wrong")
    try:
        found = _BODY.fullmatch(body.decode("ascii"))
    except UnicodeDecodeError:
        found = None
    if found is None:
        raise FrameError("its body is none of DC-09")
    part = found.groupdict()
    account = part["account"]
    return Frame(
        kind=part["token"],
        encrypted=bool(part["encrypted"]),
        sequence=int(part["sequence"]),
        receiver=part["receiver"],
        prefix=part["prefix"].upper(),
        account=None if account is None else account.upper(),
        rest=part["rest"],
    )


def stamp(wall_ms: int) -> str:
    """Return a moment as DC-09 writes it, in UTC: ``_10:02:11,11-30-2026``."""
    return datetime.fromtimestamp(wall_ms / 1000, UTC).strftime("_%H:%M:%S,%m-%d-%Y")


def read_stamp(text: str) -> int | None:
    """Return the moment (wall ms) with which a text ends; None where it ends with none."""
    found = _STAMP.search(text)
    if found is None:
        return None
    hour, minute, second, month, day, year = (int(part) for part in found.groups())
    try:
        return int(datetime(year, month, day, hour, minute, second, tzinfo=UTC).timestamp()) * 1000
    except ValueError:
        return None
