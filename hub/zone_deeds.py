"""What people do with a zone: bypass it, and end that. Pure."""

from __future__ import annotations

from config.clock import Now
from hub.asking import Answer, Bypassed, BypassZone, Refused, Reply, ZoneAction
from hub.bypass import LONGEST_H, Bypasses
from hub.decision import Decision
from hub.devices import Devices
from hub.ledger import Ledger
from hub.protection import Protection
from hub.view import Bypass, ZoneView


class ZoneDeeds:
    """Takes a person's word on a zone and answers it."""

    def __init__(self, ledger: Ledger, devices: Devices, bypasses: Bypasses, protection: Protection) -> None:
        self._ledger = ledger
        self._devices = devices
        self._bypasses = bypasses
        self._protection = protection

    def take(self, decision: Decision, action: ZoneAction, reply: Reply, now: Now) -> None:
        """Do what was asked, or refuse it with the reason; the answer goes out after the commit."""
        view = self._devices.view(action.device)
        zone = next((z for z in view.zones if z.zone == action.zone), None) if view is not None else None
        answer: Answer
        if view is None:
            answer = Refused("not-found", f"no device {action.device!r}")
        elif zone is None and self._bypasses.of(action.device, action.zone) is None:
            zones = ", ".join(each.zone for each in view.zones) or "none is known"
            detail = f"no zone {action.zone!r} in {action.device}; zones: {zones}"
            answer = Refused("not-found", detail)
        elif isinstance(action, BypassZone):
            answer = self._set(decision, action, zone, now)
        else:
            answer = self._end(decision, action, now)
        decision.answer = (reply, answer)

    def _set(self, decision: Decision, action: BypassZone, zone: ZoneView | None, now: Now) -> Answer:
        if not 0 < action.hours <= LONGEST_H or not action.reason.strip():
            detail = f"cannot bypass {action.zone} of {action.device}: a bypass has a reason, and an end"
            return Refused("not-in-this-state", f"{detail} within {LONGEST_H:.0f} h")
        until = now.wall + round(action.hours * 3_600_000)
        reads = self._reads(action, zone)
        bypass = Bypass(
            action.device,
            action.zone,
            action.by,
            action.via,
            action.reason.strip(),
            now.wall,
            until,
            press_alarms=reads is None,
            was_active=reads == "active",
            boot=self._devices.vitals.boot_of(action.device),
        )
        self._bypasses.set(decision, bypass, now)
        return Bypassed(action.device, action.zone, bypass, self._protection.lifeless(action.device))

    def _end(self, decision: Decision, action: ZoneAction, now: Now) -> Answer:
        if self._bypasses.of(action.device, action.zone) is None:
            detail = f"cannot end the bypass of {action.zone} of {action.device}: it has none"
            return Refused("not-in-this-state", detail, "not-bypassed", ("bypassed",))
        why = f"{action.by} ended it"
        self._bypasses.end(decision, action.device, action.zone, why, now, by=action.by, via=action.via)
        return Bypassed(action.device, action.zone, None, self._protection.lifeless(action.device))

    def _reads(self, action: BypassZone, zone: ZoneView | None) -> str | None:
        """Return what the zone reads that is no rest: ``active``, or ``a fault``; None where it is at rest.

        Only what was heard live counts: of what isn't known, a press alarms.
        """
        view = self._devices.view(action.device)
        faults = [
            trouble
            for trouble in self._ledger.troubles.of_device(action.device)
            if trouble.zone == action.zone and trouble.well_since is None
        ]
        is_live = view is not None and view.standing == "heard"
        condition = zone.condition if zone is not None and is_live else None
        if condition == "active" or any(trouble.cause == "stuck" for trouble in faults):
            return "active"
        if condition not in (None, "normal") or any(trouble.what == "tamper" for trouble in faults):
            return "a fault"
        return None
