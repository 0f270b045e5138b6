"""A room for tests: its settings, and an agent on a fake clock whose actions are kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

from config.agent_settings import AgentSettings, LampSettings, LinkSettings, ZoneSettings
from config.clock import Now
from config.contract import (
    Command,
    Event,
    Health,
    HubState,
    Receipt,
    State,
    decode,
    encode,
)
from config.topics import device_topic, hub_topic
from device import actions, lamp
from device.actions import Action
from device.agent import Agent
from device.circuit import Reading, Wiring
from device.facts import (
    Answered,
    Contact,
    Fact,
    Heard,
    LinkDown,
    LinkUp,
    Machine,
    Restored,
    Surveyed,
    Unreadable,
)
from device.signals import ROOM

A = TypeVar("A")
WALL = 1_790_000_000_000
ZONES = (
    ZoneSettings(zone="wall", label="wall button", kind="panic", circuit="no", pin=17),
    ZoneSettings(zone="desk", label="desk button", kind="panic", circuit="no", pin=27),
    ZoneSettings(zone="door", label="door", kind="door", circuit="nc", pin=22),
)


def settings(
    data: Path = Path("/nowhere"),
    *,
    port: int = 1883,
    links: tuple[str, ...] = ("hub",),
    zones: tuple[ZoneSettings, ...] = ZONES,
    **parts: Any,
) -> AgentSettings:
    """The settings of Room 101 at site `demo`."""
    return AgentSettings(
        site="demo",
        device="room-101",
        room="Room 101",
        data=data,
        links=tuple(LinkSettings(name=name, port=port) for name in links),
        zones=zones,
        **{"pins": "mock", "lamp": LampSettings(pin=18), **parts},
    )


class Room:
    """An agent driven by hand: each method is something that happens, at ``now``."""

    def __init__(
        self,
        *links: str,
        boot: str = "b1",
        at: float = 100.0,
        pressed: tuple[str, ...] = (),
        restored: Restored | None = None,
        reads_outbox: bool = True,
        zones: tuple[ZoneSettings, ...] = ZONES,
        settles: bool = True,
        **parts: Any,
    ) -> None:
        """``pressed`` are the zones that are active as it starts; ``parts`` are settings.

        ``restored`` is what the outbox held, nothing by default; unless ``reads_outbox`` it is never told.
        Unless it ``settles``, what happens next happens at once.
        """
        self.now = at
        self.zones = {zone.zone: zone for zone in zones}
        self.agent = Agent(
            settings(links=links or ("hub",), zones=zones, **parts), boot=boot, kernel="k1", now=self._now()
        )
        self.done: list[Action] = []
        self.answers = False
        """Whether the broker answers each event at once."""
        for zone in zones:
            reading = Wiring(zone).reading("active" if zone.zone in pressed else "normal")
            self.tell(Contact(mono=at, zone=zone.zone, reading=reading, how="first"))
        if reads_outbox:
            self.tell(restored or Restored(mono=at, events=(), memory={}))
        if settles:
            self.wait(1.0)

    def _now(self) -> Now:
        return Now(self.now, WALL + round(self.now * 1000))

    def tell(self, fact: Fact) -> list[Action]:
        """Hand a fact to the agent, and let it do what is due."""
        done = self.agent.decide(fact, self._now()) + self.agent.advance(self._now())
        self.done += done
        return done + self._answered(done)

    def _answered(self, done: list[Action]) -> list[Action]:
        sent = [each for each in done if isinstance(each, actions.Publish) and each.event]
        return [
            more
            for each in (sent if self.answers else [])
            for more in self.answer(each.event or "", link=each.link)
        ]

    def wait(self, seconds: float) -> list[Action]:
        """Let time pass, from deadline to deadline."""
        end, done, again = self.now + seconds, [], 0
        while (due := self.agent.next_deadline(self._now())) <= end:
            again = again + 1 if due <= self.now else 0
            assert again < 100, f"what is due at {due} is never done"
            self.now = max(due, self.now)
            done += self._advance()
        self.now = end
        return done + self._advance()

    def _advance(self) -> list[Action]:
        done = self.agent.advance(self._now())
        self.done += done
        return done + self._answered(done)

    def up(self, link: str = "hub", *, session_present: bool = True) -> list[Action]:
        return self.tell(LinkUp(mono=self.now, link=link, session_present=session_present))

    def down(self, link: str = "hub", reason: str = "connection lost") -> list[Action]:
        return self.tell(LinkDown(mono=self.now, link=link, reason=reason))

    def move(self, zone: str, *, closed: bool) -> list[Action]:
        return self.read(zone, closed)

    def read(self, zone: str, reading: Reading, how: Any = "moved") -> list[Action]:
        """A zone's pins read this now."""
        return self.tell(Contact(mono=self.now, zone=zone, reading=reading, how=how))

    def becomes(self, zone: str, condition: Any) -> list[Action]:
        """A zone's pins read what means this condition."""
        return self.read(zone, Wiring(self.zones[zone]).reading(condition))

    def unreadable(self, zone: str) -> list[Action]:
        return self.tell(Unreadable(mono=self.now, zone=zone, why="the chip is gone"))

    def press(self, zone: str = "desk", seconds: float = 0.2) -> list[Action]:
        """Press and release; returns all that was done meanwhile."""
        done = self.becomes(zone, "active") + self.wait(seconds)
        return done + self.becomes(zone, "normal") + self.wait(0.1)

    def heard(self, message: Any, what: str, *, link: str = "hub", retained: bool = False) -> list[Action]:
        topic = hub_topic("demo", "main") if what == "beat" else device_topic("demo", "room-101", what)
        return self.tell(
            Heard(mono=self.now, link=link, topic=topic, payload=encode(message), retained=retained)
        )

    def beat(
        self, *, ready: bool = True, reach: bool | None = None, retained: bool = False, link: str = "hub"
    ) -> list[Action]:
        state = HubState(v=1, online=True, ready=ready, reach=reach, boot="h", n=1)
        return self.heard(state, "beat", retained=retained, link=link)

    def receipt(self, *ids: str) -> list[Action]:
        return self.heard(Receipt(v=1, ids=ids), "receipt")

    def command(self, name: str, do: Any, **fields: Any) -> list[Action]:
        return self.heard(Command(v=1, id=name, do=do, **fields), "command")

    def answer(self, event: str, *, refused: str | None = None, link: str = "hub") -> list[Action]:
        return self.tell(Answered(mono=self.now, link=link, what="event", event=event, refused=refused))

    def survey(self, *, synced: bool | None = None, behind_s: float = 0.0) -> list[Action]:
        machine = Machine(clock_synced=synced)
        return self.tell(Surveyed(mono=self.now, machine=machine, outbox_behind_s=behind_s))

    @property
    def shows(self) -> str:
        return self.shown_at(ROOM)

    def shown_at(self, place: str) -> str:
        """The name of what a lamp shows: the room's, or a button's own."""
        return lamp.show(self.agent.signals.lamps[place], self.now).pattern.name


def of(kind: type[A], done: list[Action]) -> list[A]:
    """The actions of one kind."""
    return [each for each in done if isinstance(each, kind)]


def events(done: list[Action]) -> list[Event]:
    """The copies of events that went out, in order."""
    return [decode(Event, each.payload) for each in of(actions.Publish, done) if each.what == "event"]


def states(done: list[Action]) -> list[State]:
    return [decode(State, each.payload) for each in of(actions.Publish, done) if each.what == "state"]


def healths(done: list[Action]) -> list[Health]:
    return [decode(Health, each.payload) for each in of(actions.Publish, done) if each.what == "health"]
