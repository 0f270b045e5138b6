"""``check --walk``: each button, door and lamp is asked for in turn, and what came is judged. Pure.

The shell (:mod:`device.walk_terminal`) feeds readings, keys and the time, shows :attr:`Walk.ask` and
:attr:`Walk.live`, and does what is returned. Nothing here publishes, and no zone is believed pressed by
anybody else: the walk needs no hub.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from config.agent_settings import AgentSettings, ZoneSettings
from config.contract import PANIC_KINDS
from config.wiring import Condition, unsupervised
from device.circuit import FAULTS, Reading, Wiring
from device.walk_verdict import Seen, verdict
from device.wiring_words import electrical, name_of, output_rows, place

REST_S: Final = 3.0
"""A button that isn't at rest is given so long to be let go; a door to be shut, ten times that."""
LOOK_S: Final = 20.0
"""So long a press, or the opening of a door, is waited for."""
BACK_S: Final = 15.0
"""So long its end is."""
STEADY_S: Final = 0.2
"""A condition must last this long: contacts bounce, and a changeover passes through both open."""
INSTEAD_S: Final = 1.5
"""Another button that is pressed this long, while the one that was asked for is not, was pressed instead."""
SHOWN_S: Final = {"haptic": 2.0, "sounder": 2.0}
"""What would annoy ends by itself; a lamp and a strobe stay on until they are answered for."""
ANSWER_S: Final = 60.0

Key = Literal["yes", "no", "skip"]
Phase = Literal["rest", "press", "release", "offer", "answer"]


@dataclass(frozen=True, slots=True)
class Drive:
    """Set an output, 0 to 1."""

    output: str
    level: float


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one zone or output."""

    name: str
    is_well: bool
    words: str


Action = Drive | Result


class _Steady:
    """What a zone's condition is, once it has lasted."""

    def __init__(self, zone: ZoneSettings) -> None:
        self._wiring = Wiring(zone)
        self._seen: Condition | None = None
        self._since = 0.0
        self.condition: Condition | None = None
        self.since = 0.0
        self.reading: Reading | None = None

    def read(self, now: float, reading: Reading) -> None:
        self.reading = reading
        seen = self._wiring.condition(reading, self._seen)
        if seen != self._seen:
            self._seen, self._since = seen, now
        if seen != self.condition and now - self._since >= STEADY_S:
            self.condition, self.since = seen, self._since


