"""Who and where: the site's rooms, whom its audiences reach at a moment, its plans. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from config.contract import PANIC_KINDS, PanicKind
from config.hub_settings import HubSettings, PlanSettings, RoomSettings
from hub.delivery import Target
from hub.escalation import Plan, Step
from hub.incident import Place
from hub.roster import Duty, LeftOut, Person, roster_of


class Reached(NamedTuple):
    """Whom an audience reaches at one moment."""

    targets: tuple[Target, ...]
    """None of them twice."""
    reason: str
    """Who is asked in their turn, who stands in for whom, who is left out and why; empty for all of them."""
    vacant: bool = False
    """Nobody is on duty, or nobody further in the order: ``targets`` are no more than the shared ends."""


class Directory:
    """The settings as the deciding modules ask them."""

    def __init__(self, settings: HubSettings, channels: Mapping[str, tuple[str, ...]]) -> None:
        """``channels`` maps each channel's name to its targets' names."""
        self.rooms: dict[str, RoomSettings] = {room.device: room for room in settings.rooms}
        self.targets: dict[str, tuple[Target, ...]] = {
            name: tuple(
                Target(name, channel, target)
                for channel in audience.channels
                for target in channels.get(channel, ())
            )
            for name, audience in settings.audiences.items()
        }
        self.roster = roster_of(settings)
        self._audiences = settings.audiences
        self._channels = dict(channels)
        self._places = {
            room.device: Place(room.device, room.room, room.building, room.floor) for room in settings.rooms
        }
        self._plans: dict[str, Plan] = {}
        for kind in PANIC_KINDS:
            found = settings.plan_for(kind)
            self._plans[kind] = Plan("none") if found is None else _plan(*found)

    @property
    def may_storm(self) -> bool:
        """Every device has an incident of its own, so that many may open at once."""
        return any(plan.group_by == "device" for plan in self._plans.values())

    def place(self, device: str, said: str | None = None) -> Place:
        """Return where a device is; one that isn't known has the room's name it gave, else its id."""
        return self._places.get(device) or Place(device, said or device, known=False)

    def plan(self, kind: PanicKind) -> Plan:
        """Return the plan of a kind; an empty one where the settings have none."""
        return self._plans[kind]

    def group(self, place: Place, kind: PanicKind) -> str:
        """Return the group whose incident a press of this place joins."""
        by = self.plan(kind).group_by
        if by == "device":
            return f"device {place.device}"
        if by == "building":
            return f"building {place.building if place.known and place.building else ''}"
        return "site"

    def positions(self, audience: str) -> int:
        """Return how many times an audience is asked at most: once, or each member in order."""
        found = self._audiences.get(audience)
        return 1 if found is None or found.ask == "all" else max(1, len(found.members))

    def next_after_s(self, audience: str) -> float:
        """Return how many seconds after one position of an audience the next is asked; 0 if unknown."""
        found = self._audiences.get(audience)
        return 0.0 if found is None else found.next_after_s

    def reach(self, audience: str, wall_ms: int, position: int = 0) -> Reached:
        """Return whom an audience reaches at this moment.

        Position 0 is the ends all of it share, and of its members all who are on duty or, where they are
        asked in order, the first of them; each later position is the next of them. Ask for all positions
        with the moment of the first, or a change of shift between two would pass somebody over.
        """
        found = self._audiences.get(audience)
        if found is None:
            return Reached((), f"no audience {audience!r}", vacant=True)
        on_duty = self.roster.members(audience, wall_ms)
        told = [duty for duty in on_duty.told if self.ends_of(duty.person, audience)]
        in_order = found.ask == "in-order"
        turn = told[position : position + 1] if in_order else told if position == 0 else []
        targets = list(self.targets[audience]) if position == 0 else []
        for duty in turn:
            targets += self.ends_of(duty.person, audience)
        vacant = not turn and (bool(found.members) or position > 0)
        words = ["nobody further is on duty" if position else "nobody is on duty"] if vacant else []
        words += [_asked(duty, position, len(told), in_order=in_order) for duty in turn]
        if position == 0:
            lost = [LeftOut(duty.person, "has no end") for duty in on_duty.told if duty not in told]
            words += map(str, (*on_duty.left_out, *lost))
        return Reached(tuple(dict.fromkeys(targets)), "; ".join(filter(None, words)), vacant)

    def everybody(self, audience: str) -> tuple[Target, ...]:
        """Return all ends of an audience and of its members, whatever their duty: a last resort."""
        ends = [end for person in self.roster.everybody(audience) for end in self.ends_of(person, audience)]
        return tuple(dict.fromkeys((*self.targets.get(audience, ()), *ends)))

    def people_of(self, by: str) -> tuple[Person, ...]:
        """Return the people who did something under this name, as the console or a reply gave it."""
        return self.roster.people_of(by)

    def ends_of(self, person: Person, audience: str) -> tuple[Target, ...]:
        """Return a person's own ends, as targets of this audience."""
        targets: list[Target] = []
        for end in person.reach:
            channel, is_one, name = end.partition("/")
            names = self._channels.get(channel, ())
            targets += [Target(audience, channel, each) for each in names if not is_one or each == name]
        return tuple(dict.fromkeys(targets))


def _asked(duty: Duty, position: int, count: int, *, in_order: bool) -> str:
    """Say why somebody is asked; nothing where that goes without saying."""
    if in_order:
        return f"{duty} ({position + 1} of {count} on duty)"
    return str(duty) if duty.stands_in_for else ""


def _plan(name: str, settings: PlanSettings) -> Plan:
    steps = tuple(Step(s.after_s, s.notify, s.until, s.repeat_s) for s in settings.steps)
    return Plan(name, settings.group_by, steps)
