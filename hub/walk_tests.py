"""The walk tests of a site: opened by a person, told to the agent, believed by this record alone. Pure.

A marked press is a test only where its zone's walk test was open when it was pressed, by the hub's
reckoning; in doubt it is real. A real call ends the walk tests that might swallow another.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from config.clock import Now, stamp
from config.contract import PANIC_KINDS, Command, Event, shown
from hub.asking import Answer, EndWalkTest, OpenWalkTest, Refused, WalkTestDone
from hub.decision import Decision
from hub.incident import Press
from hub.incidents import Incidents
from hub.inputs import EventCame
from hub.kept_course import to_mono, to_wall
from hub.kept_facts import KeptFacts
from hub.ledger import Ledger
from hub.proving import Proving
from hub.reckoning import Account
from hub.record_chain import FORGOTTEN, Gone
from hub.view import DeviceView
from hub.walk_test import LONGEST_S, Timed, Tried, WalkTest

AGAIN_S: Final = 11.0
"""Seconds after which the agent is asked a second time: the first command has expired by then."""
NOT_BEGUN_S: Final = 15.0
"""Seconds after which it is said that the agent is not in its walk test."""
KEPT: Final = 16
"""Walk tests of a device that are remembered, the latest: a press may arrive long after it."""
EVERYWHERE: Final = frozenset({"panic", "duress"})
"""Kinds of a real call that end every walk test of the site."""
AT_ONCE: Final = 12
"""Rooms that one account may have in a walk test at once: one who is done with a room ends its test."""
NO_DOUBT: Final = frozenset({"test", "room"})
"""Fields whose flaw is no reason to take a marked press for a real one."""
BY_HAND: Final = "a person ended it"
_FACT: Final = "walk tests "


class WalkTests:
    """The walk tests that are open, and the latest that were."""

    def __init__(
        self,
        ledger: Ledger,
        incidents: Incidents,
        device: Callable[[str], DeviceView | None],
        proving: Proving,
        facts: KeptFacts,
        now: Now,
    ) -> None:
        """``device`` returns what is known of a device; over a restart a test goes on by the wall clock."""
        self._ledger = ledger
        self._incidents = incidents
        self._device = device
        self._proving = proving
        self._asked_again: set[str] = set()
        self._tests: dict[str, list[Timed]] = {}
        beat = facts.read("beat", int) or 0
        for device_id, tests in facts.each(_FACT, tuple[WalkTest, ...]):
            self._tests[device_id] = [_timed(test, now, beat) for test in tests]
        for timed in [one for of in self._tests.values() for one in of if one.test.ended is None]:
            self._asked_again.add(timed.test.id)
            ledger.view.walk_tests[timed.test.device] = timed.test
            ledger.wake(now.mono, "walk-test", timed.test.device)

    # --- a person's word ---

    def take(self, decision: Decision, action: OpenWalkTest | EndWalkTest, now: Now) -> Answer:
        """Open or end a walk test, or refuse with the reason."""
        if isinstance(action, EndWalkTest):
            timed = self._open(action.device)
            if timed is None and action.device not in self._ledger.directory.rooms:
                return Refused("not-found", f"no device {shown(action.device)!r} in the site's settings")
            if timed is None:
                why = f"no walk test of {shown(action.device)} is open"
                return Refused("not-in-this-state", why, "no walk test", ("open one",))
            self._end(decision, timed, now, BY_HAND, {"by": action.by, "via": action.via})
            return WalkTestDone(self._tests[action.device][-1].test)
        refused = self._refusal(action)
        if refused is not None:
            return refused
        zones = tuple(dict.fromkeys(action.zones)) or self._buttons(action.device)
        room = self._ledger.directory.place(action.device).room
        seq = self._ledger.record(
            decision,
            now,
            "walk-test-opened",
            f"{room}: {', '.join(zones)}, for {action.for_s:g} s",
            detail={
                "device": action.device,
                "zones": zones,
                "for_s": action.for_s,
                "by": action.by,
                "via": action.via,
            },
        )
        until = now.mono + action.for_s
        name = f"walk-{seq}-{now.wall}"
        test = WalkTest(name, action.device, zones, action.by, action.via, now.wall, to_wall(until, now))
        kept = self._tests.setdefault(action.device, [])
        kept.append(Timed(test, now.mono, until))
        del kept[:-KEPT]
        self._keep(decision, action.device)
        self._tell_agent(decision, kept[-1], now, "begin")
        for at in (now.mono + AGAIN_S, now.mono + NOT_BEGUN_S, until):
            self._ledger.wake(at, "walk-test", action.device)
        return WalkTestDone(test)

    def _refusal(self, action: OpenWalkTest) -> Refused | None:
        ledger, device = self._ledger, action.device
        cannot = f"cannot open a walk test of {shown(device)}: "
        if device not in ledger.directory.rooms:
            return Refused("not-found", f"{cannot}no such device in the site's settings")
        if not 0 < action.for_s <= LONGEST_S:
            most = f"more than 0 and at most {LONGEST_S:.0f} seconds"
            return Refused("bad-input", f"for_s: found {action.for_s:g}", allowed=(most,))
        buttons = self._buttons(device)
        unknown = [shown(zone, 64) for zone in action.zones if zone not in buttons]
        if unknown:
            return Refused("bad-input", f"{cannot}it has no button {', '.join(unknown)}", allowed=buttons)
        if (timed := self._open(device)) is not None:
            open_ = (
                f"one is open already, by {timed.test.by}, until {stamp(timed.test.until)}; end that first"
            )
            return Refused("not-in-this-state", cannot + open_, "in a walk test", ("not in a walk test",))
        own = [one for one in map(self._open, self._tests) if one is not None and one.test.by == action.by]
        if len(own) >= AT_ONCE:
            why = f"{cannot}this account has {AT_ONCE} rooms in a walk test; end one of them first"
            return Refused("not-in-this-state", why, "over the limit", ("end a walk test",))
        view = self._device(device)
        standing = "not heard yet" if view is None else view.standing
        if standing != "heard":
            return Refused("not-in-this-state", f"{cannot}it is {standing}", standing, ("heard",))
        if not buttons:
            return Refused("not-in-this-state", f"{cannot}it has no button", "no button")
        for incident in self._incidents.calls():
            here = any(room.place.device == device for room in incident.rooms)
            if here or incident.kind in EVERYWHERE:
                where = "with that room" if here else f"of kind {incident.kind}"
                why = f"{cannot}incident {incident.number} {where} is not resolved"
                return Refused("not-in-this-state", why, incident.state, ("resolved",))
        if "store" in ledger.troubles.open:
            why = f"{cannot}the record can't be written now, and a test is believed by the record alone"
            return Refused("not-in-this-state", why, "store", ("a record that is well",))
        return None

    def _buttons(self, device: str) -> tuple[str, ...]:
        """Return the buttons that the site's settings and the device's agent both know."""
        view, room = self._device(device), self._ledger.directory.rooms[device]
        wanted = {zone.zone for zone in room.zones if zone.kind in PANIC_KINDS}
        told = () if view is None else view.zones
        return tuple(
            zone.zone for zone in told if zone.kind in PANIC_KINDS and (not room.zones or zone.zone in wanted)
        )

    # --- what the room says ---

    def believed(self, fact: EventCame, account: Account) -> WalkTest | None:
        """Return the walk test that a press is part of; None: it is a real alarm."""
        if not (account.is_alarm and account.test and isinstance(fact.event, Event)):
            return None
        if account.held or account.cause or any(flaw.field not in NO_DOUBT for flaw in account.flaws):
            return None
        at = fact.arrived.mono - (fact.arrived.wall - account.at) / 1000
        return next(
            (one.test for one in self._tests.get(account.device, ()) if one.covers(account.zone, at)), None
        )

    def proved(self, decision: Decision, test: WalkTest, account: Account, now: Now) -> None:
        """Take a press that is part of a walk test: its button works."""
        room = self._ledger.directory.place(account.device).room
        seq = self._ledger.record(
            decision,
            now,
            "proved",
            f"{room}, {shown(account.label or account.zone)}: pressed in a walk test",
            detail={
                "device": account.device,
                "zone": account.zone,
                "id": account.id,
                "at": stamp(account.at),
                "by": test.by,
                "walk_test": test.id,
            },
        )
        tried = tuple(one for one in test.proved if one.zone != account.zone)
        self._change(decision, replace(test, proved=(*tried, Tried(account.zone, account.at))))
        self._proving.proved(decision, account.device, account.zone, test.by, account.at, seq, now)

    def latest(self) -> list[WalkTest]:
        """Return the latest walk test of each device, open or over."""
        return [of[-1].test for of in self._tests.values() if of]

    def real(self, decision: Decision, press: Press, now: Now) -> None:
        """Take a real call: what is tested in its room, or anywhere while there is danger, is live again."""
        device = press.place.device
        others = list(self._tests) if press.kind in EVERYWHERE else [device]
        for name in others:
            if (timed := self._open(name)) is not None:
                self._end(decision, timed, now, "a real call came: every button is live", {})

    def end_all(self, decision: Decision, why: str, at: int, now: Now) -> None:
        """End every walk test, with the reason; presses after ``at`` (wall ms) are real."""
        for device in list(self._tests):
            if (timed := self._open(device)) is not None:
                end = min(timed.end, max(to_mono(at, now), timed.started))
                self._end(decision, timed._replace(end=end), now, why, {})

    def heard(self, decision: Decision, device: str, now: Now) -> None:
        """Look at what a device's state says of its walk test."""
        timed = self._open(device)
        if timed is None:
            self._end_again(decision, device, now)
            return
        if self._is_in_it(timed.test):
            self._begun(decision, timed.test, now)
        elif timed.test.begun:
            whole = not timed.test.left
            why = "each of its buttons is proved" if whole else "its device says that every button is live"
            self._end(decision, timed, now, why, {})

    def look(self, decision: Decision, device: str, now: Now) -> None:
        """Do what is due: ask again, say that it has not begun, or that it is over."""
        timed = self._open(device)
        if timed is None:
            return
        test = timed.test
        if timed.end <= now.mono:
            self._end(decision, timed, now, "its time was over", {})
        elif test.begun or self._is_in_it(test):
            self._begun(decision, test, now)
            self._ledger.wake(timed.end, "walk-test", device)
        elif now.mono >= timed.started + NOT_BEGUN_S:
            if not test.late:
                room = self._ledger.directory.place(device).room
                why = f"{room}: its device does not say that it is in the walk test: every press is real"
                where = {"device": device, "walk_test": test.id}
                self._ledger.record(decision, now, "walk-test-not-begun", why, detail=where)
                self._change(decision, replace(test, late=True))
            self._ledger.wake(timed.end, "walk-test", device)
        elif now.mono >= timed.started + AGAIN_S and test.id not in self._asked_again:
            self._asked_again.add(test.id)
            self._tell_agent(decision, timed, now, "again")
        else:
            self._ledger.wake(min(timed.started + NOT_BEGUN_S, timed.end), "walk-test", device)

    def forget(self, decision: Decision, gone: Gone, _: Now) -> None:
        """Let go of who opened a walk test, as the record does."""
        for of in self._tests.values():
            for test in [one.test for one in of if gone.names(one.test.row, "by", one.test.by)]:
                self._change(decision, replace(test, by=FORGOTTEN))

    def rewrite(self, decision: Decision, _: int, now: Now) -> None:
        """Store every moment anew, after the wall clock jumped."""
        for device, of in self._tests.items():
            self._tests[device] = [_rewritten(timed, now) for timed in of]
            self._keep(decision, device)

    def _end_again(self, decision: Decision, device: str, now: Now) -> None:
        """Tell an agent anew that its walk test is over: it was away when it was ended before its time."""
        of = self._tests.get(device)
        if of and to_mono(of[-1].test.until, now) > now.mono and self._is_in_it(of[-1].test):
            self._tell_agent(decision, of[-1], now, f"end-{now.wall}")

    def _open(self, device: str) -> Timed | None:
        of = self._tests.get(device)
        return of[-1] if of and of[-1].test.ended is None else None

    def _is_in_it(self, test: WalkTest) -> bool:
        view = self._device(test.device)
        if view is None or view.standing != "heard":
            return False
        return any(zone.walk_test and zone.zone in test.zones for zone in view.zones)

    def _begun(self, decision: Decision, test: WalkTest, now: Now) -> None:
        if not test.begun:
            room = self._ledger.directory.place(test.device).room
            where = {"device": test.device, "walk_test": test.id}
            self._ledger.record(decision, now, "walk-test-begun", f"{room}: its device says so", detail=where)
            self._change(decision, replace(test, begun=True, late=False))

    def _end(self, decision: Decision, timed: Timed, now: Now, why: str, who: dict[str, Any]) -> None:
        test, end = timed.test, min(timed.end, now.mono)
        room = self._ledger.directory.place(test.device).room
        left = test.left
        said = f"; not pressed: {', '.join(left)}" if left else ""
        detail = {
            "device": test.device,
            "walk_test": test.id,
            "proved": [one.zone for one in test.proved],
            "left": list(left),
            **who,
        }
        self._ledger.record(decision, now, "walk-test-ended", f"{room}: {why}{said}", detail=detail)
        ended = replace(test, ended=to_wall(end, now), why=why)
        self._tests[test.device][-1] = Timed(ended, timed.started, end)
        self._asked_again.discard(test.id)
        self._keep(decision, test.device)
        self._tell_agent(decision, timed, now, "end")

    def _change(self, decision: Decision, test: WalkTest) -> None:
        """Keep a walk test of which more is known; it may be over."""
        of = self._tests[test.device]
        of[:] = [one._replace(test=test) if one.test.id == test.id else one for one in of]
        self._keep(decision, test.device)

    def _keep(self, decision: Decision, device: str) -> None:
        tests = tuple(timed.test for timed in self._tests[device])
        decision.facts[f"{_FACT}{device}"] = msgspec.json.encode(tests).decode()
        newest, shown_tests = tests[-1], self._ledger.view.walk_tests
        decision.shown.append(lambda: shown_tests.__setitem__(device, newest))

    def _tell_agent(self, decision: Decision, timed: Timed, now: Now, what: str) -> None:
        """Ask the agent: for what remains, so that asking again prolongs nothing."""
        test = timed.test
        remains = 0.0 if what.startswith("end") else max(round(timed.end - now.mono, 3), 0.0)
        command = Command(
            v=1, id=f"{test.id}-{what}", do="walk-test", for_s=min(remains, LONGEST_S), zones=test.zones
        )
        decision.commands.append((test.device, command))


def _timed(test: WalkTest, now: Now, beat: int) -> Timed:
    # A wall clock that went back meanwhile makes none longer than what remained at the last beat.
    now = Now(now.mono, max(now.wall, beat, test.started))
    return Timed(
        test, to_mono(test.started, now), to_mono(test.until if test.ended is None else test.ended, now)
    )


def _rewritten(timed: Timed, now: Now) -> Timed:
    test, start, end = timed.test, to_wall(timed.started, now), to_wall(timed.end, now)
    ended = None if test.ended is None else end
    until = end if test.ended is None else test.until + start - test.started
    return timed._replace(test=replace(test, started=start, until=until, ended=ended))
