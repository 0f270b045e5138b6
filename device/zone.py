"""One zone: what its circuit comes to rest at, made into events.

A contact bounces, and a wire picks up noise. A reading is believed once it is at rest
(:mod:`device.settling`), and its event is dated back to when the contact moved. Facts come in order of
their stamps, and what was due between two of them is decided first, so a press is told however many
edges wait behind it.

What may be a press is an alarm with its ``cause``: both contacts of a ``pair`` alike, be it only for a
moment, a button that comes to no rest and reads as pressed in between, and a fault that comes into a
press: it goes on, in doubt, until the circuit shows that it ended. Alarms are told as they are believed,
each. Only doors and faults are limited when they swing (:mod:`device.swings`).
"""

from __future__ import annotations

from typing import Final

from config.agent_settings import ZoneSettings
from config.contract import PANIC_KINDS, Kind, What
from config.wiring import Condition
from device.circuit import FAULTS, Reading, Wiring
from device.decided import IN_DOUBT, ONLY_TESTED, Decided
from device.facts import How
from device.lost_moves import LostMoves
from device.settling import Settling
from device.swings import DOOR_SWINGS, FAULT_SWINGS, SWING_REST_S, Swings

HELD_S: Final = 3.0
"""A press this long is told a second time, with ``held``."""
STUCK_S: Final = 300.0
"""A button that is active this long is a trouble: it can't call again."""
FAULT_S: Final = 0.5
"""How long a fault must last: longer than any bounce, and told within the design's 1 s."""
DOUBT_AGAIN_S: Final = 60.0
"""A circuit without rest that hasn't read as pressed for this long and does again may be pressed again."""


