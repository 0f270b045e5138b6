"""The agent of one room: takes facts, returns what to do. No I/O, no clock, no thread.

``decide(fact, now)`` takes one fact, ``advance(now)`` does what is due; both return actions in the
order in which they are to be done: a press is sent first, then kept, then everything else.
"""

from __future__ import annotations

from collections import deque
from typing import Final, Literal

import msgspec

from config.agent_settings import AgentSettings, ZoneSettings
from config.clock import Now, stamp
from config.contract import (
    EVENT_EXPIRY,
    PANIC_KINDS,
    Command,
    Event,
    HubState,
    MessageError,
    Posture,
    Receipt,
    decode,
    encode,
    read_topic,
)
from device import actions, lamp, press_memory, report, retransmission
from device.actions import Action, Forget, Keep, Light, Publish, Remember, say
from device.age import Moment, age_ms
from device.facts import (
    Answered,
    Contact,
    Fact,
    Heard,
    Kept,
    LinkDown,
    LinkUp,
    OutboxFault,
    OutboxSetAside,
    Restored,
    Surveyed,
)
from device.hearing import Hearing
from device.retransmission import Retransmission
from device.troubles import Troubles
from device.zone import Decided, Zone

HEALTH_S: Final = 15.0
NEWS_S: Final = 1.0
"""A new trouble doesn't wait for the next health, but healths are at least this far apart."""
HEALTH_EXPIRY_S: Final = 30
MOST_OWED: Final = 5000
"""Events the outbox holds before doors are given up; presses and their restorals never are."""
BEHIND_S: Final = 5.0
"""A disk that takes longer than this is a trouble."""
SILENT_KINDS: Final = frozenset({"duress"})
"""Kinds of press that change nothing in their room."""
COMMANDS_KEPT: Final = 256
"""Ids of commands that are remembered, each of which is obeyed once."""


