"""The weekly record of exterior doors: counted as they tell, frozen at the week's end, signed. Pure.

A week is Monday to Sunday by the school's own clock. What a door tells late of a week that is over
corrects it: that is a row of its own, and who had signed sees that they signed an earlier version.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Container, Mapping
from datetime import date, timedelta
from functools import partial
from itertools import pairwise
from typing import Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from config.clock import Now, stamp
from config.contract import shown
from config.door_settings import DoorRule
from hub.asking import Answer, Refused, SignDoorWeek
from hub.decision import Decision
from hub.directory import UNSET_MS
from hub.door_rules import Door, Where
from hub.door_week import DoorCount, DoorWeek
from hub.kept_course import ANCHOR, Anchor, to_mono
from hub.kept_facts import KeptFacts
from hub.ledger import Ledger
from hub.past_weeks import KEPT, PastWeeks
from hub.record_chain import Gone
from hub.view import DeviceView

WORDS: Final = 16
"""A door's latest openings and closings, by which its longest is reckoned though they come out of order."""
SAME_MS: Final = 2000
"""An agent's state and its event tell of one opening where they lie no further apart."""
BEYOND_S: Final = 60.0
"""Seconds after which a clock is looked at again that says a time beyond the calendar's last week, or a
strange one."""
STRANGE_S: Final = 86_400.0
"""Seconds after which a strange clock is believed that nobody keeps right and nobody sets."""
_COUNT: Final = "door-count "
_FIELDS: Final[dict[DoorRule, str]] = {
    "held-open": "held_open",
    "after-hours": "after_hours",
    "secure": "secure",
}


class Tally(Struct, frozen=True):
    """One door in the week that runs."""

    week: str
    count: DoorCount
    words: tuple[tuple[int, bool], ...] = ()
    """When it was opened (true) and closed, in order."""
    unknown_since: int | None = None
    found: tuple[int, bool] | None = None
    """The latest of them that a live state told: its event may come yet, and says when it truly was."""


