"""The site's posture, numbered so that agents obey the newest. Pure."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from config.clock import Now, stamp
from config.contract import Posture, PostureName


class _Kept(Struct):
    n: int
    posture: PostureName
    drill: bool
    since: str


class KeptPosture:
    """The posture as kept; ``normal`` at a site's first start."""

    def __init__(self, kept: str | None, now: Now) -> None:
        if kept:
            self._now = msgspec.json.decode(kept, type=_Kept)
        else:
            self._now = _Kept(now.wall, "normal", drill=False, since=stamp(now.wall))

    @property
    def name(self) -> PostureName:
        """The posture's word."""
        return self._now.posture

    def message(self) -> Posture:
        """Return the message that agents obey."""
        kept = self._now
        return Posture(v=1, n=kept.n, posture=kept.posture, drill=kept.drill, since=kept.since)

    def kept(self) -> dict[str, str]:
        """Return what to store."""
        return {"posture": msgspec.json.encode(self._now).decode()}
