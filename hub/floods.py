"""What comes over an agent's quota: counted, hashed, told of as a trouble, at a bounded cost. Pure.

Each message is part of a tally that is committed before it is acknowledged; the record has a row as it
begins, one every 10 min, and one at its end. Of an event that was only counted no receipt is sent unless
the hub has it, or its room calls already: an honest agent keeps it, and sends it again. Of states and
healths the newest counts.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b
from typing import Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from config.clock import Now, stamp
from hub.decision import Decision, KeptRaw
from hub.inputs import Ack, DeviceMessage, EventCame
from hub.kept_facts import LET_GO, KeptFacts
from hub.ledger import Ledger
from hub.quota import PAYLOAD_KEPT, Bucket, Rate

FLUSH_S: Final = 0.25
"""Seconds in which what came is committed and acknowledged together."""
SPAN_S: Final = 600.0
"""Seconds that one row of the record is about."""
QUIET_S: Final = 60.0
"""Seconds without a message over the quota after which it is over."""
NEWEST_S: Final = 1.0
"""Seconds between two states of a device that are taken over its quota: each the newest."""
RECEIPTS: Final = 5_000
"""Ids that are receipted together at most; of more, the copy that comes is."""
RAW: Final = Rate(1 << 20, 12)
"""Bytes of payloads that are kept of one tally: 1 MiB at once, and as much again each day."""
STRANGERS: Final = "devices that nobody set up"
"""The tally of all of them: it is no device's name."""
FACT: Final = "flood "
OVER: Final = "over its quota: one of those that the record counts in a row flood-counted"


def flood_key(name: str) -> str:
    """Return the key of the trouble of a tally."""
    return f"flood {name}"


class Span(Struct, frozen=True):
    """What has been counted since the last row of the record."""

    since: int
    """Wall ms of its first message."""
    events: int = 0
    alarms: int = 0
    """Of the events, those that may be a press."""
    others: int = 0
    """States and healths."""
    size: int = 0
    """Bytes of all payloads."""
    hash: str = ""
    """Each payload hashed with the hash before it, by BLAKE2b of 16 bytes."""
    incidents: dict[str, int] = {}
    """How many of the alarms each incident had already, by its id."""


class _Tally:
    """One device over its quota, or all that nobody has set up."""

    def __init__(self, span: Span, mono: float) -> None:
        self.span = span
        self.raw_left = Bucket(RAW, mono)
        self.began = mono
        """When its span began, in monotonic seconds."""
        self.last = mono
        """When a message over the quota came last."""
        self.is_told = False
        """The record has the row of its beginning."""
        self.is_changed = False
        self.acks: list[Ack] = []
        self.receipts: dict[tuple[str, str], None] = {}
        self.raw: list[KeptRaw] = []
        self.newest: dict[tuple[str, str, int, bool], DeviceMessage] = {}
        """States and healths that wait for their turn, the newest of each kind."""
        self.taken: dict[tuple[str, str, int, bool], float] = {}
        """When one of each was taken last."""
        self.due_at: float | None = None
        """When it is looked at next, in monotonic seconds."""


