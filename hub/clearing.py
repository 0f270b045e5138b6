"""A person's word that a trouble has been seen to: of what happened, never of what is so now. Pure."""

from __future__ import annotations

from config.clock import Now
from config.contract import shown
from hub.asking import Answer, ClearTrouble, Refused, TroubleCleared
from hub.decision import Decision
from hub.devices import Devices
from hub.ledger import Ledger
from hub.troubles import happened


class Clearing:
    """Ends troubles at a person's word."""

    def __init__(self, ledger: Ledger, devices: Devices) -> None:
        self._ledger = ledger
        self._devices = devices

    def take(self, decision: Decision, action: ClearTrouble, now: Now) -> Answer:
        """Clear a trouble, or refuse with the reason: what is so now ends when it is well."""
        trouble = self._ledger.troubles.open.get(action.key)
        if trouble is None:
            return Refused("not-found", f"no trouble {shown(action.key)!r} is open")
        if not happened(action.key):
            why = f"trouble {shown(action.key)!r} is so now: it ends by itself when it is well"
            return Refused("not-in-this-state", why, "so now", ("of something that happened",))
        reason = f"cleared by {action.by}" + (f": {action.note}" if action.note else "")
        detail = {"key": action.key, "by": action.by, "via": action.via, "note": action.note}
        self._ledger.record(decision, now, "trouble-cleared", reason, detail=detail)
        if trouble.what == "seq-gap" and trouble.device is not None:
            self._devices.vitals.forgive(trouble.device, now)
        self._ledger.restore(decision, now, action.key, for_good=True)
        return TroubleCleared(trouble)
