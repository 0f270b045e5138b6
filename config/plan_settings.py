"""The settings of plans: who is told of which incident, when, until when."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from config.contract import IncidentKind
from config.door_settings import DoorRule
from config.shared_settings import Name, Seconds


class StepSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One step of a plan: whom to tell, how long after the press, until when."""

    after_s: Seconds
    notify: tuple[str, ...]
    until: Literal["acknowledged", "resolved"] = "acknowledged"
    repeat_s: Annotated[float, Meta(ge=10, le=86_400, description="seconds, 10 to 86400")] | None = None
    """Tell this step's audiences again at this interval until somebody answers."""
    times: Annotated[int, Meta(ge=1, le=1000, description="repeats at most, 1 to 1000")] | None = None
    """Repeats at most; none: until somebody answers. The last step has no limit."""
    when: Literal["always", "confirmed"] = "always"
    """``confirmed``: only once the incident is confirmed, ``after_s`` from then."""


class ConfirmSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What confirms an incident: presses in so many rooms within so long. A person can, too."""

    rooms: Annotated[int, Meta(ge=2, le=100, description="rooms, 2 to 100")] = 2
    within_s: Annotated[float, Meta(ge=5, le=3600, description="seconds, 5 to 3600")] = 60


class PlanSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Who is told of which kinds of incident, and when. The first plan whose conditions hold is the one."""

    kinds: tuple[IncidentKind, ...]
    group_by: Literal["site", "building", "device"] = "site"
    rooms: tuple[str, ...] = ()
    """Only for presses in these rooms (their devices)."""
    buildings: tuple[Name, ...] = ()
    """Only for presses in these buildings."""
    during: tuple[str, ...] = ()
    """Only while one of these schedules is on."""
    drill: Literal["any", "only", "never"] = "any"
    """Whether it is for drills."""
    doors: tuple[DoorRule, ...] = ()
    """Of kind ``door``: only for doors of which one of these is told."""
    in_lockdown: Literal["line", "notice"] = "line"
    """Of kind ``door``: in a real lockdown a door is a line of the incident's timeline, or told as ever."""
    confirm: ConfirmSettings | None = None
    posture: Literal["hold", "secure", "lockdown"] | None = None
    """What it raises the site's posture to, where ``[posture] plans_may_raise`` allows it."""
    steps: tuple[StepSettings, ...]

    @property
    def is_general(self) -> bool:
        """It asks for nothing but a kind."""
        return not (self.rooms or self.buildings or self.during or self.doors) and self.drill == "any"


class RemindersSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What becomes of an incident that was acknowledged and of which nothing is heard."""

    after_s: Annotated[float, Meta(ge=60, le=3600, description="seconds, 60 to 3600")] = 300
    """Whoever acknowledged is reminded, without sound or call."""
    stand_in_after_s: Annotated[float, Meta(ge=30, le=3600, description="seconds, 30 to 3600")] = 120
    """After that, their stand-in is asked."""


class PostureSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Who may set the site's posture beside people."""

    plans_may_raise: bool = False
    """A plan's ``posture`` is set by itself when its incident opens; it only ever raises."""


DEFAULT_CALL_PLANS: Final[dict[str, PlanSettings]] = {
    "default-panic": PlanSettings(
        kinds=("panic", "duress"),
        steps=(
            StepSettings(after_s=0, notify=("sro", "dispatch")),
            StepSettings(after_s=30, notify=("administration",)),
            StepSettings(after_s=60, notify=("sro", "administration"), repeat_s=60),
        ),
    ),
    "default-medical": PlanSettings(
        kinds=("medical",),
        steps=(
            StepSettings(after_s=0, notify=("nurse", "sro")),
            StepSettings(after_s=60, notify=("administration",)),
            StepSettings(after_s=120, notify=("nurse", "sro"), repeat_s=60),
        ),
    ),
    "default-assist": PlanSettings(
        kinds=("assist",),
        steps=(
            StepSettings(after_s=0, notify=("administration",)),
            StepSettings(after_s=120, notify=("sro",)),
            StepSettings(after_s=180, notify=("administration", "sro"), repeat_s=120),
        ),
    ),
}
DEFAULT_DOOR_PLANS: Final[dict[str, PlanSettings]] = {
    "default-door-secure": PlanSettings(
        kinds=("door",),
        doors=("secure",),
        steps=(
            StepSettings(after_s=0, notify=("sro", "administration")),
            StepSettings(after_s=120, notify=("sro", "administration"), repeat_s=120),
        ),
    ),
    "default-door": PlanSettings(
        kinds=("door",),
        steps=(
            StepSettings(after_s=0, notify=("administration", "maintenance")),
            StepSettings(after_s=600, notify=("administration", "maintenance"), repeat_s=600),
        ),
    ),
}
"""Of a school whose plans say nothing of doors. While the school is secure a door is the officer's; else
it is for whoever looks after the house."""
DEFAULT_PLANS: Final[dict[str, PlanSettings]] = {**DEFAULT_CALL_PLANS, **DEFAULT_DOOR_PLANS}
"""Of a school whose settings have no plan at all. Discipline is the school's: an assist reaches the
officer only if nobody else answers."""

AUDIENCES: Final = ("sro", "dispatch", "administration", "nurse", "volunteers", "maintenance")
"""The audiences that a school has by the names of this project; one without members reaches nobody."""
