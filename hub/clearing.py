"""When a trouble of what happened is over: at a person's word, or when none like it has come for a day. Pure.

One of what is so now ends by itself when it is well, never here.
"""

from __future__ import annotations

from typing import Final

from config.clock import Now
from config.contract import shown
from hub.asking import Answer, ClearTrouble, Refused, TroubleCleared
from hub.decision import Decision
from hub.devices import Devices
from hub.ledger import Ledger
from hub.troubles import happened

QUIET_S: Final = 24 * 3600.0
"""Seconds without another like it after which it is over."""
LOOK_S: Final = 3600.0
"""Seconds between two looks at those."""


class Clearing:
    """Ends troubles of what happened."""

    def __init__(self, ledger: Ledger, devices: Devices, now: Now) -> None:
        self._ledger = ledger
        self._devices = devices
        self._wake(now)

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

    def look(self, decision: Decision, now: Now) -> None:
        """End those of which none has come for a day, and look again in an hour."""
        raised = self._ledger.raised
        for key in list(self._ledger.troubles.open):
            if happened(key) and now.mono - raised.get(key, now.mono) > QUIET_S:
                self._ledger.restore(decision, now, key, for_good=True)
        self._wake(now)

    def _wake(self, now: Now) -> None:
        self._ledger.wake(now.mono + LOOK_S, "flaws", "")
