"""Events from agents: told apart from their repeats, and taken as presses, doors or faults. Pure."""

from __future__ import annotations

import contextlib
from collections import OrderedDict
from hashlib import blake2b
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from config.clock import Now, stamp
from config.contract import Event, MessageError, shown
from config.event_keys import content_hash
from hub.causes import FAULTS, doubt, fault_key, fault_words
from hub.decision import Decision, EventRow
from hub.devices import Devices
from hub.drill_cover import DrillCover
from hub.drills import Drills
from hub.incident import Press, reckoned_earlier
from hub.incidents import Incidents
from hub.inputs import EventCame
from hub.kept_course import JUMP_MS, jumped_ms, then_by
from hub.ledger import Ledger
from hub.notice import age
from hub.over_quota import OVER_QUOTA, OverQuota
from hub.quota import PAYLOAD_KEPT
from hub.reckoning import Account, digest, keys_of, other_key, press_of, read_event, who_waits
from hub.walk_tests import WalkTests

REMEMBERED: Final = 20_000
"""Events, the latest taken, whose repeats are known without asking the store."""
EARLIER_MS: Final = 1000
"""A copy moves an event's time only by more than this: the broker counts in whole seconds."""
STRANGE_FAULTS: Final = 32
"""Faults of one device that are kept apart though the settings have no such zone, or nobody their cause."""


class Seen(Struct, frozen=True):
    """An event the hub has taken before."""

    content: str
    at: int
    incident: str | None


def digests(fact: EventCame, site: str) -> tuple[str, ...]:
    """Return the names under which the store may know this event: ask for them before deciding."""
    return tuple(digest(site, fact.device, key) for key in keys_of(fact))


