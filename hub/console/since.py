"""Since when the hub has been ready, or not, as far as this console has seen."""

from __future__ import annotations

from config.clock import Clock


class Since:
    """Remembers when a value last changed under its name."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._seen: dict[str, tuple[object, int]] = {}

    def of(self, name: str, value: object) -> int:
        """Return the wall ms from which ``name`` has had this value without a break."""
        was = self._seen.get(name)
        if was is None or was[0] != value:
            was = self._seen[name] = (value, self._clock.now().wall)
        return was[1]
