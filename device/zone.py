"""One zone: what its circuit reads over time, settled into events.

A contact bounces, and a wire picks up noise. A reading is believed once it has rested for its time:
a position of the contact for the settle time, a fault of the wiring for longer, so that a press always
wins over a fault that began with it. An event is dated back to when the contact moved. Facts come in
order of their stamps, and what was due between two of them is decided first, so a press is told
however many edges wait behind it.

Alarms and their restorals are told as they are believed, each. Doors and faults that change again and
again are limited (*swinger suppression*): one trouble says so, and where it came to rest.
"""

from __future__ import annotations

from collections import deque
from typing import Final, Literal, NamedTuple

from config.agent_settings import ZoneSettings
from config.contract import PANIC_KINDS, Kind, What
from config.wiring import Condition
from device.circuit import FAULTS, Reading, Wiring

HELD_S: Final = 3.0
"""A press this long is told a second time, with ``held``."""
STUCK_S: Final = 300.0
"""A button that is active this long is a trouble: it can't call again."""
POWER_UP_S: Final = 0.5
"""What is found at the start must rest this long: supplies and pull-ups come up meanwhile."""
FAULT_S: Final = 0.5
"""How long a fault must last: longer than any bounce, and told within the design's 1 s."""
UNSTEADY_S: Final = 0.8
"""A circuit that comes to no rest at all for this long contradicts itself."""
SWING_WINDOW_S: Final = 60.0
DOOR_SWINGS: Final = 30
"""Openings and closings in a minute that are told; a class walks through in fewer."""
FAULT_SWINGS: Final = 6
"""Faults and their restorals in a minute that are told."""
SWING_REST_S: Final = 10.0
"""A zone that swung is told again once it has rested this long."""
LOST_S: Final = 1.0
"""A move that was found by reading again isn't lost when its own word comes within this."""

Cause = Literal["cut", "short", "conflict", "stuck", "chatter", "unreadable"]


class Decided(NamedTuple):
    """Something happened at a zone."""

    what: What
    at: float
    """When, by the monotonic clock: as the contact moved, not as it had settled."""
    kind: Kind
    held: bool = False
    cause: str | None = None
    """Of a tamper or trouble; of an alarm: the fault that may be a press instead."""
    word: str = "normal"
    """What to remember of the zone once this is told; see :meth:`Zone.remember`."""


