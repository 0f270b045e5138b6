"""Whose turn it is to be upgraded, who has the release, who failed, and when it stops. Pure.

A room's Pi asks; nothing is pushed. It asks twice: before it fetches, and before it puts the new program in
the place of the one that reads its buttons. Each time it is told to go on only while nobody may need them.
A room has a release once its agent says so in a few healths, with no trouble that it hadn't before.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from config.clock import Now
from config.contract import shown
from hub.asking import Refused
from hub.decision import Decision
from hub.incident import Incident
from hub.incidents import Incidents
from hub.inputs import EventCame
from hub.kept_course import to_mono
from hub.kept_facts import KeptFacts
from hub.ledger import Ledger
from hub.record_chain import FORGOTTEN, Gone
from hub.trouble_words import OF_DEVICE
from hub.upgrading.asking import (
    BeginUpgrade,
    RoomAsks,
    RoomTold,
    RoomUpgrade,
    Standing,
    UpgradeAction,
    UpgradeAnswer,
    UpgradeRun,
    UpgradeStands,
)
from hub.view import DeviceView

AT_ONCE: Final = 3
"""Rooms that are at it together; each is without its buttons for the seconds of one restart."""
MOST_FAILED: Final = 3
"""Failed rooms with which a run stops: one may be a worn card, two a bad cable, three are the release."""
HEALTHS: Final = 4
"""Healths that a room says the release in before it has it: 45 s of them."""
TURN_S: Final = 1800.0
"""Seconds from a room's turn until it has it: a slow card takes some minutes to install it."""
QUIET_S: Final = 300.0
"""Seconds without a press in a room before its program may be changed."""
GRAVE: Final = OF_DEVICE | {"tamper", "trouble"}
"""Troubles that are the device's own: with a new one of these no room has the release."""
_FACT: Final = "upgrade"
_NOT_HEARD: Final = "its agent is not heard"
_WITH_IT: Final = "with it there is a trouble that it hadn't before"
_BY_HAND: Final = "a person stopped it"

Answer = UpgradeAnswer | Refused


