"""The lamp: what it shows, as a function of what is known and of the time.

It tells the truth and betrays nobody. It is dim, and after a press it confirms each stage for at most
two seconds and is dark again; only *not received* comes back. Idle, it shows ready only while the
hub's own beat proves a path to it. Patterns differ in rhythm, so that colour isn't needed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Literal, NamedTuple

NOT_RECEIVED_S: Final = 5.0
"""A press without a receipt is shown as not received after this (the table of promise 3)."""
DARK_FOR_S: Final = 3600.0
"""How long after the room's last press the lamp stays dark when no resolution is heard."""
CONFIRMED_S: Final = 2.0
"""How long a confirmation may last; after that of a test, or of a call this old, the lamp is as it was."""

Name = Literal[
    "ready", "fault", "button-fault", "walk-test", "pressed", "tested", "received", "acknowledged",
    "not-received", "identify", "dark",
]  # fmt: skip
Stage = Literal["pressed", "received", "acknowledged", "resolved"]
STAGES: Final[tuple[Stage, ...]] = ("pressed", "received", "acknowledged", "resolved")


class Step(NamedTuple):
    """One step of a pattern."""

    level: float
    """0 is off or dark; 1 is on, or as bright as the setting allows."""
    seconds: float


class Pattern(NamedTuple):
    """What an output does, over time."""

    name: Name
    words: str
    """What it means, for a person."""
    steps: tuple[Step, ...]
    repeats: bool
    """Whether it begins again after its last step; else the last step's level stays."""


_ON, _OFF = 1.0, 0.0
_BLINK, _GAP = Step(_ON, 0.25), Step(_OFF, 0.25)
_DARK = Step(_OFF, 0.0)
_FAULT = (Step(_ON, 0.15), Step(_OFF, 2.85))

PATTERNS: Final[dict[Name, Pattern]] = {
    pattern.name: pattern
    for pattern in (
        Pattern("ready", "Ready: the hub is heard", (Step(_ON, 0.0),), repeats=False),
        Pattern(
            "fault",
            "Fault: no hub is heard that reaches anybody. Press all the same, and phone",
            _FAULT,
            repeats=True,
        ),
        Pattern(
            "button-fault",
            "Fault: a button of this room may not work. Press all the same, and phone",
            _FAULT,
            repeats=True,
        ),
        Pattern(
            "walk-test",
            "Walk test: a button of this lamp is being tested",
            (Step(_ON, 0.15), Step(_OFF, 0.2), Step(_ON, 0.15), Step(_OFF, 2.5)),
            repeats=True,
        ),
        Pattern("pressed", "Pressed: on its way", (Step(_ON, 0.25), _DARK), repeats=False),
        Pattern("tested", "Tested: on its way", (Step(_ON, 1.0), _DARK), repeats=False),
        Pattern("received", "Received: the hub has it", (_BLINK, _GAP, _BLINK, _DARK), repeats=False),
        Pattern(
            "acknowledged",
            "Acknowledged: somebody has it in hand",
            (_BLINK, _GAP, _BLINK, _GAP, _BLINK, _DARK),
            repeats=False,
        ),
        Pattern(
            "not-received", "Not received: call by phone", (Step(_ON, 2.0), Step(_OFF, 13.0)), repeats=True
        ),
        Pattern("identify", "This is the room that is looked for", (_BLINK, _GAP), repeats=True),
    )
}

DARK: Final = Pattern(
    "dark", "Dark: what was before the restart is still being read", (_DARK,), repeats=False
)
"""Nothing, while it isn't known whether the room has called: it is no word of the lamp's."""

_PULSE, _PAUSE, _STILL = Step(_ON, 0.12), Step(_OFF, 0.18), Step(_OFF, 0.0)
PULSES: Final[dict[Name, Pattern]] = {
    "pressed": Pattern("pressed", "1 pulse", (_PULSE, _STILL), repeats=False),
    "tested": Pattern("tested", "1 pulse", (_PULSE, _STILL), repeats=False),
    "received": Pattern("received", "2 pulses", (_PULSE, _PAUSE, _PULSE, _STILL), repeats=False),
    "acknowledged": Pattern(
        "acknowledged", "3 pulses", (_PULSE, _PAUSE, _PULSE, _PAUSE, _PULSE, _STILL), repeats=False
    ),
    "not-received": Pattern("not-received", "1 long pulse", (Step(_ON, 1.2), _STILL), repeats=False),
}
"""What a motor in the button and a sounder do: felt or heard once at each stage, never again."""


class Shown(NamedTuple):
    """What the lamp shows at one moment."""

    pattern: Pattern
    since: float
    """When the pattern began, by the monotonic clock."""
    light: float
    changes_at: float | None
    """When its light changes next by the pattern alone."""


