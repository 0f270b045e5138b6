"""The strobe or relay of a room, which follows the site's posture, and betrays nobody. Pure.

In the caller's own room it stays as it was: neither this room's press nor a posture that a plan set
by itself changes it, unless the school wants that. A posture that a person set is followed. A restart
changes nothing of this: until it is known what was before it, this may be the caller's room.
"""

from __future__ import annotations

from config.agent_settings import StrobeSettings
from config.contract import Posture


class Strobe:
    """Whether one room's strobe is on; it reads no clock."""

    def __init__(self, settings: StrobeSettings) -> None:
        self._settings = settings
        self._now: Posture | None = None
        self._before: Posture | None = None
        """What was shown before the restart."""
        self.shown: Posture | None = None
        """The posture that it follows."""

    def posture(self, posture: Posture, *, calls: bool) -> None:
        """Take the site's posture; ``calls`` while a call of this very room isn't resolved, or may be."""
        self._now = posture
        # Who set it is not always known; then it may have been this room's own press.
        if not calls or self._settings.own_room or posture.automatic is False:
            self.shown = posture

    def restored(self, before: Posture) -> None:
        """Take what was shown before the restart; shown again unless a posture has been followed since."""
        self._before = before
        if self.shown is None:
            self.shown = before

    def called_before(self) -> None:
        """This was the caller's room already before the restart: what was followed since is judged again."""
        if self.shown is None or self.shown.automatic is not False:
            self.shown = self._before
        if self._now is not None:
            self.posture(self._now, calls=True)

    def call_over(self) -> None:
        """This room's call is over, or there was none: the posture as it is now is shown."""
        self.shown = self._now or self.shown

    @property
    def is_on(self) -> bool:
        """Whether it is on."""
        shown, settings = self.shown, self._settings
        if shown is None or shown.posture not in settings.postures:
            return False
        return settings.in_drills or not shown.drill
