"""Marked tests of channels: at a person's word, and at an interval where a far side can't be asked for. Pure.

A test says in its first word what it is. It is owed, tried and recorded as every notice is; one that has
not been delivered in ten minutes is withdrawn, and its channel stays in trouble.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import partial
from typing import Final

from config.clock import Now
from config.contract import shown
from hub.asking import Answer, ChannelTested, ProveChannel, Refused
from hub.decision import Decision
from hub.delivery import Delivery, Target, delivery_id
from hub.directory import UNSET_MS
from hub.drills_due import is_school_day
from hub.incidents import Incidents
from hub.kept_facts import KeptFacts
from hub.ledger import Ledger
from hub.notice import words_body
from hub.outbound import Outbound

FACT: Final = "channel-test "
"""When a channel was last tested by itself, in wall ms, by its name."""
HOURS: Final = range(10, 14)
"""Of the school's clock: people are at work, and have had their first lesson."""
LOOK_S: Final = 900.0
LASTS_S: Final = 600.0
"""Seconds for which a test is tried."""
URGENCY: Final = 95
"""Behind all that is told of incidents and troubles."""
_DAY_MS: Final = 86_400_000


class ChannelTests:
    """When each channel was last proved."""

    def __init__(
        self, ledger: Ledger, outbound: Outbound, incidents: Incidents, facts: KeptFacts, now: Now
    ) -> None:
        self._ledger = ledger
        self._outbound = outbound
        self._incidents = incidents
        self._last = dict(facts.each(FACT, int))
        ledger.wake(now.mono + LOOK_S, "channel-tests", "")

    def take(self, decision: Decision, action: ProveChannel, now: Now) -> Answer:
        """Test a channel at a person's word: all its ends, or the one that it names."""
        channels = self._ledger.settings.channels
        if action.channel not in channels:
            why = f"the settings have no channel {shown(action.channel)!r}"
            return Refused("not-found", why, allowed=tuple(channels))
        ends = self._ledger.directory.ends(action.channel)
        if action.target is not None and action.target not in {end.name for end in ends}:
            why = f"channel {action.channel} has no target {shown(action.target)!r}"
            return Refused("not-found", why, allowed=tuple(end.name for end in ends))
        chosen = [end for end in ends if action.target in (None, end.name)]
        about = f"test {action.channel} {now.wall}"
        why = f"a test that {action.by} asked for"
        return ChannelTested(about, self._test(decision, chosen, about, why, now))

    def look(self, decision: Decision, now: Now) -> None:
        """Withdraw what was not delivered in time; test what is due, where nobody is being called."""
        self._outbound.withdraw(decision, partial(_is_over, wall=now.wall), "the test was given up", now)
        self._ledger.wake(now.mono + LOOK_S, "channel-tests", "")
        if self._is_the_hour(now.wall) and not any(self._incidents.calls()):
            for name, view in list(self._ledger.view.channels.items()):
                if self._is_due(name, view.unasked, now.wall):
                    directory = self._ledger.directory
                    ends = [
                        end
                        for end in directory.ends(name)
                        if end.name in view.unasked and not directory.why_not_told(end)
                    ]
                    self._last[name] = now.wall
                    decision.facts[FACT + name] = str(now.wall)
                    self._test(decision, ends, f"test {name} {now.wall}", "a test that is due", now)

    def _is_due(self, name: str, unasked: Collection[str], wall: int) -> bool:
        every, last = self._ledger.settings.channel_tests.every_days, self._last.get(name)
        if not unasked or not every or name not in self._ledger.settings.channels:
            return False
        # A clock that was ahead, and was set right since, holds no test up.
        return last is None or not 0 <= wall - last < every * _DAY_MS - _DAY_MS // 2

    def _is_the_hour(self, wall: int) -> bool:
        calendar = self._ledger.directory.calendar
        local = calendar.local(wall)
        return wall >= UNSET_MS and local.hour in HOURS and is_school_day(calendar, local.date())

    def _test(
        self, decision: Decision, ends: Collection[Target], about: str, why: str, now: Now
    ) -> tuple[str, ...]:
        settings = self._ledger.settings
        title = f"TEST of {settings.name}"
        text = f"{title}: a test of how you are reached. Nothing has happened; there is nothing to do."
        owed = []
        for end in ends:
            delivery = Delivery(
                id=delivery_id("", about, end, "channel.test", 0),
                incident="",
                number=0,
                target=end,
                type="channel.test",
                revision=0,
                urgency=URGENCY,
                body=words_body(
                    "channel.test", settings.site, end.audience, now.wall, title, text, test=True
                ),
                reason=why,
                owed_at=now.wall,
                about=about,
            )
            self._outbound.owe(decision, delivery, now)
            owed.append(delivery.id)
        self._ledger.wake(now.mono + LASTS_S, "channel-tests", "")
        return tuple(owed)


def _is_over(delivery: Delivery, wall: int) -> bool:
    """Tell whether a test has been tried for long enough, or was owed by a clock that went back."""
    return delivery.type == "channel.test" and not 0 <= wall - delivery.owed_at < LASTS_S * 1000
