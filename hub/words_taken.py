"""Who takes which of people's words. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from config.clock import Now
from hub.accounts import Accounts
from hub.asking import (
    Answer,
    ClearTrouble,
    DrillAction,
    Forget,
    IncidentAction,
    ProveChannel,
    SetPosture,
    SignDoorWeek,
    WalkTestAction,
    ZoneAction,
)
from hub.channel_tests import ChannelTests
from hub.clearing import Clearing
from hub.decision import Decision
from hub.deeds import Deeds
from hub.doors import Doors
from hub.drill_deeds import DrillDeeds
from hub.drills import Drills
from hub.enrolment.asking import IdentityAction
from hub.enrolment.identities import Identities
from hub.forgetting import Forgetting
from hub.inputs import Asked
from hub.postures import Postures
from hub.text_replies import TextReplies
from hub.text_words import TextCame
from hub.upgrading.asking import UpgradeAction
from hub.upgrading.upgrades import Upgrades
from hub.walk_tests import WalkTests
from hub.zone_deeds import ZoneDeeds


class WordsTaken:
    """Hands each word to the part that it is for, within what its account may set off."""

    def __init__(
        self,
        accounts: Accounts,
        deeds: Deeds,
        zone_deeds: ZoneDeeds,
        walk_tests: WalkTests,
        clearing: Clearing,
        channel_tests: ChannelTests,
        forgetting: Forgetting,
        doors: Doors,
        postures: Postures,
        identities: Identities,
        drills: Drills,
        drill_deeds: DrillDeeds,
        upgrades: Upgrades,
        texts: TextReplies,
    ) -> None:
        self._accounts = accounts
        self._deeds = deeds
        self._zone_deeds = zone_deeds
        self._postures = postures
        self._drills = drills
        self._answers: tuple[tuple[Any, Callable[[Decision, Any, Now], Answer]], ...] = (
            (WalkTestAction, walk_tests.take),
            (ClearTrouble, clearing.take),
            (ProveChannel, channel_tests.take),
            (Forget, forgetting.take),
            (SignDoorWeek, doors.weeks.take),
            (SetPosture, self._set_posture),
            (IdentityAction, identities.take),
            (DrillAction, drill_deeds.take),
            (UpgradeAction, upgrades.take),
            (TextCame, texts.take),
        )
        """What answers which word; every other is of an incident."""

    def take(self, decision: Decision, fact: Asked, now: Now) -> None:
        """Do what a person asks, or refuse it with the reason."""
        action = fact.action
        answers = next((take for kind, take in self._answers if isinstance(action, kind)), None)
        if (refused := self._accounts.refusal(action, now)) is not None:
            decision.answer = (fact.answer, refused)
        elif answers is not None:
            decision.answer = (fact.answer, answers(decision, action, now))
            self._accounts.count(decision, action, decision.answer[1], now)
        elif isinstance(action, ZoneAction):
            self._zone_deeds.take(decision, action, fact.answer, now)
        else:
            assert isinstance(action, IncidentAction)  # noqa: S101 - the others are above
            self._deeds.take(decision, action, fact.answer, now)

    def _set_posture(self, decision: Decision, action: SetPosture, now: Now) -> Answer:
        answer = self._postures.take(decision, action, now)
        self._drills.heed_posture(decision, now)
        return answer
