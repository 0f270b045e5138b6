"""What each agent's health, and the numbers of its events, show to be wrong with it. Pure."""

from __future__ import annotations

from typing import Final

from config.clock import Now, read_stamp
from config.contract import Event, Health, Readable, shown
from hub.boots import QUIET_S, Boots
from hub.decision import Decision
from hub.health_watch import RULES, left_over, links_down, readings, words_of
from hub.inputs import EventCame
from hub.ledger import Ledger
from hub.sequence import Sequence, gap_words
from hub.watch import RESTORED, Rule, Watch

FRESH_MS: Final = 60_000
"""An event older than this says nothing of its agent's clock now."""
VITAL: Final = frozenset({"gap", "two-boots"})
"""What it asks its site to be woken for."""
OWN_CLOCK: Final = "hub-clock"
"""The key of the trouble of the hub's own clock."""
_DRIFT: Final = next(rule for rule in RULES if rule.what == "clock-drift")


class Vitals:
    """What is watched of every device of the settings; of others nothing is expected."""

    def __init__(self, ledger: Ledger, boots: dict[str, str | None], now: Now) -> None:
        """``boots`` are those that the record knew, by device."""
        self._ledger = ledger
        self._known_boots = boots
        self._watches: dict[str, Watch] = {}
        self._sequences: dict[str, Sequence] = {}
        self._boots: dict[str, Boots] = {}
        self._gaps: set[str] = set()
        """Devices of which events are missing, and it is known which."""
        self._gap_due: dict[str, float] = {}
        """When a device's numbers are looked at next, in monotonic seconds, whatever comes meanwhile."""
        self._links: dict[str, set[str]] = {}
        for trouble in ledger.troubles.open.values():
            if trouble.device is None:
                continue
            if trouble.what == "link":
                self._links.setdefault(trouble.device, set()).add(trouble.key)
            elif trouble.what == "two-boots":  # whether it is so is not known any more: the quiet decides
                ledger.wake(now.mono + QUIET_S, "two-boots", trouble.device)

    def expect(self, device: str, boot: str | None) -> None:
        """Watch a device that the settings have from now on; ``boot`` is the one it spoke under before."""
        self._known_boots[device] = boot

    def forget(self, device: str) -> None:
        """Watch a device no more."""
        for known in (
            self._known_boots,
            self._watches,
            self._sequences,
            self._boots,
            self._links,
            self._gap_due,
        ):
            known.pop(device, None)
        self._gaps.discard(device)

    def health(self, decision: Decision, device: str, health: Health, now: Now) -> None:
        """Take an agent's health: each of its rules, its links, what it says it gave up."""
        if device not in self._ledger.directory.rooms:
            return
        found = readings(health, now)
        if self._ledger.known(OWN_CLOCK) is not None:
            found[_DRIFT.field] = None  # whose clock is off can't be told
        for rule in RULES:
            if (reading := found[rule.field]) is not None:  # a sensor that is missing says nothing
                self._look(decision, rule, device, reading, now, health)
        self._links_of(decision, device, links_down(health.troubles), now)
        if health.given_up:
            self._sequence(device).given_up(health.given_up)
            self.look(decision, device, now)
        self._spoke(decision, device, health.boot, now.mono, now)

    def boot(self, decision: Decision, device: str, boot: str, now: Now) -> None:
        """Take that a boot was heard, by a live state."""
        if device not in self._ledger.directory.rooms:
            return
        self._sequence(device).heard_first(boot)
        self._spoke(decision, device, boot, now.mono, now)

    def left_over(self, device: str, troubles: tuple[str, ...]) -> list[str]:
        """Return what an agent tells of itself and nothing here has told of already."""
        return left_over(troubles, lambda what: f"{what} {device}" in self._ledger.troubles.open)

    def event(self, decision: Decision, fact: EventCame, now: Now) -> None:
        """Take the number, the boot and the clock of an event, whatever else it is; also of a copy."""
        event, device = fact.event, fact.device
        seen: Event | Readable = event if isinstance(event, Event) else event.readable
        if seen.boot is None or seen.seq is None or device not in self._ledger.directory.rooms:
            return
        age_ms = seen.age_ms or 0
        sequence = self._sequence(device)
        sequence.came(seen.boot, seen.seq, now.mono)
        self.look(decision, device, now)
        happened = fact.arrived.mono - (age_ms + fact.waited_ms) / 1000
        self._spoke(decision, device, seen.boot, happened, now)
        is_fresh = age_ms < FRESH_MS and fact.waited_ms == 0
        if seen.at is not None and is_fresh and self._ledger.known(OWN_CLOCK) is None:
            drift = (read_stamp(seen.at) - (fact.arrived.wall - age_ms)) / 1000
            self._look(decision, _DRIFT, device, drift, now)

    def counted(self, fact: EventCame, now: Now) -> None:
        """Take the number of an event that is counted alone: it is not missing."""
        seen = fact.event if isinstance(fact.event, Event) else fact.event.readable
        if seen.boot is not None and seen.seq is not None and fact.device in self._ledger.directory.rooms:
            self._sequence(fact.device).came(seen.boot, seen.seq, now.mono)

    def due(self, decision: Decision, what: str, device: str, now: Now) -> None:
        """Do what was asked for by :data:`VITAL`."""
        if what == "gap":
            self.look(decision, device, now)
        else:
            self.look_at_boots(decision, device, now)

    def look(self, decision: Decision, device: str, now: Now) -> None:
        """Say which events are missing, or that none is any more."""
        if device not in self._ledger.directory.rooms:
            return
        sequence, key = self._sequence(device), f"seq-gap {device}"
        known = self._ledger.known(key)
        if gaps := sequence.gaps(now.mono):
            self._gaps.add(device)
            words = gap_words(gaps)
            if known is None or known.detail != words:
                self._ledger.trouble(decision, now, key, "seq-gap", words, device=device)
        elif device in self._gaps:  # of one that an earlier process found nothing is known: a day ends it
            self._gaps.discard(device)
            self._ledger.restore(decision, now, key)
        at = sequence.deadline(now.mono)
        if at is not None and self._gap_due.get(device, now.mono) <= now.mono:
            self._gap_due[device] = at
            self._ledger.wake(at, "gap", device)

    def forgive(self, device: str, now: Now) -> None:
        """Look for events that are missing now no more: a person has seen to that."""
        self._sequence(device).forgive(now.mono)
        self._gaps.discard(device)

    def look_at_boots(self, decision: Decision, device: str, now: Now) -> None:
        """Say that there is but one machine again, if no second one has spoken for long enough."""
        boots = self._boots.setdefault(device, Boots())
        if boots.is_over(now.mono):
            self._ledger.restore(decision, now, f"two-boots {device}")
        elif (at := boots.deadline()) is not None:
            self._ledger.wake(at, "two-boots", device)

    def boot_of(self, device: str) -> str | None:
        """Return the boot that a device speaks under now, as far as was heard since the hub started."""
        boots = self._boots.get(device)
        return None if boots is None else boots.newest

    def is_whole(self, device: str, boot: str, seq: int) -> bool:
        """Tell whether every event of a boot before this one is known, as far as can be told."""
        return self._sequence(device).is_whole(boot, seq)

    def _spoke(self, decision: Decision, device: str, boot: str, happened: float, now: Now) -> None:
        boots = self._boots.setdefault(device, Boots())
        if not boots.spoke(boot, happened, now.mono):
            return
        key = f"two-boots {device}"
        if self._ledger.known(key) is None:
            words = "two machines speak under one device id; what each of them sends is taken"
            self._ledger.trouble(decision, now, key, "two-boots", words, device=device)
            self.look_at_boots(decision, device, now)

    def _look(
        self,
        decision: Decision,
        rule: Rule,
        device: str,
        reading: object,
        now: Now,
        health: Health | None = None,
    ) -> None:
        key = f"{rule.what} {device}"
        watch = self._watches.get(device) or self._watches.setdefault(device, Watch())
        said = watch.look(rule, reading, now.mono, is_open=self._ledger.known(key) is not None)
        if said == RESTORED:
            self._ledger.restore(decision, now, key)
        elif said is not None:
            words = said if health is None else words_of(rule, said, health)
            self._ledger.trouble(decision, now, key, rule.what, shown(words, 300), device=device)

    def _links_of(self, decision: Decision, device: str, down: dict[str, str], now: Now) -> None:
        keys = {f"link {device} {shown(name)}": (name, why) for name, why in down.items()}
        for key in self._links.get(device, set()) - set(keys):
            self._ledger.restore(decision, now, key)
        for key, (name, why) in keys.items():
            if self._ledger.known(key) is None:
                words = shown(f"its link {name} is down: {why}", 300)
                self._ledger.trouble(decision, now, key, "link", words, device=device)
        self._links[device] = set(keys)

    def _sequence(self, device: str) -> Sequence:
        known = self._sequences.get(device)
        if known is None:
            known = self._sequences[device] = Sequence(self._known_boots.get(device))
        return known
