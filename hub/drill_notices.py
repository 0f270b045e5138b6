"""Telling people of a drill itself, where it has no incident to tell of: without sound or call. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from config.clock import Now
from hub.decision import Decision
from hub.delivery import TROUBLE_URGENCY, Delivery, Target, delivery_id
from hub.drill import Drill
from hub.drill_record import name_of
from hub.ledger import Ledger
from hub.notice import words_body
from hub.outbound import Outbound

HAS_BEGUN: Final = "has begun"
ENDS_SOON: Final = "ends soon"
PASSING: Final = (HAS_BEGUN, ENDS_SOON)
"""What is so only while a drill covers something."""


class DrillNotices:
    """Owes what the leader and the officer are to know of a drill."""

    def __init__(self, ledger: Ledger, outbound: Outbound) -> None:
        self._ledger = ledger
        self._outbound = outbound

    def asked(self, drill: Drill, now: Now) -> tuple[Target, ...]:
        """Return who is told of every press: the officer, and the drill's leader."""
        return self._ledger.directory.asked_of_drill(drill.leader, now.wall)

    def tell(
        self, decision: Decision, drill: Drill, what: str, words: str, targets: Iterable[Target], now: Now
    ) -> None:
        """Tell these, once; ``what`` of the drill it is about."""
        settings = self._ledger.settings
        for target in targets:
            if target.channel in self._ledger.directory.incidents_alone:
                continue
            body = words_body(
                "drill.news",
                settings.site,
                target.audience,
                now.wall,
                words,
                f"{words}\n{settings.name}",
                drill={"id": drill.id, "number": drill.number, "name": drill.name},
            )
            delivery = Delivery(
                id=delivery_id("", f"drill {drill.id} {drill.start} {what}", target, "drill.news", 0),
                incident="",
                about=name_of(drill.id),
                number=0,
                target=target,
                type="drill.news",
                revision=0,
                urgency=TROUBLE_URGENCY,
                body=body,
                reason=_reason(drill, what),
                owed_at=now.wall,
                quiet=True,
            )
            self._outbound.owe(decision, delivery, now)

    def no_more(self, decision: Decision, drill: Drill, why: str, now: Now) -> None:
        """Let nobody hear any more that a drill covers presses: it covers none."""
        passing = {_reason(drill, what) for what in PASSING}
        self._outbound.withdraw(
            decision, lambda owed: owed.about == name_of(drill.id) and owed.reason in passing, why, now
        )


def _reason(drill: Drill, what: str) -> str:
    return f"drill {drill.number} {what}"
