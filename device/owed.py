"""The events that an agent owes the hub: sent until their receipts come, and bounded. Pure.

When too many are owed, doors are given up first, then faults and restorals; an alarm never is. What
was given up is named, so that no gap in ``seq`` is a riddle.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from config.clock import stamp
from config.contract import EVENT_EXPIRY, PANIC_KINDS, Event, encode
from device import actions, retransmission
from device.actions import Action, Forget, Publish, Remember, say
from device.age import Moment, age_ms
from device.given_up import NAMED, GivenUp
from device.retransmission import Retransmission

MOST_OWED: Final = 5000
"""Events that are owed before some are given up."""
GIVEN_UP: Final = "given up"
"""The key under which they are remembered."""


class Owed:
    """All that is owed, on every link; it reads no clock."""

    def __init__(self, links: tuple[str, ...], most: int = MOST_OWED, named: int = NAMED) -> None:
        self.retransmission = Retransmission(links)
        self._events: dict[str, tuple[Event, Moment]] = {}
        self._order = 0
        self._given_up = GivenUp(named)
        self._most = most

    def __len__(self) -> int:
        return len(self._events)

    def __contains__(self, event: object) -> bool:
        return event in self._events

    @property
    def given_up(self) -> tuple[str, ...]:
        """Name the events that were given up, all of them."""
        return self._given_up.names

    def add(self, event: Event, happened: Moment) -> None:
        """Owe an event from now on."""
        self._order += 1
        self._events[event.id] = (event, happened)
        self.retransmission.owe(event.id, urgent=event.what == "alarm", order=self._order)

    def happened(self, event: str) -> Moment | None:
        """Return when an owed event happened; None where it isn't owed."""
        owed = self._events.get(event)
        return None if owed is None else owed[1]

    def settle(self, event: str) -> list[Action]:
        """The hub has it, or it was given up: it is sent no more."""
        self._events.pop(event, None)
        return [Forget(event)] if self.retransmission.settle(event) else []

    def remember_given_up(self, names: str) -> None:
        """Take what was given up before the restart."""
        self._given_up.remember(names.split())

    def make_room(self) -> list[Action]:
        """Give up what can best be spared while too much is owed."""
        done: list[Action] = []
        while len(self._events) > self._most and (spare := self._spare()) is not None:
            self._given_up.add(spare.boot, spare.seq)
            done += self.settle(spare.id)
        return [*done, Remember(GIVEN_UP, " ".join(self.given_up))] if done else []

    def send_due(self, now: Moment) -> list[Action]:
        """Send what is due, presses first, each copy with a fresh age."""
        done: list[Action] = []
        for want in self.retransmission.due(now.mono):
            if isinstance(want, retransmission.Renew):
                done.append(actions.Renew(want.link))
                done.append(say("warning", "no answer to a press: new connection", link=want.link))
                continue
            event, happened = self._events[want.event]
            age = age_ms(happened, now)
            at = stamp(now.wall - age) if now.synced else None
            copy = msgspec.structs.replace(event, age_ms=age, at=at)
            done.append(Publish(want.link, "event", encode(copy), event=event.id, expiry_s=EVENT_EXPIRY))
            level: Literal["debug", "info"] = "debug" if want.why == "first" else "info"
            done.append(say(level, "event sent", event_id=event.id, link=want.link, why=want.why, age_ms=age))
        return done

    def ages_ms(self, now: Moment) -> list[int]:
        """Return how old each owed event is."""
        return [age_ms(happened, now) for _, happened in self._events.values()]

    def _spare(self) -> Event | None:
        owed = [event for event, _ in self._events.values() if event.what != "alarm"]
        door = next((event for event in owed if event.kind not in PANIC_KINDS), None)
        return door or next(iter(owed), None)
