"""A room, its links and a hub on one fake clock: time passes from event to event, without a sleep.

The agent is the real one, its shell is replaced: an action is done the moment it is returned, and a power
cut can come between any two of them. The disk keeps what was done before the cut; the broker what it
accepted, unless it dies, too; the hub what it was given.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from config.agent_settings import ZoneSettings
from config.clock import Now
from config.contract import (
    Command,
    Event,
    HubState,
    Receipt,
    decode,
    encode,
)
from config.topics import device_topic, hub_topic
from device import actions
from device.actions import Action, Forget, Keep, Publish, Remember
from device.agent import Agent
from device.circuit import Wiring
from device.facts import (
    Answered,
    Contact,
    Fact,
    Heard,
    Kept,
    LinkDown,
    LinkUp,
    Machine,
    Restored,
    Surveyed,
)
from tests.device.room import WALL, settings

RESTART_S = 8.0
BOOT_S = 5.0
"""What the machine's monotonic clock reads as the agent starts."""
WAKE_S = 1e-6
"""How much later than it asked a process wakes; less would be lost in rounding."""
NET_S = 0.02
BEAT_S = 10.0


@dataclass
class Disk:
    """What an outbox's file holds."""

    events: dict[str, Kept] = field(default_factory=dict)
    memory: dict[str, str] = field(default_factory=dict)

    def do(self, action: Action) -> None:
        match action:
            case Keep(event, word):
                self.events[event.id] = event
                if word is not None:
                    self.memory[word.key] = word.value
            case Forget(id):
                self.events.pop(id, None)
            case Remember(key, value):
                self.memory[key] = value


@dataclass
class Hub:
    """What a hub was given: each event once, and the moment of it as it reckons."""

    events: dict[str, Event] = field(default_factory=dict)
    at: dict[str, float] = field(default_factory=dict)
    arrived: dict[str, float] = field(default_factory=dict)
    up: bool = True

    def take(self, payload: bytes, waited: float, now: float) -> str:
        """Take a copy that lay in the broker for so long."""
        event = decode(Event, payload)
        at = now - waited - event.age_ms / 1000
        self.at[event.id] = min(self.at.get(event.id, at), at)
        self.arrived.setdefault(event.id, now)
        known = self.events.setdefault(event.id, event)
        assert (known.seq, known.zone, known.what, known.kind) == (
            event.seq,
            event.zone,
            event.what,
            event.kind,
        )
        return event.id

    def alarms(self, zone: str | None = None) -> list[Event]:
        """Certain alarms, but for those that say a second time that they are held."""
        return [
            e for e in self.events.values()
            if e.what == "alarm" and not e.held and e.cause is None and zone in (None, e.zone)
        ]  # fmt: skip


