"""The book of troubles: each opens once under its key, counts what recurs, and is restored. Pure."""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from hub.view import Trouble

ONE_TIME: Final = (
    *("flaw ", "hub fault", "quarantine", "broker dropped", "broker session"),
    *("door code", "door certificate", "sign-in", "set off"),
    *("seq-gap ", "clock-jump", "restored", "kept ", "posture far", "doors-strange ", "upgrade "),
)
"""Troubles that happen rather than last: over when none like it has come for a day, or a person clears it."""


def happened(key: str) -> bool:
    """Tell whether a trouble of this key is of something that happened, rather than of what is so now."""
    return key.startswith(ONE_TIME)


class Troubles:
    """The open troubles of a site."""

    def __init__(self, open_ones: list[Trouble]) -> None:
        self.open: dict[str, Trouble] = {}
        self._by_device: dict[str, dict[str, None]] = {}
        for trouble in open_ones:
            self.keep(trouble)

    def keep(self, trouble: Trouble) -> None:
        """Put an open trouble in the place of the one under its key."""
        self.open[trouble.key] = trouble
        if trouble.device is not None:
            self._by_device.setdefault(trouble.device, {})[trouble.key] = None

    def of_device(self, device: str) -> list[Trouble]:
        """Return a device's open troubles."""
        return [self.open[key] for key in self._by_device.get(device, ())]

    def raise_(
        self,
        key: str,
        what: str,
        detail: str,
        at: int,
        device: str | None = None,
        zone: str | None = None,
        cause: str | None = None,
    ) -> tuple[Trouble, bool]:
        """Open a trouble, or count one that is open already; returns it and whether it is new."""
        known = self.open.get(key)
        if known is None:
            trouble = Trouble(key, what, device, zone, detail, since=at, last=at, cause=cause)
        else:
            trouble = replace(known, detail=detail, last=at, count=known.count + 1, well_since=None)
        self.keep(trouble)
        return trouble, known is None

    def restore(self, key: str, at: int) -> Trouble | None:
        """Close a trouble; None when none is open under this key."""
        trouble = self.open.pop(key, None)
        if trouble is None:
            return None
        if trouble.device is not None:
            del self._by_device[trouble.device][key]
            if not self._by_device[trouble.device]:
                del self._by_device[trouble.device]
        return replace(trouble, restored=at, well_since=None)
