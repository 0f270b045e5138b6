"""Whether the hub is heard: only its own beat, live and ready, proves a path to it."""

from __future__ import annotations

from typing import Final, NamedTuple

from config.contract import HubState

HEARD_FOR_S: Final = 30.0
"""A beat counts for this long; one comes every 10 s."""


class _Beat(NamedTuple):
    at: float
    reach: bool | None


class Hearing:
    """The last beats of each hub on each link that is up; it reads no clock."""

    def __init__(self) -> None:
        self._beats: dict[tuple[str, str], _Beat] = {}

    def beat(self, link: str, hub: str, state: HubState, now: float) -> None:
        """Take a live beat (a retained copy is none); one that isn't ready ends what its hub proved."""
        if state.online and state.ready:
            self._beats[link, hub] = _Beat(now, state.reach)
        else:
            self._beats.pop((link, hub), None)

    def link_down(self, link: str) -> None:
        """Nothing heard over a link counts once the link is down."""
        for key in [key for key in self._beats if key[0] == link]:
            del self._beats[key]

    def heard_until(self, link: str) -> float:
        """Return until when the hub counts as heard over a link."""
        ends = [beat.at + HEARD_FOR_S for (name, _), beat in self._beats.items() if name == link]
        return max(ends, default=float("-inf"))

    def ready_until(self) -> float:
        """Return until when the lamp may show ready: a hub is heard, and says that it reaches somebody."""
        ends = [beat.at + HEARD_FOR_S for beat in self._beats.values() if beat.reach is not False]
        return max(ends, default=float("-inf"))
