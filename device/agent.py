"""The agent of one room: takes facts, returns what to do. No I/O, no clock, no thread.

``decide(fact, now)`` takes one fact, ``advance(now)`` does what is due; both return actions in the
order in which they are to be done: a press is sent first, then kept, then everything else.
"""

from __future__ import annotations

from collections import deque
from typing import Final, Literal

from config.agent_settings import AgentSettings
from config.clock import Now
from config.contract import (
    OBEYED_N,
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
from device import actions, press_memory, walk_memory
from device.actions import Action, Keep, Remember, say
from device.age import Moment, age_ms
from device.display import Display
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
    OutboxTakenBack,
    Restored,
    Surveyed,
    Unreadable,
)
from device.health_words import HealthWords
from device.hearing import Hearing
from device.owed import MOST_OWED, Owed
from device.report import Reports
from device.restoring import restore
from device.signals import SILENT_KINDS, Signals
from device.upkeep import HEALTH_S, Upkeep
from device.walk_test import WalkTest
from device.walking import Walking
from device.zone import ONLY_TESTED, Decided, Zone

IDENTIFY_S: Final = 10.0
"""How long a room blinks that is looked for, if the command doesn't say."""
COMMANDS_KEPT: Final = 256
"""Ids of commands that are remembered, each of which is obeyed once."""


Shown = Literal["press", "test", "again", "nothing"]
"""What the room sees of an alarm; ``again``: one that was shown as a test is real after all."""