class Upgrades:
    """The run that stands, or the last that did."""

    def __init__(
        self,
        ledger: Ledger,
        incidents: Incidents,
        device: Callable[[str], DeviceView | None],
        resolved: Sequence[Incident],
        facts: KeptFacts,
        now: Now,
    ) -> None:
        """``resolved`` are the latest; a room in its turn has the whole of its time anew at a start."""
        self._ledger = ledger
        self._incidents = incidents
        self._device = device
        self.run = ledger.view.upgrade = facts.read(_FACT, UpgradeRun)
        self._pressed: dict[str, float] = {}
        self._said: dict[str, int] = {}
        """How many healths in a row each room said the run's release in."""
        self._until: dict[str, float] = {}
        """Until when each room must have it."""
        self._woken: set[str] = set()
        """Rooms of which a look is to come."""
        for incident in resolved:
            for room in incident.rooms:
                self._pressed[room.place.device] = max(to_mono(press.at, now) for press in incident.events)
        if self.run is not None and self.run.is_open:
            for name, one in self.run.rooms.items():
                if one.state == "turn" or name == self.run.first:
                    self._arm(name, now)

    # --- what is asked ---

    def take(self, decision: Decision, action: UpgradeAction, now: Now) -> Answer:
        """Do what was asked, or refuse it with the reason."""
        if isinstance(action, RoomAsks):
            return self._room_asks(decision, action, now)
        if isinstance(action, BeginUpgrade):
            return self._begin(decision, action, now)
        run = self.run
        if run is None or not run.is_open:
            return Refused("not-found", "no upgrade of the rooms is under way", allowed=("begin one",))
        self._end(decision, _BY_HAND, now, {"by": action.by, "via": action.via})
        return UpgradeStands(self.run or run)

    def _begin(self, decision: Decision, action: BeginUpgrade, now: Now) -> Answer:
        first, rooms = action.device, self._ledger.directory.rooms
        if first is not None and first not in rooms:
            return Refused("not-found", f"the settings have no room with the device {shown(first)!r}")
        run = self.run
        if run is not None and run.is_open:
            if run.release == action.release and first in (None, run.first):
                return UpgradeStands(run)
            if run.release == action.release:
                why = f"an upgrade is under way, in which {self._room(run.first)} goes first; stop it first"
                return Refused("not-in-this-state", why, "under way", ("stopped",))
            self._end(decision, "the hub hands out another release now", now, {})
        if first is not None and (view := self._device(first)) is not None and view.standing != "heard":
            why = f"{self._room(first)} can't go first: it is {view.standing}"
            return Refused("not-in-this-state", why, view.standing, ("heard",))
        detail = {"release": action.release, "first": first, "by": action.by, "via": action.via}
        where = "the first that asks" if first is None else self._room(first)
        words = f"the rooms are to have release {action.release}, {where} first"
        row = self._ledger.record(decision, now, "upgrade-begun", words, detail=detail)
        standing = {
            name: RoomUpgrade("done" if self._says(name, action.release) else "waits") for name in rooms
        }
        began = UpgradeRun(
            f"upgrade-{row}", action.release, action.by, action.via, now.wall, row, first, standing
        )
        self._said, self._until = {}, {}
        self._keep(decision, began)
        if first is not None:
            self._arm(first, now)
        self._end_if_whole(decision, now)
        return UpgradeStands(self.run or began)

    def _room_asks(self, decision: Decision, action: RoomAsks, now: Now) -> Answer:
        run, name = self.run, action.device
        asks, at = self._ledger.view.upgrade_asks, now.wall
        decision.shown.append(lambda: asks.__setitem__(name, at))
        if run is None or not run.is_open or name not in self._ledger.directory.rooms:
            return RoomTold(None)
        if action.offers != run.release:
            self._end(decision, "the hub hands out another release now", now, {})
            return RoomTold(None)
        room = run.rooms.get(name, RoomUpgrade())
        if action.failed == run.release and room.state in ("turn", "done"):
            self._fail(decision, name, f"it runs what it had: {action.why or 'no reason told'}", now)
            return RoomTold(None)
        if room.state in ("done", "failed"):
            return RoomTold(None)
        if (trouble := self._new_trouble(name, room)) and self._says(name, run.release):
            return RoomTold(run.release, f"{_WITH_IT}: {trouble}", well=False)
        if room.state == "waits" and (why := self._not_its_turn(run, name)):
            return RoomTold(None, why)
        if why := self._not_now(name, now):
            if name in self._until and why != _NOT_HEARD:
                self._arm(name, now)  # it is we who hold it up
            return RoomTold(None, why)
        if room.state == "waits":
            had = tuple(one.key for one in self._ledger.troubles.of_device(name))
            if run.first is None:
                self._keep(decision, replace(run, first=name))
            self._becomes(decision, name, RoomUpgrade("turn", now.wall, None, had), "its turn has come", now)
            self._arm(name, now)
        return RoomTold(run.release)

    def _not_its_turn(self, run: UpgradeRun, name: str) -> str | None:
        """Return why another room goes before this one; None where none does."""
        if run.first is None:
            if any(
                one.what in GRAVE and one.what != "version" for one in self._ledger.troubles.of_device(name)
            ):
                return "a room goes first that is well"
        elif run.first != name and run.rooms[run.first].state != "done":
            return f"{self._room(run.first)} goes first"
        if run.count("turn") >= AT_ONCE:
            return f"{AT_ONCE} rooms are at it"
        return None

    def _not_now(self, name: str, now: Now) -> str | None:
        """Return why nobody's program is to be changed now, or not this room's; None where it may be."""
        ledger = self._ledger
        if calls := self._incidents.calls():
            return f"incident {calls[0].number} is {calls[0].state}"
        if ledger.view.drill() is not None:
            return "a drill runs"
        if ledger.view.posture.posture != "normal":
            return f"the posture is {ledger.view.posture.posture}"
        if "store" in ledger.troubles.open:
            return "the record can't be written"
        test = ledger.view.walk_tests.get(name)
        if test is not None and test.ended is None:
            return "a walk test of this room is open"
        if now.mono - self._pressed.get(name, now.mono - QUIET_S) < QUIET_S:
            return "a button here was pressed within 5 min"
        view = self._device(name)
        if view is None or view.standing != "heard":
            return _NOT_HEARD
        return None

    # --- what rooms say ---

    def pressed(self, fact: EventCame, now: Now) -> None:
        """Take that a button may have been pressed in a room: it is left alone for a while."""
        if fact.is_alarm and fact.device in self._ledger.directory.rooms:
            self._pressed[fact.device] = now.mono

    def heard(self, decision: Decision, name: str, now: Now) -> None:
        """Look at what a room's agent says that it runs, in a health that came now."""
        run = self.run
        if run is None or not run.is_open or name not in self._ledger.directory.rooms:
            return
        room = run.rooms.get(name, RoomUpgrade())
        if room.state == "done":
            return
        self._said[name] = self._said.get(name, 0) + 1 if self._says(name, run.release) else 0
        if self._said[name] >= HEALTHS and not self._new_trouble(name, room):
            words = "it has it" if room.state == "turn" else "it has it already"
            self._ledger.restore(decision, now, f"upgrade {name}", for_good=True)
            self._becomes(decision, name, RoomUpgrade("done", now.wall), words, now)
            self._end_if_whole(decision, now)

    def look(self, decision: Decision, name: str, now: Now) -> None:
        """Say that a room has had its time, if it has."""
        self._woken.discard(name)
        run, until = self.run, self._until.get(name)
        if run is None or not run.is_open or until is None:
            return
        if until > now.mono:
            self._wake(name)
            return
        room = run.rooms.get(name, RoomUpgrade())
        if room.state == "turn":
            trouble = self._new_trouble(name, room) if self._says(name, run.release) else None
            late = "it did not come back with it in time"
            self._fail(decision, name, f"{_WITH_IT}: {trouble}" if trouble else late, now)
        elif room.state == "waits":
            why = "its Pi did not ask in time: it is off, or has no tocsin-upgrade.timer"
            self._fail(decision, name, why, now)

    def forget(self, decision: Decision, gone: Gone, _: Now) -> None:
        """Let go of who began a run, as the record does."""
        run = self.run
        if run is not None and gone.names(run.row, "by", run.by):
            self._keep(decision, replace(run, by=FORGOTTEN))

    # --- how ---

    def _says(self, name: str, release: str) -> bool:
        """Tell whether a room's agent runs this release, by its own last word."""
        view = self._device(name)
        if view is None or view.standing != "heard" or view.health is None:
            return False
        return view.health.get("release") == release

    def _new_trouble(self, name: str, room: RoomUpgrade) -> str | None:
        """Return what is wrong with a room that wasn't when its turn came; None where nothing is."""
        open_ones = self._ledger.troubles.of_device(name)
        new = [
            one.detail
            for one in open_ones
            if one.what in GRAVE and one.key not in room.had and self._ledger.known(one.key)
        ]
        return new[0] if new and room.state == "turn" else None

    def _fail(self, decision: Decision, name: str, why: str, now: Now) -> None:
        run = self.run
        assert run is not None  # noqa: S101 - only a room of a run fails
        why = shown(why, 300)
        self._becomes(decision, name, RoomUpgrade("failed", now.wall, why), why, now)
        words = f"{self._room(name)}: release {run.release} did not stay: {why}"
        self._ledger.trouble(decision, now, f"upgrade {name}", "upgrade", words, device=name)
        failed = self.run.count("failed") if self.run else 0
        if name == run.first:
            self._end(decision, f"{self._room(name)}, which went first, failed", now, {})
        elif failed >= MOST_FAILED:
            self._end(decision, f"{failed} rooms failed", now, {})
        else:
            self._end_if_whole(decision, now)

    def _becomes(self, decision: Decision, name: str, room: RoomUpgrade, words: str, now: Now) -> None:
        run = self.run
        assert run is not None  # noqa: S101 - only a room of a run becomes anything
        detail = {"device": name, "state": room.state, "release": run.release}
        self._ledger.record(decision, now, "upgrade-room", f"{self._room(name)}: {words}", detail=detail)
        self._until.pop(name, None)
        self._keep(decision, replace(run, rooms=run.rooms | {name: room}))

    def _end_if_whole(self, decision: Decision, now: Now) -> None:
        run = self.run
        assert run is not None  # noqa: S101 - a run is looked at
        left = [name for name in self._ledger.directory.rooms if _state(run, name) in ("waits", "turn")]
        if not left and run.is_open:
            failed = run.count("failed")
            self._end(decision, f"every room has it but {failed}" if failed else "every room has it", now, {})

    def _end(self, decision: Decision, why: str, now: Now, who: dict[str, Any]) -> None:
        run = self.run
        assert run is not None  # noqa: S101 - only a run ends
        detail = {"release": run.release, "done": run.count("done"), "failed": run.count("failed"), **who}
        self._ledger.record(decision, now, "upgrade-ended", why, detail=detail)
        self._until.clear()
        self._keep(decision, replace(run, ended=now.wall, why=why))

    def _arm(self, name: str, now: Now) -> None:
        self._until[name] = now.mono + TURN_S
        self._wake(name)

    def _wake(self, name: str) -> None:
        """See to it that one look at this room is to come, and no more than one."""
        if name not in self._woken:
            self._woken.add(name)
            self._ledger.wake(self._until[name], _FACT, name)

    def _keep(self, decision: Decision, run: UpgradeRun) -> None:
        self.run = run
        decision.facts[_FACT] = msgspec.json.encode(run).decode()
        view = self._ledger.view
        decision.shown.append(lambda: setattr(view, "upgrade", run))

    def _room(self, name: str | None) -> str:
        return shown(self._ledger.directory.place(name or "").room)


def _state(run: UpgradeRun, name: str) -> Standing:
    return run.rooms.get(name, RoomUpgrade()).state
