"""Who and where: the site's rooms, whom its audiences reach at a moment, its plans. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from config.channel_settings import AlarmReceiverSettings, CallSettings, ModemSettings, WebhookSettings
from config.contract import IncidentKind
from config.door_settings import DoorRule
from config.hub_settings import DISPATCH, HubSettings, RoomSettings
from config.plan_settings import PlanSettings
from hub.course import Reached
from hub.delivery import Target
from hub.door_rules import Door, Where, doors_of
from hub.incident import Place
from hub.plan import Condition, Confirm, GroupBy, Plan, Step, audiences_of, choose, unfolded
from hub.roster import Duty, LeftOut, Person, roster_of
from hub.schedule import Schedule, calendar_of, covers, edges, next_begin, schedule_of
from hub.shape import ONE_END, Shapes

UNSET_MS: Final = 1_767_225_600_000
"""2026-01-01: a wall clock that stands before it was never set, and says nothing of any schedule. Without
a battery a board starts in 1970, or on the day its system was built."""

STRANGERS: Final = 500
"""Devices that nobody has set up, for which there are incident numbers all the same."""

TOLD_ONCE: Final = frozenset({"dc-09", "cap"})
"""Kinds of channels that end at a machine, an alarm receiver or a feed: repeats are for people."""


class Directory:
    """The settings as the deciding modules ask them."""

    def __init__(
        self,
        settings: HubSettings,
        channels: Shapes,
    ) -> None:
        told_once = frozenset(name for name, shape in channels.items() if shape.kind in TOLD_ONCE)
        self.rooms: dict[str, RoomSettings] = {room.device: room for room in settings.rooms}
        self.targets: dict[str, tuple[Target, ...]] = {
            name: tuple(
                Target(name, channel, target)
                for channel in audience.channels
                if channel in channels
                for target in channels[channel].targets
            )
            for name, audience in settings.audiences.items()
        }
        self.roster = roster_of(settings)
        self.calendar = calendar_of(settings.calendar, settings.timezone)
        self._schedules: dict[str, Schedule] = {
            name: schedule_of(schedule) for name, schedule in settings.schedules.items()
        }
        self.doors: dict[Where, Door] = doors_of(settings)
        self._doors_of: dict[str, list[Door]] = {}
        for door in self.doors.values():
            self._doors_of.setdefault(door.place.device, []).append(door)
        self._told_once = told_once
        self.mute = told_once | {name for name, one in settings.channels.items() if not one.troubles}
        """The channels that are told of no trouble."""
        self.texts = {name for name, one in settings.channels.items() if isinstance(one, ModemSettings)}
        """The channels of text messages, which may be answered."""
        self._calls = {name for name, one in settings.channels.items() if isinstance(one, CallSettings)}
        self.incidents_alone = told_once | {
            name
            for name, one in settings.channels.items()
            if isinstance(one, WebhookSettings | CallSettings) and not one.troubles
        }
        """The channels that end at machines which take nothing but incidents, whose bodies they know."""
        self.receivers = tuple(
            name for name, one in settings.channels.items() if isinstance(one, AlarmReceiverSettings)
        )
        """The channels to alarm receivers of a monitoring station."""
        self._settings = settings
        self._audiences = settings.audiences
        self._channels = {name: shape.targets for name, shape in channels.items()}
        self.asked = frozenset(n for n, shape in channels.items() if set(shape.targets) != set(shape.unasked))
        """The channels of which a far side can be asked for."""
        self._unasked = frozenset(name for name, shape in channels.items() if shape.unasked)
        self._places = {
            room.device: Place(room.device, room.room, room.building, room.floor) for room in settings.rooms
        }
        self.plans: dict[str, Plan] = {
            name: _plan(name, plan, self.positions, self.next_after_s)
            for name, plan in settings.plans_in_order.items()
        }
        self._group_by: GroupBy = next((plan.group_by for plan in self.plans.values()), "site")
        people = self.roster.people.values()
        self._personal = {(end.channel, end.name) for one in people for end in self.ends_of(one, "")}

    @property
    def at_once(self) -> int:
        """How many incidents may open at once: of each door, and of each group, in a drill and for real.

        Where every device has an incident of its own, devices that nobody has set up have theirs, too.
        """
        groups = {self.group(place) for place in self._places.values()}
        strangers = STRANGERS if self._group_by == "device" else 1
        return len(self.doors) + 2 * (len(groups) + strangers)

    def place(self, device: str, said: str | None = None) -> Place:
        """Return where a device is; one that isn't known has the room's name it gave, else its id."""
        return self._places.get(device) or Place(device, said or device, known=False)

    def plan(
        self, kind: IncidentKind, place: Place, wall: int, *, drill: bool, rule: DoorRule | None = None
    ) -> Plan:
        """Return the plan of a press of this kind here and now; one that tells nobody where there is none.

        ``rule`` is what is told of a door.
        """
        plans = tuple(self.plans.values())
        if wall < UNSET_MS:  # the plan that asks for no schedule, and where there is none, any
            found = choose(plans, kind, place, lambda _: False, drill=drill, rule=rule)
            found = found or choose(plans, kind, place, lambda _: True, drill=drill, rule=rule)
        else:
            found = choose(plans, kind, place, lambda name: self.is_on(name, wall), drill=drill, rule=rule)
        return found or Plan("none")

    def panic_targets(self) -> tuple[Target, ...]:
        """Return everybody whom some plan of a panic may tell."""
        plans = [plan for plan in self.plans.values() if "panic" in plan.condition.kinds]
        found = dict.fromkeys(t for name in audiences_of(plans) for t in self.everybody(name))
        return tuple(target for target in found if not self.why_not_told(target, "panic"))

    def is_on(self, schedule: str, wall: int) -> bool:
        """Tell whether a schedule is on."""
        return covers(self._schedules[schedule], self.calendar, wall)

    def doors_of(self, device: str) -> Sequence[Door]:
        """Return the doors of a device."""
        return self._doors_of.get(device, ())

    def next_on(self, schedules: Iterable[str], wall: int) -> int | None:
        """Return when a shift of any of these schedules begins next; None where none does in a year."""
        return next_begin((self._schedules[name] for name in schedules), self.calendar, wall)

    def edges(self, first_ms: int, last_ms: int) -> list[int]:
        """Return the moments at which a schedule, or who is on duty, may change; both bounds included."""
        of_plans = edges(self._schedules.values(), self.calendar, first_ms, last_ms)
        return sorted({*of_plans, *self.roster.edges(first_ms, last_ms)})

    def state(self, wall: int) -> tuple[object, ...]:
        """Return all that decides at a moment who is told: which schedules are on, who is on duty."""
        on = tuple(covers(schedule, self.calendar, wall) for schedule in self._schedules.values())
        duty = [self.roster.members(audience, wall).told for audience in self._audiences]
        return on, tuple(tuple(one.person.key for one in told) for told in duty)

    def is_told_once(self, target: Target) -> bool:
        """Tell whether this is no person, but a machine that needs to hear of each change once."""
        return target.channel in self._told_once

    def is_receiver(self, target: Target) -> bool:
        """Tell whether this is an alarm receiver of a monitoring station."""
        return target.channel in self.receivers

    def hears_no_tests(self, target: Target) -> bool:
        """Tell whether this is an alarm receiver whose station is told of no test."""
        channel = self._settings.channels.get(target.channel)
        return isinstance(channel, AlarmReceiverSettings) and not channel.tests

    def receiver_of(self, channel: str) -> Target:
        """Return a channel to alarm receivers as a target, of the first audience that has it, if any has."""
        return next(iter(self.ends(channel)), Target("", channel, ONE_END))

    def is_rung(self, target: Target) -> bool:
        """Tell whether this is a phone that rings and says nothing: for as long as somebody is to answer."""
        return target.channel in self._calls

    def is_dispatch(self, target: Target) -> bool:
        """Tell whether a drill must not call it: the audience of that name, and every alarm receiver."""
        return target.audience == DISPATCH or self.is_told_once(target)

    def why_not_told(self, target: Target, kind: str | None = None) -> str:
        """Return why a target is told nothing by itself, of this kind of call (none: of any); else empty."""
        if not self._settings.reaches_police(target.channel, target.audience):
            return ""
        return self._settings.not_agreed(kind)

    def has(self, target: Target) -> bool:
        """Tell whether a target is still one: an end that its audience shares, or somebody's own.

        Where its audience is gone by name it is one for as long as its channel has it.
        """
        if target.audience not in self._audiences and self.has_end(target.channel, target.name):
            return True
        shared = self.targets.get(target.audience, ())
        return target in shared or (target.channel, target.name) in self._personal

    def renamed(self, target: Target) -> Target:
        """Return a target under the name of an audience that has its end now, where its own is gone."""
        if target.audience in self._audiences:
            return target
        found = (end for name in self._audiences for end in self.everybody(name))
        return next(
            (end for end in found if (end.channel, end.name) == (target.channel, target.name)), target
        )

    def has_end(self, channel: str, name: str) -> bool:
        """Tell whether a channel of this name has a target of that name."""
        return name in self._channels.get(channel, ())

    def ends(self, channel: str) -> tuple[Target, ...]:
        """Return a channel's ends, each under the first audience that has it; under none, where none does."""
        of_audiences = [
            end for name in self._audiences for end in self.everybody(name) if end.channel == channel
        ]
        found = {end.name: end for end in reversed(of_audiences)}
        return tuple(found.get(name) or Target("", channel, name) for name in self._channels.get(channel, ()))

    def stands_for_all(self, channel: str) -> bool:
        """Tell whether a probe that fails says that nobody can be told by this channel."""
        return channel in self.asked and channel not in self._unasked

    def of_person(self, by: str) -> tuple[Target, ...]:
        """Return the ends of whoever goes by this name; none where the settings don't know them."""
        return tuple(end for person in self.roster.people_of(by) for end in self._own_ends(person))

    def stand_in_of(self, by: str, wall: int) -> tuple[Target, ...]:
        """Return the ends of whoever stands in for this person; none where nobody does."""
        found = [self.roster.stand_in_of(person.key, wall) for person in self.roster.people_of(by)]
        return tuple(end for person in found if person is not None for end in self._own_ends(person))

    def asked_of_drill(self, leader: str, wall: int) -> tuple[Target, ...]:
        """Return who is told of every press of a drill: the officer, and its leader, no end twice."""
        officer = self.reach("sro", wall).targets
        known = {(target.channel, target.name) for target in officer}
        return (*officer, *(t for t in self.of_person(leader) if (t.channel, t.name) not in known))

    def group(self, place: Place) -> str:
        """Return the group whose incident a press of this place joins."""
        by = self._group_by
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
        # By the first moment of 1970 everybody is on duty.
        on_duty = self.roster.members(audience, wall_ms if wall_ms >= UNSET_MS else 0)
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

    def ends_of(self, person: Person, audience: str) -> tuple[Target, ...]:
        """Return a person's own ends, as targets of this audience."""
        targets: list[Target] = []
        for end in person.reach:
            channel, is_one, name = end.partition("/")
            names = self._channels.get(channel, ())
            targets += [Target(audience, channel, each) for each in names if not is_one or each == name]
        return tuple(dict.fromkeys(targets))

    def _own_ends(self, person: Person) -> tuple[Target, ...]:
        """Return a person's ends as targets of an audience they are in; of ``sro`` where they are in none."""
        audiences = [name for name, found in self._audiences.items() if person.key in found.members]
        return self.ends_of(person, audiences[0] if audiences else "sro")


def _asked(duty: Duty, position: int, count: int, *, in_order: bool) -> str:
    """Say why somebody is asked; nothing where that goes without saying."""
    if in_order:
        return f"{duty} ({position + 1} of {count} on duty)"
    return str(duty) if duty.stands_in_for else ""


def _plan(
    name: str,
    settings: PlanSettings,
    positions: Callable[[str], int],
    next_after_s: Callable[[str], float],
) -> Plan:
    steps = [
        Step(s.after_s, s.notify, s.until, s.repeat_s, s.times, when_confirmed=s.when == "confirmed")
        for s in settings.steps
    ]
    drill = {"any": None, "only": True, "never": False}[settings.drill]
    condition = Condition(
        settings.kinds, settings.rooms, settings.buildings, settings.during, drill, settings.doors
    )
    wanted = settings.confirm
    confirm = None if wanted is None else Confirm(wanted.rooms, wanted.within_s)
    return Plan(
        name,
        settings.group_by,
        unfolded(steps, positions, next_after_s),
        condition,
        confirm,
        settings.posture,
        settings.in_lockdown == "notice",
    )
