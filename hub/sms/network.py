"""The network's side of the short message service: what a simulated modem reads and says. Pure."""

from __future__ import annotations

from typing import Final, NamedTuple

from hub.sms.parts import Part
from hub.sms.pdu import (
    HAS_HEADER,
    WANTS_REPORT,
    PduError,
    Reader,
    address,
    alphabet_of,
    read_user_data,
    user_data,
)

_NO_MORE: Final = 0x04
"""TP-MMS: no more messages wait."""
_STATUS_REPORT: Final = 0x02
_STAMP: Final = bytes.fromhex("62113051012000")
"""TP-SCTS: 2026-11-03 15:10:02 UTC. Nobody reads it."""


class Submit(NamedTuple):
    """An SMS-SUBMIT as it was read."""

    number: str
    part: Part
    wants_report: bool


def read_submit(unit: bytes) -> Submit:
    """Read what a terminal sends, the service centre's address first; raises :class:`PduError`."""
    reader = Reader(unit)
    reader.take(reader.octet())
    first = reader.octet()
    if first & 0x03 != 1:
        raise PduError("no SMS-SUBMIT")
    reader.octet()  # TP-MR
    number = reader.address()
    reader.octet()  # TP-PID
    coding = reader.octet()
    reader.take({0: 0, 2: 1}.get(first >> 3 & 0x03, 7))  # TP-VP
    length = reader.octet()
    kind = alphabet_of(coding)
    text, concat = read_user_data(reader.rest(), length, kind, has_header=bool(first & HAS_HEADER))
    return Submit(number, Part(text, concat), bool(first & WANTS_REPORT))


def deliver(sender: str, part: Part) -> tuple[bytes, int]:
    """Return an SMS-DELIVER behind an empty service centre's address, and its own length."""
    coding, length, data = user_data(part)
    first = _NO_MORE | (HAS_HEADER if part.concat else 0)
    unit = bytes((first,)) + address(sender) + bytes((0, coding)) + _STAMP + bytes((length,)) + data
    return b"\0" + unit, len(unit)


def status_report(reference: int, recipient: str, status: int) -> tuple[bytes, int]:
    """Return an SMS-STATUS-REPORT behind an empty service centre's address, and its own length."""
    unit = (
        bytes((_NO_MORE | _STATUS_REPORT, reference))
        + address(recipient)
        + _STAMP
        + _STAMP
        + bytes((status,))
    )
    return b"\0" + unit, len(unit)
