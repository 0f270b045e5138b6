"""The channel of voice calls, by the modem of a channel of texts: a phone rings until a key is pressed."""

from __future__ import annotations

from collections.abc import Mapping

from hub.channels.channel import PATH_PROBE_S, Desk
from hub.channels.modem import Texts
from hub.delivery import Delivery, Outcome


class Calls:
    """Rings people in turn.

    Nothing is spoken: a call from the school's number says that a text is to be read.
    """

    kind = "call"
    at_once = 1
    unasked: tuple[str, ...] = ()
    probe_every_s = PATH_PROBE_S

    def __init__(self, name: str, modem: str, numbers: Mapping[str, str], people: Mapping[str, str]) -> None:
        """``modem`` is the channel whose modem calls; ``numbers`` and ``people`` are as there."""
        self.name = name
        self.targets = tuple(numbers)
        self._modem = modem
        self._numbers = dict(numbers)
        self._people = dict(people)
        self._desk: Desk | None = None

    def begin(self, desk: Desk) -> None:
        """Know where the modem is to be found: another may be in its place, once the settings are others."""
        self._desk = desk

    async def deliver(self, delivery: Delivery) -> Outcome:
        """Ring one person once."""
        modem, name = self._texts(), delivery.target.name
        if name not in self._numbers:
            return Outcome("permanent", f"the settings have no number {name!r} any more")
        if modem is None:
            return Outcome("temporary", f"no channel {self._modem!r} is at work")
        return await modem.ring(delivery, self._numbers[name], self._people[name])

    def break_off(self, delivery: str) -> None:
        """End a call that is no longer wanted."""
        if (modem := self._texts()) is not None:
            modem.break_off(delivery)

    async def probe(self) -> Outcome:
        """Say whether the modem could call now."""
        modem = self._texts()
        return Outcome("temporary", "no modem") if modem is None else await modem.probe()

    async def close(self) -> None:
        """The modem is its own channel's."""

    def _texts(self) -> Texts | None:
        found = None if self._desk is None else self._desk.channel(self._modem)
        return found if isinstance(found, Texts) else None
