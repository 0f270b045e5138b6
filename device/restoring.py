"""What was before the restart: events owed, zones as they were told, and the lamps' presses. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from config.contract import (
    PANIC_KINDS,
    Event,
    MessageError,
    Readable,
    decode,
)
from config.topics import is_id
from device import press_memory
from device.age import Moment
from device.decided import Decided
from device.facts import Kept, Restored
from device.lamp import Press
from device.owed import GIVEN_UP, Owed
from device.signals import CALL, SILENT_KINDS, Signals
from device.zone import Zone


def restore(
    fact: Restored, zones: Mapping[str, Zone], owed: Owed, signals: Signals, now: Moment
) -> tuple[dict[str, list[Decided]], dict[str, MessageError]]:
    """Take what the outbox held; returns what each zone makes of it, and the events that are damaged, by id.

    One of them that may be an alarm is owed all the same. What happened since the start outweighs what
    was before it: it may come late, and more than once.
    """
    words = {name: word for name in zones if (word := fact.memory.get(f"zone {name}")) is not None}
    decided = {name: zones[name].remember(word) for name, word in words.items()}
    owed.remember_given_up(fact.memory.get(GIVEN_UP, ""))
    unreadable: dict[str, MessageError] = {}
    presses: list[tuple[Press, Moment]] = []
    for kept in fact.events:
        if kept.id in owed:
            continue
        try:
            event = decode(Event, kept.body)
        except MessageError as error:
            unreadable[kept.id] = error
            if not error.readable.is_alarm:
                continue
            event = _in_doubt(kept, error.readable)
        owed.add(event, kept.happened)
        if event.what == "alarm":
            press = Press.begun(event.id, 0.0, zone=event.zone, kind=event.kind, test=event.test)
            presses.append((press, kept.happened))
    latest: dict[str, Press] = {}
    for place in (*signals.lamps, CALL):
        about = [(press, at) for press, at in presses if _is_about(place, press, signals)]
        found = press_memory.latest(fact.memory, place, about, owed, now)
        if found is not None:
            latest[place] = found
    signals.restored(latest, press_memory.strobe(fact.memory), is_whole=fact.is_whole, now=now.mono)
    return decided, unreadable


def _is_about(place: str, press: Press, signals: Signals) -> bool:
    if place == CALL:
        return not press.test
    return press.kind not in SILENT_KINDS and place == signals.place(press.zone)


def _in_doubt(kept: Kept, readable: Readable) -> Event:
    """Return the alarm that a damaged event may be; the hub finds what it doesn't know."""
    return Event(
        v=1,
        id=kept.id,
        boot=readable.boot or "unknown",
        seq=readable.seq or 1,
        zone=readable.zone if readable.zone and is_id(readable.zone) else "unknown",
        kind=readable.kind if readable.kind in PANIC_KINDS else "panic",
        what="alarm",
        cause=readable.cause,
        age_ms=0,
        test=False,
    )