class Walk:
    """The walk through one room."""

    def __init__(self, settings: AgentSettings, now: float) -> None:
        self.results: list[Result] = []
        self._zones = {zone.zone: zone for zone in settings.zones}
        self._outputs = {name: words for name, _, words in output_rows(settings)}
        self._todo = [*self._zones, *self._outputs]
        self._steady = {zone.zone: _Steady(zone) for zone in settings.zones}
        self._unreadable: Mapping[str, str] = {}
        self._phase: Phase = "rest"
        self._until = 0.0
        self._off_at: float | None = None
        self._seen = Seen()
        self._before: dict[str, Condition | None] = {}
        self._begin(now)

    @property
    def done(self) -> bool:
        """Whether all were asked for."""
        return not self._todo

    @property
    def left(self) -> tuple[str, ...]:
        """What wasn't asked for yet."""
        return tuple(self._todo)

    @property
    def is_well(self) -> bool:
        """Whether everything was asked for and is as it should be."""
        return self.done and all(result.is_well for result in self.results)

    @property
    def ask(self) -> str:
        """What the person is asked to do now."""
        if self.done:
            return ""
        name = self._todo[0]
        if name in self._zones:
            return self._ask_of(self._zones[name])
        if self._phase == "rest":
            return ""  # nothing is shown yet that could be answered for
        words = f"{name}, {self._outputs[name]}"
        if self._phase == "offer":
            return f"{words}: switch it on now? [y/n]"
        verb = {"haptic": "did you feel it", "sounder": "did you hear it"}.get(
            name.split()[0], "did it light"
        )
        return f"{words}: {verb}? [y/n]"

    @property
    def live(self) -> str:
        """What the zone that is asked for reads now; empty for an output."""
        if self.done or self._todo[0] not in self._zones:
            return ""
        steady = self._steady[self._todo[0]]
        if steady.reading is None:
            return "not read yet"
        zone = self._zones[self._todo[0]]
        condition = Wiring(zone).condition(steady.reading, steady.condition)
        return f"{electrical(zone, steady.reading)}: {condition}"

    def next_deadline(self) -> float | None:
        """Return when :meth:`read` should be called next, if nothing moves before."""
        if self.done:
            return None
        return self._until if self._off_at is None else min(self._until, self._off_at)

    def read(
        self, now: float, readings: Mapping[str, Reading], unreadable: Mapping[str, str]
    ) -> list[Action]:
        """Take what is read at ``now``; returns what follows."""
        self._unreadable = unreadable
        for zone, reading in readings.items():
            self._steady[zone].read(now, reading)
        if self.done:
            return []
        name = self._todo[0]
        if name not in self._zones:
            return self._time_of_output(now, name)
        if name in unreadable:
            return self._end(now, is_well=False, words=f"can't be read: {unreadable[name]}")
        return self._look(now, self._zones[name])

    def key(self, now: float, key: Key) -> list[Action]:
        """Take a key; ``yes`` and ``no`` mean nothing while a zone is asked for."""
        if self.done:
            return []
        name = self._todo[0]
        if key == "skip":
            return self._end(now, is_well=False, words="skipped")
        if name in self._zones or self._phase == "rest":
            return []
        if self._phase == "answer":
            is_well = key == "yes"
            return self._end(
                now, is_well=is_well, words="well" if is_well else _dark(name, self._outputs[name])
            )
        if key == "no":
            return self._end(now, is_well=False, words="not tried")
        return self._switch_on(now, name)

    # --- zones ------------------------------------------------------------------------------------

    def _ask_of(self, zone: ZoneSettings) -> str:
        name = f"{name_of(zone)} at {place(zone)}"
        if zone.kind in PANIC_KINDS:
            asks = {
                "rest": f"leave {name} alone",
                "press": f"press and hold {name}",
                "release": f"release {name}",
            }
        else:
            asks = {"rest": f"shut {name}", "press": f"open {name}", "release": f"shut {name} again"}
        return asks[self._phase]

    def _look(self, now: float, zone: ZoneSettings) -> list[Action]:
        condition = self._steady[zone.zone].condition
        if condition is None:
            return []
        seen = self._seen
        if self._phase == "rest":
            if condition == "normal" or now >= self._until:
                seen.start = condition
                self._before = {other: steady.condition for other, steady in self._steady.items()}
                if condition in FAULTS:
                    return self._judge(now, zone)
                self._phase, self._until = "press", now + LOOK_S
            return []
        if self._phase == "press":
            self._notice_others(now, zone)
            if condition != seen.start:
                seen.pressed = condition
                self._phase, self._until = "release", now + BACK_S
            elif now >= self._until or seen.instead is not None:
                return self._judge(now, zone)
            return []
        self._notice_others(now, zone)
        if condition == seen.start or now >= self._until:
            seen.after = condition
            return self._judge(now, zone)
        return []

    def _notice_others(self, now: float, zone: ZoneSettings) -> None:
        """Note another button that moved: doors move by themselves."""
        for other, steady in self._steady.items():
            settings = self._zones[other]
            if (
                other == zone.zone
                or settings.kind not in PANIC_KINDS
                or steady.condition == self._before.get(other)
            ):
                continue
            if self._seen.pressed is not None:
                self._seen.beside = other
            elif now - steady.since >= INSTEAD_S:
                self._seen.instead = other

    def _judge(self, now: float, zone: ZoneSettings) -> list[Action]:
        is_well, words = verdict(zone, self._seen)
        unseen = unsupervised(zone.kind, zone.circuit)
        return self._end(now, is_well=is_well, words=f"{words}, {unseen}" if is_well and unseen else words)

    # --- outputs ----------------------------------------------------------------------------------

    def _switch_on(self, now: float, name: str) -> list[Action]:
        self._phase, self._until = "answer", now + ANSWER_S
        shown = SHOWN_S.get(name.split()[0])
        self._off_at = None if shown is None else now + shown
        return [Drive(name, 1.0)]

    def _time_of_output(self, now: float, name: str) -> list[Action]:
        if self._phase == "rest":
            if name != "strobe":
                return self._switch_on(now, name)
            self._phase, self._until = "offer", now + ANSWER_S
        if self._off_at is not None and now >= self._off_at:
            self._off_at = None
            return [Drive(name, 0.0)]
        if now >= self._until:
            return self._end(now, is_well=False, words="nobody answered")
        return []

    # --- one after the other ----------------------------------------------------------------------

    def _begin(self, now: float) -> None:
        self._phase, self._off_at, self._seen = "rest", None, Seen()
        zone = self._zones.get(self._todo[0]) if self._todo else None
        is_door = zone is not None and zone.kind not in PANIC_KINDS
        self._until = now + REST_S * (10 if is_door else 1)

    def _end(self, now: float, *, is_well: bool, words: str) -> list[Action]:
        name = self._todo.pop(0)
        result = Result(name, is_well, words)
        self.results.append(result)
        self._begin(now)
        return [result] if name in self._zones else [Drive(name, 0.0), result]


def _dark(output: str, words: str) -> str:
    kind = output.split()[0]
    if kind == "lamp":
        return "stays dark: LED the wrong way round, or no contact at its resistor?"
    if kind == "haptic":
        return "doesn't move: transistor's legs swapped, or no 5 V at the motor?"
    return f"nothing came ({words}): its supply, or the relay's or transistor's wires?"
