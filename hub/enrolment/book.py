"""What is known of a site's codes and identities, and what the broker is to go by. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec.structs import replace

from config.clock import Now, stamp
from hub.asking import Refused
from hub.decision import Decision
from hub.enrolment.asking import SessionOver
from hub.enrolment.identity import Code, Identity, Rights
from hub.kept_course import to_mono, to_wall
from hub.ledger import Ledger
from hub.record_chain import FORGOTTEN, Gone

LONGEST_S: Final = 30 * 86_400.0
"""Seconds that a code may hold: a summer's installing is done within a month, or with new codes."""


class Book:
    """The codes and identities of a site."""

    def __init__(
        self,
        ledger: Ledger,
        codes: Sequence[Code],
        identities: Sequence[Identity],
        now: Now,
    ) -> None:
        self._ledger = ledger
        self.codes = {code.digest: code for code in codes}
        self.ends = {code.digest: min(to_mono(code.ends, now), now.mono + LONGEST_S) for code in codes}
        """When each code ends, in monotonic seconds."""
        self.all = {one.serial: one for one in identities}
        """By serial."""
        self._lapses: dict[str, float] = {}
        for one in identities:
            if one.state == "signed":
                self.arm(one, min(to_mono(one.lapses, now), now.mono + LONGEST_S))
        ledger.view.codes.update(self.codes)
        ledger.view.identities.update(self.all)

    # --- what holds ---

    def no_longer(self, code: Code, now: Now) -> Refused | None:
        """Return why a code doesn't hold; None where it does."""
        if code.void is not None:
            return Refused(
                "not-in-this-state", f"this code holds no more: {code.void}", "void", ("a new code",)
            )
        if code.used is not None:
            detail = f"this code was used by another agent on {stamp(code.used)}"
            return Refused("not-in-this-state", detail, "used", ("a new code",))
        if self.ends[code.digest] <= now.mono:
            detail = f"this code ended on {stamp(code.ends)}; it is {stamp(now.wall)} by the hub's clock"
            return Refused("not-in-this-state", detail, "ended", ("a new code",))
        return None

    def is_open(self, code: Code, now: Now) -> bool:
        """Tell whether a code can be used now."""
        return self.no_longer(code, now) is None

    def held(self, device: str) -> Identity | None:
        """Return what holds a device now; None where nothing does."""
        return next((one for one in self.of(device) if one.state == "held"), None)

    def of(self, device: str) -> Sequence[Identity]:
        """Return what is signed or held of a device."""
        return [one for one in self.all.values() if one.device == device and one.state != "revoked"]

    def pending(self, voucher: str) -> list[Identity]:
        """Return what was signed for whoever showed this, and nobody has shown yet."""
        return [one for one in self.all.values() if one.voucher == voucher and one.state == "signed"]

    def rights(self) -> Rights:
        """Return what the broker is to go by now."""
        every = self.all.values()
        return Rights(
            frozenset(one.device for one in every if one.state == "held" and not one.is_spare),
            tuple(one.serial for one in every if one.state == "revoked"),
            tuple(one for one in every if one.session_open),
        )

    def session_over(self, decision: Decision, fact: SessionOver, now: Now) -> None:
        """Take that nobody speaks with a revoked certificate any more."""
        one = self.all.get(fact.serial)
        if one is None or not one.session_open:
            return
        detail = {"device": one.device, "serial": one.serial}
        self._ledger.record(
            decision,
            now,
            "session-closed",
            "the broker takes it no more; no session of it lives",
            detail=detail,
        )
        self.keep(decision, replace(one, session_open=False))

    def look(self, decision: Decision, serial: str, now: Now) -> None:
        """End a certificate that nobody has shown to have, once its time is over."""
        one = self.all[serial]
        if one.state != "signed" or self._lapses[serial] > now.mono:
            return
        self._ledger.record(
            decision,
            now,
            "certificate-lapsed",
            "no agent has shown in time that it has it",
            detail={"device": one.device, "serial": serial},
        )
        self.end(decision, one, "never shown", now)
        self.changed(decision)

    def rewrite(self, decision: Decision, _: int, now: Now) -> None:
        """Store every end anew, after the wall clock jumped."""
        for digest, code in self.codes.items():
            if code.used is None and code.void is None and self.ends[digest] > now.mono:
                self.keep_code(decision, replace(code, ends=to_wall(self.ends[digest], now)))
        for serial, lapses in self._lapses.items():
            if (one := self.all[serial]).state == "signed":
                self.keep(decision, replace(one, lapses=to_wall(lapses, now)))

    def forget(self, decision: Decision, gone: Gone, _: Now) -> None:
        """Let go of who made a code, gave a room, or was given one by, as the record does."""
        for code in list(self.codes.values()):
            if gone.names(code.row, "by", code.by) and code.by != FORGOTTEN:
                self.keep_code(decision, replace(code, by=FORGOTTEN))
        rows = {seq for seq, field in gone.values if field == "by"}
        for one in list(self.all.values()):
            whole, person = rows.intersection(one.rows), gone.person
            if person is None and whole:
                one = replace(one, by=FORGOTTEN, room_by=one.room_by and FORGOTTEN)
            elif person is not None and person in (one.by, one.room_by):
                by = FORGOTTEN if one.by == person else one.by
                room_by = FORGOTTEN if one.room_by == person else one.room_by
                one = replace(one, by=by, room_by=room_by)
            elif not whole:
                continue
            self.keep(decision, replace(one, rows=tuple(row for row in one.rows if row not in rows)))

    # --- keeping ---

    def end(self, decision: Decision, one: Identity, why: str, now: Now) -> None:
        """Revoke an identity; a session of it may still live."""
        self.keep(decision, replace(one, state="revoked", ended=now.wall, why=why, session_open=True))

    def changed(self, decision: Decision) -> None:
        """The broker is to go by other lists."""
        decision.rights = self.rights()

    def arm(self, one: Identity, lapses: float) -> None:
        """Look at one that is signed again, when its agent must have shown it."""
        self._lapses[one.serial] = lapses
        self._ledger.wake(lapses, "identity", one.serial)

    def keep(self, decision: Decision, one: Identity) -> None:
        """Put an identity in the place of what is known of it."""
        self.all[one.serial] = one
        decision.identities[one.serial] = one
        view = self._ledger.view
        decision.shown.append(lambda: view.identities.__setitem__(one.serial, one))

    def keep_code(self, decision: Decision, code: Code) -> None:
        """Put a code in the place of what is known of it."""
        self.codes[code.digest] = code
        decision.codes[code.digest] = code
        view = self._ledger.view
        decision.shown.append(lambda: view.codes.__setitem__(code.digest, code))
