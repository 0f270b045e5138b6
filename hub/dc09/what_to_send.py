"""What of a notice a monitoring station is told: its signals, in order. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import msgspec

from hub.dc09.frame import LAST_SEQUENCE, crc
from hub.dc09.signal import CODES, NO_ZONE, Signal

_CALLS: Final = frozenset({"panic", "duress", "medical", "assist"})


def signals_of(body: bytes) -> tuple[Signal, ...]:
    """Return the signals of a notice's body; none where it is nothing that a station is told of.

    A call that was owed to somebody else, and has come to this channel since, holds none: it is told as one
    alarm without a zone, with its rooms as text. That of a drill never is. A marked test of the channel is a
    manual test. Raises ``msgspec.MsgspecError``
    for a body that can't be read.
    """
    notice: dict[str, Any] = msgspec.json.decode(body, type=dict[str, Any])
    if "signals" in notice:
        return msgspec.convert(notice["signals"], tuple[Signal, ...])
    # Whatever number it bears: a receiver takes any, and echoes it.
    sequence = 1 + crc(body) % LAST_SEQUENCE
    if notice["type"] == "channel.test":
        return (Signal("manual-test", sequence, text=notice["title"]),)
    incident = notice.get("incident")
    if not incident or incident["drill"] or incident["kind"] not in _CALLS:
        return ()
    if notice["type"] not in ("incident.opened", "incident.updated"):
        return ()
    rooms = ", ".join(room["room"] for room in incident["rooms"])
    return (Signal(incident["kind"], sequence, NO_ZONE, text=rooms),)


def words_of(signals: Iterable[Signal]) -> str:
    """Say in the record which signals these are: ``E120 zone 17, R120 zone 17``."""
    return ", ".join(
        f"{'R' if one.restoral else 'E'}{CODES[one.event].contact_id}"
        + (f" zone {one.zone}" if one.zone != NO_ZONE else "")
        for one in signals
    )
