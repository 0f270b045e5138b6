"""The strobe or relay of a room, which follows the site's posture, and betrays nobody. Pure.

In the caller's own room it stays as it was: neither this room's press nor a posture that a plan set
by itself changes it, unless the school wants that. A posture that a person set is followed.
"""

from __future__ import annotations

from config.agent_settings import StrobeSettings
from config.contract import Posture


class Strobe:
    """Whether one room's strobe is on; it reads no clock."""

    def __init__(self, settings: StrobeSettings) -> None:
        self._settings = settings
        self._now: Posture | None = None
        self._shown: Posture | None = None

    def posture(self, posture: Posture, *, calls: bool) -> None:
        """Take the site's posture; ``calls`` while a call of this very room isn't resolved."""
        self._now = posture
        # Who set it is not always known; then it may have been this room's own press.
        if not calls or self._settings.own_room or posture.automatic is False:
            self._shown = posture

    def call_over(self) -> None:
        """This room's call is over: the posture as it is now is shown."""
        self._shown = self._now

    @property
    def is_on(self) -> bool:
        """Whether it is on."""
        shown, settings = self._shown, self._settings
        if shown is None or shown.posture not in settings.postures:
            return False
        return settings.in_drills or not shown.drill
