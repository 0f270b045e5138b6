"""Whether somebody who is known may do what they ask: asked here alone, for pages and API alike. Pure."""

from __future__ import annotations

from typing import Protocol

from hub.console.needs import WITH_FACTOR, Need, need_of
from hub.console.visit import Visit


class Who(Protocol):
    """A signed-in person, or the bearer of a token."""

    @property
    def factor_at(self) -> int:
        """Wall ms of the newest second factor they have shown; 0: none."""
        ...

    def may(self, right: str) -> bool:
        """Tell whether they have a right."""
        ...


class NotAllowedError(Exception):
    """Somebody who is known asked for what they have no right to."""

    def __init__(self, need: Need) -> None:
        super().__init__(f"this needs the right {need!r}")
        self.need = need


class FromOutsideError(Exception):
    """What needs a fresh second factor from outside the school was asked without one."""

    def __init__(self) -> None:
        super().__init__("from outside the school's network this needs a second factor, shown just now")


def admit(method: str, path: str, who: Who, visit: Visit) -> None:
    """Let somebody do what a route does, or raise :class:`NotAllowedError` or :class:`FromOutsideError`."""
    need = need_of(method, path)
    if need not in ("anyone", "signed-in") and not who.may(need):
        raise NotAllowedError(need)
    if visit.is_outside and (method, path) in WITH_FACTOR:
        age = visit.wall - who.factor_at
        if who.factor_at == 0 or not 0 <= age <= visit.fresh_ms:
            raise FromOutsideError
