"""The deliveries a site owes: handed out, tried again, delivered, withdrawn. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from msgspec.structs import replace

from config.clock import Now
from config.contract import shown
from hub.decision import Decision
from hub.delivery import Delivery, Outcome, Target, pause_s, readdressed
from hub.in_order import waits
from hub.inputs import Attempted, Probed
from hub.kept_course import to_mono, to_wall
from hub.ledger import Ledger
from hub.notice import alarms_of
from hub.places import Places
from hub.shape import ONE_END
from hub.view import ChannelView

FAILURES_TO_TROUBLE = 2
"""Attempts of one delivery that fail before its channel is in trouble."""
UNREACHED: Final = " can't be reached: "
IMPAIRED: Final = "channel-impaired"
"""The trouble that a channel is reached, but not by every way that it has."""
SAID: Final = 300
"""Characters of a far side's answer that are kept."""


OVERTAKEN: Final = ("incident.updated", "incident.acknowledged")
"""Notices that a newer one takes the place of; a first notice and a resolution never are."""
CALMING: Final = ("incident.acknowledged", "incident.resolved")
Ended = Callable[[Delivery], bool]
"""Tells whether what a delivery was owed for has ended."""
UNHEARD_S: Final = 150.0
"""Seconds after which a delivery without an outcome is handed out again: above any channel's time-out."""
WITHDRAWN_KEPT: Final = 1000
HOMELESS: Final = "nobody-to-tell"
"""The key of the trouble that something is owed for which the settings have nobody."""


