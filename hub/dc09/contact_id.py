"""A signal as ADM-CID says it: Contact ID (SIA DC-05) as DC-07 writes it. Pure."""

from __future__ import annotations

from hub.dc09.signal import CODES, HIGHEST_ZONE, NO_ZONE, Signal


def contact_id(signal: Signal, partition: int) -> str:
    """Return qualifier and event, partition, and zone or user: ``1120 01 017``.

    The qualifier is 1 for an event and 3 for its restoral. ``partition`` is 0 to 99. A zone that three
    digits can't hold is said as none in particular.
    """
    qualifier = 3 if signal.restoral else 1
    zone = signal.zone if NO_ZONE <= signal.zone <= HIGHEST_ZONE else NO_ZONE
    return f"{qualifier}{CODES[signal.event].contact_id} {partition:02d} {zone:03d}"