class Floods:
    """The tallies of a site."""

    def __init__(self, ledger: Ledger, facts: KeptFacts, now: Now) -> None:
        self._ledger = ledger
        self._tallies: dict[str, _Tally] = {}
        self.events = 0
        """Events that were counted since the start."""
        self.others = 0
        """States and healths that were."""
        for name, span in facts.each(FACT, Span):
            tally = self._tallies[name] = _Tally(span, now.mono)
            tally.is_told = True
            self._arm(name, tally, now.mono + QUIET_S)

    def name(self, device: str) -> str:
        """Return the name of a device's tally."""
        return device if device in self._ledger.directory.rooms else STRANGERS

    def passes(self, device: str, now: Now) -> None:
        """A new alarm over the quota is decided like any other: that it was over it is told all the same."""
        self._tally(device, now)

    def count(
        self,
        fact: EventCame,
        now: Now,
        *,
        receipt: tuple[str, str] | None = None,
        incident: str | None = None,
    ) -> None:
        """Count an event: nothing else comes of it.

        ``receipt`` is the device and the id to tell that the hub has it; ``incident`` the one that has its
        alarm.
        """
        tally = self._tally(fact.device, now)
        self.events += 1
        span = tally.span
        incidents = span.incidents
        if incident is not None:
            incidents = {**incidents, incident: incidents.get(incident, 0) + 1}
        tally.span = replace(
            _counted(span, fact.payload),
            events=span.events + 1,
            alarms=span.alarms + fact.is_alarm,
            incidents=incidents,
        )
        tally.acks.append(fact.ack)
        if receipt is not None and len(tally.receipts) < RECEIPTS:
            tally.receipts[receipt] = None
        self._keep_raw(tally, fact.topic, fact.payload, now)

    def hold(self, fact: DeviceMessage, now: Now) -> None:
        """Count a state or health, and let the newest of a room's wait for its turn."""
        tally = self._tally(fact.device, now)
        self.others += 1
        tally.span = replace(_counted(tally.span, fact.payload), others=tally.span.others + 1)
        self._keep_raw(tally, f"{fact.device}/{fact.what}", fact.payload, now)
        if fact.device in self._ledger.directory.rooms:
            tally.newest[_slot(fact)] = fact

    def overtaken(self, fact: DeviceMessage) -> None:
        """A state or health within the quota came: what waits of its kind is older."""
        if (tally := self._tallies.get(fact.device)) is not None:
            tally.newest.pop(_slot(fact), None)

    def due(
        self, decision: Decision, name: str, now: Now, take: Callable[[Decision, DeviceMessage, Now], object]
    ) -> None:
        """Let a tally be committed; ``take`` has the newest states and healths whose turn it is."""
        tally = self._tallies.get(name)
        if tally is None or tally.due_at is None or now.mono < tally.due_at:
            return  # asked for before something came that is due earlier
        if tally.is_changed:
            self._flush(decision, name, tally, now)
        for slot in [slot for slot in tally.newest if now.mono - tally.taken.get(slot, -1e9) >= NEWEST_S]:
            tally.taken[slot] = now.mono
            take(decision, tally.newest.pop(slot), now)
        tally.due_at = None  # not before: where our own code failed on it, it is due still
        if tally.newest:
            self._arm(name, tally, now.mono + FLUSH_S)
        elif now.mono - tally.last >= QUIET_S:
            self._end(decision, name, tally, now)
        else:
            self._arm(name, tally, tally.last + QUIET_S)

    def _tally(self, device: str, now: Now) -> _Tally:
        name = self.name(device)
        tally = self._tallies.get(name)
        if tally is None:
            tally = self._tallies[name] = _Tally(Span(now.wall), now.mono)
        tally.last = now.mono
        if not tally.is_changed:
            tally.is_changed = True
            self._arm(name, tally, now.mono + FLUSH_S)
        return tally

    def _arm(self, name: str, tally: _Tally, at: float) -> None:
        if tally.due_at is None or at < tally.due_at:
            tally.due_at = at
            self._ledger.wake(at, "flood", name)

    def _keep_raw(self, tally: _Tally, topic: str, payload: bytes, now: Now) -> None:
        if tally.raw_left.spend(min(len(payload), PAYLOAD_KEPT) + len(topic), now.mono):
            tally.raw.append(KeptRaw(now.wall, topic, payload[:PAYLOAD_KEPT], OVER))

    def _flush(self, decision: Decision, name: str, tally: _Tally, now: Now) -> None:
        device = None if name == STRANGERS else name
        if not tally.is_told:
            tally.is_told = True
            reason = (
                "more than its quota: what isn't a new call is counted from now on, not decided one by one"
            )
            self._ledger.record(decision, now, "flood", reason, detail={"device": name})
        if self._ledger.known(flood_key(name)) is None:
            room = name if device is None else self._ledger.directory.place(device).room
            words = f"{room}: more messages than an honest device sends; a new call is still told at once"
            self._ledger.trouble(decision, now, flood_key(name), "flood", words, device=device)
        if now.mono - tally.began >= SPAN_S:
            self._write(decision, name, tally, now)
        decision.facts[FACT + name] = msgspec.json.encode(tally.span).decode()
        decision.counted, tally.acks = tally.acks, []
        decision.receipts += tally.receipts
        tally.receipts = {}
        decision.kept_raw, tally.raw = tally.raw, []
        tally.is_changed = False

    def _write(self, decision: Decision, name: str, tally: _Tally, now: Now) -> None:
        """Write down what was counted since the last row, once for each incident that had some of it."""
        span = tally.span
        detail = {
            "device": name,
            "since": stamp(span.since),
            "events": span.events,
            "alarms": span.alarms,
            "others": span.others,
            "bytes": span.size,
            "hash": span.hash,
        }
        words = f"{span.events + span.others} messages over its quota since {stamp(span.since)}"
        if span.events + span.others:
            self._ledger.record(decision, now, "flood-counted", words, detail=detail)
        for incident, alarms in span.incidents.items():
            words = f"{alarms} more calls of a room that called already, over its device's quota: counted"
            where = {"device": name, "alarms": alarms}
            self._ledger.record(decision, now, "flood-counted", words, incident=incident, detail=where)
        tally.span, tally.began = Span(now.wall), now.mono

    def _end(self, decision: Decision, name: str, tally: _Tally, now: Now) -> None:
        self._write(decision, name, tally, now)
        self._ledger.record(decision, now, "flood-over", "within its quota again", detail={"device": name})
        self._ledger.restore(decision, now, flood_key(name))
        decision.facts[FACT + name] = LET_GO
        del self._tallies[name]


def _slot(fact: DeviceMessage) -> tuple[str, str, int, bool]:
    return fact.device, fact.what, fact.broker, fact.retained


def _counted(span: Span, payload: bytes) -> Span:
    chained = blake2b(span.hash.encode(), digest_size=16)
    chained.update(payload)
    return replace(span, size=span.size + len(payload), hash=chained.hexdigest())
