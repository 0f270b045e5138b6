"""Whether somebody who is known may do what they ask: asked here alone, for pages and API alike. Pure."""

from __future__ import annotations

from typing import Protocol

from hub.console.needs import Need


class Who(Protocol):
    """A signed-in person, or the bearer of a token."""

    def may(self, right: str) -> bool:
        """Tell whether they have a right."""
        ...


class NotAllowedError(Exception):
    """Somebody who is known asked for what they have no right to."""

    def __init__(self, need: Need) -> None:
        super().__init__(f"this needs the right {need!r}")
        self.need = need


def admit(need: Need, who: Who) -> None:
    """Let somebody do what needs this, or raise :class:`NotAllowedError`."""
    if need not in ("anyone", "signed-in") and not who.may(need):
        raise NotAllowedError(need)