@dataclass(frozen=True, slots=True)
class Press:
    """The latest press that a lamp is about, and how far it has come."""

    ids: frozenset[str]
    """Its events: the alarm, and a second one of the same kind when it was held; and those beside it."""
    at: float
    stage: Stage = "pressed"
    stage_at: float = 0.0
    zone: str = ""
    kind: str = "panic"
    test: bool = False
    awaits: Mapping[str, float] = field(default_factory=dict)
    """The events whose receipts are still to come, and from when each is late: the latest of its own,
    and those beside it."""
    beside: frozenset[str] = frozenset()
    """Second alarms of earlier presses that were held on: told later than this press, which is the latest
    all the same. Nothing is shown as received that one of them isn't."""

    @classmethod
    def begun(cls, event: str, now: float, *, zone: str, kind: str, test: bool = False) -> Press:
        """Return a press that has just been told."""
        ids = frozenset((event,))
        return cls(ids, now, "pressed", now, zone, kind, test, awaits={event: now + NOT_RECEIVED_S})

    @property
    def late_at(self) -> float:
        """From when a receipt is late; never where none is awaited."""
        return min(self.awaits.values(), default=math.inf)

    @property
    def is_open(self) -> bool:
        """Whether it isn't known that a person has ended all of it."""
        return self.stage != "resolved" or bool(self.awaits)

    def takes_held(self, zone: str) -> bool:
        """Whether the second alarm of a zone's press is about this one, or is beside it."""
        return zone == self.zone or self.is_open

    def held(self, event: str, now: float, kind: str, zone: str) -> Press:
        """Return the press with a second event about it: one that is higher starts its own stages.

        Of the same kind it is the same call, and shows nothing new as long as its receipt comes in time.
        What was late, or would have been, is no later for it. Of another zone it is about an earlier press.
        """
        late = now + NOT_RECEIVED_S
        ids = self.ids | {event}
        if zone != self.zone:
            return replace(self, ids=ids, beside=self.beside | {event}, awaits={**self.awaits, event: late})
        beside = {each: at for each, at in self.awaits.items() if each in self.beside}
        late = min([late, *(at for each, at in self.awaits.items() if each not in beside)])
        held = replace(self, ids=ids, awaits={**beside, event: late})
        if kind == self.kind:
            return held
        return replace(held, ids=self.beside | {event}, kind=kind, at=now, stage="pressed", stage_at=now)

    def received(self, events: frozenset[str], now: float) -> Press:
        """Return the press with the receipt of these of its events."""
        heard = self._without(events)
        # Said anew where the lamp has asked to phone meanwhile, or the earlier event was ended without it.
        if heard.awaits or self._is_shown(now):
            return heard
        return replace(heard, stage="received", stage_at=now)

    def told(self, stage: Stage, events: frozenset[str], now: float) -> Press:
        """Return the press as far as a person has taken these of its events."""
        heard = self._without(events)
        if not events & (heard.ids - heard.beside):
            return self.received(events, now) if heard.awaits != self.awaits else self
        is_news = STAGES.index(stage) > STAGES.index(self.stage)
        if is_news or (heard.awaits != self.awaits and not self._is_shown(now)):
            return replace(heard, stage=stage, stage_at=now)
        return heard

    def _without(self, events: frozenset[str]) -> Press:
        """Return the press with these events at the hub. Of one that was ended, nothing left is beside it."""
        awaits = {each: at for each, at in self.awaits.items() if each not in events}
        beside: frozenset[str] = frozenset() if self.stage == "resolved" else self.beside
        return replace(self, awaits=awaits, beside=beside)

    def _is_shown(self, now: float) -> bool:
        """Whether the receipt that is awaited would only repeat what the lamp has said."""
        return self.stage in ("received", "acknowledged") and now < self.late_at


