"""Which buttons are known to work: each one's last proof, and a trouble where none counts. Pure.

A button is proved by a press in a walk test. It is to be proved again when it was rewired or its device
replaced, and every so many days in any case.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec
from msgspec.structs import replace

from config.clock import Now
from config.contract import PANIC_KINDS, shown
from hub.decision import Decision
from hub.directory import UNSET_MS
from hub.kept_facts import KeptFacts
from hub.ledger import Ledger
from hub.record_chain import FORGOTTEN, Gone
from hub.view import DeviceView, ZoneView
from hub.walk_test import Proof

LOOK_EVERY_S: Final = 3600.0
DAY_MS: Final = 86_400_000
_FACT: Final = "proved "
REPLACED: Final = "replaced "
"""How the facts begin that keep when another agent took a device's place, in wall ms."""


def proved_fact(device: str) -> str:
    """Return the name of the fact that keeps when a device's buttons were proved."""
    return f"{_FACT}{device}"


class Proving:
    """Each button's last proof."""

    def __init__(
        self,
        ledger: Ledger,
        facts: KeptFacts,
        device: Callable[[str], DeviceView | None],
        now: Now,
    ) -> None:
        """``device`` returns what is known of a device."""
        self._ledger = ledger
        self._device = device
        self._proofs: dict[str, dict[str, Proof]] = {}
        self._moves: set[tuple[str, str]] = set()
        """The buttons, each by its device and zone, whose proof was dated by the clock as it is set now."""
        for device_id, proofs in facts.each(_FACT, tuple[Proof, ...]):
            self._proofs[device_id] = {proof.zone: proof for proof in proofs}
        self._replaced = dict(facts.each(REPLACED, int))
        self._replaced_now: set[str] = set()
        """Devices that were replaced by the clock as it is set now."""
        for of, proofs_of in self._proofs.items():
            ledger.view.proved.update({(of, zone): proof for zone, proof in proofs_of.items()})
        self._arm(now)

    def proved(
        self, decision: Decision, device: str, zone: str, by: str, at: int, row: int, now: Now
    ) -> None:
        """Keep that a button works: it was pressed in a walk test ``at`` this time (wall ms).

        ``row`` is the number of the record's row that says so.
        """
        told = next((one for one in self._buttons(device) if one.zone == zone), None)
        view = self._device(device)
        proof = Proof(
            zone,
            at,
            by,
            None if told is None else told.kind,
            None if told is None else told.circuit,
            None if view is None else view.machine,
            row,
        )
        of = self._proofs.setdefault(device, {})
        if zone in of and at < of[zone].at <= now.wall:  # it came late, by no clock that went back
            return
        self._moves.add((device, zone))
        self._keep(decision, device, proof)
        self.look(decision, device, now)

    def replaced(self, decision: Decision, device: str, now: Now) -> None:
        """Another agent has a device's place: none of its buttons is proved until one is pressed again."""
        self._replaced_now.add(device)
        self._keep_replaced(decision, device, now.wall)
        self.look(decision, device, now)

    def _keep_replaced(self, decision: Decision, device: str, at: int) -> None:
        self._replaced[device] = at
        decision.facts[f"{REPLACED}{device}"] = str(at)

    def rewrite(self, decision: Decision, moved_ms: int, now: Now) -> None:
        """Take the moments of proofs by a wall clock that has jumped by this much.

        Those of before this start stay: the time that a machine is off is known by its wall clock alone.
        """
        for device, zone in self._moves:
            proof = self._proofs[device][zone]
            self._keep(decision, device, replace(proof, at=proof.at + moved_ms))
        for device in self._replaced_now:
            self._keep_replaced(decision, device, self._replaced[device] + moved_ms)
        self.look_at_all(decision, now)

    def _put_right(self, decision: Decision, now: Now) -> None:
        """Date what was proved in a time to come from now: the clock was ahead, by how much is not known.

        What was proved before its device was replaced stays before that.
        """
        if now.wall < UNSET_MS:
            return
        for device, of in self._proofs.items():
            replaced = self._replaced.get(device, 0)
            for proof in [one for one in of.values() if one.at > now.wall]:
                self._moves.add((device, proof.zone))
                at = now.wall - 1 if proof.at < replaced else now.wall
                self._keep(decision, device, replace(proof, at=at))
        for device in [device for device, at in self._replaced.items() if at > now.wall]:
            self._replaced_now.add(device)
            self._keep_replaced(decision, device, now.wall)

    def forget(self, decision: Decision, gone: Gone, _: Now) -> None:
        """Let go of who proved buttons, as the record does."""
        for device, of in self._proofs.items():
            for proof in [one for one in of.values() if gone.names(one.row, "by", one.by)]:
                self._keep(decision, device, replace(proof, by=FORGOTTEN))

    def _keep(self, decision: Decision, device: str, proof: Proof) -> None:
        of = self._proofs[device]
        of[proof.zone] = proof
        decision.facts[proved_fact(device)] = msgspec.json.encode(tuple(of.values())).decode()
        shown_proofs, where = self._ledger.view.proved, (device, proof.zone)
        decision.shown.append(lambda: shown_proofs.__setitem__(where, proof))

    def due(self, decision: Decision, now: Now) -> None:
        """Look at every device, and again in an hour."""
        self.look_at_all(decision, now)
        self._arm(now)

    def look_at_all(self, decision: Decision, now: Now) -> None:
        """Look at every device of the settings."""
        self._put_right(decision, now)
        for device in self._ledger.directory.rooms:
            self.look(decision, device, now)

    def look(self, decision: Decision, device: str, now: Now) -> None:
        """Say which buttons of a device have no proof that counts, or that all have."""
        if device not in self._ledger.directory.rooms:
            return
        days = self._ledger.settings.walk_tests.prove_every_days
        buttons = self._buttons(device)
        if days > 0 and not buttons:
            return  # its agent was never heard: it is silent, which is another trouble
        room = shown(self._ledger.directory.place(device).room)
        again = self._again(device, buttons) if days > 0 else {}
        old = [
            one
            for one in buttons
            if days > 0
            and (proof := self._proofs.get(device, {}).get(one.zone)) is not None
            and now.wall - proof.at > days * DAY_MS
        ]
        ledger, key = self._ledger, f"prove-again {device}"
        if again:
            words = "; ".join(f"{why}: {_names(zones)}" for why, zones in again.items())
            if self._is_news(key, detail := shown(f"{room}: {words}", 300)):
                ledger.trouble(decision, now, key, "prove-again", detail, device=device)
        else:
            ledger.restore(decision, now, key)
        key = f"not-proved {device}"
        if old:
            detail = shown(f"{room}: not proved in {days:g} days: {_names(old)}", 300)
            if self._is_news(key, detail):
                ledger.trouble(decision, now, key, "not-proved", detail, device=device)
        else:
            ledger.restore(decision, now, key)

    def _is_news(self, key: str, detail: str) -> bool:
        known = self._ledger.troubles.open.get(key)
        return known is None or known.detail != detail

    def _again(self, device: str, buttons: list[ZoneView]) -> dict[str, list[ZoneView]]:
        """Return the buttons whose proof, if there is one, says nothing of what is there now, by why."""
        view, proofs = self._device(device), self._proofs.get(device, {})
        machine = None if view is None else view.machine
        found: dict[str, list[ZoneView]] = {}
        for one in buttons:
            proof = proofs.get(one.zone)
            if proof is None:
                found.setdefault("not proved since it was set up", []).append(one)
            elif proof.at < self._replaced.get(device, proof.at) or (
                machine is not None and proof.machine is not None and machine != proof.machine
            ):
                found.setdefault("its device was replaced since it was proved", []).append(one)
            elif proof.circuit is not None and (proof.kind, proof.circuit) != (one.kind, one.circuit):
                found.setdefault("rewired since it was proved", []).append(one)
        return found

    def _buttons(self, device: str) -> list[ZoneView]:
        """Return the buttons that a device's agent has told of."""
        view = self._device(device)
        zones = () if view is None else view.zones
        return [zone for zone in zones if zone.kind in PANIC_KINDS and zone.circuit is not None]

    def _arm(self, now: Now) -> None:
        self._ledger.wake(now.mono + LOOK_EVERY_S, "proofs", "")


def _names(zones: list[ZoneView]) -> str:
    return ", ".join(zone.label or zone.zone for zone in zones)
