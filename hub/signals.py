"""What of an incident or a trouble a monitoring station is told, as signals with their numbers. Pure.

An alarm goes out for each button that calls, once while its call stands, and again where its room calls
anew. Its restoral goes out when a person resolves the incident, never when the button is let go; a cancel
only where that person said that it was a false alarm. A drill is never an alarm.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec
from msgspec.structs import replace

from config.clock import Now
from config.contract import shown
from hub.causes import doubt
from hub.dc09.numbering import Sequence
from hub.dc09.signal import CODES, NO_ZONE, Signal, SignalEvent
from hub.decision import Decision
from hub.delivery import Delivery, Target
from hub.incident import Incident, Press
from hub.kept_facts import KeptFacts
from hub.ledger import Ledger
from hub.notice import age
from hub.view import Trouble
from hub.zone_numbers import BOX, ZoneNumbers

FACT: Final = "dc-09 sequence "
"""How the facts begin that keep which numbers of messages are reserved, one for each channel."""
_OF_DOORS: Final[dict[str, SignalEvent]] = {
    "secure": "door-secure",
    "after-hours": "door-secure",
    "held-open": "door-open",
}
_OF_TROUBLES: Final[dict[str, SignalEvent]] = {
    "tamper": "tamper",
    "trouble": "trouble",
    "silent": "supervision",
    "offline": "supervision",
}
SHOWN_IN_DRILL: Final = ("expected", "part-of-drill")


class Signals:
    """Turns what has happened into signals for a channel to alarm receivers."""

    def __init__(self, ledger: Ledger, facts: KeptFacts) -> None:
        self._ledger = ledger
        self.zones = ZoneNumbers(ledger, facts)
        self._sequences = {name: Sequence(reserved) for name, reserved in facts.each(FACT, int)}

    def in_place_of(
        self, decision: Decision, delivery: Delivery, incident: Incident, told: int, now: Now
    ) -> tuple[Delivery, ...]:
        """Return a notice as its target is to get it, which was told the revision ``told`` last; 0: none.

        To an alarm receiver with its signals, and none where there is nothing new for it: an acknowledgement
        and a note are for people. An alarm is the first word of its button: nothing overtakes it.
        """
        if not self._ledger.directory.is_receiver(delivery.target):
            return (delivery,)
        signals = self._of_incident(decision, incident, delivery.target.channel, told, now)
        body = msgspec.json.encode(msgspec.json.decode(delivery.body) | {"signals": signals})
        whole = replace(delivery, body=body, first=delivery.type != "incident.resolved")
        return (whole,) if signals else ()

    def _of_incident(
        self, decision: Decision, incident: Incident, channel: str, told: int, now: Now
    ) -> tuple[Signal, ...]:
        new = _called(incident, told)
        if incident.drill:
            shown_ = [press for press in new if press.in_drill in SHOWN_IN_DRILL]
            return tuple(self._of_press(decision, channel, "tested", press, now) for press in shown_)
        found = [self._of_press(decision, channel, event_of(press), press, now) for press in new]
        if incident.resolved is not None:
            found += self._of_resolution(decision, incident, channel, now)
        return tuple(found)

    def of_troubles(
        self, decision: Decision, channel: str, troubles: Iterable[Trouble], now: Now, *, restoral: bool
    ) -> tuple[Signal, ...]:
        """Return troubles of rooms, or their ends, as signals."""
        return tuple(
            self.of_zone(
                decision,
                channel,
                _OF_TROUBLES[one.what],
                one.device,
                BOX if one.what in ("silent", "offline") else one.zone or BOX,
                now,
                restoral=restoral,
            )
            for one in troubles
            if one.device is not None and one.what in _OF_TROUBLES
        )

    def receivers_told_of(self, trouble: Trouble) -> tuple[Target, ...]:
        """Return the channels to alarm receivers that are told of a trouble, as their settings say."""
        if trouble.device is None or trouble.what not in _OF_TROUBLES:
            return ()
        directory, channels = self._ledger.directory, self._ledger.settings.channels
        wanted = [
            directory.receiver_of(name)
            for name in directory.receivers
            if (one := channels.get(name)) is not None and one.troubles
        ]
        return tuple(target for target in wanted if not directory.why_not_told(target))

    def of_zone(
        self,
        decision: Decision,
        channel: str,
        event: SignalEvent,
        device: str,
        zone: str,
        now: Now,
        *,
        restoral: bool = False,
    ) -> Signal:
        """Return a signal of a zone, or of a room's box, with the room as text."""
        place = self._ledger.directory.place(device)
        words = "" if restoral else f"{CODES[event].words}: "
        text = words + _where(place.room, self._label(device, zone), place.building, place.floor)
        number = self.zones.of(decision, device, zone, now)
        return Signal(event, self._number(decision, channel), number, restoral, text)

    def of_site(
        self, decision: Decision, channel: str, event: SignalEvent, text: str, *, restoral: bool = False
    ) -> Signal:
        """Return a signal of no zone in particular."""
        return Signal(event, self._number(decision, channel), NO_ZONE, restoral, text)

    def _of_press(
        self,
        decision: Decision,
        channel: str,
        event: SignalEvent,
        press: Press,
        now: Now,
        *,
        restoral: bool = False,
    ) -> Signal:
        place = press.place
        words = []
        if event == "tested":
            words.append(CODES[event].words)
        if not restoral:
            words += [f"LATE {age(press.received_at - press.at)}"] if press.late else []
            words += [press.words] if press.words is not None else []
        said = doubt(press.cause) if press.cause is not None and not restoral else None
        where = _where(shown(place.room), shown(press.label or press.zone), place.building, place.floor)
        text = ": ".join([*words, where]) + (f" ({said})" if said else "")
        text += "" if place.known else ", not a known device"
        zone = self.zones.of(decision, place.device, press.zone, now)
        return Signal(event, self._number(decision, channel), zone, restoral, text)

    def _of_resolution(self, decision: Decision, incident: Incident, channel: str, now: Now) -> list[Signal]:
        resolved = incident.resolved
        assert resolved is not None  # noqa: S101 - asked for of a resolved one alone
        found: list[Signal] = []
        if resolved.disposition == "false-alarm":
            text = f"False alarm, says {resolved.by}"
            found.append(self.of_site(decision, channel, "cancel", text))
            why = f"a person resolved incident {incident.number} as a false alarm: its alarms are cancelled"
            detail = {"by": resolved.by, "via": resolved.via, "channel": channel}
            self._ledger.record(decision, now, "alarm-cancelled", why, incident=incident.id, detail=detail)
        latest = {(press.button, press.kind): press for press in incident.events}
        found += [
            self._of_press(decision, channel, event_of(press), press, now, restoral=True)
            for press in latest.values()
        ]
        return found

    def _label(self, device: str, zone: str) -> str | None:
        if zone == BOX:
            return None
        room = self._ledger.directory.rooms.get(device)
        zones = () if room is None else room.zones
        return next((one.label or one.zone for one in zones if one.zone == zone), zone)

    def _number(self, decision: Decision, channel: str) -> int:
        number, kept = self._sequences.setdefault(channel, Sequence(None)).take()
        if kept is not None:
            decision.facts[f"{FACT}{channel}"] = str(kept)
        return number


def event_of(press: Press) -> SignalEvent:
    """Return what a press, or what is told of a door, is to a station."""
    if press.kind == "door":
        return _OF_DOORS.get(press.rule or "", "door-open")
    return press.kind


def _called(incident: Incident, told: int) -> list[Press]:
    """Return the latest press of each button that is new since a revision, and is to be told.

    Of a button that was told already, only where its room calls anew: who presses again and again is one
    alarm. That a press is held is no press of its own.
    """
    anew = {room.place.device for room in incident.rooms if room.asks_since > told}
    known = {(press.button, press.kind) for press in incident.events if told and press.revision <= told}
    new: dict[object, Press] = {}
    for press in incident.events:
        what = (press.button, press.kind)
        is_new = told == 0 or press.revision > told
        if is_new and (what not in known or (press.place.device in anew and not press.held)):
            new[what] = press
    return list(new.values())


def _where(room: str, label: str | None, building: str | None, floor: str | None) -> str:
    parts = [room + (f" ({label})" if label else "")]
    parts += [f"{building} bldg"] if building else []
    parts += [f"floor {floor}"] if floor else []
    return ", ".join(parts)
