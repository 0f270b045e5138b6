"""A run of upgrades, what people and rooms ask of it, and what they are answered. Frozen words."""

from __future__ import annotations

from typing import Final, Literal

from msgspec import Struct

Standing = Literal["waits", "turn", "done", "failed"]
STATES: Final[dict[Standing, str]] = {
    "waits": "waits",
    "turn": "is at it",
    "done": "has it",
    "failed": "failed",
}
"""Each in words, after a room's name."""


class RoomUpgrade(Struct, frozen=True):
    """How far one room is."""

    state: Standing = "waits"
    since: int | None = None
    """Since when it is so, in wall ms; None: since the run began."""
    why: str | None = None
    """Why it failed."""
    had: tuple[str, ...] = ()
    """The keys of the troubles that it had when its turn came: none of them is the new program's."""


class UpgradeRun(Struct, frozen=True):
    """One run: every room is to have this release."""

    id: str
    release: str
    """As the index of what the agents' door hands out names it."""
    by: str
    via: str
    begun: int
    row: int
    """Of the record: it says who began it."""
    first: str | None = None
    """The device of the room that goes first; None: the first that asks and is well."""
    rooms: dict[str, RoomUpgrade] = {}
    """By device."""
    ended: int | None = None
    """Wall ms; None: it stands."""
    why: str | None = None
    """Why it ended."""

    @property
    def is_open(self) -> bool:
        """Rooms may ask for it still."""
        return self.ended is None

    def count(self, state: Standing) -> int:
        """Return how many rooms are so."""
        return sum(room.state == state for room in self.rooms.values())


class BeginUpgrade(Struct, frozen=True):
    """A person wants the rooms to have what this hub hands out."""

    release: str
    by: str
    via: str
    device: str | None = None
    """The room that goes first."""


class StopUpgrade(Struct, frozen=True):
    """A person wants no more rooms to be upgraded."""

    by: str
    via: str


class RoomAsks(Struct, frozen=True):
    """A room's Pi asks which release it is to run, and says what came of the last one."""

    device: str
    offers: str | None
    """The release that the door hands out now."""
    failed: str | None = None
    """The release that it went back from since it asked last."""
    why: str | None = None
    """Why it did."""


UpgradeAction = BeginUpgrade | StopUpgrade | RoomAsks
"""What may be asked about upgrades."""


class UpgradeStands(Struct, frozen=True):
    """The answer to a person: the run as it stands, or ended."""

    run: UpgradeRun
    recorded: bool = True
    """As in :class:`hub.asking.Done`."""


class RoomTold(Struct, frozen=True):
    """The answer to a room's Pi."""

    release: str | None
    """Which release it is to have now; None: what it has."""
    why: str | None = None
    """Why it is to wait, or is not well; None where there is nothing to wait for."""
    well: bool = True
    """False: it has a trouble that it hadn't when its turn came."""
    recorded: bool = True


UpgradeAnswer = UpgradeStands | RoomTold
"""What is answered where nothing is refused."""
