"""The agents of a site: heard, silent, offline. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, TypeVar

import msgspec
from msgspec.structs import replace

from config.clock import Now
from config.contract import Event, Flaw, Health, MessageError, State, decode, shown
from config.topics import is_device_id
from hub.bypass import Bypasses
from hub.decision import Decision
from hub.directory import Directory
from hub.doors import Doors
from hub.incident import Incident
from hub.incidents import Incidents
from hub.inputs import DeviceMessage, EventCame
from hub.kept_course import to_mono
from hub.ledger import Ledger
from hub.paths import Paths
from hub.reckoning import Account
from hub.supervision import Hearing
from hub.view import DeviceView, ZoneView
from hub.vitals import Vitals

_M = TypeVar("_M", State, Health)
LAMP_REPEATED_S: Final = 3600.0
"""A resolved incident's rooms hear of it again at a birth for this long; then their lamps are dark."""
MOST_BYTES: Final = 65_536
"""Bytes of a state or health that are read: far more than any of ours has."""
STRANGERS: Final = 1000
"""Devices not in the settings that are shown; more are counted as a trouble only."""


class Devices:
    """What is known of each device, and how it was last heard."""

    def __init__(
        self,
        ledger: Ledger,
        incidents: Incidents,
        loaded: dict[str, DeviceView],
        doors: Doors,
        bypasses: Bypasses,
        resolved: Sequence[Incident],
        now: Now,
    ) -> None:
        """``resolved`` are those of which rooms may have to hear again, the latest first."""
        self._ledger = ledger
        self.bypasses = bypasses
        self.doors = doors
        self._incidents = incidents
        known = list(ledger.directory.rooms)
        self._hearing = Hearing(known, now.mono)
        self._views: dict[str, DeviceView] = {}
        self._armed: set[str] = set()
        self._paths: dict[str, Paths] = {}
        self._down: dict[int, float] = {}
        """When each broker was lost last: what came before that, and waited, shows nobody as there."""
        self._resolved: dict[str, tuple[Incident, float]] = {}
        for incident in reversed(resolved):
            if incident.resolved is not None:
                self._remember(incident, min(to_mono(incident.resolved.at, now), now.mono))
        self.vitals = Vitals(ledger, {device: view.boot for device, view in loaded.items()}, now)
        for device in known:
            self._views[device] = DeviceView(ledger.directory.place(device), zones=self._expected(device))
        for device, view in loaded.items():
            place = ledger.directory.place(device, view.place.room)
            self._views[device] = replace(view, place=place, standing="not heard yet")
        for device, view in self._views.items():
            ledger.view.devices[device] = view
        for device in known:
            self._arm(device)

    def take(self, decision: Decision, fact: DeviceMessage, now: Now) -> None:
        """Take a state or health message."""
        if not is_device_id(fact.device):
            words = f"a {fact.what} of {shown(fact.device)!r}, which can't be a device's id"
            self._ledger.trouble(decision, now, "flaw device", "flaw-device", words)
            return
        try:
            if fact.what == "state":
                self._state(decision, fact, _read(State, fact.payload), now)
            else:
                self._health(decision, fact, _read(Health, fact.payload), now)
        except MessageError as error:
            key = f"flaw {fact.what} {fact.device}"
            self._ledger.trouble(
                decision, now, key, f"flaw-{fact.what}", shown(str(error), 300), device=fact.device
            )

    def is_birth(self, fact: DeviceMessage) -> bool:
        """Tell whether a state comes from a device that was not heard over this broker yet."""
        if fact.what != "state" or fact.retained:
            return False
        view = self._views.get(fact.device)
        paths = self._paths.get(fact.device)
        return view is None or view.standing != "heard" or paths is None or fact.broker not in paths.present

    def view(self, device: str) -> DeviceView | None:
        """Return what is known of a device."""
        return self._views.get(device)

    def silences(self, fact: EventCame, account: Account, now: Now) -> str | None:
        """Return why a bypass of its zone silences an alarm; None where it alarms."""
        event = fact.event
        whole = isinstance(event, Event) and self.vitals.is_whole(fact.device, event.boot, event.seq)
        return self.bypasses.silences(fact, account.zone, account.at, now, is_whole=whole)

    def unseen(self, broker: int, now: Now) -> None:
        """The hub hears nothing over this broker any more: no device is known to be present there."""
        self._down[broker] = now.mono
        for paths in self._paths.values():
            paths.present.discard(broker)

    def look(self, decision: Decision, device: str, now: Now) -> None:
        """Say that a device is silent, if it is."""
        self._armed.discard(device)
        if not self._hearing.expects(device):
            return  # the settings have it no more
        since = self._hearing.silent_since(device, now.mono)
        if since is None:
            self._arm(device)
            return
        detail = f"nothing heard for {now.mono - since:.0f} s"
        if device in self._ledger.directory.rooms:
            self._ledger.trouble(decision, now, f"silent {device}", "silent", detail, device=device)
        view = self._views[device]
        if view.standing != "offline":
            self._show(decision, replace(view, standing="silent"))

    def retune(self, decision: Decision, was: Directory, now: Now) -> list[str]:
        """Take the rooms of new settings; returns those that are new or other than they were."""
        rooms = self._ledger.directory.rooms
        for device in was.rooms:
            if device not in rooms:
                self._leave(decision, device)
        changed = [device for device, room in rooms.items() if was.rooms.get(device) != room]
        for device in changed:
            self._settle(decision, device, now)
            if device not in was.rooms:
                self._expect(device, now)
        return changed

    def _leave(self, decision: Decision, device: str) -> None:
        """The settings have a room no more: nothing is expected of it, and what it says is a stranger's."""
        self._hearing.forget(device)
        self.vitals.forget(device)
        view = self._views[device]
        if view.boot is not None:
            place = self._ledger.directory.place(device, view.place.room)
            self._show(decision, replace(view, place=place, standing="not heard yet"))
        else:
            del self._views[device]
            decision.shown.append(lambda: self._ledger.view.drop_device(device))

    def _settle(self, decision: Decision, device: str, now: Now) -> None:
        """Show a room as the settings have it now."""
        place = self._ledger.directory.place(device)
        view = self._views.get(device)
        if view is None or view.boot is None:
            self._show(decision, DeviceView(place, zones=self._expected(device)))
        else:
            view = decision.devices[device] = replace(view, place=place)
            self._show(decision, view)
            self._missing(decision, device, frozenset(zone.zone for zone in view.zones), now)

    def _expect(self, device: str, now: Now) -> None:
        """Begin to supervise a room: like all at a start it has its time to be heard."""
        view = self._views[device]
        self.vitals.expect(device, view.boot)
        if view.standing != "heard":
            self._hearing.heard(device, now.mono)
        self._arm(device)

    def resolved(self, incident: Incident, now: Now) -> None:
        """Remember what a birth in the next hour is to be told."""
        if incident.kind == "door":
            return  # no lamp shows it
        self._remember(incident, now.mono)

    def _remember(self, incident: Incident, mono: float) -> None:
        for room in incident.rooms:
            self._resolved[room.place.device] = (incident, mono)

    def _missing(self, decision: Decision, device: str, told: frozenset[str], now: Now) -> None:
        """A zone that the site file has and the agent doesn't is one that nobody watches."""
        key = f"zones {device}"
        if device not in self._ledger.directory.rooms or not told:
            return
        missing = [zone for zone in self._expected(device) if zone.zone not in told]
        if not missing:
            self._ledger.restore(decision, now, key)
            return
        names = ", ".join(zone.label or zone.zone for zone in missing)
        room = self._ledger.directory.place(device).room
        detail = f"{room}: its agent has no {names}: nobody watches it"
        self._ledger.trouble(decision, now, key, "zones", shown(detail, 300), device=device)

    def _doors_of(self, decision: Decision, view: DeviceView, state: State, now: Now) -> None:
        """Take the doors of a live state: an agent tells of a door that it found as it started."""
        for zone in state.zones:
            stands = {"normal": "closed", "active": "open"}.get(zone.condition)
            if zone.kind == "door" and stands is not None:
                self.doors.found(decision, view, zone.zone, stands, now)

    def _expected(self, device: str) -> tuple[ZoneView, ...]:
        room = self._ledger.directory.rooms[device]
        return tuple(ZoneView(zone.zone, zone.label, zone.kind) for zone in room.zones)

    def _state(self, decision: Decision, fact: DeviceMessage, state: State, now: Now) -> None:
        ledger, device = self._ledger, fact.device
        view = self._view(decision, device, state.room, now)
        if view is None:
            return
        view = replace(view, boot=state.boot)
        if state.online:
            zones = tuple(
                ZoneView(z.zone, z.label, z.kind, shown(z.circuit), shown(z.condition), z.walk_test)
                for z in state.zones
            )
            view = replace(view, version=state.version, zones=zones, machine=state.machine)
        if fact.retained:
            if view.last_heard is None:
                self._show(decision, view)  # last known; it is not heard by it
            return
        paths = self._paths.setdefault(device, Paths())
        if not state.online:
            paths.present.discard(fact.broker)
            if paths.present:  # gone from one broker, heard over another: its health tells of the link
                reason = "its last will, or its farewell, at one broker; it is present at another"
                ledger.record(decision, now, "agent-link-lost", reason, detail={"device": device})
                return
            ledger.record(
                decision, now, "agent-offline", "its last will, or its farewell", detail={"device": device}
            )
            if device in ledger.directory.rooms:
                detail = "the broker says it is gone"
                ledger.trouble(decision, now, f"offline {device}", "offline", detail, device=device)
            view = replace(view, standing="offline")
            decision.devices[device] = view
            self._show(decision, view)
            return
        self._is_there(paths, fact)
        if not paths.takes("state", fact.broker, state.boot, state.n, now.mono):
            return
        is_birth = view.standing != "heard" or self._views[device].boot != state.boot
        self._heard(decision, view, now)
        self.vitals.boot(decision, device, state.boot, now)
        self._missing(decision, device, frozenset(zone.zone for zone in state.zones), now)
        normal = [zone.zone for zone in state.zones if zone.condition == "normal"]
        self.bypasses.read_normal(decision, device, normal, now)
        self._doors_of(decision, view, state, now)
        decision.devices[device] = self._views[device]
        if is_birth:
            ledger.record(
                decision, now, "agent-online", f"boot {shown(state.boot)}", detail={"device": device}
            )
            self._repeat_lamp(decision, device, now)

    def _health(self, decision: Decision, fact: DeviceMessage, health: Health, now: Now) -> None:
        view = self._view(decision, fact.device, None, now)
        if view is None or fact.retained:
            return
        paths = self._paths.setdefault(fact.device, Paths())
        self._is_there(paths, fact)
        if not paths.takes("health", fact.broker, health.boot, health.n, now.mono):
            return
        self._heard(decision, replace(view, boot=health.boot, health=_facts(fact.payload, health)), now)
        self.vitals.health(decision, fact.device, health, now)
        key = f"agent {fact.device}"
        if rest := self.vitals.left_over(fact.device, health.troubles):
            said = shown("; ".join(rest), 500)
            if (known := self._ledger.known(key)) is None or known.detail != said:
                self._ledger.trouble(decision, now, key, "agent-trouble", said, device=fact.device)
        else:
            self._ledger.restore(decision, now, key)

    def _is_there(self, paths: Paths, fact: DeviceMessage) -> None:
        if fact.arrived.mono >= self._down.get(fact.broker, fact.arrived.mono):
            paths.present.add(fact.broker)

    def _heard(self, decision: Decision, view: DeviceView, now: Now) -> None:
        device = view.place.device
        was = self._views[device].standing
        self._hearing.heard(device, now.mono)
        if was != "heard":
            self._arm(device)
            self._ledger.restore(decision, now, f"silent {device}")
            self._ledger.restore(decision, now, f"offline {device}")
        self._show(decision, replace(view, standing="heard", last_heard=now.wall))

    def _view(self, decision: Decision, device: str, room: str | None, now: Now) -> DeviceView | None:
        view = self._views.get(device)
        if view is None and len(self._views) < len(self._ledger.directory.rooms) + STRANGERS:
            place = self._ledger.directory.place(device, None if room is None else shown(room))
            view = self._views[device] = DeviceView(place)
        if view is None:
            words = f"more than {STRANGERS} devices that nobody set up; the latest: {device}"
            self._ledger.trouble(decision, now, "flaw device", "flaw-device", words)
        return view

    def _show(self, decision: Decision, view: DeviceView) -> None:
        self._views[view.place.device] = view
        self._ledger.touched[view.place.device] = None
        decision.shown.append(lambda: self._ledger.view.devices.__setitem__(view.place.device, view))

    def _repeat_lamp(self, decision: Decision, device: str, now: Now) -> None:
        unresolved = self._incidents.of_device(device)
        for incident in unresolved:
            self._incidents.lamp(decision, incident, "acknowledged", device)
        if device in self._resolved:
            ended, at = self._resolved[device]
            # A press of a drill that is over may have become real since: it is in both.
            calls = {press.id for incident in unresolved for press in incident.events}
            is_over = not any(e.id in calls for e in ended.events if e.place.device == device)
            if is_over and now.mono - at < LAMP_REPEATED_S:
                self._incidents.lamp(decision, ended, "resolved", device)

    def _arm(self, device: str) -> None:
        """See to it that one look at this device is to come, and no more than one."""
        if device in self._armed:
            return
        self._armed.add(device)
        self._ledger.wake(self._hearing.deadline(device), "device", device)


def _read(kind: type[_M], payload: bytes) -> _M:
    if len(payload) > MOST_BYTES:
        raise MessageError((Flaw("message", f"{len(payload)} bytes; allowed: {MOST_BYTES}"),))
    return decode(kind, payload)


def _facts(payload: bytes, health: Health) -> dict[str, Any]:
    """Return all that a health tells; where a field that nobody knows can't be read, what is known."""
    try:
        facts: dict[str, Any] = msgspec.json.decode(payload)
    except Exception:  # noqa: BLE001 - msgspec also lets UnicodeDecodeError and RecursionError out
        facts = msgspec.to_builtins(health)
    return facts
