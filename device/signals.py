"""All that a room shows, lets feel and sounds: which output is at which level, at which moment. Pure.

A press is shown where it was made: by its button's own lamp, if it has one, else by the room's. A
``duress`` zone shows nothing, anywhere.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Final, Literal

from config.agent_settings import AgentSettings
from config.contract import PANIC_KINDS, Posture
from device import lamp
from device.lamp import PULSES, Lamp, Press, Shown
from device.strobe import Strobe

SILENT_KINDS: Final = frozenset({"duress"})
"""Kinds of press that change nothing in their room."""
ROOM: Final = ""
"""The room's own lamp, among the places of lamps; the others are zones."""
CALL: Final = "*"
"""The place of the room's latest call of any kind, as it is remembered; no zone can be called so."""
RECALLED_IN_S: Final = 30.0
"""How long a start waits to know what was before it. After that what is known holds: a disk that never
answers must not keep a room dark, or its strobe still, for ever. A crash loop knows after a few seconds."""


class Signals:
    """The lamps, motors, sounder and strobe of one room; it reads no clock."""

    def __init__(self, settings: AgentSettings, now: float) -> None:
        self._settings = settings
        buttons = [zone for zone in settings.zones if zone.kind in PANIC_KINDS]
        own = [zone.zone for zone in buttons if zone.lamp_pin is not None]
        self._place = {zone.zone: zone.zone if zone.zone in own else ROOM for zone in buttons}
        self._silent = {zone.zone for zone in buttons if zone.kind in SILENT_KINDS}
        self.lamps = {place: Lamp(is_recalled=False, idle_since=now) for place in (ROOM, *own)}
        self._haptics = [zone.zone for zone in buttons if zone.haptic_pin is not None]
        self._strobe = Strobe(settings.strobe) if settings.strobe is not None else None
        self.call: Press | None = None
        """The room's latest call, until it is resolved: as long as it lasts this is the caller's own room."""
        self._is_recalled = False
        self._recall_until = now + RECALLED_IN_S
        self._hushed_at = float("-inf")
        """When the latest press was that the sounder is silent for."""

    # --- what happens -------------------------------------------------------------------------------

    def pressed(
        self,
        zone: str,
        kind: str,
        event: str,
        now: float,
        *,
        held: bool = False,
        test: bool = False,
        shown_test: bool | None = None,
    ) -> None:
        """A button was pressed, or is held; ``shown_test`` where it is to look like one or not."""
        if not test:
            call = self.call
            self.call = (
                call.held(event, now, kind, zone)
                if held and call is not None and call.takes_held(zone)
                else Press.begun(event, now, zone=zone, kind=kind)
            )
        self._hush(kind, now)
        if kind in SILENT_KINDS:
            return
        place = self._place.get(zone, ROOM)
        was = self.lamps[place]
        self.lamps[place] = (
            was.held(event, now, zone=zone, kind=kind)
            if held
            else was.pressed(
                event, now, zone=zone, kind=kind, test=test if shown_test is None else shown_test
            )
        )
        self._room_pressed()

    def real_after_all(self, zone: str, kind: str, event: str, now: float) -> None:
        """A press that was taken for a test is told again as real, since there was another after it.

        That one is the latest: it keeps the call, and the lamp where both have the same.
        """
        place = self.place(zone)
        was = self.lamps[place]
        if was.press is not None and was.press.zone == zone:
            self.lamps[place] = was.pressed(event, now, zone=zone, kind=kind)
            self._room_pressed()

    def received(self, events: frozenset[str], now: float) -> bool:
        """The hub's receipt came; returns whether it changes what is shown."""
        was = self.call
        if was is not None and was.awaits.keys() & events:
            self.call = was.received(events, now)
        lamps = {place: each.received(events, now) for place, each in self.lamps.items()}
        return self._change(lamps) or self.call is not was

    def told(self, stage: Literal["acknowledged", "resolved"], events: frozenset[str], now: float) -> None:
        """The hub says how far these events have come."""
        if self.call is not None and self.call.ids & events:
            self.call = self.call.told(stage, events, now)
        self._change({place: each.told(stage, events, now) for place, each in self.lamps.items()})

    def restored(
        self, presses: Mapping[str, Press], shown: Posture | None, *, is_whole: bool, now: float
    ) -> None:
        """Take what was before the restart: the latest press of each lamp, and :data:`CALL`; the strobe's
        posture. ``is_whole``: nothing more is to come.
        """
        for place, press in presses.items():
            self._hush(press.kind, press.at)
            if place in self.lamps:
                self.lamps[place] = self.lamps[place].restored(press)
        self._room_pressed()
        if self._strobe is not None and shown is not None:
            self._strobe.restored(shown)
        if self.call is None and CALL in presses:
            self.call = presses[CALL]
            if self._strobe is not None and self._calls():
                self._strobe.called_before()
        self._is_recalled = self._is_recalled or is_whole
        self._recall(now)

    def heard(self, until: float, now: float) -> None:
        """The hub is heard, which counts until ``until``."""
        for place, each in self.lamps.items():
            if each.ready_until != until:
                self.lamps[place] = each.heard(until, now)

    def idle(self, now: float, *, is_faulty: bool, in_walk_test: Container[str]) -> None:
        """What else there is to show while nothing happens: ``in_walk_test`` are zones.

        A walk test is shown by the lamps of the buttons that are tested, and of a duress button by none.
        """
        testing = {
            place for zone, place in self._place.items() if zone in in_walk_test and zone not in self._silent
        }
        for place, each in self.lamps.items():
            self.lamps[place] = each.idle(now, is_faulty=is_faulty, in_walk_test=place in testing)

    def identify(self, until: float, now: float) -> None:
        """Blink, so that the room is found."""
        self.lamps = {place: each.identify(until, now) for place, each in self.lamps.items()}

    def posture(self, posture: Posture, now: float) -> None:
        """Take the site's posture."""
        if self._strobe is not None:
            self._strobe.posture(posture, calls=self._calls() or self.is_waiting(now))

    # --- what follows -------------------------------------------------------------------------------

    def show(self, now: float) -> dict[str, float]:
        """Return the level of every output at ``now``."""
        self._recall(now)
        if self._strobe is not None and not self._calls() and not self.is_waiting(now):
            self._strobe.call_over()
        shown = {place: lamp.show(each, now) for place, each in self.lamps.items()}
        levels = {f"lamp {place}" if place else "lamp": each.light for place, each in shown.items()}
        for zone in self._haptics:
            place = self._place[zone]
            press = self.lamps[place].press
            is_about = press is not None and press.zone == zone
            levels[f"haptic {zone}"] = self._pulse(place, now).light if is_about else 0.0
        if self._settings.sounder is not None:
            kinds = self._settings.sounder.kinds
            # An older press's stages would tell whoever is in the room now that the room has called.
            heard = [
                place
                for place, each in self.lamps.items()
                if each.press and each.press.kind in kinds and each.press.at > self._hushed_at
            ]
            levels["sounder"] = max((self._pulse(place, now).light for place in heard), default=0.0)
        if self._strobe is not None:
            levels["strobe"] = float(self._strobe.is_on)
        return levels

    def next_deadline(self, now: float) -> float | None:
        """Return when a level may change next."""
        due = [lamp.next_deadline(each, now) for each in self.lamps.values()]
        due += [self._pulse(place, now).changes_at for place in self.lamps]
        if self.is_waiting(now):
            due.append(self._recall_until)
        return min((at for at in due if at is not None), default=None)

    def pattern(self, now: float) -> str:
        """Return the name of what the room's own lamp shows."""
        return lamp.show(self.lamps[ROOM], now).pattern.name

    def presses(self) -> dict[str, Press]:
        """Return what is to be remembered: the latest press of each lamp, and the latest call."""
        kept = {place: each.press for place, each in self.lamps.items()} | {CALL: self.call}
        return {place: press for place, press in kept.items() if press is not None}

    def strobe_to_remember(self) -> Posture | None:
        """Return the posture that the strobe shows, once it is known what it showed before the restart."""
        return self._strobe.shown if self._strobe is not None and self._is_recalled else None

    def place(self, zone: str) -> str:
        """Return the place of the lamp that shows a zone's presses."""
        return self._place.get(zone, ROOM)

    def is_waiting(self, now: float) -> bool:
        """Whether it isn't known yet what was before the restart, and is still waited for."""
        return not self._is_recalled and now < self._recall_until

    def _calls(self) -> bool:
        return self.call is not None and self.call.is_open

    def _recall(self, now: float) -> None:
        if not self.is_waiting(now):
            self.lamps = {place: each.recalled(now) for place, each in self.lamps.items()}

    def _room_pressed(self) -> None:
        """Dark is the room, not one lamp of it: each is, until an hour after the last of their presses."""
        presses = [each.press for each in self.lamps.values() if each.press and not each.press.test]
        last = max((press.at for press in presses), default=float("-inf"))
        self.lamps = {place: each.room_pressed(last) for place, each in self.lamps.items()}

    def _hush(self, kind: str, at: float) -> None:
        """Let the sounder tell of nothing earlier; a silent press changes nothing, this neither."""
        sounder = self._settings.sounder
        if sounder is not None and kind not in sounder.kinds and kind not in SILENT_KINDS:
            self._hushed_at = max(self._hushed_at, at)

    def _pulse(self, place: str, now: float) -> Shown:
        """Return what a motor or sounder does about a lamp's press; still where there is nothing to tell."""
        shown = lamp.show(self.lamps[place], now)
        pulses = PULSES.get(shown.pattern.name)
        if pulses is None:
            return shown._replace(light=0.0, changes_at=None)
        return lamp.play(pulses, shown.since, now)

    def _change(self, lamps: dict[str, Lamp]) -> bool:
        changed = any(lamps[place] is not each for place, each in self.lamps.items())
        self.lamps = lamps
        return changed
