"""What people do in a drill, and what is to be seen of it, in the words of its scripts."""

from __future__ import annotations

from typing import Any

from config.clock import stamp
from hub.asking import DrillDone, PlanDrill
from hub.drill import Drill, DrillPress
from hub.incident import Incident
from tests.scenarios.rig import WALL_0, Rig


def start(rig: Rig, *rooms: int, for_s: float = 600, leader: str = "ortiz", **more: Any) -> Drill:
    """Lee starts a drill of these rooms (none: of all), led by Ortiz."""
    answer = rig.ask(
        PlanDrill("lockdown", leader, "Lee", "board", for_s, rooms=tuple(f"room-{n}" for n in rooms), **more)
    )
    assert isinstance(answer, DrillDone), answer
    return answer.drill


def drill(rig: Rig) -> Drill:
    """The drill that a board shows last."""
    return list(rig.view.drills.values())[-1][0]


def presses(rig: Rig) -> list[str]:
    """What its presses are: ``room-101 expected``."""
    found: tuple[DrillPress, ...] = list(rig.view.drills.values())[-1][1]
    return [f"{one.press.place.device} {one.standing}" for one in found]


def real(rig: Rig) -> list[Incident]:
    """The unresolved incidents that no drill has."""
    return [one for one in rig.view.incidents.values() if not one.drill]


def of_drill(rig: Rig) -> list[Incident]:
    return [one for one in rig.view.incidents.values() if one.drill]


def rows(rig: Rig, *what: str) -> list[str]:
    return [reason for name, reason, _ in rig.record() if name in what]


def titles(rig: Rig, *channels: str) -> list[str]:
    """What these read first, since it was last asked."""
    new, rig._said = rig.notices[rig._said :], len(rig.notices)
    return [f"{n.channel}: {n.title}" for n in new if not channels or n.channel in channels]


def unexpected(rig: Rig, room: int = 101) -> str:
    """A room's press, and a minute later another; returns the second's id."""
    rig.wait(10)
    rig.press(room)
    rig.wait(60)
    titles(rig)
    return rig.press(room)


def posture(rig: Rig) -> str:
    now = rig.view.posture
    return f"{now.posture}{' drill' if now.drill else ''}"


def at(second: float) -> str:
    return stamp(WALL_0 + round(second * 1000))