class Presses:
    """Which events are known, and what a new one is."""

    def __init__(
        self,
        ledger: Ledger,
        incidents: Incidents,
        devices: Devices,
        walk_tests: WalkTests,
        drills: Drills,
        cover: DrillCover,
        over_quota: OverQuota,
    ) -> None:
        self._ledger = ledger
        self._incidents = incidents
        self._devices = devices
        self._walk_tests = walk_tests
        self._drills = drills
        self._cover = cover
        self._over_quota = over_quota
        self.recent: OrderedDict[str, Seen] = OrderedDict()
        """The events taken last, by their digests."""
        self._latest: OrderedDict[str, tuple[str, int]] = OrderedDict()
        """Each fault's latest word, told or restored: its boot, and its place in it."""

    def take(self, decision: Decision, fact: EventCame, now: Now, known: dict[str, Seen] | None) -> None:
        """Decide one message of an event topic, by the contract's table of what arrives."""
        ledger = self._ledger
        if abs(jumped_ms(fact.arrived, now)) > JUMP_MS:  # it came just before the clock was set
            fact = replace(fact, arrived=then_by(now, fact.arrived))
        account = read_event(fact, ledger.directory)
        key, seen, clash = self._place(account, known or {})
        if fact.over is not None and self._over_quota.is_counted(
            fact, account, key, now, is_new=seen is None
        ):
            return
        decision.raw = (fact.topic, fact.payload)
        decision.ack = fact.ack
        if account.id is not None:
            decision.receipts.append((who_waits(fact), account.id))
        self._devices.vitals.event(decision, fact, now)
        if seen is not None:
            self._again(decision, fact, account, key, seen, now)
            return
        test = self._walk_tests.believed(fact, account)
        if test is not None:
            account = account._replace(flaws=tuple(flaw for flaw in account.flaws if flaw.field != "test"))
            incident = None
        else:
            incident = self._judge(decision, fact, account, key, now, is_new=known is not None)
        where = {
            "device": account.device,
            "zone": account.zone,
            "id": account.id,
            "clock": ledger.clock.words,
        }
        what = _what(account) if test is None else f"{_what(account)}, in a walk test"
        seq = ledger.record(decision, now, "event", what, detail=where)
        if test is not None:
            self._walk_tests.proved(decision, test, account, now)
        self._keep(decision, fact, account, key, incident, seq)
        if known is None:
            self._flaw(decision, account, now, "store", "the record could not be asked in time; taken as new")
        if clash:
            self._flaw(
                decision, account, now, "same-id", f"id {shown(str(account.id))!r} came with other content"
            )
        for flaw in account.flaws:
            self._flaw(decision, account, now, flaw.field, str(flaw))

    def names(self, fact: EventCame) -> list[str]:
        """Return the names under which the store is to be asked about an event before it is decided."""
        if fact.over is not None and not fact.is_alarm:
            return []  # it is only counted
        return [name for name in digests(fact, self._ledger.settings.site) if name not in self.recent]

    def rewrite(self, _: Decision, moved_ms: int, __: Now) -> None:
        """Take the moments of what is remembered by a wall clock that has jumped by this much."""
        for name, seen in self.recent.items():
            self.recent[name] = replace(seen, at=seen.at + moved_ms)

    def in_doubt(self, decision: Decision, fact: EventCame, now: Now) -> None:
        """Complete a decision on a message that our own code failed on: a bare alarm, if it may be one.

        Without a row of its own nothing of it is receipted, so that it comes again. Never raises.
        """
        decision.raw, decision.ack = (fact.topic, fact.payload), fact.ack
        name = digest(self._ledger.settings.site, fact.device, keys_of(fact)[0])
        real = (name for name, (one, _) in decision.incidents.items() if not one.drill)
        incident = next(real, None)  # a drill that our own code failed in has it for nobody
        with contextlib.suppress(Exception):
            if fact.is_alarm:
                place = self._ledger.directory.place(fact.device)
                at = fact.arrived.wall
                press = Press(f"?{name}", None, place, "unknown", None, "panic", "alarm", at, at)
                if incident is None:
                    incident = self._incidents.press(decision, press, now).id
                self._walk_tests.real(decision, press, now)
                if (call := self._incidents.get(incident)) is not None and call.kind != "door":
                    press = replace(press, kind=call.kind)
                    self._cover.real_came(decision, press, call, now, "the hub failed on it")
        try:
            if not decision.events:
                self._keep_raw(decision, fact, incident, now)
        except Exception:  # noqa: BLE001 - what isn't recorded isn't receipted
            decision.receipts.clear()
            self.recent.pop(name, None)

    def _keep_raw(self, decision: Decision, fact: EventCame, incident: str | None, now: Now) -> None:
        event = fact.event
        flawed = isinstance(event, MessageError)
        event_id = event.readable.id if isinstance(event, MessageError) else event.id
        content = content_hash(fact.payload if isinstance(event, MessageError) else event)
        where = {"device": fact.device, "flawed": flawed}
        seq = self._ledger.record(
            decision, now, "event", "kept as it came: the hub failed on it", detail=where
        )
        key = keys_of(fact)[0]
        name = digest(self._ledger.settings.site, fact.device, key)
        at = fact.arrived.wall
        decision.events.append(
            EventRow(
                digest=name,
                device=fact.device,
                key=key,
                content=content,
                seq=seq,
                at=at,
                received_at=at,
                what=None,
                kind=None,
                zone=None,
                flaws="the hub failed on it",
                incident=incident,
                size=len(fact.payload),
                payload_hash=blake2b(fact.payload, digest_size=16).hexdigest(),
                payload=fact.payload[:PAYLOAD_KEPT],
            )
        )
        self._remember(name, Seen(content, at, incident))
        if event_id is not None and not decision.receipts:
            decision.receipts.append((fact.device, event_id))

    # --- known or new ---

    def _place(self, account: Account, known: dict[str, Seen]) -> tuple[str, Seen | None, bool]:
        """Return the key to record this under, what is known of it, and whether its id is another's."""
        seen = self._find(account.device, account.key, known)
        if seen is None or seen.content == account.content or account.id is None:
            return account.key, seen, False
        key = other_key(account.id, account.content)
        return key, self._find(account.device, key, known), True

    def _find(self, device: str, key: str, known: dict[str, Seen]) -> Seen | None:
        name = digest(self._ledger.settings.site, device, key)
        return self.recent.get(name) or known.get(name)

    def _again(
        self, decision: Decision, fact: EventCame, account: Account, key: str, seen: Seen, now: Now
    ) -> None:
        """A repeat: receipted again, and its time moved if this copy reckons an earlier one."""
        if account.at >= seen.at - EARLIER_MS:
            return
        ledger = self._ledger
        what = "its press" if account.is_alarm and doubt(account.cause) is None else "it"
        reason = f"{what} was {age(seen.at - account.at)} earlier than first reckoned: at {stamp(account.at)}"
        name = digest(ledger.settings.site, account.device, key)
        ledger.record(
            decision,
            now,
            "reckoned-earlier",
            reason,
            incident=seen.incident,
            detail={"device": account.device, "digest": name, "at_ms": account.at},
        )
        decision.earlier[name] = account.at
        if account.is_alarm and seen.incident is None and self._calls_after_all(decision, fact, account, now):
            incident_id = self._judge(decision, fact, account, key, now, is_new=False)
            self._remember(name, Seen(seen.content, account.at, incident_id))
            return
        self._remember(name, Seen(seen.content, account.at, seen.incident))
        real = self._drills.reckoned(decision, account.device, key, account.at, fact.waited_ms, now)
        known = self._incidents.get(seen.incident) if seen.incident else None
        for incident in {one.id: one for one in (known, real) if one is not None}.values():
            moved = reckoned_earlier(incident, account.device, key, account.at)
            self._incidents.moved(decision, moved, now)

    def _calls_after_all(self, decision: Decision, fact: EventCame, account: Account, now: Now) -> bool:
        """Tell whether a press that called nobody was before what silenced it: in doubt it is real."""
        if account.test and self._walk_tests.believed(fact, account) is None:
            self._flaw(decision, account, now, "test", "pressed before its walk test was opened")
            return True
        if not account.test and self._devices.bypasses.is_before(fact, account.zone, account.at, now):
            self._flaw(decision, account, now, "bypass", "pressed before its zone was bypassed")
            return True
        return False

    def _keep(
        self,
        decision: Decision,
        fact: EventCame,
        account: Account,
        key: str,
        incident: str | None,
        seq: int,
    ) -> None:
        name = digest(self._ledger.settings.site, account.device, key)
        self._remember(name, Seen(account.content, account.at, incident))
        decision.events.append(
            EventRow(
                digest=name,
                device=account.device,
                key=key,
                content=account.content,
                seq=seq,
                at=account.at,
                received_at=fact.arrived.wall,
                what=account.what,
                kind=account.kind,
                zone=account.zone,
                flaws="; ".join(map(str, account.flaws)) or None,
                incident=incident,
                size=len(fact.payload),
                payload_hash=blake2b(fact.payload, digest_size=16).hexdigest(),
                payload=fact.payload[:PAYLOAD_KEPT],
            )
        )

    def _remember(self, name: str, seen: Seen) -> None:
        self.recent[name] = seen
        if len(self.recent) > REMEMBERED:
            self.recent.popitem(last=False)

    # --- what it is ---

    def _judge(
        self, decision: Decision, fact: EventCame, account: Account, key: str, now: Now, *, is_new: bool
    ) -> str | None:
        """Act on a new event; returns the incident it belongs to."""
        ledger = self._ledger
        bypasses = self._devices.bypasses
        if account.is_alarm:
            if (why := self._devices.silences(fact, account, now)) is not None:
                where = {"device": account.device, "zone": account.zone, "id": account.id}
                ledger.record(decision, now, "alarm-bypassed", why, detail=where)
                return None
            press = press_of(account, ledger.directory, key, fact.arrived.wall, ledger.late_after_ms)
            doubt = OVER_QUOTA if fact.over is not None else _doubt(account, key, is_new=is_new)
            of_drill = self._drills.judge(press, doubt, fact.waited_ms, now)
            if of_drill is not None and of_drill[1].standing != "real":
                return self._drills.take(decision, *of_drill, press, now).id
            self._walk_tests.real(decision, press, now)
            incident = self._incidents.press(decision, press, now, is_new=is_new)
            why = "no drill had it" if of_drill is None else of_drill[1].why
            self._cover.real_came(decision, press, incident, now, why)
            return incident.id
        if isinstance(fact.event, MessageError):
            return None  # kept as it came, with a trouble; its word on a door or a fault is not believed
        if account.what in ("restoral", "tamper-restoral", "trouble-restoral"):
            bypasses.read_normal(decision, account.device, [account.zone], now)
        if account.what in ("tamper", "trouble"):
            key = fault_key(account.what, account.device, account.zone, account.cause)
            if self._is_news(key, fact.event):
                self._faulty(decision, account, key, now)
        elif account.what in ("tamper-restoral", "trouble-restoral"):
            self._restored(decision, account, fact.event, now)
        elif account.kind == "door" and account.what in ("open", "closed"):
            self._devices.doors.told(decision, account, now)
        return None

    def _is_news(self, key: str, event: Event) -> bool:
        """Whether no later word on this fault has come before it; of one boot, whose order is certain."""
        boot, seq = self._latest.get(key, ("", 0))
        if boot == event.boot and event.seq < seq:
            return False
        self._latest[key] = (event.boot, event.seq)
        self._latest.move_to_end(key)
        if len(self._latest) > REMEMBERED:
            self._latest.popitem(last=False)
        return True

    def _faulty(self, decision: Decision, account: Account, key: str, now: Now) -> None:
        """Open a zone's tamper or trouble, one for each cause."""
        what, device, zone = str(account.what), account.device, account.zone
        cause = shown(account.cause) if account.cause else None
        room = self._ledger.directory.place(device, account.room).room
        detail = f"{shown(room)}, {shown(account.label or zone)}: {fault_words(what, cause)}"
        if self._is_one_too_many(account, key):
            detail = f"more than {STRANGE_FAULTS} faults that nobody knows; the latest: {detail}"
            self._flaw(decision, account, now, "cause", detail)
            return
        self._ledger.trouble(decision, now, key, what, detail, device=device, zone=zone, cause=cause)

    def _is_one_too_many(self, account: Account, key: str) -> bool:
        """Tell whether a fault is strange, and its device has as many strange ones as are kept apart."""
        open_ones, device = self._ledger.troubles.open, account.device
        if key in open_ones or not self._is_strange(device, account.zone, account.cause):
            return False
        of_device = (one for one in self._ledger.troubles.of_device(device) if one.what == account.what)
        strange = sum(1 for one in of_device if self._is_strange(device, one.zone, one.cause))
        return strange >= STRANGE_FAULTS

    def _is_strange(self, device: str, zone: str | None, cause: str | None) -> bool:
        room = self._ledger.directory.rooms.get(device)
        zones = () if room is None else room.zones
        return (cause or "cut") not in FAULTS or all(one.zone != zone for one in zones)

    def _restored(self, decision: Decision, account: Account, event: Event, now: Now) -> None:
        """Close a zone's tamper or trouble of one cause; without a cause all of them.

        One that an older release opened bears no cause in its key, and ends with the first restoral.
        """
        what = str(account.what).removesuffix("-restoral")
        device, zone = account.device, account.zone
        if account.cause:
            keys = [fault_key(what, device, zone, None), fault_key(what, device, zone, account.cause)]
        else:
            keys = [
                trouble.key
                for trouble in self._ledger.troubles.of_device(device)
                if (trouble.what, trouble.zone) == (what, zone)
            ]
        for key in keys:
            if self._is_news(key, event):
                self._ledger.restore(decision, now, key)

    def _flaw(self, decision: Decision, account: Account, now: Now, what: str, detail: str) -> None:
        key = f"flaw {what} {account.device}"
        self._ledger.trouble(decision, now, key, f"flaw-{what}", detail, device=account.device)


def _doubt(account: Account, key: str, *, is_new: bool) -> str | None:
    """Name what is wrong with a press, by which no drill covers it; that its room has another name isn't."""
    flaws = [flaw for flaw in account.flaws if flaw.field != "room"]
    if flaws:
        return str(flaws[0])
    if account.cause:
        return f"its zone reads {shown(account.cause)}"
    if account.test:
        return "marked as a test"
    if key != account.key:
        return "its id came with other content"
    return None if is_new else "the record could not be asked whether it is known"


def _what(account: Account) -> str:
    if account.flaws and not account.is_alarm and account.what is None:
        return "unreadable: kept as it came"
    return f"{account.what or 'alarm'} of kind {account.kind or 'unknown'}"
