"""What the agent makes of the hub's messages: a beat, a receipt, a posture, a command. Pure.

A command is obeyed once, and none that a broker retained. A restart ends a walk test for good, though a
broker may bring its command again.
"""

from __future__ import annotations

from collections import deque
from typing import Final

from config.clock import Now
from config.contract import (
    OBEYED_N,
    PANIC_KINDS,
    Command,
    HubState,
    MessageError,
    Posture,
    Receipt,
    decode,
)
from config.topics import read_topic
from device.actions import Action, say
from device.age import age_ms
from device.facts import Heard
from device.owed import MOST_OWED
from device.room_state import RoomState

IDENTIFY_S: Final = 10.0
"""How long a room blinks that is looked for, if the command doesn't say."""
COMMANDS_KEPT: Final = 256
"""Ids of commands that are remembered, each of which is obeyed once."""


class HubMessages:
    """What was heard from the hub, and what follows from it."""

    def __init__(self, room: RoomState) -> None:
        self._room = room
        self._owed = room.owed
        self._hearing = room.hearing
        self._signals = room.signals
        self._walking = room.walking
        self._troubles = room.troubles
        self.posture: Posture | None = None
        self._obeyed: deque[str] = deque(maxlen=COMMANDS_KEPT)

    def heard(self, fact: Heard, now: Now) -> list[Action]:
        """Take one message; one that can't be read is a trouble."""
        topic = read_topic(fact.topic)
        try:
            if topic is None:
                return self._take_posture(decode(Posture, fact.payload), now)
            match topic.what:
                case "hub-state":
                    return self._beat(fact, topic.party, decode(HubState, fact.payload), now)
                case "receipt":
                    return self._receipt(decode(Receipt, fact.payload), now)
                case "command" if not fact.retained:
                    return self._command(decode(Command, fact.payload), now)
                case _:
                    return []
        except MessageError as error:
            return self._troubles.once("unreadable message", f"{fact.topic}: {error}")

    def _take_posture(self, posture: Posture, now: Now) -> list[Action]:
        if self.posture is not None and posture.n <= self.posture.n:
            return []
        if posture.n > OBEYED_N:
            return self._troubles.once("unreadable message", f"a posture of number {posture.n}")
        self.posture = posture
        self._signals.posture(posture, now.mono)
        return self._room.show(now)

    def _beat(self, fact: Heard, hub: str, state: HubState, now: Now) -> list[Action]:
        if fact.retained:
            return []  # what was last known isn't heard
        links = self._owed.retransmission
        # A silence that this beat ends was a silence.
        links.beat(fact.link, heard=now.mono < self._hearing.heard_until(fact.link))
        self._hearing.beat(fact.link, hub, state, now.mono)
        links.beat(fact.link, heard=now.mono < self._hearing.heard_until(fact.link))
        return []

    def _receipt(self, receipt: Receipt, now: Now) -> list[Action]:
        changed = self._signals.received(frozenset(receipt.ids), now.mono)
        done = self._room.show(now) if changed else []
        for event in receipt.ids:
            happened = self._owed.happened(event)
            if happened is not None:
                took = age_ms(happened, self._room.moment(now))
                done += self._owed.settle(event)
                done.append(say("info", "event received by the hub", event_id=event, after_ms=took))
        if len(self._owed) < MOST_OWED:
            done += self._troubles.note("outbox full", None)
        return done + (self._room.remember_presses(now) if changed else [])

    def _command(self, command: Command, now: Now) -> list[Action]:
        if command.id in self._obeyed:
            return []
        self._obeyed.append(command.id)
        said = say("info", "command", command=command.id, do=command.do, lamp=command.lamp)
        if command.do == "identify":
            for_s = IDENTIFY_S if command.for_s is None else command.for_s
            self._signals.identify(now.mono + for_s, now.mono)
        elif command.do == "walk-test" and command.for_s is not None:
            return [*self._walk_test(command, command.for_s, now), said]
        elif command.do == "lamp" and command.lamp is not None:
            self._signals.told(command.lamp, frozenset(command.events or ()), now.mono)
            return [*self._room.show(now), *self._room.remember_presses(now), said]
        else:
            said = say(
                "warning", "command not obeyed: it lacks what it needs", command=command.id, do=command.do
            )
        return [*self._room.show(now), said]

    def _walk_test(self, command: Command, for_s: float, now: Now) -> list[Action]:
        if for_s > 0 and self._signals.is_waiting(now.mono):
            # It may be one that the restart ended, brought again: a press now would be taken for a test.
            return self._troubles.once(
                "walk test", "not begun: the outbox of the last start is still being read"
            )
        zones = command.zones
        buttons = [name for name, zone in self._room.zones.items() if zone.kind in PANIC_KINDS]
        unknown = sorted(set(zones or ()) - set(buttons))
        if for_s > 0:
            tested = [name for name in buttons if zones is None or name in zones]
            walked = self._walking.begin(command.id, tested, now.mono, now.mono + for_s)
        else:
            walked = self._walking.end(command.id)
        said = self._troubles.once("walk test", f"no such button: {', '.join(unknown)}") if unknown else []
        return [*self._room.show(now), *self._room.publish_state(), *said, walked]

    def end_old_walk_test(self, old: frozenset[str]) -> list[Action]:
        """End the walk test that was begun by one of these commands, of the start before; obey none again."""
        self._obeyed.extend(old.difference(self._obeyed))
        return self._room.publish_state() if self._walking.end_if_old(old) else []
