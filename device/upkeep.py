"""What ails a room's agent, its machine and its outbox, as its surveys and its shell find it. Pure."""

from __future__ import annotations

from typing import Final

from device.actions import Action
from device.facts import Machine, OutboxSetAside, Surveyed
from device.health_words import HealthWords
from device.troubles import Troubles
from device.zone import Zone

HEALTH_S: Final = 15.0
"""Between two healths (the contract's)."""
NEWS_S: Final = 1.0
"""A new trouble doesn't wait for the next health, but healths are at least this far apart."""
BEHIND_S: Final = 5.0
"""A disk that takes longer than this is a trouble."""


class Upkeep:
    """The troubles of one agent, and what its machine's survey said last."""

    def __init__(self, words: HealthWords, mono: float) -> None:
        self.troubles = Troubles()
        self.machine = Machine()
        self._words = words
        self._surveyed = mono - HEALTH_S
        self._damaged = False
        """Whether a file of the outbox was damaged in this run."""
        self._lost_moves: dict[str, int] = {}
        """How many each zone had when that was told last."""

    def survey_due_at(self) -> float:
        """Return when the shell is to survey the machine, which brings the next health."""
        return self._surveyed + (NEWS_S if self.troubles.news else HEALTH_S)

    def surveyed(self, fact: Surveyed, mono: float) -> list[Action]:
        """Take a survey; its health is to be published right after."""
        self.machine = fact.machine
        slow = fact.outbox_behind_s > BEHIND_S
        why = f"the disk has not answered for {fact.outbox_behind_s:.0f} s" if slow else None
        said = self.troubles.note("disk", why)
        for what, words in self._words.judge(fact.machine, mono).items():
            said += self.troubles.note(what, words)
        self._surveyed, self.troubles.news = mono, False
        return said

    def lost_moves(self, name: str, zone: Zone) -> list[Action]:
        """Say once that a zone's pins moved without telling."""
        if zone.lost == self._lost_moves.get(name, 0):
            return []
        self._lost_moves[name] = zone.lost
        return self.troubles.once("pins", f"{name}: {zone.lost} moves were found only by reading again")

    def outbox_set_aside(self, fact: OutboxSetAside) -> list[Action]:
        """Take that the outbox begins without what was in its file."""
        if fact.saved is None:
            why = f"set aside as {fact.path} after crashes; it may hold up to {fact.at_most} events"
        else:
            self._damaged = True
            why = f"the file was corrupt; kept as {fact.path}, {fact.saved} events saved"
        return self.troubles.note("outbox file", why)

    def outbox_taken_back(self) -> list[Action]:
        """Take that all of it has been read after all; a damaged file stays a trouble of this run."""
        return [] if self._damaged else self.troubles.note("outbox file", None)
