"""What becomes of an event over its device's quota: a call that nobody has heard of is one as ever. Pure."""

from __future__ import annotations

from typing import Final

from config.clock import Now
from hub.devices import Devices
from hub.floods import Floods
from hub.incidents import Incidents
from hub.inputs import EventCame
from hub.ledger import Ledger
from hub.reckoning import Account, press_of, who_waits
from hub.walk_tests import WalkTests

OVER_QUOTA: Final = "over its device's quota: no drill has a flood of presses"


class OverQuota:
    """Tells what is only counted."""

    def __init__(
        self, ledger: Ledger, incidents: Incidents, devices: Devices, walk_tests: WalkTests, floods: Floods
    ) -> None:
        self._ledger = ledger
        self._incidents = incidents
        self._devices = devices
        self._walk_tests = walk_tests
        self._floods = floods

    def is_counted(self, fact: EventCame, account: Account, key: str, now: Now, *, is_new: bool) -> bool:
        """Count an event, and return True; False for a call that is to be decided like any other.

        A receipt goes out where the hub has the event, or its room calls already; else it is sent again.
        """
        receipt = None if account.id is None else (who_waits(fact), account.id)
        if not is_new:
            self._floods.count(fact, now, receipt=receipt)
        elif not account.is_alarm:
            self._floods.count(fact, now)
        elif self._is_silent(fact, account, now):
            self._devices.vitals.counted(fact, now)
            self._floods.count(fact, now, receipt=receipt)
        elif (incident := self._incident(fact, account, key)) is not None:
            self._devices.vitals.counted(fact, now)
            self._floods.count(fact, now, receipt=receipt, incident=incident)
        else:
            self._floods.passes(fact.device, now)
            return False
        return True

    def _is_silent(self, fact: EventCame, account: Account, now: Now) -> bool:
        """Tell whether an alarm is part of a walk test, or of a zone whose fault is bypassed."""
        if self._walk_tests.believed(fact, account) is not None:
            return True
        return self._devices.silences(fact, account, now) is not None

    def _incident(self, fact: EventCame, account: Account, key: str) -> str | None:
        """Return the incident that has an alarm already."""
        ledger = self._ledger
        press = press_of(account, ledger.directory, key, fact.arrived.wall, ledger.late_after_ms)
        incident = self._incidents.has_already(press)
        if incident is None and fact.over == "shared":
            incident = self._incidents.of_strangers()
        return None if incident is None else incident.id
