"""What the site makes of accounts: who signed in and what was changed is in the record, guessing is a
trouble, and what one account can set off has a limit that stops no alarm. Pure.
"""

from __future__ import annotations

from collections import deque
from typing import Final

from config.clock import Now
from config.contract import shown
from hub.asking import Action, Answer, MakeReal, PlanDrill, PostureSet, Refused, SetPosture, StartDrill
from hub.decision import Decision
from hub.inputs import AccountChanged, SignInGuessed
from hub.ledger import Ledger
from hub.posture import lowers
from hub.postures import Postures

WITHIN_S: Final = 600.0
"""Postures, drills and incidents that one account sets off are counted over so long."""

_Counted = SetPosture | PlanDrill | StartDrill | MakeReal


class Accounts:
    """Takes what the console says of accounts, and counts what each sets off. A restart counts anew."""

    def __init__(self, ledger: Ledger, postures: Postures) -> None:
        self._ledger = ledger
        self._postures = postures
        self._set_off: dict[str, deque[float]] = {}

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
        most = self._ledger.settings.console.set_off_limit
        if most == 0 or not isinstance(action, _Counted) or self._of(action.by, now) < most:
            return None
        if isinstance(action, SetPosture):
            gives_up = lowers(self._postures.current, action.posture)
        else:
            gives_up = isinstance(action, PlanDrill | StartDrill)
        if not gives_up:
            return None
        wait_s = self._set_off[action.by][-most] + WITHIN_S - now.mono
        why = (
            f"this account has set off {most} postures, drills and incidents within {WITHIN_S / 60:.0f} min; "
            f"wait {wait_s:.0f} s, or let somebody else do it"
        )
        return Refused("not-in-this-state", why, "over the limit", ("raise the posture", "acknowledge"))

    def count(self, decision: Decision, action: Action, answer: Answer, now: Now) -> None:
        """Count what an account has set off; the one too many is a trouble."""
        if not isinstance(action, _Counted) or isinstance(answer, Refused):
            return
        if isinstance(answer, PostureSet) and not answer.changed:
            return
        most = self._ledger.settings.console.set_off_limit
        if most == 0:
            return
        count = self._of(action.by, now) + 1
        self._set_off.setdefault(action.by, deque()).append(now.mono)
        if count >= most:
            words = f"one account has set off {most} postures, drills and incidents within "
            words += f"{WITHIN_S / 60:.0f} min: it lowers no posture and starts no drill for a while"
            detail = {"by": action.by, "via": action.via, "limit": most}
            self._ledger.record(decision, now, "set-off-limit", words, detail=detail)
            self._ledger.trouble(decision, now, "set off", "set-off", words)

    def _of(self, account: str, now: Now) -> int:
        """Return how much an account has set off of late."""
        times = self._set_off.get(account)
        if times is None:
            return 0
        while times and now.mono - times[0] >= WITHIN_S:
            times.popleft()
        if not times:
            del self._set_off[account]
        return len(times)