class Zone:
    """The settle logic of one zone; it reads no clock."""

    def __init__(self, settings: ZoneSettings) -> None:
        self.settings = settings
        self.kind: Kind = settings.kind
        self._wiring = Wiring(settings)
        self._panic = settings.kind in PANIC_KINDS
        self._is_pair = settings.circuit == "pair"
        settle_s = settings.settle_ms / 1000
        self._accept_s = max(settle_s, settings.accept_after_ms / 1000)
        self._settling = Settling(settle_s, settings.transit_ms / 1000 if self._is_pair else FAULT_S)
        # what is believed
        self._active = False
        self._fault: Condition | None = None
        self._changed_at = 0.0
        self._goes_on = False
        """A press was told and its end wasn't seen: it reads active, or a fault that came meanwhile."""
        self._from: Condition | None = None
        """The fault that stood as that press began: of a changeover with a broken wire, its rest."""
        self._coming: tuple[float, float] | None = None
        """A press that is yet too short to be one: since when, and when the circuit left its rest."""
        self._decided_any = False
        # what was told of it
        self._alarmed = False
        """An alarm was told, and not yet its restoral."""
        self._doubted = False
        """That it comes to no rest was told as an alarm, as it may be a press."""
        self._seemed_pressed_at = 0.0
        """When it last read as pressed, or was told as what may be a press while it came to no rest."""
        self._told_open: bool | None = None
        self._told_fault: Condition | None = None
        self._pressed_at: float | None = None
        """Since when it is pressed, until that was told as held."""
        self._held = False
        self._stuck_at: float | None = None
        self._stuck = False
        self._unreadable = False
        self._swings = Swings(FAULT_SWINGS if self._panic else DOOR_SWINGS)
        self._moves = LostMoves()

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
    def may_be_pressed(self) -> bool:
        """Whether its fault may be a press: a changeover's contacts that are alike, or no rest at all."""
        is_doubtful = self._alarmed and not self._active
        return self._panic and (is_doubtful or self._fault == "conflict" or self._is_alike(self._fault))

    @property
    def lost(self) -> int:
        """How many moves were found only by reading again."""
        return self._moves.lost

    @property
    def word(self) -> str:
        """What to remember of it, as things stand; see :meth:`remember`."""
        is_doubtful = self._alarmed and not self._active
        flags = {
            "active": self._active if self._panic else bool(self._told_open),
            "held": self._held,
            IN_DOUBT: self._goes_on and self._fault != self._from,
            f"maybe-{self._fault}" if self._fault else "maybe": is_doubtful,
            self._told_fault or "": self._told_fault is not None,
            "stuck": self._stuck,
            "chatter": self._swings.chatters,
            "unreadable": self._unreadable,
        }
        return " ".join(word for word, is_so in flags.items() if is_so) or "normal"

    def remember(self, words: str) -> list[Decided]:
        """Take what was last told before the restart, as :attr:`Decided.word` had it.

        Once the contact has moved or something was decided, what is seen outweighs it: what was told before
        is then only owed its restoral, and returned where the zone is at rest already.
        """
        known = frozenset(words.split())
        fault = next((fault for fault in FAULTS if fault in known), None)
        doubt = next((fault for fault in FAULTS if f"maybe-{fault}" in known), None)
        is_doubtful = doubt is not None or "maybe" in known
        was_active = "active" in known
        self._unreadable = self._unreadable or "unreadable" in known
        self._swings.chatters = self._swings.chatters or "chatter" in known
        self._stuck = self._stuck or ("stuck" in known and (was_active or IN_DOUBT in known))
        was_alarmed = self._alarmed
        self._alarmed = was_alarmed or (self._panic and (was_active or is_doubtful))
        self._told_open = was_active if self._told_open is None else self._told_open
        self._goes_on = self._goes_on or (self._panic and (was_active or IN_DOUBT in known))
        if self._settling.moved or self._decided_any:
            return self._make_good(fault, is_news=self._alarmed and not was_alarmed)
        self._told_fault = fault
        self._fault = fault or doubt
        self._doubted = self._fault == "conflict" and is_doubtful
        self._active = was_active and ONLY_TESTED not in known
        self._from = fault if self._goes_on and IN_DOUBT not in known and self._is_alike(fault) else None
        self._held = bool(known & {"held", "stuck"})
        self._resume(self._settling.since)
        return []

    def _make_good(self, fault: Condition | None, *, is_news: bool) -> list[Decided]:
        decided: list[Decided] = []
        if self._told_fault is None:
            self._told_fault = fault
        elif fault is not None and fault != self._told_fault:
            self._say(decided, "tamper-restoral", self._changed_at, cause=fault)
        if self._decided_any:
            if self._panic and self.condition == "normal":
                self._release(decided, self._changed_at)
            elif is_news and not self._active:  # told, or it would be forgotten at the next restart
                self._say(decided, "alarm", self._changed_at, cause=self._fault)
            self._tell(decided, self._changed_at)
        return decided

    def _resume(self, since: float) -> None:
        """Go on with a press from before the restart: how long it lasted then isn't known."""
        if not self._goes_on:
            return
        if not self._stuck:
            self._stuck_at = since + STUCK_S
        if not (self._held or self.settings.latching):
            self._pressed_at = since

    # --- what happens -----------------------------------------------------------------------------

    def contact(self, now: float, reading: Reading, how: How = "moved") -> list[Decided]:
        """Take what is read at ``now``; returns what was due before it and what it brings."""
        decided = self.advance(now)
        if self._unreadable:
            self._unreadable = False
            self._say(decided, "trouble-restoral", now, cause="unreadable")
        settling = self._settling
        seen = self._wiring.condition(reading, settling.reads)
        if settling.reads is None:
            settling.begin(now, seen, moved=how == "moved")
            self._changed_at = self._seemed_pressed_at = now
            self._resume(now)
            return decided
        if seen == "active":
            self._doubted = self._doubted and now - self._seemed_pressed_at < DOUBT_AGAIN_S
            self._seemed_pressed_at = now
        if seen == settling.reads:
            if how == "moved":
                self._moves.told()
                settling.moved_before(now)
            return decided
        self._moves.moved(now, how)
        # It was pressed before the restart, was found at rest, and is pressed again now: without
        # its restoral the second press would look like the first.
        if not settling.moved and settling.reads == "normal" and self._alarmed:
            self._believe(decided, "normal", settling.since)
        settling.move(now, seen)
        self._doubt(decided, now)
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
            self._fall_due(decided, due)
        return decided

    def next_deadline(self) -> float | None:
        """Return when :meth:`advance` should be called next, if the contact doesn't move before."""
        due = (
            self._settling.settles_at(),
            self._accepts_at(),
            self._held_at(),
            self._stuck_at,
            self._unsteady_at(),
            self._rested_at(),
            self._moves.lost_at(),
        )
        return min((at for at in due if at is not None), default=None)

    def settles_at(self) -> float | None:
        """Return when what is read now will be believed, if it isn't yet and doesn't change before."""
        settles_at = self._settling.settles_at()
        return self._accepts_at() if settles_at is None else settles_at

    # --- what falls due: each of these ends its own deadline ------------------------------------------

    def _fall_due(self, decided: list[Decided], due: float) -> None:
        if self._settling.settles_at() == due:
            self._settle(decided)
        elif self._accepts_at() == due and self._coming is not None:
            (since, began), self._coming = self._coming, None
            self._believe(decided, "active", since, began)
        elif self._held_at() == due:
            self._pressed_at, self._held = None, True
            kind = self.settings.held_kind or self.kind
            self._say(
                decided, "alarm", due, held=True, kind=kind, cause=None if self._active else self._fault
            )
        elif self._stuck_at == due:
            self._stuck_at = None
            if not self._stuck:
                self._stuck = True
                self._say(decided, "trouble", due, cause="stuck")
        elif self._unsteady_at() == due:
            self._lose_rest(decided, due)
        elif self._moves.lost_at() == due:
            self._moves.lose()
        else:
            self._swings.rest()
            self._say(decided, "trouble-restoral", due, cause="chatter")
            self._tell(decided, self._changed_at)

    def _accepts_at(self) -> float | None:
        # An interruption that is shorter than a rest takes nothing from the press.
        if self._coming is None or self._settling.reads != "active":
            return None
        return self._coming[0] + self._accept_s

    def _held_at(self) -> float | None:
        # A contact that has just opened may be bouncing or released; its rest decides which.
        # What is at rest at a fault may be pressed all the same.
        pressed = "active" if self._active else self._fault
        if self._pressed_at is None or self._unreadable or self._settling.reads != pressed or not pressed:
            return None
        return self._pressed_at + HELD_S

    def _unsteady_at(self) -> float | None:
        return None if self._fault == "conflict" else self._settling.unsteady_at()

    def _rested_at(self) -> float | None:
        # Noise that is never believed doesn't count: it could hide what stands for ever.
        return self._changed_at + SWING_REST_S if self._swings.chatters else None

    def _settle(self, decided: list[Decided]) -> None:
        rest = self._settling.settle()
        if rest is None:
            return
        self._doubted = False
        if rest.reads == "active" and not self._active:
            self._coming = self._coming or (rest.since, rest.began)
            return
        self._coming = None
        if rest.glimpse is not None and rest.reads == rest.before == "normal" and self._fault is None:
            # It went before it was believed, and yet it was there: a loose wire, or a short press.
            self._believe(decided, *rest.glimpse)
        self._believe(decided, rest.reads, rest.since)

    def _lose_rest(self, decided: list[Decided], due: float) -> None:
        self._fault, self._changed_at = "conflict", due
        self._decided_any = True
        since = self._settling.restless_since or due
        self._doubt(decided, since)
        self._tell(decided, since)

    def _doubt(self, decided: list[Decided], at: float) -> None:
        """Alarm where a circuit without rest reads what may be a press."""
        if not self._panic or self._active or self._fault != "conflict" or self._doubted:
            return
        rest = self._settling.rest
        if any(
            reads == "active" or (self._is_alike(reads) and reads != rest) for reads in self._settling.met
        ):
            self._doubted = self._alarmed = True
            self._seemed_pressed_at = max(self._seemed_pressed_at, at)
            self._say(decided, "alarm", at, cause="conflict")

    def _is_alike(self, reads: Condition | None) -> bool:
        """Whether these are a changeover's two contacts that are alike: it may be pressed."""
        return self._is_pair and reads in ("cut", "short")

    def _believe(
        self, decided: list[Decided], seen: Condition, since: float, began: float | None = None
    ) -> None:
        was_active, was_fault = self._active, self._fault
        self._decided_any = True
        self._active = seen == "active"
        if not self._active or was_fault == "conflict":
            self._fault = seen if seen in FAULTS else None
        if (self._active, self._fault) != (was_active, was_fault):
            self._changed_at = since
        if self._panic and self._active and not was_active:
            self._press(decided, since, began)
        elif self._panic and (seen == "normal" or (self._goes_on and seen == self._from)):
            self._release(decided, since)
        elif self._panic and not self._active and (was_active or self._fault != was_fault):
            self._doubt_press(decided, since)
        self._tell(decided, since)

    def _doubt_press(self, decided: list[Decided], at: float) -> None:
        """Alarm where a fault may be a press, or another one: a fault can't show that one has ended."""
        if self._is_alike(self._fault) or self._goes_on:
            self._alarmed, self._from = True, None  # with two faults, what it read before shows nothing
            self._say(decided, "alarm", at, cause=self._fault)

    def _press(self, decided: list[Decided], since: float, began: float | None) -> None:
        self._alarmed = True
        if not self._goes_on:
            self._goes_on = True
            self._from = self._fault if self._is_alike(self._fault) else None
        if self._stuck_at is None and not self._stuck:
            self._stuck_at = since + STUCK_S
        if self._pressed_at is None and not self.settings.latching:
            self._held, self._pressed_at = False, since
        self._say(decided, "alarm", since, began=began)

    def _release(self, decided: list[Decided], since: float) -> None:
        self._pressed_at = self._stuck_at = self._from = None
        self._held = self._goes_on = False
        if self._alarmed:
            self._alarmed = False
            self._say(decided, "restoral", since)
        if self._stuck:
            self._stuck = False
            self._say(decided, "trouble-restoral", since, cause="stuck")

    def _tell(self, decided: list[Decided], since: float) -> None:
        """Tell of the door and of the fault, unless they change too often to be told each time."""
        if not self._panic and bool(self._told_open) != self._active and self._may_tell(decided, since):
            self._told_open = self._active
            self._say(decided, "open" if self._active else "closed", since)
        if self._told_fault == self._fault or not self._may_tell(decided, since):
            return
        if self._told_fault is not None:
            cause, self._told_fault = self._told_fault, None
            self._say(decided, "tamper-restoral", since, cause=cause)
        if self._fault is not None:
            self._told_fault = self._fault
            self._say(decided, "tamper", since, cause=self._fault)

    def _may_tell(self, decided: list[Decided], at: float) -> bool:
        change = self._swings.change(at)
        if change == "begins":
            self._say(decided, "trouble", at, cause="chatter")
        return change == "tell"

    def _say(
        self,
        decided: list[Decided],
        what: What,
        at: float,
        *,
        kind: Kind | None = None,
        held: bool = False,
        cause: str | None = None,
        began: float | None = None,
    ) -> None:
        decided.append(Decided(what, at, kind or self.kind, held, cause, self.word, began))
