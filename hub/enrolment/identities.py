"""What follows from what is asked about identities: who holds which room, and who no longer does. Pure.

A certificate that was signed is nobody's until its agent has shown that it has it; until then the one
before it holds. So a crash at any moment leaves the room with an agent that works, and the broker's
lists with nobody whom nobody is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from msgspec.structs import replace

from config.clock import Now, stamp
from config.contract import shown
from hub.asking import Refused
from hub.authority.names import agent_name
from hub.decision import Decision
from hub.enrolment.asking import (
    Assigned,
    AssignSpare,
    CodeMade,
    Enrol,
    Enrolled,
    Hold,
    IdentityAction,
    IdentityAnswer,
    MakeCode,
    Renew,
    Revoke,
    Revoked,
)
from hub.enrolment.book import LONGEST_S, Book
from hub.enrolment.identity import SPARE, Code, Given, Identity
from hub.inputs import DoorTried, ListsTaken
from hub.ledger import Ledger
from hub.proving import Proving

SHORTEST_S: Final = 60.0
HOLD_S: Final = 3600.0
"""Seconds that an agent has at least to show that it has its certificate; it takes a second or two."""
RENEW_EVERY_S: Final = 3600.0
"""An agent gets one certificate an hour in the place of its own: each makes the list of revoked ones grow."""

Answer = IdentityAnswer | Refused


class _Grant(NamedTuple):
    """By what right a certificate is signed."""

    given: Given
    voucher: str
    by: str
    via: str
    row: int
    """Of the record: it says who gave it; 0 where nobody did."""
    replaces: bool


class Identities:
    """Takes what people and agents ask about identities."""

    def __init__(self, ledger: Ledger, book: Book, proving: Proving) -> None:
        self._ledger = ledger
        self._book = book
        self._proving = proving
        self._takes: dict[type, Callable[[Decision, Any, Now], Answer]] = {
            MakeCode: self._make_code,
            Enrol: self._enrol,
            Renew: self._renew,
            Hold: self._hold,
            AssignSpare: self._assign,
            Revoke: self._revoke_device,
        }

    def take(self, decision: Decision, action: IdentityAction, now: Now) -> Answer:
        """Do what was asked, or refuse it with the reason."""
        return self._takes[type(action)](decision, action, now)

    def door_tried(self, decision: Decision, fact: DoorTried, now: Now) -> None:
        """Somebody guesses, mistypes, or has a certificate that this hub never gave."""
        words = f"{fact.times} with no {fact.what} of this hub's came to the agents' door"
        words += f", the last from {fact.address}" + (f": {fact.detail}" if fact.detail else "")
        detail = {"times": fact.times, "address": fact.address}
        self._ledger.record(decision, now, f"door-{fact.what}", words, detail=detail)
        key = f"door {fact.what}"
        self._ledger.trouble(decision, now, key, f"door-{fact.what}", shown(words, 300))

    def lists_taken(self, decision: Decision, fact: ListsTaken, now: Now) -> None:
        """Take whether who was revoked is truly shut out, and who was enrolled let in."""
        if fact.why is None:
            self._ledger.restore(decision, now, "broker-lists")
        else:
            self._ledger.trouble(decision, now, "broker-lists", "broker-lists", shown(fact.why, 300))

    # --- each of them ---

    def _make_code(self, decision: Decision, action: MakeCode, now: Now) -> Answer:
        if not SHORTEST_S <= action.for_s <= LONGEST_S:
            allowed = f"{SHORTEST_S:.0f} to {LONGEST_S:.0f} seconds"
            return Refused("bad-input", f"a code can't hold for {action.for_s:g} s", allowed=(allowed,))
        if action.digest in self._book.codes:
            return Refused("not-in-this-state", "there is such a code", "made", ("a new secret",))
        if action.device is not None and (why := self._not_free(action.device, replace=action.replace)):
            return why
        older = [
            code
            for code in self._book.codes.values()
            if code.device == action.device and action.device is not None and self._book.is_open(code, now)
        ]
        for code in older:
            self._book.keep_code(decision, replace(code, void="a newer code was made"))
        ends = now.wall + round(action.for_s * 1000)
        detail = {
            "code": action.digest[:8],
            "device": action.device,
            "replaces": action.replace,
            "ends": stamp(ends),
            "by": action.by,
            "via": action.via,
        }
        whom = "a spare" if action.device is None else self._room(action.device)
        row = self._ledger.record(decision, now, "code-made", f"for {whom}", detail=detail)
        code = Code(
            action.digest, action.device, now.wall, ends, action.by, action.via, action.replace, row=row
        )
        self._book.ends[code.digest] = now.mono + action.for_s
        self._book.keep_code(decision, code)
        return CodeMade(code, len(older))

    def _enrol(self, decision: Decision, action: Enrol, now: Now) -> Answer:
        code = self._book.codes.get(action.digest)
        if code is None:
            return Refused("not-found", "no such code")
        device = code.device or f"{SPARE}{action.key[:8]}"
        if code.key == action.key:  # its answer may have been lost
            return self._again(code.digest, action.key)
        if why := self._book.no_longer(code, now):
            return why
        if code.device is not None and (why := self._not_free(code.device, replace=code.replaces)):
            return why
        if code.device is None and self._book.held(device) is not None:
            detail = f"cannot enrol this key again: it is {device} already"
            return Refused("not-in-this-state", detail, "held", ("a new key",))
        self._book.keep_code(decision, replace(code, used=now.wall, key=action.key))
        left = max(self._book.ends[code.digest] - now.mono, HOLD_S)
        grant = _Grant("code", code.digest, code.by, code.via, code.row, replaces=code.replaces)
        return self._sign(decision, action, device, grant, left, now)

    def _renew(self, decision: Decision, action: Renew, now: Now) -> Answer:
        own = self._book.all.get(action.voucher)
        if own is None or own.state != "held":
            return self._not_held(own)
        pending = self._book.pending(own.serial)
        if any(one.key == action.key for one in pending):
            return self._again(own.serial, action.key)
        if own.is_spare:
            if own.room is None:
                return Refused("not-in-this-state", f"{own.device} was given no room yet", "spare")
            if why := self._not_free(own.room, replace=own.room_replaces):
                return why
            row = own.rows[-1] if own.rows else 0
            device, by, via = own.room, own.room_by or "", own.room_via or ""
            grant = _Grant("spare", own.serial, by, via, row, replaces=own.room_replaces)
        else:
            if why := self._not_free(own.device, replace=True):
                return why
            newest = max([own.held or own.signed, *(one.signed for one in pending)])
            if now.wall - newest < RENEW_EVERY_S * 1000:
                detail = f"cannot renew {own.device}: it has had a certificate within the hour"
                return Refused("not-in-this-state", detail, "renewed", ("an hour after the last one",))
            device, grant = own.device, _Grant("renewal", own.serial, own.device, "agent", 0, replaces=True)
        for one in pending:
            self._book.end(decision, one, "its agent asked again with another key", now)
        if pending:
            self._book.changed(decision)
        return self._sign(decision, action, device, grant, HOLD_S, now)

    def _sign(
        self,
        decision: Decision,
        action: Enrol | Renew,
        device: str,
        grant: _Grant,
        left_s: float,
        now: Now,
    ) -> Answer:
        """Keep a certificate that was signed beforehand."""
        name = agent_name(self._ledger.settings.site, device)
        if action.name != name:
            return Refused("not-in-this-state", f"it is {device} now; ask again", "changed", ("ask again",))
        one = Identity(
            action.serial,
            device,
            name,
            "signed",
            action.key,
            action.certificate,
            grant.given,
            grant.voucher,
            now.wall,
            now.wall + round(left_s * 1000),
            grant.by,
            grant.via,
            is_spare=device not in self._ledger.directory.rooms,
            address=action.address,
            machine=action.machine,
            replaces=grant.replaces,
            rows=(grant.row,) if grant.row else (),
        )
        words = {"code": "its agent showed a code", "spare": "a spare got its room", "renewal": "a new key"}
        detail = {
            "device": device,
            "serial": one.serial,
            "address": action.address,
            "machine": action.machine,
            "code": grant.voucher[:8] if grant.given == "code" else None,
        }
        self._ledger.record(decision, now, "certificate-signed", words[grant.given], detail=detail)
        self._book.arm(one, now.mono + left_s)
        self._book.keep(decision, one)
        return Enrolled(one)

    def _hold(self, decision: Decision, action: Hold, now: Now) -> Answer:
        one = self._book.all.get(action.serial)
        if one is None or one.state == "revoked":
            return self._not_held(one)
        if one.state == "held":
            return Enrolled(one)
        gone = [other for other in self._book.of(one.device) if other.serial != one.serial]
        was_there = any(other.state == "held" for other in gone)
        if was_there and not one.replaces:  # it was free when this was signed
            self._book.end(decision, one, "another was enrolled meanwhile", now)
            self._book.changed(decision)
            return self._not_held(self._book.all[one.serial])
        spare = self._book.all.get(one.voucher) if one.given == "spare" else None
        if spare is not None and spare.state != "revoked":
            gone.append(spare)
        held = replace(one, state="held", held=now.wall, address=action.address)
        words = (
            "in the place of the agent that was there" if was_there else "its agent has shown its certificate"
        )
        detail = {
            "device": one.device,
            "serial": one.serial,
            "given": one.given,
            "address": action.address,
            "machine": one.machine,
            "instead_of": [other.serial for other in gone],
            "by": one.by,
            "via": one.via,
        }
        what = "replaced" if was_there and one.given != "renewal" else "enrolled"
        if one.given == "renewal":
            what, words = "renewed", "its agent has a new key"
        row = self._ledger.record(decision, now, what, words, detail=detail)
        self._book.keep(decision, replace(held, rows=(*one.rows, row)))
        for other in gone:
            self._book.end(decision, other, f"{one.device} has another certificate now", now)
        if one.given != "renewal" and not one.is_spare:
            self._proving.replaced(decision, one.device, now)
        self._book.changed(decision)
        return Enrolled(self._book.all[one.serial])

    def _assign(self, decision: Decision, action: AssignSpare, now: Now) -> Answer:
        spare = self._book.held(action.spare)
        if spare is None or not spare.is_spare:
            waiting = ", ".join(
                one.device for one in self._book.all.values() if one.is_spare and one.state == "held"
            )
            detail = f"no spare {shown(action.spare)!r} waits for a room"
            return Refused("not-found", detail, allowed=(waiting,) if waiting else ())
        if why := self._not_free(action.device, replace=action.replace):
            return why
        room = self._room(action.device)
        said = {
            "spare": spare.device,
            "device": action.device,
            "replaces": action.replace,
            "by": action.by,
            "via": action.via,
        }
        row = self._ledger.record(
            decision, now, "spare-assigned", f"{spare.device} is for {room}", detail=said
        )
        after = replace(
            spare,
            room=action.device,
            room_by=action.by,
            room_via=action.via,
            room_replaces=action.replace,
            rows=(*spare.rows, row),
        )
        self._book.keep(decision, after)
        for one in self._book.pending(spare.serial):
            if one.device != action.device:
                self._book.end(decision, one, f"{spare.device} was given another room", now)
                self._book.changed(decision)
        return Assigned(after)

    def _revoke_device(self, decision: Decision, action: Revoke, now: Now) -> Answer:
        theirs = {one.serial: one for one in self._book.of(action.device)}
        for serial in list(theirs):  # a spare's room, that it has not shown yet
            theirs |= {one.serial: one for one in self._book.pending(serial)}
        codes = [
            code
            for code in self._book.codes.values()
            if code.device == action.device and self._book.is_open(code, now)
        ]
        if not theirs and not codes:
            detail = f"{shown(action.device)} has no certificate and no code that holds"
            return Refused("not-found", detail)
        for code in codes:
            self._book.keep_code(decision, replace(code, void="revoked"))
        said = {
            "device": action.device,
            "serials": list(theirs),
            "codes": [code.id for code in codes],
            "by": action.by,
            "via": action.via,
            "note": action.note,
        }
        why = f"revoked by {action.by}" + (f": {action.note}" if action.note else "")
        row = self._ledger.record(decision, now, "revoked", why, detail=said)
        for one in theirs.values():
            self._book.end(decision, replace(one, rows=(*one.rows, row)), "revoked", now)
        self._book.changed(decision)
        return Revoked(action.device, tuple(self._book.all[serial] for serial in theirs), len(codes))

    # --- what is in the way ---

    def _again(self, voucher: str, key: str) -> Answer:
        """Return what was signed for this key before; an answer may have been lost."""
        found = [one for one in self._book.all.values() if one.voucher == voucher and one.key == key]
        if found[-1].state == "revoked":
            return self._not_held(found[-1])
        return Enrolled(found[-1])

    def _not_free(self, device: str, *, replace: bool) -> Refused | None:
        """Return why a room can't be given away; None where it can."""
        if device not in self._ledger.directory.rooms:
            return Refused("not-found", f"the settings have no room with the device {shown(device)!r}")
        held = self._book.held(device)
        if held is not None and not replace:
            detail = f"{self._room(device)} ({device}) has an agent, since {stamp(held.held or held.signed)}"
            return Refused("not-in-this-state", detail, "taken", ("--replace, to put another in its place",))
        return None

    def _not_held(self, one: Identity | None) -> Refused:
        if one is None:
            return Refused("not-found", "this hub gave no such certificate")
        detail = f"this certificate of {one.device} is {one.state}: {one.why or 'not shown yet'}"
        return Refused("not-in-this-state", detail, one.state, ("held",))

    def _room(self, device: str) -> str:
        return shown(self._ledger.directory.place(device).room)
