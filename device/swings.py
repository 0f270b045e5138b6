"""Swinger suppression: doors and faults that change again and again are one trouble, until they rest.

Alarms and their restorals never pass through here.
"""

from __future__ import annotations

from collections import deque
from typing import Final, Literal

SWING_WINDOW_S: Final = 60.0
DOOR_SWINGS: Final = 30
"""Openings and closings in a minute that are told; a class walks through in fewer."""
FAULT_SWINGS: Final = 6
"""Faults and their restorals in a minute that are told."""
SWING_REST_S: Final = 10.0
"""What swung is told again once nothing has changed for this long."""


class Swings:
    """How often one zone has changed of late; it reads no clock."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._told: deque[float] = deque()
        self.chatters = False
        """Whether it changes too often to be told."""

    def change(self, at: float) -> Literal["tell", "begins", "silent"]:
        """Take a change: is it to be told, is it the one too many, or is it silent?"""
        if self.chatters:
            return "silent"
        while self._told and self._told[0] <= at - SWING_WINDOW_S:
            self._told.popleft()
        if len(self._told) >= self._most:
            self.chatters = True
            return "begins"
        self._told.append(at)
        return "tell"

    def rest(self) -> None:
        """It has rested: what changes from now on is told."""
        self.chatters = False
        self._told.clear()
