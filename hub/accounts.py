"""What the site makes of accounts: who signed in and what was changed is in the record, guessing is a
trouble, and what one account can set off has a limit that stops no alarm. Pure.
"""

from __future__ import annotations

from collections import deque
from typing import Final, TypeGuard

from config.clock import Now
from config.contract import shown
from hub.asking import Action, Answer, MakeReal, PlanDrill, PostureSet, Refused, SetPosture, StartDrill
from hub.decision import Decision
from hub.enrolment.asking import COMMAND, AssignSpare, Revoke
from hub.inputs import AccountChanged, SignInGuessed
from hub.ledger import Ledger
from hub.posture import lowers
from hub.postures import Postures

WITHIN_S: Final = 600.0
"""Postures, drills and incidents that one account sets off are counted over so long."""
SHUT_OUT_MOST: Final = 10
"""Rooms and spares that one account may take what they are, from a desk, within :data:`SHUT_OUT_S`."""
SHUT_OUT_S: Final = 3600.0

_Counted = SetPosture | PlanDrill | StartDrill | MakeReal


class Accounts:
    """Takes what the console says of accounts, and counts what each sets off. A restart counts anew."""

    def __init__(self, ledger: Ledger, postures: Postures) -> None:
        self._ledger = ledger
        self._postures = postures
        self._set_off = _Counts(WITHIN_S)
        self._shut_out = _Counts(SHUT_OUT_S)

    def changed(self, decision: Decision, fact: AccountChanged, now: Now) -> None:
        """Write down what was done to an account, by whom."""
        detail = {"by": fact.by, "via": fact.via, "person": fact.person, "address": fact.address}
        self._ledger.record(decision, now, fact.what, shown(fact.words, 300), detail=detail)

    def guessed(self, decision: Decision, fact: SignInGuessed, now: Now) -> None:
        """Say that somebody guesses: the record has whose name, the trouble where from."""
        words = f"{fact.times} wrong {fact.what}s in a row, from {fact.address}"
        detail = {"person": fact.person, "times": fact.times, "address": fact.address}
        self._ledger.record(decision, now, "sign-in-guessed", words, detail=detail)
        self._ledger.trouble(decision, now, "sign-in", "sign-in", shown(words, 300))

    def refusal(self, action: Action, now: Now) -> Refused | None:
        """Return why an account may not set this off now: too much of late, and nobody needs it for an alarm.

        What raises the posture, makes a press real, acknowledges or ends is never refused.
        """
        if _shuts_out(action):
            return self._no_more_shut_out(action.by, now)
        most = self._ledger.settings.console.set_off_limit
        if most == 0 or not isinstance(action, _Counted) or self._set_off.of(action.by, now) < most:
            return None
        if isinstance(action, SetPosture):
            gives_up = lowers(self._postures.current, action.posture)
        else:
            gives_up = isinstance(action, PlanDrill | StartDrill)
        if not gives_up:
            return None
        wait_s = self._set_off.wait_s(action.by, most, now)
        why = (
            f"this account has set off {most} postures, drills and incidents within {WITHIN_S / 60:.0f} min; "
            f"wait {wait_s:.0f} s, or let somebody else do it"
        )
        return Refused("not-in-this-state", why, "over the limit", ("raise the posture", "acknowledge"))

    def count(self, decision: Decision, action: Action, answer: Answer, now: Now) -> None:
        """Count what an account has set off; the one too many is a trouble."""
        if isinstance(answer, Refused):
            return
        if _shuts_out(action):
            self._count_shut_out(decision, action, now)
        if not isinstance(action, _Counted):
            return
        if isinstance(answer, PostureSet) and not answer.changed:
            return
        most = self._ledger.settings.console.set_off_limit
        if most == 0:
            return
        if self._set_off.add(action.by, now) >= most:
            words = f"one account has set off {most} postures, drills and incidents within "
            words += f"{WITHIN_S / 60:.0f} min: it lowers no posture and starts no drill for a while"
            detail = {"by": action.by, "via": action.via, "limit": most}
            self._ledger.record(decision, now, "set-off-limit", words, detail=detail)
            self._ledger.trouble(decision, now, "set off", "set-off", words)

    def _no_more_shut_out(self, by: str, now: Now) -> Refused | None:
        if self._shut_out.of(by, now) < SHUT_OUT_MOST:
            return None
        wait_s = self._shut_out.wait_s(by, SHUT_OUT_MOST, now)
        why = (
            f"this account has revoked or replaced {SHUT_OUT_MOST} rooms within an hour; wait {wait_s:.0f} s"
        )
        why += ", let somebody else do it, or use tocsin-hub on the hub's machine, which has no such limit"
        return Refused("not-in-this-state", why, "over the limit", ("tocsin-hub revoke", "tocsin-hub assign"))

    def _count_shut_out(self, decision: Decision, action: Revoke | AssignSpare, now: Now) -> None:
        if self._shut_out.add(action.by, now) < SHUT_OUT_MOST:
            return
        words = f"one account has revoked or replaced {SHUT_OUT_MOST} agents within an hour: it does no more "
        words += "from a desk for a while"
        detail = {"by": action.by, "via": action.via, "limit": SHUT_OUT_MOST}
        self._ledger.record(decision, now, "set-off-limit", words, detail=detail)
        self._ledger.trouble(decision, now, "set off agents", "set-off", words)


class _Counts:
    """What each account has done of late, for so many seconds."""

    def __init__(self, within_s: float) -> None:
        self._within_s = within_s
        self._times: dict[str, deque[float]] = {}

    def add(self, account: str, now: Now) -> int:
        """Count one; returns how many there are of late."""
        self._times.setdefault(account, deque()).append(now.mono)
        return self.of(account, now)

    def of(self, account: str, now: Now) -> int:
        """Return how many there are of late."""
        times = self._times.get(account)
        if times is None:
            return 0
        while times and now.mono - times[0] >= self._within_s:
            times.popleft()
        if not times:
            del self._times[account]
        return len(times)

    def wait_s(self, account: str, most: int, now: Now) -> float:
        """Return the seconds until there are fewer than ``most``, where there are not now."""
        return self._times[account][-most] + self._within_s - now.mono


def _shuts_out(action: Action) -> TypeGuard[Revoke | AssignSpare]:
    """Tell whether this takes from an agent what it is, by a page or the API."""
    if isinstance(action, Revoke) or (isinstance(action, AssignSpare) and action.replace):
        return action.via != COMMAND
    return False
