"""Who and where: the site's rooms, the targets of its audiences, its plans. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from config.contract import PanicKind
from config.hub_settings import HubSettings, RoomSettings
from config.plan_settings import PlanSettings
from hub.delivery import Target
from hub.escalation import Reached, everybody
from hub.incident import Place
from hub.plan import Condition, Confirm, GroupBy, Plan, Step, choose, unfolded


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
        self._places = {
            room.device: Place(room.device, room.room, room.building, room.floor) for room in settings.rooms
        }
        self.plans: dict[str, Plan] = {
            name: _plan(name, plan, self.positions, self.next_after_s)
            for name, plan in settings.plans_in_order.items()
        }
        self._group_by: GroupBy = next((plan.group_by for plan in self.plans.values()), "site")

    @property
    def may_storm(self) -> bool:
        """Every device has an incident of its own, so that many may open at once."""
        return self._group_by == "device"

    def place(self, device: str, said: str | None = None) -> Place:
        """Return where a device is; one that isn't known has the room's name it gave, else its id."""
        return self._places.get(device) or Place(device, said or device, known=False)

    def plan(self, kind: PanicKind, place: Place, wall: int, *, drill: bool) -> Plan:
        """Return the plan of a press of this kind here and now; one that tells nobody where there is none."""
        found = choose(
            tuple(self.plans.values()), kind, place, lambda name: self.is_on(name, wall), drill=drill
        )
        return found or Plan("none")

    def panic_targets(self) -> tuple[Target, ...]:
        """Return everybody whom some plan of a panic may tell."""
        plans = [plan for plan in self.plans.values() if "panic" in plan.condition.kinds]
        return tuple(dict.fromkeys(t for name in everybody(plans) for t in self.everybody(name)))

    def is_on(self, schedule: str, wall: int) -> bool:
        """Tell whether a schedule is on."""
        return True

    def reach(self, audience: str, wall: int, position: int = 0) -> Reached:
        """Return whom an audience stands for at a moment."""
        return Reached(self.targets.get(audience, ()))

    def everybody(self, audience: str) -> tuple[Target, ...]:
        """Return all of an audience, on duty or not."""
        return self.targets.get(audience, ())

    def is_told_once(self, target: Target) -> bool:
        """Tell whether this is no person, but a machine that needs to hear of each change once."""
        return False

    def of_person(self, by: str) -> tuple[Target, ...]:
        """Return the ends of whoever goes by this name; none where the settings don't know them."""
        return ()

    def stand_in_of(self, by: str, wall: int) -> tuple[Target, ...]:
        """Return the ends of whoever stands in for this person; none where nobody does."""
        return ()

    def positions(self, audience: str) -> int:
        """Return how many members an audience asks one after the other; 1: all at once."""
        return 1

    def next_after_s(self, audience: str) -> float:
        """Return how long after one member the next is asked."""
        return 30.0

    def group(self, place: Place) -> str:
        """Return the group whose incident a press of this place joins."""
        by = self._group_by
        if by == "device":
            return f"device {place.device}"
        if by == "building":
            return f"building {place.building if place.known and place.building else ''}"
        return "site"


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
    condition = Condition(settings.kinds, settings.rooms, settings.buildings, settings.during, drill)
    wanted = settings.confirm
    confirm = None if wanted is None else Confirm(wanted.rooms, wanted.within_s)
    return Plan(name, settings.group_by, unfolded(steps, positions, next_after_s), condition, confirm)
