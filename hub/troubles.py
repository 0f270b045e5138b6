"""The book of troubles: each opens once under its key, counts what recurs, and is restored. Pure."""

from __future__ import annotations

from msgspec.structs import replace

from hub.view import Trouble


class Troubles:
    """The open troubles of a site."""

    def __init__(self, open_ones: list[Trouble]) -> None:
        self.open: dict[str, Trouble] = {trouble.key: trouble for trouble in open_ones}

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
            trouble = replace(known, detail=detail, last=at, count=known.count + 1)
        self.open[key] = trouble
        return trouble, known is None

    def restore(self, key: str, at: int) -> Trouble | None:
        """Close a trouble; None when none is open under this key."""
        trouble = self.open.pop(key, None)
        return None if trouble is None else replace(trouble, restored=at)