@dataclass(frozen=True, slots=True)
class Lamp:
    """What a lamp knows."""

    press: Press | None = None
    ready_until: float = float("-inf")
    """Until when the hub's last beat proves a path to it."""
    is_faulty: bool = False
    """A button of the room may not work."""
    in_walk_test: bool = False
    """A button whose presses it shows is being tested."""
    is_recalled: bool = True
    """Whether what was before the restart is known; until then nothing idle is shown."""
    idle_since: float = 0.0
    """When what it shows while nothing happens changed last."""
    identify_until: float = float("-inf")
    identify_since: float = 0.0
    room_pressed_at: float = float("-inf")
    """When a button of the room, of whichever lamp, was pressed last and showed it; a test doesn't count."""

    def pressed(
        self, event: str, now: float, *, zone: str = "", kind: str = "panic", test: bool = False
    ) -> Lamp:
        """A button was pressed: whatever was shown of an earlier press is over."""
        return replace(self, press=Press.begun(event, now, zone=zone, kind=kind, test=test))

    def held(self, event: str, now: float, *, zone: str = "", kind: str = "panic") -> Lamp:
        """A press is held: a second event is about it, too; it is no test any more."""
        press = self.press
        if press is None or press.test or not press.takes_held(zone):
            return self.pressed(event, now, zone=zone, kind=kind)
        return replace(self, press=press.held(event, now, kind, zone))

    def received(self, events: frozenset[str], now: float) -> Lamp:
        """The hub's receipt came for these events; ignored if none is awaited that is among them."""
        press = self.press
        if press is None or not press.awaits.keys() & events:
            return self
        return replace(self, press=press.received(events, now))

    def told(self, stage: Literal["acknowledged", "resolved"], events: frozenset[str], now: float) -> Lamp:
        """The hub says how far these events have come; ignored if not about the latest press."""
        press = self.press
        if press is None or not press.ids & events:
            return self
        reached = press.told(stage, events, now)
        return self if reached == press else replace(self, press=reached)

    def restored(self, press: Press) -> Lamp:
        """The latest press before a restart; ignored where there was one since."""
        return self if self.press is not None else replace(self, press=press)

    def recalled(self, now: float) -> Lamp:
        """What was before the restart is known, or isn't waited for any more."""
        return self if self.is_recalled else replace(self, is_recalled=True, idle_since=now)

    def heard(self, until: float, now: float) -> Lamp:
        """The hub is heard, which counts until ``until`` (in the past: no longer)."""
        was_ready = now < self.ready_until
        is_ready = now < until
        since = now if was_ready != is_ready else self.idle_since
        return replace(self, ready_until=until, idle_since=since)

    def idle(self, now: float, *, is_faulty: bool, in_walk_test: bool) -> Lamp:
        """What else there is to show while nothing happens."""
        if (is_faulty, in_walk_test) == (self.is_faulty, self.in_walk_test):
            return self
        return replace(self, is_faulty=is_faulty, in_walk_test=in_walk_test, idle_since=now)

    def room_pressed(self, at: float) -> Lamp:
        """A button of the room was pressed: what is dark after a press stays so for longer."""
        return replace(self, room_pressed_at=max(at, self.room_pressed_at))

    def identify(self, until: float, now: float) -> Lamp:
        """Blink, so that the room is found."""
        return replace(self, identify_until=until, identify_since=now)


def show(lamp: Lamp, now: float) -> Shown:
    """Return what the lamp shows at ``now``."""
    name, since = _name(lamp, now)
    return play(PATTERNS.get(name, DARK), since, now)


def next_deadline(lamp: Lamp, now: float) -> float | None:
    """Return when the lamp's light, or what it means, may change next."""
    due = [show(lamp, now).changes_at, lamp.ready_until, lamp.identify_until]
    press = lamp.press
    if press is not None:
        due += [*press.awaits.values(), _dark_until(lamp, press), press.stage_at + CONFIRMED_S]
    return min((at for at in due if at is not None and at > now), default=None)


def _name(lamp: Lamp, now: float) -> tuple[Name, float]:
    press = lamp.press
    if press is not None and press.awaits and now >= press.late_at:
        return "not-received", press.late_at
    if press is not None and press.stage == "pressed":
        return ("tested" if press.test else "pressed"), press.stage_at
    if press is not None and press.stage != "resolved":
        # A real press leaves the room dark for an hour; a test leaves it as it was. What comes later than
        # that is shown all the same.
        said = press.stage_at + CONFIRMED_S
        if now < (said if press.test else max(said, _dark_until(lamp, press))):
            return press.stage, press.stage_at
    if not lamp.is_recalled:
        return "dark", lamp.idle_since
    if now < lamp.identify_until:
        return "identify", lamp.identify_since
    if lamp.in_walk_test:
        return "walk-test", lamp.idle_since
    if now >= lamp.ready_until:
        return "fault", max(lamp.idle_since, min(lamp.ready_until, now))
    return ("button-fault" if lamp.is_faulty else "ready"), lamp.idle_since


def _dark_until(lamp: Lamp, press: Press) -> float:
    return max(press.at, lamp.room_pressed_at) + DARK_FOR_S


def play(pattern: Pattern, since: float, now: float) -> Shown:
    """Return where a pattern that began at ``since`` is at ``now``."""
    steps = pattern.steps
    into = max(now - since, 0.0)
    start = since
    if pattern.repeats:
        whole = sum(step.seconds for step in steps)
        rounds = into // whole
        start = since + rounds * whole
    end = start
    for step in steps if pattern.repeats else steps[:-1]:
        end += step.seconds
        if now < end:
            return Shown(pattern, since, step.level, end)
    # Rounding can put `now` on the very end of a round, where the next one begins.
    return Shown(pattern, since, steps[-1].level, now + 0.001 if pattern.repeats else None)