class Agent:
    """All that one room knows and decides."""

    def __init__(
        self,
        settings: AgentSettings,
        *,
        boot: str,
        kernel: str,
        now: Now,
        words: HealthWords | None = None,
        restarts: int | None = None,
        machine: str | None = None,
    ) -> None:
        """``boot`` names this start of the agent, ``kernel`` the machine's (see :mod:`device.age`).

        ``machine`` names the machine itself, so that a replaced one is known.
        """
        self.settings = settings
        self.boot = boot
        self.zones = {z.zone: Zone(z) for z in settings.zones}
        self.signals = Signals(settings, now.mono)
        self._walking = Walking(boot)
        self._display = Display(self.signals)
        self.posture: Posture | None = None
        self.up: set[str] = set()
        self._sessions: set[str] = set()
        """Links whose broker has held a session of ours, ever."""
        self._links = tuple(link.name for link in settings.links)
        self._owed = Owed(self._links)
        self._hearing = Hearing()
        self._kernel = kernel
        self._reports = Reports(settings, boot, now.mono, restarts, machine)
        self._seq = 0
        self._upkeep = Upkeep(words or HealthWords(settings.ups), now.mono)
        self._troubles = self._upkeep.troubles
        self._obeyed: deque[str] = deque(maxlen=COMMANDS_KEPT)

    @property
    def walk_test(self) -> WalkTest:
        """Which zones are in a walk test."""
        return self._walking.real

    # --- the two ways in ------------------------------------------------------------------------

    def decide(self, fact: Fact, now: Now) -> list[Action]:
        """Take one fact; facts come in the order of their stamps."""
        match fact:
            case Contact():
                decided = self.zones[fact.zone].contact(fact.mono, fact.reading, fact.how)
                return self._happened(fact.zone, decided, now)
            case Unreadable():
                decided = self.zones[fact.zone].unreadable(fact.mono)
                said = [say("warning", "zone can't be read", zone=fact.zone, why=fact.why)] if decided else []
                return self._happened(fact.zone, decided, now) + said
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
                return self._upkeep.outbox_set_aside(fact)
            case OutboxTakenBack():
                return self._upkeep.outbox_taken_back()
            case Surveyed():
                return self._survey(fact, now)
            case _:
                raise TypeError(f"no rule for {type(fact).__name__}")

    def advance(self, now: Now) -> list[Action]:
        """Do what is due by now: zones settle, copies are sent again, lamps change, health is due."""
        done: list[Action] = []
        for name, zone in self.zones.items():
            done += self._happened(name, zone.advance(now.mono), now) + self._upkeep.lost_moves(name, zone)
        if self._walking.advance(now.mono):
            done += self._publish_state()
        for link in self._links:
            self._owed.retransmission.beat(link, heard=now.mono < self._hearing.heard_until(link))
        done += self._owed.send_due(self._moment(now))
        done += self._show(now)
        return done

    def next_deadline(self, now: Now) -> float:
        """Return when :meth:`advance` is to be called next, if no fact comes before."""
        due = [zone.next_deadline() for zone in self.zones.values()]
        due += [self._owed.retransmission.next_deadline(), self.signals.next_deadline(now.mono)]
        due.append(self._walking.next_deadline())
        return min((at for at in due if at is not None), default=now.mono + HEALTH_S)

    def settles_at(self) -> float | None:
        """Return when every contact that has just moved will have come to rest."""
        due = [zone.settles_at() for zone in self.zones.values()]
        return max((at for at in due if at is not None), default=None)

    def survey_due_at(self) -> float:
        """Return when the shell is to survey the machine, which brings the next health."""
        return self._upkeep.survey_due_at()

    # --- events ---------------------------------------------------------------------------------

    def _happened(self, zone: str, decided: list[Decided], now: Now) -> list[Action]:
        done: list[Action] = []
        for each in decided:
            done += self._judge(zone, each, now)
        if decided:
            done += self._publish_state()
            done += self._make_room()
        return done

    def _make_room(self) -> list[Action]:
        done = self._owed.make_room()
        if done:
            done += self._troubles.note("outbox full", "events were given up, doors first; alarms never are")
        return done

    def _judge(self, zone: str, decided: Decided, now: Now) -> list[Action]:
        """Tell whether it is part of a walk test, and tell of it."""
        if decided.what == "restoral":
            return self._emit(zone, decided, now, test=self._walking.restored(zone, decided.at))
        if decided.what != "alarm":
            return self._emit(zone, decided, now, test=False)
        judged = self._walking.alarm(self.zones[zone], decided)
        shown: Shown = "test" if judged.looks_like_test else "press"
        done = self._emit(zone, decided, now, test=judged.test, shown=shown)
        again: Shown = "nothing" if self.zones[zone].kind in SILENT_KINDS else "again"
        for name, at in judged.real_after_all:
            other = self.zones[name]
            real = Decided("alarm", at, other.kind, word=other.word)
            done += self._emit(name, real, now, test=False, shown=again)
        return done

    def _emit(
        self,
        zone: str,
        decided: Decided,
        now: Now,
        *,
        test: bool,
        shown: Shown = "press",
    ) -> list[Action]:
        """Tell of it; an alarm is ``shown`` as this, which a silent press may make another than it is."""
        settings = self.zones[zone].settings
        self._seq += 1
        event = Event(
            v=1,
            id=f"{self.boot}-{self._seq}",
            boot=self.boot,
            seq=self._seq,
            zone=zone,
            label=settings.label,
            kind=decided.kind,
            what=decided.what,
            cause=decided.cause,
            age_ms=0,
            room=self.settings.room,
            held=True if decided.held else None,
            test=test,
        )
        elapsed = now.mono - decided.at
        happened = Moment(
            self._kernel, decided.at, now.wall - round(elapsed * 1000), self._upkeep.machine.clock_synced
        )
        self._owed.add(event, happened)
        done = self._owed.send_due(self._moment(now))
        if event.what == "alarm":
            done += [actions.Hurry(link) for link in self._links if link not in self.up]
        kept = Kept(id=event.id, body=encode(event), happened=happened)
        word = decided.word + (f" {ONLY_TESTED}" if self.walk_test.was_test(zone) else "")
        done.append(Keep(kept, Remember(f"zone {zone}", word)))
        if event.what == "alarm":
            if shown == "again":
                self.signals.real_after_all(zone, event.kind, event.id, now.mono)
            elif shown != "nothing":
                is_test = shown == "test"
                self.signals.pressed(
                    zone, event.kind, event.id, now.mono, held=decided.held, test=test, shown_test=is_test
                )
            done += self._show(now) + self._remember_presses(now)
        fields = {
            "zone": zone,
            "kind": event.kind,
            "what": event.what,
            "held": event.held,
            "test": test or None,
        }
        done.append(
            say("info", "event decided", event_id=event.id, seq=event.seq, cause=event.cause, **fields)
        )
        return done

    def _moment(self, now: Now) -> Moment:
        return Moment(self._kernel, now.mono, now.wall, self._upkeep.machine.clock_synced)

    # --- links ----------------------------------------------------------------------------------

    def _link_up(self, fact: LinkUp, now: Now) -> list[Action]:
        lost = not fact.session_present and fact.link in self._sessions
        known = fact.link in self._sessions
        self.up.add(fact.link)
        self._sessions.add(fact.link)
        self._reports.new_connection(fact.link)
        self._owed.retransmission.link_up(fact.link, session_present=fact.session_present)
        done = self._owed.send_due(self._moment(now))
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
        self._owed.retransmission.link_down(fact.link)
        self._hearing.link_down(fact.link)
        return self._troubles.note(f"link {fact.link}", fact.reason)

    def _answered(self, fact: Answered) -> list[Action]:
        if fact.event is not None:
            self._owed.retransmission.answered(fact.link, fact.event, refused=fact.refused is not None)
        why = None if fact.refused is None else f"the broker refused it: {fact.refused}"
        return self._troubles.note(f"publishing {fact.what} over {fact.link}", why)

    def _heard(self, fact: Heard, now: Now) -> list[Action]:
        topic = read_topic(fact.topic)
        try:
            if topic is None:
                return self._take_posture(decode(Posture, fact.payload), now)
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

    def _take_posture(self, posture: Posture, now: Now) -> list[Action]:
        if self.posture is not None and posture.n <= self.posture.n:
            return []
        if posture.n > OBEYED_N:
            return self._troubles.once("unreadable message", f"a posture of number {posture.n}")
        self.posture = posture
        self.signals.posture(posture, now.mono)
        return self._show(now)

    def _beat(self, fact: Heard, hub: str, state: HubState, now: Now) -> list[Action]:
        if fact.retained:
            return []  # what was last known isn't heard
        links = self._owed.retransmission
        # A silence that this beat ends was a silence.
        links.beat(fact.link, heard=now.mono < self._hearing.heard_until(fact.link))
        self._hearing.beat(fact.link, hub, state, now.mono)
        links.beat(fact.link, heard=now.mono < self._hearing.heard_until(fact.link))
        return []

    def _receipt(self, receipt: Receipt, now: Now) -> list[Action]:
        changed = self.signals.received(frozenset(receipt.ids), now.mono)
        done = self._show(now) if changed else []
        for event in receipt.ids:
            happened = self._owed.happened(event)
            if happened is not None:
                took = age_ms(happened, self._moment(now))
                done += self._owed.settle(event)
                done.append(say("info", "event received by the hub", event_id=event, after_ms=took))
        if len(self._owed) < MOST_OWED:
            done += self._troubles.note("outbox full", None)
        return done + (self._remember_presses(now) if changed else [])

    def _command(self, command: Command, now: Now) -> list[Action]:
        if command.id in self._obeyed:
            return []
        self._obeyed.append(command.id)
        said = say("info", "command", command=command.id, do=command.do, lamp=command.lamp)
        if command.do == "identify":
            for_s = IDENTIFY_S if command.for_s is None else command.for_s
            self.signals.identify(now.mono + for_s, now.mono)
        elif command.do == "walk-test" and command.for_s is not None:
            return [*self._walk_test(command, command.for_s, now), said]
        elif command.do == "lamp" and command.lamp is not None:
            self.signals.told(command.lamp, frozenset(command.events or ()), now.mono)
            return [*self._show(now), *self._remember_presses(now), said]
        else:
            said = say(
                "warning", "command not obeyed: it lacks what it needs", command=command.id, do=command.do
            )
        return [*self._show(now), said]

    def _walk_test(self, command: Command, for_s: float, now: Now) -> list[Action]:
        if for_s > 0 and self.signals.is_waiting(now.mono):
            # It may be one that the restart ended, brought again: a press now would be taken for a test.
            return self._troubles.once(
                "walk test", "not begun: the outbox of the last start is still being read"
            )
        zones = command.zones
        buttons = [name for name, zone in self.zones.items() if zone.kind in PANIC_KINDS]
        unknown = sorted(set(zones or ()) - set(buttons))
        if for_s > 0:
            tested = [name for name in buttons if zones is None or name in zones]
            walked = self._walking.begin(command.id, tested, now.mono, now.mono + for_s)
        else:
            walked = self._walking.end(command.id)
        said = self._troubles.once("walk test", f"no such button: {', '.join(unknown)}") if unknown else []
        return [*self._show(now), *self._publish_state(), *said, walked]

    def _end_old_walk_test(self, old: frozenset[str]) -> list[Action]:
        """A restart ends a walk test for good, though a broker may bring its command again."""
        self._obeyed.extend(old.difference(self._obeyed))
        return self._publish_state() if self._walking.end_if_old(old) else []

    # --- what was before the restart ----------------------------------------------------------------

    def _restored(self, fact: Restored, now: Now) -> list[Action]:
        self._sessions |= {link for link in self._links if f"session {link}" in fact.memory}
        decided, unreadable = restore(fact, self.zones, self._owed, self.signals, self._moment(now))
        done: list[Action] = []
        for event, error in unreadable.items():
            done += self._troubles.once("outbox", f"event {event} can't be read: {error}")
        done += self._end_old_walk_test(walk_memory.before(fact.memory, self.boot))
        done.append(say("info", "outbox read", owed=len(fact.events)))
        for zone, each in decided.items():
            done += self._happened(zone, each, now)
        return [
            *self._owed.send_due(self._moment(now)),
            *done,
            *self._make_room(),
            *self._publish_state(),
            *self._show(now),
        ]

    def _remember_presses(self, now: Now) -> list[Action]:
        moment = self._moment(now)
        presses = self.signals.presses()
        return [press_memory.remember(place, press, moment) for place, press in presses.items()]

    # --- lamps, state, health -------------------------------------------------------------------------

    def _show(self, now: Now) -> list[Action]:
        is_faulty = any(_shows_fault(zone) for zone in self.zones.values())
        in_walk_test = [name for name in self.zones if self._walking.shows(name)]
        ready_until = self._hearing.ready_until()
        return self._display.show(now, ready_until, is_faulty=is_faulty, in_walk_test=in_walk_test)

    def _publish_state(self, links: tuple[str, ...] | None = None) -> list[Action]:
        up = [link for link in links or self._links if link in self.up]
        return self._reports.state(self.zones, self.walk_test, up)

    def _survey(self, fact: Surveyed, now: Now) -> list[Action]:
        said = self._upkeep.surveyed(fact, now.mono)
        return said + self._publish_health(self._links, now)

    def _publish_health(self, links: tuple[str, ...], now: Now) -> list[Action]:
        up = [link for link in links if link in self.up]
        ages = self._owed.ages_ms(self._moment(now))
        lost = sum(zone.lost for zone in self.zones.values())
        return self._reports.health(
            up,
            now,
            self._upkeep.machine,
            self._troubles,
            ages_ms=ages,
            given_up=self._owed.given_up,
            lost=lost,
        )

    def fault(self, what: str, why: str | None) -> list[Action]:
        """Take a trouble that the shell found itself, or its end (None)."""
        return self._troubles.note(what, why)

    @property
    def owed(self) -> int:
        """How many events wait for their receipt."""
        return len(self._owed)


def _shows_fault(zone: Zone) -> bool:
    """Whether a button may not work; not where saying so could give away that it was pressed."""
    if zone.kind not in PANIC_KINDS or zone.can_call:
        return False
    return zone.kind not in SILENT_KINDS or not (zone.may_be_pressed or zone.condition == "active")