class Agent:
    """All that one room knows and decides."""

    def __init__(self, settings: AgentSettings, *, boot: str, kernel: str, now: Now) -> None:
        """``boot`` names this start of the agent, ``kernel`` the machine's (see :mod:`device.age`)."""
        self.settings = settings
        self.boot = boot
        self.zones = {z.zone: Zone(z.kind, z.circuit, z.settle_ms / 1000) for z in settings.zones}
        self.lamp = lamp.Lamp(ready_since=now.mono)
        self.posture: Posture | None = None
        self.up: set[str] = set()
        self._sessions: set[str] = set()
        """Links whose broker has held a session of ours, ever."""
        self._zone_settings = {z.zone: z for z in settings.zones}
        self._links = tuple(link.name for link in settings.links)
        self._retransmission = Retransmission(self._links)
        self._hearing = Hearing()
        self._kernel = kernel
        self._started = now.mono
        self._seq = 0
        self._order = 0
        self._owed: dict[str, tuple[Event, Moment]] = {}
        self._synced: bool | None = None
        self._light: float | None = None
        self._told = ""
        self._health_n = 0
        self._health_at = now.mono - HEALTH_S
        """When the last health was sent."""
        self._troubles = Troubles()
        self._given_up = 0
        self._obeyed: deque[str] = deque(maxlen=COMMANDS_KEPT)

    # --- the two ways in ------------------------------------------------------------------------

    def decide(self, fact: Fact, now: Now) -> list[Action]:
        """Take one fact; facts come in the order of their stamps."""
        match fact:
            case Contact():
                decided = self.zones[fact.zone].contact(fact.mono, closed=fact.closed, first=fact.first)
                return self._happened(fact.zone, decided, now)
            case LinkUp():
                return self._link_up(fact, now)
            case LinkDown():
                return self._link_down(fact)
            case Heard():
                return self._heard(fact, now)
            case Answered():
                return self._answered(fact)
            case Restored():
                return self._restored(fact, now)
            case OutboxFault(why=why):
                return self._troubles.note("outbox", why)
            case OutboxSetAside():
                why = f"the file was corrupt; kept as {fact.path}, {fact.saved} events saved"
                return self._troubles.note("outbox file", why)
            case Surveyed():
                return self._survey(fact, now)
            case _:
                raise TypeError(f"no rule for {type(fact).__name__}")

    def advance(self, now: Now) -> list[Action]:
        """Do what is due by now: zones settle, copies are sent again, the lamp changes, health is due."""
        done: list[Action] = []
        for name, zone in self.zones.items():
            done += self._happened(name, zone.advance(now.mono), now)
        for link in self._links:
            self._retransmission.beat(link, heard=now.mono < self._hearing.heard_until(link))
        done += self._send_due(now)
        done += self._show(now)
        return done

    def next_deadline(self, now: Now) -> float:
        """Return when :meth:`advance` is to be called next, if no fact comes before."""
        due = [zone.next_deadline() for zone in self.zones.values()]
        due += [self._retransmission.next_deadline(), lamp.next_deadline(self.lamp, now.mono)]
        return min((at for at in due if at is not None), default=now.mono + HEALTH_S)

    def settles_at(self) -> float | None:
        """Return when every contact that has just moved will have come to rest."""
        due = [zone.settles_at() for zone in self.zones.values()]
        return max((at for at in due if at is not None), default=None)

    def survey_due_at(self) -> float:
        """Return when the shell is to survey the machine, which brings the next health."""
        return self._health_at + (NEWS_S if self._troubles.news else HEALTH_S)

    # --- events ---------------------------------------------------------------------------------

    def _happened(self, zone: str, decided: list[Decided], now: Now) -> list[Action]:
        done: list[Action] = []
        for each in decided:
            done += self._emit(self._zone_settings[zone], each, now)
        if decided:
            done += self._publish_state()
        return done

    def _emit(self, zone: ZoneSettings, decided: Decided, now: Now) -> list[Action]:
        self._seq += 1
        event = Event(
            v=1,
            id=f"{self.boot}-{self._seq}",
            boot=self.boot,
            seq=self._seq,
            zone=zone.zone,
            label=zone.label,
            kind=zone.kind,
            what=decided.what,
            age_ms=0,
            room=self.settings.room,
            held=True if decided.held else None,
            test=False,
        )
        elapsed = now.mono - decided.at
        happened = Moment(self._kernel, decided.at, now.wall - round(elapsed * 1000), self._synced)
        self._owe(event, happened)
        done = self._send_due(now)
        if event.what == "alarm":
            done += [actions.Hurry(link) for link in self._links if link not in self.up]
        done.append(Keep(Kept(id=event.id, body=encode(event), happened=happened)))
        done.append(Remember(f"zone {zone.zone}", self.zones[zone.zone].condition))
        if _presses(event):
            self.lamp = (
                self.lamp.held(event.id, now.mono) if decided.held else self.lamp.pressed(event.id, now.mono)
            )
            done += self._remember_press(now)
        fields = {"zone": zone.zone, "kind": zone.kind, "what": event.what, "held": decided.held or None}
        done.append(say("info", "event decided", event_id=event.id, seq=event.seq, **fields))
        return done + self._make_room() + self._show(now)

    def _owe(self, event: Event, happened: Moment) -> None:
        self._order += 1
        self._owed[event.id] = (event, happened)
        self._retransmission.owe(event.id, urgent=event.what == "alarm", order=self._order)

    def _make_room(self) -> list[Action]:
        """Give up the oldest events of doors once too much is owed."""
        if len(self._owed) <= MOST_OWED:
            return []
        spare = next((e for e, _ in self._owed.values() if e.kind not in PANIC_KINDS), None)
        if spare is None:
            return []
        self._given_up += 1
        why = f"full: {self._given_up} events of doors given up, last {spare.id}"
        return [*self._settle(spare.id), *self._troubles.note("outbox full", why)]

    def _settle(self, event: str) -> list[Action]:
        self._owed.pop(event, None)
        return [Forget(event)] if self._retransmission.settle(event) else []

    def _send_due(self, now: Now) -> list[Action]:
        done: list[Action] = []
        for want in self._retransmission.due(now.mono):
            if isinstance(want, retransmission.Renew):
                done.append(actions.Renew(want.link))
                done.append(say("warning", "no answer to a press: new connection", link=want.link))
                continue
            event, happened = self._owed[want.event]
            age = age_ms(happened, self._moment(now))
            at = stamp(now.wall - age) if self._synced else None
            copy = msgspec.structs.replace(event, age_ms=age, at=at)
            done.append(Publish(want.link, "event", encode(copy), event=event.id, expiry_s=EVENT_EXPIRY))
            level: Literal["debug", "info"] = "debug" if want.why == "first" else "info"
            done.append(say(level, "event sent", event_id=event.id, link=want.link, why=want.why, age_ms=age))
        return done

    def _moment(self, now: Now) -> Moment:
        return Moment(self._kernel, now.mono, now.wall, self._synced)

    # --- links ----------------------------------------------------------------------------------

    def _link_up(self, fact: LinkUp, now: Now) -> list[Action]:
        lost = not fact.session_present and fact.link in self._sessions
        known = fact.link in self._sessions
        self.up.add(fact.link)
        self._sessions.add(fact.link)
        self._retransmission.link_up(fact.link, session_present=fact.session_present)
        done = self._send_due(now)
        done += self._troubles.note(f"link {fact.link}", None)
        done += self._publish_state((fact.link,))
        done += self._publish_health((fact.link,), now)
        done.append(say("info", "link up", link=fact.link, session_present=fact.session_present))
        if not known:
            done.append(Remember(f"session {fact.link}", "made"))
        if lost:
            done += self._troubles.once(f"link {fact.link}", "the broker lost our session")
        return done

    def _link_down(self, fact: LinkDown) -> list[Action]:
        self.up.discard(fact.link)
        self._retransmission.link_down(fact.link)
        self._hearing.link_down(fact.link)
        return self._troubles.note(f"link {fact.link}", fact.reason)

    def _answered(self, fact: Answered) -> list[Action]:
        if fact.event is not None:
            self._retransmission.answered(fact.link, fact.event, refused=fact.refused is not None)
        why = None if fact.refused is None else f"the broker refused it: {fact.refused}"
        return self._troubles.note(f"publishing {fact.what} over {fact.link}", why)

    def _heard(self, fact: Heard, now: Now) -> list[Action]:
        topic = read_topic(fact.topic)
        try:
            if topic is None:
                self._take_posture(decode(Posture, fact.payload))
                return []
            match topic.what:
                case "hub-state":
                    return self._beat(fact, topic.party, decode(HubState, fact.payload), now)
                case "receipt":
                    return self._receipt(decode(Receipt, fact.payload), now)
                case "command" if not fact.retained:
                    return self._command(decode(Command, fact.payload), now)
                case _:
                    return []
        except MessageError as error:
            return self._troubles.once("unreadable message", f"{fact.topic}: {error}")

    def _take_posture(self, posture: Posture) -> None:
        if self.posture is None or posture.n > self.posture.n:
            self.posture = posture

    def _beat(self, fact: Heard, hub: str, state: HubState, now: Now) -> list[Action]:
        if fact.retained:
            return []  # what was last known isn't heard
        self._retransmission.beat(  # a silence that this beat ends was a silence
            fact.link, heard=now.mono < self._hearing.heard_until(fact.link)
        )
        self._hearing.beat(fact.link, hub, state, now.mono)
        self._retransmission.beat(fact.link, heard=now.mono < self._hearing.heard_until(fact.link))
        return []

    def _receipt(self, receipt: Receipt, now: Now) -> list[Action]:
        done: list[Action] = []
        ids = frozenset(receipt.ids)
        was = self.lamp
        self.lamp = self.lamp.received(ids, now.mono)
        for event in receipt.ids:
            if event in self._owed:
                took = age_ms(self._owed[event][1], self._moment(now))
                done += self._settle(event)
                done.append(say("info", "event received by the hub", event_id=event, after_ms=took))
        return self._show(now) + done + (self._remember_press(now) if self.lamp is not was else [])

    def _command(self, command: Command, now: Now) -> list[Action]:
        if command.id in self._obeyed:
            return []
        self._obeyed.append(command.id)
        said = say("info", "command", command=command.id, do=command.do, lamp=command.lamp)
        if command.do == "identify":
            self.lamp = self.lamp.identify(now.mono + (command.for_s or 10.0), now.mono)
        elif command.do == "lamp" and command.lamp is not None:
            self.lamp = self.lamp.told(command.lamp, frozenset(command.events or ()), now.mono)
            return [*self._show(now), *self._remember_press(now), said]
        else:
            said = say("warning", "command not obeyed: not known here", command=command.id, do=command.do)
        return [*self._show(now), said]

    # --- what was before the restart ----------------------------------------------------------------

    def _restored(self, fact: Restored, now: Now) -> list[Action]:
        for name, zone in self.zones.items():
            if fact.memory.get(f"zone {name}") == "active":
                zone.remember("active")
        self._sessions |= {link for link in self._links if f"session {link}" in fact.memory}
        done: list[Action] = []
        presses: list[tuple[str, Moment]] = []
        for kept in fact.events:
            if kept.id in self._owed:
                continue
            try:
                event = decode(Event, kept.body)
            except MessageError as error:
                done += self._troubles.once("outbox", f"event {kept.id} can't be read: {error}")
                continue
            self._owe(event, kept.happened)
            if _presses(event):
                presses.append((event.id, kept.happened))
        press = press_memory.latest(fact.memory.get(press_memory.KEY), presses, self._owed, self._moment(now))
        if press is not None:
            self.lamp = self.lamp.restored(press)
        done.append(say("info", "outbox read", owed=len(fact.events)))
        return self._send_due(now) + done + self._show(now)

    def _remember_press(self, now: Now) -> list[Action]:
        press = self.lamp.press
        return [] if press is None else [press_memory.remember(press, self._moment(now))]

    # --- lamp, state, health --------------------------------------------------------------------------

    def _show(self, now: Now) -> list[Action]:
        until = self._hearing.ready_until()
        if until != self.lamp.ready_until:
            self.lamp = self.lamp.heard(until, now.mono)
        shown = lamp.show(self.lamp, now.mono)
        done: list[Action] = []
        if shown.light != self._light:
            self._light = shown.light
            done.append(Light(shown.light))
        if shown.pattern.name != self._told:
            self._told = shown.pattern.name
            done.append(say("info", "lamp", shows=shown.pattern.name))
        return done

    def _publish_state(self, links: tuple[str, ...] | None = None) -> list[Action]:
        payload = encode(report.state(self.settings, self.boot, self.zones))
        return [
            Publish(link, "state", payload, retain=True) for link in links or self._links if link in self.up
        ]

    def _survey(self, fact: Surveyed, now: Now) -> list[Action]:
        self._synced = fact.clock_synced
        slow = fact.outbox_behind_s > BEHIND_S
        why = f"the disk has not answered for {fact.outbox_behind_s:.0f} s" if slow else None
        said = self._troubles.note("disk", why)
        self._health_at, self._troubles.news = now.mono, False
        return said + self._publish_health(self._links, now)

    def _publish_health(self, links: tuple[str, ...], now: Now) -> list[Action]:
        self._health_n += 1
        ages = [age_ms(happened, self._moment(now)) for _, happened in self._owed.values()]
        health = report.health(
            self.boot,
            self._health_n,
            uptime_s=now.mono - self._started,
            ages_ms=ages,
            synced=self._synced,
            troubles=self._troubles,
        )
        payload = encode(health)
        return [
            Publish(link, "health", payload, qos=0, expiry_s=HEALTH_EXPIRY_S)
            for link in links
            if link in self.up
        ]

    def fault(self, what: str, why: str | None) -> list[Action]:
        """Take a trouble that the shell found itself, or its end (None)."""
        return self._troubles.note(what, why)

    @property
    def owed(self) -> int:
        """How many events wait for their receipt."""
        return len(self._owed)


def _presses(event: Event) -> bool:
    """Tell whether this event is a press that its room may see."""
    return event.what == "alarm" and event.kind not in SILENT_KINDS
