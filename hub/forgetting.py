"""Removing what names or describes people: when its time is over, or at a person's word. Pure.

The row that says so stays in the chain for ever; who asked and why lies beside it, as what was removed did.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from config.clock import Now
from hub.asking import Answer, Forget, Forgotten, Refused
from hub.decision import Decision, Removal
from hub.incidents import Incidents
from hub.inputs import TimeOver
from hub.ledger import Ledger
from hub.verify_record import REMOVED

AT_A_WORD: Final = "at a person's word"
"""Why values went whose time was not over."""

Values = tuple[tuple[int, str], ...]
Forgets = Callable[[Decision, Values, Now], object]
"""Takes names out of what a part of the site keeps outside the record."""


class Forgetting:
    """Says what goes, and has every part of the site let go of it."""

    def __init__(self, ledger: Ledger, incidents: Incidents, parts: Sequence[Forgets]) -> None:
        self._ledger = ledger
        self._incidents = incidents
        self._parts = parts

    def time_over(self, decision: Decision, fact: TimeOver, now: Now) -> None:
        """Let go of what is older than its time."""
        self._remove(decision, fact.why, fact.values, now, {})

    def take(self, decision: Decision, action: Forget, now: Now) -> Answer:
        """Let go of what a person wants removed; of an unresolved incident nothing goes."""
        incident = None if action.incident is None else self._incidents.get(action.incident)
        if incident is not None:
            why = f"cannot remove the words of incident {incident.number}: {incident.state}; resolve it first"
            return Refused("not-in-this-state", why, incident.state, ("resolved",))
        if action.values:
            who = {"by": action.by, "via": action.via, "note": action.note}
            self._remove(decision, AT_A_WORD, action.values, now, who)
        return Forgotten(len(action.values))

    def _remove(self, decision: Decision, why: str, values: Values, now: Now, who: dict[str, str]) -> None:
        refs = [f"{seq}.{field}" for seq, field in values]
        seq = self._ledger.record(decision, now, REMOVED, why, detail={"refs": refs, **who})
        decision.removals.append(Removal(seq, values))
        for forget in self._parts:
            forget(decision, values, now)
