"""A line to a receiver: account and key, the frames that go out on it, what the answers mean. Pure."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

from msgspec import Struct

from hub.dc09 import frame
from hub.dc09.cipher import CipherError, deciphered, enciphered
from hub.dc09.contact_id import contact_id
from hub.dc09.frame import Frame, FrameError
from hub.dc09.sia import sia
from hub.dc09.signal import Signal

Payload = Literal["SIA-DCS", "ADM-CID"]
NEAR_MS: Final = 300_000
"""An enciphered answer is of now if its stamp is this near to our own time: receivers take +20 to -40 s."""
ORDER_MS: Final = 60_000
"""Or if it is at most this much older than the newest that the receiver gave: one with a wrong clock."""


class Line(Struct, frozen=True):
    """Who the school is to a receiver, and how it speaks."""

    account: str
    """3 to 16 hexadecimal digits."""
    prefix: str = "0"
    """1 to 6 hexadecimal digits: the account's prefix, which DC-09 calls L."""
    receiver: str | None = None
    """1 to 6 hexadecimal digits: the receiver's number, R; most stations want none."""
    payload: Payload = "SIA-DCS"
    partition: int = 1
    """0 to 99; SIA calls it the area."""
    key: bytes | None = None
    """16, 24 or 32 bytes; None: nothing is enciphered."""


class Told(NamedTuple):
    """What an answer says of one message."""

    what: Literal["ack", "wrong-time", "nak", "duh", "unreadable", "another"]
    """``wrong-time``: a NAK with the receiver's time; ``another``: an answer to something else."""
    words: str
    at: int | None = None
    """The receiver's time in wall ms, where it said one that can be believed."""


def of_signal(line: Line, signal: Signal, wall_ms: int, random: bytes) -> bytes:
    """Return the frame of a signal; ``wall_ms`` is the time by the receiver's clock, as it is known."""
    said = contact_id if line.payload == "ADM-CID" else sia
    data = f"#{line.account}|{said(signal, line.partition)}"
    return _of(line, line.payload, signal.sequence, data, wall_ms, random)


def of_null(line: Line, wall_ms: int, random: bytes) -> bytes:
    """Return the frame of a supervision message, which tells nothing but that the line is whole."""
    return _of(line, "NULL", frame.NULL_SEQUENCE, "", wall_ms, random)


def heard(line: Line, sequence: int, raw: bytes, wall_ms: int, newest: int | None = None) -> Told:
    """Say what an answer means for the message of this sequence number; never raises.

    ``newest`` is the newest time that this receiver gave in an answer (wall ms). Where a key is set only an
    enciphered ACK of now counts: anybody could have sent a plain one, or kept an old one.
    """
    try:
        found = frame.unpacked(raw)
    except FrameError as error:
        return Told("unreadable", f"its answer is no frame of DC-09: {error}")
    if found.kind == "NAK":
        at = frame.read_stamp(found.rest)
        return Told("nak", "NAK") if at is None else Told("wrong-time", "NAK: our time is not its time", at)
    if found.kind not in ("ACK", "DUH"):
        return Told("unreadable", f"its answer is a {found.kind}, which answers nothing")
    if found.sequence != sequence or not _is_ours(line, found):
        return Told("another", f"its {found.kind} answers another message")
    if found.kind == "DUH":
        return Told("duh", "DUH: it can't process this message, though it came whole")
    return _acknowledged(line, found, wall_ms, newest)


def _of(line: Line, token: str, sequence: int, data: str, wall_ms: int, random: bytes) -> bytes:
    receiver = f"R{line.receiver}" if line.receiver else ""
    head = f"{sequence:04d}{receiver}L{line.prefix}#{line.account}["
    if line.key is None:
        return frame.packed(f'"{token}"{head}{data}]')
    secret = enciphered(line.key, f"{data}]{frame.stamp(wall_ms)}", random)
    return frame.packed(f'"*{token}"{head}{secret}')


def _is_ours(line: Line, found: Frame) -> bool:
    is_account = found.account == line.account.upper()
    return is_account and found.prefix.lstrip("0") == line.prefix.upper().lstrip("0")


def _acknowledged(line: Line, found: Frame, wall_ms: int, newest: int | None) -> Told:
    if line.key is None:
        if found.encrypted:
            return Told("unreadable", "its ACK is enciphered, and this channel has no key")
        return Told("ack", "ACK")
    if not found.encrypted:
        return Told("unreadable", "its ACK is not enciphered, though this channel has a key")
    try:
        text = deciphered(line.key, found.rest)
    except CipherError as error:
        return Told("unreadable", f"its ACK can't be deciphered: {error}")
    at = frame.read_stamp(text)
    if at is None or "]" not in text:
        return Told("unreadable", "its ACK can't be deciphered: its key is another")
    if abs(at - wall_ms) > NEAR_MS and (newest is None or at < newest - ORDER_MS):
        return Told("unreadable", f"its ACK is of another time ({frame.stamp(at)[1:]} UTC)")
    return Told("ack", "ACK", at)
