"""What a start does about what could not be read: it says so, keeps its text, is careful. Pure."""

from __future__ import annotations

from config.clock import Now
from config.contract import shown
from hub.decision import Decision
from hub.drill_memory import FACT as DRILLS
from hub.drill_memory import DrillMemory
from hub.epoch import FACT as EPOCH
from hub.epoch import Epoch
from hub.incidents import Incidents
from hub.kept_facts import ASIDE, KeptFacts
from hub.ledger import Ledger
from hub.numbers import UNKNOWN
from hub.postures import FACT as POSTURE
from hub.postures import Postures
from hub.torn import Mended
from hub.transitions import Change


class Unread:
    """The facts that a site goes on without, and the rows of which it has but a part."""

    def __init__(
        self,
        ledger: Ledger,
        facts: KeptFacts,
        postures: Postures,
        drills: DrillMemory,
        incidents: Incidents,
        mended: Mended,
    ) -> None:
        self._ledger = ledger
        self._facts = facts
        self._postures = postures
        self._drills = drills
        self._incidents = incidents
        self._mended = mended

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
        self._settle_torn(decision, now)

    def _settle_torn(self, decision: Decision, now: Now) -> None:
        """Open a trouble for each row that could not be read, once; what is unresolved is told anew."""
        new = [torn for torn in self._mended.torn if not self._facts.is_aside(torn.name, torn.whole)]
        for torn in new:
            words = (
                f"{shown(torn.name)}: its row could not be read; what can be is used, its text is kept aside"
            )
            self._ledger.trouble(decision, now, f"kept {torn.name}", "kept", words)
            decision.facts[f"{ASIDE}{torn.name}"] = torn.whole
        for incident, _ in self._mended.incidents:
            why = "its row could not be read: in doubt nobody has it in hand"
            self._incidents.changed(decision, Change(incident, why), "incident.updated", now, "read-anew", {})
        lost = {torn.columns["incident"] for torn in new if torn.table == "deliveries"}
        for incident_id in sorted(lost & self._mended.untold):
            if (known := self._incidents.get(incident_id)) is not None:
                why = "something that was owed of it could not be read: whoever was told is told again"
                self._incidents.courses.tell_again(decision, known, why, now)
