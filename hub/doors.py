"""The doors of a site: open, closed, not known; and what is told of one that should be closed. Pure.

A door is judged by when it was opened, not by when the hub heard of it. What is told of it is an incident
of kind ``door``, in a group of its own; while there is a real lockdown it is a line of the call's
timeline. A closing is told, once it has lasted, and ends nothing: a person does.
"""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from config.clock import Now
from config.contract import shown
from config.door_settings import DOOR_RULES, DoorRule
from hub.decision import Decision
from hub.directory import Directory
from hub.door_hours import DoorHours
from hub.door_rules import Door, Where
from hub.door_telling import DoorTelling, Opening
from hub.door_weeks import SAME_MS, DoorWeeks
from hub.flap import Flaps
from hub.incident import Incident
from hub.incidents import Incidents
from hub.kept_course import to_mono
from hub.kept_facts import KeptFacts
from hub.ledger import Ledger
from hub.notice import age
from hub.postures import Postures
from hub.reckoning import Account
from hub.view import DeviceView, DoorView

SETTLE_S: Final = 5.0
"""Seconds for which a door must be closed before that is told of it."""
LATE_WORDS_MS: Final = 10_000
"""An opening that is heard of this much later isn't held open before its closing had as long to arrive."""
AGAIN_MS: Final = 60_000
"""A door that is opened again within this, while what was told of it stands, is told of no second time."""
START_S: Final = 60.0
"""Seconds after a start in which rooms are heard of: a door that stood open before may be closed by now."""
AT_ONCE: Final = 8
"""Doors that one decision tells of: a thousand must not hold up the next press."""
PAUSE_S: Final = 0.01
"""Seconds between two such decisions, in which a press comes first."""
STRANGE_DOORS: Final = 4096
"""Doors that are known, after which none is taken that the settings don't have."""
STRANGE_OF_DEVICE: Final = 32
"""The same of one device: whatever is decided of it looks at each of its doors."""
DOOR_WAKES: Final = frozenset({"door", "doors", "door-week"})
"""What it asks its site to be woken for."""


