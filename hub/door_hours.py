"""When doors are to be closed: by the posture and the schedules, at any moment of late. Pure."""

from __future__ import annotations

from typing import Final

import msgspec

from config.clock import Now
from config.door_settings import DoorRule
from hub.decision import Decision
from hub.directory import UNSET_MS
from hub.door_rules import Door, broken, schedules_of
from hub.kept_course import to_mono
from hub.kept_facts import KeptFacts
from hub.ledger import Ledger
from hub.postures import Postures

POSTURES_KEPT: Final = 32
"""Changes of the posture by which a door is judged that was opened before them."""
_HISTORY: Final = "door postures"


class DoorHours:
    """By what a door is judged: what holds now, and what held when it was opened."""

    def __init__(self, ledger: Ledger, postures: Postures, facts: KeptFacts) -> None:
        self._ledger = ledger
        self._postures = postures
        self._stood = self._stands()
        self._history = facts.read(_HISTORY, list[tuple[int, bool]]) or []
        self._edge: float | None = None

    def is_secure(self) -> bool:
        """Tell whether the school is secure, or in a lockdown; in no drill it is."""
        return self._stands()[0]

    def posture(self) -> str:
        """Return the posture's word where the school is secure now; where it was, that."""
        return self._postures.current.posture if self.is_secure() else "secure"

    def became_secure(self, decision: Decision, now: Now) -> bool:
        """Tell whether the school became secure in this decision, or a lockdown another posture."""
        stands = self._stands()
        if stands == self._stood:
            return False
        was, self._stood = self._stood, stands
        if stands[0] != was[0]:
            self._history = [*self._history[1 - POSTURES_KEPT :], (now.wall, stands[0])]
            self._keep(decision)
        return stands[0]

    def broken(self, door: Door, at: int) -> DoorRule | None:
        """Return the rule that a door broke by being open at a moment; None where it might be."""
        return broken(door, at, secure=self._was_secure(at), is_on=self._is_on)

    def edge(self, now: Now) -> bool:
        """Tell whether after hours begin now: it is asked to be woken then."""
        return self._edge is not None and self._edge <= now.mono

    def wake_at_edge(self, now: Now) -> None:
        """Ask to be woken as the next after hours begin."""
        directory = self._ledger.directory
        at = directory.next_on(schedules_of(directory.doors.values()), now.wall)
        self._edge = None if at is None else to_mono(at, now)
        if self._edge is not None:
            self._ledger.wake(self._edge, "doors", "edge")

    def rewrite(self, decision: Decision, moved_ms: int) -> None:
        """Take what the posture was by a wall clock that has jumped."""
        if self._history:
            self._history = [(since + moved_ms, secure) for since, secure in self._history]
            self._keep(decision)

    def _keep(self, decision: Decision) -> None:
        decision.facts[_HISTORY] = msgspec.json.encode(self._history).decode()

    def _stands(self) -> tuple[bool, bool]:
        current = self._postures.current
        real = not current.drill
        return real and current.posture in ("secure", "lockdown"), real and current.posture == "lockdown"

    def _was_secure(self, at: int) -> bool:
        if not self._history:
            return self._stood[0]
        return next((secure for since, secure in reversed(self._history) if since <= at), False)

    def _is_on(self, schedule: str, at: int) -> bool:
        """Tell whether it is after hours; a clock that was never set says nothing of any hours."""
        return at >= UNSET_MS and self._ledger.directory.is_on(schedule, at)
