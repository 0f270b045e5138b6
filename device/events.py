"""What happens at a zone, made into an event: whether it is a test's, and what is done with it. Pure.

An event is sent first, then kept, then shown on the lamps, then logged; from then on it is owed.
"""

from __future__ import annotations

from typing import Literal

from config.clock import Now
from config.contract import Event, encode
from device import actions
from device.actions import Action, Keep, Remember, say
from device.age import Moment
from device.decided import ONLY_TESTED, Decided
from device.facts import Kept
from device.room_state import RoomState
from device.signals import SILENT_KINDS

Shown = Literal["press", "test", "again", "nothing"]
"""What the room sees of an alarm; ``again``: one that was shown as a test is real after all."""


class Events:
    """The events of this start of the agent, by their counter."""

    def __init__(self, room: RoomState) -> None:
        self._room = room
        self._zones = room.zones
        self._owed = room.owed
        self._signals = room.signals
        self._walking = room.walking
        self._seq = 0

    def happened(self, zone: str, decided: list[Decided], now: Now) -> list[Action]:
        """Tell of what was decided at a zone, in order."""
        done: list[Action] = []
        for each in decided:
            done += self._judge(zone, each, now)
        if decided:
            done += self._room.publish_state()
            done += self.make_room()
        return done

    def make_room(self) -> list[Action]:
        """Give up what can best be spared while too much is owed, and say so."""
        done = self._owed.make_room()
        if done:
            why = "events were given up, doors first; alarms never are"
            done += self._room.troubles.note("outbox full", why)
        return done

    def _judge(self, zone: str, decided: Decided, now: Now) -> list[Action]:
        """Tell whether it is part of a walk test, and tell of it."""
        if decided.what == "restoral":
            return self._emit(zone, decided, now, test=self._walking.restored(zone, decided.at))
        if decided.what != "alarm":
            return self._emit(zone, decided, now, test=False)
        judged = self._walking.alarm(self._zones[zone], decided)
        shown: Shown = "test" if judged.looks_like_test else "press"
        done = self._emit(zone, decided, now, test=judged.test, shown=shown)
        again: Shown = "nothing" if self._zones[zone].kind in SILENT_KINDS else "again"
        for name, at in judged.real_after_all:
            other = self._zones[name]
            real = Decided("alarm", at, other.kind, word=other.word)
            done += self._emit(name, real, now, test=False, shown=again)
        return done

    def _emit(
        self,
        zone: str,
        decided: Decided,
        now: Now,
        *,
        test: bool,
        shown: Shown = "press",
    ) -> list[Action]:
        """Tell of it; an alarm is ``shown`` as this, which a silent press may make another than it is."""
        settings = self._zones[zone].settings
        self._seq += 1
        event = Event(
            v=1,
            id=f"{self._room.boot}-{self._seq}",
            boot=self._room.boot,
            seq=self._seq,
            zone=zone,
            label=settings.label,
            kind=decided.kind,
            what=decided.what,
            cause=decided.cause,
            age_ms=0,
            room=self._room.settings.room,
            held=True if decided.held else None,
            test=test,
        )
        elapsed = now.mono - decided.at
        happened = Moment(
            self._room.kernel,
            decided.at,
            now.wall - round(elapsed * 1000),
            self._room.upkeep.machine.clock_synced,
        )
        self._owed.add(event, happened)
        done = self._owed.send_due(self._room.moment(now))
        if event.what == "alarm":
            done += [actions.Hurry(link) for link in self._room.links if link not in self._room.up]
        kept = Kept(id=event.id, body=encode(event), happened=happened)
        word = decided.word + (f" {ONLY_TESTED}" if self._walking.real.was_test(zone) else "")
        done.append(Keep(kept, Remember(f"zone {zone}", word)))
        if event.what == "alarm":
            if shown == "again":
                self._signals.real_after_all(zone, event.kind, event.id, now.mono)
            elif shown != "nothing":
                is_test = shown == "test"
                self._signals.pressed(
                    zone, event.kind, event.id, now.mono, held=decided.held, test=test, shown_test=is_test
                )
            done += self._room.show(now) + self._room.remember_presses(now)
        fields = {
            "zone": zone,
            "kind": event.kind,
            "what": event.what,
            "held": event.held,
            "test": test or None,
        }
        done.append(
            say("info", "event decided", event_id=event.id, seq=event.seq, cause=event.cause, **fields)
        )
        return done
