"""A change of the settings while the hub runs: taken whole, between two decisions. Pure.

It comes to what a restart with the new settings would come to, but that nobody is unheard, no plan
begins anew and no connection ends. What a start finds changed it settles in the same way.
"""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from config.clock import Now
from config.hub_settings import HubSettings
from hub.asking import Reloaded
from hub.decision import Decision
from hub.devices import Devices
from hub.directory import Directory
from hub.drill_calendar import DrillCalendar
from hub.incidents import Incidents
from hub.inputs import Reload, ReloadRefused
from hub.ledger import Ledger
from hub.outbound import IMPAIRED, Outbound
from hub.proving import Proving
from hub.shape import ONE_END
from hub.view import ChannelView
from hub.zone_numbers import ZoneNumbers

NOT_TAKEN: Final = "settings"
"""The key of the trouble that settings were read anew and refused."""


class Retuning:
    """Takes new settings in the place of those that a site has."""

    def __init__(
        self,
        ledger: Ledger,
        incidents: Incidents,
        outbound: Outbound,
        devices: Devices,
        proving: Proving,
        drills: DrillCalendar,
        zones: ZoneNumbers,
    ) -> None:
        self._ledger = ledger
        self._incidents = incidents
        self._outbound = outbound
        self._devices = devices
        self._proving = proving
        self._drills = drills
        self._zones = zones

    def take(self, decision: Decision, fact: Reload, now: Now) -> None:
        """Put settings that are right in the place of those that held until now."""
        ledger = self._ledger
        old, was = ledger.settings, ledger.directory
        ledger.settings, ledger.directory = fact.settings, fact.directory
        decision.retuned = fact.retune
        decision.answer = (fact.answer, Reloaded(fact.changes))
        reason = "; ".join(fact.changes) or "nothing has changed"
        ledger.record(decision, now, "settings-reloaded", reason, detail={"settings": fact.hash})
        ledger.numbers.retune(fact.directory.at_once)
        if (reserved := ledger.numbers.reserve()) is not None:
            decision.facts["numbers"] = reserved
        decision.shown.append(lambda: self._show(fact))
        changed = self._devices.retune(decision, was, now)
        self._devices.doors.retune(decision, was, now)
        self.settle(decision, now, was)
        if old.walk_tests != fact.settings.walk_tests:
            self._proving.look_at_all(decision, now)
        else:
            for device in changed:
                self._proving.look(decision, device, now)
        if _drill_rules(old) != _drill_rules(fact.settings):
            self._drills.look(decision, now)

    def refused(self, decision: Decision, fact: ReloadRefused, now: Now) -> None:
        """Go on with the settings that hold, and say so."""
        count = len(fact.faults)
        faults = "1 fault" if count == 1 else f"{count} faults"
        self._ledger.record(
            decision, now, "settings-refused", "; ".join(fact.faults)[:2000], detail={"faults": count}
        )
        words = f"{fact.file} was read anew and not taken: {faults}; the hub goes on with what it had"
        self._ledger.trouble(decision, now, NOT_TAKEN, "settings", words)

    def settle(self, decision: Decision, now: Now, was: Directory | None = None) -> None:
        """End what is of settings that hold no more, and owe anew what was owed to ends that are gone.

        ``was`` is what held before; None at a start, which doesn't know.
        """
        self._restore_gone(decision, now)
        self._zones.settle(decision, now)
        self._ledger.restore(decision, now, NOT_TAKEN, for_good=True)
        self._outbound.rename(decision)
        self._incidents.retune(decision, was, now)
        self._outbound.retune(decision, lambda one: self._incidents.get(one) is not None, now)

    def _restore_gone(self, decision: Decision, now: Now) -> None:
        """Restore the troubles of what the settings have no more: devices, ends of channels, brokers."""
        ledger = self._ledger
        more = {broker.name for broker in ledger.settings.more_brokers}
        for key in list(ledger.troubles.open):
            what, _, rest = key.partition(" ")
            device = ledger.troubles.open[key].device
            gone_device = device is not None and device not in ledger.directory.rooms and what != "flaw"
            channel, _, end = rest.partition(" ")
            gone_channel = what == "channel" and not (
                ledger.directory.has_end(channel, end)
                or (end == ONE_END and channel in ledger.directory.asked)
            )
            gone_broker = what == "broker" and " " in rest and rest.partition(" ")[2] not in more
            gone_channel |= what == IMPAIRED and rest not in ledger.settings.channels
            if gone_device or gone_channel or gone_broker:
                ledger.restore(decision, now, key, for_good=True)

    def _show(self, fact: Reload) -> None:
        view = self._ledger.view
        view.name, view.timezone = fact.settings.name, fact.settings.timezone
        for name in [name for name in view.channels if name not in fact.shapes]:
            del view.channels[name]
        for name, shape in fact.shapes.items():
            known = view.channels.get(name)
            if known is None or known.kind != shape.kind:
                known = ChannelView(name, shape.kind)
            view.channels[name] = replace(known, unasked=shape.unasked)


def _drill_rules(settings: HubSettings) -> tuple[object, ...]:
    return settings.drills, settings.calendar, settings.timezone
