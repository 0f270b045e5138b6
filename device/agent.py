"""The agent of one room: takes facts, returns what to do. No I/O, no clock, no thread.

``decide(fact, now)`` takes one fact, ``advance(now)`` does what is due; both return actions in the
order in which they are to be done: a press is sent first, then kept, then everything else.
"""

from __future__ import annotations

from config.agent_settings import AgentSettings
from config.clock import Now
from config.contract import Posture
from device import walk_memory
from device.actions import Action, Remember, say
from device.events import Events
from device.facts import (
    Answered,
    Contact,
    Fact,
    Heard,
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
from device.hub_messages import HubMessages
from device.restoring import restore
from device.room_state import RoomState
from device.upkeep import HEALTH_S
from device.walk_test import WalkTest


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
        room = RoomState(
            settings, boot=boot, kernel=kernel, now=now, words=words, restarts=restarts, machine=machine
        )
        self.settings = settings
        self.boot = boot
        self.zones = room.zones
        self.signals = room.signals
        self.up = room.up
        self._room = room
        self._events = Events(room)
        self._hub = HubMessages(room)
        self._owed = room.owed
        self._walking = room.walking
        self._hearing = room.hearing
        self._upkeep = room.upkeep
        self._troubles = room.troubles
        self._links = room.links
        self._sessions: set[str] = set()
        """Links whose broker has held a session of ours, ever."""

    # --- what is known of it ---------------------------------------------------------------------

    @property
    def posture(self) -> Posture | None:
        """The site's posture, as it was heard last."""
        return self._hub.posture

    @property
    def owed(self) -> int:
        """How many events wait for their receipt."""
        return len(self._owed)

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
                return self._events.happened(fact.zone, decided, now)
            case Unreadable():
                decided = self.zones[fact.zone].unreadable(fact.mono)
                said = [say("warning", "zone can't be read", zone=fact.zone, why=fact.why)] if decided else []
                return self._events.happened(fact.zone, decided, now) + said
            case LinkUp():
                return self._link_up(fact, now)
            case LinkDown():
                return self._link_down(fact)
            case Heard():
                return self._hub.heard(fact, now)
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
            done += self._events.happened(name, zone.advance(now.mono), now)
            done += self._upkeep.lost_moves(name, zone)
        if self._walking.advance(now.mono):
            done += self._room.publish_state()
        for link in self._links:
            self._owed.retransmission.beat(link, heard=now.mono < self._hearing.heard_until(link))
        done += self._owed.send_due(self._room.moment(now))
        done += self._room.show(now)
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

    # --- links ----------------------------------------------------------------------------------

    def _link_up(self, fact: LinkUp, now: Now) -> list[Action]:
        lost = not fact.session_present and fact.link in self._sessions
        known = fact.link in self._sessions
        self.up.add(fact.link)
        self._sessions.add(fact.link)
        self._room.reports.new_connection(fact.link)
        self._owed.retransmission.link_up(fact.link, session_present=fact.session_present)
        done = self._owed.send_due(self._room.moment(now))
        done += self._troubles.note(f"link {fact.link}", None)
        done += self._room.publish_state((fact.link,))
        done += self._room.publish_health((fact.link,), now)
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

    # --- what was before the restart ----------------------------------------------------------------

    def _restored(self, fact: Restored, now: Now) -> list[Action]:
        self._sessions |= {link for link in self._links if f"session {link}" in fact.memory}
        decided, unreadable = restore(fact, self.zones, self._owed, self.signals, self._room.moment(now))
        done: list[Action] = []
        for event, error in unreadable.items():
            done += self._troubles.once("outbox", f"event {event} can't be read: {error}")
        done += self._hub.end_old_walk_test(walk_memory.before(fact.memory, self.boot))
        done.append(say("info", "outbox read", owed=len(fact.events)))
        for zone, each in decided.items():
            done += self._events.happened(zone, each, now)
        return [
            *self._owed.send_due(self._room.moment(now)),
            *done,
            *self._events.make_room(),
            *self._room.publish_state(),
            *self._room.show(now),
        ]

    # --- the machine ---------------------------------------------------------------------------------

    def _survey(self, fact: Surveyed, now: Now) -> list[Action]:
        said = self._upkeep.surveyed(fact, now.mono)
        return said + self._room.publish_health(self._links, now)

    def fault(self, what: str, why: str | None) -> list[Action]:
        """Take a trouble that the shell found itself, or its end (None)."""
        return self._troubles.note(what, why)
