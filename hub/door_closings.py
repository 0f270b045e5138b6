"""When a door counts as closed again: once it has stayed so, and ceased to swing. Pure.

That is told of its incident, and ends nothing: a person does.
"""

from __future__ import annotations

from typing import Final

from config.clock import Now
from hub.decision import Decision
from hub.door_rules import Where
from hub.door_states import DoorStates
from hub.flap import Flaps
from hub.incidents import Incidents
from hub.view import DoorView

SETTLE_S: Final = 5.0
"""Seconds for which a door must be closed before that is told of it."""


class DoorClosings:
    """The closings of doors with an incident, until they have lasted."""

    def __init__(self, incidents: Incidents, states: DoorStates) -> None:
        self._incidents = incidents
        self._states = states
        self._closing: dict[Where, float] = {}
        """When a closing will have lasted, in monotonic seconds."""
        self._flaps = Flaps()

    def settle(self, where: Where, now: Now) -> None:
        """Wait from now whether a closed door stays so, if something is told of it."""
        if self._incidents.of_door(*where) is not None:
            self._wait_until(where, now.mono + SETTLE_S)

    def opened(self, where: Where) -> bool:
        """Take that a door was opened; returns whether its closing was waited for because it swings."""
        self._closing.pop(where, None)
        return self._flaps.opened(_key(where))

    def look(self, decision: Decision, where: Where, known: DoorView, now: Now) -> None:
        """Tell that a door is closed, if it has stayed so."""
        at, incident = self._closing.get(where), self._incidents.of_door(*where)
        if at is None or at > now.mono:
            return
        if incident is None or incident.closed_at is not None:
            del self._closing[where]
            return
        key = _key(where)
        quiet_at = self._flaps.quiet_at(key)
        if quiet_at is None and self._flaps.holds(key, now.mono):
            quiet_at = self._flaps.quiet_at(key)  # it opens and closes again and again
        if quiet_at is not None and quiet_at > now.mono:
            self._wait_until(where, quiet_at)
            return
        if quiet_at is not None:
            self._flaps.over(key)
        del self._closing[where]
        self._incidents.door_closed(decision, incident, known.since, now)

    def drop(self, where: Where) -> None:
        """Let go of a door that is no more."""
        self._closing.pop(where, None)

    def _wait_until(self, where: Where, mono: float) -> None:
        self._closing[where] = mono
        self._states.look_at(where, mono)


def _key(where: Where) -> str:
    return " ".join(where)
