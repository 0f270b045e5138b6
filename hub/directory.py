"""Who and where: the site's rooms, the targets of its audiences, its plans. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from config.contract import PANIC_KINDS, PanicKind
from config.hub_settings import HubSettings, PlanSettings, RoomSettings
from hub.delivery import Target
from hub.escalation import Plan, Step
from hub.incident import Place


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


def _plan(name: str, settings: PlanSettings) -> Plan:
    steps = tuple(Step(s.after_s, s.notify, s.until, s.repeat_s) for s in settings.steps)
    return Plan(name, settings.group_by, steps)