class Zone:
    """The settle logic of one zone; it reads no clock."""

    def __init__(self, settings: ZoneSettings) -> None:
        self.settings = settings
        self.kind: Kind = settings.kind
        self._wiring = Wiring(settings)
        self._panic = settings.kind in PANIC_KINDS
        self._settle_s = settings.settle_ms / 1000
        self._accept_s = max(self._settle_s, settings.accept_after_ms / 1000)
        self._fault_s = settings.transit_ms / 1000 if settings.circuit == "pair" else FAULT_S
        # what is read
        self._seen: Condition | None = None
        self._since = 0.0
        self._moved = False
        """Whether the contact was seen to move: until then all there is was found at the start."""
        self._restless_since: float | None = None
        # what is believed
        self._active = False
        self._fault: Condition | None = None
        self._believed_at = 0.0
        # what was told of it
        self._told_open = False
        self._told_fault: Condition | None = None
        self._maybe = False
        """A fault was told as an alarm, as it may be a press."""
        self._pressed_at: float | None = None
        """Since when it is pressed, until that was told as held."""
        self._stuck_at: float | None = None
        self._stuck = False
        self._swings: deque[float] = deque()
        self._chatters = False
        self._unreadable = False
        self._decided_any = False
        self._found_at: float | None = None
        self.lost = 0
        """Moves that were found only by reading again."""

    # --- what is known ----------------------------------------------------------------------------

    @property
    def condition(self) -> Condition:
        """What is believed. Unknown counts as normal, so that what is active at first alarms."""
        return "active" if self._active else self._fault or "normal"

    @property
    def can_call(self) -> bool:
        """Whether a press would be told: no fault, not stuck, and read at all."""
        return not (self._stuck or self._fault or self._unreadable)

    @property
    def word(self) -> str:
        """What to remember of it, as things stand; see :meth:`remember`."""
        is_active = self._active if self._panic else self._told_open
        flags = {
            "active": is_active,
            "maybe": self._maybe,
            self._told_fault or "": self._told_fault is not None,
            "stuck": self._stuck,
            "chatter": self._chatters,
            "unreadable": self._unreadable,
        }
        return " ".join(word for word, is_so in flags.items() if is_so) or "normal"

    @property
    def may_be_pressed(self) -> bool:
        """Whether its fault may be a press: a changeover's contacts that are alike."""
        return self._panic and self.settings.circuit == "pair" and self._fault in ("cut", "short")

    def remember(self, words: str) -> None:
        """Take what was last told before the restart, as :attr:`Decided.word` had it.

        Ignored once the contact has moved or something was decided: what is seen outweighs it.
        """
        if self._moved or self._decided_any:
            return
        known = frozenset(words.split())
        self._active = self._told_open = "active" in known
        self._fault = self._told_fault = next((fault for fault in FAULTS if fault in known), None)
        self._maybe = "maybe" in known
        self._stuck = "stuck" in known and self._active
        self._chatters = "chatter" in known
        self._unreadable = self._unreadable or "unreadable" in known
        if self._active and self._panic and not self._stuck:
            self._stuck_at = self._since + STUCK_S

    # --- what happens -----------------------------------------------------------------------------

    def contact(
        self, now: float, reading: Reading, how: Literal["moved", "first", "again"] = "moved"
    ) -> list[Decided]:
        """Take what is read at ``now``; returns what was due before it and what it brings."""
        decided = self.advance(now)
        if self._unreadable:
            self._unreadable = False
            self._say(decided, "trouble-restoral", now, cause="unreadable")
        seen = self._wiring.condition(reading, self._seen)
        if self._seen is None:
            self._seen, self._since, self._believed_at = seen, now, now
            self._moved = how == "moved"
            if self._active and self._panic and not self._stuck:
                self._stuck_at = now + STUCK_S
            return decided
        if seen == self._seen:
            if how == "moved" and self._found_at is not None and now - self._found_at < LOST_S:
                self.lost -= 1  # its own word came after all
                self._found_at = None
            if how == "moved" and now < self._since and not self._is_believed(seen):
                self._since = now  # a look found this move; the edge itself knows when it was
            return decided
        if how == "again":
            self.lost += 1
            self._found_at = now
        if not self._moved:
            self._moved = True
            # It was pressed before the restart, was found at rest, and is pressed again now: without
            # its restoral the second press would look like the first.
            if self._seen == "normal" and self._active:
                decided += self._believe("normal", self._since)
        if now - self._since >= self._settle_s or self._restless_since is None:
            self._restless_since = now
        self._seen, self._since = seen, now
        return decided + self.advance(now)

    def unreadable(self, now: float) -> list[Decided]:
        """Take that the zone can't be read; the next contact ends it."""
        decided = self.advance(now)
        if not self._unreadable:
            self._unreadable = True
            self._say(decided, "trouble", now, cause="unreadable")
        return decided

    def advance(self, now: float) -> list[Decided]:
        """Decide what is due by ``now``, in the order in which it fell due."""
        decided: list[Decided] = []
        while (due := self.next_deadline()) is not None and due <= now:
            before = len(decided)
            self._fall_due(decided, due)
            if len(decided) == before and self.next_deadline() == due:
                break  # rounding: nothing moves at this very moment
        return decided

    def next_deadline(self) -> float | None:
        """Return when :meth:`advance` should be called next, if the contact doesn't move before."""
        due = (self.settles_at(), self._held_at(), self._stuck_at, self._unsteady_at(), self._rested_at())
        return min((at for at in due if at is not None), default=None)

    def settles_at(self) -> float | None:
        """Return when the contact will have rested in a position that isn't believed yet."""
        seen = self._seen
        if seen is None or self._is_believed(seen):
            return None
        rest = self._accept_s if seen == "active" else self._fault_s if seen in FAULTS else self._settle_s
        return self._since + (rest if self._moved else max(rest, POWER_UP_S))

    # --- what falls due ---------------------------------------------------------------------------

    def _fall_due(self, decided: list[Decided], due: float) -> None:
        if self._seen is not None and self.settles_at() == due:
            decided += self._believe(self._seen, self._since)
        elif self._held_at() == due:
            self._pressed_at = None
            self._say(decided, "alarm", due, held=True, kind=self.settings.held_kind or self.kind)
        elif self._stuck_at == due:
            self._stuck_at, self._stuck = None, True
            self._say(decided, "trouble", due, cause="stuck")
        elif self._unsteady_at() == due:
            self._fault, self._believed_at = "conflict", due
            self._tell(decided, due)
        else:
            self._chatters = False
            self._swings.clear()
            self._say(decided, "trouble-restoral", due, cause="chatter")
            self._tell(decided, self._believed_at)

    def _is_believed(self, seen: Condition) -> bool:
        if seen == "active":
            return self._active and self._fault != "conflict"
        return not self._active and self._fault == (seen if seen in FAULTS else None)

    def _held_at(self) -> float | None:
        # A contact that has just opened may be bouncing or released; its rest decides which.
        if self._pressed_at is None or self._seen != "active" or self._unreadable:
            return None
        return self._pressed_at + HELD_S

    def _unsteady_at(self) -> float | None:
        """Return when it will have come to no rest for too long, if no rest comes before."""
        if self._restless_since is None or self._fault == "conflict":
            return None
        unsteady = self._restless_since + UNSTEADY_S
        return unsteady if unsteady < self._since + self._settle_s else None

    def _rested_at(self) -> float | None:
        if not self._chatters or self._seen is None:
            return None
        return max(self._believed_at, self._since) + SWING_REST_S

    def _believe(self, seen: Condition, since: float) -> list[Decided]:
        decided: list[Decided] = []
        self._decided_any = True
        self._restless_since = None
        was_active = self._active
        self._active = seen == "active"
        if seen in FAULTS or seen == "normal" or self._fault == "conflict":
            self._fault = seen if seen in FAULTS else None
        self._believed_at = since
        if self._panic and self._active != was_active:
            self._press(decided, since)
        self._tell(decided, since, released=was_active)
        return decided

    def _press(self, decided: list[Decided], since: float) -> None:
        if self._active:
            self._maybe = False
            self._pressed_at = None if self.settings.latching else since
            self._stuck_at = since + STUCK_S
            self._say(decided, "alarm", since)
            return
        self._pressed_at = self._stuck_at = None
        self._say(decided, "restoral", since)
        if self._stuck:
            self._stuck = False
            self._say(decided, "trouble-restoral", since, cause="stuck")

    def _tell(self, decided: list[Decided], since: float, *, released: bool = False) -> None:
        """Tell of the door and of the fault, unless they change too often to be told each time."""
        if not self._panic and self._told_open != self._active and self._may_swing(decided, since):
            self._told_open = self._active
            self._say(decided, "open" if self._active else "closed", since)
        if self._told_fault == self._fault or not self._may_swing(decided, since):
            return
        if self._told_fault is not None:
            cause, self._told_fault = self._told_fault, None
            if self._maybe and not self._active:
                self._maybe = False
                self._say(decided, "restoral", since)
            self._say(decided, "tamper-restoral", since, cause=cause)
        if self._fault is not None:
            self._told_fault = self._fault
            if self.may_be_pressed and not released:
                self._maybe = True
                self._say(decided, "alarm", since, cause=self._fault)
            self._say(decided, "tamper", since, cause=self._fault)

    def _may_swing(self, decided: list[Decided], at: float) -> bool:
        if self._chatters:
            return False
        while self._swings and self._swings[0] <= at - SWING_WINDOW_S:
            self._swings.popleft()
        if len(self._swings) >= (FAULT_SWINGS if self._panic else DOOR_SWINGS):
            self._chatters = True
            self._say(decided, "trouble", at, cause="chatter")
            return False
        self._swings.append(at)
        return True

    def _say(
        self,
        decided: list[Decided],
        what: What,
        at: float,
        *,
        kind: Kind | None = None,
        held: bool = False,
        cause: str | None = None,
    ) -> None:
        decided.append(Decided(what, at, kind or self.kind, held, cause, self.word))
