"""What a start does without facts that could not be read: it says so, keeps their text, is careful. Pure."""

from __future__ import annotations

from config.clock import Now
from config.contract import shown
from hub.decision import Decision
from hub.drill_memory import FACT as DRILLS
from hub.drill_memory import DrillMemory
from hub.epoch import FACT as EPOCH
from hub.epoch import Epoch
from hub.kept_facts import ASIDE, KeptFacts
from hub.ledger import Ledger
from hub.numbers import UNKNOWN
from hub.postures import FACT as POSTURE
from hub.postures import Postures


class Unread:
    """The facts that a site goes on without."""

    def __init__(self, ledger: Ledger, facts: KeptFacts, postures: Postures, drills: DrillMemory) -> None:
        self._ledger = ledger
        self._facts = facts
        self._postures = postures
        self._drills = drills

    def settle(self, decision: Decision, now: Now) -> None:
        """At a start: open a trouble for each of them, once; without it everything is real."""
        for name, text in self._facts.newly_unread().items():
            words = f"{shown(name)} could not be read, and the hub goes on without; its text is kept aside"
            self._ledger.trouble(decision, now, f"kept {name}", "kept", words)
            decision.facts[f"{ASIDE}{name}"] = text
        unread = self._facts.unread
        if POSTURE in unread:
            why = "it could not be read as the hub started: say which posture holds"
            self._postures.hold_back(decision, why, now)
        if DRILLS in unread:
            # As after a restore: others of which nothing is known may bear the numbers before.
            self._drills.number = max(self._drills.number, self._ledger.numbers.latest + UNKNOWN)
            self._postures.take_drill_off(decision, "the drills could not be read", now)
        if EPOCH in unread:
            decision.facts[EPOCH] = Epoch().kept()
