"""The record's head leaves the hub once a day, to whoever keeps it for ``verify-record --head``. Pure."""

from __future__ import annotations

from typing import Final

from config.clock import Now
from hub.decision import Decision
from hub.delivery import Delivery, delivery_id
from hub.inputs import HeadRead
from hub.kept_facts import LET_GO, KeptFacts
from hub.ledger import Ledger
from hub.notice import words_body
from hub.outbound import Outbound

FACT: Final = "head sent"
"""When it left last, in wall ms."""
SOONEST_MS: Final = 20 * 3_600_000
"""A hub that is started several times a day sends it once."""
UNSENT: Final = "head unsent"
"""Since when nobody is found to be told, in wall ms."""
UNSENT_MS: Final = 2 * 86_400_000
URGENCY: Final = 99
"""Behind all that is told of incidents and troubles."""


class HeadNotices:
    """When the head left last."""

    def __init__(self, ledger: Ledger, outbound: Outbound, facts: KeptFacts) -> None:
        self._ledger = ledger
        self._outbound = outbound
        self._sent = facts.read(FACT, int) or 0
        self._unsent_since = facts.read(UNSENT, int)

    def take(self, decision: Decision, head: HeadRead, now: Now) -> None:
        """Owe the head to everybody who is to keep it, unless that was done within the day."""
        ledger = self._ledger
        if 0 <= now.wall - self._sent < SOONEST_MS:
            return
        directory = ledger.directory
        targets = [
            target
            for audience in ledger.settings.record.head_to
            # Whoever is on duty; at an hour at which nobody is, everybody: it is silent, and loses its worth.
            for target in directory.reach(audience, now.wall).targets or directory.everybody(audience)
            if target.channel not in directory.mute and not directory.why_not_told(target)
        ]
        word = f"{head.seq}:{head.hash}"
        title = f"Record head of {ledger.settings.name}"
        text = (
            f"{title}\n{word}\nNothing has happened. Keep this away from the hub: with it"
            " 'tocsin-hub verify-record --head' shows whether the record was cut or written anew."
        )
        for target in dict.fromkeys(targets):
            delivery = Delivery(
                id=delivery_id("", word, target, "record.head", 0),
                incident="",
                number=0,
                target=target,
                type="record.head",
                revision=0,
                urgency=URGENCY,
                body=words_body(
                    "record.head", ledger.settings.site, target.audience, now.wall, title, text, head=word
                ),
                reason=f"the record's head {word}",
                owed_at=now.wall,
                quiet=True,
            )
            self._outbound.owe(decision, delivery, now)
        if targets or not ledger.settings.record.head_to:
            self._is_sent(decision, now, told=bool(targets))
        else:
            self._is_not_sent(decision, now)

    def _is_sent(self, decision: Decision, now: Now, *, told: bool) -> None:
        if told:
            self._sent = now.wall
            decision.facts[FACT] = str(now.wall)
        if self._unsent_since is not None:
            self._unsent_since = None
            decision.facts[UNSENT] = LET_GO
        self._ledger.restore(decision, now, "head-unsent", for_good=True)

    def _is_not_sent(self, decision: Decision, now: Now) -> None:
        """Say that nobody has kept the head, where that goes on for days."""
        if self._unsent_since is None or self._unsent_since > now.wall:
            self._unsent_since = now.wall
            decision.facts[UNSENT] = str(now.wall)
        if now.wall - self._unsent_since >= UNSENT_MS and self._ledger.known("head-unsent") is None:
            names = ", ".join(self._ledger.settings.record.head_to)
            detail = f"nobody of {names} can be told the record's head"
            self._ledger.trouble(decision, now, "head-unsent", "head-unsent", detail)