class Outbound:
    """Owed deliveries, and how each channel fares."""

    def __init__(self, ledger: Ledger, owed: list[Delivery], now: Now) -> None:
        self._ledger = ledger
        self._owed: dict[str, Delivery] = {}
        self._to: dict[tuple[str, Target], list[str]] = {}
        self._due: dict[str, float] = {}
        self._withdrawn: dict[str, Delivery] = {}
        self._unreached: dict[str, int] = {}
        """Probes in a row that didn't reach a channel's far side."""
        self._half: dict[str, int] = {}
        """Probes in a row in which a part of the way to a channel's far side was not whole."""
        self._places = Places()
        for delivery in sorted(owed, key=lambda one: (one.owed_at, one.id)):
            self._keep(delivery)
            due = to_mono(delivery.next_try, now) if delivery.next_try else now.mono
            # A wall clock that went back meanwhile makes no pause longer than it was.
            self._wake(delivery.id, min(max(due, now.mono), now.mono + pause_s(delivery)))

    def owe(self, decision: Decision, delivery: Delivery, now: Now) -> None:
        """Owe a notice; what it overtakes at the same target is withdrawn."""
        overtaken = self._overtaken(delivery)
        for old in overtaken:
            self._withdraw(decision, old, f"overtaken by revision {delivery.revision}", now)
        self._keep(delivery)
        decision.deliveries[delivery.id] = delivery
        self._hand_out(decision, delivery, now)
        self._timeline(decision, delivery, now, "owed", delivery.reason)

    def due(self, decision: Decision, delivery_id: str, now: Now) -> None:
        """Hand out a delivery whose next try has come."""
        delivery = self._owed.get(delivery_id)
        if delivery is not None and self._due.get(delivery_id, now.mono) <= now.mono:
            self._hand_out(decision, delivery, now)

    def attempted(self, decision: Decision, fact: Attempted, now: Now) -> Delivery | None:
        """Take what came of an attempt: delivered, to be tried again, or failed for good.

        Returns the delivery as it was owed; None where it is owed no more.
        """
        fact = Attempted(fact.delivery, _written(fact.outcome))
        outcome = fact.outcome
        delivery = self._owed.get(fact.delivery)
        if delivery is None:
            withdrawn = self._withdrawn.pop(fact.delivery, None)
            if withdrawn is not None:  # it was under way when it was withdrawn: what came of it is said
                what = "delivered" if outcome.verdict == "delivered" else "delivery-failed"
                why = f"{outcome.said} ({outcome.took_ms} ms); it was under way when it was overtaken"
                self._timeline(decision, withdrawn, now, what, why, outcome.reference)
            return None
        attempts = delivery.attempts + 1
        said = f"{outcome.said} (attempt {attempts}, {outcome.took_ms} ms)"
        if outcome.verdict == "temporary":
            delivery = replace(delivery, attempts=attempts)
            pause = pause_s(delivery)
            delivery = replace(delivery, next_try=to_wall(now.mono + pause, now))
            self._owed[delivery.id] = delivery
            self._leave(decision, delivery, now)
            self._wake(delivery.id, now.mono + pause)
            self._timeline(decision, delivery, now, "delivery-failed", f"{said}; again in {pause:.1f} s")
        else:
            state = "delivered" if outcome.verdict == "delivered" else "failed"
            delivery = replace(delivery, attempts=attempts, state=state)
            self._drop(delivery)
            self._leave(decision, delivery, now)
            what = "delivered" if state == "delivered" else "delivery-given-up"
            why = said if state == "delivered" else f"{said}; the far side will not take it"
            self._timeline(decision, delivery, now, what, why, outcome.reference)
        decision.deliveries[delivery.id] = delivery
        self._channel(decision, delivery, fact, now)
        return delivery

    def probed(self, decision: Decision, fact: Probed, now: Now) -> None:
        """Take whether a channel's far side can be reached.

        Twice in a row that it can't is a trouble, so that a dead channel is known without an incident.
        That it can ends only such a one: what a notice failed by, a notice ends.
        """
        name, outcome = fact.channel, _written(fact.outcome)
        key = f"channel {name} {ONE_END}"
        known = self._ledger.known(key)
        if outcome.verdict == "delivered":
            self._unreached[name] = 0
            decision.shown.append(lambda: self._show_reached(name, outcome.said, now.wall))
            if known is not None and known.detail.startswith(f"{name}{UNREACHED}"):
                self._ledger.restore(decision, now, key)
        else:
            self._unreached[name] = self._unreached.get(name, 0) + 1
            if self._unreached[name] >= FAILURES_TO_TROUBLE and known is None:
                self._ledger.trouble(decision, now, key, "channel", f"{name}{UNREACHED}{outcome.said}")
        self._impaired(decision, name, outcome, now)

    def _impaired(self, decision: Decision, name: str, outcome: Outcome, now: Now) -> None:
        """Take whether a part of the way to a far side is not whole, such as one of two receivers."""
        key = f"{IMPAIRED} {name}"
        if outcome.impaired is None:
            self._half[name] = 0
            self._ledger.restore(decision, now, key)
            return
        self._half[name] = self._half.get(name, 0) + 1
        if self._half[name] >= FAILURES_TO_TROUBLE and self._ledger.known(key) is None:
            self._ledger.trouble(decision, now, key, "channel-impaired", f"{name}: {outcome.impaired}")

    def reaches(self, targets: Iterable[Target]) -> bool:
        """Tell whether any of these ends isn't in trouble, nor all of its channel."""
        known, directory = self._ledger.known, self._ledger.directory
        return any(
            known(f"channel {target.channel} {target.name}") is None
            and not (
                directory.stands_for_all(target.channel) and known(f"channel {target.channel} {ONE_END}")
            )
            for target in targets
        )

    def end(
        self, decision: Decision, targets: Iterable[Target], incident: str, ends: Ended, why: str, now: Now
    ) -> None:
        """Withdraw at once what an incident owes and has no reason any more; a first notice never is."""
        for target in targets:
            for delivery_id in list(self._to.get((incident, target), ())):
                delivery = self._owed[delivery_id]
                if ends(delivery) and not self._stays(delivery):
                    self._withdraw(decision, delivery, why, now)

    def _stays(self, delivery: Delivery) -> bool:
        """Tell whether a delivery is made whatever follows: a first word is, but no phone rings for ever."""
        return delivery.is_first and not self._ledger.directory.is_rung(delivery.target)

    def withdraw(self, decision: Decision, ends: Ended, why: str, now: Now) -> None:
        """Withdraw what tells of no incident, and whose reason has ended."""
        for delivery in [one for one in self._owed.values() if not one.incident and ends(one)]:
            self._withdraw(decision, delivery, why, now)

    def rename(self, decision: Decision) -> None:
        """Keep what is owed to ends whose audience has another name now: the same words, to the same end."""
        for delivery in list(self._owed.values()):
            target = self._ledger.directory.renamed(delivery.target)
            if target != delivery.target:
                due = self._due.get(delivery.id)
                self._drop(delivery)
                moved = replace(delivery, target=target)
                self._keep(moved)
                if due is not None:
                    self._due[delivery.id] = due
                decision.deliveries[delivery.id] = moved

    def retune(self, decision: Decision, is_unresolved: Callable[[str], bool], now: Now) -> None:
        """Owe to whomever their audiences reach now what was owed to ends that the settings have no more.

        Of an unresolved incident its course sees to that: :mod:`hub.refit`. A first notice or a resolution
        for which nobody is found stays owed, with a trouble, until later settings have somebody.
        """
        homeless = []
        for delivery in list(self._owed.values()):
            if self._ledger.directory.has(delivery.target):
                if delivery.id not in self._due:
                    self._hand_out(decision, delivery, now)  # it may have had no end until now
                continue
            found = is_unresolved(delivery.incident) or delivery.type == "station.signals"
            found = found or self._readdress(decision, delivery, now)
            if found or not (delivery.is_first or delivery.type == "incident.resolved"):
                self._withdraw(decision, delivery, "the settings have no such end any more", now)
            else:
                self._leave(decision, delivery, now)
                self._due.pop(delivery.id, None)
                homeless.append(delivery)
        if homeless:
            names = ", ".join(sorted({one.target.audience for one in homeless}))
            detail = f"{len(homeless)} that must be told; the settings have nobody for them: {names}"
            self._ledger.trouble(decision, now, HOMELESS, "nobody-to-tell", detail)
        else:
            self._ledger.restore(decision, now, HOMELESS, for_good=True)

    def forget_resolved(
        self, decision: Decision, unresolved: Callable[[str], object | None], why: str, now: Now
    ) -> None:
        """Withdraw all that is owed of incidents that are over: of troubles nothing."""
        for delivery in list(self._owed.values()):
            if delivery.incident and unresolved(delivery.incident) is None:
                self._withdraw(decision, delivery, why, now)

    def rewrite(self, decision: Decision, moved_ms: int, now: Now) -> None:
        """Store every moment anew, by a wall clock that has jumped by this much."""
        for delivery_id, delivery in list(self._owed.items()):
            moved = replace(delivery, owed_at=delivery.owed_at + moved_ms)
            if delivery.next_try:
                due = self._due.get(delivery_id)
                moved = replace(moved, next_try=0 if due is None else to_wall(due, now))
            self._owed[delivery_id] = decision.deliveries[delivery_id] = moved

    def _readdress(self, decision: Decision, delivery: Delivery, now: Now) -> bool:
        """Owe a delivery to whomever its audience reaches now; returns whether there is anybody."""
        directory, audience = self._ledger.directory, delivery.target.audience
        targets = directory.reach(audience, now.wall).targets or directory.everybody(audience)
        for target in targets:
            new = readdressed(delivery, target, "in the place of an end that the settings have no more")
            if new.id not in self._owed:
                self.owe(decision, new, now)
        return bool(targets)

    def _overtaken(self, newer: Delivery) -> list[Delivery]:
        """Return the owed notices that the newer one says all of; a first notice is none.

        An acknowledgement among them: told after the incident opened again it would be a false calm. A
        reminder is one only of what ends its reason, or reminds as well. Where the newer one carries the
        newest alarms alone, those that stay say the others.
        """
        if newer.type == "incident.opened":
            return []
        old = [self._owed[i] for i in self._to.get((newer.incident, newer.target), ())]
        if self._ledger.directory.is_rung(newer.target):
            return old  # one phone rings once
        old = [d for d in old if d.type in OVERTAKEN and not d.is_first and d.revision <= newer.revision]
        if newer.type == "incident.updated" and not newer.reminds:
            old = [d for d in old if not d.reminds]
        if newer.whole or not old:
            return old
        said, overtaken = alarms_of(newer.body), []
        for delivery in sorted(old, key=lambda one: one.revision):
            alarms = alarms_of(delivery.body)
            if alarms <= said:
                overtaken.append(delivery)
            else:
                said |= alarms
        return overtaken

    def _hand_out(self, decision: Decision, delivery: Delivery, now: Now) -> None:
        """Hand a delivery to its channel, if that has a place; else it waits for one.

        If nothing is ever heard of it, it is handed out again.
        """
        if not self._ledger.directory.has(delivery.target):
            self._due.pop(delivery.id, None)  # until :meth:`retune` finds somebody
            return
        if delivery.type in CALMING:
            self._hand_out_first(decision, delivery, now)
        if self._waits(delivery):
            self._due.pop(delivery.id, None)
        elif self._places.take(delivery):
            decision.owed.append(delivery)
            self._wake(delivery.id, now.mono + UNHEARD_S)
        else:
            self._due.pop(delivery.id, None)

    def _hand_out_first(self, decision: Decision, calming: Delivery, now: Now) -> None:
        """Let a first notice that waits for its next try go with the word that it is in hand, or over.

        It goes ahead of it: heard a minute after that word, it would be taken for another alarm.
        """
        for delivery_id in self._to.get((calming.incident, calming.target), ()):
            other = self._owed[delivery_id]
            if other.is_first and not self._places.holds(other):
                self._hand_out(decision, other, now)

    def _waits(self, delivery: Delivery) -> bool:
        """Tell whether its target, an alarm receiver, is to hear something else first."""
        there = self._to.get((delivery.incident, delivery.target), ())
        is_receiver = self._ledger.directory.is_receiver(delivery.target)
        return is_receiver and waits(delivery, [self._owed[one] for one in there])

    def _leave(self, decision: Decision, delivery: Delivery, now: Now) -> None:
        """Give the place of what has left its channel to whatever waits for it."""
        following = self._places.leave(delivery)
        if following is not None:
            self._hand_out(decision, self._owed[following], now)
        if delivery.id not in self._owed and self._ledger.directory.is_receiver(delivery.target):
            for waiting in list(self._to.get((delivery.incident, delivery.target), ())):
                if waiting not in self._due:
                    self._hand_out(decision, self._owed[waiting], now)

    def _withdraw(self, decision: Decision, delivery: Delivery, why: str, now: Now) -> None:
        delivery = replace(delivery, state="withdrawn")
        self._drop(delivery)
        self._leave(decision, delivery, now)
        decision.deliveries[delivery.id] = delivery
        decision.withdrawn.append(delivery.id)
        # A start may have handed it out in this very decision: what is withdrawn leaves no more.
        decision.owed = [owed for owed in decision.owed if owed.id != delivery.id]
        self._withdrawn[delivery.id] = delivery
        if len(self._withdrawn) > WITHDRAWN_KEPT:
            del self._withdrawn[next(iter(self._withdrawn))]
        self._timeline(decision, delivery, now, "delivery-withdrawn", why)

    def _channel(self, decision: Decision, delivery: Delivery, fact: Attempted, now: Now) -> None:
        name, outcome = delivery.target.channel, fact.outcome
        key = f"channel {name} {delivery.target.name}"
        if outcome.verdict == "delivered":
            decision.facts[f"channel {name}"] = str(now.wall)
            self._ledger.restore(decision, now, key)
        elif outcome.verdict == "permanent" or delivery.attempts >= FAILURES_TO_TROUBLE:
            self._ledger.trouble(decision, now, key, "channel", f"{name}: {outcome.said}")
        decision.shown.append(lambda: self._show(name, fact, now.wall))

    def _show(self, name: str, fact: Attempted, at: int) -> None:
        channels = self._ledger.view.channels
        old = channels.get(name) or ChannelView(name, "gone from the settings")
        owed = (
            sum(1 for d in self._owed.values() if d.target.channel == name) if len(self._owed) < 1000 else -1
        )
        if fact.outcome.verdict == "delivered":
            channels[name] = replace(old, last_success=at, last_said=fact.outcome.said, owed=owed)
        else:
            channels[name] = replace(old, last_failure=at, last_said=fact.outcome.said, owed=owed)

    def _show_reached(self, name: str, said: str, at: int) -> None:
        channels = self._ledger.view.channels
        if name in channels:
            channels[name] = replace(channels[name], reached=at, far_side=said)

    def _timeline(
        self,
        decision: Decision,
        delivery: Delivery,
        now: Now,
        what: str,
        reason: str,
        reference: str | None = None,
    ) -> None:
        target = delivery.target
        detail: dict[str, Any] = {
            "delivery": delivery.id,
            "audience": target.audience,
            "channel": target.channel,
            "target": target.name,
            "type": delivery.type,
            "revision": delivery.revision,
        }
        if reference is not None:
            detail["reference"] = reference
        about = delivery.incident or delivery.about or None
        self._ledger.record(decision, now, what, reason, incident=about, detail=detail)

    def _keep(self, delivery: Delivery) -> None:
        self._owed[delivery.id] = delivery
        self._to.setdefault((delivery.incident, delivery.target), []).append(delivery.id)

    def _drop(self, delivery: Delivery) -> None:
        del self._owed[delivery.id]
        self._due.pop(delivery.id, None)
        where = (delivery.incident, delivery.target)
        rest = [other for other in self._to[where] if other != delivery.id]
        if rest:
            self._to[where] = rest
        else:
            del self._to[where]

    def _wake(self, delivery_id: str, at: float) -> None:
        self._due[delivery_id] = at
        self._ledger.wake(at, "delivery", delivery_id)


def _written(outcome: Outcome) -> Outcome:
    """Return an outcome whose words can be stored: they are a stranger's."""
    reference = None if outcome.reference is None else shown(outcome.reference)
    impaired = None if outcome.impaired is None else shown(outcome.impaired, SAID)
    return replace(outcome, said=shown(outcome.said, SAID), reference=reference, impaired=impaired)
