"""Asking the officer, on their phone as on the boards, which posture is to hold. Pure."""

from __future__ import annotations

from typing import Final

from config.clock import Now
from hub.decision import Decision
from hub.delivery import Delivery, delivery_id
from hub.ledger import Ledger
from hub.notice import words_body
from hub.outbound import Outbound
from hub.posture import Question, SitePosture

OFFICER: Final = "sro"
URGENCY: Final = 50
"""Behind what is told of incidents, before troubles."""
TITLE: Final = "Which posture is to hold?"


class PostureNotices:
    """Owes the question to whoever is the officer now."""

    def __init__(self, ledger: Ledger, outbound: Outbound) -> None:
        self._ledger = ledger
        self._outbound = outbound

    def answered(self, decision: Decision, why: str, now: Now) -> None:
        """Let nobody be asked any more what has been answered, or is asked in other words."""
        self._outbound.withdraw(decision, lambda owed: owed.type == "posture.asked", why, now)

    def ask(self, decision: Decision, question: Question, posture: SitePosture, now: Now) -> None:
        """Ask it once at each end of theirs; people are asked whatever their channel is told of troubles."""
        ledger = self._ledger
        holds = f"{'DRILL ' if posture.drill else ''}{posture.posture.upper()} holds now"
        text = f"{question.why}. {holds}. Say which is to hold on the board, under Posture."
        about = {"n": posture.n, "posture": posture.posture, "drill": posture.drill}
        for target in ledger.directory.reach(OFFICER, now.wall).targets:
            if target.channel in ledger.directory.incidents_alone:
                continue
            body = words_body(
                "posture.asked",
                ledger.settings.site,
                target.audience,
                now.wall,
                TITLE,
                f"{TITLE}\n{text}\n{ledger.settings.name}",
                posture=about,
            )
            delivery = Delivery(
                id=delivery_id("", f"posture {posture.n} {question.since}", target, "posture.asked", 0),
                incident="",
                number=0,
                target=target,
                type="posture.asked",
                revision=0,
                urgency=URGENCY,
                body=body,
                reason="the officer is asked which posture is to hold",
                owed_at=now.wall,
            )
            self._outbound.owe(decision, delivery, now)
