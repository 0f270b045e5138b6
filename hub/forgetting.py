"""Removing what names or describes people: when its time is over, or at a person's word. Pure.

The row that says so stays in the chain for ever; who asked and why lies beside it, as what was removed did.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from config.clock import Now
from hub.asking import Answer, Forget, Forgotten, Refused
from hub.decision import Decision, Removal
from hub.drill_memory import DrillMemory
from hub.incidents import Incidents
from hub.inputs import RawOver, TimeOver
from hub.ledger import Ledger
from hub.record_chain import Gone
from hub.verify_record import REMOVED

AT_A_WORD: Final = "at a person's word"
"""Why values went whose time was not over."""

Forgets = Callable[[Decision, Gone, Now], object]
"""Takes names out of what a part of the site keeps outside the record."""


class Forgetting:
    """Says what goes, and has every part of the site let go of it."""

    def __init__(
        self, ledger: Ledger, incidents: Incidents, drills: DrillMemory, parts: Sequence[Forgets]
    ) -> None:
        self._ledger = ledger
        self._incidents = incidents
        self._drills = drills
        self._parts = parts

    def time_over(self, decision: Decision, fact: TimeOver, now: Now) -> None:
        """Let go of what is older than its time; what a drill needs still, another day."""
        self._remove(decision, fact.why, Gone(frozenset(fact.values)), now, {})

    def empty_quarantine(self, decision: Decision, fact: RawOver, now: Now) -> None:
        """Let go of what the database refused long ago."""
        self._ledger.record(decision, now, "quarantine-emptied", fact.why, detail={"messages": fact.count})
        decision.raw_over = fact.before

    def take(self, decision: Decision, action: Forget, now: Now) -> Answer:
        """Let go of what a person wants removed; of an unresolved incident nothing goes."""
        incident = None if action.incident is None else self._incidents.get(action.incident)
        if incident is not None:
            why = f"cannot remove the words of incident {incident.number}: {incident.state}; resolve it first"
            return Refused("not-in-this-state", why, incident.state, ("resolved",))
        who = {"by": action.by, "via": action.via, "note": action.note}
        gone = Gone(frozenset(action.values), action.person)
        return self._remove(decision, AT_A_WORD, gone, now, who)

    def _remove(self, decision: Decision, why: str, gone: Gone, now: Now, who: dict[str, str]) -> Forgotten:
        needed = self._drills.needs(gone)
        rows = {drill.row for drill in needed}
        values = tuple(sorted(value for value in gone.values if value[0] not in rows))
        gone = Gone(frozenset(values), gone.person)
        for forget in self._parts:
            forget(decision, gone, now)
        if values or decision.facts:
            refs = [f"{seq}.{field}" for seq, field in values]
            seq = self._ledger.record(decision, now, REMOVED, why, detail={"refs": refs, **who})
            decision.removals.append(Removal(seq, values, gone.person))
        left = [
            f"drill {one.number} ({one.name}) is {one.state}: ask again when it is over" for one in needed
        ]
        return Forgotten(len(values), tuple(left))
