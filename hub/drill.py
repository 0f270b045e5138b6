"""A drill as data, and what a press that comes with it is. Pure.

A drill covers one short press of each of its rooms. Whether a press is one of them is judged by when
it was pressed, as the hub reckons it, never by when it arrived. In doubt it is real.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from config.contract import PanicKind, PostureName
from hub.incident import InDrill, Place, Press

LONGEST_S: Final = 1800.0
"""The longest drill."""
AHEAD_S: Final = 400 * 86_400.0
"""How far ahead a drill may be planned: past a whole school year."""
SAME_PRESS_MS: Final = 10_000
"""A press of a room within this of its first one belongs to it."""
SHOWN_MS: Final = 60_000
"""A drill in which no room presses is held all the same, where its posture was shown for this long."""
WAITED_UNSURE_S: Final = 2.0
"""By how much the hub may be wrong about a press whose message lay in the broker: that counts in whole
seconds, by a clock of its own. So near to a drill's start or end such a press is in doubt. One that did
not wait there was pressed its own age before it came, to a few milliseconds."""
NEVER: Final[frozenset[PanicKind]] = frozenset({"duress", "medical"})
"""Kinds that no drill covers."""

DrillState = Literal["planned", "running", "ended", "cancelled"]
OPEN: Final[tuple[DrillState, ...]] = ("planned", "running")


class DrillPress(Struct, frozen=True):
    """A press that a drill covered, or that was not expected in it, and what a person said of it."""

    press: Press
    standing: InDrill
    incident: str
    """The drill's incident that took it."""
    due: int | None = None
    """Wall ms at which it is real, where nobody has answered: of one that was not expected."""
    by: str | None = None
    """Who said what it is; None: nobody did."""
    via: str | None = None
    at: int | None = None
    """When that was said, or it became real, in wall ms."""
    real: str | None = None
    """The real incident that it opened or joined."""

    @property
    def waits(self) -> bool:
        """It was not expected, and nobody has answered."""
        return self.standing == "not-expected"


class Drill(Struct, frozen=True):
    """One drill: what it is, where, from when to when, and what has become of it. Times are wall ms."""

    id: str
    """Its number, as people say it."""
    name: str
    """Such as ``lockdown``."""
    leader: str
    by: str
    via: str
    planned: int
    """When it was planned or started by a person."""
    start: int
    until: int
    rooms: tuple[str, ...] = ()
    """Devices; with ``buildings`` empty, too: every room of the site."""
    buildings: tuple[str, ...] = ()
    kinds: tuple[PanicKind, ...] = ("panic",)
    posture: PostureName | None = None
    state: DrillState = "planned"
    ended: int | None = None
    """When it was over, or cancelled."""
    ended_by: str | None = None
    """Who ended or cancelled it; None: it did by itself."""
    why: str | None = None
    """Why it is over."""
    reminded: bool = False
    """Its leader and the officer were reminded of its end."""
    real_from: int | None = None
    """A real panic came: what was pressed from then on belongs to no drill."""
    why_real: str | None = None
    incidents: tuple[str, ...] = ()
    """Ids of its own incidents, in the order in which they opened."""
    counts: bool = False
    """It was held, and counts for what is due."""
    row: int = 0
    """Its row in the record, beside which its names go when their time is over."""
    place: int = 0
    """Where its presses are kept, of one that has begun."""

    @property
    def number(self) -> int:
        """Its number, which people say."""
        return int(self.id)

    def has(self, place: Place) -> bool:
        """Tell whether a room is in it."""
        if not self.rooms and not self.buildings:
            return place.known
        return place.device in self.rooms or (place.known and place.building in self.buildings)


class Timed(NamedTuple):
    """A drill by the monotonic clock of this process."""

    drill: Drill
    start: float
    end: float
    """When it was, or will be, over."""
    real_from: float | None = None


class Verdict(NamedTuple):
    """What a press is that was pressed while a drill ran, and why."""

    standing: Literal["expected", "not-expected", "real"]
    why: str


class Moment(NamedTuple):
    """When a press was, and how sure that is."""

    at: float
    """Monotonic seconds."""
    unsure_s: float = 0.0


def judge(
    timed: Timed, press: Press, moment: Moment, first_at: int | None, doubt: str | None
) -> Verdict | None:
    """Say what a press is; None: the drill has no part in it, it was pressed before or after it.

    ``first_at`` is when the room's first press in this drill was (wall ms), if there was one; ``doubt``
    names what is wrong with the event, if anything.
    """
    drill = timed.drill
    if not timed.start - moment.unsure_s <= moment.at <= timed.end + moment.unsure_s:
        return None
    if (why := _real(timed, press, moment, doubt)) is not None:
        return Verdict("real", why)
    if first_at is None:
        return Verdict("expected", f"{press.place.room}: its press of drill {drill.number}")
    apart = abs(press.at - first_at)
    if apart <= SAME_PRESS_MS:
        return Verdict("expected", f"{press.place.room}: within {SAME_PRESS_MS // 1000} s of its first press")
    return Verdict("not-expected", f"{press.place.room}: pressed again, {apart / 1000:.0f} s after its first")


def _real(timed: Timed, press: Press, moment: Moment, doubt: str | None) -> str | None:
    """Name why a press is real at once although a drill runs; None where the drill may cover it."""
    drill = timed.drill
    if press.held:
        return "held"
    if press.kind in NEVER or press.kind not in drill.kinds:
        return f"{press.kind} is not in drill {drill.number}"
    if not drill.has(press.place):
        return f"{press.place.room} is not in drill {drill.number}"
    if doubt is not None:
        return f"in doubt: {doubt}"
    if not timed.start + moment.unsure_s <= moment.at <= timed.end - moment.unsure_s:
        return (
            f"pressed within {moment.unsure_s:g} s of the drill's start or end, and it waited in the broker"
        )
    if timed.real_from is not None and moment.at >= timed.real_from - moment.unsure_s:
        return f"pressed after something real had come: {drill.why_real}"
    return None


def is_held(drill: Drill, pressed: int) -> bool:
    """Tell whether a drill that is over was held: in so many rooms somebody pressed, or people were shown it.

    One that became real is none.
    """
    if drill.real_from is not None or drill.ended is None:
        return False
    return pressed > 0 or (drill.posture is not None and drill.ended - drill.start >= SHOWN_MS)


def clock_moved(press: DrillPress, ms: int) -> DrillPress:
    """Return a press with all its moments by a wall clock that has jumped by this much."""
    moved = replace(press.press, at=press.press.at + ms, received_at=press.press.received_at + ms)
    due, at = press.due, press.at
    return replace(
        press,
        press=moved,
        due=None if due is None else due + ms,
        at=None if at is None else at + ms,
    )
