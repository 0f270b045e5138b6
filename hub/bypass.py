"""Bypasses: a zone's faults silenced by a named person, with a reason and an end. Pure.

A bypass silences what is told of the zone's faults, and an alarm of a contact that was stuck, or in
doubt, when it was set and has not read normal since. It never silences a press: in any doubt of the
order of things, or of what the zone read, an alarm alarms.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec
from msgspec.structs import replace

from config.clock import Now, stamp
from config.contract import Event
from hub.causes import doubt
from hub.decision import Decision
from hub.drill import WAITED_UNSURE_S
from hub.inputs import EventCame
from hub.kept_course import to_mono, to_wall
from hub.kept_facts import KeptFacts
from hub.ledger import Ledger
from hub.record_chain import FORGOTTEN, Gone
from hub.view import Bypass, Trouble

LONGEST_H: Final = 24.0
"""Hours that a bypass may last: a button that is out for longer needs mending, and a person again."""
FACT: Final = "bypass "
"""How the facts begin that keep bypasses, one for each device."""

_Where = tuple[str, str]


class Bypasses:
    """The zones of a site that are bypassed."""

    def __init__(self, ledger: Ledger, facts: KeptFacts, now: Now) -> None:
        self._ledger = ledger
        self._now: dict[_Where, Bypass] = {}
        self._since: dict[_Where, float] = {}
        """When each was set, and when it ends, in monotonic seconds: no clock that is set moves a press."""
        self._due: dict[_Where, float] = {}
        for _, kept in facts.each(FACT, list[Bypass]):
            for bypass in kept:
                # What the zone has read since the last stop isn't known: in doubt a press alarms.
                self._keep(replace(bypass, press_alarms=True), now)
        ledger.view.bypasses.update(self._now)

    def of(self, device: str, zone: str | None) -> Bypass | None:
        """Return a zone's bypass."""
        return None if zone is None else self._now.get((device, zone))

    @property
    def zones(self) -> tuple[_Where, ...]:
        """Which zones are bypassed."""
        return tuple(self._now)

    def is_silent(self, trouble: Trouble) -> bool:
        """Tell whether a trouble is a fault of a zone that is bypassed."""
        if trouble.device is None or trouble.what not in ("tamper", "trouble"):
            return False
        return self.of(trouble.device, trouble.zone) is not None

    def set(self, decision: Decision, bypass: Bypass, now: Now) -> None:
        """Bypass a zone, in the place of any bypass that it has."""
        self._keep(bypass, now)
        words = f"{bypass.by} bypassed it until {stamp(bypass.until)}: {bypass.reason}"
        detail = {
            "device": bypass.device,
            "zone": bypass.zone,
            "by": bypass.by,
            "via": bypass.via,
            "until": stamp(bypass.until),
            "press_alarms": bypass.press_alarms,
        }
        self._ledger.record(decision, now, "bypassed", words, detail=detail)
        self._write(decision, bypass.device, bypass.zone)

    def end(self, decision: Decision, device: str, zone: str, why: str, now: Now, **who: str) -> None:
        """End a zone's bypass; its faults that are still there are told again."""
        del self._now[device, zone], self._due[device, zone], self._since[device, zone]
        detail = {"device": device, "zone": zone, **who}
        self._ledger.record(decision, now, "bypass-ended", why, detail=detail)
        self._write(decision, device, zone)
        for trouble in self._ledger.troubles.of_device(device):
            if trouble.zone == zone and trouble.what in ("tamper", "trouble"):
                self._ledger.tell_anew(decision, trouble)

    def end_all(self, decision: Decision, why: str, now: Now) -> None:
        """End every bypass, with the reason."""
        for device, zone in list(self._now):
            self.end(decision, device, zone, why, now)

    def look(self, decision: Decision, key: str, now: Now) -> None:
        """End a bypass whose time has come."""
        device, _, zone = key.partition(" ")
        if self._due.get((device, zone), now.mono + 1) <= now.mono:
            self.end(decision, device, zone, "its time is over", now)

    def read_normal(self, decision: Decision, device: str, zones: Iterable[str], now: Now) -> None:
        """Take that zones have read normal: from now on a press of theirs alarms."""
        for zone in zones:
            bypass = self._now.get((device, zone))
            if bypass is not None and not bypass.press_alarms:
                self._now[device, zone] = replace(bypass, press_alarms=True)
                reason = "it has read normal: a press alarms"
                detail = {"device": device, "zone": zone}
                self._ledger.record(decision, now, "bypass-armed", reason, detail=detail)
                self._write(decision, device, zone)

    def silences(self, fact: EventCame, zone: str, at: int, now: Now, *, is_whole: bool) -> str | None:
        """Return why an alarm is silenced; None where it alarms.

        ``at`` is when it happened; ``is_whole`` tells whether all that its agent sent before it has come.
        """
        event = fact.event
        bypass = self.of(fact.device, zone)
        if bypass is None or bypass.press_alarms or not isinstance(event, Event):
            return None
        if self.is_before(fact, zone, at, now) or event.boot != bypass.boot or not is_whole:
            return None  # pressed before it, or it may have been released since
        if not bypass.was_active and doubt(event.cause) is None:
            return None  # a fault of its wires was bypassed, and this is a press for certain
        read = "active" if bypass.was_active else "a fault"
        return f"{bypass.by} bypassed it while it read {read}, and it has not read normal since"

    def is_before(self, fact: EventCame, zone: str, at: int, now: Now) -> bool:
        """Tell whether a press may have been made before its zone was bypassed; without one it was."""
        since = self._since.get((fact.device, zone))
        if since is None:
            return True
        return to_mono(at, now) - (WAITED_UNSURE_S if fact.waited_ms else 0.0) < since

    def forget(self, decision: Decision, gone: Gone, _: Now) -> None:
        """Let go of who bypassed a zone; one that lasts is younger than any time that ends."""
        person = gone.person
        for (device, zone), bypass in list(self._now.items()):
            if person is not None and (person == bypass.by or person in bypass.reason):
                by = FORGOTTEN if person == bypass.by else bypass.by
                reason = FORGOTTEN if person in bypass.reason else bypass.reason
                self._now[device, zone] = replace(bypass, by=by, reason=reason)
                self._write(decision, device, zone)

    def rewrite(self, decision: Decision, _: int, now: Now) -> None:
        """Store every beginning and end anew, after the wall clock jumped."""
        for where, bypass in list(self._now.items()):
            since, until = to_wall(self._since[where], now), to_wall(self._due[where], now)
            self._now[where] = replace(bypass, since=since, until=until)
            self._write(decision, *where)

    def _keep(self, bypass: Bypass, now: Now) -> None:
        where = bypass.device, bypass.zone
        self._now[where] = bypass
        self._since[where] = to_mono(bypass.since, now)
        # A wall clock that went back meanwhile makes none longer than any may be.
        self._due[where] = min(to_mono(bypass.until, now), now.mono + LONGEST_H * 3600)
        self._ledger.wake(self._due[where], "bypass", f"{bypass.device} {bypass.zone}")

    def _write(self, decision: Decision, device: str, zone: str) -> None:
        of_device = [bypass for (name, _), bypass in self._now.items() if name == device]
        decision.facts[f"{FACT}{device}"] = msgspec.json.encode(of_device).decode()
        self._ledger.touched[device] = None
        bypass = self._now.get((device, zone))
        decision.shown.append(lambda: self._ledger.view.show_bypass(device, zone, bypass))
