"""What a monitoring station is told besides incidents: bypasses, that it is on test, periodic tests. Pure.

For each channel to alarm receivers it is kept how far the station knows; what differs is owed. So the
station is off test once every walk test and drill is over, which they are by themselves, whatever befell
the hub meanwhile.
"""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from config.channel_settings import AlarmReceiverSettings
from config.clock import Now
from hub.bypass import Bypasses
from hub.dc09.signal import Signal
from hub.dc09.what_to_send import words_of
from hub.decision import Decision
from hub.delivery import TROUBLE_URGENCY, Delivery, delivery_id
from hub.drill_memory import DrillMemory
from hub.incidents import Incidents
from hub.kept_course import to_mono
from hub.kept_facts import KeptFacts
from hub.ledger import Ledger
from hub.notice import words_body
from hub.outbound import Outbound
from hub.signals import Signals
from hub.walk_tests import WalkTests

FACT: Final = "station "
"""How the facts begin that keep how far a station knows, one for each channel."""
WAKE: Final = "station"
TITLE: Final = "For the monitoring station"
Zone = tuple[str, str]


class Known(Struct, frozen=True):
    """What a station was told, or is owed."""

    tested_at: int | None = None
    """When the last periodic test was owed, in wall ms."""
    on_test: bool = False
    bypassed: tuple[Zone, ...] = ()
    walked: dict[str, int] = {}
    """How many buttons of each walk test it knows as tested."""


class Station:
    """How far each monitoring station knows."""

    def __init__(
        self,
        ledger: Ledger,
        outbound: Outbound,
        signals: Signals,
        incidents: Incidents,
        bypasses: Bypasses,
        walk_tests: WalkTests,
        drills: DrillMemory,
        facts: KeptFacts,
    ) -> None:
        self._ledger = ledger
        self._outbound = outbound
        self._signals = signals
        self._incidents = incidents
        self._bypasses = bypasses
        self._walk_tests = walk_tests
        self._drills = drills
        self._known = dict(facts.each(FACT, Known))
        for name in [name.removeprefix(FACT) for name in facts.unread if name.startswith(FACT)]:
            self._known[name] = Known(on_test=True)  # in doubt it is told that it is not
        self._armed: dict[str, float] = {}
        """For when a periodic test was asked to be looked at, in monotonic seconds."""

    def heed(self, decision: Decision, now: Now) -> None:
        """Owe each station whatever it does not know yet."""
        directory = self._ledger.directory
        for name in directory.receivers:
            settings = self._ledger.settings.channels.get(name)
            agreed = not directory.why_not_told(directory.receiver_of(name))
            if isinstance(settings, AlarmReceiverSettings) and agreed:
                self._tell(decision, name, settings, now)

    def rewrite(self, decision: Decision, moved_ms: int, _: Now) -> None:
        """Store when each periodic test was anew, by a wall clock that has jumped by this much."""
        self._armed.clear()
        for name, known in list(self._known.items()):
            if known.tested_at is not None:
                self._keep(decision, name, replace(known, tested_at=known.tested_at + moved_ms))

    def _tell(self, decision: Decision, name: str, settings: AlarmReceiverSettings, now: Now) -> None:
        was = known = self._known.get(name, Known())
        found: list[Signal] = []
        if settings.troubles or known.bypassed:
            known = self._bypassed(decision, name, settings, known, found, now)
        if settings.tests or known.on_test:
            known = self._tests(decision, name, settings, known, found, now)
        known = self._periodic(decision, name, settings, known, found, now)
        if known != was:
            self._keep(decision, name, known)
        if found:
            self._owe(decision, name, tuple(found), now)

    def _bypassed(
        self,
        decision: Decision,
        name: str,
        settings: AlarmReceiverSettings,
        known: Known,
        found: list[Signal],
        now: Now,
    ) -> Known:
        wanted = self._bypasses.zones if settings.troubles else ()
        for zones, restoral in (
            ([zone for zone in known.bypassed if zone not in wanted], True),
            ([zone for zone in wanted if zone not in known.bypassed], False),
        ):
            found += [
                self._signals.of_zone(decision, name, "bypass", *zone, now, restoral=restoral)
                for zone in zones
            ]
        return replace(known, bypassed=wanted)

    def _tests(
        self,
        decision: Decision,
        name: str,
        settings: AlarmReceiverSettings,
        known: Known,
        found: list[Signal],
        now: Now,
    ) -> Known:
        """Open or close the bracket of tests, and tell within it which buttons were tried."""
        open_ = {test.id: test for test in self._walk_tests.latest() if test.ended is None}
        drill = self._drills.running() if self._ledger.settings.drills.dispatch == "test" else None
        wanted = settings.tests and bool(open_ or drill) and not self._is_real()
        if wanted and not known.on_test:
            words = "drill" if drill else "walk test"
            text = f"On test ({words}): what was tested follows. An alarm is real all the same"
            found.append(self._signals.of_site(decision, name, "on-test", text))
        walked: dict[str, int] = {}
        for test in self._walk_tests.latest():
            if known.on_test or wanted:
                told = known.walked.get(test.id, 0 if test.id in open_ else len(test.proved))
                found += [
                    self._signals.of_zone(decision, name, "tested", test.device, tried.zone, now)
                    for tried in test.proved[told:]
                ]
            if test.id in open_:
                walked[test.id] = len(test.proved)
        if known.on_test and not wanted:
            text = "Off test" if not self._is_real() else "Off test: the alarm is real"
            found.append(self._signals.of_site(decision, name, "on-test", text, restoral=True))
        return replace(known, on_test=wanted, walked=walked)

    def _periodic(
        self,
        decision: Decision,
        name: str,
        settings: AlarmReceiverSettings,
        known: Known,
        found: list[Signal],
        now: Now,
    ) -> Known:
        if not settings.test_every_h:
            return known
        every_s = settings.test_every_h * 3600
        at = known.tested_at
        # One of a time to come was stored by a clock that was wrong.
        due = now.mono if at is None else min(to_mono(at, now), now.mono) + every_s
        if due <= now.mono:
            found.append(self._signals.of_site(decision, name, "periodic-test", "Periodic test"))
            known, due = replace(known, tested_at=now.wall), now.mono + every_s
        if self._armed.get(name, 0.0) <= now.mono or due < self._armed[name]:
            self._armed[name] = due
            self._ledger.wake(due, WAKE, name)
        return known

    def _is_real(self) -> bool:
        return any(not incident.drill for incident in self._incidents.calls())

    def _owe(self, decision: Decision, name: str, signals: tuple[Signal, ...], now: Now) -> None:
        ledger = self._ledger
        words = words_of(signals)
        target = ledger.directory.receiver_of(name)
        numbers = "-".join(str(one.sequence) for one in signals)
        text = "\n".join((TITLE, words, *(one.text for one in signals if one.text)))
        delivery = Delivery(
            id=delivery_id("", f"station {now.wall} {numbers}", target, "station.signals", 0),
            incident="",
            number=0,
            target=target,
            type="station.signals",
            revision=0,
            urgency=TROUBLE_URGENCY,
            body=words_body(
                "station.signals",
                ledger.settings.site,
                target.audience,
                now.wall,
                TITLE,
                text,
                signals=signals,
            ),
            reason=words,
            owed_at=now.wall,
        )
        self._outbound.owe(decision, delivery, now)

    def _keep(self, decision: Decision, name: str, known: Known) -> None:
        self._known[name] = known
        decision.facts[f"{FACT}{name}"] = msgspec.json.encode(known).decode()