class Doors:
    """What each door is, and what is told of it."""

    def __init__(
        self,
        ledger: Ledger,
        incidents: Incidents,
        postures: Postures,
        loaded: list[DoorView],
        facts: KeptFacts,
        now: Now,
    ) -> None:
        self._ledger = ledger
        self._incidents = incidents
        self.weeks = DoorWeeks(ledger, facts, now)
        self._doors: dict[Where, DoorView] = {}
        self._zones: dict[str, dict[str, None]] = {}
        """The doors that each device has told of."""
        self._closing: dict[Where, float] = {}
        """When a closing will have lasted, in monotonic seconds."""
        self._ahead: list[Where] = []
        """Doors whose moment was ahead of the clock at the start: theirs is to be stored anew."""
        self._flaps = Flaps()
        self._to_look_at: dict[Where, str] = {}
        """Doors that stand open and are to be looked at, and what began meanwhile."""
        self._hours = DoorHours(ledger, postures, facts)
        self._telling = DoorTelling(ledger, incidents, facts)
        for door in loaded:
            where = (door.place.device, door.zone)
            if self._is_one_too_many(where) and incidents.of_door(*where) is None:
                continue
            known = replace(door, since=min(door.since, now.wall), unknown="its device is not heard yet")
            if known.since < door.since:
                self._ahead.append(where)
            self._doors[where] = ledger.view.doors[where] = known
            self._zones.setdefault(where[0], {})[where[1]] = None
            if known.due is not None:
                self._wake(where, max(to_mono(known.due, now), now.mono + START_S))
            elif known.state == "closed" and incidents.of_door(*where) is not None:
                self._settle(where, now)
        if loaded:
            ledger.wake(now.mono + START_S, "doors", "start")
        self._hours.wake_at_edge(now)

    def kept(self) -> dict[Where, DoorView]:
        """Return what a start has to store of doors."""
        return {where: self._doors[where] for where in self._ahead}

    # --- what is heard of doors ---

    def told(self, decision: Decision, account: Account, now: Now) -> None:
        """A door contact told of its door, now or long ago, and maybe out of order."""
        where, is_open, at = (account.device, account.zone), account.what == "open", account.at
        opening = Opening(at, f"{account.zone} {account.key}", account.id)
        door, known = self._door(where, account.room, account.label), self._doors.get(where)
        if known is None and self._is_one_too_many(where):
            self._say_many(decision, account.device, now)
            return
        self.weeks.word(decision, door, at, is_open=is_open)
        if not is_open:
            if known is None or (known.state == "open" and at >= known.since):
                self._closed(decision, door, at, now)
            elif known.state == "closed" and at > known.since:  # its opening is yet to be heard of
                self._keep(decision, replace(known, since=at))
        elif known is None or (known.state == "closed" and at >= known.since):
            self._opened(decision, door, opening, now)
        elif known.state == "closed":  # opened and closed: only now it is heard of
            self._judge(decision, door, opening, now)
            self._settle(where, now)
        elif abs(at - known.since) > SAME_MS:  # else its state was told first
            self._opened(decision, door, opening, now)

    def found(self, decision: Decision, view: DeviceView, zone: str, stands: str, now: Now) -> None:
        """Take a door of a live state: an agent tells of one that it found as it started."""
        where = (view.place.device, zone)
        known = self._doors.get(where)
        if known is None and self._is_one_too_many(where):
            self._say_many(decision, view.place.device, now)
            return
        if known is not None and known.state == stands:
            return
        label = next((each.label for each in view.zones if each.zone == zone), None)
        door = self._door(where, view.place.room, label)
        if known is not None or stands == "open":
            self.weeks.found(decision, door, now.wall, is_open=stands == "open")
        if stands == "open":
            self._opened(decision, door, Opening(now.wall, f"{zone} {now.wall}"), now)
        else:
            self._closed(decision, door, now.wall, now)

    def heed(self, decision: Decision, view: DeviceView, now: Now) -> None:
        """See whether the doors of a device are known now: it may be silent, or a wire be cut."""
        device = view.place.device
        zones = self._zones.get(device, ())
        if not zones and not self._ledger.directory.doors_of(device):
            return
        faults = {t.zone: t.detail for t in self._ledger.troubles.of_device(device) if t.zone}
        for where in [(device, zone) for zone in zones]:
            known = self._doors[where]
            why = faults.get(known.zone) if view.standing == "heard" else f"its device is {view.standing}"
            if why != known.unknown:
                self._keep(decision, replace(known, unknown=why))
                if why is not None:
                    self._telling.line(decision, where, f"{_named(known)}: not known now: {why}", now)
        self.weeks.heed(decision, view, faults, zones, now)

    # --- what is due ---

    def follow_up(self, decision: Decision, now: Now) -> None:
        """See whether the posture changed in this decision, and whether an untold door may be told of."""
        if self._hours.became_secure(decision, now):
            self._sweep(f"as the posture became {self._hours.posture()}", now)
        if self._telling.fell_silent_no_more():
            self._sweep("", now)
        if (where := self._telling.tell_untold(decision, now)) is not None:
            known = self._doors.get(where)
            if known is not None and known.state == "closed":
                self._settle(where, now)

    def due(self, decision: Decision, what: str, key: str, now: Now) -> None:
        """Do what was asked for by :data:`DOOR_WAKES`."""
        if what == "door":
            self._look(decision, key, now)
        elif what == "doors":
            self._look_at_all(decision, key, now)
        else:
            self.weeks.look(decision, now)

    def _look(self, decision: Decision, key: str, now: Now) -> None:
        """Look at one door: has it been open for too long, has it stayed closed?"""
        device, _, zone = key.partition(" ")
        where = (device, zone)
        known = self._doors.get(where)
        if known is None:
            return
        if known.state == "closed":
            self._stayed_closed(decision, where, known, now)
        elif known.due is not None and known.due <= now.wall + 1:
            self._keep(decision, replace(known, due=None))
            self._held_open(decision, self._door(where, known.place.room, known.label), known, now)
        elif known.due is not None:
            self._wake(where, max(to_mono(known.due, now), now.mono + 0.001))

    def _look_at_all(self, decision: Decision, key: str, now: Now) -> None:
        """Look at the doors that stand open as the hub has started, or as hours began; a few at a time."""
        if key == "start":
            self._telling.say_untold(decision, now)
            self._sweep("", now)
            for where, door in list(self._doors.items()):
                if where not in self._ledger.directory.doors and door.unknown is not None:
                    self._drop(decision, where)
        elif key == "edge":
            if not self._hours.edge(now):
                return  # it was moved
            self._sweep("as after hours began", now)
            self._hours.wake_at_edge(now)
        for where in list(self._to_look_at)[:AT_ONCE]:
            self._stands_open(decision, where, self._to_look_at.pop(where), now)
        if self._to_look_at:
            self._ledger.wake(now.mono + PAUSE_S, "doors", "more")

    def retune(self, decision: Decision, was: Directory, now: Now) -> None:
        """Take the doors of new settings: what they are called, how long they may stand open, and when.

        ``was`` is what held before: a door that only that had is gone.
        """
        for where in [w for w in self._doors if w in was.doors and w not in self._ledger.directory.doors]:
            self._drop(decision, where)
        for where, known in self._doors.items():
            door = self._door(where, known.place.room, known.label)
            due = None
            if known.state == "open" and door.open_max_ms and (known.due is not None or known.told is None):
                due = known.since + door.open_max_ms
                self._wake(where, max(to_mono(due, now), now.mono))
            after = replace(known, place=door.place, label=door.name, due=due)
            if after != known:
                self._keep(decision, after)
        self.weeks.retune(now)
        self._sweep("", now)
        self._hours.wake_at_edge(now)

    def rewrite(self, decision: Decision, moved_ms: int, now: Now) -> None:
        """Take every moment by a wall clock that has jumped."""
        for where, door in self._doors.items():
            due = None if door.due is None else door.due + moved_ms
            self._doors[where] = replace(door, since=door.since + moved_ms, due=due)
            self._keep(decision, self._doors[where])
        self._hours.rewrite(decision, moved_ms)
        self._telling.rewrite(decision, moved_ms)
        self.weeks.rewrite(decision, moved_ms, now)
        self._sweep("", now)
        self._hours.wake_at_edge(now)

    # --- what it makes of it ---

    def _opened(self, decision: Decision, door: Door, opening: Opening, now: Now) -> None:
        at = opening.at
        due = None
        if door.open_max_ms:
            late = now.wall - at > LATE_WORDS_MS
            due = max(at + door.open_max_ms, now.wall + LATE_WORDS_MS if late else 0)
        self._closing.pop(door.where, None)
        swings = self._flaps.opened(_key(door.where))
        view = DoorView(door.place, door.zone, door.name, "open", at, due, self._unknown(door.where))
        self._keep(decision, view)
        if due is not None:
            self._wake(door.where, to_mono(due, now))
        self._telling.line(decision, door.where, f"{_named(view)}: opened", now, at)
        self._judge(decision, door, opening, now, swings=swings)

    def _closed(self, decision: Decision, door: Door, at: int, now: Now) -> None:
        known = self._doors.get(door.where)
        unknown = self._unknown(door.where)
        view = DoorView(door.place, door.zone, door.name, "closed", at, None, unknown)
        self._keep(decision, view)
        self._to_look_at.pop(door.where, None)
        if known is None:
            return
        if known.due is not None and at - known.since > door.open_max_ms:  # it had ended as it was heard of
            self.weeks.broke(decision, door, "held-open", at)
        self._telling.line(decision, door.where, f"{_named(view)}: closed", now, at)
        self._settle(door.where, now)

    def _judge(
        self, decision: Decision, door: Door, opening: Opening, now: Now, *, swings: bool = False
    ) -> None:
        """Tell of a door that was opened when it is to be closed; one that swings was told of."""
        at = opening.at
        rule = self._hours.broken(door, at)
        if rule is None:
            return
        incident = self._incidents.of_door(*door.where)
        told_of = None if incident is None else incident.events[-1].at
        if told_of is not None and abs(at - told_of) < LATE_WORDS_MS:
            return  # its state and its event tell of one opening
        self.weeks.broke(decision, door, rule, at)
        if incident is not None and (
            _covers(incident, rule, at)
            or (
                incident.closed_at is None
                and _is_as_grave(incident.rule, rule)
                and (swings or incident.state == "open" or at - (told_of or 0) < AGAIN_MS)
            )
        ):
            self._ledger.record(
                decision, now, "door", "opened again", incident=incident.id, detail=_where(door)
            )
            return
        self._tell(decision, door, rule, opening, self._opened_words(rule), now)

    def _opened_words(self, rule: DoorRule) -> str:
        """Say what is told of a door that was opened."""
        if rule == "after-hours":
            return "opened after hours"
        return f"opened in {self._hours.posture()}"

    def _held_open(
        self, decision: Decision, door: Door, known: DoorView, now: Now, *, again: bool = False
    ) -> None:
        if not door.open_max_ms:
            return  # it may be, by the settings of now
        since, due = known.since, now.wall
        if not again:  # else it is counted
            due = min(since + door.open_max_ms, now.wall)
            self.weeks.broke(decision, door, "held-open", due)
        words = f"held open for {age(now.wall - since)}"
        if known.unknown is not None:
            words += f", as last known ({known.unknown})"
        if self._telling.is_line("held-open", door, now):
            self._telling.line(decision, door.where, f"{_named(known)}: {words}", now)
            return
        incident = self._incidents.of_door(*door.where)
        if incident is not None and incident.state == "open" and incident.closed_at is None:
            self._ledger.record(decision, now, "door", words, incident=incident.id, detail=_where(door))
            self._keep(decision, replace(self._doors[door.where], told=known.told or "held-open"))
            return  # it asks for somebody already
        self._tell(decision, door, "held-open", Opening(due, f"{door.zone} held {since}"), words, now)

    def _stands_open(self, decision: Decision, where: Where, began: str, now: Now) -> None:
        """Tell of a door that stands open as hours or a posture begin; after a start, if it wasn't."""
        known = self._doors[where]
        if known.state != "open":
            return
        door = self._door(where, known.place.room, known.label)
        stood = f"{_named(known)}: open for {age(now.wall - known.since)}"
        if began:
            self._telling.line(decision, where, stood, now)
        rule = self._hours.broken(door, now.wall)
        if rule is None and known.due is None and known.told is None and _is_held(known, door, now):
            self._held_open(decision, door, known, now, again=True)  # it was a line of a call that is over
        if rule is None or (not began and known.told is not None and _is_as_grave(known.told, rule)):
            return
        incident = self._incidents.of_door(*where)
        if incident is not None and incident.closed_at is None and _is_as_grave(incident.rule, rule):
            return
        self.weeks.broke(decision, door, rule, now.wall)
        began = began or (f"in {self._hours.posture()}" if rule == "secure" else "after hours")
        words = f"stands open {began}, for {age(now.wall - known.since)} by now"
        self._tell(decision, door, rule, Opening(now.wall, f"{door.zone} {rule} {now.wall}"), words, now)

    def _stayed_closed(self, decision: Decision, where: Where, known: DoorView, now: Now) -> None:
        at, incident = self._closing.get(where), self._incidents.of_door(*where)
        if at is None or at > now.mono:
            return
        if incident is None or incident.closed_at is not None:
            del self._closing[where]
            return
        key = _key(where)
        quiet_at = self._flaps.quiet_at(key)
        if quiet_at is None and self._flaps.holds(key, now.mono):
            quiet_at = self._flaps.quiet_at(key)  # it opens and closes again and again
        if quiet_at is not None and quiet_at > now.mono:
            self._closing[where] = quiet_at
            self._wake(where, quiet_at)
            return
        if quiet_at is not None:
            self._flaps.over(key)
        del self._closing[where]
        self._incidents.door_closed(decision, incident, known.since, now)

    def _tell(
        self, decision: Decision, door: Door, rule: DoorRule, opening: Opening, words: str, now: Now
    ) -> None:
        """Tell of a door, unless it is a line of the call's timeline."""
        if self._telling.is_line(rule, door, now):
            return
        if (known := self._doors.get(door.where)) is not None:
            self._keep(decision, replace(known, told=rule))
        self._telling.tell(decision, door, rule, opening, words, now)

    # --- what it goes by ---

    def _door(self, where: Where, room: str | None, label: str | None) -> Door:
        found = self._ledger.directory.doors.get(where)
        if found is not None:
            return replace(found, name=shown(label)) if label and found.name == found.zone else found
        place = self._ledger.directory.place(where[0], None if room is None else shown(room))
        return Door(place, where[1], shown(label or where[1]))

    def _unknown(self, where: Where) -> str | None:
        known = self._doors.get(where)
        return None if known is None else known.unknown

    def _is_one_too_many(self, where: Where) -> bool:
        """Tell whether a stranger's door is not looked at: what says it is anybody's."""
        ours = self._ledger.directory.doors
        if where in ours:
            return False
        of_device = sum((where[0], zone) not in ours for zone in self._zones.get(where[0], ()))
        return of_device >= STRANGE_OF_DEVICE or len(self._doors) >= STRANGE_DOORS

    def _say_many(self, decision: Decision, device: str, now: Now) -> None:
        key = f"doors-strange {device}"
        if self._ledger.known(key) is None:
            words = "it tells of more doors that the settings don't have than are looked at"
            self._ledger.trouble(decision, now, key, "doors-strange", words, device=device)

    def _sweep(self, began: str, now: Now) -> None:
        """Look at every door that stands open, soon: a few in each decision."""
        for where, door in self._doors.items():
            if door.state == "open":
                self._to_look_at[where] = began or self._to_look_at.get(where, "")
        if self._to_look_at:
            self._ledger.wake(now.mono + PAUSE_S, "doors", "more")

    def _settle(self, where: Where, now: Now) -> None:
        if self._incidents.of_door(*where) is not None:
            self._closing[where] = now.mono + SETTLE_S
            self._wake(where, now.mono + SETTLE_S)

    def _wake(self, where: Where, mono: float) -> None:
        self._ledger.wake(mono, "door", " ".join(where))

    def _drop(self, decision: Decision, where: Where) -> None:
        """Let go of a door that the settings don't have any more, but of what is told of it."""
        if self._incidents.of_door(*where) is not None:
            return
        del self._doors[where]
        del self._zones[where[0]][where[1]]
        self._closing.pop(where, None)
        self._to_look_at.pop(where, None)
        self._telling.drop(decision, where)
        decision.doors[where] = None
        decision.shown.append(lambda: self._ledger.view.drop_door(where))

    def _keep(self, decision: Decision, door: DoorView) -> None:
        where = (door.place.device, door.zone)
        self._doors[where] = door
        self._zones.setdefault(where[0], {})[where[1]] = None
        decision.doors[where] = door
        decision.shown.append(lambda: self._ledger.view.doors.__setitem__(where, door))


def _key(where: Where) -> str:
    return " ".join(where)


def _named(door: DoorView) -> str:
    return f"{door.label or door.zone} ({shown(door.place.room)})"


def _where(door: Door) -> dict[str, str]:
    return {"device": door.place.device, "zone": door.zone}


def _is_held(known: DoorView, door: Door, now: Now) -> bool:
    return bool(door.open_max_ms) and known.since + door.open_max_ms <= now.wall


def _is_as_grave(one: DoorRule | None, other: DoorRule) -> bool:
    return one is not None and DOOR_RULES.index(one) <= DOOR_RULES.index(other)


def _covers(incident: Incident, rule: DoorRule, at: int) -> bool:
    """Tell whether an opening of long ago is one that an incident has told of since."""
    return _is_as_grave(incident.rule, rule) and any(e.at == at for e in incident.events)