class World:
    """Everything, and the clock. What happens is put on the agenda; :meth:`run` lets it happen."""

    def __init__(self, zones: tuple[ZoneSettings, ...], links: tuple[str, ...] = ("one",)) -> None:
        self.now = 1000.0
        self.settings = settings(links=links, zones=zones)
        self.links = links
        self.wiring = {zone.zone: Wiring(zone) for zone in zones}
        self.reads: dict[str, Any] = {zone.zone: "normal" for zone in zones}
        self.disk = Disk()
        self.hub = Hub()
        self.broker_up = dict.fromkeys(links, True)
        self.queued: dict[str, list[tuple[bytes, float]]] = {link: [] for link in links}
        self.agent: Agent | None = None
        self.boots = 0
        self.done = 0
        self.cut_after: int | None = None
        """How many actions are done before the power goes."""
        self.power: list[tuple[float, bool]] = []
        self.kept: set[tuple[str, int]] = set()
        """Boot and ``seq`` of each event that was ever put on the disk."""
        self.read: dict[str, list[tuple[float, Any]]] = {zone.zone: [] for zone in zones}
        """What each circuit read, since when."""
        self._agenda: list[tuple[float, int, Callable[[], None]]] = []
        self._n = 0
        self._booted = 0.0
        self._connections = dict.fromkeys(links, 0)
        self._had_session: set[str] = set()

    # --- what may happen --------------------------------------------------------------------------------

    def at(self, when: float, do: Callable[[], None]) -> None:
        self._n += 1
        heapq.heappush(self._agenda, (when, self._n, do))

    def after(self, seconds: float, do: Callable[[], None]) -> None:
        self.at(self.now + seconds, do)

    def start(self) -> None:
        """Give the agent power."""
        self.boots += 1
        went = self.power[-1][0] if self.power else 0.0  # no machine boots before its power went
        self._booted = max(self.now - BOOT_S, went)
        self.power.append((self.now, True))
        self.agent = Agent(self.settings, boot=f"b{self.boots}", kernel=f"k{self.boots}", now=self._now())
        for zone, reads in self.reads.items():
            self.tell(
                Contact(mono=self.mono, zone=zone, reading=self.wiring[zone].reading(reads), how="first")
            )
        found = Restored(
            mono=self.mono, events=tuple(self.disk.events.values()), memory=dict(self.disk.memory)
        )
        self.after(0.05, self._if_boot(lambda: self.tell(found)))
        for link in self.links:
            self.after(0.1, self._if_boot(lambda link=link: self._connect(link)))

    def cut(self, restart_s: float = RESTART_S) -> None:
        """Take the power away; it comes back."""
        if self.agent is None:
            return
        self.agent = None
        self.power.append((self.now, False))
        self.after(restart_s, self.start)

    def set(self, zone: str, reads: Any) -> None:
        """A zone's circuit reads this from now on."""
        if self.reads[zone] != reads:
            self.reads[zone] = reads
            self.read[zone].append((self.now, reads))
            self.tell(Contact(mono=self.mono, zone=zone, reading=self.wiring[zone].reading(reads)))

    def broker(self, link: str, *, up: bool, keeps: bool = True) -> None:
        """A broker goes or comes; one that doesn't keep has lost its sessions and all it had accepted."""
        self.broker_up[link] = up
        if not up:
            if not keeps:
                self.queued[link].clear()
                self._had_session.discard(link)
            self._disconnect(link)
        else:
            self._deliver(link)
            self._connect(link)

    def command(self, name: str, do: Any, **fields: Any) -> None:
        """The hub asks something of the agent, over every link that is up; it may never come."""
        topic = device_topic("demo", "room-101", "command")
        for link in self.links:
            if self.agent is not None and link in self.agent.up:
                self._say(link, topic, encode(Command(v=1, id=name, do=do, **fields)))

    def hub_up(self, *, up: bool) -> None:
        self.hub.up = up
        if up:
            for link in self.links:
                self._deliver(link)
            self._beat()

    # --- the run ----------------------------------------------------------------------------------------

    def run(self, until: float) -> None:
        """Let time pass, from one thing that happens to the next."""
        while True:
            due = [until]
            if self.agent is not None:
                wanted = (self.agent.next_deadline(self._now()), self.agent.survey_due_at())
                due += [self._booted + mono + WAKE_S for mono in wanted]
            if self._agenda:
                due.append(self._agenda[0][0])
            when = min(due)
            self.now = max(self.now, when)
            if when >= until:
                break
            if self._agenda and self._agenda[0][0] <= self.now:
                heapq.heappop(self._agenda)[2]()
            self._advance()

    def tell(self, fact: Fact) -> None:
        agent = self.agent
        if agent is not None:
            self._do(lambda: agent.decide(fact, self._now()))

    def _advance(self) -> None:
        agent = self.agent
        if agent is None:
            return
        if self.mono >= agent.survey_due_at():
            self.tell(Surveyed(mono=self.mono, machine=Machine(clock_synced=True), outbox_behind_s=0.0))
        if self.agent is agent:
            self._do(lambda: agent.advance(self._now()))

    def _do(self, decide: Callable[[], list[Action]]) -> None:
        for action in decide():
            if self.cut_after is not None and self.done >= self.cut_after:
                self.cut_after = None
                self.cut()
                return
            if not isinstance(action, actions.Say):
                self.done += 1
            self._act(action)

    def _act(self, action: Action) -> None:
        match action:
            case Keep() | Forget() | Remember():
                self.disk.do(action)
                if isinstance(action, Keep):
                    event_kept = decode(Event, action.event.body)
                    self.kept.add((event_kept.boot, event_kept.seq))
            case Publish(link=link, what="event", payload=payload, event=event):
                if self.broker_up[link]:
                    self.queued[link].append((payload, self.now))
                    answer = Answered(
                        mono=self.mono + NET_S, link=link, what="event", event=event, refused=None
                    )
                    self.after(NET_S, self._if_connected(link, lambda: self.tell(answer)))
                    self.after(NET_S / 2, lambda: self._deliver(link))
            case actions.Renew(link=link):
                self._disconnect(link)
                self.after(0.1, lambda: self._connect(link))

    def _deliver(self, link: str) -> None:
        """Hand the hub what the broker holds for it, and bring its receipts back."""
        if not (self.hub.up and self.broker_up[link]):
            return
        taken, self.queued[link] = self.queued[link], []
        ids = tuple(self.hub.take(payload, self.now - since, self.now) for payload, since in taken)
        if ids:
            topic = device_topic("demo", "room-101", "receipt")
            self._say(link, topic, encode(Receipt(v=1, ids=ids)))

    def _say(self, link: str, topic: str, payload: bytes) -> None:
        said = Heard(mono=self.mono + NET_S, link=link, topic=topic, payload=payload, retained=False)
        self.after(NET_S, self._if_connected(link, lambda: self.tell(said)))

    def _beat(self) -> None:
        if not self.hub.up:
            return
        beat = encode(HubState(v=1, online=True, ready=True, boot="h", n=1))
        for link in self.links:
            if self.broker_up[link]:
                self._say(link, hub_topic("demo", "main"), beat)
        self.after(BEAT_S, self._beat)

    def beats(self) -> None:
        """The hub begins to beat."""
        self._beat()

    def _connect(self, link: str) -> None:
        if self.agent is None or not self.broker_up[link] or link in self.agent.up:
            return
        present = link in self._had_session
        self._had_session.add(link)
        self._connections[link] += 1
        self.tell(LinkUp(mono=self.mono, link=link, session_present=present))

    def _disconnect(self, link: str) -> None:
        self._connections[link] += 1
        if self.agent is not None and link in self.agent.up:
            self.tell(LinkDown(mono=self.mono, link=link, reason="gone"))

    def _if_connected(self, link: str, do: Callable[[], None]) -> Callable[[], None]:
        number, agent = self._connections[link], self.agent
        return lambda: do() if (self._connections[link], self.agent) == (number, agent) else None

    def _if_boot(self, do: Callable[[], None]) -> Callable[[], None]:
        agent = self.agent
        return lambda: do() if self.agent is agent else None

    @property
    def mono(self) -> float:
        """The machine's monotonic clock, which starts afresh with it."""
        return self.now - self._booted

    def _now(self) -> Now:
        return Now(self.mono, WALL + round(self.now * 1000))