class DoorWeeks:
    """The week that runs, and those that are over."""

    def __init__(self, ledger: Ledger, facts: KeptFacts, now: Now) -> None:
        self._ledger = ledger
        self._tallies: dict[Where, Tally] = {}
        self.past = PastWeeks(ledger, facts, now)
        for _, tally in facts.each(_COUNT, Tally):
            self._tallies[tally.count.device, tally.count.zone] = tally
        running = max((tally.week for tally in self._tallies.values()), default="")
        self._at = self._start_of(running) or now.wall
        self._week, self._first, self._last = self._bounds(self._at)
        anchor = facts.read(ANCHOR, Anchor)
        away_since = now.wall if anchor is None else anchor.wall
        for door in self._exterior():  # nothing is known of any until it is heard of
            tally, since = self._tally(door), max(away_since, self._first)
            if tally.week != self._week:  # the settings had it not as that week ended
                tally, since = replace(tally, week=self._week, count=self._plain(door)), self._first
                tally = replace(tally, unknown_since=None)
            if tally.unknown_since is None:
                tally = replace(tally, unknown_since=since)
            self._tallies[door.where] = tally
            ledger.view.door_counts[door.where] = self._with_longest(tally)
        self._strange_since = now.mono if self._is_strange(now) else None
        """Since when the clock says a time that may be wrong, in monotonic seconds."""
        self._wakes_at = now.mono
        if now.wall >= self._last:  # it ended while nobody was here
            ledger.wake(now.mono, "door-week", "")
        else:
            self._wake(now)

    def kept(self) -> dict[str, str]:
        """Return what a start has to store: since when nothing is known of a door."""
        return dict(_fact(tally) for tally in self._tallies.values())

    # --- what is counted ---

    def word(self, decision: Decision, door: Door, at: int, *, is_open: bool) -> None:
        """Take an opening or a closing, whenever it was."""
        if not door.exterior:
            return
        tally = self._without_found(self._tally(door), at, is_open=is_open)
        words = list(tally.words)
        insort(words, (at, is_open))
        i = words.index((at, is_open))
        week = self._week_of(at)
        count = tally.count
        if week == self._week:
            count = replace(count, opened=count.opened + is_open)
        else:
            self.past.correct(decision, week, door.where, opened=int(is_open))
        for (since, was_open), (until, then_open) in pairwise(words[max(i - 1, 0) : i + 2]):
            if was_open and not then_open:
                self.past.correct(decision, self._week_of(until), door.where, longest_ms=until - since)
        while len(words) > WORDS:
            count = replace(count, longest_ms=max(count.longest_ms, self._longest(words[:2])))
            del words[0]
        self._keep(decision, replace(tally, count=count, words=tuple(words)))

    def found(self, decision: Decision, door: Door, at: int, *, is_open: bool) -> None:
        """Take it that a live state told a door open or closed, of which no event was heard."""
        self.word(decision, door, at, is_open=is_open)
        if door.exterior:
            self._keep(decision, replace(self._tally(door), found=(at, is_open)))

    def _without_found(self, tally: Tally, at: int, *, is_open: bool) -> Tally:
        """Take out what a live state told, as the event comes of the same opening or closing."""
        found = tally.found
        if found is None or found not in tally.words or found[1] is not is_open or at > found[0] + SAME_MS:
            return tally
        if any(at <= other <= found[0] and was_open is not is_open for other, was_open in tally.words):
            return tally
        words = tuple(word for word in tally.words if word != found)
        count = replace(tally.count, opened=max(0, tally.count.opened - is_open))
        return replace(tally, words=words, count=count, found=None)

    def broke(self, decision: Decision, door: Door, rule: DoorRule, at: int) -> None:
        """Count that a door was open when it should not be."""
        if not door.exterior:
            return
        week = self._week_of(at)
        if week != self._week:
            self.past.correct(decision, week, door.where, **{_FIELDS[rule]: 1})
            return
        tally = self._tally(door)
        more = {_FIELDS[rule]: getattr(tally.count, _FIELDS[rule]) + 1}
        self._keep(decision, replace(tally, count=replace(tally.count, **more)))

    def heed(
        self, decision: Decision, view: DeviceView, faults: Mapping[str, str], told: Container[str], now: Now
    ) -> None:
        """See which doors of a device are known now; ``told`` are the zones it has told of."""
        for door in self._ledger.directory.doors_of(view.place.device):
            if not door.exterior:
                continue
            tally, zone = self._tally(door), door.zone
            is_known = view.standing == "heard" and zone not in faults and zone in told
            if is_known and tally.unknown_since is not None:
                self._keep(decision, self._counted_unknown(tally, now.wall))
            elif not is_known and tally.unknown_since is None:
                count = tally.count
                if zone in faults:
                    count = replace(count, faults=count.faults + 1)
                self._keep(decision, replace(tally, count=count, unknown_since=now.wall))

    # --- a week's end ---

    def look(self, decision: Decision, now: Now) -> None:
        """Freeze the week that is over, and write down what corrected an earlier one."""
        self.past.write_down(decision, now)
        if self._is_clock_believed(decision, now):
            while now.wall >= self._last and self._bounds(self._last)[2] > self._last:
                self._freeze(decision, now)
                self._begin(decision, self._last)
        self._wake(now)

    def _is_clock_believed(self, decision: Decision, now: Now) -> bool:
        """Tell whether the wall clock says that a week is over; one that says something strange may be wrong.

        What it counts meanwhile is of the week that runs. It is believed when somebody keeps it right, or it
        has said so for long: then that week is over, or goes on under another name; nothing counted is lost.
        """
        if self._first < UNSET_MS <= now.wall:  # until now it was never set
            self._carry(decision, now.wall)
        if not self._is_strange(now):
            self._strange_since = None
            return True
        if self._strange_since is None:
            self._strange_since = now.mono
        if now.wall < UNSET_MS or not (
            self._ledger.clock.synced is True or now.mono - self._strange_since >= STRANGE_S
        ):
            return False
        if now.wall >= self._last:
            self._freeze(decision, now)
            self._begin(decision, now.wall)
        else:
            self._carry(decision, now.wall)
        self._strange_since = None
        return True

    def _is_strange(self, now: Now) -> bool:
        """Tell whether the clock was never set, or is before the week that runs, or long after it."""
        reach = KEPT * (self._last - self._first)
        return self._first < UNSET_MS or not self._first <= now.wall < self._last + reach

    def retune(self, now: Now) -> None:
        """Count the exterior doors of new settings, too: of a new one nothing is known yet."""
        for door in self._exterior():
            if door.where not in self._tallies:
                self._tallies[door.where] = replace(self._tally(door), unknown_since=now.wall)

    def rewrite(self, decision: Decision, moved_ms: int, now: Now) -> None:
        """Take every moment by a wall clock that has jumped; the weeks that are over stay as they are."""
        for where, tally in self._tallies.items():
            since = None if tally.unknown_since is None else tally.unknown_since + moved_ms
            words = tuple((at + moved_ms, is_open) for at, is_open in tally.words)
            found = None if tally.found is None else (tally.found[0] + moved_ms, tally.found[1])
            self._tallies[where] = replace(tally, words=words, unknown_since=since, found=found)
            self._keep(decision, self._tallies[where])
        self.look(decision, now)

    def take(self, decision: Decision, action: SignDoorWeek, now: Now) -> Answer:
        """Take a person's signature on a week that is over."""
        if action.week == self._week and not self.past.has(action.week):
            why = f"week {action.week} is not over: it ends {stamp(self._last)}"
            return Refused("not-in-this-state", why, "running", ("over",))
        return self.past.sign(decision, action, now)

    def forget(self, decision: Decision, gone: Gone, _: Now) -> None:
        """Let go of who signed, and what they said, as the record does."""
        self.past.forget(decision, gone)

    def _freeze(self, decision: Decision, now: Now) -> None:
        doors = [self._ended(tally) for tally in self._tallies.values() if tally.week == self._week]
        if doors:
            doors.sort(key=lambda one: (one.building or "", one.name, one.device))
            week = DoorWeek(self._week, self._first, self._last, now.wall, tuple(doors))
            self.past.end(decision, week, now)

    def _ended(self, tally: Tally) -> DoorCount:
        """Return what a door's week comes to: with what is under way as it ends."""
        words = tally.words
        if words and words[-1][1] and words[-1][0] < self._last:
            words = (*words, (self._last, False))
        count = self._counted_unknown(tally, self._last).count
        return self._with_longest(replace(tally, count=count, words=words), closing=True)

    def _with_longest(self, tally: Tally, *, closing: bool = False) -> DoorCount:
        """Return a door's count with the longest that it was open, as far as its closings are known."""
        spans = [self._longest([*pair], closing=closing) for pair in pairwise(tally.words)]
        return replace(tally.count, longest_ms=max(tally.count.longest_ms, *spans, 0))

    def _carry(self, decision: Decision, at: int) -> None:
        """Let what was counted so far be of the week of this moment."""
        self._week, self._first, self._last = self._bounds(at)
        for tally in list(self._tallies.values()):
            self._keep(decision, replace(tally, week=self._week))

    def _begin(self, decision: Decision, at: int) -> None:
        """Begin the week of this moment: every exterior door counts from nothing."""
        self._week, self._first, self._last = self._bounds(at)
        exterior = {door.where for door in self._exterior()}
        for where, tally in list(self._tallies.items()):
            if where not in exterior:
                del self._tallies[where]  # what is stored of it stays: since when nothing is known of it
                decision.shown.append(partial(self._ledger.view.drop_door_count, where))
                continue
            plain = self._plain(self._ledger.directory.doors[where])
            self._keep(decision, replace(tally, week=self._week, count=plain))

    # --- reckoning ---

    def _longest(self, words: list[tuple[int, bool]], *, closing: bool = False) -> int:
        """Return how long an opening and the closing after it are apart, where that is of this week."""
        if len(words) < 2 or not words[0][1] or words[1][1]:
            return 0
        until = words[1][0]
        return until - words[0][0] if self._first <= until < self._last + closing else 0

    def _counted_unknown(self, tally: Tally, at: int) -> Tally:
        """Count for how long a door was not known, until this moment; it is known from now on."""
        since = tally.unknown_since
        if since is None:
            return tally
        lost = max(0, min(at, self._last) - max(since, self._first))
        count = replace(tally.count, unknown_ms=tally.count.unknown_ms + lost)
        return replace(tally, count=count, unknown_since=None)

    def _week_of(self, at: int) -> str:
        """Return which week a moment is of; what a strange clock says is of the one that runs."""
        return self._week if self._strange_since is not None else self._bounds(at)[0]

    def _bounds(self, at: int) -> tuple[str, int, int]:
        """Return the week of a moment: its name, its first moment, and the first of the next."""
        calendar = self._ledger.directory.calendar
        day = calendar.local(at).date()
        monday = day - timedelta(days=day.weekday())
        year, number, _ = monday.isocalendar()
        return (
            f"{year}-W{number:02d}",
            calendar.begins(monday),
            calendar.begins(monday + timedelta(days=7)),
        )

    def _start_of(self, week: str) -> int | None:
        if not week:
            return None
        year, number = week.split("-W")
        return self._ledger.directory.calendar.begins(date.fromisocalendar(int(year), int(number), 1))

    def _exterior(self) -> list[Door]:
        return [door for door in self._ledger.directory.doors.values() if door.exterior]

    def _tally(self, door: Door) -> Tally:
        return self._tallies.get(door.where) or Tally(self._week, self._plain(door))

    def _plain(self, door: Door) -> DoorCount:
        return DoorCount(
            door.place.device, door.zone, shown(door.name), shown(door.place.room), door.place.building
        )

    def _keep(self, decision: Decision, tally: Tally) -> None:
        count = tally.count
        where = (count.device, count.zone)
        self._tallies[where] = tally
        decision.facts.update([_fact(tally)])
        view, count = self._ledger.view, self._with_longest(tally)
        decision.shown.append(lambda: view.door_counts.__setitem__(where, count))

    def _wake(self, now: Now) -> None:
        """Ask to be woken at the week's end; where the clock says a time beyond every week, now and then."""
        is_sure = now.wall < self._last and self._strange_since is None
        at = to_mono(self._last, now) if is_sure else now.mono + BEYOND_S
        if not now.mono < self._wakes_at <= at + 1:  # else it is asked for already
            self._wakes_at = at
            self._ledger.wake(at, "door-week", "")


def _fact(tally: Tally) -> tuple[str, str]:
    """Return a door's tally as it is stored: the fact's name, and its text."""
    return f"{_COUNT}{tally.count.device} {tally.count.zone}", msgspec.json.encode(tally).decode()
