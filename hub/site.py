"""One site's state, and what follows from each input. Pure: no I/O, no clock, no thread.

``decide(input, now)`` and ``tick(now)`` return a :class:`~hub.decision.Decision`; ``next_deadline``
says when ``tick`` is due. The state is mutable and owned by the one recorder of its site; everything
that leaves it is frozen.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from functools import partial
from itertools import islice
from typing import Any, Final

from msgspec.structs import replace

from config.clock import Now
from config.hub_settings import HubSettings
from hub.accounts import Accounts
from hub.brokers import Brokers
from hub.bypass import Bypasses
from hub.channel_tests import ChannelTests
from hub.clearing import Clearing
from hub.clock_changes import ClockChanges
from hub.decision import Decision
from hub.deeds import Deeds
from hub.devices import Devices
from hub.directory import Directory
from hub.doors import DOOR_WAKES, Doors
from hub.drill_calendar import OVERDUE, DrillCalendar
from hub.drill_cover import DrillCover
from hub.drill_deeds import DrillDeeds
from hub.drill_memory import DrillMemory
from hub.drill_notices import DrillNotices
from hub.drills import Drills
from hub.enrolment.asking import SessionOver
from hub.enrolment.book import Book
from hub.enrolment.identities import Identities
from hub.epoch import FACT as EPOCH
from hub.epoch import Epoch, NewEpoch
from hub.floods import Floods
from hub.forgetting import Forgetting
from hub.head_notices import HeadNotices
from hub.incidents import Incidents
from hub.inputs import (
    AccountChanged,
    Asked,
    Attempted,
    BrokerDropped,
    ClockTrust,
    ConsoleCertificate,
    DeviceMessage,
    DoorTried,
    EventCame,
    HeadRead,
    Input,
    Link,
    ListsTaken,
    Measured,
    PostureHeard,
    Probed,
    RawOver,
    Reload,
    ReloadRefused,
    SignInGuessed,
    TextReported,
    TimeOver,
)
from hub.kept_course import to_mono
from hub.kept_facts import KeptFacts
from hub.ledger import Ledger
from hub.loaded import Loaded
from hub.numbers import Numbers, Reserve
from hub.outbound import Outbound
from hub.over_quota import OverQuota
from hub.own_state import OwnState
from hub.posture_notices import PostureNotices
from hub.postures import Postures
from hub.presses import Presses, Seen
from hub.protection import Protection
from hub.proving import Proving
from hub.retuning import Retuning
from hub.shape import Shapes
from hub.signals import Signals
from hub.station import WAKE as STATION
from hub.station import Station
from hub.text_replies import TextReplies
from hub.torn import Mended
from hub.trouble_notices import TroubleNotices
from hub.troubles import Troubles
from hub.unread import Unread
from hub.upgrading.upgrades import Upgrades
from hub.view import ChannelView, View
from hub.vitals import VITAL
from hub.walk_tests import WalkTests
from hub.words_taken import WordsTaken
from hub.zone_deeds import ZoneDeeds

AT_ONCE: Final = 50
"""What is done of what is due before the next press is looked for: some 10 ms (scripts/bench decisions)."""
FAULT_PAUSE_S: Final = 5.0
"""Seconds after which what our own code failed on is looked at again."""


class Site(Ledger):
    """The state of one site; its parts know it as their ledger, and each other as they are handed."""

    def __init__(
        self,
        settings: HubSettings,
        channels: Shapes,
        loaded: Loaded,
        view: View,
        now: Now,
        boot: str | None = None,
    ) -> None:
        """``boot`` is this start of the kernel."""
        directory = Directory(settings, channels)
        mended = Mended(loaded.torn, settings.site, directory, now)
        loaded = replace(
            loaded,
            incidents=[*loaded.incidents, *mended.incidents],
            deliveries=[*loaded.deliveries, *mended.deliveries],
            troubles=[*loaded.troubles, *mended.troubles],
            devices=loaded.devices | mended.devices,
            doors=[*loaded.doors, *mended.doors],
            identities=[*loaded.identities, *mended.identities],
        )
        facts = KeptFacts(loaded.facts)
        numbers = Numbers(facts.read("numbers", Reserve), directory.at_once)
        epoch = facts.read(EPOCH, Epoch) or Epoch()
        if facts.unread:
            numbers.unknown(loaded.number)
        super().__init__(settings, directory, view, Troubles(loaded.troubles), numbers, loaded.seq)
        self.outbound = Outbound(self, loaded.deliveries, now)
        self.postures = Postures(self, PostureNotices(self, self.outbound), facts, now)
        self.signals = Signals(self, facts)
        self.incidents = Incidents(self, self.outbound, self.postures, loaded.incidents, self.signals, now)
        self.accounts = Accounts(self, self.postures)
        self.bypasses = Bypasses(self, facts, now)
        self.doors = Doors(self, self.incidents, self.postures, loaded.doors, facts, now)
        self.devices = Devices(
            self, self.incidents, loaded.devices, self.doors, self.bypasses, loaded.resolved, now
        )
        self.protection = Protection(self, self.devices, self.bypasses)
        self.own = OwnState(self)
        self.notices = TroubleNotices(self, self.outbound, self.bypasses, self.signals, now)
        self.heads = HeadNotices(self, self.outbound, facts)
        self.proving = Proving(self, facts, self.devices.view, now)
        self.book = Book(self, loaded.codes, loaded.identities, now)
        self.identities = Identities(self, self.book, self.proving)
        self.walk_tests = WalkTests(self, self.incidents, self.devices.view, self.proving, facts, now)
        self.deeds = Deeds(self, self.incidents, self.devices)
        self.texts = TextReplies(self, self.incidents, self.deeds, facts)
        self.drill_calendar = DrillCalendar(self, facts, now)
        self.drill_memory = DrillMemory(self, facts, boot, now)
        self.station = Station(
            *(self, self.outbound, self.signals, self.incidents),
            *(self.bypasses, self.walk_tests, self.drill_memory, facts),
        )
        drill_notices = DrillNotices(self, self.outbound)
        memory = self.drill_memory
        cover = DrillCover(
            *(self, self.incidents, self.deeds, self.walk_tests, self.postures),
            *(drill_notices, self.drill_calendar, memory),
        )
        self.drills = Drills(
            self, self.incidents, self.postures, drill_notices, self.drill_calendar, memory, cover
        )
        self.drill_deeds = DrillDeeds(self, self.incidents, self.postures, memory, self.drills, cover)
        self.floods = Floods(self, facts, now)
        over_quota = OverQuota(self, self.incidents, self.devices, self.walk_tests, self.floods)
        self.presses = Presses(
            self, self.incidents, self.devices, self.walk_tests, self.drills, cover, over_quota
        )
        self.zone_deeds = ZoneDeeds(self, self.devices, self.bypasses, self.protection)
        self.clearing = Clearing(self, self.devices, now)
        self.channel_tests = ChannelTests(self, self.outbound, self.incidents, facts, now)
        self.upgrades = Upgrades(self, self.incidents, self.devices.view, loaded.resolved, facts, now)
        self.retuning = Retuning(
            *(self, self.incidents, self.outbound, self.devices, self.proving, self.drill_calendar),
            self.signals.zones,
        )
        self.new_epoch = NewEpoch(
            *(self, epoch, self.incidents, self.outbound),
            *(self.walk_tests, self.drills, self.bypasses, self.postures),
            self.signals.zones,
        )
        held = {
            number
            for number, broker in enumerate(settings.brokers)
            if loaded.held_until(broker.name, is_first=number == 0) is not None
        }
        self.brokers = Brokers(self, self.devices, held)
        parts = (
            *(self.doors.weeks, self.walk_tests, self.proving, self.book, self.upgrades),
            *(self.drill_memory, self.postures, self.bypasses),
        )
        self.forgetting = Forgetting(self, self.incidents, memory, [part.forget for part in parts])
        rewrites = (
            *(self.own.jumped, self.incidents.rewrite, self.outbound.rewrite, self.presses.rewrite),
            *(self.doors.rewrite, self.walk_tests.rewrite, self.drills.rewrite, self.drill_calendar.rewrite),
            *(self.bypasses.rewrite, self.proving.rewrite, self.book.rewrite, self.texts.rewrite),
            self.station.rewrite,
        )
        self.clock_changes = ClockChanges(self, rewrites)
        self.words = WordsTaken(
            *(self.accounts, self.deeds, self.zone_deeds, self.walk_tests, self.clearing),
            *(self.channel_tests, self.forgetting, self.doors, self.postures, self.identities),
            *(self.drills, self.drill_deeds, self.upgrades, self.texts),
        )
        self._takes: dict[type, Callable[[Decision, Any, Now], object]] = {
            DeviceMessage: self._of_device,
            Attempted: self._attempted,
            Asked: self.words.take,
            Link: self._linked,
            BrokerDropped: self.brokers.dropped,
            PostureHeard: self._posture_heard,
            TimeOver: self.forgetting.time_over,
            RawOver: self.forgetting.empty_quarantine,
            Probed: self.outbound.probed,
            TextReported: self.texts.reported,
            Measured: self.own.measured,
            ClockTrust: self._trusted,
            HeadRead: self.heads.take,
            SessionOver: self.book.session_over,
            DoorTried: self.identities.door_tried,
            AccountChanged: self.accounts.changed,
            SignInGuessed: self.accounts.guessed,
            ConsoleCertificate: self.own.console_certificate,
            ListsTaken: self.identities.lists_taken,
            Reload: self.retuning.take,
            ReloadRefused: self.retuning.refused,
        }
        """What takes which input; an event alone brings what the store knows of it."""
        self._looks: dict[str, Callable[[Decision, str, Now], object]] = {
            "course": self.incidents.look,
            "delivery": self.outbound.due,
            "device": self.devices.look,
            "walk-test": self.walk_tests.look,
            "bypass": self.bypasses.look,
            "identity": self.book.look,
            "held": self.let_go,
            STATION: lambda *_: None,  # it is heeded after whatever happens: a wake-up is enough
            "upgrade": self.upgrades.look,
            "flood": partial(self.floods.due, take=self._heed),
        }
        """What looks at which of one thing that is due, by its key."""
        self.unread = Unread(self, facts, self.postures, self.drill_memory, self.incidents, mended)
        self.go_on_holding(now)
        for trouble in loaded.troubles:
            view.troubles[trouble.key] = trouble
            self.raised[trouble.key] = min(to_mono(trouble.last, now), now.mono)
        for name, shape in channels.items():
            success = facts.read(f"channel {name}", int)
            view.channels[name] = ChannelView(name, shape.kind, success, unasked=shape.unasked)

    # --- deciding ---

    def decide(
        self, fact: Input, now: Now, known: dict[str, Seen] | None = None, into: Decision | None = None
    ) -> Decision:
        """Say what follows from one input.

        ``known`` holds what the store had of the event's digests; None when it could not say in time.
        A fault of our own may raise: then ``into`` holds what the state has already taken, and must be
        committed all the same, after :meth:`in_doubt`.
        """
        decision = Decision(now.mono) if into is None else into
        if isinstance(fact, EventCame):
            self.presses.take(decision, fact, now, known)
            self.upgrades.pressed(fact, now)
        else:
            self._takes[type(fact)](decision, fact, now)
        self._follow_up(decision, now)
        return decision

    def _of_device(self, decision: Decision, fact: DeviceMessage, now: Now) -> None:
        if fact.over is not None:
            self.floods.hold(fact, now)
            return
        self.floods.overtaken(fact)
        self._heed(decision, fact, now)

    def _heed(self, decision: Decision, fact: DeviceMessage, now: Now) -> None:
        self.devices.take(decision, fact, now)
        if fact.what == "state" and not fact.retained:
            self.walk_tests.heard(decision, fact.device, now)
            self.proving.look(decision, fact.device, now)
        elif fact.what == "health" and not fact.retained:
            self.upgrades.heard(decision, fact.device, now)

    def _attempted(self, decision: Decision, fact: Attempted, now: Now) -> None:
        delivery = self.outbound.attempted(decision, fact, now)
        if delivery is not None:
            told = fact.outcome.verdict == "delivered"
            self.incidents.attempted(decision, delivery.incident, delivery.target, now, delivered=told)
            self.texts.attempted(decision, delivery, now, delivered=told)

    def _linked(self, decision: Decision, fact: Link, now: Now) -> None:
        self.brokers.link(decision, fact, now)
        self.postures.linked(fact, now)

    def _posture_heard(self, decision: Decision, fact: PostureHeard, now: Now) -> None:
        self.postures.heard(decision, fact, now)
        self.drills.heed_posture(decision, now)

    def in_doubt(self, decision: Decision, fact: Input, now: Now) -> None:
        """Complete a decision that our own code failed on: what may be a press is one. Never raises."""
        device = fact.device if isinstance(fact, EventCame) else None
        detail = f"the hub failed to decide {type(fact).__name__}; it is in the log"
        with contextlib.suppress(Exception):
            self.trouble(decision, now, "hub fault", "hub-fault", detail, device=device)
        if isinstance(fact, EventCame):
            self.presses.in_doubt(decision, fact, now)

    def tick(self, now: Now) -> Decision:
        """Do what is due now, some of it: what is left is due still, and a press is decided before it."""
        decision = Decision(now.mono)
        for what, key in islice(self.due(now.mono), AT_ONCE):
            try:
                self._look(decision, what, key, now)
            except Exception as error:  # noqa: BLE001 - one incident's fault must not hold up the others' steps
                self.failed(decision, f"{what} {key} failed when it was due", error, now)
                self.wake(now.mono + FAULT_PAUSE_S, what, key)
        self._follow_up_safely(decision, now)
        return decision

    def _follow_up_safely(self, decision: Decision, now: Now) -> None:
        """Look at what this decision changed; if our own code fails on that, what was decided stands."""
        try:
            self._follow_up(decision, now)
        except Exception as error:  # noqa: BLE001 - the state has taken it: lost, its steps would never go out
            self.failed(decision, "what follows from what was due failed", error, now)

    def _follow_up(self, decision: Decision, now: Now) -> None:
        """Look at what this decision changed: which rooms have a live button, whom to tell of troubles."""
        touched, self.touched = self.touched, {}
        for device in touched:
            self.protection.look(decision, device, now)
            if (view := self.devices.view(device)) is not None:
                self.doors.heed(decision, view, now)
        self.doors.follow_up(decision, now)
        self.touched.clear()
        news, self.news = self.news, {}
        self.notices.take(news, decision, now)
        self.station.heed(decision, now)

    def _look(self, decision: Decision, what: str, key: str, now: Now) -> None:
        if what in self._looks:
            self._looks[what](decision, key, now)
        elif what in DOOR_WAKES:
            self.doors.due(decision, what, key, now)
        elif what in VITAL:
            self.devices.vitals.due(decision, what, key, now)
        elif what == "proofs":
            self.proving.due(decision, now)
        elif what == "notices":
            self.notices.look(decision, now)
        elif what in ("drill", OVERDUE):
            self._look_at_drills(decision, key, now)
        elif what == "posture":
            self.postures.look(decision, now)
        elif what == "channel-tests":
            self.channel_tests.look(decision, now)
        else:
            self.clearing.look(decision, now)

    def _look_at_drills(self, decision: Decision, drill: str, now: Now) -> None:
        """Look at one drill; without one, at those that are due."""
        if drill:
            self.drills.look(decision, drill, now)
        else:
            self.drill_calendar.due(decision, now)

    def look_at_itself(self, waiting: int, now: Now, *, reach: bool) -> Decision:
        """Take how much waits in the hub's queues, and whether a panic would reach anybody."""
        decision = Decision(now.mono)
        self.own.look(decision, waiting, now, reach=reach)
        self._follow_up_safely(decision, now)
        return decision

    def rewritten(self, now: Now, moved_ms: int, boot: str | None = None) -> Decision:
        """Write every stored moment anew, after the wall clock jumped by so much."""
        decision = Decision(now.mono)
        self.clock_changes.jumped(decision, moved_ms, boot, now)
        self._follow_up_safely(decision, now)
        return decision

    def _trusted(self, decision: Decision, fact: ClockTrust, now: Now) -> None:
        self.own.trusted(decision, fact, now)
        if fact.synced:
            self.drill_memory.clock_is_right()

    def restore_gone(self, decision: Decision, now: Now) -> None:
        """At a start: end what was of settings that may have been others, and tell whom it leaves untold."""
        self.unread.settle(decision, now)
        self.retuning.settle(decision, now)
        self.station.heed(decision, now)
        self.proving.look_at_all(decision, now)
